//===- RandomGraph.h - Random graphs of layers that fold -------------- -*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#ifndef RECKON_TEST_UNIT_REC_RANDOMGRAPH_H
#define RECKON_TEST_UNIT_REC_RANDOMGRAPH_H

#include "dialects/Rec/Rec.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <random>

namespace reckon::rec {

/// Makes functions of ops with folders, on `f32` tensors in the dimensions `batch` and `seq` and on shape arithmetic.
/// Every op is valid and none fails at run time.
class RandomGraph {
public:
  RandomGraph(mlir::MLIRContext &context, uint64_t seed);
  mlir::OwningOpRef<mlir::ModuleOp> make(int numOps);

private:
  int64_t pick(int64_t end) { return std::uniform_int_distribution<int64_t>(0, end - 1)(random); }
  bool chance(int percent) { return pick(100) < percent; }
  template <typename T> const T &pickOf(const std::vector<T> &values) { return values[pick(values.size())]; }

  void addTensorOp();
  void addSizeOp();
  mlir::Value reshape(mlir::Value x);
  mlir::Value transpose(mlir::Value x);
  mlir::Value slice(mlir::Value x);
  mlir::Value concat(mlir::Value x);
  mlir::Value broadcast(mlir::Value x);
  mlir::Value binary(mlir::Value x);
  mlir::Value select(mlir::Value x);
  mlir::Value castAndBack(mlir::Value x);
  mlir::Value reduce(mlir::Value x);
  mlir::Value constant(mlir::RankedTensorType type, double value);
  mlir::Value sizesConstant(llvm::ArrayRef<int64_t> values);
  mlir::Value asList(mlir::Value sizes);

  mlir::OpBuilder b;
  mlir::Location loc;
  std::mt19937_64 random;
  std::vector<mlir::Value> tensors, sizes;
};

} // namespace reckon::rec

#endif // RECKON_TEST_UNIT_REC_RANDOMGRAPH_H
