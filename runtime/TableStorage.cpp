//===- TableStorage.cpp - Rows bound to a table ---------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "TableStorage.h"
#include "lib/Engine/Descriptor.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace reckon;
using namespace reckon::runtime;

TableStorage::~TableStorage() {
  if (mapping)
    ::munmap(mapping, mappingSize);
}

bool TableStorage::bind(const TableSpec &table, const ReckonTableBinding &binding, const std::string &engineFolder,
                        BoundTable &bound, Error &error) {
  std::string where = "table '" + table.name + "'";
  if (binding.rows < 0)
    return error.set(RECKON_INVALID, where, "it cannot have " + std::to_string(binding.rows) + " rows");
  switch (binding.source) {
  case RECKON_TABLE_DEFAULT:
    if (!table.externalFile.empty()) {
      if (engineFolder.empty() && table.externalFile[0] != '/')
        return error.set(RECKON_INVALID, where,
                         "its rows are in '" + table.externalFile +
                             "' beside the engine, which was not opened from a file; bind the table");
      bool absolute = table.externalFile[0] == '/';
      return mapFile(table, absolute ? table.externalFile : engineFolder + "/" + table.externalFile,
                     table.externalOffset, static_cast<int64_t>(table.rows), bound, error);
    }
    if (table.mustBeBound)
      return error.set(RECKON_INVALID, where, "the engine does not hold its rows; bind the table");
    // A table of no rows has no bytes either.
    static const uint64_t nothing = 0;
    bound = {table.data.size ? table.data.data : reinterpret_cast<const uint8_t *>(&nothing),
             static_cast<int64_t>(table.rows), 0};
    return true;
  case RECKON_TABLE_FILE:
    if (!binding.path)
      return error.set(RECKON_INVALID, where, "the binding names no file");
    return mapFile(table, binding.path, binding.offset, binding.rows, bound, error);
  case RECKON_TABLE_MEMORY:
    if (!binding.data || reinterpret_cast<uintptr_t>(binding.data) % table.format().alignment() != 0)
      return error.set(RECKON_INVALID, where, "the bound memory is null or not aligned to its element");
    bound = {static_cast<const uint8_t *>(binding.data), binding.rows, 0};
    return true;
  case RECKON_TABLE_SYNTHETIC:
    return synthesise(table, binding.rows, binding.seed, bound, error);
  }
  return error.set(RECKON_INVALID, where, "unknown source " + std::to_string(binding.source));
}

bool TableStorage::mapFile(const TableSpec &table, const std::string &path, uint64_t offset, int64_t wantedRows,
                           BoundTable &bound, Error &error) {
  std::string where = "table '" + table.name + "'", what = "file '" + path + "'";
  auto failed = [&](const char *action) {
    return error.set(RECKON_INVALID, where, what + " cannot be " + action + ": " + std::strerror(errno));
  };
  if (offset % table.format().alignment() != 0)
    return error.set(RECKON_INVALID, where,
                     what + ": offset " + std::to_string(offset) + " is not aligned to its element");
  Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)); // do not wait for a pipe
  if (descriptor.get() < 0)
    return failed("opened");
  struct stat status;
  if (::fstat(descriptor.get(), &status) != 0 || !S_ISREG(status.st_mode))
    return error.set(RECKON_INVALID, where, what + " is not a regular file");
  uint64_t fileSize = status.st_size;
  uint64_t rowBytes = table.rowBytes(), size = 0;
  uint64_t available = offset <= fileSize ? (fileSize - offset) / rowBytes : 0;
  uint64_t rowCount = wantedRows == 0 ? available : static_cast<uint64_t>(wantedRows);
  if (offset > fileSize || rowCount > available)
    return error.set(RECKON_INVALID, where,
                     what + " holds " + std::to_string(available) + " rows from offset " + std::to_string(offset) +
                         " on, expected " + std::to_string(rowCount));
  if (wantedRows == 0 && (fileSize - offset) % rowBytes != 0)
    return error.set(RECKON_INVALID, where,
                     what + " has " + std::to_string(fileSize - offset) + " bytes from offset " +
                         std::to_string(offset) + " on, not whole rows of " + std::to_string(rowBytes));
  size = rowCount * rowBytes;
  // A mapping starts at a page.
  uint64_t page = ::sysconf(_SC_PAGESIZE), lead = offset % page;
  mappingSize = size + lead;
  if (mappingSize == 0)
    mappingSize = page;
  void *address =
      ::mmap(nullptr, mappingSize, PROT_READ, MAP_SHARED, descriptor.get(), static_cast<off_t>(offset - lead));
  if (address == MAP_FAILED)
    return failed("mapped");
  mapping = address;
  place = {path, status.st_dev, status.st_ino, offset};
  bound = {static_cast<const uint8_t *>(mapping) + lead, static_cast<int64_t>(rowCount), 0};
  return true;
}

static bool noMemory(const TableSpec &table, int64_t rows, Error &error) {
  return error.set(RECKON_UNAVAILABLE, "table '" + table.name + "'",
                   "out of memory for " + std::to_string(rows) + " rows of " + std::to_string(table.dim));
}

bool TableStorage::synthesise(const TableSpec &table, int64_t wantedRows, uint64_t seed, BoundTable &bound,
                              Error &error) {
  if (!table.format().tableBytes(static_cast<uint64_t>(wantedRows), table.dim))
    return noMemory(table, wantedRows, error);
  // The name goes into the seed, so that tables differ and do not depend on their order.
  for (char c : table.name)
    seed = seed * 0x100000001b3 + static_cast<unsigned char>(c);
  bound = {nullptr, wantedRows, seed};
  return true;
}

bool TableStorage::allocateRows(const TableSpec &table, const Placement &placement, int64_t count, Error &error) {
  AlignedBuffer memory;
  if (!memory.allocate(static_cast<uint64_t>(count) * table.rowBytes()))
    return noMemory(table, count, error);
  if (!memory.place(placement, error))
    return error.set(error.code, "table '" + table.name + "'", error.message);
  rows = std::move(memory);
  return true;
}

bool TableStorage::settle(const TableSpec &table, const Placement &placement, BoundTable &bound, Error &error) {
  uint64_t count = static_cast<uint64_t>(bound.rows), bytes = count * table.rowBytes();
  if (!bound.data) {
    if (!allocateRows(table, placement, bound.rows, error))
      return false;
    table.format().fill(rows.data(), count, table.dim, bound.seed);
    bound.data = rows.data();
    return true;
  }
  bool isInFile = mapping || bound.data == table.data.data;
  if (!placement || isSettled() || !isInFile || bytes < placedFrom)
    return true;
  if (!allocateRows(table, placement, bound.rows, error))
    return false;
  std::memcpy(rows.data(), bound.data, bytes);
  bound.data = rows.data();
  return true;
}
