//===- PlanOps.td - What the runtime executes ------------------------*- tablegen -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_DIALECTS_PLAN_PLANOPS
#define RECKON_DIALECTS_PLAN_PLANOPS

include "dialects/Plan/PlanAttrs.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/IR/SymbolInterfaces.td"

//===----------------------------------------------------------------------===//
// Buffers
//===----------------------------------------------------------------------===//

def Plan_BufferType : TypeDef<Plan_Dialect, "Buffer"> {
  let mnemonic = "buffer";
  let summary = "Memory that holds one tensor";
  let description = [{
    A dense row-major tensor, or a slice of one, of the given sizes. Which memory it is follows from the op that defines it.

    Example: `!plan.buffer<f32, <"batch", 13>>`.
  }];
  let parameters = (ins "::mlir::Type":$elementType, "::reckon::rec::DimsAttr":$dims);
  let assemblyFormat = "`<` $elementType `,` $dims `>`";
  let genVerifyDecl = 1;
  let builders = [
    TypeBuilder<(ins "::mlir::Type":$elementType, "::llvm::ArrayRef<::reckon::SizeExpr>":$sizes), [{
      return $_get($_ctxt, elementType, rec::DimsAttr::get($_ctxt, sizes));
    }]>
  ];
  let extraClassDeclaration = [{
    unsigned getRank() const { return getDims().size(); }
    ::llvm::SmallVector<::reckon::SizeExpr> getSizes() const { return getDims().getSizes(); }
    /// Bytes of one element; a boolean takes one. Rows in an encoding have no such size.
    uint64_t getElementBytes() const;
    /// Bytes of the dense tensor.
    ::reckon::SizeExpr getBytes() const;
  }];
}

class Plan_Op<string mnemonic, list<Trait> traits = []> : Op<Plan_Dialect, mnemonic, traits>;

/// Defines one buffer.
class Plan_BufferOp<string mnemonic> : Plan_Op<mnemonic> { let results = (outs Plan_BufferType:$buffer); }

def Plan_InputOp : Plan_BufferOp<"input"> {
  let summary = "A tensor the caller gives";
  let description = [{
    `name` is the ONNX name. Inputs are numbered in the order of their ops.

    Example: `%x = plan.input "dense" : !plan.buffer<f32, <"batch", 13>>`
  }];
  let arguments = (ins StrAttr:$name);
  let assemblyFormat = "$name attr-dict `:` type($buffer)";
}

def Plan_OutputOp : Plan_BufferOp<"output"> {
  let summary = "A tensor the caller receives";
  let description = [{
    `name` is the ONNX name. Outputs are numbered in the order of their ops.

    Example: `%y = plan.output "click" : !plan.buffer<f32, <"batch", 1>>`
  }];
  let arguments = (ins StrAttr:$name);
  let assemblyFormat = "$name attr-dict `:` type($buffer)";
}

def Plan_WeightOp : Plan_BufferOp<"weight"> {
  let summary = "A constant in the engine";
  let description = [{
    `packing` is how the engine stores it. The type is that of the unpacked tensor.

    Constraints:
    - (C1) the value has the buffer's element type and sizes.
    - (C2) what is packed is a matrix.

    Example: `%w = plan.weight "bot.0.weight" packing <panels, 32> dense<1.0> : tensor<13x64xf32> : !plan.buffer<f32, <13, 64>>`
  }];
  let arguments = (ins StrAttr:$name, ElementsAttr:$value,
                       DefaultValuedAttr<Plan_PackingAttr, "::reckon::plan::PackingKind::row_major">:$packing);
  let assemblyFormat = "$name (`packing` $packing^)? $value attr-dict `:` type($buffer)";
  let hasVerifier = 1;
}

def Plan_TableOp : Plan_BufferOp<"table"> {
  let summary = "An embedding table, bound when the engine is loaded";
  let description = [{
    The number of rows is a property of the binding: the first size is the dimension `rows:<name>` (see
    `SizeExpr::makeDimName`). `value` holds the model's own rows; where it has no data, whoever loads the engine binds them.

    Constraints:
    - (C1) the value has rank 2, the buffer's element type and row size.

    Example: `%t = plan.table "emb.0" dense<0.0> : tensor<200x16xf32> : !plan.buffer<f32, <"rows:emb.0", 16>>`
  }];
  let arguments = (ins StrAttr:$name, ElementsAttr:$value,
                       DefaultValuedAttr<Rec_OutOfRangeAttr, "::reckon::rec::OutOfRange::error">:$out_of_range);
  let assemblyFormat = "$name $value attr-dict `:` type($buffer)";
  let hasVerifier = 1;
}

def Plan_AllocOp : Plan_BufferOp<"alloc"> {
  let summary = "A value that lives inside a run";
  let description = [{
    Without `slot` no memory is assigned yet. With it the value lies at the start of that slot of the arena or, when
    `local`, of that local slot: a thread's own memory for one block of rows of a chain.

    Example: `%0 = plan.alloc slot 2 : !plan.buffer<f32, <"batch", 64>>`
  }];
  let arguments = (ins UnitAttr:$local, OptionalAttr<I64Attr>:$slot);
  let assemblyFormat = "(`local` $local^)? (`slot` $slot^)? attr-dict `:` type($buffer)";
}

def Plan_SliceOp : Plan_BufferOp<"slice"> {
  let summary = "A part of a buffer along an axis";
  let description = [{
    The elements of `source` from `offset` on along `axis`. Producers of a joined tensor write to slices.

    Constraints:
    - (C1) 1 <= axis < rank, and the source's sizes after the first are constant.
    - (C2) source and slice agree in element type and in all sizes but the axis; offset and size fit the source's axis.
    - (C3) the source is not itself a slice.

    Example: `%1 = plan.slice %0 axis 1 offset 16 : !plan.buffer<f32, <"batch", 80>> -> !plan.buffer<f32, <"batch", 64>>`
  }];
  let arguments = (ins Plan_BufferType:$source, I64Attr:$axis, I64Attr:$offset);
  let assemblyFormat = "$source `axis` $axis `offset` $offset attr-dict `:` type($source) `->` type($buffer)";
  let hasVerifier = 1;
}

def Plan_ViewOp : Plan_BufferOp<"view"> {
  let summary = "A dense buffer under another shape";
  let description = [{
    A reshape that moves no data.

    Constraints:
    - (C1) element types and numbers of elements agree; the source is not a slice.

    Example: `%1 = plan.view %0 : !plan.buffer<f32, <"100*batch", 8>> -> !plan.buffer<f32, <"batch", 800>>`
  }];
  let arguments = (ins Plan_BufferType:$source);
  let assemblyFormat = "$source attr-dict `:` type($source) `->` type($buffer)";
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Program
//===----------------------------------------------------------------------===//

def Plan_ProgramOp : Plan_Op<"program", [IsolatedFromAbove, Symbol, SingleBlock, NoTerminator]> {
  let summary = "What a run of the model does";
  let description = [{
    First the buffers, then the dispatches; from form-chains on these lie in chains, which run in order.

    - `dims`: the named dimensions, then `rows:<table>` of every table. The runtime computes their values from the inputs
      and the bound tables before anything runs, and passes them to every kernel.
    - `slots`: the sizes in bytes of the arena's slots; `local_slots`: the bytes per row of the local slots.
    - `arena_unshared`: the bytes that all values inside the run would take without sharing slots.
    - `candidates`: when kernels have all launches that could be the fastest, a number that programs with the same
      candidates for the same layers share. Measured times name it.
    - `requirements`: the conditions on the dimensions under which the program may run; the runtime checks them when it
      first sees a set of sizes.
    - `checked`: the code of its kernels checks every access.

    Constraints:
    - (C1) no two dispatches have the same name.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, StrArrayAttr:$dims, OptionalAttr<Rec_DimsAttr>:$slots,
                       OptionalAttr<DenseI64ArrayAttr>:$local_slots, OptionalAttr<Rec_DimsAttr>:$arena_unshared,
                       OptionalAttr<I64Attr>:$candidates,
                       OptionalAttr<TypedArrayAttrBase<Rec_RequirementAttr, "requirements on sizes">>:$requirements,
                       UnitAttr:$checked);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $sym_name `dims` $dims (`slots` $slots^)? (`local_slots` $local_slots^)? (`unshared` $arena_unshared^)?
    attr-dict-with-keyword $body
  }];
  let extraClassDeclaration = [{
    /// The index of a dimension, or -1.
    int64_t getDimIndex(::llvm::StringRef name);
    /// All dispatches in program order, in chains or not.
    std::vector<DispatchOp> getDispatches();
  }];
  let hasRegionVerifier = 1;
}

def Plan_ChainOp : Plan_Op<"chain", [SingleBlock, NoTerminator, HasParent<"ProgramOp">]> {
  let summary = "Dispatches that a block of rows passes through without a barrier";
  let description = [{
    Row r of each dispatch reads only row r of what earlier dispatches of the chain wrote, so one thread takes a block of at
    most `block_rows` rows through all of them. Between chains there is a barrier.

    Constraints:
    - (C1) `rows` is one size; it holds dispatches only.

    Example: `plan.chain rows <"batch"> block 96 { plan.dispatch @gemm_0(%x, %w, %y) : ... }`
  }];
  let arguments = (ins Rec_DimsAttr:$rows, DefaultValuedAttr<I64Attr, "0">:$block_rows);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "`rows` $rows `block` $block_rows attr-dict-with-keyword $body";
  let hasVerifier = 1;
}

def Plan_DispatchNames : TypedArrayAttrBase<FlatSymbolRefAttr, "names of dispatches"> {
  let constBuilderCall = "$_builder.getArrayAttr($0)";
}

def Plan_DispatchOp : Plan_Op<"dispatch", [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "One launch of a kernel";
  let description = [{
    The operands are the kernel's inputs, then its outputs.

    - `nodes`: the ONNX nodes it computes.
    - `columns`: into how many column blocks the kernel can split its work; 1 means by rows only.
    - `flops_per_row`, `bytes_fixed`: the cost model: floating-point operations a row, and bytes read whatever the rows.
    - `sym_name`: the name by which another one covers it.
    - `covers`: dispatches that do not run when this one does. Which it is depends on the number of rows: its kernel has
      launches for some numbers alone. Several may cover one dispatch; their launches are for different rows, so at most
      one of them runs.

    Constraints:
    - (C1) the operands fit the kernel's: their number, element types and sizes, but for the rows of a table.
    - (C2) `covers` names, in program order, earlier dispatches of the same rows that do not cover others.
    - (C3) what covered dispatches but the last write is used by covered dispatches alone, or by others that cover one of
      them, too; and the outputs are those of the last one.
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, Variadic<Plan_BufferType>:$operands,
                       OptionalAttr<SymbolNameAttr>:$sym_name, DefaultValuedAttr<Plan_DispatchNames, "{}">:$covers,
                       DefaultValuedAttr<StrArrayAttr, "{}">:$nodes, DefaultValuedAttr<I64Attr, "1">:$columns,
                       DefaultValuedAttr<I64Attr, "0">:$flops_per_row, DefaultValuedAttr<I64Attr, "0">:$bytes_fixed);
  let assemblyFormat = [{
    $kernel `(` $operands `)` (`as` $sym_name^)? (`covers` $covers^)? attr-dict `:` type($operands)
  }];
  let builders = [OpBuilder<(ins "::mlir::FlatSymbolRefAttr":$kernel, "::mlir::ValueRange":$operands), [{
    $_state.addOperands(operands);
    $_state.getOrAddProperties<Properties>().kernel = kernel;
  }]>];
  let extraClassDeclaration = [{
    /// The kernel; null when there is none of that name.
    KernelOp lookupKernel();
    /// How many rows it runs over: the leading size of its results, or 1 when the kernel has no row structure.
    ::reckon::SizeExpr getRows();
    bool coversOthers() { return !getCovers().empty(); }
    /// The dispatches that it covers; null for a name that is none.
    std::vector<DispatchOp> lookupCovered();
    ::llvm::LogicalResult verifyCovers();
  }];
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

def Plan_KernelOp : Plan_Op<"kernel", [IsolatedFromAbove, Symbol, SingleBlock]> {
  let summary = "One kernel: a fusion region and the layout of its operands";
  let description = [{
    The body is the region of a rec.fusion: block arguments are the inputs, `rec.yield` the outputs. A kernel operand is
    an input or, after all inputs, an output; the runtime passes one address for each, in that order.

    - `dims`: the dimensions whose values the runtime passes, in order: the named ones of the program, then the row count of
      each operand that is a table. So one kernel serves tables of any size.
    - `layouts`: for every operand a `#plan.operand`.

    The schedule phase adds for GPUs, and codegen obeys:
    - `choices`: the launches that the kernel gets and the numbers of rows they are for; absent for what has one way only.
    - `chain_rows`, `stack_rows`: the kernel runs linear layers one after another, for at most, or at least, so many rows.

    The codegen phase adds:
    - `scratch_bytes` (host): the scratch memory that a thread needs, one size.
    - `launches` (cuda): the functions that compute the kernel, how and for how many rows each is launched.

    Constraints:
    - (C1) `layouts` has an entry an operand, with as many strides as the operand has axes.
    - (C2) `rows_dim` is -1, or, of the tables in order, the last indices into `dims`.
    - (C3) there is an output; in kinds other than `whole` all outputs and row inputs have the same leading size.
    - (C4) an output is not packed, read by row, a table or an alternative, and no stride of 0 puts several of its elements
      in one place.
    - (C5) an alternative is of an input that is none itself, has its type and another packing than it and than other
      alternatives, and is not read by the body.
    - (C6) `scratch_bytes` is one size.
    - (C7) a kernel has at most one of `chain_rows` and `stack_rows`.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, Rec_RegionKindAttr:$kind, StrArrayAttr:$dims,
                       TypedArrayAttrBase<Plan_OperandAttr, "layouts of operands">:$layouts,
                       OptionalAttr<TypedArrayAttrBase<Plan_ChoiceAttr, "launches to make">>:$choices,
                       OptionalAttr<ConfinedAttr<I64Attr, [IntPositive]>>:$chain_rows,
                       OptionalAttr<ConfinedAttr<I64Attr, [IntNonNegative]>>:$stack_rows,
                       OptionalAttr<Rec_DimsAttr>:$scratch_bytes,
                       OptionalAttr<TypedArrayAttrBase<Plan_LaunchAttr, "launches">>:$launches);
  let regions = (region SizedRegion<1>:$body);
  let builders = [
    OpBuilder<(ins "::llvm::StringRef":$sym_name, "::reckon::rec::RegionKind":$kind, "::mlir::ArrayAttr":$dims,
                   "::llvm::ArrayRef<::reckon::plan::OperandAttr>":$layouts), [{
      build($_builder, $_state, sym_name, kind, dims,
            $_builder.getArrayAttr(::llvm::to_vector_of<::mlir::Attribute>(layouts)), /*choices=*/nullptr,
            /*chain_rows=*/nullptr, /*stack_rows=*/nullptr, /*scratch_bytes=*/nullptr, /*launches=*/nullptr);
    }]>
  ];
  let assemblyFormat = [{
    $sym_name $kind `dims` $dims `operands` custom<Layouts>($layouts) attr-dict-with-keyword $body
  }];
  let extraClassDeclaration = [{
    unsigned getNumInputs() { return getBody().front().getNumArguments(); }
    unsigned getNumOutputs() { return getBody().front().getTerminator()->getNumOperands(); }
    /// The tensor type of an operand: the inputs, then the outputs.
    ::mlir::RankedTensorType getOperandType(unsigned operand);
    OperandAttr getLayout(unsigned operand) { return ::llvm::cast<OperandAttr>(getLayouts()[operand]); }
    ::llvm::SmallVector<OperandAttr> getLayoutList();
    void setLayoutList(::llvm::ArrayRef<OperandAttr> layouts);
    /// Sizes and strides of an operand.
    StridedMap getMap(unsigned operand);
    /// The operand that is the weight `weight` in a packing: itself or an alternative to it.
    std::optional<unsigned> findPacked(unsigned weight, PackingKind packing);
    ::llvm::LogicalResult verifyRows();
    ::llvm::LogicalResult verifyLayout(unsigned operand);
    ::llvm::LogicalResult verifyAlternative(unsigned operand);
  }];
  let hasVerifier = 1;
}

#endif // RECKON_DIALECTS_PLAN_PLANOPS
