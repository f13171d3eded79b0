//===- Scalar.h - Arithmetic on single elements ---------------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//
//
// An element has a tensor element type (f16, ui8, i1, ...), a storage type in memory (i1 is a byte, integers are
// signless) and a compute type in registers (half floats compute as f32). Functions take the tensor element type
// wherever signedness matters.
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_LIB_CODEGEN_LOOPS_SCALAR_H
#define RECKON_LIB_CODEGEN_LOOPS_SCALAR_H

#include "dialects/Rec/Rec.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace reckon::loops {

inline mlir::Type elementTypeOf(mlir::Value tensor) {
  return mlir::cast<mlir::RankedTensorType>(tensor.getType()).getElementType();
}
mlir::Type storageType(mlir::Type elementType);
mlir::Type computeType(mlir::Type elementType);
mlir::Value fromStorage(mlir::ImplicitLocOpBuilder &b, mlir::Value stored, mlir::Type elementType);
/// A load or store of a number or vector in its storage type, aligned to the element. bfloat16 moves as integers: where
/// registers of it meet, LLVM calls a conversion that no library has.
mlir::Value loadBits(mlir::ImplicitLocOpBuilder &b, mlir::Type storageType, mlir::Value pointer);
void storeBits(mlir::ImplicitLocOpBuilder &b, mlir::Value stored, mlir::Value pointer);
mlir::Value toStorage(mlir::ImplicitLocOpBuilder &b, mlir::Value value, mlir::Type elementType);

/// A number as a constant of the compute type of `elementType`.
mlir::Value scalarConstant(mlir::ImplicitLocOpBuilder &b, mlir::Type elementType, double value);

/// The exponential, approximate (`afn`) where the result is rounded to half floats: then a device has an instruction.
mlir::Value emitExp(mlir::ImplicitLocOpBuilder &b, mlir::Value x, mlir::Type elementType);
mlir::Value emitUnary(mlir::ImplicitLocOpBuilder &b, rec::UnaryKind kind, mlir::Value x, mlir::Type elementType);
/// `exponentType` is the element type of y where it differs from x's: the exponent of `pow`.
mlir::Value emitBinary(mlir::ImplicitLocOpBuilder &b, rec::BinaryKind kind, mlir::Value x, mlir::Value y,
                       mlir::Type elementType, mlir::Type exponentType = {});
mlir::Value emitCompare(mlir::ImplicitLocOpBuilder &b, rec::CompareKind kind, mlir::Value x, mlir::Value y,
                        mlir::Type elementType);
mlir::Value emitCast(mlir::ImplicitLocOpBuilder &b, mlir::Value x, mlir::Type from, mlir::Type to);

/// The value a reduction starts from, and one step of it; `last` turns the accumulated value into the result (a mean
/// divides, l2 takes the root). `count` is the number of elements, i64.
mlir::Value reduceIdentity(mlir::ImplicitLocOpBuilder &b, rec::ReduceKind kind, mlir::Type elementType);
mlir::Value reduceStep(mlir::ImplicitLocOpBuilder &b, rec::ReduceKind kind, mlir::Value accumulated, mlir::Value x,
                       mlir::Type elementType);
mlir::Value reduceLast(mlir::ImplicitLocOpBuilder &b, rec::ReduceKind kind, mlir::Value accumulated, mlir::Value count,
                       mlir::Type elementType);

} // namespace reckon::loops

#endif // RECKON_LIB_CODEGEN_LOOPS_SCALAR_H
