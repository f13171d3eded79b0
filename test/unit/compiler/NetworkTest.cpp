//===- NetworkTest.cpp - Networks without ONNX --------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "reckon/Network.h"
#include "reckon/Runtime/Runtime.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

using namespace reckon;
using Strings = std::vector<std::string>;

namespace {
std::vector<float> count(size_t numbers) {
  std::vector<float> values(numbers);
  std::iota(values.begin(), values.end(), 0.0f);
  return values;
}

struct Running {
  std::vector<uint8_t> bytes;
  runtime::Engine engine;
  runtime::Context context;

  explicit Running(Network &network, const std::vector<ReckonTableBinding> &bindings = {}) {
    EXPECT_TRUE(network.compile(bytes)) << network.error();
    runtime::Status failed = engine.openMemory(bytes.data(), bytes.size(), bindings);
    EXPECT_FALSE(failed) << failed.message;
    failed = context.create(engine, 1);
    EXPECT_FALSE(failed) << failed.message;
  }
  std::vector<float> floats(size_t output) const {
    ReckonTensor tensor = context.output(output);
    auto *begin = static_cast<const float *>(tensor.data);
    return {begin, begin + tensor.bytes / 4};
  }
  void run() {
    runtime::Status failed = context.run();
    ASSERT_FALSE(failed) << failed.message;
  }
};

TEST(Network, LookupsOfOneTableShareIt) {
  Network network;
  std::vector<float> rows = count(12);
  Table table = {"emb", 4, 3, rows.data()};
  Tensor ids = network.addInput("ids", DataType::I32, {"batch"});
  Tensor bags = network.addInput("bags", DataType::I64, {"batch", 2});
  Tensor flat = network.addInput("flat", DataType::I64, {"ids"});
  Tensor offsets = network.addInput("offsets", DataType::I64, {"batch"});
  network.markOutput(network.addEmbedding("row", table, ids));
  network.markOutput(network.addEmbeddingBag("mean", table, bags, Pooling::Mean));
  network.markOutput(network.addEmbeddingBag("max", table, flat, offsets, Pooling::Max), "greatest");
  ASSERT_EQ(network.error(), "");
  Running running(network);
  EXPECT_EQ(running.engine.numTables(), 1u);
  EXPECT_STREQ(running.engine.output(2).name, "greatest");
  const int32_t idValues[] = {3, 0};
  const int64_t bagValues[] = {0, 1, 2, 2}, flatValues[] = {0, 3, 1}, offsetValues[] = {0, 2};
  running.context.setInput("ids", RECKON_I32, {2}, idValues);
  running.context.setInput("bags", RECKON_I64, {2, 2}, bagValues);
  running.context.setInput("flat", RECKON_I64, {3}, flatValues);
  running.context.setInput("offsets", RECKON_I64, {2}, offsetValues);
  running.run();
  EXPECT_EQ(running.floats(0), (std::vector<float>{9, 10, 11, 0, 1, 2}));
  EXPECT_EQ(running.floats(1), (std::vector<float>{1.5, 2.5, 3.5, 6, 7, 8}));
  EXPECT_EQ(running.floats(2), (std::vector<float>{9, 10, 11, 3, 4, 5}));
}

TEST(Network, DenseLayers) {
  Network network;
  std::vector<float> weight = {1, 2, 3, 4}, bias = {10, 20}, ones = {1, 1};
  Weights matrix = {DataType::F32, {2, 2}, weight.data()}, added = {DataType::F32, {2}, bias.data()};
  Tensor x = network.addInput("x", DataType::F32, {"batch", 2});
  Tensor linear = network.addLinear("linear", x, matrix, added);
  network.markOutput(linear);
  network.markOutput(network.addCross("cross", x, x, matrix));
  network.markOutput(network.addInteraction("pairs", {x, linear, x}));
  network.markOutput(network.addInteraction("with_self", {x, linear}, true));
  network.markOutput(network.addMatrixProduct("square", x, network.addTranspose("x_t", x, {1, 0})));
  network.markOutput(
      network.addLayerNorm("norm", x, {DataType::F32, {2}, ones.data()}, {DataType::F32, {2}, bias.data()}, 0));
  network.markOutput(network.addSoftmax("softmax", x));
  ASSERT_EQ(network.error(), "");
  EXPECT_EQ(network.shape(linear), (Strings{"batch", "2"}));
  Running running(network);
  const float values[] = {1, 2};
  running.context.setInput("x", RECKON_F32, {1, 2}, values);
  running.run();
  EXPECT_EQ(running.floats(0), (std::vector<float>{17, 30})); // [1 + 6, 2 + 8] + bias
  EXPECT_EQ(running.floats(1), (std::vector<float>{1 * 7 + 1, 2 * 10 + 2}));
  EXPECT_EQ(running.floats(2), (std::vector<float>{77, 5, 77}));   // (1, 0), (2, 0), (2, 1)
  EXPECT_EQ(running.floats(3), (std::vector<float>{5, 77, 1189})); // (0, 0), (1, 0), (1, 1)
  EXPECT_EQ(running.floats(4), (std::vector<float>{5}));
  EXPECT_EQ(running.floats(5), (std::vector<float>{9, 21}));
  EXPECT_NEAR(running.floats(6)[0], 1 / (1 + std::exp(1.0f)), 1e-6);
}

TEST(Network, ElementsAndAxes) {
  Network network;
  Tensor x = network.addInput("x", DataType::F32, {"batch", 3});
  const float two = 2;
  Tensor scalar = network.addConstant("two", {DataType::F32, {}, &two});
  Tensor doubled = network.addElementwise("doubled", x, scalar, Elementwise::Multiply);
  network.markOutput(network.addActivation("relu", doubled, Activation::Relu));
  network.markOutput(network.addReduction("sum", x, -1, Reduction::Sum));
  network.markOutput(network.addReduction("max", x, 1, Reduction::Max, /*keepsAxis=*/true));
  network.markOutput(network.addConcat("both", {x, doubled}, 1));
  network.markOutput(network.addReshape("flat", x, {Size("batch"), Size(1), Size(3)}));
  TopK best = network.addTopK("best", x, 2);
  network.markOutput(best.values, "values");
  network.markOutput(best.indices, "indices");
  ASSERT_EQ(network.error(), "");
  Running running(network);
  const float values[] = {1, -5, 4};
  running.context.setInput("x", RECKON_F32, {1, 3}, values);
  running.run();
  EXPECT_EQ(running.floats(0), (std::vector<float>{2, 0, 8}));
  EXPECT_EQ(running.floats(1), (std::vector<float>{0}));
  EXPECT_EQ(running.floats(2), (std::vector<float>{4}));
  EXPECT_EQ(running.floats(3), (std::vector<float>{1, -5, 4, 2, -10, 8}));
  EXPECT_EQ(running.context.output(4).rank, 3u);
  EXPECT_EQ(running.floats(5), (std::vector<float>{4, 1}));
  EXPECT_EQ(static_cast<const int64_t *>(running.context.output(6).data)[0], 2);
}

TEST(Network, RowsThatAreBoundWhenTheEngineIsLoaded) {
  Network network;
  Tensor ids = network.addInput("ids", DataType::I64, {"batch"});
  network.markOutput(network.addEmbedding("row", {"emb", 100, 2}, ids));
  std::vector<float> rows = {1, 2, 3, 4};
  ReckonTableBinding binding = RECKON_TABLE_BINDING_INIT;
  binding.table = "emb";
  binding.source = RECKON_TABLE_MEMORY;
  binding.data = rows.data();
  binding.rows = 2;
  Running running(network, {binding});
  const int64_t id = 1;
  running.context.setInput("ids", RECKON_I64, {1}, &id);
  running.run();
  EXPECT_EQ(running.floats(0), (std::vector<float>{3, 4}));
}

TEST(Network, MoreMayBeAddedAfterACompilation) {
  Network network;
  Tensor x = network.addInput("x", DataType::F32, {"batch"});
  network.markOutput(network.addActivation("y", x, Activation::Negate));
  std::vector<uint8_t> first, second, other;
  ASSERT_TRUE(network.compile(first)) << network.error();
  EXPECT_FALSE(network.compile(other, {{"precision", "fp17"}}));
  EXPECT_NE(network.error().find("no precision 'fp17'"), std::string::npos);
  EXPECT_TRUE(other.empty());
  ASSERT_TRUE(network.compile(second)) << network.error();
  EXPECT_EQ(first, second);
  EXPECT_EQ(network.error(), "");
  network.markOutput(network.addActivation("z", x, Activation::Abs));
  Network moved = std::move(network);
  ASSERT_TRUE(moved.compile(other, {{"verify", "true"}})) << moved.error();
  EXPECT_NE(first, other);
}

/// The first error of a network with x [batch, 4] of floats, ids [batch] and a table, after `build`.
template <typename Build> std::string errorOf(Build build) {
  Network network;
  Tensor x = network.addInput("x", DataType::F32, {"batch", 4});
  Tensor ids = network.addInput("ids", DataType::I64, {"batch"});
  build(network, x, ids);
  return network.error();
}

TEST(Network, ErrorsAreOfTheCallInTheCallersNames) {
  std::vector<float> data = count(64);
  auto weights = [&](std::vector<int64_t> shape) { return Weights{DataType::F32, std::move(shape), data.data()}; };
  using N = Network &;
  using T = Tensor;
  EXPECT_EQ(errorOf([&](N n, T x, T) { n.addLinear("fc", x, weights({3, 2})); }),
            "addLinear 'fc': the weight is f32[3, 2]: axis 0 must be 4, as x 'x' is f32[batch, 4]");
  EXPECT_EQ(errorOf([&](N n, T x, T) { n.addLinear("fc", x, weights({4, 2}), weights({3})); }),
            "addLinear 'fc': the bias is f32[3]: axis 0 must be 2, as the weight has columns");
  EXPECT_EQ(errorOf([&](N n, T x, T) { n.addLinear("fc", x, {}); }), "addLinear 'fc': there is no weight");
  EXPECT_EQ(errorOf([&](N n, T x, T) { n.addLinear("fc", x, {DataType::F32, {4, 2}, nullptr}); }),
            "addLinear 'fc': the weight has a shape and no data");
  EXPECT_EQ(errorOf([&](N n, T x, T) { n.addLinear("fc", x, {DataType::F16, {4, 2}, data.data()}); }),
            "addLinear 'fc': the weight is f16[4, 2], x 'x' is f32[batch, 4]: the types differ");
  EXPECT_EQ(errorOf([&](N n, T, T ids) { n.addLinear("fc", ids, weights({4, 2})); }),
            "addLinear 'fc': x 'ids' is i64[batch]: floats were expected");
  EXPECT_EQ(errorOf([&](N n, T x, T) { n.addEmbedding("row", {"emb", 4, 3, data.data()}, x); }),
            "addEmbedding 'row': ids 'x' is f32[batch, 4]: integers of 32 or 64 bits were expected");
  EXPECT_EQ(errorOf([&](N n, T, T) {
              T wide = n.addInput("wide", DataType::I64, std::vector<Size>(8, 2));
              n.addEmbedding("row", {"emb", 4, 3, data.data()}, wide);
            }),
            "addEmbedding 'row': a shape of 9 sizes; there are at most 8");
  EXPECT_EQ(errorOf([&](N n, T, T ids) { n.addEmbedding("row", {"", 4, 3, data.data()}, ids); }),
            "addEmbedding 'row': the table has no name");
  EXPECT_EQ(errorOf([&](N n, T, T ids) { n.addEmbedding("row", {"emb", 0, 3, data.data()}, ids); }),
            "addEmbedding 'row': the table 'emb' is 0 x 3");
  EXPECT_EQ(errorOf([&](N n, T, T ids) {
              n.addEmbedding("one", {"emb", 4, 3, data.data()}, ids);
              n.addEmbedding("two", {"emb", 5, 3, data.data()}, ids);
            }),
            "addEmbedding 'two': there is another table 'emb', of 4 x 3");
  EXPECT_EQ(errorOf([&](N n, T, T ids) { n.addEmbeddingBag("bag", {"emb", 4, 3, data.data()}, ids, Pooling::Sum); }),
            "addEmbeddingBag 'bag': ids 'ids' is i64[batch]: 2 sizes were expected");
  EXPECT_EQ(errorOf([&](N n, T x, T ids) { n.addConcat("all", {x, ids}, 1); }),
            "addConcat 'all': tensor 1 'ids' is i64[batch]: 2 sizes were expected");
  EXPECT_EQ(errorOf([&](N n, T x, T) { n.addConcat("all", {x, n.addInput("y", DataType::F32, {"n", 4})}, 1); }),
            "addConcat 'all': tensor 1 'y' is f32[n, 4]: axis 0 must be batch, as tensor 0 'x' is f32[batch, 4]");
  EXPECT_EQ(errorOf([&](N n, T x, T) { n.addConcat("all", {x}, 2); }),
            "addConcat 'all': tensor 0 'x' is f32[batch, 4]: there is no axis 2");
  EXPECT_EQ(errorOf([&](N n, T x, T) { n.addInteraction("pairs", {x}); }),
            "addInteraction 'pairs': there are pairs of two features or more");
  EXPECT_EQ(
      errorOf([&](N n, T x, T) {
        n.addElementwise("sum", x, n.addInput("y", DataType::F32, {"batch", 3}), Elementwise::Add);
      }),
      "addElementwise 'sum': a 'x' is f32[batch, 4], b 'y' is f32[batch, 3]: sizes must be equal, or one of them 1; "
      "equal dimensions have equal names");
  EXPECT_EQ(errorOf([&](N n, T x, T) { n.addTopK("best", x, 5); }),
            "addTopK 'best': x 'x' is f32[batch, 4]: there are no 5 greatest along axis 1");
  EXPECT_EQ(errorOf([&](N n, T x, T) { n.addTopK("best", x, 0); }), "addTopK 'best': a k of 0, expected 1 or more");
  EXPECT_EQ(errorOf([&](N n, T x, T) { n.addReshape("flat", x, {"batch", 5}); }),
            "addReshape 'flat': x 'x' is f32[batch, 4]: [batch, 5] has another number of elements");
  EXPECT_EQ(errorOf([&](N n, T x, T) { n.addTranspose("t", x, {0, 0}); }),
            "addTranspose 't': each axis of x must be there once");
  EXPECT_EQ(errorOf([&](N n, T x, T) { n.addActivation("a", x, static_cast<Activation>(99)); }),
            "addActivation 'a': there is no activation 99");
  EXPECT_EQ(errorOf([&](N n, T, T) { n.addInput("x", DataType::F32, {1}); }),
            "addInput 'x': there is a layer of that name");
  EXPECT_EQ(errorOf([&](N n, T, T) { n.addInput("z", DataType::F32, {"rows:emb"}); }).substr(0, 61),
            "addInput 'z': a dimension cannot be called 'rows:emb': names ");
  EXPECT_EQ(errorOf([&](N n, T, T) { n.addInput("z", static_cast<DataType>(-1), {1}); }),
            "addInput 'z': there is no type of elements -1");
  EXPECT_EQ(errorOf([&](N n, T, T) { n.addInput("z", DataType::F32, {int64_t(1) << 40, int64_t(1) << 40}); }),
            "addInput 'z': a tensor of more than 2^48 elements");
  EXPECT_EQ(errorOf([&](N n, T x, T) {
              n.markOutput(x);
              n.markOutput(x);
            }),
            "markOutput '': there is an output 'x'; give this one another name");
  EXPECT_EQ(errorOf([&](N n, T, T) {
              std::vector<uint8_t> engine;
              EXPECT_FALSE(n.compile(engine));
            }),
            "compile: no output is marked");
}

TEST(Network, TheFirstReasonStays) {
  Network network, other;
  Tensor x = network.addInput("x", DataType::F32, {"batch", 4});
  EXPECT_FALSE(network.addActivation("a", Tensor(), Activation::Relu));
  EXPECT_EQ(network.error(), "addActivation 'a': x is no tensor");
  EXPECT_FALSE(network.addActivation("b", x, Activation::Relu));
  EXPECT_FALSE(network.markOutput(x));
  std::vector<uint8_t> engine;
  EXPECT_FALSE(network.compile(engine));
  EXPECT_EQ(network.error(), "addActivation 'a': x is no tensor");
  EXPECT_FALSE(other.addActivation("a", x, Activation::Relu));
  EXPECT_EQ(other.error(), "addActivation 'a': x is a tensor of another network");
  EXPECT_TRUE(other.shape(x).empty());
}
} // namespace
