//===- VerifyFused.cpp - The invariant of the fuse phase -----------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "passes/Fuse/Joins.h"
#include "passes/Fuse/Passes.h"
#include "passes/Fuse/RegionBuilder.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace reckon::fuse {
#define GEN_PASS_DEF_VERIFYFUSED
#include "passes/Fuse/Passes.h.inc"
} // namespace reckon::fuse

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

static LogicalResult verifyRegion(FusionOp fusion) {
  Block &body = fusion.getBody().front();
  for (Operation &op : body.without_terminator())
    if (op.getNumRegions() != 0 || op.getDialect() != fusion->getDialect())
      return op.emitError("expected a layer in a fusion region, found '") << op.getName() << "'";

  // A concat that is given to a GEMM region as it is, and takes the result of one as it is, copies for nothing.
  for (ConcatOp concat : body.getOps<ConcatOp>()) {
    auto fromGemm = [&](Value value) {
      auto argument = dyn_cast<BlockArgument>(value);
      Value outer = argument ? fusion.getInputs()[argument.getArgNumber()] : Value();
      auto isJoin = [](Operation *user) { return isa<JoinOp>(user); };
      return outer && fuse::getProducerKind(outer) == rec::RegionKind::gemm && llvm::none_of(outer.getUsers(), isJoin);
    };
    auto toGemm = [&](OpOperand &yielded) {
      auto isGemm = [](Operation *user) {
        auto reader = dyn_cast<FusionOp>(user);
        return reader && reader.getKind() == rec::RegionKind::gemm;
      };
      return yielded.get() == concat.getResult() &&
             llvm::any_of(fusion.getOutputs()[yielded.getOperandNumber()].getUsers(), isGemm);
    };
    if (fuse::hasSliceLayout(concat.getType(), concat.getAxis()) && llvm::any_of(concat.getInputs(), fromGemm) &&
        llvm::any_of(body.getTerminator()->getOpOperands(), toGemm))
      return concat.emitError("a GEMM region could write through this concat, expected a join");
  }
  return success();
}

static LogicalResult verifyResults(func::ReturnOp ret) {
  DenseSet<Value> returned;
  for (auto [i, value] : llvm::enumerate(ret.getOperands())) {
    if (!isa_and_present<FusionOp, JoinOp>(value.getDefiningOp()))
      return ret.emitError("result ") << i << " is no region's result";
    if (llvm::any_of(value.getUsers(), [](Operation *user) { return isa<JoinOp>(user); }))
      return ret.emitError("result ") << i << " is a slice of a join, expected memory of its own";
    if (!returned.insert(value).second)
      return ret.emitError("result ") << i << " is returned twice";
  }
  return success();
}

namespace {
struct VerifyFused : fuse::impl::VerifyFusedBase<VerifyFused> {
  void runOnOperation() override {
    Block *block = fuse::getModelBlock(getOperation());
    if (!block)
      return getOperation().isExternal() ? void() : signalPassFailure();
    for (Operation &op : *block) {
      LogicalResult result = success();
      if (auto fusion = dyn_cast<FusionOp>(op))
        result = verifyRegion(fusion);
      else if (auto ret = dyn_cast<func::ReturnOp>(op))
        result = verifyResults(ret);
      else if (!isa<ConstantOp, JoinOp>(op))
        result = op.emitError("expected every layer in a fusion region, found '") << op.getName() << "' outside";
      if (failed(result))
        return signalPassFailure();
    }
  }
};
} // namespace
