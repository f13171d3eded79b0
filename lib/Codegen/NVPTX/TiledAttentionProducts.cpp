//===- TiledAttentionProducts.cpp - Products of attention on tensor cores -===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//
//
// Scores and sums lie in registers alike for mma.sync, of a warp, and wgmma, of four: rows of a lane are eight apart,
// and of eight columns it has two neighbours. Scores are the left operand of the second product as they lie.
//
//===------------------------------------------------------------------------------===//

#include "lib/Codegen/NVPTX/Instructions.h"
#include "lib/Codegen/NVPTX/RawPtx.h"
#include "lib/Codegen/NVPTX/TiledAttention.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::nvptx;
using namespace reckon::loops;

/// Few words of queries stay in registers. wgmma reads them where they are, unless it would have to turn something.
void AttentionEmitter::loadQueries(DeviceBuilder &p) {
  unsigned steps = tile.queryDim / innerStep;
  bool isHeld = tile.usesWgmma ? queryTile.isTurned || keyTile.isTurned : tile.rowTiles * steps * 4 <= 32;
  if (!isHeld)
    return;
  meetCopies(p);
  for (unsigned step = 0; step < steps; ++step)
    heldQueries.push_back(queryWords(p, step));
}

SmallVector<WarpOperand::Tile> AttentionEmitter::queryWords(DeviceBuilder &p, unsigned inner) {
  if (inner < heldQueries.size())
    return heldQueries[inner];
  // Blocks of rows, then of the inner dimension.
  Value low = p.bitAnd(lane, 15), high = p.shiftRight(lane, 4);
  if (queryTile.isTurned) {
    low = p.add(p.mul(high, 8), p.bitAnd(lane, 7));
    high = p.bitAnd(p.shiftRight(lane, 3), 1);
  }
  SmallVector<WarpOperand::Tile> result;
  for (unsigned i = 0; i < tile.rowTiles; ++i) {
    Value row = p.add(p.add(warpRow, 16 * i), low), column = p.add(p.mul(high, chunkElements), innerStep * inner);
    if (queryTile.isTurned) {
      row = p.add(low, innerStep * inner);
      column = p.add(p.add(warpRow, 16 * i), p.mul(high, chunkElements));
    }
    Values words = loadMatrix(p, p.add(queryShared, offsetOf(p, queryTile, row, column)), queryTile.isTurned);
    result.push_back({words[0], words[2]});
    result.push_back({words[1], words[3]});
  }
  return result;
}

/// Two tiles of eight rows, 16 inner values: of the first tile two words, then of the second.
Values AttentionEmitter::loadRight(DeviceBuilder &p, const SharedTile &from, Value shared, unsigned row,
                                   unsigned inner) {
  Value low = p.add(p.mul(p.shiftRight(lane, 4), 8), p.bitAnd(lane, 7)), high = p.bitAnd(p.shiftRight(lane, 3), 1);
  if (from.isTurned) {
    low = p.bitAnd(lane, 15);
    high = p.shiftRight(lane, 4);
    std::swap(row, inner);
  }
  unsigned pitch = tile.tileBytes(1, from.width());
  Value mine = p.add(shared, p.add(p.mul(low, pitch), p.mul(high, 16)));
  return loadMatrix(p, p.add(mine, row * pitch + 2 * inner), from.isTurned);
}

/// sums += left * right for 64 rows of four warps, with 16 inner values an entry of `left`, from `inner` on; they are
/// complete after waitForProducts().
Values AttentionEmitter::startProduct(DeviceBuilder &p, const SharedTile &from, Value shared, unsigned inner,
                                      ArrayRef<SmallVector<WarpOperand::Tile>> left, ArrayRef<Values> sums) {
  Values flat;
  for (const Values &values : sums)
    flat.append(values);
  // Where rows are the inner dimension, 64 elements of it follow each other.
  unsigned most = from.isTurned ? left.size() : 64 / innerStep;
  for (unsigned first = 0; first < left.size(); first += most) {
    ArrayRef<SmallVector<WarpOperand::Tile>> part = left.slice(first, std::min<size_t>(most, left.size() - first));
    unsigned at = inner + first * innerStep;
    unsigned bytes = from.isTurned ? 128 * at : at / 64 * 128 * from.height() + at % 64 * 2;
    Values words;
    for (const auto &rows : part)
      words.append({rows[0][0], rows[1][0], rows[0][1], rows[1][1]});
    WgmmaStage stage{type, static_cast<unsigned>(8 * sums.size()), static_cast<unsigned>(part.size()), Value()};
    stage.right =
        tileDescriptor(p, p.add(shared, bytes), bytesOf(from) - bytes, from.isTurned ? 128 * from.height() : 16);
    stage.isTurned = from.isTurned;
    stage.step = from.isTurned ? innerStep * 128 / 16 : 2 * innerStep / 16;
    multiplyFromRegisters(p, stage, words, flat);
  }
  return flat;
}

void AttentionEmitter::spread(ArrayRef<Value> flat, MutableArrayRef<Values> sums) {
  for (size_t i = 0; i < sums.size(); ++i)
    sums[i].assign(flat.begin() + 4 * i, flat.begin() + 4 * i + 4);
}

/// Weights as left operands, 16 keys after 16 keys.
SmallVector<SmallVector<WarpOperand::Tile>> AttentionEmitter::packWeights(DeviceBuilder &p, const WarpSums &weights) {
  SmallVector<SmallVector<WarpOperand::Tile>> steps;
  for (unsigned pair = 0; pair < tile.scoreKeys / 16; ++pair) {
    steps.emplace_back();
    for (unsigned i = 0; i < tile.rowTiles; ++i)
      for (unsigned half = 0; half < 2; ++half) {
        WarpOperand::Tile words;
        for (unsigned j = 0; j < 2; ++j) {
          const Values &sums = weights[i][2 * pair + j];
          words[j] = packHalves(p, sums[2 * half], sums[2 * half + 1], type);
        }
        steps.back().push_back(words);
      }
  }
  return steps;
}

/// The values as a right operand: their columns are its rows, and the keys the inner dimension.
AttentionEmitter::SharedTile AttentionEmitter::valueColumns() const {
  return {valueTile.inner, valueTile.rows, !valueTile.isTurned};
}

/// Scores of a warp group, complete after waitForProducts().
Values AttentionEmitter::startScores(DeviceBuilder &p, Value shared) {
  if (!heldQueries.empty())
    return startProduct(p, keyTile, shared, 0, heldQueries, zeroSums(p, 1, tile.scoreKeys / 8)[0]);
  Values flat(tile.scoreKeys / 2, p.f32(0));
  Value own = p.mul(p.bitAnd(warpRow, -64), 128);
  for (unsigned inner = 0; inner < tile.queryDim; inner += 64) {
    unsigned products = std::min(64u, tile.queryDim - inner) / innerStep;
    unsigned before = inner / 64 * 128;
    WgmmaStage stage{type, tile.scoreKeys, products, Value()};
    stage.waits = false;
    stage.right = tileDescriptor(p, p.add(shared, before * keyTile.height()), 128 * keyTile.height());
    Value left = p.add(queryShared, p.add(own, before * queryTile.height()));
    multiplyFromShared(p, stage, tileDescriptor(p, left, 128 * 64), p.i32(inner != 0), flat);
  }
  return flat;
}

WarpSums AttentionEmitter::multiplyKeys(DeviceBuilder &p, Value shared, unsigned first) {
  unsigned tiles = tile.scoreKeys / 8;
  WarpSums scores = zeroSums(p, tile.rowTiles, tiles);
  if (tile.usesWgmma) {
    Values flat = startScores(p, shared);
    waitForProducts(p, flat);
    spread(flat, scores[0]);
    return scores;
  }
  for (unsigned inner = 0; inner < tile.queryDim; inner += innerStep) {
    SmallVector<WarpOperand::Tile> left = queryWords(p, inner / innerStep), right;
    for (unsigned j = 0; j < tiles; j += 2) {
      Values words = loadRight(p, keyTile, shared, first + 8 * j, inner);
      right.push_back({words[0], words[1]});
      right.push_back({words[2], words[3]});
    }
    multiply(p, type, left, right, scores);
  }
  return scores;
}

void AttentionEmitter::addValues(DeviceBuilder &p, const WarpSums &weights, Value shared, unsigned first,
                                 State &state) {
  SmallVector<SmallVector<WarpOperand::Tile>> steps = packWeights(p, weights);
  if (tile.usesWgmma) {
    Values flat = startProduct(p, valueColumns(), shared, first, steps, state.values[0]);
    waitForProducts(p, flat);
    return spread(flat, state.values[0]);
  }
  for (auto [pair, left] : llvm::enumerate(steps)) {
    SmallVector<WarpOperand::Tile> right;
    for (unsigned j = 0; j < tile.valueDim / 8; j += 2) {
      Values words = loadRight(p, valueColumns(), shared, 8 * j, first + innerStep * pair);
      right.push_back({words[0], words[1]});
      right.push_back({words[2], words[3]});
    }
    multiply(p, type, left, right, state.values);
  }
}
