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
#include <cstring>
#include <fcntl.h>
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
  // A file without a name until it is whole is nothing that a process which is killed leaves; not every file system has
  // them.
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
  if (isNameless) {
    ::unlink(name.c_str()); // of another process that had this number
    temporary.exists = ::linkat(AT_FDCWD, file.path().c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) == 0;
    if (!temporary.exists)
      return failed("named");
  }
  if (file.close() != 0)
    return failed("written");
  return inPlace || temporary.moveTo(path) || failed("put in place");
}
