//===- SizeExprParser.cpp - The text form of size expressions -------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// Reads size expressions. The text may come from a damaged engine, so depth and length are bounded.
//
//===----------------------------------------------------------------------------===//

#include "reckon/Engine/SizeExpr.h"

using namespace reckon;

namespace {
constexpr size_t maxLength = 1 << 16;
constexpr int maxDepth = 64;

class Parser {
public:
  explicit Parser(std::string_view text) : text(text) {}

  std::optional<SizeExpr> parse() {
    if (text.size() > maxLength)
      return fail("it is longer than 65536 characters");
    auto result = parseSum();
    if (!result)
      return std::nullopt;
    skipSpace();
    if (position != text.size())
      return fail("unexpected text");
    if (hasNoValue(*result))
      return fail("it divides by zero or exceeds 64 bits");
    return result;
  }

  std::string error;

private:
  std::nullopt_t fail(const char *reason) {
    if (error.empty())
      error = std::string(reason) + " at offset " + std::to_string(position) + " of the size expression '" +
              std::string(text.substr(0, 80)) + (text.size() > 80 ? "...'" : "'");
    return std::nullopt;
  }

  /// Whether a division by the constant zero occurs in it, which is also how arithmetic reports overflow.
  static bool hasNoValue(const SizeExpr &expr) {
    for (const auto &term : expr.terms())
      for (const auto &factor : term.factors) {
        if (factor->kind == SizeExpr::Atom::Kind::FloorDiv && factor->operands[1].constant() == 0)
          return true;
        for (const SizeExpr &operand : factor->operands)
          if (hasNoValue(operand))
            return true;
      }
    return false;
  }

  void skipSpace() {
    while (position < text.size() && text[position] == ' ')
      ++position;
  }

  bool consume(char c) {
    skipSpace();
    if (position == text.size() || text[position] != c)
      return false;
    ++position;
    return true;
  }

  std::optional<SizeExpr> parseSum() {
    if (++depth > maxDepth)
      return fail("more than 64 levels of nesting");
    bool negative = consume('-');
    SizeExpr sum;
    do {
      auto product = parseProduct(negative);
      if (!product)
        return std::nullopt;
      sum = sum + *product;
      negative = consume('-');
    } while (negative || consume('+'));
    --depth;
    return sum;
  }

  std::optional<SizeExpr> parseProduct(bool negative) {
    auto product = parseAtom(negative);
    if (!product)
      return std::nullopt;
    while (consume('*')) {
      auto factor = parseAtom(consume('-'));
      if (!factor)
        return std::nullopt;
      product = *product * *factor;
    }
    return product;
  }

  std::optional<SizeExpr> parseAtom(bool negative) {
    skipSpace();
    if (position == text.size())
      return fail("a number, dimension or '(' is missing");
    // The sign goes into the literal: the smallest number has no positive counterpart.
    if (text[position] >= '0' && text[position] <= '9')
      return parseNumber(negative);
    std::optional<SizeExpr> value;
    if (consume('(')) {
      value = parseSum();
      if (value && !consume(')'))
        return fail("')' is missing");
    } else {
      value = parseName();
    }
    if (!value)
      return std::nullopt;
    return negative ? SizeExpr(0) - *value : *value;
  }

  std::optional<SizeExpr> parseNumber(bool negative) {
    int64_t value = 0;
    for (; position < text.size() && text[position] >= '0' && text[position] <= '9'; ++position) {
      int64_t digit = text[position] - '0';
      if (__builtin_mul_overflow(value, int64_t(10), &value) ||
          __builtin_add_overflow(value, negative ? -digit : digit, &value))
        return fail("a number exceeds 64 bits");
    }
    return SizeExpr(value);
  }

  std::optional<SizeExpr> parseName() {
    size_t start = position;
    while (position < text.size()) {
      unsigned char c = text[position];
      if (c <= ' ' || c == 0x7f || std::string_view("+-*(),'\"").find(c) != std::string_view::npos)
        break;
      ++position;
    }
    std::string_view name = text.substr(start, position - start);
    if (name.empty())
      return fail("a number, dimension or '(' is missing");
    if (!consume('('))
      return SizeExpr::dim(name);
    auto a = parseSum();
    if (!a)
      return std::nullopt;
    if (!consume(','))
      return fail("',' is missing");
    auto b = parseSum();
    if (!b)
      return std::nullopt;
    if (!consume(')'))
      return fail("')' is missing");
    if (name == "floordiv")
      return SizeExpr::floorDiv(*a, *b);
    if (name == "ceildiv")
      return SizeExpr::ceilDiv(*a, *b);
    if (name == "min")
      return SizeExpr::min(*a, *b);
    if (name == "max")
      return SizeExpr::max(*a, *b);
    return fail("an unknown function");
  }

  std::string_view text;
  size_t position = 0;
  int depth = 0;
};
} // namespace

std::optional<SizeExpr> SizeExpr::parse(std::string_view text, std::string *error) {
  Parser parser(text);
  auto result = parser.parse();
  if (!result && error)
    *error = parser.error;
  return result;
}
