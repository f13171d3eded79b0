//===- GenericProducts.cpp - Products of the generic emitter ----------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//
//
// Half floats: a warp computes a tile on tensor cores, with operands straight from where they lie. Single floats: a
// thread computes a tile of up to 4x4 by multiply-adds. Layers behind the product take its elements from registers.
//
//===------------------------------------------------------------------------------===//

#include "lib/Codegen/Loops/LayerCode.h"
#include "lib/Codegen/Loops/Scalar.h"
#include "lib/Codegen/NVPTX/GenericEmitter.h"
#include "lib/Codegen/NVPTX/Instructions.h"
#include "lib/Codegen/NVPTX/KnownMultiple.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::nvptx;
using namespace reckon::loops;
using arith::CmpFPredicate;

/// Of the inner dimension in a step of a product on tensor cores.
static constexpr int64_t innerStep = 16;

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

GenericEmitter::ProductSide GenericEmitter::getSide(Value operand, bool isRight, bool isTransposed) {
  ProductSide side{materialize(operand), rec::getShape(operand), sizes(operand)};
  size_t rank = side.shape.size();
  if (rank == 1) {
    side.place.strides.insert(side.place.strides.begin(), constantIndex(0));
    side.extents.insert(side.extents.begin(), constantIndex(1));
    side.shape.insert(side.shape.begin(), SizeExpr(1));
    return side;
  }
  if (isRight != isTransposed) {
    std::swap(side.place.strides[rank - 1], side.place.strides[rank - 2]);
    std::swap(side.extents[rank - 1], side.extents[rank - 2]);
    std::swap(side.shape[rank - 1], side.shape[rank - 2]);
  }
  for (size_t d = 0; d + 2 < rank; ++d)
    if (side.shape[d] == SizeExpr(1))
      side.place.strides[d] = constantIndex(0);
  return side;
}

StridedMatrix GenericEmitter::matrixAt(const ProductSide &side, Index leading) {
  size_t rank = side.shape.size();
  SmallVector<Value> at(leading.take_back(rank - 2));
  at.append(2, constantIndex(0));
  return {
      pointer(side.place, at), side.place.strides[rank - 2], side.place.strides[rank - 1], side.rows(), side.inner(),
      side.place.elementType};
}

SmallVector<Value> GenericEmitter::productIndex(rec::MatmulOp op, Index leading, Value r, Value c) {
  SmallVector<Value> index(leading);
  if (rec::getShape(op.getA()).size() > 1)
    index.push_back(r);
  if (rec::getShape(op.getB()).size() > 1)
    index.push_back(c);
  return index;
}

SmallVector<Value> GenericEmitter::leadingExtents(rec::MatmulOp op) {
  SmallVector<Value> extents = sizes(op.getResult());
  extents.pop_back_n((rec::getShape(op.getA()).size() > 1) + (rec::getShape(op.getB()).size() > 1));
  keepOneRow(op.getResult(), extents);
  return extents;
}

//===----------------------------------------------------------------------===//
// Epilogues
//===----------------------------------------------------------------------===//

/// Whether elements of the tensor can be read or computed already, before the layers in front of it are reached.
bool GenericEmitter::isAvailable(Value tensor) {
  if (places.count(tensor) || held.count(tensor))
    return true;
  Operation *op = tensor.getDefiningOp();
  if (isa<rec::ConstantOp>(op))
    return true;
  return getLayerCode(op)->element && !destinations.count(tensor) &&
         llvm::all_of(op->getOperands(), [&](Value operand) { return isAvailable(operand); });
}

GenericEmitter::Epilogue GenericEmitter::takeEpilogue(Value product, Value rows, Value columns) {
  Epilogue epilogue{product, rows, columns, {}, {}, true};
  Value last = product;
  held[product] = {};
  while (last.hasOneUse() && !destinations.count(last)) {
    Operation *op = *last.getUsers().begin();
    if (isa<rec::YieldOp>(op) || deferred.contains(op))
      break;
    Value result = op->getResult(0);
    bool isPointwise = op->hasTrait<rec::Pointwise>() && rec::getShape(result) == rec::getShape(last);
    if (auto transpose = dyn_cast<rec::TransposeOp>(op)) {
      int64_t axis = transpose.getPerm().size() - 1;
      epilogue.keepsNeighbours &= transpose.getPerm()[axis] == axis;
    } else if (auto reshape = dyn_cast<rec::ReshapeOp>(op)) {
      // Up to eight neighbours are stored at a time, at multiples of their number.
      int64_t from = rec::getShape(last).back().constant().value_or(1);
      int64_t to = rec::getShape(reshape.getResult()).back().constant().value_or(1);
      epilogue.keepsNeighbours &= to % from == 0 || to % 8 == 0;
    } else if (!isPointwise) {
      break;
    }
    held[last] = {};
    auto isThere = [&](Value operand) { return operand == last || isAvailable(operand); };
    bool canFollow = llvm::all_of(op->getOperands(), isThere);
    held.erase(last);
    if (!canFollow)
      break;
    epilogue.layers.push_back(op);
    last = result;
  }
  held.erase(product);
  finished.insert_range(epilogue.layers);
  epilogue.place = places[last] = destination(last);
  return epilogue;
}

void GenericEmitter::finish(const Epilogue &epilogue, Index first, ArrayRef<Value> elements) {
  SmallVector<SmallVector<Value>> indices;
  SmallVector<Value> values;
  auto columns = [&](size_t element) {
    SmallVector<Value> index(first);
    if (element != 0)
      index.back() = add(index.back(), constantIndex(element));
    return index;
  };
  for (auto [i, element] : llvm::enumerate(elements)) {
    SmallVector<Value> index = columns(i);
    llvm::SaveAndRestore<DenseMap<Value, Value>> outer(held, held);
    Value value = held[epilogue.product] = element;
    for (Operation *layer : epilogue.layers) {
      if (auto transpose = dyn_cast<rec::TransposeOp>(layer)) {
        SmallVector<Value> moved;
        for (int64_t d : transpose.getPerm())
          moved.push_back(index[d]);
        index = moved;
      } else if (auto reshape = dyn_cast<rec::ReshapeOp>(layer)) {
        index = reshapeIndex(reshape.getX(), reshape.getResult(), index);
      } else {
        value = inlineElement(layer, index);
      }
      held[layer->getResult(0)] = value;
    }
    indices.push_back(index);
    values.push_back(value);
  }
  storeNeighbours(epilogue, indices, values);
}

/// Up to 16 bytes at a time, where the address is known to be a multiple of them.
void GenericEmitter::storeNeighbours(const Epilogue &epilogue, ArrayRef<SmallVector<Value>> indices,
                                     ArrayRef<Value> elements) {
  const StridedView &place = epilogue.place;
  Type type = place.elementType;
  DeviceBuilder p(b);
  bool isFloat = type.isF16() || type.isBF16() || type.isF32();
  bool areNeighbours = isFloat && epilogue.keepsNeighbours && asConstant(place.strides.back()) == 1;
  size_t width = type.getIntOrFloatBitWidth() / 8, together = std::min(elements.size(), greatestMultiple / width);
  if (!areNeighbours || elements.size() % together != 0 ||
      knownAlignment(pointer(place, indices[0])) < together * width)
    together = 1;
  for (size_t first = 0; first < elements.size(); first += together)
    if (together == 1)
      store(elements[first], place, indices[first]);
    else
      p.store(p.pack(elements.slice(first, together), type), pointer(place, indices[first]), together * width);
}

/// A caller's memory begins anywhere: where the result does at a multiple of 16 bytes, the body stores vectors.
void GenericEmitter::storeAligned(const Epilogue &epilogue, llvm::function_ref<void(const Epilogue &)> body) {
  Value base = epilogue.place.base;
  bool areNeighbours = epilogue.keepsNeighbours && asConstant(epilogue.place.strides.back()) == 1;
  if (!areNeighbours || knownAlignment(base) >= greatestMultiple)
    return body(epilogue);
  DeviceBuilder p(b);
  Value low = p.bitAnd(LLVM::PtrToIntOp::create(b, p.getI64Type(), base), greatestMultiple - 1);
  Value isAligned = p.equal(low, 0);
  ifThen(isAligned, [&] {
    Epilogue aligned = epilogue;
    aligned.place.base = LLVM::PtrMaskOp::create(b, base.getType(), base, p.i64(-int64_t(greatestMultiple)));
    body(aligned);
  });
  ifThen(p.negate(isAligned), [&] { body(epilogue); });
}

//===----------------------------------------------------------------------===//
// Tiles of a warp
//===----------------------------------------------------------------------===//

void GenericEmitter::overWarpTiles(ArrayRef<Value> leading, Value rows, Value columns, unsigned tileRows,
                                   unsigned tileColumns, TileBody body) {
  auto tilesOf = [&](Value extent, unsigned tile) -> Value {
    return b.createOrFold<arith::DivUIOp>(add(extent, constantIndex(tile - 1)), constantIndex(tile));
  };
  SmallVector<Value> extents(leading);
  extents.push_back(tilesOf(rows, tileRows));
  extents.push_back(tilesOf(columns, tileColumns));
  Value total = constantIndex(1), warp = constantIndex(GpuTarget::warpSize);
  for (Value extent : extents)
    total = mul(total, extent);
  llvm::SaveAndRestore<bool> inside(alone, true);
  auto loop =
      scf::ForOp::create(b, arith::DivUIOp::create(b, lane, warp), total, arith::DivUIOp::create(b, lanes, warp));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  SmallVector<Value> index = unflatten(loop.getInductionVar(), extents);
  Value column = mul(index.pop_back_val(), constantIndex(tileColumns));
  Value row = mul(index.pop_back_val(), constantIndex(tileRows));
  body(index, row, column);
}

/// Stores what a warp has of a tile: of every 16 rows a lane has two places, and of every 8 columns two neighbours, so
/// of columns in runs twice as many.
void GenericEmitter::finishTile(const Epilogue &epilogue, Index leading, const WarpOperand &x, const WarpOperand &y,
                                const WarpSums &sums) {
  DeviceBuilder p(b);
  auto op = epilogue.product.getDefiningOp<rec::MatmulOp>();
  Value quarter = p.bitAnd(x.getLane(), 3), place = p.shiftRight(x.getLane(), 2);
  unsigned run = y.run(), stored = std::min(2 * run, 8u);
  for (size_t i = 0; i < sums.size(); ++i)
    for (unsigned half = 0; half < 2; ++half) {
      Value r = x.rowOf(p, 2 * i + half, place);
      for (size_t group = 0; group < sums[i].size(); group += run) {
        SmallVector<Value> elements;
        for (unsigned e = 0; e < 2; ++e)
          for (unsigned tile = 0; tile < run; ++tile)
            elements.push_back(sums[i][group + tile][2 * half + e]);
        Value c = y.rowOf(p, group, p.mul(quarter, 2));
        for (unsigned first = 0; first < elements.size(); first += stored) {
          Value column = p.add(c, first);
          auto storeRun = [&](unsigned from, unsigned count) {
            Value at = p.add(column, from);
            ifThen(p.both(p.lessS(r, epilogue.rows), p.lessS(at, epilogue.columns)), [&] {
              finish(epilogue, productIndex(op, leading, r, at), ArrayRef(elements).slice(first + from, count));
            });
          };
          if (std::optional<int64_t> known = asConstant(epilogue.columns); known && *known % stored == 0) {
            storeRun(0, stored);
          } else {
            for (unsigned e = 0; e < stored; ++e)
              storeRun(e, 1);
          }
        }
      }
    }
}

static unsigned tilesOfEight(Value extent, unsigned most) {
  std::optional<int64_t> known = asConstant(extent);
  return known ? std::clamp<int64_t>(llvm::divideCeil(*known, 8), 1, most) : most;
}

void GenericEmitter::emitWarpProduct(rec::MatmulOp op, const ProductSide &x, const ProductSide &y) {
  Type type = elementTypeOf(op.getA());
  Epilogue epilogue = takeEpilogue(op.getResult(), x.rows(), y.rows());
  SmallVector<Value> leading = leadingExtents(op);
  unsigned columnTiles = tilesOfEight(y.rows(), 8);
  unsigned rowTiles = columnTiles <= 4 && tilesOfEight(x.rows(), 4) > 2 ? 4 : 2;
  // Tiles are smaller where a group has more warps than tiles.
  if (std::optional<int64_t> products = countOf(leading), rows = asConstant(x.rows()), columns = asConstant(y.rows());
      products && rows && columns && !isSpread()) {
    auto hasIdleWarps = [&] {
      int64_t tiles = *products * llvm::divideCeil(*rows, 8 * rowTiles) * llvm::divideCeil(*columns, 8 * columnTiles);
      return tiles * GpuTarget::warpSize < groupThreads;
    };
    while (hasIdleWarps() && (columnTiles > 1 || rowTiles > 2))
      (columnTiles > 1 ? columnTiles : rowTiles) = columnTiles > 1 ? llvm::divideCeil(columnTiles, 2) : 2;
  }
  auto rowRange = [&](Index index) { return inCurrentRow(op.getResult(), index); };
  overWarpTiles(leading, x.rows(), y.rows(), 8 * rowTiles, 8 * columnTiles,
                [&](Index at, Value firstRow, Value firstColumn) {
                  SmallVector<Value> index = rowRange(at);
                  DeviceBuilder p(b);
                  Value warpLane = p.widen(laneIndex(b));
                  StridedMatrix left = matrixAt(x, index), right = matrixAt(y, index);
                  WarpOperand rows(p, left, warpLane, rowTiles, WarpOperand::Inner::Neighbours);
                  WarpOperand columns(p, right, warpLane, columnTiles, WarpOperand::Inner::Neighbours);
                  rows.moveTo(p, left.base, firstRow);
                  columns.moveTo(p, right.base, firstColumn);
                  WarpSums sums = zeroSums(p, rowTiles / 2, columnTiles);
                  auto addStep = [&](Value inner, bool isWhole) {
                    DeviceBuilder in(b);
                    multiply(in, type, rows.load(in, inner, isWhole), columns.load(in, inner, isWhole), sums);
                  };
                  std::optional<int64_t> inner = asConstant(x.inner());
                  if (inner && *inner <= 4 * innerStep) {
                    for (int64_t k = 0; k < *inner; k += innerStep)
                      addStep(constantIndex(k), k + innerStep <= *inner);
                  } else {
                    auto overSteps = [&](Value begin, Value end, bool isWhole) {
                      SmallVector<Value> flat;
                      for (auto &row : sums)
                        for (Values &tile : row)
                          flat.append(tile);
                      auto unflatten = [&](ValueRange values) {
                        for (auto &row : sums)
                          for (Values &tile : row) {
                            tile.assign(values.begin(), values.begin() + 4);
                            values = values.drop_front(4);
                          }
                      };
                      flat = reduceLoop(
                          begin, end, flat,
                          [&](Value k, ValueRange carried) {
                            unflatten(carried);
                            addStep(k, isWhole);
                            SmallVector<Value> next;
                            for (auto &row : sums)
                              for (Values &tile : row)
                                next.append(tile);
                            return next;
                          },
                          innerStep);
                      unflatten(flat);
                    };
                    if (!inner) {
                      overSteps(constantIndex(0), x.inner(), false);
                    } else {
                      int64_t whole = *inner / innerStep * innerStep;
                      overSteps(constantIndex(0), constantIndex(whole), true);
                      if (whole != *inner)
                        addStep(constantIndex(whole), false);
                    }
                  }
                  finishTile(epilogue, index, rows, columns, sums);
                });
}

//===----------------------------------------------------------------------===//
// Tiles of a thread
//===----------------------------------------------------------------------===//

/// Of tile `tile`; what is beyond the matrix reads its last row, and is not stored.
SmallVector<Value> GenericEmitter::clampedRows(const StridedMatrix &matrix, Value tile, int64_t count) {
  SmallVector<Value> rows;
  std::optional<int64_t> known = asConstant(matrix.rows);
  for (int64_t i = 0; i < count; ++i) {
    Value r = add(mul(tile, constantIndex(count)), constantIndex(i));
    if (!known || *known % count != 0)
      r = arith::MinSIOp::create(b, r, sub(matrix.rows, constantIndex(1)));
    rows.push_back(r);
  }
  return rows;
}

SmallVector<Value> GenericEmitter::multiplyTile(const ThreadTile &tile) {
  auto elementsOf = [&](const StridedMatrix &matrix, ArrayRef<Value> rows, Value k) {
    return llvm::map_to_vector(rows, [&](Value r) {
      Value offset = add(mul(r, matrix.rowStride), mul(k, matrix.innerStride));
      return loadRaw(offsetPointer(matrix.base, offset, matrix.type), matrix.type);
    });
  };
  auto addStep = [&](Value k, SmallVector<Value> sums) {
    SmallVector<Value> x = elementsOf(tile.left, tile.rows, k), y = elementsOf(tile.right, tile.columns, k);
    Value *sum = sums.begin();
    for (Value left : x)
      for (Value right : y) {
        *sum = math::FmaOp::create(b, left, right, *sum);
        ++sum;
      }
    return sums;
  };
  constexpr int64_t unrolled = 4;
  Value inner = tile.left.inner, zero = constantIndex(0), steps = constantIndex(unrolled);
  Value whole = mul(b.createOrFold<arith::DivUIOp>(inner, steps), steps);
  SmallVector<Value> sums(tile.rows.size() * tile.columns.size(), scalarConstant(b, tile.left.type, 0));
  auto addSteps = [&](Value k, ValueRange values) {
    SmallVector<Value> next(values);
    for (int64_t u = 0; u < unrolled; ++u)
      next = addStep(add(k, constantIndex(u)), next);
    return next;
  };
  sums = reduceLoop(zero, whole, sums, addSteps, unrolled);
  if (asConstant(inner) && asConstant(inner) == asConstant(whole))
    return sums;
  return reduceLoop(whole, inner, sums,
                    [&](Value k, ValueRange values) { return addStep(k, SmallVector<Value>(values)); });
}

void GenericEmitter::emitThreadProduct(rec::MatmulOp op, const ProductSide &x, const ProductSide &y) {
  Epilogue epilogue = takeEpilogue(op.getResult(), x.rows(), y.rows());
  SmallVector<Value> extents = leadingExtents(op);
  auto most = [](Value extent) -> int64_t {
    return std::min<int64_t>(4, llvm::bit_floor<uint64_t>(std::max<int64_t>(asConstant(extent).value_or(4), 1)));
  };
  int64_t tileRows = most(x.rows()), tileColumns = most(y.rows());
  std::optional<int64_t> outputs = countOf(extents), m = asConstant(x.rows()), n = asConstant(y.rows());
  if (outputs && m && n && !isSpread())
    while (tileRows * tileColumns > 1 && *outputs * *m * *n < groupThreads * tileRows * tileColumns)
      (tileRows >= tileColumns ? tileRows : tileColumns) /= 2;
  size_t leading = extents.size();
  auto tilesOf = [&](Value extent, int64_t tile) -> Value {
    return b.createOrFold<arith::DivUIOp>(add(extent, constantIndex(tile - 1)), constantIndex(tile));
  };
  extents.push_back(tilesOf(x.rows(), tileRows));
  extents.push_back(tilesOf(y.rows(), tileColumns));
  parallelFor(extents, [&](Index at) {
    SmallVector<Value> index = inCurrentRow(op.getResult(), at.take_front(leading));
    StridedMatrix left = matrixAt(x, index), right = matrixAt(y, index);
    SmallVector<Value> sums = multiplyTile(
        {left, right, clampedRows(left, at[leading], tileRows), clampedRows(right, at[leading + 1], tileColumns)});
    Value firstRow = mul(at[leading], constantIndex(tileRows));
    Value firstColumn = mul(at[leading + 1], constantIndex(tileColumns));
    int64_t run = n && *n % tileColumns == 0 ? tileColumns : 1;
    for (int64_t i = 0; i < tileRows; ++i)
      for (int64_t j = 0; j < tileColumns; j += run) {
        Value r = add(firstRow, constantIndex(i)), c = add(firstColumn, constantIndex(j));
        DeviceBuilder p(b);
        ifThen(p.both(p.lessS(r, x.rows()), p.lessS(c, y.rows())), [&] {
          finish(epilogue, productIndex(op, index, r, c), ArrayRef(sums).slice(i * tileColumns + j, run));
        });
      }
  });
}

LogicalResult GenericEmitter::emitMatmul(rec::MatmulOp op) {
  if (auto it = attentions.find(op); it != attentions.end()) {
    emitAttention(it->second);
    return success();
  }
  Type type = elementTypeOf(op.getA());
  bool isHalf = type.isF16() || type.isBF16();
  if (!canShare() || !(isHalf || type.isF32()) || isOneRow(op))
    return LayerEmitter::emitMatmul(op);
  // Few results of long sums: threads share the sums.
  SmallVector<Value> results = sizes(op.getResult());
  keepOneRow(op.getResult(), results);
  std::optional<int64_t> count = countOf(results);
  if (count && *count * 4 <= groupThreads && !isSpread())
    return LayerEmitter::emitMatmul(op);
  ProductSide x = getSide(op.getA(), /*isRight=*/false, op.getTransposeA());
  ProductSide y = getSide(op.getB(), /*isRight=*/true, op.getTransposeB());
  isHalf ? emitWarpProduct(op, x, y) : emitThreadProduct(op, x, y);
  return success();
}

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

/// Keys that a warp takes at a time: their scores are in registers.
static constexpr int64_t mostKeys = 64;

struct GenericEmitter::WarpAttention {
  const tiling::Attention &attention;
  ArrayRef<Value> leading;
  Value queries, keys; ///< how many there are
  WarpOperand query, key, value;
  SmallVector<SmallVector<WarpOperand::Tile>> queryWords; ///< of every 16 values of a query
  unsigned keyTiles;
};

GenericEmitter::Softmax GenericEmitter::addKeys(const WarpAttention &tile, const Softmax &before, Value firstKey,
                                                bool isWhole) {
  DeviceBuilder p(b);
  rec::MatmulOp product = tile.attention.scores;
  rec::SoftmaxOp softmax = tile.attention.softmax;
  Type type = elementTypeOf(product.getA());
  int64_t dim = tile.attention.queryDim();
  WarpOperand key = tile.key;
  key.moveTo(p, key.getBase(), firstKey);
  WarpSums scores = zeroSums(p, 1, tile.keyTiles);
  for (auto [step, words] : llvm::enumerate(tile.queryWords)) {
    int64_t at = step * innerStep;
    multiply(p, type, words, key.load(p, constantIndex(at), at + innerStep <= dim), scores);
  }

  // The layers between the product and softmax.
  Value quarter = p.bitAnd(key.getLane(), 3), place = p.shiftRight(key.getLane(), 2);
  auto inside = [&](Value i, Value extent) -> Value {
    return arith::MinSIOp::create(b, i, sub(extent, constantIndex(1)));
  };
  Value least = p.f32(-std::numeric_limits<double>::infinity());
  SmallVector<Value> rows{inside(tile.query.rowOf(p, 0, place), tile.queries),
                          inside(tile.query.rowOf(p, 1, place), tile.queries)};
  for (unsigned j = 0; j < tile.keyTiles; ++j)
    for (unsigned e = 0; e < 4; ++e) {
      Value c = key.rowOf(p, j, p.add(p.mul(quarter, 2), e % 2));
      SmallVector<Value> index(tile.leading);
      index.append({rows[e / 2], isWhole ? c : inside(c, tile.keys)});
      Value &score = scores[0][j][e];
      held[product.getResult()] = score;
      score = element(softmax.getX(), index);
      if (!isWhole)
        score = p.select(p.lessS(c, tile.keys), score, least);
    }
  held.erase(product.getResult());

  Softmax next = before;
  Value toBinary = p.f32(1.4426950408889634), zero = p.f32(0);
  auto times = [&](Value x, Value y) -> Value { return arith::MulFOp::create(b, x, y); };
  for (unsigned half = 0; half < 2; ++half) {
    Value greatest = before.greatest[half];
    for (unsigned j = 0; j < tile.keyTiles; ++j)
      for (unsigned e = 0; e < 2; ++e)
        greatest = arith::MaximumFOp::create(b, greatest, scores[0][j][2 * half + e]);
    for (int mask : {1, 2})
      greatest = arith::MaximumFOp::create(b, greatest, p.shuffleXor(greatest, mask));
    next.greatest[half] = greatest;
    // Where all keys so far are masked by -inf, exp(-inf + inf) would be no number for those to come.
    Value isNone = arith::CmpFOp::create(b, CmpFPredicate::OEQ, greatest, least);
    Value shift = times(p.select(isNone, zero, greatest), toBinary);
    auto weigh = [&](Value score) { return p.exp2(arith::SubFOp::create(b, times(score, toBinary), shift)); };
    Value scale = weigh(before.greatest[half]), sum = zero;
    for (unsigned j = 0; j < tile.keyTiles; ++j)
      for (unsigned e = 0; e < 2; ++e) {
        Value &score = scores[0][j][2 * half + e];
        score = weigh(score);
        sum = p.addf(sum, score);
      }
    next.sum[half] = math::FmaOp::create(b, before.sum[half], scale, sum);
    for (Values &values : next.values[0])
      for (unsigned e = 0; e < 2; ++e)
        values[2 * half + e] = times(values[2 * half + e], scale);
  }
  for (unsigned pair = 0; pair < tile.keyTiles / 2; ++pair) {
    // Sums of 16 keys lie as the left operand wants them.
    SmallVector<WarpOperand::Tile> weights(2);
    for (unsigned j = 0; j < 2; ++j)
      for (unsigned half = 0; half < 2; ++half) {
        ArrayRef<Value> sums = scores[0][2 * pair + j];
        weights[half][j] = p.pack(sums.slice(2 * half, 2), type);
      }
    Value at = add(firstKey, constantIndex(innerStep * pair));
    multiply(p, type, weights, tile.value.load(p, at, isWhole), next.values);
  }
  return next;
}

void GenericEmitter::emitAttention(const tiling::Attention &attention) {
  rec::MatmulOp scores = attention.scores, mix = attention.mix;
  ProductSide query = getSide(scores.getA(), /*isRight=*/false, scores.getTransposeA());
  ProductSide key = getSide(scores.getB(), /*isRight=*/true, scores.getTransposeB());
  ProductSide value = getSide(mix.getB(), /*isRight=*/true, mix.getTransposeB());
  Epilogue epilogue = takeEpilogue(mix.getResult(), query.rows(), value.rows());
  SmallVector<Value> leading = leadingExtents(mix);
  std::optional<int64_t> keys = asConstant(key.rows());
  unsigned keyTiles = keys ? 2 * std::clamp<int64_t>(llvm::divideCeil(*keys, 16), 1, mostKeys / 16) : mostKeys / 8;
  unsigned valueTiles = llvm::divideCeil(attention.valueDim(), 8);
  overWarpTiles(leading, query.rows(), constantIndex(1), 16, 1, [&](Index at, Value firstRow, Value) {
    SmallVector<Value> index = inCurrentRow(mix.getResult(), at);
    DeviceBuilder p(b);
    Value warpLane = p.widen(laneIndex(b));
    using Inner = WarpOperand::Inner;
    StridedMatrix queryMatrix = matrixAt(query, index);
    WarpAttention tile{
        attention,
        index,
        query.rows(),
        key.rows(),
        WarpOperand(p, queryMatrix, warpLane, 2, Inner::Neighbours, /*keepsRowOrder=*/true),
        WarpOperand(p, matrixAt(key, index), warpLane, keyTiles, Inner::Neighbours, /*keepsRowOrder=*/true),
        WarpOperand(p, matrixAt(value, index), warpLane, valueTiles, Inner::Pairs),
        {},
        keyTiles};
    tile.query.moveTo(p, queryMatrix.base, firstRow);
    for (int64_t k = 0; k < attention.queryDim(); k += innerStep)
      tile.queryWords.push_back(tile.query.load(p, constantIndex(k), k + innerStep <= attention.queryDim()));
    Value least = p.f32(-std::numeric_limits<double>::infinity()), zero = p.f32(0);
    Softmax state{{least, least}, {zero, zero}, zeroSums(p, 1, valueTiles)};

    auto pack = [](const Softmax &s) {
      SmallVector<Value> flat{s.greatest[0], s.greatest[1], s.sum[0], s.sum[1]};
      for (const Values &values : s.values[0])
        flat.append(values);
      return flat;
    };
    auto unpack = [&](ValueRange flat) {
      Softmax s{{flat[0], flat[1]}, {flat[2], flat[3]}, {SmallVector<Values>()}};
      for (unsigned j = 0; j < valueTiles; ++j)
        s.values[0].emplace_back(flat.slice(4 + 4 * j, 4));
      return s;
    };
    auto overKeys = [&](Value end, bool isWhole) {
      state = unpack(reduceLoop(
          constantIndex(0), end, pack(state),
          [&](Value k, ValueRange carried) { return pack(addKeys(tile, unpack(carried), k, isWhole)); }, 8 * keyTiles));
    };
    if (!keys) {
      overKeys(key.rows(), /*isWhole=*/false);
    } else {
      int64_t whole = *keys / (8 * keyTiles) * (8 * keyTiles);
      if (whole == 8 * keyTiles)
        state = addKeys(tile, state, constantIndex(0), /*isWhole=*/true);
      else if (whole != 0)
        overKeys(constantIndex(whole), /*isWhole=*/true);
      if (whole != *keys)
        state = addKeys(tile, state, constantIndex(whole), /*isWhole=*/false);
    }

    for (unsigned half = 0; half < 2; ++half) {
      Value sum = state.sum[half];
      for (int mask : {1, 2})
        sum = p.addf(sum, p.shuffleXor(sum, mask));
      Value scale = arith::DivFOp::create(b, p.f32(1), sum);
      // No keys at all are a sum of nothing.
      if (!keys)
        scale = p.select(p.equal(key.rows(), 0), zero, scale);
      for (Values &values : state.values[0])
        for (unsigned e = 0; e < 2; ++e)
          values[2 * half + e] = arith::MulFOp::create(b, values[2 * half + e], scale);
    }
    finishTile(epilogue, index, tile.query, tile.value, state.values);
  });
}
