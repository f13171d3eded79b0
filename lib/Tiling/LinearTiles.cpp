//===- LinearTiles.cpp - The tiles of kernels of linear layers --------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------===//

#include "lib/Tiling/LinearTiles.h"

using namespace reckon::tiling;

std::string SplitKTile::name() const { return "splitk" + std::to_string(8 * rowTiles); }
std::string DirectTile::name() const { return "direct" + std::to_string(8 * rowTiles); }
std::string DotTile::name() const { return "dot" + std::to_string(rows) + "x" + std::to_string(columns); }
std::string SimtTile::name() const { return "simt" + std::to_string(size); }
std::string WgmmaTile::name() const {
  std::string text = "wgmma" + std::to_string(rows()) + "x" + std::to_string(columns);
  if (mode == Mode::PingPong)
    text += "_pingpong";
  return split > 1 ? text + "_splitk" + std::to_string(split) : text;
}
