//===- SharedEngine.h - Engines in shared memory ----------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// docs/operations.md says why it is done like this.
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_ENGINE_SHAREDENGINE_H
#define RECKON_ENGINE_SHAREDENGINE_H

#include "reckon/Engine/EngineFile.h"

namespace reckon {

/// Who else may open an engine in shared memory.
enum class SharedWith { Nobody, Group, Everybody };

struct SharedEngineInfo {
  std::string name;
  uint64_t bytes = 0;
  uint32_t user = 0;
  SharedWith with = SharedWith::Nobody;
  bool isSealed = false; // for this process: its checksums need not be computed again
};

/// Copies an engine file into shared memory under a name, in the place of what has that name: those who have it open
/// keep it. All of the copy is checked, and it is sealed. A process that ends at any moment leaves the old object or
/// the new one. With a `signer`, what is not signed by it is refused.
bool putSharedEngine(const std::string &path, const std::string &name, SharedWith with, EngineError &error,
                     const PublicKey *signer = nullptr);
/// Writes the engine to a file, without the seal.
bool getSharedEngine(const std::string &name, const std::string &path, EngineError &error);
/// Takes the name away; the memory goes with the last process that has it open.
bool dropSharedEngine(const std::string &name, EngineError &error);
/// All that this process may read, by name.
std::vector<SharedEngineInfo> listSharedEngines();

} // namespace reckon

#endif // RECKON_ENGINE_SHAREDENGINE_H
