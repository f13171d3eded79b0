//===- EvalOrder.cpp - Top-k, arg-max and arg-min -----------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//

#include "lib/Reference/Eval.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace reckon::reference {

/// The total order with NaN above every number.
static bool isGreater(const Tensor &x, int64_t a, int64_t b) {
  if (!x.isFloat())
    return isLessInt(x.kind(), x.intAt(b), x.intAt(a));
  double first = x.floatAt(a), second = x.floatAt(b);
  if (std::isnan(second))
    return false;
  return std::isnan(first) || first > second;
}

/// Notes `row` when two elements lie so close together that lower precision may swap them.
static void noteTie(Ties *ties, const Tensor &x, int64_t a, int64_t b, int64_t row) {
  if (!ties || !x.isFloat())
    return;
  double first = x.floatAt(a), second = x.floatAt(b);
  // Rounding may part results that are equal in double precision, unless they are values single precision holds: those
  // come from constants, inputs and selections, which do not round.
  if (first == second && roundTo(ElementKind::F32, first) == first)
    return;
  // Narrow kinds have few values to keep results apart with.
  double rtol = ties->rtol;
  if (x.kind() == ElementKind::F16 || x.kind() == ElementKind::BF16)
    rtol = std::max(rtol, x.kind() == ElementKind::F16 ? 0x1p-8 : 0x1p-5);
  if (std::fabs(first - second) <= ties->atol + rtol * std::max(std::fabs(first), std::fabs(second)))
    ties->rows.insert(row);
}

LogicalResult eval(rec::TopKOp op, Context &c) {
  const Tensor &x = *c.in(op).getX();
  int64_t axis = op.getAxis(), size = x.size(axis);
  FailureOr<Sizes> count = c.evaluateSizes(op.getK());
  if (failed(count))
    return failure();
  int64_t k = count->front();
  if (k < 0 || k > size)
    return c.fail("k is " + llvm::Twine(k) + " and the axis has " + llvm::Twine(size) + " elements");
  Sizes shape(x.shape());
  shape[axis] = k;
  Tensor indices(ElementKind::I64, shape);
  Sizes from(indices.numElements());
  forEachLine(x, axis, [&](const Line &line) {
    int64_t number = line.number, first = line.first, stride = line.stride, row = line.row;
    Sizes order(size);
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
      int64_t p = first + a * stride, q = first + b * stride;
      if (op.getSmallest())
        std::swap(p, q);
      return isGreater(x, p, q) || (!isGreater(x, q, p) && a < b);
    });
    int64_t base = number / stride * k * stride + number % stride;
    for (int64_t i = 0; i < k; ++i) {
      indices.intData()[base + i * stride] = order[i];
      from[base + i * stride] = first + order[i] * stride;
      if (i + 1 < size)
        noteTie(c.options.ties, x, first + order[i] * stride, first + order[i + 1] * stride, row);
    }
  });
  c.results.push_back(x.pick(shape, [&](int64_t i) { return from[i]; }));
  return c.give(indices);
}

LogicalResult eval(rec::ArgReduceOp op, Context &c) {
  const Tensor &x = *c.in(op).getX();
  int64_t axis = op.getAxis(), size = x.size(axis);
  bool wantMax = op.getKind() == rec::ReduceKind::max;
  Sizes shape(x.shape());
  if (op.getKeepdims())
    shape[axis] = 1;
  else
    shape.erase(shape.begin() + axis);
  Tensor result(ElementKind::I64, shape);
  if (size == 0 && result.numElements() > 0)
    return c.fail("the axis has no elements");
  // A NaN is greatest for max and least for min: it wins either way.
  auto isNan = [&](int64_t at) { return x.isFloat() && std::isnan(x.floatAt(at)); };
  auto beats = [&](int64_t a, int64_t b) {
    if (isNan(a) || isNan(b))
      return isNan(a) && !isNan(b);
    return wantMax ? isGreater(x, a, b) : isGreater(x, b, a);
  };
  forEachLine(x, axis, [&](const Line &line) {
    int64_t number = line.number, first = line.first, stride = line.stride, row = line.row;
    int64_t best = 0;
    for (int64_t i = 1; i < size; ++i) {
      int64_t challenger = first + i * stride, holder = first + best * stride;
      if (op.getSelectLast() ? !beats(holder, challenger) : beats(challenger, holder))
        best = i;
    }
    for (int64_t i = 0; i < size; ++i)
      if (i != best)
        noteTie(c.options.ties, x, first + i * stride, first + best * stride, row);
    result.intData()[number] = best;
  });
  return c.give(result);
}

} // namespace reckon::reference
