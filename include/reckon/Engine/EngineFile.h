//===- EngineFile.h - Reading engines ---------------------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// An EngineFile is proof that the bytes were checked: there is no way to hold one of a damaged engine. Section bytes
// (weights, tables, code) are used where they lie and never copied.
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_ENGINE_ENGINEFILE_H
#define RECKON_ENGINE_ENGINEFILE_H

#include "reckon/Engine/EngineSpec.h"

struct stat;

namespace reckon {

struct EngineSection {
  SectionKind kind;
  std::string name;
  uint64_t offset, size, checksum;
};

/// A place in a file; the numbers tell the file from another one that took its name.
struct FilePlace {
  std::string path; // empty: in no file
  uint64_t device = 0, inode = 0, offset = 0;
};

/// Rows of a table in the engine that were not checked when it was opened, with what follows them up to the next
/// section.
struct RowChunks {
  const uint8_t *data;
  uint64_t bytes;
  uint64_t chunkBytes;
  std::vector<uint64_t> checksums; // XXH3-64 of each chunk
};

/// Why an engine was not opened.
struct EngineError {
  enum class Kind { Invalid, UnsupportedVersion, Io } kind = Kind::Invalid;
  std::string message;
};

class EngineFile {
public:
  /// What opening checks: all of it, or all but the rows of large tables.
  enum class Check { All, AllButRows };

  /// Maps a file, read-only and shared; "shm:NAME" is the shared-memory object "/NAME".
  static std::unique_ptr<EngineFile> open(const std::string &path, EngineError &error, Check check = Check::All);
  /// Maps a POSIX shared-memory object ("/name"). Of one that putSharedEngine() has sealed, header, description and
  /// code are checked.
  static std::unique_ptr<EngineFile> openSharedMemory(const std::string &name, EngineError &error,
                                                      Check check = Check::All);
  /// Reads from memory that must outlive the result. Used in place when it is 64-byte aligned, which kernels rely on;
  /// copied otherwise.
  static std::unique_ptr<EngineFile> fromMemory(ByteSpan bytes, EngineError &error, Check check = Check::All);
  ~EngineFile();
  EngineFile(const EngineFile &) = delete;
  EngineFile &operator=(const EngineFile &) = delete;

  const EngineSpec &spec() const { return contents; }
  const std::vector<EngineSection> &sections() const { return sectionList; }
  /// What Check::AllButRows has left out.
  const std::vector<RowChunks> &uncheckedRows() const { return unchecked; }
  uint64_t fileSize() const { return bytes.size; }
  /// The same for engines that differ in nothing.
  uint64_t identity() const { return descriptionChecksum; }
  /// Where bytes of a section lie.
  FilePlace findPlace(const uint8_t *data) const;
  /// Where external files are looked for: the engine's folder, empty for an engine not opened from a path.
  const std::string &directory() const { return folder; }

private:
  EngineFile() = default;
  static std::unique_ptr<EngineFile> fromDescriptor(int descriptor, const std::string &what, const std::string &path,
                                                    Check check, EngineError &error);
  bool read(const struct stat *object, Check check, EngineError &error);

  ByteSpan bytes;
  enum class Owner { Caller, Mapping, Heap } owner = Owner::Caller;
  std::string folder;
  FilePlace place;
  uint64_t descriptionChecksum = 0;
  EngineSpec contents;
  std::vector<EngineSection> sectionList;
  std::vector<RowChunks> unchecked;
};

} // namespace reckon

#endif // RECKON_ENGINE_ENGINEFILE_H
