//===- CoverLinearChains.cpp - Several layers by one kernel for few rows --------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "lib/Tiling/ChainLayout.h"
#include "passes/Schedule/LinearRuns.h"
#include "passes/Schedule/Passes.h"

namespace reckon::schedule {
#define GEN_PASS_DEF_COVERLINEARCHAINS
#include "passes/Schedule/Passes.h.inc"
} // namespace reckon::schedule

using namespace mlir;
using namespace reckon;
using schedule::LinearLink;
using tiling::LinearLayer;

namespace {
/// Links [begin, end) of a run that are worth a kernel, and for how many rows.
struct Cover {
  size_t begin = 0, end = 0;
  int64_t rows = 0;
  double gain = 0;
};

struct CoverLinearChains : schedule::impl::CoverLinearChainsBase<CoverLinearChains> {
  using Base::Base;
  LogicalResult initialize(MLIRContext *context) override {
    gpu = GpuTarget::find(arch);
    return gpu ? success() : emitError(UnknownLoc::get(context)) << GpuTarget::unknown(arch);
  }
  void runOnOperation() override;

private:
  const GpuTarget *gpu = nullptr;
  std::optional<Cover> findCover(ArrayRef<LinearLink> run, size_t begin, size_t end);
  void coverRun(schedule::LinearCovers &covers, ArrayRef<LinearLink> run, size_t begin, size_t end);
};
} // namespace

/// The part of [begin, end) that gains most.
std::optional<Cover> CoverLinearChains::findCover(ArrayRef<LinearLink> run, size_t begin, size_t end) {
  std::optional<Cover> best;
  for (size_t first = begin; first < end; ++first) {
    SmallVector<LinearLayer> layers;
    for (size_t last = first; last < end; ++last) {
      layers.push_back(run[last].layer);
      Cover cover{first, last + 1, 0, 0};
      if (layers.size() > 1)
        cover.rows = tiling::getMaxChainRows(layers, *gpu, &cover.gain) / layers[0].rowsPerSample;
      if (cover.rows > 0 && (!best || cover.gain > best->gain))
        best = cover;
    }
  }
  return best;
}

void CoverLinearChains::coverRun(schedule::LinearCovers &covers, ArrayRef<LinearLink> run, size_t begin, size_t end) {
  std::optional<Cover> best = findCover(run, begin, end);
  if (!best)
    return;
  coverRun(covers, run, begin, best->begin);
  ArrayRef<LinearLink> links = run.slice(best->begin, best->end - best->begin);
  plan::KernelOp kernel = covers.cover(links, SmallVector<plan::PackingKind>(links.size(), plan::PackingKind::mma));
  kernel.setChainRows(best->rows);
  ++numChains;
  numCovered += links.size();
  coverRun(covers, run, best->end, end);
}

void CoverLinearChains::runOnOperation() {
  if (!tiling::canChain(*gpu))
    return;
  schedule::LinearCovers covers(getOperation(), "chain");
  for (auto program : getOperation().getOps<plan::ProgramOp>())
    for (ArrayRef<LinearLink> run : schedule::findLinearRuns(program))
      coverRun(covers, run, 0, run.size());
  covers.finish();
}
