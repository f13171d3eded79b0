//===- Share.cpp - Checks that processes have tables on a GPU once --------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// Starts processes that open one engine with made-up rows and shared tables, and looks at the memory of the device: for
// all of them it has the tables once. Kills the process that made them, and any number of times one that has them: the
// others go on, and new ones open what is there. All give the same outputs as one with tables of its own. Exit code 4
// and a message where there is no device.
//
//===----------------------------------------------------------------------------===//

#include "lib/Engine/Descriptor.h"
#include "reckon/Engine/EngineFile.h"
#include "reckon/Runtime/Runtime.hpp"
#include "runtime/Cuda/CudaDevice.h"
#include "tools/Support/ArgParser.h"
#include "tools/Support/InputMaker.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <poll.h>
#include <sys/wait.h>
#include <vector>

using namespace reckon;
using namespace reckon::tools;
using runtime::Status;
using Clock = std::chrono::steady_clock;

namespace {
struct Settings {
  std::string engine, device = "cuda";
  int64_t processes = 8, rows = 1000000, kills = 50;
};

/// What a process says when it has run.
struct Answer {
  bool isGood = false, isNew = false;
  int code = 0;
  double tableMilliseconds = 0, readyMilliseconds = 0; // beyond creating the CUDA context
  uint64_t outputs = 0;                                // a checksum
  uint64_t free = 0, tableBytes = 0;
  char problem[200] = {};
};

enum class Tables { None, Own, Shared };

double millisecondsSince(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

/// Of the runtime's message about shared tables.
struct Listener {
  std::string shared;
  static void hear(void *self, ReckonLogLevel, const char *message) {
    std::string text = message;
    if (text.find("bytes of tables are shared") != std::string::npos)
      static_cast<Listener *>(self)->shared = text;
  }
};

/// In a process of its own: the driver is not to be used by what forks.
class Worker {
public:
  explicit Worker(const Settings &settings) : settings(settings) {}
  Answer start(Tables tables) {
    std::string problem = tables == Tables::None ? findDevice() : run(tables);
    answer.isGood = problem.empty();
    std::snprintf(answer.problem, sizeof(answer.problem), "%s", problem.c_str());
    if (device)
      problem = readMemory();
    return answer;
  }

private:
  std::string findDevice() {
    runtime::Error error;
    device = static_cast<const runtime::cuda::CudaDevice *>(runtime::findDevice(settings.device, error));
    if (device) {
      primary = std::make_unique<runtime::cuda::PrimaryContext>(*device);
      static_cast<void>(primary->retain(error));
    }
    answer.code = error.code;
    return error.message;
  }
  std::string readMemory() {
    runtime::Error error;
    runtime::cuda::ContextScope scope(device->driver, primary->get(), error);
    size_t available = 0, total = 0;
    if (scope && device->driver.cuMemGetInfo(error, &available, &total))
      answer.free = available;
    return error.message;
  }
  std::string run(Tables tables) {
    std::string problem = findDevice();
    if (!problem.empty())
      return problem;
    Listener listener;
    reckon_set_log(Listener::hear, &listener, RECKON_LOG_INFO);
    auto start = Clock::now();
    ReckonTableBinding binding = RECKON_TABLE_BINDING_INIT;
    binding.source = RECKON_TABLE_SYNTHETIC;
    binding.rows = settings.rows;
    binding.seed = 1;
    if (Status failed = engine.open(settings.engine, {binding}, nullptr,
                                    tables == Tables::Own ? RECKON_DEVICE_TABLES_OWN : RECKON_DEVICE_TABLES_SHARED))
      return failed.message;
    if (Status failed = context.create(engine, 1, settings.device.c_str()))
      return failed.message;
    EngineError unreadable;
    auto file = EngineFile::open(settings.engine, unreadable);
    if (!file)
      return unreadable.message;
    for (size_t i = 0; i < engine.numTables(); ++i)
      answer.tableBytes += static_cast<uint64_t>(engine.table(i).rows) * engine.table(i).row_bytes;
    InputMaker maker(file->spec(), std::vector<int64_t>(engine.numTables(), settings.rows));
    InputOptions options;
    options.batch = 64;
    std::vector<HostTensor> inputs;
    if (!maker.chooseDims(options, problem) || !maker.make(options, 1, inputs, problem))
      return problem;
    for (size_t i = 0; i < inputs.size(); ++i)
      if (Status failed = context.setInput(i, inputs[i].type, inputs[i].shape, inputs[i].data.data()))
        return failed.message;
    if (Status failed = context.run())
      return failed.message;
    answer.readyMilliseconds = millisecondsSince(start);
    answer.isNew = listener.shared.find(", made in ") != std::string::npos;
    if (size_t at = listener.shared.rfind(" in "); at != std::string::npos)
      answer.tableMilliseconds = std::strtod(listener.shared.c_str() + at + 4, nullptr);
    if (tables == Tables::Shared && listener.shared.empty())
      return "nothing says that the tables are shared";
    for (size_t i = 0; i < engine.numOutputs(); ++i) {
      ReckonTensor output = context.output(i);
      for (size_t k = 0; k < output.bytes; ++k)
        answer.outputs = answer.outputs * 0x100000001b3 + static_cast<const uint8_t *>(output.data)[k];
    }
    reckon_set_log(nullptr, nullptr, RECKON_LOG_INFO);
    return "";
  }

  const Settings &settings;
  const runtime::cuda::CudaDevice *device = nullptr;
  std::unique_ptr<runtime::cuda::PrimaryContext> primary;
  runtime::Engine engine;
  runtime::Context context;
  Answer answer;
};

class Process {
public:
  Process(const Settings &settings, Tables tables) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0)
      std::exit(ExitUnavailable);
    id = ::fork();
    if (id == 0) {
      Worker worker(settings);
      Answer answer = worker.start(tables);
      static_cast<void>(::write(ends[1], &answer, sizeof(answer)));
      for (;;)
        ::pause();
    }
    ::close(ends[1]);
    pipe = Descriptor(ends[0]);
  }
  ~Process() { kill(); }
  Process(const Process &) = delete;
  Process &operator=(const Process &) = delete;
  Answer wait() {
    Answer answer;
    pollfd event = {pipe.get(), POLLIN, 0};
    if (::poll(&event, 1, 120000) != 1 ||
        ::read(pipe.get(), &answer, sizeof(answer)) != static_cast<ssize_t>(sizeof(answer)))
      std::snprintf(answer.problem, sizeof(answer.problem), "the process did not answer");
    return answer;
  }
  void kill() {
    if (id <= 0)
      return;
    ::kill(id, SIGKILL);
    ::waitpid(id, nullptr, 0);
    id = -1;
  }

private:
  pid_t id = -1;
  Descriptor pipe;
};

/// Runs the check; what went wrong.
class Checker {
public:
  explicit Checker(const Settings &settings) : settings(settings) {}

  std::string run() {
    std::string problem = measure();
    if (problem.empty())
      problem = killAgainAndAgain();
    processes.clear();
    if (problem.empty())
      problem = startAtOnce();
    return problem;
  }
  int code = ExitMismatch;

private:
  /// One more process; empty when it is as it should be.
  std::string start(Tables tables, bool isNew, Answer &answer) {
    processes.push_back(std::make_unique<Process>(settings, tables));
    answer = processes.back()->wait();
    if (!answer.isGood) {
      code = answer.code ? answer.code : ExitMismatch;
      return answer.problem;
    }
    if (answer.isNew != isNew)
      return answer.isNew ? "the tables were made again" : "nobody made the tables";
    if (tables == Tables::None)
      return "";
    if (!outputs)
      outputs = answer.outputs;
    return answer.outputs == outputs ? "" : "processes give different outputs";
  }

  std::string measure() {
    Answer answer;
    // What a process takes without tables: with those of one row.
    Settings small = settings;
    small.rows = 1;
    std::string problem = start(Tables::None, false, answer);
    processes.clear();
    uint64_t before = 0, after = 0;
    for (int64_t i = 0; i < settings.processes && problem.empty(); ++i) {
      processes.push_back(std::make_unique<Process>(small, Tables::Own));
      answer = processes.back()->wait();
      problem = answer.problem;
      before = answer.free;
    }
    processes.clear();
    if (problem.empty())
      problem = start(Tables::Own, false, answer);
    processes.clear();
    double slowest = 0, slowestTables = 0;
    for (int64_t i = 0; i < settings.processes && problem.empty(); ++i) {
      problem = start(Tables::Shared, i == 0, answer);
      after = answer.free;
      if (i == 0) {
        std::printf("made: %.1f ms for %llu bytes of tables, %.1f ms to the first answer\n", answer.tableMilliseconds,
                    static_cast<unsigned long long>(answer.tableBytes), answer.readyMilliseconds);
        continue;
      }
      slowest = std::max(slowest, answer.readyMilliseconds);
      slowestTables = std::max(slowestTables, answer.tableMilliseconds);
    }
    if (!problem.empty())
      return problem;
    double tables = static_cast<double>(answer.tableBytes);
    double taken = static_cast<double>(before) - static_cast<double>(after);
    std::printf("%lld processes: %.0f bytes more than with tables of a row, %.3f times the tables\n",
                static_cast<long long>(settings.processes), taken, taken / tables);
    std::printf("opened: at most %.2f ms for the tables, %.1f ms to the first answer\n", slowestTables, slowest);
    // Memory comes in pieces of 2 MiB.
    double slack = 0.05 * tables + (64 << 20);
    return taken < tables + slack && taken > tables - slack ? "" : "the device does not have the tables once";
  }

  std::string killAgainAndAgain() {
    std::string problem;
    // It has made the tables.
    processes.erase(processes.begin());
    for (int64_t i = 0; i < settings.kills && problem.empty(); ++i) {
      Answer answer;
      problem = start(Tables::Shared, false, answer);
      processes.erase(processes.begin() + i * 7 % static_cast<int64_t>(processes.size() - 1));
    }
    if (problem.empty())
      std::printf("%lld processes killed, of which the first had made the tables\n",
                  static_cast<long long>(settings.kills) + 1);
    return problem;
  }

  std::string startAtOnce() {
    int64_t made = 0;
    for (int64_t i = 0; i < settings.processes; ++i)
      processes.push_back(std::make_unique<Process>(settings, Tables::Shared));
    for (auto &process : processes) {
      Answer answer = process->wait();
      if (!answer.isGood)
        return answer.problem;
      if (answer.outputs != outputs)
        return "processes give different outputs";
      made += answer.isNew;
    }
    return made == 1 ? "" : std::to_string(made) + " of the processes that were started at once made the tables";
  }

  const Settings &settings;
  std::vector<std::unique_ptr<Process>> processes;
  uint64_t outputs = 0;
};
} // namespace

int main(int argc, char **argv) {
  Settings settings;
  ArgParser args("reckon-gpu-share", "Checks that processes have the tables of an engine on a GPU once.", "M.rkn");
  args.group("Execution");
  args.option("device", "NAME", "the device: cuda (default) or cuda:N", settings.device);
  args.option("processes", "N", "processes at a time (default 8)", settings.processes, 3);
  args.option("rows", "N", "rows of each table (default 1000000)", settings.rows, 1);
  args.option("kills", "N", "processes to kill (default 50)", settings.kills, 0);
  if (!args.parse(argc, argv))
    return args.exitCode();
  settings.engine = args.positional();
  Checker checker(settings);
  std::string problem = checker.run();
  return problem.empty() ? ExitOk : args.error(problem, checker.code);
}
