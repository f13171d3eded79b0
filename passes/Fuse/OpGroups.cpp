//===- OpGroups.cpp - Partition of a block into groups without cycles ----------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "passes/Fuse/OpGroups.h"

#include "mlir/IR/Operation.h"
#include "llvm/ADT/STLExtras.h"

#include <algorithm>

using namespace mlir;
using namespace reckon::fuse;

OpGroups::OpGroups(Block &block) {
  for (Operation &op : block) {
    groupOf[&op] = members.size();
    order.push_back(members.size());
    places.push_back(members.size());
    members.push_back({&op});
  }
}

std::optional<DenseSet<unsigned>> OpGroups::findBetween(unsigned first, unsigned last) const {
  DenseSet<unsigned> seen;
  SmallVector<unsigned> worklist{first};
  while (!worklist.empty()) {
    unsigned group = worklist.pop_back_val();
    for (Operation *op : members[group])
      for (Operation *user : op->getUsers()) {
        unsigned reader = groupOf.lookup(user);
        if (reader == last && group != first)
          return std::nullopt;
        // What stands behind the last one leads to none before it.
        if (reader != last && reader != first && places[reader] < places[last] && seen.insert(reader).second)
          worklist.push_back(reader);
      }
  }
  return seen;
}

bool OpGroups::wouldCycle(unsigned a, unsigned b) const {
  return places[a] < places[b] ? !findBetween(a, b) : !findBetween(b, a);
}

void OpGroups::merge(unsigned to, unsigned from) {
  // What is behind the first of the two goes behind both; the rest of what is between them goes before.
  unsigned first = places[to] < places[from] ? to : from, last = first == to ? from : to;
  std::optional<DenseSet<unsigned>> behind = findBetween(first, last);
  assert(behind && "groups with a path between them through others");
  unsigned begin = places[first], end = places[last] + 1;
  SmallVector<unsigned> before, after;
  for (unsigned group : ArrayRef(order).slice(begin + 1, end - begin - 2))
    if (group != empty)
      (behind->contains(group) ? after : before).push_back(group);
  llvm::fill(MutableArrayRef(order).slice(begin, end - begin), empty);
  before.push_back(to);
  before.append(after);
  for (auto [i, group] : llvm::enumerate(before)) {
    order[begin + i] = group;
    places[group] = begin + i;
  }

  for (Operation *op : members[from])
    groupOf[op] = to;
  SmallVector<Operation *> both(members[to].size() + members[from].size());
  std::merge(members[to].begin(), members[to].end(), members[from].begin(), members[from].end(), both.begin(),
             [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  members[to] = std::move(both);
  members[from].clear();
}
