//===- SharedEngine.cpp - Engines in shared memory -------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "reckon/Engine/SharedEngine.h"
#include "Descriptor.h"
#include "EngineFormat.h"
#include "EngineSeal.h"
#include "FileWriter.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace reckon;

static constexpr std::string_view temporaryPrefix = ".reckon-share.";

namespace {
struct CloseFolder {
  void operator()(DIR *folder) const { ::closedir(folder); }
};
using Folder = std::unique_ptr<DIR, CloseFolder>;
} // namespace

static bool fail(EngineError &error, const std::string &what) {
  error = {EngineError::Kind::Io, what};
  return false;
}

static bool failWithReason(EngineError &error, const std::string &what) {
  return fail(error, what + ": " + std::strerror(errno));
}

static std::string describe(const std::string &name) { return "engine in shared memory '" + name + "'"; }

static bool checkName(const std::string &name, EngineError &error) {
  if (!name.empty() && name.size() <= 200 && name[0] != '.' && name.find('/') == std::string::npos)
    return true;
  return fail(error, "'" + name + "' is no name of shared memory: up to 200 characters without '/', the first no '.'");
}

/// What processes that were killed between two steps of putting something have left.
static void removeLeftovers() {
  Folder folder(::opendir(seal::folder));
  while (const dirent *entry = folder ? ::readdir(folder.get()) : nullptr) {
    std::string name = entry->d_name;
    if (name.compare(0, temporaryPrefix.size(), temporaryPrefix) != 0)
      continue;
    auto process = static_cast<pid_t>(std::strtoll(name.c_str() + temporaryPrefix.size(), nullptr, 10));
    if (process > 0 && ::kill(process, 0) != 0 && errno == ESRCH)
      ::unlinkat(::dirfd(folder.get()), name.c_str(), 0);
  }
}

/// Gives the bytes [begin, end) of a file to the sink.
static bool readAll(int file, uint64_t begin, uint64_t end, const Sink &sink) {
  std::vector<char> buffer(size_t(1) << 20);
  while (begin < end) {
    ssize_t got =
        ::pread(file, buffer.data(), std::min<uint64_t>(buffer.size(), end - begin), static_cast<off_t>(begin));
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0) {
      errno = got == 0 ? EIO : errno;
      return false;
    }
    if (!sink(buffer.data(), static_cast<size_t>(got)))
      return false;
    begin += static_cast<uint64_t>(got);
  }
  return true;
}

static void setSeal(format::Header &header, uint64_t seal) {
  header.seal = seal;
  header.headerChecksum = format::checksum(&header, offsetof(format::Header, headerChecksum));
}

/// Seals a file that is an engine.
static bool writeSeal(int file) {
  struct stat status;
  format::Header header;
  if (::fstat(file, &status) != 0 || ::pread(file, &header, sizeof(header), 0) != ssize_t(sizeof(header)))
    return false;
  setSeal(header, seal::compute(header, status));
  return ::pwrite(file, &header, sizeof(header), 0) == ssize_t(sizeof(header));
}

/// Gives the file a name, in the place of what has it.
static bool link(const Descriptor &file, const std::string &name) {
  std::string final = seal::folder + name;
  std::string temporary = seal::folder + std::string(temporaryPrefix) + std::to_string(::getpid()) + "." + name;
  ::unlink(temporary.c_str());
  if (::linkat(AT_FDCWD, file.path().c_str(), AT_FDCWD, temporary.c_str(), AT_SYMLINK_FOLLOW) != 0)
    return false;
  if (::rename(temporary.c_str(), final.c_str()) == 0)
    return true;
  int reason = errno;
  ::unlink(temporary.c_str());
  errno = reason;
  return false;
}

bool reckon::putSharedEngine(const std::string &path, const std::string &name, SharedWith with, EngineError &error,
                             const PublicKey *signer) {
  if (!checkName(name, error))
    return false;
  removeLeftovers();
  Descriptor source(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status;
  if (source.get() < 0 || ::fstat(source.get(), &status) != 0)
    return failWithReason(error, "engine '" + path + "' cannot be opened");
  if (!S_ISREG(status.st_mode))
    return fail(error, "engine '" + path + "' is not a file");
  auto size = static_cast<uint64_t>(status.st_size);
  // Without a name until it is whole: nothing of it is left of a process that ends before.
  Descriptor copy(::open(seal::folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (copy.get() < 0)
    return failWithReason(error, describe(name) + " cannot be created");
  // Now, rather than by a signal when a page is missing.
  if (size != 0)
    if (int reason = ::posix_fallocate(copy.get(), 0, static_cast<off_t>(size))) {
      errno = reason;
      return failWithReason(error, describe(name) + ": there is no room for " + std::to_string(size) + " bytes");
    }
  if (!readAll(source.get(), 0, size, [&](const void *data, size_t part) { return writeAll(copy.get(), data, part); }))
    return failWithReason(error, describe(name) + " cannot be written");
  // The copy, so that what is sealed is what was checked.
  if (!EngineFile::open(copy.path(), error, EngineFile::Check::All, signer)) {
    error.message =
        "engine '" + path + "'" + error.message.substr(std::min(error.message.find(": "), error.message.size()));
    return false;
  }
  static constexpr mode_t modes[] = {0400, 0440, 0444};
  if (!writeSeal(copy.get()) || ::fchmod(copy.get(), modes[static_cast<int>(with)]) != 0)
    return failWithReason(error, describe(name) + " cannot be sealed");
  return link(copy, name) || failWithReason(error, describe(name) + " cannot be named");
}

bool reckon::getSharedEngine(const std::string &name, const std::string &path, EngineError &error) {
  if (!checkName(name, error))
    return false;
  Descriptor source(::open((seal::folder + name).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  struct stat status;
  if (source.get() < 0 || ::fstat(source.get(), &status) != 0)
    return failWithReason(error, describe(name) + " cannot be opened");
  if (!EngineFile::openSharedMemory("/" + name, error))
    return false;
  std::string reason;
  auto emit = [&](const Sink &sink) {
    format::Header header;
    if (::pread(source.get(), &header, sizeof(header), 0) != ssize_t(sizeof(header)))
      return false;
    setSeal(header, 0);
    if (!sink(&header, sizeof(header)))
      return false;
    return readAll(source.get(), sizeof(header), static_cast<uint64_t>(status.st_size), sink);
  };
  return writeFile(path, emit, &reason) || fail(error, reason);
}

bool reckon::dropSharedEngine(const std::string &name, EngineError &error) {
  if (!checkName(name, error))
    return false;
  removeLeftovers();
  return ::unlink((seal::folder + name).c_str()) == 0 || failWithReason(error, describe(name) + " cannot be dropped");
}

std::vector<SharedEngineInfo> reckon::listSharedEngines() {
  std::vector<SharedEngineInfo> result;
  removeLeftovers();
  Folder folder(::opendir(seal::folder));
  while (const dirent *entry = folder ? ::readdir(folder.get()) : nullptr) {
    if (entry->d_name[0] == '.')
      continue;
    Descriptor file(::openat(::dirfd(folder.get()), entry->d_name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    struct stat status;
    format::Header header;
    if (file.get() < 0 || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode) ||
        ::pread(file.get(), &header, sizeof(header), 0) != ssize_t(sizeof(header)) ||
        std::memcmp(header.magic, format::magic, sizeof(format::magic)) != 0)
      continue;
    SharedWith with = status.st_mode & 0004   ? SharedWith::Everybody
                      : status.st_mode & 0040 ? SharedWith::Group
                                              : SharedWith::Nobody;
    result.push_back({entry->d_name, static_cast<uint64_t>(status.st_size), status.st_uid, with,
                      header.seal != 0 && seal::isTrusted(header, status)});
  }
  std::sort(result.begin(), result.end(),
            [](const SharedEngineInfo &a, const SharedEngineInfo &b) { return a.name < b.name; });
  return result;
}
