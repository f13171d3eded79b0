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

// What a frame begins with; after it come, in a signed one, the signature, then a checksum of what was before and the
// changes.
struct UpdateLogFile::Fields {
  char magic[8];
  uint32_t version;
  uint32_t headerBytes; // with what comes before the changes
  uint64_t engine;      // EngineFile::identity()
  uint64_t sequence;    // from 1 on; the version that the engine then has
  uint64_t changesBytes;
  uint64_t changesChecksum; // XXH3-64
};

namespace {
constexpr char magic[8] = {'\x89', 'R', 'K', 'U', '\r', '\n', '\x1a', '\n'};
constexpr uint32_t plainVersion = 1, signedVersion = 2;
constexpr size_t fieldsBytes = 48;

/// Who signed, and how.
struct Seal {
  PublicKey key;
  Signature signature;
};
static_assert(sizeof(Seal) == 96, "the signature is part of the format");

constexpr size_t headerBytes(bool isSigned) { return fieldsBytes + (isSigned ? sizeof(Seal) : 0) + sizeof(uint64_t); }

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

bool UpdateLogFile::failAt(const std::string &what, Error &error) const {
  return fail(RECKON_INVALID, "the frame at byte " + std::to_string(position) + " " + what, error);
}

bool UpdateLogFile::open(const std::string &name, bool toAppend, Error &error, const SecretKey *key) {
  path = name;
  if (key)
    signingKey = *key;
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
  for (Frame frame; read(frame, error); pass(frame)) {
    if (frame.isWhole && frame.sequence == lastSequence + 1 && (lastSequence == 0 || frame.isSigned == isSigned))
      continue;
    if (frame.isWhole)
      return failAt("is number " + std::to_string(frame.sequence) + (frame.isSigned ? ", signed," : "") +
                        " and comes after number " + std::to_string(lastSequence) +
                        (isSigned ? ", which is signed" : ""),
                    error);
    if (lastSequence != 0 && isSigned != signingKey.has_value())
      return fail(RECKON_INVALID,
                  isSigned ? "its frames are signed: reckon-sign appends to it"
                           : "its frames are not signed, and signed ones do not go with them",
                  error);
    isSigned = signingKey.has_value();
    if (::ftruncate(file, static_cast<off_t>(position)) == 0)
      return true;
    return fail(RECKON_UNAVAILABLE, std::string("it cannot be cut off: ") + std::strerror(errno), error);
  }
  return false;
}

void UpdateLogFile::pass(const Frame &frame) {
  const uint64_t both[] = {history, frame.checksum};
  history = format::checksum(both, sizeof(both));
  position += frame.bytes;
  lastSequence = frame.sequence;
  lastSignature = frame.signature;
  isSigned = frame.isSigned;
}

std::vector<uint8_t> UpdateLogFile::message(const Fields &fields, const std::vector<uint8_t> &changes,
                                            const Sodium &sodium) const {
  static constexpr char purpose[] = "reckon update log signature 1";
  std::vector<uint8_t> result(purpose, purpose + sizeof(purpose));
  Digest digest = sodium.digest(changes.data(), changes.size());
  auto *begin = reinterpret_cast<const uint8_t *>(&fields);
  result.insert(result.end(), lastSignature.begin(), lastSignature.end());
  result.insert(result.end(), begin, begin + sizeof(fields));
  result.insert(result.end(), digest.begin(), digest.end());
  return result;
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

static bool writeAt(int file, const void *data, uint64_t size, uint64_t position) {
  for (uint64_t done = 0; done < size;) {
    ssize_t written =
        ::pwrite(file, static_cast<const uint8_t *>(data) + done, size - done, static_cast<off_t>(position + done));
    if (written < 0 && errno == EINTR)
      continue;
    if (written <= 0)
      return false;
    done += static_cast<uint64_t>(written);
  }
  return true;
}

bool UpdateLogFile::checkSignature(const Fields &fields, const Frame &frame, const PublicKey &key, Error &error) {
  const PublicKey &required = *engine->signer();
  if (!frame.isSigned)
    return failAt("is not signed, and " + keyText(required) + " is required", error);
  if (key != required)
    return failAt("was signed by " + keyText(key) + ", and " + keyText(required) + " is required", error);
  EngineError problem;
  const Sodium *sodium = Sodium::get(problem);
  if (!sodium)
    return fail(RECKON_UNAVAILABLE, problem.message, error);
  std::vector<uint8_t> signedBytes = message(fields, frame.changes, *sodium);
  return sodium->verify(frame.signature, signedBytes.data(), signedBytes.size(), required) ||
         failAt("has a signature that is not one of " + keyText(required) +
                    " for it at this place: it was altered or moved",
                error);
}

bool UpdateLogFile::read(Frame &frame, Error &error) {
  static_assert(sizeof(Fields) == fieldsBytes, "the header is part of the format");
  frame.isWhole = false;
  auto unreadable = [&] {
    return fail(RECKON_UNAVAILABLE, std::string("it cannot be read: ") + std::strerror(errno), error);
  };
  uint8_t header[headerBytes(true)];
  Fields fields;
  ssize_t got = readAt(file, header, sizeof(fields), position);
  if (got < 0)
    return unreadable();
  if (got < static_cast<ssize_t>(sizeof(fields)))
    return true;
  std::memcpy(&fields, header, sizeof(fields));
  if (std::memcmp(fields.magic, magic, sizeof(magic)) != 0)
    return failAt("is none: its first 8 bytes are not those of a frame", error);
  if (fields.version != plainVersion && fields.version != signedVersion)
    return fail(RECKON_UNSUPPORTED,
                "its format is version " + std::to_string(fields.version) + ", this build reads " +
                    std::to_string(plainVersion) + " and " + std::to_string(signedVersion),
                error);
  frame.isSigned = fields.version == signedVersion;
  size_t size = headerBytes(frame.isSigned), checksumAt = size - sizeof(uint64_t);
  got = readAt(file, header + sizeof(fields), size - sizeof(fields), position + sizeof(fields));
  if (got < 0)
    return unreadable();
  if (static_cast<size_t>(got) < size - sizeof(fields))
    return true;
  uint64_t checksum;
  std::memcpy(&checksum, header + checksumAt, sizeof(checksum));
  if (fields.headerBytes != size || format::checksum(header, checksumAt) != checksum)
    return failAt("is damaged: its header does not match its checksum", error);
  if (fields.engine != engine->identity())
    return failAt("is for engine " + hex(fields.engine) + ", this one is " + hex(engine->identity()), error);
  struct stat status;
  if (::fstat(file, &status) != 0)
    return unreadable();
  uint64_t begin = position + size;
  if (begin > static_cast<uint64_t>(status.st_size) ||
      fields.changesBytes > static_cast<uint64_t>(status.st_size) - begin)
    return true;
  frame.changes.resize(fields.changesBytes);
  got = readAt(file, frame.changes.data(), fields.changesBytes, begin);
  if (got < 0)
    return unreadable();
  if (static_cast<uint64_t>(got) < fields.changesBytes)
    return true;
  if (format::checksum(frame.changes.data(), frame.changes.size()) != fields.changesChecksum)
    return failAt("is damaged: its changes do not match their checksum", error);
  Seal seal = {};
  if (frame.isSigned)
    std::memcpy(&seal, header + fieldsBytes, sizeof(seal));
  frame.signature = seal.signature;
  if (engine->signer() && !checkSignature(fields, frame, seal.key, error))
    return false;
  frame.sequence = fields.sequence;
  frame.checksum = fields.changesChecksum;
  frame.bytes = size + fields.changesBytes;
  frame.isWhole = true;
  return true;
}

bool UpdateLogFile::append(const Changes &changes, bool sync, Error &error) {
  return write(changes.bytes(), sync, error);
}

bool UpdateLogFile::write(const std::vector<uint8_t> &changes, bool sync, Error &error) {
  if (!canAppend)
    return fail(RECKON_INVALID, "it was not opened to append", error);
  Frame frame;
  frame.isSigned = signingKey.has_value();
  frame.sequence = lastSequence + 1;
  size_t size = headerBytes(frame.isSigned), checksumAt = size - sizeof(uint64_t);
  frame.bytes = size + changes.size();
  frame.checksum = format::checksum(changes.data(), changes.size());
  Fields fields = {{},
                   frame.isSigned ? signedVersion : plainVersion,
                   static_cast<uint32_t>(size),
                   engine->identity(),
                   frame.sequence,
                   changes.size(),
                   frame.checksum};
  std::memcpy(fields.magic, magic, sizeof(magic));
  uint8_t header[headerBytes(true)];
  std::memcpy(header, &fields, sizeof(fields));
  if (frame.isSigned) {
    EngineError problem;
    const Sodium *sodium = Sodium::get(problem);
    if (!sodium)
      return fail(RECKON_UNAVAILABLE, problem.message, error);
    std::vector<uint8_t> toSign = message(fields, changes, *sodium);
    Seal seal;
    std::memcpy(seal.key.data(), signingKey->data() + signingKey->size() - seal.key.size(), seal.key.size());
    seal.signature = frame.signature = sodium->sign(toSign.data(), toSign.size(), *signingKey);
    std::memcpy(header + fieldsBytes, &seal, sizeof(seal));
  }
  uint64_t checksum = format::checksum(header, checksumAt);
  std::memcpy(header + checksumAt, &checksum, sizeof(checksum));
  // Followers wait for the rest of a frame that is not whole yet.
  if (!writeAt(file, header, size, position) || !writeAt(file, changes.data(), changes.size(), position + size) ||
      (sync && ::fdatasync(file) != 0)) {
    int reason = errno;
    // So that the next frame does not follow half a one.
    if (::ftruncate(file, static_cast<off_t>(position)) != 0)
      canAppend = false;
    return fail(RECKON_UNAVAILABLE, std::string("it cannot be written: ") + std::strerror(reason), error);
  }
  pass(frame);
  return true;
}

bool UpdateLogFile::appendFrom(UpdateLogFile &source, uint64_t &appended, Error &error) {
  appended = 0;
  for (;;) {
    if (source.lastSequence == lastSequence && source.history != history)
      return fail(RECKON_INVALID,
                  "its first " + std::to_string(lastSequence) + " frames are not those of '" + source.path + "'",
                  error);
    Frame frame;
    if (!source.read(frame, error))
      return false;
    if (!frame.isWhole)
      break;
    if (frame.sequence != source.lastSequence + 1)
      return source.failAt("is number " + std::to_string(frame.sequence) + " and comes after number " +
                               std::to_string(source.lastSequence),
                           error);
    Changes changes(engine->spec(), engine->tableRows());
    if (frame.sequence > lastSequence) {
      if (!changes.assign(frame.changes.data(), frame.changes.size(), error))
        return source.fail(error.code, "the frame at byte " + std::to_string(source.position) + ": " + error.message,
                           error);
      if (!write(frame.changes, /*sync=*/false, error))
        return false;
      ++appended;
    }
    source.pass(frame);
  }
  if (source.lastSequence < lastSequence)
    return fail(RECKON_INVALID,
                "it has " + std::to_string(lastSequence) + " frames, and '" + source.path + "' only " +
                    std::to_string(source.lastSequence),
                error);
  return ::fdatasync(file) == 0 ||
         fail(RECKON_UNAVAILABLE, std::string("it cannot be written: ") + std::strerror(errno), error);
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
    pass(frame);
    ++applied;
  }
  return true;
}
