//===- Subject.h - One engine that is compared between devices ------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_TEST_GPU_SUBJECT_H
#define RECKON_TEST_GPU_SUBJECT_H

#include "tools/Support/InputMaker.h"

#include "reckon/Engine/EngineFile.h"
#include "reckon/Runtime/Runtime.hpp"

#include <memory>
#include <optional>

namespace reckon::gpucheck {

using Tensors = std::vector<tools::HostTensor>;

/// How exactly two devices must agree.
struct Tolerance {
  double atol = 5e-6, rtol = 5e-5;
  /// The share of an output's integers that may differ: scores closer than rounding can tell apart are ranked either
  /// way.
  double integers = 0;
  /// The share of an output's numbers that may differ, of a row whose rank differs, say.
  double floats = 0;
};

/// An engine opened once, with contexts on the device under test and on the host. Functions that return a string return
/// what went wrong, and nothing when all is well.
class Subject {
public:
  /// `hostPath` is the engine that the host runs; empty: the same.
  std::string open(const std::string &enginePath, const std::string &hostPath, const std::string &device,
                   const Tolerance &tolerance);

  /// Made-up inputs; nullopt where the engine's dimensions cannot be chosen from a batch alone.
  std::optional<Tensors> makeInputs(int64_t batch, uint64_t seed, std::string &problem) const;
  std::string createContext(runtime::Context &context, int graphCache = 0) const;
  /// The engine once more, for what changes it.
  std::string openAgain(runtime::Engine &opened) const;

  /// Binds inputs at addresses aligned to their elements and no further, and outputs filled with a pattern, with guards
  /// around them, and runs.
  std::string run(runtime::Context &context, const Tensors &inputs, Tensors &outputs) const;
  std::string runOnHost(const Tensors &inputs, Tensors &outputs) { return run(host, inputs, outputs); }
  std::string compare(const Tensors &got, const Tensors &want) const { return compare(got, want, tolerance); }
  std::string compare(const Tensors &got, const Tensors &want, const Tolerance &tolerance) const;
  /// The device under test against the host on made-up inputs of a batch.
  std::string compareRun(runtime::Context &context, int64_t batch, uint64_t seed);

  const EngineSpec &spec() const { return file->spec(); }
  const runtime::Engine &opened() const { return engine; }
  bool isOnHost() const { return device == "host"; }
  const std::string &deviceName() const { return device; }
  /// The context for most checks.
  runtime::Context context;

private:
  std::unique_ptr<EngineFile> file;
  std::string path;
  runtime::Engine engine, hostEngine;
  runtime::Context host;
  std::string device;
  Tolerance tolerance;
  std::optional<tools::InputMaker> maker;
};

} // namespace reckon::gpucheck

#endif // RECKON_TEST_GPU_SUBJECT_H
