//===- EmbeddingBags.cpp - Recognising and building bags ----------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "passes/Normalize/EmbeddingBags.h"

#include "dialects/Rec/Shape.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Iterators.h"

using namespace mlir;

namespace reckon::rec {

bool isAllOnes(Value value) {
  for (;;) {
    value = skipReshapes(value);
    if (auto broadcast = value.getDefiningOp<BroadcastOp>())
      value = broadcast.getX();
    else if (OnnxOp expand = asOnnx(value, "Expand"))
      value = expand.getOperands()[0];
    else
      return getSplatFloat(value) == 1.0;
  }
}

static bool hasRank(Value value, int64_t rank) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && type.getRank() == rank;
}

static std::optional<BagRows> matchGatheredRows(Value rows) {
  std::optional<GatherView> gather = matchGather(rows);
  if (!gather || gather->axis != 0 || !hasRank(gather->data, 2) || !hasRank(gather->indices, 1) ||
      !isa<FloatType>(cast<RankedTensorType>(gather->data.getType()).getElementType()))
    return std::nullopt;
  return BagRows{gather->data, gather->indices, {}};
}

std::optional<BagRows> matchRows(Value rows) {
  if (std::optional<BagRows> gathered = matchGatheredRows(rows))
    return gathered;
  std::optional<BinaryView> product = matchBinary(rows);
  if (!product || product->kind != BinaryKind::mul)
    return std::nullopt;
  for (auto [scaled, weights] : {std::pair(product->a, product->b), std::pair(product->b, product->a)}) {
    std::optional<BagRows> gathered = matchGatheredRows(scaled);
    if (!gathered || !hasRank(weights, 2))
      continue;
    // ids x 1: one weight a row.
    Shape shape = getShape(weights), ids = getShape(gathered->ids);
    if (shape[1] != SizeExpr(1) || isAnonymous(ids[0]) || shape[0] != ids[0])
      continue;
    if (!isAllOnes(weights))
      gathered->weights = weights;
    return gathered;
  }
  return std::nullopt;
}

Value matchBounds(const LoopSymbols &symbols, Value start, Value end) {
  Symbol first = symbols.evaluate(start);
  if (first.kind != Symbol::Entry || first.offset != SizeExpr(0) || !symbols.evaluate(end).isEntry(first.vector, 1))
    return {};
  return first.vector;
}

bool isOutside(Value value, Block &body) {
  return !body.getParentOp()->isAncestor(value.getParentBlock()->getParentOp());
}

/// The weights of rows `start` to `end`, one a row: `Unsqueeze(Slice(weights, start, end), 1)`.
static Value matchSlicedWeights(LoopSymbols &symbols, Value weights, Value bounds) {
  weights = skipIdentity(weights);
  if (OnnxOp unsqueeze = asOnnx(weights, "Unsqueeze")) {
    std::optional<int64_t> axis;
    if (Value axes = getOptionalOperand(unsqueeze, 1))
      axis = getInteger(axes);
    else if (auto axes = unsqueeze.getAttrs().getAs<DenseI64ArrayAttr>("axes"); axes && axes.size() == 1)
      axis = axes[0]; // before opset 13
    if (axis != 1 && axis != -1)
      return {};
    weights = unsqueeze.getOperands()[0];
  } else if (auto reshape = weights.getDefiningOp<ReshapeOp>()) {
    Shape shape = getShape(weights);
    if (shape.size() != 2 || shape[1] != SizeExpr(1))
      return {};
    weights = reshape.getX();
  } else {
    return {};
  }
  std::optional<RowSliceView> slice = matchRowSlice(weights);
  if (!slice || !hasRank(slice->x, 1) || !isOutside(slice->x, symbols.getBody()) ||
      matchBounds(symbols, slice->start, slice->end) != bounds)
    return {};
  return slice->x;
}

std::optional<BoundedRows> matchBoundedRows(LoopSymbols &symbols, Value value) {
  Block &body = symbols.getBody();
  // All rows are gathered before the loop, a bag is a slice of them.
  if (std::optional<RowSliceView> slice = matchRowSlice(value)) {
    Value bounds = matchBounds(symbols, slice->start, slice->end);
    std::optional<BagRows> rows = isOutside(slice->x, body) ? matchRows(slice->x) : std::nullopt;
    return bounds && rows ? std::optional<BoundedRows>({*rows, bounds}) : std::nullopt;
  }
  // A bag's ids are sliced, its rows gathered in the loop.
  Value gathered = value, weights;
  std::optional<BinaryView> product = matchBinary(value);
  if (product && product->kind == BinaryKind::mul) {
    bool gatherFirst = matchGather(product->a).has_value();
    gathered = gatherFirst ? product->a : product->b;
    weights = gatherFirst ? product->b : product->a;
  }
  std::optional<GatherView> gather = matchGather(gathered);
  if (!gather || gather->axis != 0 || !isOutside(gather->data, body) || !hasRank(gather->data, 2) ||
      !isa<FloatType>(cast<RankedTensorType>(gather->data.getType()).getElementType()))
    return std::nullopt;
  std::optional<RowSliceView> slice = matchRowSlice(gather->indices);
  if (!slice || !isOutside(slice->x, body) || !hasRank(slice->x, 1))
    return std::nullopt;
  Value bounds = matchBounds(symbols, slice->start, slice->end);
  BagRows rows{gather->data, slice->x, {}};
  if (bounds && weights) {
    rows.weights = matchSlicedWeights(symbols, weights, bounds);
    if (!rows.weights || getShape(rows.weights) != getShape(rows.ids) || isAnonymous(getShape(rows.ids)[0]))
      return std::nullopt;
  }
  return bounds ? std::optional<BoundedRows>({rows, bounds}) : std::nullopt;
}

std::optional<SizeExpr> getBagCount(Value bounds, const SizeExpr &tripCount) {
  SizeExpr bags = getShape(bounds)[0] - SizeExpr(1);
  if (isAnonymous(bags) || (tripCount != bags && tripCount != SizeExpr::max(bags, 0)))
    return std::nullopt;
  return bags;
}

std::optional<PoolMode> getPoolMode(ReduceKind kind) {
  switch (kind) {
  case ReduceKind::sum:
    return PoolMode::sum;
  case ReduceKind::mean:
    return PoolMode::mean;
  case ReduceKind::max:
    return PoolMode::max;
  default:
    return std::nullopt;
  }
}

namespace {
/// How a vector of bounds divides the ids into bags.
struct Division {
  /// The width all bags have.
  std::optional<SizeExpr> width;
  /// Else the offsets, and whether their last entry is the end of the last bag.
  Value offsets;
  bool includeLast = false;
  /// Set when the offsets are all but the last entry of `offsets`.
  bool dropLast = false;
};
} // namespace

/// The step of a vector 0, step, 2 step, ...
static std::optional<SizeExpr> getStep(Value vector) {
  vector = skipReshapes(vector);
  if (auto iota = vector.getDefiningOp<IotaOp>()) {
    double step = iota.getStep().convertToDouble();
    if (iota.getStart().isZero() && step >= 1 && step == int64_t(step))
      return SizeExpr(int64_t(step));
    return std::nullopt;
  }
  // Where the step is a size, which is 1 at least.
  if (std::optional<BinaryView> product = matchBinary(vector); product && product->kind == BinaryKind::mul) {
    std::optional<SmallVector<SizeExpr>> sizes = getSizes(skipReshapes(product->b));
    bool isSized = getStep(product->a) == SizeExpr(1) && sizes && sizes->size() == 1;
    return isSized ? std::optional(sizes->front()) : std::nullopt;
  }
  std::optional<SmallVector<int64_t>> values = getIntegers(vector);
  if (!values || values->size() < 2 || (*values)[0] != 0 || (*values)[1] < 1)
    return std::nullopt;
  for (auto [i, value] : llvm::enumerate(*values))
    if (value != int64_t(i) * (*values)[1])
      return std::nullopt;
  return SizeExpr((*values)[1]);
}

/// A one-element vector or scalar that is this size.
static bool isSize(Value value, const SizeExpr &size) {
  std::optional<SmallVector<SizeExpr>> sizes = getSizes(skipReshapes(value));
  return sizes && sizes->size() == 1 && sizes->front() == size;
}

static Division divide(Value bounds, const SizeExpr &ids, const SizeExpr &bags) {
  Division division;
  bounds = skipReshapes(bounds);
  Value starts;
  if (auto concat = bounds.getDefiningOp<ConcatOp>();
      concat && concat.getInputs().size() == 2 && isSize(concat.getInputs()[1], ids))
    starts = concat.getInputs()[0];

  // Equal widths: every start is b * width and the bags exhaust the ids.
  Value counted = starts ? starts : bounds;
  if (std::optional<SizeExpr> step = getStep(counted); step && *step * bags == ids)
    division.width = *step;
  // One bag of all ids has no step to tell its width.
  else if (starts && bags == SizeExpr(1) && ids.isConstant() && getInteger(starts) == 0)
    division.width = ids;

  division.offsets = counted;
  division.includeLast = !starts;
  // offsets with the last entry overwritten by the number of ids.
  if (auto scatter = bounds.getDefiningOp<ScatterElementsOp>(); scatter && !scatter.getReduction() &&
                                                                getInteger(scatter.getIndices()) == -1 &&
                                                                isSize(scatter.getUpdates(), ids)) {
    division.offsets = scatter.getX();
    division.includeLast = false;
    division.dropLast = true;
  }
  return division;
}

static Value reshapeTo(OpBuilder &builder, Location loc, Value value, ArrayRef<SizeExpr> shape) {
  // Through reshapes to a value that had the shape before.
  for (Value source = value;;) {
    if (getShape(source) == Shape(shape.begin(), shape.end()))
      return source;
    auto reshape = source.getDefiningOp<ReshapeOp>();
    if (!reshape)
      break;
    source = reshape.getX();
  }
  Type element = cast<RankedTensorType>(value.getType()).getElementType();
  return ReshapeOp::create(builder, loc, getTensorType(shape, element), value);
}

EmbeddingBagOp buildBag(OpBuilder &builder, Location loc, const Bag &bag, const SizeExpr &bags) {
  const BagRows &rows = bag.rows;
  SizeExpr ids = getShape(rows.ids)[0];
  Type idType = cast<RankedTensorType>(rows.ids.getType()).getElementType();
  Type tableType = cast<RankedTensorType>(rows.table.getType()).getElementType();
  if (!idType.isSignlessInteger(64) && !idType.isSignlessInteger(32))
    return {};
  if (rows.weights &&
      (bag.mode != PoolMode::sum || cast<RankedTensorType>(rows.weights.getType()).getElementType() != tableType))
    return {};
  IntegerAttr padding = bag.paddingId ? builder.getI64IntegerAttr(*bag.paddingId) : IntegerAttr();
  auto mode = PoolModeAttr::get(builder.getContext(), bag.mode);

  Division division = divide(bag.bounds, ids, bags);
  if (division.width) {
    Value matrix = reshapeTo(builder, loc, rows.ids, {bags, *division.width});
    Value weights = rows.weights ? reshapeTo(builder, loc, rows.weights, {bags, *division.width}) : Value();
    return EmbeddingBagOp::create(builder, loc, mode, rows.table, matrix, /*offsets=*/Value(), weights, padding);
  }

  Value offsets = division.offsets;
  if (division.dropLast) {
    auto start = DimsAttr::get(builder.getContext(), ArrayRef<SizeExpr>{SizeExpr(0)});
    auto size = DimsAttr::get(builder.getContext(), ArrayRef<SizeExpr>{bags});
    offsets = SliceOp::create(builder, loc, offsets, start, size, builder.getDenseI64ArrayAttr({1}));
  }
  // One integer type for both; widening loses nothing.
  Value flat = rows.ids;
  auto castTo = [&](Value value, Type element) -> Value {
    if (cast<RankedTensorType>(value.getType()).getElementType() == element)
      return value;
    return CastOp::create(builder, loc, getTensorType(getShape(value), element), value);
  };
  Type common = builder.getI64Type();
  if (cast<RankedTensorType>(offsets.getType()).getElementType() == idType)
    common = idType;
  offsets = castTo(offsets, common);
  flat = castTo(flat, common);
  Value weights = rows.weights ? reshapeTo(builder, loc, rows.weights, {ids}) : Value();
  return EmbeddingBagOp::create(builder, loc, mode, rows.table, flat, offsets, weights, padding,
                                division.includeLast ? builder.getUnitAttr() : UnitAttr());
}

void eraseUnusedOnnxOps(Operation *root) {
  // Users come after what they use, so one walk backwards erases whole chains.
  root->walk<WalkOrder::PostOrder, ReverseIterator>([](Operation *op) {
    if (isa<OnnxOp, NoneOp>(op) && op->use_empty())
      op->erase();
  });
}

void refreshResultTypes(Operation *function) {
  auto func = dyn_cast<func::FuncOp>(function);
  if (!func || func.isExternal())
    return;
  auto returnOp = dyn_cast<func::ReturnOp>(func.getBody().back().getTerminator());
  if (returnOp)
    func.setType(FunctionType::get(func.getContext(), func.getFunctionType().getInputs(),
                                   SmallVector<Type>(returnOp.getOperandTypes())));
}

} // namespace reckon::rec
