//===- Faults.cpp - Calls of the system that fail when asked ----------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "Faults.h"

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdlib>
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

using namespace reckon;
using namespace reckon::test;

static std::atomic<int> failing{-1}; // a Fault, or none
static std::atomic<uint64_t> firstFailure{0}, calls{0};
static std::atomic<bool> laterFail{false};
static std::atomic<int64_t> liveBlocks{0}, liveMappedBytes{0};

const char *test::faultName(Fault fault) {
  static constexpr const char *names[] = {"allocation", "mapping", "write", "read", "thread"};
  return names[static_cast<int>(fault)];
}

void test::failNth(Fault fault, uint64_t nth, bool andLater) {
  calls = 0;
  firstFailure = nth;
  laterFail = andLater;
  failing = static_cast<int>(fault);
}

uint64_t test::stopFailing() {
  failing = -1;
  return calls;
}

static thread_local int outside = 0;
void test::leaveAlone(bool isOutside) { outside += isOutside ? 1 : -1; }

Holdings test::holdings() {
  // The loader keeps its last message until it was asked for it once more.
  ::dlerror();
  ::dlerror();
  int64_t files = 0;
  for (int number = 0; number < 256; ++number)
    files += ::fcntl(number, F_GETFD) >= 0;
  return {liveBlocks, liveMappedBytes, files};
}

/// Whether this call is to fail, which sets errno.
static bool fails(Fault fault, int reason) {
  if (failing.load(std::memory_order_relaxed) != static_cast<int>(fault) || outside != 0)
    return false;
  uint64_t number = ++calls, first = firstFailure;
  bool isFailing = number == first || (laterFail && number > first);
  if (isFailing)
    errno = reason;
  return isFailing;
}

static void *counted(void *block) {
  if (block)
    ++liveBlocks;
  return block;
}

static int64_t wholePages(size_t bytes) { return static_cast<int64_t>((bytes + 4095) / 4096 * 4096); }

// Libraries are to find these.
#pragma GCC visibility push(default)
extern "C" {

// NOLINTBEGIN(bugprone-reserved-identifier): what the C library calls its own
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *block);
// NOLINTEND(bugprone-reserved-identifier)

void *malloc(size_t size) noexcept { return fails(Fault::Allocation, ENOMEM) ? nullptr : counted(__libc_malloc(size)); }

void *calloc(size_t count, size_t size) noexcept {
  return fails(Fault::Allocation, ENOMEM) ? nullptr : counted(__libc_calloc(count, size));
}

void *realloc(void *block, size_t size) noexcept {
  if (fails(Fault::Allocation, ENOMEM))
    return nullptr;
  void *moved = __libc_realloc(block, size);
  if (!block && moved)
    ++liveBlocks;
  if (block && size == 0)
    --liveBlocks;
  return moved;
}

void *aligned_alloc(size_t alignment, size_t size) noexcept {
  return fails(Fault::Allocation, ENOMEM) ? nullptr : counted(__libc_memalign(alignment, size));
}

void *memalign(size_t alignment, size_t size) noexcept { return aligned_alloc(alignment, size); }

int posix_memalign(void **block, size_t alignment, size_t size) noexcept {
  void *made = aligned_alloc(alignment, size);
  if (!made)
    return ENOMEM;
  *block = made;
  return 0;
}

void free(void *block) noexcept {
  if (block)
    --liveBlocks;
  __libc_free(block);
}

void *mmap(void *address, size_t size, int protection, int flags, int file, off_t offset) noexcept {
  if (fails(Fault::Mapping, ENOMEM))
    return MAP_FAILED;
  auto *mapped = reinterpret_cast<void *>(::syscall(SYS_mmap, address, size, protection, flags, file, offset));
  // What takes the place of a mapping is none more.
  if (mapped != MAP_FAILED && !(flags & MAP_FIXED))
    liveMappedBytes += wholePages(size);
  return mapped;
}

int munmap(void *address, size_t size) noexcept {
  liveMappedBytes -= wholePages(size);
  return static_cast<int>(::syscall(SYS_munmap, address, size));
}

ssize_t write(int file, const void *data, size_t size) {
  return fails(Fault::Write, ENOSPC) ? -1 : ::syscall(SYS_write, file, data, size);
}

ssize_t pwrite(int file, const void *data, size_t size, off_t offset) {
  return fails(Fault::Write, ENOSPC) ? -1 : ::syscall(SYS_pwrite64, file, data, size, offset);
}

int ftruncate(int file, off_t size) noexcept {
  return fails(Fault::Write, EIO) ? -1 : static_cast<int>(::syscall(SYS_ftruncate, file, size));
}

int fdatasync(int file) { return fails(Fault::Write, EIO) ? -1 : static_cast<int>(::syscall(SYS_fdatasync, file)); }

int posix_fallocate(int file, off_t offset, off_t size) {
  if (fails(Fault::Write, ENOSPC))
    return ENOSPC;
  return ::syscall(SYS_fallocate, file, 0, offset, size) == 0 ? 0 : errno;
}

int rename(const char *from, const char *to) noexcept {
  return fails(Fault::Write, ENOSPC) ? -1 : static_cast<int>(::syscall(SYS_rename, from, to));
}

int memfd_create(const char *name, unsigned flags) noexcept {
  return fails(Fault::Write, ENOSPC) ? -1 : static_cast<int>(::syscall(SYS_memfd_create, name, flags));
}

int fchmod(int file, mode_t mode) noexcept {
  return fails(Fault::Write, EPERM) ? -1 : static_cast<int>(::syscall(SYS_fchmod, file, mode));
}

int linkat(int fromFolder, const char *from, int toFolder, const char *to, int flags) noexcept {
  return fails(Fault::Write, ENOSPC) ? -1
                                     : static_cast<int>(::syscall(SYS_linkat, fromFolder, from, toFolder, to, flags));
}

ssize_t read(int file, void *data, size_t size) {
  return fails(Fault::Read, EIO) ? -1 : ::syscall(SYS_read, file, data, size);
}

ssize_t pread(int file, void *data, size_t size, off_t offset) {
  return fails(Fault::Read, EIO) ? -1 : ::syscall(SYS_pread64, file, data, size, offset);
}

int fstat(int file, struct stat *status) noexcept {
  return fails(Fault::Read, EIO) ? -1 : static_cast<int>(::syscall(SYS_fstat, file, status));
}

int open(const char *path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  return fails(Fault::Read, EMFILE) ? -1 : static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path, flags, mode));
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*body)(void *),
                   void *argument) noexcept {
  if (fails(Fault::Thread, EAGAIN))
    return EAGAIN;
  static auto *next = reinterpret_cast<int (*)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *)>(
      ::dlsym(RTLD_NEXT, "pthread_create"));
  return next(thread, attributes, body, argument);
}

} // extern "C"
#pragma GCC visibility pop
