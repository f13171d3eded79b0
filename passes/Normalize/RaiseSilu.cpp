//===- RaiseSilu.cpp - x sigmoid(x) --------------------------------------------===//
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

namespace reckon {
#define GEN_PASS_DEF_RAISESILU
#include "passes/Normalize/Passes.h.inc"
} // namespace reckon

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

namespace {
struct ProductToSilu : CountedPattern<BinaryOp> {
  using CountedPattern::CountedPattern;

  LogicalResult matchAndRewrite(BinaryOp op, PatternRewriter &rewriter) const override {
    if (op.getKind() != BinaryKind::mul)
      return failure();
    for (auto [x, gate] : {std::pair(op.getA(), op.getB()), std::pair(op.getB(), op.getA())}) {
      if (matchUnary(gate, UnaryKind::sigmoid) != x)
        continue;
      rewriter.replaceOpWithNewOp<UnaryOp>(op, UnaryKindAttr::get(getContext(), UnaryKind::silu), x);
      ++count;
      return success();
    }
    return failure();
  }
};

struct RaiseSilu : public reckon::impl::RaiseSiluBase<RaiseSilu> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ProductToSilu>(&getContext(), numRaised);
    applyPatterns(getOperation(), std::move(patterns));
  }
};
} // namespace
