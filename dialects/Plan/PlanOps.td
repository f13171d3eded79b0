//===- PlanOps.td - What the runtime executes ------------------------*- tablegen -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_DIALECTS_PLAN_PLANOPS
#define RECKON_DIALECTS_PLAN_PLANOPS

include "dialects/Rec/RecBase.td"
include "mlir/IR/SymbolInterfaces.td"

def Plan_Dialect : Dialect {
  let name = "plan";
  let cppNamespace = "::reckon::plan";
  let summary = "The schedule of a model: buffers, chains of dispatches, kernels";
  let dependentDialects = ["::reckon::rec::RecDialect"];
  let useDefaultAttributePrinterParser = 1;
  let useDefaultTypePrinterParser = 1;
}

class Plan_Op<string mnemonic, list<Trait> traits = []> : Op<Plan_Dialect, mnemonic, traits>;

def Plan_KernelOp : Plan_Op<"kernel", [IsolatedFromAbove, Symbol, SingleBlock]> {
  let summary = "One kernel: a fusion region and the layout of its operands";
  let description = [{
    The body is the region of a rec.fusion: block arguments are the inputs, `rec.yield` the outputs. A kernel operand is
    an input or, after all inputs, an output; the runtime passes one address for each, in that order.

    - `strides`: for every operand the distance, in elements, between neighbours of each dimension. An entry that
      depends on a named dimension is dynamic (`-9223372036854775808`) and means dense row-major.
    - `packings`: for every input `""` (as `strides` says) or the name of a weight packing, e.g. `"panels:32"`.
    - `dims`: the dimensions whose values the runtime passes, in order (the engine's list).
    - `table_rows`: for every input the index in `dims` of the table's row count, or -1 for what is not a table.

    Constraints:
    - (C1) `row_inputs`, `packings` and `table_rows` have one entry an input, `strides` one an operand, each as long as the
      operand's rank.
    - (C2) entries of `table_rows` are -1 or an index into `dims`.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, Rec_RegionKindAttr:$kind, DenseBoolArrayAttr:$row_inputs,
                       TypedArrayAttrBase<DenseI64ArrayAttr, "strides per operand">:$strides, StrArrayAttr:$packings,
                       StrArrayAttr:$dims, DenseI64ArrayAttr:$table_rows);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name $kind `rows` $row_inputs attr-dict-with-keyword $body";
  let hasVerifier = 1;
}

#endif // RECKON_DIALECTS_PLAN_PLANOPS
