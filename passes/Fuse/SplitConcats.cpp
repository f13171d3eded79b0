//===- SplitConcats.cpp - Inner concats for what no GEMM region produces -------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "passes/Fuse/Joins.h"
#include "passes/Fuse/Passes.h"
#include "passes/Fuse/RegionBuilder.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

namespace reckon::fuse {
#define GEN_PASS_DEF_SPLITCONCATS
#include "passes/Fuse/Passes.h.inc"
} // namespace reckon::fuse

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

namespace {
struct SplitConcats : fuse::impl::SplitConcatsBase<SplitConcats> {
  void runOnOperation() override {
    Block *block = fuse::getModelBlock(getOperation());
    if (!block)
      return getOperation().isExternal() ? void() : signalPassFailure();
    SmallVector<ConcatOp> concats;
    for (ConcatOp concat : block->getOps<ConcatOp>())
      if (fuse::isJoinable(concat) || concat.getInputs().size() > maxLookups)
        concats.push_back(concat);
    DenseSet<Value> written; // by a GEMM region, into a join
    for (ConcatOp concat : concats) {
      if (fuse::isJoinable(concat)) {
        fuse::JoinNote(&getContext()).setAttr(concat, UnitAttr::get(&getContext()));
        ++numJoins;
      }
      split(concat, written);
    }
  }

private:
  void split(ConcatOp concat, DenseSet<Value> &written);
};
} // namespace

void SplitConcats::split(ConcatOp concat, DenseSet<Value> &written) {
  OpBuilder builder(concat);
  SmallVector<Value> operands, run;
  auto endRun = [&] {
    if (run.size() > 1) {
      operands.push_back(ConcatOp::create(builder, concat.getLoc(), run, concat.getAxis()));
      ++numInner;
    } else {
      operands.append(run);
    }
    run.clear();
  };
  for (Value input : concat.getInputs()) {
    // A region writes one place only; where else its result is joined it is copied.
    bool joined = fuse::JoinNote(concat.getContext()).isAttrPresent(concat);
    if (joined && fuse::getProducerKind(input) == rec::RegionKind::gemm && written.insert(input).second) {
      endRun();
      operands.push_back(input);
    } else {
      if (run.size() == maxLookups)
        endRun();
      run.push_back(input);
    }
  }
  endRun();
  concat.getInputsMutable().assign(operands);
}
