//===- EngineDiff.h - Where two engines differ ---------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_TOOLS_SUPPORT_ENGINEDIFF_H
#define RECKON_TOOLS_SUPPORT_ENGINEDIFF_H

#include "InputMaker.h"
#include "reckon/Engine/EngineFile.h"
#include "reckon/Runtime/Runtime.hpp"

#include <memory>

namespace reckon::tools {

struct DiffOptions {
  double atol = 2e-6, rtol = 2e-5;
  int64_t threads = 0;
  std::vector<std::string> arrays; // NAME=F.npy; empty: made up
  InputOptions inputs;
};

/// An engine that is open, and what it is made of.
struct OpenEngine {
  std::string path;
  const PublicKey *signer = nullptr; // who has to have signed it
  std::unique_ptr<EngineFile> file;
  runtime::Engine engine;
  runtime::Context context;

  /// Returns the exit code, with the reason in `error`.
  int open(const std::string &engine, const std::string &device, int64_t threads, std::string &error);
  /// The outputs in the order in which they are computed.
  std::vector<size_t> outputsInOrder() const;
  /// The kernel that makes an output, with its nodes, for people; empty when it is not known.
  std::string makerOf(size_t output) const;
};

/// Runs both on the same inputs and compares the outputs that both have, by name, in the order in which `a` computes
/// them. Prints a line for each, and the first that differs. Returns the exit code.
int diffEngines(OpenEngine &a, OpenEngine &b, const DiffOptions &options, std::string &error);

/// The same for an engine and sets of ONNX test data in a folder.
int diffTestData(OpenEngine &a, const std::string &directory, const DiffOptions &options, std::string &error);

} // namespace reckon::tools

#endif // RECKON_TOOLS_SUPPORT_ENGINEDIFF_H
