//===- EngineSignature.h - The block at the end of a signed engine ------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// Private to lib/Engine. Checksums can be made to match by who changes an engine on purpose; the digests here cannot.
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_LIB_ENGINE_ENGINESIGNATURE_H
#define RECKON_LIB_ENGINE_ENGINESIGNATURE_H

#include "EngineFormat.h"
#include "Sodium.h"
#include "reckon/Engine/EngineFile.h"

namespace reckon::signature {

constexpr char magic[8] = {'\x89', 'R', 'K', 'S', '\r', '\n', '\x1a', '\n'};
constexpr uint32_t version = 1;
/// The description and each section have a digest for every piece of so many bytes, the last one shorter. Those of a
/// large table are the pieces that have checksums, too.
constexpr uint64_t pieceBytes = format::chunkBytes;

/// The last bytes of the file. Before them are the digests, and zeros up to it.
struct Trailer {
  char magic[8];
  uint32_t version;
  uint32_t trailerBytes;
  uint64_t blockBytes; // of digests, zeros and this: a multiple of 4096
  uint64_t numDigests;
  PublicKey key;
  Signature signature;
  uint64_t checksum; // of the block up to here
};
static_assert(sizeof(Trailer) == 136, "the trailer is part of the format");

constexpr uint64_t numPieces(uint64_t bytes) { return (bytes + pieceBytes - 1) / pieceBytes; }

/// The block of an engine, in the file's bytes.
struct Block {
  ByteSpan bytes;
  Trailer trailer;
  Digest digest(uint64_t index) const;
  /// What is signed: the header, but for what depends on where the engine lies, and the block.
  std::vector<uint8_t> message(format::Header header, const Sodium &sodium) const;
};

/// The block that the file ends with; false with the reason when there is none, or one that is damaged.
bool findBlock(ByteSpan file, Block &block, std::string &reason);

/// Checks that `key` signed the block and the header.
bool verify(const Block &block, const format::Header &header, const PublicKey &key, const Sodium &sodium,
            EngineError &error);

} // namespace reckon::signature

#endif // RECKON_LIB_ENGINE_ENGINESIGNATURE_H
