//===- LinearTiles.h - The tiles of kernels of linear layers ---- -*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------===//

#ifndef RECKON_LIB_TILING_LINEARTILES_H
#define RECKON_LIB_TILING_LINEARTILES_H

#include <cstdint>
#include <string>

namespace reckon::tiling {

/// Bytes of the inner dimension that a stage of a wgmma kernel holds of a row: a line of a swizzled tile.
inline constexpr int64_t tileRowBytes = 128;

/// `name` of a tile tells a kernel from the others of its layer, and is the same in every compilation: timing caches
/// and the schedule name candidates by it.

/// mma.sync on the `mma` packing, straight from global memory, for few rows: a block has 16 columns and 8*rowTiles
/// rows; its `warps` split the inner dimension and add up through shared memory.
struct SplitKTile {
  unsigned rowTiles = 1, warps = 16;
  std::string name() const;
};

/// mma.sync on the `mma` packing, straight from global memory, for any number of rows: a warp has 64 columns and
/// 8*rowTiles rows; the warps of a block take neighbouring rows.
struct DirectTile {
  unsigned rowTiles = 4, warps = 4;
  std::string name() const;
};

/// wgmma on the `wgmma` packing: tiles of rows() rows and `columns` columns, fetched by bulk tensor copies into
/// `stages` buffers of shared memory by a warp of its own. Needs layer.x.aligned.
struct WgmmaTile {
  /// How the warpgroups that multiply share the work.
  enum class Mode {
    Together, ///< each has 64 rows of one tile
    PingPong, ///< two, each with a tile of 128 rows of its own: one finishes sums while the other multiplies
    Cluster,  ///< one; a cluster of `split` blocks shares the inner dimension of a tile of 64 rows
  };
  unsigned groups = 2, columns = 256, stages = 4;
  Mode mode = Mode::Together;
  unsigned split = 1; ///< at most the inner dimension over 128 bytes

  unsigned rows() const { return mode == Mode::PingPong ? 128 : 64 * groups; }
  std::string name() const;
  uint64_t stageBytes() const { return (rows() + columns) * tileRowBytes; }
  /// The stages with two barriers each, and two barriers of the turns.
  uint64_t sharedBytes() const { return stages * (stageBytes() + 16) + 16; }
};

/// Dot products along the inner dimension: a warp takes `rows` rows and `columns` (a power of two) columns; the weight
/// is packed as `dot`.
struct DotTile {
  unsigned rows = 1, columns = 1, warps = 4;
  std::string name() const;
};

/// f32 multiply-adds on tiles of `size` (64 or 128) rows and columns in shared memory; the weight is row-major.
struct SimtTile {
  unsigned size = 128;
  std::string name() const;
};

} // namespace reckon::tiling

#endif // RECKON_LIB_TILING_LINEARTILES_H
