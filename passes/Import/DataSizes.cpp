//===- DataSizes.cpp - NonZero, Compress, Unique ------------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// What these nodes choose is brought to the front of a tensor that has room for everything, and seen through
// `rec.prefix` as a tensor of the number that was chosen: a dimension of `rec.data_size`. Shape arithmetic on it works
// as on any other. `rec-bound-data-sizes` takes the dimension away again.
//
//===----------------------------------------------------------------------------===//

#include "passes/Import/DataSizes.h"
#include "passes/Import/Registry.h"
#include "passes/Import/SizeValues.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace reckon::importer {

//===--------------------------------------------------------------------------------===//
// Dimensions
//===--------------------------------------------------------------------------------===//

/// Whether two values are computed alike from the same values.
static bool computeTheSame(Value a, Value b, unsigned depth = 0) {
  constexpr unsigned deepest = 12;
  if (a == b)
    return true;
  Operation *x = a.getDefiningOp(), *y = b.getDefiningOp();
  if (!x || !y || depth == deepest || x->getName() != y->getName() || x->getNumOperands() != y->getNumOperands() ||
      x->getNumResults() != 1 || x->getNumRegions() || a.getType() != b.getType() ||
      x->getPropertiesAsAttribute() != y->getPropertiesAsAttribute())
    return false;
  return llvm::all_of(llvm::zip(x->getOperands(), y->getOperands()),
                      [&](auto pair) { return computeTheSame(std::get<0>(pair), std::get<1>(pair), depth + 1); });
}

/// The dimension of a source, made unless there is one.
static SizeExpr getDimension(Node &node, Value source) {
  auto func = node.op->getParentOfType<func::FuncOp>();
  std::string name = "%n:" + node.getName();
  unsigned alike = 0;
  for (auto size : func.getOps<rec::DataSizeOp>()) {
    if (computeTheSame(size.getSource(), source))
      return SizeExpr::dim(size.getDim().str());
    alike += size.getDim() == name || size.getDim().starts_with(name + ":");
  }
  if (alike)
    name += ":" + std::to_string(alike);
  rec::DataSizeOp::create(node.b, node.loc, node.b.getStringAttr(name), source);
  return SizeExpr::dim(name);
}

SizeExpr countTrue(Node &node, Value mask) {
  // Elements that a broadcast repeats count that many times.
  SizeExpr times(1);
  for (;;) {
    if (auto reshape = mask.getDefiningOp<rec::ReshapeOp>()) {
      mask = reshape.getX();
      continue;
    }
    auto broadcast = mask.getDefiningOp<rec::BroadcastOp>();
    if (!broadcast)
      break;
    auto factor = SizeExpr::exactDiv(rec::getNumElements(rec::getShape(broadcast.getResult())),
                                     rec::getNumElements(rec::getShape(broadcast.getX())));
    if (!factor)
      break;
    times = times * *factor;
    mask = broadcast.getX();
  }
  auto constant = mask.getDefiningOp<rec::ConstantOp>();
  auto elements = constant ? getSizeValues(mask) : std::nullopt;
  if (elements) {
    int64_t count = llvm::count_if(*elements, [](const SizeExpr &e) { return e != SizeExpr(0); });
    return times * SizeExpr(count);
  }
  return times * getDimension(node, mask);
}

/// The mask whose true elements an integer counts: as a sum of all that it has. Null for other integers.
static Value getCountedMask(Value count) {
  while (Operation *producer = count.getDefiningOp()) {
    auto cast = dyn_cast<rec::CastOp>(producer);
    bool keeps = isa<rec::ReshapeOp>(producer) || (cast && isa<IntegerType>(getElement(cast.getX())));
    if (!keeps)
      break;
    count = producer->getOperand(0);
  }
  constexpr unsigned wideEnough = 32;
  auto sum = count.getDefiningOp<rec::ReduceOp>();
  if (!sum || sum.getKind() != ReduceKind::sum || int64_t(sum.getAxes().size()) != getRank(sum.getX()) ||
      getElement(sum.getX()).getIntOrFloatBitWidth() < wideEnough)
    return nullptr;
  auto cast = sum.getX().getDefiningOp<rec::CastOp>();
  return cast && isa<IntegerType>(getElement(sum.getX())) && getElement(cast.getX()).isInteger(1) ? cast.getX()
                                                                                                  : Value();
}

SizeExpr makeDataSize(Node &node, Value scalar, const std::optional<SizeExpr> &atMost) {
  if (Value mask = scalar ? getCountedMask(scalar) : Value(); mask && !atMost)
    return countTrue(node, mask);
  Type i64 = node.b.getI64Type();
  Value value = node.cast(node.reshape(scalar, {SizeExpr(1)}), i64);
  Value fits = node.compare(CompareKind::ge, value, 0.0);
  if (atMost)
    fits = node.binary(BinaryKind::logical_and, fits,
                       node.compare(CompareKind::le, value, node.sizes(*atMost, /*scalar=*/true)));
  // One that does not fit is an index outside its axis.
  Value checked = node.gather(value, node.reshape(node.select(fits, node.scalar(0, i64), node.scalar(1, i64)), {}), 0);
  if (!checked)
    return SizeExpr(0);
  SizeExpr size = getDimension(node, checked);
  return atMost ? SizeExpr::min(size, *atMost) : size;
}

std::optional<SmallVector<SizeElement>> getSizeElements(Node &node, Value value) {
  constexpr int64_t maxElements = 16; // a shape
  SmallVector<SizeElement> elements;
  if (auto sizes = getSizeValues(value)) {
    for (const SizeExpr &size : *sizes)
      elements.push_back({size, Value()});
    return elements;
  }
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || !type.hasStaticShape() || type.getRank() > 1 || type.getNumElements() > maxElements ||
      !isa<IntegerType>(type.getElementType()) || type.getElementType().isInteger(1))
    return std::nullopt;
  if (auto concat = value.getDefiningOp<rec::ConcatOp>()) {
    for (Value part : concat.getInputs()) {
      auto some = getSizeElements(node, part);
      if (!some)
        return std::nullopt;
      elements.append(*some);
    }
    return elements;
  }
  Type i64 = node.b.getI64Type();
  for (int64_t i = 0; i < type.getNumElements(); ++i) {
    Value element = type.getRank() ? node.sliceAxis(value, 0, i, 1) : value;
    elements.push_back({std::nullopt, node.cast(node.reshape(element, {}), i64)});
  }
  return elements;
}

bool isPassedIn(Value value) {
  while (Operation *producer = value.getDefiningOp()) {
    if (!isa<rec::ReshapeOp, rec::CastOp, rec::SliceOp>(producer))
      return false;
    value = producer->getOperand(0);
  }
  return true;
}

std::optional<SmallVector<SizeExpr>> getAnySizes(Node &node, unsigned i, StringRef name,
                                                 const std::optional<SizeExpr> &atMost) {
  Value value = node.getOperand(i);
  auto elements = value && !isPassedIn(value) ? getSizeElements(node, value) : std::nullopt;
  if (!elements)
    return node.getSizes(i, name); // which says why
  SmallVector<SizeExpr> sizes;
  for (const SizeElement &element : *elements)
    sizes.push_back(element.size ? *element.size : makeDataSize(node, element.data, atMost));
  if (node.isBroken())
    return std::nullopt;
  return sizes;
}

/// The first `count` rows of x, seen as all that there are.
static Value takePrefix(Node &node, Value x, const SizeExpr &count) {
  if (!x)
    return x;
  Shape shape = rec::getShape(x);
  if (shape[0] == count)
    return x;
  if (!rec::dependsOnData(count))
    return node.sliceAxis(x, 0, 0, count);
  shape[0] = count;
  return node.makeTyped<rec::PrefixOp>(rec::getTensorType(shape, getElement(x)), x);
}

/// `count` zeros, and `updates` at the places of `index`, or added to each other there.
static Value scatter(Node &node, const SizeExpr &count, Value index, Value updates,
                     std::optional<ReduceKind> reduction = std::nullopt) {
  auto kind = reduction ? rec::ReduceKindAttr::get(node.b.getContext(), *reduction) : rec::ReduceKindAttr();
  return node.make<rec::ScatterElementsOp>(node.splat(count, 0, node.b.getI64Type()), index, updates,
                                           node.b.getI64IntegerAttr(0), kind);
}

/// Those values whose mask is true, each at its target, in front of as many places as there are; zeros follow.
static Value bringForward(Node &node, Value mask, Value target, Value values) {
  SizeExpr places = rec::getShape(mask)[0];
  // The others are written behind the end, which is cut off.
  Value index = node.select(mask, target, node.sizes(places, /*scalar=*/true));
  return node.sliceAxis(scatter(node, places + 1, index, values), 0, 0, places);
}

Value getTruePositions(Node &node, Value mask) {
  SizeExpr count = countTrue(node, mask);
  Value flat = node.reshape(mask, rec::getNumElements(rec::getShape(mask)));
  if (!flat)
    return flat;
  Type i64 = node.b.getI64Type();
  // All of them, where every element is true.
  auto constant = mask.getDefiningOp<rec::ConstantOp>();
  if (count == rec::getNumElements(rec::getShape(mask)) || (constant && count == SizeExpr(0)))
    return node.iota(count, i64, 0);
  Value before = node.make<rec::CumSumOp>(node.cast(flat, i64), int64_t(0), /*exclusive=*/true, /*reverse=*/false);
  Value numbers = node.iota(rec::getShape(flat)[0], i64, 0);
  return takePrefix(node, bringForward(node, flat, before, numbers), count);
}

//===--------------------------------------------------------------------------------===//
// NonZero and Compress
//===--------------------------------------------------------------------------------===//

/// Whether each element is not zero.
static Value makeMask(Node &node, Value x) {
  if (getElement(x).isInteger(1))
    return x;
  if (auto cast = x.getDefiningOp<rec::CastOp>(); cast && getElement(cast.getX()).isInteger(1))
    return cast.getX();
  // Also of a repeated constant, so that it is known to be one.
  if (auto broadcast = x.getDefiningOp<rec::BroadcastOp>())
    return node.broadcast(makeMask(node, broadcast.getX()), rec::getShape(x));
  return node.compare(CompareKind::ne, x, 0.0);
}

static LogicalResult convertNonZero(Node &node) {
  Value x = node.getOperand(0);
  Shape shape = rec::getShape(x);
  if (shape.empty())
    return node.unsupported("an operand without dimensions");
  Value mask = makeMask(node, x), positions = mask ? getTruePositions(node, mask) : Value();
  if (!positions)
    return failure();
  Value rest = positions;
  SmallVector<Value> rows(shape.size());
  for (int64_t d = int64_t(shape.size()) - 1; d > 0; --d) {
    Value size = node.sizes(shape[d], /*scalar=*/true);
    rows[d] = node.binary(BinaryKind::mod, rest, size);
    rest = node.div(rest, size);
  }
  rows[0] = rest;
  for (Value &row : rows)
    row = node.unsqueeze(row, 0);
  return node.isBroken() ? failure() : node.replace(node.concat(rows, 0));
}

static LogicalResult convertCompress(Node &node) {
  Value x = node.getOperand(0), condition = node.getOperand(1);
  if (!condition || getRank(condition) != 1 || !getElement(condition).isInteger(1))
    return node.invalid("operand 'condition' must be a vector of booleans");
  int64_t axis = 0;
  if (node.hasAttr("axis")) {
    auto normal = node.normalizeAxis(node.getInt("axis", 0), getRank(x));
    if (!normal)
      return failure();
    axis = *normal;
  } else {
    x = node.reshape(x, rec::getNumElements(rec::getShape(x)));
  }
  if (auto known = getSizeValues(condition)) {
    SmallVector<int64_t> chosen;
    for (auto [i, isChosen] : llvm::enumerate(*known))
      if (isChosen != SizeExpr(0))
        chosen.push_back(i);
    auto size = x ? rec::getShape(x)[axis].constant() : std::nullopt;
    if (size && !chosen.empty() && chosen.back() >= *size)
      return node.invalid("the condition chooses element " + Twine(chosen.back()) + " of " + Twine(*size));
    return node.replace(node.gather(x, node.integers(chosen), axis));
  }
  return node.replace(node.gather(x, getTruePositions(node, condition), axis));
}

//===--------------------------------------------------------------------------------===//
// Unique
//===--------------------------------------------------------------------------------===//

/// Columns of a row that are compared one after the other.
constexpr int64_t maxColumns = 64;

/// The numbers of rows in ascending order, of equal ones in theirs: sorted by one column after another, the last first.
static Value sortRows(Node &node, Value rows, int64_t columns) {
  SizeExpr count = rec::getShape(rows)[0];
  auto all = rec::DimsAttr::get(node.b.getContext(), count);
  Value order;
  for (int64_t c = columns; c-- > 0;) {
    Value column = node.reshape(node.sliceAxis(rows, 1, c, 1), count);
    if (order)
      column = node.gather(column, order, 0);
    Value next = node.makeAll<rec::TopKOp>(2, column, all, int64_t(0), /*smallest=*/true)[1];
    order = order ? node.gather(order, next, 0) : next;
  }
  return order;
}

/// Rows in order: one is new where it is not the one before, and its group is how many were new before it.
static LogicalResult convertUnique(Node &node) {
  Value x = node.getOperand(0);
  Shape shape = rec::getShape(x);
  Type i64 = node.b.getI64Type();
  int64_t rank = shape.size();
  std::optional<int64_t> axis;
  if (node.hasAttr("axis")) {
    axis = node.normalizeAxis(node.getInt("axis", 0), rank);
    if (!axis)
      return failure();
  }
  // The axis in front, and the rest as columns.
  SmallVector<int64_t> perm = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  if (axis)
    std::rotate(perm.begin(), perm.begin() + *axis, perm.begin() + *axis + 1);
  Value front = axis ? node.transpose(x, perm) : node.reshape(x, rec::getNumElements(shape));
  if (!front)
    return failure();
  Shape frontShape = rec::getShape(front);
  SizeExpr count = frontShape[0];
  auto columns = rec::getNumElements(ArrayRef(frontShape).drop_front()).constant();
  if (!columns || *columns < 1 || *columns > maxColumns)
    return node.unsupported("rows of a dynamic size or of more than " + Twine(maxColumns) + " elements");
  if (getElement(x).isInteger(1))
    return node.unsupported("booleans");
  Value rows = node.reshape(front, {count, *columns}), order = sortRows(node, rows, *columns);
  Value number = node.iota(count, i64, 0), sorted = node.gather(rows, order, 0);
  Value before = node.gather(sorted, node.binary(BinaryKind::max, node.add(number, -1.0), 0.0), 0);
  Value differs = node.reduce(ReduceKind::max, node.compare(CompareKind::ne, sorted, before), 1, /*keepdims=*/false);
  Value isNew = node.binary(BinaryKind::logical_or, differs, node.compare(CompareKind::eq, number, 0.0));
  if (!isNew)
    return failure();
  auto countBefore = [&](Value mask, bool exclusive) {
    return node.make<rec::CumSumOp>(node.cast(mask, i64), int64_t(0), exclusive, /*reverse=*/false);
  };
  Value group = node.add(countBefore(isNew, /*exclusive=*/false), -1.0);
  Value firsts = bringForward(node, isNew, group, order); // of each group, as sorting keeps equal rows in order
  if (node.getInt("sorted", 1) == 0) {                    // In the order of their first rows.
    Value isFirst = node.compare(CompareKind::ne, scatter(node, count, order, node.cast(isNew, i64)), 0.0);
    Value place = countBefore(isFirst, /*exclusive=*/true);
    group = node.gather(place, node.gather(firsts, group, 0), 0);
    firsts = bringForward(node, isFirst, place, number);
  }
  SizeExpr groups = countTrue(node, isNew);
  Value positions = takePrefix(node, firsts, groups);
  Value result = node.gather(front, positions, 0);
  if (axis) {
    SmallVector<int64_t> back(rank);
    for (auto [to, from] : llvm::enumerate(perm))
      back[from] = to;
    result = node.transpose(result, back);
  }
  Value inverse, repeats;
  if (node.isUsed(2))
    inverse = scatter(node, count, order, group);
  if (node.isUsed(3))
    repeats = takePrefix(node, scatter(node, count, group, node.splat(count, 1, i64), ReduceKind::sum), groups);
  return node.replace({result, positions, inverse, repeats});
}

void registerDataSizes(Registry &r) {
  r.add("Compress", needOperand<convertCompress>);
  r.add("NonZero", needOperand<convertNonZero>);
  r.add("Unique", needOperand<convertUnique>);
}

} // namespace reckon::importer
