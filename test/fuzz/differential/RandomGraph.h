//===- RandomGraph.h - A function that grows at its end -------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//

#ifndef RECKON_TEST_FUZZ_DIFFERENTIAL_RANDOMGRAPH_H
#define RECKON_TEST_FUZZ_DIFFERENTIAL_RANDOMGRAPH_H

#include "dialects/Rec/Rec.h"
#include "dialects/Rec/Shape.h"

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

/// A module with one function without arguments, which `build` fills.
mlir::OwningOpRef<mlir::ModuleOp> makeModule(mlir::MLIRContext &context,
                                             llvm::function_ref<void(mlir::func::FuncOp)> build);

/// What both kinds of random graphs draw and add.
class RandomGraph {
public:
  RandomGraph(mlir::func::FuncOp func, uint64_t seed)
      : func(func), b(func.getLoc(), mlir::OpBuilder::atBlockEnd(&func.getBody().front())), random(seed) {}

protected:
  int64_t below(int64_t end) { return static_cast<int64_t>(random() % static_cast<uint64_t>(end)); }
  int64_t between(int64_t low, int64_t high) { return low + below(high - low + 1); }
  bool oneIn(int64_t n) { return below(n) == 0; }
  template <typename T> T choose(std::initializer_list<T> values) { return *(values.begin() + below(values.size())); }

  static mlir::RankedTensorType typeOf(mlir::Value value) {
    return mlir::cast<mlir::RankedTensorType>(value.getType());
  }
  rec::DimsAttr dims(llvm::ArrayRef<SizeExpr> sizes) { return rec::DimsAttr::get(b.getContext(), sizes); }

  mlir::Value input(mlir::Type type, const std::string &name);
  /// Integers of 64 bits.
  mlir::Value integers(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int64_t> values);
  mlir::Value reshape(mlir::Value x, llvm::ArrayRef<SizeExpr> shape);
  /// The location of the next op: the node of this number.
  void startNode(int64_t number);
  void returnValues(llvm::ArrayRef<mlir::Value> results);

  mlir::func::FuncOp func;
  mlir::ImplicitLocOpBuilder b;
  std::mt19937_64 random;
  llvm::SmallVector<mlir::Value> pool;
};

} // namespace reckon::fuzz

#endif // RECKON_TEST_FUZZ_DIFFERENTIAL_RANDOMGRAPH_H
