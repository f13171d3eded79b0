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

#include "EngineFormat.h"
#include "Engine_generated.h"
#include "reckon/Engine/EngineSpec.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <unordered_map>

using namespace reckon;
using flatbuffers::Offset;

namespace {
using Builder = flatbuffers::FlatBufferBuilder;
using Sink = std::function<bool(const void *, size_t)>;

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
  fbs::SectionKind kind;
  std::string name;
  std::vector<ByteSpan> pieces; // each starts at a multiple of 64 in the section
  uint64_t size = 0, offset = 0, checksum = 0;

  uint64_t add(ByteSpan piece) {
    uint64_t start = format::alignTo(size, format::weightAlignment);
    pieces.push_back(piece);
    size = start + piece.size;
    return start;
  }

  /// The payload and the padding up to the next section.
  bool emit(const Sink &sink) const {
    uint64_t written = 0;
    for (const ByteSpan &piece : pieces) {
      uint64_t start = format::alignTo(written, format::weightAlignment);
      if (!emitZeros(sink, start - written) || (piece.size && !sink(piece.data, piece.size)))
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
      sections.push_back({static_cast<fbs::SectionKind>(code.kind), code.name, {}});
      sections.back().add(code.data);
    }
    weightSection = sections.size();
    if (!spec.weights.empty())
      sections.push_back({fbs::SectionKind_weights, "weights", {}});
    // What several names or programs have alike is stored once.
    std::unordered_multimap<uint64_t, size_t> known; // by checksum
    for (const WeightSpec &weight : spec.weights) {
      uint64_t checksum = format::checksum(weight.data.data, weight.data.size);
      auto [begin, end] = known.equal_range(checksum);
      auto same = std::find_if(begin, end, [&](const auto &entry) {
        const ByteSpan &other = spec.weights[entry.second].data;
        return other.size == weight.data.size && std::memcmp(other.data, weight.data.data, other.size) == 0;
      });
      if (weight.data.size != 0 && same != end) {
        weightOffsets.push_back(weightOffsets[same->second]);
        continue;
      }
      known.emplace(checksum, weightOffsets.size());
      weightOffsets.push_back(sections.back().add(weight.data));
    }
    for (const TableSpec &table : spec.tables) {
      tableSections.push_back(table.data.size ? sections.size() : format::noSection);
      if (table.data.size) {
        sections.push_back({fbs::SectionKind_table, table.name, {}});
        sections.back().add(table.data);
      }
    }
  }

  void finishHeader() {
    std::memcpy(header.magic, format::magic, sizeof(header.magic));
    header.version = format::version;
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

  Offset<fbs::SizeExpr> expr(const SizeExpr &size) {
    return fbs::CreateSizeExpr(builder, builder.CreateString(size.str()));
  }

  Offset<flatbuffers::Vector<Offset<fbs::SizeExpr>>> exprs(const std::vector<SizeExpr> &sizes) {
    std::vector<Offset<fbs::SizeExpr>> result;
    for (const SizeExpr &size : sizes)
      result.push_back(expr(size));
    return builder.CreateVector(result);
  }

  /// The vector of what `make` builds for each item.
  template <typename T, typename Make> auto vector(const std::vector<T> &items, Make make) {
    std::vector<decltype(make(items.front(), size_t(0)))> result;
    result.reserve(items.size());
    for (size_t i = 0; i < items.size(); ++i)
      result.push_back(make(items[i], i));
    return builder.CreateVector(result);
  }

  static fbs::ElementType convert(ElementType type) { return static_cast<fbs::ElementType>(type); }

  auto tensors(const std::vector<TensorInfo> &list) {
    return vector(list, [&](const TensorInfo &tensor, size_t) {
      auto name = builder.CreateString(tensor.name);
      return fbs::CreateTensorInfo(builder, name, convert(tensor.type), exprs(tensor.shape));
    });
  }

  auto operands(const std::vector<OperandSpec> &list) {
    return vector(list, [&](const OperandSpec &operand, size_t) {
      auto ids = operand.ids.empty() ? 0 : builder.CreateSharedString(operand.ids);
      auto offsets = operand.offsets.empty() ? 0 : builder.CreateSharedString(operand.offsets);
      return fbs::CreateOperand(builder, static_cast<fbs::Space>(operand.space), operand.index, operand.offset,
                                operand.rowBytes, ids, offsets);
    });
  }

  auto tensorMaps(const std::vector<TensorMapSpec> &list) {
    return vector(list, [&](const TensorMapSpec &map, size_t) {
      auto sizes = exprs(map.sizes), strides = exprs(map.strides);
      auto box = builder.CreateVector(map.box);
      return fbs::CreateTensorMap(builder, map.operand, convert(map.type), sizes, strides, box, map.swizzle);
    });
  }

  auto kernels(const ProgramSpec &program) {
    return vector(program.kernels, [&](const KernelSpec &kernel, size_t) {
      auto symbol = builder.CreateString(kernel.symbol);
      auto kind = builder.CreateSharedString(kernel.kind);
      auto nodes = builder.CreateVectorOfStrings(kernel.onnxNodes);
      auto maps = tensorMaps(kernel.tensorMaps);
      return fbs::CreateKernel(builder, symbol, kind, nodes, kernel.registers, kernel.blockThreads, kernel.cluster,
                               kernel.sharedBytes, kernel.staticSharedBytes, kernel.spillBytes, maps,
                               kernel.startsEarly);
    });
  }

  Offset<fbs::Gemm> gemm(const GemmSpec &gemm) {
    auto m = expr(gemm.m);
    auto compute = builder.CreateSharedString(gemm.compute), epilogue = builder.CreateSharedString(gemm.epilogue);
    return fbs::CreateGemm(builder, gemm.a, gemm.weight, gemm.bias, gemm.out, gemm.transB, m, gemm.n, gemm.k, gemm.lda,
                           gemm.ldb, gemm.ldc, convert(gemm.type), compute, epilogue);
  }

  auto launches(const std::vector<LaunchSpec> &list) {
    return vector(list, [&](const LaunchSpec &launch, size_t) {
      auto library = builder.CreateSharedString(launch.library);
      auto product = launch.gemm ? gemm(*launch.gemm) : 0;
      auto grid = exprs(launch.grid);
      auto scratch = expr(launch.scratchBytes);
      return fbs::CreateLaunch(builder, launch.kernel, library, product, grid, launch.blocksPerSm, scratch,
                               launch.minRows, launch.maxRows, launch.needsTiming);
    });
  }

  auto chains(const ProgramSpec &program) {
    return vector(program.chains, [&](const ChainSpec &chain, size_t) {
      auto rows = expr(chain.rows);
      auto dispatches = vector(chain.dispatches, [&](const DispatchSpec &dispatch, size_t) {
        auto list = operands(dispatch.operands);
        auto scratch = expr(dispatch.scratchBytes);
        auto launchList = launches(dispatch.launches);
        auto covers = dispatch.covers.empty() ? 0 : builder.CreateVector(dispatch.covers);
        return fbs::CreateDispatch(builder, dispatch.kernel, list, dispatch.columns, scratch, dispatch.flopsPerRow,
                                   dispatch.bytesFixed, dispatch.numOutputs, launchList, covers);
      });
      return fbs::CreateChain(builder, rows, chain.blockRows, dispatches);
    });
  }

  auto programs() {
    return vector(spec.programs, [&](const ProgramSpec &program, size_t) {
      auto device = static_cast<fbs::DeviceKind>(program.target.device);
      auto cpu = builder.CreateString(program.target.cpu);
      auto target = fbs::CreateTarget(builder, device, cpu, builder.CreateVectorOfStrings(program.target.features));
      auto slots =
          vector(program.slots, [&](const SizeExpr &size, size_t) { return fbs::CreateSlot(builder, expr(size)); });
      auto localSlots = vector(program.localSlots,
                               [&](uint64_t rowBytes, size_t) { return fbs::CreateLocalSlot(builder, rowBytes); });
      auto kernelList = kernels(program);
      auto chainList = chains(program);
      auto unshared = expr(program.arenaUnshared);
      return fbs::CreateProgram(builder, target, slots, localSlots, kernelList, chainList, unshared,
                                program.candidates);
    });
  }

  auto weights() {
    return vector(spec.weights, [&](const WeightSpec &weight, size_t i) {
      auto name = builder.CreateString(weight.name);
      auto shape = builder.CreateVector(weight.shape);
      auto packing = builder.CreateString(weight.packing);
      return fbs::CreateWeight(builder, name, convert(weight.type), shape, packing, weightSection, weightOffsets[i],
                               weight.data.size);
    });
  }

  auto tables() {
    return vector(spec.tables, [&](const TableSpec &table, size_t i) {
      auto name = builder.CreateString(table.name);
      auto file = table.externalFile.empty() ? 0 : builder.CreateString(table.externalFile);
      return fbs::CreateEmbeddingTable(builder, name, convert(table.type), table.rows, table.dim, tableSections[i],
                                       table.rowsDim, file, table.externalOffset,
                                       static_cast<fbs::OutOfRange>(table.outOfRange));
    });
  }

  bool buildMetadata() {
    builder.Clear();
    builder.ForceDefaults(true);
    auto producer = builder.CreateString(spec.producer);
    auto programList = programs();
    auto dims = builder.CreateVectorOfStrings(spec.dims);
    auto inputs = tensors(spec.inputs), outputs = tensors(spec.outputs);
    auto weightList = weights();
    auto tableList = tables();
    auto sectionList = vector(sections, [&](const Section &section, size_t) {
      auto name = builder.CreateString(section.name);
      return fbs::CreateSection(builder, section.kind, name, section.offset, section.size, section.checksum);
    });
    auto idUses = vector(spec.idUses, [&](const IdUse &use, size_t) {
      return fbs::CreateIdUse(builder, use.input, use.first, use.count, expr(use.bound));
    });
    auto offsetsUses = vector(spec.offsetsUses, [&](const OffsetsUse &use, size_t) {
      return fbs::CreateOffsetsUse(builder, use.input, use.ids, use.includeLast);
    });
    auto requirements = vector(spec.requirements, [&](const SizeRequirement &requirement, size_t) {
      auto node = builder.CreateString(requirement.node), what = builder.CreateString(requirement.what);
      auto left = expr(requirement.left), right = expr(requirement.right);
      return fbs::CreateSizeRequirement(builder, left, right, requirement.mustBeEqual, node, what);
    });
    if (builder.GetSize() > FLATBUFFERS_MAX_BUFFER_SIZE / 2)
      return false;
    fbs::FinishEngineBuffer(builder,
                            fbs::CreateEngine(builder, producer, programList, dims, inputs, outputs, weightList,
                                              tableList, sectionList, idUses, offsetsUses, requirements));
    metadata.assign(builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize());
    return true;
  }

  const EngineSpec &spec;
  std::vector<Section> sections;
  uint32_t weightSection = 0;
  std::vector<uint64_t> weightOffsets;
  std::vector<uint32_t> tableSections;
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

bool writeAll(int descriptor, const void *data, size_t size) {
  const char *next = static_cast<const char *>(data);
  while (size > 0) {
    ssize_t written = ::write(descriptor, next, size);
    if (written < 0 && errno == EINTR)
      continue;
    if (written <= 0)
      return false;
    next += written;
    size -= written;
  }
  return true;
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

bool reckon::writeEngine(const EngineSpec &spec, const std::string &path, std::string *error) {
  Writer writer(spec);
  if (!prepare(writer, spec, error))
    return false;
  // What is not a plain file (a pipe, /dev/null) is written to, not replaced.
  struct stat status;
  bool inPlace = ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode);
  std::string temporary = inPlace ? path : path + ".tmp" + std::to_string(::getpid());
  auto failed = [&](const char *what) {
    if (error)
      *error = "'" + path + "' cannot be " + what + ": " + std::strerror(errno);
    if (!inPlace)
      ::unlink(temporary.c_str());
    return false;
  };
  int descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0)
    return failed("created");
  bool written = writer.emit([&](const void *data, size_t size) { return writeAll(descriptor, data, size); });
  int reason = errno;
  bool closed = ::close(descriptor) == 0;
  if (!written)
    errno = reason;
  if (!written || !closed)
    return failed("written");
  if (!inPlace && ::rename(temporary.c_str(), path.c_str()) != 0)
    return failed("put in place");
  return true;
}
