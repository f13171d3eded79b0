//===- Versions.cpp - Versions of an engine's rows and weights -------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "Versions.h"
#include "lib/Engine/Descriptor.h"
#include "lib/Engine/FileWriter.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

using namespace reckon;
using namespace reckon::runtime;

static uint64_t alignTo64(uint64_t value) { return (value + 63) / 64 * 64; }

Versions::Versions(const EngineSpec &spec, Placement placement)
    : spec(spec), placement(placement), sources(spec.tables.size()), memoryFiles(spec.tables.size(), -1) {
  for (Side &side : sides) {
    side.snapshot.tables.resize(spec.tables.size());
    side.tables.resize(spec.tables.size());
  }
}

Versions::~Versions() {
  for (Side &side : sides)
    for (Mapping &mapping : side.tables)
      if (mapping.address)
        ::munmap(mapping.address, mapping.bytes);
  for (int file : memoryFiles)
    if (file >= 0)
      ::close(file);
}

void Versions::setRows(size_t table, const RowSource &source) {
  sources[table] = source;
  for (Side &side : sides)
    side.snapshot.tables[table] = source.data;
}

void Versions::add(const Pin &pin) {
  std::lock_guard<std::mutex> lock(mutex);
  pins.push_back(&pin);
}

void Versions::remove(const Pin &pin) {
  std::lock_guard<std::mutex> lock(mutex);
  total.retries += pin.retries.load(std::memory_order_relaxed);
  pins.erase(std::find(pins.begin(), pins.end(), &pin));
}

//===-- Memory of a side ------------------------------------------------------===//

/// A file of the system's with the rows in it; -1 with errno set.
static int makeMemoryFile(const RowSource &source) {
  Descriptor file(::memfd_create("reckon-table", MFD_CLOEXEC));
  return file.get() >= 0 && writeAll(file.get(), source.data, source.bytes) ? file.release() : -1;
}

/// The file of the rows, unless another one has taken its name.
static Descriptor openSame(const FilePlace &place) {
  Descriptor file(place.path.empty() ? -1 : ::open(place.path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status;
  bool isSame = file.get() >= 0 && ::fstat(file.get(), &status) == 0 && status.st_dev == place.device &&
                status.st_ino == place.inode;
  return isSame ? std::move(file) : Descriptor();
}

/// Of the two sides the first one that changes gets a copy. The other one then has the rows to itself, for its version
/// is read no more and the newest one is on the side with the copy.
bool Versions::copyTable(Side &side, size_t table, Error &error) {
  Mapping &mapping = side.tables[table];
  const RowSource &source = sources[table];
  const Side &other = sides[&side == &sides[0]];
  if (other.tables[table].rows) {
    mapping.rows = const_cast<uint8_t *>(source.data);
    return true;
  }
  std::string where = "table '" + spec.tables[table].name + "'";
  if (!mapping.own.allocate(source.bytes))
    return error.set(RECKON_UNAVAILABLE, where,
                     "out of memory for a version of its " + std::to_string(source.bytes) + " bytes");
  if (!mapping.own.place(placement, error))
    return error.set(error.code, where, error.message);
  std::memcpy(mapping.own.data(), source.data, source.bytes);
  mapping.rows = mapping.own.data();
  side.snapshot.tables[table] = mapping.rows;
  side.snapshot.places = ++places;
  return true;
}

bool Versions::mapTable(Side &side, size_t table, Error &error) {
  Mapping &mapping = side.tables[table];
  const RowSource &source = sources[table];
  if (mapping.rows || source.bytes == 0)
    return true;
  if (source.isOwn)
    return copyTable(side, table, error);
  auto failed = [&](const char *what) {
    return error.set(RECKON_UNAVAILABLE, "table '" + spec.tables[table].name + "'",
                     std::string(what) + " for a version of its " + std::to_string(source.bytes) +
                         " bytes: " + std::strerror(errno));
  };
  Descriptor file = memoryFiles[table] < 0 ? openSame(source.file) : Descriptor();
  uint64_t offset = source.file.offset;
  if (file.get() < 0) {
    offset = 0;
    if (memoryFiles[table] < 0 && (memoryFiles[table] = makeMemoryFile(source)) < 0)
      return failed("there is no memory");
  }
  uint64_t lead = offset % static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  void *address = ::mmap(nullptr, source.bytes + lead, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE,
                         file.get() < 0 ? memoryFiles[table] : file.get(), static_cast<off_t>(offset - lead));
  if (address == MAP_FAILED)
    return failed("there is no mapping");
  mapping = {static_cast<uint8_t *>(address), source.bytes + lead, static_cast<uint8_t *>(address) + lead};
  side.snapshot.tables[table] = mapping.rows;
  side.snapshot.places = ++places;
  return true;
}

bool Versions::copyWeights(Side &side, Error &error) {
  if (!side.snapshot.weights.empty())
    return true;
  uint64_t bytes = 0;
  for (const WeightSpec &weight : spec.weights)
    bytes += alignTo64(weight.data.size);
  if (!side.weights.allocate(bytes))
    return error.set(RECKON_UNAVAILABLE,
                     "out of memory: a version of the weights needs " + std::to_string(bytes) + " bytes");
  std::vector<const uint8_t *> addresses;
  uint8_t *next = side.weights.data();
  for (const WeightSpec &weight : spec.weights) {
    addresses.push_back(next);
    if (weight.data.size != 0)
      std::memcpy(next, weight.data.data, weight.data.size);
    next += alignTo64(weight.data.size);
  }
  side.snapshot.weights = std::move(addresses);
  side.snapshot.places = ++places;
  return true;
}

bool Versions::reserve(Side &side, const std::vector<Change> &changes, Error &error) {
  for (const Change &change : changes)
    if (!(change.kind == ChangeKind::Weight ? copyWeights(side, error) : mapTable(side, change.index, error)))
      return false;
  return true;
}

//===-- Commits ---------------------------------------------------------------===//

void Versions::apply(Side &side, const std::vector<Change> &changes) {
  for (const Change &change : changes) {
    if (change.count == 0)
      continue;
    if (change.kind == ChangeKind::Weight) {
      std::memcpy(const_cast<uint8_t *>(side.snapshot.weights[change.index]), change.data, change.count);
      continue;
    }
    uint8_t *rows = side.tables[change.index].rows;
    uint64_t rowBytes = spec.tables[change.index].rowBytes();
    if (change.kind == ChangeKind::WholeTable) {
      std::memcpy(rows, change.data, change.count * rowBytes);
      continue;
    }
    for (uint64_t i = 0; i < change.count; ++i) {
      uint8_t *row = rows + static_cast<uint64_t>(change.id(i)) * rowBytes;
      // In every format of rows zeros are a row of zeros.
      if (change.kind == ChangeKind::DeleteRows)
        std::memset(row, 0, rowBytes);
      else
        std::memcpy(row, change.data + i * rowBytes, rowBytes);
    }
  }
}

/// Makes the places that the changes name what the other side has there.
void Versions::copyPlaces(Side &side, const Side &from, const std::vector<Change> &changes) {
  for (const Change &change : changes) {
    if (change.count == 0)
      continue;
    uint32_t index = change.index;
    if (change.kind == ChangeKind::Weight) {
      const std::vector<const uint8_t *> &weights = from.snapshot.weights;
      std::memcpy(const_cast<uint8_t *>(side.snapshot.weights[index]),
                  weights.empty() ? spec.weights[index].data.data : weights[index], change.count);
      continue;
    }
    uint8_t *rows = side.tables[index].rows;
    const uint8_t *others = from.snapshot.tables[index];
    uint64_t rowBytes = spec.tables[index].rowBytes();
    if (change.kind == ChangeKind::WholeTable)
      std::memcpy(rows, others, change.count * rowBytes);
    else
      for (uint64_t i = 0; i < change.count; ++i) {
        uint64_t offset = static_cast<uint64_t>(change.id(i)) * rowBytes;
        std::memcpy(rows + offset, others + offset, rowBytes);
      }
  }
}

bool Versions::writePrograms(const std::vector<const Program *> &programs, VersionStep step, Error &error) {
  for (const Program *program : programs)
    if (!program->write(step, error))
      return false;
  std::lock_guard<std::mutex> lock(mutex);
  total.waitNanoseconds += step.waitNanoseconds;
  return true;
}

void Versions::waitForRuns(uint64_t version) {
  auto start = std::chrono::steady_clock::now();
  auto isRead = [&] {
    std::lock_guard<std::mutex> lock(mutex);
    return std::any_of(pins.begin(), pins.end(),
                       [&](const Pin *pin) { return pin->version.load(std::memory_order_seq_cst) == version; });
  };
  for (int round = 0; isRead(); ++round)
    if (round < 10)
      std::this_thread::yield();
    else
      std::this_thread::sleep_for(std::chrono::microseconds(50));
  std::lock_guard<std::mutex> lock(mutex);
  total.waitNanoseconds += static_cast<uint64_t>((std::chrono::steady_clock::now() - start).count());
}

bool Versions::commit(const Changes &changes, uint64_t only, const std::vector<const Program *> &programs,
                      uint64_t &version, Error &error) {
  std::lock_guard<std::mutex> lock(commits);
  uint64_t next = current.load(std::memory_order_relaxed) + 1;
  if (only != 0 && only != next)
    return error.set(RECKON_INVALID, only < next ? "version " + std::to_string(only) +
                                                       " has been committed before; the "
                                                       "engine is at version " +
                                                       std::to_string(next - 1)
                                                 : "version " + std::to_string(next) + " is missing; got version " +
                                                       std::to_string(only));
  Side &side = sides[next % 2];
  const Side &newest = sides[(next - 1) % 2];
  // Before anything is written, so that little has to be undone.
  auto own = std::make_unique<Changes>(changes);
  uint64_t rows = own->numRows();
  if (next >= 2)
    waitForRuns(next - 2);
  std::vector<Change> before, now = own->list();
  if (last)
    before = last->list();
  if (!reserve(side, before, error) || !reserve(side, now, error))
    return false;
  copyPlaces(side, newest, before);
  apply(side, now);
  side.snapshot.version = next;
  // Devices take the rows from here.
  struct Undo {
    Versions &versions;
    Side &side;
    const Side &newest;
    const std::vector<Change> &changes;
    bool isOver = false;
    ~Undo() {
      if (!isOver)
        versions.copyPlaces(side, newest, changes);
    }
  } undo{*this, side, newest, now};
  if (!writePrograms(programs, {side.snapshot, before, now}, error))
    return false;
  undo.isOver = true;
  version = next;
  last = std::move(own);
  current.store(next, std::memory_order_seq_cst);
  std::lock_guard<std::mutex> counting(mutex);
  ++total.commits;
  total.rows += rows;
  return true;
}

Versions::Counts Versions::counts() const {
  std::lock_guard<std::mutex> lock(mutex);
  Counts result = total;
  for (const Pin *pin : pins)
    result.retries += pin->retries.load(std::memory_order_relaxed);
  return result;
}
