//===- Norms.cpp - Normalisations ---------------------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "passes/Import/Registry.h"

using namespace mlir;

namespace reckon::importer {

namespace {
/// Mean and (biased) variance over some axes, which stay as dimensions of 1.
struct Moments {
  Value mean, variance, centred;
};
} // namespace

static Moments getMoments(Node &node, Value x, ArrayRef<int64_t> axes) {
  Moments m;
  m.mean = node.reduce(ReduceKind::mean, x, axes, /*keepdims=*/true);
  m.centred = node.sub(x, m.mean);
  m.variance = node.reduce(ReduceKind::mean, node.mul(m.centred, m.centred), axes, /*keepdims=*/true);
  return m;
}

static Value invertDeviation(Node &node, Value variance, double epsilon) {
  return node.unary(UnaryKind::rsqrt, node.add(variance, epsilon));
}

/// A vector of one entry a channel as a tensor that broadcasts against x.
static Value alongChannels(Node &node, Value vector, int64_t rank) {
  Shape shape(rank, SizeExpr(1));
  shape[1] = rec::getNumElements(rec::getShape(vector));
  return node.reshape(vector, shape);
}

static LogicalResult convertLayerNorm(Node &node) {
  Value x = node.getOperand(0), scale = node.getOperand(1), bias = node.getOperand(2);
  if (!x)
    return node.invalid("operand 'X' is missing");
  auto axis = node.normalizeAxis(node.getInt("axis", -1), getRank(x));
  if (!axis)
    return failure();
  double epsilon = node.getFloat("epsilon", 1e-5);
  Value y =
      node.make<rec::LayerNormOp>(x, scale, bias, node.b.getI64IntegerAttr(*axis), node.b.getF64FloatAttr(epsilon));
  Value mean, inverse;
  if (node.isUsed(1) || node.isUsed(2)) {
    // The moments have the type that they were computed in, float unless said otherwise.
    Type stash = node.getInt("stash_type", 1) == 1 ? Type(node.b.getF32Type()) : getElement(x);
    Moments m = getMoments(node, node.cast(x, stash), llvm::to_vector(llvm::seq<int64_t>(*axis, getRank(x))));
    mean = m.mean;
    inverse = invertDeviation(node, m.variance, epsilon);
  }
  return node.replace({y, mean, inverse});
}

static LogicalResult convertBatchNorm(Node &node) {
  SmallVector<Value> operands = node.getOperands();
  if (operands.size() != 5)
    return node.invalid("five operands were expected");
  Value x = operands[0], scale = operands[1], bias = operands[2], mean = operands[3], variance = operands[4];
  if (getRank(x) < 2)
    return node.unsupported("an operand of rank " + Twine(getRank(x)));
  // Statistics may have a wider type than x.
  Type element = getElement(x);
  auto epsilon = node.b.getF64FloatAttr(node.getFloat("epsilon", 1e-5));
  auto normalize = [&](Value mean, Value variance) {
    return node.make<rec::BatchNormOp>(x, node.cast(scale, element), node.cast(bias, element), node.cast(mean, element),
                                       node.cast(variance, element), epsilon);
  };
  bool isTraining = node.getOpset() >= 14 ? node.getInt("training_mode", 0) != 0 : false;
  if (!isTraining)
    return node.replace({normalize(mean, variance)});

  // Statistics of this batch, and the running ones moved towards them.
  SmallVector<int64_t> axes{0};
  for (int64_t d = 2; d < getRank(x); ++d)
    axes.push_back(d);
  Moments m = getMoments(node, x, axes);
  if (!m.variance)
    return failure();
  Shape channels(1, rec::getShape(x)[1]);
  Value batchMean = node.reshape(m.mean, channels), batchVariance = node.reshape(m.variance, channels);
  double momentum = node.getFloat("momentum", 0.9);
  auto move = [&](Value running, Value batch) {
    return node.add(node.mul(running, momentum), node.mul(node.cast(batch, getElement(running)), 1 - momentum));
  };
  return node.replace({normalize(batchMean, batchVariance), move(mean, batchMean), move(variance, batchVariance)});
}

static LogicalResult convertInstanceNorm(Node &node) {
  SmallVector<Value> operands = node.getOperands();
  if (operands.size() != 3 || getRank(operands[0]) < 3)
    return node.invalid("three operands were expected, the first of rank 3 or more");
  Value x = operands[0];
  int64_t rank = getRank(x);
  Moments m = getMoments(node, x, llvm::to_vector(llvm::seq<int64_t>(2, rank)));
  Value y = node.mul(m.centred, invertDeviation(node, m.variance, node.getFloat("epsilon", 1e-5)));
  y = node.mul(y, alongChannels(node, operands[1], rank));
  return node.replace(node.add(y, alongChannels(node, operands[2], rank)));
}

static LogicalResult convertGroupNorm(Node &node) {
  SmallVector<Value> operands = node.getOperands();
  if (operands.size() != 3 || getRank(operands[0]) < 3)
    return node.invalid("three operands were expected, the first of rank 3 or more");
  Value x = operands[0];
  Shape shape = rec::getShape(x);
  int64_t groups = node.getInt("num_groups", 0);
  auto perGroup = groups > 0 ? SizeExpr::exactDiv(shape[1], groups) : std::nullopt;
  if (!perGroup)
    return node.invalid("num_groups " + Twine(groups) + " does not divide " + shape[1].str() + " channels");
  Shape grouped = shape;
  grouped[1] = groups;
  grouped.insert(grouped.begin() + 2, *perGroup);
  x = node.reshape(x, grouped);
  Moments m = getMoments(node, x, llvm::to_vector(llvm::seq<int64_t>(2, grouped.size())));
  Value y = node.mul(m.centred, invertDeviation(node, m.variance, node.getFloat("epsilon", 1e-5)));
  // Scale and bias were one a group, since opset 21 one a channel.
  bool perChannel = node.getOpset() >= 21;
  auto affine = [&](Value vector) {
    if (!perChannel)
      return alongChannels(node, vector, grouped.size());
    Shape to(grouped.size(), SizeExpr(1));
    to[1] = groups;
    to[2] = *perGroup;
    return node.reshape(vector, to);
  };
  y = node.add(node.mul(y, affine(operands[1])), affine(operands[2]));
  return node.replace(node.reshape(y, shape));
}

static LogicalResult convertLpNorm(Node &node) {
  Value x = node.getOperand(0);
  if (!x)
    return node.invalid("the operand is missing");
  auto axis = node.normalizeAxis(node.getInt("axis", -1), getRank(x));
  int64_t p = node.getInt("p", 2);
  if (!axis || (p != 1 && p != 2))
    return node.invalid("p is " + Twine(p) + ", not 1 or 2");
  Value norm = node.reduce(p == 1 ? ReduceKind::l1 : ReduceKind::l2, x, *axis, /*keepdims=*/true);
  // Zeros stay zeros.
  Value quotient = node.div(x, norm);
  Value isZero = node.compare(rec::CompareKind::eq, norm, 0.0);
  Value zero = node.scalar(0.0, getElement(x));
  return node.replace(node.select(isZero, zero, quotient));
}

static LogicalResult convertMeanVarianceNorm(Node &node) {
  Value x = node.getOperand(0);
  if (!x)
    return node.invalid("the operand is missing");
  auto axes = node.normalizeAxes(node.getInts("axes").value_or(SmallVector<int64_t>{0, 2, 3}), getRank(x));
  if (!axes)
    return failure();
  Moments m = getMoments(node, x, *axes);
  // The constant of the operator's definition.
  Value deviation = node.add(node.unary(UnaryKind::sqrt, m.variance), 1e-9);
  return node.replace(node.div(m.centred, deviation));
}

/// Local response normalisation: x / (bias + alpha * mean of squares over `size` channels)^beta.
static LogicalResult convertLrn(Node &node) {
  Value x = node.getOperand(0);
  int64_t size = node.getInt("size", 0);
  if (!x || getRank(x) < 2 || size < 1 || size > (1 << 20))
    return node.invalid("an operand of rank 2 or more and a positive size were expected");
  // Channels as the one spatial dimension of a sliding window.
  Shape shape = rec::getShape(x);
  ArrayRef<SizeExpr> sizes(shape);
  Value squares = node.reshape(node.mul(x, x), {shape[0], shape[1], rec::getNumElements(sizes.drop_front(2))});
  squares = node.transpose(squares, {0, 2, 1});
  int64_t before = (size - 1) / 2, after = size - 1 - before;
  Value mean = node.make<rec::PoolWindowOp>(rec::WindowKind::average, squares, ArrayRef<int64_t>{size},
                                            ArrayRef<int64_t>{1}, ArrayRef<int64_t>{before, after},
                                            ArrayRef<int64_t>{1}, /*ceil_mode=*/false, /*count_include_pad=*/true);
  mean = node.reshape(node.transpose(mean, {0, 2, 1}), shape);
  Value base = node.add(node.mul(mean, node.getFloat("alpha", 1e-4)), node.getFloat("bias", 1.0));
  return node.replace(node.div(x, node.binary(BinaryKind::pow, base, node.getFloat("beta", 0.75))));
}

void registerNorms(Registry &r) {
  r.add("BatchNormalization", convertBatchNorm, 9);
  r.add("GroupNormalization", convertGroupNorm);
  r.add("InstanceNormalization", convertInstanceNorm, 6);
  r.add("LRN", convertLrn);
  r.add("LayerNormalization", convertLayerNorm);
  r.add("LpNormalization", convertLpNorm);
  r.add("MeanVarianceNormalization", convertMeanVarianceNorm);
}

} // namespace reckon::importer
