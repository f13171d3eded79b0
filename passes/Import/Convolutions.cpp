//===- Convolutions.cpp - Conv, ConvTranspose ---------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "passes/Import/Activate.h"
#include "passes/Import/Registry.h"
#include "passes/Import/Windows.h"

using namespace mlir;

namespace reckon::importer {

/// The spatial sizes of a weight, when it fits x; a reason in the node otherwise.
static std::optional<SmallVector<int64_t>> getWindowSizes(Node &node, Value x, Value weight) {
  if (!x || !weight || getRank(x) < 3 || getRank(weight) != getRank(x)) {
    (void)node.invalid("an operand and a weight of one rank of at least 3 were expected");
    return std::nullopt;
  }
  if (getRank(x) > 4) {
    (void)node.unsupported("convolution over more than two dimensions");
    return std::nullopt;
  }
  SmallVector<int64_t> sizes;
  Shape shape = rec::getShape(weight);
  for (const SizeExpr &size : ArrayRef<SizeExpr>(shape).drop_front(2)) {
    if (!size.isConstant()) {
      (void)node.unsupported("a weight of dynamic size");
      return std::nullopt;
    }
    sizes.push_back(*size.constant());
  }
  return sizes;
}

static LogicalResult convertConv(Node &node) {
  Value x = node.getOperand(0), weight = node.getOperand(1), bias = node.getOperand(2);
  auto sizes = getWindowSizes(node, x, weight);
  auto window = sizes ? readWindow(node, x, *sizes) : std::nullopt;
  if (!window)
    return failure();
  return node.replace(node.make<rec::ConvOp>(x, weight, bias, window->strides, window->pads, window->dilations,
                                             node.getInt("group", 1)));
}

/// A convolution, to which another tensor is added before an activation.
static LogicalResult convertFusedConv(Node &node) {
  Value x = node.getOperand(0), weight = node.getOperand(1), bias = node.getOperand(2), addend = node.getOperand(3);
  auto sizes = getWindowSizes(node, x, weight);
  auto window = sizes ? readWindow(node, x, *sizes) : std::nullopt;
  if (!window)
    return failure();
  Value result = node.make<rec::ConvOp>(x, weight, bias, window->strides, window->pads, window->dilations,
                                        node.getInt("group", 1));
  if (addend)
    result = node.add(result, addend);
  Activation activation{node.getString("activation", "")};
  if (auto parameters = node.op.getAttrs().getAs<DenseF32ArrayAttr>("activation_params")) {
    activation.alpha = !parameters.empty() ? parameters[0] : 0;
    activation.beta = parameters.size() > 1 ? parameters[1] : 0;
  }
  return node.replace(activate(node, result, activation));
}

/// Zeros between the elements of spatial dimension d: `stride - 1` after each but the last.
static Value spread(Node &node, Value x, int64_t axis, int64_t stride) {
  if (stride == 1 || !x)
    return x;
  Shape shape = rec::getShape(x), split = shape, merged = shape;
  const SizeExpr &size = shape[axis];
  split.insert(split.begin() + axis + 1, SizeExpr(1));
  SmallVector<int64_t> low(split.size()), high(split.size());
  high[axis + 1] = stride - 1;
  merged[axis] = size * SizeExpr(stride);
  Value padded = node.reshape(node.pad(node.reshape(x, split), low, high, 0), merged);
  return node.sliceAxis(padded, axis, 0, (size - SizeExpr(1)) * SizeExpr(stride) + SizeExpr(1));
}

/// The pads that make the sizes of the result those that output_shape or auto_pad ask for.
static LogicalResult resolveTransposedPads(Node &node, const Shape &shape, Window &window,
                                           MutableArrayRef<int64_t> extra) {
  auto outputs = node.getInts("output_shape");
  StringRef autoPad = node.getString("auto_pad", "NOTSET");
  constexpr int64_t most = int64_t(1) << 30;
  unsigned rank = window.sizes.size();
  bool same = autoPad == "SAME_UPPER" || autoPad == "SAME_LOWER";
  if (!outputs && !same)
    return success();
  for (unsigned d = 0; d < rank; ++d) {
    auto size = shape[d + 2].constant();
    if (!size || *size > most)
      return node.unsupported("output sizes over a dynamic or huge size");
    int64_t wanted = outputs ? (*outputs)[d] : *size * window.strides[d];
    int64_t total = window.strides[d] * (*size - 1) + extra[d] + window.extent(d) - wanted;
    if (total < 0) { // More outputs than there are: a border behind.
      extra[d] -= total;
      total = 0;
    }
    int64_t small = total / 2;
    window.pads[d] = autoPad == "SAME_UPPER" ? small : total - small;
    window.pads[d + rank] = total - window.pads[d];
  }
  return success();
}

/// A convolution of the input, spread by the strides, with the weight mirrored and its channels exchanged.
static LogicalResult convertConvTranspose(Node &node) {
  Value x = node.getOperand(0), weight = node.getOperand(1), bias = node.getOperand(2);
  auto sizes = getWindowSizes(node, x, weight);
  if (!sizes)
    return failure();
  unsigned rank = sizes->size();
  auto given = node.getInts("pads");
  Window window;
  window.sizes = *sizes;
  window.strides = node.getInts("strides").value_or(SmallVector<int64_t>(rank, 1));
  window.dilations = node.getInts("dilations").value_or(SmallVector<int64_t>(rank, 1));
  window.pads = given.value_or(SmallVector<int64_t>(2 * rank, 0));
  SmallVector<int64_t> extra = node.getInts("output_padding").value_or(SmallVector<int64_t>(rank, 0));
  auto outputs = node.getInts("output_shape");
  constexpr int64_t most = int64_t(1) << 30;
  auto isBad = [&](ArrayRef<int64_t> numbers, size_t count, int64_t least) {
    return numbers.size() != count || llvm::any_of(numbers, [&](int64_t n) { return n < least || n > most; });
  };
  if (isBad(window.strides, rank, 1) || isBad(window.dilations, rank, 1) || isBad(window.pads, 2 * rank, 0) ||
      isBad(extra, rank, 0) || isBad(window.sizes, rank, 1) || (outputs && isBad(*outputs, rank, 0)))
    return node.invalid("strides, dilations, pads or output sizes do not fit " + Twine(rank) + " dimensions");

  Shape shape = rec::getShape(x), weightShape = rec::getShape(weight);
  if (failed(resolveTransposedPads(node, shape, window, extra)))
    return failure();

  int64_t groups = node.getInt("group", 1);
  auto inputs = weightShape[0].constant(), perGroup = weightShape[1].constant();
  if (groups < 1 || !inputs || !perGroup || *inputs % groups != 0)
    return node.invalid("group " + Twine(groups) + " does not divide the channels of the weight");
  // channels x outputs/groups -> outputs x channels/groups.
  SmallVector<SizeExpr> spatial(weightShape.begin() + 2, weightShape.end());
  Shape grouped{groups, *inputs / groups, *perGroup},
      exchanged{SizeExpr(groups) * SizeExpr(*perGroup), *inputs / groups};
  grouped.append(spatial);
  exchanged.append(spatial);
  SmallVector<int64_t> perm{0, 2, 1};
  for (unsigned d = 0; d < rank; ++d)
    perm.push_back(3 + d);
  weight = node.reshape(node.transpose(node.reshape(weight, grouped), perm), exchanged);
  Shape starts(rank + 2), extents = exchanged;
  SmallVector<int64_t> steps(rank + 2, 1), low(rank + 2), high(rank + 2);
  for (unsigned d = 0; d < rank; ++d) {
    starts[d + 2] = window.sizes[d] - 1;
    steps[d + 2] = -1;
    x = spread(node, x, d + 2, window.strides[d]);
    low[d + 2] = window.extent(d) - 1 - window.pads[d];
    high[d + 2] = window.extent(d) - 1 - window.pads[d + rank] + extra[d];
  }
  if (!weight || !x)
    return failure();
  weight = node.slice(weight, starts, extents, steps);
  // Padding beyond the window's reach takes elements away.
  Shape cutStarts(rank + 2), cutSizes = rec::getShape(x);
  bool cuts = false;
  for (unsigned d = 2; d < rank + 2; ++d) {
    int64_t before = std::max<int64_t>(-low[d], 0), after = std::max<int64_t>(-high[d], 0);
    cuts |= before || after;
    cutStarts[d] = before;
    cutSizes[d] = cutSizes[d] - SizeExpr(before + after);
    if (cutSizes[d].constant().value_or(0) < 0)
      return node.invalid("pads leave nothing of the result");
    low[d] = std::max<int64_t>(low[d], 0);
    high[d] = std::max<int64_t>(high[d], 0);
  }
  if (cuts)
    x = node.slice(x, cutStarts, cutSizes, SmallVector<int64_t>(rank + 2, 1));
  x = node.pad(x, low, high, 0);
  SmallVector<int64_t> ones(rank, 1), zeros(2 * rank, 0);
  return node.replace(node.make<rec::ConvOp>(x, weight, bias, ones, zeros, window.dilations, groups));
}

/// Integer convolution, in doubles: they hold every sum of products of 8-bit numbers.
static LogicalResult convertConvInteger(Node &node) {
  Value x = node.getOperand(0), weight = node.getOperand(1);
  auto sizes = getWindowSizes(node, x, weight);
  auto window = sizes ? readWindow(node, x, *sizes) : std::nullopt;
  if (!window)
    return failure();
  Type f64 = node.b.getF64Type();
  Value a = node.cast(x, f64), w = node.cast(weight, f64);
  if (Value zero = node.getOperand(2))
    a = node.sub(a, node.cast(zero, f64));
  if (Value zero = node.getOperand(3)) {
    // One zero point, or one an output channel.
    Shape shape(getRank(weight), SizeExpr(1));
    shape[0] = rec::getNumElements(rec::getShape(zero));
    w = node.sub(w, node.cast(node.reshape(zero, shape), f64));
  }
  Value result =
      node.make<rec::ConvOp>(a, w, Value(), window->strides, window->pads, window->dilations, node.getInt("group", 1));
  return node.replace(node.cast(result, node.b.getI32Type()));
}

void registerConvolutions(Registry &r) {
  r.add("Conv", convertConv);
  r.add("ConvInteger", convertConvInteger);
  r.add("ConvTranspose", convertConvTranspose);
  r.add("com.microsoft.FusedConv", convertFusedConv);
}

} // namespace reckon::importer
