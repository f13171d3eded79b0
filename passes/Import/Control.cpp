//===- Control.cpp - Identity, Dropout, If, optional values -------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "passes/Import/Registry.h"
#include "passes/Import/SizeValues.h"

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

/// Puts the nodes of a branch before the node and gives what the branch yields.
static SmallVector<Value> inlineBranch(Node &node, Block &branch) {
  Operation *yield = branch.getTerminator();
  SmallVector<Value> results = llvm::to_vector(yield->getOperands());
  if (!node.resumeAt && &branch.front() != yield)
    node.resumeAt = &branch.front();
  yield->erase();
  node.op->getBlock()->getOperations().splice(node.op->getIterator(), branch.getOperations());
  return results;
}

/// The value that a node of a branch passes on: of Identity, and with `squeezes` of Squeeze.
static Value skipNode(Value value, bool squeezes) {
  while (auto node = value.getDefiningOp<rec::OnnxOp>()) {
    bool skips = node.getDomain().empty() && !node.getOperands().empty() &&
                 (node.getOpType() == "Identity" || (squeezes && node.getOpType() == "Squeeze"));
    if (!skips)
      break;
    value = node.getOperands().front();
  }
  return value;
}

/// Whether a value follows from sizes alone, not from what the inputs hold.
static bool followsFromSizes(Value value, unsigned depth = 0) {
  constexpr unsigned deepest = 16; // conditions on sizes are short
  Operation *producer = value.getDefiningOp();
  return producer && depth < deepest &&
         llvm::all_of(producer->getOperands(), [&](Value operand) { return followsFromSizes(operand, depth + 1); });
}

/// Whether the first branch yields what the second does, without dimensions of 1. Exporters write a squeeze so where
/// the dimension is dynamic.
static bool isSqueezeOf(Block &branch, Block &other) {
  auto results = branch.getTerminator()->getOperands(), others = other.getTerminator()->getOperands();
  return llvm::all_of(llvm::zip(results, others), [](auto pair) {
    auto [a, b] = pair;
    return skipNode(a, /*squeezes=*/true) == skipNode(b, /*squeezes=*/false);
  });
}

/// The values of both branches follow the condition.
static LogicalResult convertChoice(Node &node, Value condition) {
  unsigned count = node.getNumResults();
  if (node.getNumOperands() != 1 + 2 * count)
    return node.invalid("two branches were expected");
  SmallVector<Value> results;
  for (unsigned i = 0; i < count; ++i) {
    Value a = node.op.getOperands()[1 + i], b = node.op.getOperands()[1 + count + i];
    if (!isa<RankedTensorType>(a.getType()) || !isa<RankedTensorType>(b.getType()))
      return node.wait();
    if (a.getType() != b.getType())
      return node.unsupported("the shapes of its branches differ, " + rec::printShape(rec::getShape(a)) + " and " +
                              rec::printShape(rec::getShape(b)) + ", and its condition depends on data");
    results.push_back(a == b ? a : node.select(condition, a, b));
  }
  return node.replace(results);
}

/// A branch whose condition is known takes the node's place, node by node; otherwise both do, and the node stays to
/// choose between what they yield, which are its operands then.
static LogicalResult convertIf(Node &node) {
  Value condition = node.getOperand(0);
  if (!condition || !isa<RankedTensorType>(condition.getType()))
    return condition ? node.wait() : node.invalid("operand 'cond' is missing");
  if (rec::getNumElements(rec::getShape(condition)) != SizeExpr(1))
    return node.invalid("operand 'cond' has the shape " + rec::printShape(rec::getShape(condition)));
  auto subgraphs = node.op.getSubgraphs();
  if (subgraphs.empty())
    return convertChoice(node, node.reshape(condition, {}));
  if (subgraphs.size() != 2 || subgraphs[0].empty() || subgraphs[1].empty())
    return node.invalid("two branches were expected");
  for (Region &branch : subgraphs)
    if (branch.front().getNumArguments() || branch.front().getTerminator()->getNumOperands() != node.getNumResults())
      return node.invalid("a branch takes no inputs and yields the node's outputs");
  auto known = getSizeValues(condition);
  auto decided = known ? known->front().constant() : std::nullopt;
  Block &yes = subgraphs[0].front(), &no = subgraphs[1].front();
  if (!decided && followsFromSizes(condition))
    decided = isSqueezeOf(yes, no)   ? std::optional<int64_t>(0)
              : isSqueezeOf(no, yes) ? std::optional<int64_t>(1)
                                     : std::nullopt;
  Operation *after = node.op->getNextNode();
  if (decided) {
    SmallVector<Value> results = inlineBranch(node, *decided ? yes : no);
    if (!node.resumeAt)
      node.resumeAt = after;
    return node.replace(results);
  }
  SmallVector<Value> operands{condition};
  operands.append(inlineBranch(node, yes));
  operands.append(inlineBranch(node, no));
  OperationState state(node.loc, rec::OnnxOp::getOperationName());
  state.addOperands(operands);
  state.addTypes(node.op.getResultTypes());
  auto &properties = state.getOrAddProperties<rec::OnnxOp::Properties>();
  properties = node.op.getProperties();
  Operation *choice = node.b.create(state);
  if (!node.resumeAt)
    node.resumeAt = choice;
  return node.replace(choice->getResults());
}

void registerControl(Registry &r) {
  r.add("Dropout", convertDropout, 7);
  r.add("Identity", convertIdentity, 1, /*anyOperands=*/true);
  r.add("If", convertIf, 1, /*anyOperands=*/true);
}

} // namespace reckon::importer
