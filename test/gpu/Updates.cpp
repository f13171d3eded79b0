//===- Updates.cpp - Rows and weights that change while an engine runs ----------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "Checks.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <thread>

using namespace reckon;
using namespace reckon::gpucheck;

namespace {
/// Versions of an engine that come back: version v, from 2 on, has what version v + period has. Even ones change
/// weights, odd ones rows, whole tables and deletions.
class Cycle {
public:
  static constexpr uint64_t period = 6;
  static constexpr uint64_t maxTableBytes = uint64_t(4) << 20; // of a table that is changed as a whole
  static constexpr uint64_t maxRows = 500;

  Cycle(const runtime::Engine &engine, const EngineSpec &spec) : engine(engine), spec(spec) {
    for (size_t i = 0; i < spec.tables.size(); ++i)
      rows.push_back(static_cast<uint64_t>(engine.table(i).rows));
    for (size_t i = 0; i < reckon_engine_num_weights(engine.get()); ++i)
      hasWeights |= isReal(spec.weights[i].type) && spec.weights[i].data.size != 0;
  }
  bool isEmpty() const {
    return !hasWeights && std::all_of(rows.begin(), rows.end(), [](uint64_t count) { return count == 0; });
  }
  std::string start() { return update.create(engine).message; }
  std::string commit() {
    std::string problem = (next % 2 == 0 ? setWeights(next / 2 % 3) : setTables((next - 1) / 2 % 3)).message;
    uint64_t version = 0;
    if (problem.empty())
      problem = update.commit(&version).message;
    if (problem.empty() && version != next)
      problem = "got version " + std::to_string(version);
    return problem.empty() ? (++next, "") : "version " + std::to_string(next) + ": " + problem;
  }

private:
  static bool isReal(ElementType type) {
    return type == ElementType::F32 || type == ElementType::F16 || type == ElementType::BF16;
  }
  /// The first way has the engine's weights, the others some with their signs turned.
  runtime::Status setWeights(uint64_t way) {
    for (size_t i = 0; i < spec.weights.size(); ++i) {
      const WeightSpec &weight = spec.weights[i];
      if (!isReal(weight.type) || weight.data.size == 0)
        continue;
      std::vector<uint8_t> data(weight.data.data, weight.data.data + weight.data.size);
      size_t size = elementSize(weight.type);
      if (way == 1 || (way == 2 && i % 2 == 0))
        for (size_t k = size - 1; k < data.size(); k += size)
          data[k] ^= 0x80;
      if (runtime::Status failed =
              update.setWeight(weight.name + " [" + weight.packing + "]", data.data(), data.size()))
        return failed;
    }
    return {};
  }
  runtime::Status setTables(uint64_t way) {
    for (size_t i = 0; i < spec.tables.size(); ++i) {
      const TableSpec &table = spec.tables[i];
      bool isWhole = rows[i] * table.rowBytes() <= maxTableBytes;
      uint64_t count = isWhole ? rows[i] : std::min(rows[i], maxRows);
      std::vector<uint64_t> data(count * table.rowBytes() / sizeof(uint64_t) + 1);
      table.format().fill(data.data(), count, table.dim, way * 1000 + i);
      if (count == 0)
        continue;
      std::vector<int64_t> ids;
      for (uint64_t k = 0; k < count; ++k)
        ids.push_back(static_cast<int64_t>(k * (rows[i] / count)));
      runtime::Status failed = isWhole && way != 1 ? update.setTable(table.name, count, data.data())
                                                   : update.setRows(table.name, ids, data.data());
      if (!failed && way == 2)
        failed = update.deleteRows(table.name, {ids.front(), ids.back()});
      if (failed)
        return failed;
    }
    return {};
  }

  const runtime::Engine &engine;
  const EngineSpec &spec;
  std::vector<uint64_t> rows;
  bool hasWeights = false;
  runtime::Update update;
  uint64_t next = 1;
};

/// What one thread runs, and what a quiet run gave in each version.
struct User {
  runtime::Context context;
  std::vector<Tensors> inputs;
  std::vector<Tensors> want[Cycle::period];
  std::string problem;
  uint64_t runs = 0;
};
} // namespace

static bool equal(const Tensors &a, const Tensors &b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto &x, const auto &y) { return x.data == y.data; });
}

/// Runs of each version while nobody commits, and again when its like comes round.
static std::string runQuietly(const Subject &subject, Cycle &cycle, std::vector<User> &users) {
  bool differ = false;
  for (uint64_t version = 1; version <= 2 + Cycle::period; ++version) {
    if (std::string problem = cycle.commit(); !problem.empty())
      return problem;
    for (User &user : users)
      for (size_t i = 0; i < user.inputs.size(); ++i) {
        Tensors got;
        if (std::string problem = subject.run(user.context, user.inputs[i], got); !problem.empty())
          return "version " + std::to_string(version) + ": " + problem;
        if (user.context.version() != version)
          return "a run of version " + std::to_string(user.context.version()) + ", expected " + std::to_string(version);
        auto &want = user.want[version % Cycle::period];
        if (version == 2 + Cycle::period && !equal(got, want[i]))
          return "version " + std::to_string(version) + " differs from version 2, which is the same";
        if (version > 2)
          differ |= !equal(got, user.want[(version - 1) % Cycle::period][i]);
        want.resize(user.inputs.size());
        want[i] = std::move(got);
      }
  }
  return differ ? "" : "no version differs from another";
}

static void runUnderLoad(const Subject &subject, User &user, const std::atomic<bool> &stop) {
  while (!stop && user.problem.empty())
    for (size_t i = 0; i < user.inputs.size() && user.problem.empty(); ++i, ++user.runs) {
      Tensors got;
      user.problem = subject.run(user.context, user.inputs[i], got);
      uint64_t version = user.context.version();
      if (user.problem.empty() && !equal(got, user.want[version % Cycle::period][i]))
        user.problem = "version " + std::to_string(version) + " gives something else than without load: " +
                       subject.compare(got, user.want[version % Cycle::period][i], {0, 0, 0, 0});
    }
}

/// Threads run while one commits without pause: every output is to the bit that of a quiet run of the version that the
/// run reports.
Outcome gpucheck::checkUpdates(Subject &subject, const Request &request) {
  constexpr auto length = std::chrono::milliseconds(300);
  runtime::Engine engine;
  std::string problem = subject.openAgain(engine);
  if (!problem.empty())
    return {problem, ""};
  Cycle cycle(engine, subject.spec());
  if (cycle.isEmpty())
    return {"", "the engine has neither rows nor weights of real numbers"};
  std::vector<User> users(3);
  ReckonContextOptions options = RECKON_CONTEXT_OPTIONS_INIT;
  options.device = subject.deviceName().c_str();
  for (size_t u = 0; u < users.size(); ++u) {
    for (int64_t batch : {int64_t(1) + static_cast<int64_t>(u), int64_t(64)}) {
      auto made = subject.makeInputs(batch, request.seed + 600 + u, problem);
      if (!made)
        return {problem, ""};
      users[u].inputs.push_back(*made);
    }
    if (runtime::Status failed = users[u].context.create(engine, options))
      return {failed.message, ""};
  }
  problem = cycle.start();
  if (problem.empty())
    problem = runQuietly(subject, cycle, users);
  if (!problem.empty())
    return {problem, ""};
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (User &user : users)
    threads.emplace_back([&] { runUnderLoad(subject, user, stop); });
  auto end = std::chrono::steady_clock::now() + length;
  while (std::chrono::steady_clock::now() < end && problem.empty())
    problem = cycle.commit();
  stop = true;
  for (std::thread &thread : threads)
    thread.join();
  for (User &user : users)
    if (problem.empty())
      problem = user.problem;
  return {problem, ""};
}
