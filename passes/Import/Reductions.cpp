//===- Reductions.cpp - Reduce*, ArgMax, TopK, CumSum -------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "passes/Import/DataSizes.h"
#include "passes/Import/Registry.h"

using namespace mlir;

namespace reckon::importer {

template <ReduceKind kind> static LogicalResult convertReduce(Node &node) {
  Value x = node.getOperand(0);
  if (!x)
    return node.invalid("operand 'data' is missing");
  // The axes moved from an attribute to an operand, for ReduceSum in opset 13, for the others in 18.
  auto axes = node.getIntsOperandOrAttr(1, "axes");
  if (failed(axes))
    return failure();
  SmallVector<int64_t> all;
  if (!*axes || (*axes)->empty()) {
    if (node.getInt("noop_with_empty_axes", 0))
      return node.replace(x);
    all = llvm::to_vector(llvm::seq<int64_t>(0, getRank(x)));
  } else {
    auto normal = node.normalizeAxes(**axes, getRank(x));
    if (!normal)
      return failure();
    all = *normal;
  }
  return node.replace(node.reduce(kind, x, all, node.getInt("keepdims", 1) != 0));
}

template <ReduceKind kind> static LogicalResult convertArgReduce(Node &node) {
  Value x = node.getOperand(0);
  if (!x)
    return node.invalid("operand 'data' is missing");
  auto axis = node.normalizeAxis(node.getInt("axis", 0), getRank(x));
  if (!axis)
    return failure();
  return node.replace(node.make<rec::ArgReduceOp>(kind, x, *axis, node.getInt("keepdims", 1) != 0,
                                                  node.getInt("select_last_index", 0) != 0));
}

static LogicalResult convertTopK(Node &node) {
  Value x = node.getOperand(0);
  if (!x)
    return node.invalid("operand 'X' is missing");
  SizeExpr k = node.getInt("k", -1);
  auto axis = node.normalizeAxis(node.getInt("axis", -1), getRank(x));
  if (!axis)
    return failure();
  if (node.getOpset() >= 10) {
    auto sizes = getAnySizes(node, 1, "K", rec::getShape(x)[*axis]);
    if (!sizes)
      return failure();
    if (sizes->size() != 1)
      return node.invalid("operand 'K' has " + Twine(sizes->size()) + " elements; one was expected");
    k = sizes->front();
  }
  return node.replace(node.makeAll<rec::TopKOp>(2, x, rec::DimsAttr::get(node.b.getContext(), k), *axis,
                                                /*smallest=*/node.getInt("largest", 1) == 0));
}

static LogicalResult convertCumSum(Node &node) {
  Value x = node.getOperand(0);
  if (!x)
    return node.invalid("operand 'x' is missing");
  auto given = node.getConstantInt(1, "axis");
  auto axis = given ? node.normalizeAxis(*given, getRank(x)) : std::nullopt;
  if (!axis)
    return failure();
  return node.replace(
      node.make<rec::CumSumOp>(x, *axis, node.getInt("exclusive", 0) != 0, node.getInt("reverse", 0) != 0));
}

void registerReductions(Registry &r) {
  r.add("ReduceL1", convertReduce<ReduceKind::l1>);
  r.add("ReduceL2", convertReduce<ReduceKind::l2>);
  r.add("ReduceLogSum", convertReduce<ReduceKind::log_sum>);
  r.add("ReduceLogSumExp", convertReduce<ReduceKind::log_sum_exp>);
  r.add("ReduceMax", convertReduce<ReduceKind::max>);
  r.add("ReduceMean", convertReduce<ReduceKind::mean>);
  r.add("ReduceMin", convertReduce<ReduceKind::min>);
  r.add("ReduceProd", convertReduce<ReduceKind::prod>);
  r.add("ReduceSum", convertReduce<ReduceKind::sum>);
  r.add("ReduceSumSquare", convertReduce<ReduceKind::sum_square>);
  r.add("ArgMax", convertArgReduce<ReduceKind::max>);
  r.add("ArgMin", convertArgReduce<ReduceKind::min>);
  r.add("TopK", convertTopK);
  r.add("CumSum", convertCumSum);
}

} // namespace reckon::importer
