//===- Layer.h - What the interfaces of layers are made of ------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------------===//
//
// The types in the interfaces of RecInterfaces.td, and the traits and mixins that RecLayers.td names. Rec.h includes
// this.
//
//===----------------------------------------------------------------------------------===//

#ifndef RECKON_DIALECTS_REC_LAYER_H
#define RECKON_DIALECTS_REC_LAYER_H

#include "dialects/Rec/Shape.h"

#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/TypeUtilities.h"

namespace reckon::rec {

enum class PoolMode : uint32_t;

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

/// What row r of a result needs of an operand.
enum class RowUse {
  Row,   ///< row r; the operand has the result's leading size
  Whole, ///< all of it
};
/// One entry an operand.
using RowUses = llvm::SmallVector<RowUse>;

/// Operands by role: those at `rowOperands` by row, the others whole; nullopt when one of those has no such rows.
/// Operands rather than values: one value may have both roles, as in a product of a matrix with itself.
std::optional<RowUses> useRows(mlir::Operation *op, llvm::ArrayRef<unsigned> rowOperands);
/// numpy broadcasting: what has the result's rank and leading size goes by row, what does not vary along the leading
/// dimension is whole.
std::optional<RowUses> useRowsByBroadcast(mlir::Operation *op);

//===----------------------------------------------------------------------===//
// Cost
//===----------------------------------------------------------------------===//

/// Numbers for sizes, which a cost model has to guess where they are dynamic.
class SizeEstimate {
public:
  /// `byRow`: counts the elements of one row of a tensor, not of all of it.
  explicit SizeEstimate(bool byRow) : byRow(byRow) {}

  /// What a named dimension other than the rows is taken as: most are bag and sequence lengths.
  static constexpr int64_t assumedSize = 16;

  int64_t elements(mlir::Value tensor) const;
  static int64_t product(llvm::ArrayRef<SizeExpr> sizes);

private:
  bool byRow;
};

//===----------------------------------------------------------------------===//
// Precision
//===----------------------------------------------------------------------===//

/// How a layer behaves when f32 becomes f16 or bf16.
enum class Narrowing {
  multiplies,   ///< gains from narrow factors, whatever its operands are stored in
  looksUp,      ///< as multiplies when its table is a constant, else as follows
  follows,      ///< becomes narrow when one of its operands is
  maps,         ///< a pointwise function: as follows, and passes on that a value must stay single
  mapsAndGrows, ///< a pointwise function whose results spread over more magnitudes than its operands: stays single
  moves,        ///< moves elements of one tensor: as maps
  fills,        ///< as moves, beside elements of a constant
  grows,        ///< sums, whose results spread over more magnitudes than its operands: stays single
  steps,        ///< its result jumps where an operand passes some value: that operand must be exact
  orders,       ///< puts elements in order: they must be exact
  stays,        ///< stays single
};

enum class Rounding {
  nothing, ///< moves, compares or counts: exact in any type
  result,  ///< the result is rounded
  sums,    ///< adds up products or terms, which may cancel: operands and result are rounded
};

//===----------------------------------------------------------------------===//
// Lookups and indices
//===----------------------------------------------------------------------===//

/// How a lookup reads one of its tables.
struct Pooling {
  /// How the rows of a bag become one; nullopt when each id gives a row of its own.
  std::optional<PoolMode> mode;
  /// The columns of the ids that this table is read by; nullopt for all.
  std::optional<std::pair<int64_t, int64_t>> startAndCount;
  /// An id that does not count.
  std::optional<int64_t> paddingId;
};

/// The integers that an index may be, ends included.
struct IndexRange {
  int64_t low, high;
};

//===----------------------------------------------------------------------===//
// Traits and mixins
//===----------------------------------------------------------------------===//

template <typename Op> class Pointwise : public mlir::OpTrait::TraitBase<Op, Pointwise> {};
template <typename Op> class View : public mlir::OpTrait::TraitBase<Op, View> {};
template <typename Op> class MovesData : public mlir::OpTrait::TraitBase<Op, MovesData> {};
template <typename Op> class Product : public mlir::OpTrait::TraitBase<Op, Product> {};
template <typename Op> class TakesRowBlocks : public mlir::OpTrait::TraitBase<Op, TakesRowBlocks> {};

template <typename Op> class NoRows : public mlir::OpTrait::TraitBase<Op, NoRows> {
public:
  std::optional<RowUses> getRowUses() { return std::nullopt; }
};
template <typename Op> class RowsOfFirst : public mlir::OpTrait::TraitBase<Op, RowsOfFirst> {
public:
  std::optional<RowUses> getRowUses() { return useRows(this->getOperation(), {0}); }
};
template <typename Op> class RowsAroundAxis : public mlir::OpTrait::TraitBase<Op, RowsAroundAxis> {
public:
  std::optional<RowUses> getRowUses() {
    mlir::Operation *op = this->getOperation();
    return llvm::cast<Op>(op).getAxis() >= 1 ? useRows(op, {0}) : std::nullopt;
  }
};
template <typename Op> class RowsByBroadcast : public mlir::OpTrait::TraitBase<Op, RowsByBroadcast> {
public:
  std::optional<RowUses> getRowUses() { return useRowsByBroadcast(this->getOperation()); }
};

template <int flops> struct FlopsPerElement {
  template <typename Op> class Impl : public mlir::OpTrait::TraitBase<Op, FlopsPerElement<flops>::Impl> {
  public:
    int64_t getFlops(const SizeEstimate &sizes) { return flops * sizes.elements(this->getOperation()->getResult(0)); }
  };
};
template <int flops> struct FlopsPerInput {
  template <typename Op> class Impl : public mlir::OpTrait::TraitBase<Op, FlopsPerInput<flops>::Impl> {
  public:
    int64_t getFlops(const SizeEstimate &sizes) { return flops * sizes.elements(this->getOperation()->getOperand(0)); }
  };
};

template <Narrowing narrowing> struct Narrows {
  template <typename Op> class Impl : public mlir::OpTrait::TraitBase<Op, Narrows<narrowing>::Impl> {
  public:
    Narrowing getNarrowing() { return narrowing; }
  };
};
template <Rounding rounding> struct Rounds {
  template <typename Op> class Impl : public mlir::OpTrait::TraitBase<Op, Rounds<rounding>::Impl> {
  public:
    Rounding getRounding() { return rounding; }
  };
};
template <typename Op> class StoresNothing : public mlir::OpTrait::TraitBase<Op, StoresNothing> {
public:
  mlir::Value getStoredOperand() { return {}; }
};
template <unsigned operand> struct Stores {
  template <typename Op> class Impl : public mlir::OpTrait::TraitBase<Op, Stores<operand>::Impl> {
  public:
    mlir::Value getStoredOperand() { return this->getOperation()->getOperand(operand); }
  };
};
template <typename Op> class StoresFloats : public mlir::OpTrait::TraitBase<Op, StoresFloats> {
public:
  mlir::Value getStoredOperand() {
    mlir::Value x = this->getOperation()->getOperand(0);
    return llvm::isa<mlir::FloatType>(mlir::getElementTypeOrSelf(x)) ? x : mlir::Value();
  }
};

template <typename Op> class WrappingIndices : public mlir::OpTrait::TraitBase<Op, WrappingIndices> {
public:
  IndexRange getIndexRange(int64_t size) { return {-size, size - 1}; }
};

template <unsigned prominence> struct Prominence {
  template <typename Op> class Impl : public mlir::OpTrait::TraitBase<Op, Prominence<prominence>::Impl> {
  public:
    unsigned getProminence() { return prominence; }
  };
};

} // namespace reckon::rec

#endif // RECKON_DIALECTS_REC_LAYER_H
