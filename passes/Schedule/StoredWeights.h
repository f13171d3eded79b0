//===- StoredWeights.h - Weights stored as their readers say -----------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#ifndef RECKON_PASSES_SCHEDULE_STOREDWEIGHTS_H
#define RECKON_PASSES_SCHEDULE_STOREDWEIGHTS_H

#include "dialects/Plan/Plan.h"

#include "mlir/IR/BuiltinOps.h"

namespace reckon::schedule {

/// Gives every weight the packing that the kernels which read it name; a weight read in several ways is stored once for
/// each. `stored` hears of each packing of each weight.
void storeWeightsAsRead(mlir::ModuleOp module, llvm::function_ref<void(plan::PackingAttr packing)> stored);

} // namespace reckon::schedule

#endif // RECKON_PASSES_SCHEDULE_STOREDWEIGHTS_H
