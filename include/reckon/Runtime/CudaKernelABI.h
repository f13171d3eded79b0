//===- CudaKernelABI.h - What a generated CUDA kernel and the runtime agree on --===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//
//
// A CUDA kernel is an entry of the engine's PTX module. Codegen emits it, the runtime launches it; both read this
// header. Changing anything here is a change of the engine format version. The parameters, in this order:
//
//   - one 64-bit device address for each operand of the dispatch;
//   - one tensor map (128 bytes by value, aligned to 64, a grid constant) for each of Kernel.tensor_maps;
//   - one i64 for each named dimension (Engine.dims but for the row counts of tables): its value;
//   - one i64 for each operand that is a table: its number of rows;
//   - i64: the rows of the chain, at least 1 (a chain of no rows is not launched);
//   - the address of scratch memory: block i, counted x first, then y, then z, owns [i * n, (i + 1) * n) of it, where n
//   is
//     Launch.scratch_bytes; null when that is 0;
//   - the address of a ReckonKernelStatus, which is zero when all is well;
//   - with Program.checked one i64 for each operand, the bytes from its address on that the kernel may touch, then one
//     for all of the scratch memory. The status is the first of two, as on the host (ReckonCheckedKernel).
//
// The grid is Launch.grid; with Launch.blocks_per_sm its x is no more than that many blocks on each multiprocessor, so
// such a kernel steps over its work by gridDim.x. Blocks are one-dimensional, of Kernel.block_threads threads.
//
// Slots, weights and tables are aligned to RECKON_CUDA_ALIGNMENT; operands that are slices of them are where the slice
// begins. Inputs and outputs of the model are aligned to their element only: callers give their addresses. Rows of
// tables are contiguous. No two operands overlap, but for inputs of the same bytes.
//
// With Kernel.uses_pdl the runtime may launch a kernel while those that it waits for still run. Such a kernel
// executes griddepcontrol.wait, in every block, before it reads what kernels of the run write and before it writes
// anything but the status; and griddepcontrol.launch_dependents, so that those behind it can do the same.
//
// A kernel never traps. Everyone who meets a bad id goes on with row 0, so that nothing is read out of bounds. The
// status holds the error that comes first in the order of ReckonKernelStatus, whichever thread met it when: a thread
// makes `code` RECKON_CUDA_STATUS_BUSY while it compares and writes. No status is busy when the kernel has ended.
//
//===---------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_CUDAKERNELABI_H
#define RECKON_RUNTIME_CUDAKERNELABI_H

#include "reckon/Runtime/KernelABI.h"

#include <stddef.h>

#define RECKON_CUDA_ALIGNMENT 256
#define RECKON_CUDA_TENSOR_MAP_BYTES 128
#define RECKON_CUDA_TENSOR_MAP_ALIGNMENT 64
/// The bytes of all parameters together.
#define RECKON_CUDA_MAX_PARAMETER_BYTES 32764

#define RECKON_CUDA_STATUS_BUSY (-1)
/// Where kernels write their findings.
#define RECKON_CUDA_STATUS_CODE_OFFSET 0
#define RECKON_CUDA_STATUS_TABLE_OFFSET 4
#define RECKON_CUDA_STATUS_POSITION_OFFSET 8
#define RECKON_CUDA_STATUS_ID_OFFSET 16

#ifdef __cplusplus
static_assert(offsetof(ReckonKernelStatus, code) == RECKON_CUDA_STATUS_CODE_OFFSET &&
                  offsetof(ReckonKernelStatus, table) == RECKON_CUDA_STATUS_TABLE_OFFSET &&
                  offsetof(ReckonKernelStatus, position) == RECKON_CUDA_STATUS_POSITION_OFFSET &&
                  offsetof(ReckonKernelStatus, id) == RECKON_CUDA_STATUS_ID_OFFSET && sizeof(ReckonKernelStatus) == 24,
              "the status is laid out for kernels");
#endif

#endif // RECKON_RUNTIME_CUDAKERNELABI_H
