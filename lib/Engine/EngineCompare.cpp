//===- EngineCompare.cpp - What engines have alike -----------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "reckon/Engine/EngineSpec.h"

using namespace reckon;

/// The engine with weights of zeros and no rows: a new field counts without being named here.
static std::optional<std::vector<uint8_t>> serializeProgram(EngineSpec spec, const std::vector<uint8_t> &zeros) {
  for (WeightSpec &weight : spec.weights)
    weight.data.data = zeros.data();
  for (TableSpec &table : spec.tables) {
    table.rows = 0;
    table.data = {};
    table.externalFile.clear();
    table.externalOffset = 0;
    table.mustBeBound = false;
  }
  spec.recipe.reset();
  return serializeEngine(spec);
}

bool reckon::haveSameProgram(const EngineSpec &a, const EngineSpec &b) {
  size_t most = 0;
  for (const EngineSpec *spec : {&a, &b})
    for (const WeightSpec &weight : spec->weights)
      most = std::max(most, weight.data.size);
  std::vector<uint8_t> zeros(most);
  auto first = serializeProgram(a, zeros), second = serializeProgram(b, zeros);
  return first && second && *first == *second;
}
