//===- BoundDataSizes.cpp - Dimensions that data decide, at their greatest -------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "passes/Import/Node.h"
#include "passes/Normalize/DataSizeBounder.h"
#include "passes/Normalize/Passes.h"

#include "dialects/Rec/ConstantData.h"

#include "llvm/ADT/TypeSwitch.h"

namespace reckon {
#define GEN_PASS_DEF_BOUNDDATASIZES
#include "passes/Normalize/Passes.h.inc"
} // namespace reckon

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

//===--------------------------------------------------------------------------------===//
// The walk
//===--------------------------------------------------------------------------------===//

LogicalResult DataSizeBounder::retype(Operation *op) {
  for (Value result : op->getResults()) {
    Shape shape = getShape(result), greatest;
    if (!dependsOnData(shape))
      continue;
    for (const SizeExpr &size : shape) {
      auto most = bound(size);
      if (!most)
        return emitError(op->getLoc()) << "the size " << size.str().substr(3)
                                       << " is decided by data, and nothing says how great it may be" << getHint(size);
      greatest.push_back(*most);
    }
    shapes[result] = shape;
    result.setType(getTensorType(greatest, getElementTypeOrSelf(result)));
  }
  return success();
}

void DataSizeBounder::replace(Value result, Value by) {
  if (!by)
    return;
  Shape shape = getShape(result);
  // A value of its own: what stands here for fewer rows may be whole elsewhere. The canonicaliser takes it away.
  if (dependsOnData(shape)) {
    by = ReshapeOp::create(builder, by.getLoc(), by.getType(), by);
    shapes[by] = shape;
  }
  result.replaceAllUsesWith(by);
}

LogicalResult DataSizeBounder::rewrite(Operation *op, DataSizeBuilder &b) {
  if (auto prefix = dyn_cast<PrefixOp>(op)) {
    replace(prefix.getResult(), prefix.getX());
    return success();
  }
  auto isBoundedType = [&](Value value) {
    return isa<RankedTensorType>(value.getType()) && dependsOnData(getShape(value));
  };
  bool dims = isa<DimsOp>(op) && dependsOnData(cast<DimsOp>(op).getSizes().getSizes());
  if (!dims && llvm::none_of(op->getResults(), isBoundedType) &&
      llvm::none_of(op->getOperands(), [&](Value value) { return isBounded(value); }))
    return success();
  if (op->hasTrait<OpTrait::IsTerminator>()) {
    for (auto [i, value] : llvm::enumerate(op->getOperands()))
      if (isBounded(value)) {
        auto name = func.getResultAttrOfType<StringAttr>(i, "rec.name");
        return emitError(op->getLoc()) << "output '" << (name ? name.getValue() : "") << "' has the shape "
                                       << printShape(shapeOf(value))
                                       << ", which data decide; Reckon has no such outputs" << getHint(shapeOf(value));
      }
    return success();
  }
  auto firstOnly = [&](int64_t axis) { // Only the leading dimension may be bounded.
    for (Value operand : op->getOperands())
      for (int64_t d = axis; isBounded(operand) && d < int64_t(shapeOf(operand).size()); ++d)
        if (isBounded(operand, d))
          return LogicalResult(unsupported(op, "layer '" + op->getName().getStringRef() + "'"));
    return retype(op);
  };
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case<UnaryOp, BinaryOp, CompareOp, SelectOp, CastOp, BroadcastOp, TransposeOp, IotaOp>(
          [&](auto) { return retype(op); })
      .Case([&](DimsOp dims) { return rewriteDims(dims, b); })
      .Case(
          [&](ReshapeOp reshape) { return failed(checkReshape(reshape)) ? unsupported(op, "a reshape") : retype(op); })
      .Case([&](ReduceOp reduce) { return rewriteReduce(reduce, b); })
      .Case<SoftmaxOp, CumSumOp, ArgReduceOp, TopKOp>([&](auto) { return rewriteOrder(op, b); })
      .Case([&](GatherOp gather) { return rewriteGather(op, b, gather.getX(), 1); })
      .Case([&](GatherElementsOp gather) { return rewriteGather(op, b, gather.getX(), 1); })
      .Case([&](GatherNdOp gather) { return rewriteGather(op, b, gather.getX(), 1); })
      .Case<ScatterNdOp, ScatterElementsOp>([&](auto) { return rewriteScatter(op, b); })
      .Case([&](SliceOp slice) { return rewriteSlice(slice, b); })
      .Case([&](ConcatOp concat) { return rewriteConcat(concat, b); })
      .Case<LinearOp, MatmulOp, EinsumOp>([&](auto) { return rewriteProduct(op, b); })
      .Case([&](RnnOp rnn) { return rewriteRnn(rnn, b); })
      .Case([&](PadOp pad) {
        if (auto constant = pad.getValue().getDefiningOp<ConstantOp>()) {
          auto splat = getConstantSplat(constant.getValue());
          maskOperand(b, op, 0, llvm::to_vector(llvm::seq<int64_t>(0, pad.getLow().size())), splat.value_or(0));
          if (splat)
            return retype(op);
        }
        return unsupported(op, "a border of a computed value");
      })
      .Case<LayerNormOp>([&](LayerNormOp norm) { return firstOnly(norm.getAxis()); })
      .Case<BatchNormOp, ConvOp, PoolWindowOp>([&](auto) { return firstOnly(1); })
      .Default([&](Operation *) { return unsupported(op, "layer '" + op->getName().getStringRef() + "'"); });
}

/// Makes the run fail where the data do not meet a requirement, as an index outside its axis does: the first output is
/// taken by index from itself.
void DataSizeBounder::checkInRun(RequirementAttr requirement) {
  Operation *end = func.getBody().front().getTerminator();
  builder.setInsertionPoint(end);
  DataSizeBuilder b(builder, NameLoc::get(requirement.getNode()));
  Value holds = b.compare(requirement.getRelation() == Relation::equal ? CompareKind::eq : CompareKind::ge,
                          valueOf(b, requirement.getLeft()), valueOf(b, requirement.getRight()));
  Type i64 = builder.getI64Type();
  Value index = b.select(holds, b.scalar(0, i64), b.scalar(1, i64));
  if (Value checked = b.gather(b.unsqueeze(end->getOperand(0), 0), index, 0))
    end->setOperand(0, checked);
}

std::string DataSizeBounder::getHint(ArrayRef<SizeExpr> sizes) const {
  for (const SizeExpr &size : sizes)
    for (const std::string &dim : size.dims())
      if (auto it = dimensions.find(dim); it != dimensions.end())
        return importer::getFreezeHint(it->second.source);
  return "";
}

void DataSizeBounder::checkRequirements() {
  RecDialect::RequirementsAttrHelper requirements(func.getContext());
  ArrayAttr all = requirements.getAttr(func);
  if (!all)
    return;
  SmallVector<Attribute> kept;
  for (auto requirement : all.getAsRange<RequirementAttr>()) {
    if (!dependsOnData(requirement.getLeft()) && !dependsOnData(requirement.getRight())) {
      kept.push_back(requirement);
      continue;
    }
    // With each dimension at most what it can be.
    auto limit = [&](const SizeExpr &size) {
      return size.substitute([&](std::string_view name) -> std::optional<SizeExpr> {
        auto it = dimensions.find(name);
        if (it == dimensions.end() || !it->second.bound)
          return std::nullopt;
        return SizeExpr::min(SizeExpr::dim(name), *it->second.bound);
      });
    };
    if (provablyHolds({limit(requirement.getLeft()), requirement.getRelation(), limit(requirement.getRight()), ""}))
      continue;
    checkInRun(requirement);
    // What no number of them can meet depends on sizes alone.
    auto most = bound(requirement.getLeft()), least = bound(requirement.getRight(), /*greatest=*/false);
    if (requirement.getRelation() == Relation::at_least && most && least && !provablyNonNegative(*most - *least))
      kept.push_back(RequirementAttr::get(func.getContext(), Relation::at_least,
                                          DimsAttr::get(func.getContext(), ArrayRef<SizeExpr>{*most, *least}),
                                          requirement.getNode(), requirement.getWhat()));
  }
  requirements.setAttr(func, ArrayAttr::get(func.getContext(), kept));
}

/// The canonicaliser lifts rec.dims to the front, as it does constants. Those that depend on data go back behind the
/// sizes.
static void sinkDims(Block &body) {
  llvm::StringMap<DataSizeOp> sizes;
  for (auto size : body.getOps<DataSizeOp>())
    sizes[size.getDim()] = size;
  for (auto dims : llvm::make_early_inc_range(body.getOps<DimsOp>()))
    for (const SizeExpr &size : dims.getSizes().getSizes())
      for (const std::string &dim : size.dims())
        if (DataSizeOp definition = sizes.lookup(dim); definition && dims->isBeforeInBlock(definition))
          dims->moveAfter(definition);
}

LogicalResult DataSizeBounder::run() {
  Block &body = func.getBody().front();
  // A node that is still there is reported by the verifier of the phase.
  if (body.getOps<DataSizeOp>().empty() || !body.getOps<OnnxOp>().empty())
    return success();
  sinkDims(body);
  SmallVector<Operation *> ops = llvm::map_to_vector(body, [](Operation &op) { return &op; });
  for (Operation *op : ops) {
    Location loc = op->getLoc();
    builder.setInsertionPoint(op);
    DataSizeBuilder b(builder, loc);
    auto size = dyn_cast<DataSizeOp>(op);
    if (failed(size ? define(size, b) : rewrite(op, b)))
      return failure();
    if (b.isBroken())
      return emitError(loc) << "with the sizes that data decide at their greatest: " << b.getError();
    addRequirements(func, b.getRequirements());
  }
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(body)))
    if (isOpTriviallyDead(&op))
      op.erase();
  checkRequirements();
  return success();
}

namespace {
struct BoundDataSizes : public reckon::impl::BoundDataSizesBase<BoundDataSizes> {
  void runOnOperation() override {
    DataSizeBounder bounder(getOperation());
    if (failed(bounder.run()))
      return signalPassFailure();
    numBounded += bounder.numBounded;
    numMasked += bounder.numMasked;
  }
};
} // namespace
