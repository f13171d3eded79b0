//===- RecLookupOps.td - Embedding lookups and bags ------------------*- tablegen -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_DIALECTS_REC_RECLOOKUPOPS
#define RECKON_DIALECTS_REC_RECLOOKUPOPS

include "dialects/Rec/RecLayers.td"

def Rec_EmbeddingOp : Rec_Layer<"embedding", !listconcat(Rec_LookupTraits, [Rec_Rounds<"nothing">, Rec_Stores<0>])> {
  let summary = "Rows of a table by id";
  let description = [{
    `result[i..., :] = table[ids[i...], :]`. Unlike rec.gather an id is a row number: a negative one is out of range and
    follows the policy `out_of_range`: `error` fails the run naming table, position and id; `zero` gives zeros; `clamp`
    the nearest row. With `wrap` a negative id counts from the end of the table, as an index of rec.gather does, and fails
    the run outside of it. A padding id is compared with the id as it is given.

    Constraints:
    - (C1) the table has rank 2: rows x dim.
    - (C2) the result's shape is that of the ids followed by dim; its element type is what the table's decodes to.

    Example:
    ```mlir
    %0 = rec.embedding %table, %ids : (tensor<200x16xf32>, tensor<8xi64>) -> tensor<8x16xf32>
    ```
  }];
  let arguments = (ins Rec_Table:$table, Rec_IdTensor:$ids,
                       DefaultValuedAttr<Rec_OutOfRangeAttr, "::reckon::rec::OutOfRange::error">:$out_of_range);
  let results = (outs Rec_Tensor:$result);
  let assemblyFormat = "$table `,` $ids attr-dict `:` functional-type(operands, results)";
  let extraClassDeclaration = [{
    std::optional<::reckon::rec::RowUses> getRowUses();
    int64_t getFlops(const ::reckon::rec::SizeEstimate &sizes);
    ::mlir::OperandRange getTables() { return getOperation()->getOperands().take_front(1); }
    ::mlir::Value getOffsets() { return {}; }
    ::mlir::Value getWeights() { return {}; }
    bool getIncludeLastOffset() { return false; }
    ::reckon::rec::Pooling getPooling(unsigned) { return {}; }
  }];
}

def Rec_EmbeddingBagOp : Rec_Layer<"embedding_bag",
    !listconcat(Rec_LookupTraits, [AttrSizedOperandSegments, Rec_Rounds<"result">, Rec_Stores<0>])> {
  let summary = "Rows of a table pooled into one per bag";
  let description = [{
    Bags are given in one of two forms. *Fixed width*: `ids` is bags x hotness. *Offsets*: `ids` is flat and
    `offsets[b]` is where bag b begins; it ends where the next begins, the last at the end of `ids`, unless
    `include_last_offset`, when `offsets` has one more entry.

    Pooling is `sum`, `mean` (of the rows that count) or `max`. `weights`, shaped like the ids, scale rows before a sum.
    An id equal to `padding_id` does not count: not in the sum, not in the mean's divisor, not in the maximum. An empty bag
    gives zeros. NaN in a row propagates. Offsets that decrease or leave [0, ids] fail the run.

    Constraints:
    - (C1) the table has rank 2: rows x dim.
    - (C2) without offsets the ids have rank 2; with offsets both have rank 1 and the same element type.
    - (C3) weights have the shape of the ids and the result's element type, and need mode `sum`.
    - (C4) `include_last_offset` needs offsets, with at least one entry where it can be told.
    - (C5) the result is bags x dim; its element type is what the table's decodes to.

    Example:
    ```mlir
    %0 = rec.embedding_bag sum %table, %ids : (tensor<200x16xf32>, tensor<8x3xi64>) -> tensor<8x16xf32>
    %1 = rec.embedding_bag mean %table, %flat offsets %offsets {padding_id = 0 : i64}
      : (tensor<200x16xf32>, tensor<?xi64, #rec.dims<"nnz">>, tensor<8xi64>) -> tensor<8x16xf32>
    ```
  }];
  let arguments = (ins Rec_PoolModeAttr:$mode, Rec_Table:$table, Rec_IdTensor:$ids, Optional<Rec_IdTensor>:$offsets,
                       Optional<Rec_FloatTensor>:$weights, OptionalAttr<I64Attr>:$padding_id,
                       UnitAttr:$include_last_offset,
                       DefaultValuedAttr<Rec_OutOfRangeAttr, "::reckon::rec::OutOfRange::error">:$out_of_range);
  let results = (outs Rec_Tensor:$result);
  let assemblyFormat = [{
    `` $mode $table `,` $ids (`offsets` $offsets^)? (`weights` $weights^)? attr-dict
    `:` functional-type(operands, results)
  }];
  let extraClassDeclaration = [{
    std::optional<::reckon::rec::RowUses> getRowUses();
    int64_t getFlops(const ::reckon::rec::SizeEstimate &sizes);
    ::mlir::OperandRange getTables() { return getOperation()->getOperands().take_front(1); }
    ::reckon::rec::Pooling getPooling(unsigned table);
  }];
}

def Rec_MultiLookupOp : Rec_Layer<"multi_lookup",
    !listconcat(Rec_LookupTraits, [Rec_RowsOfFirst, Rec_Rounds<"result">, Rec_Stores<1>])> {
  let summary = "All lookups of one id matrix";
  let description = [{
    Lookup t pools the columns `[starts[t], starts[t] + counts[t])` of `ids` over `tables[t]`, as rec.embedding_bag does
    in its fixed-width form without weights, and fills columns `[sum of earlier dims, + dim_t)` of the result. The same
    table may appear more than once.

    Constraints:
    - (C1) there is a table; every table has rank 2, all of one element type, encodings included; the ids have rank 2.
    - (C2) `starts`, `counts`, `modes` and `padding_ids` have one entry a table; counts are positive and the columns lie
      inside the ids. A padding id below zero means none.
    - (C3) the result is rows of ids x the sum of the dims; its element type is what the tables' decodes to.

    Example:
    ```mlir
    %0 = rec.multi_lookup %ids[%t0, %t1] starts [0, 1] counts [1, 3] modes [0, 0] padding_ids [-1, -1]
      : (tensor<8x4xi64>, tensor<200x16xf32>, tensor<50x16xf32>) -> tensor<8x32xf32>
    ```
  }];
  let arguments = (ins Rec_IdTensor:$ids, Variadic<Rec_Table>:$tables, DenseI64ArrayAttr:$starts,
                       DenseI64ArrayAttr:$counts, DenseI32ArrayAttr:$modes, DenseI64ArrayAttr:$padding_ids,
                       DefaultValuedAttr<Rec_OutOfRangeAttr, "::reckon::rec::OutOfRange::error">:$out_of_range);
  let results = (outs Rec_Tensor:$result);
  let assemblyFormat = [{
    $ids `[` $tables `]` `starts` $starts `counts` $counts `modes` $modes `padding_ids` $padding_ids attr-dict
    `:` functional-type(operands, results)
  }];
  let extraClassDeclaration = [{
    int64_t getFlops(const ::reckon::rec::SizeEstimate &sizes);
    ::mlir::Value getOffsets() { return {}; }
    ::mlir::Value getWeights() { return {}; }
    bool getIncludeLastOffset() { return false; }
    ::reckon::rec::Pooling getPooling(unsigned table);
    PoolMode getMode(unsigned table) { return static_cast<PoolMode>(getModes()[table]); }
  }];
}

#endif // RECKON_DIALECTS_REC_RECLOOKUPOPS
