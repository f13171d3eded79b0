//===- Costs.cpp - How much a layer computes ---------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//
//
// The answers to CostOpInterface that are no mixins.
//
//===-----------------------------------------------------------------------------===//

#include "dialects/Rec/Rec.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

/// A table's row comes from memory, the rest of a kernel's data from a cache: one element of a row weighs as much as
/// this many additions.
static constexpr int64_t lookupCost = 8;
static constexpr int64_t transcendentalCost = 10;

int64_t SizeEstimate::product(ArrayRef<SizeExpr> sizes) {
  int64_t product = 1;
  for (const SizeExpr &size : sizes) {
    int64_t value = size.evaluate([](std::string_view) { return assumedSize; }).value_or(assumedSize);
    product = llvm::SaturatingMultiply<uint64_t>(product, std::max<int64_t>(value, 0)) & INT64_MAX;
  }
  return product;
}

int64_t SizeEstimate::elements(Value tensor) const {
  Shape shape = getShape(tensor);
  return product(byRow && !shape.empty() ? ArrayRef<SizeExpr>(shape).drop_front() : ArrayRef<SizeExpr>(shape));
}

static int64_t getLastSize(Value value) { return SizeEstimate::product(getShape(value).back()); }

int64_t EmbeddingOp::getFlops(const SizeEstimate &sizes) { return lookupCost * sizes.elements(getResult()); }

int64_t EmbeddingBagOp::getFlops(const SizeEstimate &sizes) {
  int64_t hotness = getOffsets() ? SizeEstimate::assumedSize : SizeEstimate::product(getShape(getIds())[1]);
  return lookupCost * sizes.elements(getResult()) * hotness;
}

int64_t MultiLookupOp::getFlops(const SizeEstimate &) {
  int64_t sum = 0;
  for (auto [table, count] : llvm::zip(getTables(), getCounts()))
    sum += lookupCost * count * getLastSize(table);
  return sum;
}

int64_t LinearOp::getFlops(const SizeEstimate &sizes) { return 2 * sizes.elements(getResult()) * getLastSize(getX()); }

int64_t MatmulOp::getFlops(const SizeEstimate &sizes) {
  Shape shape = getShape(getA());
  bool leading = getTransposeA() && shape.size() > 1;
  return 2 * sizes.elements(getResult()) * SizeEstimate::product(leading ? shape[shape.size() - 2] : shape.back());
}

int64_t DotInteractionOp::getFlops(const SizeEstimate &sizes) {
  return 2 * sizes.elements(getResult()) * getLastSize(getX());
}

int64_t ConvOp::getFlops(const SizeEstimate &sizes) {
  return 2 * sizes.elements(getResult()) *
         SizeEstimate::product(ArrayRef<SizeExpr>(getShape(getWeight())).drop_front());
}

int64_t PoolWindowOp::getFlops(const SizeEstimate &sizes) {
  int64_t window = 1;
  for (int64_t size : getWindow())
    window *= size;
  return sizes.elements(getResult()) * window;
}

int64_t UnaryOp::getFlops(const SizeEstimate &sizes) {
  bool cheap = llvm::is_contained({UnaryKind::relu, UnaryKind::neg, UnaryKind::abs, UnaryKind::sign}, getKind());
  return sizes.elements(getResult()) * (cheap ? 1 : transcendentalCost);
}
