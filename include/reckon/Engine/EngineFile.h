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
#include "reckon/Engine/Signature.h"

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
  std::vector<Digest> digests;     // what counts instead when a signer is required

  /// Whether chunk `index` is what it should be.
  bool matches(uint64_t index) const;
};

/// Why an engine was not opened.
struct EngineError {
  enum class Kind { Invalid, UnsupportedVersion, Io, Unavailable } kind = Kind::Invalid;
  std::string message;

  /// What a tool that cannot go on without the engine exits with.
  ExitCode exitCode() const {
    return kind == Kind::UnsupportedVersion ? ExitUnsupported : kind == Kind::Unavailable ? ExitUnavailable : ExitUsage;
  }
};

class EngineFile {
public:
  /// What opening checks: all of it, or all but the rows of large tables.
  enum class Check { All, AllButRows };

  /// Maps a file, read-only and shared; "shm:NAME" is the shared-memory object "/NAME". With a `signer`, here and
  /// below, what is not signed by it is refused, and the signature is what everything is checked by.
  static std::unique_ptr<EngineFile> open(const std::string &path, EngineError &error, Check check = Check::All,
                                          const PublicKey *signer = nullptr);
  /// Maps a POSIX shared-memory object ("/name"). Of one that putSharedEngine() has sealed, header, description and
  /// code are checked, unless there is a signer: a seal does not say who signed.
  static std::unique_ptr<EngineFile> openSharedMemory(const std::string &name, EngineError &error,
                                                      Check check = Check::All, const PublicKey *signer = nullptr);
  /// Reads from memory that must outlive the result. Used in place when it is 64-byte aligned, which kernels rely on;
  /// copied otherwise.
  static std::unique_ptr<EngineFile> fromMemory(ByteSpan bytes, EngineError &error, Check check = Check::All,
                                                const PublicKey *signer = nullptr);
  ~EngineFile();
  EngineFile(const EngineFile &) = delete;
  EngineFile &operator=(const EngineFile &) = delete;

  const EngineSpec &spec() const { return contents; }
  const std::vector<EngineSection> &sections() const { return sectionList; }
  /// What Check::AllButRows has left out.
  const std::vector<RowChunks> &uncheckedRows() const { return unchecked; }
  uint64_t fileSize() const { return bytes.size; }
  ByteSpan data() const { return bytes; }
  /// Who was required to have signed it.
  const std::optional<PublicKey> &signer() const { return requiredSigner; }
  /// The same for engines that differ in nothing.
  uint64_t identity() const { return descriptionChecksum; }
  /// Where bytes of a section lie.
  FilePlace findPlace(const uint8_t *data) const;
  /// Where external files are looked for: the engine's folder, empty for an engine not opened from a path.
  const std::string &directory() const { return folder; }

private:
  EngineFile() = default;
  static std::unique_ptr<EngineFile> fromDescriptor(int descriptor, const std::string &what, const std::string &path,
                                                    Check check, const PublicKey *signer, EngineError &error);
  bool read(const struct stat *object, Check check, const PublicKey *signer, EngineError &error);

  ByteSpan bytes;
  enum class Owner { Caller, Mapping, Heap } owner = Owner::Caller;
  std::optional<PublicKey> requiredSigner;
  std::string folder;
  FilePlace place;
  uint64_t descriptionChecksum = 0;
  EngineSpec contents;
  std::vector<EngineSection> sectionList;
  std::vector<RowChunks> unchecked;
};

} // namespace reckon

#endif // RECKON_ENGINE_ENGINEFILE_H
