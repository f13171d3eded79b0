//===- RepeatedSizes.cpp - Sizes that numpy repeats ---------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "passes/Import/RepeatedSizes.h"

#include "passes/Import/UnifyDims.h"

#include "llvm/ADT/StringMap.h"

namespace reckon::importer {

namespace {
/// Which of two sizes can be 1 where the other is not.
struct Repeats {
  bool first = false, second = false;
};
} // namespace

/// By small dimensions: sizes that need large ones for that would be strange. What is missed is refused by the run,
/// which checks that the sizes are equal then.
static Repeats findRepeats(const SizeExpr &a, const SizeExpr &b) {
  std::vector<std::string> names = (a * b).dims();
  constexpr size_t mostDims = 3;
  constexpr int64_t tried = 9;
  // A product that vanishes or overflows has no dimensions.
  if (names.empty())
    return {};
  if (names.size() > mostDims)
    return {true, true};
  Repeats repeats;
  llvm::StringMap<int64_t> dims;
  int64_t count = 1;
  for (size_t i = 0; i < names.size(); ++i)
    count *= tried;
  for (int64_t code = 0; code < count; ++code) {
    int64_t rest = code;
    for (const std::string &name : names) {
      dims[name] = rest % tried;
      rest /= tried;
    }
    auto value = [&](std::string_view name) -> std::optional<int64_t> { return dims.lookup(name); };
    auto x = a.evaluate(value), y = b.evaluate(value);
    if (!x || !y || *x < 0 || *y < 0 || *x == *y)
      continue;
    repeats.first |= *x == 1;
    repeats.second |= *y == 1;
  }
  return repeats;
}

std::optional<SizeExpr> getRepeatedSize(mlir::func::FuncOp func, const SizeExpr &a, const SizeExpr &b) {
  SizeExpr one(1);
  if (rec::isAnonymous(a) || rec::isAnonymous(b) || a == b || a == one || b == one ||
      (a.isConstant() && b.isConstant()) || rec::dependsOnData(a) || rec::dependsOnData(b) || !haveNames(func, a) ||
      !haveNames(func, b))
    return std::nullopt;
  Repeats repeats = findRepeats(a, b);
  if (!repeats.first && !repeats.second)
    return std::nullopt;
  if (!repeats.first || !repeats.second)
    return repeats.first ? b : a;
  // Nothing where one of them is 0: the other is 0 or 1 then.
  return rec::normalizeSize(SizeExpr::max(a, b) * SizeExpr::min(SizeExpr::min(a, b), one));
}

} // namespace reckon::importer
