//===- PackedRow.cpp - One row times a packed weight ------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//
//
// Weights of a GEMM kernel are packed, whether or not its operands allow tiles.
//
//===------------------------------------------------------------------------------===//

#include "lib/Codegen/Host/HostEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::host;

void HostEmitter::emitLinearRow(rec::LinearOp op, const ProductRow &row) {
  ProductRow product = row;
  auto argument = dyn_cast<BlockArgument>(op.getWeight());
  auto packing = argument ? kernel.getLayout(argument.getArgNumber()).getPacking() : plan::PackingAttr();
  if (packing && packing.getKind() == plan::PackingKind::columns)
    product.b.strides = {constantIndex(1), product.k};
  if (!packing || packing.getKind() != plan::PackingKind::panels)
    return emitProductRow(product);
  Value width = constantIndex(packing.getWidth()), weight = product.b.base;
  loop(
      constantIndex(0), product.n,
      [&](Value column) {
        auto from = [&](Place place) {
          place.base = offsetPointer(place.base, mul(column, place.strides.back()), place.elementType);
          return place;
        };
        ProductRow panel = product;
        // Panel p begins at p * k * width, and column is p * width.
        panel.b.base = offsetPointer(weight, mul(column, product.k), product.b.elementType);
        panel.b.strides = {width, constantIndex(1)};
        panel.c = from(product.c);
        if (product.init)
          panel.init = from(*product.init);
        panel.n = arith::MinSIOp::create(b, width, sub(product.n, column));
        emitProductRow(panel);
      },
      packing.getWidth());
}
