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

def LowerFloats : Precision_Pass<"rec-lower-floats"> {
  let summary = "Store and multiply floats in f16 or bf16 instead of f32";
  let description = [{
    Requires: the optimize phase is done.
    Guarantees: layers that multiply, lookups of constant tables, and what only moves or combines their results have f16
    (or bf16) operands and results; weights and tables keep their ONNX names. Function types do not change.
    Stay in f32, with casts around them: what is computed from the model's inputs alone up to the first layer that
    multiplies; what an output, a top-k or a comparison is computed from by pointwise layers; positions, counts, running
    sums, sums and norms, exponentials and reciprocals until they meet a narrow value; a pointwise layer with a constant
    that would become an infinity or zero, and pointwise layers after it; any other layer with a constant that would
    become an infinity, with a warning.
    Does not do: f64, integers, types that are narrow in the model.
    Example: test/passes/Precision/lower-floats.mlir
  }];
  let options = [Option<"to", "to", "std::string", "\"f16\"", "the narrow type: f16 or bf16">];
  let statistics = [
    Statistic<"numLowered", "ops-lowered", "layers that work on narrow floats">,
    Statistic<"numKept", "ops-kept", "layers that stay in single precision">,
    Statistic<"numConstants", "constants-narrowed", "weights, tables and other constants rounded">,
    Statistic<"numCasts", "casts", "conversions between the two">
  ];
}

def AssignPrecision : Precision_Pass<"rec-assign-precision"> {
  let summary = "State the types each op stores, computes and sums in";
  let description = [{
    Requires: the optimize phase is done.
    Guarantees: every `rec.linear`, `rec.matmul`, `rec.conv`, `rec.cross_layer`, `rec.dot_interaction`, `rec.fm_term`, every
    lookup, and every reduction, running sum, softmax and norm of floats carries
    `rec.precision`, a `#rec.precision`. Floats narrower than double precision are added in single
    precision. With `tf32` layers that multiply f32 compute in tf32.
    Does not do: change a type.
    Example: test/passes/Precision/assign-precision.mlir
  }];
  let options = [Option<"tf32", "tf32", "bool", "false", "products of f32 may be rounded to tf32">];
  let statistics = [
    Statistic<"numAssigned", "ops-assigned", "ops that state their precision">
  ];
}

def VerifyPrecision : Precision_Pass<"rec-verify-precision"> {
  let summary = "Check what the precision phase promises";
  let description = [{
    Requires: nothing.
    Guarantees: fails, naming the op, when one of the ops that rec-assign-precision lists lacks one of the three types;
    when the storage type is not that of its weight, table or operand; when it computes in another type than its result's
    (tf32 for f32 excepted); or when it adds floats in a type narrower than f32 or than its result.
    Does not do: change anything.
    Example: test/passes/Precision/verify-precision.mlir
  }];
}

#endif // RECKON_PASSES_PRECISION_PASSES
