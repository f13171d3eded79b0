//===- SizeExpr.h - Sizes in named dimensions -------------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// A size such as `batch`, `3*batch+1` or `floordiv(seq-1, 2)+1`: an integer polynomial over named dimensions, plus
// floor division, minimum and maximum. Expressions are kept in one canonical form, so two equal polynomials compare
// equal and print alike; that text is what the IR and the engine hold. A leaf: C++ standard library only.
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_ENGINE_SIZEEXPR_H
#define RECKON_ENGINE_SIZEEXPR_H

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reckon {

struct SizeExprBuilder;

class SizeExpr {
public:
  /// Zero.
  SizeExpr() = default;
  SizeExpr(int64_t value);
  /// The dimension called `name`: any text without whitespace, quotes or one of `+-*(),`, and not starting with a
  /// digit. makeDimName() turns an arbitrary ONNX name into such text, different names into different texts: what is
  /// not allowed is written as `%` and two hexadecimal digits.
  static SizeExpr dim(std::string_view name);
  static std::string makeDimName(std::string_view onnxName);

  friend SizeExpr operator+(const SizeExpr &a, const SizeExpr &b);
  friend SizeExpr operator-(const SizeExpr &a, const SizeExpr &b);
  friend SizeExpr operator*(const SizeExpr &a, const SizeExpr &b);
  /// Rounds towards minus infinity; exact division of a polynomial is simplified. `divisor` is not the constant 0.
  static SizeExpr floorDiv(const SizeExpr &value, const SizeExpr &divisor);
  /// Rounds up; a divisor that is not a constant is taken to be positive.
  static SizeExpr ceilDiv(const SizeExpr &value, const SizeExpr &divisor);
  static SizeExpr min(const SizeExpr &a, const SizeExpr &b);
  static SizeExpr max(const SizeExpr &a, const SizeExpr &b);
  // A coefficient that leaves 64 bits, or an expansion past 256 terms, gives an expression that evaluate() answers
  // with nullopt and parse() refuses.

  friend bool operator==(const SizeExpr &a, const SizeExpr &b);
  friend bool operator!=(const SizeExpr &a, const SizeExpr &b) { return !(a == b); }

  /// The value when no dimension occurs in it.
  std::optional<int64_t> constant() const;
  bool isConstant() const { return constant().has_value(); }
  /// The name when the expression is exactly one dimension.
  std::optional<std::string> asDim() const;
  /// value/divisor when that is exact whatever the dimensions are.
  static std::optional<SizeExpr> exactDiv(const SizeExpr &value, const SizeExpr &divisor);

  /// Every dimension name in it, sorted, once each.
  std::vector<std::string> dims() const;
  /// With each dimension replaced; `replace` returns nullopt to keep one.
  SizeExpr substitute(const std::function<std::optional<SizeExpr>(std::string_view)> &replace) const;
  /// nullopt when a dimension has no value, on 64-bit overflow, or on division by zero.
  std::optional<int64_t> evaluate(const std::function<std::optional<int64_t>(std::string_view)> &value) const;

  /// Canonical text: terms in order, e.g. "3*batch+1".
  std::string str() const;
  /// Reads what str() writes, and any `+ - * ( )`, floordiv(a, b), ceildiv(a, b), min(a, b), max(a, b). On failure
  /// nullopt, with the reason in *error when given.
  static std::optional<SizeExpr> parse(std::string_view text, std::string *error = nullptr);

  /// A walk for code generation: the expression as a sum of products. An atom is a dimension or a function of two
  /// expressions.
  struct Atom;
  struct Term {
    int64_t coefficient;
    std::vector<std::shared_ptr<const Atom>> factors; // sorted; repeated for powers
  };
  const std::vector<Term> &terms() const { return sum; }

private:
  friend struct SizeExprBuilder;
  std::vector<Term> sum; // canonical: sorted by factors, no zero coefficients, the constant last
};

struct SizeExpr::Atom {
  enum class Kind { Dim, FloorDiv, Min, Max };
  Kind kind;
  std::string name;               // Dim
  std::vector<SizeExpr> operands; // two for the functions
};

} // namespace reckon

#endif // RECKON_ENGINE_SIZEEXPR_H
