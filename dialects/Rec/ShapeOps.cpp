//===- ShapeOps.cpp - Moving and picking elements ---------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#include "dialects/Rec/Inference.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

LogicalResult ConcatOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor adaptor,
                                         SmallVectorImpl<Type> &types) {
  return inferConcat<ConcatOp>(location, adaptor.getInputs(), adaptor.getAxis(), "C1", "C2", types);
}

LogicalResult SliceOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor adaptor,
                                        SmallVectorImpl<Type> &types) {
  Shape x = getShape(adaptor.getX()), starts = adaptor.getStarts().getSizes(), sizes = adaptor.getSizes().getSizes();
  ArrayRef<int64_t> steps = adaptor.getSteps();
  if (starts.size() != x.size() || sizes.size() != x.size() || steps.size() != x.size())
    return failInference<SliceOp>(location, "C1", starts.size(), " starts, ", sizes.size(), " sizes and ", steps.size(),
                                  " steps on a tensor of rank ", x.size());
  for (size_t d = 0; d < x.size(); ++d) {
    if (steps[d] == 0)
      return failInference<SliceOp>(location, "C1", "the step of dimension ", d, " is 0");
    if (isBelow(sizes[d], 0))
      return failInference<SliceOp>(location, "C2", "dimension ", d, " has the negative size ", sizes[d].str());
    if (sizes[d] == SizeExpr(0) || isAnonymous(x[d]) || isAnonymous(starts[d]) || isAnonymous(sizes[d]))
      continue;
    SizeExpr last = starts[d] + (sizes[d] - 1) * steps[d];
    for (const SizeExpr &element : {starts[d], last}) {
      // The first element of an empty slice is never read, so it may lie anywhere.
      if (element == starts[d] && !sizes[d].isConstant())
        continue;
      if (isBelow(element, 0) || isBelow(x[d] - 1 - element, 0))
        return failInference<SliceOp>(location, "C2", "element '", element.str(), "' of dimension ", d,
                                      " lies outside its size '", x[d].str(), "'");
    }
  }
  types.push_back(getTensorType(sizes, getElementType(adaptor.getX())));
  return success();
}

LogicalResult ReshapeOp::verify() {
  Shape from = getShape(getX()), to = getShape(getResult());
  if (getElementType(getX()) != getElementType(getResult()))
    return emitOpError("[C1] the operand holds ")
           << getElementType(getX()) << ", the result " << getElementType(getResult());
  SizeExpr before = getNumElements(from), after = getNumElements(to);
  if (provablyDiffer(before, after))
    return emitOpError("[C1] the operand has '") << before.str() << "' elements, the result '" << after.str() << "'";
  return success();
}

LogicalResult TransposeOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor adaptor,
                                            SmallVectorImpl<Type> &types) {
  Shape x = getShape(adaptor.getX()), result;
  SmallVector<bool> seen(x.size(), false);
  for (int64_t dim : adaptor.getPerm()) {
    if (dim < 0 || dim >= static_cast<int64_t>(x.size()) || seen[dim])
      return failInference<TransposeOp>(location, "C1", "perm repeats ", dim, " or it is outside rank ", x.size());
    seen[dim] = true;
    result.push_back(x[dim]);
  }
  if (result.size() != x.size())
    return failInference<TransposeOp>(location, "C1", "perm has ", result.size(), " entries for rank ", x.size());
  types.push_back(getTensorType(result, getElementType(adaptor.getX())));
  return success();
}

LogicalResult BroadcastOp::verify() {
  if (getElementType(getX()) != getElementType(getResult()))
    return emitOpError("[C1] the operand holds ")
           << getElementType(getX()) << ", the result " << getElementType(getResult());
  Shape from = getShape(getX()), to = getShape(getResult());
  bool fits = from.size() <= to.size();
  for (size_t d = 1; fits && d <= from.size(); ++d) {
    const SizeExpr &size = from[from.size() - d], &result = to[to.size() - d];
    fits = size == SizeExpr(1) || unifySizes(size, result) || !size.isConstant();
  }
  if (!fits)
    return emitOpError("[C1] shape ") << printShape(from) << " does not broadcast to " << printShape(to);
  return success();
}

LogicalResult PadOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor adaptor,
                                      SmallVectorImpl<Type> &types) {
  Shape result = getShape(adaptor.getX());
  ArrayRef<int64_t> low = adaptor.getLow(), high = adaptor.getHigh();
  if (low.size() != result.size() || high.size() != result.size())
    return failInference<PadOp>(location, "C1", low.size(), " low and ", high.size(),
                                " high entries on a tensor of rank ", result.size());
  for (size_t d = 0; d < result.size(); ++d) {
    if (low[d] < 0 || high[d] < 0)
      return failInference<PadOp>(location, "C1", "dimension ", d, " has the negative padding ",
                                  std::min(low[d], high[d]));
    result[d] = result[d] + low[d] + high[d];
  }
  Type element = getElementType(adaptor.getX());
  if (getRank(adaptor.getValue()) != 0 || getElementType(adaptor.getValue()) != element)
    return failInference<PadOp>(location, "C2", "the value is ", adaptor.getValue().getType(),
                                ", expected a scalar of ", element);
  types.push_back(getTensorType(result, element));
  return success();
}

LogicalResult GatherOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor adaptor,
                                         SmallVectorImpl<Type> &types) {
  Shape x = getShape(adaptor.getX()), indices = getShape(adaptor.getIndices());
  int64_t axis = adaptor.getAxis();
  if (axis < 0 || axis >= static_cast<int64_t>(x.size()))
    return failInference<GatherOp>(location, "C1", "axis ", axis, " is outside rank ", x.size());
  Shape result(x.begin(), x.begin() + axis);
  result.append(indices);
  result.append(x.begin() + axis + 1, x.end());
  types.push_back(getTensorType(result, getElementType(adaptor.getX())));
  return success();
}

LogicalResult GatherElementsOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor adaptor,
                                                 SmallVectorImpl<Type> &types) {
  Shape x = getShape(adaptor.getX()), indices = getShape(adaptor.getIndices());
  int64_t axis = adaptor.getAxis();
  if (x.empty() || x.size() != indices.size())
    return failInference<GatherElementsOp>(location, "C1", "x has rank ", x.size(), ", the indices ", indices.size(),
                                           ", expected one rank above 0");
  if (axis < 0 || axis >= static_cast<int64_t>(x.size()))
    return failInference<GatherElementsOp>(location, "C1", "axis ", axis, " is outside rank ", x.size());
  for (size_t d = 0; d < x.size(); ++d)
    if (static_cast<int64_t>(d) != axis && !isAnonymous(x[d]) && isBelow(x[d] - indices[d], 0))
      return failInference<GatherElementsOp>(location, "C1", "the indices have size '", indices[d].str(),
                                             "' in dimension ", d, ", more than '", x[d].str(), "' of x");
  types.push_back(getTensorType(indices, getElementType(adaptor.getX())));
  return success();
}

/// The length of the index tuples of a GatherND or ScatterND: static, 1 or more, and with `batchDims` within x's rank.
template <typename OpT>
static std::optional<int64_t> getTupleLength(std::optional<Location> location, ArrayRef<SizeExpr> x,
                                             ArrayRef<SizeExpr> indices, int64_t batchDims) {
  std::optional<int64_t> length;
  if (!indices.empty())
    length = indices.back().constant();
  if (length && *length >= 1 && *length <= static_cast<int64_t>(x.size()) - batchDims)
    return length;
  (void)failInference<OpT>(location, "C1", "indices of shape ", printShape(indices),
                           " do not end in a static tuple length of 1 to ", static_cast<int64_t>(x.size()) - batchDims);
  return std::nullopt;
}

LogicalResult GatherNdOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor adaptor,
                                           SmallVectorImpl<Type> &types) {
  Shape x = getShape(adaptor.getX()), indices = getShape(adaptor.getIndices());
  int64_t batchDims = adaptor.getBatchDims();
  if (batchDims < 0 || batchDims >= static_cast<int64_t>(std::min(indices.size(), x.size())))
    return failInference<GatherNdOp>(location, "C1", "batch_dims is ", batchDims, " with x of rank ", x.size(),
                                     " and indices of rank ", indices.size());
  auto length = getTupleLength<GatherNdOp>(location, x, indices, batchDims);
  if (!length)
    return failure();
  for (int64_t d = 0; d < batchDims; ++d) {
    auto size = unifySizes(indices[d], x[d]);
    if (!size)
      return failInference<GatherNdOp>(location, "C2", "dimension ", d, " has size '", x[d].str(), "' in x and '",
                                       indices[d].str(), "' in the indices");
    indices[d] = *size;
  }
  indices.pop_back();
  indices.append(x.begin() + batchDims + *length, x.end());
  types.push_back(getTensorType(indices, getElementType(adaptor.getX())));
  return success();
}

LogicalResult IotaOp::verify() {
  int64_t rank = getType().getRank();
  if (static_cast<int64_t>(getAxis()) < 0 || static_cast<int64_t>(getAxis()) >= rank)
    return emitOpError("[C1] axis ") << static_cast<int64_t>(getAxis()) << " is outside rank " << rank;
  return success();
}

/// Constraint C2 of the scatters.
template <typename OpT>
static LogicalResult checkScatter(std::optional<Location> location, typename OpT::Adaptor adaptor) {
  Type x = getElementType(adaptor.getX()), updates = getElementType(adaptor.getUpdates());
  if (x != updates)
    return failInference<OpT>(location, "C2", "x holds ", x, ", the updates ", updates);
  auto kind = adaptor.getReduction();
  if (kind && *kind != ReduceKind::sum && *kind != ReduceKind::prod && *kind != ReduceKind::max &&
      *kind != ReduceKind::min)
    return failInference<OpT>(location, "C2", "the reduction is '", stringifyReduceKind(*kind),
                              "', expected 'sum', 'prod', 'max' or 'min'");
  return success();
}

LogicalResult ScatterNdOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor adaptor,
                                            SmallVectorImpl<Type> &types) {
  Shape x = getShape(adaptor.getX()), indices = getShape(adaptor.getIndices()),
        updates = getShape(adaptor.getUpdates());
  auto length = getTupleLength<ScatterNdOp>(location, x, indices, 0);
  if (!length)
    return failure();
  indices.pop_back();
  indices.append(x.begin() + *length, x.end());
  if (!unifyShapes(updates, indices))
    return failInference<ScatterNdOp>(location, "C1", "the updates have shape ", printShape(updates), ", expected ",
                                      printShape(indices));
  types.push_back(adaptor.getX().getType());
  return checkScatter<ScatterNdOp>(location, adaptor);
}

LogicalResult ScatterElementsOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor adaptor,
                                                  SmallVectorImpl<Type> &types) {
  Shape x = getShape(adaptor.getX()), indices = getShape(adaptor.getIndices()),
        updates = getShape(adaptor.getUpdates());
  int64_t axis = adaptor.getAxis();
  if (x.empty() || x.size() != indices.size())
    return failInference<ScatterElementsOp>(location, "C1", "x has rank ", x.size(), ", the indices ", indices.size(),
                                            ", expected one rank above 0");
  if (axis < 0 || axis >= static_cast<int64_t>(x.size()))
    return failInference<ScatterElementsOp>(location, "C1", "axis ", axis, " is outside rank ", x.size());
  if (!unifyShapes(indices, updates))
    return failInference<ScatterElementsOp>(location, "C1", "the indices have shape ", printShape(indices),
                                            ", the updates ", printShape(updates));
  types.push_back(adaptor.getX().getType());
  return checkScatter<ScatterElementsOp>(location, adaptor);
}
