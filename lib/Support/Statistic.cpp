//===- Statistic.cpp - Pass statistics that count in every build --------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "lib/Support/Statistic.h"

#include "mlir/Pass/PassInstrumentation.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/Support/raw_ostream.h"

#include <mutex>

using namespace reckon;

namespace {
/// The statistics of this class that are alive.
struct Known {
  std::mutex mutex;
  llvm::DenseSet<const mlir::Pass::Statistic *> statistics;
};
} // namespace

static Known &known() {
  static Known instance;
  return instance;
}

Statistic::Statistic(mlir::Pass *owner, const char *name, const char *description)
    : mlir::Pass::Statistic(owner, name, description), name(name), description(description) {
  std::lock_guard<std::mutex> lock(known().mutex);
  known().statistics.insert(this);
}

Statistic::~Statistic() {
  std::lock_guard<std::mutex> lock(known().mutex);
  known().statistics.erase(this);
}

Statistic *Statistic::get(mlir::Pass::Statistic *statistic) {
  std::lock_guard<std::mutex> lock(known().mutex);
  return known().statistics.contains(statistic) ? static_cast<Statistic *>(statistic) : nullptr;
}

namespace {
class Collector : public mlir::PassInstrumentation {
public:
  explicit Collector(std::vector<StatisticValue> &values) : values(values) {}

  void runAfterPass(mlir::Pass *pass, mlir::Operation *) override { collect(pass); }
  void runAfterPassFailed(mlir::Pass *pass, mlir::Operation *) override { collect(pass); }

private:
  void collect(mlir::Pass *pass) {
    for (mlir::Pass::Statistic *base : pass->getStatistics()) {
      Statistic *statistic = Statistic::get(base);
      if (!statistic)
        continue;
      // A statistic grows over the runs of its pass: add what is new since the last time.
      uint64_t now = statistic->get(), &before = seen[statistic];
      record(pass->getArgument(), *statistic) += now - before;
      before = now;
    }
  }

  uint64_t &record(llvm::StringRef pass, const Statistic &statistic) {
    for (StatisticValue &value : values)
      if (value.pass == pass && value.name == statistic.getStatisticName())
        return value.value;
    values.push_back({pass.str(), statistic.getStatisticName(), statistic.getStatisticDescription(), 0});
    return values.back().value;
  }

  std::vector<StatisticValue> &values;
  llvm::DenseMap<Statistic *, uint64_t> seen;
};

struct Values {
  std::vector<StatisticValue> values;
};

/// Collects, and prints when the pass manager lets go of it.
class Printer : private Values, public Collector {
public:
  Printer() : Collector(Values::values) {}
  ~Printer() override {
    llvm::StringRef pass;
    for (const StatisticValue &value : Values::values) {
      if (pass != value.pass)
        llvm::errs() << value.pass << '\n';
      pass = value.pass;
      llvm::errs() << "  (S) " << value.value << ' ' << value.name << " - " << value.description << '\n';
    }
  }
};
} // namespace

void reckon::collectStatistics(mlir::PassManager &pm, std::vector<StatisticValue> &values) {
  pm.addInstrumentation(std::make_unique<Collector>(values));
}

void reckon::printStatisticsAtExit(mlir::PassManager &pm) { pm.addInstrumentation(std::make_unique<Printer>()); }
