//===- SizeValues.cpp - Tensors whose elements are sizes ----------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//
//
// Exporters compute the targets of Reshape, Expand and Slice in the graph: Shape, Gather, Concat, Mul and so on over
// small integer vectors. Evaluated on size expressions, these nodes leave nothing to run.
//
//===--------------------------------------------------------------------------------===//

#include "passes/Import/SizeValues.h"
#include "passes/Import/Node.h"

#include "dialects/Rec/ConstantData.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;

namespace reckon::importer {

constexpr int64_t maxSizes = 65536;

using Sizes = SmallVector<SizeExpr>;

std::optional<Sizes> getSizeValues(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || !isa<IntegerType>(type.getElementType()))
    return std::nullopt;
  Operation *producer = value.getDefiningOp();
  if (auto dims = dyn_cast_if_present<rec::DimsOp>(producer))
    return Sizes(dims.getSizes().getSizes());
  if (auto constant = dyn_cast_if_present<rec::ConstantOp>(producer)) {
    if (type.getNumElements() > maxSizes)
      return std::nullopt;
    auto numbers = rec::getConstantInts(constant.getValue());
    if (!numbers)
      return std::nullopt;
    return Sizes(numbers->begin(), numbers->end());
  }
  if (auto cast = dyn_cast_if_present<rec::CastOp>(producer)) {
    // Only a cast that keeps every size: dimensions fit 32 bits in practice, but not in fewer.
    Type from = getElement(cast.getX());
    bool keeps = isa<IntegerType>(from) && !from.isInteger(1) && type.getElementTypeBitWidth() >= 32;
    return keeps ? getSizeValues(cast.getX()) : std::nullopt;
  }
  if (auto reshape = dyn_cast_if_present<rec::ReshapeOp>(producer))
    return getSizeValues(reshape.getX());
  if (auto slice = dyn_cast_if_present<rec::SliceOp>(producer)) {
    auto whole = type.getRank() == 1 ? getSizeValues(slice.getX()) : std::nullopt;
    auto start = slice.getStarts().getSize(0).constant(), size = slice.getSizes().getSize(0).constant();
    int64_t step = slice.getSteps()[0];
    if (!whole || !start || !size)
      return std::nullopt;
    Sizes picked;
    for (int64_t i = 0; i < *size; ++i) {
      int64_t at = *start + i * step;
      if (at < 0 || at >= int64_t(whole->size()))
        return std::nullopt;
      picked.push_back((*whole)[at]);
    }
    return picked;
  }
  return std::nullopt;
}

SizeExpr clampToZero(const SizeExpr &size) { return isNonNegative(size) ? size : SizeExpr::max(size, 0); }

namespace {

/// The value of a node of shape arithmetic: its elements, row-major, and whether it has rank 0 or 1.
struct SizeTensor {
  Sizes elements;
  bool isScalar;
};

/// Evaluates a node over size tensors. Every function gives nullopt when the result is not a size tensor, or when its
/// value cannot be told; the node is then converted as any other.
class Evaluator {
public:
  explicit Evaluator(Node &node) : node(node) {}

  bool readOperands() {
    for (unsigned i = 0; i < node.getNumOperands(); ++i) {
      Value value = node.getOperand(i);
      if (!value) {
        operands.emplace_back();
        continue;
      }
      auto type = dyn_cast<RankedTensorType>(value.getType());
      if (!type || type.getRank() > 1)
        return false;
      auto elements = getSizeValues(value);
      if (!elements)
        return false;
      operands.push_back(SizeTensor{*elements, type.getRank() == 0});
    }
    return !operands.empty() && operands.front();
  }

  std::optional<SizeTensor> evaluate();

private:
  using Combine = std::optional<SizeExpr> (*)(const SizeExpr &, const SizeExpr &);
  std::optional<SizeTensor> broadcast(Combine combine);
  std::optional<SizeTensor> where();
  std::optional<SizeTensor> gather();
  std::optional<SizeTensor> slice();
  std::optional<SizeTensor> concat();
  std::optional<SizeTensor> reduceProduct();
  /// The constants in an optional operand.
  std::optional<SmallVector<int64_t>> getInts(unsigned i);

  Node &node;
  SmallVector<std::optional<SizeTensor>> operands;
};

} // namespace

std::optional<SmallVector<int64_t>> Evaluator::getInts(unsigned i) {
  if (i >= operands.size() || !operands[i])
    return std::nullopt;
  SmallVector<int64_t> numbers;
  for (const SizeExpr &size : operands[i]->elements) {
    if (!size.isConstant())
      return std::nullopt;
    numbers.push_back(*size.constant());
  }
  return numbers;
}

/// Integer division as ONNX has it, towards zero.
static std::optional<SizeExpr> divide(const SizeExpr &a, const SizeExpr &b) {
  auto x = a.constant(), y = b.constant();
  if (x && y) {
    if (*y == 0 || (*x == INT64_MIN && *y == -1))
      return std::nullopt;
    return SizeExpr(*x / *y);
  }
  if (auto exact = SizeExpr::exactDiv(a, b))
    return exact;
  if (!isNonNegative(a) || !y || *y <= 0)
    return std::nullopt;
  return SizeExpr::floorDiv(a, b);
}

/// Whether two sizes are equal, when that can be told for all dimensions.
static std::optional<SizeExpr> areEqual(const SizeExpr &a, const SizeExpr &b) {
  SizeExpr difference = a - b;
  if (auto constant = difference.constant())
    return SizeExpr(*constant == 0);
  // A size is no negative number: what Expand's targets are compared with.
  if ((isNonNegative(a) && b.constant().value_or(0) < 0) || (isNonNegative(b) && a.constant().value_or(0) < 0))
    return SizeExpr(0);
  return std::nullopt;
}

/// Whether a < b, when that can be told.
static std::optional<SizeExpr> isLess(const SizeExpr &a, const SizeExpr &b) {
  if (isNonNegative(a - b))
    return SizeExpr(0);
  if (isNonNegative(b - a - SizeExpr(1)))
    return SizeExpr(1);
  return std::nullopt;
}

std::optional<SizeTensor> Evaluator::broadcast(Combine combine) {
  SizeTensor result = *operands[0];
  if (operands.size() < 2)
    return std::nullopt;
  for (size_t i = 1; i < operands.size(); ++i) {
    if (!operands[i])
      return std::nullopt;
    const SizeTensor &other = *operands[i];
    size_t n = result.elements.size(), m = other.elements.size();
    if (n != m && n != 1 && m != 1)
      return std::nullopt;
    SizeTensor combined{{}, result.isScalar && other.isScalar};
    size_t count = n == 1 ? m : n;
    for (size_t k = 0; k < count; ++k) {
      auto element = combine(result.elements[n == 1 ? 0 : k], other.elements[m == 1 ? 0 : k]);
      if (!element)
        return std::nullopt;
      combined.elements.push_back(*element);
    }
    result = std::move(combined);
  }
  return result;
}

std::optional<SizeTensor> Evaluator::where() {
  auto condition = getInts(0);
  if (!condition || operands.size() != 3 || !operands[1] || !operands[2])
    return std::nullopt;
  size_t count = 1;
  for (const auto &operand : operands)
    if (operand->elements.size() != 1)
      count = operand->elements.size();
  SizeTensor result{{}, operands[0]->isScalar && operands[1]->isScalar && operands[2]->isScalar};
  for (const auto &operand : operands)
    if (operand->elements.size() != 1 && operand->elements.size() != count)
      return std::nullopt;
  for (size_t k = 0; k < count; ++k) {
    const SizeTensor &chosen = (*condition)[condition->size() == 1 ? 0 : k] ? *operands[1] : *operands[2];
    result.elements.push_back(chosen.elements[chosen.elements.size() == 1 ? 0 : k]);
  }
  return result;
}

std::optional<SizeTensor> Evaluator::gather() {
  auto indices = getInts(1);
  int64_t size = operands[0]->elements.size();
  if (!indices || operands[0]->isScalar)
    return std::nullopt;
  SizeTensor result{{}, operands[1]->isScalar};
  for (int64_t index : *indices) {
    if (index < -size || index >= size)
      return std::nullopt;
    result.elements.push_back(operands[0]->elements[index < 0 ? index + size : index]);
  }
  return result;
}

std::optional<SizeTensor> Evaluator::slice() {
  // Before opset 10 bounds were attributes.
  auto starts = operands.size() > 1 ? getInts(1) : node.getInts("starts");
  auto ends = operands.size() > 2 ? getInts(2) : node.getInts("ends");
  bool hasStep = operands.size() > 4 && operands[4];
  auto steps = hasStep ? getInts(4) : SmallVector<int64_t>{1};
  if (operands[0]->isScalar || !starts || !ends || !steps || starts->size() != 1 || ends->size() != 1 ||
      steps->size() != 1 || steps->front() != 1)
    return std::nullopt;
  int64_t size = operands[0]->elements.size();
  auto clamp = [&](int64_t n) { return std::clamp<int64_t>(n < 0 ? n + size : n, 0, size); };
  int64_t start = clamp(starts->front()), end = std::max(clamp(ends->front()), start);
  auto begin = operands[0]->elements.begin();
  return SizeTensor{Sizes(begin + start, begin + end), false};
}

std::optional<SizeTensor> Evaluator::concat() {
  SizeTensor result{{}, false};
  for (const auto &operand : operands) {
    if (!operand || operand->isScalar)
      return std::nullopt;
    result.elements.append(operand->elements);
  }
  return result;
}

std::optional<SizeTensor> Evaluator::reduceProduct() {
  // All axes of a vector is its one axis.
  if (operands.size() != 1 || operands[0]->isScalar || node.getInt("noop_with_empty_axes", 0))
    return std::nullopt;
  SizeExpr product(1);
  for (const SizeExpr &size : operands[0]->elements)
    product = product * size;
  return SizeTensor{{product}, node.getInt("keepdims", 1) == 0};
}

std::optional<SizeTensor> Evaluator::evaluate() {
  StringRef type = node.getOpType();
  auto combine =
      llvm::StringSwitch<Combine>(type)
          .Case("Add", [](const SizeExpr &a, const SizeExpr &b) { return std::optional(a + b); })
          .Case("Sub", [](const SizeExpr &a, const SizeExpr &b) { return std::optional(a - b); })
          .Case("Mul", [](const SizeExpr &a, const SizeExpr &b) { return std::optional(a * b); })
          .Case("Min", [](const SizeExpr &a, const SizeExpr &b) { return std::optional(SizeExpr::min(a, b)); })
          .Case("Max", [](const SizeExpr &a, const SizeExpr &b) { return std::optional(SizeExpr::max(a, b)); })
          .Case("Div", divide)
          .Case("Equal", areEqual)
          .Case("Less", isLess)
          .Case("Greater", [](const SizeExpr &a, const SizeExpr &b) { return isLess(b, a); })
          .Default(nullptr);
  if (combine)
    return broadcast(combine);
  if (type == "Where")
    return where();
  if (type == "Gather" && node.getInt("axis", 0) <= 0)
    return gather();
  if (type == "Slice")
    return slice();
  if (type == "Concat")
    return concat();
  if (type == "ReduceProd")
    return reduceProduct();
  if (type == "Neg" && operands.size() == 1) {
    SizeTensor result = *operands[0];
    for (SizeExpr &size : result.elements)
      size = SizeExpr(0) - size;
    return result;
  }
  if (type == "Squeeze" && !operands[0]->isScalar && operands[0]->elements.size() == 1)
    return SizeTensor{operands[0]->elements, true};
  if (type == "Unsqueeze" && operands[0]->isScalar) {
    auto axes = operands.size() > 1 ? getInts(1) : node.getInts("axes");
    return axes && axes->size() == 1 ? std::optional(SizeTensor{operands[0]->elements, false}) : std::nullopt;
  }
  // To a vector, from a scalar or a vector; whatever the target says, all of the elements stay.
  if (type == "Reshape" && operands.size() == 2 && operands[1] && operands[1]->elements.size() == 1)
    return SizeTensor{operands[0]->elements, false};
  return std::nullopt;
}

/// The element type of the node's result.
static Type getResultElement(Node &node) {
  StringRef type = node.getOpType();
  if (type == "Equal" || type == "Less" || type == "Greater")
    return node.b.getI1Type();
  return getElement(node.getOperand(type == "Where" ? 1 : 0));
}

static bool fits(const SizeExpr &size, Type element) {
  auto constant = size.constant();
  if (!constant) // What wraps at run time is not a size.
    return element.getIntOrFloatBitWidth() >= 32 && rec::normalizeSize(size) == size;
  if (element.isInteger(1))
    return *constant == 0 || *constant == 1;
  return element.isUnsignedInteger() ? *constant >= 0 && llvm::isUIntN(element.getIntOrFloatBitWidth(), *constant)
                                     : llvm::isIntN(element.getIntOrFloatBitWidth(), *constant);
}

bool foldSizeArithmetic(Node &node) {
  if (node.getNumResults() != 1 || !node.getOperand(0))
    return false;
  Evaluator evaluator(node);
  if (!evaluator.readOperands())
    return false;
  std::optional<SizeTensor> result = evaluator.evaluate();
  if (!result || int64_t(result->elements.size()) > maxSizes)
    return false;
  Type element = getResultElement(node);
  if (!llvm::all_of(result->elements, [&](const SizeExpr &size) { return fits(size, element); }))
    return false;

  // A constant of the element type itself, or int64 sizes and a cast.
  bool isConstant = llvm::all_of(result->elements, [](const SizeExpr &size) { return size.isConstant(); });
  if (!isConstant)
    return succeeded(node.replace(node.cast(node.sizes(result->elements, result->isScalar), element)));
  SmallVector<int64_t> numbers, shape;
  for (const SizeExpr &size : result->elements)
    numbers.push_back(*size.constant());
  if (!result->isScalar)
    shape.push_back(numbers.size());
  auto attr = rec::makeConstant(RankedTensorType::get(shape, element), ArrayRef<int64_t>(numbers));
  return succeeded(node.replace(node.make<rec::ConstantOp>(attr, StringAttr())));
}

} // namespace reckon::importer
