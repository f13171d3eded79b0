//===- Attention.cpp - Attention and rotary positions ----------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "passes/Import/Registry.h"

#include <cmath>
#include <limits>

using namespace mlir;

namespace reckon::importer {

constexpr double infinity = std::numeric_limits<double>::infinity();

//===--------------------------------------------------------------------------------===//
// Heads
//===--------------------------------------------------------------------------------===//

/// batch x sequence x (heads * size) as batch x heads x sequence x size; null, and the node is invalid, when the heads
/// do not divide the width.
static Value splitHeads(Node &node, Value x, int64_t heads) {
  if (!x)
    return x;
  Shape shape = rec::getShape(x);
  auto size = heads > 0 ? SizeExpr::exactDiv(shape[2], heads) : std::nullopt;
  if (!size) {
    (void)node.invalid(Twine(heads) + " heads do not divide a width of " + shape[2].str());
    return nullptr;
  }
  return node.transpose(node.reshape(x, {shape[0], shape[1], heads, *size}), {0, 2, 1, 3});
}

static Value mergeHeads(Node &node, Value x) {
  if (!x)
    return x;
  Shape shape = rec::getShape(x);
  return node.reshape(node.transpose(x, {0, 2, 1, 3}), {shape[0], shape[2], shape[1] * shape[3]});
}

/// Each head `times` times in a row, for queries that share keys and values.
static Value repeatHeads(Node &node, Value x, int64_t times) {
  if (!x || times == 1)
    return x;
  Shape shape = rec::getShape(x);
  Value wide = node.broadcast(node.unsqueeze(x, 2), {shape[0], shape[1], times, shape[2], shape[3]});
  return node.reshape(wide, {shape[0], shape[1] * SizeExpr(times), shape[2], shape[3]});
}

//===--------------------------------------------------------------------------------===//
// Weights
//===--------------------------------------------------------------------------------===//

namespace {
/// Attention over heads: batch x heads x sequence x size.
struct Attention {
  Value query, key, value;
  double scale = 0; ///< 0: one over the root of the size of a head
  double softcap = 0;
  /// What is added to the scores, and which of them count; either may be missing.
  Value bias, allowed;
  Type softmaxType;

  // Set by attend().
  Value scores, biased, weights, result;
};
} // namespace

/// Narrows `allowed` by another condition.
static void allowOnly(Node &node, Attention &attention, Value condition) {
  attention.allowed =
      attention.allowed ? node.binary(BinaryKind::logical_and, attention.allowed, condition) : condition;
}

static bool attend(Node &node, Attention &a) {
  if (!a.query || !a.key || !a.value)
    return false;
  Type element = getElement(a.query);
  int64_t queryHeads = rec::getShape(a.query)[1].constant().value_or(-1),
          keyHeads = rec::getShape(a.key)[1].constant().value_or(-1);
  if (queryHeads != keyHeads) {
    if (keyHeads <= 0 || queryHeads <= 0 || queryHeads % keyHeads != 0) {
      (void)node.invalid(Twine(keyHeads) + " heads of keys do not divide " + Twine(queryHeads) + " of queries");
      return false;
    }
    a.key = repeatHeads(node, a.key, queryHeads / keyHeads);
    a.value = repeatHeads(node, a.value, queryHeads / keyHeads);
  }
  double scale = a.scale;
  if (scale == 0) {
    auto size = rec::getShape(a.query)[3].constant();
    if (!size || *size == 0) {
      (void)node.unsupported("heads of a dynamic size without a scale");
      return false;
    }
    scale = 1 / std::sqrt(double(*size));
  }
  a.scores = node.make<rec::MatmulOp>(node.mul(a.query, scale), a.key, /*transpose_a=*/false, /*transpose_b=*/true);
  if (a.softcap != 0)
    a.scores = node.mul(node.unary(UnaryKind::tanh, node.mul(a.scores, 1 / a.softcap)), a.softcap);
  a.biased = a.bias ? node.add(a.scores, a.bias) : a.scores;
  if (a.allowed)
    a.biased = node.select(a.allowed, a.biased, node.scalar(-infinity, element));
  if (!a.biased)
    return false;
  Type softmaxType = a.softmaxType ? a.softmaxType : element;
  a.weights = node.cast(node.make<rec::SoftmaxOp>(node.cast(a.biased, softmaxType), 3, /*log=*/false), element);
  // A query that no key is allowed for attends to nothing, which a softmax would make NaN.
  Value some = a.allowed;
  if (a.bias) {
    Value counts = node.compare(CompareKind::gt, a.bias, -infinity);
    some = some ? node.binary(BinaryKind::logical_and, some, counts) : counts;
  }
  if (some) {
    Value any = node.reduce(ReduceKind::max, some, getRank(some) - 1, /*keepdims=*/true);
    a.weights = node.select(any, a.weights, node.scalar(0, element));
  }
  a.result = node.make<rec::MatmulOp>(a.weights, a.value, /*transpose_a=*/false, /*transpose_b=*/false);
  return a.result != nullptr;
}

/// Key minus query position, as sequence x keys, or batch x 1 x sequence x keys where the offset is a vector.
static Value getDistance(Node &node, const Attention &a, Value offset) {
  Type i64 = node.b.getI64Type();
  SizeExpr queries = rec::getShape(a.query)[2], keys = rec::getShape(a.key)[2];
  Value position = node.iota({queries, 1}, i64, 0);
  if (offset)
    position = node.add(position, offset);
  return node.sub(node.iota({1, keys}, i64, 1), position);
}

//===--------------------------------------------------------------------------------===//
// ONNX's operator
//===--------------------------------------------------------------------------------===//

/// The mask with as many columns as there are keys: where it has fewer, the others are not allowed.
static Value padMask(Node &node, Value mask, const SizeExpr &keys) {
  auto missing = (keys - rec::getShape(mask).back()).constant();
  if (!missing || *missing <= 0)
    return mask;
  SmallVector<int64_t> low(getRank(mask)), high(getRank(mask));
  high.back() = *missing;
  return node.pad(mask, low, high, getElement(mask).isInteger(1) ? 0 : -infinity);
}

static LogicalResult convertAttention(Node &node) {
  Attention a;
  a.query = node.getOperand(0);
  a.key = node.getOperand(1);
  a.value = node.getOperand(2);
  Value mask = node.getOperand(3), pastKey = node.getOperand(4), pastValue = node.getOperand(5),
        lengths = node.getOperand(6);
  int64_t rank = a.query ? getRank(a.query) : 0;
  if (!a.key || !a.value || (rank != 3 && rank != 4) || getRank(a.key) != rank || getRank(a.value) != rank)
    return node.invalid("Q, K and V of rank 3 or 4 were expected");
  if (!pastKey != !pastValue || (pastKey && lengths))
    return node.invalid("past_key and past_value belong together, without nonpad_kv_seqlen");
  if (rank == 3) {
    a.query = splitHeads(node, a.query, node.getInt("q_num_heads", 0));
    a.key = splitHeads(node, a.key, node.getInt("kv_num_heads", 0));
    a.value = splitHeads(node, a.value, node.getInt("kv_num_heads", 0));
  }
  if (!a.query || !a.key || !a.value)
    return failure();
  Value offset;
  if (pastKey) {
    offset = node.sizes(rec::getShape(pastKey)[2], /*scalar=*/true);
    a.key = node.concat({pastKey, a.key}, 2);
    a.value = node.concat({pastValue, a.value}, 2);
    if (!a.key || !a.value)
      return failure();
  }
  Value presentKey = a.key, presentValue = a.value;
  SizeExpr keys = rec::getShape(a.key)[2];
  Type i64 = node.b.getI64Type();
  if (mask) {
    mask = padMask(node, mask, keys);
    if (!mask)
      return failure();
    (getElement(mask).isInteger(1) ? a.allowed : a.bias) = mask;
  }
  if (lengths) {
    lengths = node.reshape(node.cast(lengths, i64), {rec::getNumElements(rec::getShape(lengths)), 1, 1, 1});
    allowOnly(node, a, node.compare(CompareKind::lt, node.iota({1, keys}, i64, 1), lengths));
    offset = node.sub(lengths, node.sizes(rec::getShape(a.query)[2], /*scalar=*/true));
  }
  int64_t left = node.getInt("left_window_size", -1), right = node.getInt("right_window_size", -1);
  bool isCausal = node.getInt("is_causal", 0) != 0;
  if (isCausal || left >= 0 || right >= 0) {
    Value distance = getDistance(node, a, offset);
    if (isCausal)
      allowOnly(node, a, node.compare(CompareKind::le, distance, 0.0));
    if (left >= 0)
      allowOnly(node, a, node.compare(CompareKind::ge, distance, -double(left)));
    if (right >= 0)
      allowOnly(node, a, node.compare(CompareKind::le, distance, double(right)));
  }
  a.scale = node.getFloat("scale", 0);
  a.softcap = node.getFloat("softcap", 0);
  if (node.hasAttr("softmax_precision")) {
    a.softmaxType = node.getType("softmax_precision");
    if (!isa_and_present<FloatType>(a.softmaxType))
      return node.invalid("softmax_precision is no type of floats");
  }
  if (!attend(node, a))
    return failure();
  Value scores;
  if (node.isUsed(3)) {
    int64_t mode = node.getInt("qk_matmul_output_mode", 0);
    if (mode < 0 || mode > 3 || (mode < 2 && a.softcap != 0))
      return node.unsupported("qk_matmul_output_mode " + Twine(mode) + (a.softcap != 0 ? " with softcap" : ""));
    scores = mode < 2 ? a.scores : mode == 2 ? a.biased : a.weights;
  }
  return node.replace({rank == 3 ? mergeHeads(node, a.result) : a.result, presentKey, presentValue, scores});
}

//===--------------------------------------------------------------------------------===//
// What onnxruntime's optimiser writes
//===--------------------------------------------------------------------------------===//

/// A mask of onnxruntime: lengths (batch), or ones where keys count (batch x keys, batch x sequence x keys).
static LogicalResult addContributedMask(Node &node, Attention &a, Value mask) {
  if (!mask)
    return success();
  Shape shape = rec::getShape(mask), key = rec::getShape(a.key);
  Type i64 = node.b.getI64Type();
  Value keeps;
  if (shape.size() == 1) {
    if (rec::provablyDiffer(shape[0], key[0]))
      return node.unsupported("a mask of " + shape[0].str() + " numbers for a batch of " + key[0].str());
    Value lengths = node.reshape(node.cast(mask, i64), {shape[0], 1, 1, 1});
    keeps = node.compare(CompareKind::lt, node.iota({1, key[2]}, i64, 1), lengths);
  } else if (shape.size() == 2 || shape.size() == 3) {
    SmallVector<int64_t> axes{1};
    if (shape.size() == 2)
      axes.push_back(2);
    keeps = node.unsqueeze(node.compare(CompareKind::ne, mask, 0.0), axes);
  } else {
    return node.unsupported("a mask of rank " + Twine(shape.size()));
  }
  Type element = getElement(a.query);
  Value penalty =
      node.select(keeps, node.scalar(0, element), node.scalar(node.getFloat("mask_filter_value", -10000.0), element));
  a.bias = a.bias ? node.add(a.bias, penalty) : penalty;
  return success();
}

static LogicalResult finishContributed(Node &node, Attention &a, Value mask, Value bias, Value past) {
  if (!a.query || !a.key || !a.value)
    return failure();
  a.scale = node.getFloat("scale", 0);
  a.bias = bias;
  if (failed(addContributedMask(node, a, mask)))
    return failure();
  if (node.getInt("unidirectional", 0))
    allowOnly(node, a, node.compare(CompareKind::le, getDistance(node, a, past), 0.0));
  return success(attend(node, a));
}

/// Queries, keys and values of one projection, each with its part of the bias.
static LogicalResult convertContributedAttention(Node &node) {
  Value x = node.getOperand(0), weight = node.getOperand(1), bias = node.getOperand(2), past = node.getOperand(4);
  if (!x || !weight || getRank(x) != 3 || getRank(weight) != 2)
    return node.invalid("an input of rank 3 and weights of rank 2 were expected");
  if (node.getInt("do_rotary", 0) || node.getInt("past_present_share_buffer", 0))
    return node.unsupported("rotary positions, or buffers that past and present share");
  int64_t heads = node.getInt("num_heads", 0);
  auto width = rec::getShape(weight)[1].constant();
  SmallVector<int64_t> sizes = node.getInts("qkv_hidden_sizes").value_or(SmallVector<int64_t>());
  if (!width)
    return node.unsupported("weights of a dynamic size");
  if (sizes.empty())
    sizes.assign(3, *width / 3);
  if (sizes.size() != 3 || llvm::any_of(sizes, [](int64_t n) { return n < 1; }) ||
      sizes[0] + sizes[1] + sizes[2] != *width)
    return node.invalid("qkv_hidden_sizes do not add up to " + Twine(*width));
  Value projected = node.make<rec::LinearOp>(x, weight, bias);
  Attention a;
  SizeExpr start;
  for (auto [part, size] : llvm::zip_equal(SmallVector<Value *>{&a.query, &a.key, &a.value}, sizes)) {
    *part = splitHeads(node, node.sliceAxis(projected, 2, start, size), heads);
    start = start + SizeExpr(size);
  }
  Value offset;
  if (past) { // Keys and values of earlier positions.
    if (getRank(past) != 5)
      return node.invalid("past of rank 5 was expected");
    offset = node.sizes(rec::getShape(past)[3], /*scalar=*/true);
    a.key = node.concat({node.squeeze(node.sliceAxis(past, 0, 0, 1), 0), a.key}, 2);
    a.value = node.concat({node.squeeze(node.sliceAxis(past, 0, 1, 1), 0), a.value}, 2);
  }
  Value present = node.isUsed(1) ? node.concat({node.unsqueeze(a.key, 0), node.unsqueeze(a.value, 0)}, 0) : Value();
  if (failed(finishContributed(node, a, node.getOperand(3), node.getOperand(5), offset)))
    return failure();
  return node.replace({mergeHeads(node, a.result), present});
}

/// The part of a bias that belongs to one of query, key and value.
static Value addBias(Node &node, Value x, Value bias, SizeExpr &start) {
  if (!x || !bias)
    return x;
  SizeExpr width = rec::getShape(x)[2];
  Value part = node.sliceAxis(bias, 0, start, width);
  start = start + width;
  return node.add(x, part);
}

static LogicalResult convertMultiHeadAttention(Node &node) {
  Value query = node.getOperand(0), key = node.getOperand(1), value = node.getOperand(2), bias = node.getOperand(3);
  Value pastKey = node.getOperand(6), pastValue = node.getOperand(7);
  int64_t heads = node.getInt("num_heads", 0);
  if (node.getOperand(8) || node.getOperand(9) || node.isUsed(3))
    return node.unsupported("a cache with a length or indirection of its own, or the output of scores");
  if (!query || !pastKey != !pastValue)
    return node.invalid("an operand is missing");
  Attention a;
  auto unpack = [&](Value packed, int64_t i) { // batch x sequence x heads x parts x size
    Value part = node.squeeze(node.sliceAxis(packed, 3, i, 1), 3);
    return node.transpose(part, {0, 2, 1, 3});
  };
  SizeExpr start;
  if (getRank(query) == 5 && !key && !value && !bias) {
    a.query = unpack(query, 0);
    a.key = unpack(query, 1);
    a.value = unpack(query, 2);
  } else if (getRank(query) == 3 && key) {
    a.query = splitHeads(node, addBias(node, query, bias, start), heads);
    if (getRank(key) == 5 && !value && !bias) {
      a.key = unpack(key, 0);
      a.value = unpack(key, 1);
    } else if (getRank(key) == 3 && value && getRank(value) == 3) {
      a.key = splitHeads(node, addBias(node, key, bias, start), heads);
      a.value = splitHeads(node, addBias(node, value, bias, start), heads);
    } else if (getRank(key) == 4 && value && getRank(value) == 4) {
      a.key = key;
      a.value = value;
    } else {
      return node.invalid("keys and values of a rank that does not go together");
    }
  } else {
    return node.invalid("a query of rank 3 with keys, or of rank 5 without, was expected");
  }
  Value offset;
  if (pastKey) {
    offset = node.sizes(rec::getShape(pastKey)[2], /*scalar=*/true);
    a.key = node.concat({pastKey, a.key}, 2);
    a.value = node.concat({pastValue, a.value}, 2);
  }
  Value presentKey = a.key, presentValue = a.value;
  if (failed(finishContributed(node, a, node.getOperand(4), node.getOperand(5), offset)))
    return failure();
  return node.replace({mergeHeads(node, a.result), presentKey, presentValue});
}

//===--------------------------------------------------------------------------------===//
// Rotary positions
//===--------------------------------------------------------------------------------===//

/// Pairs of the first `rotated` columns of batch x sequence x heads x size turned by angles whose cosines and sines
/// are batch x sequence x 1 x rotated / 2.
static Value rotate(Node &node, Value x, Value cosine, Value sine, int64_t rotated, bool interleaved) {
  Shape shape = rec::getShape(x);
  Value turning = node.sliceAxis(x, 3, 0, rotated), staying = node.sliceAxis(x, 3, rotated, shape[3] - rotated);
  int64_t half = rotated / 2, pairAxis = interleaved ? 4 : 3;
  Shape pairs{shape[0], shape[1], shape[2], interleaved ? half : 2, interleaved ? 2 : half};
  turning = node.reshape(turning, pairs);
  Value first = node.squeeze(node.sliceAxis(turning, pairAxis, 0, 1), pairAxis),
        second = node.squeeze(node.sliceAxis(turning, pairAxis, 1, 1), pairAxis);
  Value real = node.sub(node.mul(first, cosine), node.mul(second, sine)),
        imaginary = node.add(node.mul(first, sine), node.mul(second, cosine));
  Value turned = node.concat({node.unsqueeze(real, pairAxis), node.unsqueeze(imaginary, pairAxis)}, pairAxis);
  turned = node.reshape(turned, {shape[0], shape[1], shape[2], rotated});
  return node.concat({turned, staying}, 3);
}

template <bool contributed> static LogicalResult convertRotaryEmbedding(Node &node) {
  Value x = node.getOperand(0), positions = node.getOperand(contributed ? 1 : 3),
        cosine = node.getOperand(contributed ? 2 : 1), sine = node.getOperand(contributed ? 3 : 2);
  if (!x || !cosine || !sine || (contributed && !positions) || (getRank(x) != 3 && getRank(x) != 4))
    return node.invalid("an input of rank 3 or 4 with cosines and sines was expected");
  if (contributed && (node.getInt("is_packed_batching", 0) || node.getFloat("scale", 1) != 1))
    return node.unsupported("packed batches or a scale");
  Shape whole = rec::getShape(x);
  int64_t heads = node.getInt("num_heads", 0), rotated = node.getInt("rotary_embedding_dim", 0);
  bool isFlat = whole.size() == 3;
  if (isFlat) {
    // onnxruntime's operator may leave the heads to the width of the cosines.
    auto width = whole[2].constant(), columns = rec::getShape(cosine).back().constant();
    if (contributed && heads == 0 && width && columns && *columns > 0 && rotated == 0)
      heads = *width / (2 * *columns);
    auto size = heads > 0 ? SizeExpr::exactDiv(whole[2], heads) : std::nullopt;
    if (!size)
      return node.invalid(Twine(heads) + " heads do not divide a width of " + whole[2].str());
    x = node.reshape(x, {whole[0], whole[1], heads, *size});
  } else {
    x = node.transpose(x, {0, 2, 1, 3});
  }
  if (!x)
    return failure();
  auto size = rec::getShape(x)[3].constant();
  if (rotated == 0 && size)
    rotated = *size;
  if (!size || rotated < 2 || rotated > *size || rotated % 2 != 0)
    return node.invalid("rotary_embedding_dim " + Twine(rotated) + " is no even number of columns of a head");
  if (positions) {
    if (getRank(positions) == 1) { // Where the sequence starts.
      Value counting = node.iota({1, rec::getShape(x)[1]}, node.b.getI64Type(), 1);
      positions = node.add(counting, node.cast(node.reshape(positions, {1, 1}), node.b.getI64Type()));
    }
    cosine = node.gather(cosine, positions, 0);
    sine = node.gather(sine, positions, 0);
  }
  Value result =
      rotate(node, x, node.unsqueeze(cosine, 2), node.unsqueeze(sine, 2), rotated, node.getInt("interleaved", 0) != 0);
  return node.replace(isFlat ? node.reshape(result, whole) : node.transpose(result, {0, 2, 1, 3}));
}

void registerAttention(Registry &r) {
  r.add("Attention", convertAttention);
  r.add("RotaryEmbedding", convertRotaryEmbedding<false>);
  r.add("com.microsoft.Attention", convertContributedAttention);
  r.add("com.microsoft.MultiHeadAttention", convertMultiHeadAttention);
  r.add("com.microsoft.RotaryEmbedding", convertRotaryEmbedding<true>);
}

} // namespace reckon::importer
