//===- Resize.cpp - Resize, Upsample ------------------------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------------===//
//
// One axis after the other: where an element of the result comes from is known at compile time, so that an axis is a
// gather, or two and their weighted sum. Positions are computed in single precision, as onnxruntime does, for rounding
// decides which element is the nearest.
//
//===---------------------------------------------------------------------------------===//

#include "passes/Import/Registry.h"

#include "dialects/Rec/ConstantData.h"

#include "llvm/ADT/StringSwitch.h"

#include <cmath>

using namespace mlir;

namespace reckon::importer {

/// Elements that an axis of the result may have.
constexpr int64_t maxSize = int64_t(1) << 24;

namespace {
/// How an axis changes.
struct AxisChange {
  int64_t axis, from, to;
  float scale;
};
} // namespace

using Position = float (*)(float at, const AxisChange &change);
using Nearest = float (*)(float position);

static float halfPixel(float at, const AxisChange &c) { return (at + 0.5f) / c.scale - 0.5f; }

/// Where in x the place `at` of the result is; null for modes that are not known.
static Position getPosition(StringRef mode) {
  return llvm::StringSwitch<Position>(mode)
      .Case("half_pixel", halfPixel)
      .Case("pytorch_half_pixel", [](float at, const AxisChange &c) { return c.to > 1 ? halfPixel(at, c) : 0.0f; })
      .Case("align_corners",
            [](float at, const AxisChange &c) { return c.to > 1 ? at * float(c.from - 1) / float(c.to - 1) : 0.0f; })
      .Case("asymmetric", [](float at, const AxisChange &c) { return at / c.scale; })
      .Case("half_pixel_symmetric",
            [](float at, const AxisChange &c) {
              float adjusted = float(c.to) / (c.scale * float(c.from)), center = float(c.from) / 2;
              return center * (1 - adjusted) + halfPixel(at, c);
            })
      .Default(nullptr);
}

static Nearest getNearest(StringRef mode) {
  return llvm::StringSwitch<Nearest>(mode)
      .Case("round_prefer_floor", [](float x) { return x == std::floor(x) + 0.5f ? std::floor(x) : std::round(x); })
      .Case("round_prefer_ceil", [](float x) { return std::round(x); })
      .Case("floor", [](float x) { return std::floor(x); })
      .Case("ceil", [](float x) { return std::ceil(x); })
      .Default(nullptr);
}

static Value takeNearest(Node &node, Value x, const AxisChange &change, Position position, Nearest nearest) {
  SmallVector<int64_t> indices;
  for (int64_t i = 0; i < change.to; ++i)
    indices.push_back(std::clamp<float>(nearest(position(float(i), change)), 0.0f, float(change.from - 1)));
  return node.gather(x, node.integers(indices), change.axis);
}

static Value interpolate(Node &node, Value x, const AxisChange &change, Position position) {
  SmallVector<int64_t> low, high;
  SmallVector<double> weights;
  for (int64_t i = 0; i < change.to; ++i) {
    float at = std::clamp<float>(position(float(i), change), 0.0f, float(change.from - 1));
    low.push_back(int64_t(std::floor(at)));
    high.push_back(std::min(low.back() + 1, change.from - 1));
    weights.push_back(at - std::floor(at));
  }
  SmallVector<int64_t> along(getRank(x) - change.axis, 1);
  along.front() = change.to;
  auto type = RankedTensorType::get(along, getElement(x));
  Value weight = node.make<rec::ConstantOp>(rec::makeConstant(type, ArrayRef<double>(weights)), StringAttr());
  Value below = node.gather(x, node.integers(low), change.axis),
        above = node.gather(x, node.integers(high), change.axis);
  return node.add(below, node.mul(node.sub(above, below), weight));
}

/// The axes that change: by operand 'sizes', or by 'scales', which were an attribute before opset 9.
static std::optional<SmallVector<AxisChange>> readChanges(Node &node, Value x, unsigned scalesOperand) {
  Shape shape = rec::getShape(x);
  int64_t rank = shape.size();
  std::optional<SmallVector<double>> scales;
  std::optional<SmallVector<SizeExpr>> sizes;
  if (scalesOperand == 2 && node.getOperand(3)) {
    sizes = node.getSizes(3, "sizes");
  } else if (node.getOperand(scalesOperand)) {
    scales = node.getConstantFloats(scalesOperand, "scales");
  } else if (auto numbers = node.op.getAttrs().getAs<DenseF32ArrayAttr>("scales")) {
    scales.emplace(numbers.asArrayRef().begin(), numbers.asArrayRef().end());
  } else {
    (void)node.invalid("scales or sizes are missing");
  }
  SmallVector<int64_t> axes = node.getInts("axes").value_or(llvm::to_vector(llvm::seq<int64_t>(0, rank)));
  if ((!scales && !sizes) || !node.normalizeAxes(axes, rank))
    return std::nullopt;
  if ((scales ? scales->size() : sizes->size()) != axes.size()) {
    (void)node.invalid("scales or sizes do not have one number for each of " + Twine(axes.size()) + " axes");
    return std::nullopt;
  }
  SmallVector<AxisChange> changes;
  for (auto [i, number] : llvm::enumerate(axes)) {
    int64_t axis = number < 0 ? number + rank : number;
    if (scales ? (*scales)[i] == 1 : (*sizes)[i] == shape[axis])
      continue;
    auto from = shape[axis].constant(), to = sizes ? (*sizes)[i].constant() : std::nullopt;
    if (!from || (sizes && !to)) {
      (void)node.unsupported("the dimension " + shape[axis].str() + " changes, which is not a constant");
      return std::nullopt;
    }
    double scale = scales ? (*scales)[i] : double(*to) / double(std::max<int64_t>(*from, 1));
    double size = scales ? std::floor(double(*from) * scale) : double(*to);
    if (*from < 1 || !(scale > 0) || size < 1 || size > double(maxSize)) {
      (void)node.invalid("dimension " + Twine(axis) + " of size " + Twine(*from) + " cannot be resized so");
      return std::nullopt;
    }
    changes.push_back({axis, *from, int64_t(size), float(scale)});
  }
  return changes;
}

static LogicalResult resize(Node &node, unsigned scalesOperand, StringRef positionMode, StringRef nearestMode) {
  Value x = node.getOperand(0);
  auto changes = readChanges(node, x, scalesOperand);
  if (!changes)
    return failure();
  StringRef mode = node.getString("mode", "nearest");
  Position position = getPosition(positionMode);
  Nearest nearest = getNearest(nearestMode);
  if ((mode != "nearest" && mode != "linear" && mode != "bilinear") || !position || !nearest)
    return node.unsupported("mode '" + mode + "' with '" + positionMode + "' and '" + nearestMode + "'");
  if (node.getString("keep_aspect_ratio_policy", "stretch") != "stretch")
    return node.unsupported("a policy that keeps the aspect ratio");
  if (node.getInt("antialias", 0) && llvm::any_of(*changes, [](const AxisChange &c) { return c.to < c.from; }))
    return node.unsupported("attribute 'antialias' of sizes that become less");
  bool isLinear = mode != "nearest";
  if (isLinear && !isa<FloatType>(getElement(x)))
    return node.unsupported("interpolation between integers");
  for (const AxisChange &change : *changes) {
    x = isLinear ? interpolate(node, x, change, position) : takeNearest(node, x, change, position, nearest);
    if (!x)
      return failure();
  }
  return node.replace(x);
}

static LogicalResult convertResize(Node &node) {
  if (node.getOpset() < 11)
    return resize(node, 1, "asymmetric", "floor");
  return resize(node, 2, node.getString("coordinate_transformation_mode", "half_pixel"),
                node.getString("nearest_mode", "round_prefer_floor"));
}

static LogicalResult convertUpsample(Node &node) { return resize(node, 1, "asymmetric", "floor"); }

void registerResize(Registry &r) {
  r.add("Resize", needOperand<convertResize>, 10);
  r.add("Upsample", needOperand<convertUpsample>, 7);
}

} // namespace reckon::importer
