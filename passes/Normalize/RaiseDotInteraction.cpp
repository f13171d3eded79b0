//===- RaiseDotInteraction.cpp - Dot products of all pairs picked by constant indices ---===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------------===//

#include "passes/Common/Matchers.h"
#include "passes/Normalize/Passes.h"

#include "dialects/Rec/ConstantData.h"
#include "dialects/Rec/Shape.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace reckon {
#define GEN_PASS_DEF_RAISEDOTINTERACTION
#include "passes/Normalize/Passes.h.inc"
} // namespace reckon

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

namespace {

/// A value that holds entries of the products M[b, i, j] of all pairs of features: one dimension is b, and the others,
/// in row-major order, enumerate pairs i * features + j.
struct PairView {
  Value value;
  int64_t batchDim;
  std::vector<int64_t> pairs;
};

/// A pick may repeat pairs; a longer list than this is no triangle.
constexpr int64_t mostPairs = 1 << 21;

/// Sizes of the dimensions before and after `dim`, multiplied; nullopt when one is dynamic.
std::optional<std::pair<int64_t, int64_t>> getStaticAround(Value value, int64_t dim) {
  int64_t before = 1, after = 1;
  for (auto [d, size] : llvm::enumerate(typeOf(value).getShape())) {
    if (int64_t(d) == dim)
      continue;
    if (ShapedType::isDynamic(size))
      return std::nullopt;
    (int64_t(d) < dim ? before : after) *= size;
  }
  return std::pair(before, after);
}

/// The shape without the batch dimension.
SmallVector<int64_t> getPairShape(const PairView &view) {
  SmallVector<int64_t> shape(typeOf(view.value).getShape());
  shape.erase(shape.begin() + view.batchDim);
  return shape;
}

std::optional<PairView> stepTranspose(const PairView &view, TransposeOp op) {
  SmallVector<int64_t> shape = getPairShape(view), order;
  int64_t batchDim = -1;
  for (auto [d, source] : llvm::enumerate(op.getPerm())) {
    if (source == view.batchDim)
      batchDim = d;
    else
      order.push_back(source - (source > view.batchDim));
  }
  // Enumerate the permuted dimensions in row-major order of the result.
  SmallVector<int64_t> strides(shape.size(), 1);
  for (int64_t d = int64_t(shape.size()) - 2; d >= 0; --d)
    strides[d] = strides[d + 1] * shape[d + 1];
  std::vector<int64_t> pairs;
  pairs.reserve(view.pairs.size());
  SmallVector<int64_t> index(shape.size(), 0);
  for (size_t n = 0; n < view.pairs.size(); ++n) {
    int64_t offset = 0;
    for (size_t d = 0; d < order.size(); ++d)
      offset += index[d] * strides[order[d]];
    pairs.push_back(view.pairs[offset]);
    for (int64_t d = int64_t(order.size()) - 1; d >= 0 && ++index[d] == shape[order[d]]; --d)
      index[d] = 0;
  }
  return PairView{op.getResult(), batchDim, std::move(pairs)};
}

std::optional<PairView> stepReshape(const PairView &view, ReshapeOp op) {
  // The batch stays a dimension of its own between the same numbers of entries.
  auto around = getStaticAround(view.value, view.batchDim);
  SizeExpr batch = getShape(view.value)[view.batchDim];
  Shape shape = getShape(op.getResult());
  if (!around || isAnonymous(batch))
    return std::nullopt;
  for (size_t d = 0; d < shape.size(); ++d)
    if (shape[d] == batch && getStaticAround(op.getResult(), d) == around)
      return PairView{op.getResult(), int64_t(d), view.pairs};
  return std::nullopt;
}

std::optional<std::vector<int64_t>> getConstantIndices(Value indices) {
  auto constant = indices.getDefiningOp<ConstantOp>();
  return constant ? getConstantInts(constant.getValue()) : std::nullopt;
}

/// Picks along one dimension of the pairs.
std::optional<PairView> stepGather(const PairView &view, GatherOp op) {
  std::optional<std::vector<int64_t>> indices = getConstantIndices(op.getIndices());
  int64_t axis = op.getAxis(), rank = typeOf(op.getIndices()).getRank();
  if (!indices || axis == view.batchDim || op.getX() != view.value)
    return std::nullopt;
  SmallVector<int64_t> shape = getPairShape(view);
  int64_t d = axis - (axis > view.batchDim), outer = 1, inner = 1;
  for (int64_t i = 0; i < int64_t(shape.size()); ++i)
    (i < d ? outer : inner) *= i == d ? 1 : shape[i];
  if (outer * inner * int64_t(indices->size()) > mostPairs)
    return std::nullopt;
  std::vector<int64_t> pairs;
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t index : *indices) {
      if (index < 0)
        index += shape[d];
      if (index < 0 || index >= shape[d])
        return std::nullopt;
      auto first = view.pairs.begin() + (o * shape[d] + index) * inner;
      pairs.insert(pairs.end(), first, first + inner);
    }
  return PairView{op.getResult(), view.batchDim + (axis < view.batchDim ? rank - 1 : 0), std::move(pairs)};
}

/// Picks tuples of the leading dimensions.
std::optional<PairView> stepGatherNd(const PairView &view, GatherNdOp op) {
  std::optional<std::vector<int64_t>> indices = getConstantIndices(op.getIndices());
  int64_t rank = typeOf(op.getIndices()).getRank(), length = typeOf(op.getIndices()).getShape().back();
  if (!indices || op.getBatchDims() != 0 || op.getX() != view.value || length > view.batchDim)
    return std::nullopt;
  SmallVector<int64_t> shape = getPairShape(view);
  int64_t inner = 1;
  for (int64_t d = length; d < int64_t(shape.size()); ++d)
    inner *= shape[d];
  if (inner * int64_t(indices->size() / length) > mostPairs)
    return std::nullopt;
  std::vector<int64_t> pairs;
  for (size_t i = 0; i < indices->size(); i += length) {
    int64_t offset = 0;
    for (int64_t d = 0; d < length; ++d) {
      int64_t index = (*indices)[i + d] < 0 ? (*indices)[i + d] + shape[d] : (*indices)[i + d];
      if (index < 0 || index >= shape[d])
        return std::nullopt;
      offset = offset * shape[d] + index;
    }
    pairs.insert(pairs.end(), view.pairs.begin() + offset * inner, view.pairs.begin() + (offset + 1) * inner);
  }
  return PairView{op.getResult(), rank - 1 + view.batchDim - length, std::move(pairs)};
}

std::optional<PairView> step(const PairView &view, Operation *user) {
  if (auto op = dyn_cast<TransposeOp>(user))
    return stepTranspose(view, op);
  if (auto op = dyn_cast<ReshapeOp>(user))
    return stepReshape(view, op);
  if (auto op = dyn_cast<GatherOp>(user))
    return stepGather(view, op);
  if (auto op = dyn_cast<GatherNdOp>(user))
    return stepGatherNd(view, op);
  return std::nullopt;
}

struct PairOrder {
  Triangle triangle;
  bool selfInteraction;
};

/// The triangle whose pairs these are, in its order. The products are symmetric, so (i, j) is (j, i).
std::optional<PairOrder> matchTriangle(ArrayRef<int64_t> pairs, int64_t features) {
  for (Triangle triangle : {Triangle::lower, Triangle::upper})
    for (bool self : {false, true}) {
      if (int64_t(pairs.size()) != features * (features - 1) / 2 + (self ? features : 0))
        continue;
      size_t n = 0;
      bool matches = true;
      for (int64_t i = 0; i < features && matches; ++i) {
        bool lower = triangle == Triangle::lower;
        int64_t first = lower ? 0 : i + !self, last = lower ? i + self : features;
        for (int64_t j = first; j < last && matches; ++j, ++n)
          matches = pairs[n] == i * features + j || pairs[n] == j * features + i;
      }
      if (matches)
        return PairOrder{triangle, self};
    }
  return std::nullopt;
}

/// x of the products x · xᵀ over features, x batch x features x dim.
Value matchAllPairs(MatmulOp op) {
  Value a = op.getA(), b = op.getB();
  if (typeOf(a).getRank() != 3 || op.getTransposeA())
    return {};
  if (op.getTransposeB())
    return a == b ? a : Value();
  auto transpose = b.getDefiningOp<TransposeOp>();
  return transpose && transpose.getX() == a && transpose.getPerm() == ArrayRef<int64_t>{0, 2, 1} ? a : Value();
}

/// Features by constant index: `x[:, indices, :]`.
std::optional<std::vector<int64_t>> matchPickedFeatures(Value value, Value &x) {
  auto gather = value.getDefiningOp<GatherOp>();
  if (!gather || gather.getAxis() != 1 || typeOf(gather.getX()).getRank() != 3 ||
      typeOf(gather.getIndices()).getRank() != 1 || typeOf(gather.getX()).isDynamicDim(1))
    return std::nullopt;
  std::optional<std::vector<int64_t>> indices = getConstantIndices(gather.getIndices());
  if (!indices)
    return std::nullopt;
  int64_t features = typeOf(gather.getX()).getDimSize(1);
  for (int64_t &index : *indices) {
    index += index < 0 ? features : 0;
    if (index < 0 || index >= features)
      return std::nullopt;
  }
  x = gather.getX();
  return indices;
}

/// The pairs i * features + j of `sum_d x[b, i, d] * x[b, j, d]`, picked before the product.
std::optional<std::vector<int64_t>> matchPickedPairs(ReduceOp op, Value &x) {
  BinaryOp product = op.getKind() == ReduceKind::sum && op.getAxes() == ArrayRef<int64_t>{2} && !op.getKeepdims()
                         ? matchBinaryOp(op.getX(), BinaryKind::mul)
                         : BinaryOp();
  Value other;
  auto first = product ? matchPickedFeatures(product.getA(), x) : std::nullopt;
  auto second = first ? matchPickedFeatures(product.getB(), other) : std::nullopt;
  if (!second || x != other || first->size() != second->size() || !isa<FloatType>(typeOf(x).getElementType()))
    return std::nullopt;
  for (size_t n = 0; n < first->size(); ++n)
    (*first)[n] = (*first)[n] * typeOf(x).getDimSize(1) + (*second)[n];
  return first;
}

struct RaiseDotInteraction : public reckon::impl::RaiseDotInteractionBase<RaiseDotInteraction> {
  void runOnOperation() override {
    SmallVector<MatmulOp> products;
    getOperation().walk([&](MatmulOp op) { products.push_back(op); });
    for (MatmulOp op : products)
      raise(op);
    SmallVector<ReduceOp> sums;
    getOperation().walk([&](ReduceOp op) { sums.push_back(op); });
    for (ReduceOp op : sums) {
      Value x;
      std::optional<std::vector<int64_t>> pairs = matchPickedPairs(op, x);
      std::optional<PairOrder> order = pairs ? matchTriangle(*pairs, typeOf(x).getDimSize(1)) : std::nullopt;
      if (order)
        replace(op.getResult(), x, *order, op);
    }
  }

  void raise(MatmulOp op) {
    Value x = matchAllPairs(op);
    if (!x || !isa<FloatType>(typeOf(x).getElementType()) || typeOf(x).isDynamicDim(1))
      return;
    // Picks of more pairs are listed nowhere, and this list is as long.
    constexpr int64_t mostFeatures = 1024;
    int64_t features = typeOf(x).getDimSize(1);
    if (features > mostFeatures)
      return;
    std::vector<int64_t> all(features * features);
    for (size_t n = 0; n < all.size(); ++n)
      all[n] = n;
    SmallVector<PairView> worklist{{op.getResult(), 0, std::move(all)}};
    while (!worklist.empty()) {
      PairView view = worklist.pop_back_val();
      std::optional<PairOrder> order =
          typeOf(view.value).getRank() == 2 && view.batchDim == 0 ? matchTriangle(view.pairs, features) : std::nullopt;
      if (order) {
        replace(view.value, x, *order, op);
        continue;
      }
      for (Operation *user : view.value.getUsers())
        if (std::optional<PairView> next = step(view, user))
          worklist.push_back(std::move(*next));
    }
  }

  void replace(Value pairs, Value x, PairOrder order, Operation *product) {
    OpBuilder builder(pairs.getDefiningOp());
    Location loc = builder.getFusedLoc({product->getLoc(), pairs.getLoc()});
    Value result = DotInteractionOp::create(builder, loc, TriangleAttr::get(&getContext(), order.triangle), x,
                                            order.selfInteraction ? builder.getUnitAttr() : UnitAttr());
    pairs.replaceAllUsesWith(reshapeTo(builder, loc, result, typeOf(pairs)));
    ++numRaised;
  }
};
} // namespace
