//===- Lookup.cpp - Kernels of lookups, bags and what is summed of them ----------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//
//
// The pieces of a row are split into parts, and a block does one part for some samples; the code of a part is straight,
// so that table addresses and row counts come from parameter memory by constant offsets. In a part of short bags each
// group of lanes has a sample of its own. A long bag is a part of its own, where the groups of a warp share the bag of
// one sample: how long bags are then makes no difference between the lanes of a warp.
//
//===-----------------------------------------------------------------------------===//

#include "lib/Codegen/NVPTX/Lookup.h"
#include "lib/Codegen/NVPTX/RowReader.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::nvptx;

/// Loads that a lane has under way, and warps of a block: what measurements chose; docs/cuda-measurements.md has the
/// numbers.
static constexpr unsigned rowsInFlight = 8, blockWarps = 4;
/// Up to how many rows it pays that kernels overlap: for more there are many short blocks.
static constexpr int64_t maxEarlyRows = 1024;
/// Regions with more pieces would make code that no instruction cache holds.
static constexpr size_t maxPieces = 512;

namespace {
struct Part {
  SmallVector<const RowPiece *> pieces;
  bool sharesBag = false; ///< the groups of a warp take one bag of one sample
};

class LookupEmitter {
public:
  LookupEmitter(plan::KernelOp kernel, DeviceModule &module, RowRegion &region)
      : kernel(kernel), module(module), region(region) {}
  LaunchPlan emit(bool early);

private:
  void chooseLanes();
  void makeParts();
  unsigned costOf(const RowPiece &piece) const;
  void emitPart(DeviceBuilder &b, RowReader &reader, const Part &part, Value blockNumber);
  void addToScalar(DeviceBuilder &b, RowReader &reader, const RowPiece &piece, PooledRow &row);
  void writeScalar(DeviceBuilder &b, RowReader &reader, Value sample, Value active);

  plan::KernelOp kernel;
  DeviceModule &module;
  RowRegion &region;
  KernelFunction function;
  unsigned lanes = 1, groups = 32;
  SmallVector<Part> parts;
  SmallVector<Value> fmSums, fmSquares; ///< an element of the lane each
  Value sum;                            ///< of the pieces with inSum
};
} // namespace

//===----------------------------------------------------------------------===//
// Splitting the work
//===----------------------------------------------------------------------===//

void LookupEmitter::chooseLanes() {
  for (const RowPiece &piece : region.pieces)
    if (piece.isLookup)
      lanes = std::max(lanes, RowLayout::lanesFor(piece.rowBytes()));
  groups = 32 / lanes;
}

/// Loads of a lane.
unsigned LookupEmitter::costOf(const RowPiece &piece) const {
  return piece.isLookup ? RowLayout::get(piece.rowBytes(), lanes).perLane * std::max<int64_t>(piece.count, 1) : 1;
}

void LookupEmitter::makeParts() {
  SmallVector<const RowPiece *> shorts;
  unsigned total = 0;
  for (const RowPiece &piece : region.pieces) {
    if (piece.offsets && !region.scalarOutput) {
      parts.push_back({{&piece}, false});
      continue;
    }
    bool isLong = piece.count >= std::max<int64_t>(4, 2 * groups) || costOf(piece) > 64;
    if (!region.scalarOutput && piece.isLookup && isLong && piece.isBag()) {
      parts.push_back({{&piece}, true});
      continue;
    }
    shorts.push_back(&piece);
    total += costOf(piece);
  }
  if (shorts.empty())
    return;
  // What shares an id is read together: the id need not stay in registers.
  if (region.scalarOutput)
    llvm::stable_sort(shorts, [](const RowPiece *x, const RowPiece *y) { return x->idColumn < y->idColumn; });
  // A scalar needs all pieces of a sample in one place. Otherwise parts of about equal cost.
  unsigned numParts = region.scalarOutput ? 1 : llvm::divideCeil(total, rowsInFlight);
  unsigned perPart = llvm::divideCeil(total, numParts), cost = 0;
  Part part;
  for (const RowPiece *piece : shorts) {
    if (!region.scalarOutput && !part.pieces.empty() && cost + costOf(*piece) > perPart) {
      parts.push_back(std::move(part));
      part = {}, cost = 0;
    }
    part.pieces.push_back(piece);
    cost += costOf(*piece);
  }
  parts.push_back(std::move(part));
}

//===----------------------------------------------------------------------===//
// Scalars
//===----------------------------------------------------------------------===//

void LookupEmitter::addToScalar(DeviceBuilder &b, RowReader &reader, const RowPiece &piece, PooledRow &row) {
  if (!piece.inFm && !piece.inSum)
    return;
  if (row.elements.empty())
    for (Value raw : row.raw)
      llvm::append_range(row.elements, b.unpack(raw, piece.elementType));
  if (piece.inSum)
    sum = sum ? Value(arith::AddFOp::create(b, sum, row.elements[0])) : row.elements[0];
  if (!piece.inFm)
    return;
  if (fmSums.empty()) {
    fmSums.assign(row.elements.size(), b.f32(0));
    fmSquares = fmSums;
  }
  for (auto [element, total, square] : llvm::zip(row.elements, fmSums, fmSquares)) {
    total = arith::AddFOp::create(b, total, element);
    square = math::FmaOp::create(b, element, element, square);
  }
}

void LookupEmitter::writeScalar(DeviceBuilder &b, RowReader &reader, Value sample, Value active) {
  Value result = b.f32(0);
  if (region.hasFm) {
    RowLayout layout = reader.layoutOf(*llvm::find_if(region.pieces, [](auto &p) { return p.inFm; }));
    size_t perVector = fmSums.size() / layout.perLane;
    for (auto [i, total] : llvm::enumerate(fmSums)) {
      Value square = arith::MulFOp::create(b, total, total);
      Value difference = arith::SubFOp::create(b, square, fmSquares[i]);
      Value vector = b.add(reader.laneInGroup(), (i / perVector) * lanes);
      if (lanes * layout.perLane > layout.vectors)
        difference = b.select(b.lessU(vector, b.i32(layout.vectors)), difference, b.f32(0));
      result = arith::AddFOp::create(b, result, difference);
    }
    for (unsigned mask = 1; mask < lanes; mask *= 2)
      result = arith::AddFOp::create(b, result, b.shuffleXor(result, mask));
    result = arith::MulFOp::create(b, result, b.f32(0.5));
  }
  if (sum)
    result = arith::AddFOp::create(b, result, sum);
  Type type = kernel.getOperandType(*region.scalarOutput).getElementType();
  unsigned bytes = type.getIntOrFloatBitWidth() / 8;
  b.ifThen(b.both(active, b.equal(reader.laneInGroup(), 0)),
           [&] { b.store(b.pack({result}, type), reader.outputRow(*region.scalarOutput, sample), bytes); });
}

//===----------------------------------------------------------------------===//
// Code
//===----------------------------------------------------------------------===//

/// `blockNumber` counts the blocks of one part.
void LookupEmitter::emitPart(DeviceBuilder &b, RowReader &reader, const Part &part, Value blockNumber) {
  Value warp = b.shiftRight(threadIndex(b), 5);
  Value unit = b.add(b.mul(b.widen(blockNumber), blockWarps), b.widen(warp));
  Value sample = unit;
  if (!part.sharesBag)
    sample = b.add(b.mul(unit, groups), b.widen(b.divU(laneIndex(b), lanes)));
  Value isInside = b.lessU(sample, function.rows);
  if (part.sharesBag) {
    b.ifThen(isInside, [&] {
      const RowPiece &piece = *part.pieces[0];
      unsigned unroll = std::max(1u, rowsInFlight / 2 / reader.layoutOf(piece).perLane);
      unroll = std::min<unsigned>(unroll, llvm::divideCeil(piece.count, groups)); // no more than there are
      PooledRow row = reader.readBag(piece, sample, groups, std::max(1u, unroll));
      Value writes = b.lessU(laneIndex(b), b.i32(lanes));
      reader.writeRow(piece, row, sample, writes);
    });
    return;
  }
  // Whole warps beyond the end leave; within a warp all lanes stay, for shuffles, on the last sample.
  Value warpInside = b.lessU(b.mul(unit, groups), function.rows);
  b.ifThen(warpInside, [&] {
    sample = b.select(isInside, sample, b.add(function.rows, -1));
    bool hasRead = false;
    for (size_t first = 0; first < part.pieces.size();) {
      SmallVector<const RowPiece *> together;
      unsigned cost = 0;
      for (; first < part.pieces.size(); ++first) {
        const RowPiece &piece = *part.pieces[first];
        bool isAlone = !piece.isLookup || piece.offsets || costOf(piece) > rowsInFlight;
        if (!together.empty() && (isAlone || cost + costOf(piece) > rowsInFlight))
          break;
        together.push_back(&piece);
        cost += costOf(piece);
        if (isAlone) {
          ++first;
          break;
        }
      }
      const RowPiece &piece = *together[0];
      // Without a fence the assembler reads all rows of a long part at once and has registers for few warps.
      if (hasRead)
        warpBarrier(b);
      hasRead = true;
      if (!piece.isLookup) {
        reader.copyPiece(piece, sample, isInside);
        continue;
      }
      SmallVector<PooledRow> rows;
      if (piece.offsets || costOf(piece) > rowsInFlight) {
        unsigned unroll = std::max(1u, rowsInFlight / 2 / reader.layoutOf(piece).perLane);
        rows.push_back(piece.offsets ? reader.readUnevenBag(piece, sample, isInside, unroll)
                                     : reader.readBag(piece, sample, 1, unroll));
      } else {
        rows = reader.readTogether(together, sample);
      }
      for (auto [piece, row] : llvm::zip(together, rows)) {
        addToScalar(b, reader, *piece, row);
        if (!piece->targets.empty())
          reader.writeRow(*piece, row, sample, isInside);
      }
    }
    if (region.scalarOutput)
      writeScalar(b, reader, sample, isInside);
  });
}

LaunchPlan LookupEmitter::emit(bool early) {
  chooseLanes();
  makeParts();
  unsigned threads = blockWarps * 32;
  function = module.createKernel(kernel.getSymName(), kernel, threads, {}, early);
  DeviceBuilder b(function.getBuilder());
  RowReader reader(b, module, function, kernel, lanes);
  // Neighbouring blocks take the parts of the same samples: what shares a line of ids or of the result is near in time.
  Value part = b.remU(blockIndex(b), parts.size()), block = b.divU(blockIndex(b), parts.size());
  for (unsigned i = 0; i < parts.size(); ++i)
    b.ifThen(parts.size() == 1 ? b.boolean(true) : b.equal(part, i), [&] { emitPart(b, reader, parts[i], block); });

  bool anyShared = llvm::any_of(parts, [](const Part &part) { return part.sharesBag; });
  LaunchPlan launch;
  launch.function = function.getName();
  launch.blockThreads = threads;
  SizeExpr blocks = SizeExpr::ceilDiv(region.rows, SizeExpr(blockWarps * (anyShared ? 1 : groups)));
  launch.grid = {blocks * SizeExpr(parts.size())};
  return launch;
}

EmitResult nvptx::emitLookup(plan::KernelOp kernel, DeviceModule &module) {
  std::optional<RowRegion> region = analyzeRowRegion(kernel);
  if (!region || region->interaction || region->pieces.size() > maxPieces ||
      llvm::none_of(region->pieces, [](const RowPiece &piece) { return piece.isLookup; }))
    return std::nullopt;
  KernelPlan plan;
  auto add = [&](bool early) -> LaunchPlan & {
    return plan.launches.emplace_back(LookupEmitter(kernel, module, *region).emit(early));
  };
  if (module.canStartEarly())
    add(/*early=*/true).maxRows = maxEarlyRows;
  add(/*early=*/false);
  return FailureOr<KernelPlan>(std::move(plan));
}
