//===- DataSizeRewrites.cpp - Layers over sizes that data decide -------------------------- ===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "passes/Normalize/DataSizeBounder.h"

#include "dialects/Rec/ConstantData.h"

#include "llvm/ADT/TypeSwitch.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

using Atom = SizeExpr::Atom;
constexpr double infinity = std::numeric_limits<double>::infinity();

//===--------------------------------------------------------------------------------===//
// Sizes
//===--------------------------------------------------------------------------------===//

std::optional<SizeExpr> DataSizeBounder::bound(const SizeExpr::Atom &atom, bool greatest) const {
  std::optional<SizeExpr> a, b;
  if (atom.kind != Atom::Kind::Dim) {
    a = bound(atom.operands[0], greatest);
    b = bound(atom.operands[1], greatest);
  }
  switch (atom.kind) {
  case Atom::Kind::Dim: {
    if (!isDataSize(atom.name))
      return SizeExpr::dim(atom.name);
    auto it = dimensions.find(atom.name);
    return !greatest ? SizeExpr(0) : it == dimensions.end() ? std::nullopt : it->second.bound;
  }
  case Atom::Kind::Min: // Either bounds it from above.
    if (greatest && (!a || !b))
      return a ? a : b;
    return a && b ? std::optional(SizeExpr::min(*a, *b)) : std::nullopt;
  case Atom::Kind::Max:
    if (!greatest && (!a || !b))
      return a ? a : b;
    return a && b ? std::optional(SizeExpr::max(*a, *b)) : std::nullopt;
  case Atom::Kind::FloorDiv:
    if (dependsOnData(atom.operands[1]) || !isNonNegative(atom.operands[1]))
      return std::nullopt;
    return a && b ? std::optional(SizeExpr::floorDiv(*a, *b)) : std::nullopt;
  }
  llvm_unreachable("every kind of atom is above");
}

std::optional<SizeExpr> DataSizeBounder::bound(const SizeExpr &size, bool greatest) const {
  SizeExpr result;
  for (const SizeExpr::Term &term : size.terms()) {
    SizeExpr product(term.coefficient);
    bool depends = llvm::any_of(term.factors, [](const auto &factor) {
      return factor->kind == Atom::Kind::Dim ? isDataSize(factor->name) : dependsOnData(factor->operands);
    });
    for (const auto &factor : term.factors) {
      auto limit = bound(*factor, depends && term.coefficient < 0 ? !greatest : greatest);
      // A product is bounded by its factors where none is negative.
      if (!limit || (depends && term.factors.size() > 1 && !isNonNegative(*limit)))
        return std::nullopt;
      product = product * *limit;
    }
    result = result + product;
  }
  return result;
}

Value DataSizeBounder::valueOf(DataSizeBuilder &b, const SizeExpr &size) {
  if (!dependsOnData(size))
    return b.sizes(size, /*scalar=*/true);
  auto atomValue = [&](const Atom &atom) -> Value {
    if (atom.kind == Atom::Kind::Dim)
      return isDataSize(atom.name) ? dimensions.lookup(atom.name).value
                                   : b.sizes(SizeExpr::dim(atom.name), /*scalar=*/true);
    Value x = valueOf(b, atom.operands[0]), y = valueOf(b, atom.operands[1]);
    if (atom.kind == Atom::Kind::Min)
      return b.binary(BinaryKind::min, x, y);
    if (atom.kind == Atom::Kind::Max)
      return b.binary(BinaryKind::max, x, y);
    // Rounded towards minus infinity.
    return b.div(b.sub(x, b.binary(BinaryKind::mod, x, y)), y);
  };
  Value sum;
  for (const SizeExpr::Term &term : size.terms()) {
    Value product = b.sizes(SizeExpr(term.coefficient), /*scalar=*/true);
    for (const auto &factor : term.factors)
      product = b.mul(product, atomValue(*factor));
    sum = sum ? b.add(sum, product) : product;
  }
  return sum;
}

LogicalResult DataSizeBounder::define(DataSizeOp op, DataSizeBuilder &b) {
  Value source = op.getSource();
  Dimension dimension;
  dimension.source = source;
  if (getElementTypeOrSelf(source).isInteger(1)) {
    int64_t rank = cast<RankedTensorType>(source.getType()).getRank();
    SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(0, rank));
    dimension.bound = getNumElements(getShape(source));
    Value counted = b.cast(mask(b, source, axes, 0), builder.getI64Type());
    dimension.value = b.reduce(ReduceKind::sum, counted, axes, /*keepdims=*/false);
  } else {
    dimension.value = source;
  }
  dimensions[op.getDim()] = dimension;
  op.erase();
  ++numBounded;
  return success();
}

//===--------------------------------------------------------------------------------===//
// Masks
//===--------------------------------------------------------------------------------===//

Value DataSizeBounder::countingPlaces(DataSizeBuilder &b, Value x, ArrayRef<int64_t> axes) {
  Shape shape = shapeOf(x), room = getShape(x);
  Value result;
  for (int64_t axis : axes) {
    if (!dependsOnData(shape[axis]))
      continue;
    Shape counting(shape.size(), SizeExpr(1));
    counting[axis] = room[axis];
    Value counts = b.compare(CompareKind::lt, b.iota(counting, builder.getI64Type(), axis), valueOf(b, shape[axis]));
    result = result ? b.binary(BinaryKind::logical_and, result, counts) : counts;
  }
  numMasked += result != nullptr;
  return result;
}

Value DataSizeBounder::mask(DataSizeBuilder &b, Value x, ArrayRef<int64_t> axes, double fill) {
  Value counts = countingPlaces(b, x, axes);
  if (!counts)
    return x;
  Value masked = b.select(counts, x, b.scalar(fill, getElementTypeOrSelf(x)));
  if (!masked)
    return x;
  shapes[masked] = shapeOf(x);
  return masked;
}

void DataSizeBounder::maskOperand(DataSizeBuilder &b, Operation *op, unsigned operand, ArrayRef<int64_t> axes,
                                  double fill) {
  op->setOperand(operand, mask(b, op->getOperand(operand), axes, fill));
}

/// What is below (above) every element.
static double getExtreme(Type element, bool least) {
  if (isa<FloatType>(element))
    return least ? -infinity : infinity;
  unsigned bits = element.getIntOrFloatBitWidth();
  if (element.isInteger(1) || element.isUnsignedInteger())
    return least ? 0 : std::exp2(bits) - 1;
  return least ? -std::exp2(bits - 1) : std::exp2(bits - 1) - 1;
}

//===--------------------------------------------------------------------------------===//
// Layers that mix places
//===--------------------------------------------------------------------------------===//

LogicalResult DataSizeBounder::rewriteReduce(ReduceOp op, DataSizeBuilder &b) {
  SmallVector<int64_t> axes = llvm::to_vector(op.getAxes());
  Type element = getElementTypeOrSelf(op.getX());
  if (llvm::none_of(axes, [&](int64_t axis) { return isBounded(op.getX(), axis); }))
    return retype(op);
  double fill = 0;
  switch (op.getKind()) {
  case ReduceKind::prod:
    fill = 1;
    break;
  case ReduceKind::max:
  case ReduceKind::min:
    fill = getExtreme(element, op.getKind() == ReduceKind::max);
    break;
  case ReduceKind::log_sum_exp:
    if (!isa<FloatType>(element))
      return unsupported(op, "the logarithm of a sum of integers");
    fill = -infinity;
    break;
  default:
    break;
  }
  if (op.getKind() != ReduceKind::mean) {
    maskOperand(b, op, 0, axes, fill);
    return retype(op);
  }
  SizeExpr count(1);
  for (int64_t axis : axes)
    count = count * shapeOf(op.getX())[axis];
  Value sum = b.reduce(ReduceKind::sum, mask(b, op.getX(), axes, 0), axes, op.getKeepdims());
  if (sum)
    replace(op.getResult(), b.div(sum, b.cast(valueOf(b, count), element)));
  return success();
}

/// Layers that compare along an axis.
LogicalResult DataSizeBounder::rewriteOrder(Operation *op, DataSizeBuilder &b) {
  auto extreme = [&](Value x, bool least) { return getExtreme(getElementTypeOrSelf(x), least); };
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case([&](SoftmaxOp softmax) {
        maskOperand(b, op, 0, softmax.getAxis(), -infinity);
        return retype(op);
      })
      .Case([&](CumSumOp sum) {
        maskOperand(b, op, 0, sum.getAxis(), 0);
        return retype(op);
      })
      .Case([&](ArgReduceOp reduce) {
        // Among equals the first one wins, and what does not count comes last.
        if (isBounded(reduce.getX(), reduce.getAxis()) && reduce.getSelectLast())
          return unsupported(op, "the last of the greatest or least elements");
        maskOperand(b, op, 0, reduce.getAxis(), extreme(reduce.getX(), reduce.getKind() == ReduceKind::max));
        return retype(op);
      })
      .Case([&](TopKOp top) {
        // A NaN is above all numbers.
        bool isFloat = isa<FloatType>(getElementTypeOrSelf(top.getX()));
        double last = top.getSmallest() && isFloat ? std::numeric_limits<double>::quiet_NaN()
                                                   : extreme(top.getX(), !top.getSmallest());
        maskOperand(b, op, 0, top.getAxis(), last);
        auto k = bound(top.getCount());
        if (!k)
          return unsupported(op, "the greatest elements");
        top.setKAttr(DimsAttr::get(op->getContext(), *k));
        return retype(op);
      })
      .Default([&](Operation *) { return unsupported(op, "layer '" + op->getName().getStringRef() + "'"); });
}

/// Indices into axes that are bounded count from the end of what counts, and fail the run outside of it. Those that do
/// not count themselves are 0.
LogicalResult DataSizeBounder::rewriteGather(Operation *op, DataSizeBuilder &b, Value x, unsigned operand) {
  auto interface = cast<IndexOpInterface>(op);
  Value indices = op->getOperand(operand);
  Type element = getElementTypeOrSelf(indices);
  Shape shape = shapeOf(x), room = getShape(x), places = shapeOf(indices);
  bool isTuple = isa<GatherNdOp>(op);
  int64_t components = isTuple ? *places.back().constant() : 1;
  SmallVector<Value> sizes, outside;
  bool isBoundedAxis = false;
  for (int64_t i = 0; i < components; ++i) {
    int64_t axis = interface.getIndexedAxis(i);
    isBoundedAxis |= dependsOnData(shape[axis]);
    sizes.push_back(b.reshape(valueOf(b, shape[axis]), SizeExpr(1)));
    outside.push_back(b.reshape(valueOf(b, room[axis]), SizeExpr(1)));
  }
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(0, int64_t(places.size()) - isTuple));
  Value counts = countingPlaces(b, indices, axes);
  Value index = indices;
  if (isBoundedAxis) {
    Value size = b.cast(b.concat(sizes, 0), element), none = b.cast(b.concat(outside, 0), element);
    if (!isTuple) {
      size = b.reshape(size, {});
      none = b.reshape(none, {});
    }
    index = b.select(b.compare(CompareKind::lt, index, 0.0), b.add(index, size), index);
    Value fits = b.binary(BinaryKind::logical_and, b.compare(CompareKind::ge, index, 0.0),
                          b.compare(CompareKind::lt, index, size));
    index = b.select(fits, index, none);
  }
  if (counts)
    index = b.select(counts, index, b.scalar(0, element));
  if (!index)
    return success();
  shapes[index] = places;
  op->setOperand(operand, index);
  return retype(op);
}

/// Updates that do not count go to a place behind the end, which is cut off.
LogicalResult DataSizeBounder::rewriteScatter(Operation *op, DataSizeBuilder &b) {
  auto interface = cast<IndexOpInterface>(op);
  Value x = op->getOperand(0), indices = op->getOperand(1), updates = op->getOperand(2);
  Type element = getElementTypeOrSelf(indices);
  Shape shape = shapeOf(x), room = getShape(x), places = shapeOf(indices);
  bool isTuple = isa<ScatterNdOp>(op);
  int64_t axis = isTuple ? 0 : interface.getIndexedAxis(0), components = isTuple ? *places.back().constant() : 1;
  for (int64_t i = 1; i < components; ++i)
    if (dependsOnData(shape[interface.getIndexedAxis(i)]))
      return unsupported(op, "a scatter into the second axis");
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(0, int64_t(places.size()) - isTuple));
  Value first = isTuple ? b.sliceAxis(indices, places.size() - 1, 0, 1) : indices;
  shapes[first] = places;
  if (isTuple)
    shapes[first].back() = SizeExpr(1);
  Value counts = countingPlaces(b, first, axes);
  Value size = b.cast(valueOf(b, shape[axis]), element), behind = b.cast(valueOf(b, room[axis]), element);
  Value index = b.select(b.compare(CompareKind::lt, first, 0.0), b.add(first, size), first);
  Value fits = b.binary(BinaryKind::logical_and, b.compare(CompareKind::ge, index, 0.0),
                        b.compare(CompareKind::lt, index, size));
  index = b.select(fits, index, b.add(behind, 1.0));
  if (counts)
    index = b.select(counts, index, behind);
  if (isTuple && components > 1) {
    Value rest = b.sliceAxis(indices, places.size() - 1, 1, components - 1);
    if (counts)
      rest = b.select(counts, rest, b.scalar(0, element));
    index = b.concat({index, rest}, places.size() - 1);
  }
  SmallVector<int64_t> low(room.size()), high(room.size());
  high[axis] = 1;
  Value wide = b.pad(x, low, high, 0);
  Value result;
  if (auto nd = dyn_cast<ScatterNdOp>(op))
    result = b.make<ScatterNdOp>(wide, index, updates, nd.getReductionAttr());
  else
    result = b.make<ScatterElementsOp>(wide, index, updates, builder.getI64IntegerAttr(axis),
                                       cast<ScatterElementsOp>(op).getReductionAttr());
  replace(op->getResult(0), b.sliceAxis(result, axis, 0, room[axis]));
  return success();
}

LogicalResult DataSizeBounder::rewriteSlice(SliceOp op, DataSizeBuilder &b) {
  Shape starts = op.getStarts().getSizes(), sizes = op.getSizes().getSizes(), room = getShape(op.getX());
  Value x = op.getX();
  SmallVector<int64_t> steps = llvm::to_vector(op.getSteps());
  Shape greatest;
  for (auto [axis, size] : llvm::enumerate(sizes)) {
    auto most = bound(size);
    if (!most)
      return unsupported(op, "a slice");
    greatest.push_back(*most);
    bool staysInside = !dependsOnData(starts[axis]) && steps[axis] == 1;
    if (staysInside || (!dependsOnData(starts[axis]) && !isBounded(op.getX(), axis) && !dependsOnData(size)))
      continue;
    // Where it begins or ends depends on data: by index, those that do not count the last one.
    Value index = b.iota(*most, builder.getI64Type(), 0, 0, double(steps[axis]));
    index = b.add(index, valueOf(b, starts[axis]));
    Value last = b.binary(BinaryKind::max, b.sizes(room[axis] - 1, /*scalar=*/true), 0.0);
    index = b.binary(BinaryKind::max, b.binary(BinaryKind::min, index, last), 0.0);
    x = b.gather(x, index, axis);
    starts[axis] = 0;
    steps[axis] = 1;
  }
  if (!x)
    return success();
  replace(op.getResult(), b.slice(x, starts, greatest, steps));
  return success();
}

LogicalResult DataSizeBounder::rewriteConcat(ConcatOp op, DataSizeBuilder &b) {
  int64_t axis = op.getAxis();
  auto parts = op.getInputs();
  bool isPrefix = llvm::none_of(parts.drop_back(), [&](Value part) { return isBounded(part, axis); });
  if (isPrefix)
    return retype(op);
  // Each place takes its element from the part that it belongs to.
  auto size = bound(getShape(op.getResult())[axis]);
  if (!size)
    return unsupported(op, "a concatenation");
  SmallVector<Value> inputs = llvm::to_vector(parts);
  Value whole = b.concat(inputs, axis);
  if (!whole)
    return success();
  SizeExpr begin, room, total = getShape(whole)[axis];
  Value place = b.iota(*size, builder.getI64Type(), 0), index = place;
  for (Value part : parts.drop_back()) {
    begin = begin + shapeOf(part)[axis];
    room = room + getShape(part)[axis];
    Value start = valueOf(b, begin);
    Value moved = b.add(b.sub(place, start), b.sizes(room, /*scalar=*/true));
    index = b.select(b.compare(CompareKind::ge, place, start), moved, index);
  }
  index = b.binary(BinaryKind::min, index, b.sizes(SizeExpr::max(total - 1, 0), /*scalar=*/true));
  replace(op.getResult(), b.gather(whole, index, axis));
  return success();
}

/// Products that sum over a bounded dimension leave out what does not count, which may be infinite.
LogicalResult DataSizeBounder::rewriteProduct(Operation *op, DataSizeBuilder &b) {
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case([&](LinearOp linear) {
        maskOperand(b, op, 0, int64_t(shapeOf(linear.getX()).size()) - 1, 0);
        maskOperand(b, op, 1, int64_t(0), 0);
        return retype(op);
      })
      .Case([&](MatmulOp matmul) {
        int64_t rankA = shapeOf(matmul.getA()).size(), rankB = shapeOf(matmul.getB()).size();
        maskOperand(b, op, 0, rankA == 1 ? 0 : rankA - 1 - matmul.getTransposeA(), 0);
        maskOperand(b, op, 1, rankB == 1 ? 0 : rankB - 2 + matmul.getTransposeB(), 0);
        return retype(op);
      })
      .Case([&](EinsumOp einsum) {
        auto [inputs, output] = einsum.getEquation().split("->");
        SmallVector<StringRef> terms;
        inputs.split(terms, ',');
        for (auto [i, term] : llvm::enumerate(terms)) {
          SmallVector<int64_t> axes;
          for (auto [axis, label] : llvm::enumerate(term))
            if (!output.contains(label))
              axes.push_back(axis);
          maskOperand(b, op, i, axes, 0);
        }
        return retype(op);
      })
      .Default([&](Operation *) { return failure(); });
}

LogicalResult DataSizeBounder::rewriteRnn(RnnOp op, DataSizeBuilder &b) {
  if (isBounded(op.getX(), 2) || op.getX() == nullptr)
    return unsupported(op, "the input size");
  Value lengths = op.getLengths();
  if (lengths) {
    op.getLengthsMutable().assign(mask(b, lengths, int64_t(0), 0));
  } else if (isBounded(op.getX(), 0)) { // Steps that do not count are none.
    Value steps = b.cast(valueOf(b, shapeOf(op.getX())[0]), builder.getI32Type());
    op.getLengthsMutable().assign(b.broadcast(steps, getShape(op.getX())[1]));
  }
  return retype(op);
}

LogicalResult DataSizeBounder::rewriteDims(DimsOp op, DataSizeBuilder &b) {
  SmallVector<Value> elements;
  for (const SizeExpr &size : op.getSizes().getSizes())
    elements.push_back(b.reshape(valueOf(b, size), SizeExpr(1)));
  Value all = b.concat(elements, 0);
  replace(op.getResult(), op.getType().getRank() == 0 ? b.reshape(all, {}) : all);
  return success();
}

/// What counts stays at the front where each run of dimensions that is split or merged has its bounded one first.
LogicalResult DataSizeBounder::checkReshape(ReshapeOp op) {
  Shape from = shapeOf(op.getX()), to = getShape(op.getResult());
  auto isPrefix = [](ArrayRef<SizeExpr> run) {
    while (!run.empty() && run.front() == SizeExpr(1))
      run = run.drop_front();
    return run.empty() || llvm::none_of(run.drop_front(), [](const SizeExpr &size) { return dependsOnData(size); });
  };
  size_t i = 0, j = 0;
  while (i < from.size() || j < to.size()) {
    size_t firstI = i, firstJ = j;
    SizeExpr a(1), c(1), none(0);
    // The shortest run with as many elements on both sides.
    do {
      bool isSmaller = a == c || (a != none && SizeExpr::exactDiv(c, a).has_value());
      if (i < from.size() && (isSmaller || j == to.size()))
        a = a * from[i++];
      else if (j < to.size())
        c = c * to[j++];
      else
        break;
    } while (a != c);
    if (a != c)
      return failure();
    if (!isPrefix(ArrayRef(from).slice(firstI, i - firstI)) || !isPrefix(ArrayRef(to).slice(firstJ, j - firstJ)))
      return failure();
  }
  return success();
}
