//===- Lanes.h - Vectors in memory, whole or in part -------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//
//
// A mask says which lanes there are; a null one stands for all. Floats that are narrow in memory are single in
// registers.
//
//===----------------------------------------------------------------------===//

#ifndef RECKON_LIB_CODEGEN_HOST_LANES_H
#define RECKON_LIB_CODEGEN_HOST_LANES_H

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace reckon::host {

mlir::Value splat(mlir::ImplicitLocOpBuilder &b, mlir::Value scalar, int64_t lanes);
/// The mask of the lanes with a number below `count`, an i64.
mlir::Value lanesBelow(mlir::ImplicitLocOpBuilder &b, mlir::Value count, int64_t lanes);
/// Neighbours of an element type, in its compute type; lanes that the mask leaves out are 0.
mlir::Value loadLanes(mlir::ImplicitLocOpBuilder &b, mlir::Value address, mlir::Type elementType, int64_t lanes,
                      mlir::Value mask);
void storeLanes(mlir::ImplicitLocOpBuilder &b, mlir::Value vector, mlir::Value address, mlir::Type elementType,
                mlir::Value mask);

} // namespace reckon::host

#endif // RECKON_LIB_CODEGEN_HOST_LANES_H
