//===- RowLocalityTest.cpp - Which rows of its operands each layer needs -------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "lib/Analysis/RowLocality.h"

#include "dialects/Rec/Rec.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

using namespace reckon;

/// The uses of the operands of the first layer: 'r' by row, 'w' whole; "-" when the layer is not row-local.
static std::string getUses(const std::string &layer, const std::string &arguments) {
  mlir::MLIRContext context;
  context.loadDialect<rec::RecDialect, mlir::func::FuncDialect>();
  auto module =
      mlir::parseSourceString<mlir::ModuleOp>("func.func @f(" + arguments + ") { " + layer + " return }", &context);
  if (!module)
    return "does not parse";
  auto func = *module->getOps<mlir::func::FuncOp>().begin();
  std::optional<RowLocality> locality = getRowLocality(&func.getBody().front().front());
  if (!locality)
    return "-";
  std::string uses = locality->rows.str() + ":";
  for (RowUse use : locality->uses)
    uses += use == RowUse::Row ? 'r' : 'w';
  return uses;
}

TEST(RowLocality, Elementwise) {
  EXPECT_EQ(getUses("%0 = rec.unary relu %a : (tensor<8x4xf32>) -> tensor<8x4xf32>", "%a: tensor<8x4xf32>"), "8:r");
  const char *add = "%0 = rec.binary add %a, %b : (tensor<8x4xf32>, tensor<";
  EXPECT_EQ(getUses(std::string(add) + "8x4xf32>) -> tensor<8x4xf32>", "%a: tensor<8x4xf32>, %b: tensor<8x4xf32>"),
            "8:rr");
  EXPECT_EQ(getUses(std::string(add) + "4xf32>) -> tensor<8x4xf32>", "%a: tensor<8x4xf32>, %b: tensor<4xf32>"), "8:rw");
  EXPECT_EQ(getUses(std::string(add) + "1x4xf32>) -> tensor<8x4xf32>", "%a: tensor<8x4xf32>, %b: tensor<1x4xf32>"),
            "8:rw");
  EXPECT_EQ(getUses(std::string(add) + "f32>) -> tensor<8x4xf32>", "%a: tensor<8x4xf32>, %b: tensor<f32>"), "8:rw");
  // A lower rank is never by row, even when its leading size happens to be the result's.
  EXPECT_EQ(getUses("%0 = rec.binary add %a, %b : (tensor<8x8xf32>, tensor<8xf32>) -> tensor<8x8xf32>",
                    "%a: tensor<8x8xf32>, %b: tensor<8xf32>"),
            "8:rw");
  EXPECT_EQ(getUses("%0 = rec.unary relu %a : (tensor<f32>) -> tensor<f32>", "%a: tensor<f32>"), "-");
}

TEST(RowLocality, NamedRows) {
  EXPECT_EQ(
      getUses(
          "%0 = rec.unary relu %a : (tensor<?x4xf32, #rec.dims<\"2*n\", 4>>) -> tensor<?x4xf32, #rec.dims<\"2*n\", 4>>",
          "%a: tensor<?x4xf32, #rec.dims<\"2*n\", 4>>"),
      "2*n:r");
  EXPECT_EQ(getUses("%0 = rec.unary relu %a : (tensor<?x4xf32>) -> tensor<?x4xf32>", "%a: tensor<?x4xf32>"), "-");
}

TEST(RowLocality, Products) {
  EXPECT_EQ(getUses("%0 = rec.linear %a, %b : (tensor<8x4xf32>, tensor<4x6xf32>) -> tensor<8x6xf32>",
                    "%a: tensor<8x4xf32>, %b: tensor<4x6xf32>"),
            "8:rw");
  EXPECT_EQ(getUses("%0 = rec.linear %a, %b : (tensor<4xf32>, tensor<4x6xf32>) -> tensor<6xf32>",
                    "%a: tensor<4xf32>, %b: tensor<4x6xf32>"),
            "-");
  EXPECT_EQ(
      getUses("%0 = rec.matmul %a, %a : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>", "%a: tensor<8x8xf32>"),
      "8:rw");
  EXPECT_EQ(getUses("%0 = rec.matmul %a, %a {transpose_a} : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>",
                    "%a: tensor<8x8xf32>"),
            "-");
  EXPECT_EQ(getUses("%0 = rec.matmul %a, %b : (tensor<8x2x4xf32>, tensor<8x4x3xf32>) -> tensor<8x2x3xf32>",
                    "%a: tensor<8x2x4xf32>, %b: tensor<8x4x3xf32>"),
            "8:rr");
  EXPECT_EQ(getUses("%0 = rec.matmul %a, %b : (tensor<2x4xf32>, tensor<8x4x3xf32>) -> tensor<8x2x3xf32>",
                    "%a: tensor<2x4xf32>, %b: tensor<8x4x3xf32>"),
            "8:wr");
  EXPECT_EQ(getUses("%0 = rec.matmul %a, %b : (tensor<1x2x4xf32>, tensor<8x4x3xf32>) -> tensor<8x2x3xf32>",
                    "%a: tensor<1x2x4xf32>, %b: tensor<8x4x3xf32>"),
            "8:wr");
  EXPECT_EQ(getUses("%0 = rec.matmul %a, %b : (tensor<8x4xf32>, tensor<4xf32>) -> tensor<8xf32>",
                    "%a: tensor<8x4xf32>, %b: tensor<4xf32>"),
            "8:rw");
  EXPECT_EQ(getUses("%0 = rec.matmul %a, %b : (tensor<4xf32>, tensor<4x8xf32>) -> tensor<8xf32>",
                    "%a: tensor<4xf32>, %b: tensor<4x8xf32>"),
            "-");
}

TEST(RowLocality, Lookups) {
  EXPECT_EQ(getUses("%0 = rec.embedding %a, %b : (tensor<9x4xf32>, tensor<8xi64>) -> tensor<8x4xf32>",
                    "%a: tensor<9x4xf32>, %b: tensor<8xi64>"),
            "8:wr");
  EXPECT_EQ(getUses("%0 = rec.embedding %a, %b : (tensor<9x4xf32>, tensor<i64>) -> tensor<4xf32>",
                    "%a: tensor<9x4xf32>, %b: tensor<i64>"),
            "-");
  EXPECT_EQ(getUses("%0 = rec.embedding_bag sum %a, %b : (tensor<9x4xf32>, tensor<8x3xi64>) -> tensor<8x4xf32>",
                    "%a: tensor<9x4xf32>, %b: tensor<8x3xi64>"),
            "8:wr");
  EXPECT_EQ(getUses("%0 = rec.embedding_bag sum %a, %b weights %c : (tensor<9x4xf32>, tensor<8x3xi64>, "
                    "tensor<8x3xf32>) -> tensor<8x4xf32>",
                    "%a: tensor<9x4xf32>, %b: tensor<8x3xi64>, %c: tensor<8x3xf32>"),
            "8:wrr");
  // With offsets a row is a bag, and its ids lie anywhere.
  EXPECT_EQ(getUses("%0 = rec.embedding_bag sum %a, %b offsets %c : (tensor<9x4xf32>, tensor<8xi64>, tensor<8xi64>) -> "
                    "tensor<8x4xf32>",
                    "%a: tensor<9x4xf32>, %b: tensor<8xi64>, %c: tensor<8xi64>"),
            "8:www");
}

TEST(RowLocality, Movement) {
  EXPECT_EQ(getUses("%0 = rec.reshape %a : (tensor<8x6xf32>) -> tensor<8x2x3xf32>", "%a: tensor<8x6xf32>"), "8:r");
  EXPECT_EQ(getUses("%0 = rec.reshape %a : (tensor<8x6xf32>) -> tensor<4x12xf32>", "%a: tensor<8x6xf32>"), "-");
  EXPECT_EQ(getUses("%0 = rec.transpose %a perm [0, 2, 1] : (tensor<8x2x3xf32>) -> tensor<8x3x2xf32>",
                    "%a: tensor<8x2x3xf32>"),
            "8:r");
  EXPECT_EQ(getUses("%0 = rec.transpose %a perm [1, 0] : (tensor<8x8xf32>) -> tensor<8x8xf32>", "%a: tensor<8x8xf32>"),
            "-");
  EXPECT_EQ(getUses("%0 = rec.concat %a, %a axis 1 : (tensor<8x2xf32>, tensor<8x2xf32>) -> tensor<8x4xf32>",
                    "%a: tensor<8x2xf32>"),
            "8:rr");
  EXPECT_EQ(getUses("%0 = rec.concat %a, %a axis 0 : (tensor<8x2xf32>, tensor<8x2xf32>) -> tensor<16x2xf32>",
                    "%a: tensor<8x2xf32>"),
            "-");
  const char *slice = "%0 = rec.slice %a starts ";
  EXPECT_EQ(getUses(std::string(slice) + "<0, 1> sizes <8, 2> steps [1, 2] : (tensor<8x4xf32>) -> tensor<8x2xf32>",
                    "%a: tensor<8x4xf32>"),
            "8:r");
  EXPECT_EQ(getUses(std::string(slice) + "<7, 0> sizes <8, 4> steps [-1, 1] : (tensor<8x4xf32>) -> tensor<8x4xf32>",
                    "%a: tensor<8x4xf32>"),
            "-");
  EXPECT_EQ(getUses(std::string(slice) + "<0, 0> sizes <4, 4> steps [1, 1] : (tensor<8x4xf32>) -> tensor<4x4xf32>",
                    "%a: tensor<8x4xf32>"),
            "-");
  EXPECT_EQ(getUses("%0 = rec.broadcast %a : (tensor<1x4xf32>) -> tensor<8x4xf32>", "%a: tensor<1x4xf32>"), "8:w");
  EXPECT_EQ(getUses("%0 = rec.iota axis 0 start 0.0 step 1.0 : tensor<8xi64>", ""), "8:");
}

TEST(RowLocality, Gathers) {
  const std::string arguments = "%a: tensor<8x4xf32>, %b: tensor<8x2xi64>";
  EXPECT_EQ(
      getUses("%0 = rec.gather %a, %b axis 1 : (tensor<8x4xf32>, tensor<8x2xi64>) -> tensor<8x8x2xf32>", arguments),
      "8:rw");
  EXPECT_EQ(
      getUses("%0 = rec.gather %a, %b axis 0 : (tensor<8x4xf32>, tensor<8x2xi64>) -> tensor<8x2x4xf32>", arguments),
      "8:wr");
  EXPECT_EQ(getUses("%0 = rec.gather_elements %a, %b axis 1 : (tensor<8x4xf32>, tensor<8x2xi64>) -> tensor<8x2xf32>",
                    arguments),
            "8:rr");
  EXPECT_EQ(getUses("%0 = rec.gather_elements %a, %b axis 0 : (tensor<8x4xf32>, tensor<8x2xi64>) -> tensor<8x2xf32>",
                    arguments),
            "8:wr");
  EXPECT_EQ(getUses("%0 = rec.gather_nd %a, %b batch_dims 0 : (tensor<8x4xf32>, tensor<8x2xi64>) -> tensor<8xf32>",
                    arguments),
            "8:wr");
  EXPECT_EQ(getUses("%0 = rec.scatter_elements %a, %b, %c axis 1 : (tensor<8x4xf32>, tensor<8x2xi64>, tensor<8x2xf32>) "
                    "-> tensor<8x4xf32>",
                    arguments + ", %c: tensor<8x2xf32>"),
            "-");
}

TEST(RowLocality, Axes) {
  EXPECT_EQ(getUses("%0 = rec.reduce sum %a axes [1] : (tensor<8x4xf32>) -> tensor<8xf32>", "%a: tensor<8x4xf32>"),
            "8:r");
  EXPECT_EQ(getUses("%0 = rec.reduce sum %a axes [0] : (tensor<8x4xf32>) -> tensor<4xf32>", "%a: tensor<8x4xf32>"),
            "-");
  EXPECT_EQ(getUses("%0 = rec.softmax %a axis 1 : (tensor<8x4xf32>) -> tensor<8x4xf32>", "%a: tensor<8x4xf32>"), "8:r");
  EXPECT_EQ(getUses("%0 = rec.softmax %a axis 0 : (tensor<8x4xf32>) -> tensor<8x4xf32>", "%a: tensor<8x4xf32>"), "-");
  EXPECT_EQ(getUses("%0:2 = rec.topk %a k 2 axis 1 : (tensor<8x4xf32>) -> (tensor<8x2xf32>, tensor<8x2xi64>)",
                    "%a: tensor<8x4xf32>"),
            "8:r");
  EXPECT_EQ(getUses("%0 = rec.cumsum %a axis 0 : (tensor<8xf32>) -> tensor<8xf32>", "%a: tensor<8xf32>"), "-");
}
