//===- ModelBuilder.h - Small ONNX models for tests -----------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_TEST_UNIT_IMPORT_MODELBUILDER_H
#define RECKON_TEST_UNIT_IMPORT_MODELBUILDER_H

#include "dialects/Rec/Rec.h"
#include "lib/Import/ONNX/Import.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"

#include <onnx/onnx_pb.h>

#include <initializer_list>
#include <string>
#include <variant>

namespace reckon::test {

using Size = std::variant<int64_t, std::string>;
constexpr auto f32 = onnx::TensorProto::FLOAT;

inline void setType(onnx::ValueInfoProto *info, const std::string &name, int type, std::initializer_list<Size> shape) {
  info->set_name(name);
  auto *tensor = info->mutable_type()->mutable_tensor_type();
  tensor->set_elem_type(type);
  tensor->mutable_shape();
  for (const Size &size : shape) {
    auto *dim = tensor->mutable_shape()->add_dim();
    if (const auto *number = std::get_if<int64_t>(&size))
      dim->set_dim_value(*number);
    else if (!std::get<std::string>(size).empty())
      dim->set_dim_param(std::get<std::string>(size));
  }
}

inline onnx::NodeProto *addNode(google::protobuf::RepeatedPtrField<onnx::NodeProto> *nodes, const std::string &type,
                                std::initializer_list<const char *> inputs, std::initializer_list<const char *> outputs,
                                const std::string &name = "") {
  auto *node = nodes->Add();
  node->set_op_type(type);
  node->set_name(name);
  for (const char *input : inputs)
    node->add_input(input);
  for (const char *output : outputs)
    node->add_output(output);
  return node;
}

inline onnx::AttributeProto *addAttribute(onnx::NodeProto *node, const std::string &name,
                                          onnx::AttributeProto::AttributeType type) {
  auto *attribute = node->add_attribute();
  attribute->set_name(name);
  attribute->set_type(type);
  return attribute;
}

/// A model of opset 17, and the module or the errors that its import gives.
class Model {
public:
  Model() {
    proto.set_ir_version(8);
    auto *opset = proto.add_opset_import();
    opset->set_version(17);
    graph = proto.mutable_graph();
  }

  Model &input(const std::string &name, std::initializer_list<Size> shape, int type = f32) {
    setType(graph->add_input(), name, type, shape);
    return *this;
  }
  Model &output(const std::string &name) {
    graph->add_output()->set_name(name);
    return *this;
  }
  onnx::NodeProto *node(const std::string &type, std::initializer_list<const char *> inputs,
                        std::initializer_list<const char *> outputs, const std::string &name = "") {
    return addNode(graph->mutable_node(), type, inputs, outputs, name);
  }
  onnx::TensorProto *initializer(const std::string &name, int type, std::initializer_list<int64_t> dims) {
    auto *tensor = graph->add_initializer();
    tensor->set_name(name);
    tensor->set_data_type(type);
    for (int64_t size : dims)
      tensor->add_dims(size);
    return tensor;
  }

  /// Imports the model from memory, or from `file` when that is given.
  bool import(const importer::ImportOptions &options = {}, const std::string &file = "") {
    errors.clear();
    mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &diagnostic) {
      errors += diagnostic.str();
      return mlir::success();
    });
    module = file.empty() ? importer::importOnnxBuffer(proto.SerializeAsString(), "test.onnx", context, options)
                          : importer::importOnnxFile(file, context, options);
    return bool(module);
  }
  mlir::func::FuncOp main() { return *module->getOps<mlir::func::FuncOp>().begin(); }
  std::string text() {
    std::string text;
    llvm::raw_string_ostream stream(text);
    if (module)
      module->print(stream);
    return text;
  }
  rec::OnnxOp find(llvm::StringRef opType) {
    rec::OnnxOp found;
    module->walk([&](rec::OnnxOp op) {
      if (op.getOpType() == opType)
        found = op;
    });
    return found;
  }
  rec::ConstantOp constant(llvm::StringRef name) {
    rec::ConstantOp found;
    module->walk([&](rec::ConstantOp op) {
      if (op.getName() == name)
        found = op;
    });
    return found;
  }

  onnx::ModelProto proto;
  onnx::GraphProto *graph;
  mlir::MLIRContext context{mlir::MLIRContext::Threading::DISABLED};
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::string errors;
};

} // namespace reckon::test

#endif // RECKON_TEST_UNIT_IMPORT_MODELBUILDER_H
