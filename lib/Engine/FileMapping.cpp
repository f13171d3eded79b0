//===- FileMapping.cpp - Memory that shows a file -------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "FileMapping.h"

#include <fstream>
#include <sstream>
#include <sys/mman.h>
#include <unistd.h>

using namespace reckon;

std::optional<MappedPlace> reckon::findMappedPlace(const void *data, size_t size) {
  auto address = reinterpret_cast<uint64_t>(data);
  std::ifstream maps("/proc/self/maps");
  std::string line;
  while (std::getline(maps, line)) {
    // begin-end access offset device inode file; the file is the rest of the line, blanks included.
    uint64_t begin = 0, end = 0, offset = 0, inode = 0;
    char dash = 0;
    std::string access, device, file;
    std::istringstream fields(line);
    fields >> std::hex >> begin >> dash >> end >> access >> offset >> device >> std::dec >> inode >> std::ws;
    std::getline(fields, file);
    if (access.size() < 2 || address < begin || address >= end)
      continue;
    bool isReadOnly = access[0] == 'r' && access[1] == '-';
    bool isDeleted = file.size() > 10 && file.compare(file.size() - 10, 10, " (deleted)") == 0;
    if (!isReadOnly || isDeleted || file.empty() || file[0] != '/' || size > end - address)
      return std::nullopt;
    return MappedPlace{file, offset + (address - begin), inode};
  }
  return std::nullopt;
}

void reckon::releasePages(const void *data, size_t size) {
  auto page = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE)), address = reinterpret_cast<uint64_t>(data);
  uint64_t begin = (address + page - 1) / page * page, end = (address + size) / page * page;
  if (begin < end)
    ::madvise(reinterpret_cast<void *>(begin), end - begin, MADV_DONTNEED);
}
