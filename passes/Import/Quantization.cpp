//===- Quantization.cpp - Quantised tensors as arithmetic ---------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "passes/Import/Quantize.h"
#include "passes/Import/Registry.h"

using namespace mlir;

namespace reckon::importer {

Value alongAxis(Node &node, Value vector, Value x, int64_t otherwise) {
  if (!vector)
    return vector;
  if (getRank(vector) == 0)
    return vector;
  SizeExpr count = rec::getNumElements(rec::getShape(vector));
  if (count == SizeExpr(1))
    return node.reshape(vector, {});
  auto axis = node.normalizeAxis(node.getInt("axis", otherwise), getRank(x));
  if (!axis)
    return nullptr;
  if (getRank(vector) != 1) {
    (void)node.unsupported("scales in blocks");
    return nullptr;
  }
  Shape shape(getRank(x), SizeExpr(1));
  shape[*axis] = count;
  return node.reshape(vector, shape);
}

Value quantize(Node &node, Value x, const Scaling &scaling, Type type) {
  Value y = node.unary(UnaryKind::round, scaling.scale ? node.div(x, scaling.scale) : x);
  if (scaling.zero && y)
    y = node.add(y, node.cast(scaling.zero, getElement(y)));
  return node.saturate(y, type);
}

static LogicalResult convertQuantize(Node &node) {
  Value x = node.getOperand(0), scale = node.getOperand(1), zero = node.getOperand(2);
  if (!x || !scale)
    return node.invalid("an operand is missing");
  Type type = zero ? getElement(zero) : node.getType("output_dtype");
  if (!type)
    type = node.b.getIntegerType(8, /*isSigned=*/false);
  if (!isa<IntegerType>(type) || node.getInt("block_size", 0))
    return node.unsupported("a quantised type that is no integer, or blocks");
  // Integer inputs are quantised in the type of the scale.
  x = node.cast(x, getElement(scale));
  return node.replace(quantize(node, x, {alongAxis(node, scale, x), alongAxis(node, zero, x)}, type));
}

Value dequantize(Node &node, Value x, const Scaling &scaling) {
  if (!x || !scaling.scale)
    return nullptr;
  Type element = getElement(scaling.scale);
  Value y = node.cast(x, element);
  if (scaling.zero)
    y = node.sub(y, node.cast(scaling.zero, element));
  return node.mul(y, scaling.scale);
}

static LogicalResult convertDequantize(Node &node) {
  Value x = node.getOperand(0), scale = node.getOperand(1), zero = node.getOperand(2);
  if (!x || !scale)
    return node.invalid("an operand is missing");
  if (node.getInt("block_size", 0))
    return node.unsupported("scales in blocks");
  return node.replace(dequantize(node, x, {alongAxis(node, scale, x), alongAxis(node, zero, x)}));
}

Quantized quantizeByRange(Node &node, Value x) {
  Type type = node.b.getIntegerType(8, /*isSigned=*/false);
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(0, getRank(x)));
  // The range always has 0 in it.
  Value high = node.binary(BinaryKind::max, node.reduce(ReduceKind::max, x, axes, false), 0.0);
  Value low = node.binary(BinaryKind::min, node.reduce(ReduceKind::min, x, axes, false), 0.0);
  Value scale = node.binary(BinaryKind::div, node.sub(high, low), 255.0);
  Value zero = quantize(node, node.unary(UnaryKind::neg, low), {scale, Value()}, type);
  return {quantize(node, x, {scale, zero}, type), {scale, zero}};
}

static LogicalResult convertDynamicQuantize(Node &node) {
  Value x = node.getOperand(0);
  if (!x)
    return node.invalid("the operand is missing");
  Quantized q = quantizeByRange(node, x);
  return node.replace({q.integers, q.scaling.scale, q.scaling.zero});
}

Value toIntegers(Node &node, Value x, Value zero) {
  if (!x)
    return x;
  Type i32 = node.b.getI32Type();
  Value y = node.cast(x, i32);
  return zero ? node.sub(y, node.cast(zero, i32)) : y;
}

/// A zero point of one entry a row of `a`, shaped to broadcast against it.
static Value alongRows(Node &node, Value zero) { return zero && getRank(zero) == 1 ? node.unsqueeze(zero, 1) : zero; }

static LogicalResult convertMatMulInteger(Node &node) {
  Value a = node.getOperand(0), b = node.getOperand(1);
  if (!a || !b)
    return node.invalid("an operand is missing");
  a = toIntegers(node, a, alongRows(node, node.getOperand(2)));
  b = toIntegers(node, b, node.getOperand(3));
  return node.replace(node.matmul(a, b));
}

static LogicalResult convertQuantizedMatMul(Node &node) {
  SmallVector<Value> v = node.getOperands(); // a, scale, zero, b, scale, zero, result's scale, zero
  if (v.size() != 8)
    return node.invalid("eight operands were expected");
  Value a = toIntegers(node, v[0], alongRows(node, v[2])), b = toIntegers(node, v[3], v[5]);
  Value product = node.matmul(a, b);
  Value scale = node.mul(alongRows(node, v[1]), v[4]);
  if (!product || !scale)
    return failure();
  product = node.mul(node.cast(product, getElement(scale)), scale);
  return node.replace(quantize(node, product, {v[6], v[7]}, getElement(v[7])));
}

void registerQuantization(Registry &r) {
  r.add("DequantizeLinear", convertDequantize);
  r.add("DynamicQuantizeLinear", convertDynamicQuantize);
  r.add("MatMulInteger", convertMatMulInteger);
  r.add("QLinearMatMul", convertQuantizedMatMul);
  r.add("QuantizeLinear", convertQuantize);
  r.add("com.microsoft.DequantizeLinear", convertDequantize);
  r.add("com.microsoft.QuantizeLinear", convertQuantize);
}

} // namespace reckon::importer
