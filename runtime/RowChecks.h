//===- RowChecks.h - Rows are checked when they are first read -------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// Opening an engine leaves the chunks of large tables unchecked. Before a run the ids say which chunks it will read;
// those that nobody has checked are, then. Once all are, runs look at one number.
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_ROWCHECKS_H
#define RECKON_RUNTIME_ROWCHECKS_H

#include "Device.h"
#include "reckon/Engine/EngineFile.h"

#include <atomic>

namespace reckon::runtime {

class RowChecks {
public:
  /// Of the tables that read the engine's own section. `spec` and `file` outlive this.
  void start(const EngineFile &file, const std::vector<BoundTable> &tables);

  /// Whether there is anything left to check.
  bool isDone() const { return unchecked.load(std::memory_order_acquire) == 0; }
  /// The rows that a run with these inputs reads. Of a table whose ids are not inputs that is all of them.
  [[nodiscard]] bool check(const EngineSpec &spec, const std::vector<Binding> &inputs,
                           const std::vector<std::vector<int64_t>> &shapes, Error &error);
  /// The rows that these bytes of a table are of.
  [[nodiscard]] bool checkBytes(size_t table, uint64_t begin, uint64_t bytes, Error &error);
  size_t numTables() const { return tables.size(); }
  /// Of a table with chunks that are checked here, checked or not; 0 for others.
  uint64_t chunkedBytes(size_t table) const { return tables[table] ? tables[table]->chunks->bytes : 0; }
  /// What nobody has checked yet.
  uint64_t uncheckedBytes() const;
  /// Everything that is left.
  [[nodiscard]] bool checkAll(Error &error);

private:
  struct Table {
    const TableSpec *spec;
    const RowChunks *chunks;
    int64_t rows;
    bool isFromInputs;                          // the ids of all lookups are
    std::vector<std::atomic<uint64_t>> checked; // a bit a chunk
    std::atomic<uint64_t> left;
    Table(const TableSpec *spec, const RowChunks *chunks, int64_t rows, bool isFromInputs);
  };
  [[nodiscard]] bool checkTable(Table &table, Error &error);
  [[nodiscard]] bool checkChunk(Table &table, uint64_t chunk, Error &error);
  [[nodiscard]] bool checkBytes(Table &table, uint64_t begin, uint64_t bytes, Error &error);
  [[nodiscard]] bool checkRow(Table &table, int64_t id, Error &error);
  template <typename Id>
  [[nodiscard]] bool checkIds(Table &table, const IdUse &use, const Id *ids, uint64_t count, uint64_t width,
                              Error &error);

  std::vector<std::unique_ptr<Table>> tables; // by index; null where nothing is to be checked
  std::vector<std::vector<size_t>> uses;      // of each table: indices of EngineSpec::idUses
  std::atomic<size_t> unchecked{0};
};

} // namespace reckon::runtime

#endif // RECKON_RUNTIME_ROWCHECKS_H
