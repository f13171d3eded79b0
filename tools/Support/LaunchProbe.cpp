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
  alone.covers.clear();
  // Memory that the dispatch does not use need not be there.
  for (uint32_t slot = 0; slot < probe.slots.size(); ++slot)
    if (std::none_of(alone.operands.begin(), alone.operands.end(), [&](const OperandSpec &operand) {
          return operand.space == Space::Arena && operand.index == slot;
        }))
      probe.slots[slot] = SizeExpr(0);
  probe.chains.assign(repeats, chain);
  return probe;
}
