//===- OpGroups.cpp - Partition of a block into groups without cycles ----------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "passes/Fuse/OpGroups.h"

#include "mlir/IR/Operation.h"

#include <algorithm>

using namespace mlir;
using namespace reckon::fuse;

OpGroups::OpGroups(Block &block) {
  for (Operation &op : block) {
    groupOf[&op] = members.size();
    members.push_back({&op});
  }
}

bool OpGroups::wouldCycle(unsigned a, unsigned b) const {
  // Walk from the groups that read a or b, a and b themselves left out, and see whether the walk meets either.
  SmallVector<unsigned> worklist;
  DenseSet<unsigned> seen;
  auto pushReaders = [&](unsigned group, bool fromOutside) {
    for (Operation *op : members[group])
      for (Operation *user : op->getUsers()) {
        unsigned reader = groupOf.lookup(user);
        if (reader == a || reader == b) {
          if (fromOutside)
            return true;
          continue;
        }
        if (seen.insert(reader).second)
          worklist.push_back(reader);
      }
    return false;
  };
  pushReaders(a, /*fromOutside=*/false);
  pushReaders(b, /*fromOutside=*/false);
  while (!worklist.empty())
    if (pushReaders(worklist.pop_back_val(), /*fromOutside=*/true))
      return true;
  return false;
}

void OpGroups::merge(unsigned to, unsigned from) {
  for (Operation *op : members[from])
    groupOf[op] = to;
  SmallVector<Operation *> both(members[to].size() + members[from].size());
  std::merge(members[to].begin(), members[to].end(), members[from].begin(), members[from].end(), both.begin(),
             [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  members[to] = std::move(both);
  members[from].clear();
}
