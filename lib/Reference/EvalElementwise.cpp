//===- EvalElementwise.cpp - Unary, compare, select, cast ---------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//

#include "lib/Reference/Eval.h"

#include <cmath>
#include <limits>

namespace reckon::reference {

using rec::UnaryKind;

static double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
/// log(1 + e^x) without overflow.
static double softplus(double x) { return std::isnan(x) ? x : std::fmax(x, 0) + std::log1p(std::exp(-std::fabs(x))); }

static double unaryFloat(UnaryKind kind, double x) {
  switch (kind) {
  case UnaryKind::abs:
    return std::fabs(x);
  case UnaryKind::acos:
    return std::acos(x);
  case UnaryKind::acosh:
    return std::acosh(x);
  case UnaryKind::asin:
    return std::asin(x);
  case UnaryKind::asinh:
    return std::asinh(x);
  case UnaryKind::atan:
    return std::atan(x);
  case UnaryKind::atanh:
    return std::atanh(x);
  case UnaryKind::ceil:
    return std::ceil(x);
  case UnaryKind::cos:
    return std::cos(x);
  case UnaryKind::cosh:
    return std::cosh(x);
  case UnaryKind::erf:
    return std::erf(x);
  case UnaryKind::exp:
    return std::exp(x);
  case UnaryKind::floor:
    return std::floor(x);
  case UnaryKind::gelu:
    // erfc keeps its digits where 1 + erf cancels.
    return x / 2 * std::erfc(-x / std::sqrt(2.0));
  case UnaryKind::gelu_tanh:
    return x / 2 * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
  case UnaryKind::hard_swish:
    return x * maxFloat(0, minFloat(1, x / 6 + 0.5));
  case UnaryKind::log:
    return std::log(x);
  case UnaryKind::mish:
    return x * std::tanh(softplus(x));
  case UnaryKind::neg:
    return -x;
  case UnaryKind::reciprocal:
    return 1 / x;
  case UnaryKind::relu:
    return maxFloat(x, 0);
  case UnaryKind::round:
    return std::nearbyint(x); // the default rounding mode is half to even
  case UnaryKind::rsqrt:
    return 1 / std::sqrt(x);
  case UnaryKind::sigmoid:
    return sigmoid(x);
  case UnaryKind::sign:
    return std::isnan(x) ? x : (x > 0) - (x < 0);
  case UnaryKind::silu:
    return x / (1 + std::exp(-x));
  case UnaryKind::sin:
    return std::sin(x);
  case UnaryKind::sinh:
    return std::sinh(x);
  case UnaryKind::softplus:
    return softplus(x);
  case UnaryKind::softsign:
    return x / (1 + std::fabs(x));
  case UnaryKind::sqrt:
    return std::sqrt(x);
  case UnaryKind::tan:
    return std::tan(x);
  case UnaryKind::tanh:
    return std::tanh(x);
  case UnaryKind::is_inf:
  case UnaryKind::is_nan:
  case UnaryKind::bitwise_not:
  case UnaryKind::logical_not:
    break;
  }
  return std::numeric_limits<double>::quiet_NaN();
}

/// nullopt for a kind that takes floats only.
static std::optional<int64_t> unaryInt(UnaryKind kind, ElementKind element, int64_t x) {
  auto negate = [&] { return wrap(element, static_cast<int64_t>(-static_cast<uint64_t>(x))); };
  bool isNegative = isLessInt(element, x, 0);
  switch (kind) {
  case UnaryKind::abs:
    return isNegative ? negate() : x;
  case UnaryKind::neg:
    return negate();
  case UnaryKind::sign:
    return isNegative ? -1 : x != 0;
  case UnaryKind::relu:
    return isNegative ? 0 : x;
  case UnaryKind::bitwise_not:
    return wrap(element, ~x);
  case UnaryKind::logical_not:
    return x == 0;
  default:
    return std::nullopt;
  }
}

LogicalResult eval(rec::UnaryOp op, Context &c) {
  const Tensor &x = *c.in(op).getX();
  UnaryKind kind = op.getKind();
  int64_t count = x.numElements();
  Tensor result(c.kind(), x.shape());
  if (kind == UnaryKind::is_inf || kind == UnaryKind::is_nan) {
    for (int64_t i = 0; i < count; ++i) {
      double value = x.asDouble(i);
      result.intData()[i] = kind == UnaryKind::is_inf ? std::isinf(value) : std::isnan(value);
    }
    return c.give(result);
  }
  if (x.isFloat()) {
    for (int64_t i = 0; i < count; ++i)
      result.floatData()[i] = unaryFloat(kind, x.floatAt(i));
    return c.give(result);
  }
  for (int64_t i = 0; i < count; ++i) {
    std::optional<int64_t> value = unaryInt(kind, x.kind(), x.intAt(i));
    if (!value)
      return c.fail("this function takes floats");
    result.intData()[i] = *value;
  }
  return c.give(result);
}

/// The order of elements as C sees it: comparisons with NaN are false.
template <typename T> static bool compareValues(rec::CompareKind kind, T a, T b) {
  switch (kind) {
  case rec::CompareKind::eq:
    return a == b;
  case rec::CompareKind::ne:
    return a != b;
  case rec::CompareKind::lt:
    return a < b;
  case rec::CompareKind::le:
    return a <= b;
  case rec::CompareKind::gt:
    return a > b;
  case rec::CompareKind::ge:
    return a >= b;
  }
  return false;
}

LogicalResult eval(rec::CompareOp op, Context &c) {
  const Tensor &a = *c.in(op).getA();
  const Tensor &b = *c.in(op).getB();
  std::optional<Sizes> shape = broadcastSizes(a.shape(), b.shape());
  if (!shape)
    return c.fail("shapes " + printShape(a.shape()) + " and " + printShape(b.shape()) + " do not broadcast");
  Tensor result(ElementKind::Bool, *shape);
  BroadcastIndex indexA(a.shape(), *shape), indexB(b.shape(), *shape);
  IndexWalk walk(*shape);
  for (int64_t i = 0, e = result.numElements(); i < e; ++i, walk.next()) {
    int64_t p = indexA(walk.index), q = indexB(walk.index);
    bool value;
    if (a.isFloat())
      value = compareValues(op.getKind(), a.floatAt(p), b.floatAt(q));
    else if (isUnsigned(a.kind()))
      value = compareValues(op.getKind(), static_cast<uint64_t>(a.intAt(p)), static_cast<uint64_t>(b.intAt(q)));
    else
      value = compareValues(op.getKind(), a.intAt(p), b.intAt(q));
    result.intData()[i] = value;
  }
  return c.give(result);
}

LogicalResult eval(rec::SelectOp op, Context &c) {
  auto in = c.in(op);
  const Tensor &condition = *in.getCondition(), &a = *in.getA(), &b = *in.getB();
  std::optional<Sizes> values = broadcastSizes(a.shape(), b.shape());
  std::optional<Sizes> shape = values ? broadcastSizes(condition.shape(), *values) : std::nullopt;
  if (!shape)
    return c.fail("shapes " + printShape(condition.shape()) + ", " + printShape(a.shape()) + " and " +
                  printShape(b.shape()) + " do not broadcast");
  Tensor result(a.kind(), *shape);
  BroadcastIndex indexC(condition.shape(), *shape), indexA(a.shape(), *shape), indexB(b.shape(), *shape);
  IndexWalk walk(*shape);
  for (int64_t i = 0, e = result.numElements(); i < e; ++i, walk.next()) {
    bool first = condition.intAt(indexC(walk.index));
    const Tensor &from = first ? a : b;
    int64_t at = first ? indexA(walk.index) : indexB(walk.index);
    if (from.isFloat())
      result.floatData()[i] = from.floatAt(at);
    else
      result.intData()[i] = from.intAt(at);
  }
  return c.give(result);
}

int64_t truncateTo(ElementKind kind, double x) {
  // No id of a table.
  if (std::isnan(x))
    return kind == ElementKind::I64   ? std::numeric_limits<int64_t>::min()
           : kind == ElementKind::I32 ? std::numeric_limits<int32_t>::min()
                                      : 0;
  x = std::trunc(x);
  if (kind == ElementKind::U64) {
    if (x <= 0)
      return 0;
    return static_cast<int64_t>(x >= 0x1p64 ? ~uint64_t(0) : static_cast<uint64_t>(x));
  }
  unsigned bits = getBitWidth(kind);
  double low = isUnsigned(kind) ? 0 : -std::ldexp(1.0, bits - 1);
  double end = std::ldexp(1.0, isUnsigned(kind) ? bits : bits - 1);
  if (x < low)
    x = low;
  if (x >= end)
    return bits == 64 ? std::numeric_limits<int64_t>::max() : static_cast<int64_t>(end) - 1;
  return static_cast<int64_t>(x);
}

LogicalResult eval(rec::CastOp op, Context &c) {
  const Tensor &x = *c.in(op).getX();
  ElementKind kind = c.kind();
  Tensor result(kind, x.shape());
  for (int64_t i = 0, e = x.numElements(); i < e; ++i) {
    if (isFloat(kind))
      result.floatData()[i] = roundTo(kind, x.asDouble(i));
    else if (kind == ElementKind::Bool)
      result.intData()[i] = x.isFloat() ? x.floatAt(i) != 0 : x.intAt(i) != 0;
    else
      result.intData()[i] = x.isFloat() ? truncateTo(kind, x.floatAt(i)) : wrap(kind, x.intAt(i));
  }
  return c.give(result);
}

} // namespace reckon::reference
