//===- EmitKernels.cpp - All kernels of a plan into one module --------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//

#include "lib/Codegen/Host/HostCode.h"
#include "lib/Codegen/Host/HostEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace reckon;

/// A plan for another device would be read in the wrong order.
static LogicalResult checkPackings(plan::KernelOp kernel) {
  for (plan::OperandAttr layout : kernel.getLayoutList()) {
    plan::PackingKind kind = layout.getPacking().getKind();
    if (kind != plan::PackingKind::row_major && kind != plan::PackingKind::panels && kind != plan::PackingKind::columns)
      return kernel.emitError("host codegen: kernel '") << kernel.getSymName() << "' has weights packed for a GPU";
  }
  return success();
}

OwningOpRef<ModuleOp> host::emitKernels(ModuleOp plan, const Target &target) {
  plan.getContext()
      ->loadDialect<arith::ArithDialect, func::FuncDialect, LLVM::LLVMDialect, math::MathDialect, scf::SCFDialect,
                    vector::VectorDialect>();
  OwningOpRef<ModuleOp> module = ModuleOp::create(plan.getLoc());
  bool failedAny = false;
  plan.walk([&](plan::KernelOp kernel) {
    HostEmitter emitter(*module, kernel, target);
    if (failed(checkPackings(kernel)) || failed(emitter.emit()))
      failedAny = true;
    else
      kernel.setScratchBytesAttr(rec::DimsAttr::get(plan.getContext(), ArrayRef(emitter.scratchBytes())));
  });
  return failedAny ? nullptr : std::move(module);
}
