//===- EvalGather.cpp - Picking and placing elements by index -----------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//

#include "lib/Reference/Eval.h"

namespace reckon::reference {

/// An index into an axis, from its end when negative; an error is left in `c`.
static FailureOr<int64_t> resolve(const Tensor &indices, int64_t position, int64_t size, Context &c) {
  int64_t index = indices.intAt(position);
  if (index < -size || index >= size) {
    c.error = "index " + std::to_string(index) + " at position " + std::to_string(position) + " is outside [" +
              std::to_string(-size) + ", " + std::to_string(size) + ")";
    return failure();
  }
  return index < 0 ? index + size : index;
}

LogicalResult eval(rec::GatherOp op, Context &c) {
  const Tensor &x = *c.in(op).getX(), &indices = *c.in(op).getIndices();
  int64_t axis = op.getAxis(), size = x.size(axis);
  Sizes rows;
  for (int64_t i = 0, e = indices.numElements(); i < e; ++i) {
    FailureOr<int64_t> row = resolve(indices, i, size, c);
    if (failed(row))
      return failure();
    rows.push_back(*row);
  }
  int64_t inner = getNumElements(x.shape().drop_front(axis + 1)), count = rows.size();
  Sizes shape(x.shape().take_front(axis));
  shape.append(indices.shape().begin(), indices.shape().end());
  shape.append(x.shape().begin() + axis + 1, x.shape().end());
  return c.give(x.pick(shape, [&](int64_t i) {
    int64_t outer = i / (count * inner), row = rows[i / inner % count];
    return (outer * size + row) * inner + i % inner;
  }));
}

LogicalResult eval(rec::GatherElementsOp op, Context &c) {
  const Tensor &x = *c.in(op).getX(), &indices = *c.in(op).getIndices();
  int64_t axis = op.getAxis();
  for (int64_t d = 0; d < x.rank(); ++d)
    if (d != axis && indices.size(d) > x.size(d))
      return c.fail("indices of shape " + printShape(indices.shape()) + " for a tensor of shape " +
                    printShape(x.shape()));
  Sizes strides = getStrides(x.shape()), positions;
  IndexWalk walk(indices.shape());
  for (int64_t i = 0, e = indices.numElements(); i < e; ++i, walk.next()) {
    FailureOr<int64_t> index = resolve(indices, i, x.size(axis), c);
    if (failed(index))
      return failure();
    int64_t from = 0;
    for (int64_t d = 0; d < x.rank(); ++d)
      from += (d == axis ? *index : walk.index[d]) * strides[d];
    positions.push_back(from);
  }
  return c.give(x.pick(indices.shape(), [&](int64_t i) { return positions[i]; }));
}

/// The flat position in the dimensions [first, first + length) of x that each index tuple names.
static FailureOr<Sizes> resolveTuples(const Tensor &x, const Tensor &indices, int64_t first, Context &c) {
  int64_t length = indices.shape().back();
  Sizes positions;
  for (int64_t i = 0, e = indices.numElements() / std::max<int64_t>(length, 1); i < e; ++i) {
    int64_t at = 0;
    for (int64_t k = 0; k < length; ++k) {
      FailureOr<int64_t> index = resolve(indices, i * length + k, x.size(first + k), c);
      if (failed(index))
        return failure();
      at = at * x.size(first + k) + *index;
    }
    positions.push_back(at);
  }
  return positions;
}

LogicalResult eval(rec::GatherNdOp op, Context &c) {
  const Tensor &x = *c.in(op).getX(), &indices = *c.in(op).getIndices();
  int64_t batchDims = op.getBatchDims(), length = indices.shape().back();
  if (x.shape().take_front(batchDims) != indices.shape().take_front(batchDims))
    return c.fail("indices of shape " + printShape(indices.shape()) + " for a tensor of shape " +
                  printShape(x.shape()));
  FailureOr<Sizes> positions = resolveTuples(x, indices, batchDims, c);
  if (failed(positions))
    return failure();
  llvm::ArrayRef<int64_t> rest = x.shape().drop_front(batchDims + length);
  Sizes shape(indices.shape().drop_back());
  shape.append(rest.begin(), rest.end());
  int64_t inner = getNumElements(rest), batch = getNumElements(x.shape().take_front(batchDims));
  int64_t block = batch ? x.numElements() / batch : 0, tuples = batch ? int64_t(positions->size()) / batch : 0;
  return c.give(x.pick(shape, [&](int64_t i) {
    int64_t tuple = i / inner;
    return tuple / tuples * block + (*positions)[tuple] * inner + i % inner;
  }));
}

/// A copy of x that may be written.
static Tensor copy(const Tensor &x) {
  return x.pick(x.shape(), [](int64_t i) { return i; });
}

static void place(Tensor &result, int64_t to, const Tensor &updates, int64_t from,
                  std::optional<rec::ReduceKind> reduction) {
  if (result.isFloat()) {
    double value = updates.floatAt(from);
    double &element = result.floatData()[to];
    element = reduction ? combineFloats(*reduction, element, value) : value;
    return;
  }
  int64_t value = updates.intAt(from);
  int64_t &element = result.intData()[to];
  element = reduction ? combineInts(*reduction, result.kind(), element, value) : value;
}

LogicalResult eval(rec::ScatterNdOp op, Context &c) {
  auto in = c.in(op);
  const Tensor &x = *in.getX(), &indices = *in.getIndices(), &updates = *in.getUpdates();
  FailureOr<Sizes> positions = resolveTuples(x, indices, 0, c);
  if (failed(positions))
    return failure();
  int64_t inner = getNumElements(x.shape().drop_front(indices.shape().back()));
  if (updates.numElements() != int64_t(positions->size()) * inner)
    return c.fail("updates of shape " + printShape(updates.shape()) + " for indices of shape " +
                  printShape(indices.shape()));
  Tensor result = copy(x);
  for (auto [i, position] : llvm::enumerate(*positions))
    for (int64_t k = 0; k < inner; ++k)
      place(result, position * inner + k, updates, i * inner + k, op.getReduction());
  return c.give(result);
}

LogicalResult eval(rec::ScatterElementsOp op, Context &c) {
  auto in = c.in(op);
  const Tensor &x = *in.getX(), &indices = *in.getIndices(), &updates = *in.getUpdates();
  int64_t axis = op.getAxis();
  if (updates.shape() != indices.shape())
    return c.fail("updates of shape " + printShape(updates.shape()) + " for indices of shape " +
                  printShape(indices.shape()));
  for (int64_t d = 0; d < x.rank(); ++d)
    if (d != axis && indices.size(d) > x.size(d))
      return c.fail("indices of shape " + printShape(indices.shape()) + " for a tensor of shape " +
                    printShape(x.shape()));
  Tensor result = copy(x);
  Sizes strides = getStrides(x.shape());
  IndexWalk walk(indices.shape());
  for (int64_t i = 0, e = indices.numElements(); i < e; ++i, walk.next()) {
    FailureOr<int64_t> index = resolve(indices, i, x.size(axis), c);
    if (failed(index))
      return failure();
    int64_t to = 0;
    for (int64_t d = 0; d < x.rank(); ++d)
      to += (d == axis ? *index : walk.index[d]) * strides[d];
    place(result, to, updates, i, op.getReduction());
  }
  return c.give(result);
}

} // namespace reckon::reference
