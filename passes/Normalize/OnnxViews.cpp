//===- OnnxViews.cpp - One view of a node, typed or not -----------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "passes/Normalize/OnnxViews.h"

#include "dialects/Rec/ConstantData.h"
#include "dialects/Rec/Shape.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;

namespace reckon::rec {

OnnxOp asOnnx(Operation *op, StringRef opType, size_t numOperands) {
  auto onnx = dyn_cast_or_null<OnnxOp>(op);
  return onnx && onnx.getOpType() == opType && onnx.getDomain().empty() && onnx.getOperands().size() >= numOperands
             ? onnx
             : OnnxOp();
}

OnnxOp asOnnx(Value value, StringRef opType, size_t numOperands) {
  return asOnnx(value.getDefiningOp(), opType, numOperands);
}

int64_t getIntAttr(OnnxOp op, StringRef name, int64_t otherwise) {
  auto attr = dyn_cast_or_null<IntegerAttr>(op.getAttrs().get(name));
  return attr ? attr.getValue().getSExtValue() : otherwise;
}

Value getOptionalOperand(OnnxOp op, unsigned i) {
  if (i >= op.getOperands().size())
    return {};
  Value operand = op.getOperands()[i];
  return isa<NoneType>(operand.getType()) ? Value() : operand;
}

/// The data of a constant: a layer, or in a loop body a node.
static ElementsAttr getConstant(Value value) {
  value = skipIdentity(value);
  if (auto constant = value.getDefiningOp<ConstantOp>())
    return constant.getValue();
  OnnxOp node = asOnnx(value, "Constant", 0);
  if (!node)
    return {};
  if (auto elements = dyn_cast_or_null<ElementsAttr>(node.getAttrs().get("value")))
    return elements;
  Builder builder(node.getContext());
  if (auto integer = dyn_cast_or_null<IntegerAttr>(node.getAttrs().get("value_int")))
    return DenseElementsAttr::get(RankedTensorType::get({}, builder.getI64Type()), integer.getValue().getSExtValue());
  if (auto integers = dyn_cast_or_null<DenseI64ArrayAttr>(node.getAttrs().get("value_ints")))
    return DenseElementsAttr::get(RankedTensorType::get({integers.size()}, builder.getI64Type()),
                                  integers.asArrayRef());
  return {};
}

std::optional<SmallVector<SizeExpr>> getSizes(Value value) {
  value = skipIdentity(value);
  if (auto dims = value.getDefiningOp<DimsOp>())
    return dims.getSizes().getSizes();
  if (OnnxOp shapeOf = asOnnx(value, "Shape")) {
    auto type = dyn_cast<RankedTensorType>(shapeOf.getOperands()[0].getType());
    if (!type)
      return std::nullopt;
    Shape shape = getShape(type);
    int64_t rank = type.getRank();
    auto clamp = [&](int64_t i) { return std::clamp<int64_t>(i < 0 ? i + rank : i, 0, rank); };
    int64_t start = clamp(getIntAttr(shapeOf, "start", 0)), end = clamp(getIntAttr(shapeOf, "end", rank));
    return SmallVector<SizeExpr>(shape.begin() + start, shape.begin() + std::max(start, end));
  }
  if (OnnxOp sizeOf = asOnnx(value, "Size")) {
    auto type = dyn_cast<RankedTensorType>(sizeOf.getOperands()[0].getType());
    return type ? std::optional(SmallVector<SizeExpr>{getNumElements(getShape(type))}) : std::nullopt;
  }
  ElementsAttr constant = getConstant(value);
  if (!constant || !constant.getElementType().isInteger() || constant.getElementType().isInteger(1))
    return std::nullopt;
  // Shapes, axes and offsets are short; ids may be many.
  constexpr int64_t longest = 65536;
  if (constant.getNumElements() > longest)
    return std::nullopt;
  std::optional<std::vector<int64_t>> values = getConstantInts(constant);
  if (!values)
    return std::nullopt;
  return SmallVector<SizeExpr>(values->begin(), values->end());
}

std::optional<SmallVector<int64_t>> getIntegers(Value value) {
  std::optional<SmallVector<SizeExpr>> sizes = getSizes(value);
  if (!sizes)
    return std::nullopt;
  SmallVector<int64_t> result;
  for (const SizeExpr &size : *sizes) {
    std::optional<int64_t> constant = size.constant();
    if (!constant)
      return std::nullopt;
    result.push_back(*constant);
  }
  return result;
}

std::optional<int64_t> getInteger(Value value) {
  std::optional<SmallVector<int64_t>> values = getIntegers(value);
  return values && values->size() == 1 ? std::optional<int64_t>(values->front()) : std::nullopt;
}

std::optional<double> getSplatFloat(Value value) {
  ElementsAttr constant = getConstant(value);
  if (!constant || !isa<FloatType>(constant.getElementType()))
    return std::nullopt;
  if (std::optional<double> splat = getConstantSplat(constant))
    return splat;
  std::optional<std::vector<double>> values = getConstantDoubles(constant);
  if (!values || values->empty() || llvm::any_of(*values, [&](double element) { return element != values->front(); }))
    return std::nullopt;
  return values->front();
}

std::optional<bool> getSplatBool(Value value) {
  // A boolean passes through casts to boolean unchanged.
  for (;;) {
    value = skipIdentity(value);
    if (OnnxOp cast = asOnnx(value, "Cast"); cast && getIntAttr(cast, "to", 0) == /*TensorProto.BOOL=*/9)
      value = cast.getOperands()[0];
    else if (auto cast = value.getDefiningOp<CastOp>(); cast && cast.getX().getType() == cast.getType())
      value = cast.getX();
    else
      break;
  }
  ElementsAttr constant = getConstant(value);
  if (!constant || !constant.getElementType().isInteger(1))
    return std::nullopt;
  std::optional<double> splat = getConstantSplat(constant);
  return splat ? std::optional<bool>(*splat != 0) : std::nullopt;
}

Value skipIdentity(Value value) {
  while (OnnxOp identity = asOnnx(value, "Identity"))
    value = identity.getOperands()[0];
  return value;
}

Value skipReshapes(Value value) {
  for (;;) {
    value = skipIdentity(value);
    if (auto reshape = value.getDefiningOp<ReshapeOp>()) {
      value = reshape.getX();
      continue;
    }
    OnnxOp node = value.getDefiningOp<OnnxOp>();
    if (!node || !node.getDomain().empty() || node.getOperands().empty() ||
        !llvm::is_contained({"Reshape", "Unsqueeze", "Squeeze", "Flatten"}, node.getOpType()))
      return value;
    value = node.getOperands()[0];
  }
}

std::optional<GatherView> matchGather(Value value) {
  value = skipIdentity(value);
  if (auto gather = value.getDefiningOp<GatherOp>())
    return GatherView{gather.getX(), gather.getIndices(), int64_t(gather.getAxis())};
  if (auto embedding = value.getDefiningOp<EmbeddingOp>())
    return GatherView{embedding.getTable(), embedding.getIds(), 0};
  if (OnnxOp node = asOnnx(value, "Gather", 2))
    return GatherView{node.getOperands()[0], node.getOperands()[1], getIntAttr(node, "axis", 0)};
  return std::nullopt;
}

std::optional<ReduceView> matchReduce(Value value) {
  value = skipIdentity(value);
  if (auto reduce = value.getDefiningOp<ReduceOp>())
    return ReduceView{reduce.getKind(), reduce.getX(), SmallVector<int64_t>(reduce.getAxes()), reduce.getKeepdims()};
  OnnxOp node = value.getDefiningOp<OnnxOp>();
  if (!node || !node.getDomain().empty() || node.getOperands().empty())
    return std::nullopt;
  auto kind = llvm::StringSwitch<std::optional<ReduceKind>>(node.getOpType())
                  .Case("ReduceSum", ReduceKind::sum)
                  .Case("ReduceMean", ReduceKind::mean)
                  .Case("ReduceMax", ReduceKind::max)
                  .Default(std::nullopt);
  if (!kind)
    return std::nullopt;
  ReduceView view{*kind, node.getOperands()[0], {}, getIntAttr(node, "keepdims", 1) != 0};
  if (Value axes = getOptionalOperand(node, 1)) {
    std::optional<SmallVector<int64_t>> constant = getIntegers(axes);
    if (!constant)
      return std::nullopt;
    view.axes = *constant;
  } else if (Attribute attr = node.getAttrs().get("axes")) {
    if (auto array = dyn_cast<DenseI64ArrayAttr>(attr))
      view.axes.assign(array.asArrayRef().begin(), array.asArrayRef().end());
    else if (auto array = dyn_cast<ArrayAttr>(attr))
      for (Attribute element : array)
        if (auto integer = dyn_cast<IntegerAttr>(element))
          view.axes.push_back(integer.getInt());
  }
  return view;
}

std::optional<RowSliceView> matchRowSlice(Value value) {
  OnnxOp node = asOnnx(skipIdentity(value), "Slice", 3);
  if (!node)
    return std::nullopt;
  Value start = getOptionalOperand(node, 1), end = getOptionalOperand(node, 2);
  Value axes = getOptionalOperand(node, 3), steps = getOptionalOperand(node, 4);
  // Without axes the bounds are those of the first dimensions; with one-element bounds that is the first.
  if (!start || !end || (axes && getInteger(axes) != 0) || (steps && getInteger(steps) != 1))
    return std::nullopt;
  return RowSliceView{node.getOperands()[0], start, end};
}

std::optional<BinaryView> matchBinary(Value value) {
  value = skipIdentity(value);
  if (auto binary = value.getDefiningOp<BinaryOp>())
    return BinaryView{binary.getKind(), binary.getA(), binary.getB()};
  OnnxOp node = value.getDefiningOp<OnnxOp>();
  if (!node || !node.getDomain().empty() || node.getOperands().size() != 2)
    return std::nullopt;
  auto kind = llvm::StringSwitch<std::optional<BinaryKind>>(node.getOpType())
                  .Case("Add", BinaryKind::add)
                  .Case("Sub", BinaryKind::sub)
                  .Case("Mul", BinaryKind::mul)
                  .Case("Div", BinaryKind::div)
                  .Default(std::nullopt);
  if (!kind)
    return std::nullopt;
  return BinaryView{*kind, node.getOperands()[0], node.getOperands()[1]};
}

std::optional<CompareView> matchCompare(Value value) {
  value = skipIdentity(value);
  if (auto compare = value.getDefiningOp<CompareOp>())
    return CompareView{compare.getKind(), compare.getA(), compare.getB()};
  OnnxOp node = value.getDefiningOp<OnnxOp>();
  if (!node || !node.getDomain().empty() || node.getOperands().size() != 2)
    return std::nullopt;
  auto kind = llvm::StringSwitch<std::optional<CompareKind>>(node.getOpType())
                  .Case("Equal", CompareKind::eq)
                  .Case("Less", CompareKind::lt)
                  .Case("Greater", CompareKind::gt)
                  .Default(std::nullopt);
  if (!kind)
    return std::nullopt;
  return CompareView{*kind, node.getOperands()[0], node.getOperands()[1]};
}

Value matchNot(Value value) {
  value = skipIdentity(value);
  if (auto unary = value.getDefiningOp<UnaryOp>())
    return unary.getKind() == UnaryKind::logical_not ? unary.getX() : Value();
  if (OnnxOp node = asOnnx(value, "Not"))
    return node.getOperands()[0];
  return {};
}

std::optional<IfView> matchIf(Value value) {
  value = skipIdentity(value);
  OnnxOp node = asOnnx(value, "If");
  if (!node || node.getSubgraphs().size() != 2)
    return std::nullopt;
  unsigned result = cast<OpResult>(value).getResultNumber();
  // The importer writes the then branch first, whatever the order in the file.
  Region &thenRegion = node.getSubgraphs()[0], &elseRegion = node.getSubgraphs()[1];
  if (thenRegion.empty() || elseRegion.empty() || thenRegion.front().empty() || elseRegion.front().empty())
    return std::nullopt;
  auto thenYield = dyn_cast<YieldOp>(thenRegion.front().back());
  auto elseYield = dyn_cast<YieldOp>(elseRegion.front().back());
  if (!thenYield || !elseYield || result >= thenYield.getOperands().size() || result >= elseYield.getOperands().size())
    return std::nullopt;
  return IfView{node.getOperands()[0], thenYield.getOperands()[result], elseYield.getOperands()[result]};
}

} // namespace reckon::rec
