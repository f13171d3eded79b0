//===- SizeProgram.cpp - Size expressions made fast -----------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "SizeProgram.h"

#include <algorithm>

using namespace reckon;
using namespace reckon::runtime;

bool SizeProgram::compile(const SizeExpr &expr, const DimIndex &dims) {
  code.clear();
  return append(expr, dims, 0);
}

// `depth` is the height of the stack before the expression; a sum needs at most three more of its own.
bool SizeProgram::append(const SizeExpr &expr, const DimIndex &dims, size_t depth) {
  if (depth + 4 > maxStack)
    return false;
  if (expr.terms().empty())
    code.push_back({Op::Constant, 0});
  bool first = true;
  for (const SizeExpr::Term &term : expr.terms()) {
    size_t height = depth + (first ? 0 : 1);
    bool scaled = term.coefficient != 1 || term.factors.empty();
    if (scaled)
      code.push_back({Op::Constant, term.coefficient});
    bool leading = !scaled;
    for (const auto &factor : term.factors) {
      size_t above = height + (leading ? 0 : 1);
      if (factor->kind == SizeExpr::Atom::Kind::Dim) {
        code.push_back({Op::Dim, dims.at(factor->name)});
      } else {
        if (!append(factor->operands[0], dims, above) || !append(factor->operands[1], dims, above + 1))
          return false;
        Op op = factor->kind == SizeExpr::Atom::Kind::FloorDiv ? Op::FloorDiv
                : factor->kind == SizeExpr::Atom::Kind::Min    ? Op::Min
                                                               : Op::Max;
        code.push_back({op, 0});
      }
      if (!leading)
        code.push_back({Op::Multiply, 0});
      leading = false;
    }
    if (!first)
      code.push_back({Op::Add, 0});
    first = false;
  }
  return true;
}

bool SizeProgram::evaluate(const int64_t *dims, int64_t &result) const {
  int64_t stack[maxStack];
  size_t top = 0; // the height
  for (const Instruction &instruction : code) {
    if (instruction.op == Op::Constant || instruction.op == Op::Dim) {
      stack[top++] = instruction.op == Op::Constant ? instruction.value : dims[instruction.value];
      continue;
    }
    int64_t b = stack[--top], &a = stack[top - 1];
    switch (instruction.op) {
    case Op::Add:
      if (__builtin_add_overflow(a, b, &a))
        return false;
      break;
    case Op::Multiply:
      if (__builtin_mul_overflow(a, b, &a))
        return false;
      break;
    case Op::FloorDiv: {
      if (b == 0 || (a == INT64_MIN && b == -1))
        return false;
      int64_t quotient = a / b;
      a = quotient - (a % b != 0 && (a < 0) != (b < 0));
      break;
    }
    case Op::Min:
      a = std::min(a, b);
      break;
    default:
      a = std::max(a, b);
      break;
    }
  }
  result = stack[0];
  return true;
}
