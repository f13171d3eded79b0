//===- Passes.h - Codegen phase: kernels to machine code -----------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------------===//

#ifndef RECKON_PASSES_CODEGEN_PASSES_H
#define RECKON_PASSES_CODEGEN_PASSES_H

#include "lib/Target/GpuTarget.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace mlir::arith {
class ArithDialect;
} // namespace mlir::arith
namespace mlir::func {
class FuncDialect;
} // namespace mlir::func
namespace mlir::LLVM {
class LLVMDialect;
} // namespace mlir::LLVM
namespace mlir::math {
class MathDialect;
} // namespace mlir::math
namespace mlir::NVVM {
class NVVMDialect;
} // namespace mlir::NVVM
namespace mlir::scf {
class SCFDialect;
} // namespace mlir::scf
namespace mlir::vector {
class VectorDialect;
} // namespace mlir::vector

namespace reckon::codegen {

#define GEN_PASS_DECL
#include "passes/Codegen/Passes.h.inc"

/// The module that the pipeline of a device leaves beside the plan; null when it has not run.
mlir::ModuleOp getHostCode(mlir::ModuleOp plan);
mlir::ModuleOp getCudaCode(mlir::ModuleOp plan);

#define GEN_PASS_REGISTRATION
#include "passes/Codegen/Passes.h.inc"

} // namespace reckon::codegen

namespace reckon {

/// The codegen phase for the host CPU `cpu`: a nested module `@host_code` in the LLVM dialect beside the plan.
/// With `check` kernels check every access.
void buildHostCodegenPipeline(mlir::OpPassManager &pm, llvm::StringRef cpu = "native", bool check = false);

/// The codegen phase for a GPU architecture: a nested module `@cuda_code` in the LLVM dialect beside the plan.
void buildCudaCodegenPipeline(mlir::OpPassManager &pm, llvm::StringRef arch = GpuTarget::getDefault().arch,
                              bool check = false);

/// From bodies of device kernels (lib/Codegen/NVPTX/DeviceModule.h) to the LLVM and NVVM dialects.
void buildDeviceLowering(mlir::OpPassManager &pm);

} // namespace reckon

#endif // RECKON_PASSES_CODEGEN_PASSES_H
