//===- FaultSweep.h - The system fails at every place -----------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// What is tried is tried again and again, and its first call of a kind fails, its second, and so on until none does;
// then the first and all after it. Whatever fails, there is a status with a reason, nothing is held afterwards that was
// not before, the state before is intact, and the next try goes well.
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_TEST_UNIT_RUNTIME_FAULTSWEEP_H
#define RECKON_TEST_UNIT_RUNTIME_FAULTSWEEP_H

#include "Faults.h"
#include "reckon/Runtime/Runtime.h"

#include <gtest/gtest.h>

#include <functional>

namespace reckon::test {

class FaultSweep : public testing::Test {
protected:
  /// What is tried in `attempt`, with calls failing; `before` and `after` are not disturbed. `after(status)` checks the
  /// state. Everything together holds nothing in the end.
  struct Trial {
    std::function<ReckonStatus()> attempt;
    std::function<void()> before = [] {};
    std::function<void(ReckonStatus)> after = [](ReckonStatus) {};
  };
  /// Calls of a kind that fail: from start() to stop(), which says how many of the kind there were.
  struct Kind {
    std::string name;
    std::function<void(uint64_t nth, bool andLater)> start;
    std::function<uint64_t()> stop;
  };
  static std::vector<Kind> systemCalls() {
    std::vector<Kind> kinds;
    for (Fault fault : allFaults)
      kinds.push_back(
          {faultName(fault), [fault](uint64_t nth, bool andLater) { failNth(fault, nth, andLater); }, stopFailing});
    return kinds;
  }

  ~FaultSweep() override { RecordProperty("injected", std::to_string(numFailures)); }
  void sweep(const Trial &trial, const std::vector<Kind> &kinds = systemCalls()) {
    // What is made once in a process, and grows to its size, is.
    for (int i = 0; i < 3; ++i) {
      trial.before();
      ReckonStatus status = trial.attempt();
      ASSERT_EQ(status, RECKON_OK) << reckon_last_error();
      trial.after(status);
    }
    for (const Kind &kind : kinds)
      for (bool andLater : {false, true})
        sweep(trial, kind, andLater);
  }

private:
  void sweep(const Trial &trial, const Kind &kind, bool andLater) {
    uint64_t nth = 1;
    do {
      SCOPED_TRACE(kind.name + " " + std::to_string(nth) + (andLater ? " and later" : ""));
      // What is made once, such as the stack of a thread that the C library keeps, is no leak.
      Holdings more = {};
      for (int repeat = 0; repeat < 3; ++repeat) {
        Holdings held = holdings();
        bool reached = fail(trial, kind, nth, andLater);
        Holdings now = holdings();
        more = {now.blocks - held.blocks, now.mappedBytes - held.mappedBytes, now.files - held.files};
        if (HasFailure() || !reached)
          return;
        if (more == Holdings{})
          break;
      }
      EXPECT_TRUE(more == Holdings{}) << more.blocks << " blocks, " << more.mappedBytes << " mapped bytes, "
                                      << more.files << " files more: " << reckon_last_error();
      ++nth;
    } while (!HasFailure());
  }
  /// False when there are not so many calls.
  bool fail(const Trial &trial, const Kind &kind, uint64_t nth, bool andLater) {
    trial.before();
    kind.start(nth, andLater);
    ReckonStatus status = trial.attempt();
    uint64_t seen = kind.stop();
    if (status != RECKON_OK) {
      EXPECT_TRUE(status == RECKON_INVALID || status == RECKON_UNAVAILABLE) << status << ": " << reckon_last_error();
      EXPECT_NE(*reckon_last_error(), 0);
    }
    numFailures += seen >= nth;
    trial.after(status);
    return seen >= nth;
  }

  uint64_t numFailures = 0;
};

} // namespace reckon::test

#endif // RECKON_TEST_UNIT_RUNTIME_FAULTSWEEP_H
