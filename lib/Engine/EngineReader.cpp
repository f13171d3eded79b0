//===- EngineReader.cpp - From checked bytes to a spec --------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// Nothing is believed before it is checked: first the header, then the checksum of the description, then its structure,
// then each section, then every rule of validateEngine(). Every byte of the file is under one of the checksums.
//
//===----------------------------------------------------------------------------===//

#include "EngineFormat.h"
#include "Engine_generated.h"
#include "reckon/Engine/EngineFile.h"

#include <cstring>

using namespace reckon;
using flatbuffers::Offset;

namespace {
class Reader {
public:
  Reader(ByteSpan bytes, EngineSpec &spec, std::vector<EngineSection> &sections, EngineError &error)
      : bytes(bytes), spec(spec), sections(sections), error(error) {}

  bool run() {
    return readHeader() && readMetadata() && readSections() && readTensors() && readPrograms() && readUses() &&
           readRequirements() && finish();
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
    if (header.version != format::version) {
      error = {EngineError::Kind::UnsupportedVersion,
               "header: engine format version " + std::to_string(header.version) + ", this build reads " +
                   std::to_string(format::version) + " only; compile the model again"};
      return false;
    }
    if (format::checksum(&header, offsetof(format::Header, headerChecksum)) != header.headerChecksum)
      return fail("header: checksum mismatch, the file is damaged");
    if (header.fileSize != bytes.size)
      return fail("header: the file has " + std::to_string(bytes.size) + " bytes and should have " +
                  std::to_string(header.fileSize) + "; it was truncated or extended");
    if (header.headerSize != sizeof(header) || header.reserved != 0 ||
        header.metadataSize > FLATBUFFERS_MAX_BUFFER_SIZE / 2 ||
        header.sectionsOffset != format::alignTo(sizeof(header) + header.metadataSize, format::sectionAlignment) ||
        header.sectionsOffset > bytes.size)
      return fail("header: its extents contradict each other");
    return true;
  }

  bool readMetadata() {
    const uint8_t *data = bytes.data + sizeof(header);
    if (format::checksum(data, header.sectionsOffset - sizeof(header)) != header.metadataChecksum)
      return fail("description: checksum mismatch, the file is damaged");
    flatbuffers::Verifier verifier(data, header.metadataSize, /*max_depth=*/16, /*max_tables=*/1 << 24);
    if (header.metadataSize < 8 || !fbs::VerifyEngineBuffer(verifier))
      return fail("description: it is not a well-formed engine table");
    root = fbs::GetEngine(data);
    return true;
  }

  bool readSections() {
    uint64_t expected = header.sectionsOffset;
    for (const fbs::Section *section : *root->sections()) {
      std::string name = section->name()->str(), what = "section '" + name + "'";
      if (section->kind() > fbs::SectionKind_MAX)
        return fail(what + ": unknown kind");
      if (section->offset() != expected)
        return fail(what + ": it starts at " + std::to_string(section->offset()) + " and should start at " +
                    std::to_string(expected));
      if (section->size() > bytes.size - expected)
        return fail(what + ": it ends after the file");
      uint64_t padded = format::alignTo(section->size(), format::sectionAlignment);
      if (padded > bytes.size - expected)
        return fail(what + ": its padding ends after the file");
      if (format::checksum(bytes.data + expected, padded) != section->checksum())
        return fail(what + ": checksum mismatch, the file is damaged");
      sections.push_back({static_cast<EngineSection::Kind>(section->kind()), name, section->offset(), section->size(),
                          section->checksum()});
      if (section->kind() <= fbs::SectionKind_cubin) // kinds of code come first, in the order of CodeKind
        spec.code.push_back({static_cast<CodeKind>(section->kind()),
                             name,
                             {bytes.data + expected, static_cast<size_t>(section->size())}});
      expected += padded;
    }
    if (expected != bytes.size)
      return fail("the file goes on for " + std::to_string(bytes.size - expected) + " bytes after its last section");
    return true;
  }

  bool expr(const std::string &what, const fbs::SizeExpr *text, SizeExpr &result) {
    std::string reason;
    auto parsed = SizeExpr::parse(text->text()->string_view(), &reason);
    if (!parsed)
      return fail(what + ": " + reason);
    result = std::move(*parsed);
    return true;
  }

  bool type(const std::string &what, fbs::ElementType value, ElementType &result) {
    if (value > fbs::ElementType_MAX)
      return fail(what + ": unknown element type " + std::to_string(value));
    result = static_cast<ElementType>(value);
    return true;
  }

  static std::vector<std::string> strings(const flatbuffers::Vector<Offset<flatbuffers::String>> *list) {
    std::vector<std::string> result;
    if (list)
      for (const flatbuffers::String *text : *list)
        result.push_back(text->str());
    return result;
  }

  static std::string string(const flatbuffers::String *text) { return text ? text->str() : std::string(); }

  bool readTensorList(const char *kind, const flatbuffers::Vector<Offset<fbs::TensorInfo>> &list,
                      std::vector<TensorInfo> &result) {
    for (const fbs::TensorInfo *tensor : list) {
      TensorInfo info;
      info.name = tensor->name()->str();
      std::string what = std::string(kind) + " '" + info.name + "'";
      if (!type(what, tensor->type(), info.type))
        return false;
      info.shape.resize(tensor->shape()->size());
      for (size_t i = 0; i < info.shape.size(); ++i)
        if (!expr(what, tensor->shape()->Get(i), info.shape[i]))
          return false;
      result.push_back(std::move(info));
    }
    return true;
  }

  /// The section's bytes [offset, offset + size).
  bool extent(const std::string &what, uint32_t section, EngineSection::Kind kind, uint64_t offset, uint64_t size,
              ByteSpan &result) {
    if (section >= sections.size() || sections[section].kind != kind)
      return fail(what + ": section " + std::to_string(section) + " is not one of its kind");
    const EngineSection &holder = sections[section];
    if (offset > holder.size || size > holder.size - offset)
      return fail(what + ": it leaves section '" + holder.name + "'");
    result = {bytes.data + holder.offset + offset, static_cast<size_t>(size)};
    return true;
  }

  bool readWeights() {
    for (const fbs::Weight *weight : *root->weights()) {
      WeightSpec result;
      result.name = weight->name()->str();
      result.packing = weight->packing()->str();
      // The verifier checks a vector's length for alignment, not its elements.
      result.shape.resize(weight->shape()->size());
      if (!result.shape.empty())
        std::memcpy(result.shape.data(), weight->shape()->Data(), result.shape.size() * sizeof(int64_t));
      std::string what = "weight '" + result.name + "'";
      if (weight->offset() % format::weightAlignment != 0)
        return fail(what + ": it is not 64-byte aligned");
      if (!type(what, weight->type(), result.type) ||
          !extent(what, weight->section(), EngineSection::Kind::Weights, weight->offset(), weight->size(), result.data))
        return false;
      spec.weights.push_back(std::move(result));
    }
    return true;
  }

  bool readTables() {
    for (const fbs::EmbeddingTable *table : *root->tables()) {
      TableSpec result;
      result.name = table->name()->str();
      std::string what = "table '" + result.name + "'";
      if (!type(what, table->type(), result.type))
        return false;
      if (table->out_of_range() > fbs::OutOfRange_MAX)
        return fail(what + ": unknown policy for ids out of range");
      result.rows = table->rows();
      result.dim = table->dim();
      result.rowsDim = table->rows_dim();
      result.externalFile = string(table->external_file());
      result.externalOffset = table->external_offset();
      result.outOfRange = static_cast<OutOfRange>(table->out_of_range());
      if (table->section() != format::noSection) {
        if (table->section() >= sections.size() || !extent(what, table->section(), EngineSection::Kind::Table, 0,
                                                           sections[table->section()].size, result.data))
          return error.message.empty() ? fail(what + ": there is no section " + std::to_string(table->section()))
                                       : false;
      }
      spec.tables.push_back(std::move(result));
    }
    return true;
  }

  bool readTensors() {
    spec.producer = root->producer()->str();
    spec.dims = strings(root->dims());
    return readTensorList("input", *root->inputs(), spec.inputs) &&
           readTensorList("output", *root->outputs(), spec.outputs) && readWeights() && readTables();
  }

  bool readOperands(const std::string &what, const fbs::Dispatch *dispatch, std::vector<OperandSpec> &result) {
    for (const fbs::Operand *operand : *dispatch->operands()) {
      if (operand->space() > fbs::Space_MAX)
        return fail(what + ": an operand lives in an unknown space");
      result.push_back({static_cast<Space>(operand->space()), operand->index(), operand->offset(), operand->row_bytes(),
                        string(operand->ids()), string(operand->offsets())});
    }
    return true;
  }

  bool exprs(const std::string &what, const flatbuffers::Vector<Offset<fbs::SizeExpr>> *list,
             std::vector<SizeExpr> &result) {
    result.resize(list ? list->size() : 0);
    for (size_t i = 0; i < result.size(); ++i)
      if (!expr(what, list->Get(i), result[i]))
        return false;
    return true;
  }

  bool readKernel(const fbs::Kernel *kernel, KernelSpec &result) {
    result = {kernel->symbol()->str(),       kernel->kind()->str(),
              strings(kernel->onnx_nodes()), kernel->registers(),
              kernel->block_threads(),       kernel->cluster(),
              kernel->shared_bytes(),        kernel->static_shared_bytes(),
              kernel->spill_bytes(),         {},
              kernel->starts_early()};
    std::string what = "kernel '" + result.symbol + "'";
    if (kernel->tensor_maps())
      for (const fbs::TensorMap *map : *kernel->tensor_maps()) {
        TensorMapSpec entry;
        entry.operand = map->operand();
        entry.swizzle = map->swizzle();
        if (!type(what, map->type(), entry.type) || !exprs(what, map->sizes(), entry.sizes) ||
            !exprs(what, map->strides(), entry.strides))
          return false;
        for (size_t i = 0; i < map->box()->size(); ++i)
          entry.box.push_back(map->box()->Get(i));
        result.tensorMaps.push_back(std::move(entry));
      }
    return true;
  }

  bool readGemm(const std::string &what, const fbs::Gemm *gemm, GemmSpec &result) {
    result.a = gemm->a();
    result.weight = gemm->weight();
    result.bias = gemm->bias();
    result.out = gemm->out();
    result.transB = gemm->trans_b();
    result.n = gemm->n();
    result.k = gemm->k();
    result.lda = gemm->lda();
    result.ldb = gemm->ldb();
    result.ldc = gemm->ldc();
    result.compute = gemm->compute()->str();
    result.epilogue = string(gemm->epilogue());
    return expr(what, gemm->m(), result.m) && type(what, gemm->type(), result.type);
  }

  bool readLaunches(const std::string &what, const fbs::Dispatch *dispatch, std::vector<LaunchSpec> &result) {
    if (!dispatch->launches())
      return true;
    for (const fbs::Launch *launch : *dispatch->launches()) {
      LaunchSpec entry;
      entry.kernel = launch->kernel();
      entry.library = string(launch->library());
      if (launch->gemm() && !readGemm(what, launch->gemm(), entry.gemm.emplace()))
        return false;
      entry.blocksPerSm = launch->blocks_per_sm();
      entry.minRows = launch->min_rows();
      entry.maxRows = launch->max_rows();
      entry.needsTiming = launch->needs_timing();
      if (!exprs(what, launch->grid(), entry.grid) ||
          (launch->scratch_bytes() && !expr(what, launch->scratch_bytes(), entry.scratchBytes)))
        return false;
      result.push_back(std::move(entry));
    }
    return true;
  }

  bool readChain(const std::string &what, const fbs::Chain *chain, ChainSpec &result) {
    result.blockRows = chain->block_rows();
    if (!expr(what, chain->rows(), result.rows))
      return false;
    for (const fbs::Dispatch *dispatch : *chain->dispatches()) {
      DispatchSpec entry;
      entry.kernel = dispatch->kernel();
      entry.columns = dispatch->columns();
      if (dispatch->scratch_bytes() && !expr(what, dispatch->scratch_bytes(), entry.scratchBytes))
        return false;
      entry.flopsPerRow = dispatch->flops_per_row();
      entry.bytesFixed = dispatch->bytes_fixed();
      entry.numOutputs = dispatch->num_outputs();
      if (!readOperands(what, dispatch, entry.operands) || !readLaunches(what, dispatch, entry.launches))
        return false;
      if (dispatch->covers())
        entry.covers.assign(dispatch->covers()->begin(), dispatch->covers()->end());
      result.dispatches.push_back(std::move(entry));
    }
    return true;
  }

  bool readPrograms() {
    for (const fbs::Program *program : *root->programs()) {
      ProgramSpec result;
      const fbs::Target *target = program->target();
      if (target->device() > fbs::DeviceKind_MAX)
        return fail("target: unknown device " + std::to_string(target->device()));
      result.target = {static_cast<DeviceKind>(target->device()), string(target->cpu()), strings(target->features())};
      std::string where = std::string("program '") + deviceName(result.target.device) + "', ";
      result.slots.resize(program->slots()->size());
      for (size_t i = 0; i < result.slots.size(); ++i)
        if (!expr(where + "arena slot " + std::to_string(i), program->slots()->Get(i)->size(), result.slots[i]))
          return false;
      for (const fbs::LocalSlot *slot : *program->local_slots())
        result.localSlots.push_back(slot->row_bytes());
      for (const fbs::Kernel *kernel : *program->kernels())
        if (!readKernel(kernel, result.kernels.emplace_back()))
          return false;
      for (const fbs::Chain *chain : *program->chains())
        if (!readChain(where + "chain " + std::to_string(result.chains.size()), chain, result.chains.emplace_back()))
          return false;
      if (program->arena_unshared() &&
          !expr(where + "the unshared arena size", program->arena_unshared(), result.arenaUnshared))
        return false;
      result.candidates = program->candidates();
      spec.programs.push_back(std::move(result));
    }
    return true;
  }

  bool readUses() {
    if (root->id_uses())
      for (const fbs::IdUse *use : *root->id_uses()) {
        IdUse result{use->input(), use->first(), use->count(), {}};
        if (!expr("an id use", use->bound(), result.bound))
          return false;
        spec.idUses.push_back(std::move(result));
      }
    if (root->offsets_uses())
      for (const fbs::OffsetsUse *use : *root->offsets_uses())
        spec.offsetsUses.push_back({use->input(), use->ids(), use->include_last()});
    return true;
  }

  bool readRequirements() {
    if (root->requirements())
      for (const fbs::SizeRequirement *requirement : *root->requirements()) {
        SizeRequirement result;
        result.mustBeEqual = requirement->must_be_equal();
        result.node = requirement->node()->str();
        result.what = requirement->what()->str();
        std::string what = "a requirement of node '" + result.node + "'";
        if (!expr(what, requirement->left(), result.left) || !expr(what, requirement->right(), result.right))
          return false;
        spec.requirements.push_back(std::move(result));
      }
    return true;
  }

  bool finish() {
    std::string reason = validateEngine(spec);
    return reason.empty() || fail("description: " + reason);
  }

  ByteSpan bytes;
  EngineSpec &spec;
  std::vector<EngineSection> &sections;
  EngineError &error;
  format::Header header;
  const fbs::Engine *root = nullptr;
};
} // namespace

bool EngineFile::read(EngineError &error) { return Reader(bytes, contents, sectionList, error).run(); }
