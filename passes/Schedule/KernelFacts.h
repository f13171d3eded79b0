//===- KernelFacts.h - A number for what a kernel computes -------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#ifndef RECKON_PASSES_SCHEDULE_KERNELFACTS_H
#define RECKON_PASSES_SCHEDULE_KERNELFACTS_H

#include "dialects/Plan/Plan.h"

#include <string>

namespace reckon::schedule {

/// Collects what decides the code of kernels, and so how long they take: layers, types, and how operands lie in memory.
/// Names of kernels and weights, locations, and how MLIR prints an op are no part of it, so numbers of timing caches
/// outlive a change of the syntax.
class KernelFacts {
public:
  void add(llvm::StringRef text);
  void add(uint64_t number);
  void add(plan::KernelOp kernel);
  /// The same in every process for the same facts in the same order.
  uint64_t getHash() const;

private:
  void add(mlir::Type type);
  void add(mlir::Attribute value);
  void addLayer(mlir::Operation *op, llvm::DenseMap<mlir::Value, uint64_t> &numbers);

  std::string bytes;
};

} // namespace reckon::schedule

#endif // RECKON_PASSES_SCHEDULE_KERNELFACTS_H
