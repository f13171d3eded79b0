//===- SizeExprTest.cpp - Sizes in named dimensions -----------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "reckon/Engine/SizeExpr.h"

#include <gtest/gtest.h>

#include <random>

using namespace reckon;

namespace {
SizeExpr read(std::string_view text) {
  std::string error;
  auto expr = SizeExpr::parse(text, &error);
  EXPECT_TRUE(expr) << text << ": " << error;
  return expr.value_or(SizeExpr());
}

std::string refusal(std::string_view text) {
  std::string error;
  EXPECT_FALSE(SizeExpr::parse(text, &error)) << text;
  return error;
}

TEST(SizeExpr, CanonicalText) {
  EXPECT_EQ(read("1+batch*3").str(), "3*batch+1");
  EXPECT_EQ(read("batch-batch").str(), "0");
  EXPECT_EQ(read("(a+b)*(a-b)").str(), "a*a-b*b");
  EXPECT_EQ(read("-a").str(), "-a");
  EXPECT_EQ(read("a - 2 * b").str(), "a-2*b");
  EXPECT_EQ(read("floordiv(seq-1, 2)+1").str(), "floordiv(seq+1, 2)");
  EXPECT_EQ(read("-9223372036854775808").str(), "-9223372036854775808");
  EXPECT_EQ(read("a-9223372036854775808").str(), "a-9223372036854775808");
  EXPECT_EQ(read("rows:emb.0.weight").asDim(), "rows:emb.0.weight");
}

TEST(SizeExpr, FloorDivSimplifies) {
  EXPECT_EQ(read("floordiv(4*batch+6, 4)").str(), "batch+1");
  EXPECT_EQ(read("floordiv(2*a+1, 4)").str(), "floordiv(a, 2)");
  EXPECT_EQ(read("floordiv(a*b, b)").str(), "a");
  EXPECT_EQ(read("floordiv(a*a-b*b, a+b)").str(), "a-b");
  EXPECT_EQ(read("floordiv(a, -2)"), read("floordiv(-a, 2)"));
  EXPECT_EQ(read("floordiv(-7, 2)").constant(), -4);
  EXPECT_EQ(read("ceildiv(7, 2)").constant(), 4);
  EXPECT_EQ(read("ceildiv(7, -2)").constant(), -3);
  EXPECT_EQ(read("ceildiv(16*batch, 16)").str(), "batch");
}

TEST(SizeExpr, MinMaxSimplify) {
  EXPECT_EQ(read("max(batch, batch+1)").str(), "batch+1");
  EXPECT_EQ(read("min(batch, batch+1)").str(), "batch");
  // Also where the difference exceeds 64 bits, and then in any order.
  EXPECT_EQ(read("min(-9000000000000000000, 9000000000000000000)").str(), "-9000000000000000000");
  EXPECT_EQ(read("max(n-9000000000000000000, n+9000000000000000000)").str(), "n+9000000000000000000");
  for (const char *text : {"min(min(-4539628425446424576, 9079256850892849152), 4539628425446424576)",
                           "min(4539628425446424576, min(9079256850892849152, -4539628425446424576))"})
    EXPECT_EQ(read(text).str(), "-4539628425446424576");
  EXPECT_EQ(read("max(a, max(b, c))"), read("max(max(c, a), b)"));
  EXPECT_EQ(read("max(3, max(a, 5))").str(), read("max(a, 5)").str());
  // No dimension is negative.
  EXPECT_EQ(read("a*min(a, 1)").str(), "a");
  EXPECT_EQ(read("a*b*min(1, a)*min(b, 2)"), read("a*b*min(b, 2)"));
  EXPECT_EQ(read("min(a, a)").str(), "a");
}

TEST(SizeExpr, ExactDivision) {
  EXPECT_FALSE(SizeExpr::exactDiv(read("a+1"), SizeExpr(2)));
  EXPECT_EQ(SizeExpr::exactDiv(read("6*a*b+4*a"), read("2*a"))->str(), "3*b+2");
  EXPECT_FALSE(SizeExpr::exactDiv(read("a"), SizeExpr(0)));
}

TEST(SizeExpr, EvaluateRefusesWhatHasNoValue) {
  auto value = [](int64_t v) { return [v](std::string_view) { return std::optional<int64_t>(v); }; };
  EXPECT_EQ(read("3*batch+1").evaluate(value(5)), 16);
  EXPECT_FALSE(read("batch*batch").evaluate(value(int64_t(1) << 40)));
  EXPECT_FALSE(read("floordiv(3, batch)").evaluate(value(0)));
  EXPECT_FALSE(read("batch").evaluate([](std::string_view) { return std::nullopt; }));
  SizeExpr big(INT64_MAX);
  EXPECT_FALSE((big + big).evaluate(value(1)));
  EXPECT_FALSE((big * big + SizeExpr::dim("a")).evaluate(value(1)));
}

TEST(SizeExpr, Substitute) {
  SizeExpr expr = read("max(floordiv(seq-1, 2)+1, k)*batch");
  SizeExpr fixed = expr.substitute([](std::string_view name) -> std::optional<SizeExpr> {
    if (name == "seq")
      return SizeExpr(9);
    if (name == "k")
      return SizeExpr(2);
    return std::nullopt;
  });
  EXPECT_EQ(fixed.str(), "5*batch");
  EXPECT_EQ(expr.dims(), (std::vector<std::string>{"batch", "k", "seq"}));
}

TEST(SizeExpr, ParserRefusals) {
  EXPECT_NE(refusal("").find("missing"), std::string::npos);
  EXPECT_NE(refusal("a+").find("offset 2"), std::string::npos);
  EXPECT_NE(refusal("pow(a, 2)").find("unknown function"), std::string::npos);
  EXPECT_NE(refusal("a b").find("unexpected text"), std::string::npos);
  EXPECT_NE(refusal("9223372036854775808").find("64 bits"), std::string::npos);
  EXPECT_NE(refusal("9223372036854775807+1").find("64 bits"), std::string::npos);
  EXPECT_NE(refusal("floordiv(a, 0)").find("divides by zero"), std::string::npos);
  EXPECT_NE(refusal(std::string(100, '(') + "a" + std::string(100, ')')).find("nesting"), std::string::npos);
  EXPECT_NE(refusal(std::string(70000, 'a')).find("longer"), std::string::npos);
  std::string power = "(a+b+c+d+e+f+g+h)";
  for (int i = 0; i < 12; ++i)
    power += "*(a+b+c+d+e+f+g+h)";
  refusal(power);
}

TEST(SizeExpr, DimNamesAreInjective) {
  EXPECT_EQ(SizeExpr::makeDimName("batch"), "batch");
  EXPECT_EQ(SizeExpr::makeDimName("a b"), "a%20b");
  EXPECT_NE(SizeExpr::makeDimName("a-b"), SizeExpr::makeDimName("a%2db"));
  EXPECT_EQ(SizeExpr::makeDimName("2x"), "%32x");
  EXPECT_EQ(read(SizeExpr::makeDimName("s0 + -1")).asDim(), SizeExpr::makeDimName("s0 + -1"));
}

/// Random expressions: the text reads back equal, and simplification does not change values.
TEST(SizeExpr, RandomRoundTrip) {
  std::mt19937 random(7); // NOLINT(bugprone-random-generator-seed): the same sizes every time
  std::function<std::string(int)> make = [&](int depth) -> std::string {
    switch (random() % (depth > 3 ? 2 : 7)) {
    case 0:
      return std::to_string(random() % 9);
    case 1:
      return std::string(1, "xyz"[random() % 3]);
    case 2:
      return "(" + make(depth + 1) + "+" + make(depth + 1) + ")";
    case 3:
      return "(" + make(depth + 1) + "-" + make(depth + 1) + ")";
    case 4:
      return make(depth + 1) + "*" + make(depth + 1);
    case 5:
      return "floordiv(" + make(depth + 1) + ", " + std::to_string(1 + random() % 6) + ")";
    default:
      return (random() % 2 ? "min(" : "max(") + make(depth + 1) + ", " + make(depth + 1) + ")";
    }
  };
  for (int i = 0; i < 3000; ++i) {
    SizeExpr a = read(make(0)), b = read(make(0));
    EXPECT_EQ(read(a.str()), a) << a.str();
    EXPECT_EQ(read(a.str()).str(), a.str());
    int64_t x = random() % 20, y = random() % 20, z = random() % 20;
    auto value = [&](std::string_view name) { return std::optional<int64_t>(name == "x" ? x : name == "y" ? y : z); };
    int64_t va = *a.evaluate(value), vb = *b.evaluate(value);
    EXPECT_EQ((a + b).evaluate(value), va + vb);
    EXPECT_EQ((a - b).evaluate(value), va - vb);
    EXPECT_EQ(SizeExpr::min(a, b).evaluate(value), std::min(va, vb)) << a.str() << " | " << b.str();
    EXPECT_EQ(SizeExpr::max(a, b).evaluate(value), std::max(va, vb)) << a.str() << " | " << b.str();
    int64_t d = 1 + random() % 8;
    int64_t want = va / d - (va % d != 0 && va < 0);
    EXPECT_EQ(SizeExpr::floorDiv(a, d).evaluate(value), want) << a.str() << " / " << d;
    EXPECT_EQ(a.substitute([&](std::string_view n) { return std::optional<SizeExpr>(SizeExpr(*value(n))); }).constant(),
              va);
  }
}
} // namespace
