//===- OrderConcats.cpp - Aligned pieces of a matrix first ---------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "passes/Fuse/Passes.h"

#include "dialects/Rec/ConstantData.h"
#include "dialects/Rec/Rec.h"
#include "dialects/Rec/Shape.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <cstring>

namespace reckon::fuse {
#define GEN_PASS_DEF_ORDERCONCATS
#include "passes/Fuse/Passes.h.inc"
} // namespace reckon::fuse

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

/// Where the columns of an operand are before and after.
namespace {
struct Stretch {
  Value operand;
  int64_t from, width;
};

struct OrderConcats : fuse::impl::OrderConcatsBase<OrderConcats> {
  using Base::Base;

  void runOnOperation() override {
    SmallVector<ConcatOp> concats(getOperation().getOps<ConcatOp>());
    for (ConcatOp concat : concats)
      order(concat);
  }

private:
  void order(ConcatOp concat);
};
} // namespace

static bool hasConstantWeight(Operation *user, Value x) {
  auto linear = dyn_cast<LinearOp>(user);
  return linear && linear.getX() == x && linear.getWeight() != x && linear.getBias() != x &&
         linear.getWeight().getDefiningOp<ConstantOp>();
}

/// The weight with its rows in the order of the stretches; null when its data cannot be read.
static ElementsAttr orderRows(ElementsAttr weight, ArrayRef<Stretch> stretches) {
  auto type = cast<RankedTensorType>(weight.getType());
  auto bytes = getConstantBytes(weight);
  if (!bytes)
    return {};
  size_t rowBytes = bytes->get().size() / type.getDimSize(0);
  std::vector<char> data(bytes->get().size());
  char *to = data.data();
  for (const Stretch &stretch : stretches) {
    std::memcpy(to, bytes->get().data() + stretch.from * rowBytes, stretch.width * rowBytes);
    to += stretch.width * rowBytes;
  }
  return makeConstant(type, data, "ordered");
}

void OrderConcats::order(ConcatOp concat) {
  Value result = concat.getResult();
  auto type = cast<RankedTensorType>(result.getType());
  unsigned bits = type.getElementTypeBitWidth();
  if (concat.getAxis() + 1 != uint64_t(type.getRank()) || result.use_empty() || bits % 8 != 0 ||
      !llvm::all_of(result.getUsers(), [&](Operation *user) { return hasConstantWeight(user, result); }))
    return;
  int64_t alignment = rowAlignment, column = 0, elementBytes = bits / 8;
  SmallVector<Stretch> stretches;
  bool isMisplaced = false;
  for (Value operand : concat.getInputs()) {
    auto width = getShape(operand).back().constant();
    if (!width)
      return;
    stretches.push_back({operand, column, *width});
    isMisplaced |= *width * elementBytes % alignment == 0 && column * elementBytes % alignment != 0;
    column += *width;
  }
  if (!isMisplaced)
    return;
  llvm::stable_sort(stretches, [&](const Stretch &a, const Stretch &b) {
    return (a.width * elementBytes % alignment == 0) > (b.width * elementBytes % alignment == 0);
  });

  SmallVector<LinearOp> linears;
  SmallVector<ElementsAttr> weights;
  for (Operation *user : result.getUsers()) {
    linears.push_back(cast<LinearOp>(user));
    weights.push_back(orderRows(linears.back().getWeight().getDefiningOp<ConstantOp>().getValue(), stretches));
    if (!weights.back())
      return;
  }
  for (auto [linear, weight] : llvm::zip(linears, weights)) {
    auto old = linear.getWeight().getDefiningOp<ConstantOp>();
    OpBuilder builder(linear);
    linear.getWeightMutable().assign(ConstantOp::create(builder, old.getLoc(), weight, StringAttr()));
    if (old->use_empty())
      old.erase();
  }
  concat.getInputsMutable().assign(
      llvm::map_to_vector(stretches, [](const Stretch &stretch) { return stretch.operand; }));
  ++numOrdered;
}
