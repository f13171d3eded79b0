//===- LookupTest.cpp - Lookups and bags in the evaluator ---------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//

#include "test/unit/reference/Harness.h"

using namespace reckon::reference;

static Tensor table() { return f32({4, 2}, {1, 2, 3, 4, 5, 6, 7, NaN}); }
static const char *tableType = "tensor<4x2xf32>";

TEST(Embedding, Rows) {
  expectFloats(
      runOp("rec.embedding %0, %1", {tableType, "tensor<3xi64>"}, {"tensor<3x2xf32>"}, {table(), i64({3}, {2, 0, 3})}),
      {5, 6, 1, 2, 7, NaN});
}

TEST(Embedding, OutOfRangePolicies) {
  Tensor ids = i64({3}, {-1, 4, 1});
  expectFloats(runOp("rec.embedding %0, %1 {out_of_range = #rec<out_of_range zero>}", {tableType, "tensor<3xi64>"},
                     {"tensor<3x2xf32>"}, {table(), ids}),
               {0, 0, 0, 0, 3, 4});
  expectFloats(runOp("rec.embedding %0, %1 {out_of_range = #rec<out_of_range clamp>}", {tableType, "tensor<3xi64>"},
                     {"tensor<3x2xf32>"}, {table(), ids}),
               {1, 2, 7, NaN, 3, 4});
  expectFloats(runOp("rec.embedding %0, %1 {out_of_range = #rec<out_of_range wrap>}", {tableType, "tensor<3xi64>"},
                     {"tensor<3x2xf32>"}, {table(), i64({3}, {-1, -4, 1})}),
               {7, NaN, 1, 2, 3, 4});
  Function function("func.func @f(%ids: tensor<2xi64>) -> tensor<2x1xf32> {\n"
                    "  %t = rec.constant \"emb.weight\" = dense<1.0> : tensor<3x1xf32>\n"
                    "  %r = rec.embedding %t, %ids : (tensor<3x1xf32>, tensor<2xi64>) -> tensor<2x1xf32>\n"
                    "  return %r : tensor<2x1xf32>\n}");
  EXPECT_TRUE(function.run(i64({2}, {0, 3})).empty());
  EXPECT_NE(function.error.find("table 'emb.weight': id 3 at position 1 is outside [0, 3)"), std::string::npos)
      << function.error;
}

TEST(Embedding, WrappedIdsOutsideTheTable) {
  Function function("func.func @f(%ids: tensor<2xi64>) -> tensor<2x1xf32> {\n"
                    "  %t = rec.constant \"emb.weight\" = dense<1.0> : tensor<3x1xf32>\n"
                    "  %r = rec.embedding %t, %ids {out_of_range = #rec<out_of_range wrap>}\n"
                    "    : (tensor<3x1xf32>, tensor<2xi64>) -> tensor<2x1xf32>\n"
                    "  return %r : tensor<2x1xf32>\n}");
  EXPECT_TRUE(function.run(i64({2}, {-3, -4})).empty());
  EXPECT_NE(function.error.find("table 'emb.weight': id -4 at position 1 is outside [-3, 3)"), std::string::npos)
      << function.error;
}

static llvm::SmallVector<Tensor> fixedBag(const std::string &op, const std::string &attributes, Ints ids) {
  return runOp("rec.embedding_bag " + op + " %0, %1 " + attributes, {tableType, "tensor<2x2xi64>"}, {"tensor<2x2xf32>"},
               {table(), i64({2, 2}, std::move(ids))});
}

TEST(EmbeddingBag, FixedWidth) {
  expectFloats(fixedBag("sum", "", {0, 1, 2, 2}), {4, 6, 10, 12});
  expectFloats(fixedBag("mean", "", {0, 1, 2, 2}), {2, 3, 5, 6});
  expectFloats(fixedBag("max", "", {0, 1, 2, 3}), {3, 4, 7, NaN});
}

TEST(EmbeddingBag, PaddingDoesNotCount) {
  expectFloats(fixedBag("sum", "{padding_id = 1 : i64}", {0, 1, 1, 1}), {1, 2, 0, 0});
  expectFloats(fixedBag("mean", "{padding_id = 1 : i64}", {0, 1, 1, 2}), {1, 2, 5, 6});
  expectFloats(fixedBag("max", "{padding_id = 1 : i64}", {0, 1, 1, 1}), {1, 2, 0, 0});
  // A padding id need not be a row.
  expectFloats(fixedBag("sum", "{padding_id = -1 : i64}", {0, -1, -1, -1}), {1, 2, 0, 0});
}

TEST(EmbeddingBag, Offsets) {
  auto run = [](const std::string &mode, Ints offsets, std::string *error = nullptr) {
    return runOp("rec.embedding_bag " + mode + " %0, %1 offsets %2", {tableType, "tensor<4xi64>", "tensor<3xi64>"},
                 {"tensor<3x2xf32>"}, {table(), i64({4}, {0, 1, 2, 2}), i64({3}, std::move(offsets))}, error);
  };
  expectFloats(run("sum", {0, 2, 2}), {4, 6, 0, 0, 10, 12}); // an empty bag in the middle
  expectFloats(run("mean", {0, 3, 4}), {3, 4, 5, 6, 0, 0});  // and at the end
  expectFloats(run("max", {0, 0, 2}), {0, 0, 3, 4, 5, 6});
  for (Ints bad : {Ints{0, 3, 2}, Ints{0, 2, 5}, Ints{-1, 0, 1}}) {
    std::string error;
    EXPECT_TRUE(run("sum", bad, &error).empty());
    EXPECT_NE(error.find("offsets must not decrease"), std::string::npos) << error;
  }
}

TEST(EmbeddingBag, IncludeLastOffset) {
  expectFloats(runOp("rec.embedding_bag sum %0, %1 offsets %2 {include_last_offset}",
                     {tableType, "tensor<4xi64>", "tensor<3xi64>"}, {"tensor<2x2xf32>"},
                     {table(), i64({4}, {0, 1, 2, 2}), i64({3}, {0, 1, 3})}),
               {1, 2, 8, 10});
}

TEST(EmbeddingBag, Weights) {
  expectFloats(runOp("rec.embedding_bag sum %0, %1 weights %2", {tableType, "tensor<1x2xi64>", "tensor<1x2xf32>"},
                     {"tensor<1x2xf32>"}, {table(), i64({1, 2}, {0, 1}), f32({1, 2}, {2, -1})}),
               {-1, 0});
}

TEST(MultiLookup, SideBySide) {
  expectFloats(
      runOp("rec.multi_lookup %0[%1, %2, %3] starts [0, 1, 3] counts [1, 2, 1] modes [0, 1, 2] padding_ids [-1, 0, 3]",
            {"tensor<2x4xi64>", tableType, "tensor<2x1xf32>", tableType}, {"tensor<2x5xf32>"},
            {i64({2, 4}, {0, 1, 0, 2, 2, 1, 1, 3}), table(), f32({2, 1}, {10, 20}), table()}),
      {1, 2, 20, 5, 6, 5, 6, 20, 0, 0});
}
