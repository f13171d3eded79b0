//===- Idioms.cpp - Random layers as exporters write them out -----------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//
//
// What the raising and optimising passes look for, in several spellings, and now and then almost it: a constant, an
// axis or an operand that is another.
//
//===--------------------------------------------------------------------------------===//

#include "test/fuzz/differential/GraphBuilder.h"

#include "dialects/Rec/Shape.h"

#include <cmath>

using namespace mlir;
using namespace reckon;
using namespace reckon::fuzz;
using rec::BinaryKind;
using rec::ReduceKind;
using rec::UnaryKind;

Value GraphBuilder::scalar(double value) { return floats({}, 0, oneIn(12) ? value * 1.25 + 0.1 : value); }
Value GraphBuilder::unary(UnaryKind kind, Value x) { return rec::UnaryOp::create(b, kind, x); }
Value GraphBuilder::binary(BinaryKind kind, Value x, Value y) {
  bool commutes = kind == BinaryKind::add || kind == BinaryKind::mul;
  if (commutes && oneIn(2))
    std::swap(x, y);
  return rec::BinaryOp::create(b, kind, x, y);
}
Value GraphBuilder::square(Value x) {
  return oneIn(2) ? binary(BinaryKind::mul, x, x) : binary(BinaryKind::pow, x, floats({}, 0, 2));
}
Value GraphBuilder::reduce(ReduceKind kind, Value x, int64_t axis) {
  if (kind == ReduceKind::mean && oneIn(4) && !ShapedType::isDynamic(sizeOf(x, axis)))
    return binary(BinaryKind::div, reduce(ReduceKind::sum, x, axis), scalar(sizeOf(x, axis)));
  return rec::ReduceOp::create(b, kind, x, axis, /*keepdims=*/true);
}
/// The last axis; seldom another.
int64_t GraphBuilder::lastAxis(Value x) { return oneIn(10) ? below(rankOf(x)) : rankOf(x) - 1; }

bool GraphBuilder::addActivationIdiom() {
  Value x = pickFloat(1, 4);
  if (!x)
    return false;
  switch (below(5)) {
  case 0: { // x/2 (1 + erf(x / sqrt 2))
    Value scaled = oneIn(2) ? binary(BinaryKind::div, x, scalar(std::sqrt(2.0)))
                            : binary(BinaryKind::mul, x, scalar(std::sqrt(0.5)));
    Value sum = binary(BinaryKind::add, unary(UnaryKind::erf, scaled), scalar(1));
    Value product = oneIn(2) ? binary(BinaryKind::mul, binary(BinaryKind::mul, x, scalar(0.5)), sum)
                             : binary(BinaryKind::mul, binary(BinaryKind::mul, x, sum), scalar(0.5));
    add(product);
    return true;
  }
  case 1:
    add(binary(BinaryKind::mul, x, unary(UnaryKind::sigmoid, oneIn(6) ? unary(UnaryKind::tanh, x) : x)));
    return true;
  case 2: { // the tanh form of gelu
    Value cube = binary(BinaryKind::mul,
                        oneIn(2) ? binary(BinaryKind::mul, square(x), x) : binary(BinaryKind::pow, x, floats({}, 0, 3)),
                        scalar(0.044715));
    Value inner = binary(BinaryKind::mul, binary(BinaryKind::add, x, cube), scalar(std::sqrt(2 / M_PI)));
    Value sum = binary(BinaryKind::add, unary(UnaryKind::tanh, inner), scalar(1));
    add(binary(BinaryKind::mul, binary(BinaryKind::mul, x, scalar(0.5)), sum));
    return true;
  }
  case 3: // relu and clips
    add(binary(BinaryKind::min, binary(BinaryKind::max, x, scalar(0)), scalar(6)));
    return true;
  default: // neutral elements, which folders remove
    add(binary(choose({BinaryKind::add, BinaryKind::sub}), binary(BinaryKind::mul, x, scalar(1)), scalar(0)));
    return true;
  }
}

bool GraphBuilder::addNormIdiom() {
  Value x = pickFloat(2, 4);
  if (!x)
    return false;
  int64_t axis = lastAxis(x);
  switch (below(4)) {
  case 0: { // softmax
    Value powers = unary(UnaryKind::exp, oneIn(4) ? unary(UnaryKind::tanh, x)
                                                  : binary(BinaryKind::sub, x, reduce(ReduceKind::max, x, axis)));
    Value result = binary(BinaryKind::div, powers, reduce(ReduceKind::sum, powers, oneIn(10) ? lastAxis(x) : axis));
    add(oneIn(4) ? unary(UnaryKind::log, result) : result);
    return true;
  }
  case 1: { // layer norm
    Value centered = binary(BinaryKind::sub, x, reduce(ReduceKind::mean, x, axis));
    Value variance = reduce(ReduceKind::mean, square(centered), axis);
    Value shifted = binary(BinaryKind::add, variance, scalar(1e-3));
    Value result = oneIn(2) ? binary(BinaryKind::div, centered, unary(UnaryKind::sqrt, shifted))
                            : binary(BinaryKind::mul, centered, unary(UnaryKind::rsqrt, shifted));
    if (int64_t size = sizeOf(x, rankOf(x) - 1); !ShapedType::isDynamic(size) && !oneIn(3)) {
      result = binary(BinaryKind::mul, result, floats({size}, 0.5, 1));
      if (oneIn(2))
        result = binary(BinaryKind::add, result, floats({size}));
    }
    add(result);
    return true;
  }
  case 2: { // a vector of unit length
    Value norm = oneIn(2) ? reduce(ReduceKind::l2, x, axis)
                          : unary(UnaryKind::sqrt, reduce(oneIn(2) ? ReduceKind::sum_square : ReduceKind::sum,
                                                          oneIn(2) ? x : square(x), axis));
    Value bounded = binary(BinaryKind::max, unary(UnaryKind::abs, norm), floats({}, 0, 1e-2));
    if (oneIn(3))
      bounded = rec::BroadcastOp::create(b, x.getType(), bounded);
    add(binary(BinaryKind::div, x, bounded));
    return true;
  }
  default: { // a scale and shift after a layer, as of a folded batch norm
    if (!hasStaticTail(x) || weigh(x.getType()) == 0)
      return false;
    int64_t size = sizeOf(x, rankOf(x) - 1), outputs = drawSize();
    Value y = rec::LinearOp::create(b, x, floats({size, outputs}, 1 / std::sqrt(size)), floats({outputs}));
    y = binary(BinaryKind::mul, y, oneIn(3) ? scalar(2) : floats({outputs}));
    y = binary(BinaryKind::add, y, floats({outputs}));
    if (rankOf(y) == 2 && oneIn(2))
      y = rec::BatchNormOp::create(b, y, floats({outputs}, 0.5, 1), floats({outputs}), floats({outputs}),
                                   floats({outputs}, 0.5, 1), llvm::APFloat(1e-3));
    add(y);
    return true;
  }
  }
}

bool GraphBuilder::addInteractionIdiom() {
  Value x = pick([&](Value value) {
    return isReal(value) && rankOf(value) == 3 && hasStaticTail(value) && sizeOf(value, 1) >= 1 &&
           sizeOf(value, 1) <= 12;
  });
  if (!x)
    return false;
  int64_t features = sizeOf(x, 1);
  if (oneIn(2)) { // the second-order term: ((sum x)^2 - sum x^2) / 2
    auto sum = [&](Value value) -> Value { return rec::ReduceOp::create(b, ReduceKind::sum, value, 1, oneIn(8)); };
    Value difference = binary(BinaryKind::sub, square(sum(x)), sum(square(x)));
    Value term =
        oneIn(2) ? binary(BinaryKind::mul, difference, scalar(0.5)) : binary(BinaryKind::div, difference, scalar(2));
    add(oneIn(2) ? Value(rec::ReduceOp::create(b, ReduceKind::sum, term, rankOf(term) - 1, oneIn(2))) : term);
    return true;
  }
  // Products of all pairs, then a triangle of them.
  Value products;
  if (oneIn(2))
    products = rec::MatmulOp::create(b, x, x, /*transpose_a=*/false, /*transpose_b=*/true);
  else
    products = rec::MatmulOp::create(b, x, rec::TransposeOp::create(b, x, ArrayRef<int64_t>{0, 2, 1}));
  SmallVector<int64_t> rows, columns, flat, tuples;
  bool lower = oneIn(2), self = oneIn(3);
  for (int64_t i = 0; i < features; ++i)
    for (int64_t j = 0; j < features; ++j) {
      if (i == j ? !self : (i > j) != lower)
        continue;
      rows.push_back(i);
      columns.push_back(j);
    }
  if (rows.size() > 1 && oneIn(8)) // almost a triangle
    std::swap(rows[0], rows[rows.size() - 1]);
  if (rows.empty())
    return false;
  int64_t pairs = rows.size();
  for (int64_t p = 0; p < pairs; ++p)
    flat.push_back(rows[p] * features + columns[p]);
  if (oneIn(2)) {
    Value flattened = reshape(products, {rec::getShape(products)[0], SizeExpr(features * features)});
    add(rec::GatherOp::create(b, flattened, integers({pairs}, flat), 1));
    return true;
  }
  for (int64_t p = 0; p < pairs; ++p)
    tuples.append({rows[p], columns[p]});
  Value inner = rec::TransposeOp::create(b, products, ArrayRef<int64_t>{1, 2, 0});
  Value picked = rec::GatherNdOp::create(b, inner, integers({pairs, 2}, tuples), 0);
  add(rec::TransposeOp::create(b, picked, ArrayRef<int64_t>{1, 0}));
  return true;
}

bool GraphBuilder::addCrossIdiom() {
  Value x0 = pick(
      [&](Value value) { return isReal(value) && rankOf(value) == 2 && hasStaticTail(value) && sizeOf(value, 1) > 0; });
  if (!x0)
    return false;
  int64_t width = sizeOf(x0, 1);
  Value x = x0;
  for (int64_t layer = 0, layers = between(1, 3); layer < layers; ++layer) {
    Value inner;
    if (oneIn(2)) {
      int64_t rank = between(1, 9);
      inner = rec::LinearOp::create(b, x, floats({width, rank}, 1 / std::sqrt(width)), Value());
      inner = rec::LinearOp::create(b, inner, floats({rank, width}, 1 / std::sqrt(rank)), floats({width}, 0.3));
    } else if (oneIn(2)) {
      inner = rec::LinearOp::create(b, x, floats({width, width}, 1 / std::sqrt(width)), floats({width}, 0.3));
    } else { // a product and a sum
      Value weight = rec::TransposeOp::create(b, floats({width, width}, 1 / std::sqrt(width)), ArrayRef<int64_t>{1, 0});
      inner = binary(BinaryKind::add, rec::MatmulOp::create(b, x, weight), floats({width}, 0.3));
    }
    x = binary(BinaryKind::add, binary(BinaryKind::mul, x0, inner), oneIn(8) ? x0 : x);
  }
  add(x);
  return true;
}

bool GraphBuilder::addStackIdiom() {
  // A lookup for each column of ids, stacked or side by side, as most recommenders begin.
  if (idMatrices.empty())
    return false;
  Value ids = idMatrices[below(idMatrices.size())];
  int64_t dim = drawSize();
  bool stack = oneIn(2), gather = oneIn(2);
  SmallVector<Value> rows;
  for (int64_t column = 0; column < std::min<int64_t>(sizeOf(ids, 1), 8); ++column) {
    Value weights = table(between(1, 200), dim);
    Value id = gather ? Value(rec::GatherOp::create(b, ids, integers({}, {column}), 1)) : slice(ids, 1, column, 1);
    Value row;
    if (!gather && oneIn(2))
      row = rec::EmbeddingBagOp::create(b, choose({rec::PoolMode::sum, rec::PoolMode::mean, rec::PoolMode::max}),
                                        weights, id, Value(), Value(), IntegerAttr());
    else
      row = reshape(rec::EmbeddingOp::create(b, weights, id), {batch, SizeExpr(dim)});
    rows.push_back(stack ? reshape(row, {batch, SizeExpr(1), SizeExpr(dim)}) : row);
  }
  if (!stack)
    if (Value dense =
            pick([&](Value value) { return isReal(value) && rankOf(value) == 2 && rec::getShape(value)[0] == batch; }))
      rows.insert(rows.begin() + below(rows.size() + 1), dense);
  Value all = rec::ConcatOp::create(b, rows, 1);
  add(all);
  if (stack && oneIn(2))
    add(reshape(all, {batch, SizeExpr(sizeOf(all, 1) * dim)}));
  return true;
}

bool GraphBuilder::addSharedInput() {
  // Several layers of one input: candidates for one wide layer.
  Value x = pick([&](Value value) {
    return isReal(value) && rankOf(value) >= 2 && hasStaticTail(value) && sizeOf(value, rankOf(value) - 1) > 0;
  });
  if (!x)
    return false;
  int64_t inputs = sizeOf(x, rankOf(x) - 1);
  bool withBias = oneIn(2);
  SmallVector<Value> results;
  for (int64_t i = 0, e = between(2, 4); i < e; ++i) {
    int64_t outputs = drawSize();
    Value y = rec::LinearOp::create(b, x, floats({inputs, outputs}, 1 / std::sqrt(inputs)),
                                    withBias || oneIn(3) ? floats({outputs}) : Value());
    if (oneIn(3))
      y = unary(choose({UnaryKind::relu, UnaryKind::sigmoid}), y);
    results.push_back(y);
  }
  if (oneIn(2))
    add(rec::ConcatOp::create(b, results, rankOf(x) - 1));
  else
    addAll(results);
  return true;
}

bool GraphBuilder::addEinsum() {
  auto einsum = [&](StringRef equation, ValueRange operands, ArrayRef<SizeExpr> shape) {
    add(rec::EinsumOp::create(b, rec::getTensorType(shape, realType), equation, operands));
    return true;
  };
  Value x = pick([&](Value value) {
    return isReal(value) && rankOf(value) == 3 && hasStaticTail(value) && weigh(value.getType());
  });
  if (x && oneIn(2)) {
    rec::Shape s = rec::getShape(x);
    switch (below(4)) {
    case 0:
      return einsum("bij,bkj->bik", {x, x}, {s[0], s[1], s[1]});
    case 1:
      return einsum("bij->bji", x, {s[0], s[2], s[1]});
    case 2:
      return einsum("bij,j->bi", {x, floats({sizeOf(x, 2)})}, {s[0], s[1]});
    default:
      return einsum("bij,ijk->bk", {x, floats({sizeOf(x, 1), sizeOf(x, 2), 5}, 0.3)}, {s[0], SizeExpr(5)});
    }
  }
  Value y = pick([&](Value value) {
    return isReal(value) && rankOf(value) == 2 && hasStaticTail(value) && weigh(value.getType());
  });
  if (!y)
    return false;
  rec::Shape s = rec::getShape(y);
  Value z = pick([&](Value value) {
    return isReal(value) && rankOf(value) == 2 && rec::getShape(value)[0] == s[0] && hasStaticTail(value);
  });
  switch (below(4)) {
  case 0:
    return einsum("bi,bj->bij", {y, z}, {s[0], s[1], rec::getShape(z)[1]});
  case 1:
    return einsum("bi,bi->b", {y, y}, {s[0]});
  case 2:
    return einsum("bi,ij->bj", {y, floats({sizeOf(y, 1), 7}, 0.3)}, {s[0], SizeExpr(7)});
  default:
    return einsum("bi->b", y, {s[0]});
  }
}
