//===- Fourier.cpp - DFT ------------------------------------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------------===//
//
// A discrete Fourier transform of a sequence whose length is known is a product with a constant matrix. Sequences of
// recommenders are short: a fast transform would not pay.
//
//===---------------------------------------------------------------------------------===//

#include "passes/Import/Registry.h"

#include "dialects/Rec/ConstantData.h"

#include <cmath>

using namespace mlir;

namespace reckon::importer {

/// Elements that the matrix may have.
constexpr int64_t maxElements = int64_t(1) << 24;

namespace {
/// What a node transforms, and how.
struct Transform {
  int64_t axis = 0;
  int64_t length = 0; ///< of the whole sequence, in time as in frequencies
  /// Elements of x that count, zeros follow; elements of the result.
  int64_t taken = 0, given = 0;
  /// Of an element of x and of the result: 1 real, 2 complex.
  int64_t parts = 0, resultParts = 2;
  bool isInverse = false;
};
} // namespace

/// Row (n, part), column (k, part of the result): what a part of element n gives to one of element k.
static Value makeMatrix(Node &node, const Transform &t, Type element) {
  double turn = (t.isInverse ? 2 : -2) * M_PI / double(t.length);
  SmallVector<double> numbers;
  numbers.reserve(t.taken * t.parts * t.given * t.resultParts);
  for (int64_t n = 0; n < t.taken; ++n)
    for (int64_t part = 0; part < t.parts; ++part)
      for (int64_t k = 0; k < t.given; ++k) {
        // The angle within one turn, where the functions are exact.
        double angle = turn * double(n * k % t.length), scale = t.isInverse ? 1 / double(t.length) : 1;
        // One side of the frequencies stands for the other, too.
        if (t.resultParts == 1 && n != 0 && 2 * n != t.length)
          scale *= 2;
        double c = scale * std::cos(angle), s = scale * std::sin(angle);
        numbers.push_back(part == 0 ? c : -s);
        if (t.resultParts == 2)
          numbers.push_back(part == 0 ? s : c);
      }
  auto type = RankedTensorType::get({t.taken * t.parts, t.given * t.resultParts}, element);
  return node.make<rec::ConstantOp>(rec::makeConstant(type, ArrayRef<double>(numbers)), StringAttr());
}

/// The axis is an operand since opset 20, and counts from the end of x with its parts.
static std::optional<int64_t> getAxis(Node &node, int64_t rank) {
  if (node.getOpset() < 20)
    return node.normalizeAxis(node.getInt("axis", 1), rank);
  if (!node.getOperand(2))
    return rank - 2;
  auto axis = node.getConstantInt(2, "axis");
  return axis ? node.normalizeAxis(*axis, rank) : std::nullopt;
}

static std::optional<Transform> readTransform(Node &node, Value x) {
  Shape shape = rec::getShape(x);
  int64_t rank = shape.size();
  auto axis = getAxis(node, rank);
  if (!axis)
    return std::nullopt;
  auto size = shape[*axis].constant(), parts = shape.back().constant();
  if (*axis == rank - 1 || !parts || (*parts != 1 && *parts != 2)) {
    (void)node.invalid("a last dimension of 1 or 2 parts was expected, which is not transformed");
    return std::nullopt;
  }
  if (!size) {
    (void)node.unsupported("a transform over the dimension " + shape[*axis].str() + ", which is not a constant");
    return std::nullopt;
  }
  Transform t;
  t.axis = *axis;
  t.parts = *parts;
  t.isInverse = node.getInt("inverse", 0) != 0;
  bool isOneSided = node.getInt("onesided", 0) != 0;
  // One side of the frequencies of real numbers, or these numbers from it.
  if (isOneSided && t.isInverse != (t.parts == 2)) {
    (void)node.unsupported(t.isInverse ? "real frequencies of real numbers"
                                       : "one side of the frequencies of complex numbers");
    return std::nullopt;
  }
  t.length = isOneSided && t.isInverse ? 2 * (*size - 1) : *size;
  if (node.getOperand(1)) {
    auto length = node.getConstantInt(1, "dft_length");
    if (!length)
      return std::nullopt;
    t.length = *length;
  }
  if (t.length < 1 || t.length > maxElements) {
    (void)node.invalid("a transform of length " + Twine(t.length));
    return std::nullopt;
  }
  int64_t side = isOneSided ? t.length / 2 + 1 : t.length;
  t.taken = std::min(*size, t.isInverse ? side : t.length);
  t.given = t.isInverse ? t.length : side;
  t.resultParts = isOneSided && t.isInverse ? 1 : 2;
  if (t.taken * t.parts > maxElements / (t.given * t.resultParts)) {
    (void)node.unsupported("a transform of length " + Twine(t.length));
    return std::nullopt;
  }
  return t;
}

static LogicalResult convertDft(Node &node) {
  Value x = node.getOperand(0);
  if (getRank(x) < 2 || !isa<FloatType>(getElement(x)))
    return node.invalid("floats of rank 2 or more were expected");
  auto t = readTransform(node, x);
  if (!t)
    return failure();
  // The axis goes before the parts, and both become the columns of the product.
  int64_t rank = getRank(x);
  SmallVector<int64_t> perm = llvm::to_vector(llvm::seq<int64_t>(0, rank)), back(rank);
  std::rotate(perm.begin() + t->axis, perm.begin() + t->axis + 1, perm.end() - 1);
  for (auto [to, from] : llvm::enumerate(perm))
    back[from] = to;
  Value rows = node.transpose(node.sliceAxis(x, t->axis, 0, t->taken), perm);
  if (!rows)
    return failure();
  Shape shape = rec::getShape(rows);
  shape.pop_back();
  shape.back() = SizeExpr(t->taken * t->parts);
  Value product = node.make<rec::LinearOp>(node.reshape(rows, shape), makeMatrix(node, *t, getElement(x)), Value());
  shape.back() = SizeExpr(t->given);
  shape.push_back(SizeExpr(t->resultParts));
  return node.replace(node.transpose(node.reshape(product, shape), back));
}

void registerFourier(Registry &r) { r.add("DFT", needOperand<convertDft>, 17); }

} // namespace reckon::importer
