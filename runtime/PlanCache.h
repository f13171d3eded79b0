//===- PlanCache.h - What was made ready for sizes seen before ------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_PLANCACHE_H
#define RECKON_RUNTIME_PLANCACHE_H

#include <algorithm>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

namespace reckon::runtime {

/// Plans by the values of the dimensions they depend on, the least recently used ones forgotten. Finding one takes no
/// memory.
template <typename Plan> class PlanCache {
public:
  /// `planDims` are the places of those dimensions among all, and outlive the cache.
  PlanCache(const std::vector<uint32_t> &planDims, size_t capacity)
      : planDims(planDims), key(planDims.size()), capacity(capacity) {}

  /// Moves to the values of all dimensions that `find` and `insert` are about. False when plans cannot tell them from
  /// the values before.
  bool moveTo(const std::vector<int64_t> &dims) {
    bool moved = false;
    for (size_t i = 0; i < key.size(); ++i) {
      int64_t value = dims[planDims[i]];
      moved |= key[i] != value;
      key[i] = value;
    }
    return moved;
  }
  /// Null when it is not there.
  Plan *find() {
    auto found = plans.find(key);
    if (found == plans.end())
      return nullptr;
    found->second.lastUse = ++uses;
    return found->second.plan.get();
  }
  /// Whether the next plan takes the place of another.
  bool isFull() const { return plans.size() >= capacity; }
  Plan *insert(std::unique_ptr<Plan> plan) {
    if (isFull())
      plans.erase(std::min_element(plans.begin(), plans.end(),
                                   [](const auto &a, const auto &b) { return a.second.lastUse < b.second.lastUse; }));
    return (plans[key] = {std::move(plan), ++uses}).plan.get();
  }
  /// Before the first one is inserted.
  void setCapacity(size_t size) { capacity = size; }
  void clear() { plans.clear(); }

private:
  using Key = std::vector<int64_t>;
  struct Entry {
    std::unique_ptr<Plan> plan;
    uint64_t lastUse = 0;
  };
  struct Hash {
    size_t operator()(const Key &key) const {
      uint64_t hash = 0x9e3779b97f4a7c15;
      for (int64_t value : key)
        hash = (hash ^ static_cast<uint64_t>(value)) * 0xff51afd7ed558ccd, hash ^= hash >> 32;
      return hash;
    }
  };
  const std::vector<uint32_t> &planDims;
  Key key;
  size_t capacity;
  uint64_t uses = 0;
  std::unordered_map<Key, Entry, Hash> plans;
};

} // namespace reckon::runtime

#endif // RECKON_RUNTIME_PLANCACHE_H
