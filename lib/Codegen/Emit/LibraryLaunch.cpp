//===- LibraryLaunch.cpp - Kernels that a library can run ------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#include "lib/Codegen/Emit/LibraryLaunch.h"

#include "dialects/Rec/Rec.h"
#include "dialects/Rec/Shape.h"
#include "passes/Precision/Precision.h"

#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::plan;

/// Products this small finish before a library has chosen what to launch.
static constexpr int64_t minExtent = 64;
/// Rows of the matrix from where a library is taken without having been timed, when generated kernels know the layer.
static constexpr int64_t manyRows = 16384;

namespace {
/// A linear layer and what follows it.
struct Product {
  rec::LinearOp linear;
  std::string activation; ///< "", "relu" or "gelu"
};

struct Matrix {
  SizeExpr rows;
  uint64_t stride;
};
} // namespace

static std::optional<Product> matchProduct(KernelOp kernel) {
  Product product;
  Value result;
  for (Operation &op : kernel.getBody().front().without_terminator()) {
    auto unary = dyn_cast<rec::UnaryOp>(op);
    if (auto linear = dyn_cast<rec::LinearOp>(op); linear && !result) {
      product.linear = linear;
    } else if (unary && result && unary.getX() == result && product.activation.empty() &&
               (unary.getKind() == rec::UnaryKind::relu || unary.getKind() == rec::UnaryKind::gelu_tanh)) {
      // The library's GELU is the approximation by tanh.
      product.activation = unary.getKind() == rec::UnaryKind::relu ? "relu" : "gelu";
    } else {
      return std::nullopt;
    }
    result = op.getResult(0);
  }
  OperandRange outputs = kernel.getBody().front().getTerminator()->getOperands();
  if (!result || outputs.size() != 1 || outputs[0] != result)
    return std::nullopt;
  return product;
}

/// An operand whose leading dimensions are the rows of a matrix.
static std::optional<Matrix> asMatrix(KernelOp kernel, unsigned operand) {
  rec::Shape shape = rec::getShape(kernel.getOperandType(operand));
  auto strides = cast<DenseI64ArrayAttr>(kernel.getStrides()[operand]).asArrayRef();
  size_t last = shape.size() - 1;
  if (shape.size() < 2 || strides[last] != 1 || strides[last - 1] < 1)
    return std::nullopt;
  SizeExpr rows = shape[0];
  for (size_t d = 1; d < last; ++d) {
    auto extent = shape[d].constant();
    if (!extent || strides[d - 1] != strides[d] * *extent)
      return std::nullopt;
    rows = rows * shape[d];
  }
  return Matrix{rows, static_cast<uint64_t>(strides[last - 1])};
}

/// The operand with the layer's weight in the model's own order: its own, or a copy that nothing else reads.
static std::optional<unsigned> findWeight(KernelOp kernel, rec::LinearOp linear) {
  for (BlockArgument argument : kernel.getBody().getArguments()) {
    StringRef packing = cast<StringAttr>(kernel.getPackings()[argument.getArgNumber()]).getValue();
    bool isWeight =
        argument == linear.getWeight() || (argument.use_empty() && argument.getType() == linear.getWeight().getType());
    if (isWeight && (packing.empty() || packing == "row_major"))
      return argument.getArgNumber();
  }
  return std::nullopt;
}

static std::optional<std::string> getCompute(rec::LinearOp linear, Type type) {
  std::optional<rec::Precision> precision = rec::Precision::get(linear);
  if (type.isF16() || type.isBF16())
    return type.isF16() ? "f16f32" : "bf16f32";
  if (!type.isF32())
    return std::nullopt;
  return precision && precision->compute.isTF32() ? "tf32" : "f32";
}

std::optional<LaunchSpec> reckon::getLibraryLaunch(KernelOp kernel, const DispatchSpec &dispatch) {
  std::optional<Product> product = matchProduct(kernel);
  if (!product || dispatch.launches.empty())
    return std::nullopt;
  rec::LinearOp linear = product->linear;
  auto x = dyn_cast<BlockArgument>(linear.getX());
  auto bias = dyn_cast_if_present<BlockArgument>(linear.getBias());
  std::optional<unsigned> weight = findWeight(kernel, linear);
  if (!x || !weight || (linear.getBias() && !bias))
    return std::nullopt;
  unsigned output = kernel.getNumInputs();
  std::optional<Matrix> a = asMatrix(kernel, x.getArgNumber()), out = asMatrix(kernel, output);
  rec::Shape weightShape = rec::getShape(linear.getWeight());
  auto k = weightShape[0].constant(), n = weightShape[1].constant();
  Type type = linear.getType().getElementType();
  std::optional<std::string> compute = getCompute(linear, type);
  if (!a || !out || !k || !n || !compute || *k < minExtent || *n < minExtent ||
      dispatch.operands[x.getArgNumber()].space != Space::Arena || dispatch.operands[output].space != Space::Arena)
    return std::nullopt;

  LaunchSpec launch;
  launch.library = "cublaslt";
  GemmSpec &gemm = launch.gemm.emplace();
  gemm.a = x.getArgNumber();
  gemm.weight = *weight;
  gemm.bias = bias ? static_cast<int32_t>(bias.getArgNumber()) : -1;
  gemm.out = output;
  gemm.m = a->rows;
  gemm.n = gemm.ldb = static_cast<uint64_t>(*n);
  gemm.k = static_cast<uint64_t>(*k);
  gemm.lda = a->stride;
  gemm.ldc = out->stride;
  gemm.type = type.isF16() ? ElementType::F16 : type.isBF16() ? ElementType::BF16 : ElementType::F32;
  gemm.compute = *compute;
  gemm.epilogue = product->activation;
  if (bias)
    gemm.epilogue += gemm.epilogue.empty() ? "bias" : "_bias";
  // The engine knows an approximate GELU with a bias only.
  if (gemm.epilogue == "gelu")
    return std::nullopt;
  // Kernels made for linear layers come in several sizes; one launch for everything is the generic one.
  if (dispatch.launches.size() > 1)
    launch.minRows = manyRows;
  return launch;
}
