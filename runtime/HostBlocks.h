//===- HostBlocks.h - Host memory that devices copy from ------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_HOSTBLOCKS_H
#define RECKON_RUNTIME_HOSTBLOCKS_H

#include "Error.h"

#include <cstddef>
#include <string>

namespace reckon::runtime {

/// Memory for reckon_host_alloc() and reckon_host_register(), known by its address until it is given back. Thread-safe.
[[nodiscard]] bool allocateHostBlock(const std::string &device, size_t bytes, void *&data, Error &error);
[[nodiscard]] bool freeHostBlock(void *data, Error &error);
[[nodiscard]] bool registerHostBlock(const std::string &device, void *data, size_t bytes, Error &error);
[[nodiscard]] bool unregisterHostBlock(void *data, Error &error);

} // namespace reckon::runtime

#endif // RECKON_RUNTIME_HOSTBLOCKS_H
