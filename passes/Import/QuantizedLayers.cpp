//===- QuantizedLayers.cpp - Layers on quantised tensors ---------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// Products are sums of integers, which are exact; other layers work on what the integers stand for.
//
//===----------------------------------------------------------------------------===//

#include "passes/Import/Quantize.h"
#include "passes/Import/Registry.h"
#include "passes/Import/Windows.h"

using namespace mlir;

namespace reckon::importer {

/// Operands i and i + 1 as a scaling.
static Scaling getScaling(Node &node, unsigned i) { return {node.getOperand(i), node.getOperand(i + 1)}; }

/// The type of a quantised result: its zero point's, or uint8 without one.
static Type getQuantizedType(Node &node, const Scaling &scaling) {
  return scaling.zero ? getElement(scaling.zero) : Type(node.b.getIntegerType(8, /*isSigned=*/false));
}

/// Ends a node whose result is x, quantised.
static LogicalResult replaceQuantized(Node &node, Value x, const Scaling &scaling) {
  if (!scaling.scale)
    return node.invalid("the scale of the result is missing");
  return node.replace(quantize(node, x, scaling, getQuantizedType(node, scaling)));
}

/// The sum that a product of integers stands for, times `factor`, in the type of the factor.
static Value rescale(Node &node, Value sum, Value factor) {
  return sum && factor ? node.mul(node.cast(sum, getElement(factor)), factor) : Value();
}

/// Ends a node whose result is a sum of products of integers that count `factor` each, quantised. One factor takes the
/// sum to the steps of the result: that is how onnxruntime rounds.
static LogicalResult replaceRequantized(Node &node, Value sum, Value factor, const Scaling &scaling) {
  if (!scaling.scale)
    return node.invalid("the scale of the result is missing");
  Value steps = rescale(node, sum, node.div(factor, scaling.scale));
  return node.replace(quantize(node, steps, {Value(), scaling.zero}, getQuantizedType(node, scaling)));
}

//===--------------------------------------------------------------------------------===//
// Elementwise and reductions
//===--------------------------------------------------------------------------------===//

static LogicalResult convertAdd(Node &node) {
  Value a = dequantize(node, node.getOperand(0), getScaling(node, 1)),
        b = dequantize(node, node.getOperand(3), getScaling(node, 4));
  return a && b ? replaceQuantized(node, node.add(a, b), getScaling(node, 6)) : node.invalid("an operand is missing");
}

static LogicalResult convertMul(Node &node) {
  Scaling scaleA = getScaling(node, 1), scaleB = getScaling(node, 4);
  Value a = toIntegers(node, node.getOperand(0), scaleA.zero), b = toIntegers(node, node.getOperand(3), scaleB.zero);
  if (!a || !b || !scaleA.scale || !scaleB.scale)
    return node.invalid("an operand is missing");
  return replaceRequantized(node, node.mul(a, b), node.mul(scaleA.scale, scaleB.scale), getScaling(node, 6));
}

/// A node of X, its scaling and that of the result, by a function of what X stands for.
template <typename Function> static LogicalResult convertUnary(Node &node, Function function) {
  Value x = dequantize(node, node.getOperand(0), getScaling(node, 1));
  return x ? replaceQuantized(node, function(x), getScaling(node, 3)) : node.invalid("an operand is missing");
}

static LogicalResult convertSigmoid(Node &node) {
  return convertUnary(node, [&](Value x) { return node.unary(UnaryKind::sigmoid, x); });
}

static LogicalResult convertLeakyRelu(Node &node) {
  double alpha = node.getFloat("alpha", 0.01);
  return convertUnary(
      node, [&](Value x) { return node.select(node.compare(CompareKind::lt, x, 0.0), node.mul(x, alpha), x); });
}

/// onnxruntime counts a probability in a whole number of steps of the result: the most that one has, rounded down.
static Value getWholeSteps(Node &node, Value scale) {
  return scale ? node.unary(UnaryKind::floor, node.unary(UnaryKind::reciprocal, scale)) : scale;
}

/// The attribute `opset` says which softmax it was: before 13 one of x flattened to two dimensions.
static LogicalResult convertSoftmax(Node &node) {
  Value x = dequantize(node, node.getOperand(0), getScaling(node, 1));
  Scaling result = getScaling(node, 3);
  if (!x || !result.scale)
    return node.invalid("an operand is missing");
  auto axis = node.normalizeAxis(node.getInt("axis", -1), getRank(x));
  if (!axis)
    return failure();
  Shape shape = rec::getShape(x);
  Value weights;
  if (node.getInt("opset", 13) >= 13) {
    weights = node.make<rec::SoftmaxOp>(x, *axis, /*log=*/false);
  } else {
    ArrayRef<SizeExpr> sizes(shape);
    Value flat =
        node.reshape(x, {rec::getNumElements(sizes.take_front(*axis)), rec::getNumElements(sizes.drop_front(*axis))});
    weights = node.reshape(node.make<rec::SoftmaxOp>(flat, 1, /*log=*/false), shape);
  }
  Value steps = node.mul(weights, getWholeSteps(node, result.scale));
  return node.replace(quantize(node, steps, {Value(), result.zero}, getQuantizedType(node, result)));
}

static LogicalResult convertReduceMean(Node &node) {
  return convertUnary(node, [&](Value x) -> Value {
    auto axes = node.normalizeAxes(node.getInts("axes").value_or(SmallVector<int64_t>()), getRank(x));
    return axes ? node.reduce(ReduceKind::mean, x, *axes, node.getInt("keepdims", 1) != 0) : Value();
  });
}

static LogicalResult convertGlobalAveragePool(Node &node) {
  return convertUnary(node, [&](Value x) -> Value {
    int64_t first = node.getInt("channels_last", 0) ? 1 : 2, rank = getRank(x);
    return node.reduce(ReduceKind::mean, x, llvm::to_vector(llvm::seq<int64_t>(first, first + rank - 2)),
                       /*keepdims=*/true);
  });
}

static LogicalResult convertAveragePool(Node &node) {
  if (node.getInt("channels_last", 0))
    return node.unsupported("channels last");
  return convertUnary(node, [&](Value x) -> Value {
    auto sizes = node.getInts("kernel_shape");
    if (!sizes || int64_t(sizes->size()) != getRank(x) - 2) {
      (void)node.invalid("kernel_shape does not have one number for each spatial dimension");
      return nullptr;
    }
    auto window = readWindow(node, x, *sizes);
    if (!window)
      return nullptr;
    return node.make<rec::PoolWindowOp>(rec::WindowKind::average, x, window->sizes, window->strides, window->pads,
                                        window->dilations, node.getInt("ceil_mode", 0) != 0,
                                        node.getInt("count_include_pad", 0) != 0);
  });
}

/// The scaling of the result comes first, then each input with its own.
static LogicalResult convertConcat(Node &node) {
  SmallVector<Value> parts;
  for (unsigned i = 2; i + 1 < node.getNumOperands(); i += 3)
    parts.push_back(dequantize(node, node.getOperand(i), getScaling(node, i + 1)));
  if (parts.empty() || llvm::is_contained(parts, Value()))
    return node.invalid("an operand is missing");
  auto axis = node.normalizeAxis(node.getInt("axis", 0), getRank(parts.front()));
  return axis ? replaceQuantized(node, node.concat(parts, *axis), getScaling(node, 0)) : failure();
}

static LogicalResult convertWhere(Node &node) {
  Value a = dequantize(node, node.getOperand(1), getScaling(node, 2)),
        b = dequantize(node, node.getOperand(4), getScaling(node, 5));
  if (!node.getOperand(0) || !a || !b)
    return node.invalid("an operand is missing");
  return replaceQuantized(node, node.select(node.getOperand(0), a, b), getScaling(node, 7));
}

//===--------------------------------------------------------------------------------===//
// Products
//===--------------------------------------------------------------------------------===//

static Value transposeIf(Node &node, Value x, bool transposes) {
  return x && transposes ? node.transpose(x, {1, 0}) : x;
}

/// alpha (A - zero) (B - zero) and C, in the scale of A times B's, quantised when the result has a scale.
static LogicalResult convertQGemm(Node &node) {
  Scaling scaleA = getScaling(node, 1), scaleB = getScaling(node, 4), result = getScaling(node, 7);
  Value a = node.getOperand(0), b = node.getOperand(3), c = node.getOperand(6);
  if (!a || !b || !scaleA.scale || !scaleB.scale || getRank(a) != 2 || getRank(b) != 2)
    return node.invalid("matrices with their scales were expected");
  bool transposesB = node.getInt("transB", 0) != 0;
  a = transposeIf(node, toIntegers(node, a, scaleA.zero), node.getInt("transA", 0) != 0);
  // Scales of B may be one a column of the product.
  b = transposeIf(node, b, transposesB);
  b = toIntegers(node, b, scaleB.zero);
  Value sum = node.matmul(a, b);
  if (c)
    sum = node.add(sum, c);
  Value factor = node.mul(scaleA.scale, scaleB.scale);
  double alpha = node.getFloat("alpha", 1.0);
  if (alpha != 1)
    factor = node.mul(factor, alpha);
  return result.scale ? replaceRequantized(node, sum, factor, result) : node.replace(rescale(node, sum, factor));
}

/// (A - zero) (B - zero) in the scale of both, plus a bias.
static Value multiply(Node &node, Value a, const Scaling &scaleA, Value b, const Scaling &scaleB, Value bias) {
  Value sum = node.matmul(toIntegers(node, a, scaleA.zero), toIntegers(node, b, scaleB.zero),
                          /*transposeA=*/false, /*transposeB=*/false);
  Value product = rescale(node, sum, node.mul(scaleA.scale, scaleB.scale));
  return bias ? node.add(product, bias) : product;
}

static LogicalResult convertMatMulToFloat(Node &node) {
  Value a = node.getOperand(0), b = node.getOperand(1);
  Scaling scaleA{node.getOperand(2), node.getOperand(4)}, scaleB{node.getOperand(3), node.getOperand(5)};
  if (!a || !b || !scaleA.scale || !scaleB.scale)
    return node.invalid("an operand is missing");
  return node.replace(multiply(node, a, scaleA, b, scaleB, node.getOperand(6)));
}

static LogicalResult convertDynamicMatMul(Node &node) {
  Value a = node.getOperand(0), b = node.getOperand(1);
  Scaling scaleB = getScaling(node, 2);
  if (!a || !b || !scaleB.scale)
    return node.invalid("an operand is missing");
  Quantized q = quantizeByRange(node, a);
  if (!q.integers)
    return failure();
  return node.replace(multiply(node, q.integers, q.scaling, b, scaleB, node.getOperand(4)));
}

/// In doubles, which hold every sum of products of 8-bit numbers.
static LogicalResult convertConv(Node &node) {
  Value x = node.getOperand(0), weight = node.getOperand(3), bias = node.getOperand(8);
  Scaling scaleX = getScaling(node, 1), scaleW = getScaling(node, 4), result = getScaling(node, 6);
  if (!x || !weight || !scaleX.scale || !scaleW.scale)
    return node.invalid("an operand is missing");
  if (node.getInt("channels_last", 0))
    return node.unsupported("channels last");
  if (getRank(x) < 3 || getRank(x) > 4 || getRank(weight) != getRank(x))
    return node.unsupported("a convolution of rank " + Twine(getRank(x)));
  SmallVector<int64_t> sizes;
  Shape shape = rec::getShape(weight);
  for (const SizeExpr &size : ArrayRef<SizeExpr>(shape).drop_front(2))
    sizes.push_back(size.constant().value_or(-1));
  auto window = readWindow(node, x, sizes);
  if (!window)
    return failure();
  Type f64 = node.b.getF64Type(), i32 = node.b.getI32Type();
  // One scale and zero point, or one an output channel: the first dimension of the weight and the second of the result.
  auto alongChannels = [&](Value vector, int64_t axis) -> Value {
    if (!vector || rec::getNumElements(rec::getShape(vector)) == SizeExpr(1))
      return vector ? node.reshape(vector, {}) : vector;
    Shape along(getRank(x), SizeExpr(1));
    along[axis] = rec::getNumElements(rec::getShape(vector));
    return node.reshape(vector, along);
  };
  Value a = node.cast(toIntegers(node, x, scaleX.zero ? node.reshape(scaleX.zero, {}) : Value()), f64),
        w = node.cast(toIntegers(node, weight, alongChannels(scaleW.zero, 0)), f64);
  Value sum = node.make<rec::ConvOp>(a, w, bias ? node.cast(bias, f64) : Value(), window->strides, window->pads,
                                     window->dilations, node.getInt("group", 1));
  Value factor = node.mul(node.reshape(scaleX.scale, {}), alongChannels(scaleW.scale, 1));
  return replaceRequantized(node, node.cast(sum, i32), factor, result);
}

void registerQuantizedLayers(Registry &r) {
  r.add("QLinearConv", convertConv);
  r.add("com.microsoft.DynamicQuantizeMatMul", convertDynamicMatMul);
  r.add("com.microsoft.MatMulIntegerToFloat", convertMatMulToFloat);
  r.add("com.microsoft.QGemm", convertQGemm);
  r.add("com.microsoft.QLinearAdd", convertAdd);
  r.add("com.microsoft.QLinearAveragePool", convertAveragePool);
  r.add("com.microsoft.QLinearConcat", convertConcat);
  r.add("com.microsoft.QLinearConv", convertConv);
  r.add("com.microsoft.QLinearGlobalAveragePool", convertGlobalAveragePool);
  r.add("com.microsoft.QLinearLeakyRelu", convertLeakyRelu);
  r.add("com.microsoft.QLinearMul", convertMul);
  r.add("com.microsoft.QLinearReduceMean", convertReduceMean);
  r.add("com.microsoft.QLinearSigmoid", convertSigmoid);
  r.add("com.microsoft.QLinearSoftmax", convertSoftmax);
  r.add("com.microsoft.QLinearWhere", convertWhere);
}

} // namespace reckon::importer
