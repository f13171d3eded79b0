//===- EvalDense.cpp - Layers that multiply -----------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//

#include "lib/Reference/Eval.h"

#include "llvm/ADT/StringExtras.h"

namespace reckon::reference {

/// rows x inner times inner x columns, both row-major, added to `to`.
static void multiply(const double *a, const double *b, double *to, int64_t rows, int64_t inner, int64_t columns) {
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t k = 0; k < inner; ++k) {
      double scale = a[i * inner + k];
      for (int64_t j = 0; j < columns; ++j)
        to[i * columns + j] += scale * b[k * columns + j];
    }
}

/// x W + b over the last dimension of x.
static FailureOr<Tensor> evalLinear(const Tensor &x, const Tensor &weight, const Tensor *bias, ElementKind kind,
                                    Context &c) {
  int64_t inner = weight.size(0), columns = weight.size(1);
  if (x.rank() == 0 || x.shape().back() != inner || (bias && bias->numElements() != columns)) {
    c.error = "an operand of shape " + printShape(x.shape()) + " for a weight of shape " + printShape(weight.shape());
    return failure();
  }
  Sizes shape(x.shape());
  shape.back() = columns;
  Tensor result(kind, shape);
  int64_t rows = getNumElements(x.shape().drop_back());
  double *to = result.floatData();
  if (bias)
    for (int64_t i = 0; i < rows * columns; ++i)
      to[i] = bias->floatAt(i % columns);
  multiply(x.floats().data(), weight.floats().data(), to, rows, inner, columns);
  return result;
}

LogicalResult eval(rec::LinearOp op, Context &c) {
  auto in = c.in(op);
  FailureOr<Tensor> result = evalLinear(*in.getX(), *in.getWeight(), in.getBias(), c.kind(), c);
  return failed(result) ? failure() : c.give(*result);
}

LogicalResult eval(rec::CrossLayerOp op, Context &c) {
  auto in = c.in(op);
  const Tensor &x0 = *in.getX0(), &x = *in.getX();
  FailureOr<Tensor> inner = x;
  if (in.getDown())
    inner = evalLinear(x, *in.getDown(), nullptr, c.kind(), c);
  if (succeeded(inner))
    inner = evalLinear(*inner, *in.getWeight(), in.getBias(), c.kind(), c);
  if (failed(inner))
    return failure();
  if (inner->shape() != x0.shape() || x.shape() != x0.shape())
    return c.fail("x0 of shape " + printShape(x0.shape()) + " and x of shape " + printShape(x.shape()));
  Tensor result(c.kind(), x0.shape());
  for (int64_t i = 0, e = result.numElements(); i < e; ++i)
    result.floatData()[i] = x0.floatAt(i) * inner->floatAt(i) + x.floatAt(i);
  return c.give(result);
}

static Tensor swapLastTwo(const Tensor &x) {
  int64_t rank = x.rank(), rows = x.size(rank - 2), columns = x.size(rank - 1);
  Sizes shape(x.shape());
  std::swap(shape[rank - 2], shape[rank - 1]);
  int64_t matrix = rows * columns;
  return x.pick(shape, [&](int64_t i) {
    int64_t at = i % matrix;
    return i - at + (at % rows) * columns + at / rows;
  });
}

LogicalResult eval(rec::MatmulOp op, Context &c) {
  Tensor a = *c.in(op).getA(), b = *c.in(op).getB();
  bool vectorA = a.rank() == 1, vectorB = b.rank() == 1;
  if (vectorA)
    a = a.reshaped({1, a.size(0)});
  else if (op.getTransposeA())
    a = swapLastTwo(a);
  if (vectorB)
    b = b.reshaped({b.size(0), 1});
  else if (op.getTransposeB())
    b = swapLastTwo(b);

  int64_t rows = a.size(a.rank() - 2), inner = a.size(a.rank() - 1), columns = b.size(b.rank() - 1);
  llvm::ArrayRef<int64_t> batchA = a.shape().drop_back(2), batchB = b.shape().drop_back(2);
  std::optional<Sizes> batch = broadcastSizes(batchA, batchB);
  if (!batch || b.size(b.rank() - 2) != inner)
    return c.fail("matrices of shapes " + printShape(a.shape()) + " and " + printShape(b.shape()));
  Sizes shape = *batch;
  if (!vectorA)
    shape.push_back(rows);
  if (!vectorB)
    shape.push_back(columns);
  Tensor result(c.kind(), shape);
  BroadcastIndex indexA(batchA, *batch), indexB(batchB, *batch);
  IndexWalk walk(*batch);
  for (int64_t m = 0, e = getNumElements(*batch); m < e; ++m, walk.next()) {
    int64_t fromA = indexA(walk.index) * rows * inner, fromB = indexB(walk.index) * inner * columns;
    if (a.isFloat()) {
      multiply(a.floats().data() + fromA, b.floats().data() + fromB, result.floatData() + m * rows * columns, rows,
               inner, columns);
      continue;
    }
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t j = 0; j < columns; ++j) {
        uint64_t sum = 0;
        for (int64_t k = 0; k < inner; ++k)
          sum += static_cast<uint64_t>(a.intAt(fromA + i * inner + k)) *
                 static_cast<uint64_t>(b.intAt(fromB + k * columns + j));
        result.intData()[(m * rows + i) * columns + j] = wrap(a.kind(), static_cast<int64_t>(sum));
      }
  }
  return c.give(result);
}

LogicalResult eval(rec::DotInteractionOp op, Context &c) {
  const Tensor &x = *c.in(op).getX();
  int64_t batch = x.size(0), features = x.size(1), dim = x.size(2);
  bool self = op.getSelfInteraction(), lower = op.getTriangle() == rec::Triangle::lower;
  int64_t pairs = features * (features + (self ? 1 : -1)) / 2;
  Tensor result(c.kind(), {batch, pairs});
  double *to = result.floatData();
  for (int64_t b = 0; b < batch; ++b)
    for (int64_t i = 0; i < features; ++i)
      for (int64_t j = 0; j < features; ++j) {
        if (i == j ? !self : (i > j) != lower)
          continue;
        double sum = 0;
        for (int64_t d = 0; d < dim; ++d)
          sum += x.floatAt((b * features + i) * dim + d) * x.floatAt((b * features + j) * dim + d);
        *to++ = sum;
      }
  return c.give(result);
}

LogicalResult eval(rec::FmTermOp op, Context &c) {
  const Tensor &x = *c.in(op).getX();
  int64_t batch = x.size(0), features = x.size(1), dim = x.size(2);
  int64_t columns = op.getSumDim() ? 1 : dim;
  Tensor result(c.kind(), {batch, columns});
  for (int64_t b = 0; b < batch; ++b)
    for (int64_t d = 0; d < dim; ++d) {
      double sum = 0, squares = 0;
      for (int64_t f = 0; f < features; ++f) {
        double value = x.floatAt((b * features + f) * dim + d);
        sum += value;
        squares += value * value;
      }
      result.floatData()[b * columns + (op.getSumDim() ? 0 : d)] += (sum * sum - squares) / 2;
    }
  return c.give(result);
}

LogicalResult eval(rec::EinsumOp op, Context &c) {
  auto [left, output] = op.getEquation().split("->");
  llvm::SmallVector<llvm::StringRef> terms;
  left.split(terms, ',');
  if (terms.size() != c.operands.size())
    return c.fail("the equation has not one term an operand");

  // Labels of the output first, so that a walk over all labels visits the terms of one result element together.
  std::string labels;
  Sizes sizes;
  auto addLabel = [&](char label) {
    if (labels.find(label) == std::string::npos) {
      labels += label;
      sizes.push_back(-1);
    }
  };
  for (char label : output)
    addLabel(label);
  for (llvm::StringRef term : terms)
    for (char label : term)
      addLabel(label);
  for (auto [term, x] : llvm::zip(terms, c.operands)) {
    if (int64_t(term.size()) != x->rank())
      return c.fail("the term '" + term + "' for an operand of shape " + printShape(x->shape()));
    for (auto [label, size] : llvm::zip(term, x->shape())) {
      int64_t &known = sizes[labels.find(label)];
      if (known >= 0 && known != size)
        return c.fail(llvm::Twine("the label '") + llvm::Twine(label) + "' has sizes " + llvm::Twine(known) + " and " +
                      llvm::Twine(size));
      known = size;
    }
  }
  if (llvm::is_contained(sizes, -1))
    return c.fail("a label of the output occurs in no operand");

  Tensor result(c.kind(), llvm::ArrayRef(sizes).take_front(output.size()));
  if (getNumElements(sizes) == 0)
    return c.give(result);
  int64_t inner = getNumElements(llvm::ArrayRef(sizes).drop_front(output.size()));
  IndexWalk walk(sizes);
  for (int64_t i = 0, e = getNumElements(sizes); i < e; ++i, walk.next()) {
    double product = 1;
    uint64_t intProduct = 1;
    for (auto [term, x] : llvm::zip(terms, c.operands)) {
      int64_t at = 0;
      for (auto [label, size] : llvm::zip(term, x->shape()))
        at = at * size + walk.index[labels.find(label)];
      if (x->isFloat())
        product *= x->floatAt(at);
      else
        intProduct *= static_cast<uint64_t>(x->intAt(at));
    }
    if (result.isFloat())
      result.floatData()[i / inner] += product;
    else
      result.intData()[i / inner] = wrap(result.kind(), result.intData()[i / inner] + intProduct);
  }
  return c.give(result);
}

} // namespace reckon::reference
