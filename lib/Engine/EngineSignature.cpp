//===- EngineSignature.cpp - The block at the end of a signed engine ----------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "EngineSignature.h"
#include "FileWriter.h"

#include <cstring>

using namespace reckon;

Digest signature::Block::digest(uint64_t index) const {
  Digest result;
  std::memcpy(result.data(), bytes.data + index * sizeof(result), sizeof(result));
  return result;
}

std::vector<uint8_t> signature::Block::message(format::Header header, const Sodium &sodium) const {
  // Shared memory has a seal, and so another checksum of the header.
  header.seal = header.headerChecksum = 0;
  Digest rest = sodium.digest(bytes.data, bytes.size - sizeof(Trailer) + offsetof(Trailer, signature));
  static constexpr char purpose[] = "reckon engine signature 1";
  std::vector<uint8_t> result(purpose, purpose + sizeof(purpose));
  auto *begin = reinterpret_cast<const uint8_t *>(&header);
  result.insert(result.end(), begin, begin + sizeof(header));
  result.insert(result.end(), rest.begin(), rest.end());
  return result;
}

bool signature::findBlock(ByteSpan file, Block &block, std::string &reason) {
  Trailer &trailer = block.trailer;
  auto failed = [&](const char *what) {
    reason = what;
    return false;
  };
  if (file.size < sizeof(trailer))
    return failed("the engine is not signed");
  std::memcpy(&trailer, file.data + file.size - sizeof(trailer), sizeof(trailer));
  if (std::memcmp(trailer.magic, magic, sizeof(magic)) != 0)
    return failed("the engine is not signed");
  if (trailer.version != version) {
    reason =
        "its signature is version " + std::to_string(trailer.version) + ", this build reads " + std::to_string(version);
    return false;
  }
  if (trailer.trailerBytes != sizeof(trailer) || trailer.blockBytes > file.size ||
      trailer.numDigests > file.size / sizeof(Digest) ||
      trailer.blockBytes !=
          format::alignTo(trailer.numDigests * sizeof(Digest) + sizeof(trailer), format::sectionAlignment))
    return failed("the extents of its signature contradict each other");
  block.bytes = {file.data + file.size - trailer.blockBytes, static_cast<size_t>(trailer.blockBytes)};
  if (format::checksum(block.bytes.data, block.bytes.size - sizeof(trailer.checksum)) != trailer.checksum)
    return failed("checksum mismatch in its signature, the file is damaged");
  return true;
}

bool signature::verify(const Block &block, const format::Header &header, const PublicKey &key, const Sodium &sodium,
                       EngineError &error) {
  auto failed = [&](const std::string &what) {
    error = {EngineError::Kind::Invalid, "signature: " + what};
    return false;
  };
  if (block.trailer.key != key)
    return failed("the engine was signed by " + keyText(block.trailer.key) + ", and " + keyText(key) + " is required");
  std::vector<uint8_t> message = block.message(header, sodium);
  return sodium.verify(block.trailer.signature, message.data(), message.size(), key) ||
         failed("it is not one of " + keyText(key) + " for this engine, which was altered");
}

bool reckon::signEngine(const std::string &path, const std::string &output, const SecretKey &key, EngineError &error) {
  const Sodium *sodium = Sodium::get(error);
  auto file = sodium ? EngineFile::open(path, error) : nullptr;
  if (!file)
    return false;
  ByteSpan bytes = file->data();
  format::Header header;
  std::memcpy(&header, bytes.data, sizeof(header));
  std::vector<Digest> digests;
  uint64_t end = sizeof(header);
  auto addDigests = [&](uint64_t to) {
    for (; end < to; end += std::min(signature::pieceBytes, to - end))
      digests.push_back(sodium->digest(bytes.data + end, std::min(signature::pieceBytes, to - end)));
  };
  addDigests(header.sectionsOffset);
  for (const EngineSection &section : file->sections())
    addDigests(section.offset + format::alignTo(section.size, format::sectionAlignment));

  signature::Trailer trailer = {};
  std::memcpy(trailer.magic, signature::magic, sizeof(trailer.magic));
  trailer.version = signature::version;
  trailer.trailerBytes = sizeof(trailer);
  trailer.numDigests = digests.size();
  trailer.blockBytes = format::alignTo(digests.size() * sizeof(Digest) + sizeof(trailer), format::sectionAlignment);
  std::memcpy(trailer.key.data(), key.data() + key.size() - trailer.key.size(), trailer.key.size());
  header.seal = 0;
  header.fileSize = end + trailer.blockBytes;
  header.headerChecksum = format::checksum(&header, offsetof(format::Header, headerChecksum));
  std::vector<uint8_t> block(trailer.blockBytes);
  std::memcpy(block.data(), digests.data(), digests.size() * sizeof(Digest));
  uint8_t *last = block.data() + block.size() - sizeof(trailer);
  std::memcpy(last, &trailer, sizeof(trailer));
  std::vector<uint8_t> message = signature::Block{{block.data(), block.size()}, trailer}.message(header, *sodium);
  trailer.signature = sodium->sign(message.data(), message.size(), key);
  std::memcpy(last, &trailer, sizeof(trailer));
  trailer.checksum = format::checksum(block.data(), block.size() - sizeof(trailer.checksum));
  std::memcpy(last, &trailer, sizeof(trailer));

  std::string reason;
  auto emit = [&](const Sink &sink) {
    return sink(&header, sizeof(header)) &&
           emitPiece(sink, {bytes.data + sizeof(header), static_cast<size_t>(end - sizeof(header))}) &&
           sink(block.data(), block.size());
  };
  if (writeFile(output, emit, &reason))
    return true;
  error = {EngineError::Kind::Io, "engine " + reason};
  return false;
}
