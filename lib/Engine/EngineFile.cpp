//===- EngineFile.cpp - Where engine bytes come from ----------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "reckon/Engine/EngineFile.h"
#include "Descriptor.h"
#include "EngineSeal.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace reckon;

static std::unique_ptr<EngineFile> ioFailure(const std::string &what, const char *action, EngineError &error) {
  error = {EngineError::Kind::Io, what + " cannot be " + action + ": " + std::strerror(errno)};
  return nullptr;
}

std::unique_ptr<EngineFile> EngineFile::fromDescriptor(int descriptor, const std::string &what, const std::string &path,
                                                       Check check, const PublicKey *signer, EngineError &error) {
  struct stat status;
  if (::fstat(descriptor, &status) != 0)
    return ioFailure(what, "examined", error);
  if (!S_ISREG(status.st_mode)) {
    error = {EngineError::Kind::Io, what + " is not a file"};
    return nullptr;
  }
  std::unique_ptr<EngineFile> file(new EngineFile());
  file->bytes.size = status.st_size;
  file->place = {path, status.st_dev, status.st_ino, 0};
  if (status.st_size > 0) {
    void *address = ::mmap(nullptr, status.st_size, PROT_READ, MAP_SHARED, descriptor, 0);
    if (address == MAP_FAILED)
      return ioFailure(what, "mapped", error);
    file->bytes.data = static_cast<const uint8_t *>(address);
    file->owner = Owner::Mapping;
  }
  if (!file->read(&status, check, signer, error)) {
    error.message = what + ": " + error.message;
    return nullptr;
  }
  return file;
}

std::unique_ptr<EngineFile> EngineFile::open(const std::string &path, EngineError &error, Check check,
                                             const PublicKey *signer) {
  static const std::string shared = "shm:";
  if (path.compare(0, shared.size(), shared) == 0)
    return openSharedMemory("/" + path.substr(shared.size()), error, check, signer);
  std::string what = "engine '" + path + "'";
  Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)); // a pipe is not waited for
  if (descriptor.get() < 0)
    return ioFailure(what, "opened", error);
  auto file = fromDescriptor(descriptor.get(), what, path, check, signer, error);
  if (file) {
    size_t slash = path.rfind('/');
    file->folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  }
  return file;
}

std::unique_ptr<EngineFile> EngineFile::openSharedMemory(const std::string &name, EngineError &error, Check check,
                                                         const PublicKey *signer) {
  std::string what = "engine in shared memory '" + name + "'";
  Descriptor descriptor(::shm_open(name.c_str(), O_RDONLY, 0));
  if (descriptor.get() < 0)
    return ioFailure(what, "opened", error);
  std::string path = seal::folder + name.substr(std::min(name.find_first_not_of('/'), name.size()));
  return fromDescriptor(descriptor.get(), what, path, check, signer, error);
}

std::unique_ptr<EngineFile> EngineFile::fromMemory(ByteSpan bytes, EngineError &error, Check check,
                                                   const PublicKey *signer) {
  std::unique_ptr<EngineFile> file(new EngineFile());
  file->bytes = bytes;
  if (reinterpret_cast<uintptr_t>(bytes.data) % 64 != 0 && bytes.size != 0) {
    size_t rounded = (bytes.size + 63) / 64 * 64;
    void *copy = rounded < bytes.size ? nullptr : std::aligned_alloc(64, rounded);
    if (!copy) {
      error = {EngineError::Kind::Io, "engine in memory: no memory for an aligned copy"};
      return nullptr;
    }
    std::memcpy(copy, bytes.data, bytes.size);
    file->bytes.data = static_cast<const uint8_t *>(copy);
    file->owner = Owner::Heap;
  }
  if (!file->read(nullptr, check, signer, error)) {
    error.message = "engine in memory: " + error.message;
    return nullptr;
  }
  return file;
}

FilePlace EngineFile::findPlace(const uint8_t *data) const {
  FilePlace result = place;
  result.offset = static_cast<uint64_t>(data - bytes.data);
  return result;
}

EngineFile::~EngineFile() {
  if (owner == Owner::Mapping)
    ::munmap(const_cast<uint8_t *>(bytes.data), bytes.size);
  else if (owner == Owner::Heap)
    std::free(const_cast<uint8_t *>(bytes.data));
}
