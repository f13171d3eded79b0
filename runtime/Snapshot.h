//===- Snapshot.h - What a run reads ---------------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_SNAPSHOT_H
#define RECKON_RUNTIME_SNAPSHOT_H

#include <cstdint>
#include <vector>

namespace reckon::runtime {

/// The rows and weights of one version.
struct Snapshot {
  uint64_t version = 0;
  /// Differs between snapshots that have anything at another address.
  uint64_t places = 0;
  std::vector<const uint8_t *> tables;
  std::vector<const uint8_t *> weights; // empty while they are the engine's
};

} // namespace reckon::runtime

#endif // RECKON_RUNTIME_SNAPSHOT_H
