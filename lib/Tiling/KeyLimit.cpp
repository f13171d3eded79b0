//===- KeyLimit.cpp - Which keys a mask keeps a query from ------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//
//
// A comparison of places, the key's with the query's, is a candidate. What the layers behind it make of the keys that
// it excludes is computed with numbers where these are known: a weight of zero, or a score that softmax makes zero.
//
//===------------------------------------------------------------------------------===//

#include "lib/Tiling/Attention.h"

#include "dialects/Rec/ConstantData.h"
#include "dialects/Rec/Shape.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

using namespace mlir;
using namespace reckon;
using namespace reckon::tiling;
using rec::BinaryKind;
using rec::CompareKind;
using rec::UnaryKind;

//===----------------------------------------------------------------------===//
// Places
//===----------------------------------------------------------------------===//

static std::optional<int64_t> asInteger(double x) {
  return std::abs(x) < 1e15 && x == std::floor(x) ? std::optional<int64_t>(x) : std::nullopt;
}

/// The most elements that are looked at one by one.
static constexpr int64_t mostElements = 1 << 16;

static std::optional<Places> placesOf(rec::ConstantOp op) {
  auto type = cast<RankedTensorType>(op.getType());
  Places result{SmallVector<int64_t>(type.getRank(), 0)};
  bool isOne = rec::getConstantSplat(op.getValue()) || type.getNumElements() == 1;
  if (type.getNumElements() == 0 || (!isOne && type.getNumElements() > mostElements))
    return std::nullopt;
  auto values = rec::getConstantDoubles(op.getValue());
  if (!values || values->empty())
    return std::nullopt;
  auto first = asInteger((*values)[0]);
  if (!first)
    return std::nullopt;
  result.offset = *first;
  if (isOne)
    return result;
  int64_t distance = 1;
  for (int64_t d = type.getRank(); d-- > 0; distance *= type.getDimSize(d))
    if (type.getDimSize(d) > 1)
      result.steps[d] = (*values)[distance] - *first;
  for (auto [i, element] : llvm::enumerate(*values)) {
    int64_t rest = i, expected = *first;
    for (int64_t d = type.getRank(); d-- > 0; rest /= type.getDimSize(d))
      expected += rest % type.getDimSize(d) * result.steps[d];
    if (element != expected)
      return std::nullopt;
  }
  return result;
}

static std::optional<Places> placesOf(rec::IotaOp op) {
  auto start = asInteger(op.getStart().convertToDouble()), step = asInteger(op.getStep().convertToDouble());
  if (!start || !step)
    return std::nullopt;
  Places result{SmallVector<int64_t>(op.getType().getRank(), 0), *start};
  result.steps[op.getAxis()] = *step;
  return result;
}

/// Aligned at the last dimension; where a size is one the step does not matter.
static Places aligned(Value value, Places places, size_t rank) {
  rec::Shape shape = rec::getShape(value);
  for (auto [step, size] : llvm::zip(places.steps, shape))
    if (size == SizeExpr(1))
      step = 0;
  places.steps.insert(places.steps.begin(), rank - places.steps.size(), 0);
  return places;
}

static std::optional<Places> placesOf(rec::BinaryOp op) {
  bool isSum = op.getKind() == BinaryKind::add;
  if (!isSum && op.getKind() != BinaryKind::sub)
    return std::nullopt;
  auto a = getPlaces(op.getA()), b = getPlaces(op.getB());
  if (!a || !b)
    return std::nullopt;
  size_t rank = rec::getShape(op.getResult()).size();
  Places x = aligned(op.getA(), *a, rank), y = aligned(op.getB(), *b, rank);
  int64_t sign = isSum ? 1 : -1;
  x.offset += sign * y.offset;
  for (auto [left, right] : llvm::zip(x.steps, y.steps))
    left += sign * right;
  return x;
}

static std::optional<Places> placesOf(rec::BroadcastOp op) {
  auto places = getPlaces(op.getX());
  rec::Shape from = rec::getShape(op.getX()), to = rec::getShape(op.getResult());
  if (!places)
    return std::nullopt;
  // A size that may be one would be repeated.
  for (auto [d, size] : llvm::enumerate(from))
    if (size != SizeExpr(1) && size != to[to.size() - from.size() + d])
      return std::nullopt;
  return aligned(op.getX(), *places, to.size());
}

static std::optional<Places> placesOf(rec::ReshapeOp op) {
  auto places = getPlaces(op.getX());
  if (!places)
    return std::nullopt;
  rec::Shape from = rec::getShape(op.getX()), to = rec::getShape(op.getResult());
  Places result{SmallVector<int64_t>(to.size(), 0), places->offset};
  size_t i = 0;
  auto skipOnes = [&] {
    while (i < from.size() && from[i] == SizeExpr(1))
      ++i;
  };
  for (auto [d, size] : llvm::enumerate(to)) {
    if (size == SizeExpr(1))
      continue;
    skipOnes();
    if (i == from.size() || from[i] != size)
      return std::nullopt;
    result.steps[d] = places->steps[i++];
  }
  skipOnes();
  return i == from.size() ? std::optional(result) : std::nullopt;
}

static std::optional<Places> placesOf(rec::TransposeOp op) {
  auto places = getPlaces(op.getX());
  if (!places)
    return std::nullopt;
  Places result{{}, places->offset};
  for (int64_t d : op.getPerm())
    result.steps.push_back(places->steps[d]);
  return result;
}

std::optional<Places> tiling::getPlaces(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op)
    return std::nullopt;
  return llvm::TypeSwitch<Operation *, std::optional<Places>>(op)
      .Case<rec::ConstantOp, rec::IotaOp, rec::BinaryOp, rec::BroadcastOp, rec::ReshapeOp, rec::TransposeOp>(
          [](auto typed) { return placesOf(typed); })
      .Case([](rec::CastOp cast) { return getPlaces(cast.getX()); })
      .Default([](Operation *) { return std::nullopt; });
}

//===----------------------------------------------------------------------===//
// Comparisons
//===----------------------------------------------------------------------===//

/// Which index of the scores each dimension of a value has; none where its size is one.
using Axes = SmallVector<std::optional<unsigned>>;

/// Those of an operand that numpy's broadcasting aligns with a result.
static Axes alignedAxes(Value operand, ArrayRef<std::optional<unsigned>> axes) {
  rec::Shape shape = rec::getShape(operand);
  Axes result(axes.take_back(shape.size()));
  for (auto [axis, size] : llvm::zip(result, shape))
    if (size == SizeExpr(1))
      axis = std::nullopt;
  return result;
}

/// Those of an operand of a layer in front of the scores; nullopt for what moves elements otherwise.
static std::optional<Axes> operandAxes(Operation *op, Value operand, ArrayRef<std::optional<unsigned>> axes) {
  if (op->hasTrait<rec::Pointwise>() || isa<rec::BroadcastOp>(op)) {
    rec::Shape from = rec::getShape(operand), to = rec::getShape(op->getResult(0));
    // A size that may be one would be repeated.
    for (auto [d, size] : llvm::enumerate(from))
      if (size != SizeExpr(1) && size != to[to.size() - from.size() + d])
        return std::nullopt;
    return alignedAxes(operand, axes);
  }
  if (auto transpose = dyn_cast<rec::TransposeOp>(op)) {
    Axes result(axes.size());
    for (auto [d, from] : llvm::enumerate(transpose.getPerm()))
      result[from] = axes[d];
    return result;
  }
  if (!isa<rec::ReshapeOp>(op))
    return std::nullopt;
  // Sizes of one come and go.
  Axes kept, result;
  rec::Shape from = rec::getShape(operand), to = rec::getShape(op->getResult(0)), sizes;
  for (auto [axis, size] : llvm::zip(axes, to))
    if (size != SizeExpr(1)) {
      kept.push_back(axis);
      sizes.push_back(size);
    }
  size_t next = 0;
  for (const SizeExpr &size : from) {
    if (size == SizeExpr(1)) {
      result.push_back(std::nullopt);
      continue;
    }
    if (next == sizes.size() || sizes[next] != size)
      return std::nullopt;
    result.push_back(kept[next++]);
  }
  return next == sizes.size() ? std::optional(result) : std::nullopt;
}

namespace {
/// One side less the other: steps of the key's and the query's places, and a number.
struct Difference {
  int64_t columnStep = 0, rowStep = 0, offset = 0;

  /// Adds places of an operand, times a sign; false when they go along another dimension.
  bool add(Value operand, const Places &places, ArrayRef<std::optional<unsigned>> axes, unsigned rank, int64_t sign) {
    offset += sign * places.offset;
    for (auto [step, axis] : llvm::zip(places.steps, alignedAxes(operand, axes))) {
      if (step == 0 || !axis)
        continue;
      if (*axis + 2 < rank)
        return false;
      (*axis + 1 == rank ? columnStep : rowStep) += sign * step;
    }
    return true;
  }
};
} // namespace

/// Whether the value is an integer of each matrix.
static bool isBound(Value value, ArrayRef<std::optional<unsigned>> axes, unsigned rank) {
  return isa<IntegerType>(cast<RankedTensorType>(value.getType()).getElementType()) &&
         llvm::all_of(axes, [&](std::optional<unsigned> axis) { return !axis || *axis + 2 < rank; });
}

/// The limit that a comparison is, of scores of a rank; what becomes of excluded keys is not filled in.
static std::optional<KeyLimit> getLimit(rec::CompareOp op, ArrayRef<std::optional<unsigned>> axes, unsigned rank) {
  CompareKind kind = op.getKind();
  if (kind == CompareKind::eq || kind == CompareKind::ne)
    return std::nullopt;
  bool isLess = kind == CompareKind::lt || kind == CompareKind::le;
  bool hasEqual = kind == CompareKind::le || kind == CompareKind::ge;
  Value left = op.getA(), right = op.getB();
  std::optional<Places> a = getPlaces(left), b = getPlaces(right);
  if (!a) {
    std::swap(left, right);
    std::swap(a, b);
    isLess = !isLess;
  }
  KeyLimit limit;
  limit.condition = op;
  Difference difference;
  if (!a || !difference.add(left, *a, axes, rank, 1))
    return std::nullopt;
  if (b) {
    if (!difference.add(right, *b, axes, rank, -1))
      return std::nullopt;
    // The other way round.
    if (difference.columnStep < 0 || (difference.columnStep == 0 && difference.rowStep < 0)) {
      difference = {-difference.columnStep, -difference.rowStep, -difference.offset};
      isLess = !isLess;
    }
  } else {
    limit.boundAxes = alignedAxes(right, axes);
    limit.bound = right;
    if (!isBound(right, limit.boundAxes, rank))
      return std::nullopt;
  }
  auto steps = std::pair(difference.columnStep, difference.rowStep);
  if (steps != std::pair<int64_t, int64_t>(1, -1) && steps != std::pair<int64_t, int64_t>(1, 0) &&
      steps != std::pair<int64_t, int64_t>(0, 1))
    return std::nullopt;
  std::tie(limit.columnStep, limit.rowStep) = steps;
  limit.live = isLess;
  limit.offset = -difference.offset - (isLess ? !hasEqual : hasEqual);
  return limit;
}

//===----------------------------------------------------------------------===//
// What becomes of a key that is excluded
//===----------------------------------------------------------------------===//

namespace {
/// Numbers of values where a condition has one value everywhere.
class Assumption {
public:
  Assumption(Value condition, bool value) { known[condition] = value; }

  std::optional<double> get(Value value);

private:
  std::optional<double> compute(Operation *op);
  std::optional<double> comparison(rec::CompareOp op);
  std::optional<double> unary(rec::UnaryOp op);
  std::optional<double> binary(rec::BinaryOp op);

  DenseMap<Value, std::optional<double>> known;
};
} // namespace

std::optional<double> Assumption::get(Value value) {
  if (auto it = known.find(value); it != known.end())
    return it->second;
  Operation *op = value.getDefiningOp();
  std::optional<double> result = op ? compute(op) : std::nullopt;
  known[value] = result;
  return result;
}

std::optional<double> Assumption::compute(Operation *op) {
  return llvm::TypeSwitch<Operation *, std::optional<double>>(op)
      .Case([](rec::ConstantOp constant) -> std::optional<double> {
        if (!rec::getConstantSplat(constant.getValue()) && constant.getType().getNumElements() != 1)
          return std::nullopt;
        auto values = rec::getConstantDoubles(constant.getValue());
        return values && !values->empty() ? std::optional((*values)[0]) : std::nullopt;
      })
      .Case([&](rec::SelectOp select) -> std::optional<double> {
        std::optional<double> condition = get(select.getCondition());
        if (condition)
          return get(*condition ? select.getA() : select.getB());
        auto a = get(select.getA()), b = get(select.getB());
        return a == b ? a : std::nullopt;
      })
      .Case<rec::BroadcastOp, rec::ReshapeOp, rec::TransposeOp>([&](auto view) { return get(view.getX()); })
      .Case([&](rec::CastOp cast) -> std::optional<double> {
        std::optional<double> x = get(cast.getX());
        return x && cast.getType().getElementType().isInteger(1) ? std::optional<double>(*x != 0) : x;
      })
      .Case([&](rec::CompareOp compare) { return comparison(compare); })
      .Case([&](rec::UnaryOp unaryOp) { return unary(unaryOp); })
      .Case([&](rec::BinaryOp binaryOp) { return binary(binaryOp); })
      .Default([](Operation *) { return std::nullopt; });
}

std::optional<double> Assumption::comparison(rec::CompareOp op) {
  std::optional<double> a = get(op.getA()), b = get(op.getB());
  if (!a || !b)
    return std::nullopt;
  switch (op.getKind()) {
  case CompareKind::eq:
    return *a == *b;
  case CompareKind::ne:
    return *a != *b;
  case CompareKind::lt:
    return *a < *b;
  case CompareKind::le:
    return *a <= *b;
  case CompareKind::gt:
    return *a > *b;
  case CompareKind::ge:
    return *a >= *b;
  }
  llvm_unreachable("all comparisons are there");
}

std::optional<double> Assumption::unary(rec::UnaryOp op) {
  std::optional<double> x = get(op.getX());
  if (!x)
    return std::nullopt;
  switch (op.getKind()) {
  case UnaryKind::logical_not:
    return !*x;
  case UnaryKind::neg:
    return -*x;
  case UnaryKind::relu:
    return std::max(*x, 0.0);
  case UnaryKind::sigmoid:
    return 1 / (1 + std::exp(-*x));
  case UnaryKind::silu:
    return *x / (1 + std::exp(-*x));
  case UnaryKind::gelu:
    return 0.5 * *x * (1 + std::erf(*x * M_SQRT1_2));
  case UnaryKind::exp:
    return std::exp(*x);
  default:
    return std::nullopt;
  }
}

/// What no sum of other scores changes, in single precision.
static bool isHuge(std::optional<double> x) { return x && *x <= -1e30; }

std::optional<double> Assumption::binary(rec::BinaryOp op) {
  std::optional<double> a = get(op.getA()), b = get(op.getB());
  switch (op.getKind()) {
  case BinaryKind::add:
    if (a && b)
      return *a + *b;
    return isHuge(a) ? a : isHuge(b) ? b : std::nullopt;
  case BinaryKind::sub:
    if (a && b)
      return *a - *b;
    return isHuge(a) ? a : std::nullopt;
  case BinaryKind::mul:
    if (a && b)
      return *a * *b;
    // Of weights that are no numbers nothing is asked.
    return a == 0.0 || b == 0.0 ? std::optional(0.0) : std::nullopt;
  case BinaryKind::div:
    if (a && b)
      return *a / *b;
    return a == 0.0 ? a : std::nullopt;
  case BinaryKind::logical_and:
    if (a == 0.0 || b == 0.0)
      return 0;
    return a && b ? std::optional<double>(*a != 0 && *b != 0) : std::nullopt;
  case BinaryKind::logical_or:
    if ((a && *a != 0) || (b && *b != 0))
      return 1;
    return a && b ? std::optional<double>(0) : std::nullopt;
  default:
    return std::nullopt;
  }
}

/// A score of an excluded key that some score of most rows is far above.
static constexpr double mostExcluded = -1000;

SmallVector<KeyLimit> tiling::findKeyLimits(const Attention &attention) {
  unsigned rank = rec::getShape(attention.pointwise()).size();
  // Layers in front of the weights, with the indices that their results have; none when they have several.
  llvm::MapVector<Operation *, std::optional<Axes>> layers;
  SmallVector<std::pair<Value, std::optional<Axes>>> worklist;
  Axes all;
  for (unsigned d = 0; d < rank; ++d)
    all.push_back(d);
  worklist.push_back({attention.pointwise(), all});
  while (!worklist.empty()) {
    auto [value, axes] = worklist.pop_back_val();
    Operation *op = value.getDefiningOp();
    if (!op || isa<rec::MatmulOp>(op))
      continue;
    auto [it, isNew] = layers.insert({op, axes});
    if (!isNew) {
      if (it->second == axes || !it->second)
        continue;
      it->second = axes = std::nullopt;
    }
    for (Value operand : op->getOperands())
      worklist.push_back({operand, axes ? operandAxes(op, operand, *axes) : std::nullopt});
  }
  SmallVector<KeyLimit> limits;
  for (auto &[op, axes] : layers) {
    auto compare = dyn_cast<rec::CompareOp>(op);
    std::optional<KeyLimit> limit = compare && axes ? getLimit(compare, *axes, rank) : std::nullopt;
    if (!limit)
      continue;
    std::optional<double> excluded = Assumption(compare.getResult(), !limit->live).get(attention.pointwise());
    if (!excluded || (attention.softmax ? *excluded > mostExcluded : *excluded != 0))
      continue;
    limit->excluded = *excluded;
    limits.push_back(std::move(*limit));
  }
  return limits;
}
