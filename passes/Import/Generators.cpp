//===- Generators.cpp - Range, ConstantOfShape, EyeLike, OneHot, windows ------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "passes/Import/DataSizes.h"
#include "passes/Import/Registry.h"
#include "passes/Import/SizeValues.h"

#include "dialects/Rec/ConstantData.h"

#include <cmath>

using namespace mlir;

namespace reckon::importer {

static LogicalResult convertConstantOfShape(Node &node) {
  if (!node.getOperand(0))
    return node.invalid("operand 'input' is missing");
  auto shape = getAnySizes(node, 0, "input");
  if (!shape)
    return failure();
  for (const SizeExpr &size : *shape)
    if (size.constant().value_or(0) < 0)
      return node.invalid("shape " + rec::printShape(*shape) + " has a negative size");
  ElementsAttr value = node.getTensor("value");
  if (!value)
    return node.replace(node.splat(*shape, 0, node.b.getF32Type()));
  auto bytes = rec::getConstantBytes(value);
  if (!bytes || value.getNumElements() != 1)
    return node.invalid("attribute 'value' must have one element");
  // By its bytes, not as a double: 64-bit integers keep every bit.
  auto scalar = RankedTensorType::get({}, value.getElementType());
  return node.replace(node.splat(*shape, rec::makeConstant(scalar, bytes->get())));
}

/// The numbers of a Range of floats.
static LogicalResult convertFloatRange(Node &node, Type element) {
  auto start = node.getConstantFloats(0, "start");
  auto limit = start ? node.getConstantFloats(1, "limit") : std::nullopt;
  auto delta = limit ? node.getConstantFloats(2, "delta") : std::nullopt;
  if (!delta)
    return failure();
  if (start->size() != 1 || limit->size() != 1 || delta->size() != 1)
    return node.invalid("start, limit and delta must be scalars");
  double count = std::ceil((limit->front() - start->front()) / delta->front());
  constexpr double most = 1 << 24;
  if (!(std::abs(count) <= most))
    return node.invalid("the range has more than 2^24 elements, or no number of them");
  SmallVector<double> numbers;
  for (int64_t i = 0; i < int64_t(count); ++i)
    numbers.push_back(start->front() + double(i) * delta->front());
  auto type = RankedTensorType::get({int64_t(numbers.size())}, element);
  return node.replace(node.make<rec::ConstantOp>(rec::makeConstant(type, ArrayRef<double>(numbers)), StringAttr()));
}

/// The numbers of a Range of integers.
static LogicalResult convertShortRange(Node &node, Type element, int64_t start, int64_t delta, int64_t count) {
  SmallVector<int64_t> numbers;
  for (int64_t i = 0; i < count; ++i)
    numbers.push_back(start + i * delta);
  auto type = RankedTensorType::get({count}, element);
  return node.replace(node.make<rec::ConstantOp>(rec::makeConstant(type, ArrayRef<int64_t>(numbers)), StringAttr()));
}

/// The numbers of a Range of integers whose step is a size, as offsets of rows of that size are.
static LogicalResult convertRangeBySize(Node &node, Type element, const SizeExpr &start, const SizeExpr &limit,
                                        const SizeExpr &step) {
  if (!rec::provablyNonNegative(step) || rec::dependsOnData(step))
    return node.unsupported("a delta of " + step.str() + ", whose sign is not known");
  node.requireAtLeast(step, 1, "a range that proceeds");
  SizeExpr distance = clampToZero(limit - start);
  auto whole = SizeExpr::exactDiv(distance, step);
  Value range = node.iota(whole ? *whole : SizeExpr::ceilDiv(distance, step), element, 0);
  range = node.mul(range, node.cast(node.sizes(step, /*scalar=*/true), element));
  return node.replace(node.add(range, node.cast(node.sizes(start, /*scalar=*/true), element)));
}

static LogicalResult convertRange(Node &node) {
  for (unsigned i = 0; i < 3; ++i)
    if (!node.getOperand(i))
      return node.invalid("operand " + Twine(i) + " is missing");
  Type element = getElement(node.getOperand(0));
  if (!isa<IntegerType>(element))
    return convertFloatRange(node, element);
  auto start = node.getSizes(0, "start"), limit = start ? getAnySizes(node, 1, "limit") : std::nullopt;
  auto delta = limit ? node.getSizes(2, "delta") : std::nullopt;
  if (!delta)
    return failure();
  if (start->size() != 1 || limit->size() != 1 || delta->size() != 1)
    return node.invalid("start, limit and delta must be scalars");
  auto step = delta->front().constant();
  if (!step)
    return convertRangeBySize(node, element, start->front(), limit->front(), delta->front());
  if (*step == 0 || *step == INT64_MIN)
    return node.invalid("delta is " + Twine(*step));
  auto from = start->front().constant(), to = limit->front().constant();
  constexpr int64_t most = int64_t(1) << 48;
  // The bound is so far from the limits of doubles that their rounding does not matter.
  if (from && to && std::abs(double(*to) - double(*from)) / std::abs(double(*step)) > double(most))
    return node.invalid("the range from " + Twine(*from) + " to " + Twine(*to) + " has more than 2^48 elements");
  SizeExpr distance = *step > 0 ? limit->front() - start->front() : start->front() - limit->front();
  SizeExpr count = SizeExpr::ceilDiv(clampToZero(distance), std::abs(*step));
  // A short range is a constant that others fold with.
  constexpr int64_t maxConstant = 4096;
  if (count.isConstant() && *count.constant() <= maxConstant && start->front().isConstant())
    return convertShortRange(node, element, *from, *step, *count.constant());
  // What the op's floating-point start and step hold; numbers beyond are added and multiplied as integers.
  constexpr int64_t exact = int64_t(1) << 53;
  auto isExact = [&](int64_t number) { return number >= -exact && number <= exact; };
  bool startIsExact = from && isExact(*from), stepIsExact = isExact(*step);
  Value range = node.iota(count, element, 0, startIsExact && stepIsExact ? double(*from) : 0.0,
                          stepIsExact ? double(*step) : 1.0);
  if (!stepIsExact)
    range = node.mul(range, node.cast(node.sizes(SizeExpr(*step), /*scalar=*/true), element));
  if (!startIsExact || !stepIsExact)
    range = node.add(range, node.cast(node.sizes(start->front(), /*scalar=*/true), element));
  return node.replace(range);
}

static LogicalResult convertEyeLike(Node &node) {
  Value x = node.getOperand(0);
  if (!x || getRank(x) != 2)
    return node.invalid("an operand of rank 2 was expected");
  Type element = node.hasAttr("dtype") ? node.getType("dtype") : getElement(x);
  if (!element)
    return node.unsupported("attribute 'dtype' is an element type that Reckon has no values of");
  Shape shape = rec::getShape(x);
  int64_t k = std::clamp<int64_t>(node.getInt("k", 0), -(int64_t(1) << 40), int64_t(1) << 40);
  Type i64 = node.b.getI64Type();
  Value row = node.iota({shape[0], 1}, i64, 0, double(k)), column = node.iota({1, shape[1]}, i64, 1);
  return node.replace(node.cast(node.compare(CompareKind::eq, row, column), element));
}

static LogicalResult convertOneHot(Node &node) {
  Value indices = node.getOperand(0), values = node.getOperand(2);
  if (!indices || !values)
    return node.invalid("an operand is missing");
  if (getRank(values) != 1 || rec::getShape(values).front().constant().value_or(2) != 2)
    return node.invalid("values must be [off, on], but has the shape " + rec::printShape(rec::getShape(values)));
  SizeExpr depth;
  if (node.getOperand(1) && isa<FloatType>(getElement(node.getOperand(1)))) {
    auto number = node.getConstantFloats(1, "depth");
    if (!number)
      return failure();
    bool isSize = number->size() == 1 && number->front() >= 0 && number->front() <= double(INT32_MAX);
    depth = isSize ? int64_t(number->front()) : -1;
  } else {
    auto sizes = getAnySizes(node, 1, "depth");
    if (!sizes)
      return failure();
    depth = sizes->size() == 1 ? sizes->front() : SizeExpr(-1);
  }
  if (depth.constant().value_or(0) < 0)
    return node.invalid("depth is not one number that is at least 0");
  int64_t rank = getRank(indices) + 1;
  auto axis = node.normalizeAxis(node.getInt("axis", -1), rank);
  if (!axis)
    return failure();
  Type i64 = node.b.getI64Type();
  // A negative index counts from the end; what is still outside gives all `off`.
  Value index = node.cast(indices, i64);
  index = node.select(node.compare(CompareKind::lt, index, 0.0), node.add(index, node.sizes(depth, /*scalar=*/true)),
                      index);
  Shape counting(rank, SizeExpr(1));
  counting[*axis] = depth;
  Value isThere = node.compare(CompareKind::eq, node.unsqueeze(index, *axis), node.iota(counting, i64, *axis));
  Value off = node.reshape(node.sliceAxis(values, 0, 0, 1), {}), on = node.reshape(node.sliceAxis(values, 0, 1, 1), {});
  return node.replace(node.select(isThere, on, off));
}

/// HannWindow, HammingWindow, BlackmanWindow: a0 - a1 cos(2 pi n / N) + a2 cos(4 pi n / N).
static LogicalResult convertWindow(Node &node) {
  auto size = node.getConstantInt(0, "size");
  if (!size)
    return failure();
  if (*size < 0 || *size > (1 << 24))
    return node.invalid("the size is " + Twine(*size));
  Type element = node.hasAttr("output_datatype") ? node.getType("output_datatype") : node.b.getF32Type();
  if (!element)
    return node.unsupported("attribute 'output_datatype' is an element type that Reckon has no values of");
  double a0 = 0.5, a1 = 0.5, a2 = 0;
  if (node.getOpType() == "HammingWindow") {
    a0 = 25.0 / 46.0;
    a1 = 1 - a0;
  } else if (node.getOpType() == "BlackmanWindow") {
    a0 = 0.42;
    a2 = 0.08;
  }
  double period = node.getInt("periodic", 1) ? double(*size) : double(*size - 1);
  SmallVector<double> numbers;
  for (int64_t n = 0; n < *size; ++n) {
    double angle = period > 0 ? 2 * M_PI * double(n) / period : 0;
    numbers.push_back(a0 - a1 * std::cos(angle) + a2 * std::cos(2 * angle));
  }
  auto type = RankedTensorType::get({*size}, element);
  return node.replace(node.make<rec::ConstantOp>(rec::makeConstant(type, ArrayRef<double>(numbers)), StringAttr()));
}

void registerGenerators(Registry &r) {
  r.add("BlackmanWindow", convertWindow);
  r.add("ConstantOfShape", convertConstantOfShape);
  r.add("EyeLike", convertEyeLike);
  r.add("HammingWindow", convertWindow);
  r.add("HannWindow", convertWindow);
  r.add("OneHot", convertOneHot);
  r.add("Range", convertRange);
}

} // namespace reckon::importer
