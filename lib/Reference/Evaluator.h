//===- Evaluator.h - Runs rec in double precision -------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//
//
// The reference for everything the compiler generates: each op of the dialect (but rec.onnx) written as plainly as its
// description, in double precision, with no rounding between ops. Only a rec.cast in the model rounds.
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_REFERENCE_EVALUATOR_H
#define RECKON_REFERENCE_EVALUATOR_H

#include "lib/Reference/Tensor.h"

#include "mlir/IR/Operation.h"
#include "llvm/ADT/StringMap.h"

#include <optional>
#include <random>
#include <set>

namespace mlir::func {
class FuncOp;
} // namespace mlir::func

namespace reckon::reference {

/// The values of named dimensions.
using DimValues = llvm::StringMap<int64_t>;

/// What makes an answer ambiguous in lower precision: elements a rec.topk or rec.arg_reduce puts in order although they
/// lie closer together than a tolerance. Lower precision may swap them, and everything computed from their indices.
struct Ties {
  double atol = 0, rtol = 0;
  /// The indices on the leading dimension of rows with such a pair; 0 for an op along the leading dimension itself.
  std::set<int64_t> rows;
};

/// Rounding, single precision's by default, imitated: what an op that rounds reads and gives is off by a random
/// relative error. Where a noisy run differs from an exact one, a computation in lower precision will, too: that is
/// what the model's conditioning costs, cancellation and comparisons of nearly equal numbers included. Ops that only
/// move or compare stay exact.
struct Noise {
  explicit Noise(uint64_t seed) : random(seed) {}

  double relative = 0x1p-23;
  std::mt19937_64 random;
};

struct EvaluateOptions {
  Ties *ties = nullptr;
  Noise *noise = nullptr;
};

/// Values for the dimensions in the types of `func`'s arguments. Sizes that are linear in one unknown dimension bind
/// it, too. Fails when a shape does not fit its type.
mlir::FailureOr<DimValues> bindDims(mlir::func::FuncOp func, llvm::ArrayRef<llvm::SmallVector<int64_t>> inputShapes,
                                    std::string *error = nullptr);

/// The shape of a tensor type, nullopt when a size in it has no value or a negative one, or the tensor has over 2^30
/// elements.
std::optional<llvm::SmallVector<int64_t>> getShapeAt(mlir::Type type, const DimValues &dims);

/// Runs a function of one block. Named dimensions take their values from the inputs' shapes. On failure *error says
/// what is wrong with the inputs (an id outside its table, a shape), or which op has no evaluation.
mlir::FailureOr<llvm::SmallVector<Tensor>> evaluate(mlir::func::FuncOp func, llvm::ArrayRef<Tensor> inputs,
                                                    std::string *error = nullptr, const EvaluateOptions &options = {});

/// Runs one op, a fusion with its body included, on its operands' values.
mlir::FailureOr<llvm::SmallVector<Tensor>> evaluateOp(mlir::Operation *op, llvm::ArrayRef<Tensor> operands,
                                                      const DimValues &dims = {}, std::string *error = nullptr,
                                                      const EvaluateOptions &options = {});

} // namespace reckon::reference

#endif // RECKON_REFERENCE_EVALUATOR_H
