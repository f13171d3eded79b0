//===- FormGemmRegions.cpp - Linear layers with their epilogues ----------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "passes/Fuse/Passes.h"
#include "passes/Fuse/RegionBuilder.h"

#include "dialects/Rec/ConstantData.h"
#include "dialects/Rec/Rec.h"
#include "dialects/Rec/Shape.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Remarks.h"

namespace reckon::fuse {
#define GEN_PASS_DEF_FORMGEMMREGIONS
#include "passes/Fuse/Passes.h.inc"
} // namespace reckon::fuse

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

/// The most rows an epilogue reads beside the product: they come through as many streams.
static constexpr size_t maxRowOperands = 4;

/// A wider row is converted once, by a kernel of its own, and not again for every tile of columns.
static constexpr int64_t maxCastColumns = 64;

/// What a GEMM kernel reads and writes; it adds up in f32.
static bool isGemmFloat(Type type) { return type.isF32() || type.isF16() || type.isBF16(); }

/// Why no GEMM kernel computes the layer; null when one does.
static const char *findObstacle(LinearOp linear) {
  auto isConstant = [](Value value) { return value.getDefiningOp<ConstantOp>() != nullptr; };
  if (!isGemmFloat(linear.getType().getElementType()))
    return "its elements are not f32, f16 or bf16";
  if (linear.getType().getRank() < 2)
    return "it has no rows";
  if (!isConstant(linear.getWeight()) || (linear.getBias() && !isConstant(linear.getBias())))
    return "its weight or bias is computed";
  return nullptr;
}

static bool isRoot(LinearOp linear) { return !findObstacle(linear); }

/// Whether the value is computed from a result of `root`; both lie in one block.
static bool dependsOn(Value value, Operation *root) {
  SmallVector<Operation *> worklist;
  DenseSet<Operation *> seen;
  auto visit = [&](Value operand) {
    Operation *def = operand.getDefiningOp();
    if (def && (def == root || root->isBeforeInBlock(def)) && seen.insert(def).second)
      worklist.push_back(def);
  };
  visit(value);
  while (!worklist.empty()) {
    Operation *op = worklist.pop_back_val();
    if (op == root)
      return true;
    for (Value operand : op->getOperands())
      visit(operand);
  }
  return false;
}

namespace {
/// One region in the making: linear layers and the pointwise layers after them.
class GemmRegion {
public:
  GemmRegion(LinearOp root) : shape(getShape(root.getResult())), ops{root} {}

  /// Adds the conversion before the root that it alone reads, of rows that are thin enough to convert in passing.
  bool absorbCast();

  /// Adds the linear layer that alone reads the root, when the root is a narrow waist between them, and their weights
  /// together have no more elements than that.
  bool addLowRankPartner(int64_t maxRank, int64_t maxWeights);
  /// Adds as much of what follows as leaves one value; returns how many layers.
  unsigned absorbEpilogue();
  /// A layer that reads the region and could have been part of its epilogue, and what was in the way; null when there
  /// is none.
  std::pair<Operation *, const char *> findLayerLeftOut() const;
  ArrayRef<Operation *> getOps() const { return ops; }

private:
  bool isPointwise(Operation *op) const;
  bool fitsAsOperand(Value value) const;
  bool leavesOneValue(ArrayRef<Operation *> candidates) const;
  /// The first layer that reads rows from outside when the layers read more of those than an epilogue should.
  Operation *findCrowd(ArrayRef<Operation *> candidates) const;

  Shape shape;
  SmallVector<Operation *> ops;
};
} // namespace

bool GemmRegion::absorbCast() {
  auto linear = llvm::cast<LinearOp>(ops.front());
  auto cast = linear.getX().getDefiningOp<CastOp>();
  if (!cast || !cast->hasOneUse() || !isGemmFloat(cast.getX().getType().getElementType()) ||
      linear.getWeight().getType().getDimSize(0) > maxCastColumns)
    return false;
  ops.insert(ops.begin(), cast);
  return true;
}

bool GemmRegion::addLowRankPartner(int64_t maxRank, int64_t maxWeights) {
  auto first = cast<LinearOp>(ops[0]);
  if (!first->hasOneUse())
    return false;
  auto second = dyn_cast<LinearOp>(*first->user_begin());
  if (!second || second.getX() != first.getResult() || !isRoot(second))
    return false;
  auto weight = cast<RankedTensorType>(first.getWeight().getType());
  int64_t rank = weight.getDimSize(1);
  int64_t outputs = cast<RankedTensorType>(second.getWeight().getType()).getDimSize(1);
  if (rank > maxRank || rank >= weight.getDimSize(0) || rank >= outputs ||
      rank * (weight.getDimSize(0) + outputs) > maxWeights)
    return false;
  ops.push_back(second);
  shape = getShape(second.getResult());
  return true;
}

bool GemmRegion::isPointwise(Operation *op) const {
  if (auto cast = dyn_cast<CastOp>(op); cast && !isGemmFloat(cast.getX().getType().getElementType()))
    return false;
  return op->hasTrait<Pointwise>() && getShape(op->getResult(0)) == shape;
}

/// What an epilogue may read beside the product: a scalar, a row of N values, or rows like the product's with N or one
/// value.
bool GemmRegion::fitsAsOperand(Value value) const {
  auto type = cast<RankedTensorType>(value.getType());
  if (!isGemmFloat(type.getElementType()) && !type.getElementType().isInteger(1))
    return false;
  Shape sizes = getShape(type);
  auto fitsLast = [&] { return sizes.back() == shape.back() || sizes.back() == SizeExpr(1); };
  if (sizes.empty())
    return true;
  if (!fitsLast())
    return false;
  auto leading = ArrayRef<SizeExpr>(sizes).drop_back();
  if (leading == ArrayRef<SizeExpr>(shape).drop_back())
    return true;
  // A constant row that spells out its unit dimensions is rewritten without them.
  auto isOne = [](const SizeExpr &size) { return size == SizeExpr(1); };
  return leading.empty() || (value.getDefiningOp<ConstantOp>() && llvm::all_of(leading, isOne));
}

bool GemmRegion::leavesOneValue(ArrayRef<Operation *> candidates) const {
  DenseSet<Operation *> inside(ops.begin(), ops.end());
  inside.insert_range(candidates);
  auto leaves = [&](Operation *op) {
    return llvm::any_of(op->getUsers(), [&](Operation *user) { return !inside.contains(user); });
  };
  return leaves(candidates.back()) && isGemmFloat(getElementTypeOrSelf(candidates.back()->getResult(0))) &&
         llvm::none_of(ops, leaves) && llvm::none_of(candidates.drop_back(), leaves);
}

Operation *GemmRegion::findCrowd(ArrayRef<Operation *> candidates) const {
  DenseSet<Value> rows;
  Operation *first = nullptr;
  for (Operation *op : candidates)
    for (Value operand : op->getOperands()) {
      Operation *def = operand.getDefiningOp();
      bool inside = def && (llvm::is_contained(ops, def) || llvm::is_contained(candidates, def));
      if (inside || isa_and_present<ConstantOp>(def) || getShape(operand).size() != shape.size())
        continue;
      first = first ? first : op;
      rows.insert(operand);
    }
  return rows.size() > maxRowOperands ? first : nullptr;
}

unsigned GemmRegion::absorbEpilogue() {
  Operation *root = ops.front();
  SmallVector<Operation *> candidates;
  DenseSet<Value> produced{ops.back()->getResult(0)};
  for (Operation *op = ops.back()->getNextNode(); op; op = op->getNextNode()) {
    auto isProduced = [&](Value value) { return produced.contains(value); };
    if (!isPointwise(op) || llvm::none_of(op->getOperands(), isProduced))
      continue;
    auto fits = [&](Value value) { return isProduced(value) || (fitsAsOperand(value) && !dependsOn(value, root)); };
    if (!llvm::all_of(op->getOperands(), fits))
      continue;
    candidates.push_back(op);
    produced.insert(op->getResult(0));
  }
  // A long sum of lookups is better off with the lookups.
  if (Operation *crowd = findCrowd(candidates))
    candidates.erase(llvm::find(candidates, crowd), candidates.end());
  while (!candidates.empty() && !leavesOneValue(candidates))
    candidates.pop_back();
  ops.append(candidates);
  return candidates.size();
}

std::pair<Operation *, const char *> GemmRegion::findLayerLeftOut() const {
  for (Operation *user : ops.back()->getUsers()) {
    if (llvm::is_contained(ops, user) || !user->hasTrait<Pointwise>())
      continue;
    if (!isPointwise(user))
      return {user, "its result has another shape, or it converts from a type that no GEMM kernel has"};
    auto isForeign = [&](Value value) { return value.getDefiningOp() != ops.back() && !fitsAsOperand(value); };
    if (llvm::any_of(user->getOperands(), isForeign))
      return {user, "it also reads a value that is neither a scalar, nor one row, nor rows like the product's"};
    if (!ops.back()->hasOneUse())
      return {user, "other layers read the product, too"};
    return {user, "the epilogue would read too many rows, or leave more than one value"};
  }
  return {nullptr, nullptr};
}

/// 1x1xN constants that the layers read become rows of N values.
static void dropUnitDimensions(ArrayRef<Operation *> ops) {
  for (Operation *op : ops)
    for (OpOperand &operand : op->getOpOperands()) {
      auto constant = operand.get().getDefiningOp<ConstantOp>();
      if (!constant || isa<LinearOp>(op) || constant.getType().getRank() < 2 ||
          constant.getType().getNumElements() != constant.getType().getShape().back() ||
          constant.getType().getShape().drop_back() ==
              cast<RankedTensorType>(op->getResult(0).getType()).getShape().drop_back())
        continue;
      std::optional<ConstantBytes> bytes = getConstantBytes(constant.getValue());
      if (!bytes)
        continue;
      auto type = RankedTensorType::get(constant.getType().getShape().back(), constant.getType().getElementType());
      OpBuilder builder(constant);
      StringRef name = constant.getName().value_or("data");
      operand.set(ConstantOp::create(builder, constant.getLoc(), type, makeConstant(type, bytes->get(), name),
                                     constant.getNameAttr()));
    }
}

namespace {
struct FormGemmRegions : fuse::impl::FormGemmRegionsBase<FormGemmRegions> {
  using Base::Base;

  void runOnOperation() override {
    Block *block = fuse::getModelBlock(getOperation());
    if (!block)
      return getOperation().isExternal() ? void() : signalPassFailure();
    SmallVector<LinearOp> roots(block->getOps<LinearOp>());
    DenseSet<Operation *> taken;
    for (LinearOp root : roots) {
      if (taken.contains(root))
        continue;
      if (const char *obstacle = findObstacle(root)) {
        remark::missed(root.getLoc(), remark::RemarkOpts::name("no-gemm").category(getArgument()))
            << remark::reason("no GEMM kernel: {0}", obstacle);
        continue;
      }
      GemmRegion region(root);
      if (lowRank && region.addLowRankPartner(maxRank, maxPairWeights)) {
        taken.insert(region.getOps()[1]);
        ++numLowRank;
      }
      numAbsorbed += region.absorbEpilogue();
      if (auto [layer, obstacle] = region.findLayerLeftOut(); layer)
        remark::missed(layer->getLoc(), remark::RemarkOpts::name("not-in-epilogue").category(getArgument()))
            << remark::reason("{0} not fused with the linear layer that it reads: {1}", layer->getName(), obstacle);
      numCasts += region.absorbCast();
      dropUnitDimensions(region.getOps());
      fuse::formRegion(region.getOps(), rec::RegionKind::gemm);
      ++numRegions;
    }
  }
};
} // namespace
