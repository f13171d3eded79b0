//===- KeyLimitTest.cpp - Which keys a mask keeps a query from -----------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "lib/Tiling/Attention.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/raw_ostream.h"

#include <gtest/gtest.h>

using namespace reckon;

/// Attention of 8 queries over 8 keys, with layers that make %w of the scores %s; %m is where a key's place is less
/// than or at the query's. Its limits as "1c -1r <= 0", with "!" where the condition has to be false, " + b" for a
/// length and the score that softmax gets.
static std::string getLimits(const std::string &layers, bool hasSoftmax = false) {
  std::string text = R"(
    !q = tensor<2x8x16xf16>
    !s = tensor<2x8x8xf16>
    !m = tensor<8x8xi1>
    !one = tensor<f16>
    func.func @f(%q: !q, %x: !s, %n: tensor<2x1x1xi64>, %odd: tensor<2x8x1xi64>) -> !q {
      %zero = rec.constant dense<0.0> : !one
      %few = rec.constant dense<-1.0> : !one
      %least = rec.constant dense<-1.0e4> : !one
      %never = rec.constant dense<0xFC00> : !one
      %r = rec.iota axis 0 start 0.0 step 1.0 : tensor<8x1xi64>
      %c = rec.iota axis 1 start 0.0 step 1.0 : tensor<1x8xi64>
      %m = rec.compare le %c, %r : (tensor<1x8xi64>, tensor<8x1xi64>) -> !m
      %s = rec.matmul %q, %q {transpose_b} : (!q, !q) -> !s
  )" + layers + (hasSoftmax ? "\n%v = rec.softmax %w axis 2 : (!s) -> !s" : "\n%v = rec.unary silu %w : (!s) -> !s") +
                     "\n%y = rec.matmul %v, %q : (!s, !q) -> !q\nreturn %y : !q }";
  mlir::MLIRContext context;
  context.loadDialect<rec::RecDialect, mlir::func::FuncDialect>();
  auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  if (!module)
    return "does not parse";
  rec::MatmulOp mix;
  module->walk([&](rec::MatmulOp op) { mix = op; });
  std::optional<tiling::Attention> attention = tiling::Attention::match(mix);
  if (!attention)
    return "is no attention";
  std::string result;
  llvm::raw_string_ostream out(result);
  for (const tiling::KeyLimit &limit : tiling::findKeyLimits(*attention)) {
    out << (result.empty() ? "" : ", ") << (limit.live ? "" : "!") << limit.columnStep << "c " << limit.rowStep
        << "r <= " << limit.offset << (limit.bound ? " + b" : "");
    if (hasSoftmax)
      out << " else " << limit.excluded;
  }
  return result;
}

static const char *selected = "%w = rec.select %m, %s, %least : (!m, !s, !one) -> !s";

TEST(KeyLimit, Pointwise) {
  EXPECT_EQ(getLimits(selected), "1c -1r <= 0");
  EXPECT_EQ(getLimits("%w = rec.select %m, %least, %s : (!m, !one, !s) -> !s"), "");
  // silu of such a number is none.
  EXPECT_EQ(getLimits("%w = rec.select %m, %s, %few : (!m, !s, !one) -> !s"), "");
  EXPECT_EQ(getLimits("%w = rec.select %m, %s, %zero : (!m, !s, !one) -> !s"), "1c -1r <= 0");
}

TEST(KeyLimit, Softmax) {
  EXPECT_EQ(getLimits(selected, true), "1c -1r <= 0 else -1.000000e+04");
  EXPECT_EQ(getLimits("%w = rec.select %m, %s, %never : (!m, !s, !one) -> !s", true), "1c -1r <= 0 else -INF");
  EXPECT_EQ(getLimits("%0 = rec.select %m, %zero, %never : (!m, !one, !one) -> tensor<8x8xf16>\n"
                      "%w = rec.binary add %s, %0 : (!s, tensor<8x8xf16>) -> !s",
                      true),
            "1c -1r <= 0 else -INF");
  // What is added to some score is anything; a zero is no score that others are far above.
  EXPECT_EQ(getLimits("%0 = rec.select %m, %zero, %least : (!m, !one, !one) -> tensor<8x8xf16>\n"
                      "%w = rec.binary add %s, %0 : (!s, tensor<8x8xf16>) -> !s",
                      true),
            "");
  EXPECT_EQ(getLimits("%w = rec.select %m, %s, %zero : (!m, !s, !one) -> !s", true), "");
}

TEST(KeyLimit, Comparisons) {
  auto compared = [](const char *kind, const char *left, const char *right, const char *types) {
    return getLimits(std::string("%0 = rec.compare ") + kind + " " + left + ", " + right + " : " + types +
                     " -> !m\n%w = rec.select %0, %s, %least : (!m, !s, !one) -> !s");
  };
  const char *columnRow = "(tensor<1x8xi64>, tensor<8x1xi64>)", *rowColumn = "(tensor<8x1xi64>, tensor<1x8xi64>)";
  EXPECT_EQ(compared("lt", "%c", "%r", columnRow), "1c -1r <= -1");
  EXPECT_EQ(compared("ge", "%r", "%c", rowColumn), "1c -1r <= 0");
  EXPECT_EQ(compared("gt", "%r", "%c", rowColumn), "1c -1r <= -1");
  // Keys before the query are the ones excluded.
  EXPECT_EQ(compared("ge", "%c", "%r", columnRow), "");
  EXPECT_EQ(compared("eq", "%c", "%r", columnRow), "");
  // The other way round: excluded where the comparison is true.
  EXPECT_EQ(getLimits("%0 = rec.compare gt %c, %r : (tensor<1x8xi64>, tensor<8x1xi64>) -> !m\n"
                      "%w = rec.select %0, %least, %s : (!m, !one, !s) -> !s"),
            "!1c -1r <= 0");
  EXPECT_EQ(
      getLimits("%0 = rec.unary logical_not %m : (!m) -> !m\n%w = rec.select %0, %least, %s : (!m, !one, !s) -> !s"),
      "1c -1r <= 0");
  // Turned, queries have the keys before them.
  EXPECT_EQ(getLimits("%0 = rec.transpose %m perm [1, 0] : (!m) -> !m\n"
                      "%w = rec.select %0, %s, %least : (!m, !s, !one) -> !s"),
            "");
  EXPECT_EQ(getLimits("%0 = rec.transpose %m perm [1, 0] : (!m) -> !m\n"
                      "%1 = rec.binary logical_and %0, %m : (!m, !m) -> !m\n"
                      "%w = rec.select %1, %s, %least : (!m, !s, !one) -> !s"),
            "");
}

TEST(KeyLimit, Lengths) {
  const char *both = "%0 = rec.compare lt %c, %n : (tensor<1x8xi64>, tensor<2x1x1xi64>) -> tensor<2x1x8xi1>\n"
                     "%1 = rec.binary logical_and %0, %m : (tensor<2x1x8xi1>, !m) -> tensor<2x8x8xi1>\n"
                     "%w = rec.select %1, %s, %least : (tensor<2x8x8xi1>, !s, !one) -> !s";
  EXPECT_EQ(getLimits(both), "1c -1r <= 0, 1c 0r <= -1 + b");
  EXPECT_EQ(getLimits("%0 = rec.compare gt %n, %r : (tensor<2x1x1xi64>, tensor<8x1xi64>) -> tensor<2x8x1xi1>\n"
                      "%w = rec.select %0, %s, %least : (tensor<2x8x1xi1>, !s, !one) -> !s"),
            "0c 1r <= -1 + b");
  // Not one of the matrix.
  EXPECT_EQ(getLimits("%0 = rec.compare lt %c, %odd : (tensor<1x8xi64>, tensor<2x8x1xi64>) -> tensor<2x8x8xi1>\n"
                      "%w = rec.select %0, %s, %least : (tensor<2x8x8xi1>, !s, !one) -> !s"),
            "");
}
