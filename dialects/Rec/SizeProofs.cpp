//===- SizeProofs.cpp - Sizes that cannot be negative ------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------------===//

#include "dialects/Rec/Rec.h"

using namespace mlir;
using namespace reckon;

using Atom = SizeExpr::Atom;
using Kind = SizeExpr::Atom::Kind;

bool rec::isNonNegative(const SizeExpr &size) {
  for (const SizeExpr::Term &term : size.terms()) {
    if (term.coefficient < 0)
      return false;
    for (const auto &factor : term.factors) {
      const std::vector<SizeExpr> &operands = factor->operands;
      if (factor->kind == Kind::Dim)
        continue;
      bool both = isNonNegative(operands[0]) && isNonNegative(operands[1]);
      bool one = isNonNegative(operands[0]) || isNonNegative(operands[1]);
      if (!(factor->kind == Kind::Max ? one : both))
        return false;
    }
  }
  return true;
}

static SizeExpr toExpr(const Atom &atom) {
  switch (atom.kind) {
  case Kind::Dim:
    return SizeExpr::dim(atom.name);
  case Kind::FloorDiv:
    return SizeExpr::floorDiv(atom.operands[0], atom.operands[1]);
  case Kind::Min:
    return SizeExpr::min(atom.operands[0], atom.operands[1]);
  case Kind::Max:
    return SizeExpr::max(atom.operands[0], atom.operands[1]);
  }
  llvm_unreachable("every kind of atom is above");
}

namespace {
/// A size as `slope * atom + rest`, where neither holds the atom.
struct Line {
  SizeExpr slope, rest;
};
} // namespace

/// nullopt when the atom occurs in a power.
static std::optional<Line> splitBy(const Atom &atom, const SizeExpr &size) {
  SizeExpr self = toExpr(atom);
  Line line;
  for (const SizeExpr::Term &term : size.terms()) {
    SizeExpr others(term.coefficient);
    unsigned occurrences = 0;
    for (const auto &factor : term.factors) {
      SizeExpr expr = toExpr(*factor);
      if (expr == self)
        ++occurrences;
      else
        others = others * expr;
    }
    if (occurrences > 1)
      return std::nullopt;
    (occurrences ? line.slope : line.rest) = (occurrences ? line.slope : line.rest) + others;
  }
  return line;
}

static bool prove(const SizeExpr &size, unsigned depth) {
  if (rec::isNonNegative(size))
    return true;
  if (depth == 0)
    return false;
  for (const SizeExpr::Term &term : size.terms())
    for (const auto &factor : term.factors) {
      if (factor->kind == Kind::Dim)
        continue;
      std::optional<Line> line = splitBy(*factor, size);
      if (!line)
        continue;
      bool rises = rec::isNonNegative(line->slope), falls = rec::isNonNegative(SizeExpr(0) - line->slope);
      const SizeExpr &a = factor->operands[0], &b = factor->operands[1];
      if (factor->kind == Kind::FloorDiv) {
        // (a - d + 1) / d <= floordiv(a, d) <= a / d, all times d.
        auto divisor = b.constant();
        if (!divisor || *divisor <= 0 || (!rises && !falls))
          continue;
        return prove(line->rest * *divisor + line->slope * (falls ? a : a - SizeExpr(*divisor - 1)), depth - 1);
      }
      // It is one of its operands; where the size moves against it, either bounds it.
      bool isBounded = factor->kind == Kind::Min ? falls : rises;
      bool first = prove(line->slope * a + line->rest, depth - 1);
      if (first == isBounded)
        return first;
      return prove(line->slope * b + line->rest, depth - 1);
    }
  return false;
}

bool rec::provablyNonNegative(const SizeExpr &size) {
  constexpr unsigned maxDepth = 6; // each step may double the work
  return prove(size, maxDepth);
}

bool rec::provablyHolds(const SizeCondition &requirement) {
  SizeExpr difference = requirement.left - requirement.right;
  if (difference == SizeExpr(0))
    return true;
  return requirement.relation == Relation::at_least && provablyNonNegative(difference);
}
