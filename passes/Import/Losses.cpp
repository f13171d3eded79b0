//===- Losses.cpp - Negative log likelihood and softmax cross entropy ---------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "passes/Import/Registry.h"

using namespace mlir;

namespace reckon::importer {

/// `-weight[target] * input[target]` for each position, reduced as the attribute says. The input is batch x classes x
/// ..., the target batch x .... Positions with the ignored target have weight 0.
static Value getLoss(Node &node, Value input, Value target, Value weight) {
  StringRef reduction = node.getString("reduction", "mean");
  if (reduction != "none" && reduction != "sum" && reduction != "mean") {
    (void)node.invalid("reduction '" + reduction + "' is none of none, sum and mean");
    return nullptr;
  }
  if (getRank(input) < 2 || getRank(target) != getRank(input) - 1) {
    (void)node.invalid("the target must have the input's dimensions but the classes");
    return nullptr;
  }
  Type element = getElement(input);
  Value factor;
  if (node.hasAttr("ignore_index")) {
    Value isIgnored = node.compare(CompareKind::eq, target, double(node.getInt("ignore_index", 0)));
    target = node.select(isIgnored, node.scalar(0, getElement(target)), target); // Some class that there is.
    factor = weight ? node.gather(weight, target, 0) : node.scalar(1, element);
    factor = node.select(isIgnored, node.scalar(0, element), factor);
  } else if (weight) {
    factor = node.gather(weight, target, 0);
  }
  Value chosen = node.make<rec::GatherElementsOp>(input, node.unsqueeze(target, 1), 1);
  Value loss = node.unary(UnaryKind::neg, node.squeeze(chosen, 1));
  if (factor)
    loss = node.mul(loss, factor);
  if (reduction == "none" || !loss)
    return loss;
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(0, getRank(loss)));
  if (reduction == "mean" && !factor)
    return node.reduce(ReduceKind::mean, loss, axes, /*keepdims=*/false);
  Value sum = node.reduce(ReduceKind::sum, loss, axes, /*keepdims=*/false);
  return reduction == "sum" ? sum : node.div(sum, node.reduce(ReduceKind::sum, factor, axes, /*keepdims=*/false));
}

static LogicalResult convertLoss(Node &node) {
  Value input = node.getOperand(0), target = node.getOperand(1), weight = node.getOperand(2);
  if (!input || !target || getRank(input) < 2)
    return node.invalid("an input of rank 2 or more and a target were expected");
  if (node.getOpType() == "NegativeLogLikelihoodLoss")
    return node.replace(getLoss(node, input, target, weight));
  Value logarithms = node.make<rec::SoftmaxOp>(input, 1, /*log=*/true);
  if (!logarithms)
    return failure();
  return node.replace({getLoss(node, logarithms, target, weight), logarithms});
}

void registerLosses(Registry &r) {
  r.add("NegativeLogLikelihoodLoss", convertLoss);
  r.add("SoftmaxCrossEntropyLoss", convertLoss);
}

} // namespace reckon::importer
