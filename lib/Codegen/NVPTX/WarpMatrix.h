//===- WarpMatrix.h - Matrices with strides as operands of a warp ------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//
//
// What mma.sync multiplies are fragments: 8 rows of 16 values of the inner dimension, spread over a warp. Here they
// come straight from memory, whatever the strides. The order of rows and of the inner dimension is free where both
// operands agree on it, and is chosen so that one load brings a lane as many neighbours as the address allows.
//
//===-----------------------------------------------------------------------------===//

#ifndef RECKON_LIB_CODEGEN_NVPTX_WARPMATRIX_H
#define RECKON_LIB_CODEGEN_NVPTX_WARPMATRIX_H

#include "lib/Codegen/NVPTX/DeviceBuilder.h"

#include <array>

namespace reckon::nvptx {

/// Rows of an operand in memory; for a right operand its columns. Numbers are i64, strides in elements.
struct StridedMatrix {
  Value base;
  Value rowStride, innerStride;
  Value rows, inner; ///< how many there are
  mlir::Type type;   ///< f16 or bf16
};

class WarpOperand {
public:
  /// Which inner positions the four values of a lane are: four neighbours, or two pairs eight apart, as the sums of
  /// another product lie.
  enum class Inner { Neighbours, Pairs };
  /// What a tile of eight rows has of 16 inner values: two words of two.
  using Tile = std::array<Value, 2>;

  /// `tiles` times eight rows from `firstRow` on. `lane` is of the warp, i64.
  WarpOperand(DeviceBuilder &b, const StridedMatrix &matrix, Value lane, unsigned tiles, Inner inner,
              bool keepsRowOrder = false);
  /// Moves to other rows, or another matrix of the same strides, before load() and rowOf().
  void moveTo(DeviceBuilder &b, Value base, Value firstRow);

  /// Inner values [at, at + 16); those beyond the matrix are zero. `isWhole`: there are none.
  llvm::SmallVector<Tile> load(DeviceBuilder &b, Value at, bool isWhole) const;
  /// The row at place `place` (i64, 0 to 7) of a tile; it may be beyond the matrix.
  Value rowOf(DeviceBuilder &b, unsigned tile, Value place) const;
  /// Neighbouring rows in tiles that follow each other: the rows of place p are run() * p and up.
  unsigned run() const { return rowVector; }
  Value getLane() const { return lane; }
  Value getBase() const { return matrix.base; }

private:
  llvm::SmallVector<Tile> loadAlongInner(DeviceBuilder &b, Value at, bool isWhole) const;
  llvm::SmallVector<Tile> loadAlongRows(DeviceBuilder &b, Value at, bool isWhole) const;
  Value clampRow(DeviceBuilder &b, Value row, unsigned count) const;

  StridedMatrix matrix;
  Value lane, firstRow;
  unsigned tiles;
  Inner inner;
  bool isAlongInner;
  unsigned innerVector = 1, rowVector = 1;
};

/// sums[i][j] += x y for every 16 rows of x and 8 of y.
using WarpSums = llvm::SmallVector<llvm::SmallVector<Values>>;
WarpSums zeroSums(DeviceBuilder &b, unsigned rowTiles, unsigned columnTiles);
void multiply(DeviceBuilder &b, mlir::Type type, llvm::ArrayRef<WarpOperand::Tile> x,
              llvm::ArrayRef<WarpOperand::Tile> y, WarpSums &sums);

} // namespace reckon::nvptx

#endif // RECKON_LIB_CODEGEN_NVPTX_WARPMATRIX_H
