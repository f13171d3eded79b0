//===- LayerEmitter.cpp - The layers of a kernel as loops over memory -------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//

#include "lib/Codegen/Loops/LayerEmitter.h"
#include "dialects/Rec/ConstantData.h"
#include "lib/Codegen/Loops/LayerCode.h"
#include "lib/Codegen/Loops/Scalar.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::loops;

InFlightDiagnostic LayerEmitter::unsupported(Operation *op, const Twine &what) {
  return op->emitError() << deviceName() << " codegen: " << op->getName() << " in kernel '" << kernel.getSymName()
                         << "': " << what;
}

StridedView LayerEmitter::operandView(unsigned operand, RankedTensorType type) {
  rec::Shape shape = rec::getShape(type);
  SmallVector<Value> strides = denseStrides(shape, false);
  SmallVector<SizeExpr> dense = plan::StridedMap::getDense(shape).getStrides(),
                        stated = kernel.getMap(operand).getStrides();
  for (size_t axis = 0; axis < strides.size(); ++axis)
    if (stated[axis].isConstant())
      strides[axis] = constantIndex(*stated[axis].constant());
    else if (stated[axis] != rec::normalizeSize(dense[axis]))
      strides[axis] = size(stated[axis]);
  // The transpose of a matrix.
  if (kernel.getLayout(operand).getPacking().getKind() == plan::PackingKind::columns)
    strides = {constantIndex(1), size(shape[0])};
  return {operandPointers[operand], strides, type.getElementType()};
}

void LayerEmitter::placeInputs() {
  for (BlockArgument argument : kernel.getBody().front().getArguments()) {
    operandIndex[argument] = argument.getArgNumber();
    places[argument] = operandView(argument.getArgNumber(), cast<RankedTensorType>(argument.getType()));
  }
}

/// Picks where outputs and the operands of reshapes and concats are computed, so that a value is written once, where it
/// is wanted.
void LayerEmitter::placeOutputs() {
  Block &block = kernel.getBody().front();
  for (auto [i, output] : llvm::enumerate(block.getTerminator()->getOperands())) {
    unsigned operand = block.getNumArguments() + i;
    StridedView place = operandView(operand, cast<RankedTensorType>(output.getType()));
    Operation *op = output.getDefiningOp();
    if (!op || isa<rec::ConstantOp>(op) || destinations.count(output))
      outputCopies.push_back({output, place});
    else
      destinations[output] = place;
  }
  for (Operation &op : llvm::reverse(block.without_terminator())) {
    Value value = op.getResult(0);
    if (isa<rec::ConcatOp>(op) && !destinations.count(value))
      destinations[value] = placeInScratch(value);
    if (destinations.count(value))
      forwardDestination(value);
  }
}

/// Whether a value can be computed right into memory of any strides. Products can, also behind what hands its memory
/// on; others have rows that are contiguous.
bool LayerEmitter::takesStrides(Value value, const StridedView &place) {
  if (isDense(value, place))
    return true;
  Operation *op = value.getDefiningOp();
  while (isa_and_present<rec::ReshapeOp, rec::TransposeOp>(op))
    op = op->getOperand(0).getDefiningOp();
  return isa_and_present<rec::MatmulOp, rec::LinearOp, rec::ConvOp>(op);
}

/// A reshape, transpose or concat with a destination hands it, or its slice, to operands that nothing else reads.
void LayerEmitter::forwardDestination(Value value) {
  StridedView place = destinations[value];
  auto accepts = [&](Value operand) {
    Operation *op = operand.getDefiningOp();
    return op && !isa<rec::ConstantOp>(op) && operand.hasOneUse() && !destinations.count(operand) &&
           isRowValue(operand) == isRowValue(value);
  };
  if (auto reshape = value.getDefiningOp<rec::ReshapeOp>()) {
    Value operand = reshape.getX();
    std::optional<StridedView> view = accepts(operand) ? reshaped(value, operand, place) : std::nullopt;
    if (!view || !takesStrides(operand, *view))
      return;
    destinations[operand] = *view;
    forwarded.insert(operand);
  }
  if (auto transpose = value.getDefiningOp<rec::TransposeOp>()) {
    Value operand = transpose.getX();
    StridedView turned = place;
    for (auto [d, from] : llvm::enumerate(transpose.getPerm()))
      turned.strides[from] = place.strides[d];
    if (!accepts(operand) || !takesStrides(operand, turned))
      return;
    destinations[operand] = turned;
    forwarded.insert(operand);
  }
  if (auto concat = value.getDefiningOp<rec::ConcatOp>()) {
    SizeExpr offset = 0;
    int64_t axis = concat.getAxis();
    for (Value operand : concat.getInputs()) {
      if (accepts(operand)) {
        Value elements = mul(size(offset), place.strides[axis]);
        destinations[operand] = {offsetPointer(place.base, elements, place.elementType), place.strides,
                                 place.elementType};
        forwarded.insert(operand);
      }
      offset = offset + rec::getShape(operand)[axis];
    }
  }
}

bool LayerEmitter::isRowValue(Value tensor) {
  if (!row || cast<RankedTensorType>(tensor.getType()).getRank() == 0)
    return false;
  if (auto argument = dyn_cast<BlockArgument>(tensor))
    return kernel.getLayout(argument.getArgNumber()).getRow();
  if (auto reshape = tensor.getDefiningOp<rec::ReshapeOp>())
    return isRowValue(reshape.getX());
  return !isa<rec::ConstantOp>(tensor.getDefiningOp());
}

LogicalResult LayerEmitter::emitBody() {
  for (Operation &op : kernel.getBody().front().without_terminator()) {
    b.setLoc(op.getLoc());
    if (failed(emitLayer(&op)))
      return failure();
  }
  for (auto &[value, place] : outputCopies)
    fill(value, isRowValue(value), place, [&, &value = value](Index index) { return element(value, index); });
  return success();
}

bool LayerEmitter::isInlined(Value tensor) {
  return !places.count(tensor) && tensor.getDefiningOp() && !isa<rec::ConstantOp>(tensor.getDefiningOp());
}

bool LayerEmitter::isSplat(Value tensor) {
  auto constant = tensor.getDefiningOp<rec::ConstantOp>();
  return constant && rec::getConstantSplat(constant.getValue());
}

LogicalResult LayerEmitter::emitLayer(Operation *op) {
  if (isa<rec::ConstantOp>(op))
    return success();
  const LayerCode *code = getLayerCode(op);
  if (!code)
    return unsupported(op, "there is no code for this layer");

  if (code->view) {
    Value operand = op->getOperand(0), result = op->getResult(0);
    bool elided = forwarded.contains(operand) && places.count(operand);
    // A reshape needs memory under it; the others can compute through their operand, unless that repeats work.
    bool needsMemory = isa<rec::BroadcastOp>(op) || (isa<rec::ReshapeOp>(op) && !computesThroughReshapes()) ||
                       forwarded.contains(operand);
    if (needsMemory || !operand.hasOneUse())
      materialize(operand);
    elided |= forwarded.contains(operand);
    if (elided && isa<rec::ReshapeOp, rec::TransposeOp>(op)) {
      places[result] = destinations[result];
      return success();
    }
    if (destinations.count(result))
      materialize(result);
    else if (auto view = viewOf(op))
      places[result] = *view;
    else if (!isInlined(operand) || !result.hasOneUse())
      materialize(result);
    return success();
  }

  if (code->element) {
    Value result = op->getResult(0);
    // An operand that broadcasts, or one that is gathered from, would be computed more than once; indices of single
    // elements are not.
    for (OpOperand &operand : op->getOpOperands()) {
      bool isIndex = isa<rec::GatherOp, rec::GatherElementsOp>(op) && operand.getOperandNumber() == 1;
      bool isMoved = op->hasTrait<rec::MovesData>() && !isIndex;
      if (isInlined(operand.get()) &&
          (isMoved || rec::getNumElements(rec::getShape(operand.get())) != rec::getNumElements(rec::getShape(result))))
        materialize(operand.get());
    }
    bool isFree = op->getNumOperands() == 0;
    if (destinations.count(result) || !(result.hasOneUse() || result.use_empty() || isFree))
      materialize(result);
    return success();
  }

  LogicalResult result = code->loops(*this, op);
  barrier();
  return result;
}

StridedView LayerEmitter::destination(Value tensor) {
  auto it = destinations.find(tensor);
  return it != destinations.end() ? it->second : placeInScratch(tensor);
}

const StridedView &LayerEmitter::materialize(Value tensor) {
  if (auto it = places.find(tensor); it != places.end()) {
    noteRead(tensor);
    return it->second;
  }
  Operation *op = tensor.getDefiningOp();
  if (auto constant = dyn_cast<rec::ConstantOp>(op))
    return places[tensor] = constantView(constant);
  StridedView place = destination(tensor);
  std::optional<StridedView> view = op->hasTrait<rec::View>() ? viewOf(op) : std::nullopt;
  fill(tensor, isRowValue(tensor), place, [&](Index index) {
    if (Value known = held.lookup(tensor))
      return known;
    return view ? load(*view, index) : inlineElement(op, index);
  });
  barrier();
  return places[tensor] = place;
}

LogicalResult LayerEmitter::emitConcat(rec::ConcatOp op) {
  StridedView place = destination(op.getResult());
  SizeExpr offset = 0;
  for (Value operand : op.getInputs()) {
    Value begin = size(offset);
    if (forwarded.contains(operand)) {
      materialize(operand);
    } else {
      StridedView part = place;
      SmallVector<Value> first(place.strides.size(), constantIndex(0));
      first[op.getAxis()] = begin;
      part.base = pointer(place, first);
      // A constant holds all rows, of which this is one.
      fill(operand, isRowValue(op.getResult()), part, [&](Index index) { return element(operand, index); });
    }
    offset = offset + rec::getShape(operand)[op.getAxis()];
  }
  places[op.getResult()] = place;
  return success();
}

bool LayerEmitter::isDense(Value tensor, const StridedView &place) {
  rec::Shape shape = rec::getShape(tensor);
  SizeExpr stride = 1;
  for (size_t d = shape.size(); d-- > 0;) {
    bool isRow = d == 0 && isRowValue(tensor);
    if (!isRow && shape[d] != SizeExpr(1) && place.strides[d] != size(stride) &&
        asConstant(place.strides[d]) != stride.constant().value_or(-1))
      return false;
    stride = stride * shape[d];
  }
  return true;
}

StridedView LayerEmitter::placeInScratch(Value tensor, Type elementType) {
  rec::Shape shape = rec::getShape(tensor);
  if (!elementType)
    elementType = cast<RankedTensorType>(tensor.getType()).getElementType();
  bool oneRow = isRowValue(tensor);
  SizeExpr elements = rec::getNumElements(oneRow ? ArrayRef<SizeExpr>(shape).drop_front() : ArrayRef<SizeExpr>(shape));
  Value base = alignedScratch(elements * SizeExpr(storageType(elementType).getIntOrFloatBitWidth() / 8));
  return {base, denseStrides(shape, oneRow), elementType};
}

StridedView LayerEmitter::constantView(rec::ConstantOp constant) {
  auto type = cast<RankedTensorType>(constant.getType());
  std::optional<rec::ConstantBytes> data = rec::getConstantBytes(constant.getValue());
  Value base = constantBytes(data ? data->get() : ArrayRef<char>());
  rec::Shape shape = rec::getShape(type);
  SmallVector<Value> strides = denseStrides(shape, false);
  return {base, strides, type.getElementType()};
}

//===----------------------------------------------------------------------===//
// Loops over values
//===----------------------------------------------------------------------===//

void LayerEmitter::fill(Value tensor, bool oneRow, const StridedView &place, ElementAt elementAt) {
  nest(tensor, oneRow, [&](Index index) { store(elementAt(index), place, index); });
}

SmallVector<Value> LayerEmitter::reshapeIndex(Value from, Value to, Index index) {
  // Leading dimensions that stay need no arithmetic.
  rec::Shape source = rec::getShape(from), target = rec::getShape(to);
  size_t same = 0;
  while (same < source.size() && same < target.size() && source[same] == target[same])
    ++same;
  SmallVector<Value> extents = sizes(from), targetExtents = sizes(to), result(index.take_front(same));
  Value linear = linearIndex(index.drop_front(same), ArrayRef(extents).drop_front(same));
  result.append(unflatten(linear, ArrayRef(targetExtents).drop_front(same)));
  return result;
}

void LayerEmitter::nest(Value tensor, LoopBody body) { nest(tensor, isRowValue(tensor), body); }

void LayerEmitter::nest(Value tensor, bool oneRow, LoopBody body) {
  SmallVector<Value> extents = sizes(tensor);
  if (!oneRow)
    return overElements(extents, body);
  overElements(ArrayRef<Value>(extents).drop_front(), [&](Index inner) { body(atRow(inner)); });
}

void LayerEmitter::nestShared(Value tensor, ArrayRef<Value> fold, LoopBody body) {
  SmallVector<Value> extents = sizes(tensor);
  if (!isRowValue(tensor))
    return nestShared(extents, fold, body);
  nestShared(ArrayRef<Value>(extents).drop_front(), fold, [&](Index inner) { body(atRow(inner)); });
}

SmallVector<Value> LayerEmitter::foldAlong(Value tensor, int64_t axis) {
  SmallVector<Value> extents = sizes(tensor);
  if (axis + 1 != static_cast<int64_t>(extents.size()))
    return {};
  return {extents[axis]};
}

SmallVector<Value> LayerEmitter::atRow(Index inner) {
  SmallVector<Value> index{row};
  index.append(inner.begin(), inner.end());
  return index;
}

void LayerEmitter::keepOneRow(Value tensor, SmallVectorImpl<Value> &extents) {
  if (isRowValue(tensor) && !extents.empty())
    extents[0] = constantIndex(1);
}

SmallVector<Value> LayerEmitter::inCurrentRow(Value tensor, Index position) {
  SmallVector<Value> index(position);
  if (isRowValue(tensor) && !index.empty())
    index[0] = row;
  return index;
}

SmallVector<Value> LayerEmitter::extentsAround(Value tensor, int64_t axis) {
  SmallVector<Value> outer = sizes(tensor);
  outer[axis] = constantIndex(1);
  keepOneRow(tensor, outer);
  return outer;
}

void LayerEmitter::nestAround(Value tensor, int64_t axis, AxisBody body) {
  parallelFor(extentsAround(tensor, axis), [&](Index position) {
    SmallVector<Value> index = inCurrentRow(tensor, position);
    body(index);
  });
}

void LayerEmitter::nestSharedAround(Value tensor, int64_t axis, AxisBody body) {
  nestShared(extentsAround(tensor, axis), foldAlong(tensor, axis), [&](Index position) {
    SmallVector<Value> index = inCurrentRow(tensor, position);
    body(index);
  });
}

void LayerEmitter::overRows(Value tensor, Body body) {
  if (isRowValue(tensor))
    return body(row);
  loop(constantIndex(0), sizes(tensor)[0], body);
}
