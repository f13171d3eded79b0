//===- Attention.h - Attention among the layers of a kernel ------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#ifndef RECKON_LIB_TILING_ATTENTION_H
#define RECKON_LIB_TILING_ATTENTION_H

#include "dialects/Rec/Rec.h"
#include "lib/Target/GpuTarget.h"

#include "llvm/ADT/DenseSet.h"

namespace reckon::tiling {

/// A product with weights that come of another product: by softmax, or by pointwise layers alone. Between the two stand
/// pointwise layers of the scores' shape. Nothing else reads what lies between, so the scores need no memory.
struct Attention {
  rec::MatmulOp scores;
  rec::SoftmaxOp softmax; ///< null: the weights are a pointwise function of the scores
  rec::MatmulOp mix;
  /// The layers that are computed as part of `mix`; the pointwise ones among them read the scores.
  llvm::SmallDenseSet<mlir::Operation *> layers;

  /// What the pointwise layers between the products give: what softmax reads, or the weights.
  mlir::Value pointwise() const;
  int64_t queryDim() const; ///< of a query and a key; 0 when it is not known
  int64_t valueDim() const;
  /// The number of keys, where it is known.
  std::optional<int64_t> keys() const;
  /// Of queries.
  std::optional<int64_t> queries() const;

  /// The attention that ends in a product; nullopt when the product is none, or not one for tensor cores.
  static std::optional<Attention> match(rec::MatmulOp mix);
};

/// How a kernel goes over attention: a block takes tiles of queries, and brings tiles of keys and values to shared
/// memory while it multiplies those before.
struct AttentionTile {
  bool usesWgmma = false;              ///< of four warps, whose 64 queries are its rows; otherwise mma.sync
  unsigned warps = 4;                  ///< of a block, that multiply
  unsigned copyWarps = 0;              ///< that do nothing but copy; 0: all copy
  unsigned rowTiles = 2;               ///< of 16 queries, of a warp
  unsigned keys = 64;                  ///< of a step, brought together
  unsigned stages = 2;                 ///< steps that shared memory has room for
  bool holdsAll = false;               ///< and there are no more
  unsigned scoreKeys = 64;             ///< whose scores are in registers at a time
  unsigned queryDim = 0, valueDim = 0; ///< in whole steps of a product

  /// Steps that are on their way while one is multiplied, or begun with.
  unsigned stepsAhead() const { return holdsAll ? stages : stages - 1; }
  unsigned rows() const { return 16 * rowTiles * warps; }
  unsigned threads() const { return 32 * (warps + copyWarps); }
  unsigned copyThreads() const { return 32 * (copyWarps ? copyWarps : warps); }
  /// Bytes of rows in shared memory.
  unsigned tileBytes(unsigned rows, unsigned columns) const;
  /// Of queries, keys and values that lie in rows.
  unsigned sharedBytes() const {
    return tileBytes(rows(), queryDim) + stages * (tileBytes(keys, queryDim) + tileBytes(keys, valueDim)) +
           barrierBytes();
  }
  /// Of the barriers of stages, which threads that copy and those that multiply meet at.
  unsigned barrierBytes() const { return copyWarps ? 16 * stages : 0; }

  /// `canSplit`: there may be threads that do nothing but copy.
  static AttentionTile choose(const Attention &attention, const GpuTarget &gpu, bool canSplit = true);
};

/// Whether a kernel of its own, over tiles, computes the attention faster than a kernel that has a group of threads for
/// each row of the batch.
bool isFasterInTiles(const Attention &attention);

/// Numbers that are `offset` plus `steps` times the indices of their elements.
struct Places {
  llvm::SmallVector<int64_t> steps;
  int64_t offset = 0;
};

/// What a tensor counts, when that follows from the layers or the constant that it is made of.
std::optional<Places> getPlaces(mlir::Value value);

/// A comparison in front of the weights that keeps queries from keys: it is `live` where `columnStep` times the key's
/// place plus `rowStep` times the query's is at most `bound` plus `offset`, and nowhere else; there the weight is zero.
struct KeyLimit {
  rec::CompareOp condition;
  bool live = true;
  int64_t columnStep = 0, rowStep = 0; ///< 1 and -1, or one of them 1 and the other 0
  int64_t offset = 0;
  /// An integer of each matrix, a length; null: there is none.
  mlir::Value bound;
  /// Which index of the scores each of its dimensions has; none where its size is one.
  llvm::SmallVector<std::optional<unsigned>> boundAxes;
  /// Where softmax makes the weights, the score of a key that the condition excludes. If it is finite, the weight is
  /// zero only if some score of the row is far above.
  double excluded = 0;
};

/// The limits that the layers between the products set.
llvm::SmallVector<KeyLimit> findKeyLimits(const Attention &attention);

} // namespace reckon::tiling

#endif // RECKON_LIB_TILING_ATTENTION_H
