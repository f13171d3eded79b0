//===- LinearTiles.cpp - The tiles of kernels of linear layers --------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------===//

#include "lib/Tiling/LinearTiles.h"

using namespace reckon::tiling;

std::string SplitTile::name() const { return "split" + std::to_string(8 * rowTiles); }
std::string DirectTile::name() const { return "direct" + std::to_string(8 * rowTiles); }
std::string DotTile::name() const { return "dot" + std::to_string(rows) + "x" + std::to_string(columns); }
std::string ScalarTile::name() const { return "scalar" + std::to_string(size); }
std::string WgmmaTile::name() const {
  std::string text = "wgmma" + std::to_string(rows()) + "x" + std::to_string(columns);
  if (mode == Mode::Alternate)
    text += "_alternate";
  return split > 1 ? text + "_split" + std::to_string(split) : text;
}
