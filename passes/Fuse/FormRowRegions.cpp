//===- FormRowRegions.cpp - The largest row-local regions ----------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "passes/Fuse/Joins.h"
#include "passes/Fuse/OpGroups.h"
#include "passes/Fuse/Passes.h"
#include "passes/Fuse/RegionBuilder.h"

#include "lib/Analysis/RowLocality.h"

#include "mlir/Analysis/TopologicalSortUtils.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Remarks.h"

namespace reckon::fuse {
#define GEN_PASS_DEF_FORMROWREGIONS
#include "passes/Fuse/Passes.h.inc"
} // namespace reckon::fuse

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

/// What needs a region: not constants, regions and the return.
static bool isLayer(Operation *op) { return !isa<ConstantOp, FusionOp, JoinOp, func::ReturnOp>(op); }

/// As many layers as one region holds: compilers take their time over long functions.
static constexpr size_t maxLayers = 512;

static unsigned countLookups(ArrayRef<Operation *> ops) {
  unsigned count = 0;
  for (Operation *op : ops)
    if (auto lookup = dyn_cast<LookupOpInterface>(op))
      count += lookup.getTables().size();
  return count;
}

namespace {
struct FormRowRegions : fuse::impl::FormRowRegionsBase<FormRowRegions> {
  void runOnOperation() override {
    Block *model = fuse::getModelBlock(getOperation());
    if (!model)
      return getOperation().isExternal() ? void() : signalPassFailure();
    Block &block = *model;
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
      if (isOpTriviallyDead(&op))
        op.erase();
    fuse::OpGroups groups(block);
    findLayers(block);
    for (Operation &op : block)
      if (localities.contains(&op))
        growTowardsProducers(&op, groups);
    // Regions are made of groups, and making one erases the operations of the others' operands; so collect first.
    SmallVector<SmallVector<Operation *>> regions;
    for (unsigned group = 0; group < groups.size(); ++group)
      if (!groups.getOps(group).empty() && layers.contains(groups.getOps(group)[0]))
        regions.emplace_back(groups.getOps(group));
    for (ArrayRef<Operation *> ops : regions)
      fuse::formRegion(ops, classify(ops));
    sortTopologically(&block);
  }

private:
  void findLayers(Block &block);
  void growTowardsProducers(Operation *op, fuse::OpGroups &groups);
  /// Why two groups cannot be one region; null when they can.
  const char *findObstacle(unsigned a, unsigned b, const fuse::OpGroups &groups) const;
  rec::RegionKind classify(ArrayRef<Operation *> ops);

  DenseSet<Operation *> layers;
  DenseMap<Operation *, RowLocality> localities;
};
} // namespace

void FormRowRegions::findLayers(Block &block) {
  layers.clear();
  localities.clear();
  for (Operation &op : block) {
    if (!isLayer(&op) || fuse::JoinNote(op.getContext()).isAttrPresent(&op))
      continue;
    layers.insert(&op);
    if (auto locality = getRowLocality(&op))
      localities.insert({&op, std::move(*locality)});
  }
}

void FormRowRegions::growTowardsProducers(Operation *op, fuse::OpGroups &groups) {
  const RowLocality &locality = localities.find(op)->second;
  for (auto [i, operand] : llvm::enumerate(op->getOperands())) {
    Operation *def = operand.getDefiningOp();
    auto producer = def ? localities.find(def) : localities.end();
    if (locality.uses[i] != RowUse::Row || producer == localities.end() || producer->second.rows != locality.rows)
      continue;
    unsigned own = groups.getGroup(op), other = groups.getGroup(def);
    if (own == other)
      continue;
    if (const char *obstacle = findObstacle(own, other, groups))
      remark::missed(op->getLoc(), remark::RemarkOpts::name("not-fused").category(getArgument()))
          << remark::reason("{0} not fused with the {1} that it reads: {2}", op->getName(), def->getName(), obstacle);
    else
      groups.merge(own, other);
  }
}

const char *FormRowRegions::findObstacle(unsigned a, unsigned b, const fuse::OpGroups &groups) const {
  auto takesBlocks = [](Operation *op) { return op->hasTrait<TakesRowBlocks>(); };
  if (llvm::any_of(groups.getOps(a), takesBlocks) || llvm::any_of(groups.getOps(b), takesBlocks))
    return "a layer that takes many rows at once has a region of its own";
  unsigned lookupsA = countLookups(groups.getOps(a)), lookupsB = countLookups(groups.getOps(b));
  // One layer may hold more than that.
  if (groups.getOps(a).size() + groups.getOps(b).size() > maxLayers)
    return "the region would have too many layers";
  if (lookupsA != 0 && lookupsB != 0 && lookupsA + lookupsB > maxLookups)
    return "the region would have too many lookups";
  // Inside a region a value is there by row only.
  auto readsWhole = [&](unsigned reader, unsigned producer) {
    for (Operation *op : groups.getOps(reader)) {
      const RowLocality &locality = localities.find(op)->second;
      for (auto [i, operand] : llvm::enumerate(op->getOperands()))
        if (Operation *def = operand.getDefiningOp())
          if (locality.uses[i] == RowUse::Whole && groups.getGroup(def) == producer)
            return true;
    }
    return false;
  };
  if (readsWhole(a, b) || readsWhole(b, a))
    return "a layer of the region would read more than its own row of another";
  return groups.wouldCycle(a, b) ? "a layer between them cannot be in the region" : nullptr;
}

rec::RegionKind FormRowRegions::classify(ArrayRef<Operation *> ops) {
  numLayers += ops.size();
  if (!localities.contains(ops[0])) {
    ++numWhole;
    return rec::RegionKind::whole;
  }
  if (llvm::all_of(ops, llvm::IsaPred<LookupOpInterface>)) {
    ++numLookup;
    return rec::RegionKind::lookup;
  }
  ++numRows;
  return rec::RegionKind::rows;
}
