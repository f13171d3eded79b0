//===- reckon-run.cpp - Run an engine on arrays or ONNX test data ---------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "tools/Support/ArgParser.h"
#include "tools/Support/Arrays.h"
#include "tools/Support/EngineFlags.h"
#include "tools/Support/TestData.h"

#include "reckon/Engine/DeviceKind.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <new>

using namespace reckon;
using namespace reckon::tools;
using runtime::Status;

namespace {
struct Options {
  EngineFlags engine;
  std::string device = deviceName(DeviceKind::Host), outputDir, testData, dump;
  int64_t threads = 0;
  std::vector<std::string> inputs, tables;
  double atol = 2e-6, rtol = 2e-5;
  bool printOutputs = false;
};
} // namespace

static int run(int argc, char **argv) {
  Options options;
  ArgParser args("reckon-run", "Runs a compiled engine on arrays, or on ONNX test data and compares.", "M.rkn");
  args.group("Execution");
  args.option("device", "NAME", "where to run: host (default), cuda or cuda:N", options.device);
  args.option("threads", "N", "threads of one run; 0 (default): one per CPU", options.threads, 0);
  args.option("table", "NAME=FILE",
              "take the rows of a table from a file: a .npy array, or row-major\nelements without a header; repeatable",
              options.tables);
  options.engine.declare(args);
  options.engine.declareTables(args);
  args.group("Arrays");
  args.option("input", "NAME=F.npy", "an input; repeatable", options.inputs);
  args.option("output-dir", "DIR", "write each output to DIR/NAME.npy (a '/' in a name becomes '_')",
              options.outputDir);
  args.option("dump-tensors", "NAME,...",
              "write or print these alone: outputs, or tensors that the model was compiled with\n--keep-tensor for",
              options.dump);
  args.flag("print-outputs", "print the outputs, at most 1000 elements each;\nthe default without --output-dir",
            options.printOutputs);
  args.group("Test data");
  args.option("onnx-test-data", "DIR", "run DIR/test_data_set_*/input_K.pb and compare with output_K.pb",
              options.testData);
  args.option("atol", "X", "absolute tolerance of floats, default 2e-6; integers must be equal", options.atol, 0.0);
  args.option("rtol", "X", "relative tolerance of floats, default 2e-5", options.rtol, 0.0);
  if (!args.parse(argc, argv))
    return args.exitCode();
  if (!options.testData.empty() && (!options.inputs.empty() || !options.outputDir.empty() || !options.dump.empty()))
    return args.error("--onnx-test-data goes with none of --input, --output-dir and --dump-tensors");

  std::string problem;
  int code = options.engine.interpret(problem);
  if (code != ExitOk)
    return args.error(problem, code);
  std::vector<TableFile> tables;
  std::vector<ReckonTableBinding> bindings;
  if (!readTableFiles(options.tables, tables, bindings, problem))
    return args.error("--table: " + problem);
  runtime::Engine engine;
  runtime::Context context;
  if ((code = options.engine.open(engine, args.positional(), bindings, problem)))
    return args.error(problem, code);
  if (!checkTableFiles(tables, engine, problem))
    return args.error(problem);
  if (Status failed =
          context.create(engine, static_cast<int>(std::min<int64_t>(options.threads, 1 << 20)), options.device.c_str()))
    return args.error(failed.message, failed.code);

  if (!options.testData.empty()) {
    code = runTestData(engine, context, options.testData, options.atol, options.rtol, problem);
    return problem.empty() ? code : args.error(problem, code);
  }
  std::vector<size_t> shown;
  if (!chooseOutputs(options.dump, engine, shown, problem))
    return args.error("--dump-tensors: " + problem);
  std::vector<HostTensor> tensors;
  if ((code = bindArrays(options.inputs, engine, context, tensors, problem)))
    return args.error(problem, code);
  if (Status failed = context.run())
    return args.error(failed.message, failed.code);
  if (options.printOutputs || options.outputDir.empty())
    printOutputs(engine, context, shown);
  if (!options.outputDir.empty() && (code = writeOutputs(engine, context, shown, options.outputDir, problem)))
    return args.error(problem, code);
  if (std::fflush(stdout) != 0)
    return args.error(std::string("standard output cannot be written: ") + std::strerror(errno), ExitUnavailable);
  return ExitOk;
}

int main(int argc, char **argv) {
  try {
    return run(argc, argv);
  } catch (const std::bad_alloc &) {
    std::fputs("reckon-run: error: there is not enough memory for inputs and outputs of this size\n", stderr);
    return ExitUnavailable;
  }
}
