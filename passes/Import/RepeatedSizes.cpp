//===- RepeatedSizes.cpp - Sizes that numpy repeats ---------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "passes/Import/RepeatedSizes.h"

#include "passes/Import/UnifyDims.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringMap.h"

namespace reckon::importer {

namespace {
/// Which of two sizes can be 1 where the other is not.
struct Repeats {
  bool first = false, second = false;
};
} // namespace

/// The numbers that occur in a size, without signs.
static void collectNumbers(const SizeExpr &size, llvm::SmallSetVector<int64_t, 8> &numbers) {
  for (const SizeExpr::Term &term : size.terms()) {
    if (term.coefficient != INT64_MIN)
      numbers.insert(std::abs(term.coefficient));
    for (const auto &factor : term.factors)
      for (const SizeExpr &operand : factor->operands)
        collectNumbers(operand, numbers);
  }
}

/// Dimensions to try: small ones, and those around the numbers in the sizes, where a slice ends.
static llvm::SmallVector<int64_t> getTriedSizes(const SizeExpr &a, const SizeExpr &b, size_t most) {
  constexpr int64_t small = 9;
  llvm::SmallSetVector<int64_t, 32> tried;
  for (int64_t size = 0; size < small; ++size)
    tried.insert(size);
  llvm::SmallSetVector<int64_t, 8> numbers;
  collectNumbers(a, numbers);
  collectNumbers(b, numbers);
  for (int64_t number : numbers)
    for (int64_t size : {number - 1, number, number + 1})
      if (size >= 0 && tried.size() < most)
        tried.insert(size);
  return llvm::to_vector(tried);
}

/// By trying dimensions: sizes that need others for that would be strange. What is missed is refused by the run, which
/// checks that the sizes are equal then.
static Repeats findRepeats(const SizeExpr &a, const SizeExpr &b) {
  std::vector<std::string> names = (a * b).dims();
  constexpr size_t mostDims = 3, mostTried[] = {64, 24, 12};
  // A product that vanishes or overflows has no dimensions.
  if (names.empty())
    return {};
  if (names.size() > mostDims)
    return {true, true};
  llvm::SmallVector<int64_t> tried = getTriedSizes(a, b, mostTried[names.size() - 1]);
  Repeats repeats;
  llvm::StringMap<int64_t> dims;
  size_t count = 1;
  for (size_t i = 0; i < names.size(); ++i)
    count *= tried.size();
  for (size_t code = 0; code < count; ++code) {
    size_t rest = code;
    for (const std::string &name : names) {
      dims[name] = tried[rest % tried.size()];
      rest /= tried.size();
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
