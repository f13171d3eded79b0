//===- Changes.cpp - What an update changes --------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "Changes.h"

#include <cstring>

using namespace reckon;
using namespace reckon::runtime;

static uint64_t alignTo8(uint64_t size) { return (size + 7) / 8 * 8; }

static std::string tableName(const TableSpec &table) { return "table '" + table.name + "'"; }

bool Changes::findTable(const std::string &name, uint32_t &index, Error &error) const {
  for (index = 0; index < spec.tables.size(); ++index)
    if (spec.tables[index].name == name)
      return true;
  return error.set(RECKON_INVALID, "the engine has no table '" + name + "' to update");
}

/// "NAME", or "NAME [PACKING]" where a weight is stored in several packings.
static bool isCalled(const WeightSpec &weight, const std::string &text) {
  return weight.name == text || weight.name + " [" + weight.packing + "]" == text;
}

bool Changes::findWeight(const std::string &name, uint32_t &index, Error &error) const {
  size_t found = 0;
  std::string packings;
  for (uint32_t i = 0; i < spec.weights.size(); ++i)
    if (isCalled(spec.weights[i], name)) {
      index = i;
      ++found;
      packings += (packings.empty() ? "'" : ", '") + spec.weights[i].name + " [" + spec.weights[i].packing + "]'";
    }
  if (found == 1)
    return true;
  if (found == 0)
    return error.set(RECKON_INVALID, "the engine has no weight '" + name + "' to update");
  return error.set(RECKON_INVALID, "weight '" + name + "'", "the engine has several; one of " + packings + " is meant");
}

//===-- Building --------------------------------------------------------------===//

bool Changes::add(ChangeKind kind, const Pieces &pieces, Error &error) {
  size_t start = storage.size();
  Header header{static_cast<uint32_t>(kind), static_cast<uint32_t>(pieces.name.size()), pieces.count};
  auto append = [&](const void *data, uint64_t size) {
    auto *begin = static_cast<const uint8_t *>(data);
    if (size != 0)
      storage.insert(storage.end(), begin, begin + size);
    storage.resize(alignTo8(storage.size()));
  };
  storage.reserve(start + sizeof(header) + alignTo8(pieces.name.size()) + alignTo8(pieces.idBytes) +
                  alignTo8(pieces.dataBytes));
  append(&header, sizeof(header));
  append(pieces.name.data(), pieces.name.size());
  append(pieces.ids, pieces.idBytes);
  append(pieces.data, pieces.dataBytes);
  // The same checks as of a log.
  Change change;
  size_t offset = start;
  if (read(storage.data(), storage.size(), offset, change, error))
    return true;
  storage.resize(start);
  return false;
}

/// count * size, or no number of bytes that memory could hold.
static bool multiply(uint64_t count, uint64_t size, uint64_t &bytes, Error &error) {
  if (!__builtin_mul_overflow(count, size, &bytes) && bytes <= UINT64_MAX / 4)
    return true;
  return error.set(RECKON_INVALID, std::to_string(count) + " rows exceed 64 bits");
}

bool Changes::addRows(const std::string &table, const int64_t *ids, uint64_t count, const void *data, Error &error) {
  uint32_t index;
  uint64_t idBytes, dataBytes;
  return findTable(table, index, error) && multiply(count, sizeof(int64_t), idBytes, error) &&
         multiply(count, spec.tables[index].rowBytes(), dataBytes, error) &&
         add(ChangeKind::Rows, {table, count, idBytes, dataBytes, ids, data}, error);
}

bool Changes::addTable(const std::string &table, uint64_t count, const void *data, Error &error) {
  uint32_t index;
  uint64_t dataBytes;
  if (!findTable(table, index, error))
    return false;
  // Before anything of that size is read.
  if (count != static_cast<uint64_t>(rows[index]))
    return error.set(RECKON_INVALID, tableName(spec.tables[index]),
                     "it has " + std::to_string(rows[index]) + " rows and cannot be replaced by " +
                         std::to_string(count));
  return multiply(count, spec.tables[index].rowBytes(), dataBytes, error) &&
         add(ChangeKind::WholeTable, {table, count, 0, dataBytes, nullptr, data}, error);
}

bool Changes::addDeletion(const std::string &table, const int64_t *ids, uint64_t count, Error &error) {
  uint32_t index;
  uint64_t idBytes;
  return findTable(table, index, error) && multiply(count, sizeof(int64_t), idBytes, error) &&
         add(ChangeKind::DeleteRows, {table, count, idBytes, 0, ids, nullptr}, error);
}

bool Changes::addWeight(const std::string &weight, uint64_t bytes, const void *data, Error &error) {
  uint32_t index;
  if (!findWeight(weight, index, error))
    return false;
  // Before anything of that size is read.
  if (bytes != spec.weights[index].data.size)
    return error.set(RECKON_INVALID, "weight '" + weight + "'",
                     "it has " + std::to_string(spec.weights[index].data.size) + " bytes as it is stored, got " +
                         std::to_string(bytes));
  return add(ChangeKind::Weight, {weight, bytes, 0, bytes, nullptr, data}, error);
}

//===-- Reading ---------------------------------------------------------------===//

bool Changes::read(const uint8_t *data, size_t size, size_t &offset, Change &change, Error &error) const {
  auto fail = [&](const char *what) {
    return error.set(RECKON_INVALID,
                     "the update is damaged: the change at byte " + std::to_string(offset) + " " + what);
  };
  Header header;
  if (size - offset < sizeof(header))
    return fail("has no room for its header");
  std::memcpy(&header, data + offset, sizeof(header));
  if (header.kind < uint32_t(ChangeKind::Rows) || header.kind > uint32_t(ChangeKind::Weight))
    return fail("is of no known kind");
  size_t next = offset + sizeof(header);
  if (alignTo8(header.nameBytes) > size - next)
    return fail("ends within its name");
  std::string name(reinterpret_cast<const char *>(data + next), header.nameBytes);
  next += alignTo8(header.nameBytes);
  change = {static_cast<ChangeKind>(header.kind), 0, header.count, nullptr, nullptr};
  auto take = [&](uint64_t unit, const uint8_t *&piece) {
    uint64_t bytes;
    if (__builtin_mul_overflow(header.count, unit, &bytes) || bytes > size - next || alignTo8(bytes) > size - next)
      return fail("ends within its rows");
    piece = data + next;
    next += alignTo8(bytes);
    return true;
  };
  if (change.kind == ChangeKind::Weight) {
    if (!findWeight(name, change.index, error) || !take(1, change.data))
      return false;
  } else {
    if (!findTable(name, change.index, error))
      return false;
    if (change.kind != ChangeKind::WholeTable && !take(sizeof(int64_t), change.ids))
      return false;
    if (change.kind != ChangeKind::DeleteRows && !take(spec.tables[change.index].rowBytes(), change.data))
      return false;
  }
  if (!check(change, error))
    return false;
  offset = next;
  return true;
}

bool Changes::check(const Change &change, Error &error) const {
  if (change.kind == ChangeKind::Weight) {
    const WeightSpec &weight = spec.weights[change.index];
    return change.count == weight.data.size ||
           error.set(RECKON_INVALID, "weight '" + weight.name + "'",
                     "it has " + std::to_string(weight.data.size) + " bytes as it is stored, got " +
                         std::to_string(change.count));
  }
  const TableSpec &table = spec.tables[change.index];
  int64_t known = rows[change.index];
  if (change.kind == ChangeKind::WholeTable)
    return change.count == static_cast<uint64_t>(known) ||
           error.set(RECKON_INVALID, tableName(table),
                     "it has " + std::to_string(known) + " rows and cannot be replaced by " +
                         std::to_string(change.count));
  for (uint64_t i = 0; i < change.count; ++i)
    if (int64_t id = change.id(i); id < 0 || id >= known)
      return error.set(RECKON_INVALID, tableName(table),
                       "row " + std::to_string(id) + " at position " + std::to_string(i) + " is outside [0, " +
                           std::to_string(known) + ")");
  return true;
}

bool Changes::assign(const uint8_t *data, size_t size, Error &error) {
  Change change;
  for (size_t offset = 0; offset < size;)
    if (!read(data, size, offset, change, error))
      return false;
  storage.assign(data, data + size);
  return true;
}

std::vector<Change> Changes::list() const {
  std::vector<Change> result;
  Error none;
  for (size_t offset = 0; offset < storage.size();)
    // What was added has been read before.
    if (!read(storage.data(), storage.size(), offset, result.emplace_back(), none))
      return {};
  return result;
}

uint64_t Changes::numRows() const {
  uint64_t count = 0;
  for (const Change &change : list())
    if (change.kind != ChangeKind::Weight)
      count += change.count;
  return count;
}
