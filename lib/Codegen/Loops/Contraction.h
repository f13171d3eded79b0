//===- Contraction.h - The normal form of products ---------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//
//
// Linear layers, matrix products with any batch dimensions and transposes, and convolutions of any rank are one thing:
// sums of products, where every operand is an affine function of one list of axes. What an axis is follows from the
// strides. With a stride in `a` and `c` alone it counts rows of the product, with one in `b` and `c` alone columns,
// with one in all three it is a batch, and a summed axis has none in `c`. A transposed operand has its strides
// exchanged, a broadcast has stride 0, and a convolution has its window as further summed axes.
//
//===-----------------------------------------------------------------------------===//

#ifndef RECKON_LIB_CODEGEN_LOOPS_CONTRACTION_H
#define RECKON_LIB_CODEGEN_LOOPS_CONTRACTION_H

#include "lib/Codegen/Loops/MemoryBuilder.h"

namespace reckon::loops {

/// c[i] = init[i] + sum over s of a[i, s] * b[i, s], for every index i of the result's axes.
struct Contraction {
  /// A tensor over the axes of the contraction.
  struct Operand {
    StridedView place; ///< with a stride an axis
    Value offset;      ///< in elements, of where all indices are 0; below 0 where a window begins in padding
  };

  /// The window of a convolution along one dimension of `b`. What `position` and `offset` name there,
  ///   position * stride + offset * dilation - before,
  /// has to lie in [0, size); elsewhere is padding, where the products are 0.
  struct Window {
    unsigned position; ///< the axis of the result
    unsigned offset;   ///< the summed axis
    int64_t stride, dilation;
    int64_t before, after; ///< of the padding
    Value size;
  };

  llvm::SmallVector<Value> extents; ///< of the result's axes in the order of its dimensions, then of the summed axes
  /// What the extents are at most, in named dimensions: scratch along an axis is of that size.
  llvm::SmallVector<SizeExpr> bounds;
  unsigned numResultAxes = 0;
  Operand a, b, c;
  std::optional<Operand> init; ///< absent: 0
  llvm::SmallVector<Window> windows;

  llvm::ArrayRef<Value> getResultExtents() const { return llvm::ArrayRef(extents).take_front(numResultAxes); }
  llvm::ArrayRef<Value> getSummedExtents() const { return llvm::ArrayRef(extents).drop_front(numResultAxes); }
  /// Of the elements of `a`, `b` and `c`; sums have its compute type.
  mlir::Type getElementType() const { return a.place.elementType; }
  llvm::SmallVector<Operand *> getOperands() {
    llvm::SmallVector<Operand *> operands{&a, &b, &c};
    if (init)
      operands.push_back(&*init);
    return operands;
  }
};

} // namespace reckon::loops

#endif // RECKON_LIB_CODEGEN_LOOPS_CONTRACTION_H
