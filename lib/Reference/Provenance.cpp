//===- Provenance.cpp - Which input elements index what -----------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//

#include "lib/Reference/Provenance.h"

#include "dialects/Rec/ConstantData.h"
#include "dialects/Rec/Rec.h"
#include "lib/Reference/Convert.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/TypeSwitch.h"

namespace reckon::reference {

namespace {

/// What is known of a value without the inputs.
struct Knowledge {
  std::optional<Tensor> value;  // it does not depend on the inputs
  std::optional<Tensor> origin; // int64: 1 + the number of the input element each element is; 0 for none
  std::optional<Tensor> shift;  // int64, with origin: what was added to it on the way
};

class Tracer {
public:
  Tracer(const DimValues &dims, InputConstraints &constraints) : dims(dims), constraints(constraints) {}

  void run(mlir::Block &block) {
    for (mlir::Operation &op : block.without_terminator())
      run(&op);
  }
  llvm::DenseMap<mlir::Value, Knowledge> known;

private:
  void run(mlir::Operation *op) {
    if (auto fusion = mlir::dyn_cast<rec::FusionOp>(op)) {
      mlir::Block &body = fusion.getBody().front();
      for (auto [argument, operand] : llvm::zip(body.getArguments(), op->getOperands()))
        known[argument] = known.lookup(operand);
      run(body);
      for (auto [result, yielded] : llvm::zip(op->getResults(), body.getTerminator()->getOperands()))
        known[result] = known.lookup(yielded);
      return;
    }
    constrain(op);
    if (evaluateConstant(op))
      return;
    if (op->hasTrait<rec::MovesData>())
      return move(op, mlir::isa<rec::IndexOpInterface>(op) ? 1 : op->getNumOperands());
    llvm::TypeSwitch<mlir::Operation *>(op)
        .Case<rec::CastOp>([&](rec::CastOp cast) { known[cast.getResult()] = known.lookup(cast.getX()); })
        .Case<rec::BinaryOp>([&](rec::BinaryOp binary) { shift(binary); })
        .Case<rec::SelectOp>([&](rec::SelectOp select) { mergeBranches(select); });
  }

  /// Runs an op whose operands are all known; false when one is not, or the result is no small value.
  bool evaluateConstant(mlir::Operation *op) {
    llvm::SmallVector<Tensor> operands;
    for (mlir::Value operand : op->getOperands()) {
      std::optional<Tensor> value = known.lookup(operand).value;
      if (!value)
        return false;
      operands.push_back(*value);
    }
    auto results = evaluateOp(op, operands, dims);
    if (mlir::failed(results))
      return false;
    for (auto [result, value] : llvm::zip(op->getResults(), *results))
      known[result].value = value;
    return true;
  }

  std::optional<Tensor> zeros(mlir::Value value) {
    auto shape = getShapeAt(value.getType(), dims);
    return shape ? std::optional<Tensor>(Tensor(ElementKind::I64, *shape)) : std::nullopt;
  }

  /// The first `numData` operands move through the op unchanged, the others are indices that must be known.
  void move(mlir::Operation *op, unsigned numData) {
    llvm::SmallVector<Tensor> origins, shifts;
    bool anyOrigin = false;
    for (auto [i, operand] : llvm::enumerate(op->getOperands())) {
      const Knowledge &knowledge = known[operand];
      std::optional<Tensor> origin = i < numData ? knowledge.origin : knowledge.value;
      std::optional<Tensor> shift = i < numData ? knowledge.shift : knowledge.value;
      if (i < numData && !origin)
        origin = shift = zeros(operand);
      if (!origin)
        return;
      anyOrigin |= i < numData && knowledge.origin;
      origins.push_back(*origin);
      shifts.push_back(*shift);
    }
    if (!anyOrigin)
      return;
    auto origin = evaluateOp(op, origins, dims), shift = evaluateOp(op, shifts, dims);
    if (mlir::succeeded(origin) && mlir::succeeded(shift))
      known[op->getResult(0)] = {std::nullopt, origin->front(), shift->front()};
  }

  /// Integer plus or minus a constant shifts; clamping to one keeps a value that is already inside.
  void shift(rec::BinaryOp op) {
    bool adds = op.getKind() == rec::BinaryKind::add, subtracts = op.getKind() == rec::BinaryKind::sub;
    bool clamps = op.getKind() == rec::BinaryKind::max || op.getKind() == rec::BinaryKind::min;
    auto kind = rec::getEngineType(mlir::cast<mlir::ShapedType>(op.getResult().getType()).getElementType());
    if (!(adds || subtracts || clamps) || isFloat(*kind))
      return;
    Knowledge a = known.lookup(op.getA()), b = known.lookup(op.getB());
    if (a.value && b.origin && !subtracts)
      std::swap(a, b);
    if (!a.origin || !b.value)
      return;
    // Sums with zeros broadcast without changing anything.
    Tensor nothing(ElementKind::I64, b.value->shape());
    Tensor amount = clamps ? nothing : *b.value;
    auto origin = addBroadcast(*a.origin, nothing, false), shifted = addBroadcast(*a.shift, amount, subtracts);
    if (origin && shifted)
      known[op.getResult()] = {std::nullopt, origin, shifted};
  }

  static std::optional<Tensor> addBroadcast(const Tensor &a, const Tensor &b, bool subtract) {
    llvm::SmallVector<int64_t> shape(std::max(a.rank(), b.rank()), 1);
    for (size_t d = 1; d <= shape.size(); ++d) {
      int64_t sizeA = d <= size_t(a.rank()) ? a.size(a.rank() - d) : 1;
      int64_t sizeB = d <= size_t(b.rank()) ? b.size(b.rank() - d) : 1;
      if (sizeA != sizeB && sizeA != 1 && sizeB != 1)
        return std::nullopt;
      shape[shape.size() - d] = sizeA == 1 ? sizeB : sizeA;
    }
    Tensor result(ElementKind::I64, shape);
    IndexWalk walk(shape);
    auto locate = [&](const Tensor &x) {
      int64_t at = 0;
      for (int64_t d = 0; d < x.rank(); ++d)
        at = at * x.size(d) + (x.size(d) == 1 ? 0 : walk.index[shape.size() - x.rank() + d]);
      return at;
    };
    for (int64_t i = 0, e = result.numElements(); i < e; ++i, walk.next()) {
      int64_t amount = b.intAt(locate(b));
      result.intData()[i] = a.intAt(locate(a)) + (subtract ? -amount : amount);
    }
    return result;
  }

  /// `select(i < 0, i + size, i)`, the idiom for indices from the end: both branches are the same element, and inputs
  /// are made for the branch that does not shift.
  void mergeBranches(rec::SelectOp op) {
    Knowledge a = known.lookup(op.getA()), b = known.lookup(op.getB());
    auto shape = getShapeAt(op.getType(), dims); // larger than both when the condition is
    if (!a.origin || !b.origin || !shape || a.origin->shape() != llvm::ArrayRef(*shape) ||
        a.origin->shape() != b.origin->shape() || a.origin->ints() != b.origin->ints())
      return;
    bool bIsPlain = llvm::all_of(b.shift->ints(), [](int64_t shift) { return shift == 0; });
    Knowledge plain = bIsPlain ? b : a;
    known[op.getResult()] = plain;
  }

  /// Calls `body` with the number of the input element behind each element of an operand, and its shift.
  template <typename Body> void forEachOrigin(mlir::Value operand, Body body) {
    const Knowledge &knowledge = known[operand];
    if (!knowledge.origin)
      return;
    for (int64_t i = 0, e = knowledge.origin->numElements(); i < e; ++i)
      if (int64_t origin = knowledge.origin->intAt(i))
        body(i, origin - 1, knowledge.shift->intAt(i));
  }

  void restrict(int64_t element, int64_t low, int64_t high, std::optional<int64_t> padding) {
    Bound &bound = constraints.bounds[element];
    bound.low = std::max(bound.low, low);
    bound.high = std::min(bound.high, high);
    if (padding && (!bound.padding || bound.padding == padding))
      bound.padding = padding;
    else
      bound.everyUsePads = false;
  }

  static int64_t getRows(mlir::Value table) { return mlir::cast<mlir::ShapedType>(table.getType()).getDimSize(0); }

  void constrainIds(rec::LookupOpInterface lookup) {
    auto ids = getShapeAt(lookup.getIds().getType(), dims);
    if (!ids)
      return;
    // Under a forgiving policy ids a little outside the table are valid, too.
    rec::OutOfRange policy = lookup.getOutOfRange();
    int64_t slackAbove = rec::failsOutside(policy) ? 0 : 2;
    forEachOrigin(lookup.getIds(), [&](int64_t i, int64_t element, int64_t shift) {
      for (auto [t, table] : llvm::enumerate(lookup.getTables())) {
        rec::Pooling pooling = lookup.getPooling(t);
        if (pooling.startAndCount) {
          int64_t column = i % ids->back() - pooling.startAndCount->first;
          if (column < 0 || column >= pooling.startAndCount->second)
            continue;
        }
        auto padding = pooling.paddingId ? std::optional<int64_t>(*pooling.paddingId - shift) : std::nullopt;
        int64_t slackBelow = policy == rec::OutOfRange::wrap ? getRows(table) : slackAbove;
        restrict(element, -slackBelow - shift, getRows(table) - 1 + slackAbove - shift, padding);
      }
    });
  }

  void constrainOffsets(rec::LookupOpInterface lookup) {
    auto ids = getShapeAt(lookup.getIds().getType(), dims);
    if (!lookup.getOffsets() || !ids)
      return;
    OffsetsGroup group{{}, ids->front(), lookup.getIncludeLastOffset()};
    forEachOrigin(lookup.getOffsets(), [&](int64_t, int64_t element, int64_t) { group.elements.push_back(element); });
    if (!group.elements.empty())
      constraints.offsets.push_back(group);
  }

  void constrainIndices(rec::IndexOpInterface op) {
    auto shape = getShapeAt(op.getX().getType(), dims);
    if (!op.getIndices() || !shape)
      return;
    forEachOrigin(op.getIndices(), [&](int64_t i, int64_t element, int64_t shift) {
      rec::IndexRange range = op.getIndexRange((*shape)[op.getIndexedAxis(i)]);
      restrict(element, range.low - shift, range.high - shift, std::nullopt);
    });
  }

  void constrain(mlir::Operation *op) {
    if (auto lookup = mlir::dyn_cast<rec::LookupOpInterface>(op)) {
      constrainIds(lookup);
      constrainOffsets(lookup);
    }
    if (auto index = mlir::dyn_cast<rec::IndexOpInterface>(op))
      constrainIndices(index);
  }

  const DimValues &dims;
  InputConstraints &constraints;
};

} // namespace

InputConstraints traceInputs(mlir::func::FuncOp func, llvm::ArrayRef<llvm::SmallVector<int64_t>> inputShapes,
                             const DimValues &dims) {
  InputConstraints constraints;
  Tracer tracer(dims, constraints);
  int64_t next = 0;
  for (auto [argument, shape] : llvm::zip(func.getArguments(), inputShapes)) {
    constraints.inputBegins.push_back(next);
    Tensor origin(ElementKind::I64, shape);
    for (int64_t i = 0, e = origin.numElements(); i < e; ++i)
      origin.intData()[i] = 1 + next + i;
    next += origin.numElements();
    tracer.known[argument] = {std::nullopt, origin, Tensor(ElementKind::I64, shape)};
  }
  tracer.run(func.getBody().front());
  return constraints;
}

} // namespace reckon::reference
