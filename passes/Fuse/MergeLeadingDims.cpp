//===- MergeLeadingDims.cpp - Products of heads and samples as rows -------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------------===//

#include "passes/Fuse/Passes.h"

#include "dialects/Rec/Rec.h"
#include "dialects/Rec/Shape.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"

namespace reckon::fuse {
#define GEN_PASS_DEF_MERGELEADINGDIMS
#include "passes/Fuse/Passes.h.inc"
} // namespace reckon::fuse

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

/// Rows of a kernel that would leave most threads without work.
static constexpr int64_t maxRows = 64;

static bool hasFewRows(const Shape &shape) {
  auto rows = shape.size() > 2 ? shape[0].constant() : std::nullopt;
  return rows && *rows > 1 && *rows <= maxRows && !shape[1].constant();
}

/// What an operand is to an op whose result has the leading dimensions of `shape`.
enum class Role { Merged, Same, None };

static Role getRole(Value operand, const Shape &shape) {
  Shape own = getShape(operand);
  if (own.size() == shape.size() && own[0] == shape[0] && own[1] == shape[1])
    return Role::Merged;
  return own.size() + 2 <= shape.size() ? Role::Same : Role::None;
}

/// Whether the op computes each place of the two leading dimensions from the same place of its operands.
static bool keepsPlaces(Operation *op) {
  if (op->getNumResults() != 1 || !isa<RankedTensorType>(op->getResult(0).getType()))
    return false;
  Shape shape = getShape(op->getResult(0));
  if (!hasFewRows(shape))
    return false;
  auto softmax = dyn_cast<SoftmaxOp>(op);
  bool isKnown =
      (softmax && softmax.getAxis() > 1) || isa<MatmulOp, UnaryOp, BinaryOp, CompareOp, SelectOp, CastOp>(op);
  if (!isKnown)
    return false;
  // The matrices of a product are no leading dimensions.
  if (isa<MatmulOp>(op) && (shape.size() < 4 || llvm::any_of(op->getOperands(), [&](Value operand) {
                              return getRole(operand, shape) != Role::Merged;
                            })))
    return false;
  return llvm::all_of(op->getOperands(), [&](Value operand) { return getRole(operand, shape) != Role::None; });
}

static RankedTensorType mergedType(Value value) {
  Shape shape = getShape(value);
  shape[1] = shape[0] * shape[1];
  return getTensorType(ArrayRef(shape).drop_front(), getElementTypeOrSelf(value));
}

namespace {
struct MergeLeadingDims : fuse::impl::MergeLeadingDimsBase<MergeLeadingDims> {
  void runOnOperation() override {
    merged.clear();
    back.clear();
    llvm::SetVector<Operation *> found;
    getOperation().walk([&](MatmulOp op) {
      if (keepsPlaces(op))
        found.insert(op);
    });
    // And what stands around them, so that one kernel can take all.
    for (size_t i = 0; i < found.size(); ++i) {
      Shape shape = getShape(found[i]->getResult(0));
      auto consider = [&](Operation *op) {
        if (op && !isa<MatmulOp>(op) && keepsPlaces(op)) {
          Shape other = getShape(op->getResult(0));
          if (other[0] == shape[0] && other[1] == shape[1])
            found.insert(op);
        }
      };
      for (Operation *user : found[i]->getUsers())
        consider(user);
      for (Value operand : found[i]->getOperands())
        consider(operand.getDefiningOp());
    }
    SmallVector<Operation *> inOrder;
    getOperation().walk([&](Operation *op) {
      if (found.contains(op))
        inOrder.push_back(op);
    });
    for (Operation *op : inOrder)
      merge(op);
    numLayers += inOrder.size();
    for (Operation *op : llvm::reverse(inOrder))
      op->erase();
    for (Operation *reshape : back)
      if (reshape->use_empty())
        reshape->erase();
  }

private:
  void merge(Operation *op) {
    OpBuilder builder(op);
    Shape shape = getShape(op->getResult(0));
    IRMapping mapping;
    for (Value operand : op->getOperands())
      if (getRole(operand, shape) == Role::Merged && !mapping.contains(operand))
        mapping.map(operand, getMerged(builder, op->getLoc(), operand));
    Operation *same = builder.clone(*op, mapping);
    same->getResult(0).setType(mergedType(op->getResult(0)));
    if (auto softmax = dyn_cast<SoftmaxOp>(same))
      softmax.setAxis(softmax.getAxis() - 1);
    Value apart = ReshapeOp::create(builder, op->getLoc(), op->getResult(0).getType(), same->getResult(0));
    back.push_back(apart.getDefiningOp());
    merged[apart] = same->getResult(0);
    op->getResult(0).replaceAllUsesWith(apart);
  }

  /// As it was before it was taken apart, where it was.
  Value getMerged(OpBuilder &builder, Location loc, Value value) {
    if (Value whole = merged.lookup(value))
      return whole;
    return merged[value] = ReshapeOp::create(builder, loc, mergedType(value), value);
  }

  DenseMap<Value, Value> merged;
  SmallVector<Operation *> back;
};
} // namespace
