//===- DataSizeBounder.h - Dimensions that data decide, at their greatest ------*- C++ -*- ===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_PASSES_NORMALIZE_DATASIZEBOUNDER_H
#define RECKON_PASSES_NORMALIZE_DATASIZEBOUNDER_H

#include "passes/Import/LayerBuilder.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include "llvm/ADT/StringMap.h"

namespace reckon::rec {

/// Layers before an op, in the place of what it needs.
class DataSizeBuilder : public importer::LayerBuilder {
public:
  DataSizeBuilder(mlir::OpBuilder &b, mlir::Location loc) : LayerBuilder(b, loc) {}
  llvm::ArrayRef<RequirementAttr> getRequirements() const { return requirements; }
};

/// Gives the tensors of a function whose size data decide room for the most there can be. What such a tensor stands for
/// is at the front of each dimension; what follows may be anything. Layers that keep places apart work on all of it;
/// those that mix them get the rest replaced by what does not count: zeros in a sum, an index that writes nowhere.
class DataSizeBounder {
public:
  explicit DataSizeBounder(mlir::func::FuncOp func) : func(func), builder(func.getContext()) {}
  mlir::LogicalResult run();
  unsigned numBounded = 0, numMasked = 0;

private:
  struct Dimension {
    mlir::Value value; ///< an int64 scalar
    mlir::Value source;
    std::optional<SizeExpr> bound;
  };

  mlir::LogicalResult define(DataSizeOp op, DataSizeBuilder &b);
  mlir::LogicalResult rewrite(mlir::Operation *op, DataSizeBuilder &b);
  void checkRequirements();
  void checkInRun(RequirementAttr requirement);
  /// What a caller can do about sizes that data decide.
  std::string getHint(llvm::ArrayRef<SizeExpr> sizes) const;

  /// No size is less than, or with `greatest` greater than, this; nullopt where nothing bounds it.
  std::optional<SizeExpr> bound(const SizeExpr &size, bool greatest = true) const;
  std::optional<SizeExpr> bound(const SizeExpr::Atom &atom, bool greatest) const;
  /// The value of a size at run time, as an int64 scalar.
  mlir::Value valueOf(DataSizeBuilder &b, const SizeExpr &size);

  /// The shape that a value stands for.
  Shape shapeOf(mlir::Value value) const {
    auto it = shapes.find(value);
    return it == shapes.end() ? getShape(value) : it->second;
  }
  bool isBounded(mlir::Value value, int64_t axis) const { return dependsOnData(shapeOf(value)[axis]); }
  bool isBounded(mlir::Value value) const { return shapes.contains(value); }

  /// Which places along some axes count: of the shape of x in those axes and 1 in others. Null when all do.
  mlir::Value countingPlaces(DataSizeBuilder &b, mlir::Value x, llvm::ArrayRef<int64_t> axes);
  /// x with `fill` in the places along the axes that do not count.
  mlir::Value mask(DataSizeBuilder &b, mlir::Value x, llvm::ArrayRef<int64_t> axes, double fill);
  void maskOperand(DataSizeBuilder &b, mlir::Operation *op, unsigned operand, llvm::ArrayRef<int64_t> axes,
                   double fill);

  // Families of layers. Each changes the operands of the op, or sets a value to stand for its result.
  mlir::LogicalResult rewriteReduce(ReduceOp op, DataSizeBuilder &b);
  mlir::LogicalResult rewriteOrder(mlir::Operation *op, DataSizeBuilder &b);
  mlir::LogicalResult rewriteGather(mlir::Operation *op, DataSizeBuilder &b, mlir::Value x, unsigned indices);
  mlir::LogicalResult rewriteScatter(mlir::Operation *op, DataSizeBuilder &b);
  mlir::LogicalResult rewriteSlice(SliceOp op, DataSizeBuilder &b);
  mlir::LogicalResult rewriteConcat(ConcatOp op, DataSizeBuilder &b);
  mlir::LogicalResult rewriteProduct(mlir::Operation *op, DataSizeBuilder &b);
  mlir::LogicalResult rewriteRnn(RnnOp op, DataSizeBuilder &b);
  mlir::LogicalResult rewriteDims(DimsOp op, DataSizeBuilder &b);
  mlir::LogicalResult checkReshape(ReshapeOp op);

  /// Gives the results of an op the greatest shapes.
  mlir::LogicalResult retype(mlir::Operation *op);
  /// Puts a value of the greatest shape in the place of a result.
  void replace(mlir::Value result, mlir::Value by);
  mlir::LogicalResult unsupported(mlir::Operation *op, const llvm::Twine &what) {
    return mlir::emitError(op->getLoc()) << what << " of a dimension whose size the data decide is not supported";
  }

  mlir::func::FuncOp func;
  mlir::OpBuilder builder;
  llvm::StringMap<Dimension> dimensions;
  llvm::DenseMap<mlir::Value, Shape> shapes;
};

} // namespace reckon::rec

#endif // RECKON_PASSES_NORMALIZE_DATASIZEBOUNDER_H
