//===- Eval.h - One evaluation per op -------------------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//
//
// Private to the evaluator: the overload set that Registry.cpp takes evaluations from, one file per op family.
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_REFERENCE_EVAL_H
#define RECKON_REFERENCE_EVAL_H

#include "dialects/Rec/Rec.h"
#include "lib/Reference/Evaluator.h"

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/Twine.h"

namespace reckon::reference {

using mlir::failure;
using mlir::FailureOr;
using mlir::LogicalResult;
using mlir::success;
using Sizes = llvm::SmallVector<int64_t>;

/// One evaluation of one op.
struct Context {
  mlir::Operation *op;
  llvm::SmallVector<const Tensor *> operands;
  const DimValues &dims;
  EvaluateOptions options;
  llvm::SmallVector<Tensor> results;
  std::string error;

  /// The op's operands by name; an absent optional one is null.
  template <typename Op> auto in(Op op) const {
    return typename Op::template GenericAdaptor<llvm::ArrayRef<const Tensor *>>(operands, op);
  }
  LogicalResult fail(const llvm::Twine &message) {
    error = message.str();
    return failure();
  }
  LogicalResult give(Tensor result) {
    results.push_back(std::move(result));
    return success();
  }
  /// The element kind of a result.
  ElementKind kind(unsigned result = 0) const;
  FailureOr<Sizes> evaluateSizes(rec::DimsAttr sizes);
  /// The shape of a result, which must follow from its type.
  FailureOr<Sizes> resultShape(unsigned result = 0);
};

/// numpy broadcasting of two shapes; nullopt when they do not fit.
std::optional<Sizes> broadcastSizes(llvm::ArrayRef<int64_t> a, llvm::ArrayRef<int64_t> b);

/// Positions of an operand's elements under a broadcast to a larger shape.
class BroadcastIndex {
public:
  BroadcastIndex(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int64_t> resultShape);
  int64_t operator()(llvm::ArrayRef<int64_t> index) const {
    int64_t position = 0;
    for (size_t d = 0; d < index.size(); ++d)
      position += index[d] * strides[d];
    return position;
  }

private:
  Sizes strides; // 0 where the operand repeats
};

/// The elements of a tensor along one axis.
struct Line {
  int64_t number; // in row-major order of the other dimensions
  int64_t first;  // flat position of the first element
  int64_t stride; // between elements
  int64_t row;    // index on the leading dimension, 0 when that is the axis
};
void forEachLine(const Tensor &x, int64_t axis, llvm::function_ref<void(const Line &)> body);

/// Combines two elements as ONNX's scatter reductions do.
double combineFloats(rec::ReduceKind kind, double a, double b);
int64_t combineInts(rec::ReduceKind kind, ElementKind element, int64_t a, int64_t b);

/// max and min that propagate NaN, and on integers of a kind's signedness.
double maxFloat(double a, double b);
double minFloat(double a, double b);
bool isLessInt(ElementKind kind, int64_t a, int64_t b);

/// Truncation to an integer kind; what does not fit becomes the nearest value, NaN zero: the ops leave it unspecified.
int64_t truncateTo(ElementKind kind, double x);

// Structure: Evaluator.cpp
LogicalResult eval(rec::ConstantOp op, Context &c);
LogicalResult eval(rec::DimsOp op, Context &c);
LogicalResult eval(rec::FusionOp op, Context &c);
LogicalResult eval(rec::JoinOp op, Context &c);
// EvalElementwise.cpp, EvalBinary.cpp
LogicalResult eval(rec::UnaryOp op, Context &c);
LogicalResult eval(rec::BinaryOp op, Context &c);
LogicalResult eval(rec::CompareOp op, Context &c);
LogicalResult eval(rec::SelectOp op, Context &c);
LogicalResult eval(rec::CastOp op, Context &c);
// EvalLookup.cpp
LogicalResult eval(rec::EmbeddingOp op, Context &c);
LogicalResult eval(rec::EmbeddingBagOp op, Context &c);
LogicalResult eval(rec::MultiLookupOp op, Context &c);
// EvalDense.cpp
LogicalResult eval(rec::LinearOp op, Context &c);
LogicalResult eval(rec::MatmulOp op, Context &c);
LogicalResult eval(rec::DotInteractionOp op, Context &c);
LogicalResult eval(rec::CrossLayerOp op, Context &c);
LogicalResult eval(rec::FmTermOp op, Context &c);
LogicalResult eval(rec::EinsumOp op, Context &c);
// EvalRecurrent.cpp
LogicalResult eval(rec::RnnOp op, Context &c);
LogicalResult eval(rec::RecurrenceOp op, Context &c);
// EvalWindow.cpp
LogicalResult eval(rec::ConvOp op, Context &c);
LogicalResult eval(rec::PoolWindowOp op, Context &c);
// EvalShape.cpp
LogicalResult eval(rec::ConcatOp op, Context &c);
LogicalResult eval(rec::SliceOp op, Context &c);
LogicalResult eval(rec::ReshapeOp op, Context &c);
LogicalResult eval(rec::TransposeOp op, Context &c);
LogicalResult eval(rec::BroadcastOp op, Context &c);
LogicalResult eval(rec::PadOp op, Context &c);
LogicalResult eval(rec::IotaOp op, Context &c);
// EvalGather.cpp
LogicalResult eval(rec::GatherOp op, Context &c);
LogicalResult eval(rec::GatherElementsOp op, Context &c);
LogicalResult eval(rec::GatherNdOp op, Context &c);
LogicalResult eval(rec::ScatterNdOp op, Context &c);
LogicalResult eval(rec::ScatterElementsOp op, Context &c);
// EvalReduction.cpp
LogicalResult eval(rec::ReduceOp op, Context &c);
LogicalResult eval(rec::SoftmaxOp op, Context &c);
LogicalResult eval(rec::LayerNormOp op, Context &c);
LogicalResult eval(rec::BatchNormOp op, Context &c);
LogicalResult eval(rec::CumSumOp op, Context &c);
// EvalOrder.cpp
LogicalResult eval(rec::ArgReduceOp op, Context &c);
LogicalResult eval(rec::TopKOp op, Context &c);

/// Operands side by side along `axis`: concat and join.
LogicalResult evalConcat(llvm::ArrayRef<const Tensor *> inputs, int64_t axis, Context &c);

} // namespace reckon::reference

#endif // RECKON_REFERENCE_EVAL_H
