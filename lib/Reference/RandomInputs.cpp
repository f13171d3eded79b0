//===- RandomInputs.cpp - Random valid inputs of a model ----------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//

#include "lib/Reference/RandomInputs.h"

#include "dialects/Rec/ConstantData.h"
#include "dialects/Rec/Rec.h"
#include "dialects/Rec/Shape.h"
#include "lib/Reference/Convert.h"
#include "lib/Reference/Provenance.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <algorithm>
#include <random>

namespace reckon::reference {

std::vector<std::string> getInputDims(mlir::func::FuncOp func) {
  std::set<std::string> names;
  for (mlir::BlockArgument argument : func.getArguments())
    for (const SizeExpr &size : rec::getShape(argument))
      for (std::string &name : size.dims())
        names.insert(std::move(name));
  return {names.begin(), names.end()};
}

DimValues chooseDims(mlir::func::FuncOp func, int64_t batch) {
  DimValues dims;
  for (const std::string &name : getInputDims(func))
    dims[name] = batch;
  std::set<std::string> bagDims;
  func.walk([&](rec::LookupOpInterface bag) {
    if (bag.getOffsets())
      for (const std::string &name : rec::getShape(bag.getOffsets())[0].dims())
        bagDims.insert(name);
  });
  func.walk([&](rec::LookupOpInterface bag) {
    if (bag.getOffsets())
      for (const std::string &name : rec::getShape(bag.getIds())[0].dims())
        if (dims.count(name) && !bagDims.count(name))
          dims[name] = 3 * batch;
  });
  return dims;
}

static std::optional<int64_t> evaluate(const SizeExpr &size, const DimValues &dims) {
  return size.evaluate([&](std::string_view name) -> std::optional<int64_t> {
    auto found = dims.find(name);
    return found == dims.end() ? std::nullopt : std::optional(found->second);
  });
}

/// Sizes of results that are more than a dimension: some dimensions may give them no 64-bit value.
static std::vector<SizeExpr> getComputedSizes(mlir::func::FuncOp func) {
  std::set<std::string> seen;
  std::vector<SizeExpr> sizes;
  // Those that data decide have their values later.
  auto add = [&](const SizeExpr &size) {
    if (!size.isConstant() && !size.asDim() && !rec::isAnonymous(size) && !rec::dependsOnData(size) &&
        seen.insert(size.str()).second)
      sizes.push_back(size);
  };
  func.walk([&](mlir::Operation *op) {
    if (auto dims = llvm::dyn_cast<rec::DimsOp>(op))
      llvm::for_each(dims.getSizes().getSizes(), add);
    for (mlir::Type type : op->getResultTypes())
      if (llvm::isa<mlir::RankedTensorType>(type))
        llvm::for_each(rec::getShape(type), add);
  });
  return sizes;
}

static bool holds(rec::RequirementAttr requirement, const DimValues &dims) {
  auto left = evaluate(requirement.getLeft(), dims), right = evaluate(requirement.getRight(), dims);
  return left && right && (requirement.getRelation() == rec::Relation::equal ? *left == *right : *left >= *right);
}

std::optional<DimValues> chooseValidDims(mlir::func::FuncOp func, int64_t batch) {
  DimValues dims = chooseDims(func, batch);
  mlir::ArrayAttr all = rec::RecDialect::RequirementsAttrHelper(func.getContext()).getAttr(func);
  llvm::SmallVector<rec::RequirementAttr> requirements;
  if (all)
    llvm::append_range(requirements, all.getAsRange<rec::RequirementAttr>());
  std::vector<SizeExpr> sizes = getComputedSizes(func);
  auto countBroken = [&](const DimValues &values) {
    return llvm::count_if(requirements, [&](rec::RequirementAttr requirement) { return !holds(requirement, values); }) +
           llvm::count_if(sizes, [&](const SizeExpr &size) { return !evaluate(size, values); });
  };
  // One dimension at a time, to the least value that breaks the fewest; 0 when nothing else will do.
  constexpr int64_t maxTried = 300; // past the history lengths that models pad to
  while (auto broken = countBroken(dims)) {
    DimValues best = dims;
    auto fewest = broken;
    for (const auto &dim : dims)
      for (int64_t i = 1; i <= maxTried + 1; ++i) {
        DimValues tried = dims;
        tried[dim.getKey()] = i <= maxTried ? i : 0;
        if (auto count = countBroken(tried); count < fewest) {
          fewest = count;
          best = tried;
        }
      }
    if (fewest == broken)
      return std::nullopt;
    dims = best;
  }
  return dims;
}

namespace {
class Generator {
public:
  explicit Generator(const RandomInputOptions &options) : options(options), random(options.seed * 2654435761u + 1) {}

  /// Uniform in [low, high].
  int64_t drawInt(int64_t low, int64_t high) {
    uint64_t span = static_cast<uint64_t>(high) - static_cast<uint64_t>(low) + 1;
    return static_cast<int64_t>(static_cast<uint64_t>(low) + (span ? random() % span : random()));
  }
  bool drawOneIn(int64_t n) { return random() % n == 0; }
  double drawFloat() {
    double unit = static_cast<double>(random() >> 11) * 0x1p-53;
    return options.floatLow + (options.floatHigh - options.floatLow) * unit;
  }

  int64_t drawBounded(const Bound &bound) {
    if (bound.padding && bound.everyUsePads && drawOneIn(5))
      return *bound.padding;
    // An index that may count from the end does so now and then.
    int64_t low = bound.low, high = bound.high;
    if (low < 0 && high >= 0 && !drawOneIn(8))
      low = 0;
    return low <= high ? drawInt(low, high) : low;
  }

  /// Rising offsets, some of them equal: empty bags.
  std::vector<int64_t> drawOffsets(size_t count, int64_t numIds, bool includesLast) {
    std::vector<int64_t> values(count);
    for (int64_t &value : values)
      value = drawInt(0, numIds);
    for (size_t i = 1; i < count; ++i)
      if (drawOneIn(6))
        values[i] = values[i - 1];
    std::sort(values.begin(), values.end());
    values.front() = 0;
    if (includesLast && count > 1)
      values.back() = numIds;
    return values;
  }

private:
  const RandomInputOptions &options;
  std::mt19937_64 random;
};
} // namespace

mlir::FailureOr<llvm::SmallVector<Tensor>> makeRandomInputs(mlir::func::FuncOp func, const DimValues &dims,
                                                            const RandomInputOptions &options, std::string *error) {
  llvm::SmallVector<llvm::SmallVector<int64_t>> shapes;
  for (mlir::BlockArgument argument : func.getArguments()) {
    auto shape = getShapeAt(argument.getType(), dims);
    if (!shape) {
      if (error)
        *error = "input " + std::to_string(argument.getArgNumber()) +
                 ": the sizes have no value, or one too large: " + rec::printShape(rec::getShape(argument));
      return mlir::failure();
    }
    shapes.push_back(*shape);
  }
  InputConstraints constraints = traceInputs(func, shapes, dims);
  Generator generator(options);

  llvm::DenseMap<int64_t, int64_t> offsets;
  for (const OffsetsGroup &group : constraints.offsets) {
    auto values = generator.drawOffsets(group.elements.size(), group.numIds, group.includesLast);
    for (auto [element, value] : llvm::zip(group.elements, values))
      offsets.try_emplace(element, value);
  }

  // Far outside or just so, on either side.
  int64_t bad = -1, badValue = 0;
  if (options.badIndex && !constraints.bounds.empty()) {
    auto elements = llvm::to_vector(llvm::make_first_range(constraints.bounds));
    llvm::sort(elements); // the map's order is not the same everywhere
    bad = elements[generator.drawInt(0, elements.size() - 1)];
    const Bound &bound = constraints.bounds.find(bad)->second;
    int64_t distance = generator.drawOneIn(2) ? 1 : generator.drawInt(2, int64_t(1) << 30);
    badValue = generator.drawOneIn(2) ? bound.low - distance : bound.high + distance;
  }

  llvm::SmallVector<Tensor> inputs;
  for (auto [argument, shape, begin] : llvm::zip(func.getArguments(), shapes, constraints.inputBegins)) {
    ElementKind kind = *rec::getEngineType(mlir::cast<mlir::ShapedType>(argument.getType()).getElementType());
    Tensor input(kind, shape);
    for (int64_t i = 0, e = input.numElements(); i < e; ++i) {
      int64_t element = begin + i;
      std::optional<int64_t> index;
      if (element == bad)
        index = badValue;
      else if (auto offset = offsets.find(element); offset != offsets.end())
        index = offset->second;
      else if (auto bound = constraints.bounds.find(element); bound != constraints.bounds.end())
        index = generator.drawBounded(bound->second);
      if (isFloat(kind))
        input.floatData()[i] = index ? static_cast<double>(*index) : roundTo(kind, generator.drawFloat());
      else if (kind == ElementKind::Bool)
        input.intData()[i] = generator.drawInt(0, 1);
      else
        input.intData()[i] = wrap(kind, index ? *index : generator.drawInt(0, options.intEnd - 1));
    }
    if (auto name = func.getArgAttrOfType<mlir::StringAttr>(argument.getArgNumber(), "rec.name"))
      input.name = name.str();
    inputs.push_back(std::move(input));
  }
  return inputs;
}

} // namespace reckon::reference
