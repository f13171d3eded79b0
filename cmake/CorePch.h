//===- CorePch.h - What every file over the rec dialect parses -----------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------------===//
//
// Precompiled once for the dialects, the import and the passes on `rec` (cmake/ReckonTargets.cmake). Parsing MLIR's
// headers and instantiating their templates is four fifths of the time of a file of these libraries. Sources still
// include what they use: nothing may depend on this header.
//
//===-------------------------------------------------------------------------------===//

#include "dialects/Plan/Plan.h"
#include "dialects/Rec/Rec.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/TypeSwitch.h"
