//===- NarrowConstant.h - Constants in a narrower float type ----------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//

#ifndef RECKON_PASSES_PRECISION_NARROWCONSTANT_H
#define RECKON_PASSES_PRECISION_NARROWCONSTANT_H

#include "mlir/IR/BuiltinAttributes.h"

#include <optional>

namespace reckon::rec {

/// What rounding a constant of f32 to f16 or bf16 does to its elements.
struct NarrowingLoss {
  std::optional<float> overflows; ///< a finite element that becomes an infinity
  std::optional<float> vanishes;  ///< an element other than zero that becomes zero
  std::optional<float> rounds;    ///< a finite element that changes and stays finite
};

/// nullopt when the data of the constant is not there.
std::optional<NarrowingLoss> getNarrowingLoss(mlir::ElementsAttr value, mlir::FloatType narrow);

/// The constant with each element rounded to nearest, ties to even; null when its data is not there. `name` is for the
/// key of its resource.
mlir::ElementsAttr narrowConstant(mlir::ElementsAttr value, mlir::FloatType narrow, llvm::StringRef name);

} // namespace reckon::rec

#endif // RECKON_PASSES_PRECISION_NARROWCONSTANT_H
