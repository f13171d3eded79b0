//===- RecShapeOps.td - Moving and picking elements ------------------*- tablegen -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_DIALECTS_REC_RECSHAPEOPS
#define RECKON_DIALECTS_REC_RECSHAPEOPS

include "dialects/Rec/RecLayers.td"

def Rec_ConcatOp : Rec_Layer<"concat", !listconcat(Rec_MoveTraits, [Rec_Narrows<"follows">, Rec_Prominence<1>])> {
  let summary = "Operands side by side along an axis";
  let description = [{
    Constraints:
    - (C1) at least one operand; all have one rank above 0 and one element type.
    - (C2) 0 <= axis < rank; sizes agree on every other dimension.

    Example: `%0 = rec.concat %a, %b axis 1 : (tensor<8x16xf32>, tensor<8x4xf32>) -> tensor<8x20xf32>`
  }];
  let arguments = (ins Variadic<Rec_Tensor>:$inputs, I64Attr:$axis);
  let results = (outs Rec_Tensor:$result);
  let assemblyFormat = "$inputs `axis` $axis attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
  let hasCanonicalizer = 1;
  let extraClassDeclaration = "std::optional<::reckon::rec::RowUses> getRowUses();";
}

def Rec_SliceOp : Rec_Layer<"slice", !listconcat(Rec_MoveTraits, [Rec_View, Rec_Narrows<"moves">, Rec_Prominence<1>])> {
  let summary = "A strided box of a tensor";
  let description = [{
    `result[i, j, ...] = x[starts[0] + i * steps[0], starts[1] + j * steps[1], ...]`, one entry a dimension. A step may
    be negative. ONNX's negative and clamped bounds are resolved when the op is made.

    Constraints:
    - (C1) starts, sizes and steps have one entry a dimension; no step is zero.
    - (C2) where it can be told, the first and last element of each dimension lie inside x.
    - (C3) the result's shape is `sizes`.

    Example:
    ```mlir
    %0 = rec.slice %x starts <0, 3> sizes <"batch", 2> steps [1, 1]
      : (tensor<?x26xi64, #rec.dims<"batch", 26>>) -> tensor<?x2xi64, #rec.dims<"batch", 2>>
    ```
  }];
  let arguments = (ins Rec_Tensor:$x, Rec_DimsAttr:$starts, Rec_DimsAttr:$sizes, DenseI64ArrayAttr:$steps);
  let results = (outs Rec_Tensor:$result);
  let assemblyFormat = [{
    $x `starts` $starts `sizes` $sizes `steps` $steps attr-dict `:` functional-type(operands, results)
  }];
  let hasFolder = 1;
  let hasCanonicalizer = 1;
  let extraClassDeclaration = "std::optional<::reckon::rec::RowUses> getRowUses();";
}

def Rec_ReshapeOp : Rec_StatedLayer<"reshape",
    !listconcat(Rec_MoveTraits, [Rec_View, Rec_RowsOfFirst, Rec_Narrows<"moves">, Rec_Prominence<0>])> {
  let summary = "The same elements in row-major order under another shape";
  let description = [{
    Constraints:
    - (C1) the element types agree, and so do the numbers of elements where they can be told.

    Example: `%0 = rec.reshape %x : (tensor<8x27x16xf32>) -> tensor<8x432xf32>`
  }];
  let arguments = (ins Rec_Tensor:$x);
  let results = (outs Rec_Tensor:$result);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def Rec_TransposeOp : Rec_Layer<"transpose",
    !listconcat(Rec_MoveTraits, [Rec_View, Rec_Narrows<"moves">, Rec_Prominence<1>])> {
  let summary = "Permuted dimensions";
  let description = [{
    Dimension d of the result is dimension `perm[d]` of x.

    Constraints:
    - (C1) perm is a permutation of the dimensions.

    Example: `%0 = rec.transpose %x perm [0, 2, 1] : (tensor<8x27x16xf32>) -> tensor<8x16x27xf32>`
  }];
  let arguments = (ins Rec_Tensor:$x, DenseI64ArrayAttr:$perm);
  let results = (outs Rec_Tensor:$result);
  let assemblyFormat = "$x `perm` $perm attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
  let hasCanonicalizer = 1;
  let extraClassDeclaration = "std::optional<::reckon::rec::RowUses> getRowUses();";
}

def Rec_BroadcastOp : Rec_StatedLayer<"broadcast",
    !listconcat(Rec_MoveTraits, [Rec_View, Rec_RowsByBroadcast, Rec_Narrows<"moves">, Rec_Prominence<0>])> {
  let summary = "A tensor repeated to a larger shape, with numpy's rules";
  let description = [{
    Constraints:
    - (C1) the element types agree; each size of x, aligned at the last dimension, is the result's or 1.

    Example: `%0 = rec.broadcast %x : (tensor<8x1x32xf32>) -> tensor<8x100x32xf32>`
  }];
  let arguments = (ins Rec_Tensor:$x);
  let results = (outs Rec_Tensor:$result);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def Rec_PadOp : Rec_Layer<"pad", !listconcat(Rec_MoveTraits, [Rec_Narrows<"fills">, Rec_Prominence<1>])> {
  let summary = "A constant border";
  let description = [{
    Constraints:
    - (C1) low and high have one entry a dimension, none negative.
    - (C2) `value` is a scalar tensor of x's element type.

    Example:
    ```mlir
    %0 = rec.pad %x, %v low [0, 1] high [0, 2] : (tensor<8x4xf32>, tensor<f32>) -> tensor<8x7xf32>
    ```
  }];
  let arguments = (ins Rec_Tensor:$x, Rec_Tensor:$value, DenseI64ArrayAttr:$low, DenseI64ArrayAttr:$high);
  let results = (outs Rec_Tensor:$result);
  let assemblyFormat = "$x `,` $value `low` $low `high` $high attr-dict `:` functional-type(operands, results)";
  let extraClassDeclaration = "std::optional<::reckon::rec::RowUses> getRowUses();";
}

def Rec_GatherOp : Rec_Layer<"gather", Rec_GatherTraits> {
  let summary = "Slices of a tensor along an axis, by index";
  let description = [{
    ONNX Gather: `result[a..., i..., b...] = x[a..., indices[i...], b...]`. A negative index counts from the end; one
    outside [-size, size) fails the run.

    Constraints:
    - (C1) x has rank 1 or more and 0 <= axis < rank.

    Example: `%0 = rec.gather %x, %i axis 1 : (tensor<8x26xi64>, tensor<i64>) -> tensor<8xi64>`
  }];
  let arguments = (ins Rec_Tensor:$x, Rec_IdTensor:$indices, I64Attr:$axis);
  let results = (outs Rec_Tensor:$result);
  let assemblyFormat = "$x `,` $indices `axis` $axis attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
  let extraClassDeclaration = [{
    std::optional<::reckon::rec::RowUses> getRowUses();
    int64_t getIndexedAxis(int64_t) { return getAxis(); }
  }];
}

def Rec_GatherElementsOp : Rec_Layer<"gather_elements", Rec_GatherTraits> {
  let summary = "Elements along an axis, by index";
  let description = [{
    ONNX GatherElements: `result[i, j, k] = x[i, indices[i, j, k], k]` for axis 1. A negative index counts from the
    end; one outside [-size, size) fails the run.

    Constraints:
    - (C1) x and indices have one rank above 0; 0 <= axis < rank; the sizes of indices do not exceed those of x but on the
      axis, where it can be told.
    - (C2) the result has the shape of the indices.

    Example: `%0 = rec.gather_elements %x, %i axis 1 : (tensor<8x100xi64>, tensor<8x10xi64>) -> tensor<8x10xi64>`
  }];
  let arguments = (ins Rec_Tensor:$x, Rec_IdTensor:$indices, I64Attr:$axis);
  let results = (outs Rec_Tensor:$result);
  let assemblyFormat = "$x `,` $indices `axis` $axis attr-dict `:` functional-type(operands, results)";
  let extraClassDeclaration = [{
    std::optional<::reckon::rec::RowUses> getRowUses();
    int64_t getIndexedAxis(int64_t) { return getAxis(); }
  }];
}

def Rec_GatherNdOp : Rec_Layer<"gather_nd", Rec_GatherTraits> {
  let summary = "Slices by index tuples";
  let description = [{
    ONNX GatherND: the last dimension of `indices` holds tuples that index x after its first `batch_dims` dimensions,
    which both share. A negative index counts from the end; one outside its axis fails the run.

    Constraints:
    - (C1) the tuple length is static, at least 1, and batch_dims plus it is at most x's rank; batch_dims is below the rank
      of indices.
    - (C2) the first batch_dims sizes agree.

    Example: `%0 = rec.gather_nd %x, %i batch_dims 0 : (tensor<27x27x8xf32>, tensor<351x2xi64>) -> tensor<351x8xf32>`
  }];
  let arguments = (ins Rec_Tensor:$x, Rec_IdTensor:$indices, I64Attr:$batch_dims);
  let results = (outs Rec_Tensor:$result);
  let assemblyFormat = "$x `,` $indices `batch_dims` $batch_dims attr-dict `:` functional-type(operands, results)";
  let extraClassDeclaration = [{
    std::optional<::reckon::rec::RowUses> getRowUses();
    int64_t getIndexedAxis(int64_t position) {
      return getBatchDims() + position % getIndices().getType().getShape().back();
    }
  }];
}

def Rec_IotaOp : Rec_StatedLayer<"iota",
    [Rec_FlopsPerElement<1>, Rec_Narrows<"stays">, Rec_Rounds<"nothing">, Rec_StoresNothing, Rec_Prominence<1>]> {
  let summary = "Counting along an axis";
  let description = [{
    `result[i...] = start + step * i[axis]`, in the result's element type; start and step are written in the type's own
    number kind.

    Constraints:
    - (C1) the result has rank 1 or more and 0 <= axis < rank.

    Example: `%0 = rec.iota axis 0 start 0.0 step 1.0 : tensor<8xi64>`
  }];
  let arguments = (ins I64Attr:$axis, F64Attr:$start, F64Attr:$step);
  let results = (outs Rec_NumberTensor:$result);
  let assemblyFormat = "`axis` $axis `start` $start `step` $step attr-dict `:` type($result)";
  let hasVerifier = 1;
  let extraClassDeclaration = "std::optional<::reckon::rec::RowUses> getRowUses();";
}

def Rec_ScatterNdOp : Rec_Layer<"scatter_nd", Rec_ScatterTraits> {
  let summary = "A copy with slices replaced or combined, by index tuples";
  let description = [{
    ONNX ScatterND: slices of `updates` go to the places the tuples in the last dimension of `indices` name, replacing
    or, with `reduction`, combined with what is there, in index order. An index outside its axis fails the run.

    Constraints:
    - (C1) the tuple length is static, at least 1 and at most x's rank; updates has the indices' shape but the last, then x's
      remaining sizes.
    - (C2) x and updates share one element type; `reduction` is sum, prod, max or min.

    Example:
    ```mlir
    %0 = rec.scatter_nd %x, %i, %u : (tensor<8xf32>, tensor<4x1xi64>, tensor<4xf32>) -> tensor<8xf32>
    ```
  }];
  let arguments = (ins Rec_Tensor:$x, Rec_IdTensor:$indices, Rec_Tensor:$updates, OptionalAttr<Rec_ReduceKindAttr>:$reduction);
  let results = (outs Rec_Tensor:$result);
  let assemblyFormat = "$x `,` $indices `,` $updates attr-dict `:` functional-type(operands, results)";
  let extraClassDeclaration = [{
    ::reckon::rec::Narrowing getNarrowing();
    int64_t getIndexedAxis(int64_t position) { return position % getIndices().getType().getShape().back(); }
  }];
}

def Rec_ScatterElementsOp : Rec_Layer<"scatter_elements", Rec_ScatterTraits> {
  let summary = "A copy with elements replaced or combined along an axis, by index";
  let description = [{
    ONNX ScatterElements: `result[indices[i, j], j] = updates[i, j]` for axis 0, in index order. A negative index counts
    from the end; one outside its axis fails the run.

    Constraints:
    - (C1) x, indices and updates have one rank above 0; 0 <= axis < rank; indices and updates have one shape.
    - (C2) x and updates share one element type; `reduction` is sum, prod, max or min.

    Example:
    ```mlir
    %0 = rec.scatter_elements %x, %i, %u axis 0 : (tensor<8x3xf32>, tensor<2x3xi64>, tensor<2x3xf32>) -> tensor<8x3xf32>
    ```
  }];
  let arguments = (ins Rec_Tensor:$x, Rec_IdTensor:$indices, Rec_Tensor:$updates, I64Attr:$axis, OptionalAttr<Rec_ReduceKindAttr>:$reduction);
  let results = (outs Rec_Tensor:$result);
  let assemblyFormat = "$x `,` $indices `,` $updates `axis` $axis attr-dict `:` functional-type(operands, results)";
  let extraClassDeclaration = [{
    ::reckon::rec::Narrowing getNarrowing();
    int64_t getIndexedAxis(int64_t) { return getAxis(); }
  }];
}

#endif // RECKON_DIALECTS_REC_RECSHAPEOPS
