//===- Node.h - One ONNX node, as its converter sees it -------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_PASSES_IMPORT_NODE_H
#define RECKON_PASSES_IMPORT_NODE_H

#include "passes/Import/LayerBuilder.h"

namespace reckon::importer {

/// "; freeze the input 'k' with --freeze-input" for a value that is computed from graph inputs; empty for others.
std::string getFreezeHint(mlir::Value value);

/// A node under conversion: its operands and attributes, and a builder that inserts before it. A converter ends with
/// replace(), unsupported() or invalid(). Operand and attribute names are those of the ONNX specification.
class Node : public LayerBuilder {
public:
  Node(mlir::OpBuilder &builder, rec::OnnxOp op, bool unrollsLoops = false)
      : LayerBuilder(builder, op.getLoc()), op(op), unrollsLoops(unrollsLoops) {}

  llvm::StringRef getOpType() { return op.getOpType(); }
  /// The name of the node, as text of a dimension's name.
  std::string getName();
  int64_t getOpset() { return op.getOpset(); }

  unsigned getNumOperands() { return op.getOperands().size(); }
  /// Operand i, or null when the node leaves it out.
  mlir::Value getOperand(unsigned i);
  /// All operands that are there.
  llvm::SmallVector<mlir::Value> getOperands();
  unsigned getNumResults() { return op.getNumResults(); }
  bool isUsed(unsigned result) { return result < getNumResults() && !op.getResult(result).use_empty(); }

  // Attributes, or `otherwise` where the node leaves them out. One of another type than the specification's counts as
  // absent.
  bool hasAttr(llvm::StringRef name) { return bool(op.getAttrs().get(name)); }
  int64_t getInt(llvm::StringRef name, int64_t otherwise);
  double getFloat(llvm::StringRef name, double otherwise);
  llvm::StringRef getString(llvm::StringRef name, llvm::StringRef otherwise);
  std::optional<llvm::SmallVector<int64_t>> getInts(llvm::StringRef name);
  mlir::ElementsAttr getTensor(llvm::StringRef name) { return op.getAttrs().getAs<mlir::ElementsAttr>(name); }
  /// The element type that an attribute holding an ONNX type number stands for; null when absent or without values.
  mlir::Type getType(llvm::StringRef name);

  /// Operand i as integers known at compile time. Without: nullopt, and the node is unsupported for that reason, which
  /// tells which graph inputs to freeze. `name` is the operand's name.
  std::optional<llvm::SmallVector<int64_t>> getConstantInts(unsigned i, llvm::StringRef name);
  std::optional<int64_t> getConstantInt(unsigned i, llvm::StringRef name);
  /// The same for sizes in named dimensions and for floats.
  std::optional<llvm::SmallVector<SizeExpr>> getSizes(unsigned i, llvm::StringRef name);
  std::optional<llvm::SmallVector<double>> getConstantFloats(unsigned i, llvm::StringRef name);
  /// Ints from operand i when it is there, else from the attribute; an empty optional inside when neither is.
  /// Failure: the operand is no constant.
  mlir::FailureOr<std::optional<llvm::SmallVector<int64_t>>> getIntsOperandOrAttr(unsigned i, llvm::StringRef name);

  /// An axis made to count from 0; nullopt, and the node is invalid, when it is outside the rank.
  std::optional<int64_t> normalizeAxis(int64_t axis, int64_t rank);
  /// The same for many, sorted; repeated axes are invalid.
  std::optional<llvm::SmallVector<int64_t>> normalizeAxes(llvm::ArrayRef<int64_t> axes, int64_t rank);

  /// Ends the conversion: result i is `values[i]`, which may be null for a result without uses. Fails when the builder
  /// is broken.
  mlir::LogicalResult replace(mlir::ValueRange values);
  /// The model is right but this cannot be expressed; the node stays.
  mlir::LogicalResult unsupported(const llvm::Twine &reason);
  /// Nothing is wrong: an operand hangs on a node that is not converted.
  mlir::LogicalResult wait() { return unsupported(""); }
  /// The model is wrong.
  mlir::LogicalResult invalid(const llvm::Twine &reason);

  rec::OnnxOp op;
  /// Whether a loop is written out, iteration by iteration; before, passes look for what the whole loop computes.
  bool unrollsLoops;
  /// Where the walk goes on, when a converter has put other nodes in place of this one.
  mlir::Operation *resumeAt = nullptr;

private:
  mlir::LogicalResult notConstant(unsigned i, llvm::StringRef name);
};

} // namespace reckon::importer

#endif // RECKON_PASSES_IMPORT_NODE_H
