//===- LinearRuns.h - Runs of linear layers, and kernels of several -----*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//
//
// What passes share that cover dispatches of single linear layers by dispatches of a kernel of several. Which of them
// it pays for, and for how many rows, is theirs to say.
//
//===------------------------------------------------------------------------------===//

#ifndef RECKON_PASSES_SCHEDULE_LINEARRUNS_H
#define RECKON_PASSES_SCHEDULE_LINEARRUNS_H

#include "lib/Tiling/LinearLayer.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"

#include <map>

namespace reckon::schedule {

/// A dispatch of a kernel that is one linear layer.
struct LinearLink {
  plan::DispatchOp dispatch;
  tiling::LinearLayer layer;
};

/// Layers that can be chained by their types, each of which is the only one to read the one before. What their
/// epilogues read besides is there when the first of them starts. Dispatches that cover others do not count as readers
/// or writers: they stand in for the dispatches here.
llvm::SmallVector<llvm::SmallVector<LinearLink>> findLinearRuns(plan::ProgramOp program);

/// One kernel in the making: the layers of several, operand by operand. `packings` says how it reads the weight of
/// each.
class CoverKernel {
public:
  /// Its name is the stem and the first layer's, without `gemm_` and made unique in the module.
  CoverKernel(llvm::ArrayRef<LinearLink> links, llvm::StringRef stem, llvm::ArrayRef<plan::PackingKind> packings);
  plan::KernelOp getKernel() { return kernel; }
  /// The operands of a dispatch that takes the place of these. A weight is the one that its layer reads in this packing
  /// already; else the layer's own, until storeWeightsAsRead().
  static llvm::SmallVector<mlir::Value> getOperands(llvm::ArrayRef<LinearLink> links,
                                                    llvm::ArrayRef<plan::PackingKind> packings);

private:
  void addLayer(const LinearLink &link, plan::PackingKind packing, bool isLast);

  plan::KernelOp kernel;
  mlir::OpBuilder builder;
  mlir::Value previous; ///< the result of the layer before
  llvm::SmallVector<plan::OperandAttr> layouts;
};

/// Adds dispatches that cover others to the programs of a module.
class LinearCovers {
public:
  LinearCovers(mlir::ModuleOp module, llvm::StringRef stem) : module(module), stem(stem) {}
  /// Adds one behind the last link and returns its kernel, on which the caller says what it is for. Links of the same
  /// kernels in the same packings share one.
  plan::KernelOp cover(llvm::ArrayRef<LinearLink> links, llvm::ArrayRef<plan::PackingKind> packings);
  /// Stores weights as the new kernels read them.
  void finish();

private:
  mlir::ModuleOp module;
  std::string stem;
  /// By the names of the layers' kernels, and how the weight of each is packed.
  std::map<std::vector<std::pair<std::string, plan::PackingKind>>, plan::KernelOp> kernels;
};

} // namespace reckon::schedule

#endif // RECKON_PASSES_SCHEDULE_LINEARRUNS_H
