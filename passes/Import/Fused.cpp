//===- Fused.cpp - Layers that onnxruntime's optimiser makes of several -----------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// Taken apart again: the passes after import find their own ways to fuse.
//
//===----------------------------------------------------------------------------===//

#include "passes/Import/Activate.h"
#include "passes/Import/Registry.h"

using namespace mlir;

namespace reckon::importer {

Value activate(Node &node, Value x, const Activation &activation) {
  StringRef name = activation.name;
  double alpha = activation.alpha, beta = activation.beta;
  if (!x || name.empty())
    return x;
  if (name == "Relu")
    return node.unary(UnaryKind::relu, x);
  if (name == "Tanh")
    return node.unary(UnaryKind::tanh, x);
  if (name == "Sigmoid")
    return node.unary(UnaryKind::sigmoid, x);
  if (name == "Softplus")
    return node.unary(UnaryKind::softplus, x);
  if (name == "Softsign")
    return node.unary(UnaryKind::softsign, x);
  if (name == "LeakyRelu")
    return node.select(node.compare(CompareKind::lt, x, 0.0), node.mul(x, alpha), x);
  if (name == "ThresholdedRelu")
    return node.select(node.compare(CompareKind::gt, x, alpha), x, node.scalar(0, getElement(x)));
  if (name == "Elu") {
    Value negative = node.add(node.unary(UnaryKind::exp, node.binary(BinaryKind::min, x, 0.0)), -1.0);
    return node.add(node.binary(BinaryKind::max, x, 0.0), node.mul(negative, alpha));
  }
  if (name == "HardSigmoid") {
    Value line = node.add(node.mul(x, alpha), beta);
    return node.binary(BinaryKind::min, node.binary(BinaryKind::max, line, 0.0), 1.0);
  }
  if (name == "Clip")
    return node.binary(BinaryKind::min, node.binary(BinaryKind::max, x, alpha), beta);
  (void)node.unsupported("activation '" + name + "'");
  return nullptr;
}

/// gelu(x + bias), the bias where there is one.
template <UnaryKind kind> static LogicalResult convertBiasedGelu(Node &node) {
  Value x = node.getOperand(0), bias = node.getOperand(1);
  return node.replace(node.unary(kind, bias ? node.add(x, bias) : x));
}

/// Swish, and the approximation of gelu that is one: x sigmoid(alpha x).
static Value makeSwish(Node &node, double alpha) {
  Value x = node.getOperand(0);
  if (alpha == 1)
    return node.unary(UnaryKind::silu, x);
  return node.mul(x, node.unary(UnaryKind::sigmoid, node.mul(x, alpha)));
}
static LogicalResult convertSwish(Node &node) { return node.replace(makeSwish(node, node.getFloat("alpha", 1.0))); }
static LogicalResult convertQuickGelu(Node &node) {
  return node.replace(makeSwish(node, node.getFloat("alpha", 1.702)));
}

static LogicalResult convertBiasAdd(Node &node) {
  Value x = node.getOperand(0), bias = node.getOperand(1), skip = node.getOperand(2);
  if (!bias || !skip)
    return node.invalid("an operand is missing");
  return node.replace(node.add(node.add(x, bias), skip));
}

/// The left half of x + bias times gelu of the right one.
static LogicalResult convertBiasSplitGelu(Node &node) {
  Value x = node.getOperand(0), bias = node.getOperand(1);
  x = bias ? node.add(x, bias) : x;
  if (!x)
    return failure();
  int64_t axis = getRank(x) - 1;
  auto half = axis >= 0 ? SizeExpr::exactDiv(rec::getShape(x)[axis], 2) : std::nullopt;
  if (!half)
    return node.invalid("the last size is not even");
  Value left = node.sliceAxis(x, axis, 0, *half), right = node.sliceAxis(x, axis, *half, *half);
  return node.replace(node.mul(left, node.unary(UnaryKind::gelu, right)));
}

static LogicalResult convertBiasSoftmax(Node &node) {
  Value x = node.getOperand(0), bias = node.getOperand(1);
  if (!bias)
    return node.invalid("operand 'bias' is missing");
  auto axis = node.normalizeAxis(node.getInt("axis", 1), getRank(x));
  if (!axis)
    return failure();
  Shape shape = rec::getShape(x);
  ArrayRef<SizeExpr> sizes(shape);
  Value sum = node.add(x, bias);
  sum = node.reshape(sum, {rec::getNumElements(sizes.take_front(*axis)), rec::getNumElements(sizes.drop_front(*axis))});
  return node.replace(node.reshape(node.make<rec::SoftmaxOp>(sum, 1, /*log=*/false), shape));
}

//===--------------------------------------------------------------------------------===//
// Norms
//===--------------------------------------------------------------------------------===//

namespace {
struct RootMeanSquare {
  Value inverse, result;
};
} // namespace

/// x / root(mean of squares + epsilon) * scale, over the dimensions from `axis` on, in the type `stash`.
static RootMeanSquare normalizeByRoot(Node &node, Value x, Value scale, int64_t axis, double epsilon, Type stash) {
  if (!x || !scale)
    return {};
  Type element = getElement(scale);
  Value wide = node.cast(x, stash);
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(axis, getRank(x)));
  Value mean = node.reduce(ReduceKind::mean, node.mul(wide, wide), axes, /*keepdims=*/true);
  RootMeanSquare r;
  r.inverse = node.unary(UnaryKind::rsqrt, node.add(mean, epsilon));
  r.result = node.mul(node.cast(node.mul(wide, r.inverse), element), scale);
  return r;
}

/// RMSNormalization, and onnxruntime's SimplifiedLayerNormalization, which stands in the domain of ONNX, too.
static LogicalResult convertRmsNorm(Node &node) {
  Value x = node.getOperand(0), scale = node.getOperand(1);
  if (!scale)
    return node.invalid("operand 'scale' is missing");
  auto axis = node.normalizeAxis(node.getInt("axis", -1), getRank(x));
  if (!axis)
    return failure();
  Type stash = node.getInt("stash_type", 1) == 1 && !getElement(x).isF64() ? Type(node.b.getF32Type()) : getElement(x);
  RootMeanSquare r = normalizeByRoot(node, x, scale, *axis, node.getFloat("epsilon", 1e-5), stash);
  return node.replace({r.result, r.inverse});
}

/// A norm of input + skip + bias, whose sum is a result as well.
template <bool simplified> static LogicalResult convertSkipNorm(Node &node) {
  Value x = node.getOperand(0), skip = node.getOperand(1), scale = node.getOperand(2);
  Value shift = simplified ? Value() : node.getOperand(3), bias = node.getOperand(simplified ? 3 : 4);
  if (!skip || !scale || getRank(x) < 1)
    return node.invalid("an operand is missing");
  if (node.isUsed(1) || node.isUsed(2))
    return node.unsupported("the outputs of moments are used");
  Value sum = node.add(x, skip);
  if (bias)
    sum = node.add(sum, bias);
  int64_t axis = getRank(x) - 1;
  double epsilon = node.getFloat("epsilon", 1e-12);
  Value result;
  if (simplified)
    result = normalizeByRoot(node, sum, scale, axis, epsilon,
                             getElement(x).isF64() ? getElement(x) : Type(node.b.getF32Type()))
                 .result;
  else
    result =
        node.make<rec::LayerNormOp>(sum, scale, shift, node.b.getI64IntegerAttr(axis), node.b.getF64FloatAttr(epsilon));
  return node.replace({result, Value(), Value(), sum});
}

/// Rows of words, positions and segments, summed and normalised.
static LogicalResult convertEmbedLayerNorm(Node &node) {
  Value ids = node.getOperand(0), segments = node.getOperand(1), words = node.getOperand(2),
        positions = node.getOperand(3), segmentTable = node.getOperand(4), scale = node.getOperand(5),
        shift = node.getOperand(6), mask = node.getOperand(7), places = node.getOperand(8);
  if (!words || !positions || !scale || getRank(ids) != 2 || (segments && !segmentTable))
    return node.invalid("ids of rank 2 with the tables of words and positions were expected");
  Shape shape = rec::getShape(ids);
  Type i32 = node.b.getI32Type();
  Value sum = node.gather(words, ids, 0);
  Value place = places ? places : node.iota({1, shape[1]}, node.b.getI64Type(), 1);
  sum = node.add(sum, node.gather(positions, place, 0));
  if (segments)
    sum = node.add(sum, node.gather(segmentTable, segments, 0));
  if (!sum)
    return failure();
  Value result = node.make<rec::LayerNormOp>(sum, scale, shift, node.b.getI64IntegerAttr(2),
                                             node.b.getF64FloatAttr(node.getFloat("epsilon", 1e-12)));
  Value counts;
  if (node.isUsed(1)) // How many ids each row of the mask keeps.
    counts =
        mask ? node.reduce(ReduceKind::sum, node.cast(mask, i32), 1, /*keepdims=*/false) : node.splat(shape[0], 0, i32);
  return node.replace({result, counts, sum});
}

void registerFused(Registry &r) {
  r.add("Swish", needOperand<convertSwish>);
  r.add("RMSNormalization", needOperand<convertRmsNorm>);
  r.add("SimplifiedLayerNormalization", needOperand<convertRmsNorm>);
  r.add("com.microsoft.BiasAdd", needOperand<convertBiasAdd>);
  r.add("com.microsoft.BiasGelu", needOperand<convertBiasedGelu<UnaryKind::gelu>>);
  r.add("com.microsoft.BiasSoftmax", needOperand<convertBiasSoftmax>);
  r.add("com.microsoft.BiasSplitGelu", needOperand<convertBiasSplitGelu>);
  r.add("com.microsoft.EmbedLayerNormalization", needOperand<convertEmbedLayerNorm>);
  r.add("com.microsoft.FastGelu", needOperand<convertBiasedGelu<UnaryKind::gelu_tanh>>);
  r.add("com.microsoft.Gelu", needOperand<convertBiasedGelu<UnaryKind::gelu>>);
  r.add("com.microsoft.QuickGelu", needOperand<convertQuickGelu>);
  r.add("com.microsoft.SkipLayerNormalization", needOperand<convertSkipNorm<false>>);
  r.add("com.microsoft.SkipSimplifiedLayerNormalization", needOperand<convertSkipNorm<true>>);
}

} // namespace reckon::importer
