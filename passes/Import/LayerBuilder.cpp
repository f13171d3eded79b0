//===- LayerBuilder.cpp - Making layers that are known to be right ------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "passes/Import/LayerBuilder.h"

#include "dialects/Rec/ConstantData.h"
#include "dialects/Rec/RepeatCondition.h"
#include "passes/Import/RepeatedSizes.h"

#include "mlir/IR/Verifier.h"

#include <cmath>

using namespace mlir;

namespace reckon::importer {

/// The largest number of elements that a static type may have.
constexpr int64_t maxElements = int64_t(1) << 48;

static bool isTooLarge(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  int64_t elements = 1;
  if (!tensor)
    return false;
  for (int64_t size : tensor.getShape()) {
    if (ShapedType::isDynamic(size) || size == 0)
      continue;
    if (size < 0 || elements > maxElements / size)
      return true;
    elements *= size;
  }
  return false;
}

void LayerBuilder::breakWith(const Twine &reason, bool modelIsWrong) {
  if (broken)
    return;
  broken = true;
  modelWrong = modelIsWrong;
  error = reason.str();
}

SmallVector<Value> LayerBuilder::finish(OperationState &state, unsigned count, bool infer) {
  MLIRContext *context = b.getContext();
  SmallVector<Value> nothing(count);
  std::string message;
  ScopedDiagnosticHandler handler(context, [&](Diagnostic &diagnostic) {
    if (message.empty())
      message = diagnostic.str();
    return success();
  });
  if (infer) {
    auto *interface = state.name.getInterface<InferTypeOpInterface>();
    SmallVector<Type> types;
    if (!interface ||
        failed(interface->inferReturnTypes(context, loc, state.operands, state.attributes.getDictionary(context),
                                           state.getRawProperties(), state.regions, types))) {
      breakWith(message, /*modelIsWrong=*/true);
      return nothing;
    }
    state.types.assign(types.begin(), types.end());
  }
  if (llvm::any_of(state.types, isTooLarge)) {
    breakWith("a result would have more than 2^48 elements", /*modelIsWrong=*/true);
    return nothing;
  }
  Operation *op = b.create(state);
  // The inference has passed; what the verifier still finds is a combination of types that the dialect leaves out.
  if (failed(verify(op, /*verifyRecursively=*/false))) {
    op->erase();
    breakWith(message, /*modelIsWrong=*/!infer);
    return nothing;
  }
  rec::getUnprovenRequirements(op, requirements);
  SmallVector<Value> folded;
  if (succeeded(b.tryFold(op, folded)) && folded.size() == count) {
    op->erase();
    return folded;
  }
  return op->getResults();
}

Value LayerBuilder::unary(UnaryKind kind, Value x) { return make<rec::UnaryOp>(kind, x); }
Value LayerBuilder::binary(BinaryKind kind, Value a, Value c) {
  SmallVector<Value> operands = repeatToFit({a, c});
  return make<rec::BinaryOp>(kind, operands[0], operands[1]);
}
Value LayerBuilder::binary(BinaryKind kind, Value a, double c) {
  return a ? binary(kind, a, scalar(c, getElement(a))) : Value();
}
Value LayerBuilder::compare(CompareKind kind, Value a, Value c) {
  SmallVector<Value> operands = repeatToFit({a, c});
  return make<rec::CompareOp>(kind, operands[0], operands[1]);
}
Value LayerBuilder::compare(CompareKind kind, Value a, double c) {
  return a ? compare(kind, a, scalar(c, getElement(a))) : Value();
}
Value LayerBuilder::select(Value condition, Value a, Value c) {
  SmallVector<Value> operands = repeatToFit({condition, a, c});
  return make<rec::SelectOp>(operands[0], operands[1], operands[2]);
}
Value LayerBuilder::matmul(Value a, Value c, bool transposeA, bool transposeB) {
  SmallVector<Value> operands = repeatToFit({a, c}, /*kept=*/2);
  return make<rec::MatmulOp>(operands[0], operands[1], transposeA, transposeB);
}

Value LayerBuilder::cast(Value x, Type elementType) {
  if (!x || getElement(x) == elementType)
    return x;
  return makeTyped<rec::CastOp>(rec::getTensorType(rec::getShape(x), elementType), x);
}

Value LayerBuilder::saturate(Value x, Type elementType) {
  if (!x)
    return x;
  unsigned bits = elementType.getIntOrFloatBitWidth();
  bool isUnsigned = elementType.isUnsignedInteger();
  double low = isUnsigned ? 0 : -std::exp2(bits - 1);
  double high = std::exp2(isUnsigned ? bits : bits - 1) - 1;
  x = binary(BinaryKind::max, x, low);
  return cast(binary(BinaryKind::min, x, high), elementType);
}

Value LayerBuilder::reshape(Value x, ArrayRef<SizeExpr> shape) {
  if (!x)
    return x;
  RankedTensorType type = rec::getTensorType(shape, getElement(x));
  return type == x.getType() ? x : makeTyped<rec::ReshapeOp>(type, x);
}

Value LayerBuilder::broadcast(Value x, ArrayRef<SizeExpr> shape) {
  if (!x)
    return x;
  RankedTensorType type = rec::getTensorType(shape, getElement(x));
  return type == x.getType() ? x : makeTyped<rec::BroadcastOp>(type, x);
}

std::optional<SizeExpr> LayerBuilder::getRepeated(const SizeExpr &a, const SizeExpr &other) {
  Operation *parent = b.getInsertionBlock()->getParentOp();
  auto func = dyn_cast<func::FuncOp>(parent);
  auto size = getRepeatedSize(func ? func : parent->getParentOfType<func::FuncOp>(), a, other);
  if (size && size->isConstant()) {
    std::pair<SizeExpr, SizeExpr> both(a.isConstant() ? other : a, *size);
    if (!llvm::is_contained(fixed, both))
      fixed.push_back(both);
  }
  return size;
}

SmallVector<Value> LayerBuilder::repeatToFit(ValueRange operands, size_t kept) {
  SmallVector<Value> repeated(operands);
  if (llvm::any_of(operands, [](Value operand) { return !operand; }))
    return repeated;
  size_t rank = 0;
  for (Value operand : operands)
    rank = std::max<size_t>(rank, getRank(operand));
  // From the last dimension on; what no repetition explains stays as it is, for inference to report.
  Shape common(rank, SizeExpr(1));
  bool repeats = false;
  for (Value operand : operands) {
    Shape shape = rec::getShape(operand);
    for (size_t d = kept; d < shape.size(); ++d) {
      const SizeExpr &size = shape[shape.size() - 1 - d];
      auto both = getRepeated(common[d], size);
      repeats |= both.has_value();
      if (both || common[d] == SizeExpr(1))
        common[d] = both.value_or(size);
    }
  }
  if (!repeats)
    return repeated;
  for (Value &operand : repeated) {
    Shape shape = rec::getShape(operand);
    for (size_t d = kept; d < shape.size(); ++d) {
      SizeExpr &size = shape[shape.size() - 1 - d];
      if (getRepeated(common[d], size))
        size = common[d];
    }
    operand = broadcast(operand, shape);
  }
  return repeated;
}

void LayerBuilder::require(const rec::SizeCondition &condition) {
  if (rec::provablyHolds(condition))
    return;
  MLIRContext *context = b.getContext();
  auto name = loc->findInstanceOf<NameLoc>();
  auto sizes = rec::DimsAttr::get(context, ArrayRef<SizeExpr>{condition.left, condition.right});
  requirements.push_back(rec::RequirementAttr::get(context, condition.relation, sizes,
                                                   name ? name.getName() : StringAttr::get(context),
                                                   StringAttr::get(context, condition.what)));
}

void LayerBuilder::requireRepeated(const SizeExpr &size, const SizeExpr &result) {
  require(rec::getRepeatCondition(size, result));
}

void LayerBuilder::requireAtLeast(const SizeExpr &size, const SizeExpr &least, StringRef what) {
  require({size, rec::Relation::at_least, least, what.str()});
}

Value LayerBuilder::transpose(Value x, ArrayRef<int64_t> perm) {
  if (!x || llvm::is_sorted(perm))
    return x;
  return make<rec::TransposeOp>(x, perm);
}

Value LayerBuilder::unsqueeze(Value x, ArrayRef<int64_t> axes) {
  if (!x)
    return x;
  Shape old = rec::getShape(x), shape;
  auto next = old.begin();
  for (size_t axis = 0; axis < old.size() + axes.size(); ++axis)
    shape.push_back(llvm::is_contained(axes, int64_t(axis)) ? SizeExpr(1) : *next++);
  return reshape(x, shape);
}

Value LayerBuilder::squeeze(Value x, ArrayRef<int64_t> axes) {
  if (!x)
    return x;
  Shape shape;
  for (auto [axis, size] : llvm::enumerate(rec::getShape(x)))
    if (!llvm::is_contained(axes, int64_t(axis)))
      shape.push_back(size);
  return reshape(x, shape);
}

Value LayerBuilder::concat(ValueRange inputs, int64_t axis) {
  return inputs.size() == 1 ? inputs.front() : make<rec::ConcatOp>(inputs, axis);
}

Value LayerBuilder::slice(Value x, ArrayRef<SizeExpr> starts, ArrayRef<SizeExpr> sizes, ArrayRef<int64_t> steps) {
  MLIRContext *context = b.getContext();
  return make<rec::SliceOp>(x, rec::DimsAttr::get(context, starts), rec::DimsAttr::get(context, sizes), steps);
}

Value LayerBuilder::sliceAxis(Value x, int64_t axis, const SizeExpr &start, const SizeExpr &size, int64_t step) {
  if (!x)
    return x;
  Shape sizes = rec::getShape(x), starts(sizes.size());
  SmallVector<int64_t> steps(sizes.size(), 1);
  starts[axis] = start;
  sizes[axis] = size;
  steps[axis] = step;
  return slice(x, starts, sizes, steps);
}

Value LayerBuilder::pad(Value x, ArrayRef<int64_t> low, ArrayRef<int64_t> high, double value) {
  auto isZero = [](int64_t n) { return n == 0; };
  if (!x || (llvm::all_of(low, isZero) && llvm::all_of(high, isZero)))
    return x;
  return make<rec::PadOp>(x, scalar(value, getElement(x)), low, high);
}

Value LayerBuilder::gather(Value x, Value indices, int64_t axis) { return make<rec::GatherOp>(x, indices, axis); }

Value LayerBuilder::reduce(ReduceKind kind, Value x, ArrayRef<int64_t> axes, bool keepdims) {
  return make<rec::ReduceOp>(kind, x, axes, keepdims);
}

Value LayerBuilder::iota(ArrayRef<SizeExpr> shape, Type elementType, int64_t axis, double start, double step) {
  return makeTyped<rec::IotaOp>(rec::getTensorType(shape, elementType), axis, APFloat(start), APFloat(step));
}

Value LayerBuilder::scalar(double value, Type elementType) {
  return make<rec::ConstantOp>(rec::makeConstant(RankedTensorType::get({}, elementType), ArrayRef<double>(value)),
                               StringAttr());
}

Value LayerBuilder::integers(ArrayRef<int64_t> values) {
  return make<rec::ConstantOp>(
      rec::makeConstant(RankedTensorType::get({int64_t(values.size())}, b.getI64Type()), values), StringAttr());
}

Value LayerBuilder::splat(ArrayRef<SizeExpr> shape, double value, Type elementType) {
  return splat(shape, rec::makeConstant(RankedTensorType::get({}, elementType), ArrayRef<double>(value)));
}

Value LayerBuilder::splat(ArrayRef<SizeExpr> shape, ElementsAttr scalar) {
  RankedTensorType type = rec::getTensorType(shape, scalar.getElementType());
  auto one = dyn_cast<DenseElementsAttr>(scalar);
  if (!type.hasStaticShape() || !one)
    return broadcast(make<rec::ConstantOp>(scalar, StringAttr()), shape);
  if (isTooLarge(type)) {
    breakWith("a result would have more than 2^48 elements", /*modelIsWrong=*/true);
    return nullptr;
  }
  return make<rec::ConstantOp>(ElementsAttr(one.resizeSplat(type)), StringAttr());
}

Value LayerBuilder::sizes(ArrayRef<SizeExpr> sizes, bool scalar) {
  SmallVector<int64_t> numbers;
  for (const SizeExpr &size : sizes)
    if (auto number = size.constant())
      numbers.push_back(*number);
  SmallVector<int64_t> shape;
  if (!scalar)
    shape.push_back(sizes.size());
  auto type = RankedTensorType::get(shape, b.getI64Type());
  if (numbers.size() == sizes.size())
    return make<rec::ConstantOp>(rec::makeConstant(type, ArrayRef<int64_t>(numbers)), StringAttr());
  return makeTyped<rec::DimsOp>(type, rec::DimsAttr::get(b.getContext(), sizes));
}

} // namespace reckon::importer
