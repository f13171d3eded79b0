//===- DenseTest.cpp - Layers that multiply, in the evaluator -----------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//

#include "test/unit/reference/Harness.h"

using namespace reckon::reference;

TEST(Linear, WithAndWithoutBias) {
  Tensor x = f32({2, 2}, {1, 2, 3, 4}), w = f32({2, 3}, {1, 0, 2, 0, 1, 3});
  expectFloats(runOp("rec.linear %0, %1", {"tensor<2x2xf32>", "tensor<2x3xf32>"}, {"tensor<2x3xf32>"}, {x, w}),
               {1, 2, 8, 3, 4, 18});
  expectFloats(runOp("rec.linear %0, %1, %2", {"tensor<2x2xf32>", "tensor<2x3xf32>", "tensor<3xf32>"},
                     {"tensor<2x3xf32>"}, {x, w, f32({3}, {10, 20, 30})}),
               {11, 22, 38, 13, 24, 48});
  expectFloats(
      runOp("rec.linear %0, %1", {"tensor<2xf32>", "tensor<2x3xf32>"}, {"tensor<3xf32>"}, {f32({2}, {1, 1}), w}),
      {1, 1, 5});
}

TEST(Matmul, Matrices) {
  Tensor a = f32({2, 3}, {1, 2, 3, 4, 5, 6}), b = f32({3, 2}, {1, 0, 0, 1, 1, 1});
  expectFloats(runOp("rec.matmul %0, %1", {"tensor<2x3xf32>", "tensor<3x2xf32>"}, {"tensor<2x2xf32>"}, {a, b}),
               {4, 5, 10, 11});
  expectFloats(
      runOp("rec.matmul %0, %1 {transpose_b}", {"tensor<2x3xf32>", "tensor<2x3xf32>"}, {"tensor<2x2xf32>"}, {a, a}),
      {14, 32, 32, 77});
  expectFloats(
      runOp("rec.matmul %0, %1 {transpose_a}", {"tensor<2x3xf32>", "tensor<2x3xf32>"}, {"tensor<3x3xf32>"}, {a, a}),
      {17, 22, 27, 22, 29, 36, 27, 36, 45});
}

TEST(Matmul, VectorsAndBroadcast) {
  expectFloats(runOp("rec.matmul %0, %1", {"tensor<2xf32>", "tensor<2xf32>"}, {"tensor<f32>"},
                     {f32({2}, {1, 2}), f32({2}, {3, 4})}),
               {11});
  expectFloats(runOp("rec.matmul %0, %1", {"tensor<2x1x2xf32>", "tensor<2xf32>"}, {"tensor<2x1xf32>"},
                     {f32({2, 1, 2}, {1, 2, 3, 4}), f32({2}, {3, 4})}),
               {11, 25});
  expectFloats(runOp("rec.matmul %0, %1", {"tensor<2x1x1x2xf32>", "tensor<2x2x1xf32>"}, {"tensor<2x2x1x1xf32>"},
                     {f32({2, 1, 1, 2}, {1, 2, 3, 4}), f32({2, 2, 1}, {1, 0, 0, 1})}),
               {1, 2, 3, 4});
}

TEST(Matmul, IntegersWrap) {
  expectInts(runOp("rec.matmul %0, %1", {"tensor<1x2xi8>", "tensor<2x1xi8>"}, {"tensor<1x1xi8>"},
                   {ints(ElementKind::I8, {1, 2}, {100, 100}), ints(ElementKind::I8, {2, 1}, {1, 1})}),
             {-56});
}

TEST(DotInteraction, Triangles) {
  Tensor x = f32({1, 3, 2}, {1, 2, 3, 4, 5, 6}); // dot products: 01 = 11, 02 = 17, 12 = 39
  expectFloats(runOp("rec.dot_interaction lower %0", {"tensor<1x3x2xf32>"}, {"tensor<1x3xf32>"}, x), {11, 17, 39});
  expectFloats(runOp("rec.dot_interaction upper %0", {"tensor<1x3x2xf32>"}, {"tensor<1x3xf32>"}, x), {11, 17, 39});
  expectFloats(runOp("rec.dot_interaction lower %0 {self_interaction}", {"tensor<1x3x2xf32>"}, {"tensor<1x6xf32>"}, x),
               {5, 11, 25, 17, 39, 61});
  expectFloats(runOp("rec.dot_interaction upper %0 {self_interaction}", {"tensor<1x3x2xf32>"}, {"tensor<1x6xf32>"}, x),
               {5, 11, 17, 25, 39, 61});
}

TEST(DotInteraction, TriangleOrderOfFourFeatures) {
  // One-dimensional features 1, 2, 3, 5: each product names its pair.
  Tensor x = f32({1, 4, 1}, {1, 2, 3, 5});
  expectFloats(runOp("rec.dot_interaction lower %0", {"tensor<1x4x1xf32>"}, {"tensor<1x6xf32>"}, x),
               {2, 3, 6, 5, 10, 15});
  expectFloats(runOp("rec.dot_interaction upper %0", {"tensor<1x4x1xf32>"}, {"tensor<1x6xf32>"}, x),
               {2, 3, 5, 6, 10, 15});
}

TEST(CrossLayer, FullAndLowRank) {
  Tensor x0 = f32({1, 2}, {2, 3}), x = f32({1, 2}, {1, 4});
  expectFloats(runOp("rec.cross_layer %0, %1 weight %2", {"tensor<1x2xf32>", "tensor<1x2xf32>", "tensor<2x2xf32>"},
                     {"tensor<1x2xf32>"}, {x0, x, f32({2, 2}, {1, 0, 0, 1})}),
               {3, 16});
  expectFloats(runOp("rec.cross_layer %0, %1 down %2 weight %3 bias %4",
                     {"tensor<1x2xf32>", "tensor<1x2xf32>", "tensor<2x1xf32>", "tensor<1x2xf32>", "tensor<2xf32>"},
                     {"tensor<1x2xf32>"}, {x0, x, f32({2, 1}, {1, 1}), f32({1, 2}, {2, 3}), f32({2}, {1, -1})}),
               {2 * 11 + 1, 3 * 14 + 4});
}

TEST(FmTerm, WithAndWithoutSum) {
  Tensor x = f32({1, 3, 2}, {1, 2, 3, 4, 5, 6});
  expectFloats(runOp("rec.fm_term %0", {"tensor<1x3x2xf32>"}, {"tensor<1x2xf32>"}, x), {23, 44});
  expectFloats(runOp("rec.fm_term %0 {sum_dim}", {"tensor<1x3x2xf32>"}, {"tensor<1x1xf32>"}, x), {67});
}

TEST(Einsum, OuterTraceAndContraction) {
  expectFloats(runOp("rec.einsum \"i,j->ij\"(%0, %1)", {"tensor<2xf32>", "tensor<2xf32>"}, {"tensor<2x2xf32>"},
                     {f32({2}, {1, 2}), f32({2}, {3, 4})}),
               {3, 4, 6, 8});
  expectFloats(runOp("rec.einsum \"ii->i\"(%0)", {"tensor<2x2xf32>"}, {"tensor<2xf32>"}, f32({2, 2}, {1, 2, 3, 4})),
               {1, 4});
  expectFloats(runOp("rec.einsum \"bik,bjk->bij\"(%0, %1)", {"tensor<1x2x2xf32>", "tensor<1x2x2xf32>"},
                     {"tensor<1x2x2xf32>"}, {f32({1, 2, 2}, {1, 2, 3, 4}), f32({1, 2, 2}, {1, 2, 3, 4})}),
               {5, 11, 11, 25});
  expectInts(runOp("rec.einsum \"ij->\"(%0)", {"tensor<2x2xi64>"}, {"tensor<i64>"}, i64({2, 2}, {1, 2, 3, 4})), {10});
}

TEST(Conv, OneDimension) {
  Tensor x = f32({1, 1, 4}, {1, 2, 3, 4}), w = f32({1, 1, 3}, {1, 0, -1});
  expectFloats(runOp("rec.conv %0, %1 strides [1] pads [1, 1] dilations [1] groups 1",
                     {"tensor<1x1x4xf32>", "tensor<1x1x3xf32>"}, {"tensor<1x1x4xf32>"}, {x, w}),
               {-2, -2, -2, 3});
  expectFloats(runOp("rec.conv %0, %1 strides [2] pads [0, 1] dilations [1] groups 1",
                     {"tensor<1x1x4xf32>", "tensor<1x1x3xf32>"}, {"tensor<1x1x2xf32>"}, {x, w}),
               {-2, 3});
  expectFloats(runOp("rec.conv %0, %1, %2 strides [1] pads [0, 0] dilations [1] groups 2",
                     {"tensor<1x2x2xf32>", "tensor<2x1x1xf32>", "tensor<2xf32>"}, {"tensor<1x2x2xf32>"},
                     {f32({1, 2, 2}, {1, 2, 3, 4}), f32({2, 1, 1}, {10, 100}), f32({2}, {1, 2})}),
               {11, 21, 302, 402});
}

TEST(Conv, TwoDimensionsDilated) {
  expectFloats(runOp("rec.conv %0, %1 strides [1, 1] pads [0, 0, 0, 0] dilations [2, 2] groups 1",
                     {"tensor<1x1x3x3xf32>", "tensor<1x1x2x2xf32>"}, {"tensor<1x1x1x1xf32>"},
                     {f32({1, 1, 3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9}), f32({1, 1, 2, 2}, {1, 10, 100, 1000})}),
               {1 + 30 + 700 + 9000});
}

TEST(PoolWindow, MaxAndAverage) {
  Tensor x = f32({1, 1, 5}, {1, 5, 2, 4, 3});
  expectFloats(runOp("rec.pool_window max %0 window [2] strides [2] pads [0, 0] dilations [1]", {"tensor<1x1x5xf32>"},
                     {"tensor<1x1x2xf32>"}, x),
               {5, 4});
  expectFloats(runOp("rec.pool_window max %0 window [2] strides [2] pads [0, 0] dilations [1] {ceil_mode}",
                     {"tensor<1x1x5xf32>"}, {"tensor<1x1x3xf32>"}, x),
               {5, 4, 3});
  expectFloats(runOp("rec.pool_window average %0 window [3] strides [2] pads [1, 1] dilations [1]",
                     {"tensor<1x1x5xf32>"}, {"tensor<1x1x3xf32>"}, x),
               {3, 11.0 / 3, 3.5});
  expectFloats(runOp("rec.pool_window average %0 window [3] strides [2] pads [1, 1] dilations [1] {count_include_pad}",
                     {"tensor<1x1x5xf32>"}, {"tensor<1x1x3xf32>"}, x),
               {2, 11.0 / 3, 7.0 / 3});
}

TEST(PoolWindow, PaddingIsNotZeroForMax) {
  expectFloats(runOp("rec.pool_window max %0 window [2, 2] strides [1, 1] pads [1, 1, 0, 0] dilations [1, 1]",
                     {"tensor<1x1x2x2xf32>"}, {"tensor<1x1x2x2xf32>"}, f32({1, 1, 2, 2}, {-4, -3, -2, -1})),
               {-4, -3, -2, -1});
  expectInts(runOp("rec.pool_window max %0 window [2] strides [1] pads [0, 0] dilations [2]", {"tensor<1x1x3xui8>"},
                   {"tensor<1x1x1xui8>"}, ints(ElementKind::U8, {1, 1, 3}, {3, 255, 200})),
             {200});
}
