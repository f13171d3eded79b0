//===- KernelABI.h - What a generated host kernel and the runtime agree on -----===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//
//
// A host kernel is a C function in the engine's shared object. Codegen emits it, the runtime calls it; both read this
// header. Changing anything here is a change of the engine format version.
//
//===---------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_KERNELABI_H
#define RECKON_RUNTIME_KERNELABI_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The part of the work grid one call covers. Rows count along the chain's row dimension, columns in the dispatch's own
/// column blocks (the register-tile panels of a GEMM). Half-open: [row_begin, row_end) x [col_begin, col_end).
typedef struct ReckonRange {
  int64_t row_begin, row_end;
  int64_t col_begin, col_end;
} ReckonRange;

enum ReckonKernelError {
  RECKON_KERNEL_OK = 0,
  /// An id outside [0, rows): `table`, `position` and `id` are set.
  RECKON_KERNEL_ID_OUT_OF_RANGE = 1,
  /// Bag offsets that decrease or leave [0, ids]: `position` is the bag, `id` where it
  /// begins if that is outside, else where it ends.
  RECKON_KERNEL_BAD_OFFSETS = 2,
  /// An index of a gather or scatter outside its axis: `position` and `id` are set, `table` is -1.
  RECKON_KERNEL_INDEX_OUT_OF_RANGE = 3,
  /// An access of a checked kernel outside its memory: `table` is the operand, its number of operands for an array in
  /// scratch memory, or one of ReckonKernelMemory; `position` is the offset of the access in bytes, `id` the extent.
  RECKON_KERNEL_BAD_READ = 4,
  RECKON_KERNEL_BAD_WRITE = 5,
};

/// Memory that is no operand's.
enum ReckonKernelMemory {
  /// Constants of the code.
  RECKON_KERNEL_MEMORY_OWN = -1,
  /// What the threads of a block of a GPU share.
  RECKON_KERNEL_MEMORY_SHARED = -2,
};

/// Written by a kernel that meets a bad id. Each thread has its own. Of several errors the one with the lowest position
/// stays; of those of one position the one with the lowest table, then code, then id, as signed numbers. So what a
/// dispatch reports does not depend on how its rows were split, nor on the device.
typedef struct ReckonKernelStatus {
  int32_t code;
  /// The operand index of the table within the dispatch.
  int32_t table;
  /// Flat element position in the id tensor (row-major).
  int64_t position;
  int64_t id;
} ReckonKernelStatus;

/// \param operands  one address per Dispatch.operands, 64-byte aligned for slots and weights
/// \param dims      values of the named dimensions of Engine.dims, in its order, then the number of rows of each
/// operand
///                  that is a table
/// \param scratch   Dispatch.scratch_bytes of memory private to the calling thread, 64-byte aligned
typedef void (*ReckonKernel)(void *const *operands, const int64_t *dims, const ReckonRange *range, void *scratch,
                             ReckonKernelStatus *status);

/// Memory that a checked kernel may touch: [begin, end).
typedef struct ReckonExtent {
  const void *begin, *end;
} ReckonExtent;

/// A kernel of a program with Program.checked. It makes no access outside the memory that the access is derived from:
/// what it would read is zero, what it would write goes nowhere, and the status says so.
///
/// \param status   two of them: of bad ids, and of an access outside
/// \param extents  one an operand, in their order, then that of the scratch memory
typedef void (*ReckonCheckedKernel)(void *const *operands, const int64_t *dims, const ReckonRange *range, void *scratch,
                                    ReckonKernelStatus *status, const ReckonExtent *extents);

#ifdef __cplusplus
}
#endif

#endif // RECKON_RUNTIME_KERNELABI_H
