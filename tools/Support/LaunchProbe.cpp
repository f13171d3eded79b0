//===- LaunchProbe.cpp - One launch of an engine, alone -------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "LaunchProbe.h"

#include <algorithm>
#include <map>

using namespace reckon;
using namespace reckon::tools;

/// Keeps the weights that the dispatch reads, under new numbers.
static std::vector<WeightSpec> keepWeights(const EngineSpec &engine, DispatchSpec &dispatch) {
  std::vector<WeightSpec> kept;
  std::map<uint32_t, uint32_t> numbers;
  for (OperandSpec &operand : dispatch.operands) {
    if (operand.space != Space::Weight)
      continue;
    auto [known, isNew] = numbers.try_emplace(operand.index, static_cast<uint32_t>(kept.size()));
    if (isNew)
      kept.push_back(engine.weights[operand.index]);
    operand.index = known->second;
  }
  return kept;
}

/// Exchanges the slots of the first input and the first output in the arena. False when there are none.
static bool exchangeSlots(DispatchSpec &dispatch, std::vector<SizeExpr> &slots) {
  auto firstOutput = dispatch.operands.end() - dispatch.numOutputs;
  auto inArena = [](const OperandSpec &operand) { return operand.space == Space::Arena; };
  auto input = std::find_if(dispatch.operands.begin(), firstOutput, inArena);
  auto output = std::find_if(firstOutput, dispatch.operands.end(), inArena);
  if (input == firstOutput || output == dispatch.operands.end())
    return false;
  slots[input->index] = slots[output->index] = SizeExpr::max(slots[input->index], slots[output->index]);
  std::swap(input->index, output->index);
  return true;
}

EngineSpec tools::makeLaunchProbe(const EngineSpec &engine, size_t dispatch, size_t launch, size_t repeats) {
  EngineSpec probe = engine;
  probe.programs = {*engine.program("cuda")};
  ProgramSpec &program = probe.programs[0];
  ChainSpec chain = program.chains[dispatch];
  DispatchSpec &alone = chain.dispatches[0];
  std::vector<LaunchSpec> launches = {alone.launches[launch]};
  launches[0].minRows = 0;
  launches[0].maxRows = UINT64_MAX;
  launches[0].needsTiming = false;
  // A library may be missing at run time, so a generated launch stands behind it.
  if (!launches[0].library.empty())
    launches.push_back(alone.launches.back());
  alone.launches = std::move(launches);
  probe.weights = keepWeights(engine, alone);
  for (TableSpec &table : probe.tables) {
    table.rows = 0;
    table.data = {};
    table.externalFile.clear();
    table.externalOffset = 0;
  }
  auto isHost = [](const CodeSpec &code) { return code.kind == CodeKind::Host; };
  probe.code.erase(std::remove_if(probe.code.begin(), probe.code.end(), isHost), probe.code.end());
  program.chains.assign(repeats, chain);
  for (size_t i = 1; i < repeats; i += 2)
    exchangeSlots(program.chains[i].dispatches[0], program.slots);
  return probe;
}
