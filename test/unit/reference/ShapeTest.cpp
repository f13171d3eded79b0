//===- ShapeTest.cpp - Moving elements, in the evaluator ----------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//

#include "test/unit/reference/Harness.h"

using namespace reckon::reference;

static Tensor x23() { return f32({2, 3}, {1, 2, 3, 4, 5, 6}); }
static const char *t23 = "tensor<2x3xf32>";

TEST(Concat, BothAxes) {
  expectFloats(
      runOp("rec.concat %0, %1 axis 1", {t23, "tensor<2x1xf32>"}, {"tensor<2x4xf32>"}, {x23(), f32({2, 1}, {8, 9})}),
      {1, 2, 3, 8, 4, 5, 6, 9});
  expectFloats(
      runOp("rec.concat %0, %1 axis 0", {t23, "tensor<1x3xf32>"}, {"tensor<3x3xf32>"}, {x23(), f32({1, 3}, {7, 8, 9})}),
      {1, 2, 3, 4, 5, 6, 7, 8, 9});
  expectFloats(runOp("rec.concat %0, %1 axis 1", {t23, "tensor<2x0xf32>"}, {t23}, {x23(), f32({2, 0}, {})}),
               {1, 2, 3, 4, 5, 6});
}

TEST(Slice, StepsBothWays) {
  expectFloats(runOp("rec.slice %0 starts <0, 2> sizes <2, 2> steps [1, -2]", {t23}, {"tensor<2x2xf32>"}, x23()),
               {3, 1, 6, 4});
  expectFloats(runOp("rec.slice %0 starts <1, 0> sizes <1, 0> steps [1, 1]", {t23}, {"tensor<1x0xf32>"}, x23()), {});
}

TEST(Slice, NamedDimensions) {
  Function function("func.func @f(%x: tensor<?xf32, #rec.dims<\"n\">>) -> tensor<?xf32, #rec.dims<\"n-1\">> {\n"
                    "  %r = rec.slice %x starts <1> sizes <\"n-1\"> steps [1]\n"
                    "    : (tensor<?xf32, #rec.dims<\"n\">>) -> tensor<?xf32, #rec.dims<\"n-1\">>\n"
                    "  return %r : tensor<?xf32, #rec.dims<\"n-1\">>\n}");
  expectFloats(function.run(f32({4}, {1, 2, 3, 4})), {2, 3, 4});
  expectFloats(function.run(f32({1}, {1})), {});
  EXPECT_TRUE(function.run(f32({0}, {})).empty());
  EXPECT_NE(function.error.find("the size n-1 is -1"), std::string::npos) << function.error;
}

TEST(Reshape, KeepsOrder) {
  auto results = runOp("rec.reshape %0", {t23}, {"tensor<3x2x1xf32>"}, x23());
  expectShape(results, {3, 2, 1});
  expectFloats(results, {1, 2, 3, 4, 5, 6});
}

TEST(Reshape, OneUnknownSize) {
  Function function("func.func @f(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {\n"
                    "  %r = rec.reshape %x : (tensor<?x4xf32>) -> tensor<?x2xf32>\n"
                    "  return %r : tensor<?x2xf32>\n}");
  expectShape(function.run(f32({1, 4}, {1, 2, 3, 4})), {2, 2});
}

TEST(Transpose, Permutes) {
  expectFloats(runOp("rec.transpose %0 perm [1, 0]", {t23}, {"tensor<3x2xf32>"}, x23()), {1, 4, 2, 5, 3, 6});
  expectFloats(runOp("rec.transpose %0 perm [2, 0, 1]", {"tensor<1x2x3xf32>"}, {"tensor<3x1x2xf32>"},
                     f32({1, 2, 3}, {1, 2, 3, 4, 5, 6})),
               {1, 4, 2, 5, 3, 6});
}

TEST(Broadcast, Repeats) {
  expectFloats(runOp("rec.broadcast %0", {"tensor<2x1xf32>"}, {"tensor<2x2x2xf32>"}, f32({2, 1}, {1, 2})),
               {1, 1, 2, 2, 1, 1, 2, 2});
  expectFloats(runOp("rec.broadcast %0", {"tensor<f32>"}, {"tensor<2xf32>"}, f32({}, {7})), {7, 7});
}

TEST(Pad, Constant) {
  expectFloats(runOp("rec.pad %0, %1 low [1, 0] high [0, 1]", {"tensor<1x2xf32>", "tensor<f32>"}, {"tensor<2x3xf32>"},
                     {f32({1, 2}, {1, 2}), f32({}, {9})}),
               {9, 9, 9, 1, 2, 9});
}

TEST(Iota, Counts) {
  Function function("func.func @f() -> (tensor<2x3xi64>, tensor<3xf32>) {\n"
                    "  %a = rec.iota axis 1 start 5.0 step -1.0 : tensor<2x3xi64>\n"
                    "  %b = rec.iota axis 0 start 0.5 step 0.25 : tensor<3xf32>\n"
                    "  return %a, %b : tensor<2x3xi64>, tensor<3xf32>\n}");
  auto results = function.run({});
  expectInts(results, {5, 4, 3, 5, 4, 3});
  expectFloats(results, {0.5, 0.75, 1}, 0, 1);
}

TEST(Constant, EveryElementType) {
  Function function("func.func @f() -> (tensor<3xi1>, tensor<2xf16>, tensor<2xui8>, tensor<2x2xi64>) {\n"
                    "  %a = rec.constant dense<[true, false, true]> : tensor<3xi1>\n"
                    "  %b = rec.constant dense<[0.5, -2.0]> : tensor<2xf16>\n"
                    "  %c = rec.constant dense<[255, 1]> : tensor<2xui8>\n"
                    "  %d = rec.constant \"splat\" = dense<-3> : tensor<2x2xi64>\n"
                    "  return %a, %b, %c, %d : tensor<3xi1>, tensor<2xf16>, tensor<2xui8>, tensor<2x2xi64>\n}");
  auto results = function.run({});
  expectInts(results, {1, 0, 1});
  expectFloats(results, {0.5, -2}, 0, 1);
  expectInts(results, {255, 1}, 2);
  expectInts(results, {-3, -3, -3, -3}, 3);
}

TEST(Dims, Sizes) {
  Function function("func.func @f(%x: tensor<?x2xf32, #rec.dims<\"batch\", 2>>) -> tensor<2xi64> {\n"
                    "  %r = rec.dims <\"2*batch+1\", 7> : tensor<2xi64>\n"
                    "  return %r : tensor<2xi64>\n}");
  expectInts(function.run(Tensor(ElementKind::F32, {3, 2})), {7, 7});
}
