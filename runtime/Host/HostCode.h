//===- Host/HostCode.h - Kernels from memory ------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_HOST_HOSTCODE_H
#define RECKON_RUNTIME_HOST_HOSTCODE_H

#include "../Error.h"
#include "lib/Engine/Descriptor.h"
#include "reckon/Engine/EngineSpec.h"
#include "reckon/Runtime/KernelABI.h"

namespace reckon::runtime {

/// The loaded shared objects of an engine.
class HostCode {
public:
  HostCode() = default;
  ~HostCode();
  HostCode(const HostCode &) = delete;
  HostCode &operator=(const HostCode &) = delete;

  /// Loads one ELF shared object.
  [[nodiscard]] bool load(const CodeSpec &code, Error &error);
  /// The exported function; null when no object has it.
  ReckonKernel find(const std::string &symbol) const;

private:
  struct Object {
    void *handle;
    Descriptor file;
  };
  std::vector<Object> objects;
};

} // namespace reckon::runtime

#endif // RECKON_RUNTIME_HOST_HOSTCODE_H
