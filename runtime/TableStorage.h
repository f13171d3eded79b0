//===- TableStorage.h - Rows bound to a table -----------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_TABLESTORAGE_H
#define RECKON_RUNTIME_TABLESTORAGE_H

#include "AlignedBuffer.h"
#include "Device.h"
#include "reckon/Engine/EngineFile.h"

namespace reckon::runtime {

/// Owns what a binding needs: a mapping of a file or made-up rows.
class TableStorage {
public:
  TableStorage() = default;
  ~TableStorage();
  TableStorage(TableStorage &&other) noexcept
      : rows(std::move(other.rows)), mapping(std::exchange(other.mapping, nullptr)), mappingSize(other.mappingSize),
        place(std::move(other.place)) {}

  /// `engineFolder` is where the files that the engine names are; empty when it came from memory.
  [[nodiscard]] bool bind(const TableSpec &table, const ReckonTableBinding &binding, const std::string &engineFolder,
                          BoundTable &bound, Error &error);

  /// Makes up the rows that bind() left to be made up, and copies those that lie in the engine or in a file, where a
  /// placement is asked for and there are enough of them. What the caller has in memory stays there.
  [[nodiscard]] bool settle(const TableSpec &table, const Placement &placement, BoundTable &bound, Error &error);
  /// Whether settle() has put the rows into memory that is nobody else's.
  bool isSettled() const { return rows.data() != nullptr; }

  /// Where in a file other than the engine's the rows lie.
  const FilePlace &filePlace() const { return place; }

private:
  bool mapFile(const TableSpec &table, const std::string &path, uint64_t offset, int64_t wantedRows, BoundTable &bound,
               Error &error);
  bool synthesise(const TableSpec &table, int64_t wantedRows, uint64_t seed, BoundTable &bound, Error &error);
  bool allocateRows(const TableSpec &table, const Placement &placement, int64_t count, Error &error);

  AlignedBuffer rows;
  void *mapping = nullptr;
  size_t mappingSize = 0;
  FilePlace place;
};

} // namespace reckon::runtime

#endif // RECKON_RUNTIME_TABLESTORAGE_H
