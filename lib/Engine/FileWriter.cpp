//===- FileWriter.cpp - Files that are replaced as a whole ----------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "FileWriter.h"
#include "Descriptor.h"
#include "EngineFormat.h"
#include "FileMapping.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

using namespace reckon;

namespace {
/// Tells which parts of data that lies in a file are holes.
class HoleFinder {
public:
  explicit HoleFinder(const MappedPlace &place)
      : file(::open(place.path.c_str(), O_RDONLY | O_CLOEXEC)), offset(place.offset) {
    struct stat status;
    if (file.get() >= 0 && (::fstat(file.get(), &status) != 0 || status.st_ino != place.inode))
      file.close(); // another one has its name now
  }

  bool isHole(uint64_t at, uint64_t size) const {
    if (file.get() < 0)
      return false;
    off_t data = ::lseek(file.get(), static_cast<off_t>(offset + at), SEEK_DATA);
    return data < 0 ? errno == ENXIO : static_cast<uint64_t>(data) >= offset + at + size;
  }

private:
  Descriptor file;
  uint64_t offset;
};
} // namespace

/// What large data is taken in.
static constexpr size_t partBytes = size_t(32) << 20;
static_assert(partBytes % format::chunkBytes == 0);

bool reckon::emitPiece(const Sink &sink, const ByteSpan &piece) {
  std::optional<MappedPlace> place;
  if (piece.size > 2 * partBytes)
    place = findMappedPlace(piece.data, piece.size);
  if (!place)
    return piece.size == 0 || sink(piece.data, piece.size);
  // What nobody has written is not on the disk, and reading it would fill the memory with pages of zeros.
  static uint8_t zeros[partBytes]; // never written, so of one page
  HoleFinder holes(*place);
  for (size_t at = 0; at < piece.size; at += partBytes) {
    size_t size = std::min(partBytes, piece.size - at);
    bool isHole = holes.isHole(at, size);
    if (!sink(isHole ? zeros : piece.data + at, size))
      return false;
    if (!isHole)
      releasePages(piece.data + at, size);
  }
  return true;
}

bool reckon::writeAll(int descriptor, const void *data, size_t size) {
  const char *next = static_cast<const char *>(data);
  while (size > 0) {
    ssize_t written = ::write(descriptor, next, size);
    if (written < 0 && errno == EINTR)
      continue;
    if (written <= 0) {
      errno = written == 0 ? ENOSPC : errno;
      return false;
    }
    next += written;
    size -= written;
  }
  return true;
}

static bool isZero(const uint8_t *data, size_t size) {
  static constexpr uint8_t zeros[64] = {};
  size_t begin = std::min(size, sizeof(zeros));
  return std::memcmp(data, zeros, begin) == 0 && std::memcmp(data, data + begin, size - begin) == 0;
}

/// The same where the file is to have holes for blocks of zeros; finishHoles() comes last.
static bool writeWithHoles(int descriptor, const void *data, size_t size) {
  constexpr size_t blockBytes = size_t(1) << 16;
  const auto *next = static_cast<const uint8_t *>(data);
  for (size_t begin = 0; begin < size;) {
    size_t end = begin;
    auto skipWhile = [&](bool zeros) {
      for (size_t part; end < size && isZero(next + end, part = std::min(blockBytes, size - end)) == zeros;)
        end += part;
    };
    skipWhile(/*zeros=*/true);
    if (end != begin && ::lseek(descriptor, static_cast<off_t>(end - begin), SEEK_CUR) < 0)
      return false;
    begin = end;
    skipWhile(/*zeros=*/false);
    if (!writeAll(descriptor, next + begin, end - begin))
      return false;
    begin = end;
  }
  return true;
}

/// Gives the file the size that it has up to its place.
static bool finishHoles(int descriptor) {
  off_t size = ::lseek(descriptor, 0, SEEK_CUR);
  return size >= 0 && ::ftruncate(descriptor, size) == 0;
}

namespace {
/// The name of a file that is removed unless it was put in its place.
struct TemporaryFile {
  TemporaryFile(const std::string &path, bool exists) : path(path), exists(exists) {}
  ~TemporaryFile() {
    if (exists)
      ::unlink(path.c_str());
  }
  TemporaryFile(const TemporaryFile &) = delete;
  TemporaryFile &operator=(const TemporaryFile &) = delete;
  bool moveTo(const std::string &place) {
    exists = exists && ::rename(path.c_str(), place.c_str()) != 0;
    return !exists;
  }

  const std::string &path;
  bool exists;
};
} // namespace

/// Removes what processes that were killed between giving a file a name and putting it in its place have left of
/// `path`.
static void removeLeftovers(const std::string &folder, const std::string &path) {
  std::string prefix = path.substr(folder.size()) + ".tmp";
  std::unique_ptr<DIR, int (*)(DIR *)> entries(::opendir(folder.empty() ? "." : folder.c_str()), ::closedir);
  while (const dirent *entry = entries ? ::readdir(entries.get()) : nullptr) {
    std::string name = entry->d_name;
    if (name.size() <= prefix.size() || name.compare(0, prefix.size(), prefix) != 0)
      continue;
    char *end;
    long process = std::strtol(name.c_str() + prefix.size(), &end, 10);
    if (*end == 0 && process > 0 && ::kill(static_cast<pid_t>(process), 0) != 0 && errno == ESRCH)
      ::unlink((folder + name).c_str());
  }
}

bool reckon::writeFile(const std::string &path, const std::function<bool(const Sink &)> &emit, std::string *error) {
  // What is not a plain file (a pipe, /dev/null) is written to, not replaced.
  struct stat status;
  bool inPlace = ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode);
  std::string name = inPlace ? path : path + ".tmp" + std::to_string(::getpid());
  auto failed = [&](const char *what) {
    if (error)
      *error = "'" + path + "' cannot be " + what + ": " + std::strerror(errno);
    return false;
  };
  // A file without a name until it is whole is nothing that a process which is killed leaves, but for the moment
  // between its name and its place: the next one that writes here removes that. Not every file system has them.
  std::string folder = path.substr(0, path.rfind('/') + 1);
  Descriptor file(inPlace ? -1 : ::open(folder.empty() ? "." : folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666));
  bool isNameless = file.get() >= 0;
  if (!isNameless)
    file = Descriptor(::open(name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (file.get() < 0)
    return failed("created");
  TemporaryFile temporary(name, !inPlace && !isNameless);
  auto write = inPlace ? writeAll : writeWithHoles;
  if (!emit([&](const void *data, size_t size) { return write(file.get(), data, size); }) ||
      (!inPlace && !finishHoles(file.get())))
    return failed("written");
  if (!isNameless) {
    if (file.close() != 0)
      return failed("written");
    return inPlace || temporary.moveTo(path) || failed("put in place");
  }
  removeLeftovers(folder, path);
  ::unlink(name.c_str()); // of another process that had this number
  // Again where a process that does not see this one has taken its file for a leftover.
  for (int attempt = 0; attempt < 2; ++attempt) {
    temporary.exists = ::linkat(AT_FDCWD, file.path().c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) == 0;
    if (!temporary.exists)
      return failed("named");
    if (temporary.moveTo(path))
      return true;
    if (errno != ENOENT)
      break;
  }
  return failed("put in place");
}
