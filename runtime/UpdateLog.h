//===- UpdateLog.h - Updates in order --------------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_UPDATELOG_H
#define RECKON_RUNTIME_UPDATELOG_H

#include "LoadedEngine.h"

namespace reckon::runtime {

/// A file of updates of one engine, framed as docs/updates.md describes: one process appends, any number follow.
class UpdateLogFile {
public:
  explicit UpdateLogFile(std::shared_ptr<const LoadedEngine> engine) : engine(std::move(engine)) {}
  ~UpdateLogFile();
  UpdateLogFile(const UpdateLogFile &) = delete;
  UpdateLogFile &operator=(const UpdateLogFile &) = delete;

  /// To append, all frames are read; a last one that whoever wrote it did not finish is cut off. The file is created
  /// when it is not there.
  [[nodiscard]] bool open(const std::string &path, bool toAppend, Error &error);
  /// The next frame. With `sync` it is on the disk when this returns.
  [[nodiscard]] bool append(const Changes &changes, bool sync, Error &error);
  /// Commits the whole frames that have not been, at most `most` unless that is 0; how many there were. Those before
  /// one that is refused are committed, and the refused one is looked at again by the next call.
  [[nodiscard]] bool apply(uint64_t most, uint64_t &applied, Error &error);

private:
  struct Frame {
    uint64_t sequence = 0;
    std::vector<uint8_t> changes;
    bool isWhole = false; // false: the file ends within it
  };
  [[nodiscard]] bool read(Frame &frame, Error &error);
  [[nodiscard]] bool findEnd(Error &error);
  /// Names the file and the place.
  bool fail(ReckonStatus status, const std::string &what, Error &error) const;

  std::shared_ptr<const LoadedEngine> engine;
  std::string path;
  int file = -1;
  bool canAppend = false;
  uint64_t position = 0;     // of the next frame
  uint64_t lastSequence = 0; // of the last frame, when frames are appended
};

} // namespace reckon::runtime

#endif // RECKON_RUNTIME_UPDATELOG_H
