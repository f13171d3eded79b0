//===- Statistic.h - Pass statistics that count in every build -----------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//
//
// MLIR's Pass::Statistic counts nothing when LLVM was built without assertions, as Debian's is. The statistics of our
// passes are declared in Passes.td as usual; cmake/PassStatistics.cmake makes the generated code use this class
// instead, which derives from MLIR's and so is found through Pass::getStatistics().
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_LIB_SUPPORT_STATISTIC_H
#define RECKON_LIB_SUPPORT_STATISTIC_H

#include "mlir/Pass/Pass.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace mlir {
class PassManager;
} // namespace mlir

namespace reckon {

class Statistic : public mlir::Pass::Statistic {
public:
  Statistic(mlir::Pass *owner, const char *name, const char *description);
  ~Statistic();

  Statistic &operator++() { return *this += 1; }
  void operator++(int) { *this += 1; }
  Statistic &operator+=(uint64_t amount) {
    value.fetch_add(amount, std::memory_order_relaxed);
    return *this;
  }
  Statistic &operator=(uint64_t amount) {
    value.store(amount, std::memory_order_relaxed);
    return *this;
  }
  uint64_t get() const { return value.load(std::memory_order_relaxed); }
  /// `statistic` when it is one of this class: without RTTI, nothing in a pass says so.
  static Statistic *get(mlir::Pass::Statistic *statistic);
  const char *getStatisticName() const { return name; }
  const char *getStatisticDescription() const { return description; }

private:
  const char *name;
  const char *description;
  std::atomic<uint64_t> value{0};
};

/// What one statistic of one pass came to in a run.
struct StatisticValue {
  std::string pass;
  std::string name;
  std::string description;
  uint64_t value;
};

/// Fills `values`, in pipeline order, with the statistics of every pass of ours that `pm` runs; a pass that runs on
/// many functions, or stands in the pipeline more than once, gives the sum. `values` must outlive the runs of `pm`.
void collectStatistics(mlir::PassManager &pm, std::vector<StatisticValue> &values);

/// Prints the statistics to the error stream when `pm` is done, in the form of MLIR's own report.
void printStatisticsAtExit(mlir::PassManager &pm);

} // namespace reckon

#endif // RECKON_LIB_SUPPORT_STATISTIC_H
