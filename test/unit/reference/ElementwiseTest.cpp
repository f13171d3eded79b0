//===- ElementwiseTest.cpp - Elementwise ops in the evaluator -----------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//

#include "test/unit/reference/Harness.h"

using namespace reckon::reference;

static llvm::SmallVector<Tensor> unary(const std::string &kind, Floats values) {
  std::string type = "tensor<" + std::to_string(values.size()) + "xf32>";
  int64_t count = values.size();
  return runOp("rec.unary " + kind + " %0", {type}, {type}, f32({count}, std::move(values)));
}
static llvm::SmallVector<Tensor> unaryInt(const std::string &kind, ElementKind element, const std::string &name,
                                          Ints values) {
  std::string type = "tensor<" + std::to_string(values.size()) + "x" + name + ">";
  int64_t count = values.size();
  return runOp("rec.unary " + kind + " %0", {type}, {type}, ints(element, {count}, std::move(values)));
}

TEST(Unary, FunctionsOfThatName) {
  double x = 0.3;
  const std::pair<const char *, double> cases[] = {
      {"abs", 0.3},
      {"acos", 1.2661036727794992},
      {"asin", 0.3046926540153975},
      {"asinh", 0.29567304756342244},
      {"atan", 0.2914567944778671},
      {"atanh", 0.3095196042031118},
      {"ceil", 1},
      {"cos", 0.955336489125606},
      {"cosh", 1.0453385141288605},
      {"erf", 0.3286267594591274},
      {"exp", 1.3498588075760032},
      {"floor", 0},
      {"log", -1.203972804325936},
      {"neg", -0.3},
      {"reciprocal", 1 / x},
      {"rsqrt", 1.8257418583505538},
      {"sin", 0.2955202066613396},
      {"sinh", 0.3045202934471426},
      {"sqrt", 0.5477225575051661},
      {"tan", 0.30933624960962325},
      {"tanh", 0.2913126124515909},
  };
  for (auto [kind, expected] : cases) {
    SCOPED_TRACE(kind);
    expectFloats(unary(kind, {x}), {expected});
  }
  expectFloats(unary("acosh", {1.3}), {0.7564329108569596});
}

TEST(Unary, DefinedByTheDialect) {
  expectFloats(unary("relu", {-1, 2, NaN}), {0, 2, NaN});
  expectFloats(unary("gelu", {1, -1, 0}), {0.8413447460685429, -0.15865525393145707, 0});
  expectFloats(unary("gelu_tanh", {1, -1}), {0.8411919906082768, -0.15880800939172324});
  expectFloats(unary("silu", {1, -100, 100}), {0.7310585786300049, -100 / (1 + std::exp(100)), 100});
  expectFloats(unary("mish", {1, 50}), {0.8650983882673103, 50});
  expectFloats(unary("hard_swish", {-4, 1, 4}), {0, 2.0 / 3, 4});
  expectFloats(unary("softsign", {1, -3}), {0.5, -0.75});
  expectFloats(unary("softplus", {0, 1000, -1000}), {0.6931471805599453, 1000, 0});
  expectFloats(unary("sigmoid", {0, 1000, -1000}), {0.5, 1, 0});
  expectFloats(unary("round", {0.5, 1.5, 2.5, -0.5, -1.2}), {0, 2, 2, 0, -1});
  expectFloats(unary("sign", {-2, 0, 3, NaN}), {-1, 0, 1, NaN});
}

TEST(Unary, Booleans) {
  Tensor x = f32({4}, {1, NaN, Inf, -Inf});
  expectInts(runOp("rec.unary is_nan %0", {"tensor<4xf32>"}, {"tensor<4xi1>"}, x), {0, 1, 0, 0});
  expectInts(runOp("rec.unary is_inf %0", {"tensor<4xf32>"}, {"tensor<4xi1>"}, x), {0, 0, 1, 1});
  expectInts(unaryInt("logical_not", ElementKind::Bool, "i1", {0, 1}), {1, 0});
}

TEST(Unary, IntegersWrap) {
  expectInts(unaryInt("abs", ElementKind::I8, "i8", {-128, -3, 4}), {-128, 3, 4});
  expectInts(unaryInt("neg", ElementKind::I8, "i8", {-128, 5}), {-128, -5});
  expectInts(unaryInt("sign", ElementKind::I32, "i32", {-7, 0, 7}), {-1, 0, 1});
  expectInts(unaryInt("relu", ElementKind::I32, "i32", {-7, 7}), {0, 7});
  expectInts(unaryInt("bitwise_not", ElementKind::U8, "ui8", {0, 255, 1}), {255, 0, 254});
}

static llvm::SmallVector<Tensor> binary(const std::string &kind, Floats a, Floats b) {
  std::string type = "tensor<" + std::to_string(a.size()) + "xf32>";
  int64_t count = a.size();
  return runOp("rec.binary " + kind + " %0, %1", {type, type}, {type},
               {f32({count}, std::move(a)), f32({count}, std::move(b))});
}
static llvm::SmallVector<Tensor> binaryInt(const std::string &kind, ElementKind element, const std::string &name,
                                           Ints a, Ints b) {
  std::string type = "tensor<" + std::to_string(a.size()) + "x" + name + ">";
  int64_t count = a.size();
  return runOp("rec.binary " + kind + " %0, %1", {type, type}, {type},
               {ints(element, {count}, std::move(a)), ints(element, {count}, std::move(b))});
}

TEST(Binary, Floats) {
  expectFloats(binary("add", {1, 2}, {3, 4}), {4, 6});
  expectFloats(binary("sub", {1, 2}, {3, 5}), {-2, -3});
  expectFloats(binary("mul", {3, 2}, {3, 4}), {9, 8});
  expectFloats(binary("div", {1, 1, 0}, {4, 0, 0}), {0.25, Inf, NaN});
  expectFloats(binary("max", {1, NaN, 3}, {2, 1, NaN}), {2, NaN, NaN});
  expectFloats(binary("min", {1, NaN, 3}, {2, 1, NaN}), {1, NaN, NaN});
  expectFloats(binary("pow", {2, 9, -2}, {3, 0.5, 3}), {8, 3, -8});
  expectFloats(binary("mod", {7, -7, 7, -7}, {3, 3, -3, -3}), {1, 2, -2, -1});
  expectFloats(binary("fmod", {7, -7, 7, -7}, {3, 3, -3, -3}), {1, -1, 1, -1});
}

TEST(Binary, Integers) {
  expectInts(binaryInt("add", ElementKind::I8, "i8", {127, 1}, {1, 1}), {-128, 2});
  expectInts(binaryInt("sub", ElementKind::U8, "ui8", {0, 3}, {1, 1}), {255, 2});
  expectInts(binaryInt("mul", ElementKind::I32, "i32", {1 << 30, 3}, {4, -3}), {0, -9});
  expectInts(binaryInt("div", ElementKind::I32, "i32", {-7, 7, 5, INT32_MIN}, {2, -2, 0, -1}), {-3, -3, 0, INT32_MIN});
  expectInts(binaryInt("mod", ElementKind::I32, "i32", {-7, 7, 5}, {3, -3, 5}), {2, -2, 0});
  expectInts(binaryInt("fmod", ElementKind::I32, "i32", {-7, 7}, {3, -3}), {-1, 1});
  expectInts(binaryInt("max", ElementKind::U8, "ui8", {200, 1}, {100, 2}), {200, 2});
  expectInts(binaryInt("min", ElementKind::I8, "i8", {-56, 1}, {100, 2}), {-56, 1});
  expectInts(binaryInt("pow", ElementKind::I32, "i32", {3, 2, -1, 2}, {4, 32, -3, -1}), {81, 0, -1, 0});
  expectInts(binaryInt("bitwise_and", ElementKind::I32, "i32", {12}, {10}), {8});
  expectInts(binaryInt("bitwise_or", ElementKind::I32, "i32", {12}, {10}), {14});
  expectInts(binaryInt("bitwise_xor", ElementKind::I32, "i32", {12}, {10}), {6});
  expectInts(binaryInt("shift_left", ElementKind::U8, "ui8", {129, 1, 1}, {1, 8, 200}), {2, 0, 0});
  expectInts(binaryInt("shift_right", ElementKind::U8, "ui8", {129, 255}, {1, 8}), {64, 0});
  expectInts(binaryInt("logical_and", ElementKind::Bool, "i1", {0, 1, 1}, {1, 0, 1}), {0, 0, 1});
  expectInts(binaryInt("logical_or", ElementKind::Bool, "i1", {0, 1, 0}, {1, 0, 0}), {1, 1, 0});
  expectInts(binaryInt("logical_xor", ElementKind::Bool, "i1", {0, 1, 1}, {1, 0, 1}), {1, 1, 0});
}

TEST(Binary, MixedPowAndBroadcast) {
  expectFloats(runOp("rec.binary pow %0, %1", {"tensor<2xf32>", "tensor<2xi64>"}, {"tensor<2xf32>"},
                     {f32({2}, {1.5, 2}), i64({2}, {2, -1})}),
               {2.25, 0.5});
  expectInts(runOp("rec.binary pow %0, %1", {"tensor<2xi64>", "tensor<2xf32>"}, {"tensor<2xi64>"},
                   {i64({2}, {9, 2}), f32({2}, {0.5, 3})}),
             {3, 8});
  expectFloats(runOp("rec.binary sub %0, %1", {"tensor<2x1xf32>", "tensor<3xf32>"}, {"tensor<2x3xf32>"},
                     {f32({2, 1}, {10, 20}), f32({3}, {1, 2, 3})}),
               {9, 8, 7, 19, 18, 17});
}

TEST(Compare, EveryKindAndNaN) {
  const std::pair<const char *, Ints> cases[] = {{"eq", {0, 1, 0, 0}}, {"ne", {1, 0, 1, 1}}, {"lt", {1, 0, 0, 0}},
                                                 {"le", {1, 1, 0, 0}}, {"gt", {0, 0, 1, 0}}, {"ge", {0, 1, 1, 0}}};
  for (auto &[kind, expected] : cases) {
    SCOPED_TRACE(kind);
    expectInts(runOp(std::string("rec.compare ") + kind + " %0, %1", {"tensor<4xf32>", "tensor<4xf32>"},
                     {"tensor<4xi1>"}, {f32({4}, {1, 2, 3, NaN}), f32({4}, {2, 2, 2, 2})}),
               expected);
  }
  // 255 is not less than 1 when it is unsigned.
  expectInts(runOp("rec.compare lt %0, %1", {"tensor<1xui64>", "tensor<1xui64>"}, {"tensor<1xi1>"},
                   {ints(ElementKind::U64, {1}, {-1}), ints(ElementKind::U64, {1}, {1})}),
             {0});
}

TEST(Select, Broadcasts) {
  expectFloats(runOp("rec.select %0, %1, %2", {"tensor<2x1xi1>", "tensor<2xf32>", "tensor<f32>"}, {"tensor<2x2xf32>"},
                     {ints(ElementKind::Bool, {2, 1}, {1, 0}), f32({2}, {1, 2}), f32({}, {9})}),
               {1, 2, 9, 9});
}

TEST(Cast, RoundsAndTruncates) {
  expectInts(runOp("rec.cast %0", {"tensor<3xf32>"}, {"tensor<3xi32>"}, f32({3}, {1.9, -1.9, 7})), {1, -1, 7});
  expectInts(runOp("rec.cast %0", {"tensor<3xi64>"}, {"tensor<3xi8>"}, i64({3}, {300, -129, 5})), {44, 127, 5});
  expectInts(runOp("rec.cast %0", {"tensor<3xf32>"}, {"tensor<3xi1>"}, f32({3}, {0, 0.5, NaN})), {0, 1, 1});
  expectFloats(runOp("rec.cast %0", {"tensor<2xi1>"}, {"tensor<2xf32>"}, ints(ElementKind::Bool, {2}, {0, 1})), {0, 1});
  // Halfway between two neighbours: ties to even.
  expectFloats(runOp("rec.cast %0", {"tensor<3xf32>"}, {"tensor<3xf16>"}, f32({3}, {2049, 2051, 1e6})),
               {2048, 2052, Inf});
  expectFloats(runOp("rec.cast %0", {"tensor<2xf32>"}, {"tensor<2xbf16>"}, f32({2}, {257, 259})), {256, 260});
  expectFloats(runOp("rec.cast %0", {"tensor<1xi64>"}, {"tensor<1xf32>"}, i64({1}, {16777217})), {16777216});
}
