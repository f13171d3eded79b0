//===- CoverLinearStacks.cpp - One kernel for small networks and many rows -------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#include "lib/Tiling/StackLayout.h"
#include "passes/Schedule/LinearRuns.h"
#include "passes/Schedule/Passes.h"

namespace reckon::schedule {
#define GEN_PASS_DEF_COVERLINEARSTACKS
#include "passes/Schedule/Passes.h.inc"
} // namespace reckon::schedule

using namespace mlir;
using namespace reckon;
using schedule::LinearLink;
using tiling::LinearLayer;

namespace {
struct CoverLinearStacks : schedule::impl::CoverLinearStacksBase<CoverLinearStacks> {
  using Base::Base;
  LogicalResult initialize(MLIRContext *context) override {
    gpu = GpuTarget::find(arch);
    return gpu ? success() : emitError(UnknownLoc::get(context)) << GpuTarget::unknown(arch);
  }
  void runOnOperation() override;

private:
  const GpuTarget *gpu = nullptr;
  /// The number of layers from the first of `run` on that become a stack, which may be 0.
  size_t coverFirst(schedule::LinearCovers &covers, ArrayRef<LinearLink> run);
};
} // namespace

size_t CoverLinearStacks::coverFirst(schedule::LinearCovers &covers, ArrayRef<LinearLink> run) {
  SmallVector<LinearLayer> layers;
  size_t count = 0;
  int64_t rows = 0;
  // As long as it can be: a layer more costs less inside than outside.
  for (const LinearLink &link : run) {
    layers.push_back(link.layer);
    if (std::optional<int64_t> least = tiling::getMinStackRows(layers, *gpu)) {
      count = layers.size();
      rows = llvm::divideCeil(*least, layers[0].rowsPerSample);
    }
  }
  if (count == 0)
    return 0;
  SmallVector<plan::PackingKind> packings;
  for (size_t index = 0; index < count; ++index)
    packings.push_back(tiling::getStackPacking(index, count));
  plan::KernelOp kernel = covers.cover(run.take_front(count), packings);
  kernel.setStackRows(rows);
  ++numStacks;
  numCovered += count;
  return count;
}

void CoverLinearStacks::runOnOperation() {
  schedule::LinearCovers covers(getOperation(), "stack");
  for (auto program : getOperation().getOps<plan::ProgramOp>())
    for (ArrayRef<LinearLink> run : schedule::findLinearRuns(program))
      while (!run.empty())
        run = run.drop_front(std::max<size_t>(1, coverFirst(covers, run)));
  covers.finish();
}
