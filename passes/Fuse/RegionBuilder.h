//===- RegionBuilder.h - Making fusion regions of layers -------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#ifndef RECKON_PASSES_FUSE_REGIONBUILDER_H
#define RECKON_PASSES_FUSE_REGIONBUILDER_H

#include "dialects/Rec/Rec.h"

namespace mlir::func {
class FuncOp;
} // namespace mlir::func

namespace reckon::fuse {

/// The block of layers of a model. Null for a declaration, and after a diagnostic for a function with control flow or
/// with values other than ranked tensors.
mlir::Block *getModelBlock(mlir::func::FuncOp func);

/// Replaces layers of one block by a region that holds them, placed after the last of them. `ops` are in block order
/// and convex. Users of the results that stand between the layers are then before the region; the caller sorts the
/// block.
rec::FusionOp formRegion(llvm::ArrayRef<mlir::Operation *> ops, rec::RegionKind kind);

/// A region at the builder's position whose result is a copy of the value.
mlir::Value copyValue(mlir::OpBuilder &builder, mlir::Value value);

/// The kind of the region that produces the value, when one does.
std::optional<rec::RegionKind> getProducerKind(mlir::Value value);

} // namespace reckon::fuse

#endif // RECKON_PASSES_FUSE_REGIONBUILDER_H
