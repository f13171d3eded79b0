//===- Subject.cpp - One engine that is compared between devices ----------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "Subject.h"

#include <algorithm>
#include <cmath>
#include <cstring>

using namespace reckon;
using namespace reckon::gpucheck;
using namespace reckon::tools;
using runtime::Status;

namespace {
/// Bytes at an address that is a multiple of their element's size and, on purpose, of no more; guards around them.
class Buffer {
public:
  Buffer(size_t size, size_t elementSize, uint8_t fill) : storage(size + 3 * guard, guardByte), size(size) {
    size_t misfit = reinterpret_cast<uintptr_t>(storage.data()) % guard;
    begin = guard + (guard - misfit) % guard + elementSize;
    std::memset(data(), fill, size);
  }
  uint8_t *data() { return storage.data() + begin; }
  bool isIntact() const {
    auto untouched = [](uint8_t byte) { return byte == guardByte; };
    return std::all_of(storage.begin(), storage.begin() + begin, untouched) &&
           std::all_of(storage.begin() + begin + size, storage.end(), untouched);
  }

private:
  static constexpr size_t guard = 64;
  static constexpr uint8_t guardByte = 0xc3;
  std::vector<uint8_t> storage;
  size_t size, begin;
};
} // namespace

/// Rows that no engine holds are made up, the same for all.
static std::vector<ReckonTableBinding> bindTables(const EngineSpec &spec) {
  std::vector<ReckonTableBinding> bindings;
  for (const TableSpec &table : spec.tables)
    if (table.mustBeBound) {
      ReckonTableBinding &binding = bindings.emplace_back(ReckonTableBinding RECKON_TABLE_BINDING_INIT);
      binding.table = table.name.c_str();
      binding.source = RECKON_TABLE_SYNTHETIC;
      binding.rows = static_cast<int64_t>(table.rows);
    }
  return bindings;
}

std::string Subject::open(const std::string &enginePath, const std::string &hostPath, const std::string &where,
                          const Tolerance &allowed) {
  path = enginePath;
  device = where;
  tolerance = allowed;
  EngineError problem;
  file = EngineFile::open(path, problem);
  if (!file)
    return problem.message;
  std::vector<ReckonTableBinding> bindings = bindTables(file->spec());
  if (Status failed = engine.open(path, bindings))
    return failed.message;
  if (!hostPath.empty())
    if (Status failed = hostEngine.open(hostPath, bindings))
      return failed.message;
  if (Status failed = host.create(hostPath.empty() ? engine : hostEngine))
    return "the host: " + failed.message;
  std::vector<int64_t> rows;
  for (size_t i = 0; i < engine.numTables(); ++i)
    rows.push_back(engine.table(i).rows);
  maker.emplace(file->spec(), rows);
  return createContext(context);
}

std::string Subject::openAgain(runtime::Engine &opened) const { return opened.open(path, bindTables(spec())).message; }

std::string Subject::createContext(runtime::Context &created, int graphCache) const {
  ReckonContextOptions options = RECKON_CONTEXT_OPTIONS_INIT;
  options.device = device.c_str();
  options.graph_cache = graphCache;
  Status failed = created.create(engine, options);
  return failed ? device + ": " + failed.message : "";
}

std::optional<Tensors> Subject::makeInputs(int64_t batch, uint64_t seed, std::string &problem) const {
  InputOptions options;
  options.batch = batch;
  options.seed = seed;
  InputMaker making = *maker;
  Tensors inputs;
  if (!making.chooseDims(options, problem) || !making.make(options, seed, inputs, problem))
    return std::nullopt;
  return inputs;
}

std::string Subject::run(runtime::Context &running, const Tensors &inputs, Tensors &outputs) const {
  std::vector<Buffer> buffers;
  buffers.reserve(inputs.size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    const HostTensor &input = inputs[i];
    buffers.emplace_back(input.data.size(), reckon_element_size(input.type), 0);
    std::copy(input.data.begin(), input.data.end(), buffers.back().data());
    if (Status failed = running.setInput(i, input.type, input.shape, buffers.back().data()))
      return failed.message;
  }
  size_t count = engine.numOutputs();
  for (size_t i = 0; i < count; ++i)
    if (Status failed = running.setOutput(i, engine.output(i).type, nullptr, 0))
      return failed.message;
  if (Status failed = running.prepare())
    return failed.message;
  std::vector<Buffer> results;
  results.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    ReckonTensor output = running.output(i);
    // All ones is a NaN, the integer -1 and the boolean true.
    results.emplace_back(output.bytes, reckon_element_size(output.type), 0xff);
    if (Status failed = running.setOutput(i, output.type, results.back().data(), output.bytes))
      return failed.message;
  }
  std::string problem = running.run().message;
  outputs.assign(count, {});
  for (size_t i = 0; i < count; ++i) {
    ReckonTensor output = running.output(i);
    outputs[i] = {engine.output(i).name,
                  output.type,
                  {output.shape, output.shape + output.rank},
                  {results[i].data(), results[i].data() + output.bytes}};
    if (problem.empty() && !results[i].isIntact())
      problem = "output '" + outputs[i].name + "': bytes outside it were written";
    // The buffers end here.
    (void)running.setOutput(i, output.type, nullptr, 0);
  }
  return problem;
}

std::string Subject::compare(const Tensors &got, const Tensors &want, const Tolerance &allowed) const {
  if (got.size() != want.size())
    return std::to_string(got.size()) + " outputs, expected " + std::to_string(want.size());
  for (size_t i = 0; i < got.size(); ++i) {
    std::string what = "output '" + got[i].name + "' ";
    if (got[i].type != want[i].type || got[i].shape != want[i].shape)
      return what + reckon_element_name(got[i].type) + shapeText(got[i].shape) + ", expected " +
             reckon_element_name(want[i].type) + shapeText(want[i].shape);
    uint64_t count = 0, wrong = 0, worst = 0;
    HostTensor::elementCount(got[i].shape, count);
    double excess = 0;
    for (uint64_t k = 0; k < count; ++k) {
      double a = elementAsDouble(got[i].type, got[i].data.data(), k),
             b = elementAsDouble(want[i].type, want[i].data.data(), k);
      if (a == b || (std::isnan(a) && std::isnan(b)))
        continue;
      double distance = std::fabs(a - b);
      double limit = isFloat(got[i].type) ? allowed.atol + allowed.rtol * std::fabs(b) : 0;
      if (distance <= limit)
        continue;
      ++wrong;
      double over = std::isnan(distance) ? HUGE_VAL : distance - limit;
      if (over >= excess) {
        excess = over;
        worst = k;
      }
    }
    double share = isFloat(got[i].type) ? allowed.floats : allowed.integers;
    // Two that change places are two elements, however few there are.
    double most = share > 0 ? std::max(2.0, share * static_cast<double>(count)) : 0;
    if (static_cast<double>(wrong) > most)
      return what + std::to_string(wrong) + " of " + std::to_string(count) + " elements differ; element " +
             std::to_string(worst) + " is " + elementText(got[i].type, got[i].data.data(), worst) + ", expected " +
             elementText(want[i].type, want[i].data.data(), worst);
  }
  return "";
}

std::string Subject::compareRun(runtime::Context &running, int64_t batch, uint64_t seed) {
  std::string problem, label = "batch " + std::to_string(batch) + ": ";
  auto inputs = makeInputs(batch, seed, problem);
  if (!inputs)
    return label + problem;
  Tensors got, want;
  problem = runOnHost(*inputs, want);
  if (!problem.empty())
    return label + "the host: " + problem;
  problem = run(running, *inputs, got);
  if (problem.empty())
    problem = compare(got, want);
  return problem.empty() ? "" : label + problem;
}
