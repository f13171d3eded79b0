//===- Control.cpp - Identity, Dropout, If, optional values -------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "passes/Import/Registry.h"

using namespace mlir;

namespace reckon::importer {

static LogicalResult convertIdentity(Node &node) {
  // Of whatever type: also of one that Reckon has no values of, when nothing is done with it.
  if (node.getNumOperands() != 1 || node.getNumResults() != 1)
    return node.invalid("one operand and one result were expected");
  Value x = node.op.getOperands().front();
  if (isa<NoneType>(x.getType()))
    return node.unsupported("the operand has a type that Reckon has no values of");
  return node.replace(x);
}

/// At inference nothing is dropped.
static LogicalResult convertDropout(Node &node) {
  Value x = node.getOperand(0);
  if (!x)
    return node.invalid("the operand is missing");
  if (node.getOperand(2)) {
    auto training = node.getConstantInt(2, "training_mode");
    if (!training)
      return failure();
    if (*training) {
      SmallVector<double> ratio{0.5};
      if (node.getOperand(1)) {
        auto given = node.getConstantFloats(1, "ratio");
        if (!given)
          return failure();
        ratio = *given;
      }
      if (ratio.size() != 1 || ratio.front() != 0)
        return node.unsupported("training");
    }
  }
  // Before opset 10 the mask had the type of x, afterwards booleans.
  Type type = node.getOpset() < 10 ? getElement(x) : node.b.getI1Type();
  return node.replace({x, node.isUsed(1) ? node.splat(rec::getShape(x), 1, type) : Value()});
}

/// A branch whose condition is known takes the node's place, node by node.
static LogicalResult convertIf(Node &node) {
  if (node.op.getSubgraphs().size() != 2)
    return node.invalid("two branches were expected");
  auto condition = node.getConstantInt(0, "cond");
  if (!condition)
    return failure();
  Block &branch = node.op.getSubgraphs()[*condition ? 0 : 1].front();
  Operation *yield = branch.getTerminator();
  if (branch.getNumArguments() || yield->getNumOperands() != node.getNumResults())
    return node.invalid("a branch takes no inputs and yields the node's outputs");
  SmallVector<Value> results = llvm::to_vector(yield->getOperands());
  Operation *first = &branch.front();
  Operation *after = node.op->getNextNode();
  yield->erase();
  node.op->getBlock()->getOperations().splice(node.op->getIterator(), branch.getOperations());
  node.resumeAt = first == yield ? after : first;
  return node.replace(results);
}

void registerControl(Registry &r) {
  r.add("Dropout", convertDropout, 7);
  r.add("Identity", convertIdentity, 1, /*anyOperands=*/true);
  r.add("If", convertIf);
}

} // namespace reckon::importer
