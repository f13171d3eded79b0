//===- Checks.cpp - What is checked of an engine on a device --------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "Checks.h"

#include "tools/Support/TestData.h"

#include <algorithm>
#include <cstring>
#include <thread>

using namespace reckon;
using namespace reckon::gpucheck;
using namespace reckon::tools;

/// Every batch size through one context, and the first ones again after the largest: what is kept from an earlier size
/// would show.
static Outcome checkBatches(Subject &subject, const Request &request) {
  std::vector<int64_t> batches = request.batches;
  batches.insert(batches.end(), request.batches.begin(), request.batches.begin() + std::min<size_t>(3, batches.size()));
  for (size_t i = 0; i < batches.size(); ++i)
    if (std::string problem = subject.compareRun(subject.context, batches[i], request.seed + i); !problem.empty())
      return {problem, ""};
  return {};
}

/// The data sets that came with the model, against their own outputs.
static Outcome checkData(Subject &subject, const Request &request) {
  std::vector<std::string> sets;
  std::string problem;
  if (!findTestSets(request.data, sets, problem))
    return {problem, ""};
  std::vector<std::string> inputNames, outputNames;
  for (const TensorInfo &input : subject.spec().inputs)
    inputNames.push_back(input.name);
  for (const TensorInfo &output : subject.spec().outputs)
    outputNames.push_back(output.name);
  for (const std::string &set : sets) {
    Tensors inputs, outputs, got, boundInputs, wanted;
    std::vector<size_t> inputIndices, outputIndices;
    if (!readTestTensors(set, "input", inputs, problem) || !readTestTensors(set, "output", outputs, problem) ||
        !matchTestTensors(inputNames, inputs, "input", inputIndices, problem) ||
        !matchTestTensors(outputNames, outputs, "output", outputIndices, problem))
      return {"'" + set + "': " + problem, ""};
    for (size_t index : inputIndices)
      boundInputs.push_back(inputs[index]);
    for (size_t index : outputIndices)
      wanted.push_back(outputs[index]);
    problem = subject.run(subject.context, boundInputs, got);
    if (problem.empty())
      problem = subject.compare(got, wanted);
    if (!problem.empty())
      return {"'" + set + "': " + problem, ""};
  }
  return {};
}

/// Two batch sizes in turn, each time with other inputs.
static Outcome checkAlternate(Subject &subject, const Request &request) {
  for (uint64_t round = 0; round < 6; ++round)
    if (std::string problem = subject.compareRun(subject.context, round % 2 ? 64 : 7, request.seed + 100 + round);
        !problem.empty())
      return {"round " + std::to_string(round) + ": " + problem, ""};
  return {};
}

/// More batch sizes than a context keeps graphs for, three times around.
static Outcome checkEviction(Subject &subject, const Request &request) {
  runtime::Context small;
  if (std::string problem = subject.createContext(small, 2); !problem.empty())
    return {problem, ""};
  for (uint64_t round = 0; round < 3; ++round)
    for (int64_t batch : {1, 2, 3, 33, 5})
      if (std::string problem = subject.compareRun(small, batch, request.seed + 200 + round); !problem.empty())
        return {"round " + std::to_string(round) + ": " + problem, ""};
  return {};
}

/// Four threads, each with a context of its own on one engine, and other inputs.
static Outcome checkThreads(Subject &subject, const Request &request) {
  constexpr size_t threads = 4, rounds = 5;
  static const int64_t batches[threads] = {7, 64, 1, 100};
  std::vector<Tensors> inputs, want;
  for (size_t thread = 0; thread < threads; ++thread)
    for (size_t round = 0; round < rounds; ++round) {
      std::string problem;
      auto made = subject.makeInputs(batches[thread], request.seed + 300 + thread * rounds + round, problem);
      if (!made)
        return {problem, ""};
      inputs.push_back(*made);
      want.emplace_back();
      if (problem = subject.runOnHost(inputs.back(), want.back()); !problem.empty())
        return {"the host: " + problem, ""};
    }
  std::vector<std::string> problems(threads);
  std::vector<std::thread> running;
  for (size_t thread = 0; thread < threads; ++thread)
    running.emplace_back([&, thread] {
      runtime::Context own;
      std::string &problem = problems[thread] = subject.createContext(own);
      for (size_t i = 0; i < 3 * rounds && problem.empty(); ++i) {
        size_t at = thread * rounds + i % rounds;
        Tensors got;
        problem = subject.run(own, inputs[at], got);
        if (problem.empty())
          problem = subject.compare(got, want[at]);
      }
    });
  for (std::thread &thread : running)
    thread.join();
  for (size_t thread = 0; thread < threads; ++thread)
    if (!problems[thread].empty())
      return {"thread " + std::to_string(thread) + ": " + problems[thread], ""};
  return {};
}

/// Where an id of a use lies in its input, as its flat position; nothing when the input is empty.
static std::optional<uint64_t> chooseId(const IdUse &ids, const HostTensor &tensor, Random &random) {
  uint64_t count = tensor.data.size() / reckon_element_size(tensor.type);
  uint64_t columns = tensor.shape.empty() ? 1 : static_cast<uint64_t>(tensor.shape.back());
  if (count == 0)
    return std::nullopt;
  return random.below(count / columns) * columns + ids.first + (ids.count ? random.below(ids.count) : 0);
}

static void setId(HostTensor &tensor, uint64_t position, int64_t id) {
  size_t width = reckon_element_size(tensor.type);
  std::memcpy(tensor.data.data() + position * width, &id, width);
}

/// Up to the kernel, of which each device has its own.
static std::string withoutKernel(const std::string &message) {
  return message.substr(0, message.find(", in kernel '"));
}

/// The device says what the host says of these inputs, and is right about good ones afterwards.
static std::string compareWords(Subject &subject, const Tensors &bad, int64_t batch, uint64_t seed) {
  Tensors got, want;
  std::string expected = subject.runOnHost(bad, want), said = subject.run(subject.context, bad, got), problem;
  if (withoutKernel(said) != withoutKernel(expected))
    return "says '" + said + "', the host '" + expected + "'";
  if (expected.empty())
    problem = subject.compare(got, want);
  return problem.empty() ? subject.compareRun(subject.context, batch, seed) : problem;
}

/// Many ids made wrong at once, in rows that different threads have: which of them is named is no accident.
static std::string checkManyIds(Subject &subject, const Request &request) {
  constexpr int64_t batch = 1000;
  const EngineSpec &spec = subject.spec();
  std::string problem;
  auto inputs = subject.makeInputs(batch, request.seed + 500, problem);
  Random random(request.seed + 1);
  for (int round = 0; inputs && problem.empty() && round < 8; ++round) {
    Tensors bad = *inputs;
    for (int i = 0; i < (round % 2 ? 2000 : 5); ++i) {
      const IdUse &ids = spec.idUses[random.below(spec.idUses.size())];
      int64_t wrong = 1073741824 + static_cast<int64_t>(random.below(1000));
      if (auto position = chooseId(ids, bad[ids.input], random))
        setId(bad[ids.input], *position, random.below(2) ? wrong : -wrong);
    }
    problem = compareWords(subject, bad, batch, request.seed + 501 + round);
  }
  return problem.empty() ? "" : "several bad ids: " + problem;
}

/// Ids made wrong, one at a time in several places, then many: the device names the table, the position and the id that
/// the host names.
static Outcome checkIds(Subject &subject, const Request &request) {
  const EngineSpec &spec = subject.spec();
  if (spec.idUses.empty())
    return {"", "no input holds ids"};
  std::string problem;
  auto inputs = subject.makeInputs(7, request.seed + 400, problem);
  if (!inputs)
    return {problem, ""};
  Random random(request.seed);
  size_t step = std::max<size_t>(1, spec.idUses.size() / 6);
  for (size_t use = 0; use < spec.idUses.size(); use += step) {
    const IdUse &ids = spec.idUses[use];
    const HostTensor &good = (*inputs)[ids.input];
    auto position = chooseId(ids, good, random);
    if (!position)
      continue;
    for (int64_t wrong : {int64_t(1073741824), int64_t(-1073741824)}) {
      Tensors bad = *inputs;
      setId(bad[ids.input], *position, wrong);
      problem = compareWords(subject, bad, 7, request.seed + 401 + use);
      if (!problem.empty())
        return {"id " + std::to_string(wrong) + " in '" + good.name + "' position " + std::to_string(*position) + ": " +
                    problem,
                ""};
    }
  }
  return {checkManyIds(subject, request), ""};
}

const std::vector<Check> &gpucheck::allChecks() {
  static const std::vector<Check> checks = {
      {"data", "test data against its own outputs", checkData},
      {"batches", "every batch size from one context, against the host", checkBatches},
      {"alternate", "two batch sizes in turn", checkAlternate},
      {"eviction", "more batch sizes than graphs are kept for", checkEviction},
      {"threads", "several contexts in threads", checkThreads},
      {"ids", "ids out of range, against what the host says", checkIds},
      {"pointers", "device pointers and a stream", checkPointers},
      {"updates", "rows and weights that change under load", checkUpdates},
  };
  return checks;
}
