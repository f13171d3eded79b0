//===- RowRegion.h - What a region of lookups reads and writes ---------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//
//
// Many regions of a recommender put rows of tables side by side: a row of a result is a list of pieces, each a pooled
// lookup or a stretch of an input. Then the row is written as it is, or its pieces are features that interact, or they
// are summed. This reads such a plan.kernel into plain data that the lookup and interaction emitters share.
//
//===-----------------------------------------------------------------------------===//

#ifndef RECKON_LIB_CODEGEN_NVPTX_ROWREGION_H
#define RECKON_LIB_CODEGEN_NVPTX_ROWREGION_H

#include "dialects/Plan/Plan.h"
#include "dialects/Rec/Rec.h"
#include "reckon/Engine/RowFormat.h"

#include "llvm/ADT/SmallVector.h"

#include <optional>

namespace reckon::nvptx {

/// A stretch of columns of one output.
struct PieceTarget {
  unsigned operand; ///< of the kernel
  int64_t column;
};

/// Some columns of a row: one table's rows pooled, or columns of a row input.
struct RowPiece {
  bool isLookup = false;
  int64_t columns = 0;
  mlir::Type elementType; ///< what the table decodes to, or the input is cast to

  /// The input (element type `elementType`) or table.
  unsigned operand = 0;
  mlir::Type inputType;              ///< the input's element type
  int64_t rowStride = 0, column = 0; ///< of an input, in elements

  //===--- Of a lookup ---===//
  RowFormat format{ElementType::F32};
  unsigned ids = 0;
  bool wideIds = true;                      ///< i64 rather than i32
  int64_t idStride = 0, idColumn = 0;       ///< elements of the id operand between samples, and the bag's first
  int64_t count = 1;                        ///< rows of a bag, where there are no offsets
  std::optional<unsigned> offsets, weights; ///< operands
  bool includeLastOffset = false;
  int64_t weightStride = 0;
  rec::PoolMode mode = rec::PoolMode::sum;
  std::optional<int64_t> padding;
  rec::OutOfRange policy = rec::OutOfRange::error;
  unsigned rowsDim = 0; ///< which of the kernel's dims is the table's number of rows
  SizeExpr numIds;      ///< of a flat id tensor

  //===--- Where it goes ---===//
  llvm::SmallVector<PieceTarget> targets;
  bool inFm = false;  ///< a feature of the factorisation-machine term
  bool inSum = false; ///< its columns are summed into the scalar result

  int64_t elementBytes() const { return elementType.getIntOrFloatBitWidth() / 8; }
  /// Of the row as others read it, and of a table's row in memory.
  int64_t rowBytes() const { return columns * elementBytes(); }
  int64_t storedBytes() const { return format.rowBytes(columns); }
  bool isCast() const { return !isLookup && inputType != elementType; }
  bool isBag() const { return isLookup && (offsets || count != 1 || weights); }
};

/// The products of pairs of features.
struct Interaction {
  llvm::SmallVector<RowPiece> features;
  int64_t dim = 0;
  bool isLower = true, hasSelf = false;
  PieceTarget target;

  int64_t numPairs() const {
    int64_t n = features.size();
    return n * (n - 1) / 2 + (hasSelf ? n : 0);
  }
};

struct RowRegion {
  SizeExpr rows;
  llvm::SmallVector<RowPiece> pieces; ///< of plain outputs, FM terms and sums: a lookup occurs once
  std::optional<Interaction> interaction;
  /// The output of one column that is the sum of FM terms and of pieces with `inSum`.
  std::optional<unsigned> scalarOutput;
  bool hasFm = false;
};

/// nullopt for a kernel that does anything else.
std::optional<RowRegion> analyzeRowRegion(plan::KernelOp kernel);

/// The alignment in bytes that the address of an operand has in every dispatch of the kernel.
unsigned getBaseAlignment(plan::KernelOp kernel, unsigned operand);
/// The alignment of `base + r * rowStride + column` for any row r, at most 16. `base` is that of getBaseAlignment();
/// with 16 it is what the row has when the address happens to be aligned so.
unsigned getRowAlignment(plan::KernelOp kernel, unsigned operand, int64_t column, unsigned base);
unsigned getRowAlignment(plan::KernelOp kernel, unsigned operand, int64_t column);
/// Distance between rows of an operand in elements; nullopt when it is not known or its inner dimensions are not dense.
std::optional<int64_t> getRowStride(plan::KernelOp kernel, unsigned operand);

} // namespace reckon::nvptx

#endif // RECKON_LIB_CODEGEN_NVPTX_ROWREGION_H
