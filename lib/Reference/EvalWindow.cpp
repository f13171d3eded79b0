//===- EvalWindow.cpp - Convolution and window pooling ------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//

#include "lib/Reference/Eval.h"

#include <limits>

namespace reckon::reference {

namespace {
/// A sliding window over the spatial dimensions, which come after batch and channels.
struct Window {
  Sizes input, extent, strides, begins, ends, dilations, output;

  /// The output sizes; false when the dilated window does not fit.
  bool computeOutput(bool ceil) {
    for (size_t d = 0; d < input.size(); ++d) {
      int64_t room = input[d] + begins[d] + ends[d] - dilations[d] * (extent[d] - 1) - 1;
      // Rounded up, a window that is cut off counts when it begins before the trailing padding.
      if (room <= (ceil ? -strides[d] : -1))
        return false;
      int64_t steps = ceil ? llvm::divideCeilSigned(room, strides[d]) : room / strides[d];
      if (ceil && steps * strides[d] >= input[d] + begins[d])
        --steps;
      output.push_back(steps + 1);
    }
    return true;
  }

  /// The flat spatial position of an element of a window, -1 in the padding; *inExtent whether the padded input has it.
  int64_t locate(llvm::ArrayRef<int64_t> at, llvm::ArrayRef<int64_t> element, bool *inExtent = nullptr) const {
    int64_t position = 0;
    bool inside = true, padded = true;
    for (size_t d = 0; d < input.size(); ++d) {
      int64_t i = at[d] * strides[d] - begins[d] + element[d] * dilations[d];
      inside &= i >= 0 && i < input[d];
      padded &= i < input[d] + ends[d];
      position = position * input[d] + i;
    }
    if (inExtent)
      *inExtent = padded;
    return inside ? position : -1;
  }
};
} // namespace

static Window makeWindow(const Tensor &x, llvm::ArrayRef<int64_t> extent, llvm::ArrayRef<int64_t> strides,
                         llvm::ArrayRef<int64_t> pads, llvm::ArrayRef<int64_t> dilations) {
  Window window;
  window.input.assign(x.shape().begin() + 2, x.shape().end());
  window.extent.assign(extent.begin(), extent.end());
  window.strides.assign(strides.begin(), strides.end());
  window.begins.assign(pads.begin(), pads.begin() + pads.size() / 2);
  window.ends.assign(pads.begin() + pads.size() / 2, pads.end());
  window.dilations.assign(dilations.begin(), dilations.end());
  return window;
}

LogicalResult eval(rec::ConvOp op, Context &c) {
  auto in = c.in(op);
  const Tensor &x = *in.getX(), &weight = *in.getWeight();
  Window window = makeWindow(x, weight.shape().drop_front(2), op.getStrides(), op.getPads(), op.getDilations());
  if (!window.computeOutput(false))
    return c.fail("the window does not fit an input of shape " + printShape(x.shape()));
  int64_t batch = x.size(0), channels = x.size(1), outputs = weight.size(0), depth = weight.size(1);
  int64_t perGroup = outputs / static_cast<int64_t>(op.getGroups());
  int64_t pixels = getNumElements(window.input), places = getNumElements(window.output);
  int64_t elements = getNumElements(window.extent);

  Sizes shape{batch, outputs};
  shape.append(window.output.begin(), window.output.end());
  Tensor result(c.kind(), shape);
  IndexWalk at(window.output);
  for (int64_t p = 0; p < places; ++p, at.next()) {
    IndexWalk element(window.extent);
    for (int64_t k = 0; k < elements; ++k, element.next()) {
      int64_t from = window.locate(at.index, element.index);
      if (from < 0)
        continue;
      for (int64_t b = 0; b < batch; ++b)
        for (int64_t o = 0; o < outputs; ++o)
          for (int64_t d = 0; d < depth; ++d) {
            int64_t channel = o / perGroup * depth + d;
            result.floatData()[(b * outputs + o) * places + p] +=
                x.floatAt((b * channels + channel) * pixels + from) * weight.floatAt((o * depth + d) * elements + k);
          }
    }
  }
  if (const Tensor *bias = in.getBias())
    for (int64_t i = 0, e = result.numElements(); i < e; ++i)
      result.floatData()[i] += bias->floatAt(i / places % outputs);
  return c.give(result);
}

LogicalResult eval(rec::PoolWindowOp op, Context &c) {
  const Tensor &x = *c.in(op).getX();
  Window window = makeWindow(x, op.getWindow(), op.getStrides(), op.getPads(), op.getDilations());
  if (!window.computeOutput(op.getCeilMode()))
    return c.fail("the window does not fit an input of shape " + printShape(x.shape()));
  int64_t planes = x.size(0) * x.size(1);
  int64_t pixels = getNumElements(window.input), places = getNumElements(window.output);
  bool isMax = op.getKind() == rec::WindowKind::max;

  Sizes shape{x.size(0), x.size(1)};
  shape.append(window.output.begin(), window.output.end());
  Tensor result(c.kind(), shape);
  for (int64_t plane = 0; plane < planes; ++plane) {
    IndexWalk at(window.output);
    for (int64_t p = 0; p < places; ++p, at.next()) {
      double sum = 0, greatest = -std::numeric_limits<double>::infinity();
      int64_t intSum = 0, greatestInt = 0, inside = 0, divisor = 0;
      IndexWalk element(window.extent);
      for (int64_t k = 0, e = getNumElements(window.extent); k < e; ++k, element.next()) {
        bool inExtent;
        int64_t from = window.locate(at.index, element.index, &inExtent);
        divisor += from >= 0 || (op.getCountIncludePad() && inExtent);
        if (from < 0)
          continue;
        from += plane * pixels;
        if (x.isFloat()) {
          greatest = maxFloat(greatest, x.floatAt(from));
          sum += x.floatAt(from);
        } else {
          int64_t value = x.intAt(from);
          greatestInt = inside == 0 || isLessInt(x.kind(), greatestInt, value) ? value : greatestInt;
          intSum += value;
        }
        ++inside;
      }
      if (x.isFloat())
        result.floatData()[plane * places + p] = isMax ? greatest : sum / divisor;
      else
        result.intData()[plane * places + p] = isMax ? greatestInt : divisor ? intSum / divisor : 0;
    }
  }
  return c.give(result);
}

} // namespace reckon::reference
