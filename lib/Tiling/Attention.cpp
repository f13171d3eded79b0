//===- Attention.cpp - Attention among the layers of a kernel ---------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//

#include "lib/Tiling/Attention.h"

#include "dialects/Rec/Shape.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::tiling;

/// Sums of that many values of a query, or of a result, fit into the registers of a warp.
static constexpr int64_t mostColumns = 256;

static rec::Shape shapeOf(Value value) { return rec::getShape(value); }

/// A dimension of the product's result, counted from its end.
static std::optional<int64_t> sizeOf(rec::MatmulOp product, unsigned fromEnd) {
  rec::Shape shape = shapeOf(product.getResult());
  return shape[shape.size() - fromEnd].constant();
}

Value Attention::pointwise() const {
  rec::SoftmaxOp op = softmax;
  rec::MatmulOp product = mix;
  return op ? op.getX() : product.getA();
}

int64_t Attention::queryDim() const {
  rec::MatmulOp product = scores;
  rec::Shape shape = shapeOf(product.getA());
  return shape[shape.size() - (product.getTransposeA() ? 2 : 1)].constant().value_or(0);
}

int64_t Attention::valueDim() const { return sizeOf(mix, 1).value_or(0); }
std::optional<int64_t> Attention::keys() const { return sizeOf(scores, 1); }
std::optional<int64_t> Attention::queries() const { return sizeOf(scores, 2); }

/// Collects the pointwise layers that a value comes from, and the product that they start from.
static rec::MatmulOp findScores(Value from, llvm::SmallDenseSet<Operation *> &between) {
  rec::Shape shape = shapeOf(from);
  rec::MatmulOp scores;
  SmallVector<Value> worklist{from};
  while (!worklist.empty()) {
    Operation *op = worklist.pop_back_val().getDefiningOp();
    if (!op || shapeOf(op->getResult(0)) != shape || between.contains(op))
      continue;
    if (auto product = dyn_cast<rec::MatmulOp>(op)) {
      if (scores && scores != product)
        return nullptr;
      scores = product;
    } else if (op->hasTrait<rec::Pointwise>()) {
      between.insert(op);
      worklist.append(op->operand_begin(), op->operand_end());
    }
  }
  return scores;
}

/// Leaves those of the layers that are computed from the product.
static void keepDependent(llvm::SmallDenseSet<Operation *> &layers, rec::MatmulOp product) {
  llvm::SmallDenseSet<Operation *> dependent;
  SmallVector<Operation *> worklist{product};
  while (!worklist.empty())
    for (Operation *user : worklist.pop_back_val()->getUsers())
      if (layers.contains(user) && dependent.insert(user).second)
        worklist.push_back(user);
  layers = std::move(dependent);
}

/// A softmax over the keys, in the products' type.
static bool isOverKeys(rec::SoftmaxOp softmax, Type type) {
  return softmax->hasOneUse() && !softmax.getLog() && softmax.getAxis() + 1 == shapeOf(softmax.getX()).size() &&
         softmax.getType().getElementType() == type;
}

std::optional<Attention> Attention::match(rec::MatmulOp mix) {
  auto softmax = mix.getA().getDefiningOp<rec::SoftmaxOp>();
  Type type = mix.getType().getElementType();
  if (mix.getTransposeA() || shapeOf(mix.getA()).size() < 2 || shapeOf(mix.getB()).size() < 2 ||
      !(type.isF16() || type.isBF16()) || (softmax && !isOverKeys(softmax, type)))
    return std::nullopt;
  Attention result{nullptr, softmax, mix, {}};
  result.scores = findScores(result.pointwise(), result.layers);
  if (!result.scores || result.scores.getA().getType().getElementType() != type ||
      shapeOf(result.scores.getA()).size() < 2 || shapeOf(result.scores.getB()).size() < 2)
    return std::nullopt;
  keepDependent(result.layers, result.scores);
  auto isInside = [&](Operation *user) {
    return (softmax ? user == softmax.getOperation() : user == mix.getOperation()) || result.layers.contains(user);
  };
  auto staysInside = [&](Operation *op) { return llvm::all_of(op->getUsers(), isInside); };
  // A value in registers is computed anew for every reader.
  auto isReadOnce = [](Operation *op) { return op->hasOneUse(); };
  if (!staysInside(result.scores) || !llvm::all_of(result.layers, staysInside) ||
      !llvm::all_of(result.layers, isReadOnce))
    return std::nullopt;
  auto fits = [](int64_t columns) { return columns > 0 && columns <= mostColumns; };
  if (!fits(result.queryDim()) || !fits(result.valueDim()))
    return std::nullopt;
  result.layers.insert(result.scores);
  if (softmax)
    result.layers.insert(softmax);
  return result;
}

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

/// For wgmma, blocks of rows of 128 bytes; for ldmatrix an odd number of 16 bytes a row, so that eight rows are in
/// different banks.
unsigned AttentionTile::tileBytes(unsigned rows, unsigned columns) const {
  return usesWgmma ? llvm::divideCeil(columns, 64) * rows * 128 : rows * (2 * columns + 16);
}

/// From here on wgmma was faster than mma.sync, with which blocks are smaller (docs/cuda-measurements.md).
static constexpr int64_t fewestKeysOfGroups = 512;
/// Shared memory holds no more of any head.
static constexpr int64_t mostKeysHeld = 1024;

AttentionTile AttentionTile::choose(const Attention &attention, const GpuTarget &gpu, bool canSplit) {
  AttentionTile tile;
  tile.queryDim = llvm::alignTo(attention.queryDim(), 16);
  tile.valueDim = llvm::alignTo(attention.valueDim(), 16);
  bool isWide = std::max(tile.queryDim, tile.valueDim) > 128;
  int64_t queries = attention.queries().value_or(INT64_MAX), keys = attention.keys().value_or(INT64_MAX);
  if (gpu.hasWgmma && !isWide) {
    AttentionTile groups = tile;
    groups.usesWgmma = true;
    groups.rowTiles = 1;
    groups.warps = queries <= 64 ? 4 : 8;
    if (keys <= mostKeysHeld) {
      groups.stages = llvm::divideCeil(keys, groups.keys);
      groups.holdsAll = gpu.blocksByShared(groups.sharedBytes()) >= 2;
    }
    if (groups.holdsAll)
      return groups;
    groups.stages = 2;
    if (canSplit && queries > groups.rows()) {
      groups.warps = 12;
      groups.copyWarps = 4;
      groups.stages = 4;
    }
    if (keys >= fewestKeysOfGroups)
      return groups;
  }
  // The sums of a warp and the scores have to fit into its registers.
  if (isWide || queries <= 64)
    tile.rowTiles = 1;
  // Two blocks hide each other's barriers.
  while (gpu.blocksByShared(tile.sharedBytes()) < 2 && tile.keys > 16)
    tile.keys /= 2;
  // Without a greatest score to keep nothing is gained by many at once.
  tile.scoreKeys = std::min(tile.keys, attention.softmax ? 64u : 32u);
  return tile;
}

/// Fewer keys are a few steps of one warp, which a kernel of rows has in registers.
static constexpr int64_t fewestKeys = 128;

bool tiling::isFasterInTiles(const Attention &attention) {
  return attention.keys().value_or(INT64_MAX) >= fewestKeys && attention.queries().value_or(INT64_MAX) >= 16;
}
