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

bool reckon::emitPiece(const Sink &sink, const ByteSpan &piece) {
  constexpr size_t partBytes = size_t(32) << 20;
  static_assert(partBytes % format::chunkBytes == 0);
  bool isMapped = piece.size > 2 * partBytes && findMappedPlace(piece.data, piece.size);
  for (size_t at = 0; at < piece.size; at += partBytes) {
    size_t size = isMapped ? std::min(partBytes, piece.size - at) : piece.size;
    if (!sink(piece.data + at, size))
      return false;
    if (!isMapped)
      break;
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
  if (!emit([&](const void *data, size_t size) { return writeAll(file.get(), data, size); }))
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
