//===- EngineReader.cpp - From checked bytes to a spec --------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// Nothing is believed before it is checked: first the header, then the checksum of the description, then its structure,
// then each section, then every rule of validateEngine(). Every byte of the file is under one of the checksums. Where a
// signer is required, the signature comes right after the header, and digests take the place of checksums.
//
//===----------------------------------------------------------------------------===//

#include "EngineFields.h"
#include "EngineFormat.h"
#include "EngineSeal.h"
#include "EngineSignature.h"
#include "reckon/Engine/EngineFile.h"

#include <cstring>

using namespace reckon;

namespace {
/// What opening asks for.
struct Demands {
  EngineFile::Check check;
  const PublicKey *signer; // null: anybody
};

class Reader {
public:
  /// `object`, unless it is null, is what the bytes lie in, which may be sealed.
  Reader(ByteSpan bytes, const struct stat *object, const Demands &demands, EngineSpec &spec,
         std::vector<EngineSection> &sections, EngineError &error)
      : bytes(bytes), object(object), check(demands.check), signer(demands.signer), spec(spec), sections(sections),
        error(error) {}

  uint64_t descriptionChecksum() const { return header.metadataChecksum; }
  std::vector<RowChunks> takeUnchecked() { return std::move(unchecked); }
  bool run() {
    return readHeader() && readSignature() && readMetadata() && readSections() && readDescription() && finish();
  }

private:
  bool fail(std::string message) {
    error = {EngineError::Kind::Invalid, std::move(message)};
    return false;
  }

  bool readHeader() {
    if (bytes.size < sizeof(header))
      return fail("header: the file has " + std::to_string(bytes.size) + " bytes, too few for the header's 64");
    std::memcpy(&header, bytes.data, sizeof(header));
    if (std::memcmp(header.magic, format::magic, sizeof(header.magic)) != 0)
      return fail("header: this is not a Reckon engine (the first 8 bytes are not its magic)");
    // Before the checksum: another version may have another header.
    if (header.majorVersion != format::majorVersion || header.minorVersion > format::minorVersion) {
      std::string major = std::to_string(format::majorVersion);
      error = {EngineError::Kind::UnsupportedVersion,
               "header: engine format version " + std::to_string(header.majorVersion) + "." +
                   std::to_string(header.minorVersion) + ", this build reads " + major + ".0 to " + major + "." +
                   std::to_string(format::minorVersion) + "; compile the model again"};
      return false;
    }
    if (format::checksum(&header, offsetof(format::Header, headerChecksum)) != header.headerChecksum)
      return fail("header: checksum mismatch, the file is damaged");
    if (header.fileSize != bytes.size)
      return fail("header: the file has " + std::to_string(bytes.size) + " bytes and should have " +
                  std::to_string(header.fileSize) + "; it was truncated or extended");
    if (header.headerSize != sizeof(header) || header.metadataSize > FLATBUFFERS_MAX_BUFFER_SIZE / 2 ||
        header.sectionsOffset != format::alignTo(sizeof(header) + header.metadataSize, format::sectionAlignment) ||
        header.sectionsOffset > bytes.size)
      return fail("header: its extents contradict each other");
    if (header.seal != 0 && (!object || header.seal != seal::compute(header, *object)))
      return fail("header: its seal is that of another object in shared memory; reckon-share get copies one");
    isSealed = header.seal != 0 && !signer && seal::isTrusted(header, *object);
    return true;
  }

  bool readSignature() {
    if (!signer)
      return true;
    std::string reason;
    sodium = Sodium::get(error);
    if (!sodium)
      return false;
    if (!signature::findBlock(bytes, block, reason))
      return fail("signature: " + reason + ", and " + keyText(*signer) + " is required");
    return signature::verify(block, header, *signer, *sodium, error);
  }

  /// Whether the next digests are those of these bytes.
  bool matchDigests(const uint8_t *data, uint64_t size) {
    for (uint64_t part; size > 0; data += part, size -= part) {
      part = std::min(size, signature::pieceBytes);
      if (nextDigest >= block.trailer.numDigests || sodium->digest(data, part) != block.digest(nextDigest))
        return false;
      ++nextDigest;
    }
    return true;
  }

  bool readMetadata() {
    const uint8_t *data = bytes.data + sizeof(header);
    if (signer && !matchDigests(data, header.sectionsOffset - sizeof(header)))
      return fail("description: it does not match the signature, the engine was altered");
    if (format::checksum(data, header.sectionsOffset - sizeof(header)) != header.metadataChecksum)
      return fail("description: checksum mismatch, the file is damaged");
    flatbuffers::Verifier verifier(data, header.metadataSize, /*max_depth=*/16, /*max_tables=*/1 << 24);
    if (header.metadataSize < 8 || !fbs::VerifyEngineBuffer(verifier))
      return fail("description: it is not a well-formed engine table");
    root = fbs::GetEngine(data);
    return true;
  }

  /// Whether the section is rows whose chunks are checked when they are read. What says so is under the checksum of the
  /// description.
  bool leaveForLater(const fbs::Section &section, SectionKind kind, uint64_t padded) {
    const auto *checksums = section.chunk_checksums();
    uint64_t size = section.chunk_bytes();
    if (check == EngineFile::Check::All || kind != SectionKind::Table || !checksums || size == 0 ||
        checksums->size() != (padded + size - 1) / size)
      return false;
    if (signer && (size != signature::pieceBytes || checksums->size() > block.trailer.numDigests - nextDigest))
      return false;
    RowChunks &chunks = unchecked.emplace_back(RowChunks{bytes.data + section.offset(), padded, size, {}, {}});
    chunks.checksums.resize(checksums->size());
    std::memcpy(chunks.checksums.data(), checksums->Data(), checksums->size() * sizeof(uint64_t));
    if (signer) {
      chunks.digests.resize(checksums->size());
      std::memcpy(chunks.digests.data(), block.bytes.data + nextDigest * sizeof(Digest),
                  chunks.digests.size() * sizeof(Digest));
      nextDigest += chunks.digests.size();
    }
    return true;
  }

  bool readSections() {
    uint64_t expected = header.sectionsOffset;
    for (const fbs::Section *section : *root->sections()) {
      std::string name = section->name()->str(), what = "section '" + name + "'";
      auto kind = static_cast<SectionKind>(section->kind());
      if (!isEnumerator(kind))
        return fail(what + ": unknown kind");
      if (section->offset() != expected)
        return fail(what + ": it starts at " + std::to_string(section->offset()) + " and should start at " +
                    std::to_string(expected));
      if (section->size() > bytes.size - expected)
        return fail(what + ": it ends after the file");
      uint64_t padded = format::alignTo(section->size(), format::sectionAlignment);
      if (padded > bytes.size - expected)
        return fail(what + ": its padding ends after the file");
      // Code runs; rows and weights are only read, and who sealed them has checked them.
      bool isChecked = (!isSealed && !leaveForLater(*section, kind, padded)) || kind <= SectionKind::Cubin;
      if (isChecked && signer && !matchDigests(bytes.data + expected, padded))
        return fail(what + ": it does not match the signature, the engine was altered");
      if (isChecked && !signer && format::checksum(bytes.data + expected, padded) != section->checksum())
        return fail(what + ": checksum mismatch, the file is damaged");
      sections.push_back({kind, name, section->offset(), section->size(), section->checksum()});
      if (kind <= SectionKind::Cubin) // kinds of code come first, in the order of CodeKind
        spec.code.push_back(
            {static_cast<CodeKind>(kind), name, {bytes.data + expected, static_cast<size_t>(section->size())}});
      expected += padded;
    }
    return expected == bytes.size ? !signer || fail("signature: the engine has sections in its place")
                                  : checkBlock(expected);
  }

  /// What follows the last section is a signature.
  bool checkBlock(uint64_t begin) {
    std::string reason;
    if (!signature::findBlock(bytes, block, reason) || block.trailer.blockBytes != bytes.size - begin)
      return fail("the file goes on for " + std::to_string(bytes.size - begin) + " bytes after its last section" +
                  (reason.empty() ? "" : ", and not with a signature: " + reason));
    if (signer && nextDigest != block.trailer.numDigests)
      return fail("signature: it is one of other sections");
    return true;
  }

  //===--- One value each ---===//

  template <typename T> std::enable_if_t<std::is_arithmetic_v<T>, bool> read(T from, T &to) {
    to = from;
    return true;
  }

  /// validateEngine() finds values that are none of the enum's.
  template <typename From, typename To> std::enable_if_t<std::is_enum_v<From>, bool> read(From from, To &to) {
    static_assert(std::is_same_v<std::underlying_type_t<From>, std::underlying_type_t<To>>);
    to = static_cast<To>(from);
    return true;
  }

  bool read(const flatbuffers::String *from, std::string &to) {
    if (from)
      to = from->str();
    return true;
  }

  bool read(const fbs::SizeExpr *from, SizeExpr &to) {
    if (!from)
      return true;
    std::string reason;
    auto parsed = SizeExpr::parse(from->text()->string_view(), &reason);
    if (!parsed)
      return fail(where() + ": " + reason);
    to = std::move(*parsed);
    return true;
  }

  bool read(const fbs::Extent *from, ByteSpan &to) {
    if (!from)
      return true;
    if (from->section() >= sections.size() || (sections[from->section()].kind != SectionKind::Weights &&
                                               sections[from->section()].kind != SectionKind::Table))
      return fail(where() + ": section " + std::to_string(from->section()) + " is not one of its kind");
    const EngineSection &holder = sections[from->section()];
    if (from->offset() % format::weightAlignment != 0)
      return fail(where() + ": it is not 64-byte aligned");
    if (from->offset() > holder.size || from->size() > holder.size - from->offset())
      return fail(where() + ": it leaves section '" + holder.name + "'");
    to = {bytes.data + holder.offset + from->offset(), static_cast<size_t>(from->size())};
    return true;
  }

  template <typename From, typename To> bool read(const flatbuffers::Vector<From> *from, std::vector<To> &to) {
    to.resize(from ? from->size() : 0);
    if constexpr (std::is_arithmetic_v<From>) {
      static_assert(std::is_same_v<From, To>);
      // The verifier checks a vector's length for alignment, not its elements.
      if (!to.empty())
        std::memcpy(to.data(), from->Data(), to.size() * sizeof(To));
    } else {
      for (size_t i = 0; i < to.size(); ++i)
        if (!read(from->Get(i), to[i]))
          return false;
    }
    return true;
  }

  template <typename Table, typename Spec> bool read(const Table *from, std::optional<Spec> &to) {
    return !from || read(from, to.emplace());
  }

  template <typename Spec> bool read(const typename Fields<Spec>::Table *from, Spec &to) {
    using Table = typename Fields<Spec>::Table;
    path.push_back(Table::Traits::name);
    if (!readFields(from, Fields<Spec>::of(to), FieldIndices<Table>()))
      return false;
    path.pop_back();
    return true;
  }

  template <typename Table, typename... Members, size_t... I>
  bool readFields(const Table *table, std::tuple<Members &...> members, std::index_sequence<I...>) {
    return (readField(table->template get_field<I>(), std::get<I>(members), I == 0) && ...);
  }

  template <typename From, typename To> bool readField(From from, To &to, bool isFirst) {
    if (!read(from, to))
      return false;
    // What has a name has it first.
    if constexpr (std::is_same_v<To, std::string>)
      if (isFirst)
        path.back() += " '" + to + "'";
    return true;
  }

  /// The table that is being read: "Program, Kernel 'k0', TensorMap".
  std::string where() const {
    std::string text;
    for (const std::string &part : path)
      text += (text.empty() ? "" : ", ") + part;
    return text;
  }

  bool readDescription() {
    return read(root->producer(), spec.producer) && read(root->programs(), spec.programs) &&
           read(root->dims(), spec.dims) && read(root->inputs(), spec.inputs) && read(root->outputs(), spec.outputs) &&
           read(root->weights(), spec.weights) && read(root->tables(), spec.tables) &&
           read(root->id_uses(), spec.idUses) && read(root->offsets_uses(), spec.offsetsUses) &&
           read(root->requirements(), spec.requirements) && read(root->recipe(), spec.recipe);
  }

  bool finish() {
    std::string reason = validateEngine(spec);
    return reason.empty() || fail("description: " + reason);
  }

  ByteSpan bytes;
  const struct stat *object;
  EngineFile::Check check;
  const PublicKey *signer;
  const Sodium *sodium = nullptr;
  signature::Block block;
  uint64_t nextDigest = 0;
  bool isSealed = false;
  std::vector<RowChunks> unchecked;
  EngineSpec &spec;
  std::vector<EngineSection> &sections;
  EngineError &error;
  format::Header header;
  const fbs::Engine *root = nullptr;
  std::vector<std::string> path;
};
} // namespace

bool RowChunks::matches(uint64_t index) const {
  uint64_t begin = index * chunkBytes, size = std::min(chunkBytes, bytes - begin);
  if (digests.empty())
    return format::checksum(data + begin, size) == checksums[index];
  // It was there when the engine was opened.
  EngineError ignored;
  const Sodium *sodium = Sodium::get(ignored);
  return sodium && sodium->digest(data + begin, size) == digests[index];
}

bool EngineFile::read(const struct stat *object, Check check, const PublicKey *signer, EngineError &error) {
  Reader reader(bytes, object, {check, signer}, contents, sectionList, error);
  if (!reader.run())
    return false;
  if (signer)
    requiredSigner = *signer;
  descriptionChecksum = reader.descriptionChecksum();
  unchecked = reader.takeUnchecked();
  return true;
}
