//===- EngineSpec.h - What an engine holds, as plain structs ----------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// The compiler fills an EngineSpec and hands it to writeEngine(); EngineFile reads an engine back into one. The structs
// follow lib/Engine/Engine.fbs field by field, where the meaning of each is written; lib/Engine/EngineFields.h joins
// them. A leaf: C++ standard library only.
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_ENGINE_ENGINESPEC_H
#define RECKON_ENGINE_ENGINESPEC_H

#include "reckon/Engine/DeviceKind.h"
#include "reckon/Engine/RowFormat.h"
#include "reckon/Engine/SizeExpr.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reckon {

/// Bytes that live elsewhere: in the spec's storage, the compiler's memory, or the mapped engine.
struct ByteSpan {
  const uint8_t *data = nullptr;
  size_t size = 0;
};

struct TensorInfo {
  std::string name; // the ONNX name
  ElementType type = ElementType::F32;
  std::vector<SizeExpr> shape;
};

struct WeightSpec {
  std::string name;
  ElementType type = ElementType::F32;
  std::vector<int64_t> shape; // as packed: its elements fill `data` exactly
  std::string packing = "row_major";
  ByteSpan data;
};

struct TableSpec {
  std::string name;
  ElementType type = ElementType::F32; // of what a lookup gives
  RowEncoding encoding = RowEncoding::Plain;
  uint64_t rows = 0; // of `data` or of the external file; 0 when the table comes with no rows at all
  uint64_t dim = 0;
  uint32_t rowsDim = 0; // index into EngineSpec::dims of makeDimName("rows:" + name)
  ByteSpan data;        // the rows, or empty
  std::string externalFile;
  uint64_t externalOffset = 0;
  bool mustBeBound = false; // the rows come with the binding alone; `rows` is the model's number of them
  OutOfRange outOfRange = OutOfRange::Error;

  RowFormat format() const { return RowFormat(type, encoding); }
  uint64_t rowBytes() const { return format().rowBytes(dim); }
};

struct OperandSpec {
  Space space = Space::Input;
  uint32_t index = 0;
  uint64_t offset = 0;   // bytes
  uint64_t rowBytes = 0; // Local only
  std::string ids;       // tables and gathered operands: ONNX name of the tensor whose ids pick the rows
  std::string offsets;   // ONNX name of the bag offsets
  SizeExpr bytes;        // checked programs only: of the operand from its address on, of a row for Local
};

/// A tile of an operand for the bulk copy engine.
struct TensorMapSpec {
  uint32_t operand = 0;
  ElementType type = ElementType::F32;
  std::vector<SizeExpr> sizes;   // elements, innermost first
  std::vector<SizeExpr> strides; // bytes, of dimensions 1 and up
  std::vector<uint32_t> box;
  uint32_t swizzle = 0;
};

/// A layer of a kernel, for people.
struct LayerSpec {
  std::string op; // of the rec dialect: "linear"
  std::vector<std::string> nodes;
  std::vector<int32_t> inputs; // 0 and up: the kernel's operands; -1 and down: results of layers, from the first on
  std::vector<std::string> results; // types: "f32[batch, 64]"
};

struct KernelSpec {
  std::string symbol;
  std::string kind;
  std::vector<std::string> onnxNodes;
  // cuda only, from here on
  uint32_t registers = 0;
  uint32_t blockThreads = 0;
  uint32_t cluster = 0;
  uint32_t sharedBytes = 0; // dynamic
  uint32_t staticSharedBytes = 0;
  uint32_t spillBytes = 0;
  std::vector<TensorMapSpec> tensorMaps;
  bool usesPdl = false;          // it waits for the kernels before it by itself
  std::vector<LayerSpec> layers; // the last one, "yield", takes what it writes
};

/// A matrix product for a library.
struct GemmSpec {
  uint32_t a = 0, weight = 0;
  int32_t bias = -1;
  uint32_t out = 0;
  bool transB = false;
  SizeExpr m;
  uint64_t n = 0, k = 0, lda = 0, ldb = 0, ldc = 0;
  ElementType type = ElementType::F32;
  GemmCompute compute = GemmCompute::F32;
  GemmEpilogue epilogue = GemmEpilogue::None;
};

/// One way to run a dispatch on cuda, for a range of rows.
struct LaunchSpec {
  uint32_t kernel = 0;
  std::string library; // "": a generated kernel
  std::optional<GemmSpec> gemm;
  std::vector<SizeExpr> grid;
  uint32_t blocksPerSm = 0;
  SizeExpr scratchBytes; // per block
  uint64_t minRows = 0, maxRows = UINT64_MAX;
  bool needsTiming = false; // not run until a timing cache has chosen it
};

struct DispatchSpec {
  uint32_t kernel = 0;
  std::vector<OperandSpec> operands; // inputs, then outputs
  uint32_t columns = 1;
  SizeExpr scratchBytes; // per thread
  uint64_t flopsPerRow = 0;
  uint64_t bytesFixed = 0;
  uint32_t numOutputs = 0;
  std::vector<LaunchSpec> launches; // cuda only
  std::vector<uint32_t> covers;     // cuda: earlier chains that this one stands in for, for some rows
  SizeExpr traffic;                 // bytes that it cannot but read and write; 0: not known
};

struct ChainSpec {
  SizeExpr rows;
  uint32_t blockRows = 1;
  std::vector<DispatchSpec> dispatches;
};

struct TargetSpec {
  DeviceKind device = DeviceKind::Host;
  std::string cpu;
  std::vector<std::string> features; // "avx2", "fma", "avx512f", ...: what the loader checks
};

/// What one device runs.
struct ProgramSpec {
  TargetSpec target;
  std::vector<SizeExpr> slots;      // bytes of each arena slot
  std::vector<uint64_t> localSlots; // bytes per row of each local slot
  std::vector<KernelSpec> kernels;
  std::vector<ChainSpec> chains;
  SizeExpr arenaUnshared;
  uint64_t candidates = 0;
  bool checked = false; // its kernels check their accesses
};

struct IdUse {
  uint32_t input = 0;
  uint64_t first = 0, count = 0;
  SizeExpr bound;
};

struct OffsetsUse {
  uint32_t input = 0, ids = 0;
  bool includeLast = false;
};

/// A condition on the dimensions without which the model has no meaning: `left` is at least, or equal to, `right`.
struct SizeRequirement {
  SizeExpr left, right;
  bool mustBeEqual = false;
  std::string node; // the ONNX node that needs it
  std::string what; // what it does with these sizes: "the 5 greatest elements of dimension 1"
};

/// A small constant of the model.
struct InitializerSpec {
  std::string name; // the ONNX name
  uint64_t checksum = 0;
};

/// What an engine was made of, so that it can be made again of the model with other weights.
struct RecipeSpec {
  std::vector<std::string> options; // of reckon-compile: "--precision=fp16"; without a value where that was a file
  std::vector<InitializerSpec> initializers;
};

enum class CodeKind : uint8_t { Host, Ptx, Cubin };

/// One code section: an ELF shared object; PTX text with a zero at its end, or a cubin, called by the architecture
/// ("sm_90a") of the program that it belongs to.
struct CodeSpec {
  CodeKind kind = CodeKind::Host;
  std::string name;
  ByteSpan data;
};

struct EngineSpec {
  std::string producer; // "reckon 0.1.0"
  std::vector<ProgramSpec> programs;
  std::vector<std::string> dims; // named dimensions, then one per table
  std::vector<TensorInfo> inputs, outputs;
  std::vector<WeightSpec> weights;
  std::vector<TableSpec> tables;
  std::vector<CodeSpec> code;
  std::vector<IdUse> idUses;
  std::vector<OffsetsUse> offsetsUses;
  std::vector<SizeRequirement> requirements; // all checked when a set of sizes is first seen
  std::optional<RecipeSpec> recipe;

  size_t numNamedDims() const { return dims.size() - std::min(dims.size(), tables.size()); }

  /// The indices into `dims` of what a kernel of the dispatch gets: the named dimensions, then the rows of each operand
  /// that is a table.
  std::vector<uint32_t> getKernelDims(const DispatchSpec &dispatch) const {
    std::vector<uint32_t> result(numNamedDims());
    std::iota(result.begin(), result.end(), 0);
    for (const OperandSpec &operand : dispatch.operands)
      if (operand.space == Space::Table && operand.index < tables.size())
        result.push_back(tables[operand.index].rowsDim);
    return result;
  }

  /// Null when there is no program for the device; the first of several.
  const ProgramSpec *program(DeviceKind device) const {
    for (const ProgramSpec &program : programs)
      if (program.target.device == device)
        return &program;
    return nullptr;
  }

  /// Null when the engine has no such code for the program of an architecture.
  const CodeSpec *findCode(CodeKind kind, std::string_view name) const {
    for (const CodeSpec &section : code)
      if (section.kind == kind && section.name == name)
        return &section;
    return nullptr;
  }

  /// Keeps `bytes` alive as long as this spec or a copy of it, for the `data` members above.
  ByteSpan own(std::vector<uint8_t> bytes) {
    storage->push_back(std::move(bytes));
    return {storage->back().data(), storage->back().size()};
  }

private:
  std::shared_ptr<std::deque<std::vector<uint8_t>>> storage = std::make_shared<std::deque<std::vector<uint8_t>>>();
};

/// An expression of the form scale * dim + offset.
struct LinearSize {
  std::string dim;
  int64_t scale = 1, offset = 0;
};
std::optional<LinearSize> asLinear(const SizeExpr &size);

/// Checks every rule that a spec must keep: unique and printable names, indices, extents, that each size expression
/// uses known dimensions only, that each dimension can be solved from the input shapes (some axis is linear in it) or
/// is a table's rows. Returns the first violation in words, or an empty string.
std::string validateEngine(const EngineSpec &spec);

/// Whether two engines are the same but for the values of weights, the rows of tables and where those are, and recipes.
bool haveSameProgram(const EngineSpec &a, const EngineSpec &b);

/// The engine's bytes; the same spec gives the same bytes. On an invalid spec nullopt, with the reason in *error.
std::optional<std::vector<uint8_t>> serializeEngine(const EngineSpec &spec, std::string *error = nullptr);

/// Writes the engine to a file: to a temporary beside it that is renamed, so that nobody sees half an engine. False
/// with the reason in *error when the spec is invalid or the file cannot be written.
/// Data that is mapped from a file goes through memory in parts. `bytes` gets the file's size unless it is null.
bool writeEngine(const EngineSpec &spec, const std::string &path, std::string *error = nullptr,
                 uint64_t *bytes = nullptr);

/// The same for the rows of a table in a file of their own.
bool writeRows(const ByteSpan &rows, const std::string &path, std::string *error = nullptr);

} // namespace reckon

#endif // RECKON_ENGINE_ENGINESPEC_H
