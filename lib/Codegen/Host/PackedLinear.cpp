//===- PackedLinear.cpp - Packed weights as operands of contractions --------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//
//
// Weights of a GEMM kernel are packed, whether or not its operands allow tiles. By columns is a matter of strides,
// panels are contractions of their own.
//
//===------------------------------------------------------------------------------===//

#include "lib/Codegen/Host/HostEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::host;
using namespace reckon::loops;

void HostEmitter::emitLinearContraction(rec::LinearOp op, const Contraction &contraction) {
  auto argument = dyn_cast<BlockArgument>(op.getWeight());
  auto packing = argument ? kernel.getLayout(argument.getArgNumber()).getPacking() : plan::PackingAttr();
  if (!packing || packing.getKind() != plan::PackingKind::panels)
    return emitContraction(contraction);
  unsigned column = contraction.numResultAxes - 1, summed = column + 1;
  Value n = contraction.extents[column], k = contraction.extents[summed], one = constantIndex(1);
  Contraction packed = contraction;
  SmallVector<Value> &strides = packed.b.place.strides;
  Value width = constantIndex(packing.getWidth());
  strides[column] = one;
  strides[summed] = width;
  loop(
      constantIndex(0), n,
      [&](Value first) {
        Contraction panel = packed;
        for (Contraction::Operand *operand : panel.getOperands()) {
          // Panel p begins at p * k * width, and the first column is p * width.
          Value stride = operand == &panel.b ? k : operand->place.strides[column];
          operand->offset = add(operand->offset, mul(first, stride));
        }
        panel.bounds[column] = packing.getWidth();
        panel.extents[column] = arith::MinSIOp::create(b, width, sub(n, first));
        emitContraction(panel);
      },
      packing.getWidth());
}
