//===- PaddedBags.cpp - The inner loop of a bag with a padding id -------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "passes/Normalize/PaddedBags.h"

using namespace mlir;

namespace reckon::rec {

/// Whether `value` is `previous + 1`.
static bool isSuccessor(const LoopSymbols &symbols, Value value, Value previous) {
  std::optional<BinaryView> sum = matchBinary(value);
  return sum && sum->kind == BinaryKind::add && skipIdentity(sum->a) == previous && symbols.evaluate(sum->b).isSize(1);
}

static bool isEmptyVector(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && type.getRank() == 1 && type.getDimSize(0) == 0;
}

/// Matches `id == padding` of the id at `position`, negative ids counted from the end of the table.
static bool matchPadding(const LoopSymbols &symbols, Value condition, Value position, KeptPositions &kept) {
  std::optional<CompareView> equal = matchCompare(condition);
  if (!equal || equal->kind != CompareKind::eq)
    return false;
  Symbol padding = symbols.evaluate(equal->b);
  if (padding.kind != Symbol::Size || !padding.offset.isConstant())
    return false;
  kept.paddingId = *padding.offset.constant();

  Value id = skipIdentity(equal->a);
  if (std::optional<IfView> normalised = matchIf(id)) {
    std::optional<CompareView> negative = matchCompare(normalised->condition);
    std::optional<BinaryView> sum = matchBinary(normalised->thenValue);
    if (!negative || negative->kind != CompareKind::lt || !symbols.evaluate(negative->b).isSize(0) || !sum ||
        sum->kind != BinaryKind::add)
      return false;
    id = skipIdentity(normalised->elseValue);
    if (skipIdentity(negative->a) != id || skipIdentity(sum->a) != id)
      return false;
    Symbol rows = symbols.evaluate(sum->b);
    if (rows.kind != Symbol::Size || !rows.offset.isConstant())
      return false;
    kept.numRows = rows.offset.constant();
  }
  std::optional<GatherView> gather = matchGather(id);
  if (!gather || gather->axis != 0 || skipIdentity(gather->indices) != position)
    return false;
  kept.ids = gather->data;
  return true;
}

std::optional<KeptPositions> matchKeptPositions(LoopSymbols &outer, Value value) {
  value = skipIdentity(value);
  OnnxOp loop = asOnnx(value, "Loop");
  if (!isWellFormedLoop(loop) || loop.getOperands().size() != 4 || loop.getOutputs().size() != 2 ||
      getOptionalOperand(loop, 0))
    return std::nullopt;
  LoopSymbols symbols(loop);
  Block &body = symbols.getBody();
  unsigned keptResult = cast<OpResult>(value).getResultNumber(), positionResult = 1 - keptResult;
  Value keptArgument = body.getArgument(keptResult + 2), position = body.getArgument(positionResult + 2);
  auto yielded = [&](unsigned result) { return symbols.getYield().getOperands()[result + 1]; };

  // for (j = bounds[i]; j < bounds[i + 1]; ++j)
  Value start = loop.getOperands()[positionResult + 2];
  std::optional<CompareView> first = getOptionalOperand(loop, 1) ? matchCompare(loop.getOperands()[1]) : std::nullopt;
  std::optional<CompareView> next = matchCompare(symbols.getYield().getOperands()[0]);
  if (!first || !next || first->kind != CompareKind::lt || next->kind != CompareKind::lt)
    return std::nullopt;
  KeptPositions kept{{}, matchBounds(outer, start, first->b), 0, {}};
  if (!kept.bounds || matchBounds(outer, first->a, next->b) != kept.bounds ||
      !isSuccessor(symbols, yielded(positionResult), position) || !isSuccessor(symbols, next->a, position))
    return std::nullopt;

  // kept = id == padding ? kept : concat(kept, [j])
  if (!isEmptyVector(loop.getOperands()[keptResult + 2]))
    return std::nullopt;
  std::optional<IfView> choice = matchIf(yielded(keptResult));
  if (!choice)
    return std::nullopt;
  Value isPadding = matchNot(choice->condition), appended = choice->thenValue, same = choice->elseValue;
  if (!isPadding) {
    isPadding = choice->condition;
    std::swap(appended, same);
  }
  OnnxOp concat = asOnnx(skipIdentity(appended), "Concat", 2);
  Value left, right;
  if (concat && concat.getOperands().size() == 2) {
    left = concat.getOperands()[0];
    right = concat.getOperands()[1];
  } else if (auto typed = skipIdentity(appended).getDefiningOp<ConcatOp>(); typed && typed.getInputs().size() == 2) {
    left = typed.getInputs()[0];
    right = typed.getInputs()[1];
  }
  if (!left || skipIdentity(left) != keptArgument || skipReshapes(right) != position ||
      skipIdentity(same) != keptArgument || !matchPadding(symbols, isPadding, position, kept) ||
      !isOutside(kept.ids, outer.getBody()))
    return std::nullopt;
  return kept;
}

} // namespace reckon::rec
