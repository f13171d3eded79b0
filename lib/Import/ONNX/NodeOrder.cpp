//===- NodeOrder.cpp - Nodes after those that they use -------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/NodeOrder.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

using namespace llvm;

namespace reckon::importer {

/// Appends the names that a node takes from the graph around it: its inputs, and what its subgraphs do not define.
static void collectUses(const onnx::NodeProto &node, SmallVectorImpl<StringRef> &uses) {
  uses.append(node.input().begin(), node.input().end());
  for (const onnx::AttributeProto &attribute : node.attribute()) {
    if (!attribute.has_g())
      continue;
    const onnx::GraphProto &graph = attribute.g();
    StringSet<> own;
    for (const auto &input : graph.input())
      own.insert(input.name());
    for (const auto &tensor : graph.initializer())
      own.insert(tensor.name());
    SmallVector<StringRef> inner;
    for (const onnx::NodeProto &each : graph.node()) {
      for (const std::string &output : each.output())
        own.insert(output);
      collectUses(each, inner);
    }
    for (const auto &output : graph.output())
      inner.push_back(output.name());
    copy_if(inner, std::back_inserter(uses), [&](StringRef name) { return !own.contains(name); });
  }
}

SmallVector<const onnx::NodeProto *> orderNodes(const google::protobuf::RepeatedPtrField<onnx::NodeProto> &nodes) {
  StringMap<int> producers;
  for (auto [i, node] : enumerate(nodes))
    for (const std::string &output : node.output())
      if (!output.empty())
        producers.try_emplace(output, i);
  std::vector<SmallVector<int, 4>> needs(nodes.size());
  bool isSorted = true;
  for (auto [i, node] : enumerate(nodes)) {
    SmallVector<StringRef> uses;
    collectUses(node, uses);
    for (StringRef name : uses)
      if (auto it = producers.find(name); it != producers.end() && it->second != int(i)) {
        needs[i].push_back(it->second);
        isSorted &= it->second < int(i);
      }
  }

  SmallVector<const onnx::NodeProto *> order, asGiven;
  for (const onnx::NodeProto &node : nodes)
    asGiven.push_back(&node);
  if (isSorted)
    return asGiven;
  // Depth first, on a stack of its own: a chain of nodes may be long.
  enum { unseen, open, done };
  std::vector<char> state(nodes.size(), unseen);
  SmallVector<std::pair<int, size_t>> path; // a node and how many of its needs have been followed
  for (int root = 0; root < nodes.size(); ++root) {
    if (state[root] != unseen)
      continue;
    state[root] = open;
    path.push_back({root, 0});
    while (!path.empty()) {
      auto &[node, followed] = path.back();
      if (followed == needs[node].size()) {
        state[node] = done;
        order.push_back(&nodes.Get(node));
        path.pop_back();
        continue;
      }
      int next = needs[node][followed++];
      if (state[next] == open)
        return asGiven;
      if (state[next] == unseen) {
        state[next] = open;
        path.push_back({next, 0});
      }
    }
  }
  return order;
}

} // namespace reckon::importer
