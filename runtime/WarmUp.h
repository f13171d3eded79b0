//===- WarmUp.h - Rows in memory before runs want them ---------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_WARMUP_H
#define RECKON_RUNTIME_WARMUP_H

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace reckon::runtime {

/// What a warm-up is to read.
struct WarmUp {
  struct HotRows {
    std::string table;
    const int64_t *ids;
    size_t count;
  };
  std::vector<HotRows> hot; // first, in this order
  bool allRows = true;      // then everything
  /// Told now and then, with the bytes read and to be read; false ends the warm-up.
  std::function<bool(uint64_t done, uint64_t total)> progress;
};

} // namespace reckon::runtime

#endif // RECKON_RUNTIME_WARMUP_H
