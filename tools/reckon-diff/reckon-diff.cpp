//===- reckon-diff.cpp - Compares engines tensor by tensor ---------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "tools/Support/ArgParser.h"
#include "tools/Support/EngineDiff.h"
#include "tools/Support/EngineFlags.h"
#include "tools/Support/InputFlags.h"

#include <cstdio>
#include <new>
#include <sys/stat.h>

using namespace reckon;
using namespace reckon::tools;

static bool isFolder(const std::string &path) {
  struct stat status;
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

static int run(int argc, char **argv) {
  DiffOptions options;
  InputFlags inputs;
  EngineFlags engines;
  std::string deviceA = deviceName(DeviceKind::Host), deviceB = deviceA;
  inputs.options.batch = 8;
  ArgParser args(
      "reckon-diff",
      "Runs two engines on the same inputs, or one on ONNX test data in a folder, and compares\ntensor by tensor, in "
      "the order in which A computes them. reckon-compile --keep-tensor='*'\nlets tensors between the layers be "
      "compared, too.",
      "A.rkn B.rkn|DIR");
  args.group("Execution");
  args.option("device", "NAME", "where A runs: host (default), cuda or cuda:N", deviceA);
  args.option("other-device", "NAME", "where B runs, likewise", deviceB);
  args.option("threads", "N", "threads of one run; 0 (default): one per CPU", options.threads, 0);
  engines.declare(args);
  args.group("Tolerance");
  args.option("atol", "X", "absolute tolerance of floats, default 2e-6; integers must be equal", options.atol, 0.0);
  args.option("rtol", "X", "relative tolerance of floats, default 2e-5", options.rtol, 0.0);
  args.group("Inputs");
  args.option("input", "NAME=F.npy", "an input; repeatable; without any they are made up", options.arrays);
  args.option("batch", "N", "of made-up inputs, default 8", inputs.options.batch, 0);
  inputs.declare(args);
  if (!args.parse(argc, argv))
    return args.exitCode();
  if (std::string wrong = inputs.interpret(); !wrong.empty())
    return args.error(wrong);
  options.inputs = inputs.options;

  std::string error;
  OpenEngine a, b;
  int code = engines.interpret(error);
  a.signer = b.signer = engines.signer();
  if (code == ExitOk)
    code = a.open(args.positional(0), deviceA, options.threads, error);
  if (code == ExitOk && isFolder(args.positional(1)))
    code = diffTestData(a, args.positional(1), options, error);
  else if (code == ExitOk && (code = b.open(args.positional(1), deviceB, options.threads, error)) == ExitOk)
    code = diffEngines(a, b, options, error);
  return error.empty() ? code : args.error(error, code);
}

int main(int argc, char **argv) {
  try {
    return run(argc, argv);
  } catch (const std::bad_alloc &) {
    std::fputs("reckon-diff: error: there is not enough memory for inputs and outputs of this size\n", stderr);
    return ExitUnavailable;
  }
}
