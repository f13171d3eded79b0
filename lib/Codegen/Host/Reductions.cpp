//===- Reductions.cpp - Reductions across contiguous elements ----------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------------===//
//
// Where the last axis is kept, as it is when steps of a sequence are pooled, each position of it is a lane, and the
// lanes stay in registers over all that is reduced. Accumulated in memory, every step would wait for the one before it.
//
//===-------------------------------------------------------------------------------===//

#include "lib/Codegen/Host/HostEmitter.h"
#include "lib/Codegen/Host/Lanes.h"
#include "lib/Codegen/Loops/Scalar.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::host;
using namespace reckon::loops;
using rec::ReduceKind;

/// Vectors that are reduced side by side, so that their additions need not wait for each other.
static constexpr int64_t mostVectors = 4;

static bool hasVectorStep(ReduceKind kind) { return kind != ReduceKind::log_sum && kind != ReduceKind::log_sum_exp; }

static Value emitStep(ImplicitLocOpBuilder &b, ReduceKind kind, Value sum, Value x) {
  switch (kind) {
  case ReduceKind::l1:
    return arith::AddFOp::create(b, sum, math::AbsFOp::create(b, x));
  case ReduceKind::l2:
  case ReduceKind::sum_square:
    return vector::FMAOp::create(b, x, x, sum);
  case ReduceKind::prod:
    return arith::MulFOp::create(b, sum, x);
  case ReduceKind::max:
    return arith::MaximumFOp::create(b, sum, x);
  case ReduceKind::min:
    return arith::MinimumFOp::create(b, sum, x);
  default:
    return arith::AddFOp::create(b, sum, x);
  }
}

/// `body` at panels of up to `mostVectors` vectors: their first lane, how many there are, and which lanes of the last.
void HostEmitter::overLanes(Value extent, int64_t lanes, llvm::function_ref<void(Value, int64_t, Value)> body) {
  Value zero = constantIndex(0);
  int64_t width = mostVectors * lanes;
  if (auto known = asConstant(extent)) {
    int64_t rest = *known % width;
    loop(zero, constantIndex(*known - rest), [&](Value first) { body(first, mostVectors, {}); }, width);
    Value mask = rest % lanes == 0 ? Value() : lanesBelow(b, constantIndex(rest % lanes), lanes);
    if (rest > 0)
      body(constantIndex(*known - rest), llvm::divideCeil(rest, lanes), mask);
    return;
  }
  Value rest = arith::RemUIOp::create(b, extent, constantIndex(width)), whole = sub(extent, rest);
  loop(zero, whole, [&](Value first) { body(first, mostVectors, {}); }, width);
  loop(whole, extent, [&](Value first) { body(first, 1, lanesBelow(b, sub(extent, first), lanes)); }, lanes);
}

LogicalResult HostEmitter::emitReduce(rec::ReduceOp op) {
  // Nothing but sums of neighbours: many of them at a time are as good as many neighbours.
  llvm::SaveAndRestore<bool> unrolls(unrollsReductions, op.getKind() != ReduceKind::log_sum_exp);
  Value x = op.getX(), result = op.getResult();
  Type type = elementTypeOf(x);
  int64_t last = rec::getShape(x).size() - 1;
  auto chosen = destinations.find(result);
  // A result without dimensions has no strides.
  bool isRun =
      chosen == destinations.end() || chosen->second.strides.empty() || asConstant(chosen->second.strides.back()) == 1;
  if (last < 1 || llvm::is_contained(op.getAxes(), last) || !hasVectorStep(op.getKind()) || !isRun ||
      !isa<FloatType>(type) || !computeType(type).isF32())
    return LayerEmitter::emitReduce(op);
  const StridedView from = materialize(x);
  if (asConstant(from.strides[last]) != 1)
    return LayerEmitter::emitReduce(op);

  StridedView place = destination(result);
  SmallVector<Value> extents = sizes(x), outer = extents;
  Value count = constantIndex(1);
  for (int64_t axis : op.getAxes()) {
    count = mul(count, extents[axis]);
    outer[axis] = constantIndex(1);
  }
  outer[last] = constantIndex(1);
  keepOneRow(x, outer);
  int64_t lanes = target.lanes();
  if (auto known = asConstant(extents[last]))
    lanes = std::clamp<int64_t>(llvm::PowerOf2Ceil(std::max<int64_t>(*known, 1)), 4, lanes);

  parallelFor(outer, [&](Index position) {
    SmallVector<Value> index = inCurrentRow(x, position), kept;
    for (auto [d, i] : llvm::enumerate(index))
      if (bool isReduced = llvm::is_contained(op.getAxes(), int64_t(d)); !isReduced || op.getKeepdims())
        kept.push_back(isReduced ? constantIndex(0) : i);
    overLanes(extents[last], lanes, [&](Value first, int64_t vectors, Value mask) {
      auto at = [&](const StridedView &view, MutableArrayRef<Value> where, int64_t v) {
        where.back() = add(first, constantIndex(v * lanes));
        return pointer(view, where);
      };
      auto maskOf = [&](int64_t v) { return v + 1 == vectors ? mask : Value(); };
      SmallVector<Value> sums(vectors, splat(b, reduceIdentity(b, op.getKind(), type), lanes));
      std::function<SmallVector<Value>(ArrayRef<int64_t>, SmallVector<Value>)> over = [&](ArrayRef<int64_t> axes,
                                                                                          SmallVector<Value> values) {
        for (int64_t v = 0; axes.empty() && v < vectors; ++v)
          values[v] = emitStep(b, op.getKind(), values[v], loadLanes(b, at(from, index, v), type, lanes, maskOf(v)));
        if (axes.empty())
          return values;
        return reduceLoop(constantIndex(0), extents[axes.front()], values, [&](Value i, ValueRange current) {
          index[axes.front()] = i;
          return over(axes.drop_front(), llvm::to_vector(current));
        });
      };
      sums = over(op.getAxes(), sums);
      for (int64_t v = 0; v < vectors; ++v) {
        if (op.getKind() == ReduceKind::mean)
          sums[v] =
              arith::DivFOp::create(b, sums[v], splat(b, emitCast(b, count, b.getI64Type(), b.getF32Type()), lanes));
        else if (op.getKind() == ReduceKind::l2)
          sums[v] = math::SqrtOp::create(b, sums[v]);
        storeLanes(b, sums[v], at(place, kept, v), type, maskOf(v));
      }
    });
  });
  places[result] = place;
  return success();
}
