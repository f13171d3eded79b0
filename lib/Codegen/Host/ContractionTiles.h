//===- ContractionTiles.h - A contraction by register tiles ------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//
//
// Loops, from the outside: the axes that an operand to be copied depends on, panels of vectors, the copies, the other
// axes of the result, rows of tiles, and the summed axes with the sums in registers. Positions where a window hangs
// over its input are tiles of one row whose summed loops begin later or end earlier; no product is computed to be
// dropped.
//
//===----------------------------------------------------------------------===//

#ifndef RECKON_LIB_CODEGEN_HOST_CONTRACTIONTILES_H
#define RECKON_LIB_CODEGEN_HOST_CONTRACTIONTILES_H

#include "lib/Codegen/Host/HostEmitter.h"
#include "lib/Codegen/Host/Lanes.h"
#include "lib/Codegen/Host/TilePlan.h"

namespace reckon::host {

/// What is known of a contraction at compile time.
llvm::SmallVector<TileAxis> getTileAxes(const loops::Contraction &contraction);

/// The same contraction without axes of extent 1, and with those in one that are neighbours in every operand.
loops::Contraction simplifyContraction(const loops::Contraction &contraction,
                                       llvm::function_ref<Value(int64_t)> constant);

class ContractionTiles {
public:
  ContractionTiles(HostEmitter &e, const loops::Contraction &contraction, const TilePlan &plan);
  void emit();

private:
  using Operand = loops::Contraction::Operand;
  using Window = loops::Contraction::Window;
  /// Vectors of the vector axis from `first` on; `mask` says which lanes of the last there are, null: all.
  struct Panel {
    Value first;
    int64_t vectors;
    Value mask;
    int64_t lastLanes; ///< how many that is, where it is known
  };
  /// An operand as the tiles of a panel read it: where it is, or copied.
  struct Source {
    Operand operand;
    LaneAccess access = LaneAccess::broadcast;
    bool isWindowed = false; ///< the windows go over it
    bool isPadded = false;   ///< lanes beyond the last are there
  };
  struct Tile {
    Value firstRow;
    int64_t rows;
    const Panel &panel;
  };
  using PanelBody = llvm::function_ref<void(const Panel &)>;

  bool isVectorSummed() const { return vectorAxis >= contraction.numResultAxes; }
  bool isRow(unsigned axis) const { return plan.rowAxis == axis; }
  Value constant(int64_t value) { return e.constantIndex(value); }
  Value strideOf(const Operand &operand, unsigned axis) const { return operand.place.strides[axis]; }

  void overPanels(PanelBody body);
  void overOuter(llvm::ArrayRef<unsigned> axes, llvm::function_ref<void()> body);
  void overRows(const Panel &panel);
  void emitRows(Value begin, Value end, int64_t rows, const Panel &panel);
  void emitTile(const Tile &tile);
  llvm::SmallVector<Value> sumOver(unsigned axis, llvm::SmallVector<Value> sums, const Tile &tile);
  void step(llvm::SmallVectorImpl<Value> &sums, const Tile &tile);
  llvm::SmallVector<Value> loadInit(const Tile &tile);
  void storeSums(llvm::ArrayRef<Value> sums, const Tile &tile);
  void storeTransposed(llvm::ArrayRef<Value> sums, const Tile &tile);
  void storeEachLane(llvm::ArrayRef<Value> sums, const Tile &tile);

  std::pair<Value, Value> clip(unsigned summedAxis);
  Source copy(const Source &source, const Panel &panel);
  void copyLanes(const Operand &operand, const Panel &panel, const Operand &to);
  void copyRun(const Operand &operand, const Panel &panel, const Operand &to);
  void copyRunPart(const Operand &operand, const Panel &panel, const Operand &to, Value first, Value mask);

  /// The offset of the elements of a vector at a row of the tile, all axes bound.
  Value offsetOf(const Source &source, const Tile &tile, int64_t row, int64_t vector);
  Value loadVector(const Source &source, const Tile &tile, int64_t row, int64_t vector);
  Value maskOf(const Panel &panel, int64_t vector) const;
  Value windowMask(const Window &window, const Tile &tile, int64_t vector);
  Value splat(Value scalar) { return host::splat(b, scalar, plan.lanes); }
  llvm::SmallVector<Value> transposeBlock(llvm::ArrayRef<Value> rows);

  HostEmitter &e;
  mlir::ImplicitLocOpBuilder &b;
  loops::Contraction contraction;
  TilePlan plan;
  unsigned vectorAxis;
  mlir::Type sumType;
  mlir::VectorType vectorType;
  Source left, right, init;
  llvm::SmallVector<Value> index; ///< of every axis that is bound; 0 of the others
  llvm::SmallVector<bool> isBound;
};

} // namespace reckon::host

#endif // RECKON_LIB_CODEGEN_HOST_CONTRACTIONTILES_H
