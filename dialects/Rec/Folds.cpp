//===- Folds.cpp - Folders --------------------------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#include "dialects/Rec/ConstantData.h"
#include "dialects/Rec/Inference.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

OpFoldResult DimsOp::fold(FoldAdaptor) { return getSizes(); }

OpFoldResult UnaryOp::fold(FoldAdaptor) { return {}; }
OpFoldResult BinaryOp::fold(FoldAdaptor) { return {}; }
OpFoldResult SelectOp::fold(FoldAdaptor) { return {}; }
OpFoldResult ReduceOp::fold(FoldAdaptor) { return {}; }
OpFoldResult GatherOp::fold(FoldAdaptor) { return {}; }

/// The operand when it has exactly the result's type: a fold may not change a type.
static OpFoldResult forward(Value operand, Value result) {
  return operand.getType() == result.getType() ? OpFoldResult(operand) : OpFoldResult();
}

OpFoldResult CastOp::fold(FoldAdaptor) { return forward(getX(), getResult()); }
OpFoldResult BroadcastOp::fold(FoldAdaptor) { return forward(getX(), getResult()); }
OpFoldResult ReshapeOp::fold(FoldAdaptor) { return {}; }
OpFoldResult SliceOp::fold(FoldAdaptor) { return {}; }
OpFoldResult TransposeOp::fold(FoldAdaptor) { return {}; }
OpFoldResult ConcatOp::fold(FoldAdaptor) {
  return getInputs().size() == 1 ? forward(getInputs()[0], getResult()) : OpFoldResult();
}
void ConcatOp::getCanonicalizationPatterns(RewritePatternSet &, MLIRContext *) {}
void ReshapeOp::getCanonicalizationPatterns(RewritePatternSet &, MLIRContext *) {}
void TransposeOp::getCanonicalizationPatterns(RewritePatternSet &, MLIRContext *) {}
