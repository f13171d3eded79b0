//===- RecInterfaces.td - What layers say about themselves -----------*- tablegen -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//
//
// Passes ask these interfaces instead of keeping lists of ops. Every layer has RowLocalityOpInterface, CostOpInterface,
// PrecisionOpInterface and NamingOpInterface: Rec_Layer attaches them; every op has SizeRequirementOpInterface. They have no
// default implementations, so a new layer is built only when it has answered each question. Most answers are mixins (see
// RecLayers.td).
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_DIALECTS_REC_RECINTERFACES
#define RECKON_DIALECTS_REC_RECINTERFACES

include "mlir/IR/OpBase.td"

class Rec_OpInterface<string name> : OpInterface<name> { let cppNamespace = "::reckon::rec"; }

def Rec_RowLocalityOpInterface : Rec_OpInterface<"RowLocalityOpInterface"> {
  let description = [{
    Which rows of its operands a layer needs for a row of its results. A row is a slice at an index of the leading
    dimension. Ask through getRowLocality() of lib/Analysis, which checks the requirements.
  }];
  let methods = [
    InterfaceMethod<[{
      One entry an operand, or nullopt when a row of the results needs other rows.
      Requires: all operands are ranked tensors; all results have a rank above 0 and one leading size.
    }], "::std::optional<::reckon::rec::RowUses>", "getRowUses">,
  ];
}

def Rec_CostOpInterface : Rec_OpInterface<"CostOpInterface"> {
  let description = [{
    How much a layer computes. What it reads that does not grow with the rows follows from RowLocalityOpInterface (the
    operands it needs as a whole) and LookupOpInterface (the tables among them).
  }];
  let methods = [
    InterfaceMethod<[{
      Operations of one row, or of the whole layer, as `sizes` counts. A multiplication and an addition count one
      each, what costs more is weighted.
    }], "int64_t", "getFlops", (ins "const ::reckon::rec::SizeEstimate &":$sizes)>,
  ];
}

def Rec_PrecisionOpInterface : Rec_OpInterface<"PrecisionOpInterface"> {
  let description = "Which types a layer may work in, and how it rounds.";
  let methods = [
    InterfaceMethod<"How the layer behaves when its f32 operands and results become f16 or bf16.",
                    "::reckon::rec::Narrowing", "getNarrowing">,
    InterfaceMethod<"What the layer does to the precision of its operands.", "::reckon::rec::Rounding", "getRounding">,
    InterfaceMethod<[{
      The operand whose type is the storage type of a layer that must state its precision: the weight, the table, the
      second factor when both are computed, or what is reduced. Null for layers that need not.
    }], "::mlir::Value", "getStoredOperand">,
  ];
}

def Rec_NamingOpInterface : Rec_OpInterface<"NamingOpInterface"> {
  let description = "How kernels are named after their layers.";
  let methods = [
    InterfaceMethod<[{
      How well the layer describes a kernel that it is a part of: 0 for what nobody would mention, 1 for most layers,
      5 for what gives the kernel its purpose. The first layer of the greatest prominence names the kernel.
    }], "unsigned", "getProminence">,
  ];
}

def Rec_LookupOpInterface : Rec_OpInterface<"LookupOpInterface"> {
  let description = "Reads rows of embedding tables by id and may pool them.";
  let methods = [
    InterfaceMethod<"The tables, each rows x dim.", "::mlir::OperandRange", "getTables">,
    InterfaceMethod<"The ids that all tables are read by.", "::mlir::Value", "getIds">,
    InterfaceMethod<"Where bags begin in flat ids; null when bags are rows of ids.", "::mlir::Value", "getOffsets">,
    InterfaceMethod<"Whether the offsets have one entry more than there are bags.", "bool", "getIncludeLastOffset">,
    InterfaceMethod<"Factors of the rows, shaped like the ids; null without.", "::mlir::Value", "getWeights">,
    InterfaceMethod<"What an id outside its table does.", "::reckon::rec::OutOfRange", "getOutOfRange">,
    InterfaceMethod<"Changes it.", "void", "setOutOfRange", (ins "::reckon::rec::OutOfRange":$policy)>,
    InterfaceMethod<"What becomes of the rows of one table.", "::reckon::rec::Pooling", "getPooling",
                    (ins "unsigned":$table)>,
  ];
  let extraClassDeclaration = [{
    /// Whether the operand, one of this op, is a table.
    bool isTable(::mlir::OpOperand &operand) {
      ::mlir::OperandRange tables = getTables();
      unsigned first = tables.getBeginOperandIndex(), index = operand.getOperandNumber();
      return index >= first && index < first + tables.size();
    }
  }];
}

def Rec_IndexOpInterface : Rec_OpInterface<"IndexOpInterface"> {
  let description = [{
    Has an operand of integers that say where in its operand x to read or write. Those outside their range fail the run.
  }];
  let methods = [
    InterfaceMethod<"The operand that is addressed.", "::mlir::Value", "getX">,
    InterfaceMethod<"The indices; null when the op has none.", "::mlir::Value", "getIndices">,
    InterfaceMethod<"The axis of x that an index belongs to, by its row-major position among the indices.", "int64_t",
                    "getIndexedAxis", (ins "int64_t":$position)>,
    InterfaceMethod<"The range of an index into an axis of `size`.", "::reckon::rec::IndexRange", "getIndexRange",
                    (ins "int64_t":$size)>,
  ];
}

def Rec_SizeRequirementOpInterface : Rec_OpInterface<"SizeRequirementOpInterface"> {
  let description = [{
    What must hold between the sizes of an op's operands and attributes for it to have a meaning, and to read and write
    nothing outside its operands. The base class of the dialect's ops attaches this interface, so that an op without an
    answer does not link (dialects/Rec/SizeRequirements.cpp). That no result has a negative size is required of all ops and
    not repeated by any.
  }];
  let methods = [
    InterfaceMethod<
      "Appends the conditions, whether they can be proved or not.",
      "void", "getSizeRequirements", (ins "::llvm::SmallVectorImpl<::reckon::rec::SizeCondition> &":$requirements)>
  ];
}

#endif // RECKON_DIALECTS_REC_RECINTERFACES
