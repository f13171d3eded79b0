//===- EvalReduction.cpp - Reductions and norms -------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//

#include "lib/Reference/Eval.h"

#include <cmath>
#include <limits>

namespace reckon::reference {

using rec::ReduceKind;
static constexpr double infinity = std::numeric_limits<double>::infinity();

static double reduceFloats(ReduceKind kind, llvm::ArrayRef<double> values) {
  double sum = 0, absolute = 0, squares = 0, product = 1, greatest = -infinity, least = infinity;
  for (double x : values) {
    sum += x;
    absolute += std::fabs(x);
    squares += x * x;
    product *= x;
    greatest = maxFloat(greatest, x);
    least = minFloat(least, x);
  }
  switch (kind) {
  case ReduceKind::sum:
    return sum;
  case ReduceKind::mean:
    return sum / values.size();
  case ReduceKind::max:
    return greatest;
  case ReduceKind::min:
    return least;
  case ReduceKind::prod:
    return product;
  case ReduceKind::l1:
    return absolute;
  case ReduceKind::l2:
    return std::sqrt(squares);
  case ReduceKind::sum_square:
    return squares;
  case ReduceKind::log_sum:
    return std::log(sum);
  case ReduceKind::log_sum_exp: {
    if (std::isinf(greatest)) // no elements, or an infinite one: e^(x - greatest) has no meaning
      return greatest;
    double total = 0;
    for (double x : values)
      total += std::exp(x - greatest);
    return greatest + std::log(total);
  }
  }
  return 0;
}

static int64_t leastInt(ElementKind kind) {
  return isUnsigned(kind) ? 0 : wrap(kind, static_cast<int64_t>(uint64_t(1) << (getBitWidth(kind) - 1)));
}
static int64_t greatestInt(ElementKind kind) { return isUnsigned(kind) ? wrap(kind, -1) : wrap(kind, ~leastInt(kind)); }

static int64_t reduceInts(ReduceKind kind, ElementKind element, llvm::ArrayRef<int64_t> values) {
  uint64_t sum = 0, absolute = 0, squares = 0, product = 1;
  int64_t greatest = leastInt(element), least = greatestInt(element);
  double exactSum = 0, exactSquares = 0;
  llvm::SmallVector<double> asDoubles;
  for (int64_t x : values) {
    uint64_t bits = x;
    double value = element == ElementKind::U64 ? static_cast<double>(bits) : static_cast<double>(x);
    asDoubles.push_back(value);
    exactSum += value;
    exactSquares += value * value;
    sum += bits;
    absolute += isLessInt(element, x, 0) ? -bits : bits;
    squares += bits * bits;
    product *= bits;
    greatest = isLessInt(element, greatest, x) ? x : greatest;
    least = isLessInt(element, x, least) ? x : least;
  }
  switch (kind) {
  case ReduceKind::sum:
    return wrap(element, sum);
  case ReduceKind::mean: {
    int64_t total = wrap(element, sum);
    if (values.empty())
      return 0;
    return isUnsigned(element) ? static_cast<int64_t>(static_cast<uint64_t>(total) / values.size())
                               : total / static_cast<int64_t>(values.size());
  }
  case ReduceKind::max:
    return greatest;
  case ReduceKind::min:
    return least;
  case ReduceKind::prod:
    return wrap(element, product);
  case ReduceKind::l1:
    return wrap(element, absolute);
  case ReduceKind::sum_square:
    return wrap(element, squares);
  case ReduceKind::l2:
    return truncateTo(element, std::sqrt(exactSquares));
  case ReduceKind::log_sum:
    return truncateTo(element, std::log(exactSum));
  case ReduceKind::log_sum_exp:
    return truncateTo(element, reduceFloats(kind, asDoubles));
  }
  return 0;
}

LogicalResult eval(rec::ReduceOp op, Context &c) {
  const Tensor &x = *c.in(op).getX();
  llvm::SmallVector<bool> reduced(x.rank(), false);
  for (int64_t axis : op.getAxes())
    reduced[axis] = true;
  Sizes kept, shape, inner, keptStrides, innerStrides, strides = getStrides(x.shape());
  for (int64_t d = 0; d < x.rank(); ++d) {
    (reduced[d] ? inner : kept).push_back(x.size(d));
    (reduced[d] ? innerStrides : keptStrides).push_back(strides[d]);
    if (!reduced[d] || op.getKeepdims())
      shape.push_back(reduced[d] ? 1 : x.size(d));
  }
  auto dot = [](llvm::ArrayRef<int64_t> index, llvm::ArrayRef<int64_t> strides) {
    int64_t at = 0;
    for (auto [i, stride] : llvm::zip(index, strides))
      at += i * stride;
    return at;
  };
  Tensor result(c.kind(), shape);
  int64_t count = getNumElements(inner);
  std::vector<double> floats;
  std::vector<int64_t> ints;
  IndexWalk outer(kept);
  for (int64_t i = 0, e = result.numElements(); i < e; ++i, outer.next()) {
    int64_t base = dot(outer.index, keptStrides);
    floats.clear();
    ints.clear();
    IndexWalk walk(inner);
    for (int64_t k = 0; k < count; ++k, walk.next()) {
      int64_t at = base + dot(walk.index, innerStrides);
      if (x.isFloat())
        floats.push_back(x.floatAt(at));
      else
        ints.push_back(x.intAt(at));
    }
    if (x.isFloat())
      result.floatData()[i] = reduceFloats(op.getKind(), floats);
    else
      result.intData()[i] = reduceInts(op.getKind(), x.kind(), ints);
  }
  return c.give(result);
}

void forEachLine(const Tensor &x, int64_t axis, llvm::function_ref<void(const Line &)> body) {
  int64_t inner = getNumElements(x.shape().drop_front(axis + 1));
  int64_t outer = getNumElements(x.shape().take_front(axis));
  int64_t perRow = axis > 0 && x.size(0) > 0 ? outer / x.size(0) : outer;
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t i = 0; i < inner; ++i)
      body({o * inner + i, o * x.size(axis) * inner + i, inner, axis > 0 ? o / perRow : 0});
}

LogicalResult eval(rec::SoftmaxOp op, Context &c) {
  const Tensor &x = *c.in(op).getX();
  int64_t size = x.size(op.getAxis());
  Tensor result(c.kind(), x.shape());
  forEachLine(x, op.getAxis(), [&](const Line &line) {
    int64_t first = line.first, stride = line.stride;
    double greatest = -infinity, sum = 0;
    for (int64_t k = 0; k < size; ++k)
      greatest = maxFloat(greatest, x.floatAt(first + k * stride));
    for (int64_t k = 0; k < size; ++k)
      sum += std::exp(x.floatAt(first + k * stride) - greatest);
    for (int64_t k = 0; k < size; ++k) {
      double shifted = x.floatAt(first + k * stride) - greatest;
      result.floatData()[first + k * stride] = op.getLog() ? shifted - std::log(sum) : std::exp(shifted) / sum;
    }
  });
  return c.give(result);
}

LogicalResult eval(rec::LayerNormOp op, Context &c) {
  auto in = c.in(op);
  const Tensor &x = *in.getX();
  llvm::ArrayRef<int64_t> inner = x.shape().drop_front(op.getAxis());
  int64_t size = getNumElements(inner), rows = size ? x.numElements() / size : 0;
  double epsilon = op.getEpsilon().convertToDouble();
  for (const Tensor *scale : {in.getScale(), in.getBias()})
    if (scale && broadcastSizes(scale->shape(), inner) != Sizes(inner))
      return c.fail("a scale or bias of shape " + printShape(scale->shape()) + " over " + printShape(inner));
  Tensor result(c.kind(), x.shape());
  for (int64_t r = 0; r < rows; ++r) {
    double mean = 0, variance = 0;
    for (int64_t i = 0; i < size; ++i)
      mean += x.floatAt(r * size + i) / size;
    for (int64_t i = 0; i < size; ++i)
      variance += std::pow(x.floatAt(r * size + i) - mean, 2) / size;
    IndexWalk walk(inner);
    for (int64_t i = 0; i < size; ++i, walk.next()) {
      double value = (x.floatAt(r * size + i) - mean) / std::sqrt(variance + epsilon);
      if (const Tensor *scale = in.getScale())
        value *= scale->floatAt(BroadcastIndex(scale->shape(), inner)(walk.index));
      if (const Tensor *bias = in.getBias())
        value += bias->floatAt(BroadcastIndex(bias->shape(), inner)(walk.index));
      result.floatData()[r * size + i] = value;
    }
  }
  return c.give(result);
}

LogicalResult eval(rec::BatchNormOp op, Context &c) {
  auto in = c.in(op);
  const Tensor &x = *in.getX();
  int64_t channels = x.size(1), inner = getNumElements(x.shape().drop_front(2));
  double epsilon = op.getEpsilon().convertToDouble();
  for (const Tensor *statistic : {in.getScale(), in.getBias(), in.getMean(), in.getVariance()})
    if (statistic->numElements() != channels)
      return c.fail("a statistic of shape " + printShape(statistic->shape()) + " for " + llvm::Twine(channels) +
                    " channels");
  Tensor result(c.kind(), x.shape());
  for (int64_t i = 0, e = x.numElements(); i < e; ++i) {
    int64_t k = i / inner % channels;
    result.floatData()[i] = (x.floatAt(i) - in.getMean()->floatAt(k)) /
                                std::sqrt(in.getVariance()->floatAt(k) + epsilon) * in.getScale()->floatAt(k) +
                            in.getBias()->floatAt(k);
  }
  return c.give(result);
}

LogicalResult eval(rec::CumSumOp op, Context &c) {
  const Tensor &x = *c.in(op).getX();
  int64_t size = x.size(op.getAxis());
  Tensor result(c.kind(), x.shape());
  forEachLine(x, op.getAxis(), [&](const Line &line) {
    int64_t first = line.first, stride = line.stride;
    double sum = 0;
    int64_t intSum = 0;
    for (int64_t step = 0; step < size; ++step) {
      int64_t at = first + (op.getReverse() ? size - 1 - step : step) * stride;
      double before = sum;
      int64_t intBefore = intSum;
      if (x.isFloat()) {
        sum += x.floatAt(at);
        result.floatData()[at] = op.getExclusive() ? before : sum;
      } else {
        intSum = combineInts(ReduceKind::sum, x.kind(), intSum, x.intAt(at));
        result.intData()[at] = op.getExclusive() ? intBefore : intSum;
      }
    }
  });
  return c.give(result);
}

} // namespace reckon::reference
