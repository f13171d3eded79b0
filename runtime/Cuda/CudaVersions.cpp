//===- Cuda/CudaVersions.cpp - Versions of rows and weights on a GPU ------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "CudaVersions.h"

#include <algorithm>
#include <chrono>

using namespace reckon;
using namespace reckon::runtime;
using namespace reckon::runtime::cuda;

/// What ids and rows of a change are taken to the device in.
static constexpr uint64_t pieceBytes = uint64_t(8) << 20;

CudaVersions::CudaVersions(const CudaDevice &device)
    : device(device), driver(device.driver), stream(driver), staging(driver), rowKernel(device), scratch(driver) {
  sides[1].places.places = 1;
}

void CudaVersions::release() {
  if (stream.get())
    driver.cuStreamSynchronize.raw(stream.get());
  for (OwnSide &side : sides)
    side.memory.clear();
  scratch.release();
  staging.release();
  rowKernel.release();
  stream.release();
}

void CudaVersions::addTable(const Memory &memory) {
  for (OwnSide &side : sides) {
    side.places.tables.push_back(memory->data());
    side.memory.push_back(memory);
  }
}

void CudaVersions::setWeights(const Memory &memory, const std::vector<std::optional<uint64_t>> &offsets,
                              uint64_t version) {
  weightOffsets = offsets;
  written = version;
  for (OwnSide &side : sides) {
    side.memory.push_back(memory);
    side.places.weights.resize(offsets.size());
    moved(side, numTables());
  }
}

std::vector<std::shared_ptr<const void>> CudaVersions::hold(uint64_t version) const {
  const std::vector<Memory> &memory = sides[version % 2].memory;
  return {memory.begin(), memory.end()};
}

void CudaVersions::add(const Reader &reader) {
  std::lock_guard<std::mutex> lock(mutex);
  readers.push_back(&reader);
}

void CudaVersions::remove(const Reader &reader) {
  std::lock_guard<std::mutex> lock(mutex);
  readers.erase(std::remove(readers.begin(), readers.end(), &reader), readers.end());
}

//===-- Memory of a side ------------------------------------------------------===//

/// After a part has other memory.
void CudaVersions::moved(OwnSide &side, size_t part) {
  CUdeviceptr address = side.memory[part]->data();
  side.places.places = ++places;
  if (part < numTables()) {
    side.places.tables[part] = address;
    return;
  }
  for (size_t i = 0; i < weightOffsets.size(); ++i)
    side.places.weights[i] = weightOffsets[i] ? address + *weightOffsets[i] : 0;
}

bool CudaVersions::replace(const Work &work, size_t part, Error &error) {
  const Memory &newest = work.newest.memory[part];
  std::string what = part < numTables() ? "table '" + work.spec.tables[part].name + "'" : "weights";
  auto memory = std::make_shared<DeviceBuffer>(driver);
  if (!memory->allocate(newest->size(), "another version of " + what, error))
    return false;
  work.side.memory[part] = std::move(memory);
  moved(work.side, part);
  return driver.cuMemcpyDtoDAsync(error, work.side.memory[part]->data(), newest->data(), newest->size(), stream.get());
}

bool CudaVersions::catchUp(const Work &work, size_t part, Error &error) {
  auto names = [&](const std::vector<Change> &changes) {
    return std::any_of(changes.begin(), changes.end(),
                       [&](const Change &change) { return change.count != 0 && partOf(change) == part; });
  };
  const Memory &own = work.side.memory[part], &newest = work.newest.memory[part];
  bool changes = names(work.step.now), lags = !work.isWhole || names(work.step.before);
  if (own == newest)
    return !changes || replace(work, part, error);
  if (!changes && !lags)
    return true;
  // Others have it beside this side: graphs of callers, or other processes.
  if (own.use_count() > 1 || own->isShared())
    return replace(work, part, error);
  if (!work.isWhole)
    return driver.cuMemcpyDtoDAsync(error, own->data(), newest->data(), newest->size(), stream.get());
  for (const Change &change : work.step.before)
    if (change.count != 0 && partOf(change) == part && !catchUpWith(work, change, error))
      return false;
  return true;
}

//===-- Changes ---------------------------------------------------------------===//

bool CudaVersions::reserve(uint64_t bytes, Error &error) {
  if (bytes <= scratch.size())
    return true;
  // What is there may still be read.
  return driver.cuStreamSynchronize(error, stream.get()) &&
         scratch.allocate(std::max(bytes, 2 * scratch.size()), "changed rows", error);
}

bool CudaVersions::copy(CUdeviceptr to, const uint8_t *from, uint64_t bytes, Error &error) {
  // The next copy uses the ring again.
  return staging.copyIn(to, bytes, {{0, bytes, const_cast<uint8_t *>(from)}}, stream.get(), error) &&
         driver.cuStreamSynchronize(error, stream.get());
}

bool CudaVersions::catchUpWith(const Work &work, const Change &change, Error &error) {
  const Side &side = work.side.places, &newest = work.newest.places;
  uint32_t index = change.index;
  if (change.kind == ChangeKind::Weight)
    return !weightOffsets[index] ||
           driver.cuMemcpyDtoDAsync(error, side.weights[index], newest.weights[index], change.count, stream.get());
  uint64_t rowBytes = work.spec.tables[index].rowBytes();
  if (change.kind == ChangeKind::WholeTable)
    return driver.cuMemcpyDtoDAsync(error, side.tables[index], newest.tables[index], change.count * rowBytes,
                                    stream.get());
  constexpr uint64_t pieceRows = pieceBytes / sizeof(int64_t);
  for (uint64_t first = 0; first < change.count; first += pieceRows) {
    uint64_t count = std::min(pieceRows, change.count - first);
    if (!reserve(count * sizeof(int64_t), error) ||
        !copy(scratch.data(), change.ids + first * sizeof(int64_t), count * sizeof(int64_t), error) ||
        !rowKernel.copyTable({side.tables[index], newest.tables[index], scratch.data(), count, rowBytes}, stream.get(),
                             error))
      return false;
  }
  return true;
}

bool CudaVersions::upload(const Work &work, const Change &change, Error &error) {
  const Snapshot &host = work.step.next;
  uint32_t index = change.index;
  if (change.count == 0)
    return true;
  if (change.kind == ChangeKind::Weight)
    return !weightOffsets[index] || copy(work.side.places.weights[index], host.weights[index], change.count, error);
  if (change.kind != ChangeKind::WholeTable)
    return uploadRows(work, change, error);
  uint64_t bytes = change.count * work.spec.tables[index].rowBytes();
  return copy(work.side.places.tables[index], host.tables[index], bytes, error);
}

/// Rows as the host has them at the end of the step: where an id comes twice, what it writes is the same.
bool CudaVersions::uploadRows(const Work &work, const Change &change, Error &error) {
  uint64_t rowBytes = work.spec.tables[change.index].rowBytes();
  uint64_t pieceRows = std::max<uint64_t>(pieceBytes / (rowBytes + sizeof(int64_t)), 1);
  auto *table = const_cast<uint8_t *>(work.step.next.tables[change.index]);
  std::vector<Staging::Piece> pieces;
  for (uint64_t first = 0; first < change.count; first += pieceRows) {
    uint64_t count = std::min(pieceRows, change.count - first), idBytes = count * sizeof(int64_t);
    uint64_t begin = alignDevice(idBytes), end = begin + count * rowBytes;
    pieces.assign({{0, idBytes, const_cast<uint8_t *>(change.ids + first * sizeof(int64_t))}});
    for (uint64_t i = 0; i < count; ++i)
      pieces.push_back(
          {begin + i * rowBytes, rowBytes, table + static_cast<uint64_t>(change.id(first + i)) * rowBytes});
    if (!reserve(end, error) || !staging.copyIn(scratch.data(), end, pieces, stream.get(), error) ||
        !driver.cuStreamSynchronize(error, stream.get()) ||
        !rowKernel.scatter(
            {work.side.places.tables[change.index], scratch.data() + begin, scratch.data(), count, rowBytes},
            stream.get(), error))
      return false;
  }
  return true;
}

//===-- Steps -----------------------------------------------------------------===//

/// On the device, and here, so that the time is known. No run reads the side any more that has not recorded its event.
bool CudaVersions::waitForReaders(size_t side, uint64_t &nanoseconds, Error &error) {
  auto start = std::chrono::steady_clock::now();
  {
    std::lock_guard<std::mutex> lock(mutex);
    for (const Reader *reader : readers)
      if (!driver.cuStreamWaitEvent(error, stream.get(), reader->done[side].get(), 0))
        return false;
  }
  if (!driver.cuStreamSynchronize(error, stream.get()))
    return false;
  nanoseconds += static_cast<uint64_t>((std::chrono::steady_clock::now() - start).count());
  return true;
}

bool CudaVersions::write(const EngineSpec &spec, VersionStep &step, Error &error) {
  uint64_t version = step.next.version;
  OutsideCapture outside(driver);
  Work work{spec, step, sides[version % 2], sides[(version + 1) % 2], written && *written + 1 == version};
  written.reset();
  if (!stream.get() && !stream.create(error))
    return false;
  // The memory that is copied may be written next.
  WaitOnExit wait(driver, stream.get());
  if (!waitForReaders(version % 2, step.waitNanoseconds, error))
    return false;
  for (size_t part = 0; part <= numTables(); ++part)
    if (!catchUp(work, part, error))
      return false;
  for (const Change &change : step.now)
    if (!upload(work, change, error))
      return false;
  if (!driver.cuStreamSynchronize(error, stream.get()))
    return false;
  wait.dismiss();
  written = version;
  return true;
}
