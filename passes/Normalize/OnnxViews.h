//===- OnnxViews.h - One view of a node, typed or not ---------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//
//
// In a loop body some nodes are layers already and others are `rec.onnx`, depending on what the importer could type.
// The raising passes match structure and do not care which; these views hide the difference. Each gives nullopt (or a
// null value) when the value is not produced by such a node.
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_PASSES_NORMALIZE_ONNXVIEWS_H
#define RECKON_PASSES_NORMALIZE_ONNXVIEWS_H

#include "dialects/Rec/Rec.h"

#include <optional>

namespace reckon::rec {

/// The operation as that operator of the default domain, or null; also null when it has fewer operands than that:
/// nobody has checked the nodes of a loop body.
OnnxOp asOnnx(mlir::Operation *op, llvm::StringRef opType, size_t numOperands = 1);
OnnxOp asOnnx(mlir::Value value, llvm::StringRef opType, size_t numOperands = 1);

/// An integer attribute of a node, or `otherwise` when it is absent.
int64_t getIntAttr(OnnxOp op, llvm::StringRef name, int64_t otherwise);

/// Operand `i`, or null when it is absent or `none`.
mlir::Value getOptionalOperand(OnnxOp op, unsigned i);

/// The elements of an integer tensor that are known as sizes: of a constant, `rec.dims`, or the shape of a ranked
/// tensor.
std::optional<llvm::SmallVector<SizeExpr>> getSizes(mlir::Value value);
/// The elements of a constant integer tensor, or of sizes that are all constant.
std::optional<llvm::SmallVector<int64_t>> getIntegers(mlir::Value value);
/// The element of a one-element constant integer tensor.
std::optional<int64_t> getInteger(mlir::Value value);
/// The element all elements of a constant float tensor equal.
std::optional<double> getSplatFloat(mlir::Value value);
/// The element all elements of a constant boolean tensor equal.
std::optional<bool> getSplatBool(mlir::Value value);

/// The value behind nodes that change nothing.
mlir::Value skipIdentity(mlir::Value value);
/// The value behind nodes that change the shape alone, or nothing.
mlir::Value skipReshapes(mlir::Value value);

struct GatherView {
  mlir::Value data, indices;
  int64_t axis;
};
std::optional<GatherView> matchGather(mlir::Value value);

struct ReduceView {
  ReduceKind kind;
  mlir::Value x;
  llvm::SmallVector<int64_t> axes;
  bool keepdims;
};
std::optional<ReduceView> matchReduce(mlir::Value value);

/// A slice along the first dimension by one, its bounds values.
struct RowSliceView {
  mlir::Value x, start, end;
};
std::optional<RowSliceView> matchRowSlice(mlir::Value value);

struct BinaryView {
  BinaryKind kind;
  mlir::Value a, b;
};
std::optional<BinaryView> matchBinary(mlir::Value value);

struct CompareView {
  CompareKind kind;
  mlir::Value a, b;
};
std::optional<CompareView> matchCompare(mlir::Value value);

/// The operand of a logical negation.
mlir::Value matchNot(mlir::Value value);

/// One result of an If.
struct IfView {
  mlir::Value condition, thenValue, elseValue;
};
std::optional<IfView> matchIf(mlir::Value value);

} // namespace reckon::rec

#endif // RECKON_PASSES_NORMALIZE_ONNXVIEWS_H
