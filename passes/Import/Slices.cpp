//===- Slices.cpp - Slice and Split -------------------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "passes/Import/DataSizes.h"
#include "passes/Import/Registry.h"
#include "passes/Import/SizeValues.h"

using namespace mlir;

namespace reckon::importer {

namespace {
/// The elements of one dimension that a slice takes.
struct Range {
  SizeExpr start, size;
};
} // namespace

/// The smaller of a bound and the dimension. Exporters write "to the end" as the greatest integer of 32 or 64 bits, and
/// a dimension does not reach that.
static SizeExpr clampToSize(const SizeExpr &bound, const SizeExpr &size) {
  auto number = bound.constant();
  if (number && *number >= INT32_MAX)
    return size;
  if (isNonNegative(bound - size))
    return size;
  if (isNonNegative(size - bound))
    return bound;
  return SizeExpr::min(bound, size);
}

/// Where a bound lies from the first element on: a negative one counts from the end. The sign of one that is computed
/// from sizes may depend on them.
static SizeExpr resolveBound(const SizeExpr &bound, const SizeExpr &size) {
  if (rec::provablyNonNegative(bound))
    return bound;
  if (bound.constant().value_or(0) <= INT32_MIN)
    return 0;
  if (rec::provablyNonNegative(SizeExpr(-1) - bound))
    return clampToZero(bound + size);
  SizeExpr isNegative = SizeExpr::min(SizeExpr::max(SizeExpr(0) - bound, 0), 1);
  return clampToZero(bound + isNegative * size);
}

/// ONNX's rules for a positive step: negative bounds count from the end, then both are clamped to [0, size].
static Range getForwardRange(const SizeExpr &start, const SizeExpr &end, int64_t step, const SizeExpr &size) {
  auto resolve = [&](const SizeExpr &bound) { return resolveBound(bound, size); };
  SizeExpr from = resolve(start);
  auto number = from.constant();
  if (number && size.isConstant())
    from = SizeExpr(std::min(*number, *size.constant()));
  else if (number && *number >= INT32_MAX)
    from = size;
  SizeExpr to = clampToSize(resolve(end), size);
  // A start past the end gives no elements; it needs no clamping then. The last k elements are as many as there are.
  auto given = start.constant();
  bool isLast = given && *given < 0 && *given > INT32_MIN && to == size && !size.isConstant();
  SizeExpr count = isLast ? SizeExpr::min(-*given, size) : clampToZero(to - from);
  return {from, step == 1 ? count : SizeExpr::ceilDiv(count, step)};
}

/// The rules for a negative step: the start is clamped to [0, size - 1], the end to [-1, size - 1].
static Range getBackwardRange(int64_t start, int64_t end, int64_t step, int64_t size) {
  auto resolve = [&](int64_t bound, int64_t low) {
    return std::clamp<int64_t>(bound < 0 ? bound + size : bound, low, size - 1);
  };
  if (size == 0)
    return {0, 0};
  // An end below -size means past the first element; -1 itself is the last element.
  int64_t from = resolve(start, 0), to = end < -size ? -1 : resolve(end, -1);
  int64_t count = from > to ? (from - to - 1) / -step + 1 : 0;
  return {from, count};
}

/// The starts or ends of a slice. Bounds that data decide are brought into their axis on the device.
static std::optional<SmallVector<SizeExpr>> readBounds(Node &node, unsigned i, StringRef name,
                                                       const std::optional<SmallVector<int64_t>> &axes) {
  Value given = node.getOperand(i);
  auto elements = given && !isPassedIn(given) ? getSizeElements(node, given) : std::nullopt;
  if (!elements)
    return node.getSizes(i, name); // which says why
  Shape shape = rec::getShape(node.getOperand(0));
  int64_t rank = shape.size();
  SmallVector<SizeExpr> bounds;
  for (auto [at, element] : llvm::enumerate(*elements)) {
    if (element.size) {
      bounds.push_back(*element.size);
      continue;
    }
    int64_t axis = axes && at < axes->size() ? (*axes)[at] : int64_t(at);
    if (axis >= rank) {
      (void)node.invalid("there are more bounds than axes");
      return std::nullopt;
    }
    SizeExpr size = shape[axis < 0 ? axis + rank : axis];
    Value length = node.sizes(size, /*scalar=*/true);
    Value isNegative = node.compare(CompareKind::lt, element.data, 0.0);
    Value bound = node.select(isNegative, node.add(element.data, length), element.data);
    bound = node.binary(BinaryKind::max, node.binary(BinaryKind::min, bound, length), 0.0);
    bounds.push_back(makeDataSize(node, bound, size));
  }
  if (node.isBroken())
    return std::nullopt;
  return bounds;
}

static LogicalResult convertSlice(Node &node) {
  Value x = node.getOperand(0);
  if (!x)
    return node.invalid("operand 'data' is missing");
  Shape shape = rec::getShape(x);
  int64_t rank = shape.size();
  bool hasOperands = node.getOpset() >= 10;
  auto givenAxes = hasOperands ? node.getIntsOperandOrAttr(3, "axes") : FailureOr(node.getInts("axes"));
  if (failed(givenAxes) || (*givenAxes && !node.normalizeAxes(**givenAxes, rank)))
    return failure();
  auto read = [&](unsigned i, StringRef name) -> std::optional<SmallVector<SizeExpr>> {
    if (hasOperands)
      return readBounds(node, i, name, *givenAxes);
    auto ints = node.getInts(name);
    if (!ints) {
      (void)node.invalid("attribute '" + name + "' is missing");
      return std::nullopt;
    }
    return SmallVector<SizeExpr>(ints->begin(), ints->end());
  };
  auto starts = read(1, "starts");
  if (!starts)
    return failure();
  auto ends = read(2, "ends");
  if (!ends)
    return failure();
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(0, starts->size()));
  if (*givenAxes)
    axes = **givenAxes;
  SmallVector<int64_t> steps(starts->size(), 1);
  if (hasOperands && node.getOperand(4)) {
    auto given = node.getConstantInts(4, "steps");
    if (!given)
      return failure();
    steps = *given;
  }
  if (ends->size() != starts->size() || axes.size() != starts->size() || steps.size() != starts->size())
    return node.invalid("starts, ends, axes and steps differ in length");
  if (!node.normalizeAxes(axes, rank))
    return failure();

  Shape from(rank), sizes = shape;
  SmallVector<int64_t> strides(rank, 1);
  for (auto [axis, start, end, step] : llvm::zip_equal(axes, *starts, *ends, steps)) {
    int64_t d = axis < 0 ? axis + rank : axis;
    const SizeExpr &size = shape[d];
    if (step == 0)
      return node.invalid("step 0 is no step");
    constexpr int64_t longest = int64_t(1) << 48; // beyond every size, and leaves room for arithmetic
    step = std::clamp(step, -longest, longest);
    if (rec::isAnonymous(size) && !(start == SizeExpr(0) && end.isConstant()))
      return node.unsupported("dimension " + Twine(d) + " has no name");
    Range range;
    if (step > 0) {
      range = getForwardRange(start, end, step, size);
    } else {
      // With a dynamic size only the reversal of everything has a simple form.
      auto s = start.constant(), e = end.constant(), n = size.constant();
      if (s && e && n)
        range = getBackwardRange(*s, *e, step, *n);
      else if ((s == -1 || s.value_or(0) >= INT32_MAX) && e.value_or(0) <= INT32_MIN)
        range = {size - SizeExpr(1), SizeExpr::ceilDiv(size, -step)};
      else
        return node.unsupported("a negative step in dimension " + Twine(d) + " of size " + size.str());
    }
    from[d] = range.start;
    sizes[d] = range.size;
    strides[d] = step;
  }
  return node.replace(node.slice(x, from, sizes, strides));
}

/// Equal parts of a size that only the run knows.
static LogicalResult splitBySize(Node &node, Value x, int64_t axis, int64_t count) {
  Shape shape = rec::getShape(x), part = shape;
  SmallVector<Value> results;
  if (node.getOpset() < 18) {
    // That the parts are all there is, the reshape requires.
    part[axis] = SizeExpr::floorDiv(shape[axis], count);
    Shape parts = part;
    parts.insert(parts.begin() + axis, SizeExpr(count));
    x = node.reshape(x, parts);
    for (int64_t i = 0; i < count; ++i)
      results.push_back(node.reshape(node.sliceAxis(x, axis, i, 1), part));
    return node.replace(results);
  }
  // The last parts may be smaller.
  SizeExpr most = SizeExpr::ceilDiv(shape[axis], count);
  for (int64_t i = 0; i < count; ++i) {
    SizeExpr start = SizeExpr::min(most * SizeExpr(i), shape[axis]);
    results.push_back(node.sliceAxis(x, axis, start, SizeExpr::min(most, shape[axis] - start)));
  }
  return node.replace(results);
}

static LogicalResult convertSplit(Node &node) {
  Value x = node.getOperand(0);
  if (!x)
    return node.invalid("operand 'input' is missing");
  Shape shape = rec::getShape(x);
  auto axis = node.normalizeAxis(node.getInt("axis", 0), shape.size());
  if (!axis)
    return failure();
  auto given = node.getIntsOperandOrAttr(1, "split");
  if (failed(given))
    return failure();
  SmallVector<SizeExpr> parts;
  const SizeExpr &size = shape[*axis];
  if (*given) {
    parts.assign((*given)->begin(), (*given)->end());
    SizeExpr sum;
    for (const SizeExpr &part : parts)
      sum = sum + part;
    bool isNegative = llvm::any_of(**given, [](int64_t part) { return part < 0; });
    if (parts.size() != node.getNumResults() || isNegative || rec::provablyDiffer(sum, size))
      return node.invalid("split " + rec::printShape(parts) + " does not fit " + Twine(node.getNumResults()) +
                          " outputs and a size of " + size.str());
  } else {
    // Equal parts, since opset 18 the last one smaller where need be.
    int64_t count = node.getNumResults();
    if (count == 0 || node.getInt("num_outputs", count) != count)
      return node.invalid("num_outputs is " + Twine(node.getInt("num_outputs", count)) + ", but there are " +
                          Twine(count) + " outputs");
    auto total = size.constant();
    if (!total && !SizeExpr::exactDiv(size, count))
      return splitBySize(node, x, *axis, count);
    if (total && *total % count != 0 && node.getOpset() < 18)
      return node.invalid("a size of " + Twine(*total) + " does not split into " + Twine(count) + " equal parts");
    SizeExpr part = SizeExpr::ceilDiv(size, count);
    for (int64_t i = 0; i < count; ++i)
      parts.push_back(total ? SizeExpr(std::clamp<int64_t>(*total - i * *part.constant(), 0, *part.constant())) : part);
  }
  SmallVector<Value> results;
  SizeExpr start;
  for (const SizeExpr &part : parts) {
    results.push_back(node.sliceAxis(x, *axis, start, part));
    start = start + part;
  }
  return node.replace(results);
}

void registerSlices(Registry &r) {
  r.add("Slice", convertSlice);
  r.add("Split", convertSplit, 2);
}

} // namespace reckon::importer
