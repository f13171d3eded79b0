//===- Contraction.cpp - Layers as contractions, and contractions as loops -----------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//
//
// Layers hand their operands over as strides. The loops here are right for every contraction; a device overrides
// emitContraction() with what is fast.
//
//===------------------------------------------------------------------------------===//

#include "lib/Codegen/Loops/LayerEmitter.h"
#include "lib/Codegen/Loops/Scalar.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::loops;
using rec::BinaryKind;
using rec::ReduceKind;

//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

/// In a row kernel the first axis is the current row alone.
void LayerEmitter::enterRow(Value result, Contraction &contraction) {
  if (!isRowValue(result))
    return;
  contraction.extents[0] = constantIndex(1);
  contraction.bounds[0] = 1;
  for (Contraction::Operand *operand : contraction.getOperands())
    operand->offset = add(operand->offset, mul(row, operand->place.strides[0]));
}

namespace {
/// An operand of a matrix product with a dimension for rows and one for columns.
struct MatrixOperand {
  StridedView place;
  rec::Shape shape;
};
} // namespace

LogicalResult LayerEmitter::emitMatmul(rec::MatmulOp op) {
  Value result = op.getResult(), zero = constantIndex(0);
  auto asMatrix = [&](Value value, bool transpose, unsigned missingAt) {
    MatrixOperand operand{materialize(value), rec::getShape(value)};
    SmallVector<Value> &strides = operand.place.strides;
    rec::Shape &shape = operand.shape;
    if (shape.size() == 1) {
      strides.insert(strides.begin() + missingAt, zero);
      shape.insert(shape.begin() + missingAt, SizeExpr(1));
    }
    size_t rank = strides.size();
    if (transpose) {
      std::swap(strides[rank - 1], strides[rank - 2]);
      std::swap(shape[rank - 1], shape[rank - 2]);
    }
    for (size_t d = 0; d + 2 < rank; ++d)
      if (shape[d] == SizeExpr(1))
        strides[d] = zero;
    return operand;
  };
  MatrixOperand left = asMatrix(op.getA(), op.getTransposeA(), 0);
  MatrixOperand right = asMatrix(op.getB(), op.getTransposeB(), 1);
  StridedView target = destination(result), wide = target;
  Contraction contraction;
  contraction.bounds = rec::getShape(result);
  if (rec::getShape(op.getB()).size() == 1) {
    wide.strides.push_back(zero);
    contraction.bounds.push_back(1);
  }
  if (rec::getShape(op.getA()).size() == 1) {
    wide.strides.insert(wide.strides.end() - 1, zero);
    contraction.bounds.insert(contraction.bounds.end() - 1, SizeExpr(1));
  }
  unsigned rank = contraction.numResultAxes = wide.strides.size();
  contraction.bounds.push_back(left.shape.back());
  for (const SizeExpr &bound : contraction.bounds)
    contraction.extents.push_back(size(bound));
  // The batch dimensions of an operand are the last of the result's.
  auto overAxes = [&](const MatrixOperand &operand) {
    Contraction::Operand over{operand.place, zero};
    ArrayRef<Value> batch = ArrayRef(operand.place.strides).drop_back(2);
    over.place.strides.assign(rank + 1, zero);
    llvm::copy(batch, over.place.strides.begin() + (rank - 2 - batch.size()));
    return over;
  };
  contraction.a = overAxes(left);
  contraction.b = overAxes(right);
  contraction.a.place.strides[rank - 2] = *(left.place.strides.end() - 2);
  contraction.a.place.strides[rank] = left.place.strides.back();
  contraction.b.place.strides[rank - 1] = right.place.strides.back();
  contraction.b.place.strides[rank] = *(right.place.strides.end() - 2);
  wide.strides.push_back(zero);
  contraction.c = {wide, zero};
  enterRow(result, contraction);
  emitContraction(contraction);
  places[result] = target;
  return success();
}

LogicalResult LayerEmitter::emitLinear(rec::LinearOp op) {
  Value result = op.getResult(), zero = constantIndex(0);
  Contraction contraction;
  contraction.bounds = rec::getShape(result);
  unsigned rank = contraction.numResultAxes = contraction.bounds.size();
  contraction.bounds.push_back(rec::getShape(op.getX()).back());
  for (const SizeExpr &bound : contraction.bounds)
    contraction.extents.push_back(size(bound));
  StridedView x = materialize(op.getX()), weight = materialize(op.getWeight());
  x.strides.insert(x.strides.end() - 1, zero);
  contraction.a = {x, zero};
  SmallVector<Value> none(rank + 1, zero);
  contraction.b = {{weight.base, none, weight.elementType}, zero};
  contraction.b.place.strides[rank - 1] = weight.strides[1];
  contraction.b.place.strides[rank] = weight.strides[0];
  if (op.getBias()) {
    StridedView bias = materialize(op.getBias());
    contraction.init = {{bias.base, none, bias.elementType}, zero};
    contraction.init->place.strides[rank - 1] = bias.strides.back();
  }
  StridedView target = destination(result), overAxes = target;
  overAxes.strides.push_back(zero);
  contraction.c = {overAxes, zero};
  enterRow(result, contraction);
  emitLinearContraction(op, contraction);
  places[result] = target;
  return success();
}

// Axes: samples, groups, channels of a group, positions; summed: input channels of the group, the window. The weights
// are `a`: then the last axis of the result, along which memory is contiguous, counts columns.
LogicalResult LayerEmitter::emitConv(rec::ConvOp op) {
  Value result = op.getResult(), zero = constantIndex(0);
  StridedView x = materialize(op.getX()), weight = materialize(op.getWeight()), target = destination(result);
  rec::Shape shape = rec::getShape(result), weightShape = rec::getShape(op.getWeight());
  SmallVector<Value> xExtents = sizes(op.getX());
  unsigned spatial = xExtents.size() - 2, firstSummed = spatial + 3;

  Contraction contraction;
  contraction.numResultAxes = firstSummed;
  contraction.bounds = {shape[0], op.getGroups(), SizeExpr::floorDiv(shape[1], op.getGroups())};
  contraction.bounds.append(shape.begin() + 2, shape.end());
  contraction.bounds.append(weightShape.begin() + 1, weightShape.end());
  for (const SizeExpr &bound : contraction.bounds)
    contraction.extents.push_back(size(bound));
  Value outputs = contraction.extents[2], perGroup = contraction.extents[firstSummed];
  SmallVector<Value> none(contraction.extents.size(), zero);
  auto over = [&](const StridedView &place) {
    return Contraction::Operand{{place.base, none, place.elementType}, zero};
  };
  contraction.a = over(weight);
  contraction.b = over(x);
  contraction.c = over(target);
  SmallVector<Value> &atA = contraction.a.place.strides, &atB = contraction.b.place.strides,
                     &atC = contraction.c.place.strides;
  atA[1] = mul(outputs, weight.strides[0]);
  atA[2] = weight.strides[0];
  atA[firstSummed] = weight.strides[1];
  atB[0] = x.strides[0];
  atB[1] = mul(perGroup, x.strides[1]);
  atB[firstSummed] = x.strides[1];
  atC[0] = target.strides[0];
  atC[1] = mul(outputs, target.strides[1]);
  atC[2] = target.strides[1];
  for (unsigned d = 0; d < spatial; ++d) {
    unsigned position = 3 + d, offset = firstSummed + 1 + d;
    int64_t stride = op.getStrides()[d], dilation = op.getDilations()[d];
    int64_t before = op.getPads()[d], after = op.getPads()[spatial + d];
    atA[offset] = weight.strides[2 + d];
    atB[position] = mul(x.strides[2 + d], constantIndex(stride));
    atB[offset] = mul(x.strides[2 + d], constantIndex(dilation));
    atC[position] = target.strides[2 + d];
    if (before == 0 && after == 0)
      continue;
    contraction.windows.push_back({position, offset, stride, dilation, before, after, xExtents[2 + d]});
    contraction.b.offset = sub(contraction.b.offset, mul(x.strides[2 + d], constantIndex(before)));
  }
  if (op.getBias()) {
    StridedView bias = materialize(op.getBias());
    contraction.init = over(bias);
    contraction.init->place.strides[1] = mul(outputs, bias.strides[0]);
    contraction.init->place.strides[2] = bias.strides[0];
  }
  enterRow(result, contraction);
  emitContraction(contraction);
  places[result] = target;
  return success();
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

Value LayerEmitter::pointer(const Contraction::Operand &operand, Index index) {
  Value offset = operand.offset;
  for (auto [i, stride] : llvm::zip(index, operand.place.strides))
    offset = add(offset, mul(i, stride));
  return offsetPointer(operand.place.base, offset, operand.place.elementType);
}

/// Whether an index lies inside the input in every window, which may have none of the others' axes; null: always.
Value LayerEmitter::isInsideWindows(const Contraction &contraction, Index index) {
  Value inside;
  for (const Contraction::Window &window : contraction.windows) {
    Value at = sub(add(mul(index[window.position], constantIndex(window.stride)),
                       mul(index[window.offset], constantIndex(window.dilation))),
                   constantIndex(window.before));
    Value isIn = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, at, window.size);
    inside = inside ? Value(arith::AndIOp::create(b, inside, isIn)) : isIn;
  }
  return inside;
}

/// One element of the result: the sum stays in a register. Threads that come together share its terms.
void LayerEmitter::emitContractionElement(const Contraction &contraction, Index result) {
  Type type = contraction.getElementType();
  auto load = [&](const Contraction::Operand &operand, Index index) {
    return loadRaw(pointer(operand, index), operand.place.elementType);
  };
  Value sum = reduceOver(contraction.getSummedExtents(), ReduceKind::sum, type, [&](Index summed) {
    SmallVector<Value> index(result);
    llvm::append_range(index, summed);
    auto product = [&] {
      return emitBinary(b, BinaryKind::mul, load(contraction.a, index), load(contraction.b, index), type);
    };
    Value inside = isInsideWindows(contraction, index);
    if (!inside)
      return product();
    return ifElse(
        inside, [&] { return SmallVector<Value>{product()}; },
        [&] { return SmallVector<Value>{scalarConstant(b, type, 0)}; })[0];
  });
  SmallVector<Value> index(result);
  index.resize(contraction.extents.size(), constantIndex(0));
  if (contraction.init)
    sum = emitBinary(b, BinaryKind::add, sum, load(*contraction.init, index), type);
  storeRaw(sum, pointer(contraction.c, index), contraction.c.place.elementType);
}

/// The elements along the last axis of the result, at a position of the other ones, for one summed axis. The loop that
/// vectorises goes along whichever of the two is contiguous in b. Sums of half floats stay in registers, where they are
/// single.
void LayerEmitter::emitContractionRow(const Contraction &contraction, Index position) {
  unsigned last = contraction.numResultAxes - 1, summed = last + 1;
  SmallVector<Value> index(position);
  index.append(2, constantIndex(0));
  auto along = [&](const Contraction::Operand &operand) {
    ArrayRef<Value> strides = operand.place.strides;
    return StridedView{pointer(operand, index), {strides[last], strides[summed]}, operand.place.elementType};
  };
  Type type = contraction.getElementType();
  StridedView a = along(contraction.a), right = along(contraction.b), c = along(contraction.c);
  std::optional<StridedView> init;
  if (contraction.init)
    init = along(*contraction.init);
  Value zero = constantIndex(0), n = contraction.extents[last], k = contraction.extents[summed];
  auto multiply = [&](Value k, Value j) {
    return emitBinary(b, BinaryKind::mul, load(a, {j, k}), load(right, {j, k}), type);
  };
  auto initial = [&](Value j) { return init ? load(*init, {j, zero}) : scalarConstant(b, type, 0); };
  bool isHalf = computeType(type) != storageType(type) && isa<FloatType>(type);
  if (isHalf || (matchPattern(right.strides[1], m_One()) && !matchPattern(right.strides[0], m_One()))) {
    loop(zero, n, [&](Value j) {
      Value sum = reduceLoop(zero, k, initial(j), [&](Value k, ValueRange values) {
        return SmallVector<Value>{reduceStep(b, ReduceKind::sum, values[0], multiply(k, j), type)};
      })[0];
      store(sum, c, {j, zero});
    });
    return;
  }
  loop(zero, n, [&](Value j) { store(initial(j), c, {j, zero}); });
  loop(zero, k, [&](Value k) {
    loop(zero, n, [&](Value j) {
      store(reduceStep(b, ReduceKind::sum, load(c, {j, zero}), multiply(k, j), type), c, {j, zero});
    });
  });
}

void LayerEmitter::emitContraction(const Contraction &contraction) {
  ArrayRef<Value> extents = contraction.getResultExtents();
  bool hasRows = accumulatesInMemory() && contraction.windows.empty() && contraction.getSummedExtents().size() == 1;
  if (hasRows)
    return parallelFor(extents.drop_back(), [&](Index position) { emitContractionRow(contraction, position); });
  nestShared(extents, /*fold=*/{}, [&](Index index) { emitContractionElement(contraction, index); });
}
