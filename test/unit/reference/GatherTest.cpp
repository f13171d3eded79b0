//===- GatherTest.cpp - Picking and placing by index, in the evaluator --------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//

#include "test/unit/reference/Harness.h"

using namespace reckon::reference;

static Tensor x23() { return f32({2, 3}, {1, 2, 3, 4, 5, 6}); }
static const char *t23 = "tensor<2x3xf32>";

TEST(Gather, AxesAndNegativeIndices) {
  expectFloats(
      runOp("rec.gather %0, %1 axis 1", {t23, "tensor<2xi64>"}, {"tensor<2x2xf32>"}, {x23(), i64({2}, {-1, 0})}),
      {3, 1, 6, 4});
  expectFloats(runOp("rec.gather %0, %1 axis 1", {t23, "tensor<i64>"}, {"tensor<2xf32>"}, {x23(), i64({}, {1})}),
               {2, 5});
  auto results =
      runOp("rec.gather %0, %1 axis 0", {t23, "tensor<2x1xi64>"}, {"tensor<2x1x3xf32>"}, {x23(), i64({2, 1}, {1, 1})});
  expectShape(results, {2, 1, 3});
  expectFloats(results, {4, 5, 6, 4, 5, 6});
}

TEST(Gather, OutOfRange) {
  for (int64_t bad : {3, -4}) {
    std::string error;
    EXPECT_TRUE(runOp("rec.gather %0, %1 axis 1", {t23, "tensor<2xi64>"}, {"tensor<2x2xf32>"},
                      {x23(), i64({2}, {0, bad})}, &error)
                    .empty());
    EXPECT_NE(error.find("index " + std::to_string(bad) + " at position 1 is outside [-3, 3)"), std::string::npos)
        << error;
  }
}

TEST(GatherElements, AxisOneAndZero) {
  expectFloats(runOp("rec.gather_elements %0, %1 axis 1", {t23, "tensor<2x2xi64>"}, {"tensor<2x2xf32>"},
                     {x23(), i64({2, 2}, {2, 0, -2, 1})}),
               {3, 1, 5, 5});
  expectFloats(runOp("rec.gather_elements %0, %1 axis 0", {t23, "tensor<1x2xi64>"}, {"tensor<1x2xf32>"},
                     {x23(), i64({1, 2}, {1, 0})}),
               {4, 2});
}

TEST(GatherNd, TuplesAndBatch) {
  expectFloats(runOp("rec.gather_nd %0, %1 batch_dims 0", {t23, "tensor<2x2xi64>"}, {"tensor<2xf32>"},
                     {x23(), i64({2, 2}, {0, 2, 1, -3})}),
               {3, 4});
  expectFloats(runOp("rec.gather_nd %0, %1 batch_dims 0", {t23, "tensor<2x1xi64>"}, {"tensor<2x3xf32>"},
                     {x23(), i64({2, 1}, {1, 0})}),
               {4, 5, 6, 1, 2, 3});
  expectFloats(runOp("rec.gather_nd %0, %1 batch_dims 1", {t23, "tensor<2x1xi64>"}, {"tensor<2xf32>"},
                     {x23(), i64({2, 1}, {2, 0})}),
               {3, 4});
}

TEST(ScatterNd, ReplacesAndCombines) {
  std::vector<std::string> types = {"tensor<4xf32>", "tensor<3x1xi64>", "tensor<3xf32>"};
  std::vector<Tensor> operands = {f32({4}, {1, 2, 3, 4}), i64({3, 1}, {1, 3, 1}), f32({3}, {10, 20, 30})};
  expectFloats(runOp("rec.scatter_nd %0, %1, %2", types, {"tensor<4xf32>"}, operands), {1, 30, 3, 20});
  expectFloats(
      runOp("rec.scatter_nd %0, %1, %2 {reduction = #rec<reduce_kind sum>}", types, {"tensor<4xf32>"}, operands),
      {1, 42, 3, 24});
  expectFloats(
      runOp("rec.scatter_nd %0, %1, %2 {reduction = #rec<reduce_kind prod>}", types, {"tensor<4xf32>"}, operands),
      {1, 600, 3, 80});
  expectFloats(
      runOp("rec.scatter_nd %0, %1, %2 {reduction = #rec<reduce_kind max>}", types, {"tensor<4xf32>"}, operands),
      {1, 30, 3, 20});
  expectFloats(
      runOp("rec.scatter_nd %0, %1, %2 {reduction = #rec<reduce_kind min>}", types, {"tensor<4xf32>"}, operands),
      {1, 2, 3, 4});
}

TEST(ScatterNd, Slices) {
  expectFloats(runOp("rec.scatter_nd %0, %1, %2", {t23, "tensor<1x1xi64>", "tensor<1x3xf32>"}, {t23},
                     {x23(), i64({1, 1}, {1}), f32({1, 3}, {7, 8, 9})}),
               {1, 2, 3, 7, 8, 9});
}

TEST(ScatterElements, Axes) {
  expectFloats(runOp("rec.scatter_elements %0, %1, %2 axis 0", {t23, "tensor<1x2xi64>", "tensor<1x2xf32>"}, {t23},
                     {x23(), i64({1, 2}, {1, -2}), f32({1, 2}, {10, 20})}),
               {1, 20, 3, 10, 5, 6});
  expectFloats(runOp("rec.scatter_elements %0, %1, %2 axis 1 {reduction = #rec<reduce_kind sum>}",
                     {t23, "tensor<2x2xi64>", "tensor<2x2xf32>"}, {t23},
                     {x23(), i64({2, 2}, {1, 1, 0, 2}), f32({2, 2}, {10, 20, 30, 40})}),
               {1, 32, 3, 34, 5, 46});
}
