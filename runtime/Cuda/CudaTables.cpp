//===- Cuda/CudaTables.cpp - Weights and tables in device memory ----------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "CudaProgram.h"
#include "FillKernel.h"
#include "Staging.h"

#include <algorithm>

using namespace reckon;
using namespace reckon::runtime;
using namespace reckon::runtime::cuda;

uint64_t CudaProgram::tableBytes(size_t index) const {
  const TableSpec &table = source.spec.tables[index];
  // Binding has checked that this fits 64 bits. A table of no rows still has an address, and a row where bad ids read.
  return static_cast<uint64_t>(std::max<int64_t>(source.tables[index].rows, 1)) * table.rowBytes();
}

/// Before anything is allocated: the sum says more than the allocation that happens to fail.
bool CudaProgram::checkMemory(Error &error) const {
  size_t available = 0, total = 0;
  if (!driver.cuMemGetInfo(error, &available, &total))
    return false;
  uint64_t weightBytes = 0, allTables = 0, largest = 0;
  std::vector<bool> isRead = source.findWeights();
  for (size_t i = 0; i < isRead.size(); ++i)
    weightBytes += isRead[i] ? alignDevice(source.spec.weights[i].data.size) : 0;
  size_t largestTable = 0;
  for (size_t i = 0; i < source.spec.tables.size(); ++i) {
    uint64_t bytes = tableBytes(i);
    if (__builtin_add_overflow(allTables, bytes, &allTables))
      allTables = UINT64_MAX / 2;
    if (bytes > largest) {
      largest = bytes;
      largestTable = i;
    }
  }
  if (weightBytes + allTables <= available)
    return true;
  std::string message = device.describe() + " lacks memory: the engine needs " + std::to_string(weightBytes) +
                        " bytes for weights and " + std::to_string(allTables) + " for " +
                        std::to_string(source.spec.tables.size()) + " tables; " + std::to_string(available) + " of " +
                        std::to_string(total) + " bytes are free";
  if (largest != 0)
    message += "; the largest table is '" + source.spec.tables[largestTable].name + "' with " +
               std::to_string(source.tables[largestTable].rows) + " rows, " + std::to_string(largest) + " bytes";
  return error.set(RECKON_UNAVAILABLE, message);
}

bool CudaProgram::uploadWeights(const Snapshot &snapshot, Error &error) {
  std::vector<Staging::Piece> pieces;
  uint64_t size = 0;
  std::vector<std::optional<uint64_t>> offsets(source.spec.weights.size());
  std::vector<bool> isRead = source.findWeights();
  for (size_t i = 0; i < isRead.size(); ++i) {
    const WeightSpec &weight = source.spec.weights[i];
    if (!isRead[i])
      continue;
    offsets[i] = size;
    const uint8_t *data = snapshot.weights.empty() ? weight.data.data : snapshot.weights[i];
    if (weight.data.size != 0)
      pieces.push_back({size, weight.data.size, const_cast<uint8_t *>(data)});
    size += alignDevice(weight.data.size);
  }
  Stream stream(driver);
  Staging staging(driver);
  auto memory = std::make_shared<DeviceBuffer>(driver);
  if (!memory->allocate(size, "weights", error) || !stream.create(error) ||
      !staging.copyIn(memory->data(), size, pieces, stream.get(), error) ||
      !driver.cuStreamSynchronize(error, stream.get()))
    return false;
  holdings->versions.setWeights(memory, offsets, snapshot.version);
  return true;
}

/// Rows made up on the host a piece at a time, for the formats that no kernel makes.
static bool fillFromHost(Staging &staging, const TableSpec &table, const BoundTable &bound, CUdeviceptr data,
                         CUstream stream, Error &error) {
  constexpr uint64_t pieceBytes = uint64_t(8) << 20;
  uint64_t rowBytes = table.rowBytes(), rows = static_cast<uint64_t>(bound.rows);
  uint64_t pieceRows = std::max<uint64_t>(pieceBytes / rowBytes, 1);
  std::vector<uint64_t> buffer((std::min(pieceRows, rows) * rowBytes + sizeof(uint64_t) - 1) / sizeof(uint64_t));
  for (uint64_t first = 0; first < rows; first += pieceRows) {
    uint64_t count = std::min(pieceRows, rows - first), bytes = count * rowBytes;
    table.format().fill(buffer.data(), count, table.dim, bound.seed, first);
    if (!staging.copyIn(data + first * rowBytes, bytes, {{0, bytes, buffer.data()}}, stream, error) ||
        !staging.getDriver().cuStreamSynchronize(error, stream))
      return false;
  }
  return true;
}

bool CudaProgram::uploadTables(const Snapshot &snapshot, Error &error) {
  Stream stream(driver);
  Staging staging(driver);
  FillKernel fill(device);
  if (!stream.create(error))
    return false;
  for (size_t i = 0; i < source.spec.tables.size(); ++i) {
    const TableSpec &table = source.spec.tables[i];
    const BoundTable &bound = source.tables[i];
    uint64_t size = tableBytes(i), elements = static_cast<uint64_t>(bound.rows) * table.dim;
    const uint8_t *rows = i < snapshot.tables.size() ? snapshot.tables[i] : bound.data;
    auto memory = std::make_shared<DeviceBuffer>(driver);
    if (!memory->allocate(size, "table '" + table.name + "'", error))
      return false;
    bool filled;
    if (bound.rows == 0)
      filled = driver.cuMemsetD8Async(error, memory->data(), 0, size, stream.get());
    else if (rows)
      filled = staging.copyIn(memory->data(), size, {{0, size, const_cast<uint8_t *>(rows)}}, stream.get(), error);
    else if (table.format().isPlain() && FillKernel::supports(table.type))
      filled = fill.fill(table.type, memory->data(), elements, bound.seed, stream.get(), error);
    else
      filled = fillFromHost(staging, table, bound, memory->data(), stream.get(), error);
    // The next table uses the ring again.
    if (!filled || !driver.cuStreamSynchronize(error, stream.get()))
      return false;
    holdings->versions.addTable(memory);
  }
  return true;
}
