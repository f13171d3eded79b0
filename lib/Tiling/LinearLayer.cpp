//===- LinearLayer.cpp - Linear layers that GPU kernels know ----------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------===//

#include "lib/Tiling/LinearLayer.h"

#include "dialects/Rec/Shape.h"

#include "llvm/ADT/SmallPtrSet.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::tiling;

std::optional<MatrixOperand> tiling::asMatrix(plan::KernelOp kernel, unsigned operand) {
  RankedTensorType type = kernel.getOperandType(operand);
  rec::Shape shape = rec::getShape(type);
  if (shape.size() < 2)
    return std::nullopt;
  plan::StridedMap map = kernel.getMap(operand);
  unsigned last = shape.size() - 1;
  std::optional<plan::StridedAxis> rows = map.merge(0, last);
  std::optional<int64_t> stride = rows ? rows->stride.constant() : std::nullopt;
  // Rows of a sample are counted by a constant.
  bool isCounted =
      llvm::all_of(ArrayRef(shape).slice(1, last - 1), [](const SizeExpr &size) { return size.isConstant(); });
  if (!stride || !isCounted || map.axes[last].stride != SizeExpr(1))
    return std::nullopt;
  MatrixOperand matrix{operand, type.getElementType(), *stride, false};
  unsigned bytes = matrix.type.getIntOrFloatBitWidth() / 8;
  matrix.aligned = kernel.getLayout(operand).getAligned() && matrix.stride * bytes % 16 == 0;
  return matrix;
}

/// What the epilogue of `layer` may read besides its own values: a matrix of as many rows, a vector over the columns,
/// one number, or a number a row.
static bool isEpilogueInput(const LinearLayer &layer, Value value) {
  rec::Shape result = rec::getShape(layer.linear.getResult()), shape = rec::getShape(value);
  Type type = cast<RankedTensorType>(value.getType()).getElementType();
  if (!type.isIntOrFloat() || shape.size() > result.size())
    return false;
  if (auto constant = value.getDefiningOp<rec::ConstantOp>())
    return isa<SplatElementsAttr>(constant.getValue()) && type.isFloat();
  auto argument = dyn_cast<BlockArgument>(value);
  if (!argument)
    return false;
  bool isVector = llvm::all_of(ArrayRef<SizeExpr>(shape).drop_back(shape.empty() ? 0 : 1),
                               [](const SizeExpr &size) { return size == SizeExpr(1); });
  if (isVector && (shape.empty() || shape.back() == SizeExpr(1) || shape.back() == SizeExpr(layer.n)))
    return true;
  if (shape.size() != result.size() || !asMatrix(layer.kernel, argument.getArgNumber()))
    return false;
  for (unsigned d = 0; d + 1 < shape.size(); ++d)
    if (shape[d] != result[d])
      return false;
  return shape.back() == result.back() || shape.back() == SizeExpr(1);
}

/// What `layer.linear` says of itself; its operands are block arguments, but for x. False when it is no layer for the
/// kernels here.
static bool readLayer(LinearLayer &layer) {
  auto weight = dyn_cast<BlockArgument>(layer.linear.getWeight());
  auto bias = dyn_cast_if_present<BlockArgument>(layer.linear.getBias());
  if (!weight || (layer.linear.getBias() && !bias))
    return false;
  rec::Shape weightShape = rec::getShape(weight), shape = rec::getShape(layer.linear.getResult());
  auto k = weightShape[0].constant(), n = weightShape[1].constant();
  if (!k || !n || *k == 0 || *n == 0)
    return false;
  layer.weight = weight.getArgNumber();
  if (bias)
    layer.bias = bias.getArgNumber();
  layer.n = *n;
  layer.k = *k;
  layer.type = cast<RankedTensorType>(weight.getType()).getElementType();
  if (layer.type.isF64())
    return false;
  rec::RecDialect::PrecisionAttrHelper note(layer.linear.getContext());
  if (rec::PrecisionAttr precision = note.getAttr(layer.linear))
    layer.tf32 = layer.type.isF32() && precision.getCompute().isTF32();
  for (const SizeExpr &size : ArrayRef<SizeExpr>(shape).drop_front().drop_back()) {
    auto extent = size.constant();
    if (!extent)
      return false;
    layer.rowsPerSample *= *extent;
  }
  return true;
}

/// Whether the epilogue reads only itself and what isEpilogueInput() allows, and ends in the result.
static bool isWholeEpilogue(const LinearLayer &layer) {
  llvm::SmallPtrSet<Value, 8> values;
  values.insert(layer.linear.getResult());
  rec::Shape shape = rec::getShape(layer.linear.getResult());
  // Every layer of the epilogue has the shape of the result, so its row and column are those of the sum.
  for (Operation *op : layer.epilogue) {
    if (rec::getShape(op->getResult(0)) != shape)
      return false;
    for (Value operand : op->getOperands())
      if (!values.contains(operand) && !isEpilogueInput(layer, operand))
        return false;
    values.insert(op->getResult(0));
  }
  return values.contains(layer.result);
}

SmallVector<LinearLayer> tiling::matchLinearLayers(plan::KernelOp kernel) {
  Block &block = kernel.getBody().front();
  if (kernel.getNumOutputs() != 1)
    return {};
  SmallVector<LinearLayer> layers;
  rec::CastOp inputCast;
  for (Operation &op : block.without_terminator()) {
    if (isa<rec::ConstantOp>(op))
      continue;
    if (auto linear = dyn_cast<rec::LinearOp>(op)) {
      if (!layers.empty())
        layers.back().result = linear.getX();
      LinearLayer &layer = layers.emplace_back();
      layer.kernel = kernel;
      layer.linear = linear;
    } else if (auto cast = dyn_cast<rec::CastOp>(op); cast && layers.empty() && !inputCast) {
      inputCast = cast;
    } else if (layers.empty() || !op.hasTrait<rec::Pointwise>()) {
      return {};
    } else {
      layers.back().epilogue.push_back(&op);
    }
  }
  if (layers.empty())
    return {};
  layers.back().result = block.getTerminator()->getOperand(0);

  LinearLayer &first = layers.front(), &last = layers.back();
  Value x = first.linear.getX();
  if (inputCast) {
    if (x != inputCast.getResult() || !inputCast.getResult().hasOneUse())
      return {};
    x = inputCast.getX();
  }
  auto xArgument = dyn_cast<BlockArgument>(x);
  if (!xArgument || !kernel.getLayout(xArgument.getArgNumber()).getRow())
    return {};
  auto xMatrix = asMatrix(kernel, xArgument.getArgNumber()), out = asMatrix(kernel, kernel.getNumInputs());
  if (!xMatrix || !out || !xMatrix->type.isFloat() || xMatrix->type.isF64())
    return {};
  first.x = *xMatrix;
  last.out = *out;
  for (LinearLayer &layer : layers)
    if (!readLayer(layer) || !isWholeEpilogue(layer))
      return {};
  return layers;
}

std::optional<LinearLayer> tiling::matchLinear(plan::KernelOp kernel) {
  SmallVector<LinearLayer> layers = matchLinearLayers(kernel);
  return layers.size() == 1 ? std::optional(std::move(layers.front())) : std::nullopt;
}

SizeExpr LinearLayer::matrixRows() const { return rec::getShape(linear.getResult())[0] * SizeExpr(rowsPerSample); }
