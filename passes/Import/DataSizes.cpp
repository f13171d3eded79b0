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

/// The numbers 0, 1, ... of the places whose mask is true, at the front of as many as there are places; zeros follow.
static Value bringForward(Node &node, Value mask, Value target) {
  SizeExpr places = rec::getShape(mask)[0];
  Type i64 = node.b.getI64Type();
  Value count = node.sizes(places, /*scalar=*/true);
  // The others are written behind the end, which is cut off.
  Value index = node.select(mask, target, count);
  Value result = node.make<rec::ScatterElementsOp>(node.splat(places + 1, 0, i64), index, node.iota(places, i64, 0),
                                                   node.b.getI64IntegerAttr(0), rec::ReduceKindAttr());
  return node.sliceAxis(result, 0, 0, places);
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
  return takePrefix(node, bringForward(node, flat, before), count);
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

namespace {
/// Of rows i and j, as matrices: whether they are equal, and whether row j comes before row i.
struct RowOrder {
  Value equal, before;
};
} // namespace

static RowOrder compareRows(Node &node, Value rows, int64_t columns) {
  SizeExpr count = rec::getShape(rows)[0];
  Shape all{count, count};
  RowOrder order;
  for (int64_t c = 0; c < columns; ++c) {
    Value column = node.sliceAxis(rows, 1, c, 1);
    Value other = node.reshape(column, {1, count});
    Value equal = node.compare(CompareKind::eq, column, other), less = node.compare(CompareKind::gt, column, other);
    order.before = order.before ? node.binary(BinaryKind::logical_or, order.before,
                                              node.binary(BinaryKind::logical_and, order.equal, less))
                                : less;
    order.equal = order.equal ? node.binary(BinaryKind::logical_and, order.equal, equal) : equal;
  }
  return order;
}

/// Each row against each other: one is new when no earlier one equals it, and its place among the new ones is how many
/// of them come before it.
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
  RowOrder order = compareRows(node, node.reshape(front, {count, *columns}), *columns);

  Value row = node.iota({count, 1}, i64, 0), other = node.iota({1, count}, i64, 1);
  Value earlier = node.binary(BinaryKind::logical_and, order.equal, node.compare(CompareKind::lt, other, row));
  Value isNew = node.unary(UnaryKind::logical_not, node.reduce(ReduceKind::max, earlier, 1, /*keepdims=*/false));
  if (!isNew)
    return failure();
  if (node.getInt("sorted", 1) == 0) { // In the order of their first rows.
    Value first = node.make<rec::ArgReduceOp>(ReduceKind::max, node.cast(order.equal, node.b.getI32Type()), int64_t(1),
                                              /*keepdims=*/true, /*select_last=*/false);
    order.before = node.compare(CompareKind::lt, other, first);
  }
  Value counts = node.binary(BinaryKind::logical_and, order.before, node.unsqueeze(isNew, 0));
  Value place = node.reduce(ReduceKind::sum, node.cast(counts, i64), 1, /*keepdims=*/false);
  Value positions = takePrefix(node, bringForward(node, isNew, place), countTrue(node, isNew));
  Value result = node.gather(front, positions, 0);
  if (axis) {
    SmallVector<int64_t> back(rank);
    for (auto [to, from] : llvm::enumerate(perm))
      back[from] = to;
    result = node.transpose(result, back);
  }
  Value repeats;
  if (node.isUsed(3))
    repeats =
        node.gather(node.reduce(ReduceKind::sum, node.cast(order.equal, i64), 1, /*keepdims=*/false), positions, 0);
  return node.replace({result, positions, place, repeats});
}

void registerDataSizes(Registry &r) {
  r.add("Compress", needOperand<convertCompress>);
  r.add("NonZero", needOperand<convertNonZero>);
  r.add("Unique", needOperand<convertUnique>);
}

} // namespace reckon::importer
