//===- SizeModules.cpp - Random modules that ask much of their sizes ----------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//
//
// Graphs over several named dimensions, whose ops have a meaning at some sizes only: what shape arithmetic of exported
// models comes to. GraphBuilder makes graphs whose sizes always fit.
//
//===-------------------------------------------------------------------------===//

#include "test/fuzz/differential/RandomGraph.h"

#include "dialects/Rec/ConstantData.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::fuzz;

namespace {
class SizeGraph : public RandomGraph {
public:
  using RandomGraph::RandomGraph;

  void build() {
    // Every dimension is the size of an input.
    input({T});
    input({B, T});
    input({N});
    if (oneIn(2))
      input({T, SizeExpr(drawK())});
    if (oneIn(3))
      input({B, T, SizeExpr(between(1, 4))});
    using Step = bool (SizeGraph::*)();
    static constexpr Step steps[] = {
        &SizeGraph::addSlice,   &SizeGraph::addTopK,      &SizeGraph::addGather,  &SizeGraph::addGatherElements,
        &SizeGraph::addScatter, &SizeGraph::addReshape,   &SizeGraph::addPadding, &SizeGraph::addEqual,
        &SizeGraph::addUnary,   &SizeGraph::addReduction, &SizeGraph::addOrder,   &SizeGraph::addConcat,
        &SizeGraph::addRepeat,  &SizeGraph::addMatmul,    &SizeGraph::addShape,   &SizeGraph::addRepeatIfOne};
    for (int64_t i = 0, count = between(2, 7); i < count;) {
      startNode(i);
      i += (this->*steps[below(std::size(steps))])();
    }
    SmallVector<Value> results;
    for (Value value : pool)
      if (value.use_empty())
        results.push_back(value);
    returnValues(results);
  }

private:
  int64_t drawK() { return choose<int64_t>({1, 2, 3, 4, 5, 7, 8, 16}); }
  Value input(const rec::Shape &shape, Type element = nullptr) {
    Value value = RandomGraph::input(rec::getTensorType(shape, element ? element : b.getF32Type()),
                                     "x" + std::to_string(func.getNumArguments()));
    if (!element)
      pool.push_back(value);
    return value;
  }
  bool add(Value value) {
    // Longer expressions are no other kinds of sizes.
    for (const SizeExpr &size : rec::getShape(value))
      if (size.str().size() > 60)
        return true;
    pool.push_back(value);
    return true;
  }
  /// A value of at least this rank and one of its dimensions, mostly one that is not constant.
  bool pick(size_t leastRank = 1) {
    for (int attempt = 0; attempt < 10; ++attempt) {
      x = pool[below(pool.size())];
      shape = rec::getShape(x);
      if (shape.size() < leastRank)
        continue;
      d = below(shape.size());
      if (!shape[d].isConstant() || oneIn(6))
        return true;
    }
    return false;
  }
  Value scalar(double value) {
    return rec::ConstantOp::create(
        b, rec::makeConstant(RankedTensorType::get({}, b.getF32Type()), ArrayRef<double>(value)), StringAttr());
  }
  /// The first or last k, all but them, every other one, or backwards.
  bool addSlice() {
    if (!pick())
      return false;
    rec::Shape starts(shape.size(), SizeExpr(0)), sizes = shape;
    SmallVector<int64_t> steps(shape.size(), 1);
    SizeExpr k(drawK()), size = shape[d];
    switch (below(6)) {
    case 0:
      starts[d] = size - k;
      sizes[d] = k;
      break;
    case 1:
      sizes[d] = k;
      break;
    case 2:
      starts[d] = k;
      sizes[d] = size - k;
      break;
    case 3:
      sizes[d] = SizeExpr::max(size - k, 0);
      starts[d] = SizeExpr::min(k, size);
      break;
    case 4:
      steps[d] = 2;
      sizes[d] = SizeExpr::floorDiv(size, 2);
      break;
    default:
      steps[d] = -1;
      starts[d] = size - SizeExpr(1);
    }
    if (sizes[d].isConstant() && size.isConstant())
      return false;
    return add(rec::SliceOp::create(b, x, dims(starts), dims(sizes), steps));
  }
  bool addTopK() {
    if (!pick() || shape[d].isConstant())
      return false;
    auto top = rec::TopKOp::create(b, x, dims({SizeExpr(drawK())}), d, oneIn(3));
    return add(top.getValues());
  }
  bool addGather() {
    int64_t k = drawK(), count = between(1, 4);
    if (!pick() || shape[d].isConstant())
      return false;
    SmallVector<int64_t> indices;
    for (int64_t i = 0; i < count; ++i)
      indices.push_back(between(-k, k - 1));
    return add(rec::GatherOp::create(b, x, integers({count}, indices), d));
  }
  /// Indices that an input gives, of sizes of their own.
  bool addGatherElements() {
    if (!pick())
      return false;
    rec::Shape places = shape;
    for (SizeExpr &size : places)
      size = oneIn(2) ? N : oneIn(2) ? SizeExpr(between(1, 3)) : size;
    // More indices than elements of a known size are an error of the module, whatever the sizes of a run are.
    for (auto [axis, size] : llvm::enumerate(places))
      if (auto known = shape[axis].constant(); known && axis != static_cast<size_t>(d) && size.constant() > known)
        size = shape[axis];
    return add(rec::GatherElementsOp::create(b, x, input(places, b.getI64Type()), d));
  }
  bool addScatter() {
    if (!pick())
      return false;
    rec::Shape places = shape;
    for (SizeExpr &size : places)
      size = oneIn(2) ? N : oneIn(2) ? SizeExpr(between(1, 3)) : size;
    // More indices than elements of a known size are an error of the module, whatever the sizes of a run are.
    for (auto [axis, size] : llvm::enumerate(places))
      if (auto known = shape[axis].constant(); known && axis != static_cast<size_t>(d) && size.constant() > known)
        size = shape[axis];
    Value indices = input(places, b.getI64Type()), updates = input(places);
    auto sum = rec::ReduceKindAttr::get(b.getContext(), rec::ReduceKind::sum);
    return add(rec::ScatterElementsOp::create(b, x, indices, updates, d, sum));
  }
  /// To rows of k, which must divide.
  bool addReshape() {
    if (!pick())
      return false;
    SizeExpr all = rec::getNumElements(shape), k(drawK());
    if (all.isConstant())
      return false;
    return add(reshape(x, {SizeExpr::floorDiv(all, k), k}));
  }
  /// Up to k along a dimension: fewer than none where there are more.
  bool addPadding() {
    if (!pick() || shape[d].isConstant())
      return false;
    rec::Shape missing = shape;
    missing[d] = SizeExpr(drawK() + (oneIn(2) ? 8 : 0)) - shape[d];
    Value padding = rec::BroadcastOp::create(b, rec::getTensorType(missing, b.getF32Type()), scalar(0.5));
    SmallVector<Value> parts = {x, padding};
    if (oneIn(2))
      std::swap(parts[0], parts[1]);
    return add(rec::ConcatOp::create(b, parts, d));
  }
  /// Two operands whose sizes must be equal.
  bool addEqual() {
    if (!pick())
      return false;
    Value first = x;
    rec::Shape to = shape;
    if (!pick() || shape.size() != to.size() || typeOf(x).getElementType() != typeOf(first).getElementType())
      return false;
    if (rec::provablyDiffer(rec::getNumElements(to), rec::getNumElements(shape)))
      return false;
    return add(rec::BinaryOp::create(b, rec::BinaryKind::add, first, reshape(x, to)));
  }
  bool addUnary() {
    return pick() && add(rec::UnaryOp::create(b, oneIn(2) ? rec::UnaryKind::tanh : rec::UnaryKind::relu, x));
  }
  bool addReduction() {
    if (!pick())
      return false;
    if (oneIn(4))
      return add(rec::SoftmaxOp::create(b, x, d, /*log=*/false));
    static constexpr rec::ReduceKind kinds[] = {rec::ReduceKind::sum, rec::ReduceKind::max, rec::ReduceKind::mean};
    return add(rec::ReduceOp::create(b, kinds[below(3)], x, ArrayRef<int64_t>(d), /*keepdims=*/oneIn(2)));
  }
  bool addOrder() {
    return pick() && add(rec::CumSumOp::create(b, x, d, /*exclusive=*/oneIn(3), /*reverse=*/oneIn(3)));
  }
  bool addConcat() { return pick() && add(rec::ConcatOp::create(b, ValueRange{x, x}, d)); }
  /// A dimension of 1 to that of another value.
  bool addRepeat() {
    if (!pick())
      return false;
    rec::Shape unit = shape, to = shape;
    unit.insert(unit.begin(), SizeExpr(1));
    to.insert(to.begin(), oneIn(2) ? N : B);
    if (to.size() > 3)
      return false;
    return add(rec::BroadcastOp::create(b, rec::getTensorType(to, b.getF32Type()), reshape(x, unit)));
  }
  /// A dimension to that of another value, which it is or which is 1, or it is 1 itself.
  bool addRepeatIfOne() {
    if (!pick() || shape[d].isConstant() || typeOf(x).getElementType() != b.getF32Type())
      return false;
    rec::Shape to = shape;
    SizeExpr other = oneIn(2) ? N : B;
    to[d] = SizeExpr::max(shape[d], other) * SizeExpr::min(SizeExpr::min(shape[d], other), 1);
    return add(rec::BroadcastOp::create(b, rec::getTensorType(to, b.getF32Type()), x));
  }
  bool addMatmul() {
    if (!pick(2) || shape.size() != 2)
      return false;
    return add(rec::MatmulOp::create(b, x, rec::TransposeOp::create(b, x, ArrayRef<int64_t>{1, 0})));
  }
  bool addShape() {
    if (!pick())
      return false;
    auto type = rec::getTensorType(shape, b.getF32Type());
    Value count = rec::IotaOp::create(b, type, d, APFloat(1.0), APFloat(-0.5));
    return add(rec::BinaryOp::create(b, rec::BinaryKind::mul, x, count));
  }

  const SizeExpr B = SizeExpr::dim("B"), T = SizeExpr::dim("T"), N = SizeExpr::dim("N");
  // What pick() picked.
  Value x;
  rec::Shape shape;
  int64_t d = 0;
};
} // namespace

OwningOpRef<ModuleOp> fuzz::makeSizeModule(MLIRContext &context, uint64_t seed) {
  return makeModule(context, [&](func::FuncOp func) { SizeGraph(func, seed * 0x9e3779b97f4a7c15 + 1).build(); });
}
