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
  using Key = std::vector<int64_t>;
  explicit PlanCache(size_t capacity) : capacity(capacity) {}

  /// Null when it is not there.
  Plan *find(const Key &key) {
    auto found = plans.find(key);
    if (found == plans.end())
      return nullptr;
    found->second.lastUse = ++uses;
    return found->second.plan.get();
  }
  /// Whether the next plan takes the place of another.
  bool isFull() const { return plans.size() >= capacity; }
  Plan *insert(const Key &key, std::unique_ptr<Plan> plan) {
    if (isFull())
      plans.erase(std::min_element(plans.begin(), plans.end(),
                                   [](const auto &a, const auto &b) { return a.second.lastUse < b.second.lastUse; }));
    return (plans[key] = {std::move(plan), ++uses}).plan.get();
  }
  /// Before the first one is inserted.
  void setCapacity(size_t size) { capacity = size; }
  void clear() { plans.clear(); }

private:
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
  size_t capacity;
  uint64_t uses = 0;
  std::unordered_map<Key, Entry, Hash> plans;
};

} // namespace reckon::runtime

#endif // RECKON_RUNTIME_PLANCACHE_H
