//===- Passes.td - Codegen phase: kernels to machine code ------------*- tablegen -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_PASSES_CODEGEN_PASSES
#define RECKON_PASSES_CODEGEN_PASSES

include "mlir/Pass/PassBase.td"

def EmitHostKernels : Pass<"rec-emit-host-kernels", "::mlir::ModuleOp"> {
  let summary = "Emits every kernel of a plan as functions for the host";
  let description = [{
    Requires: a scheduled module: plan.kernel ops and the program that dispatches them.

    Guarantees: a nested module `@host_code` holds, for every plan.kernel, a function of the same name with the ABI of
    reckon/Runtime/KernelABI.h over scf, arith, math, vector and llvm; the kernel has `scratch_bytes`, the scratch a thread
    needs.

    Does not do: change the plan; lower to LLVM.

    Example: a `rows` kernel becomes a loop over `[row_begin, row_end)` around one loop nest a layer.
  }];
  let options = [Option<"hostCpu", "host-cpu", "std::string", "\"native\"",
                        "an LLVM CPU name with at least AVX2 and FMA, or native">];
  let statistics = [Statistic<"numKernels", "kernels", "kernels emitted">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::func::FuncDialect", "::mlir::LLVM::LLVMDialect",
                           "::mlir::math::MathDialect", "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"];
}

def EmitCudaKernels : Pass<"rec-emit-cuda-kernels", "::mlir::ModuleOp"> {
  let summary = "Emits every kernel of a plan as functions for an NVIDIA GPU";
  let description = [{
    Requires: a module scheduled for cuda: plan.kernel ops and the program that dispatches them.

    Guarantees: a nested module `@cuda_code` holds, for every plan.kernel, one function a candidate launch with the ABI of
    reckon/Runtime/CudaKernelABI.h over scf, arith, math, vector, nvvm and llvm; the kernel has `launches`, how and for how
    many rows each is launched (lib/Codegen/NVPTX/KernelPlan.h).

    Does not do: change the plan; lower to LLVM.

    Example: a `rows` kernel becomes a function in which a group of threads takes a row.
  }];
  let options = [Option<"arch", "arch", "std::string", "::reckon::GpuTarget::defaultArch()",
                        "The GPU architecture: a name of lib/Target/GpuTarget.cpp">];
  let statistics = [Statistic<"numKernels", "kernels", "kernels emitted">,
                    Statistic<"numLaunches", "launches", "candidate launches of them">,
                    Statistic<"numGeneric", "generic", "kernels left to the generic emitter">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect", "::mlir::math::MathDialect",
                           "::mlir::NVVM::NVVMDialect", "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"];
}

def InsertBoundsChecks : Pass<"plan-insert-bounds-checks", "::mlir::ModuleOp"> {
  let summary = "Makes kernels check every access to memory";
  let description = [{
    Requires: the code of a plan in the LLVM dialect, as the codegen phase leaves it, for the host or for a GPU.

    Guarantees: every load, store, masked access, atomic update and asynchronous copy is inside the bounds of what its address is
    derived from: an operand of the kernel, an array in its scratch memory (`plan.bytes`), the memory that the threads of a block
    share, or a global of the module. One that would not be reads zeros, or writes nowhere (in shared memory: is at the
    beginning of what its address is derived from), and the second status of the kernel says so. Kernels take extents (reckon/Runtime/KernelABI.h,
    CudaKernelABI.h), and the program is `checked`. An address of unknown origin is an error, so no access is passed over.

    Does not do: prefetches; where a tensor map copies from, which stays inside the map. Addresses in shared memory that are
    numbers are inside what the launch gives a block; arrays in it are not told apart.

    Example: `llvm.load %p` becomes `%q = llvm.call @reckon_check_read(%p, ...)` and `llvm.load %q`.
  }];
  let statistics = [Statistic<"numChecks", "checks", "accesses that are checked">];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::NVVM::NVVMDialect", "::reckon::plan::PlanDialect"];
}

def VerifyKernels : Pass<"plan-verify-kernels", "::mlir::ModuleOp"> {
  let summary = "Check the invariant of the codegen phase";
  let description = [{
    For the host: every kernel has its function, and says how much scratch memory a thread needs. For a GPU: every kernel has
    launches; the code of each is there, takes the parameters that the runtime passes, and is made for as many threads as it
    is launched with; each keeps the limits of the architecture (`GpuTarget::checkLaunch`); and the last one of a dispatch
    that covers no others is for every number of rows.

    Requires: the codegen phase; the dialect itself verifies that dispatches name kernels and that their operands fit.

    Example: test/passes/Codegen/verify-kernels.mlir
  }];
  let options = [Option<"arch", "arch", "std::string", /*default=*/"\"\"",
                        "The GPU architecture: a name of lib/Target/GpuTarget.cpp; empty for the host">];
}

def ExpandDeviceMath : Pass<"rec-expand-device-math"> {
  let summary = "Replaces the functions that a GPU has no instruction for by arithmetic";
  let description = [{
    Requires: math ops and arith.remf on f32 or f64 scalars, after rec-expand-math.

    Guarantees: what is left of the math dialect are instructions: roundings, roots, absolute values, bit counts. The
    functions on f32 are computed in f64 and rounded, but `exp2` that may be approximate (`afn`) is an instruction, too.

    Does not do: vectors and other types, which are errors; no library of device functions is used.

    Example: `math.powf %x, %y : f32` becomes a logarithm, a product and an exponential in f64.
  }];
  let statistics = [Statistic<"numExpanded", "expanded", "functions expanded">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::scf::SCFDialect"];
}

def ExpandMath : Pass<"rec-expand-math"> {
  let summary = "Replaces f32 transcendental functions by polynomials";
  let description = [{
    Requires: math ops on f32 scalars or vectors.

    Guarantees: `exp`, `log`, `log1p`, `tanh` and `erf` on f32 are arithmetic, so that LLVM vectorises the loops around
    them and no math library is called. The errors are a few units in the last place; infinities and NaN behave as in C.
    With `keep-extrema`, `maximumf` and `minimumf` on f32 and f64 are LLVM's intrinsics, in which its vectoriser sees a reduction.
    With `by-exp2`, `exp` and `tanh` on f32 that may be approximate (`afn`) are computed from `exp2`, for devices that have an
    instruction for that.

    Does not do: other functions and other types; they become calls into libm.

    Example: `math.exp %x : f32` becomes a range reduction, a polynomial and an exponent insertion.
  }];
  let options = [Option<"keepExtrema", "keep-extrema", "bool", /*default=*/"false", "Keep maxima and minima for LLVM">,
                 Option<"byExp2", "by-exp2", "bool", /*default=*/"false", "Approximate functions by powers of two">];
  let statistics = [Statistic<"numExpanded", "expanded", "functions expanded">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect", "::mlir::math::MathDialect",
                           "::mlir::vector::VectorDialect"];
}

#endif // RECKON_PASSES_CODEGEN_PASSES
