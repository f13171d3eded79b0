//===- LinearWgmma.cpp - Linear layers on warpgroup matrix instructions -----------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//
//
// One block an SM takes tiles of the result until none is left. Its last warp fetches 128 bytes of the inner dimension
// at a time with bulk tensor copies, into a ring of stages; each of its warpgroups multiplies 64 rows by all columns of
// the tile. A stage has two barriers: `full` completes when its bytes have arrived, `empty` when all warps have read
// it. The ring runs on over tile boundaries, so copies of the next tile go on while sums are finished.
//
// For few rows the inner dimension of a tile is split over a cluster. Each block leaves its sums in shared memory, and
// finishes a share of the rows from what all blocks of the cluster left.
//
// The `wgmma` packing orders the weight's columns so that four neighbouring pairs of accumulators of a thread are eight
// neighbouring columns: the tail loads and stores 16 bytes of a row without any exchange between threads.
//
//===------------------------------------------------------------------------------===//

#include "lib/Codegen/NVPTX/LinearKernels.h"
#include "lib/Codegen/NVPTX/LinearPacking.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::nvptx;

/// Bytes of the inner dimension in a stage: the width of the swizzle.
constexpr int64_t stageRowBytes = 128;

static uint64_t stageBytes(WgmmaTile tile) { return (64 * tile.groups + tile.columns) * stageRowBytes; }
uint64_t WgmmaTile::sharedBytes() const { return stages * (stageBytes(*this) + 16); }

namespace {

class WgmmaEmitter {
public:
  WgmmaEmitter(Ptx &p, const LinearLayer &layer, KernelFunction &kernel, WgmmaTile tile, Value shared)
      : p(p), layer(layer), kernel(kernel), tile(tile), shared(shared) {
    base = p.sharedAddress(shared);
    stageElements = stageRowBytes / layer.elementBytes();
    steps = llvm::divideCeil(layer.k, stageElements);
    columnTiles = llvm::divideCeil(layer.n, int64_t(tile.columns));
    rows = p.narrow(p.mul(kernel.rows, layer.rowsPerSample));
    numTiles = p.mul(p.div(p.add(rows, 64 * tile.groups - 1), 64 * tile.groups), columnTiles);
    firstStep = p.i32(0);
    endStep = p.i32(steps);
    if (tile.split > 1) {
      Value rank = p.rem(p.block(), tile.split);
      firstStep = p.div(p.mul(rank, steps), tile.split);
      endStep = p.div(p.mul(p.add(rank, 1), steps), tile.split);
    }
  }

  void initBarriers();
  void produce();
  void consume();
  /// Of a cluster that shares a tile, after produce() or consume(): by all threads.
  void finishTogether();

private:
  /// Where in the ring a warp is: a stage, and the parity of the round.
  struct Position {
    Value stage, parity;
  };
  Position start() { return {p.i32(0), p.i32(0)}; }
  Position next(Position position) {
    Value following = p.add(position.stage, 1), wraps = p.eq(following, tile.stages);
    return {p.select(wraps, p.i32(0), following),
            p.select(wraps, p.bitXor(position.parity, p.i32(1)), position.parity)};
  }
  Value full(Value stage) { return p.add(p.add(base, p.mul(stage, 8)), tile.stages * stageBytes(tile)); }
  Value empty(Value stage) { return p.add(full(stage), 8 * tile.stages); }
  Value stageAddress(Value stage) { return p.add(base, p.mul(stage, stageBytes(tile))); }

  void wait(Value barrier, Value parity);
  void copy(unsigned map, Value to, Value inner, Value outer, Value barrier);
  /// sums (+)= one stage; on return all but this stage's products are done.
  void multiply(MutableArrayRef<Value> sums, Value stage, Value group, bool accumulate);
  void release(Value stage);
  /// The sums of a tile over its steps; moves the position past them.
  Values addUp(Position &position, Value group);
  void finish(LinearTail &tail, ArrayRef<Value> sums, Value rowTile, Value columnTile, Value group);
  void leave(ArrayRef<Value> sums);
  void forEachTile(ValueRange init, llvm::function_ref<Values(Value rowTile, Value columnTile, ValueRange)> body);
  /// The eight neighbouring columns a thread has in a block of 32, in its upper or lower row.
  Values run(ArrayRef<Value> sums, unsigned block, unsigned half) {
    Values values;
    for (unsigned pair = 0; pair < 4; ++pair)
      for (unsigned e = 0; e < 2; ++e)
        values.push_back(sums[(4 * block + pair) * 4 + 2 * half + e]);
    return values;
  }
  /// The row of a tile of 64 that a thread's lower sums belong to.
  Value rowInGroup() {
    Value thread = p.bitAnd(p.thread(), 127);
    return p.add(p.shl(p.shr(thread, 5), 4), p.bitAnd(p.shr(thread, 2), 7));
  }
  unsigned leftRowBytes() const { return (tile.columns + 4) * 4; }

  Ptx &p;
  const LinearLayer &layer;
  KernelFunction &kernel;
  WgmmaTile tile;
  Value shared, base, rows, numTiles;
  Value firstStep, endStep; ///< of this block
  int64_t stageElements, steps, columnTiles;
};

} // namespace

void WgmmaEmitter::initBarriers() {
  p.ifThen(p.eq(p.thread(), 0), [&] {
    for (unsigned stage = 0; stage < tile.stages; ++stage) {
      p.inlinePtx({}, "mbarrier.init.shared::cta.b64 [$0], 1;", "r", {full(p.i32(stage))});
      p.inlinePtx({}, "mbarrier.init.shared::cta.b64 [$0], " + std::to_string(4 * tile.groups) + ";", "r",
                  {empty(p.i32(stage))});
    }
    p.inlinePtx({}, "fence.mbarrier_init.release.cluster;", "", {});
  });
  p.barrier();
}

void WgmmaEmitter::wait(Value barrier, Value parity) {
  p.inlinePtx({},
              "{\n.reg .pred done;\nAGAIN:\nmbarrier.try_wait.parity.shared::cta.b64 done, [$0], $1;\n@done bra "
              "DONE;\nbra AGAIN;\nDONE:\n}",
              "rr", {barrier, parity});
}

void WgmmaEmitter::copy(unsigned map, Value to, Value inner, Value outer, Value barrier) {
  Value address = LLVM::PtrToIntOp::create(p.b, p.b.getI64Type(), kernel.tensorMaps[map]);
  p.inlinePtx({},
              "cp.async.bulk.tensor.2d.shared::cluster.global.tile.mbarrier::complete_tx::bytes [$0], [$1, {$2, $3}], "
              "[$4];",
              "rlrrr", {to, address, inner, outer, barrier});
}

void WgmmaEmitter::forEachTile(ValueRange init, llvm::function_ref<Values(Value, Value, ValueRange)> body) {
  Value first = p.div(p.block(), tile.split), stride = p.div(p.blocks(), tile.split);
  p.loop(first, numTiles, stride, init, [&](Value index, ValueRange carried) {
    return body(p.div(index, columnTiles), columnTiles == 1 ? p.i32(0) : p.rem(index, columnTiles), carried);
  });
}

void WgmmaEmitter::produce() {
  Position begin = start();
  forEachTile({begin.stage, begin.parity}, [&](Value rowTile, Value columnTile, ValueRange carried) {
    Value row = p.mul(rowTile, 64 * tile.groups), column = p.mul(columnTile, tile.columns);
    return p.loop(firstStep, endStep, p.i32(1), carried, [&](Value step, ValueRange inner) -> Values {
      Position position{inner[0], inner[1]};
      wait(empty(position.stage), p.bitXor(position.parity, p.i32(1)));
      Value barrier = full(position.stage), to = stageAddress(position.stage), k = p.mul(step, stageElements);
      p.inlinePtx({}, "mbarrier.arrive.expect_tx.shared::cta.b64 _, [$0], " + std::to_string(stageBytes(tile)) + ";",
                  "r", {barrier});
      copy(0, to, k, row, barrier);
      copy(1, p.add(to, 64 * tile.groups * stageRowBytes), k, column, barrier);
      Position following = next(position);
      return {following.stage, following.parity};
    });
  });
}

void WgmmaEmitter::multiply(MutableArrayRef<Value> sums, Value stage, Value group, bool accumulate) {
  // A matrix descriptor: address / 16, then for rows of 128 swizzled bytes the distance of groups of eight (1024 / 16)
  // at bit 32 and the swizzle at bit 62.
  auto descriptor = [&](Value address) {
    constexpr int64_t fixed = (int64_t(1) << 62) | (int64_t(64) << 32) | (int64_t(1) << 16);
    return p.bitOr(p.wide(p.shr(address, 4)), p.i64(fixed));
  };
  Value a = stageAddress(stage), b = p.add(a, 64 * tile.groups * stageRowBytes);
  Values operands = {descriptor(p.add(a, p.mul(group, 64 * stageRowBytes))), descriptor(b), p.i32(accumulate ? 1 : 0)};
  size_t count = sums.size();
  std::string registers = "{";
  for (size_t i = 0; i < count; ++i)
    registers += (i ? ", $" : "$") + std::to_string(i);
  registers += "}";
  auto operand = [&](unsigned i) { return "$" + std::to_string(count + i); };
  std::string kind = layer.type.isF16()    ? "k16.f32.f16.f16"
                     : layer.type.isBF16() ? "k16.f32.bf16.bf16"
                                           : "k8.f32.tf32.tf32";
  std::string text =
      "{\n.reg .pred keep;\n.reg .b64 a, b;\nsetp.ne.b32 keep, " + operand(2) + ", 0;\nwgmma.fence.sync.aligned;\n";
  // A step of the instruction is 32 bytes of the inner dimension.
  for (unsigned step = 0; step < 4; ++step) {
    text += "add.s64 a, " + operand(0) + ", " + std::to_string(2 * step) + ";\n";
    text += "add.s64 b, " + operand(1) + ", " + std::to_string(2 * step) + ";\n";
    text += "wgmma.mma_async.sync.aligned.m64n" + std::to_string(tile.columns) + kind + " " + registers + ", a, b, " +
            (step ? "1" : "keep") + ", 1, 1" + (layer.elementBytes() == 2 ? ", 0, 0" : "") + ";\n";
  }
  text += "wgmma.commit_group.sync.aligned;\nwgmma.wait_group.sync.aligned 1;\n}";
  operands.append(sums.begin(), sums.end());
  Values results = p.inlinePtx(SmallVector<Type>(count, p.b.getF32Type()), text,
                               std::string(count, 'f') + "llr" + std::string(count, '#'), operands);
  llvm::copy(results, sums.begin());
}

void WgmmaEmitter::release(Value stage) {
  p.ifThen(p.eq(p.bitAnd(p.thread(), 31), 0),
           [&] { p.inlinePtx({}, "mbarrier.arrive.shared::cta.b64 _, [$0];", "r", {empty(stage)}); });
}

void WgmmaEmitter::finish(LinearTail &tail, ArrayRef<Value> sums, Value rowTile, Value columnTile, Value group) {
  Value row = p.add(p.add(p.mul(rowTile, 64 * tile.groups), p.mul(group, 64)), rowInGroup());
  Value column = p.add(p.mul(columnTile, tile.columns), p.mul(p.bitAnd(p.thread(), 3), 8));
  unsigned blocks = tile.columns / 32;
  // Inside the matrix there is nothing to check, and loads of later runs can overtake stores of earlier ones.
  Value isInside = p.compare(arith::CmpIPredicate::ule, p.mul(p.add(rowTile, 1), 64 * tile.groups), rows);
  if (layer.n % tile.columns)
    isInside = p.both(isInside,
                      p.compare(arith::CmpIPredicate::ule, p.mul(p.add(columnTile, 1), tile.columns), p.i32(layer.n)));
  p.ifElse(
      isInside,
      [&] {
        // Where a block has an SM's registers to itself, the loads of four runs are under way together.
        unsigned batch = tile.columns * tile.groups > 256 ? 4 : 1;
        for (unsigned half = 0; half < 2; ++half)
          for (unsigned first = 0; first < blocks; first += batch) {
            SmallVector<LinearTail::Inputs> inputs;
            auto each = [&](auto body) {
              for (unsigned block = first; block < std::min(first + batch, blocks); ++block)
                body(block, p.add(row, 8 * half), p.add(column, 32 * block));
            };
            each([&](unsigned, Value row, Value column) { inputs.push_back(tail.fetch(row, column, 8)); });
            each([&](unsigned block, Value row, Value column) {
              tail.finishInside(row, column, run(sums, block, half), inputs[block - first]);
            });
          }
      },
      [&] {
        for (unsigned half = 0; half < 2; ++half)
          p.ifThen(p.lt(p.add(row, 8 * half), rows), [&] {
            for (unsigned block = 0; block < blocks; ++block)
              tail.finish(p.add(row, 8 * half), p.add(column, 32 * block), run(sums, block, half));
          });
      });
}

Values WgmmaEmitter::addUp(Position &position, Value group) {
  unsigned count = tile.columns / 2;
  Values sums(count, LLVM::UndefOp::create(p.b, p.b.getF32Type()));
  wait(full(position.stage), position.parity);
  multiply(sums, position.stage, group, /*accumulate=*/false);
  Position following = next(position);
  Values state = {position.stage, following.stage, following.parity};
  state.append(sums);
  state = p.loop(p.add(firstStep, 1), endStep, p.i32(1), state, [&](Value, ValueRange values) {
    Position here{values[1], values[2]};
    Values inner(values.drop_front(3));
    wait(full(here.stage), here.parity);
    multiply(inner, here.stage, group, /*accumulate=*/true);
    release(values[0]); // the stage before: its products are done
    Position after = next(here);
    Values result = {here.stage, after.stage, after.parity};
    result.append(inner);
    return result;
  });
  sums.assign(state.begin() + 3, state.end());
  sums = p.inlinePtx(SmallVector<Type>(count, p.b.getF32Type()), "wgmma.wait_group.sync.aligned 0;",
                     std::string(count, 'f') + std::string(count, '#'), sums);
  release(state[0]);
  position = {state[1], state[2]};
  return sums;
}

void WgmmaEmitter::consume() {
  LinearTail tail(p, layer, kernel.operands);
  Value group = p.shr(p.thread(), 7);
  Position begin = start();
  forEachTile({begin.stage, begin.parity}, [&](Value rowTile, Value columnTile, ValueRange carried) -> Values {
    Position position{carried[0], carried[1]};
    Values sums = addUp(position, group);
    if (tile.split > 1)
      leave(sums);
    else
      finish(tail, sums, rowTile, columnTile, group);
    return {position.stage, position.parity};
  });
}

void WgmmaEmitter::leave(ArrayRef<Value> sums) {
  // The stages are read by the whole group before sums take their place.
  p.inlinePtx({}, "bar.sync 1, 128;", "", {});
  for (unsigned half = 0; half < 2; ++half)
    for (unsigned block = 0; block < tile.columns / 32; ++block) {
      Value row = p.add(rowInGroup(), 8 * half);
      Value to = p.at(p.at(shared, p.mul(row, leftRowBytes())), p.shl(p.bitAnd(p.thread(), 3), 5));
      Values values = run(sums, block, half);
      for (unsigned part = 0; part < 2; ++part)
        p.storeWords(ArrayRef<Value>(values).slice(4 * part, 4), p.at(to, 128 * block + 16 * part));
    }
}

void WgmmaEmitter::finishTogether() {
  auto meet = [&] { p.inlinePtx({}, "barrier.cluster.arrive.release;\nbarrier.cluster.wait.acquire;", "", {}); };
  meet();
  Value index = p.div(p.block(), tile.split), rank = p.rem(p.block(), tile.split);
  unsigned share = 64 / tile.split, runs = tile.columns / 8;
  Value firstRow = p.mul(p.div(index, columnTiles), 64), firstColumn = p.mul(p.rem(index, columnTiles), tile.columns);
  LinearTail tail(p, layer, kernel.operands);
  Type f32 = p.b.getF32Type();
  p.loop(p.thread(), p.i32(share * runs), p.i32(128 * tile.groups + 32), [&](Value i) {
    Value rowInTile = p.add(p.mul(rank, share), p.div(i, runs)), columnInTile = p.shl(p.rem(i, runs), 3);
    Value row = p.add(firstRow, rowInTile);
    p.ifThen(p.lt(row, rows), [&] {
      Value address = p.add(p.add(base, p.mul(rowInTile, leftRowBytes())), p.shl(columnInTile, 2));
      Values sums(8, p.f32(0));
      for (unsigned other = 0; other < tile.split; ++other)
        for (unsigned part = 0; part < 2; ++part) {
          std::string text = "{\n.reg .b32 there;\nmapa.shared::cluster.u32 there, $4, " + std::to_string(other) +
                             ";\nld.shared::cluster.v4.f32 {$0, $1, $2, $3}, [there];\n}";
          Values values = p.inlinePtx({f32, f32, f32, f32}, text, "ffffr", {p.add(address, 16 * part)});
          for (unsigned e = 0; e < 4; ++e)
            sums[4 * part + e] = p.addf(sums[4 * part + e], values[e]);
        }
      tail.finish(row, p.add(firstColumn, columnInTile), sums);
    });
  });
  meet(); // nobody leaves while its sums are read
}

LaunchPlan nvptx::emitLinearWgmma(const LinearLayer &layer, DeviceModule &module, unsigned weight, WgmmaTile tile) {
  int64_t bytes = layer.elementBytes(), paddedK = paddedRowElements(layer.k, bytes);
  unsigned stageElements = stageRowBytes / bytes;
  SizeExpr rows = layer.matrixRows();
  TensorMapPlan x, w;
  x.operand = layer.x.operand;
  x.elementType = w.elementType = layer.type;
  x.sizes = {SizeExpr(layer.k), rows};
  x.strides = {SizeExpr(layer.x.stride * bytes)};
  x.box = {stageElements, 64 * tile.groups};
  w.operand = weight;
  w.sizes = {SizeExpr(paddedK), SizeExpr(wgmmaRows(layer.n))};
  w.strides = {SizeExpr(paddedK * bytes)};
  w.box = {stageElements, tile.columns};
  x.swizzle = w.swizzle = stageRowBytes;

  LaunchPlan launch;
  // The last warpgroup only fetches. Where sums are many it gives its registers to the others, which takes a whole one.
  bool moveRegisters = tile.groups == 2 && tile.columns > 128;
  launch.blockThreads = 128 * tile.groups + (moveRegisters ? 128 : 32);
  launch.sharedBytes = tile.sharedBytes();
  launch.tensorMaps = {x, w};
  launch.grid = {SizeExpr::ceilDiv(rows, SizeExpr(64 * tile.groups)) *
                 SizeExpr(llvm::divideCeil(layer.n, int64_t(tile.columns)) * tile.split)};
  // As many blocks as shared memory and registers hold; 227 KiB and 64 Ki registers an SM.
  unsigned byShared = (227 * 1024) / (launch.sharedBytes + 1024), byThreads = tile.columns * tile.groups > 256 ? 1 : 2;
  unsigned blocksPerSm = std::max(1u, std::min(byShared, byThreads));
  std::string name = (layer.kernel.getSymName() + "_wgmma" + Twine(64 * tile.groups) + "x" + Twine(tile.columns)).str();
  if (tile.split > 1) {
    name += "_split" + std::to_string(tile.split);
    launch.cluster = tile.split;
  } else {
    launch.blocksPerSm = blocksPerSm;
  }
  KernelFunction kernel = module.createKernel(name, layer.kernel, launch.blockThreads, launch.tensorMaps);
  launch.function = kernel.getName();
  ImplicitLocOpBuilder b = kernel.getBuilder();
  kernel.function->setAttr(NVVM::NVVMDialect::getMinctasmAttrName(), b.getI32IntegerAttr(blocksPerSm));
  Ptx p(b);
  WgmmaEmitter emitter(p, layer, kernel, tile, module.getDynamicShared(b));
  emitter.initBarriers();
  Value warp = p.shr(p.thread(), 5);
  auto setRegisters = [&](StringRef how) {
    if (moveRegisters)
      p.inlinePtx({}, ("setmaxnreg." + how + ";").str(), "", {});
  };
  p.ifElse(
      p.lt(warp, p.i32(4 * tile.groups)),
      [&] {
        setRegisters("inc.sync.aligned.u32 240");
        emitter.consume();
      },
      [&] {
        setRegisters("dec.sync.aligned.u32 24");
        p.ifThen(p.eq(p.thread(), 128 * tile.groups), [&] { emitter.produce(); });
      });
  if (tile.split > 1)
    emitter.finishTogether();
  return launch;
}
