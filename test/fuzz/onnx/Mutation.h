//===- Mutation.h - Changes of a parsed model -------------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_TEST_FUZZ_ONNX_MUTATION_H
#define RECKON_TEST_FUZZ_ONNX_MUTATION_H

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace reckon::fuzz {

/// One mutation of one model. Every choice comes from the seed, as libFuzzer wants it.
class Mutation {
public:
  Mutation(onnx::ModelProto &model, unsigned seed) : model(model), random(seed) { collect(*model.mutable_graph(), 0); }
  void apply();
  void insert(const onnx::ModelProto &other);

private:
  uint64_t below(uint64_t count) { return count ? random() % count : 0; }
  bool chance(unsigned percent) { return below(100) < percent; }
  template <typename Field> auto *pick(Field &field) {
    return field.empty() ? nullptr : field.Mutable(int(below(field.size())));
  }
  template <typename Field> void drop(Field &field) {
    if (!field.empty())
      field.DeleteSubrange(int(below(field.size())), 1);
  }
  template <typename Field> void duplicate(Field &field) {
    if (field.empty())
      return;
    auto copy = field.Get(int(below(field.size())));
    *field.Add() = std::move(copy);
  }
  template <typename Field> void swap(Field &field) {
    if (field.size() > 1)
      field.SwapElements(int(below(field.size())), int(below(field.size())));
  }
  void collect(onnx::GraphProto &graph, int depth);
  int64_t number();
  int64_t size();
  std::string value();
  void mutateNode(onnx::GraphProto &graph);
  void mutateAttribute(onnx::NodeProto &node);
  void mutateType(onnx::TypeProto &type);
  void mutateTensor(onnx::TensorProto &tensor);
  void fill(onnx::TensorProto &tensor);
  void mutateText(std::string &text);
  void mutateGraph(onnx::GraphProto &graph);

  onnx::ModelProto &model;
  std::mt19937_64 random;
  std::vector<onnx::GraphProto *> graphs;
  std::vector<std::string> values;
  std::vector<onnx::TensorProto *> tensors;
};

} // namespace reckon::fuzz

#endif // RECKON_TEST_FUZZ_ONNX_MUTATION_H
