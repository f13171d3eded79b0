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

/// The value of a node of shape arithmetic: its elements, row-major.
struct SizeTensor {
  Sizes elements;
  SmallVector<int64_t> shape;

  static SizeTensor scalar(const SizeExpr &element) { return {{element}, {}}; }
  static SizeTensor vector(Sizes elements) {
    int64_t count = elements.size();
    return {std::move(elements), {count}};
  }
  /// A scalar or a vector.
  static SizeTensor make(Sizes elements, bool isScalar) {
    return isScalar ? SizeTensor{std::move(elements), {}} : vector(std::move(elements));
  }
  bool isScalar() const { return shape.empty(); }
  bool isVector() const { return shape.size() == 1; }
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
      if (!type || !type.hasStaticShape())
        return false;
      auto elements = getSizeValues(value);
      if (!elements)
        return false;
      operands.push_back(SizeTensor{*elements, llvm::to_vector(type.getShape())});
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
  std::optional<SizeTensor> reshape();
  std::optional<SizeTensor> transpose();
  std::optional<SizeTensor> oneHot();
  std::optional<SizeTensor> pad();
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
  if (!rec::provablyNonNegative(a) || !y || *y <= 0)
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
    if (result.shape.size() > 1 || other.shape.size() > 1)
      return std::nullopt;
    size_t n = result.elements.size(), m = other.elements.size();
    if (n != m && n != 1 && m != 1)
      return std::nullopt;
    Sizes combined;
    size_t count = n == 1 ? m : n;
    for (size_t k = 0; k < count; ++k) {
      auto element = combine(result.elements[n == 1 ? 0 : k], other.elements[m == 1 ? 0 : k]);
      if (!element)
        return std::nullopt;
      combined.push_back(*element);
    }
    result = SizeTensor::make(std::move(combined), result.isScalar() && other.isScalar());
  }
  return result;
}

std::optional<SizeTensor> Evaluator::where() {
  auto condition = getInts(0);
  if (!condition || operands.size() != 3 || !operands[1] || !operands[2])
    return std::nullopt;
  size_t count = 1;
  bool isScalar = true;
  for (const auto &operand : operands) {
    if (operand->shape.size() > 1)
      return std::nullopt;
    isScalar &= operand->isScalar();
    if (operand->elements.size() != 1)
      count = operand->elements.size();
  }
  Sizes result;
  for (const auto &operand : operands)
    if (operand->elements.size() != 1 && operand->elements.size() != count)
      return std::nullopt;
  for (size_t k = 0; k < count; ++k) {
    const SizeTensor &chosen = (*condition)[condition->size() == 1 ? 0 : k] ? *operands[1] : *operands[2];
    result.push_back(chosen.elements[chosen.elements.size() == 1 ? 0 : k]);
  }
  return SizeTensor::make(std::move(result), isScalar);
}

std::optional<SizeTensor> Evaluator::gather() {
  auto indices = getInts(1);
  int64_t size = operands[0]->elements.size();
  if (!indices || !operands[0]->isVector() || operands[1]->shape.size() > 1)
    return std::nullopt;
  Sizes result;
  for (int64_t index : *indices) {
    if (index < -size || index >= size)
      return std::nullopt;
    result.push_back(operands[0]->elements[index < 0 ? index + size : index]);
  }
  return SizeTensor::make(std::move(result), operands[1]->isScalar());
}

std::optional<SizeTensor> Evaluator::slice() {
  // Before opset 10 bounds were attributes.
  auto starts = operands.size() > 1 ? getInts(1) : node.getInts("starts");
  auto ends = operands.size() > 2 ? getInts(2) : node.getInts("ends");
  bool hasStep = operands.size() > 4 && operands[4];
  auto steps = hasStep ? getInts(4) : SmallVector<int64_t>{1};
  // Of the leading axis: exporters turn pads round as pairs.
  bool hasAxes = operands.size() > 3 && operands[3];
  auto axes = hasAxes ? getInts(3) : node.getInts("axes").value_or(SmallVector<int64_t>{0});
  if (operands[0]->isScalar() || !starts || !ends || !steps || !axes || starts->size() != 1 || ends->size() != 1 ||
      steps->size() != 1 || axes->size() != 1)
    return std::nullopt;
  int64_t size = operands[0]->shape.front(), step = steps->front(), rank = operands[0]->shape.size();
  if ((axes->front() != 0 && axes->front() != -rank) || step == 0 || step == INT64_MIN)
    return std::nullopt;
  auto clamp = [&](int64_t n, int64_t low, int64_t high) {
    return std::clamp<int64_t>(n < 0 ? n + size : n, low, high);
  };
  int64_t low = step > 0 ? 0 : -1, high = step > 0 ? size : size - 1;
  int64_t start = clamp(starts->front(), low, high);
  int64_t end = ends->front() < -size ? low : clamp(ends->front(), low, high);
  SizeTensor result = *operands[0];
  result.elements.clear();
  result.shape.front() = 0;
  int64_t width = size ? operands[0]->elements.size() / size : 0;
  for (int64_t row = start; step > 0 ? row < end : row > end; row += step) {
    auto begin = operands[0]->elements.begin() + row * width;
    result.elements.append(begin, begin + width);
    ++result.shape.front();
    if (std::abs(step) > size)
      break;
  }
  return result;
}

std::optional<SizeTensor> Evaluator::concat() {
  Sizes result;
  for (const auto &operand : operands) {
    if (!operand || !operand->isVector())
      return std::nullopt;
    result.append(operand->elements);
  }
  return SizeTensor::vector(std::move(result));
}

std::optional<SizeTensor> Evaluator::reshape() {
  auto target = getInts(1);
  if (!target || node.getInt("allowzero", 0))
    return std::nullopt;
  int64_t known = 1, count = operands[0]->elements.size();
  auto inferred = llvm::find(*target, -1);
  for (auto [d, size] : llvm::enumerate(*target)) {
    if (size == 0 && d < operands[0]->shape.size())
      size = operands[0]->shape[d];
    if (size < -1 || size > maxSizes || known > maxSizes)
      return std::nullopt;
    known *= size == -1 ? 1 : size;
  }
  if (inferred != target->end() && known != 0)
    *inferred = count / known;
  if (known * (inferred != target->end() ? *inferred : 1) != count || llvm::is_contained(*target, -1))
    return std::nullopt;
  return SizeTensor{operands[0]->elements, *target};
}

std::optional<SizeTensor> Evaluator::transpose() {
  const SizeTensor &x = *operands[0];
  if (x.shape.size() != 2)
    return x.shape.size() < 2 ? std::optional(x) : std::nullopt;
  auto perm = node.getInts("perm");
  if (perm && *perm == SmallVector<int64_t>{0, 1})
    return x;
  if (perm && *perm != SmallVector<int64_t>{1, 0})
    return std::nullopt;
  SizeTensor result{{}, {x.shape[1], x.shape[0]}};
  for (int64_t column = 0; column < x.shape[1]; ++column)
    for (int64_t row = 0; row < x.shape[0]; ++row)
      result.elements.push_back(x.elements[row * x.shape[1] + column]);
  return result;
}

/// Exporters choose the place of a size so: all 1 but for one.
std::optional<SizeTensor> Evaluator::oneHot() {
  auto indices = getInts(0), depth = getInts(1);
  if (!indices || !depth || depth->size() != 1 || operands.size() != 3 || !operands[2] ||
      operands[2]->elements.size() != 2 || node.getInt("axis", -1) != -1)
    return std::nullopt;
  int64_t columns = depth->front();
  if (columns < 0 || columns > maxSizes || int64_t(indices->size()) * columns > maxSizes)
    return std::nullopt;
  SizeTensor result{{}, operands[0]->shape};
  result.shape.push_back(columns);
  for (int64_t index : *indices)
    for (int64_t column = 0; column < columns; ++column)
      result.elements.push_back(operands[2]->elements[column == (index < 0 ? index + columns : index)]);
  return result;
}

/// Zeros around a vector or a matrix: exporters put the pads of some axes among those of all.
std::optional<SizeTensor> Evaluator::pad() {
  const SizeTensor &x = *operands[0];
  auto pads = getInts(1);
  size_t rank = x.shape.size();
  bool isZero = operands.size() < 3 || !operands[2] || operands[2]->elements == Sizes{SizeExpr(0)};
  auto isSmall = [](int64_t n) { return n >= 0 && n <= maxSizes; };
  if (!pads || rank < 1 || rank > 2 || pads->size() != 2 * rank || operands.size() > 3 || !isZero ||
      node.getString("mode", "constant") != "constant" || !llvm::all_of(*pads, isSmall))
    return std::nullopt;
  int64_t columns = x.shape.back(), rows = rank == 2 ? x.shape.front() : 1;
  int64_t left = (*pads)[rank - 1], right = pads->back(), above = rank == 2 ? (*pads)[0] : 0,
          below = rank == 2 ? (*pads)[2] : 0, width = left + columns + right;
  if (width * (above + rows + below) > maxSizes)
    return std::nullopt;
  SizeTensor result{Sizes(width * (above + rows + below)), x.shape};
  for (int64_t row = 0; row < rows; ++row)
    llvm::copy(ArrayRef(x.elements).slice(row * columns, columns),
               result.elements.begin() + (above + row) * width + left);
  result.shape.back() = width;
  if (rank == 2)
    result.shape.front() = above + rows + below;
  return result;
}

std::optional<SizeTensor> Evaluator::reduceProduct() {
  // All axes of a vector is its one axis.
  if (operands.size() != 1 || !operands[0]->isVector() || node.getInt("noop_with_empty_axes", 0))
    return std::nullopt;
  SizeExpr product(1);
  for (const SizeExpr &size : operands[0]->elements)
    product = product * size;
  return SizeTensor::make({product}, node.getInt("keepdims", 1) == 0);
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
  if (type == "OneHot")
    return oneHot();
  if (type == "Pad")
    return pad();
  if (type == "Neg" && operands.size() == 1) {
    SizeTensor result = *operands[0];
    for (SizeExpr &size : result.elements)
      size = SizeExpr(0) - size;
    return result;
  }
  if (type == "Squeeze" && operands[0]->isVector() && operands[0]->elements.size() == 1)
    return SizeTensor::scalar(operands[0]->elements.front());
  if (type == "Unsqueeze" && operands[0]->isScalar()) {
    auto axes = operands.size() > 1 ? getInts(1) : node.getInts("axes");
    return axes && axes->size() == 1 ? std::optional(SizeTensor::vector(operands[0]->elements)) : std::nullopt;
  }
  if (type == "Reshape" && operands.size() == 2 && operands[1])
    return reshape();
  if (type == "Transpose")
    return transpose();
  return std::nullopt;
}

/// The element type of the node's result.
static Type getResultElement(Node &node) {
  StringRef type = node.getOpType();
  if (type == "Equal" || type == "Less" || type == "Greater")
    return node.b.getI1Type();
  return getElement(node.getOperand(type == "Where" ? 1 : type == "OneHot" ? 2 : 0));
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
    return succeeded(
        node.replace(node.reshape(node.cast(node.sizes(result->elements, result->isScalar()), element),
                                  llvm::map_to_vector(result->shape, [](int64_t size) { return SizeExpr(size); }))));
  SmallVector<int64_t> numbers;
  for (const SizeExpr &size : result->elements)
    numbers.push_back(*size.constant());
  auto attr = rec::makeConstant(RankedTensorType::get(result->shape, element), ArrayRef<int64_t>(numbers));
  return succeeded(node.replace(node.make<rec::ConstantOp>(attr, StringAttr())));
}

} // namespace reckon::importer
