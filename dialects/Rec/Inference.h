//===- Inference.h - What the inference of result types shares -------- -*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#ifndef RECKON_DIALECTS_REC_INFERENCE_H
#define RECKON_DIALECTS_REC_INFERENCE_H

#include "dialects/Rec/Rec.h"

namespace reckon::rec {

/// Reports that operands or attributes of an `OpT` break `constraint` (the number the op's description gives it).
template <typename OpT, typename... Args>
llvm::LogicalResult failInference(std::optional<mlir::Location> location, const char *constraint, Args &&...message) {
  return mlir::emitOptionalError(location, "'", OpT::getOperationName(), "' op [", constraint, "] ",
                                 std::forward<Args>(message)...);
}

inline mlir::Type getElementType(mlir::Value value) {
  return llvm::cast<mlir::ShapedType>(value.getType()).getElementType();
}
inline int64_t getRank(mlir::Value value) { return llvm::cast<mlir::RankedTensorType>(value.getType()).getRank(); }

/// Whether the size is certainly below `bound`.
inline bool isBelow(const SizeExpr &size, int64_t bound) {
  auto constant = size.constant();
  return constant && *constant < bound;
}

/// The element type of all values, or null when they differ.
inline mlir::Type getCommonElementType(llvm::ArrayRef<mlir::Value> values) {
  mlir::Type common;
  for (mlir::Value value : values) {
    if (!value)
      continue;
    if (common && common != getElementType(value))
      return {};
    common = getElementType(value);
  }
  return common;
}

/// The result type of a concat. Errors name `OpT` and the numbers it gives to the constraints on the operands' kinds
/// and on their sizes.
template <typename OpT>
llvm::LogicalResult inferConcat(std::optional<mlir::Location> location, mlir::ValueRange inputs, int64_t axis,
                                const char *kinds, const char *sizes, llvm::SmallVectorImpl<mlir::Type> &types) {
  if (inputs.empty())
    return failInference<OpT>(location, kinds, "there is no operand");
  Shape result = getShape(inputs[0]);
  if (result.empty())
    return failInference<OpT>(location, kinds, "operand 0 is a scalar");
  if (axis < 0 || axis >= static_cast<int64_t>(result.size()))
    return failInference<OpT>(location, sizes, "axis ", axis, " is outside rank ", result.size());
  for (size_t i = 1; i < inputs.size(); ++i) {
    Shape shape = getShape(inputs[i]);
    if (shape.size() != result.size() || getElementType(inputs[i]) != getElementType(inputs[0]))
      return failInference<OpT>(location, kinds, "operand ", i, " is ", inputs[i].getType(), ", operand 0 ",
                                inputs[0].getType(), ": ranks and element types must agree");
    for (size_t d = 0; d < shape.size(); ++d) {
      if (static_cast<int64_t>(d) == axis) {
        result[d] = normalizeSize(result[d] + shape[d]);
        continue;
      }
      auto size = unifySizes(result[d], shape[d]);
      if (!size)
        return failInference<OpT>(location, sizes, "operand ", i, " has size '", shape[d].str(), "' in dimension ", d,
                                  " where others have '", result[d].str(), "'");
      result[d] = *size;
    }
  }
  types.push_back(getTensorType(result, getElementType(inputs[0])));
  return mlir::success();
}

} // namespace reckon::rec

#endif // RECKON_DIALECTS_REC_INFERENCE_H
