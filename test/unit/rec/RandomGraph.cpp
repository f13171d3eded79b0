//===- RandomGraph.cpp - Random graphs of layers that fold ------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#include "RandomGraph.h"

#include "dialects/Rec/ConstantData.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

#include <algorithm>
#include <numeric>

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

static const SizeExpr batch = SizeExpr::dim("batch"), seq = SizeExpr::dim("seq");
/// Beyond this a graph grows without telling more.
static constexpr int64_t maxRank = 4, maxStaticSize = 24;

RandomGraph::RandomGraph(MLIRContext &context, uint64_t seed)
    : b(&context), loc(UnknownLoc::get(&context)), random(seed) {}

OwningOpRef<ModuleOp> RandomGraph::make(int numOps) {
  tensors.clear();
  sizes.clear();
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  b.setInsertionPointToEnd(module->getBody());
  Type f32 = b.getF32Type();
  SmallVector<Type> inputs{getTensorType({batch, 4, 6}, f32), getTensorType({4, 6}, f32), getTensorType({seq}, f32),
                           getTensorType({batch, 1, 6}, f32)};
  auto func = func::FuncOp::create(b, loc, "main", b.getFunctionType(inputs, {}));
  b.setInsertionPointToEnd(func.addEntryBlock());
  tensors.assign(func.getArguments().begin(), func.getArguments().end());
  Shape shape{batch, seq, 4};
  sizes.push_back(DimsOp::create(b, loc, getTensorType({3}, b.getI64Type()),
                                 DimsAttr::get(b.getContext(), ArrayRef<SizeExpr>(shape))));
  for (int i = 0; i < numOps; ++i) {
    if (chance(70))
      addTensorOp();
    else
      addSizeOp();
  }
  SmallVector<Value> results;
  for (auto *pool : {&tensors, &sizes})
    for (Value value : *pool)
      if (value.use_empty())
        results.push_back(value);
  func::ReturnOp::create(b, loc, results);
  func.setFunctionType(b.getFunctionType(inputs, ValueRange(results).getTypes()));
  return module;
}

Value RandomGraph::constant(RankedTensorType type, double value) {
  std::vector<double> values(type.getNumElements(), value);
  return ConstantOp::create(b, loc, makeConstant(type, ArrayRef<double>(values)), StringAttr());
}

void RandomGraph::addTensorOp() {
  Value x = pickOf(tensors);
  static const std::vector<UnaryKind> kinds{UnaryKind::neg, UnaryKind::abs, UnaryKind::relu, UnaryKind::floor,
                                            UnaryKind::sign};
  Value result;
  switch (pick(10)) {
  case 0:
    result = UnaryOp::create(b, loc, pickOf(kinds), x);
    break;
  case 1:
    result = reshape(x);
    break;
  case 2:
    result = transpose(x);
    break;
  case 3:
    result = concat(x);
    break;
  case 4:
    result = broadcast(x);
    break;
  case 5:
    result = binary(x);
    break;
  case 6:
    result = select(x);
    break;
  case 7:
    result = castAndBack(x);
    break;
  case 8:
    result = reduce(x);
    break;
  default:
    result = slice(x);
  }
  if (result)
    tensors.push_back(result);
}

Value RandomGraph::reshape(Value x) {
  Shape shape = getShape(x);
  size_t d = shape.empty() ? 0 : pick(shape.size());
  if (shape.size() > 1 && chance(40)) { // merge two dimensions
    d = pick(shape.size() - 1);
    shape[d] = shape[d] * shape[d + 1];
    shape.erase(shape.begin() + d + 1);
  } else if (!shape.empty() && shape[d] == SizeExpr(1)) {
    shape.erase(shape.begin() + d);
  } else if (auto half = shape.empty() ? std::nullopt : SizeExpr::exactDiv(shape[d], 2); half && chance(60)) {
    shape[d] = *half;
    shape.insert(shape.begin() + d, 2);
  } else {
    shape.insert(shape.begin() + d, 1);
  }
  if (shape.size() > maxRank)
    return {};
  return ReshapeOp::create(b, loc, getTensorType(shape, b.getF32Type()), x);
}

Value RandomGraph::transpose(Value x) {
  SmallVector<int64_t> perm(getShape(x).size());
  std::iota(perm.begin(), perm.end(), 0);
  if (chance(85))
    std::shuffle(perm.begin(), perm.end(), random);
  return TransposeOp::create(b, loc, x, perm);
}

Value RandomGraph::slice(Value x) {
  Shape starts, sizes;
  SmallVector<int64_t> steps;
  for (const SizeExpr &size : getShape(x)) {
    auto constant = size.constant();
    if (!constant || *constant == 0 || chance(50)) { // all of it, forwards or backwards
      bool backwards = (!constant || *constant > 0) && chance(20);
      starts.push_back(backwards ? size - 1 : SizeExpr(0));
      sizes.push_back(size);
      steps.push_back(backwards ? -1 : 1);
      continue;
    }
    int64_t count = pick(*constant + 1), step = count > 1 ? 1 + pick((*constant - 1) / (count - 1)) : 1;
    int64_t start = count == 0 ? 0 : pick(*constant - (count - 1) * step);
    if (chance(30)) {
      start += std::max<int64_t>(count - 1, 0) * step;
      step = -step;
    }
    starts.push_back(start);
    sizes.push_back(count);
    steps.push_back(step);
  }
  return SliceOp::create(b, loc, x, DimsAttr::get(b.getContext(), ArrayRef<SizeExpr>(starts)),
                         DimsAttr::get(b.getContext(), ArrayRef<SizeExpr>(sizes)), b.getDenseI64ArrayAttr(steps));
}

Value RandomGraph::concat(Value x) {
  Shape shape = getShape(x);
  if (shape.empty())
    return {};
  int64_t axis = pick(shape.size());
  SmallVector<Value> inputs{x};
  for (Value other : tensors) {
    Shape more = getShape(other);
    if (more.size() != shape.size() || inputs.size() == 3)
      continue;
    more[axis] = shape[axis];
    if (more == shape && chance(60))
      inputs.push_back(other);
  }
  std::shuffle(inputs.begin(), inputs.end(), random);
  SizeExpr total;
  for (Value input : inputs)
    total = total + getShape(input)[axis];
  if (auto constant = total.constant(); constant && *constant > maxStaticSize)
    return {};
  return ConcatOp::create(b, loc, inputs, axis);
}

Value RandomGraph::broadcast(Value x) {
  Shape shape = getShape(x);
  for (SizeExpr &size : shape)
    if (size == SizeExpr(1) && chance(70))
      size = chance(50) ? batch : SizeExpr(3);
  if (shape.size() < maxRank && chance(40))
    shape.insert(shape.begin(), chance(50) ? batch : SizeExpr(2));
  return BroadcastOp::create(b, loc, getTensorType(shape, b.getF32Type()), x);
}

Value RandomGraph::binary(Value x) {
  static const std::vector<BinaryKind> kinds{BinaryKind::add, BinaryKind::sub, BinaryKind::mul, BinaryKind::div,
                                             BinaryKind::max, BinaryKind::min, BinaryKind::pow};
  static const std::vector<double> constants{0.0, -0.0, 1.0, 2.0};
  BinaryKind kind = pickOf(kinds);
  // Which of two zeros an extremum gives may change with the order of the operands.
  bool isExtremum = kind == BinaryKind::max || kind == BinaryKind::min;
  Value y = chance(30) ? x : pickOf(tensors);
  if (chance(50))
    y = constant(RankedTensorType::get(chance(50) ? ArrayRef<int64_t>() : ArrayRef<int64_t>(1), b.getF32Type()),
                 isExtremum ? 2.0 : pickOf(constants));
  auto shape = broadcastShapes(getShape(x), getShape(y));
  if (!shape || shape->size() > maxRank)
    return {};
  if (chance(50))
    std::swap(x, y);
  return BinaryOp::create(b, loc, kind, x, y);
}

Value RandomGraph::select(Value x) {
  Value y = pickOf(tensors);
  auto shape = broadcastShapes(getShape(x), getShape(y));
  if (!shape)
    return {};
  Value condition = chance(50) ? constant(RankedTensorType::get({}, b.getI1Type()), pick(2))
                               : Value(CompareOp::create(b, loc, CompareKind::lt, x, y));
  return SelectOp::create(b, loc, condition, x, chance(20) ? x : y);
}

Value RandomGraph::castAndBack(Value x) {
  // By a narrow type first: the evaluator holds f32 as doubles and rounds them in casts only.
  Type narrow[] = {b.getF16Type(), b.getI1Type(), b.getBF16Type()};
  Shape shape = getShape(x);
  x = CastOp::create(b, loc, getTensorType(shape, narrow[pick(3)]), x);
  if (chance(50))
    x = CastOp::create(b, loc, getTensorType(shape, b.getF64Type()), x);
  return CastOp::create(b, loc, getTensorType(shape, b.getF32Type()), x);
}

Value RandomGraph::reduce(Value x) {
  static const std::vector<ReduceKind> kinds{ReduceKind::sum, ReduceKind::max, ReduceKind::prod, ReduceKind::l2};
  SmallVector<int64_t> axes;
  for (int64_t d = 0, rank = getShape(x).size(); d < rank; ++d)
    if (getShape(x)[d] == SizeExpr(1) ? chance(50) : chance(15))
      axes.push_back(d);
  bool keepdims = chance(50);
  return ReduceOp::create(b, loc, pickOf(kinds), x, axes, keepdims);
}

Value RandomGraph::sizesConstant(ArrayRef<int64_t> values) {
  auto type = RankedTensorType::get(values.size(), b.getI64Type());
  return ConstantOp::create(b, loc, makeConstant(type, values), StringAttr());
}

/// A size or a list of sizes as a list.
Value RandomGraph::asList(Value value) {
  if (cast<RankedTensorType>(value.getType()).getRank() == 1)
    return value;
  return ReshapeOp::create(b, loc, getTensorType({1}, b.getI64Type()), value);
}

void RandomGraph::addSizeOp() {
  static const std::vector<BinaryKind> binaries{BinaryKind::add, BinaryKind::sub, BinaryKind::mul, BinaryKind::div,
                                                BinaryKind::max, BinaryKind::min, BinaryKind::mod};
  static const std::vector<CompareKind> comparisons{CompareKind::eq, CompareKind::ne, CompareKind::lt,
                                                    CompareKind::le, CompareKind::gt, CompareKind::ge};
  static const std::vector<ReduceKind> reductions{ReduceKind::sum, ReduceKind::prod, ReduceKind::max, ReduceKind::min};
  Value list = asList(pickOf(sizes));
  int64_t count = cast<RankedTensorType>(list.getType()).getDimSize(0);
  Value one = sizesConstant({pick(4) - 1});
  switch (pick(7)) {
  case 0:
    sizes.push_back(GatherOp::create(b, loc, list, sizesConstant({pick(2 * count) - count}), 0));
    return;
  case 1: {
    Value gathered = GatherOp::create(b, loc, list, sizesConstant({pick(count)}), 0);
    sizes.push_back(ReshapeOp::create(b, loc, getTensorType({}, b.getI64Type()), gathered));
    return;
  }
  case 2:
    if (Value other = asList(pickOf(sizes)); count + cast<RankedTensorType>(other.getType()).getDimSize(0) <= 6)
      sizes.push_back(ConcatOp::create(b, loc, ValueRange{list, other}, 0));
    return;
  case 3:
    sizes.push_back(ReduceOp::create(b, loc, pickOf(reductions), list, ArrayRef<int64_t>{0}, chance(50)));
    return;
  case 4: {
    Value condition = CompareOp::create(b, loc, pickOf(comparisons), list, one);
    sizes.push_back(SelectOp::create(b, loc, condition, one, list));
    return;
  }
  case 5: {
    int64_t start = pick(count), length = 1 + pick(count - start);
    SizeExpr startSize(start), lengthSize(length);
    sizes.push_back(SliceOp::create(b, loc, list, DimsAttr::get(b.getContext(), ArrayRef<SizeExpr>(startSize)),
                                    DimsAttr::get(b.getContext(), ArrayRef<SizeExpr>(lengthSize)),
                                    b.getDenseI64ArrayAttr({1})));
    return;
  }
  default:
    sizes.push_back(BinaryOp::create(b, loc, pickOf(binaries), list, one));
  }
}
