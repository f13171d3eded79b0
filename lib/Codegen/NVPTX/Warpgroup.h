//===- Warpgroup.h - Bulk copies and warpgroup products ----------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//
//
// The instructions that kernels for targets with wgmma are made of: barriers in shared memory that count bytes, copies
// of tiles that complete them, and products of warpgroups over tiles of swizzled rows of 128 bytes. Addresses are of
// shared memory, i32.
//
//===-----------------------------------------------------------------------------===//

#ifndef RECKON_LIB_CODEGEN_NVPTX_WARPGROUP_H
#define RECKON_LIB_CODEGEN_NVPTX_WARPGROUP_H

#include "lib/Codegen/NVPTX/Ptx.h"

namespace reckon::nvptx {

/// Bytes of the inner dimension in a tile: the width of the swizzle.
inline constexpr int64_t tileRowBytes = 128;

/// A barrier that completes after `arrivals`, and the bytes that these announce.
void initBarrier(Ptx &p, Value barrier, unsigned arrivals);
/// After all initBarrier(), by the same thread: bulk copies see them.
void fenceBarriers(Ptx &p);
/// Until the round of that parity (i32, 0 or 1) has completed; at once for parity 1 before the first.
void waitForBarrier(Ptx &p, Value barrier, Value parity);
/// Arrives, and says that so many bytes will come.
void expectBytes(Ptx &p, Value barrier, int64_t bytes);
/// One arrival of a warp.
void arriveAsWarp(Ptx &p, Value barrier);
/// Starts the copy of the tile at (inner, outer) of a tensor map (!llvm.ptr in parameter memory).
void copyTile(Ptx &p, Value map, Value to, Value inner, Value outer, Value barrier);
void prefetchMap(Ptx &p, Value map);
/// What a product knows a tile by.
Value tileDescriptor(Ptx &p, Value address);

/// "k16.f32.f16.f16": of operands of a type; f32 ones are rounded to tf32.
std::string wgmmaKind(mlir::Type type);
/// "{$3, $4, $5}"
std::string asmRegisters(size_t first, size_t count);

} // namespace reckon::nvptx

#endif // RECKON_LIB_CODEGEN_NVPTX_WARPGROUP_H
