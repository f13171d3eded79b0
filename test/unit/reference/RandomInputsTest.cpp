//===- RandomInputsTest.cpp - Random inputs are valid and varied --------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//

#include "lib/Reference/RandomInputs.h"
#include "test/unit/reference/Harness.h"

using namespace reckon::reference;

static llvm::SmallVector<Tensor> make(Function &function, int64_t batch, uint64_t seed = 1) {
  RandomInputOptions options;
  options.seed = seed;
  std::string error;
  auto inputs = makeRandomInputs(function.func, chooseDims(function.func, batch), options, &error);
  EXPECT_TRUE(mlir::succeeded(inputs)) << error;
  return mlir::succeeded(inputs) ? *inputs : llvm::SmallVector<Tensor>();
}

static int64_t greatest(const Tensor &x) { return *std::max_element(x.ints().begin(), x.ints().end()); }

/// Ids of an id matrix reach their tables through a gather of a column, a slice and a cast; one is shifted.
static const char *columns = R"(
  func.func @f(%ids: tensor<?x3xi32, #rec.dims<"batch", 3>>)
      -> (tensor<?x1xf32, #rec.dims<"batch", 1>>, tensor<?x1x1xf32, #rec.dims<"batch", 1, 1>>,
          tensor<?x1xf32, #rec.dims<"batch", 1>>) {
    %a = rec.constant "a" = dense<1.0> : tensor<5x1xf32>
    %b = rec.constant "b" = dense<2.0> : tensor<1000x1xf32>
    %c = rec.constant "c" = dense<3.0> : tensor<40x1xf32>
    %wide = rec.cast %ids : (tensor<?x3xi32, #rec.dims<"batch", 3>>) -> tensor<?x3xi64, #rec.dims<"batch", 3>>
    %one = rec.constant dense<1> : tensor<i64>
    %0 = rec.constant dense<0> : tensor<i64>
    %i = rec.gather %wide, %0 axis 1
      : (tensor<?x3xi64, #rec.dims<"batch", 3>>, tensor<i64>) -> tensor<?xi64, #rec.dims<"batch">>
    %x = rec.embedding %a, %i
      : (tensor<5x1xf32>, tensor<?xi64, #rec.dims<"batch">>) -> tensor<?x1xf32, #rec.dims<"batch", 1>>
    %j = rec.slice %wide starts <0, 1> sizes <"batch", 1> steps [1, 1]
      : (tensor<?x3xi64, #rec.dims<"batch", 3>>) -> tensor<?x1xi64, #rec.dims<"batch", 1>>
    %y = rec.embedding %b, %j
      : (tensor<1000x1xf32>, tensor<?x1xi64, #rec.dims<"batch", 1>>) -> tensor<?x1x1xf32, #rec.dims<"batch", 1, 1>>
    %k = rec.slice %wide starts <0, 2> sizes <"batch", 1> steps [1, 1]
      : (tensor<?x3xi64, #rec.dims<"batch", 3>>) -> tensor<?x1xi64, #rec.dims<"batch", 1>>
    %l = rec.reshape %k
      : (tensor<?x1xi64, #rec.dims<"batch", 1>>) -> tensor<?xi64, #rec.dims<"batch">>
    %thirty = rec.constant dense<30> : tensor<1xi64>
    %m = rec.binary add %l, %thirty
      : (tensor<?xi64, #rec.dims<"batch">>, tensor<1xi64>) -> tensor<?xi64, #rec.dims<"batch">>
    %z = rec.embedding %c, %m
      : (tensor<40x1xf32>, tensor<?xi64, #rec.dims<"batch">>) -> tensor<?x1xf32, #rec.dims<"batch", 1>>
    return %x, %y, %z : tensor<?x1xf32, #rec.dims<"batch", 1>>, tensor<?x1x1xf32, #rec.dims<"batch", 1, 1>>,
      tensor<?x1xf32, #rec.dims<"batch", 1>>
  })";

TEST(RandomInputs, IdsStayInTheirTables) {
  Function function(columns);
  auto inputs = make(function, 200);
  ASSERT_EQ(inputs.size(), 1u);
  int64_t most[3] = {0, 0, 0};
  for (int64_t i = 0; i < 600; ++i)
    most[i % 3] = std::max(most[i % 3], inputs[0].intAt(i));
  EXPECT_EQ(most[0], 4);
  EXPECT_GT(most[1], 500);
  EXPECT_EQ(most[2], 9);
  EXPECT_EQ(function.run(inputs).size(), 3u) << function.error;
}

TEST(RandomInputs, SameSeedSameInputs) {
  Function function(columns);
  EXPECT_EQ(make(function, 9, 5)[0].ints(), make(function, 9, 5)[0].ints());
  EXPECT_NE(make(function, 9, 5)[0].ints(), make(function, 9, 6)[0].ints());
  EXPECT_EQ(make(function, 0)[0].numElements(), 0);
}

TEST(RandomInputs, OffsetsPaddingAndEmptyBags) {
  Function function(R"(
    func.func @f(%ids: tensor<?xi64, #rec.dims<"nnz">>, %offsets: tensor<?xi64, #rec.dims<"batch">>)
        -> tensor<?x1xf32, #rec.dims<"batch", 1>> {
      %t = rec.constant "t" = dense<1.0> : tensor<50x1xf32>
      %r = rec.embedding_bag sum %t, %ids offsets %offsets {padding_id = 49 : i64}
        : (tensor<50x1xf32>, tensor<?xi64, #rec.dims<"nnz">>, tensor<?xi64, #rec.dims<"batch">>)
        -> tensor<?x1xf32, #rec.dims<"batch", 1>>
      return %r : tensor<?x1xf32, #rec.dims<"batch", 1>>
    })");
  auto inputs = make(function, 60);
  ASSERT_EQ(inputs.size(), 2u);
  EXPECT_EQ(inputs[0].numElements(), 180);
  llvm::ArrayRef<int64_t> offsets = inputs[1].ints();
  EXPECT_EQ(offsets.front(), 0);
  EXPECT_TRUE(std::is_sorted(offsets.begin(), offsets.end()));
  EXPECT_LE(offsets.back(), 180);
  EXPECT_NE(std::adjacent_find(offsets.begin(), offsets.end()), offsets.end());
  EXPECT_GT(llvm::count(inputs[0].ints(), 49), 15);
  EXPECT_EQ(function.run(inputs).size(), 1u) << function.error;
}

TEST(RandomInputs, IndicesInsideFusions) {
  Function function(R"(
    func.func @f(%x: tensor<4x6xf32>, %i: tensor<4x30xi64>) -> tensor<4x30xf32> {
      %0 = rec.fusion whole rows [true, true] (%x, %i) : (tensor<4x6xf32>, tensor<4x30xi64>) -> tensor<4x30xf32> {
      ^bb0(%a: tensor<4x6xf32>, %b: tensor<4x30xi64>):
        %1 = rec.gather_elements %a, %b axis 1 : (tensor<4x6xf32>, tensor<4x30xi64>) -> tensor<4x30xf32>
        rec.yield %1 : tensor<4x30xf32>
      }
      return %0 : tensor<4x30xf32>
    })");
  auto inputs = make(function, 1);
  ASSERT_EQ(inputs.size(), 2u);
  EXPECT_EQ(greatest(inputs[1]), 5);
  EXPECT_LT(*std::min_element(inputs[1].ints().begin(), inputs[1].ints().end()), 0);
  EXPECT_EQ(function.run(inputs).size(), 1u) << function.error;
}
