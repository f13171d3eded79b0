//===- RaiseGelu.cpp - GELU written out ----------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "passes/Common/Matchers.h"
#include "passes/Normalize/Passes.h"

#include "dialects/Rec/ConstantData.h"
#include "dialects/Rec/Shape.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <cmath>

namespace reckon {
#define GEN_PASS_DEF_RAISEGELU
#include "passes/Normalize/Passes.h.inc"
} // namespace reckon

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

namespace {

/// The factors of a product, constants multiplied into one.
struct Product {
  double constant = 1;
  SmallVector<Value> factors;
};

void collectFactors(Value value, Product &product, unsigned depth = 0) {
  if (std::optional<double> splat = getSplat(value)) {
    product.constant *= *splat;
  } else if (BinaryOp op = matchBinaryOp(value, BinaryKind::mul); op && depth < 4) {
    collectFactors(op.getA(), product, depth + 1);
    collectFactors(op.getB(), product, depth + 1);
  } else if (BinaryOp op = matchBinaryOp(value, BinaryKind::div); op && depth < 4 && getSplat(op.getB())) {
    collectFactors(op.getA(), product, depth + 1);
    product.constant /= *getSplat(op.getB());
  } else {
    product.factors.push_back(value);
  }
}

bool isNear(double a, double b) { return std::abs(a - b) <= 1e-5 * std::abs(b); }

/// Whether `value` is x times `constant`.
bool isScaled(Value value, Value x, double constant) {
  Product product;
  collectFactors(value, product);
  return product.factors.size() == 1 && product.factors[0] == x && isNear(product.constant, constant);
}

/// Whether `value` is x³ times `constant`.
bool isScaledCube(Value value, Value x, double constant) {
  Product product;
  collectFactors(value, product);
  int64_t power = 0;
  for (Value factor : product.factors) {
    BinaryOp pow = matchBinaryOp(factor, BinaryKind::pow);
    if (factor == x)
      ++power;
    else if (pow && pow.getA() == x && (isSplat(pow.getB(), 3.0) || isSplat(pow.getB(), 2.0)))
      power += isSplat(pow.getB(), 3.0) ? 3 : 2;
    else
      return false;
  }
  return power == 3 && isNear(product.constant, constant);
}

/// Whether `value` is sqrt(2/pi) (x + 0.044715 x³).
bool isTanhArgument(Value value, Value x) {
  constexpr double scale = 0.7978845608028654, cubic = 0.044715;
  Product product;
  collectFactors(value, product);
  if (product.factors.size() != 1 || !isNear(product.constant, scale))
    return false;
  BinaryOp sum = matchBinaryOp(product.factors[0], BinaryKind::add);
  if (!sum)
    return false;
  return (sum.getA() == x && isScaledCube(sum.getB(), x, cubic)) ||
         (sum.getB() == x && isScaledCube(sum.getA(), x, cubic));
}

struct ProductToGelu : CountedPattern<BinaryOp> {
  using CountedPattern::CountedPattern;

  LogicalResult matchAndRewrite(BinaryOp op, PatternRewriter &rewriter) const override {
    if (op.getKind() != BinaryKind::mul || !isa<FloatType>(op.getType().getElementType()))
      return failure();
    Product product;
    collectFactors(op.getResult(), product);
    if (product.factors.size() != 2 || !isNear(product.constant, 0.5))
      return failure();
    for (auto [x, gate] :
         {std::pair(product.factors[0], product.factors[1]), std::pair(product.factors[1], product.factors[0])}) {
      Value inner = matchWithSplat(gate, BinaryKind::add, 1.0);
      if (!inner || x.getType() != op.getType())
        continue;
      std::optional<UnaryKind> kind;
      constexpr double inverseRoot = 0.7071067811865476;
      if (Value argument = matchUnary(inner, UnaryKind::erf); argument && isScaled(argument, x, inverseRoot))
        kind = UnaryKind::gelu;
      else if (Value argument = matchUnary(inner, UnaryKind::tanh); argument && isTanhArgument(argument, x))
        kind = UnaryKind::gelu_tanh;
      if (!kind)
        continue;
      rewriter.replaceOpWithNewOp<UnaryOp>(op, UnaryKindAttr::get(getContext(), *kind), x);
      ++count;
      return success();
    }
    return failure();
  }
};

struct RaiseGelu : public reckon::impl::RaiseGeluBase<RaiseGelu> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ProductToGelu>(&getContext(), numRaised);
    applyPatterns(getOperation(), std::move(patterns));
  }
};
} // namespace
