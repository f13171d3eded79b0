//===- LayerBuilder.h - Making layers that are known to be right ----------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//
//
// Converters build many layers from sizes that a file dictates. A LayerBuilder infers, verifies and folds each layer as
// it is made; the first that is wrong breaks the builder: it and everything after it are null values, and getError()
// says why. So a converter checks for null only where it looks at a type, and its caller finds out at the end.
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_PASSES_IMPORT_LAYERBUILDER_H
#define RECKON_PASSES_IMPORT_LAYERBUILDER_H

#include "dialects/Rec/Rec.h"

#include "mlir/IR/Builders.h"

namespace reckon::importer {

using rec::BinaryKind;
using rec::CompareKind;
using rec::ReduceKind;
using rec::Shape;
using rec::UnaryKind;

class LayerBuilder {
public:
  LayerBuilder(mlir::OpBuilder &builder, mlir::Location loc) : b(builder), loc(loc) {}

  /// Makes an OpT from what its generated builder takes after the result types, and folds it.
  template <typename OpT, typename... Args> mlir::Value make(Args &&...args) {
    llvm::SmallVector<mlir::Value> results = makeAll<OpT>(1, std::forward<Args>(args)...);
    return results.front();
  }
  /// The same for an op with `count` results; they are null together.
  template <typename OpT, typename... Args> llvm::SmallVector<mlir::Value> makeAll(unsigned count, Args &&...args) {
    if (broken)
      return llvm::SmallVector<mlir::Value>(count);
    mlir::OperationState state(loc, OpT::getOperationName());
    llvm::SmallVector<mlir::Type> unknown(count, b.getNoneType());
    OpT::build(b, state, mlir::TypeRange(unknown), std::forward<Args>(args)...);
    return finish(state, count, /*infer=*/true);
  }
  /// Makes an OpT whose result type is given instead of inferred.
  template <typename OpT, typename... Args> mlir::Value makeTyped(mlir::Type type, Args &&...args) {
    if (broken)
      return nullptr;
    mlir::OperationState state(loc, OpT::getOperationName());
    OpT::build(b, state, mlir::TypeRange(type), std::forward<Args>(args)...);
    return finish(state, 1, /*infer=*/false).front();
  }

  // Elementwise. Numbers stand for scalars of the other operand's element type.
  mlir::Value unary(UnaryKind kind, mlir::Value x);
  mlir::Value binary(BinaryKind kind, mlir::Value a, mlir::Value b);
  mlir::Value binary(BinaryKind kind, mlir::Value a, double b);
  mlir::Value add(mlir::Value a, mlir::Value b) { return binary(BinaryKind::add, a, b); }
  mlir::Value sub(mlir::Value a, mlir::Value b) { return binary(BinaryKind::sub, a, b); }
  mlir::Value mul(mlir::Value a, mlir::Value b) { return binary(BinaryKind::mul, a, b); }
  mlir::Value div(mlir::Value a, mlir::Value b) { return binary(BinaryKind::div, a, b); }
  mlir::Value add(mlir::Value a, double b) { return binary(BinaryKind::add, a, b); }
  mlir::Value mul(mlir::Value a, double b) { return binary(BinaryKind::mul, a, b); }
  mlir::Value compare(CompareKind kind, mlir::Value a, mlir::Value b);
  mlir::Value compare(CompareKind kind, mlir::Value a, double b);
  mlir::Value select(mlir::Value condition, mlir::Value a, mlir::Value b);
  mlir::Value cast(mlir::Value x, mlir::Type elementType);
  /// x limited to what the integer type `elementType` can hold, then cast.
  mlir::Value saturate(mlir::Value x, mlir::Type elementType);

  // Shapes. Sizes are those of the result; axes count from 0.
  mlir::Value reshape(mlir::Value x, llvm::ArrayRef<SizeExpr> shape);
  mlir::Value broadcast(mlir::Value x, llvm::ArrayRef<SizeExpr> shape);
  /// Operands of a layer that broadcasts as numpy does, all but their last `kept` dimensions: where sizes are equal or
  /// 1 at run time alone, each is repeated to the size that comes out.
  llvm::SmallVector<mlir::Value> repeatToFit(mlir::ValueRange operands, size_t kept = 0);
  mlir::Value matmul(mlir::Value a, mlir::Value b, bool transposeA = false, bool transposeB = false);
  mlir::Value transpose(mlir::Value x, llvm::ArrayRef<int64_t> perm);
  mlir::Value unsqueeze(mlir::Value x, llvm::ArrayRef<int64_t> axes);
  mlir::Value squeeze(mlir::Value x, llvm::ArrayRef<int64_t> axes);
  mlir::Value concat(mlir::ValueRange inputs, int64_t axis);
  mlir::Value slice(mlir::Value x, llvm::ArrayRef<SizeExpr> starts, llvm::ArrayRef<SizeExpr> sizes,
                    llvm::ArrayRef<int64_t> steps);
  mlir::Value sliceAxis(mlir::Value x, int64_t axis, const SizeExpr &start, const SizeExpr &size, int64_t step = 1);
  /// The border is `value`, a number of x's element type.
  mlir::Value pad(mlir::Value x, llvm::ArrayRef<int64_t> low, llvm::ArrayRef<int64_t> high, double value);
  mlir::Value gather(mlir::Value x, mlir::Value indices, int64_t axis);
  mlir::Value reduce(ReduceKind kind, mlir::Value x, llvm::ArrayRef<int64_t> axes, bool keepdims);
  mlir::Value iota(llvm::ArrayRef<SizeExpr> shape, mlir::Type elementType, int64_t axis, double start = 0,
                   double step = 1);

  // Constants.
  mlir::Value scalar(double value, mlir::Type elementType);
  mlir::Value integers(llvm::ArrayRef<int64_t> values);
  /// One value everywhere; of a dynamic shape a broadcast scalar.
  mlir::Value splat(llvm::ArrayRef<SizeExpr> shape, double value, mlir::Type elementType);
  mlir::Value splat(llvm::ArrayRef<SizeExpr> shape, mlir::ElementsAttr scalar);
  /// Sizes as an int64 tensor, of rank 0 when `scalar`; a constant when they all are.
  mlir::Value sizes(llvm::ArrayRef<SizeExpr> sizes, bool scalar);

  /// getRepeatedSize() in this function; a constant that comes out is noted in `fixed`.
  std::optional<SizeExpr> getRepeated(const SizeExpr &a, const SizeExpr &b);
  /// Requires a size that no layer has to be 1 or the size that comes out of a repetition.
  void requireRepeated(const SizeExpr &size, const SizeExpr &result);
  /// Requires a size to be at least another; `what` is in words for the caller.
  void requireAtLeast(const SizeExpr &size, const SizeExpr &least, llvm::StringRef what);

  llvm::ArrayRef<std::pair<SizeExpr, SizeExpr>> getFixed() const { return fixed; }
  bool isBroken() const { return broken; }
  /// Whether the model is at fault: the sizes or types do not fit. Otherwise the dialect has no such layer.
  bool isModelWrong() const { return modelWrong; }
  const std::string &getError() const { return error; }

  mlir::OpBuilder &b;
  mlir::Location loc;

protected:
  /// What the layers made so far need of the sizes and cannot be proved; also of those that were folded away.
  llvm::SmallVector<rec::RequirementAttr> requirements;
  /// Dimensions that must be 1 or a number.
  llvm::SmallVector<std::pair<SizeExpr, SizeExpr>> fixed;

  /// Breaks the builder; the first reason stays.
  void breakWith(const llvm::Twine &reason, bool modelIsWrong);

private:
  void require(const rec::SizeCondition &condition);
  llvm::SmallVector<mlir::Value> finish(mlir::OperationState &state, unsigned count, bool infer);

  bool broken = false;
  bool modelWrong = false;
  std::string error;
};

inline mlir::Type getElement(mlir::Value x) { return mlir::cast<mlir::RankedTensorType>(x.getType()).getElementType(); }
inline int64_t getRank(mlir::Value x) { return mlir::cast<mlir::RankedTensorType>(x.getType()).getRank(); }

} // namespace reckon::importer

#endif // RECKON_PASSES_IMPORT_LAYERBUILDER_H
