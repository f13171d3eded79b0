//===- EvaluatorTest.cpp - Functions, fusions and dimensions in the evaluator --===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------===//

#include "lib/Reference/Expectation.h"
#include "test/unit/reference/Harness.h"

using namespace reckon::reference;

TEST(Evaluator, FusionAndJoin) {
  Function function(R"(
    func.func @f(%x: tensor<2x2xf32>, %w: tensor<2x1xf32>) -> tensor<2x3xf32> {
      %0 = rec.fusion gemm rows [true, false] (%x, %w) : (tensor<2x2xf32>, tensor<2x1xf32>) -> tensor<2x1xf32> {
      ^bb0(%a: tensor<2x2xf32>, %b: tensor<2x1xf32>):
        %1 = rec.linear %a, %b : (tensor<2x2xf32>, tensor<2x1xf32>) -> tensor<2x1xf32>
        %2 = rec.unary relu %1 : (tensor<2x1xf32>) -> tensor<2x1xf32>
        rec.yield %2 : tensor<2x1xf32>
      }
      %3 = rec.fusion rows rows [true] (%x) : (tensor<2x2xf32>) -> tensor<2x2xf32> {
      ^bb0(%a: tensor<2x2xf32>):
        %4 = rec.unary neg %a : (tensor<2x2xf32>) -> tensor<2x2xf32>
        rec.yield %4 : tensor<2x2xf32>
      }
      %5 = rec.join %0, %3 axis 1 : (tensor<2x1xf32>, tensor<2x2xf32>) -> tensor<2x3xf32>
      return %5 : tensor<2x3xf32>
    })");
  expectFloats(function.run({f32({2, 2}, {1, 2, 3, -4}), f32({2, 1}, {1, 1})}), {3, -1, -2, 0, -3, 4});
}

static const char *twoInputs = R"(
  func.func @f(%x: tensor<?x?xf32, #rec.dims<"2*batch", "batch">>, %y: tensor<?xf32, #rec.dims<"seq+1">>)
      -> tensor<3xi64> {
    %r = rec.dims <"batch", "seq", "batch*seq"> : tensor<3xi64>
    return %r : tensor<3xi64>
  })";

TEST(Evaluator, BindsDimensions) {
  Function function(twoInputs);
  expectInts(function.run({Tensor(ElementKind::F32, {6, 3}), Tensor(ElementKind::F32, {5})}), {3, 4, 12});
  EXPECT_TRUE(function.run({Tensor(ElementKind::F32, {5, 3}), Tensor(ElementKind::F32, {5})}).empty());
  EXPECT_NE(function.error.find("input 0 has shape [5, 3]"), std::string::npos) << function.error;
  EXPECT_TRUE(function.run({Tensor(ElementKind::F32, {6, 3})}).empty());
  EXPECT_TRUE(function.run({Tensor(ElementKind::F32, {6}), Tensor(ElementKind::F32, {5})}).empty());
}

TEST(Evaluator, SaysWhichOpHasNoEvaluation) {
  Function function(R"(
    func.func @f(%x: tensor<2xf32>) -> tensor<2xf32> {
      %r = rec.onnx "Magic"(%x) {attrs = {}, domain = "", opset = 17 : i64} : (tensor<2xf32>) -> tensor<2xf32>
      return %r : tensor<2xf32>
    })");
  EXPECT_TRUE(function.run(f32({2}, {1, 2})).empty());
  EXPECT_NE(function.error.find("rec.onnx"), std::string::npos) << function.error;
}

TEST(Evaluator, NotesNearTies) {
  Function function(R"(
    func.func @f(%x: tensor<3x3xf32>) -> (tensor<3x2xf32>, tensor<3x2xi64>) {
      %v, %i = rec.topk %x k 2 axis 1 : (tensor<3x3xf32>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
      return %v, %i : tensor<3x2xf32>, tensor<3x2xi64>
    })");
  Ties ties;
  ties.rtol = 1e-6;
  // The last row ties the second element with the first one left out; row 1 ties exactly, in values float holds.
  function.run(f32({3, 3}, {1, 2, 3, 5, 5, 1, 4, 1, 1 + 1e-8}), {&ties, nullptr});
  EXPECT_EQ(ties.rows, std::set<int64_t>{2});
}

TEST(Evaluator, NoiseShowsCancellation) {
  Function function(R"(
    func.func @f(%x: tensor<1x2xf32>, %w: tensor<2x1xf32>) -> tensor<1x1xf32> {
      %r = rec.linear %x, %w : (tensor<1x2xf32>, tensor<2x1xf32>) -> tensor<1x1xf32>
      return %r : tensor<1x1xf32>
    })");
  llvm::SmallVector<Tensor> inputs = {f32({1, 2}, {1e6, 1e6}), f32({2, 1}, {1, -1})};
  expectFloats(function.run(inputs), {0});
  Noise noise(std::mt19937_64::default_seed);
  auto noisy = function.run(inputs, {nullptr, &noise});
  ASSERT_EQ(noisy.size(), 1u);
  double error = std::fabs(noisy[0].floatAt(0));
  EXPECT_GT(error, 0);
  EXPECT_LT(error, 4 * 1e6 * 0x1p-23);
}

TEST(Tensor, BytesRoundTrip) {
  const std::pair<ElementKind, Ints> integers[] = {
      {ElementKind::I8, {-128, 127}},     {ElementKind::U8, {0, 255}},        {ElementKind::I16, {-32768, 1}},
      {ElementKind::U16, {65535, 1}},     {ElementKind::I32, {INT32_MIN, 1}}, {ElementKind::U32, {UINT32_MAX, 1}},
      {ElementKind::I64, {INT64_MIN, 1}}, {ElementKind::Bool, {1, 0}}};
  for (auto &[kind, values] : integers) {
    std::vector<char> bytes = Tensor::fromInts(kind, {2}, values).toBytes();
    EXPECT_EQ(bytes.size(), 2 * elementSize(kind));
    EXPECT_EQ(Tensor::fromBytes(kind, {2}, bytes.data()).ints(), llvm::ArrayRef<int64_t>(values)) << int(kind);
  }
  for (ElementKind kind : {ElementKind::F16, ElementKind::BF16, ElementKind::F32, ElementKind::F64}) {
    std::vector<char> bytes = Tensor::fromFloats(kind, {2}, {-0.5, 96}).toBytes();
    EXPECT_EQ(Tensor::borrow(kind, {2}, bytes.data()).floats(), llvm::ArrayRef<double>({-0.5, 96})) << int(kind);
  }
}

TEST(Expectation, ToleratesWhatRoundingDoesAndNoMore) {
  Function function(R"(
    func.func @f(%x: tensor<1x2xf32>, %w: tensor<2x1xf32>) -> tensor<1x1xf32> {
      %r = rec.linear %x, %w : (tensor<1x2xf32>, tensor<2x1xf32>) -> tensor<1x1xf32>
      return %r : tensor<1x1xf32>
    })");
  // Terms of 1e6 that cancel: a result off by some of their rounding is right, one off by 1e-3 of them is not.
  auto canceling =
      computeExpectation(function.func, {f32({1, 2}, {1e6, 1e6}), f32({2, 1}, {1, -1})}, {}, &function.error);
  ASSERT_TRUE(mlir::succeeded(canceling)) << function.error;
  EXPECT_TRUE(canceling->check(0, f32({1, 1}, {0.1}), {}).isMatch());
  EXPECT_FALSE(canceling->check(0, f32({1, 1}, {1000}), {}).isMatch());
  EXPECT_TRUE(canceling->isIllConditioned(0));

  auto plain = computeExpectation(function.func, {f32({1, 2}, {1, 1}), f32({2, 1}, {1, 1})}, {}, &function.error);
  ASSERT_TRUE(mlir::succeeded(plain)) << function.error;
  EXPECT_TRUE(plain->check(0, f32({1, 1}, {2 + 1e-5}), {}).isMatch());
  EXPECT_FALSE(plain->check(0, f32({1, 1}, {2 + 1e-4}), {}).isMatch());
  EXPECT_FALSE(plain->isIllConditioned(0));
}
