//===- EngineDiff.cpp - Where two engines differ -------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "EngineDiff.h"
#include "Arrays.h"
#include "Compare.h"
#include "TestData.h"

#include <algorithm>
#include <cstdio>

using namespace reckon;
using namespace reckon::tools;

int OpenEngine::open(const std::string &name, const std::string &device, int64_t threads, std::string &error) {
  path = name;
  EngineError problem;
  file = EngineFile::open(name, problem, EngineFile::Check::All, signer);
  if (!file) {
    error = problem.message;
    return problem.exitCode();
  }
  if (runtime::Status failed = engine.open(name, {}, signer ? signer->data() : nullptr)) {
    error = failed.message;
    return failed.code;
  }
  if (runtime::Status failed =
          context.create(engine, static_cast<int>(std::min<int64_t>(threads, 1 << 20)), device.c_str())) {
    error = "'" + name + "': " + failed.message;
    return failed.code;
  }
  return ExitOk;
}

namespace {
/// Which dispatch of a program writes an output first.
struct Writer {
  size_t number = SIZE_MAX;
  const KernelSpec *kernel = nullptr;
};
} // namespace

static Writer findWriter(const ProgramSpec &program, size_t output) {
  size_t number = 0;
  for (const ChainSpec &chain : program.chains)
    for (const DispatchSpec &dispatch : chain.dispatches) {
      size_t first = dispatch.operands.size() - std::min<size_t>(dispatch.numOutputs, dispatch.operands.size());
      for (size_t o = first; o < dispatch.operands.size(); ++o)
        if (dispatch.operands[o].space == Space::Output && dispatch.operands[o].index == output)
          return {number, &program.kernels[dispatch.kernel]};
      ++number;
    }
  return {};
}

std::vector<size_t> OpenEngine::outputsInOrder() const {
  const ProgramSpec &program = file->spec().programs.front();
  std::vector<std::pair<size_t, size_t>> found;
  for (size_t i = 0; i < engine.numOutputs(); ++i)
    found.emplace_back(findWriter(program, i).number, i);
  std::sort(found.begin(), found.end());
  std::vector<size_t> outputs;
  for (const auto &[number, output] : found)
    outputs.push_back(output);
  return outputs;
}

std::string OpenEngine::makerOf(size_t output) const {
  Writer writer = findWriter(file->spec().programs.front(), output);
  if (!writer.kernel)
    return "";
  std::string text = "kernel " + writer.kernel->symbol;
  for (size_t i = 0; i < writer.kernel->onnxNodes.size(); ++i)
    text += (i == 0 ? " of " : ", ") + writer.kernel->onnxNodes[i];
  return text;
}

namespace {
/// Compares tensor by tensor and remembers the first that differs.
class Differences {
public:
  Differences(OpenEngine &a, const DiffOptions &options) : a(a), options(options) {}

  void compare(const std::string &label, size_t output, const HostTensor &want) {
    ReckonTensor got = a.context.output(output);
    std::vector<int64_t> shape(got.shape, got.shape + got.rank);
    Comparison result = compareTensors(got.type, shape, got.data, want, options.atol, options.rtol);
    const char *name = a.engine.output(output).name;
    std::printf("%s%s %s%s: max absolute difference %.3g, max relative %.3g: %s\n", label.c_str(), name,
                reckon_element_name(got.type), shapeText(shape).c_str(), result.maxAbsolute, result.maxRelative,
                result.equal ? "ok" : "DIFFERS");
    ++compared;
    differing += !result.equal;
    if (!result.equal && first.empty())
      first = label + "'" + name + "', of " + a.makerOf(output) + ": " + result.detail;
  }
  int finish() const {
    if (!first.empty())
      std::printf("first divergence: %s\n", first.c_str());
    std::printf("%zu tensors compared, %zu differ (atol %g, rtol %g)\n", compared, differing, options.atol,
                options.rtol);
    return differing ? ExitMismatch : ExitOk;
  }
  size_t compared = 0;

private:
  OpenEngine &a;
  const DiffOptions &options;
  size_t differing = 0;
  std::string first;
};
} // namespace

static HostTensor copyOf(const std::string &name, const ReckonTensor &tensor) {
  auto *begin = static_cast<const uint8_t *>(tensor.data);
  return {name, tensor.type, {tensor.shape, tensor.shape + tensor.rank}, {begin, begin + tensor.bytes}};
}

/// Arrays of the caller's, or made-up ones for `a`. Returns the exit code.
static int readInputs(OpenEngine &a, const DiffOptions &options, std::vector<HostTensor> &tensors, std::string &error) {
  if (!options.arrays.empty())
    return bindArrays(options.arrays, a.engine, a.context, tensors, error);
  std::vector<int64_t> rows;
  for (size_t i = 0; i < a.engine.numTables(); ++i)
    rows.push_back(a.engine.table(i).rows);
  InputMaker maker(a.file->spec(), rows);
  InputOptions inputs = options.inputs;
  inputs.batch = maker.fixedBatch().value_or(inputs.batch);
  return maker.chooseDims(inputs, error) && maker.make(inputs, /*set=*/1, tensors, error) ? ExitOk : ExitUsage;
}

static int runOn(OpenEngine &engine, const std::vector<HostTensor> &tensors, std::string &error) {
  for (const HostTensor &tensor : tensors)
    if (runtime::Status failed = engine.context.setInput(tensor.name, tensor.type, tensor.shape, tensor.data.data())) {
      error = "'" + engine.path + "': " + failed.message;
      return failed.code;
    }
  runtime::Status failed = engine.context.run();
  error = failed ? "'" + engine.path + "': " + failed.message : "";
  return failed.code;
}

int reckon::tools::diffEngines(OpenEngine &a, OpenEngine &b, const DiffOptions &options, std::string &error) {
  std::vector<HostTensor> tensors;
  int code = readInputs(a, options, tensors, error);
  for (OpenEngine *engine : {&a, &b})
    if (code == ExitOk)
      code = runOn(*engine, tensors, error);
  if (code != ExitOk)
    return code;
  std::vector<std::string> names;
  for (size_t i = 0; i < b.engine.numOutputs(); ++i)
    names.emplace_back(b.engine.output(i).name);
  std::vector<bool> isShared(names.size());
  Differences differences(a, options);
  for (size_t output : a.outputsInOrder()) {
    std::string name = a.engine.output(output).name;
    size_t other = std::find(names.begin(), names.end(), name) - names.begin();
    if (other == names.size()) {
      std::printf("%s: only in %s\n", name.c_str(), a.path.c_str());
      continue;
    }
    isShared[other] = true;
    differences.compare("", output, copyOf(name, b.context.output(other)));
  }
  for (size_t i = 0; i < names.size(); ++i)
    if (!isShared[i])
      std::printf("%s: only in %s\n", names[i].c_str(), b.path.c_str());
  if (differences.compared == 0) {
    error = "the engines have no output in common";
    return ExitUsage;
  }
  return differences.finish();
}

int reckon::tools::diffTestData(OpenEngine &a, const std::string &directory, const DiffOptions &options,
                                std::string &error) {
  std::vector<std::string> sets, inputNames;
  if (!findTestSets(directory, sets, error))
    return ExitUsage;
  for (size_t i = 0; i < a.engine.numInputs(); ++i)
    inputNames.emplace_back(a.engine.input(i).name);
  Differences differences(a, options);
  for (const std::string &set : sets) {
    std::vector<HostTensor> inputs, wanted, bound;
    std::vector<size_t> indices;
    if (!readTestTensors(set, "input", inputs, error) || !readTestTensors(set, "output", wanted, error))
      return ExitUsage;
    if (!matchTestTensors(inputNames, inputs, "input", indices, error)) {
      error = "'" + set + "': " + error;
      return ExitUsage;
    }
    for (size_t i = 0; i < indices.size(); ++i) {
      bound.push_back(inputs[indices[i]]);
      bound.back().name = inputNames[i];
    }
    if (int code = runOn(a, bound, error))
      return code;
    std::string label = set.substr(set.rfind('/') + 1) + ": ";
    for (size_t output : a.outputsInOrder()) {
      std::string name = a.engine.output(output).name;
      auto found =
          std::find_if(wanted.begin(), wanted.end(), [&](const HostTensor &tensor) { return tensor.name == name; });
      // Tensors without names are the outputs by their numbers.
      if (found == wanted.end() && output < wanted.size() && wanted[output].name.empty())
        found = wanted.begin() + static_cast<ptrdiff_t>(output);
      if (found != wanted.end())
        differences.compare(label, output, *found);
    }
  }
  if (differences.compared == 0) {
    error = "'" + directory + "' has no tensor that the engine gives";
    return ExitUsage;
  }
  return differences.finish();
}
