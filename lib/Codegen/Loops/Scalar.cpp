//===- Scalar.cpp - Arithmetic on single elements ---------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//

#include "lib/Codegen/Loops/Scalar.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/TypeUtilities.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace reckon;
using namespace reckon::loops;
using rec::BinaryKind;
using rec::CompareKind;
using rec::ReduceKind;
using rec::UnaryKind;

static bool isUnsigned(Type type) { return type.isUnsignedInteger(); }

Type loops::storageType(Type type) {
  if (type.isInteger(1))
    return IntegerType::get(type.getContext(), 8);
  if (auto integer = dyn_cast<IntegerType>(type))
    return IntegerType::get(type.getContext(), integer.getWidth());
  return type;
}

Type loops::computeType(Type type) {
  if (type.isF16() || type.isBF16())
    return Float32Type::get(type.getContext());
  if (auto integer = dyn_cast<IntegerType>(type))
    return IntegerType::get(type.getContext(), integer.getWidth());
  return type;
}

Value loops::fromStorage(ImplicitLocOpBuilder &b, Value stored, Type type) {
  if (type.isInteger(1))
    return arith::CmpIOp::create(b, arith::CmpIPredicate::ne, stored,
                                 arith::ConstantOp::create(b, b.getI8IntegerAttr(0)));
  if (computeType(type) != storageType(type))
    return arith::ExtFOp::create(b, computeType(type), stored);
  return stored;
}

Value loops::toStorage(ImplicitLocOpBuilder &b, Value value, Type type) {
  if (type.isInteger(1))
    return arith::ExtUIOp::create(b, b.getI8Type(), value);
  if (computeType(type) != storageType(type))
    return arith::TruncFOp::create(b, storageType(type), value);
  return value;
}

/// What moves between memory and registers for a storage type.
static Type movedType(Type storage) {
  Type element = getElementTypeOrSelf(storage);
  if (!element.isBF16())
    return storage;
  Type bits = IntegerType::get(storage.getContext(), 16);
  auto vector = dyn_cast<VectorType>(storage);
  return vector ? VectorType::get(vector.getShape(), bits) : bits;
}

Value loops::loadBits(ImplicitLocOpBuilder &b, Type storage, Value pointer) {
  unsigned bytes = getElementTypeOrSelf(storage).getIntOrFloatBitWidth() / 8;
  Value bits = LLVM::LoadOp::create(b, movedType(storage), pointer, bytes);
  return bits.getType() == storage ? bits : arith::BitcastOp::create(b, storage, bits).getResult();
}

void loops::storeBits(ImplicitLocOpBuilder &b, Value stored, Value pointer) {
  unsigned bytes = getElementTypeOrSelf(stored.getType()).getIntOrFloatBitWidth() / 8;
  if (Type moved = movedType(stored.getType()); moved != stored.getType())
    stored = arith::BitcastOp::create(b, moved, stored);
  LLVM::StoreOp::create(b, stored, pointer, bytes);
}

Value loops::scalarConstant(ImplicitLocOpBuilder &b, Type elementType, double value) {
  Type type = computeType(elementType);
  if (isa<FloatType>(type))
    return arith::ConstantOp::create(b, b.getFloatAttr(type, value));
  return arith::ConstantOp::create(b, b.getIntegerAttr(type, static_cast<int64_t>(value)));
}

static Value compareFloat(ImplicitLocOpBuilder &b, arith::CmpFPredicate predicate, Value x, Value y) {
  return arith::CmpFOp::create(b, predicate, x, y);
}
static Value select(ImplicitLocOpBuilder &b, Value condition, Value x, Value y) {
  return arith::SelectOp::create(b, condition, x, y);
}

//===----------------------------------------------------------------------===//
// Unary
//===----------------------------------------------------------------------===//

static Value emitIntegerUnary(ImplicitLocOpBuilder &b, UnaryKind kind, Value x, Type type) {
  Value zero = scalarConstant(b, type, 0);
  auto negative = [&] { return arith::CmpIOp::create(b, arith::CmpIPredicate::slt, x, zero); };
  switch (kind) {
  case UnaryKind::abs:
    return isUnsigned(type) ? x : select(b, negative(), arith::SubIOp::create(b, zero, x), x);
  case UnaryKind::neg:
    return arith::SubIOp::create(b, zero, x);
  case UnaryKind::relu:
    return isUnsigned(type) ? x : select(b, negative(), zero, x);
  case UnaryKind::sign: {
    Value nonzero = arith::CmpIOp::create(b, arith::CmpIPredicate::ne, x, zero);
    Value positive = select(b, nonzero, scalarConstant(b, type, 1), zero);
    return isUnsigned(type) ? positive : select(b, negative(), scalarConstant(b, type, -1), positive);
  }
  case UnaryKind::bitwise_not:
    return arith::XOrIOp::create(b, x, scalarConstant(b, type, -1));
  case UnaryKind::logical_not:
    return arith::XOrIOp::create(b, x, arith::ConstantOp::create(b, b.getBoolAttr(true)));
  default:
    return {};
  }
}

/// The logarithm of floats, denormals included: the expansion of math.log reads their exponent as that of the least
/// normal number.
static Value emitLog(ImplicitLocOpBuilder &b, Value x) {
  if (!x.getType().isF32())
    return math::LogOp::create(b, x);
  auto constant = [&](double value) { return scalarConstant(b, b.getF32Type(), value); };
  constexpr int shift = 24;
  Value denormal = compareFloat(b, arith::CmpFPredicate::OLT, x, constant(0x1p-126));
  Value scaled = arith::MulFOp::create(b, x, select(b, denormal, constant(std::exp2(shift)), constant(1)));
  Value back = select(b, denormal, constant(shift * M_LN2), constant(0));
  return arith::SubFOp::create(b, math::LogOp::create(b, scaled), back);
}

/// Of functions whose result is rounded to half a float: what a device's own instructions for them are off by does not
/// show.
static arith::FastMathFlagsAttr roundedFlags(ImplicitLocOpBuilder &b, Type elementType) {
  bool isRounded = elementType.isF16() || elementType.isBF16();
  return arith::FastMathFlagsAttr::get(b.getContext(),
                                       isRounded ? arith::FastMathFlags::afn : arith::FastMathFlags::none);
}

Value loops::emitExp(ImplicitLocOpBuilder &b, Value x, Type elementType) {
  return math::ExpOp::create(b, x, roundedFlags(b, elementType));
}

/// The kinds that are one operation of the math dialect; null for others.
static Value emitMathUnary(ImplicitLocOpBuilder &b, UnaryKind kind, Value x, Type elementType) {
  switch (kind) {
  case UnaryKind::abs:
    return math::AbsFOp::create(b, x);
  case UnaryKind::acos:
    return math::AcosOp::create(b, x);
  case UnaryKind::acosh:
    return math::AcoshOp::create(b, x);
  case UnaryKind::asin:
    return math::AsinOp::create(b, x);
  case UnaryKind::asinh:
    return math::AsinhOp::create(b, x);
  case UnaryKind::atan:
    return math::AtanOp::create(b, x);
  case UnaryKind::atanh:
    return math::AtanhOp::create(b, x);
  case UnaryKind::ceil:
    return math::CeilOp::create(b, x);
  case UnaryKind::cos:
    return math::CosOp::create(b, x);
  case UnaryKind::cosh:
    return math::CoshOp::create(b, x);
  case UnaryKind::erf:
    return math::ErfOp::create(b, x);
  case UnaryKind::exp:
    return emitExp(b, x, elementType);
  case UnaryKind::floor:
    return math::FloorOp::create(b, x);
  case UnaryKind::round:
    return math::RoundEvenOp::create(b, x);
  case UnaryKind::sin:
    return math::SinOp::create(b, x);
  case UnaryKind::sinh:
    return math::SinhOp::create(b, x);
  case UnaryKind::sqrt:
    return math::SqrtOp::create(b, x);
  case UnaryKind::tan:
    return math::TanOp::create(b, x);
  case UnaryKind::tanh:
    return math::TanhOp::create(b, x, roundedFlags(b, elementType));
  default:
    return {};
  }
}

Value loops::emitUnary(ImplicitLocOpBuilder &b, UnaryKind kind, Value x, Type elementType) {
  Type type = computeType(elementType);
  if (!isa<FloatType>(type))
    return emitIntegerUnary(b, kind, x, elementType);
  if (Value value = emitMathUnary(b, kind, x, elementType))
    return value;

  auto constant = [&](double value) { return scalarConstant(b, elementType, value); };
  auto add = [&](Value l, Value r) -> Value { return arith::AddFOp::create(b, l, r); };
  auto mul = [&](Value l, Value r) -> Value { return arith::MulFOp::create(b, l, r); };
  auto div = [&](Value l, Value r) -> Value { return arith::DivFOp::create(b, l, r); };
  auto exp = [&](Value v) { return emitExp(b, v, elementType); };
  auto tanh = [&](Value v) -> Value { return math::TanhOp::create(b, v, roundedFlags(b, elementType)); };
  auto sigmoid = [&](Value v) -> Value {
    Value sum = add(constant(1), exp(arith::NegFOp::create(b, v)));
    return arith::DivFOp::create(b, constant(1), sum, roundedFlags(b, elementType));
  };
  // log(1 + e^x) without overflow: max(x, 0) + log1p(e^-|x|).
  auto softplus = [&](Value v) {
    Value tail = math::Log1pOp::create(b, exp(arith::NegFOp::create(b, math::AbsFOp::create(b, v))));
    return add(arith::MaximumFOp::create(b, v, constant(0)), tail);
  };

  switch (kind) {
  case UnaryKind::gelu: {
    Value erf = math::ErfOp::create(b, mul(x, constant(M_SQRT1_2)));
    return mul(mul(constant(0.5), x), add(constant(1), erf));
  }
  case UnaryKind::gelu_tanh: {
    Value cubic = add(x, mul(constant(0.044715), mul(x, mul(x, x))));
    return mul(mul(constant(0.5), x), add(constant(1), tanh(mul(constant(std::sqrt(2 / M_PI)), cubic))));
  }
  case UnaryKind::hard_swish: {
    Value gate = add(mul(x, constant(1.0 / 6)), constant(0.5));
    gate = arith::MaximumFOp::create(b, arith::MinimumFOp::create(b, gate, constant(1)), constant(0));
    return mul(x, gate);
  }
  case UnaryKind::is_inf:
    return compareFloat(b, arith::CmpFPredicate::OEQ, math::AbsFOp::create(b, x),
                        constant(std::numeric_limits<double>::infinity()));
  case UnaryKind::is_nan:
    return compareFloat(b, arith::CmpFPredicate::UNO, x, x);
  case UnaryKind::log:
    return emitLog(b, x);
  case UnaryKind::mish:
    return mul(x, tanh(softplus(x)));
  case UnaryKind::neg:
    return arith::NegFOp::create(b, x);
  case UnaryKind::reciprocal:
    return div(constant(1), x);
  case UnaryKind::relu:
    // Ordered less-than keeps NaN, and is one vmaxps.
    return select(b, compareFloat(b, arith::CmpFPredicate::OLT, x, constant(0)), constant(0), x);
  case UnaryKind::rsqrt:
    return div(constant(1), math::SqrtOp::create(b, x));
  case UnaryKind::sigmoid:
    return sigmoid(x);
  case UnaryKind::sign: {
    Value below = compareFloat(b, arith::CmpFPredicate::OLT, x, constant(0));
    Value above = compareFloat(b, arith::CmpFPredicate::OGT, x, constant(0));
    return select(b, below, constant(-1), select(b, above, constant(1), x));
  }
  case UnaryKind::silu:
    return mul(x, sigmoid(x));
  case UnaryKind::softplus:
    return softplus(x);
  case UnaryKind::softsign:
    return div(x, add(constant(1), math::AbsFOp::create(b, x)));
  default: // bitwise_not and logical_not are of integers alone
    return {};
  }
}

//===----------------------------------------------------------------------===//
// Binary
//===----------------------------------------------------------------------===//

/// Integer division and remainder are undefined for zero and for least/-1; both are given a value first.
static Value emitDivision(ImplicitLocOpBuilder &b, BinaryKind kind, Value x, Value y, Type type) {
  Value zero = scalarConstant(b, type, 0), one = scalarConstant(b, type, 1);
  Value byZero = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, y, zero);
  Value divisor = select(b, byZero, one, y);
  if (isUnsigned(type)) {
    Value result = kind == BinaryKind::div ? Value(arith::DivUIOp::create(b, x, divisor))
                                           : Value(arith::RemUIOp::create(b, x, divisor));
    return select(b, byZero, zero, result);
  }
  // x / -1 is -x, which wraps; x mod -1 is 0.
  Value minusOne = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, y, scalarConstant(b, type, -1));
  Value safe = select(b, minusOne, one, divisor);
  Value result;
  if (kind == BinaryKind::div) {
    result = select(b, minusOne, arith::SubIOp::create(b, zero, x), arith::DivSIOp::create(b, x, safe));
  } else {
    result = arith::RemSIOp::create(b, x, safe);
    if (kind == BinaryKind::mod) {
      Value nonzero = arith::CmpIOp::create(b, arith::CmpIPredicate::ne, result, zero);
      Value signs = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, arith::XOrIOp::create(b, result, safe), zero);
      result = select(b, arith::AndIOp::create(b, nonzero, signs), arith::AddIOp::create(b, result, safe), result);
    }
    result = select(b, minusOne, zero, result);
  }
  return select(b, byZero, zero, result);
}

static Value emitShift(ImplicitLocOpBuilder &b, BinaryKind kind, Value x, Value y, Type type) {
  Value width = scalarConstant(b, type, x.getType().getIntOrFloatBitWidth());
  Value inside = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, y, width);
  Value zero = scalarConstant(b, type, 0);
  Value amount = select(b, inside, y, zero);
  Value result = kind == BinaryKind::shift_left ? Value(arith::ShLIOp::create(b, x, amount))
                 : isUnsigned(type)             ? Value(arith::ShRUIOp::create(b, x, amount))
                                                : Value(arith::ShRSIOp::create(b, x, amount));
  return select(b, inside, result, zero);
}

/// An integer to an integer power, modulo the width, by repeated squaring. A negative power is a fraction, which
/// truncates to 0, but for the bases 1 and -1.
static Value emitIntegerPow(ImplicitLocOpBuilder &b, Value x, Value y, Type type, Type exponentType) {
  Value zero = scalarConstant(b, type, 0), one = scalarConstant(b, type, 1);
  Value noExponent = scalarConstant(b, exponentType, 0), lowestBit = scalarConstant(b, exponentType, 1);
  bool mayBeNegative = !isUnsigned(exponentType);
  Value negative, exponent = y;
  if (mayBeNegative) {
    negative = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, y, noExponent);
    exponent = select(b, negative, arith::AndIOp::create(b, y, lowestBit), y);
  }
  Value start[] = {one, x, exponent};
  auto loop = scf::WhileOp::create(
      b, ValueRange(start).getTypes(), start,
      [&](OpBuilder &builder, Location loc, ValueRange state) {
        Value more = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne, state[2], noExponent);
        scf::ConditionOp::create(builder, loc, more, state);
      },
      [&](OpBuilder &builder, Location loc, ValueRange state) {
        ImplicitLocOpBuilder body(loc, builder);
        Value bit = arith::AndIOp::create(body, state[2], lowestBit);
        Value isSet = arith::CmpIOp::create(body, arith::CmpIPredicate::ne, bit, noExponent);
        Value product = arith::MulIOp::create(body, state[0], state[1]);
        Value square = arith::MulIOp::create(body, state[1], state[1]);
        Value rest = arith::ShRUIOp::create(body, state[2], lowestBit);
        scf::YieldOp::create(body, ValueRange{select(body, isSet, product, state[0]), square, rest});
      });
  Value result = loop.getResult(0);
  if (!mayBeNegative)
    return result;
  Value isUnit = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, x, one);
  if (!isUnsigned(type)) {
    Value minusOne = scalarConstant(b, type, -1);
    isUnit = arith::OrIOp::create(b, isUnit, arith::CmpIOp::create(b, arith::CmpIPredicate::eq, x, minusOne));
  }
  return select(b, negative, select(b, isUnit, result, zero), result);
}

static Value emitPow(ImplicitLocOpBuilder &b, Value x, Value y, Type type, Type exponentType) {
  if (isa<IntegerType>(type) && isa<IntegerType>(exponentType))
    return emitIntegerPow(b, x, y, type, exponentType);
  // With a float on either side: f32 stays f32, all else is computed in f64.
  Type computed = computeType(type).isF32() && !exponentType.isF64() ? Type(b.getF32Type()) : Type(b.getF64Type());
  Value base = emitCast(b, x, type, computed);
  Value exponent = emitCast(b, y, exponentType, computed);
  return emitCast(b, math::PowFOp::create(b, base, exponent), computed, type);
}

static Value emitIntegerBinary(ImplicitLocOpBuilder &b, BinaryKind kind, Value x, Value y, Type type) {
  switch (kind) {
  case BinaryKind::add:
    return arith::AddIOp::create(b, x, y);
  case BinaryKind::sub:
    return arith::SubIOp::create(b, x, y);
  case BinaryKind::mul:
    return arith::MulIOp::create(b, x, y);
  case BinaryKind::div:
  case BinaryKind::mod:
  case BinaryKind::fmod:
    return emitDivision(b, kind, x, y, type);
  case BinaryKind::max:
    return isUnsigned(type) ? Value(arith::MaxUIOp::create(b, x, y)) : Value(arith::MaxSIOp::create(b, x, y));
  case BinaryKind::min:
    return isUnsigned(type) ? Value(arith::MinUIOp::create(b, x, y)) : Value(arith::MinSIOp::create(b, x, y));
  case BinaryKind::bitwise_and:
  case BinaryKind::logical_and:
    return arith::AndIOp::create(b, x, y);
  case BinaryKind::bitwise_or:
  case BinaryKind::logical_or:
    return arith::OrIOp::create(b, x, y);
  case BinaryKind::bitwise_xor:
  case BinaryKind::logical_xor:
    return arith::XOrIOp::create(b, x, y);
  case BinaryKind::shift_left:
  case BinaryKind::shift_right:
    return emitShift(b, kind, x, y, type);
  case BinaryKind::pow:
    return {};
  }
  return {};
}

Value loops::emitBinary(ImplicitLocOpBuilder &b, BinaryKind kind, Value x, Value y, Type elementType,
                        Type exponentType) {
  if (kind == BinaryKind::pow)
    return emitPow(b, x, y, elementType, exponentType ? exponentType : elementType);
  if (!isa<FloatType>(computeType(elementType)))
    return emitIntegerBinary(b, kind, x, y, elementType);
  switch (kind) {
  case BinaryKind::add:
    return arith::AddFOp::create(b, x, y);
  case BinaryKind::sub:
    return arith::SubFOp::create(b, x, y);
  case BinaryKind::mul:
    return arith::MulFOp::create(b, x, y);
  case BinaryKind::div:
    return arith::DivFOp::create(b, x, y);
  case BinaryKind::max:
    return arith::MaximumFOp::create(b, x, y);
  case BinaryKind::min:
    return arith::MinimumFOp::create(b, x, y);
  case BinaryKind::fmod:
    return arith::RemFOp::create(b, x, y);
  case BinaryKind::mod: {
    Value zero = scalarConstant(b, elementType, 0);
    Value rest = arith::RemFOp::create(b, x, y);
    Value nonzero = compareFloat(b, arith::CmpFPredicate::ONE, rest, zero);
    Value restBelow = compareFloat(b, arith::CmpFPredicate::OLT, rest, zero);
    Value divisorBelow = compareFloat(b, arith::CmpFPredicate::OLT, y, zero);
    Value differ = arith::AndIOp::create(b, nonzero, arith::XOrIOp::create(b, restBelow, divisorBelow));
    return select(b, differ, arith::AddFOp::create(b, rest, y), rest);
  }
  default:
    return {};
  }
}

Value loops::emitCompare(ImplicitLocOpBuilder &b, CompareKind kind, Value x, Value y, Type elementType) {
  if (isa<FloatType>(x.getType())) {
    static constexpr arith::CmpFPredicate predicates[] = {arith::CmpFPredicate::OEQ, arith::CmpFPredicate::UNE,
                                                          arith::CmpFPredicate::OLT, arith::CmpFPredicate::OLE,
                                                          arith::CmpFPredicate::OGT, arith::CmpFPredicate::OGE};
    return compareFloat(b, predicates[static_cast<unsigned>(kind)], x, y);
  }
  static constexpr arith::CmpIPredicate isSigned[] = {arith::CmpIPredicate::eq,  arith::CmpIPredicate::ne,
                                                      arith::CmpIPredicate::slt, arith::CmpIPredicate::sle,
                                                      arith::CmpIPredicate::sgt, arith::CmpIPredicate::sge};
  static constexpr arith::CmpIPredicate noSign[] = {arith::CmpIPredicate::eq,  arith::CmpIPredicate::ne,
                                                    arith::CmpIPredicate::ult, arith::CmpIPredicate::ule,
                                                    arith::CmpIPredicate::ugt, arith::CmpIPredicate::uge};
  unsigned k = static_cast<unsigned>(kind);
  return arith::CmpIOp::create(b, isUnsigned(elementType) || elementType.isInteger(1) ? noSign[k] : isSigned[k], x, y);
}

//===----------------------------------------------------------------------===//
// Casts
//===----------------------------------------------------------------------===//

Value loops::emitCast(ImplicitLocOpBuilder &b, Value x, Type from, Type to) {
  if (from == to)
    return x;
  Type source = computeType(from), target = computeType(to);
  bool fromFloat = isa<FloatType>(source), toFloat = isa<FloatType>(target);
  if (to.isInteger(1)) {
    Value zero = scalarConstant(b, from, 0);
    return fromFloat ? compareFloat(b, arith::CmpFPredicate::UNE, x, zero)
                     : Value(arith::CmpIOp::create(b, arith::CmpIPredicate::ne, x, zero));
  }
  bool noSign = isUnsigned(from) || from.isInteger(1);
  if (!fromFloat && toFloat) {
    x = noSign ? Value(arith::UIToFPOp::create(b, target, x)) : Value(arith::SIToFPOp::create(b, target, x));
  } else if (fromFloat && !toFloat) {
    // Saturating conversions: an out-of-range float is not undefined behaviour.
    StringRef name = isUnsigned(to) ? "llvm.fptoui.sat" : "llvm.fptosi.sat";
    Value number = LLVM::CallIntrinsicOp::create(b, target, b.getStringAttr(name), ValueRange{x}).getResult(0);
    // They give 0 for NaN, which would be a good id: the least number, as processors do, is none.
    if (to.getIntOrFloatBitWidth() >= 32 && !isUnsigned(to)) {
      Value isNumber = compareFloat(b, arith::CmpFPredicate::ORD, x, x);
      APInt least = APInt::getSignedMinValue(target.getIntOrFloatBitWidth());
      number =
          arith::SelectOp::create(b, isNumber, number, arith::ConstantOp::create(b, b.getIntegerAttr(target, least)));
    }
    x = number;
  } else if (!fromFloat) {
    unsigned fromWidth = source.getIntOrFloatBitWidth(), toWidth = target.getIntOrFloatBitWidth();
    if (fromWidth > toWidth)
      x = arith::TruncIOp::create(b, target, x);
    else if (fromWidth < toWidth)
      x = noSign ? Value(arith::ExtUIOp::create(b, target, x)) : Value(arith::ExtSIOp::create(b, target, x));
  } else if (source.getIntOrFloatBitWidth() < target.getIntOrFloatBitWidth()) {
    x = arith::ExtFOp::create(b, target, x);
  } else if (source.getIntOrFloatBitWidth() > target.getIntOrFloatBitWidth()) {
    x = arith::TruncFOp::create(b, target, x);
  }
  // A cast to a half float rounds even when the value stays in a register.
  if (to.isF16() || to.isBF16())
    x = arith::ExtFOp::create(b, target, arith::TruncFOp::create(b, to, x).getResult());
  return x;
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

Value loops::reduceIdentity(ImplicitLocOpBuilder &b, ReduceKind kind, Type elementType) {
  Type type = computeType(elementType);
  bool isMax = kind == ReduceKind::max;
  if (isMax || kind == ReduceKind::min) {
    if (isa<FloatType>(type))
      return scalarConstant(b, elementType, (isMax ? -1 : 1) * std::numeric_limits<double>::infinity());
    unsigned width = type.getIntOrFloatBitWidth();
    bool noSign = isUnsigned(elementType) || width == 1;
    APInt value = noSign ? (isMax ? APInt::getMinValue(width) : APInt::getMaxValue(width))
                         : (isMax ? APInt::getSignedMinValue(width) : APInt::getSignedMaxValue(width));
    return arith::ConstantOp::create(b, b.getIntegerAttr(type, value));
  }
  return scalarConstant(b, elementType, kind == ReduceKind::prod ? 1 : 0);
}

Value loops::reduceStep(ImplicitLocOpBuilder &b, ReduceKind kind, Value accumulated, Value x, Type elementType) {
  bool isFloat = isa<FloatType>(x.getType());
  // Sums may be regrouped: that is what lets a loop use vectors, and the error bound is no worse.
  auto sum = [&](Value v) -> Value {
    if (isFloat)
      return arith::AddFOp::create(b, accumulated, v, arith::FastMathFlags::reassoc | arith::FastMathFlags::contract);
    return arith::AddIOp::create(b, accumulated, v);
  };
  switch (kind) {
  case ReduceKind::sum:
  case ReduceKind::mean:
  case ReduceKind::log_sum:
    return sum(x);
  case ReduceKind::l1:
    return sum(emitUnary(b, UnaryKind::abs, x, elementType));
  case ReduceKind::l2:
  case ReduceKind::sum_square:
    return sum(emitBinary(b, BinaryKind::mul, x, x, elementType));
  case ReduceKind::log_sum_exp:
    return sum(math::ExpOp::create(b, x));
  case ReduceKind::prod:
    if (isFloat)
      return arith::MulFOp::create(b, accumulated, x, arith::FastMathFlags::reassoc);
    return arith::MulIOp::create(b, accumulated, x);
  case ReduceKind::max:
  case ReduceKind::min: {
    bool isMax = kind == ReduceKind::max;
    if (x.getType().isInteger(1))
      return isMax ? Value(arith::OrIOp::create(b, accumulated, x)) : Value(arith::AndIOp::create(b, accumulated, x));
    return emitBinary(b, isMax ? BinaryKind::max : BinaryKind::min, accumulated, x, elementType);
  }
  }
  return {};
}

Value loops::reduceLast(ImplicitLocOpBuilder &b, ReduceKind kind, Value accumulated, Value count, Type elementType) {
  bool isFloat = isa<FloatType>(accumulated.getType());
  auto inFloat = [&](UnaryKind unary) {
    Type floatType = isFloat ? elementType : Type(b.getF64Type());
    Value value = emitUnary(b, unary, emitCast(b, accumulated, elementType, floatType), floatType);
    return emitCast(b, value, floatType, elementType);
  };
  switch (kind) {
  case ReduceKind::mean:
    return emitBinary(b, BinaryKind::div, accumulated, emitCast(b, count, b.getI64Type(), elementType), elementType);
  case ReduceKind::l2:
    return inFloat(UnaryKind::sqrt);
  case ReduceKind::log_sum:
  case ReduceKind::log_sum_exp:
    return inFloat(UnaryKind::log);
  default:
    return accumulated;
  }
}
