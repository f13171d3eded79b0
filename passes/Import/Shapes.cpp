//===- Shapes.cpp - The reshape family and Shape, Size ------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "passes/Import/DataSizes.h"
#include "passes/Import/Registry.h"
#include "passes/Import/SizeValues.h"

using namespace mlir;

namespace reckon::importer {

static LogicalResult convertShape(Node &node) {
  Shape shape = rec::getShape(node.getOperand(0));
  int64_t rank = shape.size();
  auto clamp = [&](int64_t n) { return std::clamp<int64_t>(n < 0 ? n + rank : n, 0, rank); };
  int64_t start = clamp(node.getInt("start", 0)), end = std::max(clamp(node.getInt("end", rank)), start);
  ArrayRef<SizeExpr> range = ArrayRef<SizeExpr>(shape).slice(start, end - start);
  if (llvm::any_of(range, rec::isAnonymous))
    return node.unsupported("the operand has a dimension without a name");
  return node.replace(node.sizes(range, /*scalar=*/false));
}

static LogicalResult convertSize(Node &node) {
  SizeExpr elements = rec::getNumElements(rec::getShape(node.getOperand(0)));
  if (rec::isAnonymous(elements))
    return node.unsupported("the operand has a dimension without a name");
  return node.replace(node.sizes(elements, /*scalar=*/true));
}

static LogicalResult convertReshape(Node &node) {
  Value x = node.getOperand(0);
  auto target = node.getSizes(1, "shape");
  if (!target)
    return failure();
  Shape from = rec::getShape(x), shape(target->begin(), target->end());
  bool allowZero = node.getInt("allowzero", 0) != 0;
  int64_t inferred = -1;
  SizeExpr known(1);
  for (auto [axis, size] : llvm::enumerate(shape)) {
    auto number = size.constant();
    if (number == 0 && !allowZero) {
      if (axis >= from.size())
        return node.invalid("shape " + rec::printShape(*target) + " takes over dimension " + Twine(axis) +
                            " of a tensor of rank " + Twine(from.size()));
      size = from[axis];
    }
    if (number == -1) {
      if (inferred >= 0)
        return node.invalid("shape " + rec::printShape(*target) + " has more than one -1");
      inferred = axis;
      continue;
    }
    if (number.value_or(0) < 0)
      return node.invalid("shape " + rec::printShape(*target) + " has a negative size");
    known = known * size;
  }
  if (inferred >= 0) {
    SizeExpr total = rec::getNumElements(from);
    if (known == SizeExpr(0))
      return node.invalid("shape " + rec::printShape(*target) + " has a -1 beside a size of 0");
    // Not a division by a number that is zero at run time: the other sizes may cancel first.
    auto exact = SizeExpr::exactDiv(total, known);
    if (!exact && total.isConstant() && known.isConstant())
      return node.invalid("shape " + rec::printShape(*target) + " does not fit a tensor of shape " +
                          rec::printShape(from));
    shape[inferred] = exact ? *exact : SizeExpr::floorDiv(total, known);
  }
  return node.replace(node.reshape(x, shape));
}

static LogicalResult convertFlatten(Node &node) {
  Value x = node.getOperand(0);
  Shape shape = rec::getShape(x);
  int64_t rank = shape.size(), axis = node.getInt("axis", 1);
  if (axis < -rank || axis > rank)
    return node.invalid("axis " + Twine(axis) + " is outside rank " + Twine(rank));
  if (axis < 0)
    axis += rank;
  ArrayRef<SizeExpr> sizes(shape);
  return node.replace(
      node.reshape(x, {rec::getNumElements(sizes.take_front(axis)), rec::getNumElements(sizes.drop_front(axis))}));
}

static LogicalResult convertSqueeze(Node &node) {
  Value x = node.getOperand(0);
  auto given = node.getIntsOperandOrAttr(1, "axes");
  if (failed(given))
    return failure();
  Shape shape = rec::getShape(x);
  SmallVector<int64_t> axes;
  if (*given) {
    auto normal = node.normalizeAxes(**given, shape.size());
    if (!normal)
      return failure();
    axes = *normal;
    // A dimension that is squeezed away is one of 1 everywhere.
    for (int64_t axis : axes)
      if (!rec::unifySizes(shape[axis], SizeExpr(1)))
        return node.invalid("dimension " + Twine(axis) + " has the size " + shape[axis].str() + ", not 1");
  } else {
    for (auto [axis, size] : llvm::enumerate(shape))
      if (size == SizeExpr(1))
        axes.push_back(axis);
  }
  return node.replace(node.squeeze(x, axes));
}

static LogicalResult convertUnsqueeze(Node &node) {
  Value x = node.getOperand(0);
  auto given = node.getIntsOperandOrAttr(1, "axes");
  if (failed(given))
    return failure();
  if (!*given)
    return node.invalid("operand 'axes' is missing");
  auto axes = node.normalizeAxes(**given, getRank(x) + (*given)->size());
  if (!axes)
    return failure();
  return node.replace(node.unsqueeze(x, *axes));
}

static LogicalResult convertTranspose(Node &node) {
  Value x = node.getOperand(0);
  SmallVector<int64_t> perm = llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(0, getRank(x))));
  if (auto given = node.getInts("perm")) {
    auto sorted = node.normalizeAxes(*given, getRank(x));
    if (!sorted || int64_t(given->size()) != getRank(x))
      return node.invalid("perm is no permutation of " + Twine(getRank(x)) + " dimensions");
    perm = *given;
    for (int64_t &axis : perm)
      axis += axis < 0 ? getRank(x) : 0;
  }
  return node.replace(node.transpose(x, perm));
}

static LogicalResult convertExpand(Node &node) {
  Value x = node.getOperand(0);
  auto target = getAnySizes(node, 1, "shape");
  if (!target)
    return failure();
  // The target broadcasts with the operand's shape: a 1 in it keeps the operand's size.
  for (const SizeExpr &size : *target)
    if (size.constant().value_or(0) < 0)
      return node.invalid("shape " + rec::printShape(*target) + " has a negative size");
  Shape shape = rec::getShape(x), wanted = *target;
  for (size_t d = 1; d <= std::min(shape.size(), wanted.size()); ++d)
    if (auto both = node.getRepeated(shape[shape.size() - d], wanted[wanted.size() - d])) {
      node.requireRepeated(wanted[wanted.size() - d], *both);
      shape[shape.size() - d] = wanted[wanted.size() - d] = *both;
    }
  auto result = rec::broadcastShapes(shape, wanted);
  if (!result)
    return node.invalid("a tensor of shape " + rec::printShape(rec::getShape(x)) + " does not expand to " +
                        rec::printShape(*target));
  return node.replace(node.broadcast(x, *result));
}

void registerShapes(Registry &r) {
  r.add("Expand", needOperand<convertExpand>);
  r.add("Flatten", needOperand<convertFlatten>);
  r.add("Reshape", needOperand<convertReshape>, 5);
  r.add("Shape", needOperand<convertShape>);
  r.add("Size", needOperand<convertSize>);
  r.add("Squeeze", needOperand<convertSqueeze>);
  r.add("Transpose", needOperand<convertTranspose>);
  r.add("Unsqueeze", needOperand<convertUnsqueeze>);
}

} // namespace reckon::importer
