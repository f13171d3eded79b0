//===- UpdateLog.cpp - Updates in order ------------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "UpdateLog.h"
#include "lib/Engine/EngineFormat.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace reckon;
using namespace reckon::runtime;

namespace {
struct Header {
  char magic[8];
  uint32_t version;
  uint32_t headerBytes;
  uint64_t engine;   // EngineFile::identity()
  uint64_t sequence; // from 1 on; the version that the engine then has
  uint64_t changesBytes;
  uint64_t changesChecksum; // XXH3-64
  uint64_t headerChecksum;  // of the 48 bytes before
};
static_assert(sizeof(Header) == 56, "the header is part of the format");
constexpr char magic[8] = {'\x89', 'R', 'K', 'U', '\r', '\n', '\x1a', '\n'};
constexpr uint32_t formatVersion = 1;

std::string hex(uint64_t value) {
  char text[20];
  std::snprintf(text, sizeof(text), "%016llx", static_cast<unsigned long long>(value));
  return text;
}
} // namespace

UpdateLogFile::~UpdateLogFile() {
  if (file >= 0)
    ::close(file);
}

bool UpdateLogFile::fail(ReckonStatus status, const std::string &what, Error &error) const {
  return error.set(status, "update log '" + path + "'", what);
}

bool UpdateLogFile::open(const std::string &name, bool toAppend, Error &error) {
  path = name;
  canAppend = toAppend;
  file = ::open(path.c_str(), (toAppend ? O_RDWR | O_CREAT : O_RDONLY) | O_CLOEXEC | O_NONBLOCK, 0666);
  if (file < 0)
    return fail(RECKON_INVALID, std::string("it cannot be opened: ") + std::strerror(errno), error);
  struct stat status;
  if (::fstat(file, &status) != 0 || !S_ISREG(status.st_mode))
    return fail(RECKON_INVALID, "it is not a regular file", error);
  if (!toAppend)
    return true;
  if (::flock(file, LOCK_EX | LOCK_NB) != 0)
    return fail(RECKON_UNAVAILABLE, "another process appends to it", error);
  return findEnd(error);
}

bool UpdateLogFile::findEnd(Error &error) {
  for (Frame frame; read(frame, error); lastSequence = frame.sequence) {
    if (frame.isWhole && frame.sequence == lastSequence + 1)
      continue;
    if (frame.isWhole)
      return fail(RECKON_INVALID,
                  "the frame before byte " + std::to_string(position) + " is number " + std::to_string(frame.sequence) +
                      " and comes after number " + std::to_string(lastSequence),
                  error);
    if (::ftruncate(file, static_cast<off_t>(position)) == 0)
      return true;
    return fail(RECKON_UNAVAILABLE, std::string("it cannot be cut off: ") + std::strerror(errno), error);
  }
  return false;
}

/// Reads as many bytes as there are.
static ssize_t readAt(int file, void *data, uint64_t size, uint64_t position) {
  uint64_t done = 0;
  while (done < size) {
    ssize_t got = ::pread(file, static_cast<uint8_t *>(data) + done, size - done, static_cast<off_t>(position + done));
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return -1;
    if (got == 0)
      break;
    done += static_cast<uint64_t>(got);
  }
  return static_cast<ssize_t>(done);
}

bool UpdateLogFile::read(Frame &frame, Error &error) {
  frame.isWhole = false;
  auto at = [&](const std::string &what) {
    return fail(RECKON_INVALID, "the frame at byte " + std::to_string(position) + " " + what, error);
  };
  auto unreadable = [&] {
    return fail(RECKON_UNAVAILABLE, std::string("it cannot be read: ") + std::strerror(errno), error);
  };
  Header header;
  ssize_t got = readAt(file, &header, sizeof(header), position);
  if (got < 0)
    return unreadable();
  if (got < static_cast<ssize_t>(sizeof(header)))
    return true;
  if (std::memcmp(header.magic, magic, sizeof(magic)) != 0)
    return at("is none: its first 8 bytes are not those of a frame");
  if (header.version != formatVersion)
    return fail(RECKON_UNSUPPORTED,
                "its format is version " + std::to_string(header.version) + ", this build reads " +
                    std::to_string(formatVersion),
                error);
  if (header.headerBytes != sizeof(header) ||
      format::checksum(&header, offsetof(Header, headerChecksum)) != header.headerChecksum)
    return at("is damaged: its header does not match its checksum");
  if (header.engine != engine->identity())
    return at("is for engine " + hex(header.engine) + ", this one is " + hex(engine->identity()));
  struct stat status;
  if (::fstat(file, &status) != 0)
    return unreadable();
  uint64_t begin = position + sizeof(header);
  if (header.changesBytes > static_cast<uint64_t>(status.st_size) - begin)
    return true;
  frame.changes.resize(header.changesBytes);
  got = readAt(file, frame.changes.data(), header.changesBytes, begin);
  if (got < 0)
    return unreadable();
  if (static_cast<uint64_t>(got) < header.changesBytes)
    return true;
  if (format::checksum(frame.changes.data(), frame.changes.size()) != header.changesChecksum)
    return at("is damaged: its changes do not match their checksum");
  frame.sequence = header.sequence;
  frame.isWhole = true;
  if (canAppend)
    position = begin + header.changesBytes;
  return true;
}

bool UpdateLogFile::append(const Changes &changes, bool sync, Error &error) {
  if (!canAppend)
    return fail(RECKON_INVALID, "it was not opened to append", error);
  const std::vector<uint8_t> &bytes = changes.bytes();
  Header header = {{}, formatVersion, sizeof(Header), engine->identity(), lastSequence + 1, bytes.size(), 0, 0};
  std::memcpy(header.magic, magic, sizeof(magic));
  header.changesChecksum = format::checksum(bytes.data(), bytes.size());
  header.headerChecksum = format::checksum(&header, offsetof(Header, headerChecksum));
  uint64_t end = position;
  auto write = [&](const void *data, uint64_t size) {
    for (uint64_t done = 0; done < size;) {
      ssize_t written =
          ::pwrite(file, static_cast<const uint8_t *>(data) + done, size - done, static_cast<off_t>(end + done));
      if (written < 0 && errno == EINTR)
        continue;
      if (written <= 0)
        return false;
      done += static_cast<uint64_t>(written);
    }
    end += size;
    return true;
  };
  // Followers wait for the rest of a frame that is not whole yet.
  if (!write(&header, sizeof(header)) || !write(bytes.data(), bytes.size()) || (sync && ::fdatasync(file) != 0)) {
    std::string reason = std::strerror(errno);
    // So that the next frame does not follow half a one.
    if (::ftruncate(file, static_cast<off_t>(position)) != 0)
      canAppend = false;
    return fail(RECKON_UNAVAILABLE, "it cannot be written: " + reason, error);
  }
  position = end;
  ++lastSequence;
  return true;
}

bool UpdateLogFile::apply(uint64_t most, uint64_t &applied, Error &error) {
  applied = 0;
  if (canAppend)
    return fail(RECKON_INVALID, "it was opened to append, not to follow", error);
  while (most == 0 || applied < most) {
    Frame frame;
    if (!read(frame, error))
      return false;
    if (!frame.isWhole)
      return true;
    Changes changes(engine->spec(), engine->tableRows());
    uint64_t version;
    if (!changes.assign(frame.changes.data(), frame.changes.size(), error) ||
        !engine->commit(changes, frame.sequence, version, error))
      return fail(error.code, "the frame at byte " + std::to_string(position) + ": " + error.message, error);
    position += sizeof(Header) + frame.changes.size();
    ++applied;
  }
  return true;
}
