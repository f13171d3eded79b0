//===- Plan.h - The plan dialect -------------------------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#ifndef RECKON_DIALECTS_PLAN_PLAN_H
#define RECKON_DIALECTS_PLAN_PLAN_H

#include "dialects/Plan/Packing.h"
#include "dialects/Plan/StridedMap.h"
#include "dialects/Rec/Rec.h"

#include "mlir/IR/SymbolTable.h"

#include <vector>

#include "dialects/Plan/PlanDialect.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/Plan/PlanAttrs.h.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/Plan/PlanTypes.h.inc"

#define GET_OP_CLASSES
#include "dialects/Plan/PlanOps.h.inc"

namespace reckon::plan {

/// `plan.bytes` of an op: see the dialect. The context has the dialect.
void setBytes(mlir::Operation *op, llvm::ArrayRef<SizeExpr> bytes);
/// Null where it says nothing.
rec::DimsAttr getBytes(mlir::Operation *op);

} // namespace reckon::plan

#endif // RECKON_DIALECTS_PLAN_PLAN_H
