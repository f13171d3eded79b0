//===- Tuner.h - Timing the candidates of an engine -----------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_TOOLS_SUPPORT_TUNER_H
#define RECKON_TOOLS_SUPPORT_TUNER_H

#include "InputMaker.h"
#include "reckon/Engine/TimingCache.h"
#include "reckon/Runtime/Runtime.hpp"

#include <functional>

namespace reckon::tools {

struct TuneOptions {
  std::string device = "cuda";
  std::vector<int64_t> batches;
  int64_t tableRows = -1; // rows made up for each table; -1: as many as the engine's
  int64_t repeats = 16;   // copies of a launch in one graph
  int64_t runs = 9;       // of the graph; the median counts
  InputOptions inputs;
};

class Tuner {
public:
  /// `engine` must outlive the tuner.
  Tuner(const EngineSpec &engine, const TuneOptions &options) : engine(engine), options(options) {}

  /// Times every candidate launch of every dispatch for every batch. The exit code, with the reason in `error`.
  /// `onDispatch` is told which dispatch begins.
  int run(TimingCache &cache, std::string &error, const std::function<void(size_t, const std::string &)> &onDispatch);

private:
  struct Batch {
    std::vector<int64_t> dims;
    std::vector<HostTensor> inputs;
  };
  int makeBatches(std::string &error);
  /// Whether cuBLASLt works on the device.
  bool hasLibrary() const;
  int timeCandidate(size_t dispatch, size_t launch, TimingCache::Candidate &candidate, std::string &error);
  int timeBatch(runtime::Context &context, const runtime::Engine &probe, const Batch &batch, double &microseconds,
                std::string &error);
  std::optional<uint64_t> rowsOf(const SizeExpr &rows, const Batch &batch) const;
  std::vector<int64_t> tableRows() const;

  const EngineSpec &engine;
  const TuneOptions &options;
  std::vector<Batch> batches;
};

} // namespace reckon::tools

#endif // RECKON_TOOLS_SUPPORT_TUNER_H
