//===- Descriptor.h - An open file that is closed at the end -------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_LIB_ENGINE_DESCRIPTOR_H
#define RECKON_LIB_ENGINE_DESCRIPTOR_H

#include <string>
#include <unistd.h>
#include <utility>

namespace reckon {

class Descriptor {
public:
  explicit Descriptor(int number = -1) : number(number) {}
  ~Descriptor() { close(); }
  Descriptor(Descriptor &&other) noexcept : number(other.release()) {}
  Descriptor &operator=(Descriptor &&other) noexcept {
    std::swap(number, other.number);
    return *this;
  }

  /// Negative: none.
  int get() const { return number; }
  int release() { return std::exchange(number, -1); }
  /// What close() says; 0 where there is nothing to close.
  int close() { return number < 0 ? 0 : ::close(release()); }
  /// Its file, as a path of this process.
  std::string path() const { return "/proc/self/fd/" + std::to_string(number); }

private:
  int number;
};

} // namespace reckon

#endif // RECKON_LIB_ENGINE_DESCRIPTOR_H
