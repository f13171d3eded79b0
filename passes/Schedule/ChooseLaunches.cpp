//===- ChooseLaunches.cpp - Which launches GPU kernels get ----------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "lib/Tiling/LaunchChoice.h"
#include "lib/Tiling/LibraryProduct.h"
#include "passes/Schedule/BufferUse.h"
#include "passes/Schedule/KernelFacts.h"
#include "passes/Schedule/Passes.h"
#include "reckon/Engine/TimingCache.h"

#include "dialects/Plan/Plan.h"

#include "mlir/IR/Builders.h"

#include <map>

namespace reckon::schedule {
#define GEN_PASS_DEF_CHOOSELAUNCHES
#include "passes/Schedule/Passes.h.inc"
} // namespace reckon::schedule

using namespace mlir;
using namespace reckon;
using namespace reckon::plan;

namespace {
struct ChooseLaunches : schedule::impl::ChooseLaunchesBase<ChooseLaunches> {
  using Base::Base;

  LogicalResult initialize(MLIRContext *context) override {
    gpu = GpuTarget::find(arch);
    return gpu ? success() : emitError(UnknownLoc::get(context)) << GpuTarget::unknown(arch);
  }

  void runOnOperation() override;

private:
  const GpuTarget *gpu = nullptr;
  void describeOperands(KernelOp kernel, ArrayRef<DispatchOp> dispatches);
  /// A number that programs with the same candidates for the same layers share.
  uint64_t getIdentity() const;
  /// Keeps what the cache found fastest.
  LogicalResult applyTimingCache();
  void keepFastest(KernelOp kernel, ArrayRef<const TimingCache::Dispatch *> dispatches);
  InFlightDiagnostic refuse(const Twine &reason);

  /// In the order in which they are dispatched first, with the launches each can have.
  llvm::MapVector<KernelOp, SmallVector<DispatchOp>> dispatches;
  llvm::MapVector<KernelOp, SmallVector<ChoiceAttr>> choices;
  SmallVector<DispatchOp> order;
};
} // namespace

/// Whether a buffer starts at a multiple of 16 bytes. The caller's memory is aligned to its elements only.
static bool isAligned(Value buffer) {
  Operation *op = buffer.getDefiningOp();
  if (isa<InputOp, OutputOp>(op))
    return false;
  if (auto view = dyn_cast<ViewOp>(op))
    return isAligned(view.getSource());
  auto slice = dyn_cast<SliceOp>(op);
  if (!slice)
    return true;
  BufferType source = slice.getSource().getType();
  uint64_t bytes = slice.getOffset() * source.getElementBytes();
  for (const SizeExpr &size : llvm::drop_begin(source.getSizes(), slice.getAxis() + 1))
    bytes *= *size.constant();
  return isAligned(slice.getSource()) && bytes % 16 == 0;
}

/// Whether a buffer is memory of the run, whose address the runtime knows before the caller's.
static bool isOfTheRun(Value buffer) { return isa<AllocOp>(schedule::getStorage(buffer).getDefiningOp()); }

/// Whether no kernel writes a buffer.
static bool isConstant(Value buffer) {
  return isa<InputOp, WeightOp, TableOp>(schedule::getStorage(buffer).getDefiningOp());
}

void ChooseLaunches::describeOperands(KernelOp kernel, ArrayRef<DispatchOp> dispatches) {
  SmallVector<OperandAttr> layouts = kernel.getLayoutList();
  for (auto [i, layout] : llvm::enumerate(layouts)) {
    auto holds = [&, i = i](bool (*isTrue)(Value)) {
      return llvm::all_of(dispatches, [&](DispatchOp dispatch) { return isTrue(dispatch.getOperands()[i]); });
    };
    layout = layout.withFacts(holds(isAligned), holds(isConstant));
  }
  kernel.setLayoutList(layouts);
}

/// What a library launches is recorded with its addresses, and it wants them aligned for vector accesses.
static bool canUseLibrary(KernelOp kernel, DispatchOp dispatch) {
  std::optional<tiling::LibraryProduct> product = tiling::matchLibraryProduct(kernel);
  return product && llvm::all_of(ArrayRef({product->x, product->out}), [&](unsigned operand) {
           Value buffer = dispatch.getOperands()[operand];
           return isOfTheRun(buffer) && isAligned(buffer);
         });
}

/// The launches of a kernel that one of its dispatches has.
static SmallVector<ChoiceAttr> getOwn(KernelOp kernel, DispatchOp dispatch, ArrayRef<ChoiceAttr> choices) {
  SmallVector<ChoiceAttr> own;
  bool hasLibrary = canUseLibrary(kernel, dispatch);
  llvm::copy_if(choices, std::back_inserter(own),
                [&](ChoiceAttr choice) { return hasLibrary || !tiling::isLibrary(choice); });
  return own;
}

uint64_t ChooseLaunches::getIdentity() const {
  schedule::KernelFacts facts;
  facts.add(StringRef(arch));
  for (DispatchOp dispatch : order) {
    KernelOp kernel = dispatch.lookupKernel();
    auto found = choices.find(kernel);
    if (found == choices.end())
      continue;
    facts.add(kernel);
    SmallVector<ChoiceAttr> own = getOwn(kernel, dispatch, found->second);
    facts.add(static_cast<uint64_t>(own.size()));
    for (ChoiceAttr choice : own)
      facts.add(choice.getName().getValue());
  }
  return facts.getHash();
}

InFlightDiagnostic ChooseLaunches::refuse(const Twine &reason) {
  // At the cache, for it is to blame.
  return emitError(FileLineColLoc::get(&getContext(), timingCache, 0, 0))
         << reason << "; measure this model's engine with reckon-tune";
}

/// The mean over the dispatches that have a candidate, where it does the same, for the numbers of rows that all of them
/// have a time for.
static TimingCache::Candidate average(StringRef name, ArrayRef<const TimingCache::Dispatch *> dispatches) {
  std::map<uint64_t, std::pair<double, size_t>> sums; // by rows
  size_t count = 0;
  for (const TimingCache::Dispatch *dispatch : dispatches)
    for (const TimingCache::Candidate &candidate : dispatch->candidates) {
      if (candidate.name != name)
        continue;
      ++count;
      for (const TimingCache::Time &time : candidate.times) {
        auto &[sum, terms] = sums[time.rows];
        sum += time.microseconds;
        ++terms;
      }
    }
  TimingCache::Candidate result{name.str(), {}};
  for (const auto &[rows, sum] : sums)
    if (sum.second == count)
      result.times.push_back({rows, sum.first / static_cast<double>(count)});
  return result;
}

LogicalResult ChooseLaunches::applyTimingCache() {
  std::string error;
  std::optional<TimingCache> cache = readTimingCache(timingCache, &error);
  if (!cache)
    return emitError(FileLineColLoc::get(&getContext(), timingCache, 0, 0)) << error;
  if (cache->kernels != getIdentity())
    return refuse("the timing cache was measured with other kernels");
  if (cache->dispatches.size() != order.size())
    return refuse("the timing cache has " + Twine(cache->dispatches.size()) + " dispatches, the model " +
                  Twine(order.size()));
  llvm::MapVector<KernelOp, SmallVector<const TimingCache::Dispatch *>> timed;
  for (auto [number, dispatch] : llvm::enumerate(order)) {
    KernelOp kernel = dispatch.lookupKernel();
    auto found = choices.find(kernel);
    if (found == choices.end())
      continue;
    const TimingCache::Dispatch &times = cache->dispatches[number];
    bool isSame = llvm::equal(getOwn(kernel, dispatch, found->second), times.candidates,
                              [&](ChoiceAttr choice, const TimingCache::Candidate &candidate) {
                                return tiling::getLaunchName(kernel, choice) == candidate.name;
                              });
    if (!isSame)
      return refuse("the timing cache has other candidates for dispatch " + Twine(number) + " (kernel '" +
                    kernel.getSymName() + "')");
    timed[kernel].push_back(&times);
  }
  for (auto &[kernel, dispatches] : timed)
    keepFastest(kernel, dispatches);
  return success();
}

void ChooseLaunches::keepFastest(KernelOp kernel, ArrayRef<const TimingCache::Dispatch *> dispatches) {
  SmallVector<ChoiceAttr> &all = choices[kernel], kept;
  std::vector<TimingCache::Candidate> candidates;
  std::vector<bool> isLibrary;
  for (ChoiceAttr choice : all) {
    candidates.push_back(average(tiling::getLaunchName(kernel, choice), dispatches));
    isLibrary.push_back(tiling::isLibrary(choice));
  }
  for (const FastestLaunch &fastest : findFastest(candidates, isLibrary))
    kept.push_back(ChoiceAttr::get(&getContext(), all[fastest.candidate].getName(), fastest.minRows, fastest.maxRows,
                                   /*needsTiming=*/false));
  // Without times the cost model decides.
  if (kept.empty())
    llvm::copy_if(all, std::back_inserter(kept), [](ChoiceAttr choice) { return !choice.getNeedsTiming(); });
  else
    ++numTimed;
  all = std::move(kept);
}

void ChooseLaunches::runOnOperation() {
  dispatches.clear();
  choices.clear();
  order.clear();
  getOperation().walk([&](DispatchOp dispatch) {
    KernelOp kernel = dispatch.lookupKernel();
    order.push_back(dispatch);
    if (kernel)
      dispatches[kernel].push_back(dispatch);
  });
  for (auto &[kernel, users] : dispatches) {
    describeOperands(kernel, users);
    auto hasLibrary = [&, kernel = kernel](DispatchOp dispatch) { return canUseLibrary(kernel, dispatch); };
    tiling::LaunchSearch search;
    search.usesLibrary = llvm::any_of(users, hasLibrary);
    search.forMeasurement = allCandidates || !timingCache.empty();
    SmallVector<ChoiceAttr> launches = tiling::chooseLaunches(kernel, *gpu, search);
    if (!launches.empty())
      choices[kernel] = std::move(launches);
  }
  if (!timingCache.empty()) {
    if (failed(applyTimingCache()))
      return signalPassFailure();
  } else if (allCandidates) {
    auto identity = static_cast<int64_t>(getIdentity());
    for (ProgramOp program : getOperation().getOps<ProgramOp>())
      program.setCandidates(identity);
  }
  for (auto &[kernel, launches] : choices) {
    numLaunches += launches.size();
    numLibrary += llvm::count_if(launches, tiling::isLibrary);
    kernel.setChoicesAttr(ArrayAttr::get(&getContext(), llvm::to_vector_of<Attribute>(launches)));
  }
}
