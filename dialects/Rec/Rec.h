//===- Rec.h - The rec dialect ------------------------------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//

#ifndef RECKON_DIALECTS_REC_REC_H
#define RECKON_DIALECTS_REC_REC_H

#include "dialects/Rec/Layer.h"
#include "dialects/Rec/Shape.h"
#include "dialects/Rec/SizeRequirements.h"
#include "reckon/Engine/SizeExpr.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/TensorEncoding.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace reckon {
enum class RowEncoding : uint8_t; // reckon/Engine/RowFormat.h
} // namespace reckon

#include "dialects/Rec/RecEnums.h.inc"

#include "dialects/Rec/RecInterfaces.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/Rec/RecAttrs.h.inc"

// Behind the attributes, which its helpers for discardable ones read and write.
#include "dialects/Rec/RecDialect.h.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/Rec/RecTypes.h.inc"

#define GET_OP_CLASSES
#include "dialects/Rec/RecOps.h.inc"

namespace reckon::rec {
/// Whether a lookup reports ids that name no row.
inline bool failsOutside(OutOfRange policy) { return policy == OutOfRange::error || policy == OutOfRange::wrap; }

/// The type of the elements that a lookup gives from a table of this element type.
inline mlir::Type getDecodedType(mlir::Type elementType) {
  auto encoded = llvm::dyn_cast<EncodedType>(elementType);
  return encoded ? encoded.getDecoded() : elementType;
}
} // namespace reckon::rec

#endif // RECKON_DIALECTS_REC_REC_H
