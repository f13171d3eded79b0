//===- ServiceTest.cpp - What a service relies on -------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// One pool for all contexts, runs that end early, runs that are started and waited for, errors in parts, log, counters.
//
//===----------------------------------------------------------------------------===//

#include "SampleEngine.h"
#include "runtime/ThreadPool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstring>
#include <functional>
#include <sys/mman.h>
#include <thread>

using namespace reckon;
using namespace reckon::test;
using runtime::Admission;
using runtime::Context;
using runtime::Engine;
using runtime::RunControl;
using runtime::Status;
using runtime::ThreadPool;

namespace {
struct Loaded {
  std::vector<uint8_t> bytes = sampleEngine();
  Engine engine;
  Loaded() {
    Status failed = engine.openMemory(bytes.data(), bytes.size());
    EXPECT_FALSE(failed) << failed.message;
  }
};

/// A context with a batch of inputs bound.
struct Bound {
  Context context;
  SampleData data;
  Bound(const Engine &engine, int64_t batch, int threads) : data(sampleData(batch)) {
    EXPECT_FALSE(context.create(engine, threads));
    EXPECT_FALSE(bindInputs(context, data));
  }
};

bool waitUntil(const std::function<bool()> &condition) {
  auto start = std::chrono::steady_clock::now();
  while (!condition() && std::chrono::steady_clock::now() - start < std::chrono::seconds(20))
    std::this_thread::yield();
  return condition();
}

//===-- Places ----------------------------------------------------------------===//

TEST(Admission, NoMoreThanThereArePlaces) {
  Admission admission(2);
  std::atomic<int> inside{0}, most{0}, total{0};
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 6; ++caller)
    callers.emplace_back([&] {
      RunControl control;
      Admission::Guest guest;
      for (int i = 0; i < 300; ++i) {
        ASSERT_TRUE(admission.enter(guest, control));
        int now = ++inside;
        for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
        }
        ++total;
        --inside;
        admission.leave(guest);
      }
    });
  for (std::thread &caller : callers)
    caller.join();
  EXPECT_EQ(total, 1800);
  EXPECT_LE(most, 2);
  Admission::Guest guests[3];
  EXPECT_TRUE(admission.tryEnter(guests[0]));
  EXPECT_TRUE(admission.tryEnter(guests[1]));
  EXPECT_TRUE(admission.isFull());
  EXPECT_FALSE(admission.tryEnter(guests[2]));
}

TEST(Admission, FirstComeFirstServed) {
  Admission admission(1);
  Admission::Guest own;
  ASSERT_TRUE(admission.tryEnter(own));
  std::vector<int> order;
  std::atomic<int> started{0};
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&, caller] {
      RunControl control;
      Admission::Guest guest;
      ++started;
      ASSERT_TRUE(admission.enter(guest, control));
      order.push_back(caller);
      admission.leave(guest);
    });
    // It is waiting once it has been counted, and a helper cannot come in before it.
    ASSERT_TRUE(waitUntil([&] { return started == caller + 1; }));
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  admission.leave(own);
  for (std::thread &caller : callers)
    caller.join();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3}));
  EXPECT_EQ(admission.waits().count, 4u);
  EXPECT_GT(admission.waits().nanoseconds, 1000000u);
}

TEST(Admission, AWaitEndsByDeadlineOrCancellationAndLeavesTheQueue) {
  Admission admission(1);
  Admission::Guest own;
  ASSERT_TRUE(admission.tryEnter(own));
  RunControl late, cancelled;
  Admission::Guest guest;
  late.begin(true, 1000);
  EXPECT_FALSE(admission.enter(guest, late));
  cancelled.begin(true, 0);
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    cancelled.cancel();
    admission.interrupt();
  });
  EXPECT_FALSE(admission.enter(guest, cancelled));
  other.join();
  admission.leave(own);
  EXPECT_FALSE(admission.hasQueue());
  EXPECT_TRUE(admission.tryEnter(guest));
  admission.leave(guest);
}

TEST(Admission, MorePlacesLetThoseIn) {
  Admission admission(1);
  Admission::Guest own;
  ASSERT_TRUE(admission.tryEnter(own));
  std::atomic<bool> entered{false};
  std::thread waiter([&] {
    RunControl control;
    Admission::Guest guest;
    EXPECT_TRUE(admission.enter(guest, control));
    entered = true;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_FALSE(entered);
  admission.grow(2);
  waiter.join();
  EXPECT_TRUE(admission.isFull());
}

TEST(Admission, WhoLeavesComesBackAfterThoseWhoWait) {
  Admission admission(1);
  Admission::Guest own;
  RunControl control;
  std::atomic<bool> entered{false};
  ASSERT_TRUE(admission.enter(own, control));
  std::thread waiter([&] {
    RunControl control;
    Admission::Guest guest;
    EXPECT_TRUE(admission.enter(guest, control));
    entered = true;
    admission.leave(guest);
  });
  ASSERT_TRUE(waitUntil([&] { return admission.hasQueue(); }));
  admission.leave(own);
  ASSERT_TRUE(admission.enter(own, control));
  EXPECT_TRUE(entered);
  admission.leave(own);
  waiter.join();
}

TEST(Admission, AnotherTakesAParkedPlace) {
  Admission admission(1);
  Admission::Guest first, second;
  ASSERT_TRUE(admission.tryEnter(first));
  admission.leave(first);
  EXPECT_FALSE(admission.isFull());
  ASSERT_TRUE(admission.tryEnter(second));
  EXPECT_FALSE(admission.tryEnter(first));
  admission.leave(second);
  EXPECT_TRUE(admission.tryEnter(first));
}

// Nobody comes back to what was parked while the other was asleep.
TEST(Admission, AParkedPlaceIsNotLost) {
  for (int round = 0; round < 200; ++round) {
    Admission admission(2);
    Admission::Guest guests[2];
    RunControl control;
    ASSERT_TRUE(admission.enter(guests[0], control));
    ASSERT_TRUE(admission.enter(guests[1], control));
    std::atomic<int> entered{0};
    std::vector<std::thread> waiters;
    for (int i = 0; i < 3; ++i)
      waiters.emplace_back([&] {
        RunControl control;
        Admission::Guest guest;
        EXPECT_TRUE(admission.enter(guest, control));
        ++entered;
        admission.leave(guest);
      });
    if (round % 2)
      waitUntil([&] { return admission.hasQueue(); });
    admission.leave(guests[0]);
    admission.leave(guests[1]);
    for (std::thread &waiter : waiters)
      waiter.join();
    EXPECT_EQ(entered, 3);
  }
}

TEST(ThreadPool, TeamsOfOnePoolAtOnce) {
  ThreadPool pool(4);
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller)
    callers.emplace_back([&, caller] {
      ThreadPool::Team team;
      runtime::Error error;
      int threads = 2 + caller % 3;
      ASSERT_TRUE(team.start(pool, threads, caller * 20, error)) << error.message;
      std::atomic<int> next{0}, done{0};
      std::vector<std::atomic<int>> users(static_cast<size_t>(threads));
      auto body = [&](int thread) {
        // No two workers are the same thread of a team.
        EXPECT_EQ(users[static_cast<size_t>(thread)]++, 0);
        while (next.fetch_add(1) < 20)
          ++done;
        --users[static_cast<size_t>(thread)];
      };
      for (int region = 0; region < 1000; ++region) {
        next = done = 0;
        team.run(body);
        ASSERT_EQ(done, 20);
      }
    });
  for (std::thread &caller : callers)
    caller.join();
}

TEST(ThreadPool, HelpersStayAwayWhileCallersUseAllCpus) {
  ThreadPool pool(2);
  ThreadPool::Team team;
  runtime::Error error;
  ASSERT_TRUE(team.start(pool, 2, 0, error));
  RunControl control;
  Admission::Guest guests[2];
  for (Admission::Guest &guest : guests)
    ASSERT_TRUE(pool.admission.enter(guest, control));
  std::atomic<bool> helped{false};
  auto body = [&](int thread) {
    helped = helped || thread == 1;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  };
  for (int i = 0; i < 20; ++i)
    team.run(body);
  EXPECT_FALSE(helped);
  pool.admission.leave(guests[0]);
  auto patient = [&](int thread) {
    helped = helped || thread == 1;
    waitUntil([&] { return bool(helped); });
  };
  team.run(patient);
  EXPECT_TRUE(helped);
  pool.admission.leave(guests[1]);
}

TEST(Service, ManyCallersOfOneEngine) {
  Loaded loaded;
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 8; ++caller)
    callers.emplace_back([&, caller] {
      Context context;
      ASSERT_FALSE(context.create(loaded.engine, caller % 2 ? 0 : 3));
      for (int i = 0; i < 60; ++i)
        expectCorrect(context, sampleData(1 + (i * 37 + caller * 11) % 150, i));
    });
  for (std::thread &caller : callers)
    caller.join();
  EXPECT_EQ(loaded.engine.counters().runs, 480u);
}

//===-- Runs that end early ---------------------------------------------------===//

TEST(Service, ADeadlineEndsARunAndTheContextGoesOn) {
  Loaded loaded;
  for (int threads : {1, 3}) {
    Bound bound(loaded.engine, 300000, threads);
    ASSERT_FALSE(bound.context.prepare());
    Status failed = bound.context.run(1);
    EXPECT_EQ(failed.code, RECKON_DEADLINE);
    EXPECT_EQ(failed.message, "the run did not end within its 1 us");
    EXPECT_FALSE(bound.context.run(60000000));
    EXPECT_FALSE(bound.context.run(INT64_MAX));
    expectCorrect(bound.context, sampleData(20));
  }
  EXPECT_EQ(loaded.engine.counters().deadline_exceeded, 2u);
}

/// Memory whose first read cancels a context, in the midst of what reads it: a page that cannot be read until then.
class Tripwire {
public:
  Tripwire(const std::vector<float> &values, Context &context) : bytes(values.size() * sizeof(float)) {
    data = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    EXPECT_NE(data, MAP_FAILED);
    std::memcpy(data, values.data(), bytes);
    EXPECT_EQ(::mprotect(data, 1, PROT_NONE), 0);
    current = this;
    cancelled = &context;
    struct sigaction action = {};
    action.sa_flags = SA_SIGINFO;
    action.sa_sigaction = trip;
    EXPECT_EQ(::sigaction(SIGSEGV, &action, &before), 0);
  }
  ~Tripwire() {
    ::sigaction(SIGSEGV, &before, nullptr);
    ::munmap(data, bytes);
  }
  Tripwire(const Tripwire &) = delete;
  Tripwire &operator=(const Tripwire &) = delete;
  const void *get() const { return data; }

private:
  static void trip(int, siginfo_t *info, void *) {
    if (static_cast<uint64_t>(static_cast<char *>(info->si_addr) - static_cast<char *>(current->data)) >=
        current->bytes) {
      ::sigaction(SIGSEGV, &current->before, nullptr); // another one, which happens again
      return;
    }
    // The thread that reads holds no lock there.
    current->cancelled->cancel();
    ::mprotect(current->data, 1, PROT_READ);
  }

  static inline Tripwire *current = nullptr;
  Context *cancelled;
  size_t bytes;
  void *data;
  struct sigaction before;
};

TEST(Service, CancellationEndsTheRunUnderWay) {
  Loaded loaded;
  for (int threads : {1, 2}) {
    Bound bound(loaded.engine, 300000, threads);
    // Of nothing under way.
    EXPECT_FALSE(bound.context.cancel());
    EXPECT_FALSE(bound.context.run());
    Tripwire x(bound.data.x, bound.context);
    ASSERT_FALSE(bound.context.setInput(0, RECKON_F32, {300000, width}, x.get()));
    Status failed = bound.context.run(0);
    EXPECT_EQ(failed.code, RECKON_CANCELLED);
    EXPECT_EQ(failed.message, "the run was cancelled");
    // It is about that run alone.
    EXPECT_FALSE(bound.context.run());
    expectCorrect(bound.context, sampleData(20));
  }
  EXPECT_EQ(loaded.engine.counters().cancelled, 2u);
}

/// Whenever it comes, a run ends well or as one that was cancelled.
TEST(Service, CancellationFromAnotherThread) {
  Loaded loaded;
  Bound bound(loaded.engine, 3000, 2);
  std::atomic<bool> stop{false};
  std::atomic<uint64_t> calls{0};
  std::thread other([&] {
    for (; !stop; ++calls)
      bound.context.cancel();
  });
  uint64_t ended = 0;
  for (int run = 0; run < 200 || (calls == 0 && run < 1000000); ++run) {
    Status failed = bound.context.run(0);
    EXPECT_TRUE(!failed || failed.code == RECKON_CANCELLED) << failed.message;
    ended += failed.code == RECKON_CANCELLED;
  }
  stop = true;
  other.join();
  expectCorrect(bound.context, sampleData(20));
  EXPECT_EQ(loaded.engine.counters().cancelled, ended);
}

TEST(Service, OptionsAreChecked) {
  Loaded loaded;
  Bound bound(loaded.engine, 2, 1);
  EXPECT_EQ(bound.context.run(-1).message, "timeout_us: got -1, expected 0 or more");
  ReckonRunOptions options = {};
  EXPECT_EQ(reckon_run_with_options(bound.context.get(), &options), RECKON_INVALID);
  struct Longer {
    ReckonRunOptions options = RECKON_RUN_OPTIONS_INIT;
    int64_t more = 0;
  } longer;
  longer.options.struct_size = sizeof(longer);
  EXPECT_EQ(reckon_run_with_options(bound.context.get(), &longer.options), RECKON_OK);
  longer.more = 1;
  EXPECT_EQ(reckon_run_with_options(bound.context.get(), &longer.options), RECKON_UNSUPPORTED);
  EXPECT_EQ(reckon_run_with_options(nullptr, nullptr), RECKON_INVALID);
  EXPECT_EQ(reckon_cancel(nullptr), RECKON_INVALID);
}

//===-- Runs that are started and waited for ----------------------------------===//

TEST(Service, StartedRunsOfManyContexts) {
  Loaded loaded;
  std::vector<std::unique_ptr<Bound>> all;
  for (int i = 0; i < 12; ++i)
    all.push_back(std::make_unique<Bound>(loaded.engine, 100 + i, i % 3));
  for (int round = 0; round < 20; ++round) {
    for (auto &bound : all)
      ASSERT_FALSE(bound->context.runAsync(nullptr));
    for (auto &bound : all) {
      ASSERT_FALSE(bound->context.synchronize());
      ReckonTensor y = bound->context.output(0);
      ASSERT_EQ(y.bytes, bound->data.y.size() * 4);
      ASSERT_EQ(std::memcmp(y.data, bound->data.y.data(), y.bytes), 0);
    }
  }
  EXPECT_EQ(loaded.engine.counters().runs, 240u);
}

TEST(Service, AStartedRunEndsWithoutAnybodyWaiting) {
  Loaded loaded;
  Bound bound(loaded.engine, 10, 1);
  std::vector<float> y(10 * hidden, -1000);
  ASSERT_FALSE(bound.context.setOutput(0, RECKON_F32, y.data(), y.size() * 4));
  ASSERT_FALSE(bound.context.runAsync(nullptr));
  // No thread but the engine's looks at the memory before the run has ended.
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  ASSERT_FALSE(bound.context.synchronize());
  EXPECT_EQ(y, bound.data.y);
  ASSERT_FALSE(bound.context.synchronize()); // nothing is under way
}

TEST(Service, AContextWithAStartedRunTakesNoOtherCalls) {
  Loaded loaded;
  Bound bound(loaded.engine, 10, 1);
  ASSERT_FALSE(bound.context.runAsync(nullptr));
  const char *busy = "a run of the context is under way: reckon_synchronize() waits for it";
  EXPECT_EQ(bound.context.run().message, busy);
  EXPECT_EQ(bound.context.prepare().message, busy);
  EXPECT_EQ(bound.context.runAsync(nullptr).message, busy);
  EXPECT_EQ(bound.context.setOutput(0, RECKON_F32, nullptr, 0).message, busy);
  EXPECT_EQ(bindInputs(bound.context, bound.data).message, busy);
  ASSERT_FALSE(bound.context.synchronize());
  expectCorrect(bound.context, sampleData(3));
  int stream;
  EXPECT_EQ(bound.context.runAsync(&stream).message, "device 'host' has no streams: the stream of a run there is null");
}

TEST(Service, FailuresOfStartedRunsComeWithTheWait) {
  Loaded loaded;
  Bound bound(loaded.engine, 10, 2);
  bound.data.ids[3] = 1000;
  ASSERT_FALSE(bound.context.runAsync(nullptr));
  EXPECT_EQ(bound.context.synchronize().message,
            "input 'ids' -> table 'emb.weight': id 1000 at position 3 is outside [0, 200)"
            ", in kernel 'test_lookup' of node '/emb/Gather', '/emb/ReduceSum'");
  bound.data.ids[3] = 1;
  ASSERT_FALSE(bound.context.runAsync(nullptr, 60000000));
  EXPECT_FALSE(bound.context.synchronize());
  // A context may go while its run is under way.
  ASSERT_FALSE(bound.context.runAsync(nullptr));
}

TEST(Service, AStartedRunIsCancelled) {
  Loaded loaded;
  Bound bound(loaded.engine, 300000, 1);
  ASSERT_FALSE(bound.context.prepare());
  ASSERT_FALSE(bound.context.runAsync(nullptr));
  ASSERT_FALSE(bound.context.cancel());
  EXPECT_EQ(bound.context.synchronize().code, RECKON_CANCELLED);
  ASSERT_FALSE(bound.context.runAsync(nullptr, 1));
  EXPECT_EQ(bound.context.synchronize().code, RECKON_DEADLINE);
}

//===-- Errors, log, counters -------------------------------------------------===//

TEST(Service, ErrorsInParts) {
  Loaded loaded;
  Bound bound(loaded.engine, 10, 1);
  ReckonErrorInfo info = RECKON_ERROR_INFO_INIT;
  auto last = [&](const Status &failed) {
    EXPECT_TRUE(failed);
    EXPECT_EQ(reckon_last_error_info(&info), RECKON_OK);
    EXPECT_EQ(info.code, failed.code);
    EXPECT_EQ(info.message, failed.message);
    return std::string(info.location);
  };
  float x[64] = {};
  EXPECT_EQ(last(bound.context.setInput("x", RECKON_F64, {1, 8}, x)), "input 'x'");
  EXPECT_EQ(last(bound.context.setOutput(1, RECKON_I64, x, 8)), "output 's'");
  EXPECT_EQ(last(bound.context.setInput("z", RECKON_F32, {1, 8}, x)), "");
  bound.data.ids[3] = -1;
  EXPECT_EQ(last(bound.context.run()), "input 'ids'");
  Engine engine;
  EXPECT_EQ(last(engine.open("/nowhere.rkn")), "engine '/nowhere.rkn'");
  ReckonTableBinding binding = RECKON_TABLE_BINDING_INIT;
  binding.source = RECKON_TABLE_FILE;
  EXPECT_EQ(last(engine.openMemory(loaded.bytes.data(), loaded.bytes.size(), {binding})), "table 'emb.weight'");
  EXPECT_EQ(reckon_last_error_info(nullptr), RECKON_INVALID);
  info.struct_size = 3;
  EXPECT_EQ(reckon_last_error_info(&info), RECKON_INVALID);
  // An earlier header's struct gets what it has room for.
  ReckonErrorInfo shorter = {offsetof(ReckonErrorInfo, location), 0, nullptr, "untouched"};
  EXPECT_EQ(reckon_last_error_info(&shorter), RECKON_OK);
  EXPECT_EQ(shorter.code, RECKON_INVALID);
  EXPECT_STREQ(shorter.location, "untouched");
  EXPECT_STREQ(reckon_status_name(RECKON_DEADLINE), "deadline");
  EXPECT_STREQ(reckon_status_name(RECKON_OK), "ok");
  EXPECT_STREQ(reckon_status_name(ReckonStatus(77)), "?");
}

struct Heard {
  std::vector<std::pair<ReckonLogLevel, std::string>> messages;
};
void hear(void *user, ReckonLogLevel level, const char *message) {
  static_cast<Heard *>(user)->messages.emplace_back(level, message);
  // Neither of these comes back here or waits for itself.
  reckon_context_create(nullptr, nullptr, nullptr);
  reckon_set_log(nullptr, nullptr, RECKON_LOG_INFO);
}

TEST(Service, MessagesGoToTheListener) {
  Heard heard;
  reckon_set_log(hear, &heard, RECKON_LOG_INFO);
  Loaded loaded;
  Bound bound(loaded.engine, 1, 1);
  EXPECT_TRUE(bound.context.run(-1));
  ASSERT_EQ(heard.messages.size(), 3u);
  EXPECT_EQ(heard.messages[0].first, RECKON_LOG_INFO);
  EXPECT_EQ(heard.messages[0].second,
            "engine in memory is open: 1 tables, " + std::to_string(loaded.bytes.size()) + " bytes");
  EXPECT_EQ(heard.messages[1].second, "context on host, 1 threads");
  EXPECT_EQ(heard.messages[2].first, RECKON_LOG_ERROR);
  EXPECT_EQ(heard.messages[2].second, "timeout_us: got -1, expected 0 or more");
  reckon_set_log(hear, &heard, RECKON_LOG_ERROR);
  Context quiet;
  ASSERT_FALSE(quiet.create(loaded.engine, 1));
  EXPECT_EQ(heard.messages.size(), 3u);
  reckon_set_log(nullptr, nullptr, RECKON_LOG_INFO);
  EXPECT_TRUE(bound.context.run(-1));
  EXPECT_EQ(heard.messages.size(), 3u);
}

TEST(Service, CountersAndTheirText) {
  Loaded loaded;
  {
    Bound bound(loaded.engine, 10, 1);
    ASSERT_FALSE(bound.context.run());
    ASSERT_FALSE(bound.context.run());
    bound.data.ids[0] = 1000;
    EXPECT_TRUE(bound.context.run());
    EXPECT_EQ(loaded.engine.counters().runs, 2u);
  }
  // Contexts that are gone count.
  ReckonCounters counters = loaded.engine.counters();
  EXPECT_EQ(counters.struct_size, sizeof(counters));
  EXPECT_EQ(counters.runs, 2u);
  EXPECT_EQ(counters.failed_invalid, 1u);
  EXPECT_EQ(counters.rows_looked_up, 2u * 10 * numIds);
  EXPECT_EQ(counters.table_bytes, 2u * 10 * numIds * width * 4);
  EXPECT_EQ(counters.input_bytes, 2u * (10 * width * 4 + 10 * numIds * 8));
  EXPECT_EQ(counters.output_bytes, 2u * (10 * hidden * 4 + 10 * 4));
  std::string text = loaded.engine.metrics("a\"b\\c\nd");
  EXPECT_NE(text.find("# HELP reckon_runs_total Runs that went well.\n# TYPE reckon_runs_total counter\n"
                      "reckon_runs_total{engine=\"a\\\"b\\\\c\\nd\"} 2\n"),
            std::string::npos)
      << text;
  EXPECT_NE(loaded.engine.metrics().find("\nreckon_failures_total{code=\"invalid\"} 1\n"), std::string::npos);
  EXPECT_NE(loaded.engine.metrics().find("\nreckon_wait_seconds_total 0."), std::string::npos);
  size_t needed = 0;
  char small[8];
  EXPECT_EQ(reckon_engine_metrics(loaded.engine.get(), nullptr, small, sizeof(small), &needed), RECKON_INVALID);
  EXPECT_GT(needed, sizeof(small));
  EXPECT_EQ(reckon_engine_metrics(loaded.engine.get(), nullptr, nullptr, 8, &needed), RECKON_INVALID);
  EXPECT_EQ(reckon_engine_counters(loaded.engine.get(), nullptr), RECKON_INVALID);
}
} // namespace
