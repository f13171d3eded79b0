//===- RaiseSequenceEmbeddingBag.cpp - Loops that append one pooled row to a sequence ===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------------===//

#include "passes/Normalize/PaddedBags.h"
#include "passes/Normalize/Passes.h"

#include "dialects/Rec/Shape.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace reckon {
#define GEN_PASS_DEF_RAISESEQUENCEEMBEDDINGBAG
#include "passes/Normalize/Passes.h.inc"
} // namespace reckon

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

namespace {

/// What the loop body appends to the sequence in iteration i.
class PooledRow {
public:
  PooledRow(LoopSymbols &symbols, const SizeExpr &bags, bool keepdims)
      : symbols(symbols), bags(bags), keepdims(keepdims) {}

  std::optional<Bag> match(Value row) {
    // Zeros for an empty bag, else its rows reduced.
    std::optional<IfView> guarded = matchIf(row);
    if (!guarded)
      return matchReduced(row);
    std::optional<CompareView> empty = matchCompare(guarded->condition);
    if (!empty || empty->kind != CompareKind::eq || getSplatFloat(guarded->thenValue) != 0.0)
      return std::nullopt;
    if (Value bounds = matchBounds(symbols, empty->a, empty->b)) {
      std::optional<Bag> bag = matchReduced(guarded->elseValue);
      return bag && bag->bounds == bounds ? bag : std::nullopt;
    }
    return matchPadded(*empty, guarded->elseValue);
  }

private:
  bool isRowReduction(const ReduceView &reduce) const {
    return reduce.axes == ArrayRef<int64_t>{0} && reduce.keepdims == keepdims;
  }

  /// `i == bags - 1`, which the exporter asks because the last bag of the offsets form ends where the ids end.
  bool isLastBag(Value condition) const {
    std::optional<CompareView> equal = matchCompare(condition);
    return equal && equal->kind == CompareKind::eq && symbols.evaluate(equal->a).isIteration(0) &&
           symbols.evaluate(equal->b).isSize(bags - SizeExpr(1));
  }

  /// Rows of bag i, or those of the last bag from its start to the end of all rows.
  std::optional<BoundedRows> matchBagRows(Value rows) {
    std::optional<IfView> choice = matchIf(rows);
    if (!choice)
      return matchBoundedRows(symbols, rows);
    std::optional<BoundedRows> bounded = matchBoundedRows(symbols, choice->elseValue);
    std::optional<RowSliceView> last = matchRowSlice(choice->thenValue), each = matchRowSlice(choice->elseValue);
    if (!bounded || !last || !each || !isLastBag(choice->condition) || last->x != each->x ||
        !symbols.evaluate(last->start).isEntry(bounded->bounds, 0) ||
        !symbols.evaluate(last->end).isSize(getShape(bounded->rows.ids)[0]))
      return std::nullopt;
    return bounded;
  }

  std::optional<Bag> matchReduced(Value value) {
    if (std::optional<ReduceView> reduce = matchReduce(value)) {
      std::optional<PoolMode> mode = getPoolMode(reduce->kind);
      std::optional<BoundedRows> bounded = matchBagRows(reduce->x);
      if (mode && bounded && isRowReduction(*reduce))
        return Bag{*mode, bounded->rows, bounded->bounds, {}};
      return std::nullopt;
    }
    // The mean of the last bag divides by the number of ids after its start.
    std::optional<IfView> choice = matchIf(value);
    std::optional<Bag> bag = choice ? matchReduced(choice->elseValue) : std::nullopt;
    if (!bag || bag->mode != PoolMode::mean || !isLastBag(choice->condition) || !matchLastMean(choice->thenValue, *bag))
      return std::nullopt;
    return bag;
  }

  /// `n = ids - start; n > 0 ? sum / n : sum`.
  bool matchLastMean(Value value, const Bag &bag) {
    std::optional<IfView> choice = matchIf(value);
    std::optional<CompareView> positive = choice ? matchCompare(choice->condition) : std::nullopt;
    std::optional<BinaryView> quotient = choice ? matchBinary(choice->thenValue) : std::nullopt;
    if (!positive || !quotient || positive->kind != CompareKind::gt || quotient->kind != BinaryKind::div ||
        !symbols.evaluate(positive->b).isSize(0))
      return false;
    std::optional<ReduceView> sum = matchReduce(quotient->a);
    std::optional<BoundedRows> bounded = sum ? matchBoundedRows(symbols, sum->x) : std::nullopt;
    if (!bounded || sum->kind != ReduceKind::sum || !isRowReduction(*sum) || bounded->bounds != bag.bounds ||
        bounded->rows.ids != bag.rows.ids || bounded->rows.table != bag.rows.table ||
        skipIdentity(choice->elseValue) != skipIdentity(quotient->a))
      return false;
    // The divisor is the count, as a float.
    Value divisor = skipIdentity(quotient->b);
    if (OnnxOp cast = asOnnx(divisor, "Cast"))
      divisor = cast.getOperands()[0];
    else if (auto cast = divisor.getDefiningOp<CastOp>())
      divisor = cast.getX();
    if (skipReshapes(divisor) != skipReshapes(positive->a))
      return false;
    std::optional<BinaryView> count = matchBinary(skipReshapes(divisor));
    return count && count->kind == BinaryKind::sub && symbols.evaluate(count->a).isSize(getShape(bag.rows.ids)[0]) &&
           symbols.evaluate(count->b).isEntry(bag.bounds, 0);
  }

  /// A bag with a padding id: the positions that hold other ids, none of them, or the reduction of their rows.
  std::optional<Bag> matchPadded(const CompareView &empty, Value value) {
    OnnxOp size = asOnnx(skipIdentity(empty.a), "Size");
    std::optional<ReduceView> reduce = matchReduce(value);
    std::optional<GatherView> gather = reduce ? matchGather(reduce->x) : std::nullopt;
    if (!size || !gather || gather->axis != 0 || !symbols.evaluate(empty.b).isSize(0) || !isRowReduction(*reduce) ||
        skipIdentity(size.getOperands()[0]) != skipIdentity(gather->indices) ||
        !isOutside(gather->data, symbols.getBody()))
      return std::nullopt;
    std::optional<PoolMode> mode = getPoolMode(reduce->kind);
    std::optional<BagRows> rows = matchRows(gather->data);
    std::optional<KeptPositions> kept = matchKeptPositions(symbols, gather->indices);
    if (!mode || !rows || !kept || skipReshapes(kept->ids) != skipReshapes(rows->ids) || kept->paddingId < 0)
      return std::nullopt;
    if (kept->numRows && getShape(rows->table)[0] != SizeExpr(*kept->numRows))
      return std::nullopt;
    return Bag{*mode, *rows, kept->bounds, kept->paddingId};
  }

  LoopSymbols &symbols;
  const SizeExpr &bags;
  /// Whether a row keeps the dimension it is reduced over.
  bool keepdims;
};

struct RaiseSequenceEmbeddingBag : public reckon::impl::RaiseSequenceEmbeddingBagBase<RaiseSequenceEmbeddingBag> {
  void runOnOperation() override {
    SmallVector<OnnxOp> concats;
    getOperation().walk([&](OnnxOp op) {
      if (asOnnx(op, "ConcatFromSequence"))
        concats.push_back(op);
    });
    for (OnnxOp concat : concats)
      raise(concat);
    eraseUnusedOnnxOps(getOperation());
    refreshResultTypes(getOperation());
  }

  void raise(OnnxOp concat) {
    if (getIntAttr(concat, "axis", -1) != 0 || concat.getOperands().size() != 1 || concat.getOutputs().size() != 1)
      return;
    bool stacks = getIntAttr(concat, "new_axis", 0) != 0;
    Value sequence = skipIdentity(concat.getOperands()[0]);
    OnnxOp loop = asOnnx(sequence, "Loop");
    if (!isWellFormedLoop(loop))
      return;
    unsigned result = cast<OpResult>(sequence).getResultNumber();
    if (result + 2 >= loop.getOperands().size() ||
        !asOnnx(skipIdentity(loop.getOperands()[result + 2]), "SequenceEmpty", 0))
      return;

    LoopSymbols symbols(loop);
    std::optional<SizeExpr> tripCount = symbols.getTripCount();
    OnnxOp insert = asOnnx(skipIdentity(symbols.getYield().getOperands()[result + 1]), "SequenceInsert", 2);
    if (!tripCount || !insert || getOptionalOperand(insert, 2) ||
        skipIdentity(insert.getOperands()[0]) != symbols.getBody().getArgument(result + 2))
      return;
    std::optional<Bag> bag = PooledRow(symbols, *tripCount, /*keepdims=*/!stacks).match(insert.getOperands()[1]);
    std::optional<SizeExpr> bags = bag ? getBagCount(bag->bounds, *tripCount) : std::nullopt;
    if (!bags)
      return;
    OpBuilder builder(loop);
    Location loc = builder.getFusedLoc({concat.getLoc(), loop.getLoc()});
    if (EmbeddingBagOp op = buildBag(builder, loc, *bag, *bags)) {
      concat.getOutputs()[0].replaceAllUsesWith(op.getResult());
      ++numRaised;
    }
  }
};
} // namespace
