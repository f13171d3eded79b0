//===- ReductionTest.cpp - Reductions, norms and orders in the evaluator ------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//

#include "test/unit/reference/Harness.h"

using namespace reckon::reference;

static Tensor x23() { return f32({2, 3}, {1, -2, 3, 4, 5, -6}); }
static const char *t23 = "tensor<2x3xf32>";

TEST(Reduce, EveryKind) {
  const std::pair<const char *, Floats> cases[] = {{"sum", {2, 3}},
                                                   {"mean", {2.0 / 3, 1}},
                                                   {"max", {3, 5}},
                                                   {"min", {-2, -6}},
                                                   {"prod", {-6, -120}},
                                                   {"l1", {6, 15}},
                                                   {"l2", {std::sqrt(14), std::sqrt(77)}},
                                                   {"sum_square", {14, 77}},
                                                   {"log_sum", {std::log(2), std::log(3)}},
                                                   {"log_sum_exp", {3.1328452337275756, 5.313273897365323}}};
  for (auto &[kind, expected] : cases) {
    SCOPED_TRACE(kind);
    expectFloats(runOp(std::string("rec.reduce ") + kind + " %0 axes [1]", {t23}, {"tensor<2xf32>"}, x23()), expected);
  }
}

TEST(Reduce, AxesAndKeepdims) {
  auto results = runOp("rec.reduce sum %0 axes [0] {keepdims}", {t23}, {"tensor<1x3xf32>"}, x23());
  expectShape(results, {1, 3});
  expectFloats(results, {5, 3, -3});
  expectFloats(runOp("rec.reduce sum %0 axes [0, 1]", {t23}, {"tensor<f32>"}, x23()), {5});
  expectFloats(runOp("rec.reduce sum_square %0 axes []", {t23}, {t23}, x23()), {1, 4, 9, 16, 25, 36});
  expectFloats(runOp("rec.reduce max %0 axes [0, 2]", {"tensor<2x2x2xf32>"}, {"tensor<2xf32>"},
                     f32({2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8})),
               {6, 8});
}

TEST(Reduce, NoElements) {
  const std::pair<const char *, double> cases[] = {
      {"sum", 0}, {"mean", NaN}, {"max", -Inf},     {"min", Inf},      {"prod", 1},
      {"l1", 0},  {"l2", 0},     {"sum_square", 0}, {"log_sum", -Inf}, {"log_sum_exp", -Inf}};
  for (auto [kind, expected] : cases) {
    SCOPED_TRACE(kind);
    expectFloats(
        runOp(std::string("rec.reduce ") + kind + " %0 axes [0]", {"tensor<0xf32>"}, {"tensor<f32>"}, f32({0}, {})),
        {expected});
  }
  auto integer = [](const std::string &kind) {
    return runOp("rec.reduce " + kind + " %0 axes [0]", {"tensor<0xi32>"}, {"tensor<i32>"},
                 ints(ElementKind::I32, {0}, {}));
  };
  expectInts(integer("max"), {INT32_MIN});
  expectInts(integer("min"), {INT32_MAX});
  expectInts(integer("mean"), {0});
}

TEST(Reduce, NaNAndOverflow) {
  Tensor x = f32({3}, {1, NaN, 2});
  expectFloats(runOp("rec.reduce max %0 axes [0]", {"tensor<3xf32>"}, {"tensor<f32>"}, x), {NaN});
  expectFloats(runOp("rec.reduce min %0 axes [0]", {"tensor<3xf32>"}, {"tensor<f32>"}, x), {NaN});
  expectFloats(runOp("rec.reduce log_sum_exp %0 axes [0]", {"tensor<2xf32>"}, {"tensor<f32>"}, f32({2}, {1000, 1000})),
               {1000 + std::log(2)});
  expectFloats(runOp("rec.reduce log_sum_exp %0 axes [0]", {"tensor<2xf32>"}, {"tensor<f32>"}, f32({2}, {Inf, 1})),
               {Inf});
}

TEST(Reduce, Integers) {
  auto run = [](const std::string &kind, ElementKind element, const std::string &name, Ints values) {
    int64_t count = values.size();
    return runOp("rec.reduce " + kind + " %0 axes [0]", {"tensor<" + std::to_string(count) + "x" + name + ">"},
                 {"tensor<" + name + ">"}, ints(element, {count}, std::move(values)));
  };
  expectInts(run("sum", ElementKind::I8, "i8", {100, 100}), {-56});
  expectInts(run("mean", ElementKind::I32, "i32", {-3, -4}), {-3});
  expectInts(run("l2", ElementKind::I32, "i32", {3, 4}), {5});
  expectInts(run("l1", ElementKind::I32, "i32", {3, -4}), {7});
  expectInts(run("max", ElementKind::U8, "ui8", {1, 200}), {200});
  expectInts(run("max", ElementKind::Bool, "i1", {0, 1, 0}), {1});
  expectInts(run("min", ElementKind::Bool, "i1", {0, 1, 0}), {0});
}

TEST(ArgReduce, TiesAndNaN) {
  auto run = [](const std::string &op, Floats values) {
    int64_t count = values.size();
    return runOp("rec.arg_reduce " + op, {"tensor<" + std::to_string(count) + "xf32>"}, {"tensor<i64>"},
                 f32({count}, std::move(values)));
  };
  expectInts(run("max %0 axis 0", {1, 3, 3}), {1});
  expectInts(run("max %0 axis 0 {select_last}", {1, 3, 3}), {2});
  expectInts(run("min %0 axis 0", {2, 1, 1}), {1});
  expectInts(run("min %0 axis 0 {select_last}", {2, 1, 1}), {2});
  expectInts(run("max %0 axis 0", {1, NaN, Inf, NaN}), {1});
  expectInts(run("min %0 axis 0", {1, NaN, -Inf}), {1});
  expectInts(runOp("rec.arg_reduce max %0 axis 1 {keepdims}", {t23}, {"tensor<2x1xi64>"}, x23()), {2, 1});
  expectInts(runOp("rec.arg_reduce max %0 axis 0", {t23}, {"tensor<3xi64>"}, x23()), {1, 1, 0});
}

TEST(Softmax, AlongAxes) {
  double e = std::exp(1.0);
  Tensor x = f32({2, 2}, {1000, 1001, -5, -5});
  expectFloats(runOp("rec.softmax %0 axis 1", {"tensor<2x2xf32>"}, {"tensor<2x2xf32>"}, x),
               {1 / (1 + e), e / (1 + e), 0.5, 0.5});
  expectFloats(runOp("rec.softmax %0 axis 1 {log}", {"tensor<2x2xf32>"}, {"tensor<2x2xf32>"}, x),
               {-std::log(1 + e), 1 - std::log(1 + e), -std::log(2), -std::log(2)});
  expectFloats(runOp("rec.softmax %0 axis 0", {"tensor<2x1xf32>"}, {"tensor<2x1xf32>"}, f32({2, 1}, {0, 1})),
               {1 / (1 + e), e / (1 + e)});
}

TEST(LayerNorm, ScaleAndBias) {
  double s = std::sqrt(2.0 / 3);
  expectFloats(
      runOp("rec.layer_norm %0 axis 1 epsilon 0.0", {"tensor<1x3xf32>"}, {"tensor<1x3xf32>"}, f32({1, 3}, {1, 2, 3})),
      {-1 / s, 0, 1 / s});
  expectFloats(runOp("rec.layer_norm %0 scale %1 bias %2 axis 1 epsilon 1.0",
                     {"tensor<1x2xf32>", "tensor<2xf32>", "tensor<1xf32>"}, {"tensor<1x2xf32>"},
                     {f32({1, 2}, {0, 2}), f32({2}, {2, 3}), f32({1}, {10})}),
               {10 - 2 / std::sqrt(2), 10 + 3 / std::sqrt(2)});
  expectFloats(
      runOp("rec.layer_norm %0 axis 0 epsilon 0.0", {"tensor<2x1xf32>"}, {"tensor<2x1xf32>"}, f32({2, 1}, {3, 5})),
      {-1, 1});
}

TEST(BatchNorm, PerChannel) {
  expectFloats(
      runOp("rec.batch_norm %0, %1, %2, %3, %4 epsilon 1.0",
            {"tensor<1x2x2xf32>", "tensor<2xf32>", "tensor<2xf32>", "tensor<2xf32>", "tensor<2xf32>"},
            {"tensor<1x2x2xf32>"},
            {f32({1, 2, 2}, {1, 2, 3, 4}), f32({2}, {1, 2}), f32({2}, {0, 10}), f32({2}, {1, 3}), f32({2}, {3, 0})}),
      {0, 0.5, 10, 12});
}

TEST(TopK, OrderTiesAndNaN) {
  auto run = [](const std::string &attributes, Floats values, int64_t k) {
    std::string count = std::to_string(values.size()), kept = std::to_string(k);
    int64_t size = values.size();
    return runOp("rec.topk %0 k " + kept + " axis 0 " + attributes, {"tensor<" + count + "xf32>"},
                 {"tensor<" + kept + "xf32>", "tensor<" + kept + "xi64>"}, f32({size}, std::move(values)));
  };
  auto largest = run("", {1, 3, NaN, 3, 2}, 4);
  expectFloats(largest, {NaN, 3, 3, 2});
  expectInts(largest, {2, 1, 3, 4}, 1);
  auto smallest = run("{smallest}", {1, NaN, 1, 0}, 4);
  expectFloats(smallest, {0, 1, 1, NaN});
  expectInts(smallest, {3, 0, 2, 1}, 1);
  expectInts(run("", {1, 2}, 0), {}, 1);
}

TEST(TopK, InnerAxis) {
  auto results = runOp("rec.topk %0 k 1 axis 0", {t23}, {"tensor<1x3xf32>", "tensor<1x3xi64>"}, x23());
  expectFloats(results, {4, 5, 3});
  expectInts(results, {1, 1, 0}, 1);
}

TEST(CumSum, Directions) {
  auto run = [](const std::string &attributes) {
    return runOp("rec.cumsum %0 axis 0 " + attributes, {"tensor<3xf32>"}, {"tensor<3xf32>"}, f32({3}, {1, 2, 4}));
  };
  expectFloats(run(""), {1, 3, 7});
  expectFloats(run("{exclusive}"), {0, 1, 3});
  expectFloats(run("{reverse}"), {7, 6, 4});
  expectFloats(run("{exclusive, reverse}"), {6, 4, 0});
  expectInts(
      runOp("rec.cumsum %0 axis 1", {"tensor<1x2xi8>"}, {"tensor<1x2xi8>"}, ints(ElementKind::I8, {1, 2}, {100, 100})),
      {100, -56});
}
