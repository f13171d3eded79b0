//===- Node.cpp - One ONNX node, as its converter sees it ---------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "passes/Import/Node.h"
#include "passes/Import/SizeValues.h"

#include "dialects/Rec/ConstantData.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace reckon::importer {

Value Node::getOperand(unsigned i) {
  if (i >= getNumOperands() || isa<NoneType>(op.getOperands()[i].getType()))
    return nullptr;
  return op.getOperands()[i];
}

std::string Node::getName() {
  auto name = loc->findInstanceOf<NameLoc>();
  return SizeExpr::makeDimName(name ? name.getName().str() : "");
}

SmallVector<Value> Node::getOperands() {
  SmallVector<Value> present;
  for (unsigned i = 0; i < getNumOperands(); ++i)
    if (Value value = getOperand(i))
      present.push_back(value);
  return present;
}

int64_t Node::getInt(StringRef name, int64_t otherwise) {
  auto attr = op.getAttrs().getAs<IntegerAttr>(name);
  return attr ? attr.getInt() : otherwise;
}

double Node::getFloat(StringRef name, double otherwise) {
  auto attr = op.getAttrs().getAs<FloatAttr>(name);
  return attr ? attr.getValueAsDouble() : otherwise;
}

StringRef Node::getString(StringRef name, StringRef otherwise) {
  auto attr = op.getAttrs().getAs<StringAttr>(name);
  return attr ? attr.getValue() : otherwise;
}

std::optional<SmallVector<int64_t>> Node::getInts(StringRef name) {
  auto attr = op.getAttrs().getAs<DenseI64ArrayAttr>(name);
  if (!attr)
    return std::nullopt;
  return llvm::to_vector(attr.asArrayRef());
}

Type Node::getType(StringRef name) {
  // The numbers of TensorProto.DataType.
  switch (getInt(name, 0)) {
  case 1:
    return b.getF32Type();
  case 2:
    return b.getIntegerType(8, /*isSigned=*/false);
  case 3:
    return b.getI8Type();
  case 4:
    return b.getIntegerType(16, /*isSigned=*/false);
  case 5:
    return b.getI16Type();
  case 6:
    return b.getI32Type();
  case 7:
    return b.getI64Type();
  case 9:
    return b.getI1Type();
  case 10:
    return b.getF16Type();
  case 11:
    return b.getF64Type();
  case 12:
    return b.getIntegerType(32, /*isSigned=*/false);
  case 13:
    return b.getIntegerType(64, /*isSigned=*/false);
  case 16:
    return b.getBF16Type();
  default:
    return nullptr;
  }
}

/// The graph inputs that a value is computed from.
static llvm::SetVector<StringRef> getGraphInputs(Value value) {
  llvm::SetVector<StringRef> names;
  llvm::SetVector<Value> pending;
  pending.insert(value);
  // A model's shape arithmetic is short; a value that hangs on the whole model is not made constant by freezing inputs.
  constexpr size_t limit = 256;
  for (size_t i = 0; i < pending.size() && i < limit; ++i) {
    if (Operation *producer = pending[i].getDefiningOp()) {
      pending.insert(producer->getOperands().begin(), producer->getOperands().end());
      continue;
    }
    auto argument = cast<BlockArgument>(pending[i]);
    auto func = dyn_cast<func::FuncOp>(argument.getOwner()->getParentOp());
    if (func && isa<TensorType>(argument.getType()))
      if (auto name = func.getArgAttrOfType<StringAttr>(argument.getArgNumber(), "rec.name"))
        names.insert(name.getValue());
  }
  return names;
}

std::string getFreezeHint(Value value) {
  std::string text;
  llvm::raw_string_ostream hint(text);
  llvm::SetVector<StringRef> inputs = getGraphInputs(value);
  if (!inputs.empty()) {
    hint << "; freeze the input" << (inputs.size() > 1 ? "s " : " ");
    llvm::interleave(inputs, hint, [&](StringRef input) { hint << "'" << input << "'"; }, " and ");
    hint << " with --freeze-input";
  }
  return text;
}

LogicalResult Node::notConstant(unsigned i, StringRef name) {
  return unsupported("operand '" + name + "' must be a constant" + getFreezeHint(op.getOperands()[i]));
}

std::optional<SmallVector<SizeExpr>> Node::getSizes(unsigned i, StringRef name) {
  Value value = getOperand(i);
  if (!value) {
    (void)invalid("operand '" + name + "' is missing");
    return std::nullopt;
  }
  auto sizes = getSizeValues(value);
  if (!sizes)
    (void)notConstant(i, name);
  return sizes;
}

std::optional<SmallVector<int64_t>> Node::getConstantInts(unsigned i, StringRef name) {
  auto sizes = getSizes(i, name);
  if (!sizes)
    return std::nullopt;
  SmallVector<int64_t> numbers;
  for (const SizeExpr &size : *sizes) {
    auto number = size.constant();
    if (!number) {
      (void)unsupported("operand '" + name + "' must be a constant, but is " + rec::printShape(*sizes));
      return std::nullopt;
    }
    numbers.push_back(*number);
  }
  return numbers;
}

std::optional<int64_t> Node::getConstantInt(unsigned i, StringRef name) {
  auto numbers = getConstantInts(i, name);
  if (!numbers)
    return std::nullopt;
  if (numbers->size() != 1) {
    (void)invalid("operand '" + name + "' has " + Twine(numbers->size()) + " elements; one was expected");
    return std::nullopt;
  }
  return numbers->front();
}

std::optional<SmallVector<double>> Node::getConstantFloats(unsigned i, StringRef name) {
  Value value = getOperand(i);
  if (!value) {
    (void)invalid("operand '" + name + "' is missing");
    return std::nullopt;
  }
  ElementsAttr attr;
  if (auto constant = value.getDefiningOp<rec::ConstantOp>())
    attr = constant.getValue();
  auto numbers = attr ? rec::getConstantDoubles(attr) : std::nullopt;
  if (!numbers) {
    (void)notConstant(i, name);
    return std::nullopt;
  }
  return SmallVector<double>(numbers->begin(), numbers->end());
}

FailureOr<std::optional<SmallVector<int64_t>>> Node::getIntsOperandOrAttr(unsigned i, StringRef name) {
  if (!getOperand(i))
    return getInts(name);
  auto numbers = getConstantInts(i, name);
  if (!numbers)
    return failure();
  return numbers;
}

std::optional<int64_t> Node::normalizeAxis(int64_t axis, int64_t rank) {
  if (axis < -rank || axis >= rank) {
    (void)invalid("axis " + Twine(axis) + " is outside rank " + Twine(rank));
    return std::nullopt;
  }
  return axis < 0 ? axis + rank : axis;
}

std::optional<SmallVector<int64_t>> Node::normalizeAxes(ArrayRef<int64_t> axes, int64_t rank) {
  SmallVector<int64_t> result;
  for (int64_t axis : axes) {
    auto normal = normalizeAxis(axis, rank);
    if (!normal)
      return std::nullopt;
    result.push_back(*normal);
  }
  llvm::sort(result);
  if (std::adjacent_find(result.begin(), result.end()) != result.end()) {
    (void)invalid("an axis is given twice");
    return std::nullopt;
  }
  return result;
}

LogicalResult Node::replace(ValueRange values) {
  if (isBroken())
    return failure();
  for (auto [i, result] : llvm::enumerate(op.getResults())) {
    Value value = i < values.size() ? values[i] : Value();
    if (!value && !result.use_empty())
      return unsupported("output " + Twine(i) + " is used");
  }
  for (auto [i, result] : llvm::enumerate(op.getResults()))
    if (i < values.size() && values[i])
      result.replaceAllUsesWith(values[i]);
  rec::addRequirements(op->getParentOfType<func::FuncOp>(), requirements);
  op.erase();
  return success();
}

LogicalResult Node::unsupported(const Twine &reason) {
  breakWith(reason, /*modelIsWrong=*/false);
  return failure();
}

LogicalResult Node::invalid(const Twine &reason) {
  breakWith(reason, /*modelIsWrong=*/true);
  return failure();
}

} // namespace reckon::importer
