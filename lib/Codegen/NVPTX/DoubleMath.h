//===- DoubleMath.h - Mathematical functions in double precision -------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//
//
// A GPU has no math library at hand (libdevice belongs to the CUDA toolkit). These emit arithmetic instead, on f64
// scalars whose results are a few units off in the last place; rounded to f32 they are correct but for rare ties.
// Infinities, NaN and signed zeros behave as in C.
//
//===----------------------------------------------------------------------===//

#ifndef RECKON_LIB_CODEGEN_NVPTX_DOUBLEMATH_H
#define RECKON_LIB_CODEGEN_NVPTX_DOUBLEMATH_H

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace reckon::nvptx {

/// Emits functions of f64 values where the builder is.
class DoubleMath {
public:
  using Value = mlir::Value;
  explicit DoubleMath(mlir::ImplicitLocOpBuilder &b) : b(b) {}

  Value exp(Value x);
  Value exp2(Value x);
  Value expm1(Value x);
  Value log(Value x);
  Value log2(Value x);
  Value log10(Value x);
  Value log1p(Value x);
  /// Exact where y is an integer of at most 10 bits and the power is representable.
  Value pow(Value x, Value y);
  /// Arguments beyond 2^30 lose accuracy: the reduction keeps three words of pi.
  Value sin(Value x);
  Value cos(Value x);
  Value tan(Value x);
  Value asin(Value x);
  Value acos(Value x);
  Value atan(Value x);
  Value sinh(Value x);
  Value cosh(Value x);
  Value tanh(Value x);
  Value asinh(Value x);
  Value acosh(Value x);
  Value atanh(Value x);
  Value erf(Value x);
  /// x - trunc(x / y) * y, exactly.
  Value remainder(Value x, Value y);

private:
  struct Reduced;

  Value number(double value);
  Value integer(int64_t value);
  Value add(Value x, Value y);
  Value sub(Value x, Value y);
  Value mul(Value x, Value y);
  Value div(Value x, Value y);
  Value fma(Value x, Value y, Value z);
  Value abs(Value x);
  Value sqrt(Value x);
  Value neg(Value x);
  Value copySign(Value magnitude, Value sign);
  Value select(Value condition, Value x, Value y);
  Value less(Value x, Value y);    ///< false with a NaN
  Value greater(Value x, Value y); ///< false with a NaN
  Value equal(Value x, Value y);
  Value isNan(Value x);
  Value toInteger(Value x);
  Value bits(Value x);
  Value fromBits(Value x);
  /// 2^n for a normal result.
  Value powerOfTwo(Value n);
  Value scale(Value x, Value n);
  /// c[0] + c[1] x + c[2] x^2 + ...
  Value polynomial(Value x, llvm::ArrayRef<double> coefficients);
  Value sinhSmall(Value x);
  Reduced reduceAngle(Value x);
  Value sinOrCos(Value x, bool isCos);

  mlir::ImplicitLocOpBuilder &b;
};

} // namespace reckon::nvptx

#endif // RECKON_LIB_CODEGEN_NVPTX_DOUBLEMATH_H
