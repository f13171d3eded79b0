//===- Plan.h - The plan dialect -------------------------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#ifndef RECKON_DIALECTS_PLAN_PLAN_H
#define RECKON_DIALECTS_PLAN_PLAN_H

#include "dialects/Rec/Rec.h"

#include "mlir/IR/SymbolTable.h"

#include "dialects/Plan/PlanDialect.h.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/Plan/PlanTypes.h.inc"

#define GET_OP_CLASSES
#include "dialects/Plan/PlanOps.h.inc"

namespace reckon::plan {

/// The distance in elements between neighbours of each dimension of a dense row-major tensor. Where it depends on a
/// named dimension the entry is ShapedType::kDynamic.
llvm::SmallVector<int64_t> getDenseStrides(llvm::ArrayRef<SizeExpr> sizes);

} // namespace reckon::plan

#endif // RECKON_DIALECTS_PLAN_PLAN_H
