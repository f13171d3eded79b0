//===- RowChecks.cpp - Rows are checked when they are first read -----------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "RowChecks.h"

#include <algorithm>

using namespace reckon;
using namespace reckon::runtime;

RowChecks::Table::Table(const TableSpec *spec, const RowChunks *chunks, int64_t rows, bool isFromInputs)
    : spec(spec), chunks(chunks), rows(rows), isFromInputs(isFromInputs), checked((chunks->checksums.size() + 63) / 64),
      left(chunks->checksums.size()) {}

/// Whether every lookup in the table takes its ids from an input that one of `uses` describes.
static bool hasKnownIds(const EngineSpec &spec, uint32_t table, const std::vector<size_t> &uses) {
  auto isKnown = [&](const std::string &name) {
    return std::any_of(uses.begin(), uses.end(),
                       [&](size_t use) { return spec.inputs[spec.idUses[use].input].name == name; });
  };
  for (const ProgramSpec &program : spec.programs)
    for (const ChainSpec &chain : program.chains)
      for (const DispatchSpec &dispatch : chain.dispatches)
        for (const OperandSpec &operand : dispatch.operands)
          if (operand.space == Space::Table && operand.index == table && !isKnown(operand.ids))
            return false;
  return true;
}

void RowChecks::start(const EngineFile &file, const std::vector<BoundTable> &bound) {
  const EngineSpec &spec = file.spec();
  tables.resize(spec.tables.size());
  uses.resize(spec.tables.size());
  for (uint32_t i = 0; i < tables.size(); ++i) {
    SizeExpr rows = SizeExpr::dim(spec.dims[spec.tables[i].rowsDim]);
    for (size_t use = 0; use < spec.idUses.size(); ++use)
      if (spec.idUses[use].bound == rows)
        uses[i].push_back(use);
    for (const RowChunks &chunks : file.uncheckedRows())
      if (chunks.data == bound[i].data && bound[i].rows > 0) {
        tables[i] = std::make_unique<Table>(&spec.tables[i], &chunks, bound[i].rows, hasKnownIds(spec, i, uses[i]));
        ++unchecked;
      }
  }
}

bool RowChecks::checkChunk(Table &table, uint64_t chunk, Error &error) {
  std::atomic<uint64_t> &word = table.checked[chunk / 64];
  uint64_t bit = uint64_t(1) << chunk % 64;
  if (word.load(std::memory_order_relaxed) & bit)
    return true;
  const RowChunks &chunks = *table.chunks;
  uint64_t begin = chunk * chunks.chunkBytes, end = std::min(begin + chunks.chunkBytes, chunks.bytes);
  if (!chunks.matches(chunk)) {
    uint64_t rowBytes = table.spec->rowBytes(),
             last = std::min((end - 1) / rowBytes, static_cast<uint64_t>(table.rows) - 1);
    return error.set(RECKON_INVALID, "table '" + table.spec->name + "'",
                     "rows " + std::to_string(std::min(begin / rowBytes, last)) + " to " + std::to_string(last) +
                         " are damaged: bytes " + std::to_string(begin) + " to " + std::to_string(end - 1) +
                         (chunks.digests.empty() ? " do not match their checksum" : " do not match the signature"));
  }
  // Of several threads that have checked it one counts it.
  if (!(word.fetch_or(bit, std::memory_order_relaxed) & bit) && table.left.fetch_sub(1, std::memory_order_acq_rel) == 1)
    unchecked.fetch_sub(1, std::memory_order_acq_rel);
  return true;
}

bool RowChecks::checkBytes(Table &table, uint64_t begin, uint64_t bytes, Error &error) {
  uint64_t last = (begin + bytes - 1) / table.chunks->chunkBytes;
  for (uint64_t chunk = begin / table.chunks->chunkBytes; chunk <= last; ++chunk)
    if (!checkChunk(table, chunk, error))
      return false;
  return true;
}

bool RowChecks::checkRow(Table &table, int64_t id, Error &error) {
  if (id < 0 || id >= table.rows)
    switch (table.spec->outOfRange) {
    case OutOfRange::Clamp:
      id = id < 0 ? 0 : table.rows - 1;
      break;
    case OutOfRange::Wrap:
      id += id < 0 ? table.rows : 0;
      [[fallthrough]];
    case OutOfRange::Error:
    case OutOfRange::Zero:
      // No row is read, or the run fails.
      if (id < 0 || id >= table.rows)
        return true;
    }
  uint64_t rowBytes = table.spec->rowBytes();
  return checkBytes(table, static_cast<uint64_t>(id) * rowBytes, rowBytes, error);
}

/// Columns [first, first + count) of rows of `width` ids.
template <typename Id>
bool RowChecks::checkIds(Table &table, const IdUse &use, const Id *ids, uint64_t count, uint64_t width, Error &error) {
  uint64_t first = std::min(use.first, width), columns = use.count == 0 ? width : std::min(use.count, width - first);
  for (uint64_t row = 0; row + width <= count; row += width)
    for (uint64_t column = 0; column < columns; ++column)
      if (!checkRow(table, static_cast<int64_t>(ids[row + first + column]), error))
        return false;
  return true;
}

bool RowChecks::check(const EngineSpec &spec, const std::vector<Binding> &inputs,
                      const std::vector<std::vector<int64_t>> &shapes, Error &error) {
  for (size_t i = 0; i < tables.size(); ++i) {
    if (!tables[i] || tables[i]->left.load(std::memory_order_acquire) == 0)
      continue;
    Table &table = *tables[i];
    if (!table.isFromInputs && !checkTable(table, error))
      return false;
    for (size_t index : uses[i]) {
      const IdUse &use = spec.idUses[index];
      const TensorInfo &input = spec.inputs[use.input];
      const Binding &binding = inputs[use.input];
      const std::vector<int64_t> &shape = shapes[use.input];
      uint64_t count = binding.bytes / elementSize(input.type);
      uint64_t width = shape.empty() ? 1 : static_cast<uint64_t>(shape.back());
      bool success;
      if (count == 0)
        success = true;
      else if (input.type == ElementType::I64)
        success = checkIds(table, use, static_cast<const int64_t *>(binding.data), count, width, error);
      else if (input.type == ElementType::I32)
        success = checkIds(table, use, static_cast<const int32_t *>(binding.data), count, width, error);
      else
        success = checkTable(table, error);
      if (!success)
        return false;
    }
  }
  return true;
}

bool RowChecks::checkTable(Table &table, Error &error) {
  for (uint64_t chunk = 0; chunk < table.chunks->checksums.size(); ++chunk)
    if (!checkChunk(table, chunk, error))
      return false;
  return true;
}

bool RowChecks::checkBytes(size_t table, uint64_t begin, uint64_t bytes, Error &error) {
  bool isChecked = !tables[table] || tables[table]->left.load(std::memory_order_acquire) == 0;
  return isChecked || bytes == 0 || checkBytes(*tables[table], begin, bytes, error);
}

uint64_t RowChecks::uncheckedBytes() const {
  uint64_t bytes = 0;
  for (const auto &table : tables)
    if (table) // the last chunk may be shorter
      bytes += std::min(table->left.load(std::memory_order_relaxed) * table->chunks->chunkBytes, table->chunks->bytes);
  return bytes;
}

bool RowChecks::checkAll(Error &error) {
  for (auto &table : tables)
    if (table && !checkTable(*table, error))
      return false;
  return true;
}
