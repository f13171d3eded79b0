//===- Instructions.h - What a GPU alone has ---------------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//
//
// Barriers, asynchronous copies and tensor cores, over the nvvm dialect; what that has no op for, or none with the same
// meaning, is in RawPtx.h. Barriers and places in shared memory are 32-bit addresses.
//
//===-----------------------------------------------------------------------------===//

#ifndef RECKON_LIB_CODEGEN_NVPTX_INSTRUCTIONS_H
#define RECKON_LIB_CODEGEN_NVPTX_INSTRUCTIONS_H

#include "lib/Codegen/NVPTX/DeviceBuilder.h"

namespace reckon::nvptx {

//===--- Barriers ---===//

/// A barrier (mbarrier) that completes after `arrivals`, and the bytes that these announce.
void initBarrier(DeviceBuilder &b, Value barrier, unsigned arrivals);
/// After all initBarrier(), by the same thread: bulk copies and the other blocks of a cluster see them.
void fenceBarriers(DeviceBuilder &b);
/// Arrives, and says that so many bytes (i32) will come.
void expectBytes(DeviceBuilder &b, Value barrier, Value bytes);
void arrive(DeviceBuilder &b, Value barrier);
/// One arrival of a warp.
void arriveAsWarp(DeviceBuilder &b, Value barrier);
/// A barrier of the block's hardware, 1 to 15, of the threads that name it.
void namedBarrier(DeviceBuilder &b, unsigned id, unsigned threads);
/// A barrier of all threads of the block: whether the condition holds for one of them.
Value barrierOr(DeviceBuilder &b, Value condition);
/// The halves of a barrier of all threads of a cluster. `release`: what was written before is seen after the wait.
void clusterArrive(DeviceBuilder &b, bool release);
void clusterWait(DeviceBuilder &b);

//===--- Registers ---===//

/// The registers of each thread of this warpgroup from here on; `more` than before, or fewer.
void setMaxRegisters(DeviceBuilder &b, unsigned count, bool more);

//===--- Copies ---===//

/// 4, 8 or 16 bytes from global to shared memory, completed by waitCopies(). With `present` (i32) only so many are
/// read, and the others are zero.
void copyAsync(DeviceBuilder &b, Value shared, Value global, unsigned bytes, Value present = {});
inline void copyAsync16(DeviceBuilder &b, Value shared, Value global) { copyAsync(b, shared, global, 16); }
void commitCopies(DeviceBuilder &b);
/// Until all committed copies of this thread are done, but for the last `pending` groups.
void waitCopies(DeviceBuilder &b, unsigned pending = 0);
/// What this thread has stored, or copied by copyAsync16() and waited for, is seen by wgmma after a barrier.
void fenceShared(DeviceBuilder &b);
/// Starts a copy of `bytes`, a multiple of 16, from global to shared memory; they count towards the barrier.
void copyBulk(DeviceBuilder &b, Value shared, Value global, unsigned bytes, Value barrier);
/// Starts the copy of the tile at `origin`, (inner, outer), of so many bytes, of a tensor map (!llvm.ptr in parameter
/// memory).
void copyTile(DeviceBuilder &b, Value map, Value shared, std::pair<Value, Value> origin, Value barrier, int64_t bytes);

//===--- Tensor cores ---===//

/// Four 8x8 blocks of 16-bit elements, or their transposes; lane 8i+r gives the address of row r of block i.
Values loadMatrix(DeviceBuilder &b, Value address, bool transposed = false);
/// sums + x y for fragments of 16x16 and 16x8 (f16, bf16), or 16x8 and 8x8 (f32, rounded to tf32); sums in f32. Words:
/// 4 of x, 2 of y; 4 sums.
Values multiplyWarp(DeviceBuilder &b, mlir::Type type, llvm::ArrayRef<Value> x, llvm::ArrayRef<Value> y,
                    llvm::ArrayRef<Value> sums);

/// What wgmma knows a tile of so many bytes by: rows of 128 swizzled bytes. Where these are not the inner dimension,
/// the next of them, of the other dimension, lie `next` bytes apart.
Value tileDescriptor(DeviceBuilder &b, Value address, int64_t bytes, int64_t next = 16);

} // namespace reckon::nvptx

#endif // RECKON_LIB_CODEGEN_NVPTX_INSTRUCTIONS_H
