//===- LibraryProduct.cpp - Kernels that a library can run -----------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#include "lib/Tiling/LibraryProduct.h"

#include "dialects/Rec/Shape.h"

#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::tiling;
using plan::KernelOp;

/// Products this small finish before a library has chosen what to launch.
static constexpr int64_t minExtent = 64;

/// Finds the layer and the function that follows it, if one does.
static bool matchBody(KernelOp kernel, rec::LinearOp &linear, std::optional<rec::UnaryKind> &function) {
  Value result;
  for (Operation &op : kernel.getBody().front().without_terminator()) {
    auto unary = dyn_cast<rec::UnaryOp>(op);
    if (auto first = dyn_cast<rec::LinearOp>(op); first && !result)
      linear = first;
    else if (unary && result && unary.getX() == result && !function)
      function = unary.getKind();
    else
      return false;
    result = op.getResult(0);
  }
  OperandRange outputs = kernel.getBody().front().getTerminator()->getOperands();
  return result && outputs.size() == 1 && outputs[0] == result;
}

static std::optional<LibraryProduct::Matrix> asMatrix(KernelOp kernel, unsigned operand) {
  plan::StridedMap map = kernel.getMap(operand);
  if (map.getRank() < 2 || map.axes.back().stride != SizeExpr(1))
    return std::nullopt;
  std::optional<plan::StridedAxis> rows = map.merge(0, map.getRank() - 1);
  auto isCounted = [](const plan::StridedAxis &axis) { return axis.size.isConstant(); };
  std::optional<int64_t> stride = rows ? rows->stride.constant() : std::nullopt;
  if (stride.value_or(0) < 1 || !llvm::all_of(ArrayRef(map.axes).drop_front().drop_back(), isCounted))
    return std::nullopt;
  return LibraryProduct::Matrix{rows->size, *stride};
}

static GemmCompute getCompute(rec::LinearOp linear, Type type) {
  if (type.isF16() || type.isBF16())
    return type.isF16() ? GemmCompute::F16F32 : GemmCompute::BF16F32;
  rec::PrecisionAttr precision = rec::RecDialect::PrecisionAttrHelper(linear.getContext()).getAttr(linear);
  return precision && precision.getCompute().isTF32() ? GemmCompute::TF32 : GemmCompute::F32;
}

static std::optional<GemmEpilogue> getEpilogue(bool hasBias, std::optional<rec::UnaryKind> function) {
  if (!function)
    return hasBias ? GemmEpilogue::Bias : GemmEpilogue::None;
  if (function == rec::UnaryKind::relu)
    return hasBias ? GemmEpilogue::ReluBias : GemmEpilogue::Relu;
  // The library's GELU is the approximation by tanh; engines know it with a bias only.
  if (function == rec::UnaryKind::gelu_tanh && hasBias)
    return GemmEpilogue::GeluBias;
  return std::nullopt;
}

std::optional<LibraryProduct> tiling::matchLibraryProduct(KernelOp kernel) {
  LibraryProduct product;
  std::optional<rec::UnaryKind> function;
  if (!matchBody(kernel, product.linear, function))
    return std::nullopt;
  rec::LinearOp linear = product.linear;
  auto x = dyn_cast<BlockArgument>(linear.getX()), weight = dyn_cast<BlockArgument>(linear.getWeight());
  auto bias = dyn_cast_if_present<BlockArgument>(linear.getBias());
  if (!x || !weight || (linear.getBias() && !bias))
    return std::nullopt;
  product.x = x.getArgNumber();
  product.weight = weight.getArgNumber();
  product.out = kernel.getNumInputs();
  if (bias)
    product.bias = bias.getArgNumber();
  std::optional<LibraryProduct::Matrix> xMatrix = asMatrix(kernel, product.x), out = asMatrix(kernel, product.out);
  rec::Shape weightShape = rec::getShape(weight);
  auto k = weightShape[0].constant(), n = weightShape[1].constant();
  product.type = linear.getType().getElementType();
  bool hasType = product.type.isF32() || product.type.isF16() || product.type.isBF16();
  if (!xMatrix || !out || !k || !n || !hasType || *k < minExtent || *n < minExtent)
    return std::nullopt;
  product.xMatrix = *xMatrix;
  product.outMatrix = *out;
  product.n = *n;
  product.k = *k;
  product.compute = getCompute(linear, product.type);
  std::optional<GemmEpilogue> epilogue = getEpilogue(bias != nullptr, function);
  if (!epilogue)
    return std::nullopt;
  product.epilogue = *epilogue;
  return product;
}
