//===- Movement.cpp - Concat, Tile, Pad, DepthToSpace, Trilu ------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "passes/Import/Registry.h"
#include "passes/Import/SizeValues.h"

using namespace mlir;

namespace reckon::importer {

static LogicalResult convertConcat(Node &node) {
  SmallVector<Value> inputs = node.getOperands();
  if (inputs.empty())
    return node.invalid("there are no operands");
  // Before opset 4 the axis had the default 1.
  if (!node.hasAttr("axis") && node.getOpset() >= 4)
    return node.invalid("attribute 'axis' is missing");
  auto axis = node.normalizeAxis(node.getInt("axis", 1), getRank(inputs.front()));
  return axis ? node.replace(node.concat(inputs, *axis)) : failure();
}

static LogicalResult convertTile(Node &node) {
  Value x = node.getOperand(0);
  if (!x)
    return node.invalid("operand 'input' is missing");
  auto repeats = node.getSizes(1, "repeats");
  if (!repeats)
    return failure();
  Shape shape = rec::getShape(x);
  if (repeats->size() != shape.size())
    return node.invalid("repeats has " + Twine(repeats->size()) + " elements for a rank of " + Twine(shape.size()));
  // Each dimension d becomes 1 x d, broadcast to repeats x d, and both are merged.
  Shape split, repeated, merged;
  for (auto [size, count] : llvm::zip_equal(shape, *repeats)) {
    if (count.constant().value_or(0) < 0)
      return node.invalid("repeats has a negative number");
    split.append({SizeExpr(1), size});
    repeated.append({count, size});
    merged.push_back(count * size);
  }
  return node.replace(node.reshape(node.broadcast(node.reshape(x, split), repeated), merged));
}

/// Where each element of a padded dimension comes from, when all is constant.
static SmallVector<int64_t> getConstantSources(StringRef mode, int64_t size, int64_t low, int64_t high) {
  SmallVector<int64_t> sources;
  for (int64_t i = -low; i < size + high; ++i) {
    int64_t from = i;
    if (mode == "edge") {
      from = std::clamp<int64_t>(i, 0, size - 1);
    } else if (mode == "wrap") {
      from = ((i % size) + size) % size;
    } else { // reflect: period 2 (size - 1), the ends not repeated
      int64_t period = std::max<int64_t>(2 * (size - 1), 1);
      from = ((i % period) + period) % period;
      from = from < size ? from : period - from;
    }
    sources.push_back(from);
  }
  return sources;
}

/// Where each element of a padded dimension comes from.
static Value getPadSources(Node &node, StringRef mode, const SizeExpr &size, const SizeExpr &low,
                           const SizeExpr &high) {
  if (size.isConstant() && low.isConstant() && high.isConstant()) {
    if (*size.constant() + *low.constant() + *high.constant() > (int64_t(1) << 24)) {
      (void)node.unsupported("mode '" + mode + "' over more than 2^24 elements");
      return nullptr;
    }
    return node.integers(getConstantSources(mode, *size.constant(), *low.constant(), *high.constant()));
  }
  Type i64 = node.b.getI64Type();
  auto number = [&](const SizeExpr &n) { return node.sizes(n, /*scalar=*/true); };
  Value at = node.sub(node.iota(low + size + high, i64, 0), number(low));
  if (mode == "edge")
    return node.binary(BinaryKind::min, node.binary(BinaryKind::max, at, 0.0), number(size - 1));
  if (mode == "wrap")
    return node.binary(BinaryKind::mod, at, number(size));
  // reflect: period 2 (size - 1), the ends not repeated
  Value period = number(SizeExpr::max((size - 1) * 2, 1));
  at = node.binary(BinaryKind::mod, at, period);
  return node.select(node.compare(CompareKind::lt, at, number(size)), at, node.sub(period, at));
}

/// x with `value` along an axis before and behind it, as many as the sizes say; without so many of its own where these
/// are negative.
static Value padBySizes(Node &node, Value x, Value value, int64_t axis, const SizeExpr &low, const SizeExpr &high) {
  auto isPositive = [](const SizeExpr &size) { return rec::provablyNonNegative(size); };
  auto getPositive = [&](const SizeExpr &size) { return isPositive(size) ? size : SizeExpr::max(size, 0); };
  if (!isPositive(low) || !isPositive(high)) {
    Shape padded = rec::getShape(x);
    SizeExpr cutBefore = getPositive(low) - low, cutBehind = getPositive(high) - high;
    x = node.sliceAxis(x, axis, cutBefore, padded[axis] - cutBefore - cutBehind);
    padded[axis] = padded[axis] + low + high;
    x = x ? padBySizes(node, x, value, axis, getPositive(low), getPositive(high)) : x;
    return x ? node.reshape(x, padded) : x;
  }
  SmallVector<Value> parts;
  auto fill = [&](const SizeExpr &size) {
    if (size == SizeExpr(0) || !x)
      return;
    Shape shape = rec::getShape(x);
    shape[axis] = size;
    parts.push_back(node.broadcast(value, shape));
  };
  fill(low);
  parts.push_back(x);
  fill(high);
  return node.isBroken() ? Value() : node.concat(parts, axis);
}

static LogicalResult convertPad(Node &node) {
  Value x = node.getOperand(0);
  if (!x)
    return node.invalid("operand 'data' is missing");
  int64_t rank = getRank(x);
  std::optional<SmallVector<SizeExpr>> given;
  if (node.getOperand(1)) {
    given = node.getSizes(1, "pads");
    if (!given)
      return failure();
  } else if (auto numbers = node.getInts("pads")) {
    given.emplace(numbers->begin(), numbers->end());
  }
  // Since opset 18 pads may be those of some axes only.
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  if (node.getOperand(3)) {
    auto some = node.getConstantInts(3, "axes");
    if (!some || !node.normalizeAxes(*some, rank))
      return failure();
    axes = *some;
  }
  constexpr int64_t maxPad = int64_t(1) << 40;
  auto isHuge = [](const SizeExpr &n) { return std::abs(n.constant().value_or(0) / 2) > maxPad / 2; };
  if (!given || given->size() != 2 * axes.size() || llvm::any_of(*given, isHuge))
    return node.invalid("pads does not have two sensible numbers for each of " + Twine(axes.size()) + " axes");
  Shape low(rank), high(rank);
  for (auto [i, axis] : llvm::enumerate(axes)) {
    int64_t d = axis < 0 ? axis + rank : axis;
    low[d] = (*given)[i];
    high[d] = (*given)[i + axes.size()];
  }

  // Negative padding removes elements.
  for (int64_t d = 0; d < rank && x; ++d) {
    int64_t before = std::max<int64_t>(-low[d].constant().value_or(0), 0),
            after = std::max<int64_t>(-high[d].constant().value_or(0), 0);
    if (before == 0 && after == 0)
      continue;
    SizeExpr size = rec::getShape(x)[d] - SizeExpr(before + after);
    if (size.constant().value_or(0) < 0)
      return node.invalid("pads remove more of dimension " + Twine(d) + " than there is");
    x = node.sliceAxis(x, d, before, size);
    low[d] = before ? SizeExpr(0) : low[d];
    high[d] = after ? SizeExpr(0) : high[d];
  }

  StringRef mode = node.getString("mode", "constant");
  if (mode == "constant") {
    if (!x)
      return failure();
    Value value = node.getOperand(2) ? node.reshape(node.getOperand(2), {})
                                     : node.scalar(node.getFloat("value", 0.0), getElement(x));
    SmallVector<int64_t> before(rank), after(rank);
    bool isPadded = false;
    for (int64_t d = 0; d < rank && x; ++d) {
      if (low[d].isConstant() && high[d].isConstant()) {
        before[d] = *low[d].constant();
        after[d] = *high[d].constant();
        isPadded |= before[d] || after[d];
      } else {
        x = padBySizes(node, x, value, d, low[d], high[d]);
      }
    }
    return node.replace(isPadded ? node.make<rec::PadOp>(x, value, before, after) : x);
  }
  if (mode != "edge" && mode != "reflect" && mode != "wrap")
    return node.invalid("mode '" + mode + "' is not known");
  for (int64_t d = 0; d < rank && x; ++d) {
    if (low[d] == SizeExpr(0) && high[d] == SizeExpr(0))
      continue;
    SizeExpr size = rec::getShape(x)[d];
    if (size == SizeExpr(0))
      return node.unsupported("mode '" + mode + "' of dimension " + Twine(d) + ", whose size is 0");
    x = node.gather(x, getPadSources(node, mode, size, low[d], high[d]), d);
  }
  return node.replace(x);
}

static LogicalResult convertDepthToSpace(Node &node) {
  Value x = node.getOperand(0);
  int64_t block = node.getInt("blocksize", 0);
  if (!x || getRank(x) != 4 || block < 1 || block > (1 << 20))
    return node.invalid("an operand of rank 4 and a positive blocksize were expected");
  Shape s = rec::getShape(x);
  auto channels = SizeExpr::exactDiv(s[1], block * block);
  if (!channels)
    return node.invalid("blocksize " + Twine(block) + " squared does not divide " + s[1].str() + " channels");
  bool columnsFirst = node.getString("mode", "DCR") == "CRD";
  x = columnsFirst ? node.reshape(x, {s[0], *channels, block, block, s[2], s[3]})
                   : node.reshape(x, {s[0], block, block, *channels, s[2], s[3]});
  x = node.transpose(x, columnsFirst ? ArrayRef<int64_t>{0, 1, 4, 2, 5, 3} : ArrayRef<int64_t>{0, 3, 4, 1, 5, 2});
  return node.replace(node.reshape(x, {s[0], *channels, s[2] * SizeExpr(block), s[3] * SizeExpr(block)}));
}

static LogicalResult convertSpaceToDepth(Node &node) {
  Value x = node.getOperand(0);
  int64_t block = node.getInt("blocksize", 0);
  if (!x || getRank(x) != 4 || block < 1 || block > (1 << 20))
    return node.invalid("an operand of rank 4 and a positive blocksize were expected");
  Shape s = rec::getShape(x);
  // That blocks fill the sizes that only the run knows, the first reshape requires.
  SizeExpr rows = SizeExpr::floorDiv(s[2], block), columns = SizeExpr::floorDiv(s[3], block);
  for (const SizeExpr &size : {s[2], s[3]})
    if (size.constant().value_or(0) % block != 0)
      return node.invalid("blocksize " + Twine(block) + " does not divide " + rec::printShape(s));
  x = node.reshape(x, {s[0], s[1], rows, block, columns, block});
  x = node.transpose(x, {0, 3, 5, 1, 2, 4});
  return node.replace(node.reshape(x, {s[0], s[1] * SizeExpr(block * block), rows, columns}));
}

static LogicalResult convertTrilu(Node &node) {
  Value x = node.getOperand(0);
  if (!x || getRank(x) < 2)
    return node.invalid("an operand of rank 2 or more was expected");
  int64_t diagonal = 0;
  if (node.getOperand(1)) {
    auto k = node.getConstantInt(1, "k");
    if (!k)
      return failure();
    diagonal = std::clamp<int64_t>(*k, -(int64_t(1) << 40), int64_t(1) << 40);
  }
  Shape shape = rec::getShape(x);
  SizeExpr rows = shape[shape.size() - 2], columns = shape.back();
  Type i64 = node.b.getI64Type();
  // Column minus row, against the diagonal: the upper triangle is at or above it, the lower at or below.
  Value row = node.iota({rows, 1}, i64, 0, double(diagonal));
  Value column = node.iota({1, columns}, i64, 1);
  bool upper = node.getInt("upper", 1) != 0;
  Value keep = node.compare(upper ? CompareKind::ge : CompareKind::le, column, row);
  return node.replace(node.select(keep, x, node.scalar(0, getElement(x))));
}

void registerMovement(Registry &r) {
  r.add("Concat", convertConcat);
  r.add("DepthToSpace", convertDepthToSpace);
  r.add("Pad", convertPad, 2);
  r.add("SpaceToDepth", convertSpaceToDepth);
  r.add("Tile", convertTile, 6);
  r.add("Trilu", convertTrilu);
}

} // namespace reckon::importer
