//===- GraphBuilder.h - Grows a random module of rec ops ------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//

#ifndef RECKON_TEST_FUZZ_DIFFERENTIAL_GRAPHBUILDER_H
#define RECKON_TEST_FUZZ_DIFFERENTIAL_GRAPHBUILDER_H

#include "dialects/Rec/Rec.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"

#include <random>

namespace reckon::fuzz {

/// A valid module of one function in the rec dialect; the same seed gives the same module.
mlir::OwningOpRef<mlir::ModuleOp> makeRandomModule(mlir::MLIRContext &context, uint64_t seed);

/// A valid module over several dimensions that has a meaning at some sizes only (SizeModules.cpp).
mlir::OwningOpRef<mlir::ModuleOp> makeSizeModule(mlir::MLIRContext &context, uint64_t seed);

/// Keeps a pool of values and adds random ops over them. A step adds one op (with the ops that make its operands fit),
/// or nothing when the pool has no operand for it.
class GraphBuilder {
public:
  GraphBuilder(mlir::func::FuncOp func, uint64_t seed);
  void addInputs();
  void addStep();
  /// Returns what nobody uses, and now and then a value that somebody does.
  void finish();

private:
  // Random choices.
  int64_t below(int64_t end) { return static_cast<int64_t>(random() % static_cast<uint64_t>(end)); }
  int64_t between(int64_t low, int64_t high) { return low + below(high - low + 1); }
  bool oneIn(int64_t n) { return below(n) == 0; }
  /// Sizes on both sides of vector and tile widths.
  int64_t drawSize();
  template <typename T> T choose(std::initializer_list<T> values) { return *(values.begin() + below(values.size())); }
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
  static mlir::RankedTensorType typeOf(mlir::Value value) {
    return mlir::cast<mlir::RankedTensorType>(value.getType());
  }
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
  mlir::Value input(mlir::Type type, const std::string &name);
  mlir::Value floats(llvm::ArrayRef<int64_t> shape, double scale = 1, double center = 0);
  /// Indices.
  mlir::Value integers(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int64_t> values);
  mlir::Value integerScalar(int64_t value);
  mlir::Value table(int64_t rows, int64_t dim);
  /// Some columns of the ids as a matrix.
  rec::OutOfRange drawPolicy(); ///< mostly the default
  mlir::Value idColumns(mlir::Value ids, int64_t begin, int64_t count);
  mlir::Value slice(mlir::Value x, int64_t dim, int64_t begin, int64_t count, int64_t step = 1);
  mlir::Value reshape(mlir::Value x, llvm::ArrayRef<SizeExpr> shape);
  rec::DimsAttr dims(llvm::ArrayRef<SizeExpr> sizes) { return rec::DimsAttr::get(b.getContext(), sizes); }

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

  mlir::func::FuncOp func;
  mlir::ImplicitLocOpBuilder b;
  std::mt19937_64 random;
  SizeExpr batch;
  mlir::Type realType, integerType; ///< one of each in a graph
  llvm::SmallVector<mlir::Value> pool;
  llvm::SmallVector<mlir::Value> idMatrices;
  llvm::SmallVector<std::pair<mlir::Value, mlir::Value>> idsAndOffsets;
  unsigned numConstants = 0, numNodes = 0;
};

} // namespace reckon::fuzz

#endif // RECKON_TEST_FUZZ_DIFFERENTIAL_GRAPHBUILDER_H
