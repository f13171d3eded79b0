//===- RawPtx.h - Instructions that are written as text ----------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//
//
// All inline PTX there is, each with why it is not an op of the nvvm dialect.
//
//===-----------------------------------------------------------------------------===//

#ifndef RECKON_LIB_CODEGEN_NVPTX_RAWPTX_H
#define RECKON_LIB_CODEGEN_NVPTX_RAWPTX_H

#include "lib/Codegen/NVPTX/DeviceBuilder.h"

namespace reckon::nvptx {

/// Lets the kernels behind this one start (griddepcontrol.launch_dependents), and waits for those before it. LLVM's
/// intrinsics for both say that they touch no memory, so that loads would move across. The op that waits is returned.
void launchDependents(mlir::ImplicitLocOpBuilder &b);
mlir::Operation *waitForDependencies(mlir::ImplicitLocOpBuilder &b);

/// Until the round of that parity (i32, 0 or 1) of a barrier in shared memory has completed; at once for parity 1
/// before the first. `ofCluster`: what other blocks wrote before they arrived is seen; nvvm.mbarrier.try_wait.parity
/// has the loop but not that scope, and takes a time limit.
void waitForBarrier(DeviceBuilder &b, Value barrier, Value parity, bool ofCluster = false);

/// The 32 bits of a shared address in a register. LLVM names the array wherever an address in it is computed; ptxas
/// then makes it from the block's place in the cluster in every round of a loop, and keeps parities in uniform
/// registers, from which each wait for a barrier has to fetch them.
Value keepAddress(DeviceBuilder &b, Value shared);

/// Brings a tensor map into the cache that bulk copies look it up in. Of nvvm.prefetch LLVM 22 makes two instructions
/// where one is enough, by the address as a parameter and as any other.
void prefetchMap(DeviceBuilder &b, Value map);

/// Stores 1, 2 or 4 words into the shared memory of another block of the cluster, where their bytes count towards a
/// barrier: both are given by the addresses that this block has for the like of them. There is no op for st.async.
void storeAsync(DeviceBuilder &b, Value shared, Value barrier, Value block, llvm::ArrayRef<Value> words);

/// Four f32 from the shared memory of another block of the cluster, by the address that this block has for the like of
/// them. nvvm.mapa and a load from its address space may do the same; they have not been compared.
Values loadFromBlock(DeviceBuilder &b, Value shared, unsigned block);

/// Two f32 rounded to f16 or bf16 in one word. Of the intrinsic, or a conversion of a vector, LLVM moves what follows a
/// branch behind it, so that two registers instead of one cross from there: epilogues then spill.
Value packHalves(DeviceBuilder &b, Value low, Value high, mlir::Type elementType);

/// tanh of an f32 in about 11 bits, by the instruction. LLVM 22 has no intrinsic for it.
Value tanhApproximate(DeviceBuilder &b, Value x);

/// One stage of wgmma: sums += x y. The sums of a thread stand in `sums`, 64 rows after 64 rows; a block of 64 rows has
/// `columns` / 2 of them. Each product takes 32 bytes of the inner dimension.
struct WgmmaStage {
  mlir::Type type; ///< f16, bf16, or f32 to be rounded to tf32
  unsigned columns;
  unsigned products;
  Value right;           ///< descriptor of a tile in shared memory
  bool isTurned = false; ///< the right tile's rows are the inner dimension
  bool waits = true;     ///< multiplyFromShared(): for the stage before
  unsigned step = 2;     ///< from one product's part of the right tile to the next's, in units of 16 bytes
};
/// Fence, products, commit and wait are one text, so that nothing touches the sums between them; separate nvvm.wgmma
/// ops have not been measured against it. Left operands from shared memory; the products of the stage before are
/// complete after it, unless it does not wait. `keeps` (i32): 0 to begin anew.
void multiplyFromShared(DeviceBuilder &b, const WgmmaStage &stage, Value left, Value keeps,
                        llvm::MutableArrayRef<Value> sums);
/// Left operands from registers, four words a product. Nothing is waited for.
void multiplyFromRegisters(DeviceBuilder &b, const WgmmaStage &stage, llvm::ArrayRef<Value> left,
                           llvm::MutableArrayRef<Value> sums);
/// Until all products are complete but the last `pending` stages: `sums` are not read before.
void waitForProducts(DeviceBuilder &b, llvm::MutableArrayRef<Value> sums, unsigned pending = 0);

} // namespace reckon::nvptx

#endif // RECKON_LIB_CODEGEN_NVPTX_RAWPTX_H
