//===- LibraryProduct.h - Kernels that a library can run ---------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#ifndef RECKON_LIB_TILING_LIBRARYPRODUCT_H
#define RECKON_LIB_TILING_LIBRARYPRODUCT_H

#include "dialects/Plan/Plan.h"
#include "dialects/Rec/Rec.h"

#include "reckon/Engine/Enums.h"

namespace reckon::tiling {

/// A kernel that is one linear layer, alone or with one of cuBLASLt's epilogues, on matrices.
struct LibraryProduct {
  /// Leading dimensions that are the rows of a matrix, and the distance between rows.
  struct Matrix {
    SizeExpr rows;
    int64_t stride;
  };

  rec::LinearOp linear;
  unsigned x, weight, out; ///< operands of the kernel
  std::optional<unsigned> bias;
  Matrix xMatrix, outMatrix;
  int64_t n, k;
  mlir::Type type; ///< of all operands
  GemmCompute compute;
  GemmEpilogue epilogue;
};

std::optional<LibraryProduct> matchLibraryProduct(plan::KernelOp kernel);

} // namespace reckon::tiling

#endif // RECKON_LIB_TILING_LIBRARYPRODUCT_H
