//===- EmitHostKernels.cpp - rec-emit-host-kernels --------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//

#include "dialects/Plan/Plan.h"
#include "lib/Codegen/Host/HostCode.h"
#include "passes/Codegen/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace reckon::codegen {
#define GEN_PASS_DEF_EMITHOSTKERNELS
#include "passes/Codegen/Passes.h.inc"

static constexpr StringLiteral hostCodeName = "host_code";

ModuleOp getHostCode(ModuleOp plan) { return plan.lookupSymbol<ModuleOp>(hostCodeName); }

namespace {
struct EmitHostKernels : impl::EmitHostKernelsBase<EmitHostKernels> {
  using EmitHostKernelsBase::EmitHostKernelsBase;

  void runOnOperation() override {
    ModuleOp plan = getOperation();
    std::string error;
    std::optional<host::Target> target = host::Target::get(hostCpu, &error);
    if (!target) {
      plan.emitError() << error;
      return signalPassFailure();
    }
    OwningOpRef<ModuleOp> code = host::emitKernels(plan, *target);
    if (!code)
      return signalPassFailure();
    plan.walk([&](plan::KernelOp) { ++numKernels; });
    code->setSymName(hostCodeName);
    plan.push_back(code.release());
  }
};
} // namespace
} // namespace reckon::codegen
