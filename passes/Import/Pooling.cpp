//===- Pooling.cpp - Max and average pooling ----------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "passes/Import/Registry.h"
#include "passes/Import/Windows.h"

using namespace mlir;

namespace reckon::importer {

/// Windows beyond this make sizes whose products overflow; no network has them.
constexpr int64_t maxWindow = int64_t(1) << 30;

std::optional<Window> readWindow(Node &node, Value x, ArrayRef<int64_t> sizes) {
  unsigned rank = sizes.size();
  Window window;
  window.sizes = llvm::to_vector(sizes);
  auto read = [&](StringRef name, size_t count, int64_t otherwise, int64_t least, SmallVector<int64_t> &into) {
    auto given = node.getInts(name);
    into = given ? *given : SmallVector<int64_t>(count, otherwise);
    bool fits = into.size() == count && llvm::all_of(into, [&](int64_t n) { return n >= least && n <= maxWindow; });
    if (!fits)
      (void)node.invalid("attribute '" + name + "' must have " + Twine(count) + " numbers of " + Twine(least) +
                         " to 2^30");
    return fits;
  };
  if (llvm::any_of(sizes, [](int64_t n) { return n < 1 || n > maxWindow; })) {
    (void)node.invalid("a window has a size that is not 1 to 2^30");
    return std::nullopt;
  }
  if (!read("strides", rank, 1, 1, window.strides) || !read("dilations", rank, 1, 1, window.dilations) ||
      !read("pads", 2 * rank, 0, 0, window.pads))
    return std::nullopt;

  StringRef autoPad = node.getString("auto_pad", "NOTSET");
  if (autoPad == "NOTSET" || autoPad.empty())
    return window;
  window.pads.assign(2 * rank, 0);
  if (autoPad == "VALID")
    return window;
  if (autoPad != "SAME_UPPER" && autoPad != "SAME_LOWER") {
    (void)node.invalid("auto_pad is '" + autoPad + "'");
    return std::nullopt;
  }
  // As many outputs as strides fit into the input; an odd border goes to the named end.
  for (unsigned d = 0; d < rank; ++d) {
    auto size = rec::getShape(x)[d + 2].constant();
    if (!size && window.strides[d] != 1) {
      (void)node.unsupported("auto_pad with strides over a dynamic size");
      return std::nullopt;
    }
    int64_t stride = window.strides[d];
    int64_t total =
        size ? ((*size + stride - 1) / stride - 1) * stride + window.extent(d) - *size : window.extent(d) - 1;
    total = std::max<int64_t>(total, 0);
    int64_t small = total / 2, large = total - small;
    window.pads[d] = autoPad == "SAME_UPPER" ? small : large;
    window.pads[d + rank] = total - window.pads[d];
  }
  return window;
}

static LogicalResult convertPool(Node &node) {
  Value x = node.getOperand(0);
  if (!x || getRank(x) < 3)
    return node.invalid("an operand of rank 3 or more was expected");
  if (getRank(x) > 5)
    return node.unsupported("pooling over more than three dimensions");
  bool isMax = node.getOpType() == "MaxPool";
  auto sizes = node.getInts("kernel_shape");
  if (!sizes || int64_t(sizes->size()) != getRank(x) - 2)
    return node.invalid("kernel_shape does not have one number for each spatial dimension");
  if (isMax && node.isUsed(1))
    return node.unsupported("the output of indices is used");
  auto window = readWindow(node, x, *sizes);
  if (!window)
    return failure();
  // ONNX rounds up but drops a window that would begin in the padding behind; the op has no such window.
  bool ceil = node.getInt("ceil_mode", 0) != 0;
  Value result = node.make<rec::PoolWindowOp>(isMax ? rec::WindowKind::max : rec::WindowKind::average, x, window->sizes,
                                              window->strides, window->pads, window->dilations, ceil,
                                              node.getInt("count_include_pad", 0) != 0);
  return node.replace({result, Value()});
}

template <ReduceKind kind> static LogicalResult convertGlobalPool(Node &node) {
  Value x = node.getOperand(0);
  if (!x || getRank(x) < 3)
    return node.invalid("an operand of rank 3 or more was expected");
  return node.replace(node.reduce(kind, x, llvm::to_vector(llvm::seq<int64_t>(2, getRank(x))), /*keepdims=*/true));
}

void registerPooling(Registry &r) {
  r.add("AveragePool", convertPool);
  r.add("MaxPool", convertPool);
  r.add("GlobalAveragePool", convertGlobalPool<ReduceKind::mean>);
  r.add("GlobalMaxPool", convertGlobalPool<ReduceKind::max>);
}

} // namespace reckon::importer
