//===- Passes.td - The precision phase --------------------------*- tablegen -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_PASSES_PRECISION_PASSES
#define RECKON_PASSES_PRECISION_PASSES

include "mlir/Pass/PassBase.td"

class Precision_Pass<string flag> : Pass<flag, "::mlir::func::FuncOp"> {
  let dependentDialects = ["::reckon::rec::RecDialect"];
}

def AssignPrecision : Precision_Pass<"rec-assign-precision"> {
  let summary = "State the types each op stores, computes and sums in";
  let description = [{
    Requires: the optimize phase is done.
    Guarantees: every `rec.linear`, `rec.matmul`, `rec.conv`, `rec.cross_layer`, `rec.dot_interaction`, `rec.fm_term` and every
    lookup carries `rec.precision = {storage, compute, accumulate}`. The types are the model's own, sums of floats narrower
    than single precision in single precision.
    Does not do: change a type.
    Example: test/passes/Precision/assign-precision.mlir
  }];
  let statistics = [
    Statistic<"numAssigned", "ops-assigned", "ops that state their precision">
  ];
}

def VerifyPrecision : Precision_Pass<"rec-verify-precision"> {
  let summary = "Check what the precision phase promises";
  let description = [{
    Requires: nothing.
    Guarantees: fails, naming the op, when one of the ops that rec-assign-precision lists lacks one of the three types.
    Does not do: change anything.
    Example: test/passes/Precision/verify-precision.mlir
  }];
}

#endif // RECKON_PASSES_PRECISION_PASSES
