//===- ReaderTest.cpp - What the reader makes of models -----------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "ModelBuilder.h"

#include "dialects/Rec/ConstantData.h"

#include "llvm/Support/FileSystem.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>

using namespace mlir;
using namespace reckon;
using namespace reckon::test;
using Proto = onnx::TensorProto;

static bool contains(StringRef text, StringRef part) { return text.contains(part); }

TEST(Reader, NodesAreOpsWithNamesAndOpsets) {
  Model m;
  m.input("x", {"batch", 4}).output("y");
  addAttribute(m.node("LeakyRelu", {"x"}, {"h"}, "first"), "alpha", onnx::AttributeProto::FLOAT)->set_f(0.5f);
  m.node("Relu", {"h"}, {"y"});
  ASSERT_TRUE(m.import()) << m.errors;
  EXPECT_TRUE(contains(m.text(),
                       R"(rec.onnx "LeakyRelu"(%arg0) {attrs = {alpha = 5.000000e-01 : f32}, opset = 17 : i64} )"
                       R"(: (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<*xf32>)"))
      << m.text();
  EXPECT_EQ(m.find("LeakyRelu").getLoc(), NameLoc::get(StringAttr::get(&m.context, "first")));
  // A node without a name goes by that of its output.
  EXPECT_EQ(m.find("Relu").getLoc(), NameLoc::get(StringAttr::get(&m.context, "y")));
  EXPECT_EQ(m.main().getArgAttrOfType<StringAttr>(0, "rec.name"), "x");
  EXPECT_EQ(m.main().getResultAttrOfType<StringAttr>(0, "rec.name"), "y");
}

TEST(Reader, NodesNeedNotBeSorted) {
  Model m;
  m.input("x", {2}).output("y");
  m.node("Relu", {"b"}, {"y"}, "last");
  m.node("Exp", {"a"}, {"b"}, "middle");
  m.node("Neg", {"x"}, {"a"}, "first");
  ASSERT_TRUE(m.import()) << m.errors;
  EXPECT_EQ(m.find("Relu").getOperands()[0].getDefiningOp(), m.find("Exp").getOperation());
  EXPECT_EQ(m.find("Exp").getOperands()[0].getDefiningOp(), m.find("Neg").getOperation());
}

TEST(Reader, SubgraphsUseNodesFurtherOn) {
  Model m;
  m.input("x", {2}).input("c", {}).output("y");
  auto *node = m.node("If", {"c"}, {"y"}, "choice");
  for (const char *branch : {"then_branch", "else_branch"}) {
    onnx::GraphProto *graph = addAttribute(node, branch, onnx::AttributeProto::GRAPH)->mutable_g();
    onnx::NodeProto *inner = graph->add_node();
    inner->set_op_type("Relu");
    inner->add_input("a");
    inner->add_output("r");
    graph->add_output()->set_name("r");
  }
  m.node("Neg", {"x"}, {"a"}, "first");
  ASSERT_TRUE(m.import()) << m.errors;
  EXPECT_TRUE(m.find("Neg")->isBeforeInBlock(m.find("If")));
}

TEST(Reader, DynamicDimensionsHaveNames) {
  Model m;
  m.input("x:0", {"batch size", "", -1, 3}).output("x:0");
  ASSERT_TRUE(m.import()) << m.errors;
  EXPECT_TRUE(contains(m.text(), R"(#rec.dims<"batch%20size", "x:0.1", "x:0.2", 3>)")) << m.text();
}

TEST(Reader, InitializersThatAreInputsAreNoArguments) {
  Model m;
  m.input("x", {2}).input("w", {2}).output("y");
  auto *w = m.initializer("w", f32, {2});
  w->add_float_data(1);
  w->add_float_data(2);
  m.node("Add", {"x", "w"}, {"y"});
  ASSERT_TRUE(m.import()) << m.errors;
  EXPECT_EQ(m.main().getNumArguments(), 1u);
  EXPECT_EQ(*rec::getConstantDoubles(m.constant("w").getValue()), (std::vector<double>{1, 2}));
}

TEST(Reader, TypedFields) {
  Model m;
  m.input("x", {1}).output("x");
  auto add = [&](const char *name, int type) { return m.initializer(name, type, {2}); };
  for (int type : {Proto::INT8, Proto::UINT8, Proto::INT16, Proto::UINT16, Proto::INT32, Proto::BOOL}) {
    auto *t = add(("i" + std::to_string(type)).c_str(), type);
    t->add_int32_data(0);
    t->add_int32_data(1);
  }
  auto *half = add("half", Proto::FLOAT16);
  half->add_int32_data(0x3C00);
  half->add_int32_data(0xC000);
  auto *brain = add("brain", Proto::BFLOAT16);
  brain->add_int32_data(0x3F80);
  brain->add_int32_data(0xC000);
  auto *wide = add("wide", Proto::DOUBLE);
  wide->add_double_data(0.5);
  wide->add_double_data(-1e300);
  auto *i64 = add("i64", Proto::INT64);
  i64->add_int64_data(INT64_MIN);
  i64->add_int64_data(7);
  auto *u64 = add("u64", Proto::UINT64);
  u64->add_uint64_data(UINT64_MAX);
  u64->add_uint64_data(7);
  ASSERT_TRUE(m.import()) << m.errors;
  auto doubles = [&](const char *name) { return *rec::getConstantDoubles(m.constant(name).getValue()); };
  auto ints = [&](const std::string &name) { return *rec::getConstantInts(m.constant(name).getValue()); };
  for (int type : {Proto::INT8, Proto::UINT8, Proto::INT16, Proto::UINT16, Proto::INT32, Proto::BOOL})
    EXPECT_EQ(ints("i" + std::to_string(type)), (std::vector<int64_t>{0, 1}));
  EXPECT_EQ(doubles("half"), (std::vector<double>{1, -2}));
  EXPECT_EQ(doubles("brain"), (std::vector<double>{1, -2}));
  EXPECT_EQ(doubles("wide"), (std::vector<double>{0.5, -1e300}));
  EXPECT_EQ(ints("i64"), (std::vector<int64_t>{INT64_MIN, 7}));
  EXPECT_EQ(ints("u64"), (std::vector<int64_t>{-1, 7}));
  EXPECT_TRUE(contains(m.text(), "tensor<2xui64>")) << m.text();
}

TEST(Reader, LargeTensorsAreResources) {
  Model m;
  m.input("x", {1}).output("x");
  std::vector<float> values(1000);
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = float(i);
  m.initializer("raw", f32, {1000})->set_raw_data(values.data(), values.size() * sizeof(float));
  auto *typed = m.initializer("typed", f32, {10, 100});
  typed->mutable_float_data()->Add(values.begin(), values.end());
  ASSERT_TRUE(m.import()) << m.errors;
  for (const char *name : {"raw", "typed"}) {
    auto value = dyn_cast<DenseResourceElementsAttr>(m.constant(name).getValue());
    ASSERT_TRUE(value) << name;
    auto numbers = *rec::getConstantDoubles(value);
    EXPECT_EQ(numbers[999], 999) << name;
  }
}

TEST(Reader, ConstantNodes) {
  Model m;
  m.input("x", {1});
  using A = onnx::AttributeProto;
  addAttribute(m.node("Constant", {}, {"a"}), "value_int", A::INT)->set_i(3);
  addAttribute(m.node("Constant", {}, {"b"}), "value_float", A::FLOAT)->set_f(0.5f);
  addAttribute(m.node("Constant", {}, {"c"}), "value_ints", A::INTS)->add_ints(4);
  addAttribute(m.node("Constant", {}, {"d"}), "value_floats", A::FLOATS)->add_floats(1.5f);
  auto *value = addAttribute(m.node("Constant", {}, {"e"}), "value", A::TENSOR)->mutable_t();
  value->set_data_type(Proto::INT32);
  value->add_int32_data(9);
  auto *sparse = addAttribute(m.node("Constant", {}, {"f"}), "sparse_value", A::SPARSE_TENSOR)->mutable_sparse_tensor();
  sparse->add_dims(2);
  sparse->add_dims(3);
  sparse->mutable_values()->set_data_type(f32);
  sparse->mutable_values()->add_dims(2);
  sparse->mutable_values()->add_float_data(5);
  sparse->mutable_values()->add_float_data(6);
  sparse->mutable_indices()->set_data_type(Proto::INT64);
  sparse->mutable_indices()->add_dims(2);
  sparse->mutable_indices()->add_int64_data(1);
  sparse->mutable_indices()->add_int64_data(5);
  for (const char *name : {"a", "b", "c", "d", "e", "f"})
    m.output(name);
  ASSERT_TRUE(m.import()) << m.errors;
  for (const char *text : {"dense<3> : tensor<i64>", "dense<5.000000e-01> : tensor<f32>", "dense<4> : tensor<1xi64>",
                           "dense<1.500000e+00> : tensor<1xf32>", "dense<9> : tensor<i32>",
                           "dense<[[0.000000e+00, 5.000000e+00, 0.000000e+00], [0.000000e+00, 0.000000e+00, "
                           "6.000000e+00]]> : tensor<2x3xf32>"})
    EXPECT_TRUE(contains(m.text(), text)) << text << "\n" << m.text();
}

TEST(Reader, ExternalData) {
  SmallString<128> folder;
  ASSERT_FALSE(llvm::sys::fs::createUniqueDirectory("reckon-import", folder));
  std::string file = (folder + "/model.onnx").str();
  std::vector<float> values{0, 1, 2, 3};
  std::ofstream((folder + "/weights.bin").str(), std::ios::binary)
      .write(reinterpret_cast<const char *>(values.data()), 16);
  auto import = [&](std::initializer_list<std::pair<const char *, const char *>> entries, Model &m) {
    m.input("x", {2}).output("x");
    auto *tensor = m.initializer("w", f32, {2});
    tensor->set_data_location(Proto::EXTERNAL);
    for (auto [key, value] : entries) {
      auto *entry = tensor->add_external_data();
      entry->set_key(key);
      entry->set_value(value);
    }
    std::ofstream(file, std::ios::binary) << m.proto.SerializeAsString();
    return m.import({}, file);
  };
  {
    Model m;
    ASSERT_TRUE(import({{"location", "weights.bin"}, {"offset", "8"}, {"length", "8"}}, m)) << m.errors;
    EXPECT_EQ(*rec::getConstantDoubles(m.constant("w").getValue()), (std::vector<double>{2, 3}));
  }
  auto expectError = [&](std::initializer_list<std::pair<const char *, const char *>> entries, const char *text) {
    Model m;
    EXPECT_FALSE(import(entries, m));
    EXPECT_TRUE(contains(m.errors, text)) << m.errors;
    EXPECT_TRUE(contains(m.errors, "initializer 'w'")) << m.errors;
  };
  expectError({{"location", "weights.bin"}, {"offset", "12"}, {"length", "8"}}, "has 16 bytes, but offset 12");
  expectError({{"location", "weights.bin"}, {"offset", "99999999999999999999"}}, "which is not a number");
  expectError({{"location", "weights.bin"}, {"offset", "12"}}, "has 4 bytes of data, but its shape needs 8");
  expectError({{"location", "../weights.bin"}}, "not a path below the model's folder");
  expectError({{"location", "/etc/passwd"}}, "not a path below the model's folder");
  expectError({{"location", "nothing.bin"}}, "cannot read external data");
  Model m;
  m.input("x", {2}).output("x");
  m.initializer("w", f32, {2})->set_data_location(Proto::EXTERNAL);
  EXPECT_FALSE(m.import());
  EXPECT_TRUE(contains(m.errors, "external data is not available")) << m.errors;
  llvm::sys::fs::remove_directories(folder);
}

TEST(Reader, FrozenInputs) {
  SmallString<128> folder;
  ASSERT_FALSE(llvm::sys::fs::createUniqueDirectory("reckon-import", folder));
  std::string npy = (folder + "/k.npy").str(), pb = (folder + "/k.pb").str();
  std::string header = "{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }";
  header.resize(117, ' ');
  header += '\n';
  int64_t values[] = {20, 30};
  std::ofstream(npy, std::ios::binary) << std::string("\x93NUMPY\x01\x00\x76\x00", 10) << header
                                       << std::string(reinterpret_cast<char *>(values), 16);
  Proto tensor;
  tensor.set_data_type(Proto::INT64);
  tensor.add_dims(2);
  tensor.add_int64_data(20);
  tensor.add_int64_data(30);
  std::ofstream(pb, std::ios::binary) << tensor.SerializeAsString();

  for (const std::string &file : {npy, pb}) {
    Model m;
    m.input("k", {"n"}, Proto::INT64).input("x", {2}).output("k").output("x");
    ASSERT_TRUE(m.import({{{"k", file}}})) << m.errors;
    EXPECT_EQ(m.main().getNumArguments(), 1u);
    EXPECT_EQ(*rec::getConstantInts(m.constant("k").getValue()), (std::vector<int64_t>{20, 30}));
  }
  auto expectError = [&](const char *input, const std::string &file, const char *text) {
    Model m;
    m.input("k", {3}, Proto::INT64).output("k");
    EXPECT_FALSE(m.import({{{input, file}}}));
    EXPECT_TRUE(contains(m.errors, text)) << m.errors;
  };
  expectError("k", npy, "frozen input 'k' has the type 'tensor<3xi64>', but its file holds 'tensor<2xi64>'");
  expectError("z", npy, "there is no graph input 'z' to freeze");
  expectError("k", (folder + "/none.npy").str(), "cannot read");
  std::ofstream((folder + "/bad.npy").str()) << "\x93NUMPY and then nothing of the kind";
  expectError("k", (folder + "/bad.npy").str(), "is not a .npy array");
  std::ofstream((folder + "/bad.pb").str()) << "\xff\xff\xff\xff";
  expectError("k", (folder + "/bad.pb").str(), "neither a .npy array nor a TensorProto");
  llvm::sys::fs::remove_directories(folder);
}

TEST(Reader, SubgraphsAreRegions) {
  Model m;
  m.input("c", {}, Proto::BOOL).input("x", {2}).output("y");
  auto *node = m.node("If", {"c"}, {"y"}, "choose");
  // The file may have the branches in any order; the regions are then, else.
  auto *otherwise = addAttribute(node, "else_branch", onnx::AttributeProto::GRAPH)->mutable_g();
  addNode(otherwise->mutable_node(), "Neg", {"x"}, {"n"});
  otherwise->add_output()->set_name("n");
  auto *then = addAttribute(node, "then_branch", onnx::AttributeProto::GRAPH)->mutable_g();
  then->add_output()->set_name("x");
  ASSERT_TRUE(m.import()) << m.errors;
  rec::OnnxOp op = m.find("If");
  ASSERT_EQ(op.getSubgraphs().size(), 2u);
  EXPECT_EQ(op.getSubgraphs()[0].front().getTerminator()->getOperand(0), m.main().getArgument(1));
  EXPECT_EQ(op.getSubgraphs()[1].front().getTerminator()->getOperand(0), m.find("Neg").getResult(0));
}

TEST(Reader, LoopBodiesHaveTypedArguments) {
  Model m;
  m.input("n", {}, Proto::INT64).input("x", {2}).output("y");
  auto *body = addAttribute(m.node("Loop", {"n", "", "x"}, {"y"}), "body", onnx::AttributeProto::GRAPH)->mutable_g();
  body->add_input()->set_name("i");
  body->add_input()->set_name("go");
  body->add_input()->set_name("v");
  addNode(body->mutable_node(), "Identity", {"go"}, {"on"});
  body->add_output()->set_name("on");
  body->add_output()->set_name("v");
  ASSERT_TRUE(m.import()) << m.errors;
  EXPECT_TRUE(contains(m.text(), "(%arg2: tensor<i64>, %arg3: tensor<i1>, %arg4: tensor<2xf32>)")) << m.text();
  EXPECT_TRUE(contains(m.text(), "rec.none")) << m.text();
}

TEST(Reader, FunctionsAreInlined) {
  Model m;
  m.input("x", {2}).output("y");
  auto *import = m.proto.add_opset_import();
  import->set_domain("mine");
  import->set_version(1);
  auto *f = m.proto.add_functions();
  f->set_domain("mine");
  f->set_name("Scaled");
  f->add_input("a");
  f->add_input("absent");
  f->add_output("r");
  f->add_attribute("slope");
  f->add_opset_import()->set_version(16);
  auto *inner = addNode(f->mutable_node(), "LeakyRelu", {"a"}, {"r"}, "act");
  addAttribute(inner, "alpha", onnx::AttributeProto::FLOAT)->set_ref_attr_name("slope");
  auto *call = m.node("Scaled", {"x"}, {"h"}, "first");
  call->set_domain("mine");
  addAttribute(call, "slope", onnx::AttributeProto::FLOAT)->set_f(0.25f);
  auto *second = m.node("Scaled", {"h"}, {"y"}, "second");
  second->set_domain("mine");
  ASSERT_TRUE(m.import()) << m.errors;
  std::string text = m.text();
  EXPECT_TRUE(contains(text, "{attrs = {alpha = 2.500000e-01 : f32}, opset = 16 : i64}")) << text;
  // The second call gives no slope: the node inside has no alpha then.
  EXPECT_TRUE(contains(text, "\"LeakyRelu\"(%1) {opset = 16 : i64}")) << text;
  EXPECT_EQ(m.find("LeakyRelu").getLoc(), NameLoc::get(StringAttr::get(&m.context, "second/act")));
}

TEST(Reader, ValuesWithoutATypeLeaveTheirUsersUnsupported) {
  Model m;
  m.input("words", {2}, Proto::STRING).output("y");
  m.node("StringNormalizer", {"words"}, {"y"});
  ASSERT_TRUE(m.import()) << m.errors;
  EXPECT_TRUE(contains(m.text(), "(none) -> none")) << m.text();
}
