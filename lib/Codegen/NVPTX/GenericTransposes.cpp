//===- GenericTransposes.cpp - Transposes of the generic emitter ------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//
//
// A block reads a tile with neighbours along the last dimension, and writes it through shared memory with neighbours
// along what becomes the last one. Layers in front are computed as the tile is read, layers behind as it is written.
//
//===------------------------------------------------------------------------------===//

#include "lib/Codegen/Loops/Scalar.h"
#include "lib/Codegen/NVPTX/GenericEmitter.h"
#include "lib/Codegen/NVPTX/Instructions.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::nvptx;
using namespace reckon::loops;

/// Bytes of a tile, of one that has whole matrices, of a run that is read at once, and of what memory reads and writes
/// whole. Larger tiles have more elements a thread, and then fewer threads for a multiprocessor's registers.
static constexpr int64_t tileBytes = 4096, wholeBytes = 9216, runBytes = 128, sectorBytes = 32;

rec::TransposeOp GenericEmitter::findTransposed(plan::KernelOp kernel) {
  Block &body = kernel.getBody().front();
  if (body.getTerminator()->getNumOperands() != 1)
    return {};
  rec::TransposeOp found;
  for (Operation &op : body.without_terminator()) {
    auto transpose = dyn_cast<rec::TransposeOp>(op);
    if (transpose && transpose.getPerm().back() + 1 != transpose.getType().getRank()) {
      if (found)
        return {};
      found = transpose;
    } else if (!isa<rec::ConstantOp>(op) && !op.hasTrait<rec::Pointwise>() && !op.hasTrait<rec::View>()) {
      return {};
    }
  }
  return found;
}

namespace {
/// Dimensions that are neighbours before the transpose and behind it.
struct Axes {
  SmallVector<int64_t> axes; ///< of the operand
  SizeExpr size = 1;
  int64_t tile = 1; ///< of which a block takes as many indices

  SizeExpr tiles() const { return SizeExpr::ceilDiv(size, tile); }
};

/// The dimensions of a transpose as a tile is laid out: those that are neither read nor written along, those that
/// become the last, and the last.
struct Tile {
  SmallVector<Axes> parts;

  Tile(rec::TransposeOp op, int64_t elementBytes);
  /// The index in the operand, of sizes `extents`, of an index along the parts. `split` takes an index of all
  /// dimensions of a part as one apart.
  using Split = llvm::function_ref<SmallVector<Value>(Value, ArrayRef<Value>)>;
  SmallVector<Value> indexOf(ArrayRef<Value> at, ArrayRef<Value> extents, Split split) const;
  int64_t elements() const { return parts[0].tile * parts[1].tile * parts[2].tile; }
  SizeExpr tiles() const { return parts[0].tiles() * parts[1].tiles() * parts[2].tiles(); }
};
} // namespace

/// The size cut into as few parts as have at most `most`, about equal ones of whole sectors.
static int64_t cut(const SizeExpr &size, int64_t most, int64_t sector) {
  std::optional<int64_t> number = size.constant();
  if (!number || *number == 0)
    return most;
  if (*number <= most)
    return *number;
  return std::min<int64_t>(llvm::alignTo(llvm::divideCeil(*number, llvm::divideCeil(*number, most)), sector), most);
}

Tile::Tile(rec::TransposeOp op, int64_t elementBytes) : parts(3) {
  rec::Shape shape = rec::getShape(op.getX());
  ArrayRef<int64_t> perm = op.getPerm();
  int64_t rank = perm.size();
  // What follows the last dimension of the result up to it, and what ends with the operand's last one.
  SmallVector<unsigned> partOf(rank, 0);
  for (int64_t d = rank - 1, axis = perm[d]; d >= 0 && perm[d] == axis; --d, --axis)
    partOf[axis] = 1;
  auto inverse = llvm::find(perm, rank - 1) - perm.begin();
  for (int64_t d = inverse, axis = rank - 1; d >= 0 && perm[d] == axis; --d, --axis)
    partOf[axis] = 2;
  for (int64_t axis = 0; axis < rank; ++axis) {
    parts[partOf[axis]].axes.push_back(axis);
    parts[partOf[axis]].size = parts[partOf[axis]].size * shape[axis];
  }
  Axes &rest = parts[0], &written = parts[1], &read = parts[2];
  bool isWhole = (written.size * read.size).constant().value_or(INT64_MAX) <= wholeBytes / elementBytes;
  int64_t budget = (isWhole ? wholeBytes : tileBytes) / elementBytes, sector = sectorBytes / elementBytes;
  read.tile = cut(read.size, isWhole ? budget : runBytes / elementBytes, sector);
  written.tile = cut(written.size, std::max<int64_t>(budget / read.tile, 1), sector);
  read.tile = cut(read.size, std::max<int64_t>(budget / written.tile, 1), sector);
  rest.tile = cut(rest.size, std::max<int64_t>(budget / (written.tile * read.tile), 1), 1);
}

SmallVector<Value> Tile::indexOf(ArrayRef<Value> at, ArrayRef<Value> extents, Split split) const {
  SmallVector<Value> index(extents.size());
  for (auto [part, of] : llvm::zip(parts, at)) {
    SmallVector<Value> sizes = llvm::map_to_vector(part.axes, [&](int64_t axis) { return extents[axis]; });
    for (auto [axis, value] : llvm::zip(part.axes, sizes.empty() ? SmallVector<Value>() : split(of, sizes)))
      index[axis] = value;
  }
  return index;
}

LogicalResult GenericEmitter::emitTransposed(rec::TransposeOp op) {
  Type type = elementTypeOf(op.getX());
  int64_t elementBytes = storageType(type).getIntOrFloatBitWidth() / 8;
  Tile tile(op, elementBytes);
  SmallVector<Value> extents = sizes(op.getX()), counts, totals;
  for (const Axes &part : tile.parts) {
    counts.push_back(size(part.tiles()));
    totals.push_back(size(part.size));
  }
  // Rows of odd length, so that a column of them is in different banks.
  int64_t pitch = tile.parts[2].tile | 1, steps = llvm::divideCeil(tile.elements(), blockThreads);
  Value shared =
      module.createShared(b, llvm::divideCeil(steps * blockThreads, tile.parts[2].tile) * pitch * elementBytes);
  shared = LLVM::AddrSpaceCastOp::create(b, LLVM::LLVMPointerType::get(b.getContext()), shared);
  StridedView place{shared, {constantIndex(1)}, type};
  Epilogue epilogue = takeEpilogue(op.getResult(), {}, {});

  launch.grid = {tile.tiles()};
  llvm::SaveAndRestore<bool> inside(alone, true);
  Value total = mul(mul(counts[0], counts[1]), counts[2]);
  auto loop = scf::ForOp::create(b, group, total, arith::ExtUIOp::create(b, b.getI64Type(), gridSize(b)));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  SmallVector<Value> first = unflatten(loop.getInductionVar(), counts);
  for (auto [at, part] : llvm::zip(first, tile.parts))
    at = mul(at, constantIndex(part.tile));

  /// The thread's place in the tile in a step, along the parts in an order.
  auto placeOf = [&](int64_t step, ArrayRef<unsigned> order) {
    SmallVector<Value> sizes, result(3);
    for (unsigned part : order)
      sizes.push_back(constantIndex(tile.parts[part].tile));
    SmallVector<Value> at = unflatten(add(lane, constantIndex(step * blockThreads)), sizes);
    for (auto [part, value] : llvm::zip(order, at))
      result[part] = value;
    return result;
  };
  auto slot = [&](Index at) {
    Value line = add(mul(at[0], constantIndex(tile.parts[1].tile)), at[1]);
    return add(mul(line, constantIndex(pitch)), at[2]);
  };
  auto split = [&](Value at, Index sizes) { return unflatten(at, sizes); };
  SmallVector<Value> elements, slots;
  for (int64_t step = 0; step < steps; ++step) {
    SmallVector<Value> at = placeOf(step, {0, 1, 2});
    slots.push_back(slot(at));
    // What lies beyond the tensor is its last.
    for (unsigned d = 0; d < 3; ++d)
      at[d] = arith::MinSIOp::create(b, add(first[d], at[d]), sub(totals[d], constantIndex(1)));
    elements.push_back(element(op.getX(), tile.indexOf(at, extents, split)));
  }
  for (auto [at, element] : llvm::zip(slots, elements))
    store(element, place, at);
  nvptx::barrier(b);
  for (int64_t step = 0; step < steps; ++step) {
    SmallVector<Value> at = placeOf(step, {0, 2, 1});
    Value element = load(place, slot(at)), isThere = arith::ConstantOp::create(b, b.getBoolAttr(true));
    for (unsigned d = 0; d < 3; ++d) {
      auto isBelow = [&](Value value, Value end) {
        Value below = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, value, end);
        isThere = b.createOrFold<arith::AndIOp>(isThere, below);
      };
      if (d == 0)
        isBelow(at[0], constantIndex(tile.parts[0].tile));
      at[d] = add(first[d], at[d]);
      isBelow(at[d], totals[d]);
    }
    SmallVector<Value> index = tile.indexOf(at, extents, split), moved;
    for (int64_t axis : op.getPerm())
      moved.push_back(index[axis]);
    ifThen(isThere, [&] { finish(epilogue, moved, element); });
  }
  nvptx::barrier(b);
  return success();
}
