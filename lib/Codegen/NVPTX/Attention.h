//===- Attention.h - Attention among the layers of a kernel ------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#ifndef RECKON_LIB_CODEGEN_NVPTX_ATTENTION_H
#define RECKON_LIB_CODEGEN_NVPTX_ATTENTION_H

#include "dialects/Rec/Rec.h"

#include "llvm/ADT/DenseSet.h"

namespace reckon::nvptx {

/// A product with weights that are softmax of another product: between the two stand pointwise layers of the scores'
/// shape. Nothing else reads what lies between, so the scores need no memory.
struct Attention {
  rec::MatmulOp scores;
  rec::SoftmaxOp softmax;
  rec::MatmulOp mix;
  /// The layers that are computed as part of `mix`; the pointwise ones among them read the scores.
  llvm::SmallDenseSet<mlir::Operation *> layers;

  int64_t queryDim() const; ///< of a query and a key
  int64_t valueDim() const;

  /// The attention that ends in a product; nullopt when the product is none, or not one for tensor cores.
  static std::optional<Attention> match(rec::MatmulOp mix);
};

} // namespace reckon::nvptx

#endif // RECKON_LIB_CODEGEN_NVPTX_ATTENTION_H
