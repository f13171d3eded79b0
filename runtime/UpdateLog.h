//===- UpdateLog.h - Updates in order --------------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_UPDATELOG_H
#define RECKON_RUNTIME_UPDATELOG_H

#include "LoadedEngine.h"
#include "lib/Engine/Sodium.h"

namespace reckon::runtime {

/// A file of updates of one engine, framed as docs/updates.md describes: one process appends, any number follow.
class UpdateLogFile {
public:
  explicit UpdateLogFile(std::shared_ptr<const LoadedEngine> engine) : engine(std::move(engine)) {}
  ~UpdateLogFile();
  UpdateLogFile(const UpdateLogFile &) = delete;
  UpdateLogFile &operator=(const UpdateLogFile &) = delete;

  /// To append, all frames are read; a last one that whoever wrote it did not finish is cut off. The file is created
  /// when it is not there. With a `signingKey` the frames are signed.
  [[nodiscard]] bool open(const std::string &path, bool toAppend, Error &error, const SecretKey *signingKey = nullptr);
  /// The next frame. With `sync` it is on the disk when this returns.
  [[nodiscard]] bool append(const Changes &changes, bool sync, Error &error);
  /// Appends the frames that another log of the engine has and this one has not; how many there were. Those that both
  /// have must be the same. The changes are checked and not committed.
  [[nodiscard]] bool appendFrom(UpdateLogFile &source, uint64_t &appended, Error &error);
  /// Commits the whole frames that have not been, at most `most` unless that is 0; how many there were. Those before
  /// one that is refused are committed, and the refused one is looked at again by the next call.
  [[nodiscard]] bool apply(uint64_t most, uint64_t &applied, Error &error);

private:
  struct Frame {
    uint64_t sequence = 0;
    std::vector<uint8_t> changes;
    Signature signature = {};
    bool isSigned = false;
    uint64_t checksum = 0; // of the changes
    uint64_t bytes = 0;    // in the file
    bool isWhole = false;  // false: the file ends within it
  };
  struct Fields;
  [[nodiscard]] bool read(Frame &frame, Error &error);
  [[nodiscard]] bool checkSignature(const Fields &fields, const Frame &frame, const PublicKey &key, Error &error);
  [[nodiscard]] bool write(const std::vector<uint8_t> &changes, bool sync, Error &error);
  [[nodiscard]] bool findEnd(Error &error);
  /// What is signed: what the frame says of itself, its changes, and the signature before, so that frames keep their
  /// order.
  std::vector<uint8_t> message(const Fields &fields, const std::vector<uint8_t> &changes, const Sodium &sodium) const;
  /// Goes on behind a frame.
  void pass(const Frame &frame);
  /// Names the file and the place.
  bool fail(ReckonStatus status, const std::string &what, Error &error) const;
  bool failAt(const std::string &what, Error &error) const;

  std::shared_ptr<const LoadedEngine> engine;
  std::string path;
  int file = -1;
  bool canAppend = false;
  std::optional<SecretKey> signingKey;
  uint64_t position = 0; // of the next frame
  // Of the frames before it:
  uint64_t lastSequence = 0;
  uint64_t history = 0; // a checksum of their changes
  Signature lastSignature = {};
  bool isSigned = false;
};

} // namespace reckon::runtime

#endif // RECKON_RUNTIME_UPDATELOG_H
