//===- Sequences.cpp - Sequences whose members are known ----------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//
//
// torch.split and its kin are exported as a sequence that is made, then taken apart. The converters of the consumers
// look back through the makers; these stay without uses and are removed.
//
//===--------------------------------------------------------------------------------===//

#include "passes/Import/Registry.h"

using namespace mlir;

namespace reckon::importer {

using Members = std::optional<SmallVector<Value>>;

/// The pieces of SplitToSequence.
static Members getPieces(Node &node, rec::OnnxOp maker) {
  OpBuilder::InsertionGuard guard(node.b);
  node.b.setInsertionPoint(maker); // All consumers of the sequence see pieces made there.
  Node split(node.b, maker);
  Value x = split.getOperand(0);
  if (!x || !isa<RankedTensorType>(x.getType()))
    return std::nullopt;
  auto axis = split.normalizeAxis(split.getInt("axis", 0), getRank(x));
  auto size = axis ? rec::getShape(x)[*axis].constant() : std::nullopt;
  if (!size)
    return std::nullopt;
  SmallVector<int64_t> parts;
  bool keepdims = true;
  if (!split.getOperand(1)) {
    parts.assign(*size, 1);
    keepdims = split.getInt("keepdims", 1) != 0;
  } else {
    auto given =
        isa<RankedTensorType>(split.getOperand(1).getType()) ? split.getConstantInts(1, "split") : std::nullopt;
    if (!given || llvm::any_of(*given, [](int64_t n) { return n < 0; }))
      return std::nullopt;
    parts = *given;
    if (getRank(split.getOperand(1)) == 0) {
      if (parts.front() == 0 || *size / parts.front() > (1 << 16))
        return std::nullopt;
      parts.assign(*size / parts.front(), parts.front());
      if (int64_t rest = *size - int64_t(parts.size()) * given->front())
        parts.push_back(rest);
    }
  }
  SmallVector<Value> pieces;
  int64_t start = 0;
  for (int64_t part : parts) {
    if (part > *size - start)
      return std::nullopt;
    Value piece = node.sliceAxis(x, *axis, start, part);
    pieces.push_back(keepdims ? piece : node.squeeze(piece, *axis));
    start += part;
  }
  return pieces;
}

/// The members of a sequence, as far as it is made of nodes that are here.
static Members getMembers(Node &node, Value sequence) {
  auto maker = sequence.getDefiningOp<rec::OnnxOp>();
  if (!maker || !maker.getDomain().empty())
    return std::nullopt;
  StringRef type = maker.getOpType();
  if (type == "SequenceEmpty")
    return SmallVector<Value>();
  if (type == "SequenceConstruct")
    return llvm::to_vector(maker.getOperands());
  if (type == "SplitToSequence")
    return getPieces(node, maker);
  bool inserts = type == "SequenceInsert" && maker.getOperands().size() >= 2;
  if ((!inserts && type != "SequenceErase") || maker.getOperands().empty())
    return std::nullopt;
  Members members = getMembers(node, maker.getOperands()[0]);
  if (!members)
    return std::nullopt;
  // Without a position an element goes to the end or is taken from there.
  int64_t size = members->size(), last = inserts ? size : size - 1, at = last;
  unsigned operand = inserts ? 2 : 1;
  if (maker.getOperands().size() > operand && isa<RankedTensorType>(maker.getOperands()[operand].getType())) {
    Node change(node.b, maker);
    auto position = change.getConstantInt(operand, "position");
    if (!position || *position < -size || *position > last)
      return std::nullopt;
    at = *position < 0 ? *position + size : *position;
  }
  if (inserts)
    members->insert(members->begin() + at, maker.getOperands()[1]);
  else if (size > 0)
    members->erase(members->begin() + at);
  return members;
}

static Members getMembersOrWait(Node &node) {
  Members members = node.getNumOperands() ? getMembers(node, node.op.getOperands()[0]) : std::nullopt;
  if (members && llvm::all_of(*members, [](Value v) { return v && isa<RankedTensorType>(v.getType()); }))
    return members;
  (void)node.wait();
  return std::nullopt;
}

/// A node that makes a sequence has no value; those that take the sequence apart look at it.
static LogicalResult keepMaker(Node &node) { return node.wait(); }

static LogicalResult convertSequenceAt(Node &node) {
  Members members = getMembersOrWait(node);
  if (!members)
    return failure();
  auto at = node.getConstantInt(1, "position");
  if (!at)
    return failure();
  int64_t size = members->size();
  if (*at < -size || *at >= size)
    return node.invalid("position " + Twine(*at) + " is outside a sequence of " + Twine(size));
  return node.replace((*members)[*at < 0 ? *at + size : *at]);
}

static LogicalResult convertSequenceLength(Node &node) {
  Members members = getMembersOrWait(node);
  return members ? node.replace(node.sizes(SizeExpr(int64_t(members->size())), /*scalar=*/true)) : failure();
}

static LogicalResult convertConcatFromSequence(Node &node) {
  Members members = getMembersOrWait(node);
  if (!members)
    return failure();
  if (members->empty())
    return node.unsupported("the sequence is empty");
  bool stacks = node.getInt("new_axis", 0) != 0;
  auto axis = node.normalizeAxis(node.getInt("axis", 0), getRank(members->front()) + stacks);
  if (!axis)
    return failure();
  if (stacks)
    for (Value &member : *members)
      member = node.unsqueeze(member, *axis);
  return node.isBroken() ? failure() : node.replace(node.concat(*members, *axis));
}

void registerSequences(Registry &r) {
  r.add("ConcatFromSequence", convertConcatFromSequence, 1, /*anyOperands=*/true);
  for (StringRef maker : {"SequenceConstruct", "SequenceEmpty", "SequenceErase", "SequenceInsert", "SplitToSequence"})
    r.add(maker, keepMaker, 1, /*anyOperands=*/true);
  r.add("SequenceAt", convertSequenceAt, 1, /*anyOperands=*/true);
  r.add("SequenceLength", convertSequenceLength, 1, /*anyOperands=*/true);
}

} // namespace reckon::importer
