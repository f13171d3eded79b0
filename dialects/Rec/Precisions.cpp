//===- Precisions.cpp - How layers take narrow types, and how they round ------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//
//
// The answers to PrecisionOpInterface that are no mixins: those that depend on the kind of a layer.
//
//===--------------------------------------------------------------------------------===//

#include "dialects/Rec/Rec.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

Narrowing UnaryOp::getNarrowing() {
  switch (getKind()) {
  case UnaryKind::ceil:
  case UnaryKind::floor:
  case UnaryKind::round:
  case UnaryKind::sign:
  case UnaryKind::is_inf:
  case UnaryKind::is_nan:
    return Narrowing::steps;
  case UnaryKind::cosh:
  case UnaryKind::exp:
  case UnaryKind::reciprocal:
  case UnaryKind::rsqrt:
  case UnaryKind::sinh:
  case UnaryKind::tan:
    return Narrowing::mapsAndGrows;
  default:
    return Narrowing::maps;
  }
}

Rounding UnaryOp::getRounding() {
  switch (getKind()) {
  case UnaryKind::abs:
  case UnaryKind::ceil:
  case UnaryKind::floor:
  case UnaryKind::neg:
  case UnaryKind::relu:
  case UnaryKind::round:
  case UnaryKind::sign:
    return Rounding::nothing;
  default:
    return Rounding::result;
  }
}

Narrowing BinaryOp::getNarrowing() {
  switch (getKind()) {
  case BinaryKind::mod:
  case BinaryKind::fmod:
    return Narrowing::steps;
  case BinaryKind::pow:
    return Narrowing::mapsAndGrows;
  default:
    return Narrowing::maps;
  }
}

Rounding BinaryOp::getRounding() {
  switch (getKind()) {
  case BinaryKind::add:
  case BinaryKind::sub:
  case BinaryKind::mul:
  case BinaryKind::div:
  case BinaryKind::pow:
    return Rounding::result;
  default:
    return Rounding::nothing;
  }
}

Narrowing CastOp::getNarrowing() {
  return isa<FloatType>(getType().getElementType()) ? Narrowing::stays : Narrowing::steps;
}

// A value near the middle between two narrow ones falls to either side.
Rounding CastOp::getRounding() {
  Type element = getType().getElementType();
  return element.isF16() || element.isBF16() ? Rounding::result : Rounding::nothing;
}

Narrowing ReduceOp::getNarrowing() {
  bool keepsRange = llvm::is_contained({ReduceKind::max, ReduceKind::min, ReduceKind::mean}, getKind());
  return keepsRange ? Narrowing::follows : Narrowing::grows;
}

Rounding ReduceOp::getRounding() {
  return getKind() == ReduceKind::max || getKind() == ReduceKind::min ? Rounding::nothing : Rounding::sums;
}

Narrowing ScatterNdOp::getNarrowing() { return getReduction() ? Narrowing::grows : Narrowing::follows; }
Narrowing ScatterElementsOp::getNarrowing() { return getReduction() ? Narrowing::grows : Narrowing::follows; }
