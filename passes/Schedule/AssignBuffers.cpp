//===- AssignBuffers.cpp - Slots of the arena and of local memory --------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "passes/Schedule/BufferUse.h"
#include "passes/Schedule/Passes.h"

#include "dialects/Rec/Shape.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/MapVector.h"

namespace reckon::schedule {
#define GEN_PASS_DEF_ASSIGNBUFFERS
#include "passes/Schedule/Passes.h.inc"
} // namespace reckon::schedule

using namespace mlir;
using namespace reckon;
using namespace reckon::plan;
using schedule::Access;

/// Block sizes: multiples of the 12 rows of a GEMM's register tile, or parts of it where rows are long.
static constexpr int64_t blockSizes[] = {240, 192, 144, 120, 96, 72, 48, 24, 12, 6, 3, 1};

/// Whether a is no larger than b whatever the dimensions: the difference is a polynomial in them without negative
/// terms.
static bool isProvablyAtMost(const SizeExpr &a, const SizeExpr &b) {
  SizeExpr difference = b - a;
  return llvm::all_of(difference.terms(), [](const SizeExpr::Term &term) {
    return term.coefficient >= 0 &&
           llvm::all_of(term.factors, [](const auto &factor) { return factor->kind == SizeExpr::Atom::Kind::Dim; });
  });
}

namespace {
/// A buffer that needs a slot: from when to when it lives, in chains or in dispatches of a chain, both ends included.
struct Interval {
  AllocOp alloc;
  unsigned begin, end;
  SizeExpr size;
};

/// Slots in the making; a slot is free again when the last buffer in it has died.
class SlotPool {
public:
  explicit SlotPool(bool isShared) : isShared(isShared) {}
  void place(MutableArrayRef<Interval> intervals, unsigned firstSlot);
  ArrayRef<SizeExpr> getSizes() const { return sizes; }

private:
  std::optional<unsigned> findSlot(const Interval &interval) const;

  bool isShared;
  SmallVector<SizeExpr> sizes;
  SmallVector<unsigned> lastUse;
};

struct AssignBuffers : schedule::impl::AssignBuffersBase<AssignBuffers> {
  using Base::Base;
  void runOnOperation() override;

private:
  /// Where an alloc is touched: the first and last chain, and dispatch of the first chain.
  struct Life {
    unsigned firstChain, lastChain, first, last;
    bool byRow = true;
  };
  void collectLives();
  std::optional<int64_t> getLocalRowBytes(AllocOp alloc, const Life &life);
  void assignLocal(unsigned chain, MutableArrayRef<Interval> intervals);

  SmallVector<ChainOp> chains;
  llvm::MapVector<Value, Life> lives;
  SmallVector<int64_t> localSlots;
};
} // namespace

/// Among free slots: one of the same size, else the smallest that is large enough, else the largest, which grows.
std::optional<unsigned> SlotPool::findSlot(const Interval &interval) const {
  if (!isShared)
    return std::nullopt;
  std::optional<unsigned> larger, smaller;
  for (unsigned i = 0; i < sizes.size(); ++i) {
    if (lastUse[i] >= interval.begin)
      continue;
    if (sizes[i] == interval.size)
      return i;
    if (isProvablyAtMost(interval.size, sizes[i])) {
      if (!larger || isProvablyAtMost(sizes[i], sizes[*larger]))
        larger = i;
    } else if (isProvablyAtMost(sizes[i], interval.size)) {
      if (!smaller || isProvablyAtMost(sizes[*smaller], sizes[i]))
        smaller = i;
    }
  }
  return larger ? larger : smaller;
}

void SlotPool::place(MutableArrayRef<Interval> intervals, unsigned firstSlot) {
  llvm::stable_sort(intervals, [](const Interval &a, const Interval &b) { return a.begin < b.begin; });
  for (Interval &interval : intervals) {
    std::optional<unsigned> slot = findSlot(interval);
    if (!slot) {
      slot = sizes.size();
      sizes.push_back(interval.size);
      lastUse.push_back(interval.end);
    }
    if (!isProvablyAtMost(interval.size, sizes[*slot]))
      sizes[*slot] = interval.size;
    lastUse[*slot] = interval.end;
    Builder builder(interval.alloc.getContext());
    interval.alloc.setSlotAttr(builder.getI64IntegerAttr(firstSlot + *slot));
  }
}

void AssignBuffers::collectLives() {
  for (auto [c, chain] : llvm::enumerate(chains))
    for (auto [d, op] : llvm::enumerate(chain.getBody().front()))
      for (const Access &access : schedule::getAccesses(cast<DispatchOp>(op))) {
        if (!access.storage.getDefiningOp<AllocOp>())
          continue;
        auto [entry, isNew] =
            lives.try_emplace(access.storage, Life{unsigned(c), unsigned(c), unsigned(d), unsigned(d)});
        Life &life = entry->second;
        if (!isNew) {
          life.lastChain = c;
          life.last = d;
        }
        // A view may show the buffer with another leading size; then its rows are not the chain's.
        auto sizes = cast<BufferType>(access.buffer.getType()).getSizes();
        life.byRow &= access.byRow && !sizes.empty() && sizes[0] == chain.getRows().getSize(0);
      }
}

/// The constant bytes a row of the chain has in this buffer, when it can be local to the chain.
std::optional<int64_t> AssignBuffers::getLocalRowBytes(AllocOp alloc, const Life &life) {
  auto sizes = alloc.getBuffer().getType().getSizes();
  if (!allowLocal || life.firstChain != life.lastChain || !life.byRow || sizes.empty() ||
      sizes[0] != chains[life.firstChain].getRows().getSize(0))
    return std::nullopt;
  std::optional<int64_t> elements = rec::getNumElements(ArrayRef<SizeExpr>(sizes).drop_front()).constant();
  if (!elements)
    return std::nullopt;
  return *elements * static_cast<int64_t>(alloc.getBuffer().getType().getElementBytes());
}

/// A GEMM's register tile: fewer rows of its matrix are worth less than a share of the cache.
static constexpr int64_t tileRows = 12;

/// Rows of the tile's matrix that one row of a GEMM kernel is.
static int64_t matrixRowsPerRow(KernelOp kernel) {
  int64_t most = 1;
  for (auto linear : kernel.getBody().getOps<rec::LinearOp>()) {
    rec::Shape shape = rec::getShape(linear.getResult());
    std::optional<int64_t> inner = rec::getNumElements(ArrayRef<SizeExpr>(shape).drop_front().drop_back()).constant();
    most = std::max(most, inner.value_or(tileRows));
  }
  return most;
}

/// The least rows of a chain's blocks: a tile for what takes many rows at once. With fewer, each block reads all
/// weights again for little.
static int64_t leastBlockRows(ChainOp chain) {
  int64_t least = 1;
  for (auto dispatch : chain.getBody().front().getOps<DispatchOp>()) {
    KernelOp kernel = dispatch.lookupKernel();
    bool takesRowBlocks =
        llvm::any_of(kernel.getBody().front(), [](Operation &op) { return op.hasTrait<rec::TakesRowBlocks>(); });
    if (takesRowBlocks)
      least = std::max(least, tileRows);
    else if (kernel.getKind() == rec::RegionKind::gemm)
      least = std::max<int64_t>(least, llvm::divideCeil(tileRows, matrixRowsPerRow(kernel)));
  }
  return least;
}

/// Local slots are a chain's own: the runtime lays out each chain's slots anew in the same memory.
void AssignBuffers::assignLocal(unsigned chain, MutableArrayRef<Interval> intervals) {
  SlotPool pool(shareSlots);
  pool.place(intervals, localSlots.size());
  int64_t rowBytes = 0;
  for (const SizeExpr &size : pool.getSizes()) {
    localSlots.push_back(*size.constant());
    rowBytes += localSlots.back();
  }
  auto fits = [&](int64_t rows) { return rowBytes == 0 || rows <= localBytes / rowBytes; };
  const int64_t *block = llvm::find_if(blockSizes, fits);
  if (block == std::end(blockSizes))
    --block;
  chains[chain].setBlockRows(std::max(*block, leastBlockRows(chains[chain])));
}

/// What a size comes to in the statistics; nothing when these dimensions cannot be.
static int64_t bytesAtSampleSize(const SizeExpr &size) {
  return size.evaluate([](std::string_view) { return std::optional<int64_t>(64); }).value_or(0);
}

void AssignBuffers::runOnOperation() {
  ProgramOp program = getOperation();
  chains.assign(program.getOps<ChainOp>().begin(), program.getOps<ChainOp>().end());
  lives.clear();
  localSlots.clear();
  collectLives();

  SmallVector<SmallVector<Interval>> local(chains.size());
  SmallVector<Interval> arena;
  SizeExpr unshared;
  for (auto &[buffer, life] : lives) {
    auto alloc = buffer.getDefiningOp<AllocOp>();
    SizeExpr bytes = alloc.getBuffer().getType().getBytes();
    unshared = unshared + bytes;
    if (std::optional<int64_t> rowBytes = getLocalRowBytes(alloc, life)) {
      alloc.setLocal(true);
      local[life.firstChain].push_back({alloc, life.first, life.last, *rowBytes});
      ++numLocal;
    } else {
      arena.push_back({alloc, life.firstChain, life.lastChain, bytes});
      ++numArena;
    }
  }
  for (AllocOp alloc : llvm::make_early_inc_range(program.getOps<AllocOp>()))
    if (alloc.getBuffer().use_empty())
      alloc.erase();

  SlotPool pool(shareSlots);
  pool.place(arena, 0);
  for (unsigned chain = 0; chain < chains.size(); ++chain)
    assignLocal(chain, local[chain]);
  program.setSlotsAttr(rec::DimsAttr::get(&getContext(), pool.getSizes()));
  program.setLocalSlots(localSlots);
  program.setArenaUnsharedAttr(rec::DimsAttr::get(&getContext(), ArrayRef<SizeExpr>(unshared)));
  numSlots += pool.getSizes().size();
  numLocalSlots += localSlots.size();
  for (const SizeExpr &size : pool.getSizes())
    arenaBytes += bytesAtSampleSize(size);
  for (int64_t bytes : localSlots)
    localRowBytes += bytes;
  unsharedBytes += bytesAtSampleSize(unshared);
}
