//===- EvalShape.cpp - Moving elements ----------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//

#include "dialects/Rec/Shape.h"
#include "lib/Reference/Eval.h"

namespace reckon::reference {

LogicalResult evalConcat(llvm::ArrayRef<const Tensor *> inputs, int64_t axis, Context &c) {
  Sizes shape(inputs[0]->shape());
  shape[axis] = 0;
  for (const Tensor *x : inputs) {
    for (int64_t d = 0; d < int64_t(shape.size()); ++d)
      if (d != axis && x->size(d) != shape[d])
        return c.fail("operands of shapes " + printShape(inputs[0]->shape()) + " and " + printShape(x->shape()));
    shape[axis] += x->size(axis);
  }
  // Flat blocks: everything from the axis on is contiguous.
  int64_t inner = getNumElements(llvm::ArrayRef(shape).drop_front(axis + 1));
  int64_t block = shape[axis] * inner;
  Tensor result(inputs[0]->kind(), shape);
  int64_t begin = 0;
  for (const Tensor *x : inputs) {
    int64_t own = x->size(axis) * inner;
    for (int64_t i = 0, e = x->numElements(); i < e; ++i) {
      int64_t to = i / own * block + begin + i % own;
      if (x->isFloat())
        result.floatData()[to] = x->floatAt(i);
      else
        result.intData()[to] = x->intAt(i);
    }
    begin += own;
  }
  return c.give(result);
}

LogicalResult eval(rec::ConcatOp op, Context &c) { return evalConcat(c.operands, op.getAxis(), c); }
LogicalResult eval(rec::JoinOp op, Context &c) { return evalConcat(c.operands, op.getAxis(), c); }

LogicalResult eval(rec::SliceOp op, Context &c) {
  const Tensor &x = *c.in(op).getX();
  FailureOr<Sizes> starts = c.evaluateSizes(op.getStarts());
  FailureOr<Sizes> sizes = c.evaluateSizes(op.getSizes());
  if (failed(starts) || failed(sizes))
    return failure();
  llvm::ArrayRef<int64_t> steps = op.getSteps();
  for (int64_t d = 0; d < x.rank(); ++d) {
    int64_t size = (*sizes)[d], first = (*starts)[d], last = first + (size - 1) * steps[d];
    if (size < 0 || (size > 0 && (std::min(first, last) < 0 || std::max(first, last) >= x.size(d))))
      return c.fail("dimension " + llvm::Twine(d) + ": " + llvm::Twine(size) + " elements from " + llvm::Twine(first) +
                    " in steps of " + llvm::Twine(steps[d]) + " leave a size of " + llvm::Twine(x.size(d)));
  }
  Sizes strides = getStrides(x.shape());
  IndexWalk walk(*sizes);
  return c.give(x.pick(*sizes, [&](int64_t) {
    int64_t from = 0;
    for (int64_t d = 0; d < x.rank(); ++d)
      from += ((*starts)[d] + walk.index[d] * steps[d]) * strides[d];
    walk.next();
    return from;
  }));
}

LogicalResult eval(rec::ReshapeOp op, Context &c) {
  const Tensor &x = *c.in(op).getX();
  rec::Shape shape = rec::getShape(op.getResult());
  // One size may be unknown: the number of elements tells it.
  Sizes sizes;
  int64_t unknown = -1, known = 1;
  for (auto [d, size] : llvm::enumerate(shape)) {
    std::optional<int64_t> value = size.evaluate([&](std::string_view name) -> std::optional<int64_t> {
      auto found = c.dims.find(llvm::StringRef(name));
      return found == c.dims.end() ? std::nullopt : std::optional<int64_t>(found->second);
    });
    if (!value && unknown >= 0)
      return c.fail("two sizes of the shape " + rec::printShape(shape) + " are unknown");
    if (!value)
      unknown = d;
    else
      known *= *value;
    sizes.push_back(value.value_or(-1));
  }
  if (unknown >= 0)
    sizes[unknown] = known == 0 ? 0 : x.numElements() / known;
  if (getNumElements(sizes) != x.numElements())
    return c.fail("a tensor of shape " + printShape(x.shape()) + " as " + printShape(sizes));
  return c.give(x.reshaped(sizes));
}

LogicalResult eval(rec::TransposeOp op, Context &c) {
  const Tensor &x = *c.in(op).getX();
  Sizes shape, strides, from = getStrides(x.shape());
  for (int64_t d : op.getPerm()) {
    shape.push_back(x.size(d));
    strides.push_back(from[d]);
  }
  IndexWalk walk(shape);
  return c.give(x.pick(shape, [&](int64_t) {
    int64_t at = 0;
    for (size_t d = 0; d < shape.size(); ++d)
      at += walk.index[d] * strides[d];
    walk.next();
    return at;
  }));
}

LogicalResult eval(rec::BroadcastOp op, Context &c) {
  const Tensor &x = *c.in(op).getX();
  FailureOr<Sizes> shape = c.resultShape();
  if (failed(shape))
    return failure();
  if (broadcastSizes(x.shape(), *shape) != *shape)
    return c.fail("a tensor of shape " + printShape(x.shape()) + " to " + printShape(*shape));
  BroadcastIndex index(x.shape(), *shape);
  IndexWalk walk(*shape);
  return c.give(x.pick(*shape, [&](int64_t) {
    int64_t from = index(walk.index);
    walk.next();
    return from;
  }));
}

LogicalResult eval(rec::PadOp op, Context &c) {
  const Tensor &x = *c.in(op).getX(), &value = *c.in(op).getValue();
  llvm::ArrayRef<int64_t> low = op.getLow(), high = op.getHigh();
  Sizes shape, strides = getStrides(x.shape());
  for (int64_t d = 0; d < x.rank(); ++d)
    shape.push_back(low[d] + x.size(d) + high[d]);
  IndexWalk walk(shape);
  auto locate = [&](int64_t) {
    int64_t from = 0;
    for (int64_t d = 0; d < x.rank(); ++d) {
      int64_t at = walk.index[d] - low[d];
      if (at < 0 || at >= x.size(d))
        from = -1;
      if (from >= 0)
        from += at * strides[d];
    }
    walk.next();
    return from;
  };
  Tensor result(x.kind(), shape);
  for (int64_t i = 0, e = result.numElements(); i < e; ++i) {
    int64_t from = locate(i);
    const Tensor &source = from < 0 ? value : x;
    if (x.isFloat())
      result.floatData()[i] = source.floatAt(std::max<int64_t>(from, 0));
    else
      result.intData()[i] = source.intAt(std::max<int64_t>(from, 0));
  }
  return c.give(result);
}

LogicalResult eval(rec::IotaOp op, Context &c) {
  FailureOr<Sizes> shape = c.resultShape();
  if (failed(shape))
    return failure();
  double start = op.getStart().convertToDouble(), step = op.getStep().convertToDouble();
  Tensor result(c.kind(), *shape);
  IndexWalk walk(*shape);
  for (int64_t i = 0, e = result.numElements(); i < e; ++i, walk.next()) {
    int64_t position = walk.index[op.getAxis()];
    if (result.isFloat())
      result.floatData()[i] = start + step * position;
    else
      result.intData()[i] =
          wrap(result.kind(), truncateTo(ElementKind::I64, start) + truncateTo(ElementKind::I64, step) * position);
  }
  return c.give(result);
}

} // namespace reckon::reference
