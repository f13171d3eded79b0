//===- Elements.cpp - Random elementwise ops ----------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//

#include "test/fuzz/differential/GraphBuilder.h"

#include "dialects/Rec/Shape.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::fuzz;
using rec::BinaryKind;
using rec::UnaryKind;

bool GraphBuilder::addUnary() {
  Value x = pickFloat(0, 5);
  if (!x)
    return false;
  auto apply = [&](UnaryKind kind, Value value) -> Value { return rec::UnaryOp::create(b, kind, value); };
  auto plus = [&](Value value, double amount) -> Value {
    return rec::BinaryOp::create(b, BinaryKind::add, value, floats({}, 0, amount));
  };
  switch (below(isCoarse() ? 3 : 4)) {
  case 0: // defined everywhere and tame
    add(apply(choose({UnaryKind::abs, UnaryKind::asinh, UnaryKind::atan, UnaryKind::cos, UnaryKind::erf,
                      UnaryKind::gelu, UnaryKind::gelu_tanh, UnaryKind::hard_swish, UnaryKind::mish, UnaryKind::neg,
                      UnaryKind::relu, UnaryKind::sigmoid, UnaryKind::silu, UnaryKind::sin, UnaryKind::softplus,
                      UnaryKind::softsign, UnaryKind::tanh}),
              x));
    break;
  case 1: // on (-1, 1)
    add(apply(
        choose({UnaryKind::acos, UnaryKind::asin, UnaryKind::cosh, UnaryKind::exp, UnaryKind::sinh, UnaryKind::tan}),
        apply(UnaryKind::softsign, x)));
    break;
  case 2: // on positive numbers
    add(apply(choose({UnaryKind::log, UnaryKind::reciprocal, UnaryKind::rsqrt, UnaryKind::sqrt}),
              plus(apply(UnaryKind::abs, x), 0.5)));
    break;
  default: // steps, which rounding may cross, and functions outside their domain
    add(oneIn(2)
            ? apply(choose({UnaryKind::ceil, UnaryKind::floor, UnaryKind::round, UnaryKind::sign}), x)
            : apply(choose({UnaryKind::acosh, UnaryKind::atanh, UnaryKind::log, UnaryKind::sqrt, UnaryKind::exp}), x));
  }
  return true;
}

bool GraphBuilder::addBinary() {
  Value a = pickFloat(0, 5);
  if (!a)
    return false;
  rec::Shape shape = rec::getShape(a);
  Value other = oneIn(2) ? pick([&](Value value) {
    return isReal(value) && value != a && rec::broadcastShapes(shape, rec::getShape(value)).has_value();
  })
                         : Value();
  if (!other) {
    // A constant that broadcasts: a scalar, or some of the trailing sizes.
    SmallVector<int64_t> sizes;
    for (int64_t d = below(rankOf(a) + 1); d < rankOf(a); ++d)
      sizes.push_back(ShapedType::isDynamic(sizeOf(a, d)) || oneIn(4) ? 1 : sizeOf(a, d));
    other = floats(sizes, 1, oneIn(2) ? 0 : 2);
  }
  BinaryKind kind =
      choose({BinaryKind::add, BinaryKind::add, BinaryKind::sub, BinaryKind::mul, BinaryKind::mul, BinaryKind::div,
              BinaryKind::max, BinaryKind::min, BinaryKind::pow, BinaryKind::mod, BinaryKind::fmod});
  if (kind == BinaryKind::pow) // of positive bases, to small powers
    a = rec::BinaryOp::create(b, BinaryKind::add, rec::UnaryOp::create(b, UnaryKind::abs, a), floats({}, 0, 0.5));
  bool divides = kind == BinaryKind::div || kind == BinaryKind::mod || kind == BinaryKind::fmod;
  if (kind == BinaryKind::pow || divides || oneIn(4)) {
    other = rec::UnaryOp::create(b, UnaryKind::tanh, other);
    if (divides) // by what is not near zero
      other = rec::BinaryOp::create(b, BinaryKind::add, other, floats({}, 0, oneIn(2) ? 2 : -2));
  }
  if (oneIn(2) && kind != BinaryKind::pow && !divides)
    std::swap(a, other);
  add(rec::BinaryOp::create(b, kind, a, other));
  return true;
}

bool GraphBuilder::addSelect() {
  Value a = pickFloat(1, 4);
  if (!a || isCoarse())
    return false;
  Value other = pick([&](Value value) { return value.getType() == a.getType(); });
  auto kind = choose({rec::CompareKind::lt, rec::CompareKind::le, rec::CompareKind::gt, rec::CompareKind::ge,
                      rec::CompareKind::eq, rec::CompareKind::ne});
  Value condition = rec::CompareOp::create(b, kind, a, oneIn(2) ? other : floats({}, 0.3));
  if (oneIn(3))
    condition = rec::UnaryOp::create(b, UnaryKind::logical_not, condition);
  if (oneIn(4)) {
    Value second = rec::CompareOp::create(b, rec::CompareKind::lt, a, floats({}, 0.9));
    condition = rec::BinaryOp::create(
        b, choose({BinaryKind::logical_and, BinaryKind::logical_or, BinaryKind::logical_xor}), condition, second);
  }
  if (oneIn(4))
    add(condition);
  else
    add(rec::SelectOp::create(b, condition, oneIn(3) ? floats({}) : a, oneIn(3) ? floats({}) : other));
  return true;
}

bool GraphBuilder::addIntegerMath() {
  Value a = pick([&](Value value) { return isInteger(value); });
  if (!a)
    return false;
  Value other =
      oneIn(2) ? pick([&](Value value) { return value.getType() == a.getType(); }) : integerScalar(between(-5, 9));
  add(rec::BinaryOp::create(b,
                            choose({BinaryKind::add, BinaryKind::sub, BinaryKind::mul, BinaryKind::div, BinaryKind::mod,
                                    BinaryKind::fmod, BinaryKind::max, BinaryKind::min, BinaryKind::bitwise_and,
                                    BinaryKind::bitwise_or, BinaryKind::bitwise_xor}),
                            a, other));
  return true;
}

bool GraphBuilder::addCast() {
  Value x = pick([&](Value value) { return !isReal(value) || oneIn(4); });
  if (!x || (isCoarse() && isReal(x)))
    return false;
  Type to = realType;
  if (isReal(x)) // whole numbers, so that rounding does not decide
    to = choose<Type>({integerType, b.getI64Type(), b.getI32Type(), b.getF64Type(), b.getF16Type(), b.getI1Type()});
  Value from = x;
  if (isReal(x) && isa<IntegerType>(to))
    from = rec::UnaryOp::create(b, UnaryKind::round, rec::UnaryOp::create(b, UnaryKind::softsign, x));
  add(rec::CastOp::create(b, rec::getTensorType(rec::getShape(from), to), from));
  return true;
}
