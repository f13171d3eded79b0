//===- Activations.cpp - Activation functions ---------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "passes/Import/Registry.h"

using namespace mlir;

namespace reckon::importer {

/// alpha (e^min(x, 0) - 1) + max(x, 0), times gamma: Elu and Selu. The minimum keeps e^x from overflowing.
static LogicalResult convertExponentialUnit(Node &node, double alpha, double gamma) {
  Value x = node.getOperand(0);
  Value negative = node.unary(UnaryKind::exp, node.binary(BinaryKind::min, x, 0.0));
  negative = node.mul(node.add(negative, -1.0), alpha);
  Value result = node.add(node.binary(BinaryKind::max, x, 0.0), negative);
  return node.replace(gamma == 1.0 ? result : node.mul(result, gamma));
}

static LogicalResult convertElu(Node &node) { return convertExponentialUnit(node, node.getFloat("alpha", 1.0), 1.0); }

static LogicalResult convertSelu(Node &node) {
  return convertExponentialUnit(node, node.getFloat("alpha", 1.67326319217681884765625),
                                node.getFloat("gamma", 1.05070102214813232421875));
}

static LogicalResult convertCelu(Node &node) {
  Value x = node.getOperand(0);
  double alpha = node.getFloat("alpha", 1.0);
  if (alpha == 0)
    return node.invalid("alpha is 0");
  Value negative = node.unary(UnaryKind::exp, node.mul(node.binary(BinaryKind::min, x, 0.0), 1 / alpha));
  negative = node.mul(node.add(negative, -1.0), alpha);
  return node.replace(node.add(node.binary(BinaryKind::max, x, 0.0), negative));
}

static LogicalResult convertClip(Node &node) {
  Value x = node.getOperand(0);
  // Up to opset 10 the bounds were attributes.
  Value low = node.getOperand(1), high = node.getOperand(2);
  if (!low && node.hasAttr("min"))
    low = node.scalar(node.getFloat("min", 0), getElement(x));
  if (!high && node.hasAttr("max"))
    high = node.scalar(node.getFloat("max", 0), getElement(x));
  if (low)
    x = node.binary(BinaryKind::max, x, low);
  if (high)
    x = node.binary(BinaryKind::min, x, high);
  return node.replace(x);
}

static LogicalResult convertHardSigmoid(Node &node) {
  Value x = node.mul(node.getOperand(0), node.getFloat("alpha", 0.2));
  x = node.add(x, node.getFloat("beta", 0.5));
  return node.replace(node.binary(BinaryKind::min, node.binary(BinaryKind::max, x, 0.0), 1.0));
}

static LogicalResult convertLeakyRelu(Node &node) {
  Value x = node.getOperand(0);
  Value negative = node.mul(x, node.getFloat("alpha", 0.01));
  return node.replace(node.select(node.compare(CompareKind::lt, x, 0.0), negative, x));
}

static LogicalResult convertPRelu(Node &node) {
  Value x = node.getOperand(0), slope = node.getOperand(1);
  if (!slope)
    return node.invalid("operand 'slope' is missing");
  return node.replace(node.select(node.compare(CompareKind::lt, x, 0.0), node.mul(x, slope), x));
}

static LogicalResult convertThresholdedRelu(Node &node) {
  Value x = node.getOperand(0);
  Value above = node.compare(CompareKind::gt, x, node.getFloat("alpha", 1.0));
  return node.replace(node.select(above, x, node.scalar(0, getElement(x))));
}

static LogicalResult convertShrink(Node &node) {
  Value x = node.getOperand(0);
  double bias = node.getFloat("bias", 0.0), lambda = node.getFloat("lambd", 0.5);
  Value zero = node.scalar(0, getElement(x));
  Value middle = node.select(node.compare(CompareKind::gt, x, lambda), node.add(x, -bias), zero);
  return node.replace(node.select(node.compare(CompareKind::lt, x, -lambda), node.add(x, bias), middle));
}

static LogicalResult convertGelu(Node &node) {
  StringRef approximate = node.getString("approximate", "none");
  if (approximate != "none" && approximate != "tanh")
    return node.invalid("approximate is '" + approximate + "'");
  return node.replace(node.unary(approximate == "tanh" ? UnaryKind::gelu_tanh : UnaryKind::gelu, node.getOperand(0)));
}

/// Applies `along` to x and an axis. Before opset 13 Softmax and its kin worked on x flattened to two dimensions at the
/// axis, which is the same only for the last one.
template <typename Along> static LogicalResult convertAlongAxis(Node &node, Along along) {
  Value x = node.getOperand(0);
  bool flattens = node.getOpset() < 13;
  auto axis = node.normalizeAxis(node.getInt("axis", flattens ? 1 : -1), getRank(x));
  if (!axis)
    return failure();
  if (!flattens || *axis == getRank(x) - 1)
    return node.replace(along(x, *axis));
  Shape shape = rec::getShape(x);
  ArrayRef<SizeExpr> sizes(shape);
  Value flat =
      node.reshape(x, {rec::getNumElements(sizes.take_front(*axis)), rec::getNumElements(sizes.drop_front(*axis))});
  return node.replace(node.reshape(along(flat, 1), shape));
}

static LogicalResult convertSoftmax(Node &node) {
  bool log = node.getOpType() == "LogSoftmax";
  return convertAlongAxis(node, [&](Value x, int64_t axis) { return node.make<rec::SoftmaxOp>(x, axis, log); });
}

static LogicalResult convertHardmax(Node &node) {
  return convertAlongAxis(node, [&](Value x, int64_t axis) -> Value {
    Value where = node.make<rec::ArgReduceOp>(ReduceKind::max, x, axis, /*keepdims=*/true, /*select_last=*/false);
    if (!where)
      return where;
    Shape counting(getRank(x), SizeExpr(1));
    counting[axis] = rec::getShape(x)[axis];
    Value isThere = node.compare(CompareKind::eq, node.iota(counting, node.b.getI64Type(), axis), where);
    return node.cast(isThere, getElement(x));
  });
}

void registerActivations(Registry &r) {
  r.add("Celu", needOperand<convertCelu>);
  r.add("Clip", needOperand<convertClip>, 6);
  r.add("Elu", needOperand<convertElu>, 6);
  r.add("Gelu", needOperand<convertGelu>);
  r.add("HardSigmoid", needOperand<convertHardSigmoid>, 6);
  r.add("Hardmax", needOperand<convertHardmax>);
  r.add("LeakyRelu", needOperand<convertLeakyRelu>, 6);
  r.add("LogSoftmax", needOperand<convertSoftmax>);
  r.add("PRelu", needOperand<convertPRelu>, 7);
  r.add("Selu", needOperand<convertSelu>, 6);
  r.add("Shrink", needOperand<convertShrink>);
  r.add("Softmax", needOperand<convertSoftmax>);
  r.add("ThresholdedRelu", needOperand<convertThresholdedRelu>);
}

} // namespace reckon::importer
