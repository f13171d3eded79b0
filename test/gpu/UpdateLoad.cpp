//===- UpdateLoad.cpp - Latency of runs beside an updater -----------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// One thread runs an engine without pause, another one changes rows at a given rate, a commit each few milliseconds. In
// turn with it the other thread only spins, so that what is compared has the same number of busy CPUs. Prints latencies
// of both, and how long a commit takes to be what runs read.
//
//===----------------------------------------------------------------------------===//

#include "reckon/Engine/EngineFile.h"
#include "reckon/Runtime/Runtime.hpp"
#include "tools/Support/ArgParser.h"
#include "tools/Support/InputMaker.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <random>
#include <thread>
#include <vector>

using namespace reckon;
using namespace reckon::tools;
using runtime::Status;
using Clock = std::chrono::steady_clock;

namespace {
struct Settings {
  std::string engine, device = "cuda";
  int64_t tableRows = 0, batch = 64, rowsPerSecond = 1000000, period = 10, rounds = 6;
  double seconds = 1;
};

class Load {
public:
  explicit Load(const Settings &settings) : settings(settings) {}

  /// What went wrong, with the exit code.
  std::string open(int &code) {
    EngineError unreadable;
    file = EngineFile::open(settings.engine, unreadable);
    code = file ? ExitOk : unreadable.exitCode();
    if (!file)
      return unreadable.message;
    std::vector<ReckonTableBinding> bindings;
    if (settings.tableRows > 0) {
      bindings.push_back(RECKON_TABLE_BINDING_INIT);
      bindings.back().source = RECKON_TABLE_SYNTHETIC;
      bindings.back().rows = settings.tableRows;
    }
    Status failed = engine.open(settings.engine, bindings);
    if (!failed)
      failed = context.create(engine, 1, settings.device.c_str());
    if (!failed)
      failed = update.create(engine);
    code = failed.code;
    return failed ? failed.message : prepare(code);
  }

  /// Runs for a round, with changes of rows beside it or with a thread that spins.
  std::string round(bool withUpdates) {
    std::atomic<bool> stop{false};
    std::string problem;
    std::thread other([&] { withUpdates ? changeRows(stop, problem) : spin(stop); });
    std::vector<double> &latencies = withUpdates ? beside : alone;
    auto end =
        Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(settings.seconds));
    Status failed;
    for (auto begin = Clock::now(); begin < end && !failed;) {
      failed = context.run();
      auto now = Clock::now();
      latencies.push_back(std::chrono::duration<double, std::micro>(now - begin).count());
      begin = now;
    }
    stop = true;
    other.join();
    return failed ? failed.message : problem;
  }

  void report() {
    auto line = [&](const char *what, std::vector<double> &latencies) {
      std::printf("%s: %zu runs of %lld, median %.1f us, p99 %.1f us\n", what, latencies.size(),
                  static_cast<long long>(settings.batch), at(latencies, 0.5), at(latencies, 0.99));
    };
    line("beside a thread that spins", alone);
    line("beside an updater", beside);
    double busy = static_cast<double>(settings.rounds) / 2 * settings.seconds;
    std::printf(
        "%zu commits of %zu rows, %.0f rows a second, visible after %.2f ms in the median, p99 %.2f ms, of which "
        "%.3f ms waiting for runs\n",
        commits.size(), rowsPerCommit(), static_cast<double>(commits.size() * rowsPerCommit()) / busy, at(commits, 0.5),
        at(commits, 0.99),
        static_cast<double>(engine.counters().commit_wait_ns) / 1e6 /
            static_cast<double>(std::max<size_t>(commits.size(), 1)));
  }

private:
  static double at(std::vector<double> &values, double share) {
    if (values.empty())
      return 0;
    std::sort(values.begin(), values.end());
    return values[static_cast<size_t>(share * static_cast<double>(values.size() - 1))];
  }
  size_t rowsPerCommit() const { return static_cast<size_t>(settings.rowsPerSecond * settings.period / 1000); }

  std::string prepare(int &code) {
    code = ExitUsage;
    std::vector<int64_t> rows;
    for (size_t i = 0; i < engine.numTables(); ++i)
      rows.push_back(engine.table(i).rows);
    if (rows.empty())
      return "the engine has no tables";
    InputMaker maker(file->spec(), rows);
    InputOptions options;
    options.batch = settings.batch;
    std::string problem;
    if (!maker.chooseDims(options, problem) || !maker.make(options, 1, inputs, problem))
      return problem;
    for (size_t i = 0; i < inputs.size(); ++i)
      if (Status failed = context.setInput(i, inputs[i].type, inputs[i].shape, inputs[i].data.data()))
        return failed.message;
    for (size_t i = 0; i < rows.size(); ++i) {
      const TableSpec &table = file->spec().tables[i];
      size_t count = rowsPerCommit() / rows.size() + 1;
      changed.emplace_back(count * table.rowBytes() / sizeof(uint64_t) + 1);
      table.format().fill(changed.back().data(), count, table.dim, i);
    }
    // Both sides of tables, and the graphs of both.
    for (int i = 0; i < 4; ++i) {
      if (problem = commit(); !problem.empty())
        return problem;
      if (Status failed = context.run())
        return failed.message;
    }
    code = ExitOk;
    commits.clear();
    return "";
  }

  std::string commit() {
    size_t tables = changed.size(), left = rowsPerCommit();
    for (size_t i = 0; i < tables && left != 0; ++i) {
      size_t count = std::min(left, rowsPerCommit() / tables + 1);
      std::vector<int64_t> ids(count);
      for (int64_t &id : ids)
        id = static_cast<int64_t>(random() % static_cast<uint64_t>(engine.table(i).rows));
      if (Status failed = update.setRows(engine.table(i).name, ids, changed[i].data()))
        return failed.message;
      left -= count;
    }
    auto begin = Clock::now();
    Status failed = update.commit();
    commits.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begin).count());
    return failed.message;
  }
  void changeRows(const std::atomic<bool> &stop, std::string &problem) {
    for (auto next = Clock::now(); !stop && problem.empty();) {
      problem = commit();
      next += std::chrono::milliseconds(settings.period);
      while (!stop && Clock::now() < next) {
      }
    }
  }
  static void spin(const std::atomic<bool> &stop) {
    while (!stop) {
    }
  }

  const Settings &settings;
  std::unique_ptr<EngineFile> file;
  runtime::Engine engine;
  runtime::Context context;
  runtime::Update update;
  std::vector<HostTensor> inputs;
  std::vector<std::vector<uint64_t>> changed; // rows of each table
  std::vector<double> alone, beside, commits;
  std::mt19937_64 random{1}; // NOLINT(bugprone-random-generator-seed): the same rows every time
};
} // namespace

int main(int argc, char **argv) {
  Settings settings;
  ArgParser args("reckon-update-load", "Measures runs of an engine while its rows change.", "M.rkn");
  args.group("Execution");
  args.option("device", "NAME", "the device: cuda (default), cuda:N or host", settings.device);
  args.option("table-rows", "N", "made-up rows of each table, instead of the engine's", settings.tableRows, 0);
  args.option("batch", "N", "rows of a run (default 64)", settings.batch, 1);
  args.option("rows-per-second", "N", "rows to change (default 1000000)", settings.rowsPerSecond, 1);
  args.option("period", "MS", "milliseconds from commit to commit (default 10)", settings.period, 1);
  args.option("rounds", "N", "rounds, of which each second one has updates (default 6)", settings.rounds, 2);
  args.option("duration", "S", "seconds of a round (default 1)", settings.seconds, 0.01);
  if (!args.parse(argc, argv))
    return args.exitCode();
  settings.engine = args.positional();
  Load load(settings);
  int code = ExitOk;
  std::string problem = load.open(code);
  for (int64_t round = 0; round < settings.rounds && problem.empty(); ++round) {
    problem = load.round(round % 2 == 1);
    code = problem.empty() ? ExitOk : ExitUnavailable;
  }
  if (!problem.empty())
    return args.error(problem, code);
  load.report();
  return ExitOk;
}
