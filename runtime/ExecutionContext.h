//===- ExecutionContext.h - One thread's use of an engine -----------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_EXECUTIONCONTEXT_H
#define RECKON_RUNTIME_EXECUTIONCONTEXT_H

#include "LoadedEngine.h"

#include <condition_variable>

namespace reckon::runtime {

/// What a caller gives for an input; `rank` is the length of `shape`.
struct InputTensor {
  ReckonElementType type;
  size_t rank;
  const int64_t *shape;
  const void *data;
  bool onDevice;
};

/// What a ReckonContext stands for: bound inputs and outputs, and the executor.
class ExecutionContext {
public:
  explicit ExecutionContext(std::shared_ptr<const LoadedEngine> engine);
  ~ExecutionContext();
  [[nodiscard]] bool start(const std::string &device, const ExecutorOptions &options, Error &error);

  [[nodiscard]] bool setInput(size_t index, const InputTensor &tensor, Error &error);
  [[nodiscard]] bool setOutput(size_t index, ReckonElementType type, void *data, size_t capacity, bool onDevice,
                               Error &error);
  [[nodiscard]] bool prepare(Error &error);
  [[nodiscard]] bool run(const ReckonRunOptions *options, Error &error);
  /// The same, with a report of what ran when.
  [[nodiscard]] bool profile(Error &error);
  const ProfileReport &profileReport() const { return report; }
  /// On a device with memory of its own everything must be bound to that. On others a thread of the engine's runs it.
  [[nodiscard]] bool runAsync(void *stream, const ReckonRunOptions *options, Error &error);
  [[nodiscard]] bool synchronize(Error &error);
  /// Ends the run under way early. From any thread.
  void cancel();
  /// Whether a run on a thread of the engine's has not been waited for.
  bool isRunning() const { return isSubmitted; }
  /// That the last run has read.
  uint64_t version() const { return lastVersion; }
  [[nodiscard]] bool setProfiling(bool on, Error &error) { return executor->setProfiling(on, error); }
  ReckonRunTimes times() const { return executor->times(); }
  [[nodiscard]] bool output(size_t index, ReckonTensor &tensor, Error &error) const;
  int64_t dimValue(size_t index) const { return ready && index < dims.size() ? dims[index] : -1; }
  const EngineSpec &spec() const { return engine->spec(); }

private:
  struct Output {
    void *bound = nullptr;
    size_t capacity = 0;
    bool onDevice = false;
    AlignedBuffer own;
    size_t bytes = 0; // of the current shape
  };
  [[nodiscard]] bool checkInputs(Error &error) const;
  [[nodiscard]] bool checkDevice(const char *kind, const TensorInfo &tensor, Error &error) const;
  [[nodiscard]] bool bindOutputs(Error &error);
  [[nodiscard]] bool checkOverlaps(Error &error) const;
  void beginRun(const ReckonRunOptions *options);
  [[nodiscard]] bool checkRows(Error &error) const;
  [[nodiscard]] bool runPrepared(Error &error);
  [[nodiscard]] bool runPreparedOn(void *stream, Error &error);
  [[nodiscard]] bool submit(Error &error);
  void runSubmitted();
  bool count(bool success, const Error &error);
  void measure();

  std::shared_ptr<const LoadedEngine> engine;
  std::unique_ptr<Executor> executor;
  std::vector<std::vector<int64_t>> inputShapes, outputShapes;
  std::vector<Binding> inputs;
  std::vector<bool> isSet;
  std::vector<Output> outputs;
  std::vector<Binding> outputBindings;
  std::vector<int64_t> dims;
  ProfileReport report;
  bool ready = false;    // dims, output shapes and the executor fit the input shapes
  bool disjoint = false; // no output's memory overlaps other memory of the same bindings and sizes

  Versions::Pin pin;
  uint64_t lastVersion = 0;
  RunControl control;
  RunCounters counters;
  RunWork work;                     // of one run, for the sizes prepared
  std::vector<uint64_t> idRowBytes; // of the table that ids of each IdUse pick from; 0 for none

  // A run on a thread of the engine's.
  ThreadPool::Task task;
  bool isSubmitted = false;
  std::mutex mutex; // of what follows
  std::condition_variable ended;
  bool hasEnded = false, succeeded = false;
  Error taskError;
};

} // namespace reckon::runtime

#endif // RECKON_RUNTIME_EXECUTIONCONTEXT_H
