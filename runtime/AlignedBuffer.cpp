//===- AlignedBuffer.cpp - Memory for arenas and tables -------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "AlignedBuffer.h"

#include <cstdlib>
#include <sys/mman.h>
#include <unistd.h>

using namespace reckon::runtime;

static constexpr size_t hugePage = size_t(2) << 20;
// From half of one on, a whole huge page is worth it.
static_assert(placedFrom == hugePage / 2);

/// What the machine has. Without this limit the system promises more, and ends the process that takes it at its word.
static size_t memoryBytes() {
  static const long pages = ::sysconf(_SC_PHYS_PAGES), pageBytes = ::sysconf(_SC_PAGESIZE);
  return pages > 0 && pageBytes > 0 ? static_cast<size_t>(pages) * static_cast<size_t>(pageBytes) : SIZE_MAX / 2;
}

bool AlignedBuffer::allocate(size_t size) {
  release();
  if (size > memoryBytes())
    return false;
  if (size < placedFrom) {
    size_t rounded = size == 0 ? 64 : (size + 63) / 64 * 64;
    address = static_cast<uint8_t *>(std::aligned_alloc(64, rounded));
    bytes = address ? size : 0;
    return address != nullptr;
  }
  // One huge page more than needed, and the ends that stick out are given back.
  size_t rounded = (size + hugePage - 1) / hugePage * hugePage, reserved = rounded + hugePage;
  void *start = ::mmap(nullptr, reserved, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (start == MAP_FAILED)
    return false;
  uintptr_t begin = reinterpret_cast<uintptr_t>(start), aligned = (begin + hugePage - 1) / hugePage * hugePage;
  if (aligned != begin)
    ::munmap(start, aligned - begin);
  if (size_t tail = begin + reserved - (aligned + rounded))
    ::munmap(reinterpret_cast<void *>(aligned + rounded), tail);
  address = reinterpret_cast<uint8_t *>(aligned);
  bytes = size;
  mapped = rounded;
  ::madvise(address, mapped, MADV_HUGEPAGE); // a hint: refused is fine
  return true;
}

void AlignedBuffer::release() {
  if (mapped)
    ::munmap(address, mapped);
  else
    std::free(address);
  address = nullptr;
  bytes = mapped = 0;
}
