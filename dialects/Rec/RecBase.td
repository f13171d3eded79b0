//===- RecBase.td - The rec dialect, its attributes and enums --------*- tablegen -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_DIALECTS_REC_RECBASE
#define RECKON_DIALECTS_REC_RECBASE

include "dialects/Rec/RecInterfaces.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/TensorEncoding.td"
include "mlir/IR/DialectBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"

def Rec_Dialect : Dialect {
  let name = "rec";
  let cppNamespace = "::reckon::rec";
  let summary = "Layers of recommender networks, on tensors";
  let description = [{
    `rec` models a trained recommender as a graph of layers on value-semantic tensors: lookups and bags, linear layers,
    feature interactions, and the tensor algebra around them. One function is one model; its arguments and results carry
    the ONNX names in `rec.name`, a string. What the model needs of its sizes is in the function's `rec.requirements`, an
    array of `#rec.requirement`.

    A dynamic dimension is named by the `#rec.dims` encoding of its tensor type:
    `tensor<?x13xf32, #rec.dims<"batch", 13>>`. A dynamic dimension without encoding is the anonymous dimension `?`.
    Sizes are expressions over names (`"2*batch+1"`), in the canonical form of `reckon::SizeExpr`.

    Every op states its constraints as a numbered list; the verifier and the negative tests cite the numbers.

    Passes leave notes on ops of several kinds: `rec.precision` what a layer stores, computes and adds up in;
    `rec.requirements` on a function; `rec.recipe` on a module, `{options = [...], initializers = {name = checksum, ...}}`, what an
    engine of it can be made of again; and, inside one phase, `rec.reason` why a node was not converted and `rec.join` on a
    concat that is to be written through.
  }];
  let discardableAttrs = (ins "::reckon::rec::PrecisionAttr":$precision, "::mlir::ArrayAttr":$requirements,
                              "::mlir::DictionaryAttr":$recipe, "::mlir::StringAttr":$reason, "::mlir::UnitAttr":$join);
  let useDefaultAttributePrinterParser = 1;
  let useDefaultTypePrinterParser = 1;
  let hasConstantMaterializer = 1;
  let hasRegionArgAttrVerify = 1;
  let hasRegionResultAttrVerify = 1;
  let hasOperationAttrVerify = 1;
}

//===----------------------------------------------------------------------===//
// Types and attributes
//===----------------------------------------------------------------------===//

class Rec_Attr<string name, string mnemonicText, list<Trait> traits = []>
    : AttrDef<Rec_Dialect, name, traits> { let mnemonic = mnemonicText; }

def Rec_DimsAttr : Rec_Attr<"Dims", "dims", [DeclareAttrInterfaceMethods<VerifiableTensorEncoding>]> {
  let summary = "A list of sizes, constant or in named dimensions";
  let description = [{
    As a tensor encoding it names the dimensions of the type, one entry a dimension; a constant entry repeats the static
    size. On an op it is a list of sizes, such as the starts of a slice.

    Example: `#rec.dims<"batch", 13, "2*batch+1">`.
  }];
  let parameters = (ins ArrayRefParameter<"::mlir::StringAttr", "canonical size expressions">:$exprs);
  let builders = [AttrBuilder<(ins "::llvm::ArrayRef<::reckon::SizeExpr>":$sizes)>];
  let extraClassDeclaration = [{
    size_t size() const { return getExprs().size(); }
    ::reckon::SizeExpr getSize(unsigned i) const;
    ::llvm::SmallVector<::reckon::SizeExpr> getSizes() const;
  }];
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

def Rec_SequenceType : TypeDef<Rec_Dialect, "Sequence"> {
  let mnemonic = "sequence";
  let summary = "An ONNX sequence of tensors";
  let description = "Only between `rec.onnx` ops: no sequence outlives the normalize phase.";
  let parameters = (ins "::mlir::Type":$elementType);
  let assemblyFormat = "`<` $elementType `>`";
}

def Rec_RowEncoding : AttrOrTypeParameter<"::reckon::RowEncoding", "an encoding of rows"> {
  let parser = "::reckon::rec::parseRowEncoding($_parser)";
  let printer = "::reckon::rec::printRowEncoding($_printer, $_self)";
}

def Rec_EncodedType : TypeDef<Rec_Dialect, "Encoded"> {
  let mnemonic = "encoded";
  let summary = "An element of a table whose rows are stored in an encoding";
  let description = [{
    Lookups give elements of type `decoded`. A row has as many elements as the tensor type says, and as many bytes as
    `reckon::RowFormat` says. Rows that are their elements have the type of these instead.

    Constraints:
    - (C1) the encoding is not `plain`, and it decodes to f16, bf16 or f32.
  }];
  let parameters = (ins Rec_RowEncoding:$encoding, "::mlir::Type":$decoded);
  let assemblyFormat = "`<` $encoding `,` $decoded `>`";
  let genVerifyDecl = 1;
}

class Rec_Enum<string name, string summaryText, list<string> names>
    : I32EnumAttr<name, summaryText, !foreach(i, !range(0, !size(names)), I32EnumAttrCase<names[i], i>)> {
  let cppNamespace = "::reckon::rec";
  let genSpecializedAttr = 0;
}
class Rec_EnumAttr<EnumInfo info, string mnemonicText> : EnumAttr<Rec_Dialect, info, mnemonicText>;

def Rec_UnaryKind : Rec_Enum<"UnaryKind", "elementwise function of one operand", [
  "abs", "acos", "acosh", "asin", "asinh", "atan", "atanh", "bitwise_not", "ceil", "cos", "cosh", "erf", "exp",
  "floor", "gelu", "gelu_tanh", "hard_swish", "is_inf", "is_nan", "log", "logical_not", "mish", "neg", "reciprocal",
  "relu", "round", "rsqrt", "sigmoid", "sign", "silu", "sin", "sinh", "softplus", "softsign", "sqrt", "tan", "tanh"]>;
def Rec_BinaryKind : Rec_Enum<"BinaryKind", "elementwise function of two operands", [
  "add", "sub", "mul", "div", "max", "min", "pow", "mod", "fmod", "bitwise_and", "bitwise_or", "bitwise_xor",
  "logical_and", "logical_or", "logical_xor", "shift_left", "shift_right"]>;
def Rec_CompareKind : Rec_Enum<"CompareKind", "comparison", ["eq", "ne", "lt", "le", "gt", "ge"]>;
def Rec_ReduceKind : Rec_Enum<"ReduceKind", "reduction", [
  "sum", "mean", "max", "min", "prod", "l1", "l2", "sum_square", "log_sum", "log_sum_exp"]>;
def Rec_PoolMode : Rec_Enum<"PoolMode", "how the rows of a bag become one", ["sum", "mean", "max"]>;
def Rec_OutOfRange : Rec_Enum<"OutOfRange", "what an id outside the table does", ["error", "zero", "clamp", "wrap"]>;
def Rec_Triangle : Rec_Enum<"Triangle", "which pairs of an interaction", ["lower", "upper"]>;
def Rec_WindowKind : Rec_Enum<"WindowKind", "what a sliding window computes", ["max", "average"]>;
def Rec_Relation : Rec_Enum<"Relation", "how two sizes must relate", ["at_least", "equal"]>;
def Rec_RegionKind : Rec_Enum<"RegionKind", "how codegen emits a fusion region", ["gemm", "lookup", "rows", "whole"]>;

def Rec_UnaryKindAttr : Rec_EnumAttr<Rec_UnaryKind, "unary_kind">;
def Rec_BinaryKindAttr : Rec_EnumAttr<Rec_BinaryKind, "binary_kind">;
def Rec_CompareKindAttr : Rec_EnumAttr<Rec_CompareKind, "compare_kind">;
def Rec_ReduceKindAttr : Rec_EnumAttr<Rec_ReduceKind, "reduce_kind">;
def Rec_PoolModeAttr : Rec_EnumAttr<Rec_PoolMode, "pool">;
def Rec_OutOfRangeAttr : Rec_EnumAttr<Rec_OutOfRange, "out_of_range">;
def Rec_TriangleAttr : Rec_EnumAttr<Rec_Triangle, "triangle">;
def Rec_WindowKindAttr : Rec_EnumAttr<Rec_WindowKind, "window_kind">;
def Rec_RegionKindAttr : Rec_EnumAttr<Rec_RegionKind, "region_kind">;

def Rec_RequirementAttr : Rec_Attr<"Requirement", "requirement"> {
  let summary = "A condition on the named dimensions that a model has no meaning without";
  let description = [{
    `sizes` are two: the first must be at least, or equal to, the second. `node` is the ONNX node that needs it, `what` the
    words for the caller.

    Constraints:
    - (C1) there are two sizes, without the anonymous dimension.

    Example: `#rec.requirement<at_least <"T", 5>, "/head/TopK", "the 5 greatest elements of axis 1">`.
  }];
  let parameters = (ins EnumParameter<Rec_Relation>:$relation, "::reckon::rec::DimsAttr":$sizes,
                        "::mlir::StringAttr":$node, "::mlir::StringAttr":$what);
  let assemblyFormat = "`<` $relation $sizes `,` $node `,` $what `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    ::reckon::SizeExpr getLeft() const { return getSizes().getSize(0); }
    ::reckon::SizeExpr getRight() const { return getSizes().getSize(1); }
  }];
}

def Rec_PrecisionAttr : Rec_Attr<"Precision", "precision"> {
  let summary = "What a layer that adds up or looks up stores, computes and adds up in";
  let description = [{
    `storage` is the type of the weight or table in the engine, or of what is reduced; `compute` that of the factors and the
    result, or tf32 where factors of f32 may be rounded to it; `accumulate` that of sums while they grow.

    Constraints:
    - (C1) all three are numbers or booleans; tf32 is computed in alone.

    Example: `#rec.precision<storage = f32, compute = tf32, accumulate = f32>`.
  }];
  let parameters = (ins "::mlir::Type":$storage, "::mlir::Type":$compute, "::mlir::Type":$accumulate);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

//===----------------------------------------------------------------------===//
// Operand types
//===----------------------------------------------------------------------===//

def Rec_Bool : I<1>;
def Rec_Float : AnyTypeOf<[F16, BF16, F32, F64], "f16, bf16, f32 or f64">;
def Rec_Int : AnyTypeOf<[I8, I16, I32, I64, UI8, UI16, UI32, UI64], "integer of 8 to 64 bits">;
def Rec_Id : AnyTypeOf<[I32, I64], "i32 or i64">;
def Rec_Number : AnyTypeOf<[Rec_Float, Rec_Int], "number">;
def Rec_Element : AnyTypeOf<[Rec_Float, Rec_Int, Rec_Bool], "number or boolean">;

def Rec_Tensor : RankedTensorOf<[Rec_Element]>;
def Rec_NumberTensor : RankedTensorOf<[Rec_Number]>;
def Rec_FloatTensor : RankedTensorOf<[Rec_Float]>;
def Rec_IdTensor : RankedTensorOf<[Rec_Id]>;
def Rec_BoolTensor : RankedTensorOf<[Rec_Bool]>;
/// What a node that is not yet a layer may take and give: any tensor, ranked or not, a sequence, or nothing.
def Rec_OnnxValue : AnyTypeOf<[TensorOf<[Rec_Element]>, Rec_SequenceType, NoneType]>;

def Rec_Table : RankedTensorOf<[Rec_Float, I8, UI8, Rec_EncodedType]>;
/// What is in the model or the engine: any tensor, or a table in any encoding.
def Rec_StoredTensor : RankedTensorOf<[Rec_Element, Rec_EncodedType]>;

//===----------------------------------------------------------------------===//
// Op classes
//===----------------------------------------------------------------------===//

class Rec_Op<string mnemonic, list<Trait> traits = []>
    : Op<Rec_Dialect, mnemonic, !listconcat(traits, [DeclareOpInterfaceMethods<Rec_SizeRequirementOpInterface>])>;

/// Result types follow from operands and attributes; a given type may know more or less than the inferred one where one
/// of them has the anonymous dimension.
def Rec_InferTypes : InferTypeOpAdaptorBase<[{
  static bool isCompatibleReturnTypes(::mlir::TypeRange inferred, ::mlir::TypeRange given) {
    return ::reckon::rec::areCompatible(inferred, given);
  }
}]>;

#endif // RECKON_DIALECTS_REC_RECBASE
