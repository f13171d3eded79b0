//===- HandleExchange.h - File descriptors between processes by name ------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// Processes of one user on one machine have a thing together that a file descriptor stands for, such as memory of a
// GPU. The first one makes it, the others get the descriptor from any that has it, and offer it in turn, so that it
// does not matter who is gone. They find each other by abstract Unix sockets, which are no files: the kernel takes a
// name away with the process that has it, however that ends.
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_HANDLEEXCHANGE_H
#define RECKON_RUNTIME_HANDLEEXCHANGE_H

#include "Error.h"
#include "lib/Engine/Descriptor.h"

#include <string>
#include <thread>

namespace reckon::runtime {

class HandleExchange {
public:
  /// The user and a checksum of the name are in the names of sockets.
  explicit HandleExchange(const std::string &name);
  /// Stops offering, and ends the turn.
  ~HandleExchange();
  HandleExchange(const HandleExchange &) = delete;
  HandleExchange &operator=(const HandleExchange &) = delete;

  /// Waits until no other process has the turn, in which it looks for the thing or makes it. Whoever ends, ends its
  /// turn.
  [[nodiscard]] bool takeTurn(Error &error);
  void endTurn() { turn.close(); }
  /// Of the socket that stands for the turn.
  std::string turnName() const { return socketName("turn"); }

  struct Handle {
    Descriptor descriptor; // none where nobody offers one
    uint64_t bytes = 0;    // of what it stands for
  };
  [[nodiscard]] bool find(Handle &handle, Error &error) const;
  /// Gives copies of the descriptor, on a thread of its own, to whoever asks.
  [[nodiscard]] bool offer(Handle handle, Error &error);

  /// How many processes at a time offer one thing; more may have it.
  static constexpr int maxOffers = 256;
  /// How long the turn of another process may take, with all that it copies.
  static constexpr int maxTurnSeconds = 600;

private:
  std::string socketName(const std::string &purpose) const;
  void serve();

  std::string base;
  Descriptor turn, listener, stop;
  Handle offered;
  std::thread server;
};

} // namespace reckon::runtime

#endif // RECKON_RUNTIME_HANDLEEXCHANGE_H
