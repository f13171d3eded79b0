//===- Packing.h - The orders in which weights are stored -------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_DIALECTS_PLAN_PACKING_H
#define RECKON_DIALECTS_PLAN_PACKING_H

#include "mlir/Support/LLVM.h"
#include "llvm/ADT/DenseMapInfo.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"

#include <optional>
#include <string>

#include "dialects/Plan/PlanEnums.h.inc"

#endif // RECKON_DIALECTS_PLAN_PACKING_H
