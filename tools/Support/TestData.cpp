//===- TestData.cpp - ONNX test data sets ---------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "TestData.h"
#include "ArgParser.h"
#include "Compare.h"
#include "TensorProto.h"

#include <algorithm>
#include <cstdio>
#include <dirent.h>
#include <unistd.h>

using namespace reckon;
using namespace reckon::tools;

static bool exists(const std::string &path) { return ::access(path.c_str(), F_OK) == 0; }

bool reckon::tools::findTestSets(const std::string &directory, std::vector<std::string> &sets, std::string &error) {
  static const std::string prefix = "test_data_set_";
  std::vector<std::pair<int64_t, std::string>> found;
  if (DIR *stream = ::opendir(directory.c_str())) {
    while (const dirent *entry = ::readdir(stream)) {
      std::string name = entry->d_name;
      int64_t number;
      if (name.compare(0, prefix.size(), prefix) == 0 && parseInteger(name.substr(prefix.size()), number))
        found.push_back({number, directory + "/" + name});
    }
    ::closedir(stream);
  }
  std::sort(found.begin(), found.end());
  for (auto &set : found)
    sets.push_back(std::move(set.second));
  if (sets.empty() && (exists(directory + "/input_0.pb") || exists(directory + "/output_0.pb")))
    sets.push_back(directory);
  if (sets.empty())
    error = "'" + directory + "' holds no test_data_set_N";
  return !sets.empty();
}

bool reckon::tools::readTestTensors(const std::string &directory, const std::string &prefix,
                                    std::vector<HostTensor> &tensors, std::string &error) {
  for (size_t i = 0;; ++i) {
    std::string path = directory + "/" + prefix + "_" + std::to_string(i) + ".pb";
    if (!exists(path))
      return true;
    std::vector<uint8_t> bytes;
    HostTensor tensor;
    if (!readFile(path, bytes, error))
      return false;
    if (!parseTensorProto(bytes, tensor, error)) {
      error = "'" + path + "': " + error;
      return false;
    }
    tensors.push_back(std::move(tensor));
  }
}

bool reckon::tools::matchTestTensors(const std::vector<std::string> &names, const std::vector<HostTensor> &tensors,
                                     const char *kind, std::vector<size_t> &indices, std::string &error) {
  indices.assign(names.size(), SIZE_MAX);
  bool allFound = true;
  for (size_t n = 0; n < names.size(); ++n) {
    for (size_t t = 0; t < tensors.size(); ++t)
      if (tensors[t].name == names[n])
        indices[n] = t;
    allFound &= indices[n] != SIZE_MAX;
  }
  if (allFound)
    return true;
  if (tensors.size() != names.size()) {
    error = "the data has " + std::to_string(tensors.size()) + " " + kind + "s and the engine " +
            std::to_string(names.size()) + ", and not every name is found";
    return false;
  }
  for (size_t n = 0; n < names.size(); ++n)
    indices[n] = n;
  return true;
}

/// ONNX's scripts write bfloat16 arrays, for which NumPy has no type, as their bits.
static void fixBfloat16(HostTensor &tensor, ReckonElementType type) {
  if (type == RECKON_BF16 && tensor.type == RECKON_U16)
    tensor.type = RECKON_BF16;
}

namespace {
/// Runs an engine on sets of test data and counts the outputs.
struct TestRun {
  const runtime::Engine &engine;
  runtime::Context &context;
  double atol, rtol;
  size_t compared = 0, mismatched = 0;

  /// One set. False when it could not be run, with the status in `code`.
  bool run(const std::string &set, int &code, std::string &error);
};
} // namespace

bool TestRun::run(const std::string &set, int &code, std::string &error) {
  code = ExitUsage;
  std::vector<HostTensor> inputs, wanted;
  std::vector<std::string> inputNames, outputNames;
  for (size_t i = 0; i < engine.numInputs(); ++i)
    inputNames.push_back(engine.input(i).name);
  for (size_t i = 0; i < engine.numOutputs(); ++i)
    outputNames.push_back(engine.output(i).name);
  std::vector<size_t> inputIndices, outputIndices;
  if (!readTestTensors(set, "input", inputs, error) || !readTestTensors(set, "output", wanted, error))
    return false;
  if (!matchTestTensors(inputNames, inputs, "input", inputIndices, error) ||
      !matchTestTensors(outputNames, wanted, "output", outputIndices, error)) {
    error = "'" + set + "': " + error;
    return false;
  }
  for (size_t i = 0; i < inputIndices.size(); ++i) {
    HostTensor &input = inputs[inputIndices[i]];
    fixBfloat16(input, engine.input(i).type);
    if (runtime::Status failed = context.setInput(i, input.type, input.shape, input.data.data())) {
      code = failed.code;
      error = failed.message;
      return false;
    }
  }
  if (runtime::Status failed = context.run()) {
    code = failed.code;
    error = failed.message;
    return false;
  }
  std::string label = set.substr(set.rfind('/') + 1);
  for (size_t i = 0; i < outputIndices.size(); ++i) {
    ReckonTensor output = context.output(i);
    std::vector<int64_t> shape(output.shape, output.shape + output.rank);
    fixBfloat16(wanted[outputIndices[i]], output.type);
    Comparison result = compareTensors(output.type, shape, output.data, wanted[outputIndices[i]], atol, rtol);
    std::printf("%s: output '%s' %s%s: max absolute error %.3g, max relative error %.3g: %s\n", label.c_str(),
                outputNames[i].c_str(), reckon_element_name(output.type), shapeText(shape).c_str(), result.maxAbsolute,
                result.maxRelative, result.equal ? "ok" : ("MISMATCH, " + result.detail).c_str());
    ++compared;
    mismatched += !result.equal;
  }
  return true;
}

int reckon::tools::runTestData(const runtime::Engine &engine, runtime::Context &context, const std::string &directory,
                               double atol, double rtol, std::string &error) {
  std::vector<std::string> sets;
  if (!findTestSets(directory, sets, error))
    return ExitUsage;
  TestRun test{engine, context, atol, rtol};
  for (const std::string &set : sets) {
    int code;
    if (!test.run(set, code, error))
      return code;
  }
  std::printf("%zu outputs of %zu data sets compared, %zu mismatched (atol %g, rtol %g)\n", test.compared, sets.size(),
              test.mismatched, atol, rtol);
  return test.mismatched ? ExitMismatch : ExitOk;
}
