//===- EngineFormat.h - The fixed part of the file layout -------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// Private to lib/Engine, but for the checksums, which update logs have too. docs/engine-format.md describes the layout.
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_LIB_ENGINE_ENGINEFORMAT_H
#define RECKON_LIB_ENGINE_ENGINEFORMAT_H

#include <cstddef>
#include <cstdint>

namespace reckon::format {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the engine format is little-endian");

// As in PNG: the high bit and the line ends show a transfer that was not binary.
constexpr char magic[8] = {'\x89', 'R', 'K', 'N', '\r', '\n', '\x1a', '\n'};
// Major: raised with every change of the layout or of a kernel ABI, and of what a field of the schema means. Others are
// refused, and test/tools/Inputs/format-MAJOR.0.rkn is replaced.
constexpr uint16_t majorVersion = 10;
// Minor: raised with every addition that engines can do without, such as an optional field; from 0 with a new major.
// Smaller ones are read, greater ones refused.
//   1: signatures
//   2: recipes
constexpr uint16_t minorVersion = 2;
constexpr uint64_t sectionAlignment = 4096;
constexpr uint64_t weightAlignment = 64;
// Tables from this size on have a checksum for each chunk, so that rows can be checked when they are first read. A
// chunk takes some microseconds; its checksum is 8 bytes of the description, 1 MB of it for 8 GB of rows.
constexpr uint64_t minChunkedBytes = uint64_t(1) << 20;
constexpr uint32_t chunkBytes = uint32_t(1) << 16;

struct Header {
  char magic[8];
  uint16_t majorVersion, minorVersion;
  uint32_t headerSize;
  uint64_t fileSize;
  uint64_t metadataSize;     // the FlatBuffers table, right after this header
  uint64_t metadataChecksum; // of the table and the padding up to the first section
  uint64_t sectionsOffset;
  uint64_t seal;           // zero in files; EngineSeal.h
  uint64_t headerChecksum; // of the 56 bytes before it
};
static_assert(sizeof(Header) == 64, "the header is part of the format");

constexpr uint64_t alignTo(uint64_t value, uint64_t alignment) {
  return (value + alignment - 1) / alignment * alignment;
}

/// XXH3-64.
uint64_t checksum(const void *data, size_t size);

/// XXH3-64 of pieces.
class ChecksumStream {
public:
  ChecksumStream();
  ~ChecksumStream();
  ChecksumStream(const ChecksumStream &) = delete;
  ChecksumStream &operator=(const ChecksumStream &) = delete;
  void update(const void *data, size_t size);
  uint64_t digest() const;

private:
  void *state;
};

} // namespace reckon::format

#endif // RECKON_LIB_ENGINE_ENGINEFORMAT_H
