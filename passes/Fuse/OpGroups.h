//===- OpGroups.h - Partition of a block into groups without cycles --*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#ifndef RECKON_PASSES_FUSE_OPGROUPS_H
#define RECKON_PASSES_FUSE_OPGROUPS_H

#include "mlir/IR/Block.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"

namespace reckon::fuse {

/// Groups of the operations of one block, at first one each. Merging keeps the graph of groups acyclic, so that each
/// group can run as one unit.
class OpGroups {
public:
  explicit OpGroups(mlir::Block &block);

  unsigned getGroup(mlir::Operation *op) const { return groupOf.lookup(op); }
  /// In block order.
  llvm::ArrayRef<mlir::Operation *> getOps(unsigned group) const { return members[group]; }
  unsigned size() const { return members.size(); }

  /// Whether a path leaves `a` or `b` and comes back to either through other groups.
  bool wouldCycle(unsigned a, unsigned b) const;
  /// Moves the operations of `from` to `to`; not wouldCycle().
  void merge(unsigned to, unsigned from);

private:
  /// The groups other than `last` that are behind `first` on a path, of those that stand before `last`; nullopt when
  /// one of them leads to `last`.
  std::optional<llvm::DenseSet<unsigned>> findBetween(unsigned first, unsigned last) const;

  llvm::DenseMap<mlir::Operation *, unsigned> groupOf;
  llvm::SmallVector<llvm::SmallVector<mlir::Operation *>> members;
  /// A topological order of the groups, so that a search for a path ends where it cannot come back (Pearce and Kelly,
  /// "A dynamic topological sort algorithm for directed acyclic graphs", 2006): the group at each place, and the place
  /// of each group. Places of groups that were merged away stay empty.
  static constexpr unsigned empty = ~0u;
  llvm::SmallVector<unsigned> order, places;
};

} // namespace reckon::fuse

#endif // RECKON_PASSES_FUSE_OPGROUPS_H
