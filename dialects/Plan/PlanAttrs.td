//===- PlanAttrs.td - What the plan states of operands and launches --*- tablegen -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_DIALECTS_PLAN_PLANATTRS
#define RECKON_DIALECTS_PLAN_PLANATTRS

include "dialects/Plan/PlanEnums.td"
include "dialects/Rec/RecBase.td"
include "mlir/IR/AttrTypeBase.td"

def Plan_Dialect : Dialect {
  let name = "plan";
  let cppNamespace = "::reckon::plan";
  let summary = "The schedule of a model: buffers, chains of dispatches, kernels";
  let dependentDialects = ["::reckon::rec::RecDialect"];
  let useDefaultAttributePrinterParser = 1;
  let useDefaultTypePrinterParser = 1;
  let description = [{
    Code that the codegen phase has made may carry `plan.bytes`, for kernels that check themselves: on the computation of an
    address, the bytes of the array that begins there; on an instruction that takes addresses as numbers, the bytes that it
    accesses from each of its first operands on, 0 for one that is no address.
  }];
  let discardableAttrs = (ins "::reckon::rec::DimsAttr":$bytes);
  let hasOperationAttrVerify = 1;
}

class Plan_Attr<string name, string mnemonicText> : AttrDef<Plan_Dialect, name> {
  let mnemonic = mnemonicText;
  let genVerifyDecl = 1;
}

class Plan_Default<string type, string value> : DefaultValuedParameter<type, value>;
def Plan_Flag : Plan_Default<"bool", "false">;
def Plan_MinRows : Plan_Default<"uint64_t", "0">;
def Plan_MaxRows : Plan_Default<"uint64_t", "UINT64_MAX">;

def Plan_PackingAttr : Plan_Attr<"Packing", "packing"> {
  let summary = "The order in which a weight is stored";
  let description = [{
    `row_major` is the model's own order; the others are described in lib/Packing/WeightPacking.h. `width` is the
    number of columns of a panel.

    Constraints:
    - (C1) `width` is positive for `panels`, and 0 for all others.

    Example: `#plan.packing<panels, 32>`, `#plan.packing<mma>`
  }];
  let parameters = (ins EnumParameter<Plan_PackingKind>:$kind, Plan_Default<"int64_t", "0">:$width);
  let assemblyFormat = "`<` $kind (`,` $width^)? `>`";
  let constBuilderCall = "::reckon::plan::PackingAttr::get($_builder.getContext(), $0)";
  let builders = [AttrBuilder<(ins "::reckon::plan::PackingKind":$kind), [{ return $_get($_ctxt, kind, 0); }]>];
  let extraClassDeclaration = [{
    bool isRowMajor() const { return getKind() == PackingKind::row_major; }
    /// What an engine calls it: "" for row-major, "panels:32", "mma".
    std::string getEngineName() const;
  }];
}

def Plan_OperandAttr : Plan_Attr<"Operand", "operand"> {
  let summary = "How an operand of a kernel lies in memory, and what is known of it";
  let description = [{
    - `strides`: for every axis of the tensor the distance, in elements, between neighbours along it, as in a `StridedMap`:
      0 repeats an element (a broadcast), and the order of the strides need not be that of the axes (a transposition).
    - `packing`: of a weight, the order that the kernel reads it in. Strides are those of the unpacked matrix.
    - `alternative_to`: the operand is the weight that this other operand is, in another packing, for launches that read
      that.
    - `row`: row r of the result needs row r of this input alone.
    - `rows_dim`: of a table, the index in the kernel's `dims` of its row count; -1 for what is no table.
    - `aligned`: it starts at a multiple of 16 bytes in all dispatches.
    - `constant`: nothing writes it during a run: a weight, a table, or an input of the model.

    `aligned` and `constant` are false until plan-choose-launches looks at the dispatches.

    Constraints:
    - (C1) constant strides are not negative.
    - (C2) what is packed is a matrix that is neither a table nor read by row.
    - (C3) `rows_dim` and `alternative_to` are -1 or an index.
    - (C4) an alternative is not read by row, and is no table.

    Example: `#plan.operand<strides = <64, 1>, packing = <panels, 32>, aligned = true, constant = true>`
  }];
  let parameters = (ins
    "::reckon::rec::DimsAttr":$strides,
    Plan_Default<"::reckon::plan::PackingAttr", "::reckon::plan::PackingAttr::get($_ctxt, PackingKind::row_major)">:$packing,
    Plan_Default<"int64_t", "-1">:$alternative_to, Plan_Flag:$row, Plan_Default<"int64_t", "-1">:$rows_dim,
    Plan_Flag:$aligned, Plan_Flag:$constant);
  let assemblyFormat = "`<` struct(params) `>`";
  let builders = [AttrBuilder<(ins "::llvm::ArrayRef<::reckon::SizeExpr>":$strides, CArg<"bool", "false">:$row,
                                   CArg<"int64_t", "-1">:$rowsDim), [{
    return $_get($_ctxt, rec::DimsAttr::get($_ctxt, strides), PackingAttr::get($_ctxt, PackingKind::row_major),
                 /*alternative_to=*/-1, row, rowsDim, /*aligned=*/false, /*constant=*/false);
  }]>];
  let extraClassDeclaration = [{
    bool isTable() const { return getRowsDim() >= 0; }
    bool isAlternative() const { return getAlternativeTo() >= 0; }
    OperandAttr withPacking(PackingAttr packing) const;
    /// The same weight in another packing; this is operand `operand`.
    OperandAttr asAlternative(unsigned operand, PackingAttr packing) const;
    OperandAttr withFacts(bool aligned, bool constant) const;
  }];
}

def Plan_ChoiceAttr : Plan_Attr<"Choice", "choice"> {
  let summary = "A launch that a kernel is to get";
  let description = [{
    `name` is that of a tile of lib/Tiling/LinearTiles.h, that of a library, or empty for the only launch of another
    emitter. It is for numbers of rows from `min_rows` to `max_rows`. With `needs_timing` it runs only once a timing cache
    has chosen it.

    Constraints:
    - (C1) `min_rows` is at most `max_rows`.

    Example: `#plan.choice<name = "splitk8", max_rows = 16>`
  }];
  let parameters = (ins "::mlir::StringAttr":$name, Plan_MinRows:$min_rows, Plan_MaxRows:$max_rows,
                        Plan_Flag:$needs_timing);
  let assemblyFormat = "`<` struct(params) `>`";
}

def Plan_TensorMapAttr : Plan_Attr<"TensorMap", "tensor_map"> {
  let summary = "A tensor map that the runtime encodes from an operand's address, for bulk copies of tiles";
  let description = [{
    Dimensions are innermost first. `strides` are bytes, of dimensions 1 and up; `box` is what one copy takes, in elements.

    Constraints:
    - (C1) there are 1 to 5 sizes, a stride less, and a side of the box for each.
    - (C2) a side of the box is 1 to 256 elements.
    - (C3) `swizzle` is 0, 32, 64 or 128 bytes.

    Example: `#plan.tensor_map<operand = 1, type = f16, sizes = <64, "batch">, strides = <128>, box = [64, 128], swizzle = 128>`
  }];
  let parameters = (ins "unsigned":$operand, "::mlir::Type":$type, "::reckon::rec::DimsAttr":$sizes,
                        "::reckon::rec::DimsAttr":$strides, "::mlir::DenseI64ArrayAttr":$box,
                        Plan_Default<"unsigned", "0">:$swizzle);
  let assemblyFormat = "`<` struct(params) `>`";
}

def Plan_LaunchAttr : Plan_Attr<"Launch", "launch"> {
  let summary = "One way to launch a kernel on a GPU";
  let description = [{
    - `function`: the code, in the module that the codegen phase adds.
    - `threads`: of a block. `cluster`: blocks of a cluster, 0 for none. `shared_bytes`: dynamic shared memory of a block.
    - `grid`: blocks in x, y and z, as many as are given. With `blocks_per_sm` the kernel is persistent: the grid is cut to
      so many blocks a multiprocessor.
    - `scratch_bytes`: global memory for each block, one size.
    - `min_rows`, `max_rows`: the numbers of rows that it is thought best for; it is right for any.
    - `needs_timing`: it runs only once a timing cache has chosen it.
    - `uses_pdl`: it starts before the kernels that it waits for have ended.
    - `tensor_maps`: the maps that follow the operands among the parameters.

    Constraints:
    - (C1) a block has threads.
    - (C2) the grid has 1 to 3 sizes, the scratch memory one.
    - (C3) `min_rows` is at most `max_rows`.
    - (C4) `tensor_maps` holds `#plan.tensor_map`.

    Example: `#plan.launch<function = @cuda_code::@copy, threads = 128, grid = <"ceildiv(batch, 4)">>`
  }];
  let parameters = (ins
    "::mlir::SymbolRefAttr":$function, "unsigned":$threads, Plan_Default<"unsigned", "0">:$cluster,
    Plan_Default<"uint64_t", "0">:$shared_bytes, "::reckon::rec::DimsAttr":$grid,
    Plan_Default<"unsigned", "0">:$blocks_per_sm, OptionalParameter<"::reckon::rec::DimsAttr">:$scratch_bytes,
    Plan_MinRows:$min_rows, Plan_MaxRows:$max_rows, Plan_Flag:$needs_timing, Plan_Flag:$uses_pdl,
    OptionalParameter<"::mlir::ArrayAttr">:$tensor_maps);
  let assemblyFormat = "`<` struct(params) `>`";
  let extraClassDeclaration = [{
    /// The maps, of which there may be none.
    ::llvm::SmallVector<TensorMapAttr> getMaps() const;
    ::reckon::SizeExpr getScratch() const;
  }];
}

#endif // RECKON_DIALECTS_PLAN_PLANATTRS
