//===- WindowOps.cpp - Convolution and pooling windows ----------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#include "dialects/Rec/Inference.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

static bool allAtLeast(ArrayRef<int64_t> values, int64_t bound) {
  return llvm::all_of(values, [=](int64_t value) { return value >= bound; });
}

/// How far the first window of a spatial dimension can slide: padded input - dilated window.
static SizeExpr getSlack(const SizeExpr &size, const SizeExpr &window, ArrayRef<int64_t> pads,
                         ArrayRef<int64_t> dilations, size_t d) {
  SizeExpr padded = size + pads[d] + pads[d + dilations.size()];
  return padded - (window - 1) * dilations[d] - 1;
}

LogicalResult ConvOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor adaptor,
                                       SmallVectorImpl<Type> &types) {
  Shape x = getShape(adaptor.getX()), weight = getShape(adaptor.getWeight());
  if (x.size() != weight.size() || x.size() < 3 || x.size() > 4)
    return failInference<ConvOp>(location, "C1", "x has rank ", x.size(), ", the weight ", weight.size(),
                                 ", expected 3 or 4 for both");
  size_t spatial = x.size() - 2;
  ArrayRef<int64_t> strides = adaptor.getStrides(), pads = adaptor.getPads(), dilations = adaptor.getDilations();
  if (strides.size() != spatial || dilations.size() != spatial || pads.size() != 2 * spatial ||
      !allAtLeast(strides, 1) || !allAtLeast(dilations, 1) || !allAtLeast(pads, 0))
    return failInference<ConvOp>(location, "C1", "expected ", spatial, " positive strides and dilations and ",
                                 2 * spatial, " pads, none negative");
  int64_t groups = adaptor.getGroups();
  if (groups < 1)
    return failInference<ConvOp>(location, "C2", "'groups' is ", groups, ", expected 1 or more");
  for (const SizeExpr &size : {x[1], weight[0]})
    if (auto constant = size.constant(); constant && *constant % groups != 0)
      return failInference<ConvOp>(location, "C2", groups, " groups do not divide ", *constant,
                                   size == x[1] ? " channels" : " outputs");
  if (!unifySizes(weight[1] * groups, x[1]))
    return failInference<ConvOp>(location, "C2", "the weight's second size is '", weight[1].str(), "' for '",
                                 x[1].str(), "' channels in ", groups, " groups");
  if (Value bias = adaptor.getBias())
    if (!unifyShapes(getShape(bias), {weight[0]}))
      return failInference<ConvOp>(location, "C3", "the bias has shape ", printShape(getShape(bias)), ", expected ",
                                   printShape({weight[0]}));
  Shape result{x[0], weight[0]};
  for (size_t d = 0; d < spatial; ++d) {
    if (!weight[2 + d].isConstant() || isBelow(weight[2 + d], 1))
      return failInference<ConvOp>(location, "C4", "the window has size '", weight[2 + d].str(),
                                   "', expected a static one above 0");
    SizeExpr slack = getSlack(x[2 + d], weight[2 + d], pads, dilations, d);
    if (isBelow(slack, 0))
      return failInference<ConvOp>(location, "C4", "the dilated window does not fit the padded input in dimension ",
                                   2 + d);
    result.push_back(SizeExpr::floorDiv(slack, strides[d]) + 1);
  }
  Type element = getCommonElementType({adaptor.getX(), adaptor.getWeight(), adaptor.getBias()});
  if (!element)
    return failInference<ConvOp>(location, "C5", "the operands differ in element type");
  types.push_back(getTensorType(result, element));
  return success();
}

LogicalResult PoolWindowOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor adaptor,
                                             SmallVectorImpl<Type> &types) {
  Shape x = getShape(adaptor.getX());
  if (x.size() < 3 || x.size() > 5)
    return failInference<PoolWindowOp>(location, "C1", "x has rank ", x.size(), ", expected 3 to 5");
  size_t spatial = x.size() - 2;
  ArrayRef<int64_t> window = adaptor.getWindow(), strides = adaptor.getStrides(), pads = adaptor.getPads(),
                    dilations = adaptor.getDilations();
  if (window.size() != spatial || strides.size() != spatial || dilations.size() != spatial ||
      pads.size() != 2 * spatial || !allAtLeast(window, 1) || !allAtLeast(strides, 1) || !allAtLeast(dilations, 1) ||
      !allAtLeast(pads, 0))
    return failInference<PoolWindowOp>(location, "C1", "expected ", spatial,
                                       " positive window sizes, strides and dilations and ", 2 * spatial,
                                       " pads, none negative");
  Shape result{x[0], x[1]};
  for (size_t d = 0; d < spatial; ++d) {
    SizeExpr slack = getSlack(x[2 + d], window[d], pads, dilations, d);
    if (isBelow(slack, adaptor.getCeilMode() ? 1 - strides[d] : 0))
      return failInference<PoolWindowOp>(location, "C2",
                                         "the dilated window does not fit the padded input in dimension ", 2 + d);
    SizeExpr last = SizeExpr::floorDiv(slack, strides[d]);
    if (adaptor.getCeilMode()) // the last window begins inside the input or the padding before it
      last =
          SizeExpr::min(SizeExpr::ceilDiv(slack, strides[d]), SizeExpr::floorDiv(x[2 + d] + pads[d] - 1, strides[d]));
    result.push_back(last + 1);
  }
  types.push_back(getTensorType(result, getElementType(adaptor.getX())));
  return success();
}
