//===- Pipeline.cpp - The codegen phase -------------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//

#include "passes/Codegen/Passes.h"

#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVMPass.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MathToLibm/MathToLibm.h"
#include "mlir/Conversion/NVVMToLLVM/NVVMToLLVM.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVMPass.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

void reckon::buildHostCodegenPipeline(OpPassManager &pm, StringRef cpu, bool check) {
  codegen::EmitHostKernelsOptions options;
  options.hostCpu = cpu.str();
  pm.addPass(codegen::createEmitHostKernels(options));
  OpPassManager &code = pm.nest<ModuleOp>();
  code.addPass(createCSEPass());
  code.addPass(createLoopInvariantCodeMotionPass());
  codegen::ExpandMathOptions math;
  math.keepExtrema = true;
  code.addPass(codegen::createExpandMath(math));
  code.addPass(createSCFToControlFlowPass());
  code.addPass(createConvertVectorToLLVMPass());
  // bfloat16 has no conversions before AVX512-BF16: integer arithmetic, not a call into a library that is not there.
  arith::ArithExpandOpsPassOptions expansion;
  expansion.includeBf16 = true;
  code.addPass(arith::createArithExpandOpsPass(expansion));
  // Functions with an LLVM intrinsic first; libm takes the rest (acosh, erf on f64, ...).
  code.addPass(createConvertMathToLLVMPass());
  code.addPass(createConvertMathToLibmPass());
  code.addPass(createArithToLLVMConversionPass());
  code.addPass(createConvertControlFlowToLLVMPass());
  code.addPass(createConvertFuncToLLVMPass());
  code.addPass(createReconcileUnrealizedCastsPass());
  if (check)
    pm.addPass(codegen::createInsertBoundsChecks());
}

void reckon::buildDeviceLowering(OpPassManager &pm) {
  pm.addPass(createCSEPass());
  pm.addPass(createLoopInvariantCodeMotionPass());
  codegen::ExpandMathOptions math;
  math.byExp2 = true;
  pm.addPass(codegen::createExpandMath(math));
  pm.addPass(codegen::createExpandDeviceMath());
  pm.addPass(createSCFToControlFlowPass());
  pm.addPass(createConvertVectorToLLVMPass());
  pm.addPass(arith::createArithExpandOpsPass());
  pm.addPass(createConvertMathToLLVMPass());
  pm.addPass(createArithToLLVMConversionPass());
  pm.addPass(createConvertControlFlowToLLVMPass());
  pm.addPass(createConvertFuncToLLVMPass());
  pm.addPass(createConvertNVVMToLLVMPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
}

void reckon::buildCudaCodegenPipeline(OpPassManager &pm, StringRef arch, bool check) {
  codegen::EmitCudaKernelsOptions options;
  options.arch = arch.str();
  pm.addPass(codegen::createEmitCudaKernels(options));
  buildDeviceLowering(pm.nest<ModuleOp>());
  if (check)
    pm.addPass(codegen::createInsertBoundsChecks());
}
