//===- PairProducts.h - Dot products of the rows of a tile -------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//
//
// One warp multiplies the rows of a tile in shared memory with each other. Half floats go through tensor cores, where
// the fragments of the left and of the right factor are the same registers, for both are rows of the tile. Single
// floats take one 4x4 block of pairs a lane. Either way the triangle is put in order in shared memory first, so that
// memory sees whole stretches.
//
//===-----------------------------------------------------------------------------===//

#ifndef RECKON_LIB_CODEGEN_NVPTX_PAIRPRODUCTS_H
#define RECKON_LIB_CODEGEN_NVPTX_PAIRPRODUCTS_H

#include "lib/Codegen/NVPTX/DeviceBuilder.h"
#include "lib/Codegen/NVPTX/RowRegion.h"

namespace reckon::nvptx {

class PairProducts {
public:
  PairProducts(const Interaction &dots, int64_t pitch, mlir::Type type) : dots(dots), pitch(pitch), type(type) {}

  /// Shared memory of a warp for the ordered triangle.
  unsigned stagingBytes() const;
  /// What a lane needs for every sample.
  void setUp(DeviceBuilder &b);
  /// The products of the tile's rows into the staging memory; shared addresses are 32 bits.
  void emit(DeviceBuilder &b, mlir::Value tile, mlir::Value staging);
  /// The staged triangle to an output row of the alignment given.
  void write(DeviceBuilder &b, mlir::Value staging, mlir::Value out, unsigned alignment);

private:
  using Value = mlir::Value;
  void emitTensorCores(DeviceBuilder &b, Value tile, Value staging);
  void emitBlocks(DeviceBuilder &b, Value tile, Value staging);
  Value pairIndex(DeviceBuilder &b, Value i, Value j);
  void stage(DeviceBuilder &b, Value staging, Value index, Value valid, Value product);
  int64_t elementBytes() const { return type.getIntOrFloatBitWidth() / 8; }
  int64_t count() const { return dots.features.size(); }

  const Interaction &dots;
  int64_t pitch;
  mlir::Type type;
  Value lane;
  llvm::SmallVector<Value> matrixOffsets; ///< of the lane's row in every 16 rows
  struct Block {
    Value i, j; ///< the first row of each side; the others follow `numBlocks` rows apart
    Value isThere;
  };
  llvm::SmallVector<Block> blocks;
  int64_t numBlocks = 0;
};

} // namespace reckon::nvptx

#endif // RECKON_LIB_CODEGEN_NVPTX_PAIRPRODUCTS_H
