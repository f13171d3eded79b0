//===- DecomposeForFusion.cpp - Composite layers to linear and pointwise ones --===//
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
#include "mlir/IR/Builders.h"

#include <cmath>

namespace reckon::fuse {
#define GEN_PASS_DEF_DECOMPOSEFORFUSION
#include "passes/Fuse/Passes.h.inc"
} // namespace reckon::fuse

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

static Value binary(OpBuilder &builder, Location loc, BinaryKind kind, Value a, Value b, Type type) {
  return BinaryOp::create(builder, loc, type, kind, a, b);
}

/// The layers a cross layer becomes multiply as it did.
static Value linearOf(OpBuilder &builder, CrossLayerOp cross, Type type, Value x, Value weight, Value bias) {
  auto linear = LinearOp::create(builder, cross.getLoc(), type, x, weight, bias);
  RecDialect::PrecisionAttrHelper note(builder.getContext());
  if (PrecisionAttr precision = note.getAttr(cross))
    note.setAttr(linear, precision);
  return linear;
}

static void decompose(CrossLayerOp cross) {
  OpBuilder builder(cross);
  Location loc = cross.getLoc();
  Type type = cross.getType();
  Value x = cross.getX();
  if (Value down = cross.getDown()) {
    Shape narrow = {getShape(x)[0], getShape(down)[1]};
    x = linearOf(builder, cross, getTensorType(narrow, cross.getType().getElementType()), x, down, Value());
  }
  Value product = linearOf(builder, cross, type, x, cross.getWeight(), cross.getBias());
  Value scaled = binary(builder, loc, BinaryKind::mul, product, cross.getX0(), type);
  cross.replaceAllUsesWith(binary(builder, loc, BinaryKind::add, scaled, cross.getX(), type));
  cross.erase();
}

static std::optional<std::vector<double>> getValues(Value value) {
  auto constant = value.getDefiningOp<ConstantOp>();
  return constant ? getConstantDoubles(constant.getValue()) : std::nullopt;
}

static Value constant(OpBuilder &builder, Location loc, ArrayRef<double> values, RankedTensorType type) {
  return ConstantOp::create(builder, loc, type, makeConstant(type, values), StringAttr());
}

/// (x - mean) / sqrt(variance + epsilon) * scale + bias as x * a + b.
static bool decompose(BatchNormOp norm) {
  auto scale = getValues(norm.getScale()), bias = getValues(norm.getBias());
  auto mean = getValues(norm.getMean()), variance = getValues(norm.getVariance());
  if (!scale || !bias || !mean || !variance)
    return false;
  std::vector<double> a, b;
  double epsilon = norm.getEpsilon().convertToDouble();
  for (size_t c = 0; c < scale->size(); ++c) {
    a.push_back((*scale)[c] / std::sqrt((*variance)[c] + epsilon));
    b.push_back((*bias)[c] - (*mean)[c] * a.back());
  }
  // One value a channel, and the channel is the second dimension.
  RankedTensorType type = norm.getType();
  SmallVector<int64_t> shape(type.getRank() - 1, 1);
  shape[0] = scale->size();
  auto constantType = RankedTensorType::get(shape, type.getElementType());
  OpBuilder builder(norm);
  Location loc = norm.getLoc();
  Value factor = constant(builder, loc, a, constantType), offset = constant(builder, loc, b, constantType);
  Value scaled = binary(builder, loc, BinaryKind::mul, norm.getX(), factor, type);
  norm.replaceAllUsesWith(binary(builder, loc, BinaryKind::add, scaled, offset, type));
  norm.erase();
  return true;
}

namespace {
struct DecomposeForFusion : fuse::impl::DecomposeForFusionBase<DecomposeForFusion> {
  void runOnOperation() override {
    SmallVector<CrossLayerOp> crossLayers;
    SmallVector<BatchNormOp> norms;
    getOperation().walk([&](CrossLayerOp op) { crossLayers.push_back(op); });
    getOperation().walk([&](BatchNormOp op) { norms.push_back(op); });
    for (CrossLayerOp cross : crossLayers) {
      decompose(cross);
      ++numCrossLayers;
    }
    for (BatchNormOp norm : norms)
      if (decompose(norm))
        ++numBatchNorms;
  }
};
} // namespace
