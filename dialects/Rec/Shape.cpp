//===- Shape.cpp - Shapes in named dimensions -------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#include "dialects/Rec/Shape.h"
#include "dialects/Rec/Rec.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

using Atom = SizeExpr::Atom;

/// Whether `predicate` holds for any dimension or function in the size, at any depth.
template <typename Predicate> static bool anyAtom(const SizeExpr &size, Predicate predicate) {
  for (const SizeExpr::Term &term : size.terms())
    for (const auto &factor : term.factors) {
      if (predicate(*factor))
        return true;
      for (const SizeExpr &operand : factor->operands)
        if (anyAtom(operand, predicate))
          return true;
    }
  return false;
}

SizeExpr rec::getAnonymousSize() { return SizeExpr::dim("?"); }

bool rec::isAnonymous(const SizeExpr &size) {
  return anyAtom(size, [](const Atom &atom) { return atom.kind == Atom::Kind::Dim && atom.name == "?"; });
}

bool rec::isDataSize(StringRef dim) { return dim.starts_with("%n:"); }

bool rec::dependsOnData(const SizeExpr &size) {
  return llvm::any_of(size.dims(), [](const std::string &dim) { return isDataSize(dim); });
}

bool rec::dependsOnData(ArrayRef<SizeExpr> shape) {
  return llvm::any_of(shape, [](const SizeExpr &size) { return dependsOnData(size); });
}

SizeExpr rec::normalizeSize(const SizeExpr &size) {
  bool unknown = anyAtom(size, [](const Atom &atom) {
    // Overflow is represented as a division by zero.
    return (atom.kind == Atom::Kind::Dim && atom.name == "?") ||
           (atom.kind == Atom::Kind::FloorDiv && atom.operands[1].constant() == 0);
  });
  return unknown ? getAnonymousSize() : size;
}

/// The innermost scope of this thread.
static thread_local SizeConflict *currentConflict = nullptr;

SizeConflict::SizeConflict() : outer(currentConflict) { currentConflict = this; }
SizeConflict::~SizeConflict() { currentConflict = outer; }

void SizeConflict::note(const SizeExpr &a, const SizeExpr &b) {
  if (currentConflict)
    currentConflict->sizes = std::make_pair(a, b); // a and b may be in it
}

std::optional<SizeExpr> rec::unifySizes(const SizeExpr &a, const SizeExpr &b) {
  if (isAnonymous(a))
    return b;
  if (isAnonymous(b) || a == b)
    return a;
  SizeConflict::note(a, b);
  return std::nullopt;
}

std::optional<Shape> rec::unifyShapes(ArrayRef<SizeExpr> a, ArrayRef<SizeExpr> b) {
  if (a.size() != b.size())
    return std::nullopt;
  Shape result;
  for (auto [x, y] : llvm::zip_equal(a, b)) {
    auto size = unifySizes(x, y);
    if (!size)
      return std::nullopt;
    result.push_back(*size);
  }
  return result;
}

bool rec::provablyDiffer(const SizeExpr &a, const SizeExpr &b) {
  if (isAnonymous(a) || isAnonymous(b) || a == b)
    return false;
  SizeExpr difference = a - b;
  bool differ =
      difference.isConstant() || !anyAtom(difference, [](const Atom &atom) { return atom.kind != Atom::Kind::Dim; });
  if (differ)
    SizeConflict::note(a, b);
  return differ;
}

Shape rec::getShape(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  auto names = dyn_cast_if_present<DimsAttr>(tensor.getEncoding());
  Shape shape;
  for (auto [i, size] : llvm::enumerate(tensor.getShape())) {
    if (!ShapedType::isDynamic(size))
      shape.push_back(size);
    else
      shape.push_back(names ? names.getSize(i) : getAnonymousSize());
  }
  return shape;
}

RankedTensorType rec::getTensorType(ArrayRef<SizeExpr> shape, Type elementType) {
  Shape sizes;
  SmallVector<int64_t> dims;
  bool named = false;
  for (const SizeExpr &size : shape) {
    sizes.push_back(normalizeSize(size));
    auto constant = sizes.back().constant();
    dims.push_back(constant ? *constant : ShapedType::kDynamic);
    named |= !constant && !isAnonymous(sizes.back());
  }
  Attribute encoding = named ? DimsAttr::get(elementType.getContext(), ArrayRef<SizeExpr>(sizes)) : DimsAttr();
  return RankedTensorType::get(dims, elementType, encoding);
}

SizeExpr rec::getNumElements(ArrayRef<SizeExpr> shape) {
  SizeExpr product(1);
  for (const SizeExpr &size : shape)
    product = product * size;
  return normalizeSize(product);
}

static bool areCompatible(Type a, Type b) {
  if (a == b)
    return true;
  auto x = dyn_cast<RankedTensorType>(a), y = dyn_cast<RankedTensorType>(b);
  return x && y && x.getElementType() == y.getElementType() && unifyShapes(getShape(x), getShape(y)).has_value();
}

bool rec::areCompatible(TypeRange a, TypeRange b) {
  return a.size() == b.size() &&
         llvm::all_of(llvm::zip(a, b), [](auto pair) { return ::areCompatible(std::get<0>(pair), std::get<1>(pair)); });
}

std::optional<Shape> rec::broadcastShapes(ArrayRef<SizeExpr> a, ArrayRef<SizeExpr> b) {
  if (a.size() < b.size())
    std::swap(a, b);
  Shape result(a);
  size_t offset = a.size() - b.size();
  for (auto [i, size] : llvm::enumerate(b)) {
    SizeExpr &other = result[offset + i];
    if (size == SizeExpr(1))
      continue;
    if (other == SizeExpr(1)) {
      other = size;
      continue;
    }
    auto both = unifySizes(other, size);
    if (!both)
      return std::nullopt;
    other = *both;
  }
  return result;
}

std::string rec::printShape(ArrayRef<SizeExpr> shape) {
  std::string text = "[";
  for (const SizeExpr &size : shape) {
    if (text.size() > 1)
      text += ", ";
    text += size.str();
  }
  return text + "]";
}
