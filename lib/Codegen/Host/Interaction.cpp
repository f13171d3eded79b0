//===- Interaction.cpp - Dot products of all pairs of features --------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//
//
// Row i of the triangle is one contiguous run of the result, so a vector of pairs (i, j), (i, j+1), ... is stored as it
// is computed, with a mask at the ends. That needs the features transposed, which is cheap beside the products.
//
//===------------------------------------------------------------------------------===//

#include "lib/Codegen/Host/HostEmitter.h"
#include "lib/Codegen/Loops/Scalar.h"
#include "lib/Codegen/Loops/Triangle.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::host;
using namespace reckon::loops;

namespace {
/// Rows of the triangle from some row on, and the vectors [firstVector, lastVector) of columns that they have pairs in.
struct TriangleBlock {
  int64_t rows = 0, firstVector, lastVector = 0;
};
} // namespace

/// As many rows, up to 8, as keep the accumulators in registers, of which there are `budget`, and enough of them in
/// flight.
static TriangleBlock sizeBlock(ArrayRef<TriangleRow> rows, int64_t first, int64_t lanes, int64_t budget) {
  TriangleBlock block{0, static_cast<int64_t>(llvm::divideCeil(rows.size(), lanes))};
  for (; first + block.rows < static_cast<int64_t>(rows.size()) && block.rows < 8; ++block.rows) {
    TriangleBlock grown = block;
    if (const TriangleRow &row = rows[first + block.rows]; row.begin < row.end) {
      grown.firstVector = std::min(grown.firstVector, row.begin / lanes);
      grown.lastVector = std::max(grown.lastVector, int64_t(llvm::divideCeil(row.end, lanes)));
    }
    if (block.rows > 0 && (block.rows + 1) * (grown.lastVector - grown.firstVector) > budget)
      break;
    block = grown;
  }
  return block;
}

/// Stores those of a vector of sums, which begins at `column`, that are pairs of the row.
void HostEmitter::storePairs(const TriangleRow &row, int64_t column, Value r, Value sum, const StridedView &to) {
  auto type = cast<VectorType>(sum.getType());
  SmallVector<bool> mask;
  for (int64_t lane = column; lane < column + type.getNumElements(); ++lane)
    mask.push_back(lane >= row.begin && lane < row.end);
  if (!llvm::is_contained(mask, true))
    return;
  Value address = pointer(to, {r, constantIndex(row.offset + column - row.begin)});
  if (!llvm::is_contained(mask, false)) {
    LLVM::StoreOp::create(b, sum, address, 4);
    return;
  }
  auto maskType = VectorType::get(type.getShape(), b.getI1Type());
  Value bits = arith::ConstantOp::create(b, DenseElementsAttr::get(maskType, ArrayRef<bool>(mask)));
  LLVM::MaskedStoreOp::create(b, sum, address, bits, 4);
}

LogicalResult HostEmitter::emitDotInteraction(rec::DotInteractionOp op) {
  Value x = op.getX(), result = op.getResult();
  Type type = elementTypeOf(x);
  if (!computeType(type).isF32() || !rec::getShape(x)[2].isConstant())
    return LayerEmitter::emitDotInteraction(op);
  const StridedView from = materialize(x);
  StridedView place = destination(result);
  rec::Shape shape = rec::getShape(x);
  int64_t features = *shape[1].constant();
  auto dim = shape[2].constant();
  Value zero = constantIndex(0);
  SmallVector<TriangleRow> rows = getTriangleRows(op, features);

  int64_t lanes = target.lanes();
  int64_t vectors = llvm::divideCeil(features, lanes), padded = vectors * lanes;
  Type sumType = computeType(type);
  auto vectorType = VectorType::get({lanes}, sumType);
  auto splat = [&](Value value) -> Value { return vector::BroadcastOp::create(b, vectorType, value); };
  Value zeros = splat(scalarConstant(b, type, 0));
  // transposed[d, j]: lanes beyond the last feature are zero, for stray bits could be slow denormals.
  StridedView transposed{
      alignedScratch(SizeExpr(*dim * padded * 4)), {constantIndex(padded), constantIndex(1)}, sumType};
  // Vectors of pairs are stored in single precision; a narrow result is rounded from there.
  const TriangleRow &lastRow = rows.back();
  int64_t pairs = lastRow.offset + lastRow.end - lastRow.begin;
  bool isNarrow = type != sumType;
  StridedView sumsAt = place;
  if (isNarrow)
    sumsAt = {alignedScratch(SizeExpr(pairs * 4)), {zero, constantIndex(1)}, sumType};

  overRows(result, [&](Value r) {
    if (padded != features)
      loop(zero, constantIndex(*dim), [&](Value d) {
        LLVM::StoreOp::create(b, zeros, pointer(transposed, {d, constantIndex(padded - lanes)}), 4);
      });
    loop(zero, constantIndex(features), [&](Value j) {
      loop(zero, constantIndex(*dim), [&](Value d) { store(load(from, {r, j, d}), transposed, {d, j}); });
    });
    for (int64_t first = 0; first < features;) {
      TriangleBlock block = sizeBlock(rows, first, lanes, target.hasMasks ? 20 : 10);
      int64_t width = std::max<int64_t>(0, block.lastVector - block.firstVector);
      SmallVector<Value> sums = reduceLoop(
          zero, constantIndex(*dim), SmallVector<Value>(block.rows * width, zeros), [&](Value d, ValueRange values) {
            SmallVector<Value> right, next;
            for (int64_t v = block.firstVector; v < block.lastVector; ++v)
              right.push_back(
                  LLVM::LoadOp::create(b, vectorType, pointer(transposed, {d, constantIndex(v * lanes)}), 4));
            for (int64_t i = 0; i < block.rows; ++i) {
              Value left = splat(load(from, {r, constantIndex(first + i), d}));
              for (int64_t v = 0; v < width; ++v)
                next.push_back(vector::FMAOp::create(b, left, right[v], values[i * width + v]));
            }
            return next;
          });
      for (int64_t i = 0; i < block.rows; ++i)
        for (int64_t v = 0; v < width; ++v)
          storePairs(rows[first + i], (block.firstVector + v) * lanes, r, sums[i * width + v], sumsAt);
      first += block.rows;
    }
    if (isNarrow)
      loop(zero, constantIndex(pairs), [&](Value i) { store(load(sumsAt, {r, i}), place, {r, i}); });
  });
  places[result] = place;
  return success();
}
