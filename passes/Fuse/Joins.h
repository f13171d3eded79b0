//===- Joins.h - Concats that producers can write through ------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#ifndef RECKON_PASSES_FUSE_JOINS_H
#define RECKON_PASSES_FUSE_JOINS_H

#include "dialects/Rec/Rec.h"
#include "passes/Common/RegionLimits.h"

namespace reckon::fuse {

/// Whether the layout lets producers write their slices: the axis is not the leading one, and all sizes but the leading
/// one are constants, so that a slice has constant strides.
bool hasSliceLayout(mlir::RankedTensorType type, int64_t axis);

/// The note on a concat that split-concats wants joined: form-row-regions leaves it to join-concats.
using JoinNote = rec::RecDialect::JoinAttrHelper;

/// Whether a concat outside regions should become a join: the layout allows it, a GEMM region produces one of its
/// operands or they are too many for one region, and a GEMM region or the model's caller reads it. Read by row-local
/// layers alone it is better off in their region, where it moves no more than what they read anyway. Valid once GEMM
/// regions are formed and before others are.
bool isJoinable(rec::ConcatOp concat);

} // namespace reckon::fuse

#endif // RECKON_PASSES_FUSE_JOINS_H
