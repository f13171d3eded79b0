//===- Pipeline.cpp - The passes of the precision phase, in order --------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "dialects/Rec/Rec.h"
#include "passes/Precision/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace reckon;

std::optional<FloatPrecision> reckon::parsePrecision(StringRef name) {
  return llvm::StringSwitch<std::optional<FloatPrecision>>(name)
      .Case("fp32", FloatPrecision::fp32)
      .Case("tf32", FloatPrecision::tf32)
      .Case("fp16", FloatPrecision::fp16)
      .Case("bf16", FloatPrecision::bf16)
      .Default(std::nullopt);
}

void reckon::buildPrecisionPipeline(OpPassManager &pm, FloatPrecision precision) {
  OpPassManager &func = pm.nest<func::FuncOp>();
  if (precision == FloatPrecision::fp16 || precision == FloatPrecision::bf16) {
    LowerFloatsOptions options;
    options.to = precision == FloatPrecision::fp16 ? "f16" : "bf16";
    func.addPass(createLowerFloats(options));
  }
  AssignPrecisionOptions options;
  options.tf32 = precision == FloatPrecision::tf32;
  func.addPass(createAssignPrecision(options));
}
