//===- SizeFolds.cpp - Folding shape arithmetic -----------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#include "dialects/Rec/SizeFolds.h"
#include "dialects/Rec/ConstantData.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

static constexpr int64_t maxSizes = 64;

/// Whether the size is not negative when every dimension is at least `least` (0 or 1): as a polynomial in how much each
/// dimension exceeds that, it has no negative coefficient.
static bool isNonNegative(const SizeExpr &size, int64_t least) {
  SizeExpr shifted =
      size.substitute([&](std::string_view name) -> std::optional<SizeExpr> { return SizeExpr::dim(name) + least; });
  for (const SizeExpr::Term &term : shifted.terms()) {
    if (term.coefficient < 0)
      return false;
    for (const auto &factor : term.factors) {
      auto isOperandNonNegative = [&](size_t i) { return isNonNegative(factor->operands[i], 0); };
      switch (factor->kind) {
      case SizeExpr::Atom::Kind::Dim:
        break;
      case SizeExpr::Atom::Kind::Max:
        if (!isOperandNonNegative(0) && !isOperandNonNegative(1))
          return false;
        break;
      default:
        if (!isOperandNonNegative(0) || !isOperandNonNegative(1))
          return false;
      }
    }
  }
  return true;
}

/// Whether arithmetic with the size means anything.
static bool isKnown(const SizeExpr &size) { return normalizeSize(size) == size && !isAnonymous(size); }

std::optional<Shape> rec::getKnownSizes(Attribute value) {
  if (auto dims = dyn_cast_if_present<DimsAttr>(value)) {
    Shape sizes = dims.getSizes();
    return llvm::all_of(sizes, isKnown) ? std::optional<Shape>(sizes) : std::nullopt;
  }
  auto elements = dyn_cast_if_present<ElementsAttr>(value);
  if (!elements || !elements.getElementType().isSignlessInteger(64) || !elements.getShapedType().hasStaticShape() ||
      elements.getShapedType().getNumElements() > maxSizes)
    return std::nullopt;
  auto values = getConstantInts(elements);
  if (!values)
    return std::nullopt;
  return Shape(values->begin(), values->end());
}

/// The number of elements of a result that may hold sizes.
static std::optional<size_t> getSizeCount(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || tensor.getRank() > 1 || !tensor.hasStaticShape() || tensor.getNumElements() > maxSizes)
    return std::nullopt;
  return tensor.getNumElements();
}

Attribute rec::makeSizes(Type type, ArrayRef<SizeExpr> sizes) {
  auto count = getSizeCount(type);
  if (!count || *count != sizes.size() || !cast<RankedTensorType>(type).getElementType().isSignlessInteger(64) ||
      !llvm::all_of(sizes, isKnown))
    return {};
  SmallVector<int64_t> constants;
  for (const SizeExpr &size : sizes)
    if (auto constant = size.constant())
      constants.push_back(*constant);
  if (constants.size() == sizes.size())
    return DenseElementsAttr::get(cast<RankedTensorType>(type), ArrayRef<int64_t>(constants));
  return DimsAttr::get(type.getContext(), sizes);
}

/// The integer division of the dialect, truncating.
static std::optional<SizeExpr> divide(const SizeExpr &a, const SizeExpr &b) {
  auto x = a.constant(), y = b.constant();
  if (y && *y == 0)
    return SizeExpr(0);
  if (x && y)
    return *y == -1 ? SizeExpr(0) - a : SizeExpr(*x / *y);
  if (auto exact = SizeExpr::exactDiv(a, b))
    return exact;
  if (isNonNegative(a, 1) && isNonNegative(b, 1))
    return SizeExpr::floorDiv(a, b);
  return std::nullopt;
}

static std::optional<SizeExpr> apply(BinaryKind kind, const SizeExpr &a, const SizeExpr &b) {
  switch (kind) {
  case BinaryKind::add:
    return a + b;
  case BinaryKind::sub:
    return a - b;
  case BinaryKind::mul:
    return a * b;
  case BinaryKind::div:
    return divide(a, b);
  case BinaryKind::max:
    return SizeExpr::max(a, b);
  case BinaryKind::min:
    return SizeExpr::min(a, b);
  case BinaryKind::mod:
  case BinaryKind::fmod: {
    auto quotient = isNonNegative(a, 1) && isNonNegative(b, 1) && b != SizeExpr(0) ? divide(a, b) : std::nullopt;
    return quotient ? std::optional<SizeExpr>(a - b * *quotient) : std::nullopt;
  }
  default:
    return std::nullopt;
  }
}

/// The operands of an elementwise op on scalars and lists, repeated to `count` elements.
static bool readPair(Attribute a, Attribute b, size_t count, Shape &x, Shape &y) {
  auto knownA = getKnownSizes(a), knownB = getKnownSizes(b);
  if (!knownA || !knownB)
    return false;
  x = *knownA;
  y = *knownB;
  for (Shape *sizes : {&x, &y}) {
    if (sizes->size() == 1)
      sizes->resize(count, sizes->front());
    if (sizes->size() != count)
      return false;
  }
  return true;
}

Attribute rec::foldSizes(BinaryKind kind, Attribute a, Attribute b, Type type) {
  auto count = getSizeCount(type);
  Shape x, y, result;
  if (!count || !readPair(a, b, *count, x, y))
    return {};
  for (auto [p, q] : llvm::zip_equal(x, y)) {
    auto size = apply(kind, p, q);
    if (!size)
      return {};
    result.push_back(*size);
  }
  return makeSizes(type, result);
}

/// Whether `a kind b` holds whatever the dimensions are; nullopt when it depends.
static std::optional<bool> decide(CompareKind kind, const SizeExpr &a, const SizeExpr &b) {
  auto isAtLeast = [](const SizeExpr &x, const SizeExpr &y) { return isNonNegative(x - y, 0); };
  auto decided = [](bool holds, bool fails) { return holds || fails ? std::optional<bool>(holds) : std::nullopt; };
  bool above = isAtLeast(a, b + 1), below = isAtLeast(b, a + 1);
  switch (kind) {
  case CompareKind::eq:
    return decided(a == b, above || below);
  case CompareKind::ne:
    return decided(above || below, a == b);
  case CompareKind::lt:
    return decided(below, isAtLeast(a, b));
  case CompareKind::le:
    return decided(isAtLeast(b, a), above);
  case CompareKind::gt:
    return decided(above, isAtLeast(b, a));
  case CompareKind::ge:
    return decided(isAtLeast(a, b), below);
  }
  llvm_unreachable("all comparisons are listed");
}

Attribute rec::foldSizes(CompareKind kind, Attribute a, Attribute b, Type type) {
  auto count = getSizeCount(type);
  Shape x, y;
  if (!count || !readPair(a, b, *count, x, y))
    return {};
  SmallVector<bool> result;
  for (auto [p, q] : llvm::zip_equal(x, y)) {
    auto holds = decide(kind, p, q);
    if (!holds)
      return {};
    result.push_back(*holds);
  }
  return DenseElementsAttr::get(cast<RankedTensorType>(type), ArrayRef<bool>(result));
}

Attribute rec::foldSizes(ReduceKind kind, Attribute x, Type type) {
  auto sizes = getKnownSizes(x);
  if (!sizes || sizes->empty() || getSizeCount(type) != 1)
    return {};
  SizeExpr result = sizes->front();
  for (const SizeExpr &size : llvm::drop_begin(*sizes)) {
    switch (kind) {
    case ReduceKind::sum:
      result = result + size;
      break;
    case ReduceKind::prod:
      result = result * size;
      break;
    case ReduceKind::max:
      result = SizeExpr::max(result, size);
      break;
    case ReduceKind::min:
      result = SizeExpr::min(result, size);
      break;
    default:
      return {};
    }
  }
  if (kind != ReduceKind::sum && kind != ReduceKind::prod && kind != ReduceKind::max && kind != ReduceKind::min)
    return {};
  return makeSizes(type, result);
}
