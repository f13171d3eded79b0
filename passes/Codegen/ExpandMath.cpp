//===- ExpandMath.cpp - rec-expand-math -------------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//

#include "passes/Codegen/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace reckon::codegen {
#define GEN_PASS_DEF_EXPANDMATH
#include "passes/Codegen/Passes.h.inc"

/// MLIR has approximations of more functions; these are the ones whose error stays within a few units in the last place
/// over the whole range.
static bool isExpanded(StringRef name) {
  static const llvm::StringSet<> names = {math::ExpOp::getOperationName(), math::LogOp::getOperationName(),
                                          math::Log1pOp::getOperationName(), math::TanhOp::getOperationName(),
                                          math::ErfOp::getOperationName()};
  return names.contains(name);
}

namespace {
struct ExpandMath : impl::ExpandMathBase<ExpandMath> {
  void runOnOperation() override {
    getOperation()->walk([&](Operation *op) {
      if (isExpanded(op->getName().getStringRef()) && getElementTypeOrSelf(op->getResult(0)).isF32())
        ++numExpanded;
    });
    RewritePatternSet patterns(&getContext());
    populateMathPolynomialApproximationPatterns(patterns, isExpanded);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
} // namespace reckon::codegen
