//===- LoopBody.h - What a loop computes, for all of its iterations at once ---*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------------===//

#ifndef RECKON_PASSES_IMPORT_LOOPBODY_H
#define RECKON_PASSES_IMPORT_LOOPBODY_H

#include "passes/Import/Node.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/OwningOpRef.h"

#include "llvm/ADT/DenseMap.h"

namespace reckon::importer {

/// The body of a Loop or Scan whose number of iterations is a size, as layers in a function of its own: of the number
/// of the iteration, of the rows that a Scan takes, of what is carried from one iteration to the next, and of values
/// from outside. What does not hang on carried values can be computed outside for all iterations at once.
class LoopBody {
public:
  /// nullptr where the body is not understood; the node is left as it was.
  static std::unique_ptr<LoopBody> read(Node &node);

  /// A value that changes from iteration to iteration.
  struct Carried {
    unsigned index;            ///< among the node's carried values
    mlir::Value before, after; ///< in the body
    mlir::Value initial;       ///< outside
  };

  const SizeExpr &getTrips() const { return trips; }
  llvm::ArrayRef<Carried> getCarried() const { return carried; }
  /// The values of an iteration that the loop stacks.
  llvm::ArrayRef<mlir::Value> getScanned() const { return scanned; }
  /// Results of carried values that do not change, or that count, after the last iteration; null for the others.
  llvm::ArrayRef<mlir::Value> getKnownResults() const { return known; }

  /// Whether a value in the body depends on another.
  bool dependsOn(mlir::Value value, mlir::Value other) const;
  bool dependsOnCarried(mlir::Value value) const {
    return llvm::any_of(carried, [&](const Carried &c) { return dependsOn(value, c.before); });
  }
  bool isInvariant(mlir::Value value) const {
    return !dependsOnCarried(value) && llvm::none_of(stepping, [&](mlir::Value v) { return dependsOn(value, v); });
  }

  /// A value that is the same in all iterations, outside of the loop.
  mlir::Value takeOut(mlir::Value value);
  /// A value that does not depend on carried ones, for all iterations: with a leading dimension of them. Null where one
  /// of its layers is not known to work on all at once.
  mlir::Value forAllSteps(mlir::Value value);

private:
  explicit LoopBody(Node &node) : node(node) {}
  /// Where the parts of a Loop or Scan stand.
  struct Layout {
    unsigned operands, arguments, yields; ///< of the first carried value
    unsigned carried;
  };
  bool readLoop(mlir::Block &body);
  bool readScan(mlir::Block &body);
  bool copyBody(mlir::Block &body, const Layout &layout);
  mlir::Value addArgument(mlir::Value outer);
  bool addRow(unsigned i, int64_t axis, mlir::Value bodyArgument, mlir::IRMapping &mapping);
  bool convertBody(mlir::Block &block);
  bool sortCarried(mlir::Block &body, const Layout &layout);
  bool runsAllTrips();
  bool provablyTrue(mlir::Value condition, unsigned remaining) const;
  std::optional<SizeExpr> getSize(mlir::Value value) const;

  mlir::Value gatherForAllSteps(rec::GatherOp gather);
  mlir::Value layerForAllSteps(mlir::Operation *op);
  mlir::Value elementwiseForAllSteps(mlir::Operation *op);
  mlir::Value productForAllSteps(mlir::Operation *op);
  /// The operand of a layer that broadcasts to `rank` dimensions.
  mlir::Value operandForAllSteps(mlir::Value value, int64_t rank);

  Node &node;
  SizeExpr trips;
  mlir::OwningOpRef<mlir::func::FuncOp> function;
  llvm::DenseMap<mlir::Value, mlir::Value> outside; ///< of the function's arguments
  mlir::Value step;                                 ///< the number of the iteration
  llvm::SmallVector<mlir::Value> stepping;          ///< it, and the rows of a Scan
  mlir::Value mayGoOn;                              ///< the argument, where there is one
  llvm::SmallVector<mlir::Value> yielded, scanned, known;
  llvm::SmallVector<Carried> carried;
  llvm::DenseMap<mlir::Value, mlir::Value> allSteps;
};

/// Replaces a Loop or Scan whose iterations do not hang together, or that is a recurrent layer (RNN, GRU, LSTM), also
/// one that leaves out the steps that a mask does not name, by layers of all steps. False, and the node is as it was,
/// for others.
bool raiseLoop(Node &node);

} // namespace reckon::importer

#endif // RECKON_PASSES_IMPORT_LOOPBODY_H
