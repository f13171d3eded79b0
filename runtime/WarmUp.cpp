//===- WarmUp.cpp - Rows in memory before runs want them -------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// Reading a row takes its page from the disk and into this process; checking it takes that off the runs. The version is
// kept for a piece at a time, so that commits do not wait for all of it.
//
//===----------------------------------------------------------------------------===//

#include "LoadedEngine.h"

#include <unistd.h>

using namespace reckon;
using namespace reckon::runtime;

/// What is read between two questions whether to go on.
static constexpr uint64_t pieceBytes = uint64_t(8) << 20;

/// Has every page of these bytes in memory.
static void touch(const uint8_t *data, uint64_t bytes) {
  static const auto page = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  for (uint64_t at = 0; at < bytes; at += page)
    static_cast<void>(*static_cast<const volatile uint8_t *>(data + at));
  if (bytes != 0)
    static_cast<void>(*static_cast<const volatile uint8_t *>(data + bytes - 1));
}

namespace {
class Progress {
public:
  Progress(const WarmUp &wanted, uint64_t total) : wanted(wanted), total(total) {}
  [[nodiscard]] bool add(uint64_t bytes, Error &error) {
    done += bytes;
    return done - told < pieceBytes || tell(error);
  }
  [[nodiscard]] bool tell(Error &error) {
    told = done;
    return !wanted.progress || wanted.progress(done, total) ||
           error.set(RECKON_CANCELLED,
                     "the warm-up was ended after " + std::to_string(done) + " of " + std::to_string(total) + " bytes");
  }

private:
  const WarmUp &wanted;
  uint64_t total, done = 0, told = 0;
};
} // namespace

static bool findTable(const EngineSpec &spec, const std::string &name, size_t &table, Error &error) {
  for (table = 0; table < spec.tables.size(); ++table)
    if (spec.tables[table].name == name)
      return true;
  return error.set(RECKON_INVALID, "the engine has no table '" + name + "' to warm up");
}

bool LoadedEngine::warmUp(const WarmUp &wanted, Error &error) const {
  {
    std::lock_guard<std::mutex> lock(changing);
    if (!settleTables(error))
      return false;
  }
  std::vector<size_t> hotTables;
  uint64_t total = 0;
  for (const WarmUp::HotRows &hot : wanted.hot) {
    if (!findTable(spec(), hot.table, hotTables.emplace_back(), error))
      return false;
    for (size_t i = 0; i < hot.count; ++i)
      if (hot.ids[i] < 0 || hot.ids[i] >= rowCounts[hotTables.back()])
        return error.set(RECKON_INVALID, "table '" + hot.table + "'",
                         "row " + std::to_string(hot.ids[i]) + " at position " + std::to_string(i) +
                             " of those to warm up is outside [0, " + std::to_string(rowCounts[hotTables.back()]) +
                             ")");
    total += hot.count * spec().tables[hotTables.back()].rowBytes();
  }
  for (size_t table = 0; wanted.allRows && table < rowCounts.size(); ++table)
    total += static_cast<uint64_t>(rowCounts[table]) * spec().tables[table].rowBytes();

  Progress progress(wanted, total);
  auto read = [&](size_t table, uint64_t begin, uint64_t bytes) {
    if (!rowChecks.checkBytes(table, begin, bytes, error))
      return false;
    std::lock_guard<std::mutex> one(warmingUp);
    PinScope version(*versions, warmUpPin);
    touch(version.snapshot.tables[table] + begin, bytes);
    return true;
  };
  for (size_t i = 0; i < hotTables.size(); ++i) {
    uint64_t rowBytes = spec().tables[hotTables[i]].rowBytes();
    for (size_t k = 0; k < wanted.hot[i].count; ++k)
      if (!read(hotTables[i], static_cast<uint64_t>(wanted.hot[i].ids[k]) * rowBytes, rowBytes) ||
          !progress.add(rowBytes, error))
        return false;
  }
  for (size_t table = 0; wanted.allRows && table < rowCounts.size(); ++table) {
    uint64_t bytes = static_cast<uint64_t>(rowCounts[table]) * spec().tables[table].rowBytes();
    for (uint64_t begin = 0; begin < bytes; begin += pieceBytes) {
      uint64_t size = std::min(pieceBytes, bytes - begin);
      if (!read(table, begin, size) || !progress.add(size, error))
        return false;
    }
  }
  return progress.tell(error);
}
