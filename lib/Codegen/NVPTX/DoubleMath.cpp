//===- DoubleMath.cpp - Mathematical functions in double precision ---------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#include "lib/Codegen/NVPTX/DoubleMath.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace reckon::nvptx;

static constexpr double infinity = std::numeric_limits<double>::infinity();
static constexpr double notANumber = std::numeric_limits<double>::quiet_NaN();
// ln 2 and pi / 2 as unevaluated sums: the first words have trailing zeros, so that small multiples of them are exact.
static constexpr double ln2High = 0x1.62e42fee00000p-1, ln2Low = 0x1.a39ef35793c76p-33;
static constexpr double halfPi1 = 0x1.921fb54400000p+0, halfPi2 = 0x1.0b4611a600000p-34,
                        halfPi3 = 0x1.3198a2e037073p-69;

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

Value DoubleMath::number(double value) { return arith::ConstantOp::create(b, b.getF64FloatAttr(value)); }
Value DoubleMath::integer(int64_t value) { return arith::ConstantOp::create(b, b.getI64IntegerAttr(value)); }
Value DoubleMath::add(Value x, Value y) { return arith::AddFOp::create(b, x, y); }
Value DoubleMath::sub(Value x, Value y) { return arith::SubFOp::create(b, x, y); }
Value DoubleMath::mul(Value x, Value y) { return arith::MulFOp::create(b, x, y); }
Value DoubleMath::div(Value x, Value y) { return arith::DivFOp::create(b, x, y); }
Value DoubleMath::fma(Value x, Value y, Value z) { return math::FmaOp::create(b, x, y, z); }
Value DoubleMath::abs(Value x) { return math::AbsFOp::create(b, x); }
Value DoubleMath::sqrt(Value x) { return math::SqrtOp::create(b, x); }
Value DoubleMath::neg(Value x) { return arith::NegFOp::create(b, x); }
Value DoubleMath::copySign(Value magnitude, Value sign) { return math::CopySignOp::create(b, magnitude, sign); }
Value DoubleMath::select(Value c, Value x, Value y) { return arith::SelectOp::create(b, c, x, y); }
Value DoubleMath::less(Value x, Value y) { return arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, x, y); }
Value DoubleMath::greater(Value x, Value y) { return arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, x, y); }
Value DoubleMath::equal(Value x, Value y) { return arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, x, y); }
Value DoubleMath::isNan(Value x) { return arith::CmpFOp::create(b, arith::CmpFPredicate::UNO, x, x); }
Value DoubleMath::toInteger(Value x) { return arith::FPToSIOp::create(b, b.getI64Type(), x); }
Value DoubleMath::bits(Value x) { return arith::BitcastOp::create(b, b.getI64Type(), x); }
Value DoubleMath::fromBits(Value x) { return arith::BitcastOp::create(b, b.getF64Type(), x); }

Value DoubleMath::powerOfTwo(Value n) {
  Value biased = arith::AddIOp::create(b, n, integer(1023));
  return fromBits(arith::ShLIOp::create(b, biased, integer(52)));
}

// In two steps, for 2^n may be no normal number where x * 2^n is.
Value DoubleMath::scale(Value x, Value n) {
  Value half = arith::ShRSIOp::create(b, n, integer(1));
  return mul(mul(x, powerOfTwo(half)), powerOfTwo(arith::SubIOp::create(b, n, half)));
}

Value DoubleMath::polynomial(Value x, ArrayRef<double> coefficients) {
  Value sum = number(coefficients.back());
  for (double c : llvm::reverse(coefficients.drop_back()))
    sum = fma(sum, x, number(c));
  return sum;
}

//===----------------------------------------------------------------------===//
// Exponential and logarithm
//===----------------------------------------------------------------------===//

Value DoubleMath::exp(Value x) {
  Value inside = arith::MinNumFOp::create(b, arith::MaxNumFOp::create(b, x, number(-746)), number(710));
  Value n = math::RoundEvenOp::create(b, mul(inside, number(M_LOG2E)));
  Value r = fma(n, number(-ln2Low), fma(n, number(-ln2High), inside));
  SmallVector<double> taylor{1};
  for (int k = 1; k <= 13; ++k)
    taylor.push_back(taylor.back() / k);
  return select(isNan(x), x, scale(polynomial(r, taylor), toInteger(n)));
}

Value DoubleMath::exp2(Value x) {
  // The fraction is exact, so only its product with ln 2 rounds.
  Value inside = arith::MinNumFOp::create(b, arith::MaxNumFOp::create(b, x, number(-1080)), number(1030));
  Value n = math::RoundEvenOp::create(b, inside);
  return select(isNan(x), x, scale(exp(mul(sub(inside, n), number(M_LN2))), toInteger(n)));
}

Value DoubleMath::expm1(Value x) {
  SmallVector<double> taylor{1};
  for (int k = 2; k <= 14; ++k)
    taylor.push_back(taylor.back() / k);
  return select(less(abs(x), number(0.3)), mul(x, polynomial(x, taylor)), sub(exp(x), number(1)));
}

Value DoubleMath::log(Value x) {
  Value denormal = less(x, number(std::numeric_limits<double>::min()));
  Value normal = select(denormal, mul(x, number(0x1p54)), x);
  Value word = bits(normal);
  Value exponent = arith::SubIOp::create(b, arith::ShRSIOp::create(b, word, integer(52)),
                                         select(denormal, integer(1023 + 54), integer(1023)));
  Value mantissa = fromBits(arith::OrIOp::create(b, arith::AndIOp::create(b, word, integer((int64_t(1) << 52) - 1)),
                                                 integer(int64_t(1023) << 52)));
  // The mantissa between sqrt(1/2) and sqrt(2).
  Value large = greater(mantissa, number(M_SQRT2));
  mantissa = select(large, mul(mantissa, number(0.5)), mantissa);
  exponent = arith::AddIOp::create(b, exponent, arith::ExtUIOp::create(b, b.getI64Type(), large));

  // log(1 + f) = 2 artanh(s) with s = f / (2 + f), written so that f itself carries the leading digits.
  Value f = sub(mantissa, number(1));
  Value s = div(f, add(f, number(2)));
  Value z = mul(s, s);
  SmallVector<double> series;
  for (int k = 1; k <= 12; ++k)
    series.push_back(2.0 / (2 * k + 1));
  Value rest = mul(z, polynomial(z, series));
  Value e = arith::SIToFPOp::create(b, b.getF64Type(), exponent);
  Value low = fma(e, number(ln2Low), neg(mul(s, sub(f, rest))));
  Value result = fma(e, number(ln2High), add(f, low));

  result = select(equal(x, number(infinity)), x, result);
  result = select(equal(x, number(0)), number(-infinity), result);
  return select(arith::CmpFOp::create(b, arith::CmpFPredicate::ULT, x, number(0)), number(notANumber), result);
}

Value DoubleMath::log2(Value x) { return mul(log(x), number(M_LOG2E)); }
Value DoubleMath::log10(Value x) { return mul(log(x), number(M_LOG10E)); }

Value DoubleMath::log1p(Value x) {
  // What 1 + x loses is put back, divided by the slope.
  Value u = add(x, number(1));
  Value lost = sub(x, sub(u, number(1)));
  Value result = add(log(u), div(lost, u));
  result = select(equal(u, number(1)), x, result);
  Value special = arith::OrIOp::create(b, equal(x, number(infinity)), equal(x, number(-1)));
  return select(special, log(u), result);
}

//===----------------------------------------------------------------------===//
// Powers
//===----------------------------------------------------------------------===//

Value DoubleMath::pow(Value x, Value y) {
  Value magnitude = abs(x), count = abs(y);
  Value whole = equal(math::TruncOp::create(b, y), y);
  Value half = mul(y, number(0.5));
  Value even = equal(math::TruncOp::create(b, half), half);
  Value odd = arith::AndIOp::create(b, whole,
                                    arith::XOrIOp::create(b, even, arith::ConstantOp::create(b, b.getBoolAttr(true))));

  Value general = exp(mul(y, log(magnitude)));
  // Small integers by squaring, which is exact where the result is.
  Value few = arith::AndIOp::create(b, whole, less(count, number(1024)));
  Value digits = toInteger(select(few, count, number(0)));
  Value product = number(1), square = magnitude;
  for (int bit = 0; bit < 10; ++bit) {
    Value set = arith::TruncIOp::create(b, b.getI1Type(), arith::ShRUIOp::create(b, digits, integer(bit)));
    product = select(set, mul(product, square), product);
    square = mul(square, square);
  }
  product = select(less(y, number(0)), div(number(1), product), product);
  // Where the product over- or underflowed on the way to the reciprocal, the general form has the denormal.
  Value lost = arith::AndIOp::create(b, less(y, number(0)), equal(product, number(0)));
  Value result = select(
      arith::AndIOp::create(b, few, arith::XOrIOp::create(b, lost, arith::ConstantOp::create(b, b.getBoolAttr(true)))),
      product, general);

  // |x| = 0 or infinity: by the sign of y alone. y infinite: by |x| against 1.
  Value positive = greater(y, number(0));
  Value zero = number(0), inf = number(infinity), one = number(1);
  result = select(equal(magnitude, zero), select(positive, zero, inf), result);
  result = select(equal(magnitude, inf), select(positive, inf, zero), result);
  Value grows = arith::XOrIOp::create(b, less(magnitude, one), less(y, zero));
  Value limit = select(equal(magnitude, one), one, select(grows, zero, inf));
  result = select(equal(count, inf), limit, result);
  Value negative = less(x, zero);
  // The sign of -0 counts too.
  Value below = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, bits(x), integer(0));
  result = select(arith::AndIOp::create(b, below, odd), neg(result), result);
  Value finite = less(magnitude, inf);
  Value undefined =
      arith::AndIOp::create(b, arith::AndIOp::create(b, negative, finite),
                            arith::XOrIOp::create(b, whole, arith::ConstantOp::create(b, b.getBoolAttr(true))));
  Value anyNan = arith::CmpFOp::create(b, arith::CmpFPredicate::UNO, x, y);
  result = select(arith::OrIOp::create(b, undefined, anyNan), number(notANumber), result);
  // pow(1, NaN) and pow(NaN, 0) are 1.
  return select(arith::OrIOp::create(b, equal(x, one), equal(y, zero)), one, result);
}

Value DoubleMath::remainder(Value x, Value y) {
  Value a = abs(x), d = abs(y);
  Value undefined = arith::OrIOp::create(b, arith::CmpFOp::create(b, arith::CmpFPredicate::UNO, x, y),
                                         arith::OrIOp::create(b, equal(a, number(infinity)), equal(d, number(0))));
  a = select(undefined, number(0), a);
  auto exponentOf = [&](Value v) -> Value { return arith::ShRUIOp::create(b, bits(v), integer(52)); };
  // Each turn takes the rest modulo the divisor shifted so far that the quotient has 50 bits: then it is exact.
  auto loop = scf::WhileOp::create(
      b, TypeRange{b.getF64Type()}, ValueRange{a},
      [&](OpBuilder &builder, Location, ValueRange args) {
        OpBuilder::InsertionGuard guard(b);
        b.setInsertionPointToEnd(builder.getInsertionBlock());
        Value again = arith::CmpFOp::create(b, arith::CmpFPredicate::OGE, args[0], d);
        scf::ConditionOp::create(b, again, args);
      },
      [&](OpBuilder &builder, Location, ValueRange args) {
        OpBuilder::InsertionGuard guard(b);
        b.setInsertionPointToEnd(builder.getInsertionBlock());
        Value distance = arith::SubIOp::create(b, exponentOf(args[0]), exponentOf(d));
        Value shift = arith::MaxSIOp::create(b, arith::SubIOp::create(b, distance, integer(50)), integer(0));
        Value divisor = scale(d, shift);
        Value quotient = math::TruncOp::create(b, div(args[0], divisor));
        Value rest = fma(neg(quotient), divisor, args[0]);
        // The division may have rounded up.
        scf::YieldOp::create(b, ValueRange{select(less(rest, number(0)), add(rest, divisor), rest)});
      });
  return select(undefined, number(notANumber), copySign(loop.getResult(0), x));
}

//===----------------------------------------------------------------------===//
// Circular functions
//===----------------------------------------------------------------------===//

/// An angle as a quarter turn 0..3 (a double) and what is left, between -pi/4 and pi/4.
struct DoubleMath::Reduced {
  Value quarter, rest;
};

DoubleMath::Reduced DoubleMath::reduceAngle(Value x) {
  Value n = math::RoundEvenOp::create(b, mul(x, number(M_2_PI)));
  Value r = fma(n, number(-halfPi1), x);
  r = fma(n, number(-halfPi2), r);
  r = fma(n, number(-halfPi3), r);
  Value turns = math::FloorOp::create(b, mul(n, number(0.25)));
  return {fma(turns, number(-4), n), r};
}

Value DoubleMath::sinOrCos(Value x, bool isCos) {
  Reduced angle = reduceAngle(x);
  Value square = mul(angle.rest, angle.rest);
  SmallVector<double> sines{1}, cosines{1};
  for (int k = 1; k <= 9; ++k) {
    sines.push_back(-sines.back() / (2 * k) / (2 * k + 1));
    cosines.push_back(-cosines.back() / (2 * k - 1) / (2 * k));
  }
  Value sine = mul(angle.rest, polynomial(square, sines)), cosine = polynomial(square, cosines);
  auto at = [&](double quarter) { return equal(angle.quarter, number(quarter)); };
  Value isOdd = arith::OrIOp::create(b, at(1), at(3));
  Value value = isCos ? select(isOdd, sine, cosine) : select(isOdd, cosine, sine);
  Value isNegative = isCos ? arith::OrIOp::create(b, at(1), at(2)) : arith::OrIOp::create(b, at(2), at(3));
  value = select(isNegative, neg(value), value);
  Value finite = less(abs(x), number(infinity));
  return select(finite, value, number(notANumber));
}

Value DoubleMath::sin(Value x) { return select(equal(x, number(0)), x, sinOrCos(x, false)); }
Value DoubleMath::cos(Value x) { return sinOrCos(x, true); }
Value DoubleMath::tan(Value x) { return div(sin(x), cos(x)); }

Value DoubleMath::atan(Value x) {
  Value a = abs(x);
  Value large = greater(a, number(1));
  Value y = select(large, div(number(1), a), a);
  // Two halvings of the angle leave at most tan(pi / 16).
  for (int i = 0; i < 2; ++i)
    y = div(y, add(number(1), sqrt(fma(y, y, number(1)))));
  SmallVector<double> series;
  for (int k = 0; k <= 12; ++k)
    series.push_back((k % 2 ? -4.0 : 4.0) / (2 * k + 1));
  Value angle = mul(y, polynomial(mul(y, y), series));
  angle = select(large, sub(number(M_PI_2), sub(angle, number(0x1.1a62633145c07p-54))), angle);
  return select(isNan(x), x, copySign(angle, x));
}

Value DoubleMath::asin(Value x) {
  Value root = sqrt(mul(sub(number(1), x), add(number(1), x)));
  return mul(number(2), atan(div(x, add(number(1), root))));
}

Value DoubleMath::acos(Value x) { return mul(number(2), atan(sqrt(div(sub(number(1), x), add(number(1), x))))); }

//===----------------------------------------------------------------------===//
// Hyperbolic functions
//===----------------------------------------------------------------------===//

/// For |x| < 1, where the exponentials cancel.
Value DoubleMath::sinhSmall(Value x) {
  SmallVector<double> taylor{1};
  for (int k = 1; k <= 8; ++k)
    taylor.push_back(taylor.back() / (2 * k) / (2 * k + 1));
  return mul(x, polynomial(mul(x, x), taylor));
}

Value DoubleMath::sinh(Value x) {
  Value a = abs(x);
  Value root = exp(mul(a, number(0.5)));
  // e^a / 2 as (e^(a/2) / 2) e^(a/2), which overflows only when the result does.
  Value large = sub(mul(mul(root, number(0.5)), root), div(number(0.5), mul(root, root)));
  return select(less(a, number(1)), sinhSmall(x), copySign(large, x));
}

Value DoubleMath::cosh(Value x) {
  Value root = exp(mul(abs(x), number(0.5)));
  return add(mul(mul(root, number(0.5)), root), div(number(0.5), mul(root, root)));
}

Value DoubleMath::tanh(Value x) {
  Value a = abs(x);
  Value large = sub(number(1), div(number(2), add(exp(mul(a, number(2))), number(1))));
  return select(less(a, number(1)), div(sinhSmall(x), cosh(x)), copySign(large, x));
}

Value DoubleMath::asinh(Value x) {
  Value a = abs(x), square = mul(a, a);
  Value small = log1p(add(a, div(square, add(number(1), sqrt(add(square, number(1)))))));
  Value large = add(log(a), number(M_LN2));
  return copySign(select(greater(a, number(1e100)), large, small), x);
}

Value DoubleMath::acosh(Value x) {
  Value t = sub(x, number(1));
  Value small = log1p(add(t, sqrt(mul(t, add(t, number(2))))));
  Value result = select(greater(x, number(1e100)), add(log(x), number(M_LN2)), small);
  return select(less(x, number(1)), number(notANumber), result);
}

Value DoubleMath::atanh(Value x) {
  Value a = abs(x);
  return copySign(mul(number(0.5), log1p(div(mul(number(2), a), sub(number(1), a)))), x);
}

//===----------------------------------------------------------------------===//
// Error function
//===----------------------------------------------------------------------===//

Value DoubleMath::erf(Value x) {
  // 2 / sqrt(pi) x exp(-x^2) sum of (2 x^2)^n / (1 3 5 ... (2n + 1)): no term is negative. Beyond 6 it is 1.
  Value inside = arith::MinNumFOp::create(b, abs(x), number(6));
  Value square = mul(inside, inside);
  Value zero = integer(0), last = integer(160);
  auto loop = scf::ForOp::create(b, zero, last, integer(1), ValueRange{number(1), number(1)},
                                 [&](OpBuilder &builder, Location, Value n, ValueRange values) {
                                   OpBuilder::InsertionGuard guard(b);
                                   b.setInsertionPointToEnd(builder.getInsertionBlock());
                                   Value divisor =
                                       fma(arith::SIToFPOp::create(b, b.getF64Type(), n), number(2), number(3));
                                   Value term = div(mul(values[1], mul(square, number(2))), divisor);
                                   scf::YieldOp::create(b, ValueRange{add(values[0], term), term});
                                 });
  Value series = mul(mul(inside, number(M_2_SQRTPI)), mul(exp(neg(square)), loop.getResult(0)));
  Value result = arith::MinNumFOp::create(b, series, number(1));
  return select(isNan(x), x, copySign(result, x));
}
