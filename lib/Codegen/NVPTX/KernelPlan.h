//===- KernelPlan.h - How a kernel is launched on the device -----------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//
//
// What a kernel emitter says of the code it made: the candidate launches of one plan.kernel, while they are filled in.
// They travel from the codegen phase to the emit phase as the attribute `launches` of the kernel.
//
//===----------------------------------------------------------------------===//

#ifndef RECKON_LIB_CODEGEN_NVPTX_KERNELPLAN_H
#define RECKON_LIB_CODEGEN_NVPTX_KERNELPLAN_H

#include "dialects/Plan/Plan.h"

#include <cstdint>
#include <string>
#include <vector>

namespace reckon::nvptx {

/// A tensor map that the runtime encodes from an operand's address, for bulk copies of tiles. Dimensions are innermost
/// first.
struct TensorMapPlan {
  unsigned operand = 0;
  mlir::Type elementType;
  llvm::SmallVector<SizeExpr> sizes;
  llvm::SmallVector<SizeExpr> strides; ///< bytes, of dimensions 1 and up
  llvm::SmallVector<unsigned> box;     ///< elements of one copy, a dimension each
  unsigned swizzle = 0;                ///< 0, 32, 64 or 128 bytes
};

/// One way to launch a kernel, thought best for numbers of rows in [minRows, maxRows] and right for any.
struct LaunchPlan {
  std::string function;                ///< the symbol in the module
  unsigned blockThreads = 128;         ///< threads of a block
  unsigned cluster = 0;                ///< blocks of a cluster; 0 is none
  uint64_t sharedBytes = 0;            ///< dynamic shared memory
  llvm::SmallVector<SizeExpr, 3> grid; ///< blocks in x, y, z
  unsigned blocksPerSm = 0;            ///< 0: the whole grid; else a persistent kernel of at most so many blocks an SM
  SizeExpr scratchBytes;               ///< a block
  uint64_t minRows = 0, maxRows = UINT64_MAX;
  bool needsTiming = false; ///< runs only once a timing cache has chosen it
  bool usesPdl = false;     ///< before the kernels that it waits for have ended
  std::vector<TensorMapPlan> tensorMaps;

  /// What codegen leaves on the kernel; `module` is the symbol of the module with the function.
  plan::LaunchAttr toAttribute(mlir::MLIRContext *context, llvm::StringRef module) const;
};

/// The candidates, best guess first in each range of rows. The last one takes any number of rows.
struct KernelPlan {
  std::vector<LaunchPlan> launches;
};

} // namespace reckon::nvptx

#endif // RECKON_LIB_CODEGEN_NVPTX_KERNELPLAN_H
