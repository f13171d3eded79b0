//===- Cuda/CudaTables.cpp - Weights and tables in device memory ----------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "../Log.h"
#include "CudaProgram.h"
#include "FillKernel.h"
#include "Staging.h"

#include <algorithm>
#include <chrono>

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

namespace {
/// Brings rows to the device, or makes them up there.
class TableFiller {
public:
  TableFiller(const CudaDevice &device, const ProgramSource &source, const Snapshot &snapshot)
      : driver(device.driver), source(source), snapshot(snapshot), stream(driver), staging(driver), kernel(device) {}

  [[nodiscard]] bool fill(size_t index, CUdeviceptr data, uint64_t size, Error &error) {
    const TableSpec &table = source.spec.tables[index];
    const BoundTable &bound = source.tables[index];
    const uint8_t *rows = index < snapshot.tables.size() ? snapshot.tables[index] : bound.data;
    uint64_t elements = static_cast<uint64_t>(bound.rows) * table.dim;
    if (!stream.get() && !stream.create(error))
      return false;
    bool filled;
    if (bound.rows == 0)
      filled = driver.cuMemsetD8Async(error, data, 0, size, stream.get());
    else if (rows)
      filled = staging.copyIn(data, size, {{0, size, const_cast<uint8_t *>(rows)}}, stream.get(), error);
    else if (table.format().isPlain() && FillKernel::supports(table.type))
      filled = kernel.fill(table.type, data, elements, bound.seed, stream.get(), error);
    else
      filled = fillFromHost(staging, table, bound, data, stream.get(), error);
    // The next table uses the ring again.
    return filled && driver.cuStreamSynchronize(error, stream.get());
  }

private:
  const Driver &driver;
  const ProgramSource &source;
  const Snapshot &snapshot;
  Stream stream;
  Staging staging;
  FillKernel kernel;
};
} // namespace

bool CudaProgram::checkRows(Error &error) const { return !source.checkRows || source.checkRows(error); }

bool CudaProgram::uploadTables(const Snapshot &snapshot, Error &error) {
  if (!checkMemory(error) || !checkRows(error))
    return false;
  TableFiller filler(device, source, snapshot);
  for (size_t i = 0; i < source.spec.tables.size(); ++i) {
    uint64_t size = tableBytes(i);
    auto memory = std::make_shared<DeviceBuffer>(driver);
    if (!memory->allocate(size, "table '" + source.spec.tables[i].name + "'", error) ||
        !filler.fill(i, memory->data(), size, error))
      return false;
    holdings->versions.addTable(memory);
  }
  return true;
}

/// All tables lie in one piece of memory, one behind the other.
bool CudaProgram::shareTables(const Snapshot &snapshot, Error &error) {
  if (!source.sharing->refusal.empty())
    return error.set(RECKON_INVALID, source.sharing->refusal);
  if (snapshot.version != 0)
    return error.set(RECKON_UNSUPPORTED, "the engine was updated before it was loaded on " + device.describe() +
                                             ", so its tables are not those of other processes");
  auto start = std::chrono::steady_clock::now();
  std::vector<uint64_t> offsets;
  uint64_t size = 0;
  for (size_t i = 0; i < source.spec.tables.size(); ++i) {
    offsets.push_back(size);
    if (uint64_t bytes = tableBytes(i);
        bytes > UINT64_MAX / 4 || __builtin_add_overflow(size, alignDevice(bytes), &size))
      return error.set(RECKON_UNAVAILABLE, "the tables exceed 64 bits");
  }
  if (size == 0)
    return true;
  SharedMemory &memory = holdings->sharedTables;
  bool isNew;
  // Rows that are there already have been checked by who made them.
  if (!memory.open(source.sharing->name, size, isNew, error) || (isNew && !checkRows(error)))
    return false;
  TableFiller filler(device, source, snapshot);
  for (size_t i = 0; isNew && i < offsets.size(); ++i)
    if (!filler.fill(i, memory.data() + offsets[i], tableBytes(i), error))
      return false;
  if (!memory.publish(error))
    return false;
  for (size_t i = 0; i < offsets.size(); ++i) {
    auto part = std::make_shared<DeviceBuffer>(driver);
    part->share(memory.data() + offsets[i], tableBytes(i));
    holdings->versions.addTable(part);
  }
  log(RECKON_LOG_INFO, [&] {
    double milliseconds = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
    return device.describe() + ": " + std::to_string(size) + " bytes of tables are shared, " +
           (isNew ? "made" : "opened") + " in " + std::to_string(milliseconds) + " ms";
  });
  return true;
}

bool CudaProgram::loadTables(const Snapshot &snapshot, Error &error) {
  if (!source.sharing || source.sharing->how == RECKON_DEVICE_TABLES_OWN)
    return uploadTables(snapshot, error);
  if (shareTables(snapshot, error))
    return true;
  holdings->sharedTables.release();
  if (source.sharing->how == RECKON_DEVICE_TABLES_SHARED)
    return false;
  log(RECKON_LOG_WARNING, [&] { return "tables are not shared with other processes: " + error.message; });
  error = Error();
  return uploadTables(snapshot, error);
}
