//===- ContractionTiles.cpp - A contraction by register tiles ---------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//

#include "lib/Codegen/Host/ContractionTiles.h"
#include "lib/Codegen/Host/Lanes.h"
#include "lib/Codegen/Loops/Scalar.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::host;
using namespace reckon::loops;

ContractionTiles::ContractionTiles(HostEmitter &e, const Contraction &contraction, const TilePlan &plan)
    : e(e), b(e.b), contraction(contraction), plan(plan), vectorAxis(plan.vectorAxis),
      sumType(computeType(contraction.getElementType())), vectorType(VectorType::get({plan.lanes}, sumType)),
      left{contraction.a, plan.a}, right{contraction.b, plan.b, /*isWindowed=*/true},
      index(contraction.extents.size(), e.constantIndex(0)), isBound(contraction.extents.size(), false) {
  if (contraction.init) {
    auto stride = asConstant(contraction.init->place.strides[vectorAxis]);
    init = {*contraction.init, stride == 0   ? LaneAccess::broadcast
                               : stride == 1 ? LaneAccess::contiguous
                                             : LaneAccess::gathered};
  }
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

void ContractionTiles::emit() {
  for (Value extent : contraction.getResultExtents())
    if (asConstant(extent) == 0)
      return;
  // Copies are made where the axes that they depend on are known, and read along all others.
  SmallVector<unsigned> before, after;
  for (unsigned axis = 0; axis < contraction.numResultAxes; ++axis) {
    if (axis == vectorAxis || isRow(axis))
      continue;
    auto isCopiedAlong = [&](const Source &source) {
      return source.access == LaneAccess::packed && asConstant(strideOf(source.operand, axis)) != 0;
    };
    (isCopiedAlong(left) || isCopiedAlong(right) ? before : after).push_back(axis);
  }
  overOuter(before, [&] {
    overPanels([&](const Panel &panel) {
      llvm::SaveAndRestore<Source> keepLeft(left, left), keepRight(right, right);
      for (Source *source : {&left, &right})
        if (source->access == LaneAccess::packed)
          *source = copy(*source, panel);
      overOuter(after, [&] { overRows(panel); });
    });
  });
}

void ContractionTiles::overOuter(ArrayRef<unsigned> axes, llvm::function_ref<void()> body) {
  if (axes.empty())
    return body();
  unsigned axis = axes.front();
  e.loop(constant(0), contraction.extents[axis], [&](Value iv) {
    index[axis] = iv;
    isBound[axis] = true;
    overOuter(axes.drop_front(), body);
    index[axis] = constant(0);
    isBound[axis] = false;
  });
}

/// Whole panels, then what is left of the vector axis.
void ContractionTiles::overPanels(PanelBody body) {
  if (isVectorSummed())
    return body({constant(0), plan.vectors, {}, plan.lanes});
  Value extent = contraction.extents[vectorAxis];
  int64_t width = plan.vectors * plan.lanes;
  if (auto known = asConstant(extent)) {
    int64_t rest = *known % width;
    e.loop(
        constant(0), constant(*known - rest), [&](Value first) { body({first, plan.vectors, {}, plan.lanes}); }, width);
    if (rest == 0)
      return;
    int64_t last = rest % plan.lanes;
    Value mask = last == 0 ? Value() : lanesBelow(b, constant(last), plan.lanes);
    return body({constant(*known - rest), static_cast<int64_t>(llvm::divideCeil(rest, plan.lanes)), mask,
                 last == 0 ? plan.lanes : last});
  }
  Value rest = arith::RemUIOp::create(b, extent, constant(width));
  Value whole = e.sub(extent, rest);
  e.loop(constant(0), whole, [&](Value first) { body({first, plan.vectors, {}, plan.lanes}); }, width);
  e.loop(
      whole, extent, [&](Value first) { body({first, 1, lanesBelow(b, e.sub(extent, first), plan.lanes), 0}); },
      plan.lanes);
}

/// All rows of a panel. Where a window hangs over its input at the first and the last positions, these are alone.
void ContractionTiles::overRows(const Panel &panel) {
  Value zero = constant(0);
  if (!plan.rowAxis)
    return emitTile({zero, 1, panel});
  Value end = contraction.extents[*plan.rowAxis], first = zero, last = end;
  for (const Window &window : contraction.windows) {
    if (window.position != *plan.rowAxis)
      continue;
    // The first position whose window begins inside, and the one behind the last whose window ends inside.
    int64_t span = window.stride;
    first = constant(llvm::divideCeil(window.before, span));
    Value reach = e.mul(e.sub(contraction.extents[window.offset], constant(1)), constant(window.dilation));
    Value room = e.sub(e.add(window.size, constant(window.before - 1)), reach);
    last = e.add(b.createOrFold<arith::FloorDivSIOp>(room, constant(span)), constant(1));
    first = b.createOrFold<arith::MinSIOp>(first, end);
    last = b.createOrFold<arith::MaxSIOp>(first, b.createOrFold<arith::MinSIOp>(last, end));
  }
  auto alone = [&](Value begin, Value end) {
    e.loop(begin, end, [&](Value row) {
      isBound[*plan.rowAxis] = true;
      emitTile({row, 1, panel});
      isBound[*plan.rowAxis] = false;
    });
  };
  if (asConstant(first) != 0)
    alone(zero, first);
  auto firstKnown = asConstant(first), lastKnown = asConstant(last);
  if (firstKnown && lastKnown) {
    int64_t rest = (*lastKnown - *firstKnown) % plan.rows;
    emitRows(first, constant(*lastKnown - rest), plan.rows, panel);
    if (rest > 0)
      emitRows(constant(*lastKnown - rest), last, rest, panel);
  } else {
    SmallVector<int64_t> heights{plan.rows};
    if (plan.rows > 6)
      heights.push_back(4);
    if (plan.rows > 1)
      heights.push_back(1);
    Value begin = first;
    for (int64_t height : heights) {
      Value rest = arith::RemUIOp::create(b, e.sub(last, begin), constant(height));
      Value whole = e.sub(last, rest);
      emitRows(begin, whole, height, panel);
      begin = whole;
    }
  }
  if (last != end)
    alone(last, end);
}

void ContractionTiles::emitRows(Value begin, Value end, int64_t rows, const Panel &panel) {
  e.loop(begin, end, [&](Value row) { emitTile({row, rows, panel}); }, rows);
}

/// The offsets of a summed axis at which its window lies inside the input, when the position is known; else all.
std::pair<Value, Value> ContractionTiles::clip(unsigned axis) {
  Value begin = constant(0), end = contraction.extents[axis];
  for (const Window &window : contraction.windows) {
    if (window.offset != axis || !isBound[window.position])
      continue;
    Value at = e.sub(e.mul(index[window.position], constant(window.stride)), constant(window.before));
    auto divideUp = [&](Value value) { return b.createOrFold<arith::CeilDivSIOp>(value, constant(window.dilation)); };
    begin = b.createOrFold<arith::MaxSIOp>(begin, divideUp(e.sub(constant(0), at)));
    end = b.createOrFold<arith::MinSIOp>(end, divideUp(e.sub(window.size, at)));
  }
  return {begin, end};
}

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

void ContractionTiles::emitTile(const Tile &tile) {
  if (plan.rowAxis)
    index[*plan.rowAxis] = tile.firstRow;
  SmallVector<Value> sums = loadInit(tile);
  sums = sumOver(contraction.numResultAxes, sums, tile);
  storeSums(sums, tile);
  if (plan.rowAxis)
    index[*plan.rowAxis] = constant(0);
}

SmallVector<Value> ContractionTiles::loadInit(const Tile &tile) {
  int64_t vectors = tile.panel.vectors;
  Value zeros = splat(scalarConstant(b, sumType, 0));
  SmallVector<Value> sums(tile.rows * vectors, zeros);
  // What is added up lane by lane gets it at the end.
  if (!contraction.init || isVectorSummed())
    return sums;
  bool hasRows = plan.rowAxis && asConstant(strideOf(init.operand, *plan.rowAxis)) != 0;
  for (int64_t row = 0; row < tile.rows; ++row)
    for (int64_t v = 0; v < vectors; ++v)
      sums[row * vectors + v] = row > 0 && !hasRows ? sums[v] : loadVector(init, tile, row, v);
  return sums;
}

/// The loops over the summed axes from `axis` on.
SmallVector<Value> ContractionTiles::sumOver(unsigned axis, SmallVector<Value> sums, const Tile &tile) {
  if (axis == contraction.extents.size()) {
    step(sums, tile);
    return sums;
  }
  auto run = [&](Value begin, Value end, SmallVector<Value> sums, const Tile &tile, int64_t step) {
    sums = e.reduceLoop(
        begin, end, sums,
        [&](Value iv, ValueRange values) {
          index[axis] = iv;
          return sumOver(axis + 1, llvm::to_vector(values), tile);
        },
        step);
    index[axis] = constant(0);
    return sums;
  };
  std::pair<Value, Value> clipped = clip(axis);
  Value begin = clipped.first, end = clipped.second;
  if (axis != vectorAxis)
    return run(begin, end, sums, tile, 1);
  // Lanes along the summed axis: whole tiles, then single vectors, the last of them masked.
  int64_t width = plan.lanes * plan.vectors;
  auto known = asConstant(end);
  Value rest = known ? constant(*known % width) : Value(arith::RemUIOp::create(b, end, constant(width)));
  Value whole = e.sub(end, rest);
  sums = run(begin, whole, sums, tile, width);
  if (asConstant(rest) == 0)
    return sums;
  SmallVector<Value> firsts, all = sums;
  for (int64_t row = 0; row < tile.rows; ++row)
    firsts.push_back(sums[row * plan.vectors]);
  firsts = e.reduceLoop(
      whole, end, firsts,
      [&](Value iv, ValueRange values) {
        index[axis] = iv;
        Panel panel{constant(0), 1, lanesBelow(b, e.sub(end, iv), plan.lanes), 0};
        return sumOver(axis + 1, llvm::to_vector(values), {tile.firstRow, tile.rows, panel});
      },
      plan.lanes);
  index[axis] = constant(0);
  for (int64_t row = 0; row < tile.rows; ++row)
    all[row * plan.vectors] = firsts[row];
  return all;
}

/// One multiply-add a sum. What operands share along rows or vectors is loaded once.
void ContractionTiles::step(SmallVectorImpl<Value> &sums, const Tile &tile) {
  int64_t vectors = tile.panel.vectors;
  auto loadAll = [&](const Source &source) {
    bool hasRows = plan.rowAxis && asConstant(strideOf(source.operand, *plan.rowAxis)) != 0;
    bool hasVectors = source.access != LaneAccess::broadcast;
    SmallVector<Value> loaded(tile.rows * vectors);
    for (int64_t row = 0; row < tile.rows; ++row)
      for (int64_t v = 0; v < vectors; ++v)
        loaded[row * vectors + v] = row > 0 && !hasRows    ? loaded[v]
                                    : v > 0 && !hasVectors ? loaded[row * vectors]
                                                           : loadVector(source, tile, row, v);
    return loaded;
  };
  SmallVector<Value> xs = loadAll(left), ys = loadAll(right);
  for (auto [sum, x, y] : llvm::zip(sums, xs, ys))
    sum = vector::FMAOp::create(b, x, y, sum);
}

void ContractionTiles::storeSums(ArrayRef<Value> sums, const Tile &tile) {
  const Operand &c = contraction.c;
  int64_t vectors = tile.panel.vectors;
  if (isVectorSummed()) {
    for (int64_t row = 0; row < tile.rows; ++row) {
      Value total = sums[row * vectors];
      for (int64_t v = 1; v < vectors; ++v)
        total = arith::AddFOp::create(b, total, sums[row * vectors + v]);
      total = vector::ReductionOp::create(b, vector::CombiningKind::ADD, total, arith::FastMathFlags::reassoc);
      auto at = [&](const Operand &operand) {
        return e.offsetPointer(operand.place.base, offsetOf({operand, LaneAccess::broadcast}, tile, row, 0),
                               operand.place.elementType);
      };
      if (contraction.init)
        total = arith::AddFOp::create(b, total, e.loadRaw(at(*contraction.init), contraction.init->place.elementType));
      e.storeRaw(total, at(c), c.place.elementType);
    }
    return;
  }
  if (asConstant(strideOf(c, vectorAxis)) != 1) {
    bool rowsAreRuns = plan.rowAxis && asConstant(strideOf(c, *plan.rowAxis)) == 1;
    bool fitsBlock = tile.rows >= 4 && tile.rows <= plan.lanes && tile.panel.lastLanes > 0;
    return rowsAreRuns && fitsBlock ? storeTransposed(sums, tile) : storeEachLane(sums, tile);
  }
  for (int64_t row = 0; row < tile.rows; ++row)
    for (int64_t v = 0; v < vectors; ++v) {
      Value offset = offsetOf({c, LaneAccess::contiguous}, tile, row, v);
      storeLanes(b, sums[row * vectors + v], e.offsetPointer(c.place.base, offset, c.place.elementType),
                 c.place.elementType, maskOf(tile.panel, v));
    }
}

/// Rows that are neighbours in memory: a vector of rows for every lane.
void ContractionTiles::storeTransposed(ArrayRef<Value> sums, const Tile &tile) {
  const Operand &c = contraction.c;
  int64_t vectors = tile.panel.vectors;
  Value zeros = splat(scalarConstant(b, sumType, 0));
  Value mask = tile.rows == plan.lanes ? Value() : lanesBelow(b, constant(tile.rows), plan.lanes);
  for (int64_t v = 0; v < vectors; ++v) {
    SmallVector<Value> rows(plan.lanes, zeros);
    for (int64_t row = 0; row < tile.rows; ++row)
      rows[row] = sums[row * vectors + v];
    int64_t lanes = v + 1 == vectors ? tile.panel.lastLanes : plan.lanes;
    Value offset = offsetOf({c, LaneAccess::contiguous}, tile, 0, v);
    SmallVector<Value> columns = transposeBlock(rows);
    for (auto [lane, column] : llvm::enumerate(ArrayRef(columns).take_front(lanes))) {
      Value at = e.add(offset, e.mul(constant(lane), strideOf(c, vectorAxis)));
      storeLanes(b, column, e.offsetPointer(c.place.base, at, c.place.elementType), c.place.elementType, mask);
    }
  }
}

/// One by one.
void ContractionTiles::storeEachLane(ArrayRef<Value> sums, const Tile &tile) {
  const Operand &c = contraction.c;
  int64_t vectors = tile.panel.vectors;
  for (int64_t row = 0; row < tile.rows; ++row)
    for (int64_t v = 0; v < vectors; ++v) {
      Value offset = offsetOf({c, LaneAccess::contiguous}, tile, row, v);
      Value mask = maskOf(tile.panel, v);
      for (int64_t lane = 0; lane < plan.lanes; ++lane) {
        if (mask && tile.panel.lastLanes > 0 && lane >= tile.panel.lastLanes)
          break;
        auto store = [&] {
          Value element = vector::ExtractOp::create(b, sums[row * vectors + v], lane);
          Value at = e.add(offset, e.mul(constant(lane), strideOf(c, vectorAxis)));
          e.storeRaw(element, e.offsetPointer(c.place.base, at, c.place.elementType), c.place.elementType);
        };
        if (mask && tile.panel.lastLanes == 0)
          e.ifThen(vector::ExtractOp::create(b, mask, lane), store);
        else
          store();
      }
    }
}

//===----------------------------------------------------------------------===//
// Vectors
//===----------------------------------------------------------------------===//

Value ContractionTiles::maskOf(const Panel &panel, int64_t vector) const {
  return vector + 1 == panel.vectors ? panel.mask : Value();
}

Value ContractionTiles::offsetOf(const Source &source, const Tile &tile, int64_t row, int64_t vector) {
  const Operand &operand = source.operand;
  Value offset = operand.offset;
  for (unsigned axis = 0; axis < index.size(); ++axis)
    if (axis != vectorAxis || isVectorSummed())
      offset = e.add(offset, e.mul(index[axis], strideOf(operand, axis)));
  if (!isVectorSummed() && source.access != LaneAccess::broadcast && !source.isPadded)
    offset = e.add(offset, e.mul(tile.panel.first, strideOf(operand, vectorAxis)));
  if (plan.rowAxis && row > 0)
    offset = e.add(offset, e.mul(constant(row), strideOf(operand, *plan.rowAxis)));
  if (source.access != LaneAccess::broadcast && vector > 0)
    offset = e.add(offset, e.mul(constant(vector * plan.lanes), strideOf(operand, vectorAxis)));
  return offset;
}

/// Which lanes of a vector lie inside the input at the current offset of the window along the vector axis.
Value ContractionTiles::windowMask(const Window &window, const Tile &tile, int64_t vector) {
  SmallVector<int64_t> steps(plan.lanes);
  for (int64_t lane = 0; lane < plan.lanes; ++lane)
    steps[lane] = lane * window.stride;
  Value first = e.mul(e.add(tile.panel.first, constant(vector * plan.lanes)), constant(window.stride));
  Value at = e.sub(e.add(first, e.mul(index[window.offset], constant(window.dilation))), constant(window.before));
  auto type = VectorType::get({plan.lanes}, b.getI64Type());
  Value all = arith::ConstantOp::create(b, DenseElementsAttr::get(type, ArrayRef<int64_t>(steps)));
  return arith::CmpIOp::create(b, arith::CmpIPredicate::ult, arith::AddIOp::create(b, all, splat(at)),
                               splat(window.size));
}

Value ContractionTiles::loadVector(const Source &source, const Tile &tile, int64_t row, int64_t vector) {
  const Operand &operand = source.operand;
  Type type = operand.place.elementType;
  Value offset = offsetOf(source, tile, row, vector), mask = source.isPadded ? Value() : maskOf(tile.panel, vector);
  auto at = [&](Value offset) { return e.offsetPointer(operand.place.base, offset, type); };
  if (source.access == LaneAccess::broadcast) {
    Value element = splat(e.loadRaw(at(offset), type));
    return element;
  }
  if (source.access == LaneAccess::contiguous) {
    for (const Window &window : contraction.windows)
      if (window.position == vectorAxis && source.isWindowed) {
        Value inside = windowMask(window, tile, vector);
        mask = mask ? Value(arith::AndIOp::create(b, mask, inside)) : inside;
      }
    return loadLanes(b, at(offset), type, plan.lanes, mask);
  }
  Value lanes = splat(scalarConstant(b, sumType, 0));
  for (int64_t lane = 0; lane < plan.lanes; ++lane) {
    // A lane that is not there repeats the first.
    Value number = constant(lane);
    if (mask) {
      Value isThere = vector::ExtractOp::create(b, mask, lane);
      number = arith::SelectOp::create(b, isThere, number, constant(0));
    }
    Value element = e.loadRaw(at(e.add(offset, e.mul(number, strideOf(operand, vectorAxis)))), type);
    lanes = vector::InsertOp::create(b, element, lanes, lane);
  }
  return lanes;
}

/// As many rows as lanes: columns. Halves of blocks change places, of ever smaller blocks.
SmallVector<Value> ContractionTiles::transposeBlock(ArrayRef<Value> rows) {
  SmallVector<Value> result(rows);
  int64_t lanes = static_cast<int64_t>(rows.size());
  for (int64_t half = lanes / 2; half > 0; half /= 2) {
    SmallVector<int64_t> low, high;
    for (int64_t lane = 0; lane < lanes; ++lane) {
      low.push_back((lane & half) == 0 ? lane : lanes + lane - half);
      high.push_back((lane & half) == 0 ? lane + half : lanes + lane);
    }
    for (int64_t row = 0; row < lanes; ++row) {
      if ((row & half) != 0)
        continue;
      Value first = result[row], second = result[row + half];
      result[row] = vector::ShuffleOp::create(b, first, second, low);
      result[row + half] = vector::ShuffleOp::create(b, first, second, high);
    }
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Copies
//===----------------------------------------------------------------------===//

/// Scratch for a panel of an operand, a row of lanes for each index of the summed axes, and the operand in it.
ContractionTiles::Source ContractionTiles::copy(const Source &source, const Panel &panel) {
  const Operand &operand = source.operand;
  int64_t width = plan.vectors * plan.lanes;
  // Runs are copied a block at a time, and the last block may be longer than the run.
  SizeExpr steps = 1;
  for (const SizeExpr &bound : ArrayRef(contraction.bounds).drop_front(contraction.numResultAxes))
    steps = steps * bound;
  SizeExpr bytes = (steps + SizeExpr(plan.lanes)) * SizeExpr(width * sumType.getIntOrFloatBitWidth() / 8);
  Operand to{{e.alignedScratch(bytes), SmallVector<Value>(index.size(), constant(0)), sumType}, constant(0)};
  Value stride = constant(width);
  for (unsigned axis = index.size(); axis-- > contraction.numResultAxes;) {
    to.place.strides[axis] = stride;
    stride = e.mul(stride, contraction.extents[axis]);
  }
  to.place.strides[vectorAxis] = constant(1);

  unsigned last = index.size() - 1;
  bool isRun = last >= contraction.numResultAxes && asConstant(strideOf(operand, last)) == 1 &&
               (!source.isWindowed || llvm::none_of(contraction.windows, [&](auto &w) { return w.offset == last; }));
  std::function<void(unsigned)> over = [&](unsigned axis) {
    if (isRun && axis == last)
      return copyRun(operand, panel, to);
    if (axis == index.size())
      return copyLanes(operand, panel, to);
    auto [begin, end] = source.isWindowed ? clip(axis) : std::pair(constant(0), contraction.extents[axis]);
    e.loop(begin, end, [&](Value iv) {
      index[axis] = iv;
      over(axis + 1);
      index[axis] = constant(0);
    });
  };
  over(contraction.numResultAxes);
  return {to, LaneAccess::contiguous, source.isWindowed, /*isPadded=*/true};
}

/// One by one. Lanes that are not there are 0, for stray bits could be slow denormals.
void ContractionTiles::copyLanes(const Operand &operand, const Panel &panel, const Operand &to) {
  Tile tile{constant(0), 1, panel};
  Value from = offsetOf({operand, LaneAccess::contiguous}, tile, 0, 0);
  Value target = offsetOf({to, LaneAccess::contiguous, false, true}, tile, 0, 0);
  Value count = constant(panel.vectors * plan.lanes);
  if (panel.mask) {
    Value lastVector = e.add(target, constant((panel.vectors - 1) * plan.lanes));
    storeLanes(b, splat(scalarConstant(b, sumType, 0)), e.offsetPointer(to.place.base, lastVector, sumType), sumType,
               {});
    count = e.sub(contraction.extents[vectorAxis], panel.first);
  }
  e.loop(constant(0), count, [&](Value lane) {
    Value at = e.add(from, e.mul(lane, strideOf(operand, vectorAxis)));
    Type type = operand.place.elementType;
    Value element = e.loadRaw(e.offsetPointer(operand.place.base, at, type), type);
    e.storeRaw(element, e.offsetPointer(to.place.base, e.add(target, lane), sumType), sumType);
  });
}

/// A run of the last summed axis for each lane, by blocks that are as long as there are lanes.
void ContractionTiles::copyRun(const Operand &operand, const Panel &panel, const Operand &to) {
  unsigned last = index.size() - 1;
  Value extent = contraction.extents[last];
  auto known = asConstant(extent);
  Value rest = known ? constant(*known % plan.lanes) : Value(arith::RemUIOp::create(b, extent, constant(plan.lanes)));
  Value whole = e.sub(extent, rest);
  e.loop(constant(0), whole, [&](Value first) { copyRunPart(operand, panel, to, first, {}); }, plan.lanes);
  if (asConstant(rest) == 0)
    return;
  auto copyRest = [&] { copyRunPart(operand, panel, to, whole, lanesBelow(b, rest, plan.lanes)); };
  if (known)
    copyRest();
  else
    e.ifThen(arith::CmpIOp::create(b, arith::CmpIPredicate::ne, rest, constant(0)), copyRest);
}

void ContractionTiles::copyRunPart(const Operand &operand, const Panel &panel, const Operand &to, Value first,
                                   Value mask) {
  unsigned last = index.size() - 1;
  index[last] = first;
  Tile tile{constant(0), 1, panel};
  Value extent = contraction.extents[vectorAxis];
  for (int64_t v = 0; v < panel.vectors; ++v) {
    SmallVector<Value> rows;
    for (int64_t lane = 0; lane < plan.lanes; ++lane) {
      // The run of the last lane there is stands for those that are not.
      Value number = constant(v * plan.lanes + lane);
      if (maskOf(panel, v))
        number = b.createOrFold<arith::MinSIOp>(number, e.sub(e.sub(extent, panel.first), constant(1)));
      Value from =
          e.add(offsetOf({operand, LaneAccess::contiguous}, tile, 0, 0), e.mul(number, strideOf(operand, vectorAxis)));
      rows.push_back(loadLanes(b, e.offsetPointer(operand.place.base, from, operand.place.elementType),
                               operand.place.elementType, plan.lanes, mask));
    }
    for (auto [step, row] : llvm::enumerate(transposeBlock(rows))) {
      Value target = e.add(offsetOf({to, LaneAccess::contiguous, false, true}, tile, 0, v),
                           e.mul(constant(step), strideOf(to, last)));
      storeLanes(b, row, e.offsetPointer(to.place.base, target, sumType), sumType, {});
    }
  }
  index[last] = constant(0);
}

//===----------------------------------------------------------------------===//
// Contractions
//===----------------------------------------------------------------------===//

SmallVector<TileAxis> host::getTileAxes(const Contraction &contraction) {
  SmallVector<TileAxis> axes;
  for (unsigned axis = 0; axis < contraction.extents.size(); ++axis) {
    auto stride = [&](const Contraction::Operand &operand) { return asConstant(operand.place.strides[axis]); };
    auto isAlong = [&](const Contraction::Window &w) { return w.position == axis || w.offset == axis; };
    axes.push_back({asConstant(contraction.extents[axis]), axis >= contraction.numResultAxes,
                    llvm::any_of(contraction.windows, isAlong), stride(contraction.a), stride(contraction.b),
                    stride(contraction.c)});
  }
  return axes;
}

static void eraseAxis(Contraction &contraction, unsigned axis) {
  contraction.extents.erase(contraction.extents.begin() + axis);
  contraction.bounds.erase(contraction.bounds.begin() + axis);
  contraction.numResultAxes -= axis < contraction.numResultAxes;
  for (Contraction::Operand *operand : contraction.getOperands())
    operand->place.strides.erase(operand->place.strides.begin() + axis);
  for (Contraction::Window &window : contraction.windows) {
    window.position -= window.position > axis;
    window.offset -= window.offset > axis;
  }
}

Contraction host::simplifyContraction(const Contraction &original, llvm::function_ref<Value(int64_t)> constant) {
  Contraction contraction = original;
  auto hasWindow = [&](unsigned axis) {
    return llvm::any_of(contraction.windows, [&](auto &w) { return w.position == axis || w.offset == axis; });
  };
  for (unsigned axis = contraction.extents.size(); axis-- > 0;)
    if (asConstant(contraction.extents[axis]) == 1 && !hasWindow(axis))
      eraseAxis(contraction, axis);
  // An outer axis goes on where the inner one ends.
  auto continues = [&](unsigned outer, unsigned inner) {
    auto extent = asConstant(contraction.extents[inner]);
    if (!extent || !asConstant(contraction.extents[outer]) || hasWindow(outer) || hasWindow(inner) ||
        (outer < contraction.numResultAxes) != (inner < contraction.numResultAxes))
      return false;
    return llvm::all_of(contraction.getOperands(), [&](Contraction::Operand *operand) {
      auto far = asConstant(operand->place.strides[outer]), near = asConstant(operand->place.strides[inner]);
      return far && near && *far == *near * *extent;
    });
  };
  for (unsigned inner = contraction.extents.size(); inner-- > 1;) {
    if (!continues(inner - 1, inner))
      continue;
    contraction.extents[inner] =
        constant(*asConstant(contraction.extents[inner - 1]) * *asConstant(contraction.extents[inner]));
    contraction.bounds[inner] = contraction.bounds[inner - 1] * contraction.bounds[inner];
    eraseAxis(contraction, inner - 1);
  }
  return contraction;
}

void HostEmitter::emitContraction(const Contraction &contraction) {
  Type type = computeType(contraction.getElementType());
  if (!type.isF32() && !type.isF64())
    return LayerEmitter::emitContraction(contraction);
  Contraction simple = simplifyContraction(contraction, [&](int64_t value) { return constantIndex(value); });
  std::optional<TilePlan> plan = planTiles(getTileAxes(simple), target, type.getIntOrFloatBitWidth());
  if (!plan)
    return LayerEmitter::emitContraction(contraction);
  ContractionTiles(*this, simple, *plan).emit();
}
