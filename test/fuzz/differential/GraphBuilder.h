//===- GraphBuilder.h - Grows a random module of rec ops ------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//

#ifndef RECKON_TEST_FUZZ_DIFFERENTIAL_GRAPHBUILDER_H
#define RECKON_TEST_FUZZ_DIFFERENTIAL_GRAPHBUILDER_H

#include "test/fuzz/differential/RandomGraph.h"

namespace reckon::fuzz {

/// Keeps a pool of values and adds random ops over them. A step adds one op (with the ops that make its operands fit),
/// or nothing when the pool has no operand for it.
class GraphBuilder : public RandomGraph {
public:
  GraphBuilder(mlir::func::FuncOp func, uint64_t seed);
  void addInputs();
  void addStep();
  /// Returns what nobody uses, and now and then a value that somebody does.
  void finish();

private:
  /// Sizes on both sides of vector and tile widths.
  int64_t drawSize();
  double drawFloat() { return static_cast<double>(random() >> 11) * 0x1p-52 - 1; }

  // The pool. `pick` gives null when nothing fits.
  using Filter = llvm::function_ref<bool(mlir::Value)>;
  mlir::Value pick(Filter fits);
  mlir::Value pickFloat(int64_t leastRank, int64_t mostRank);
  void add(mlir::Value value);
  void addAll(mlir::ValueRange values) {
    for (mlir::Value value : values)
      add(value);
  }

  // Facts about a value.
  static int64_t rankOf(mlir::Value value) { return typeOf(value).getRank(); }
  /// The static size, or kDynamic.
  rec::DimsAttr makeSize(int64_t size) { return rec::DimsAttr::get(b.getContext(), SizeExpr(size)); }
  static int64_t sizeOf(mlir::Value value, int64_t dim) { return typeOf(value).getDimSize(dim); }
  bool isReal(mlir::Value value) const { return typeOf(value).getElementType() == realType; }
  /// Half floats: so few values that rounding often decides comparisons, which say nothing then.
  bool isCoarse() const { return realType.getIntOrFloatBitWidth() == 16; }
  bool isInteger(mlir::Value value) const { return typeOf(value).getElementType() == integerType; }
  bool hasStaticTail(mlir::Value value, int64_t first = 1) const;
  /// Elements with every named dimension as 1.
  static int64_t weigh(mlir::Type type);

  // Operands made on the way.
  mlir::Value floats(llvm::ArrayRef<int64_t> shape, double scale = 1, double center = 0);
  mlir::Value integerScalar(int64_t value);
  mlir::Value table(int64_t rows, int64_t dim);
  /// Some columns of the ids as a matrix.
  rec::OutOfRange drawPolicy(); ///< mostly the default
  mlir::Value idColumns(mlir::Value ids, int64_t begin, int64_t count);
  mlir::Value slice(mlir::Value x, int64_t dim, int64_t begin, int64_t count, int64_t step = 1);

  // Steps, by family: Lookups.cpp, Layers.cpp, Elements.cpp, Moves.cpp, Reductions.cpp.
  bool addEmbedding();
  bool addFixedBag();
  bool addOffsetsBag();
  bool addMultiLookup();

  bool addLinear();
  bool addMatmul();
  bool addInteraction();
  bool addCrossLayer();
  bool addConv();
  bool addPoolWindow();
  bool addRnn();

  bool addUnary();
  bool addBinary();
  bool addSelect();
  bool addIntegerMath();
  bool addCast();

  bool addConcat();
  bool addSlice();
  bool addReshape();
  bool addTranspose();
  bool addBroadcast();
  bool addPad();
  bool addGather();
  bool addGatherElements();
  bool addScatter();
  bool addIota();

  bool addReduce();
  bool addArgReduce();
  bool addSoftmax();
  bool addNorm();
  bool addTopK();
  bool addCumSum();

  // Written-out layers (Idioms.cpp); these helpers vary the spelling.
  mlir::Value scalar(double value);
  mlir::Value unary(rec::UnaryKind kind, mlir::Value x);
  mlir::Value binary(rec::BinaryKind kind, mlir::Value x, mlir::Value y);
  mlir::Value square(mlir::Value x);
  mlir::Value reduce(rec::ReduceKind kind, mlir::Value x, int64_t axis);
  int64_t lastAxis(mlir::Value x);
  bool addActivationIdiom();
  bool addNormIdiom();
  bool addInteractionIdiom();
  bool addCrossIdiom();
  bool addStackIdiom();
  bool addSharedInput();
  bool addEinsum();

  SizeExpr batch;
  mlir::Type realType, integerType; ///< one of each in a graph
  llvm::SmallVector<mlir::Value> idMatrices;
  llvm::SmallVector<std::pair<mlir::Value, mlir::Value>> idsAndOffsets;
  unsigned numConstants = 0, numNodes = 0;
};

} // namespace reckon::fuzz

#endif // RECKON_TEST_FUZZ_DIFFERENTIAL_GRAPHBUILDER_H
