//===- Reductions.cpp - Random reductions, norms and orders -------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//

#include "test/fuzz/differential/GraphBuilder.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::fuzz;
using rec::ReduceKind;

bool GraphBuilder::addReduce() {
  Value x = pickFloat(1, 4);
  if (!x)
    return false;
  SmallVector<int64_t> axes;
  for (int64_t d = oneIn(5) ? 0 : 1; d < rankOf(x); ++d)
    if (axes.empty() ? d + 1 == rankOf(x) || oneIn(2) : oneIn(2))
      axes.push_back(d);
  auto kind =
      choose({ReduceKind::sum, ReduceKind::sum, ReduceKind::mean, ReduceKind::max, ReduceKind::min, ReduceKind::prod,
              ReduceKind::l1, ReduceKind::l2, ReduceKind::sum_square, ReduceKind::log_sum_exp});
  // Long products leave the range of a float on the way, in one order of the factors and not in another.
  if (kind == ReduceKind::prod)
    x = rec::UnaryOp::create(b, rec::UnaryKind::softsign, x);
  add(rec::ReduceOp::create(b, kind, x, axes, /*keepdims=*/oneIn(2)));
  return true;
}

bool GraphBuilder::addArgReduce() {
  Value x = pick([&](Value value) {
    return isReal(value) && rankOf(value) >= 2 && hasStaticTail(value) && weigh(value.getType()) > 0;
  });
  if (!x || isCoarse())
    return false;
  add(rec::ArgReduceOp::create(b, choose({ReduceKind::max, ReduceKind::min}), x, between(1, rankOf(x) - 1),
                               /*keepdims=*/oneIn(2), /*select_last=*/oneIn(3)));
  return true;
}

bool GraphBuilder::addSoftmax() {
  Value x = pickFloat(1, 4);
  if (!x)
    return false;
  add(rec::SoftmaxOp::create(b, x, oneIn(8) ? below(rankOf(x)) : rankOf(x) - 1, /*log=*/oneIn(3)));
  return true;
}

bool GraphBuilder::addNorm() {
  Value x = pick([&](Value value) {
    return isReal(value) && rankOf(value) >= 2 && rankOf(value) <= 4 && hasStaticTail(value) &&
           weigh(value.getType()) > 1;
  });
  if (!x)
    return false;
  llvm::APFloat epsilon(1e-3);
  if (oneIn(3)) {
    int64_t channels = sizeOf(x, 1);
    add(rec::BatchNormOp::create(b, x, floats({channels}, 0.5, 1), floats({channels}), floats({channels}),
                                 floats({channels}, 0.5, 1), epsilon));
    return true;
  }
  int64_t axis = between(1, rankOf(x) - 1);
  ArrayRef<int64_t> inner = typeOf(x).getShape().drop_front(axis);
  Value scale = oneIn(3) ? Value() : floats(inner, 0.5, 1), bias = oneIn(3) ? Value() : floats(inner);
  add(rec::LayerNormOp::create(b, x, scale, bias, axis, epsilon));
  return true;
}

bool GraphBuilder::addTopK() {
  Value x = pick([&](Value value) {
    return (isReal(value) || isInteger(value)) && rankOf(value) >= 2 && rankOf(value) <= 3 && hasStaticTail(value) &&
           weigh(value.getType()) > 0;
  });
  if (!x || (isCoarse() && isReal(x)))
    return false;
  int64_t axis = between(1, rankOf(x) - 1);
  auto top = rec::TopKOp::create(b, x, makeSize(between(1, std::min<int64_t>(sizeOf(x, axis), 20))), axis,
                                 /*smallest=*/oneIn(3));
  addAll(top->getResults());
  return true;
}

bool GraphBuilder::addCumSum() {
  Value x = pick([&](Value value) { return (isReal(value) || isInteger(value)) && rankOf(value) >= 1; });
  if (!x)
    return false;
  add(rec::CumSumOp::create(b, x, oneIn(6) ? 0 : rankOf(x) - 1, /*exclusive=*/oneIn(3), /*reverse=*/oneIn(3)));
  return true;
}
