//===- ReductionOps.cpp - Reductions, norms, sorting ------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#include "dialects/Rec/Inference.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

/// Constraint C1 of every op with one axis.
template <typename OpT> static LogicalResult checkAxis(std::optional<Location> location, Value x, int64_t axis) {
  if (axis >= 0 && axis < getRank(x))
    return success();
  return failInference<OpT>(location, "C1", "axis ", axis, " is outside rank ", getRank(x));
}

LogicalResult ReduceOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor adaptor,
                                         SmallVectorImpl<Type> &types) {
  Shape x = getShape(adaptor.getX()), result;
  int64_t previous = -1;
  for (int64_t axis : adaptor.getAxes()) {
    if (axis <= previous || axis >= static_cast<int64_t>(x.size()))
      return failInference<ReduceOp>(location, "C1", "axis ", axis, " after ", previous,
                                     ": axes must increase and lie inside rank ", x.size());
    previous = axis;
  }
  if (getElementType(adaptor.getX()).isSignlessInteger(1) && adaptor.getKind() != ReduceKind::max &&
      adaptor.getKind() != ReduceKind::min)
    return failInference<ReduceOp>(location, "C2", "'", stringifyReduceKind(adaptor.getKind()),
                                   "' does not take booleans");
  for (auto [d, size] : llvm::enumerate(x)) {
    if (!llvm::is_contained(adaptor.getAxes(), static_cast<int64_t>(d)))
      result.push_back(size);
    else if (adaptor.getKeepdims())
      result.push_back(1);
  }
  types.push_back(getTensorType(result, getElementType(adaptor.getX())));
  return success();
}

LogicalResult ArgReduceOp::inferReturnTypes(MLIRContext *context, std::optional<Location> location, Adaptor adaptor,
                                            SmallVectorImpl<Type> &types) {
  if (failed(checkAxis<ArgReduceOp>(location, adaptor.getX(), adaptor.getAxis())))
    return failure();
  if (adaptor.getKind() != ReduceKind::max && adaptor.getKind() != ReduceKind::min)
    return failInference<ArgReduceOp>(location, "C1", "the kind is '", stringifyReduceKind(adaptor.getKind()),
                                      "', expected 'max' or 'min'");
  Shape result = getShape(adaptor.getX());
  if (adaptor.getKeepdims())
    result[adaptor.getAxis()] = 1;
  else
    result.erase(result.begin() + adaptor.getAxis());
  types.push_back(getTensorType(result, IntegerType::get(context, 64)));
  return success();
}

LogicalResult SoftmaxOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor adaptor,
                                          SmallVectorImpl<Type> &types) {
  types.push_back(adaptor.getX().getType());
  return checkAxis<SoftmaxOp>(location, adaptor.getX(), adaptor.getAxis());
}

LogicalResult CumSumOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor adaptor,
                                         SmallVectorImpl<Type> &types) {
  types.push_back(adaptor.getX().getType());
  return checkAxis<CumSumOp>(location, adaptor.getX(), adaptor.getAxis());
}

LogicalResult LayerNormOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor adaptor,
                                            SmallVectorImpl<Type> &types) {
  if (failed(checkAxis<LayerNormOp>(location, adaptor.getX(), adaptor.getAxis())))
    return failure();
  Shape whole = getShape(adaptor.getX()), normalized(whole.begin() + adaptor.getAxis(), whole.end());
  for (auto [value, what] : {std::pair(adaptor.getScale(), "scale"), std::pair(adaptor.getBias(), "bias")}) {
    if (!value)
      continue;
    auto shape = broadcastShapes(normalized, getShape(value));
    if (!shape || !unifyShapes(*shape, normalized))
      return failInference<LayerNormOp>(location, "C2", what, " of shape ", printShape(getShape(value)),
                                        " does not broadcast to ", printShape(normalized));
    if (getElementType(value) != getElementType(adaptor.getX()))
      return failInference<LayerNormOp>(location, "C2", what, " of ", getElementType(value), " for x of ",
                                        getElementType(adaptor.getX()));
  }
  types.push_back(adaptor.getX().getType());
  return success();
}

LogicalResult BatchNormOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor adaptor,
                                            SmallVectorImpl<Type> &types) {
  Shape x = getShape(adaptor.getX());
  if (x.size() < 2)
    return failInference<BatchNormOp>(location, "C1", "x has rank ", x.size(), ", expected 2 or more");
  for (auto [value, what] : {std::pair(adaptor.getScale(), "scale"), std::pair(adaptor.getBias(), "bias"),
                             std::pair(adaptor.getMean(), "mean"), std::pair(adaptor.getVariance(), "variance")}) {
    if (!unifyShapes(getShape(value), {x[1]}))
      return failInference<BatchNormOp>(location, "C2", what, " has shape ", printShape(getShape(value)), ", expected ",
                                        printShape({x[1]}));
    if (getElementType(value) != getElementType(adaptor.getX()))
      return failInference<BatchNormOp>(location, "C2", what, " of ", getElementType(value), " for x of ",
                                        getElementType(adaptor.getX()));
  }
  types.push_back(adaptor.getX().getType());
  return success();
}

LogicalResult TopKOp::inferReturnTypes(MLIRContext *context, std::optional<Location> location, Adaptor adaptor,
                                       SmallVectorImpl<Type> &types) {
  int64_t axis = adaptor.getAxis();
  if (failed(checkAxis<TopKOp>(location, adaptor.getX(), axis)))
    return failure();
  if (adaptor.getK().size() != 1)
    return failInference<TopKOp>(location, "C1", "k is ", adaptor.getK().size(), " sizes, not one");
  Shape result = getShape(adaptor.getX());
  SizeExpr k = adaptor.getK().getSize(0);
  if (isBelow(k, 0) || isBelow(result[axis] - k, 0))
    return failInference<TopKOp>(location, "C1", "k is ", k.str(), " for an axis of size ", result[axis].str());
  result[axis] = k;
  types.push_back(getTensorType(result, getElementType(adaptor.getX())));
  types.push_back(getTensorType(result, IntegerType::get(context, 64)));
  return success();
}
