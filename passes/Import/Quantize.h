//===- Quantize.h - Quantised numbers as arithmetic -------------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------------===//

#ifndef RECKON_PASSES_IMPORT_QUANTIZE_H
#define RECKON_PASSES_IMPORT_QUANTIZE_H

#include "passes/Import/Node.h"

namespace reckon::importer {

/// What a tensor of integers stands for: (x - zero) * scale. The zero point may be null.
struct Scaling {
  mlir::Value scale, zero;
};

/// round(x / scale) + zero, limited to the integer type. Without a scale x is divided already.
mlir::Value quantize(Node &node, mlir::Value x, const Scaling &scaling, mlir::Type type);
/// (x - zero) * scale, in the type of the scale.
mlir::Value dequantize(Node &node, mlir::Value x, const Scaling &scaling);
/// x - zero, in 32-bit integers.
mlir::Value toIntegers(Node &node, mlir::Value x, mlir::Value zero);
/// A scale or zero point against x: a scalar, or one entry for each place on the axis that the node names, `axis`
/// unless it does. Null, and the node says why, when it is neither.
mlir::Value alongAxis(Node &node, mlir::Value vector, mlir::Value x, int64_t axis = 1);

/// Integers that range over [low, high], 0 included, as uint8: DynamicQuantizeLinear.
struct Quantized {
  mlir::Value integers;
  Scaling scaling;
};
Quantized quantizeByRange(Node &node, mlir::Value x);

} // namespace reckon::importer

#endif // RECKON_PASSES_IMPORT_QUANTIZE_H
