//===- GuardedLayout.cpp - Parts of a memory that are apart ---------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "GuardedLayout.h"

#include <algorithm>
#include <cstring>

using namespace reckon::runtime;

bool GuardedLayout::add(uint64_t bytes, uint64_t &offset) {
  offset = end;
  uint64_t next;
  if (__builtin_add_overflow(end, bytes, &next) || __builtin_add_overflow(next, gap + alignment, &next))
    return false;
  parts.push_back({offset, bytes});
  end = next / alignment * alignment;
  return true;
}

void GuardedLayout::poison(uint8_t *memory) const {
  std::memset(memory, guardByte, end);
  for (auto [offset, size] : parts)
    std::memset(memory + offset, poisonByte, size);
}

std::optional<GuardedLayout::Damage> GuardedLayout::findDamage(const uint8_t *memory) const {
  uint64_t begin = 0;
  for (size_t i = 0; i <= parts.size(); ++i) {
    uint64_t next = i < parts.size() ? parts[i].first : end;
    const uint8_t *found = std::find_if(memory + begin, memory + next, [](uint8_t byte) { return byte != guardByte; });
    auto at = static_cast<uint64_t>(found - memory);
    if (at != next) {
      bool isBefore = i == 0 || (i < parts.size() && next - at < at - begin);
      const auto &[offset, size] = parts[isBefore ? i : i - 1];
      return Damage{isBefore ? i : i - 1, static_cast<int64_t>(at - offset), size};
    }
    if (i < parts.size())
      begin = next + parts[i].second;
  }
  return std::nullopt;
}
