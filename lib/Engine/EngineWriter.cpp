//===- EngineWriter.cpp - From a spec to the bytes of an engine -----------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// Sections are written piece by piece from where they lie, so that an engine with large tables needs no second copy of
// them in memory.
//
//===----------------------------------------------------------------------------===//

#include "EngineFields.h"
#include "EngineFormat.h"
#include "FileWriter.h"

#include <algorithm>
#include <cstring>
#include <unordered_map>

using namespace reckon;
using flatbuffers::Offset;

namespace {
using Builder = flatbuffers::FlatBufferBuilder;

bool emitZeros(const Sink &sink, uint64_t count) {
  static const uint8_t zeros[format::sectionAlignment] = {};
  while (count > 0) {
    size_t part = count < sizeof(zeros) ? count : sizeof(zeros);
    if (!sink(zeros, part))
      return false;
    count -= part;
  }
  return true;
}

struct Section {
  SectionKind kind;
  std::string name;
  std::vector<ByteSpan> pieces; // each starts at a multiple of 64 in the section
  uint64_t size = 0, offset = 0, checksum = 0;
  std::vector<uint64_t> chunkChecksums; // of a large table

  uint64_t add(ByteSpan piece) {
    uint64_t start = format::alignTo(size, format::weightAlignment);
    pieces.push_back(piece);
    size = start + piece.size;
    return start;
  }

  /// Of the rows, which are one piece, and the padding behind them.
  void sumChunks() {
    std::vector<uint8_t> last;
    auto sum = [&](const void *data, size_t left) {
      auto *next = static_cast<const uint8_t *>(data);
      for (; left >= format::chunkBytes; next += format::chunkBytes, left -= format::chunkBytes)
        chunkChecksums.push_back(format::checksum(next, format::chunkBytes));
      last.assign(next, next + left); // of the last part: others are whole chunks
      return true;
    };
    emitPiece(sum, pieces[0]);
    last.resize(format::alignTo(last.size(), format::sectionAlignment));
    if (!last.empty())
      chunkChecksums.push_back(format::checksum(last.data(), last.size()));
  }

  /// The payload and the padding up to the next section.
  bool emit(const Sink &sink) const {
    uint64_t written = 0;
    for (const ByteSpan &piece : pieces) {
      uint64_t start = format::alignTo(written, format::weightAlignment);
      if (!emitZeros(sink, start - written) || !emitPiece(sink, piece))
        return false;
      written = start + piece.size;
    }
    return emitZeros(sink, format::alignTo(size, format::sectionAlignment) - size);
  }
};

class Writer {
public:
  explicit Writer(const EngineSpec &spec) : spec(spec) {}

  /// False when the metadata is larger than FlatBuffers can hold.
  bool prepare() {
    collectSections();
    for (Section &section : sections) {
      format::ChecksumStream stream;
      section.emit([&](const void *data, size_t size) {
        stream.update(data, size);
        return true;
      });
      section.checksum = stream.digest();
      if (section.kind == SectionKind::Table && section.size >= format::minChunkedBytes)
        section.sumChunks();
    }
    // Offsets depend on the size of the metadata that holds them. Scalars are written even when they equal their
    // default, so the size does not depend on the offsets and the second round is final.
    for (int round = 0; round < 2; ++round) {
      if (!buildMetadata())
        return false;
      header.sectionsOffset = format::alignTo(sizeof(header) + metadata.size(), format::sectionAlignment);
      uint64_t offset = header.sectionsOffset;
      for (Section &section : sections) {
        section.offset = offset;
        offset += format::alignTo(section.size, format::sectionAlignment);
      }
      header.fileSize = offset;
    }
    finishHeader();
    return true;
  }

  uint64_t fileSize() const { return header.fileSize; }

  bool emit(const Sink &sink) const {
    if (!sink(&header, sizeof(header)) || !sink(metadata.data(), metadata.size()) ||
        !emitZeros(sink, header.sectionsOffset - sizeof(header) - metadata.size()))
      return false;
    for (const Section &section : sections)
      if (!section.emit(sink))
        return false;
    return true;
  }

private:
  void collectSections() {
    for (const CodeSpec &code : spec.code) {
      sections.push_back({static_cast<SectionKind>(code.kind), code.name, {}});
      sections.back().add(code.data);
    }
    auto add = [&](const ByteSpan &data) {
      uint64_t offset = sections.back().add(data);
      extents.emplace(&data, fbs::Extent(sections.size() - 1, offset, data.size));
    };
    if (!spec.weights.empty())
      sections.push_back({SectionKind::Weights, "weights", {}});
    // What several names or programs have alike is stored once.
    std::unordered_multimap<uint64_t, const ByteSpan *> known; // by checksum
    for (const WeightSpec &weight : spec.weights) {
      uint64_t checksum = format::checksum(weight.data.data, weight.data.size);
      auto [begin, end] = known.equal_range(checksum);
      auto same = std::find_if(begin, end, [&](const auto &entry) {
        const ByteSpan &other = *entry.second;
        return other.size == weight.data.size && std::memcmp(other.data, weight.data.data, other.size) == 0;
      });
      if (weight.data.size != 0 && same != end) {
        extents.emplace(&weight.data, extents.at(same->second));
        continue;
      }
      known.emplace(checksum, &weight.data);
      add(weight.data);
    }
    for (const TableSpec &table : spec.tables)
      if (table.data.size) {
        sections.push_back({SectionKind::Table, table.name, {}});
        add(table.data);
      }
  }

  void finishHeader() {
    std::memcpy(header.magic, format::magic, sizeof(header.magic));
    header.majorVersion = format::majorVersion;
    header.minorVersion = format::minorVersion;
    header.headerSize = sizeof(header);
    header.metadataSize = metadata.size();
    format::ChecksumStream stream;
    stream.update(metadata.data(), metadata.size());
    emitZeros(
        [&](const void *data, size_t size) {
          stream.update(data, size);
          return true;
        },
        header.sectionsOffset - sizeof(header) - metadata.size());
    header.metadataChecksum = stream.digest();
    header.headerChecksum = format::checksum(&header, offsetof(format::Header, headerChecksum));
  }

  //===--- A value as the field that it becomes ---===//

  template <typename Field, typename T>
  std::enable_if_t<std::is_arithmetic_v<T> || std::is_enum_v<T>, Field> pack(const T &value) {
    return static_cast<Field>(value);
  }
  template <typename Field> Offset<flatbuffers::String> pack(const std::string &text) {
    return builder.CreateSharedString(text);
  }
  template <typename Field> Offset<fbs::SizeExpr> pack(const SizeExpr &size) {
    return fbs::CreateSizeExpr(builder, builder.CreateSharedString(size.str()));
  }
  template <typename Field> const fbs::Extent *pack(const ByteSpan &data) {
    auto place = extents.find(&data);
    return place == extents.end() ? nullptr : &place->second;
  }
  template <typename Field, typename T> auto pack(const std::vector<T> &items) {
    if constexpr (std::is_arithmetic_v<T>) {
      return builder.CreateVector(items);
    } else {
      std::vector<decltype(pack<T>(items.front()))> packed;
      packed.reserve(items.size());
      for (const T &item : items)
        packed.push_back(pack<T>(item));
      return builder.CreateVector(packed);
    }
  }
  template <typename Field, typename Spec> auto pack(const std::optional<Spec> &value) {
    return value ? pack<Spec>(*value) : Offset<typename Fields<Spec>::Table>();
  }
  template <typename Field, typename Spec> Offset<typename Fields<Spec>::Table> pack(const Spec &spec) {
    using Table = typename Fields<Spec>::Table;
    return packFields<Table>(Fields<Spec>::of(spec), FieldIndices<Table>());
  }
  template <typename Table, typename... Members, size_t... I>
  Offset<Table> packFields(std::tuple<Members &...> members, std::index_sequence<I...>) {
    using Traits = typename Table::Traits;
    // Braces: from left to right, so that the bytes do not depend on the compiler.
    std::tuple fields{pack<typename Traits::template FieldType<I>>(std::get<I>(members))...};
    return std::apply([&](const auto &...field) { return Traits::Create(builder, field...); }, fields);
  }

  bool buildMetadata() {
    builder.Clear();
    builder.ForceDefaults(true);
    auto producer = pack<void>(spec.producer);
    auto programs = pack<void>(spec.programs);
    auto dims = pack<void>(spec.dims);
    auto inputs = pack<void>(spec.inputs), outputs = pack<void>(spec.outputs);
    auto weights = pack<void>(spec.weights);
    auto tables = pack<void>(spec.tables);
    std::vector<Offset<fbs::Section>> list;
    for (const Section &section : sections)
      list.push_back(fbs::CreateSection(builder, static_cast<fbs::SectionKind>(section.kind),
                                        builder.CreateString(section.name), section.offset, section.size,
                                        section.checksum, section.chunkChecksums.empty() ? 0 : format::chunkBytes,
                                        builder.CreateVector(section.chunkChecksums)));
    auto sectionList = builder.CreateVector(list);
    auto idUses = pack<void>(spec.idUses);
    auto offsetsUses = pack<void>(spec.offsetsUses);
    auto requirements = pack<void>(spec.requirements);
    auto recipe = pack<void>(spec.recipe);
    if (builder.GetSize() > FLATBUFFERS_MAX_BUFFER_SIZE / 2)
      return false;
    fbs::FinishEngineBuffer(builder, fbs::CreateEngine(builder, producer, programs, dims, inputs, outputs, weights,
                                                       tables, sectionList, idUses, offsetsUses, requirements, recipe));
    metadata.assign(builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize());
    return true;
  }

  const EngineSpec &spec;
  std::vector<Section> sections;
  std::unordered_map<const ByteSpan *, fbs::Extent> extents; // of weights and tables
  Builder builder;
  std::vector<uint8_t> metadata;
  format::Header header = {};
};

bool prepare(Writer &writer, const EngineSpec &spec, std::string *error) {
  std::string reason = validateEngine(spec);
  if (reason.empty() && !writer.prepare())
    reason = "its description is larger than 1 GiB";
  if (!reason.empty() && error)
    *error = "the engine cannot be written: " + reason;
  return reason.empty();
}

} // namespace

std::optional<std::vector<uint8_t>> reckon::serializeEngine(const EngineSpec &spec, std::string *error) {
  Writer writer(spec);
  if (!prepare(writer, spec, error))
    return std::nullopt;
  std::vector<uint8_t> result(writer.fileSize());
  uint8_t *next = result.data();
  writer.emit([&](const void *data, size_t size) {
    std::memcpy(next, data, size);
    next += size;
    return true;
  });
  return result;
}

bool reckon::writeEngine(const EngineSpec &spec, const std::string &path, std::string *error, uint64_t *bytes) {
  Writer writer(spec);
  if (!prepare(writer, spec, error) || !writeFile(path, [&](const Sink &sink) { return writer.emit(sink); }, error))
    return false;
  if (bytes)
    *bytes = writer.fileSize();
  return true;
}

bool reckon::writeRows(const ByteSpan &rows, const std::string &path, std::string *error) {
  return writeFile(path, [&](const Sink &sink) { return emitPiece(sink, rows); }, error);
}
