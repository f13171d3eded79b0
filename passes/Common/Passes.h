//===- Passes.h - Passes that belong to no phase ---------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#ifndef RECKON_PASSES_COMMON_PASSES_H
#define RECKON_PASSES_COMMON_PASSES_H

#include "mlir/Pass/Pass.h"

namespace reckon {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/Common/Passes.h.inc"

} // namespace reckon

#endif // RECKON_PASSES_COMMON_PASSES_H
