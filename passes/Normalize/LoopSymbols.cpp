//===- LoopSymbols.cpp - What integers in a loop body are ---------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "passes/Normalize/LoopSymbols.h"

#include "dialects/Rec/Shape.h"

using namespace mlir;

namespace reckon::rec {

bool isWellFormedLoop(OnnxOp loop) {
  if (!loop || loop.getOperands().size() < 2 || loop.getSubgraphs().size() != 1 || loop.getSubgraphs()[0].empty())
    return false;
  Block &body = loop.getSubgraphs()[0].front();
  auto yield = body.empty() ? YieldOp() : dyn_cast<YieldOp>(body.back());
  return yield && body.getNumArguments() == loop.getOperands().size() &&
         yield.getOperands().size() == loop.getOutputs().size() + 1 &&
         yield.getOperands().size() >= body.getNumArguments() - 1;
}

LoopSymbols::LoopSymbols(OnnxOp loop)
    : loop(loop), body(loop.getSubgraphs()[0].front()), yield(cast<YieldOp>(body.back())) {
  counters.push_back(body.getArgument(0));
  // A carried value equal to the iteration number when it starts at 0 and gains 1 in each iteration.
  for (unsigned i = 2; i < body.getNumArguments(); ++i) {
    if (getInteger(loop.getOperands()[i]) != 0)
      continue;
    counters.push_back(body.getArgument(i));
    if (!evaluate(yield.getOperands()[i - 1]).isIteration(1))
      counters.pop_back();
  }
}

/// The vector behind slices and reshapes of it, with the index shifted accordingly.
static Symbol makeEntry(Value vector, SizeExpr offset) {
  for (;;) {
    vector = skipIdentity(vector);
    auto type = dyn_cast<RankedTensorType>(vector.getType());
    if (!type || type.getRank() != 1 || !type.getElementType().isInteger())
      return {};
    if (auto slice = vector.getDefiningOp<SliceOp>(); slice && slice.getSteps()[0] == 1) {
      offset = offset + slice.getStarts().getSize(0);
      vector = slice.getX();
    } else if (auto reshape = vector.getDefiningOp<ReshapeOp>();
               reshape && cast<RankedTensorType>(reshape.getX().getType()).getRank() == 1) {
      vector = reshape.getX();
    } else {
      return {Symbol::Entry, offset, vector};
    }
  }
}

Symbol LoopSymbols::evaluate(Value value, unsigned depth) const {
  // Sums of sums double the work at each step; a bag needs a few.
  constexpr unsigned deepest = 12;
  if (depth > deepest)
    return {};
  value = skipIdentity(value);
  if (isCounter(value))
    return {Symbol::Iteration, 0, {}};
  if (std::optional<SmallVector<SizeExpr>> sizes = getSizes(value))
    return sizes->size() == 1 ? Symbol{Symbol::Size, sizes->front(), {}} : Symbol();

  // Nodes that leave one integer what it is.
  Operation *op = value.getDefiningOp();
  if (auto reshape = dyn_cast_or_null<ReshapeOp>(op))
    return evaluate(reshape.getX(), depth + 1);
  if (auto cast = dyn_cast_or_null<CastOp>(op); cast && cast.getType().getElementType().isInteger(64))
    return evaluate(cast.getX(), depth + 1);
  if (auto node = dyn_cast_or_null<OnnxOp>(op); node && node.getDomain().empty() && !node.getOperands().empty()) {
    StringRef type = node.getOpType();
    if (type == "Reshape" || type == "Unsqueeze" || type == "Squeeze" ||
        (type == "Cast" && getIntAttr(node, "to", 0) == /*TensorProto.INT64=*/7))
      return evaluate(node.getOperands()[0], depth + 1);
    auto like = type == "CastLike" && node.getOperands().size() == 2
                    ? dyn_cast<ShapedType>(node.getOperands()[1].getType())
                    : ShapedType();
    if (like && like.getElementType().isInteger(64))
      return evaluate(node.getOperands()[0], depth + 1);
  }

  if (std::optional<BinaryView> binary = matchBinary(value)) {
    Symbol a = evaluate(binary->a, depth + 1), b = evaluate(binary->b, depth + 1);
    if (binary->kind == BinaryKind::add && b.kind == Symbol::Iteration)
      std::swap(a, b);
    if (b.kind != Symbol::Size || (a.kind != Symbol::Size && a.kind != Symbol::Iteration))
      return {};
    if (binary->kind == BinaryKind::add)
      return {a.kind, a.offset + b.offset, {}};
    if (binary->kind == BinaryKind::sub)
      return {a.kind, a.offset - b.offset, {}};
    return {};
  }
  if (std::optional<GatherView> gather = matchGather(value); gather && gather->axis == 0) {
    Symbol index = evaluate(gather->indices, depth + 1);
    if (std::optional<SmallVector<SizeExpr>> sizes = getSizes(gather->data); sizes && index.kind == Symbol::Size) {
      std::optional<int64_t> i = index.offset.constant();
      if (i && *i < 0)
        *i += sizes->size();
      return i && *i >= 0 && *i < int64_t(sizes->size()) ? Symbol{Symbol::Size, (*sizes)[*i], {}} : Symbol();
    }
    return index.kind == Symbol::Iteration ? makeEntry(gather->data, index.offset) : Symbol();
  }
  if (std::optional<RowSliceView> slice = matchRowSlice(value)) {
    Symbol start = evaluate(slice->start, depth + 1), end = evaluate(slice->end, depth + 1);
    if (start.kind == Symbol::Iteration && end.kind == Symbol::Iteration && end.offset - start.offset == SizeExpr(1))
      return makeEntry(slice->x, start.offset);
  }
  return {};
}

std::optional<SizeExpr> LoopSymbols::getTripCount() const {

  Value count = getOptionalOperand(loop, 0), condition = getOptionalOperand(loop, 1);
  Value next = skipIdentity(YieldOp(yield).getOperands()[0]);

  bool startsTrue = !condition || getSplatBool(condition) == true;
  bool staysTrue = next == body.getArgument(1) || getSplatBool(next) == true;
  if (count) {
    Symbol bound = evaluate(count);
    if (startsTrue && staysTrue && bound.kind == Symbol::Size)
      return bound.offset;
    return std::nullopt;
  }

  std::optional<CompareView> compare = matchCompare(next);
  if (!compare || compare->kind != CompareKind::lt || !evaluate(compare->a).isIteration(1))
    return std::nullopt;
  Symbol bound = evaluate(compare->b);
  if (bound.kind != Symbol::Size)
    return std::nullopt;
  // `0 < bound` decides whether there is a first iteration; folded, when the bound is a positive constant.
  if (condition && startsTrue)
    return bound.offset.constant() > 0 ? std::optional<SizeExpr>(bound.offset) : std::nullopt;
  std::optional<CompareView> first = condition ? matchCompare(condition) : std::nullopt;
  if (first && first->kind == CompareKind::lt && getInteger(first->a) == 0 && evaluate(first->b).isSize(bound.offset))
    return bound.offset;
  return std::nullopt;
}

} // namespace reckon::rec
