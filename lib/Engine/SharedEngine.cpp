//===- SharedEngine.cpp - Engines in shared memory -------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "reckon/Engine/SharedEngine.h"
#include "EngineFormat.h"
#include "EngineSeal.h"

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
class Descriptor {
public:
  explicit Descriptor(int number) : number(number) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor &) = delete;
  Descriptor &operator=(const Descriptor &) = delete;
  int get() const { return number; }
  void close() {
    if (number >= 0)
      ::close(number);
    number = -1;
  }
  /// Its file, as a path of this process.
  std::string path() const { return "/proc/self/fd/" + std::to_string(number); }

private:
  int number;
};
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
  DIR *folder = ::opendir(seal::folder);
  if (!folder)
    return;
  while (const dirent *entry = ::readdir(folder)) {
    std::string name = entry->d_name;
    if (name.compare(0, temporaryPrefix.size(), temporaryPrefix) != 0)
      continue;
    auto process = static_cast<pid_t>(std::strtoll(name.c_str() + temporaryPrefix.size(), nullptr, 10));
    if (process > 0 && ::kill(process, 0) != 0 && errno == ESRCH)
      ::unlinkat(::dirfd(folder), name.c_str(), 0);
  }
  ::closedir(folder);
}

static bool copyAll(int from, int to, uint64_t size) {
  std::vector<char> buffer(size_t(1) << 20);
  for (uint64_t done = 0; done < size;) {
    ssize_t got = ::pread(from, buffer.data(), buffer.size(), static_cast<off_t>(done));
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0) {
      errno = got == 0 ? EIO : errno;
      return false;
    }
    for (ssize_t part = 0; part < got;) {
      ssize_t written =
          ::pwrite(to, buffer.data() + part, static_cast<size_t>(got - part), static_cast<off_t>(done) + part);
      if (written < 0 && errno == EINTR)
        continue;
      if (written <= 0)
        return false;
      part += written;
    }
    done += static_cast<uint64_t>(got);
  }
  return true;
}

/// Sets the seal, or zero, in the header of a file that is an engine.
static bool writeSeal(int file, bool isSealed) {
  struct stat status;
  format::Header header;
  if (::fstat(file, &status) != 0 || ::pread(file, &header, sizeof(header), 0) != ssize_t(sizeof(header)))
    return false;
  header.seal = isSealed ? seal::compute(header, status) : 0;
  header.headerChecksum = format::checksum(&header, offsetof(format::Header, headerChecksum));
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
  if (!copyAll(source.get(), copy.get(), size))
    return failWithReason(error, describe(name) + " cannot be written");
  // The copy, so that what is sealed is what was checked.
  if (!EngineFile::open(copy.path(), error, EngineFile::Check::All, signer)) {
    error.message =
        "engine '" + path + "'" + error.message.substr(std::min(error.message.find(": "), error.message.size()));
    return false;
  }
  static constexpr mode_t modes[] = {0400, 0440, 0444};
  if (!writeSeal(copy.get(), true) || ::fchmod(copy.get(), modes[static_cast<int>(with)]) != 0)
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
  std::string temporary = path + ".tmp" + std::to_string(::getpid());
  Descriptor copy(::open(temporary.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (copy.get() >= 0 && copyAll(source.get(), copy.get(), static_cast<uint64_t>(status.st_size)) &&
      writeSeal(copy.get(), false) && ::rename(temporary.c_str(), path.c_str()) == 0)
    return true;
  int reason = errno;
  ::unlink(temporary.c_str());
  errno = reason;
  return failWithReason(error, "'" + path + "' cannot be written");
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
  DIR *folder = ::opendir(seal::folder);
  while (const dirent *entry = folder ? ::readdir(folder) : nullptr) {
    if (entry->d_name[0] == '.')
      continue;
    Descriptor file(::openat(::dirfd(folder), entry->d_name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
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
  if (folder)
    ::closedir(folder);
  std::sort(result.begin(), result.end(),
            [](const SharedEngineInfo &a, const SharedEngineInfo &b) { return a.name < b.name; });
  return result;
}
