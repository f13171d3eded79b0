//===- Mutation.cpp - Changes of a parsed model --------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "test/fuzz/onnx/Mutation.h"
#include "test/fuzz/onnx/OnnxNames.h"

#include <algorithm>
#include <iterator>

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t maxSize);

using namespace reckon::fuzz;

void Mutation::collect(onnx::GraphProto &graph, int depth) {
  graphs.push_back(&graph);
  for (const auto &input : graph.input())
    values.push_back(input.name());
  for (auto &tensor : *graph.mutable_initializer()) {
    values.push_back(tensor.name());
    tensors.push_back(&tensor);
  }
  for (auto &node : *graph.mutable_node()) {
    values.insert(values.end(), node.output().begin(), node.output().end());
    for (auto &attribute : *node.mutable_attribute()) {
      if (attribute.has_t())
        tensors.push_back(attribute.mutable_t());
      if (attribute.has_g() && depth < 8)
        collect(*attribute.mutable_g(), depth + 1);
    }
  }
}

int64_t Mutation::number() {
  static const int64_t edges[] = {
      INT64_MIN,        INT64_MIN + 1,    -(int64_t(1) << 32), INT32_MIN,     -1,       0, 1, INT32_MAX,
      int64_t(1) << 31, int64_t(1) << 40, int64_t(1) << 62,    INT64_MAX - 1, INT64_MAX};
  switch (below(4)) {
  case 0:
    return edges[below(std::size(edges))];
  case 1:
    return int64_t(below(1000)) - 500;
  default:
    return int64_t(below(9)) - 4;
  }
}

int64_t Mutation::size() { return chance(15) ? number() : int64_t(below(6)); }

std::string Mutation::value() { return values.empty() || chance(2) ? std::string() : values[below(values.size())]; }

void Mutation::mutateText(std::string &text) {
  if (chance(5)) {
    text.assign(1 + below(300), 'n');
    return;
  }
  size_t size = text.size();
  text.resize(size + 8);
  text.resize(LLVMFuzzerMutate(reinterpret_cast<uint8_t *>(&text[0]), size, text.size()));
}

/// Data as the shape and the element type ask for, most of it small numbers.
void Mutation::fill(onnx::TensorProto &tensor) {
  int64_t elements = 1;
  for (int64_t size : tensor.dims())
    elements = size < 0 || size > 64 ? 65 : std::min<int64_t>(elements * size, 65);
  if (elements > 64)
    return; // stays as it is and does not fit
  tensor.clear_raw_data();
  tensor.clear_float_data();
  tensor.clear_int32_data();
  tensor.clear_int64_data();
  tensor.clear_double_data();
  tensor.clear_uint64_data();
  for (int64_t i = 0; i < elements; ++i)
    switch (tensor.data_type()) {
    case onnx::TensorProto::FLOAT:
      tensor.add_float_data(float(number()));
      break;
    case onnx::TensorProto::DOUBLE:
      tensor.add_double_data(double(number()));
      break;
    case onnx::TensorProto::INT64:
      tensor.add_int64_data(number());
      break;
    case onnx::TensorProto::UINT32:
    case onnx::TensorProto::UINT64:
      tensor.add_uint64_data(uint64_t(number()));
      break;
    default:
      tensor.add_int32_data(int32_t(number()));
    }
}

void Mutation::mutateTensor(onnx::TensorProto &tensor) {
  switch (below(8)) {
  case 0:
    if (tensor.dims_size())
      tensor.set_dims(int(below(tensor.dims_size())), size());
    break;
  case 1:
    tensor.add_dims(chance(60) ? 1 : size());
    break;
  case 2:
    if (tensor.dims_size())
      tensor.mutable_dims()->RemoveLast();
    break;
  case 3:
    tensor.set_data_type(int(below(24)));
    break;
  case 4:
    if (tensor.has_raw_data() && !tensor.raw_data().empty()) {
      std::string &raw = *tensor.mutable_raw_data();
      size_t at = below(raw.size());
      raw[at] = char(chance(40) ? number() : random());
      if (chance(5))
        raw.resize(below(raw.size()));
      return;
    }
    break;
  case 5:
    if (tensor.int64_data_size()) {
      tensor.set_int64_data(int(below(tensor.int64_data_size())), number());
      return;
    }
    break;
  case 6:
    if (chance(10))
      tensor.set_data_location(onnx::TensorProto::EXTERNAL);
    break;
  default:
    break;
  }
  if (chance(85))
    fill(tensor);
}

void Mutation::mutateType(onnx::TypeProto &type) {
  if (chance(3)) {
    type.mutable_sequence_type()->mutable_elem_type()->mutable_tensor_type()->set_elem_type(1);
    return;
  }
  auto &tensor = *type.mutable_tensor_type();
  auto &shape = *tensor.mutable_shape();
  switch (below(6)) {
  case 0:
    tensor.set_elem_type(chance(70) ? (chance(50) ? 1 : 7) : int(below(24)));
    break;
  case 1:
    shape.add_dim()->set_dim_value(size());
    break;
  case 2:
    drop(*shape.mutable_dim());
    break;
  case 3:
    if (chance(20))
      tensor.clear_shape();
    break;
  default:
    if (auto *dim = pick(*shape.mutable_dim())) {
      if (chance(50)) {
        dim->set_dim_value(size());
      } else if (chance(70)) {
        dim->set_dim_param(chance(50) ? "N" : "M");
      } else {
        std::string name = dim->dim_param();
        mutateText(name);
        dim->set_dim_param(name);
      }
    }
  }
}

void Mutation::mutateAttribute(onnx::NodeProto &node) {
  if (node.attribute().empty() || chance(15)) {
    auto &attribute = *node.add_attribute();
    attribute.set_name(attributeNames[below(std::size(attributeNames))]);
    if (chance(50)) {
      attribute.set_type(onnx::AttributeProto::INT);
      attribute.set_i(number());
    } else {
      attribute.set_type(onnx::AttributeProto::INTS);
      for (uint64_t i = below(5); i > 0; --i)
        attribute.add_ints(number());
    }
    return;
  }
  auto &attribute = *pick(*node.mutable_attribute());
  switch (below(10)) {
  case 0:
    drop(*node.mutable_attribute());
    return;
  case 1:
    attribute.set_name(attributeNames[below(std::size(attributeNames))]);
    return;
  case 2:
    attribute.set_type(onnx::AttributeProto::AttributeType(below(15)));
    return;
  case 3:
    attribute.add_ints(number());
    return;
  default:
    break;
  }
  if (attribute.has_t()) {
    mutateTensor(*attribute.mutable_t());
  } else if (attribute.has_f()) {
    attribute.set_f(float(number()));
  } else if (attribute.has_s()) {
    mutateText(*attribute.mutable_s());
  } else if (attribute.ints_size()) {
    if (chance(20))
      attribute.mutable_ints()->RemoveLast();
    else if (chance(30))
      attribute.mutable_ints()->SwapElements(int(below(attribute.ints_size())), int(below(attribute.ints_size())));
    else
      attribute.set_ints(int(below(attribute.ints_size())), number());
  } else {
    attribute.set_i(number());
  }
}

void Mutation::mutateNode(onnx::GraphProto &graph) {
  auto *node = pick(*graph.mutable_node());
  if (!node)
    return;
  switch (below(12)) {
  case 0:
  case 1:
    node->set_op_type(operators[below(std::size(operators))]);
    break;
  case 2:
  case 3:
    if (node->input_size())
      node->set_input(int(below(node->input_size())), value());
    break;
  case 4:
    node->add_input(value());
    break;
  case 5:
    drop(*node->mutable_input());
    break;
  case 6:
    swap(*node->mutable_input());
    break;
  case 7:
    if (chance(50))
      node->add_output("extra" + std::to_string(below(1000)));
    else
      drop(*node->mutable_output());
    break;
  case 8: {
    // A new node on top of an old value; the graph's output may move to it.
    std::string name = "new" + std::to_string(below(100000));
    auto &added = *graph.add_node();
    added.set_op_type(operators[below(std::size(operators))]);
    for (uint64_t i = 1 + below(3); i > 0; --i)
      added.add_input(value());
    added.add_output(name);
    if (auto *output = pick(*graph.mutable_output()); output && chance(70))
      output->set_name(name);
    break;
  }
  default:
    mutateAttribute(*node);
  }
}

void Mutation::mutateGraph(onnx::GraphProto &graph) {
  switch (below(10)) {
  case 0:
    drop(*graph.mutable_node());
    break;
  case 1:
    duplicate(*graph.mutable_node());
    break;
  case 2:
    swap(*graph.mutable_node());
    break;
  case 3:
    if (auto *output = pick(*graph.mutable_output()))
      output->set_name(value());
    break;
  case 4: {
    auto *output = graph.add_output();
    output->set_name(value());
    break;
  }
  case 5:
    drop(*graph.mutable_output());
    break;
  case 6: {
    auto *input = graph.add_input();
    input->set_name(chance(80) ? "in" + std::to_string(below(1000)) : value());
    mutateType(*input->mutable_type());
    break;
  }
  case 7:
    drop(chance(50) ? *graph.mutable_value_info() : *graph.mutable_input());
    break;
  case 8:
    drop(*graph.mutable_initializer());
    break;
  default:
    if (auto *info = pick(*graph.mutable_value_info()))
      mutateType(*info->mutable_type());
  }
}

void Mutation::apply() {
  onnx::GraphProto &graph = *graphs[below(graphs.size())];
  switch (below(16)) {
  case 0:
  case 1:
    mutateGraph(graph);
    break;
  case 2:
  case 3:
    if (auto *input = pick(*graph.mutable_input()))
      mutateType(*input->mutable_type());
    break;
  case 4:
  case 5:
  case 6:
    if (!tensors.empty())
      mutateTensor(*tensors[below(tensors.size())]);
    break;
  case 7:
    if (auto *opset = pick(*model.mutable_opset_import()); opset && chance(40))
      opset->set_version(chance(80) ? 7 + below(16) : number());
    break;
  default:
    mutateNode(graph);
  }
}

void Mutation::insert(const onnx::ModelProto &other) {
  onnx::GraphProto &graph = *graphs.front();
  const onnx::GraphProto &source = other.graph();
  std::string prefix = "j" + std::to_string(below(1000)) + "_";
  for (const auto &tensor : source.initializer()) {
    auto &copy = *graph.add_initializer();
    copy = tensor;
    copy.set_name(prefix + tensor.name());
  }
  for (const auto &input : source.input()) {
    // Some inputs of the second model are fed by the first.
    if (!values.empty() && chance(60)) {
      auto &bridge = *graph.add_node();
      bridge.set_op_type("Identity");
      bridge.add_input(value());
      bridge.add_output(prefix + input.name());
      continue;
    }
    auto &copy = *graph.add_input();
    copy = input;
    copy.set_name(prefix + input.name());
  }
  for (const auto &node : source.node()) {
    auto &copy = *graph.add_node();
    copy = node;
    for (std::string &name : *copy.mutable_input())
      if (!name.empty())
        name = prefix + name;
    for (std::string &name : *copy.mutable_output())
      if (!name.empty())
        name = prefix + name;
  }
  for (const auto &output : source.output()) {
    auto &copy = *graph.add_output();
    copy = output;
    copy.set_name(prefix + output.name());
  }
}
