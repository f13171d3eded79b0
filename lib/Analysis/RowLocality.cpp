//===- RowLocality.cpp - Which rows of its operands a layer needs --------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "lib/Analysis/RowLocality.h"

#include "dialects/Rec/Rec.h"
#include "dialects/Rec/Shape.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace reckon;

using Uses = SmallVector<RowUse>;

namespace {
/// The rules, one a family of ops. Each returns nullopt when the op is not row-local.
struct Rules {
  Operation *op;
  SizeExpr rows;

  SizeExpr leading(Value value) const { return rec::getShape(value)[0]; }
  static int64_t rank(Value value) { return cast<RankedTensorType>(value.getType()).getRank(); }
  bool isRow(Value value) const { return rank(value) > 0 && leading(value) == rows; }

  /// Every operand by its role: those in `rowOperands` by row, the others whole. Operands rather than values: one value
  /// may have both roles, as in a product of a matrix with itself.
  std::optional<Uses> byRow(ArrayRef<OpOperand *> rowOperands) const {
    Uses uses(op->getNumOperands(), RowUse::Whole);
    for (OpOperand *operand : rowOperands) {
      if (!isRow(operand->get()))
        return std::nullopt;
      uses[operand->getOperandNumber()] = RowUse::Row;
    }
    return uses;
  }
  std::optional<Uses> byRowIf(bool condition, ArrayRef<OpOperand *> rowOperands) const {
    return condition ? byRow(rowOperands) : std::nullopt;
  }

  /// numpy broadcasting: what has the result's rank and leading size goes by row, what does not vary along the leading
  /// dimension is whole.
  std::optional<Uses> broadcast() const {
    Uses uses;
    int64_t resultRank = rank(op->getResult(0));
    for (Value operand : op->getOperands()) {
      if (rank(operand) < resultRank)
        uses.push_back(RowUse::Whole);
      else if (leading(operand) == rows)
        uses.push_back(RowUse::Row);
      else if (leading(operand) == SizeExpr(1))
        uses.push_back(RowUse::Whole);
      else
        return std::nullopt;
    }
    return uses;
  }

  SmallVector<OpOperand *> allOperands() const {
    return llvm::map_to_vector(op->getOpOperands(), [](OpOperand &operand) { return &operand; });
  }

  std::optional<Uses> matmul(rec::MatmulOp matmul) const {
    int64_t rankA = rank(matmul.getA()), rankB = rank(matmul.getB());
    int64_t batchRank = std::max(rankA, rankB) - 2;
    if (batchRank > 0) {
      // The leading dimension is a batch dimension: an operand has it, broadcasts it, or lacks it.
      Uses uses;
      for (Value operand : op->getOperands()) {
        if (rank(operand) < batchRank + 2 || leading(operand) != rows) {
          if (rank(operand) == batchRank + 2 && leading(operand) != SizeExpr(1))
            return std::nullopt;
          uses.push_back(RowUse::Whole);
        } else {
          uses.push_back(RowUse::Row);
        }
      }
      return uses;
    }
    return byRowIf(rankA == 2 && !matmul.getTransposeA(), {&matmul.getAMutable()});
  }

  // Along another axis each row picks within itself; along the leading one each index picks a row, like a lookup.
  std::optional<Uses> gather(rec::GatherOp gather) const {
    return gather.getAxis() >= 1 ? byRow({&gather.getXMutable()})
                                 : byRowIf(rank(gather.getIndices()) >= 1, {&gather.getIndicesMutable()});
  }

  std::optional<Uses> slice(rec::SliceOp slice) const {
    bool full = slice.getStarts().getSize(0) == SizeExpr(0) && slice.getSteps()[0] == 1 && isRow(slice.getX());
    return byRowIf(full, {&slice.getXMutable()});
  }

  std::optional<Uses> embeddingBag(rec::EmbeddingBagOp bag) const {
    if (bag.getOffsets()) // a row is a bag: its ids lie anywhere
      return byRow({});
    if (bag.getWeights())
      return byRow({&bag.getIdsMutable(), &*bag.getWeightsMutable().begin()});
    return byRow({&bag.getIdsMutable()});
  }

  std::optional<Uses> run() const;
};
} // namespace

std::optional<Uses> Rules::run() const {
  using namespace rec;
  return llvm::TypeSwitch<Operation *, std::optional<Uses>>(op)
      .Case<UnaryOp, BinaryOp, CompareOp, SelectOp, CastOp, BroadcastOp>([&](auto) { return broadcast(); })
      .Case<EmbeddingOp>([&](EmbeddingOp o) { return byRowIf(rank(o.getIds()) >= 1, {&o.getIdsMutable()}); })
      .Case<EmbeddingBagOp>([&](EmbeddingBagOp o) { return embeddingBag(o); })
      .Case<MultiLookupOp>([&](MultiLookupOp o) { return byRow({&o.getIdsMutable()}); })
      .Case<LinearOp>([&](LinearOp o) { return byRowIf(rank(o.getX()) >= 2, {&o.getXMutable()}); })
      .Case<MatmulOp>([&](MatmulOp o) { return matmul(o); })
      .Case<CrossLayerOp>([&](CrossLayerOp o) { return byRow({&o.getX0Mutable(), &o.getXMutable()}); })
      .Case<DotInteractionOp, FmTermOp, ConvOp, PoolWindowOp, BatchNormOp, ReshapeOp>(
          [&](auto o) { return byRowIf(isRow(o.getX()), {&o.getXMutable()}); })
      .Case<ConcatOp>([&](ConcatOp o) { return byRowIf(o.getAxis() >= 1, allOperands()); })
      .Case<SliceOp>([&](SliceOp o) { return slice(o); })
      .Case<TransposeOp>([&](TransposeOp o) { return byRowIf(o.getPerm()[0] == 0, {&o.getXMutable()}); })
      .Case<PadOp>([&](PadOp o) { return byRowIf(o.getLow()[0] == 0 && o.getHigh()[0] == 0, {&o.getXMutable()}); })
      .Case<GatherOp>([&](GatherOp o) { return gather(o); })
      .Case<GatherElementsOp>([&](GatherElementsOp o) {
        return o.getAxis() >= 1 ? byRow({&o.getXMutable(), &o.getIndicesMutable()}) : byRow({&o.getIndicesMutable()});
      })
      .Case<GatherNdOp>([&](GatherNdOp o) {
        return o.getBatchDims() >= 1 ? byRow({&o.getXMutable(), &o.getIndicesMutable()})
                                     : byRowIf(rank(o.getIndices()) >= 2, {&o.getIndicesMutable()});
      })
      .Case<IotaOp>([&](IotaOp) { return byRow({}); })
      .Case<ReduceOp>([&](ReduceOp o) { return byRowIf(!llvm::is_contained(o.getAxes(), 0), {&o.getXMutable()}); })
      .Case<ArgReduceOp, SoftmaxOp, LayerNormOp, TopKOp, CumSumOp>(
          [&](auto o) { return byRowIf(o.getAxis() >= 1, {&o.getXMutable()}); })
      .Default([](Operation *) { return std::nullopt; });
}

std::optional<RowLocality> reckon::getRowLocality(Operation *op) {
  if (op->getNumResults() == 0)
    return std::nullopt;
  for (Type type : op->getResultTypes())
    if (auto tensor = dyn_cast<RankedTensorType>(type); !tensor || tensor.getRank() == 0)
      return std::nullopt;
  for (Type type : op->getOperandTypes())
    if (!isa<RankedTensorType>(type))
      return std::nullopt;
  Rules rules{op, rec::getShape(op->getResult(0))[0]};
  for (Value result : op->getResults())
    if (rules.leading(result) != rules.rows || rec::isAnonymous(rules.rows))
      return std::nullopt;
  std::optional<Uses> uses = rules.run();
  if (!uses)
    return std::nullopt;
  return RowLocality{rules.rows, std::move(*uses)};
}
