//===- Enums.h - Numbers that the parts of Reckon share ---------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// Each enum is one list here. What must agree with it and cannot be made from it is asserted where both are known: the
// schema (lib/Engine/EngineFields.h), the C interface (runtime/CApi.cpp), the rec dialect
// (lib/Codegen/Emit/EmitEngine.cpp). A leaf: C++ standard library only.
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_ENGINE_ENUMS_H
#define RECKON_ENGINE_ENUMS_H

#include <cstddef>
#include <cstdint>
#include <iterator>

namespace reckon {

// Lists of X(enumerator, name in the schema, text, ...).
// Types: and the name in the C interface, bytes of an element.
#define RECKON_ELEMENT_TYPES(X)                                                                                        \
  X(F32, f32, "f32", RECKON_F32, 4)                                                                                    \
  X(F16, f16, "f16", RECKON_F16, 2)                                                                                    \
  X(BF16, bf16, "bf16", RECKON_BF16, 2)                                                                                \
  X(F64, f64, "f64", RECKON_F64, 8)                                                                                    \
  X(I8, i8, "i8", RECKON_I8, 1)                                                                                        \
  X(I16, i16, "i16", RECKON_I16, 2)                                                                                    \
  X(I32, i32, "i32", RECKON_I32, 4)                                                                                    \
  X(I64, i64, "i64", RECKON_I64, 8)                                                                                    \
  X(U8, u8, "u8", RECKON_U8, 1)                                                                                        \
  X(U16, u16, "u16", RECKON_U16, 2)                                                                                    \
  X(U32, u32, "u32", RECKON_U32, 4)                                                                                    \
  X(U64, u64, "u64", RECKON_U64, 8)                                                                                    \
  X(Bool, boolean, "bool", RECKON_BOOL, 1)
#define RECKON_SECTION_KINDS(X)                                                                                        \
  X(HostCode, host_code, "host_code")                                                                                  \
  X(Ptx, ptx, "ptx")                                                                                                   \
  X(Cubin, cubin, "cubin")                                                                                             \
  X(Weights, weights, "weights")                                                                                       \
  X(Table, table, "table")
#define RECKON_OUT_OF_RANGE(X)                                                                                         \
  X(Error, error, "error")                                                                                             \
  X(Zero, zero, "zero")                                                                                                \
  X(Clamp, clamp, "clamp")                                                                                             \
  X(Wrap, wrap, "wrap")
#define RECKON_SPACES(X)                                                                                               \
  X(Input, input, "input")                                                                                             \
  X(Output, output, "output")                                                                                          \
  X(Weight, weight, "weight")                                                                                          \
  X(Table, table, "table")                                                                                             \
  X(Arena, arena, "arena")                                                                                             \
  X(Local, local, "local")
#define RECKON_GEMM_COMPUTES(X)                                                                                        \
  X(F32, f32, "f32")                                                                                                   \
  X(TF32, tf32, "tf32")                                                                                                \
  X(F16F32, f16f32, "f16f32")                                                                                          \
  X(BF16F32, bf16f32, "bf16f32")
#define RECKON_GEMM_EPILOGUES(X)                                                                                       \
  X(None, none, "none")                                                                                                \
  X(Bias, bias, "bias")                                                                                                \
  X(Relu, relu, "relu")                                                                                                \
  X(ReluBias, relu_bias, "relu_bias")                                                                                  \
  X(GeluBias, gelu_bias, "gelu_bias")
/// All enums that the schema has, too: X(enum, list).
#define RECKON_ENUMS(X)                                                                                                \
  X(ElementType, RECKON_ELEMENT_TYPES)                                                                                 \
  X(SectionKind, RECKON_SECTION_KINDS)                                                                                 \
  X(OutOfRange, RECKON_OUT_OF_RANGE)                                                                                   \
  X(Space, RECKON_SPACES)                                                                                              \
  X(GemmCompute, RECKON_GEMM_COMPUTES)                                                                                 \
  X(GemmEpilogue, RECKON_GEMM_EPILOGUES)

template <typename Enum> struct EnumNames;
#define RECKON_ENUMERATOR(ID, ...) ID,
#define RECKON_ENUM_TEXT(ID, SCHEMA, TEXT, ...) TEXT,
/// Makes an enum of a list: other leaves have lists of their own.
#define RECKON_ENUM(ENUM, LIST)                                                                                        \
  enum class ENUM : uint8_t { LIST(RECKON_ENUMERATOR) };                                                               \
  template <> struct EnumNames<ENUM> {                                                                                 \
    static constexpr const char *texts[] = {LIST(RECKON_ENUM_TEXT)};                                                   \
  };
RECKON_ENUMS(RECKON_ENUM)

template <typename Enum> constexpr unsigned numEnumerators = std::size(EnumNames<Enum>::texts);
/// Whether the value, which may come from a file, is one of the enum's.
template <typename Enum> constexpr bool isEnumerator(Enum value) {
  return static_cast<unsigned>(value) < numEnumerators<Enum>;
}
/// "f32", "clamp", ...; "?" for a value that is not one of the enum's.
template <typename Enum> constexpr const char *enumName(Enum value) {
  return isEnumerator(value) ? EnumNames<Enum>::texts[static_cast<unsigned>(value)] : "?";
}

/// Bytes of an element; 0 for a value that is no type.
constexpr size_t elementSize(ElementType type) {
#define RECKON_BYTES(ID, SCHEMA, TEXT, C, BYTES) BYTES,
  constexpr uint8_t sizes[] = {RECKON_ELEMENT_TYPES(RECKON_BYTES)};
#undef RECKON_BYTES
  return isEnumerator(type) ? sizes[static_cast<unsigned>(type)] : 0;
}

constexpr bool addsBias(GemmEpilogue epilogue) {
  return epilogue == GemmEpilogue::Bias || epilogue == GemmEpilogue::ReluBias || epilogue == GemmEpilogue::GeluBias;
}

/// What every tool exits with, and what a ReckonStatus is.
enum ExitCode : int {
  ExitOk = 0,
  ExitMismatch = 1,    ///< a result is not the expected one
  ExitUsage = 2,       ///< wrong use or wrong data
  ExitUnsupported = 3, ///< valid, and there is no code for it
  ExitUnavailable = 4, ///< the machine lacks something
  ExitInternal = 5     ///< a fault of the compiler or the runtime, which a check found
};

} // namespace reckon

#endif // RECKON_ENGINE_ENUMS_H
