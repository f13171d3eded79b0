//===- Changes.h - What an update changes ----------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// An update is kept as the bytes that an update log stores (docs/updates.md), so that what a log replays is what was
// committed. Names are the model's; sizes follow from the engine.
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_CHANGES_H
#define RECKON_RUNTIME_CHANGES_H

#include "Error.h"
#include "Snapshot.h"
#include "reckon/Engine/EngineSpec.h"

#include <vector>

namespace reckon::runtime {

enum class ChangeKind : uint32_t { Rows = 1, WholeTable, DeleteRows, Weight };

/// One change, as a view into the bytes of an update.
struct Change {
  ChangeKind kind;
  uint32_t index;      // of the table or the weight
  uint64_t count;      // rows; bytes of a weight
  const uint8_t *ids;  // little-endian, 8 bytes each; null for a whole table and a weight
  const uint8_t *data; // null for deleted rows

  int64_t id(uint64_t position) const {
    int64_t value;
    __builtin_memcpy(&value, ids + position * sizeof(value), sizeof(value));
    return value;
  }
};

/// What a side, which has one version, needs to have the one after the next.
struct VersionStep {
  const Snapshot &next;              // on the host, whole
  const std::vector<Change> &before; // of the version between the two: places that are as the side of that has them
  const std::vector<Change> &now;    // later ones count
  uint64_t waitNanoseconds = 0;      // what waiting for runs has taken
};

/// The changes of an update in the order in which they were made: later ones count.
class Changes {
public:
  /// `rows` are those bound for each table. Both outlive this.
  Changes(const EngineSpec &spec, const std::vector<int64_t> &rows) : spec(spec), rows(rows) {}

  [[nodiscard]] bool addRows(const std::string &table, const int64_t *ids, uint64_t count, const void *data,
                             Error &error);
  [[nodiscard]] bool addTable(const std::string &table, uint64_t count, const void *data, Error &error);
  [[nodiscard]] bool addDeletion(const std::string &table, const int64_t *ids, uint64_t count, Error &error);
  [[nodiscard]] bool addWeight(const std::string &weight, uint64_t bytes, const void *data, Error &error);

  /// Takes bytes that nothing is known about, such as those of a log.
  [[nodiscard]] bool assign(const uint8_t *data, size_t size, Error &error);

  const std::vector<uint8_t> &bytes() const { return storage; }
  std::vector<Change> list() const;
  void clear() { storage.clear(); }
  uint64_t numRows() const;

private:
  struct Header {
    uint32_t kind, nameBytes;
    uint64_t count;
  };
  struct Pieces {
    std::string name;
    uint64_t count, idBytes, dataBytes;
    const void *ids, *data;
  };
  [[nodiscard]] bool add(ChangeKind kind, const Pieces &pieces, Error &error);
  /// The change at `offset`, which moves to the next one.
  [[nodiscard]] bool read(const uint8_t *data, size_t size, size_t &offset, Change &change, Error &error) const;
  [[nodiscard]] bool check(const Change &change, Error &error) const;
  [[nodiscard]] bool findWeight(const std::string &name, uint32_t &index, Error &error) const;
  [[nodiscard]] bool findTable(const std::string &name, uint32_t &index, Error &error) const;

  const EngineSpec &spec;
  const std::vector<int64_t> &rows;
  std::vector<uint8_t> storage;
};

} // namespace reckon::runtime

#endif // RECKON_RUNTIME_CHANGES_H
