//===- MergeLookups.cpp - All lookups of one id matrix at once -----------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "passes/Common/Matchers.h"
#include "passes/Optimize/Passes.h"

#include "dialects/Rec/ConstantData.h"
#include "dialects/Rec/Shape.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace reckon {
#define GEN_PASS_DEF_MERGELOOKUPS
#include "passes/Optimize/Passes.h.inc"
} // namespace reckon

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

namespace {

/// A lookup that reads whole columns of an id matrix.
struct Lookup {
  Operation *op;
  Value ids, table;
  int64_t start, count;
  PoolMode mode;
  int64_t paddingId;
  rec::OutOfRange outOfRange;
  /// The concat the result goes to, and where in it.
  Operation *concat = nullptr;
  unsigned position = 0;

  int64_t getDim() const { return typeOf(table).getDimSize(1); }
};

/// The columns of a matrix: all of it, or a slice of whole columns.
struct Columns {
  Value matrix;
  int64_t start, count;
};

std::optional<Columns> matchColumns(Value ids) {
  RankedTensorType type = typeOf(ids);
  if (type.getRank() != 2 || type.isDynamicDim(1) || type.getDimSize(1) == 0 || isAnonymous(getShape(ids)[0]))
    return std::nullopt;
  auto slice = ids.getDefiningOp<SliceOp>();
  if (!slice)
    return Columns{ids, 0, type.getDimSize(1)};
  std::optional<int64_t> row = slice.getStarts().getSize(0).constant(), start = slice.getStarts().getSize(1).constant();
  bool wholeRows = row == 0 && slice.getSizes().getSize(0) == getShape(slice.getX())[0] && slice.getSteps()[0] == 1;
  if (!wholeRows || !start || slice.getSteps()[1] != 1)
    return Columns{ids, 0, type.getDimSize(1)};
  return Columns{slice.getX(), *start, type.getDimSize(1)};
}

std::optional<Lookup> matchLookup(Operation *op) {
  if (auto embedding = dyn_cast<EmbeddingOp>(op)) {
    // One column, as a vector or as a matrix.
    Value ids = embedding.getIds();
    auto reshape = ids.getDefiningOp<ReshapeOp>();
    if (typeOf(ids).getRank() == 1 && reshape)
      ids = reshape.getX();
    std::optional<Columns> columns = matchColumns(ids);
    if (!columns || columns->count != 1)
      return std::nullopt;
    return Lookup{op, columns->matrix,          embedding.getTable(), columns->start, 1, PoolMode::sum,
                  -1, embedding.getOutOfRange()};
  }
  if (auto bag = dyn_cast<EmbeddingBagOp>(op)) {
    std::optional<Columns> columns = bag.getOffsets() || bag.getWeights() ? std::nullopt : matchColumns(bag.getIds());
    if (!columns)
      return std::nullopt;
    return Lookup{op,
                  columns->matrix,
                  bag.getTable(),
                  columns->start,
                  columns->count,
                  bag.getMode(),
                  int64_t(bag.getPaddingId().value_or(-1)),
                  bag.getOutOfRange()};
  }
  return std::nullopt;
}

/// The first concat of columns that takes the result.
void findConcat(Lookup &lookup) {
  for (OpOperand &use : lookup.op->getUses()) {
    auto concat = dyn_cast<ConcatOp>(use.getOwner());
    if (!concat || concat.getAxis() != 1 || concat->getBlock() != lookup.op->getBlock())
      continue;
    if (!lookup.concat || concat->isBeforeInBlock(lookup.concat)) {
      lookup.concat = concat;
      lookup.position = use.getOperandNumber();
    } else if (lookup.concat == concat) {
      lookup.position = std::min(lookup.position, use.getOperandNumber());
    }
  }
}

struct MergeLookups : public reckon::impl::MergeLookupsBase<MergeLookups> {
  using Base::Base;

  void runOnOperation() override {
    if (maxTables < 2) {
      getOperation().emitError("max-tables is ") << maxTables.getValue() << ", expected at least 2";
      return signalPassFailure();
    }
    if (getOperation().isExternal())
      return;
    for (Block &block : getOperation().getBody())
      runOnBlock(block);
  }

  void runOnBlock(Block &block) {
    // Lookups go together when they read one matrix and their results lie in one concat: then the results need no copy.
    SmallVector<SmallVector<Lookup>> groups;
    for (Operation &op : block) {
      std::optional<Lookup> lookup = matchLookup(&op);
      if (!lookup || typeOf(lookup->table).isDynamicDim(1))
        continue;
      findConcat(*lookup);
      auto group = llvm::find_if(groups, [&](ArrayRef<Lookup> group) { return belongs(*lookup, group.front()); });
      if (group == groups.end())
        group = groups.insert(group, SmallVector<Lookup>());
      group->push_back(*lookup);
    }
    for (SmallVector<Lookup> &group : groups) {
      llvm::stable_sort(group, [](const Lookup &a, const Lookup &b) { return a.position < b.position; });
      for (size_t begin = 0; begin + 1 < group.size(); begin += maxTables)
        merge(ArrayRef(group).slice(begin).take_front(maxTables));
    }
  }

  static bool belongs(const Lookup &lookup, const Lookup &first) {
    return lookup.ids == first.ids && lookup.concat == first.concat && lookup.outOfRange == first.outOfRange &&
           typeOf(lookup.table).getElementType() == typeOf(first.table).getElementType() &&
           (lookup.concat || lookup.getDim() == first.getDim());
  }

  /// Makes the table available at `op`; a constant may move.
  static bool hoistTable(Value table, Operation *op) {
    Operation *definition = table.getDefiningOp();
    if (!definition || definition->getBlock() != op->getBlock() || definition->isBeforeInBlock(op))
      return true;
    if (!isa<ConstantOp>(definition))
      return false;
    definition->moveBefore(op);
    return true;
  }

  /// Merges lookups that are in the order of their places in the concat.
  void merge(ArrayRef<Lookup> group) {
    Operation *first = group.front().op;
    for (const Lookup &lookup : group)
      if (lookup.op->isBeforeInBlock(first))
        first = lookup.op;
    if (llvm::any_of(group, [&](const Lookup &lookup) { return !hoistTable(lookup.table, first); }))
      return;
    SmallVector<Value> tables;
    SmallVector<int64_t> starts, counts, paddingIds;
    SmallVector<int32_t> modes;
    SmallVector<Location> locations;
    for (const Lookup &lookup : group) {
      tables.push_back(lookup.table);
      starts.push_back(lookup.start);
      counts.push_back(lookup.count);
      paddingIds.push_back(lookup.paddingId);
      modes.push_back(static_cast<int32_t>(lookup.mode));
      locations.push_back(lookup.op->getLoc());
    }
    OpBuilder builder(first);
    Value merged = MultiLookupOp::create(builder, builder.getFusedLoc(locations), group.front().ids, tables, starts,
                                         counts, modes, paddingIds, group.front().outOfRange);
    // Each user reads its columns; neighbouring pieces of a concat become one in the canonicaliser.
    SizeExpr rows = getShape(merged)[0];
    int64_t column = 0;
    for (const Lookup &lookup : group) {
      int64_t dim = lookup.getDim();
      Value piece = SliceOp::create(
          builder, lookup.op->getLoc(), merged, DimsAttr::get(&getContext(), Shape{SizeExpr(0), SizeExpr(column)}),
          DimsAttr::get(&getContext(), Shape{rows, SizeExpr(dim)}), builder.getDenseI64ArrayAttr({1, 1}));
      Value old = lookup.op->getResult(0);
      old.replaceAllUsesWith(reshapeTo(builder, lookup.op->getLoc(), piece, typeOf(old)));
      column += dim;
      ++numMerged;
    }
    for (const Lookup &lookup : group)
      lookup.op->erase();
    ++numMultiLookups;
  }
};
} // namespace
