//===- Interaction.cpp - Kernels of feature interaction --------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//
//
// A warp has a sample: it copies the rows of the features into shared memory, asynchronously and 16 bytes at a time,
// multiplies them with each other, and writes the triangle. Lane l knows the table of the l-th feature; the address of
// its row goes to the lanes that copy it by a shuffle. The blocks stay for the whole batch, and the ids of a warp's
// next sample are read while the rows of this one are under way. Rows of tables for the first sample are fetched while
// kernels before this one still run, whose results are some of the features.
//
//===-----------------------------------------------------------------------------===//

#include "lib/Codegen/NVPTX/Interaction.h"
#include "lib/Codegen/NVPTX/Instructions.h"
#include "lib/Codegen/NVPTX/PairProducts.h"
#include "lib/Codegen/NVPTX/RowReader.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "reckon/Runtime/KernelABI.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::nvptx;

/// Warps of a block; each has samples of its own.
static constexpr unsigned blockWarps = 4;
/// More features would not fit the registers that hold their products.
static constexpr size_t maxFeatures = 64;

namespace {
/// Up to 32 features whose rows are copied as they are, one a lane.
struct DirectGroup {
  SmallVector<unsigned> features;
  //===--- What each lane knows of its feature ---===//
  Value base, rowBytes, numRows; ///< rows at base + index * rowBytes, for index below numRows
  Value isInput;                 ///< i1: the index is the sample, not an id
  Value idPointer, idStride;     ///< where the feature's id of sample 0 is; elements between samples
  Value table, idColumn, tileRow;
};

class InteractionEmitter {
public:
  InteractionEmitter(plan::KernelOp kernel, DeviceModule &module, RowRegion &region)
      : kernel(kernel), module(module), region(region), dots(*region.interaction) {
    rowBytes = dots.features[0].rowBytes();
    elementBytes = dots.features[0].elementBytes();
    pitch = rowBytes + 16; // rows of eight neighbours begin in different banks
    lanes = RowLayout::lanesFor(rowBytes);
    groups = 32 / lanes;
    splitFeatures();
  }
  /// One way to launch it. `early`: rows of tables for a warp's first sample are fetched before other kernels have
  /// ended.
  LaunchPlan emit(bool early);
  static constexpr int64_t maxEarlyRows = 8192; ///< a warp has few samples
  /// Whether all ids of rows that are copied as they are, are there before other kernels have ended.
  bool hasEarlyIds();

private:
  void splitFeatures();
  bool isDirect(const RowPiece &piece) const;
  void setUpLanes(DeviceBuilder &b, DirectGroup &group);
  Value loadIndex(DeviceBuilder &b, const DirectGroup &group, Value sample);
  /// Which features: those that are there before other kernels have ended, those that are not, or both.
  enum class Part { Early, Late, All };
  bool isPart(Part part, ArrayRef<unsigned> features);
  void copyRows(DeviceBuilder &b, const DirectGroup &group, Value index, Value sample, Value tile, Part part);
  void gather(DeviceBuilder &b, ValueRange indices, Value sample, Value tile, Part part = Part::All);

  plan::KernelOp kernel;
  DeviceModule &module;
  RowRegion &region;
  Interaction &dots;
  KernelFunction function;
  std::optional<RowReader> reader;
  int64_t rowBytes = 0, elementBytes = 0, pitch = 0; ///< of every feature
  unsigned lanes = 1, groups = 32;
  SmallVector<DirectGroup, 2> direct;
  SmallVector<unsigned> others; ///< features that are pooled or copied through registers
};
} // namespace

//===----------------------------------------------------------------------===//
// Gathering
//===----------------------------------------------------------------------===//

bool InteractionEmitter::isDirect(const RowPiece &piece) const {
  if (!piece.isLookup)
    return getRowAlignment(kernel, piece.operand, piece.column) == 16;
  return piece.format.isPlain() && !piece.isBag() && !piece.padding &&
         (piece.policy == rec::OutOfRange::error || piece.policy == rec::OutOfRange::zero);
}

void InteractionEmitter::splitFeatures() {
  const RowPiece *firstLookup = nullptr;
  for (auto [i, piece] : llvm::enumerate(dots.features)) {
    // Lanes of a group follow one policy and one width of ids.
    bool isLike = !piece.isLookup || !firstLookup ||
                  (piece.policy == firstLookup->policy && piece.wideIds == firstLookup->wideIds);
    if (!isDirect(piece) || !isLike) {
      others.push_back(i);
      continue;
    }
    if (piece.isLookup && !firstLookup)
      firstLookup = &piece;
    if (direct.empty() || direct.back().features.size() == 32)
      direct.emplace_back();
    direct.back().features.push_back(i);
  }
}

/// One select a feature: each lane ends up with its own feature's value.
void InteractionEmitter::setUpLanes(DeviceBuilder &b, DirectGroup &group) {
  Value lane = laneIndex(b);
  if (group.features.size() < 32) // lanes without a feature do what the last does
    lane = arith::MinUIOp::create(b, lane, b.i32(group.features.size() - 1));
  auto choose = [&](llvm::function_ref<Value(const RowPiece &, unsigned)> valueOf) {
    Value chosen;
    for (auto [l, feature] : llvm::enumerate(group.features)) {
      Value value = valueOf(dots.features[feature], feature);
      if (!chosen)
        chosen = value;
      else if (value != chosen && (!b.constantOf(value) || b.constantOf(value) != b.constantOf(chosen)))
        chosen = b.select(b.equal(lane, l), value, chosen);
    }
    return chosen;
  };
  const RowPiece *lookup = nullptr;
  for (unsigned feature : group.features)
    if (dots.features[feature].isLookup && !lookup)
      lookup = &dots.features[feature];
  group.base = choose([&](const RowPiece &piece, unsigned) {
    return b.at(function.operands[piece.operand], piece.isLookup ? 0 : piece.column * elementBytes);
  });
  group.rowBytes = choose([&](const RowPiece &piece, unsigned) {
    return b.i64(piece.isLookup ? rowBytes : piece.rowStride * elementBytes);
  });
  group.numRows = choose(
      [&](const RowPiece &piece, unsigned) { return piece.isLookup ? function.dims[piece.rowsDim] : function.rows; });
  group.isInput = b.boolean(false);
  for (auto [l, feature] : llvm::enumerate(group.features))
    if (!dots.features[feature].isLookup)
      group.isInput = lookup ? b.either(group.isInput, b.equal(lane, l)) : b.boolean(true);
  if (lookup) {
    // Lanes of inputs read some lookup's id, and do not use it.
    auto orLookup = [&](const RowPiece &piece) { return piece.isLookup ? &piece : lookup; };
    group.idPointer = choose([&](const RowPiece &piece, unsigned) { return function.operands[orLookup(piece)->ids]; });
    group.idStride = choose([&](const RowPiece &piece, unsigned) { return b.i64(orLookup(piece)->idStride); });
    group.idColumn = choose([&](const RowPiece &piece, unsigned) { return b.i64(orLookup(piece)->idColumn); });
    group.table = choose([&](const RowPiece &piece, unsigned) { return b.i32(orLookup(piece)->operand); });
  }
  group.tileRow = choose([&](const RowPiece &, unsigned feature) { return b.i32(feature); });
}

static const RowPiece *lookupOf(const Interaction &dots, ArrayRef<unsigned> features) {
  for (unsigned feature : features)
    if (dots.features[feature].isLookup)
      return &dots.features[feature];
  return nullptr;
}

Value InteractionEmitter::loadIndex(DeviceBuilder &b, const DirectGroup &group, Value sample) {
  const RowPiece *lookup = lookupOf(dots, group.features);
  if (!lookup)
    return sample;
  unsigned bytes = lookup->wideIds ? 8 : 4;
  Value position = b.add(b.mul(sample, group.idStride), group.idColumn);
  Value id = b.loadInvariant(b.getIntegerType(bytes * 8), b.at(group.idPointer, b.mul(position, bytes)), bytes);
  if (!lookup->wideIds)
    id = arith::ExtSIOp::create(b, b.getI64Type(), id);
  return b.select(group.isInput, sample, id);
}

bool InteractionEmitter::hasEarlyIds() {
  return llvm::all_of(direct, [&](const DirectGroup &group) {
    return llvm::all_of(group.features, [&](unsigned feature) {
      const RowPiece &piece = dots.features[feature];
      return !piece.isLookup || kernel.getLayout(piece.ids).getConstant();
    });
  });
}

/// Features that one instruction copies belong together: if one must wait, all do.
bool InteractionEmitter::isPart(Part part, ArrayRef<unsigned> features) {
  auto isConstant = [&](unsigned operand) { return kernel.getLayout(operand).getConstant(); };
  bool isEarly = llvm::all_of(features, [&](unsigned feature) {
    const RowPiece &piece = dots.features[feature];
    return isConstant(piece.operand) && (!piece.isLookup || isConstant(piece.ids)) &&
           (!piece.offsets || isConstant(*piece.offsets)) && (!piece.weights || isConstant(*piece.weights));
  });
  return part == Part::All || isEarly == (part == Part::Early);
}

void InteractionEmitter::copyRows(DeviceBuilder &b, const DirectGroup &group, Value index, Value sample, Value tile,
                                  Part part) {
  Value good = b.lessU(index, group.numRows);
  const RowPiece *lookup = lookupOf(dots, group.features);
  if (lookup && lookup->policy == rec::OutOfRange::error && part != Part::Late)
    b.ifThen(b.negate(good), [&] {
      module.report(b, function.status, RECKON_KERNEL_ID_OUT_OF_RANGE, group.table,
                    b.add(b.mul(sample, group.idStride), group.idColumn), index);
    });
  Value address = b.select(good, b.at(group.base, b.mul(index, group.rowBytes)), reader->zeroRow());
  unsigned count = group.features.size();
  bool isRun = group.features.back() - group.features.front() + 1 == count;
  Value inGroup = lanes == 32 ? b.i32(0) : b.divU(laneIndex(b), lanes);
  unsigned vectors = rowBytes / 16;
  for (unsigned first = 0; first < count; first += groups) {
    if (!isPart(part, ArrayRef(group.features).slice(first, std::min(groups, count - first))))
      continue;
    Value source = b.add(inGroup, first);
    Value from = b.shuffle(address, source);
    Value row = isRun ? b.add(source, group.features.front()) : b.shuffle(group.tileRow, source);
    Value to = b.add(tile, b.mul(row, pitch));
    Value isThere = first + groups <= count ? b.boolean(true) : b.lessU(source, b.i32(count));
    for (unsigned vector = 0; vector < vectors; vector += lanes) {
      Value mine = b.add(reader->laneInGroup(), vector);
      Value copies = vector + lanes <= vectors ? isThere : b.both(isThere, b.lessU(mine, b.i32(vectors)));
      Value offset = b.mul(mine, 16);
      b.ifThen(copies, [&] { copyAsync16(b, b.add(to, offset), b.at(from, offset)); });
    }
  }
}

/// The rows of a part of a sample's features on their way into a tile.
void InteractionEmitter::gather(DeviceBuilder &b, ValueRange indices, Value sample, Value tile, Part part) {
  for (auto [group, index] : llvm::zip(direct, indices))
    copyRows(b, group, index, sample, tile, part);
  commitCopies(b);
  for (unsigned feature : others) {
    if (!isPart(part, feature))
      continue;
    const RowPiece &piece = dots.features[feature];
    Value row = b.add(tile, feature * pitch);
    if (piece.isLookup) {
      RowLayout layout = reader->layoutOf(piece);
      unsigned unroll = std::max(1u, 8 / layout.perLane);
      if (!piece.offsets)
        unroll = std::min<unsigned>(unroll, llvm::divideCeil(piece.count, groups));
      PooledRow pooled = reader->readBag(piece, sample, groups, std::max(1u, unroll));
      for (unsigned j = 0; j < pooled.raw.size(); ++j) {
        Value raw = pooled.raw[j];
        Value vector = b.add(reader->laneInGroup(), j * lanes);
        Value writes = b.both(b.lessU(laneIndex(b), b.i32(lanes)), b.lessU(vector, b.i32(layout.vectors)));
        b.ifThen(writes, [&] { b.store(raw, b.sharedPointer(b.add(row, b.mul(vector, 16))), 16); });
      }
      continue;
    }
    // An input whose rows are not aligned: element by element or as wide as its alignment is.
    unsigned width = getRowAlignment(kernel, piece.operand, piece.column);
    Value from = b.at(function.operands[piece.operand],
                      b.add(b.mul(sample, piece.rowStride * elementBytes), piece.column * elementBytes));
    Value lane = laneIndex(b);
    SmallVector<Value> raw;
    unsigned count = rowBytes / width, steps = llvm::divideCeil(count, 32);
    for (unsigned i = 0; i < steps; ++i) {
      Value at = b.add(lane, i * 32);
      if ((i + 1) * 32 > count)
        at = b.select(b.lessU(at, b.i32(count)), at, b.i32(0));
      raw.push_back(b.loadInvariant(b.rawType(width), b.at(from, b.mul(at, width)), width));
    }
    for (unsigned i = 0; i < steps; ++i) {
      Value at = b.add(lane, i * 32);
      b.ifThen((i + 1) * 32 > count ? b.lessU(at, b.i32(count)) : b.boolean(true),
               [&] { b.store(raw[i], b.sharedPointer(b.add(row, b.mul(at, width))), width); });
    }
  }
}

//===----------------------------------------------------------------------===//
// The kernel
//===----------------------------------------------------------------------===//

LaunchPlan InteractionEmitter::emit(bool early) {
  Type type = dots.features[0].elementType;
  unsigned threads = blockWarps * 32;
  function = module.createKernel(kernel.getSymName(), kernel, threads);
  DeviceBuilder b(function.getBuilder());
  reader.emplace(b, module, function, kernel, lanes);

  PairProducts products(dots, pitch, type);
  unsigned tileBytes = dots.features.size() * pitch;
  unsigned warpBytes = tileBytes + products.stagingBytes();
  Value warp = b.shiftRight(threadIndex(b), 5);
  Value shared = b.add(b.sharedAddress(module.getDynamicShared(b)), b.mul(warp, warpBytes));
  Value staging = b.add(shared, tileBytes);
  for (DirectGroup &group : direct)
    setUpLanes(b, group);
  products.setUp(b);

  // Registers are bounded so that as many blocks fit as the grid has: what does not fit would be a second wave.
  // Long rows, single floats and pooling want registers, short rows warps.
  unsigned residentWarps = rowBytes >= 128 || type.isF32() || !others.empty() ? 16 : 32;
  Value first = b.widen(b.add(b.mul(blockIndex(b), blockWarps), warp));
  Value step = b.widen(b.mul(gridSize(b), blockWarps)), last = b.add(function.rows, -1);
  auto clamp = [&](Value sample) -> Value { return b.select(b.lessS(sample, function.rows), sample, last); };
  auto loadIndices = [&](Value sample) {
    SmallVector<Value> indices;
    for (const DirectGroup &group : direct)
      indices.push_back(loadIndex(b, group, sample));
    return indices;
  };
  auto finish = [&](Value tile, Value sample) {
    warpBarrier(b);
    products.emit(b, tile, staging);
    warpBarrier(b);
    Value out = b.at(reader->outputRow(dots.target.operand, sample), dots.target.column * elementBytes);
    products.write(b, staging, out, getRowAlignment(kernel, dots.target.operand, dots.target.column));
    warpBarrier(b);
  };
  bool isSplit = early && function.usesPdl;
  b.ifThen(b.lessS(first, function.rows), [&] {
    SmallVector<Value> indices = loadIndices(first);
    if (isSplit)
      gather(b, indices, first, shared, Part::Early);
    if (hasEarlyIds())
      function.waitForGridDependencies(b);
    b.loop(first, function.rows, step, indices, [&](Value sample, ValueRange indices) {
      if (isSplit) {
        // The first sample of a warp has its early part.
        b.ifThen(b.negate(b.lessS(sample, step)), [&] { gather(b, indices, sample, shared, Part::Early); });
        gather(b, indices, sample, shared, Part::Late);
      } else {
        gather(b, indices, sample, shared);
      }
      SmallVector<Value> next = loadIndices(clamp(b.add(sample, step)));
      waitCopies(b);
      finish(shared, sample);
      return next;
    });
  });

  LaunchPlan launch;
  launch.function = function.getName();
  launch.blockThreads = threads;
  launch.sharedBytes = blockWarps * warpBytes;
  launch.grid = {SizeExpr::ceilDiv(region.rows, SizeExpr(blockWarps))};
  const GpuTarget &gpu = module.getTarget();
  launch.blocksPerSm = std::min(gpu.blocksByShared(launch.sharedBytes), gpu.warpsPerSm / blockWarps);
  launch.blocksPerSm = std::max(1u, std::min(launch.blocksPerSm, residentWarps / blockWarps));
  function.function->setAttr(NVVM::NVVMDialect::getMinctasmAttrName(), b.getI32IntegerAttr(launch.blocksPerSm));
  return launch;
}

EmitResult nvptx::emitInteraction(plan::KernelOp kernel, DeviceModule &module) {
  std::optional<RowRegion> region = analyzeRowRegion(kernel);
  if (!region || !region->interaction || !region->pieces.empty() || region->scalarOutput)
    return std::nullopt;
  const Interaction &dots = *region->interaction;
  Type type = dots.features[0].elementType;
  int64_t bytes = dots.features[0].rowBytes();
  bool sameTypes = llvm::all_of(dots.features,
                                [&](const RowPiece &piece) { return piece.elementType == type && !piece.isCast(); }) &&
                   kernel.getOperandType(dots.target.operand).getElementType() == type;
  // Tensor cores take 16 columns at a time.
  if (!sameTypes || dots.features.size() > maxFeatures || dots.numPairs() == 0 || bytes % (type.isF32() ? 16 : 32) != 0)
    return std::nullopt;
  uint64_t warpBytes = dots.features.size() * (bytes + 16) + PairProducts(dots, bytes + 16, type).stagingBytes();
  if (blockWarps * warpBytes > module.getTarget().sharedPerBlock)
    return std::nullopt;
  KernelPlan plan;
  auto add = [&](bool early) -> LaunchPlan & {
    return plan.launches.emplace_back(InteractionEmitter(kernel, module, *region).emit(early));
  };
  // What a warp does for its first sample alone, or not, costs registers and a branch for all others.
  if (module.canStartEarly() && InteractionEmitter(kernel, module, *region).hasEarlyIds())
    add(/*early=*/true).maxRows = InteractionEmitter::maxEarlyRows;
  add(/*early=*/false);
  return FailureOr<KernelPlan>(std::move(plan));
}
