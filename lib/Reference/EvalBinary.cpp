//===- EvalBinary.cpp - Functions of two elements -----------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//

#include "lib/Reference/Eval.h"

#include <cmath>

namespace reckon::reference {

using rec::BinaryKind;

double maxFloat(double a, double b) { return std::isnan(a) || std::isnan(b) ? a + b : (a > b ? a : b); }
double minFloat(double a, double b) { return std::isnan(a) || std::isnan(b) ? a + b : (a < b ? a : b); }

bool isLessInt(ElementKind kind, int64_t a, int64_t b) {
  return isUnsigned(kind) ? static_cast<uint64_t>(a) < static_cast<uint64_t>(b) : a < b;
}

static double binaryFloat(BinaryKind kind, double a, double b) {
  switch (kind) {
  case BinaryKind::add:
    return a + b;
  case BinaryKind::sub:
    return a - b;
  case BinaryKind::mul:
    return a * b;
  case BinaryKind::div:
    return a / b;
  case BinaryKind::max:
    return maxFloat(a, b);
  case BinaryKind::min:
    return minFloat(a, b);
  case BinaryKind::pow:
    return std::pow(a, b);
  case BinaryKind::fmod:
    return std::fmod(a, b);
  case BinaryKind::mod: {
    double rest = std::fmod(a, b);
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
  }
  default:
    return std::nan("");
  }
}

/// Base to a power, modulo 2^64.
static int64_t powInt(int64_t signedBase, ElementKind exponentKind, int64_t exponentBits) {
  // A negative power of an integer is a fraction but for the bases 1 and -1.
  if (isLessInt(exponentKind, exponentBits, 0))
    return signedBase == 1 ? 1 : signedBase == -1 ? (exponentBits % 2 ? -1 : 1) : 0;
  uint64_t result = 1, base = signedBase, exponent = exponentBits;
  for (; exponent; exponent >>= 1, base *= base)
    if (exponent & 1)
      result *= base;
  return result;
}

static int64_t divideInt(ElementKind kind, int64_t a, int64_t b) {
  if (b == 0)
    return 0;
  if (isUnsigned(kind))
    return static_cast<uint64_t>(a) / static_cast<uint64_t>(b);
  return b == -1 ? static_cast<int64_t>(-static_cast<uint64_t>(a)) : a / b; // the least integer wraps
}

/// C's remainder; by zero, zero as the division.
static int64_t remainderInt(ElementKind kind, int64_t a, int64_t b) {
  if (b == 0 || (!isUnsigned(kind) && b == -1))
    return 0;
  return isUnsigned(kind) ? static_cast<uint64_t>(a) % static_cast<uint64_t>(b) : a % b;
}

static int64_t binaryInt(BinaryKind kind, ElementKind element, int64_t a, int64_t b) {
  uint64_t ua = a, ub = b;
  unsigned bits = getBitWidth(element);
  switch (kind) {
  case BinaryKind::add:
    return wrap(element, ua + ub);
  case BinaryKind::sub:
    return wrap(element, ua - ub);
  case BinaryKind::mul:
    return wrap(element, ua * ub);
  case BinaryKind::div:
    return wrap(element, divideInt(element, a, b));
  case BinaryKind::max:
    return isLessInt(element, a, b) ? b : a;
  case BinaryKind::min:
    return isLessInt(element, a, b) ? a : b;
  case BinaryKind::pow:
    return wrap(element, powInt(a, element, b));
  case BinaryKind::fmod:
    return remainderInt(element, a, b);
  case BinaryKind::mod: {
    int64_t rest = remainderInt(element, a, b);
    bool differs = !isUnsigned(element) && rest != 0 && (rest < 0) != (b < 0);
    return differs ? rest + b : rest;
  }
  case BinaryKind::bitwise_and:
  case BinaryKind::logical_and:
    return a & b;
  case BinaryKind::bitwise_or:
  case BinaryKind::logical_or:
    return a | b;
  case BinaryKind::bitwise_xor:
  case BinaryKind::logical_xor:
    return a ^ b;
  case BinaryKind::shift_left:
    return ub >= bits ? 0 : wrap(element, ua << ub);
  case BinaryKind::shift_right:
    if (ub >= bits)
      return 0;
    return isUnsigned(element) ? static_cast<int64_t>(ua >> ub) : a >> ub;
  }
  return 0;
}

LogicalResult eval(rec::BinaryOp op, Context &c) {
  const Tensor &a = *c.in(op).getA();
  const Tensor &b = *c.in(op).getB();
  std::optional<Sizes> shape = broadcastSizes(a.shape(), b.shape());
  if (!shape)
    return c.fail("shapes " + printShape(a.shape()) + " and " + printShape(b.shape()) + " do not broadcast");
  BinaryKind kind = op.getKind();
  Tensor result(c.kind(), *shape);
  BroadcastIndex indexA(a.shape(), *shape), indexB(b.shape(), *shape);
  IndexWalk walk(*shape);
  for (int64_t i = 0, e = result.numElements(); i < e; ++i, walk.next()) {
    int64_t p = indexA(walk.index), q = indexB(walk.index);
    if (a.isFloat())
      result.floatData()[i] = binaryFloat(kind, a.floatAt(p), b.asDouble(q));
    else if (b.isFloat()) // pow alone
      result.intData()[i] = truncateTo(a.kind(), std::pow(a.asDouble(p), b.floatAt(q)));
    else if (kind == BinaryKind::pow) // the exponent has a type of its own
      result.intData()[i] = wrap(a.kind(), powInt(a.intAt(p), b.kind(), b.intAt(q)));
    else
      result.intData()[i] = binaryInt(kind, a.kind(), a.intAt(p), b.intAt(q));
  }
  return c.give(result);
}

double combineFloats(rec::ReduceKind kind, double a, double b) {
  switch (kind) {
  case rec::ReduceKind::prod:
    return a * b;
  case rec::ReduceKind::max:
    return maxFloat(a, b);
  case rec::ReduceKind::min:
    return minFloat(a, b);
  default:
    return a + b;
  }
}

int64_t combineInts(rec::ReduceKind kind, ElementKind element, int64_t a, int64_t b) {
  switch (kind) {
  case rec::ReduceKind::prod:
    return binaryInt(BinaryKind::mul, element, a, b);
  case rec::ReduceKind::max:
    return binaryInt(BinaryKind::max, element, a, b);
  case rec::ReduceKind::min:
    return binaryInt(BinaryKind::min, element, a, b);
  default:
    return binaryInt(BinaryKind::add, element, a, b);
  }
}

} // namespace reckon::reference
