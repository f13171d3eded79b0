//===- ReaderErrorTest.cpp - Models that are refused, and how -----------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "ModelBuilder.h"

#include <gtest/gtest.h>

using namespace mlir;
using namespace reckon;
using namespace reckon::test;
using Proto = onnx::TensorProto;

/// The import fails with an error that has `text` in it.
static void expectError(Model &m, StringRef text) {
  EXPECT_FALSE(m.import());
  EXPECT_TRUE(StringRef(m.errors).contains(text)) << m.errors;
}

/// The errors of an import, empty when there are none.
static std::string importBytes(StringRef bytes) {
  MLIRContext context(MLIRContext::Threading::DISABLED);
  std::string errors;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    errors += diagnostic.str();
    return success();
  });
  bool isRead = bool(importer::importOnnxBuffer(bytes, "test.onnx", context));
  EXPECT_EQ(isRead, errors.empty());
  return errors;
}

TEST(ReaderErrors, Files) {
  EXPECT_NE(importBytes("this is no model").find("not an ONNX model: the protobuf message is malformed"),
            std::string::npos);
  EXPECT_NE(importBytes("").find("has no graph"), std::string::npos);
  Model m;
  m.input("x", {2}).output("y");
  m.node("Relu", {"x"}, {"y"}, "relu");
  std::string bytes = m.proto.SerializeAsString();
  // Every prefix is an error or a smaller model; none crashes.
  for (size_t length = 0; length < bytes.size(); ++length)
    importBytes(StringRef(bytes).take_front(length));
  MLIRContext context(MLIRContext::Threading::DISABLED);
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    EXPECT_NE(diagnostic.str().find("cannot read the file"), std::string::npos);
    return success();
  });
  EXPECT_FALSE(importer::importOnnxFile("/no/such/model.onnx", context));
}

TEST(ReaderErrors, Names) {
  {
    Model m;
    m.input("x", {2}).output("y");
    m.node("Add", {"x", "w"}, {"y"}, "sum");
    expectError(m, "node 'sum' (Add): its input 'w' is not defined");
  }
  {
    Model m;
    m.input("x", {2}).output("y");
    m.node("Add", {"x", "b"}, {"y"}, "one");
    m.node("Relu", {"y"}, {"b"}, "other");
    expectError(m, "node 'one' (Add): its input 'b' is used before the node that defines it");
  }
  {
    Model m;
    m.input("x", {2}).output("y");
    m.node("Relu", {"x"}, {"y"});
    m.node("Neg", {"x"}, {"y"});
    expectError(m, "the name 'y' is defined twice");
  }
  {
    Model m;
    m.input("x", {2}).output("z");
    expectError(m, "graph output 'z' is not defined");
  }
  {
    Model m;
    m.input("x", {2}).output("x").output("x");
    expectError(m, "graph output 'x' is listed twice");
  }
}

TEST(ReaderErrors, Tensors) {
  auto withTensor = [](std::initializer_list<int64_t> dims, int type, auto fill, StringRef text) {
    Model m;
    m.input("x", {2}).output("x");
    fill(m.initializer("w", type, dims));
    expectError(m, text);
    EXPECT_TRUE(StringRef(m.errors).contains("initializer 'w'")) << m.errors;
  };
  auto nothing = [](onnx::TensorProto *) {};
  withTensor({3}, f32, nothing, "has 0 values, but its shape needs 3");
  withTensor({3}, f32, [](auto *t) { t->set_raw_data("12345678"); }, "has 8 bytes of data, but its shape needs 12");
  withTensor({-3}, f32, nothing, "has a dimension of the size -3");
  withTensor({int64_t(1) << 62, 8}, f32, nothing, "has a dimension of the size");
  withTensor({int64_t(1) << 40, int64_t(1) << 40}, f32, nothing, "has a dimension of the size");
  withTensor({2}, Proto::UNDEFINED, nothing, "has no element type");
}

TEST(ReaderErrors, Inputs) {
  {
    Model m;
    m.input("x", {-5}).output("x");
    expectError(m, "dimension 0 of 'x' has the size -5");
  }
  {
    Model m;
    m.graph->add_input()->set_name("x");
    m.output("x");
    expectError(m, "graph input 'x' has no type");
  }
}

TEST(ReaderErrors, Opsets) {
  Model m;
  m.input("x", {2}).output("y");
  m.node("Relu", {"x"}, {"y"});
  m.proto.mutable_opset_import(0)->set_version(26);
  expectError(m, "the model uses opset 26 of ai.onnx; Reckon knows opsets up to 25");
  m.proto.mutable_opset_import(0)->set_version(0);
  expectError(m, "the model uses opset 0");
  m.proto.mutable_opset_import(0)->set_domain("com.microsoft");
  m.proto.mutable_opset_import(0)->set_version(2);
  expectError(m, "the model uses opset 2 of com.microsoft; Reckon knows opsets up to 1");
  m.proto.set_ir_version(15);
  expectError(m, "the model has version 15 of the ONNX format; Reckon knows versions up to 14");
  m.proto.set_ir_version(8);
  m.proto.mutable_opset_import(0)->set_domain("other");
  expectError(m, "the model does not say which opset of ai.onnx it uses");
}

TEST(ReaderErrors, Attributes) {
  Model m;
  m.input("x", {2}).output("y");
  auto *node = m.node("LeakyRelu", {"x"}, {"y"}, "act");
  addAttribute(node, "alpha", onnx::AttributeProto::FLOAT);
  addAttribute(node, "alpha", onnx::AttributeProto::FLOAT);
  expectError(m, "node 'act' (LeakyRelu): attribute 'alpha' has no name or is given twice");
}

TEST(ReaderErrors, Functions) {
  Model m;
  m.input("x", {2}).output("y");
  auto *f = m.proto.add_functions();
  f->set_name("Again");
  f->add_input("a");
  f->add_output("b");
  addNode(f->mutable_node(), "Again", {"a"}, {"b"});
  m.node("Again", {"x"}, {"y"}, "call");
  expectError(m, "functions are nested more than 64 deep");
  *m.proto.add_functions() = *f;
  expectError(m, "function 'Again' of domain '' is defined twice");
}
