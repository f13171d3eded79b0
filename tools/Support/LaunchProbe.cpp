//===- LaunchProbe.cpp - One launch of an engine, alone -------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "LaunchProbe.h"

#include <algorithm>

using namespace reckon;
using namespace reckon::tools;

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

ProgramSpec tools::makeLaunchProbe(const ProgramSpec &program, size_t dispatch, size_t launch, size_t repeats) {
  ProgramSpec probe = program;
  probe.candidates = 0;
  ChainSpec chain = program.chains[dispatch];
  DispatchSpec &alone = chain.dispatches[0];
  std::vector<LaunchSpec> launches = {alone.launches[launch]};
  launches[0].minRows = 0;
  launches[0].maxRows = UINT64_MAX;
  launches[0].needsTiming = false;
  // A library may have no way to do a product, so a generated launch stands behind it.
  if (!launches[0].library.empty())
    launches.push_back(alone.launches.back());
  alone.launches = std::move(launches);
  // Memory that the dispatch does not use need not be there.
  for (uint32_t slot = 0; slot < probe.slots.size(); ++slot)
    if (std::none_of(alone.operands.begin(), alone.operands.end(), [&](const OperandSpec &operand) {
          return operand.space == Space::Arena && operand.index == slot;
        }))
      probe.slots[slot] = SizeExpr(0);
  probe.chains.assign(repeats, chain);
  for (size_t i = 1; i < repeats; i += 2)
    exchangeSlots(probe.chains[i].dispatches[0], probe.slots);
  return probe;
}
