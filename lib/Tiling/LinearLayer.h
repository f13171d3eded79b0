//===- LinearLayer.h - Linear layers that GPU kernels know ------ -*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------===//
//
// A region that is one rec.linear, optionally a cast of its input, and elementwise layers after it (the epilogue); all
// leading dimensions together are the rows of a matrix.
//
//===---------------------------------------------------------------------------===//

#ifndef RECKON_LIB_TILING_LINEARLAYER_H
#define RECKON_LIB_TILING_LINEARLAYER_H

#include "dialects/Plan/Plan.h"
#include "dialects/Rec/Rec.h"

#include <optional>

namespace reckon::tiling {

/// An operand as a matrix: dense rows, `stride` elements apart.
struct MatrixOperand {
  unsigned operand = 0;
  mlir::Type type;
  int64_t stride = 0;
  bool aligned = false; ///< every row starts at a multiple of 16 bytes
};

/// A layer of a kernel: what its kernel functions are made for.
struct LinearLayer {
  mutable plan::KernelOp kernel; ///< handles, whose accessors are not const
  mutable rec::LinearOp linear;
  int64_t n = 0, k = 0;
  int64_t rowsPerSample = 1; ///< rows of the matrix for one row of the chain
  mlir::Type type;           ///< of the product's operands: f16, bf16 or f32
  bool tf32 = false;         ///< f32 operands may lose mantissa bits
  MatrixOperand x, out;
  unsigned weight = 0; ///< operands of the kernel
  std::optional<unsigned> bias;
  llvm::SmallVector<mlir::Operation *> epilogue;
  mlir::Value result; ///< of the epilogue: what the layer stores

  unsigned elementBytes() const { return type.getIntOrFloatBitWidth() / 8; }
  /// Rows of the matrix, in the dimensions of the kernel.
  SizeExpr matrixRows() const;
  bool onTensorCores() const { return tf32 || elementBytes() == 2; }
  /// Of one of its kernel functions.
  std::string symbol(const std::string &tile) const { return kernel.getSymName().str() + "_" + tile; }
};

/// The layers of a kernel that is nothing but linear layers, each of which reads the one before; empty for all others.
/// Of all but the first `x`, and of all but the last `out`, is a value inside the kernel that no operand holds.
llvm::SmallVector<LinearLayer> matchLinearLayers(plan::KernelOp kernel);
/// The only one; nullopt when the kernel is anything else.
std::optional<LinearLayer> matchLinear(plan::KernelOp kernel);

/// `operand` as a matrix whose rows are all its dimensions but the last; nullopt when rows are not equally far apart.
std::optional<MatrixOperand> asMatrix(plan::KernelOp kernel, unsigned operand);

} // namespace reckon::tiling

#endif // RECKON_LIB_TILING_LINEARLAYER_H
