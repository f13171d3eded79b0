//===- Tuner.h - Timing the candidates of an engine -----------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_TOOLS_SUPPORT_TUNER_H
#define RECKON_TOOLS_SUPPORT_TUNER_H

#include "InputMaker.h"
#include "LaunchTimer.h"
#include "reckon/Engine/TimingCache.h"

#include <functional>

namespace reckon::tools {

struct TuneOptions {
  std::string device = deviceName(DeviceKind::Cuda);
  std::vector<int64_t> batches;
  int64_t tableRows = -1;     // rows made up for each table; -1: as many as the engine's
  int64_t repeats = 16;       // copies of a launch in one graph
  int64_t runs = 9;           // of the graph, at most; the median counts
  bool allDispatches = false; // those without a choice, too
  InputOptions inputs;
};

class Tuner {
public:
  /// `engine` must outlive the tuner.
  Tuner(const EngineSpec &engine, const TuneOptions &options) : engine(engine), options(options), timer(engine) {}

  /// Told which dispatch of how many begins to be timed, and its kernel.
  using Listener = std::function<void(size_t, size_t, const std::string &)>;

  /// Times every candidate launch of every dispatch for every batch. The exit code, with the reason in `error`.
  int run(TimingCache &cache, std::string &error, const Listener &onDispatch);

private:
  bool isTimed(const ChainSpec &chain) const;
  /// Made-up inputs, on the GPU from here on.
  int makeBatches(std::string &error);
  int timeCandidates(size_t dispatch, TimingCache::Dispatch &result, std::string &error);
  /// Of one launch of what the timer has begun with; less exact when it takes long beside `best`.
  [[nodiscard]] bool timeBatch(size_t batch, double best, double &microseconds, runtime::Error &error);
  std::optional<uint64_t> rowsOf(const SizeExpr &rows, const std::vector<int64_t> &dims) const;
  std::vector<int64_t> tableRows() const;

  const EngineSpec &engine;
  const TuneOptions &options;
  LaunchTimer timer;
  std::vector<std::vector<int64_t>> batchDims;
};

} // namespace reckon::tools

#endif // RECKON_TOOLS_SUPPORT_TUNER_H
