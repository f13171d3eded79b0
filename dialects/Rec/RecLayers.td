//===- RecLayers.td - The classes and mixins of layers ---------------*- tablegen -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_DIALECTS_REC_RECLAYERS
#define RECKON_DIALECTS_REC_RECLAYERS

include "dialects/Rec/RecBase.td"
include "dialects/Rec/RecInterfaces.td"

//===----------------------------------------------------------------------===//
// Traits
//===----------------------------------------------------------------------===//

class Rec_Trait<string name> : NativeOpTrait<name> { let cppNamespace = "::reckon::rec"; }

/// Each element of the result depends on the elements of the operands at the same place, after numpy's broadcasting.
def Rec_Pointwise : Rec_Trait<"Pointwise">;
/// The result is its operand's memory under other strides, or can be when that memory is dense.
def Rec_View : Rec_Trait<"View">;
/// Each element of the result is an element of an operand. Operands that are indices are IndexOpInterface's.
def Rec_MovesData : Rec_Trait<"MovesData">;
/// Multiplies its operands with each other, as tensor cores do.
def Rec_Product : Rec_Trait<"Product">;

/// Takes many rows at once, so that it shares a region with no other layer.
def Rec_TakesRowBlocks : Rec_Trait<"TakesRowBlocks">;

//===----------------------------------------------------------------------===//
// Mixins: answers to the questions that every layer has
//===----------------------------------------------------------------------===//

// An op without the mixin of a question declares the method in its own class.
class Rec_Mixin<string name, string parameters> : ParamNativeOpTrait<name, parameters> {
  let cppNamespace = "::reckon::rec";
}

// RowLocalityOpInterface.
def Rec_NoRows : Rec_Trait<"NoRows">;
/// Row r of the results needs row r of operand 0, and the other operands whole.
def Rec_RowsOfFirst : Rec_Trait<"RowsOfFirst">;
/// As Rec_RowsOfFirst, unless the layer works along the leading dimension.
def Rec_RowsAroundAxis : Rec_Trait<"RowsAroundAxis">;
def Rec_RowsByBroadcast : Rec_Trait<"RowsByBroadcast">;

// CostOpInterface.
class Rec_FlopsPerElement<int flops> : Rec_Mixin<"FlopsPerElement", !cast<string>(flops)>;
class Rec_FlopsPerInput<int flops> : Rec_Mixin<"FlopsPerInput", !cast<string>(flops)>;

// PrecisionOpInterface. `how` and `what` are enumerators of Narrowing and Rounding in Layer.h.
class Rec_Narrows<string how> : Rec_Mixin<"Narrows", "::reckon::rec::Narrowing::" # how>;
class Rec_Rounds<string what> : Rec_Mixin<"Rounds", "::reckon::rec::Rounding::" # what>;
def Rec_StoresNothing : Rec_Trait<"StoresNothing">;
class Rec_Stores<int operand> : Rec_Mixin<"Stores", !cast<string>(operand)>;
/// Operand 0 when it holds floats.
def Rec_StoresFloats : Rec_Trait<"StoresFloats">;

// IndexOpInterface.
/// ONNX's indices: negative ones count from the end.
def Rec_WrappingIndices : Rec_Trait<"WrappingIndices">;
defvar Rec_IndexTraits = [Rec_IndexOpInterface, Rec_WrappingIndices];

// NamingOpInterface.
class Rec_Prominence<int prominence> : Rec_Mixin<"Prominence", !cast<string>(prominence)>;

//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

/// A layer whose result types are stated: they do not follow from its operands and attributes.
class Rec_StatedLayer<string mnemonic, list<Trait> traits>
    : Rec_Op<mnemonic, !listconcat([Pure, Rec_RowLocalityOpInterface, Rec_CostOpInterface, Rec_PrecisionOpInterface,
                                    Rec_NamingOpInterface], traits)>;

/// A layer: pure, its result types follow from operands and attributes (the shape-inference interface). Errors that the
/// inference can see are the verifier's, too.
class Rec_Layer<string mnemonic, list<Trait> traits> : Rec_StatedLayer<mnemonic, !listconcat([Rec_InferTypes], traits)>;

/// Families, as lists of mixins.
defvar Rec_PointwiseTraits = [Rec_Pointwise, Rec_RowsByBroadcast, Rec_StoresNothing];
defvar Rec_MoveTraits = [Rec_MovesData, Rec_FlopsPerElement<1>, Rec_Rounds<"nothing">, Rec_StoresNothing];
defvar Rec_GatherTraits = !listconcat(Rec_MoveTraits, Rec_IndexTraits, [Rec_Narrows<"moves">, Rec_Prominence<1>]);
defvar Rec_ScatterTraits = !listconcat(Rec_IndexTraits, [Rec_NoRows, Rec_FlopsPerElement<1>, Rec_Rounds<"result">,
                                                         Rec_StoresNothing, Rec_Prominence<1>]);
defvar Rec_LookupTraits = [Rec_LookupOpInterface, Rec_Narrows<"looksUp">, Rec_Prominence<3>];

#endif // RECKON_DIALECTS_REC_RECLAYERS
