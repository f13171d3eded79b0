//===- Gathers.cpp - The gather and scatter families --------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "passes/Import/Registry.h"

using namespace mlir;

namespace reckon::importer {

/// The first `count` operands, or failure when one is missing.
static FailureOr<SmallVector<Value>> getAll(Node &node, unsigned count) {
  SmallVector<Value> operands;
  for (unsigned i = 0; i < count; ++i) {
    operands.push_back(node.getOperand(i));
    if (!operands.back())
      return node.invalid("operand " + Twine(i) + " is missing");
  }
  return operands;
}

static LogicalResult convertGather(Node &node) {
  auto operands = getAll(node, 2);
  auto axis =
      succeeded(operands) ? node.normalizeAxis(node.getInt("axis", 0), getRank(operands->front())) : std::nullopt;
  return axis ? node.replace(node.gather((*operands)[0], (*operands)[1], *axis)) : failure();
}

static LogicalResult convertGatherElements(Node &node) {
  auto operands = getAll(node, 2);
  auto axis =
      succeeded(operands) ? node.normalizeAxis(node.getInt("axis", 0), getRank(operands->front())) : std::nullopt;
  if (!axis)
    return failure();
  return node.replace(node.make<rec::GatherElementsOp>((*operands)[0], (*operands)[1], *axis));
}

static LogicalResult convertGatherNd(Node &node) {
  auto operands = getAll(node, 2);
  if (failed(operands))
    return failure();
  return node.replace(node.make<rec::GatherNdOp>((*operands)[0], (*operands)[1], node.getInt("batch_dims", 0)));
}

/// The attribute `reduction` of the scatter family: a null attribute means that updates replace.
static FailureOr<rec::ReduceKindAttr> getReduction(Node &node) {
  StringRef name = node.getString("reduction", "none");
  if (name == "none")
    return rec::ReduceKindAttr();
  auto kind = name == "add" ? ReduceKind::sum : name == "mul" ? ReduceKind::prod : ReduceKind::max;
  if (name == "min")
    kind = ReduceKind::min;
  else if (name != "add" && name != "mul" && name != "max")
    return node.invalid("reduction '" + name + "' is none of none, add, mul, max and min");
  return rec::ReduceKindAttr::get(node.b.getContext(), kind);
}

static LogicalResult convertScatterNd(Node &node) {
  auto operands = getAll(node, 3);
  auto reduction = getReduction(node);
  if (failed(operands) || failed(reduction))
    return failure();
  return node.replace(node.make<rec::ScatterNdOp>((*operands)[0], (*operands)[1], (*operands)[2], *reduction));
}

static LogicalResult convertScatterElements(Node &node) {
  auto operands = getAll(node, 3);
  auto reduction = getReduction(node);
  if (failed(operands) || failed(reduction))
    return failure();
  auto axis = node.normalizeAxis(node.getInt("axis", 0), getRank(operands->front()));
  if (!axis)
    return failure();
  return node.replace(node.make<rec::ScatterElementsOp>((*operands)[0], (*operands)[1], (*operands)[2],
                                                        node.b.getI64IntegerAttr(*axis), *reduction));
}

/// Rows of a cache replaced by an update, from a place on that each sample of the batch names.
static LogicalResult convertTensorScatter(Node &node) {
  auto operands = getAll(node, 2);
  if (failed(operands))
    return failure();
  Value x = operands->front(), updates = operands->back(), starts = node.getOperand(2);
  StringRef mode = node.getString("mode", "linear");
  auto axis = node.normalizeAxis(node.getInt("axis", -2), getRank(x));
  if (!axis)
    return failure();
  if (*axis == 0 || getRank(updates) != getRank(x) || (mode != "linear" && mode != "circular"))
    return node.invalid("an update of the cache's rank, an axis behind the batch and a mode of linear or circular were "
                        "expected");
  Shape shape = rec::getShape(updates), counting(shape.size(), SizeExpr(1)), samples(shape.size(), SizeExpr(1));
  counting[*axis] = shape[*axis];
  samples[0] = shape[0];
  Type i64 = node.b.getI64Type();
  Value index = node.iota(counting, i64, *axis);
  if (starts)
    index = node.add(index, node.reshape(node.cast(starts, i64), samples));
  if (mode == "circular")
    index = node.binary(BinaryKind::mod, index, node.sizes(rec::getShape(x)[*axis], /*scalar=*/true));
  return node.replace(node.make<rec::ScatterElementsOp>(x, node.broadcast(index, shape), updates,
                                                        node.b.getI64IntegerAttr(*axis), rec::ReduceKindAttr()));
}

/// The slices of each sequence in a batch, the first `sequence_lens[i]` of them reversed.
static LogicalResult convertReverseSequence(Node &node) {
  auto operands = getAll(node, 2);
  if (failed(operands))
    return failure();
  Value x = operands->front(), lengths = operands->back();
  int64_t batchAxis = node.getInt("batch_axis", 1), timeAxis = node.getInt("time_axis", 0);
  bool isPair = (batchAxis == 0 && timeAxis == 1) || (batchAxis == 1 && timeAxis == 0);
  if (!isPair || getRank(x) < 2)
    return node.invalid("batch_axis and time_axis must be 0 and 1");
  Shape shape = rec::getShape(x);
  // Where each element comes from: t below the length is length - 1 - t, the rest stay.
  Shape table{shape[0], shape[1]}, alongBatch(2, SizeExpr(1));
  alongBatch[batchAxis] = shape[batchAxis];
  Type i64 = node.b.getI64Type();
  Value time = node.iota(table, i64, timeAxis);
  Value length = node.reshape(node.cast(lengths, i64), alongBatch);
  Value mirrored = node.add(node.sub(length, time), -1.0);
  Value source = node.select(node.compare(CompareKind::lt, time, length), mirrored, time);
  // As tuples (row, column), for a gather of slices.
  Value other = node.iota(table, i64, batchAxis);
  SmallVector<Value> tuple{node.unsqueeze(timeAxis == 0 ? source : other, 2),
                           node.unsqueeze(timeAxis == 0 ? other : source, 2)};
  return node.replace(node.make<rec::GatherNdOp>(x, node.concat(tuple, 2), 0));
}

void registerGathers(Registry &r) {
  r.add("Gather", convertGather);
  r.add("GatherElements", convertGatherElements);
  r.add("GatherND", convertGatherNd);
  r.add("ReverseSequence", convertReverseSequence);
  r.add("Scatter", convertScatterElements);
  r.add("ScatterElements", convertScatterElements);
  r.add("ScatterND", convertScatterNd);
  r.add("TensorScatter", convertTensorScatter);
}

} // namespace reckon::importer
