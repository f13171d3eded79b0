//===- Random.cpp - Random numbers that are the same in every run ---------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// ONNX leaves the numbers open. Here each is a hash of its place in the tensor and of a seed: the node's own, or one
// made of the node's name, so that two nodes without a seed differ. A run gives the same numbers as the run before, on
// every device.
//
//===----------------------------------------------------------------------------===//

#include "passes/Import/Registry.h"

#include "dialects/Rec/ConstantData.h"

#include "llvm/ADT/bit.h"
#include "llvm/Support/xxhash.h"

#include <cmath>

using namespace mlir;

namespace reckon::importer {

/// Numbers of 64 random bits, one for each element of a shape.
static Value makeBits(Node &node, ArrayRef<SizeExpr> shape) {
  Type ui64 = node.b.getIntegerType(64, /*isSigned=*/false);
  auto number = [&](uint64_t bits) -> Value {
    auto type = RankedTensorType::get({}, ui64);
    return node.make<rec::ConstantOp>(rec::makeConstant(type, ArrayRef<int64_t>(int64_t(bits))), StringAttr());
  };
  uint64_t seed =
      node.hasAttr("seed") ? llvm::bit_cast<uint64_t>(node.getFloat("seed", 0)) : llvm::xxh3_64bits(node.getName());
  // splitmix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
  SizeExpr count = rec::getNumElements(shape);
  Value z = node.mul(node.add(node.iota(count, ui64, 0, 1), number(seed)), number(0x9E3779B97F4A7C15));
  auto mix = [&](uint64_t shift, uint64_t factor) {
    z = node.binary(BinaryKind::bitwise_xor, z, node.binary(BinaryKind::shift_right, z, number(shift)));
    z = factor ? node.mul(z, number(factor)) : z;
  };
  mix(30, 0xBF58476D1CE4E5B9);
  mix(27, 0x94D049BB133111EB);
  mix(31, 0);
  return node.reshape(z, shape);
}

/// Uniform in [0, 1), of the 24 bits from `shift` on.
static Value makeUniform(Node &node, Value bits, unsigned shift) {
  if (!bits)
    return bits;
  Value high = node.binary(BinaryKind::shift_right, bits, double(shift));
  Value some = node.binary(BinaryKind::bitwise_and, high, double((1 << 24) - 1));
  return node.mul(node.cast(some, node.b.getF32Type()), 0x1p-24);
}

/// Normal, of two uniform numbers (Box and Muller, 1958).
static Value makeNormal(Node &node, Value bits) {
  // 1 - u is never 0.
  Value distance = node.add(node.unary(UnaryKind::neg, makeUniform(node, bits, 40)), 1.0);
  Value radius = node.unary(UnaryKind::sqrt, node.mul(node.unary(UnaryKind::log, distance), -2.0));
  return node.mul(radius, node.unary(UnaryKind::cos, node.mul(makeUniform(node, bits, 16), 2 * M_PI)));
}

/// The shape and element type of the result: of an operand, or of attributes.
static std::optional<std::pair<Shape, Type>> getResult(Node &node, bool isLike) {
  Type element = node.hasAttr("dtype") ? node.getType("dtype") : Type(node.b.getF32Type());
  if (isLike && !node.hasAttr("dtype") && node.getOperand(0))
    element = getElement(node.getOperand(0));
  if (!isa_and_present<FloatType>(element)) {
    (void)node.unsupported("random numbers that are no floats");
    return std::nullopt;
  }
  if (isLike)
    return std::make_pair(rec::getShape(node.getOperand(0)), element);
  auto shape = node.getInts("shape");
  if (!shape || llvm::any_of(*shape, [](int64_t size) { return size < 0; })) {
    (void)node.invalid("attribute 'shape' is missing or has a negative size");
    return std::nullopt;
  }
  return std::make_pair(Shape(shape->begin(), shape->end()), element);
}

template <bool isLike> static LogicalResult convertNormal(Node &node) {
  auto result = getResult(node, isLike);
  if (!result)
    return failure();
  Value x = makeNormal(node, makeBits(node, result->first));
  x = node.add(node.mul(x, node.getFloat("scale", 1)), node.getFloat("mean", 0));
  return node.replace(node.cast(x, result->second));
}

template <bool isLike> static LogicalResult convertUniform(Node &node) {
  auto result = getResult(node, isLike);
  if (!result)
    return failure();
  double low = node.getFloat("low", 0), high = node.getFloat("high", 1);
  Value x = node.add(node.mul(makeUniform(node, makeBits(node, result->first), 40), high - low), low);
  return node.replace(node.cast(x, result->second));
}

/// True with the probability that the operand holds.
static LogicalResult convertBernoulli(Node &node) {
  Value x = node.getOperand(0);
  Type element = node.hasAttr("dtype") ? node.getType("dtype") : getElement(x);
  if (!element)
    return node.unsupported("attribute 'dtype' is an element type that Reckon has no values of");
  Value uniform = node.cast(makeUniform(node, makeBits(node, rec::getShape(x)), 40), getElement(x));
  return node.replace(node.cast(node.compare(CompareKind::lt, uniform, x), element));
}

void registerRandom(Registry &r) {
  r.add("Bernoulli", needOperand<convertBernoulli>);
  r.add("RandomNormal", convertNormal<false>);
  r.add("RandomNormalLike", needOperand<convertNormal<true>>);
  r.add("RandomUniform", convertUniform<false>);
  r.add("RandomUniformLike", needOperand<convertUniform<true>>);
}

} // namespace reckon::importer
