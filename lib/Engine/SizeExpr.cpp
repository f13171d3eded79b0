//===- SizeExpr.cpp - Sizes in named dimensions ---------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// The arithmetic of size expressions. Terms are kept in graded lexicographic order, which is a monomial order, so that
// exact division is the usual leading-term division. Reading the text form is in SizeExprParser.cpp.
//
//===----------------------------------------------------------------------------===//

#include "reckon/Engine/SizeExpr.h"

#include <algorithm>
#include <numeric>

using namespace reckon;

namespace {
using Atom = SizeExpr::Atom;
using Term = SizeExpr::Term;
using AtomPtr = std::shared_ptr<const Atom>;

// Far more than sizes have, and few enough that no text takes long to read.
constexpr size_t maxTerms = 256;
constexpr size_t maxFactors = 64;

int compare(const SizeExpr &a, const SizeExpr &b);

int compare(const AtomPtr &a, const AtomPtr &b) {
  if (a == b)
    return 0;
  if (a->kind != b->kind)
    return a->kind < b->kind ? -1 : 1;
  if (int order = a->name.compare(b->name))
    return order < 0 ? -1 : 1;
  for (size_t i = 0; i < a->operands.size() && i < b->operands.size(); ++i)
    if (int order = compare(a->operands[i], b->operands[i]))
      return order;
  return 0;
}

/// Higher degree first, then by factors.
int compareFactors(const Term &a, const Term &b) {
  if (a.factors.size() != b.factors.size())
    return a.factors.size() > b.factors.size() ? -1 : 1;
  for (size_t i = 0; i < a.factors.size(); ++i)
    if (int order = compare(a.factors[i], b.factors[i]))
      return order;
  return 0;
}

int compare(const SizeExpr &a, const SizeExpr &b) {
  const auto &x = a.terms(), &y = b.terms();
  for (size_t i = 0; i < x.size() && i < y.size(); ++i) {
    if (int order = compareFactors(x[i], y[i]))
      return order;
    if (x[i].coefficient != y[i].coefficient)
      return x[i].coefficient < y[i].coefficient ? -1 : 1;
  }
  return x.size() == y.size() ? 0 : (x.size() < y.size() ? -1 : 1);
}

bool less(const AtomPtr &a, const AtomPtr &b) { return compare(a, b) < 0; }

/// Sorts and merges like terms. False on overflow or when the result is too large.
bool canonicalize(std::vector<Term> &terms) {
  std::sort(terms.begin(), terms.end(), [](const Term &a, const Term &b) { return compareFactors(a, b) < 0; });
  size_t out = 0;
  for (size_t i = 0; i < terms.size();) {
    Term merged = std::move(terms[i++]);
    for (; i < terms.size() && compareFactors(merged, terms[i]) == 0; ++i)
      if (__builtin_add_overflow(merged.coefficient, terms[i].coefficient, &merged.coefficient))
        return false;
    if (merged.coefficient != 0)
      terms[out++] = std::move(merged);
  }
  terms.resize(out);
  return out <= maxTerms;
}

/// Dimensions are not negative, so d * min(d, 1) is d.
void dropSigns(std::vector<AtomPtr> &factors) {
  auto isSignOf = [](const Atom &atom, const Atom &dim) {
    if (atom.kind != Atom::Kind::Min || dim.kind != Atom::Kind::Dim)
      return false;
    const SizeExpr &a = atom.operands[0], &b = atom.operands[1];
    return (a.constant() == 1 && b.asDim() == dim.name) || (b.constant() == 1 && a.asDim() == dim.name);
  };
  factors.erase(std::remove_if(factors.begin(), factors.end(),
                               [&](const AtomPtr &atom) {
                                 return std::any_of(factors.begin(), factors.end(),
                                                    [&](const AtomPtr &dim) { return isSignOf(*atom, *dim); });
                               }),
                factors.end());
}

std::optional<std::vector<Term>> scaled(const std::vector<Term> &terms, const Term &by) {
  std::vector<Term> result;
  result.reserve(terms.size());
  for (const Term &term : terms) {
    Term product;
    if (__builtin_mul_overflow(term.coefficient, by.coefficient, &product.coefficient) ||
        term.factors.size() + by.factors.size() > maxFactors)
      return std::nullopt;
    std::merge(term.factors.begin(), term.factors.end(), by.factors.begin(), by.factors.end(),
               std::back_inserter(product.factors), less);
    dropSigns(product.factors);
    result.push_back(std::move(product));
  }
  return result;
}

/// The factors of `term` without those of `divisor`, nullopt when they are not all there.
std::optional<Term> divideTerm(const Term &term, const Term &divisor) {
  if (divisor.coefficient == -1 ? term.coefficient == INT64_MIN : term.coefficient % divisor.coefficient != 0)
    return std::nullopt;
  Term quotient{term.coefficient / divisor.coefficient, {}};
  size_t next = 0;
  for (const AtomPtr &factor : term.factors) {
    if (next < divisor.factors.size() && compare(factor, divisor.factors[next]) == 0)
      ++next;
    else
      quotient.factors.push_back(factor);
  }
  if (next != divisor.factors.size())
    return std::nullopt;
  return quotient;
}

std::optional<int64_t> floorDivide(int64_t value, int64_t divisor) {
  if (divisor == 0 || (value == INT64_MIN && divisor == -1))
    return std::nullopt;
  int64_t quotient = value / divisor;
  if (value % divisor != 0 && (value < 0) != (divisor < 0))
    --quotient;
  return quotient;
}

uint64_t magnitude(int64_t value) {
  return value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
}

} // namespace

namespace reckon {
/// Builds expressions from parts; a friend by being the one place that writes `sum`.
struct SizeExprBuilder {
  static SizeExpr fromTerms(std::vector<Term> terms) {
    SizeExpr result;
    result.sum = std::move(terms);
    return result;
  }
  static SizeExpr fromAtom(Atom atom) { return fromTerms({Term{1, {std::make_shared<const Atom>(std::move(atom))}}}); }
  static SizeExpr function(Atom::Kind kind, SizeExpr a, SizeExpr b) {
    Atom atom{kind, {}, {}};
    atom.operands.push_back(std::move(a));
    atom.operands.push_back(std::move(b));
    return fromAtom(std::move(atom));
  }
  /// What has no 64-bit value: a division by zero, which evaluate() and parse() refuse.
  static SizeExpr invalid() { return function(Atom::Kind::FloorDiv, SizeExpr(1), SizeExpr()); }
  static SizeExpr canonical(std::vector<Term> terms) {
    return canonicalize(terms) ? fromTerms(std::move(terms)) : invalid();
  }
};
} // namespace reckon
using Builder = SizeExprBuilder;

SizeExpr::SizeExpr(int64_t value) {
  if (value != 0)
    sum.push_back({value, {}});
}

SizeExpr SizeExpr::dim(std::string_view name) {
  return Builder::fromAtom(Atom{Atom::Kind::Dim, std::string(name), {}});
}

std::string SizeExpr::makeDimName(std::string_view onnxName) {
  static const char hex[] = "0123456789abcdef";
  if (onnxName.empty())
    return "%";
  std::string result;
  for (size_t i = 0; i < onnxName.size(); ++i) {
    unsigned char c = onnxName[i];
    bool leadingDigit = i == 0 && c >= '0' && c <= '9';
    if (c <= ' ' || c == 0x7f || std::string_view("+-*(),%'\"").find(c) != std::string_view::npos || leadingDigit) {
      result += '%';
      result += hex[c >> 4];
      result += hex[c & 15];
    } else {
      result += static_cast<char>(c);
    }
  }
  return result;
}

namespace reckon {
SizeExpr operator+(const SizeExpr &a, const SizeExpr &b) {
  std::vector<Term> terms = a.sum;
  terms.insert(terms.end(), b.sum.begin(), b.sum.end());
  return Builder::canonical(std::move(terms));
}

SizeExpr operator-(const SizeExpr &a, const SizeExpr &b) { return a + b * SizeExpr(-1); }

SizeExpr operator*(const SizeExpr &a, const SizeExpr &b) {
  if (a.sum.size() * b.sum.size() > maxTerms)
    return Builder::invalid();
  std::vector<Term> terms;
  for (const Term &by : b.sum) {
    auto part = scaled(a.sum, by);
    if (!part)
      return Builder::invalid();
    terms.insert(terms.end(), std::make_move_iterator(part->begin()), std::make_move_iterator(part->end()));
  }
  return Builder::canonical(std::move(terms));
}

bool operator==(const SizeExpr &a, const SizeExpr &b) { return compare(a, b) == 0; }
} // namespace reckon

std::optional<SizeExpr> SizeExpr::exactDiv(const SizeExpr &value, const SizeExpr &divisor) {
  if (divisor.sum.empty())
    return std::nullopt;
  SizeExpr rest = value;
  std::vector<Term> quotient;
  // Each round removes the leading term of the rest, so the quotient's terms come out in order.
  while (!rest.sum.empty()) {
    auto term = divideTerm(rest.sum.front(), divisor.sum.front());
    if (!term || quotient.size() == maxTerms)
      return std::nullopt;
    auto product = scaled(divisor.sum, *term);
    if (!product)
      return std::nullopt;
    Term leading = rest.sum.front();
    rest = rest - Builder::fromTerms(std::move(*product));
    if (!rest.sum.empty() && compareFactors(rest.sum.front(), leading) <= 0)
      return std::nullopt; // overflow made it grow
    quotient.push_back(std::move(*term));
  }
  return Builder::fromTerms(std::move(quotient));
}

SizeExpr SizeExpr::floorDiv(const SizeExpr &value, const SizeExpr &divisor) {
  if (auto exact = exactDiv(value, divisor))
    return *exact;
  auto by = divisor.constant();
  if (!by)
    return Builder::function(Atom::Kind::FloorDiv, value, divisor);
  if (*by == 0 || *by == INT64_MIN)
    return Builder::invalid();
  if (*by < 0)
    return floorDiv(value * SizeExpr(-1), SizeExpr(-*by));

  // floordiv(d*q + r, d) = q + floordiv(r, d), term by term.
  std::vector<Term> whole, rest;
  int64_t constantRest = 0;
  uint64_t common = *by;
  for (const Term &term : value.sum) {
    if (term.factors.empty()) {
      int64_t quotient = *floorDivide(term.coefficient, *by);
      constantRest = term.coefficient - quotient * *by;
      if (quotient != 0)
        whole.push_back({quotient, {}});
    } else if (term.coefficient % *by == 0) {
      whole.push_back({term.coefficient / *by, term.factors});
    } else {
      rest.push_back(term);
      common = std::gcd(common, magnitude(term.coefficient));
    }
  }
  SizeExpr result = Builder::fromTerms(std::move(whole));
  if (rest.empty())
    return result;
  // floordiv(g*x + c, g*d) = floordiv(x + floordiv(c, g), d).
  int64_t divide = static_cast<int64_t>(common);
  for (Term &term : rest)
    term.coefficient /= divide;
  if (constantRest / divide != 0)
    rest.push_back({constantRest / divide, {}});
  return result + Builder::function(Atom::Kind::FloorDiv, Builder::fromTerms(std::move(rest)), *by / divide);
}

SizeExpr SizeExpr::ceilDiv(const SizeExpr &value, const SizeExpr &divisor) {
  auto by = divisor.constant();
  if (by && *by < 0 && *by != INT64_MIN)
    return ceilDiv(value * SizeExpr(-1), SizeExpr(-*by));
  return floorDiv(value + divisor - SizeExpr(1), divisor);
}

/// The order of two sizes that differ in a constant alone. Not by their difference, which may exceed 64 bits: then the
/// result would depend on which pairs of operands meet.
static std::optional<int> compareConstants(const SizeExpr &a, const SizeExpr &b) {
  auto split = [](const std::vector<Term> &terms) {
    bool hasConstant = !terms.empty() && terms.back().factors.empty();
    return std::pair(terms.size() - hasConstant, hasConstant ? terms.back().coefficient : 0);
  };
  auto [numA, constantA] = split(a.terms());
  auto [numB, constantB] = split(b.terms());
  if (numA != numB)
    return std::nullopt;
  for (size_t i = 0; i < numA; ++i)
    if (a.terms()[i].coefficient != b.terms()[i].coefficient || compareFactors(a.terms()[i], b.terms()[i]) != 0)
      return std::nullopt;
  return constantA < constantB ? -1 : constantA > constantB;
}

/// Flattens nested minima (or maxima), drops what another operand bounds, and nests the rest again in order, so that
/// the grouping does not matter.
static SizeExpr extremum(Atom::Kind kind, const SizeExpr &a, const SizeExpr &b) {
  std::vector<SizeExpr> pending{a, b}, operands;
  while (!pending.empty()) {
    SizeExpr next = std::move(pending.back());
    pending.pop_back();
    const auto &terms = next.terms();
    if (terms.size() == 1 && terms[0].coefficient == 1 && terms[0].factors.size() == 1 &&
        terms[0].factors[0]->kind == kind) {
      for (const SizeExpr &operand : terms[0].factors[0]->operands)
        pending.push_back(operand);
      continue;
    }
    bool dropped = false;
    for (SizeExpr &other : operands) {
      std::optional<int> order = compareConstants(next, other);
      if (!order)
        continue;
      if ((*order < 0) == (kind == Atom::Kind::Min))
        other = next;
      dropped = true;
      break;
    }
    if (!dropped)
      operands.push_back(std::move(next));
  }
  std::sort(operands.begin(), operands.end(), [](const auto &x, const auto &y) { return compare(x, y) < 0; });
  SizeExpr result = operands.back();
  for (size_t i = operands.size() - 1; i-- > 0;)
    result = Builder::function(kind, operands[i], std::move(result));
  return result;
}

SizeExpr SizeExpr::min(const SizeExpr &a, const SizeExpr &b) { return extremum(Atom::Kind::Min, a, b); }
SizeExpr SizeExpr::max(const SizeExpr &a, const SizeExpr &b) { return extremum(Atom::Kind::Max, a, b); }

std::optional<int64_t> SizeExpr::constant() const {
  if (sum.empty())
    return 0;
  if (sum.size() == 1 && sum[0].factors.empty())
    return sum[0].coefficient;
  return std::nullopt;
}

std::optional<std::string> SizeExpr::asDim() const {
  if (sum.size() == 1 && sum[0].coefficient == 1 && sum[0].factors.size() == 1 &&
      sum[0].factors[0]->kind == Atom::Kind::Dim)
    return sum[0].factors[0]->name;
  return std::nullopt;
}

static void collectDims(const SizeExpr &expr, std::vector<std::string> &names) {
  for (const Term &term : expr.terms())
    for (const AtomPtr &factor : term.factors) {
      if (factor->kind == Atom::Kind::Dim)
        names.push_back(factor->name);
      for (const SizeExpr &operand : factor->operands)
        collectDims(operand, names);
    }
}

std::vector<std::string> SizeExpr::dims() const {
  std::vector<std::string> names;
  collectDims(*this, names);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

SizeExpr SizeExpr::substitute(const std::function<std::optional<SizeExpr>(std::string_view)> &replace) const {
  auto atomValue = [&](const AtomPtr &atom) {
    if (atom->kind == Atom::Kind::Dim) {
      auto replacement = replace(atom->name);
      return replacement ? *replacement : dim(atom->name);
    }
    SizeExpr a = atom->operands[0].substitute(replace), b = atom->operands[1].substitute(replace);
    switch (atom->kind) {
    case Atom::Kind::Min:
      return min(a, b);
    case Atom::Kind::Max:
      return max(a, b);
    default:
      return floorDiv(a, b);
    }
  };
  SizeExpr result;
  for (const Term &term : sum) {
    SizeExpr product(term.coefficient);
    for (const AtomPtr &factor : term.factors)
      product = product * atomValue(factor);
    result = result + product;
  }
  return result;
}

std::optional<int64_t> SizeExpr::evaluate(const std::function<std::optional<int64_t>(std::string_view)> &value) const {
  auto atomValue = [&](const Atom &atom) -> std::optional<int64_t> {
    if (atom.kind == Atom::Kind::Dim)
      return value(atom.name);
    auto a = atom.operands[0].evaluate(value), b = atom.operands[1].evaluate(value);
    if (!a || !b)
      return std::nullopt;
    switch (atom.kind) {
    case Atom::Kind::Min:
      return std::min(*a, *b);
    case Atom::Kind::Max:
      return std::max(*a, *b);
    default:
      return floorDivide(*a, *b);
    }
  };
  int64_t result = 0;
  for (const Term &term : sum) {
    int64_t product = term.coefficient;
    for (const AtomPtr &factor : term.factors) {
      auto next = atomValue(*factor);
      if (!next || __builtin_mul_overflow(product, *next, &product))
        return std::nullopt;
    }
    if (__builtin_add_overflow(result, product, &result))
      return std::nullopt;
  }
  return result;
}

static std::string print(const Atom &atom) {
  if (atom.kind == Atom::Kind::Dim)
    return atom.name;
  const char *name = atom.kind == Atom::Kind::FloorDiv ? "floordiv(" : atom.kind == Atom::Kind::Min ? "min(" : "max(";
  return name + atom.operands[0].str() + ", " + atom.operands[1].str() + ")";
}

std::string SizeExpr::str() const {
  if (sum.empty())
    return "0";
  std::string text;
  for (const Term &term : sum) {
    if (term.coefficient < 0)
      text += '-';
    else if (!text.empty())
      text += '+';
    uint64_t coefficient = magnitude(term.coefficient);
    bool written = coefficient != 1 || term.factors.empty();
    if (written)
      text += std::to_string(coefficient);
    for (const AtomPtr &factor : term.factors) {
      if (written)
        text += '*';
      text += print(*factor);
      written = true;
    }
  }
  return text;
}
