//===- KnownMultiple.h - What numbers and addresses are multiples of ---*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//
//
// Strides and offsets of a kernel are sums and products of constants and indices. What they are multiples of decides
// how many elements one load or store may move.
//
//===-----------------------------------------------------------------------------===//

#ifndef RECKON_LIB_CODEGEN_NVPTX_KNOWNMULTIPLE_H
#define RECKON_LIB_CODEGEN_NVPTX_KNOWNMULTIPLE_H

#include "mlir/IR/Value.h"

#include <cstdint>

namespace reckon::nvptx {

/// The largest power of two that is found, and all that anybody needs: bytes of a vector access.
inline constexpr uint64_t greatestMultiple = 16;

/// A power of two that divides the integer.
uint64_t knownMultiple(mlir::Value integer);
/// A power of two that divides the address. Scratch is aligned, also while a null pointer stands for it.
uint64_t knownAlignment(mlir::Value pointer);

} // namespace reckon::nvptx

#endif // RECKON_LIB_CODEGEN_NVPTX_KNOWNMULTIPLE_H
