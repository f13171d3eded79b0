//===- EngineFields.h - Which member is which field -------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// The members of the structs of EngineSpec.h in the order of the fields of their tables in Engine.fbs: what the reader
// and the writer copy. A field that is missing here, stands elsewhere or has another name does not compile.
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_LIB_ENGINE_ENGINEFIELDS_H
#define RECKON_LIB_ENGINE_ENGINEFIELDS_H

#include "Engine_generated.h"
#include "reckon/Engine/EngineSpec.h"

#include <tuple>

namespace reckon {

/// Whether `text`, "s.name, s.rowsDim", names the fields of a table, "name" and "rows_dim", one for one.
template <typename Table> constexpr bool namesFields(std::string_view text) {
  for (std::string_view field : Table::Traits::field_names) {
    if (text.substr(0, 2) == ", ")
      text.remove_prefix(2);
    if (text.substr(0, 2) != "s.")
      return false;
    text.remove_prefix(2);
    for (size_t i = 0; i < field.size(); ++i) {
      bool isNewWord = field[i] == '_';
      char expected = isNewWord ? field[++i] + ('A' - 'a') : field[i];
      if (text.empty() || text[0] != expected)
        return false;
      text.remove_prefix(1);
    }
  }
  return text.empty();
}

template <typename Spec> struct Fields;
#define RECKON_FIELDS(SPEC, TABLE, ...)                                                                                \
  template <> struct Fields<SPEC> {                                                                                    \
    using Table = fbs::TABLE;                                                                                          \
    template <typename S> static auto of(S &s) { return std::tie(__VA_ARGS__); }                                       \
  };                                                                                                                   \
  static_assert(namesFields<fbs::TABLE>(#__VA_ARGS__), "members and fields differ")

RECKON_FIELDS(TensorInfo, TensorInfo, s.name, s.type, s.shape);
RECKON_FIELDS(WeightSpec, Weight, s.name, s.type, s.shape, s.packing, s.data);
RECKON_FIELDS(TableSpec, EmbeddingTable, s.name, s.type, s.encoding, s.rows, s.dim, s.rowsDim, s.data, s.externalFile,
              s.externalOffset, s.mustBeBound, s.outOfRange);
RECKON_FIELDS(OperandSpec, Operand, s.space, s.index, s.offset, s.rowBytes, s.ids, s.offsets, s.bytes);
RECKON_FIELDS(TensorMapSpec, TensorMap, s.operand, s.type, s.sizes, s.strides, s.box, s.swizzle);
RECKON_FIELDS(LayerSpec, Layer, s.op, s.nodes, s.inputs, s.results);
RECKON_FIELDS(KernelSpec, Kernel, s.symbol, s.kind, s.onnxNodes, s.registers, s.blockThreads, s.cluster, s.sharedBytes,
              s.staticSharedBytes, s.spillBytes, s.tensorMaps, s.usesPdl, s.layers);
RECKON_FIELDS(GemmSpec, Gemm, s.a, s.weight, s.bias, s.out, s.transB, s.m, s.n, s.k, s.lda, s.ldb, s.ldc, s.type,
              s.compute, s.epilogue);
RECKON_FIELDS(LaunchSpec, Launch, s.kernel, s.library, s.gemm, s.grid, s.blocksPerSm, s.scratchBytes, s.minRows,
              s.maxRows, s.needsTiming);
RECKON_FIELDS(DispatchSpec, Dispatch, s.kernel, s.operands, s.columns, s.scratchBytes, s.flopsPerRow, s.bytesFixed,
              s.numOutputs, s.launches, s.covers, s.traffic);
RECKON_FIELDS(ChainSpec, Chain, s.rows, s.blockRows, s.dispatches);
RECKON_FIELDS(TargetSpec, Target, s.device, s.cpu, s.features);
RECKON_FIELDS(ProgramSpec, Program, s.target, s.slots, s.localSlots, s.kernels, s.chains, s.arenaUnshared, s.candidates,
              s.checked);
RECKON_FIELDS(IdUse, IdUse, s.input, s.first, s.count, s.bound);
RECKON_FIELDS(OffsetsUse, OffsetsUse, s.input, s.ids, s.includeLast);
RECKON_FIELDS(SizeRequirement, SizeRequirement, s.left, s.right, s.mustBeEqual, s.node, s.what);
RECKON_FIELDS(InitializerSpec, Initializer, s.name, s.checksum);
RECKON_FIELDS(RecipeSpec, Recipe, s.options, s.initializers);
#undef RECKON_FIELDS

/// The indices of a table's fields.
template <typename Table> using FieldIndices = std::make_index_sequence<Table::Traits::fields_number>;

#define RECKON_SAME_NUMBER(ID, SCHEMA, ...)                                                                            \
  static_assert(static_cast<int>(Ours::ID) == static_cast<int>(Schema::SCHEMA), "the schema has another order");
#define RECKON_SAME_ENUM(ENUM, LIST)                                                                                   \
  namespace check##ENUM {                                                                                              \
    using Ours = ENUM;                                                                                                 \
    using Schema = fbs::ENUM;                                                                                          \
    LIST(RECKON_SAME_NUMBER)                                                                                           \
    static_assert(numEnumerators<Ours> == static_cast<unsigned>(Schema::MAX) + 1, "the schema has other values");      \
  }
RECKON_ENUMS(RECKON_SAME_ENUM)
RECKON_SAME_ENUM(DeviceKind, RECKON_DEVICE_KINDS)
RECKON_SAME_ENUM(RowEncoding, RECKON_ROW_ENCODINGS)
static_assert(static_cast<int>(CodeKind::Host) == static_cast<int>(SectionKind::HostCode) &&
                  static_cast<int>(CodeKind::Ptx) == static_cast<int>(SectionKind::Ptx) &&
                  static_cast<int>(CodeKind::Cubin) == static_cast<int>(SectionKind::Cubin),
              "kinds of code are the first kinds of sections");
#undef RECKON_SAME_ENUM
#undef RECKON_SAME_NUMBER

} // namespace reckon

#endif // RECKON_LIB_ENGINE_ENGINEFIELDS_H
