//===- Gemm.cpp - Linear layers on packed weights ---------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//
//
// The weight is packed in panels of tileColumns() columns (WeightPacking.h). A tile function keeps tileRows() x one
// panel of sums in registers over the whole inner dimension: per step two vectors of weights and one broadcast a row.
// Panels are the outer loop, so one panel stays in the second-level cache while all rows pass it. An epilogue other
// than none or relu works on blocks of rows that are still in the first-level cache.
//
// Tiles add up in f32. Weights of f16 and bf16 are widened as they are loaded, once a tile and step; what is read once
// a row, x and the bias, is widened into scratch first, and a narrow result is rounded by the epilogue.
//
//===------------------------------------------------------------------------------===//

#include "lib/Codegen/Host/HostEmitter.h"
#include "lib/Codegen/Loops/Scalar.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::host;
using namespace reckon::loops;

/// Rows an epilogue, or the next layer of the same kernel, works on at once: four full tiles.
static int64_t blockRows(const Target &target) { return 4 * target.tileRows(); }

namespace {
/// A tensor of rank 2 or more as a matrix: all leading dimensions are rows.
struct Matrix {
  Value base, rowStride;
};
} // namespace

struct HostEmitter::GemmStage {
  rec::LinearOp linear;
  SmallVector<Operation *> epilogue;
  Value result; ///< of the stage: the linear's or the last epilogue op's
  StridedView x, out;
  Value wideX;                   ///< scratch for the rows of a tile in f32, when x is narrow
  SmallVector<Value> rowExtents; ///< leading sizes of the result; their product is the matrix's rows
  Value weight;
  Type weightType;
  std::optional<StridedView> bias;
  int64_t n = 0, k = 0;
  bool isRelu = false, isPlain = false; ///< the tile function writes the result itself
};

/// What tiles read and write, or widen to it.
static bool isTileType(Type type) { return type.isF32() || type.isF16() || type.isBF16(); }

/// Row stride of the matrix that a place is when its leading dimensions are merged; null when they cannot be.
static Value mergedRowStride(const StridedView &place, ArrayRef<SizeExpr> shape) {
  unsigned last = shape.size() - 1;
  if (!matchPattern(place.strides[last], m_One()))
    return {};
  for (unsigned d = 0; d + 1 < last; ++d) {
    APInt outer, inner;
    auto extent = shape[d + 1].constant();
    if (!extent || !matchPattern(place.strides[d], m_ConstantInt(&outer)) ||
        !matchPattern(place.strides[d + 1], m_ConstantInt(&inner)) ||
        outer.getSExtValue() != inner.getSExtValue() * *extent)
      return {};
  }
  return place.strides[last - 1];
}

//===----------------------------------------------------------------------===//
// The kernel
//===----------------------------------------------------------------------===//

/// The body as a chain of stages, each a linear layer and the pointwise ops after it, and what the first one
/// multiplies: x before it is widened, whatever it was to be rounded to. No stages where tiles do not compute it.
SmallVector<HostEmitter::GemmStage, 2> HostEmitter::findGemmStages(Value &x) {
  Block &block = kernel.getBody().front();
  SmallVector<GemmStage, 2> stages;
  rec::CastOp xCast;
  for (Operation &op : block.without_terminator()) {
    if (isa<rec::ConstantOp>(op))
      continue;
    if (auto cast = dyn_cast<rec::CastOp>(op);
        cast && stages.empty() && !xCast && isTileType(elementTypeOf(cast.getX()))) {
      xCast = cast;
      continue;
    }
    if (auto linear = dyn_cast<rec::LinearOp>(op)) {
      if (!isa<BlockArgument>(linear.getWeight()) || !isTileType(linear.getType().getElementType()) ||
          linear.getType().getRank() < 2)
        return {};
      if (stages.empty()) {
        if (xCast && linear.getX() != xCast.getResult())
          return {};
        x = xCast ? xCast.getX() : linear.getX();
        if (!isa<BlockArgument>(x))
          return {};
      } else if (linear.getX() != stages.back().result) {
        return {};
      }
      stages.emplace_back().linear = linear;
    } else if (!stages.empty() && op.getNumResults() == 1 && op.hasTrait<rec::Pointwise>()) {
      stages.back().epilogue.push_back(&op);
    } else {
      return {};
    }
    stages.back().result = op.getResult(0);
  }
  Operation *terminator = block.getTerminator();
  if (stages.empty() || terminator->getNumOperands() != 1 || terminator->getOperand(0) != stages.back().result)
    return {};
  for (GemmStage &stage : stages) {
    auto weight = cast<BlockArgument>(stage.linear.getWeight());
    plan::PackingAttr packing = kernel.getLayout(weight.getArgNumber()).getPacking();
    bool isPacked =
        packing.getKind() == plan::PackingKind::columns ||
        (packing.getKind() == plan::PackingKind::panels && packing.getWidth() == int64_t(target.tileColumns()));
    // An epilogue may read earlier results of its stage only through the row it is at.
    if (!isPacked || rec::getShape(stage.result) != rec::getShape(stage.linear.getResult()))
      return {};
  }
  return stages;
}

LogicalResult HostEmitter::emitGemm() {
  Value x;
  SmallVector<GemmStage, 2> stages = findGemmStages(x);
  if (stages.empty())
    return emitUntiled();

  Value rowsPerSample = constantIndex(1);
  for (GemmStage &stage : stages) {
    Value result = stage.result;
    rec::Shape shape = rec::getShape(stage.linear.getResult()), weightShape = rec::getShape(stage.linear.getWeight());
    stage.k = *weightShape[0].constant();
    stage.n = *weightShape[1].constant();
    stage.weight = places[stage.linear.getWeight()].base;
    if (Value bias = stage.linear.getBias())
      stage.bias = materialize(bias);
    SmallVector<Value> extents = sizes(result);
    stage.rowExtents.assign(extents.begin(), extents.end() - 1);
    auto relu = stage.epilogue.size() == 1 ? dyn_cast<rec::UnaryOp>(stage.epilogue[0]) : rec::UnaryOp();
    stage.isRelu = relu && relu.getKind() == rec::UnaryKind::relu;
    stage.isPlain = (stage.epilogue.empty() || stage.isRelu) && elementTypeOf(result).isF32();
    stage.weightType = elementTypeOf(stage.linear.getWeight());
    rowsPerSample = constantIndex(1);
    for (Value extent : ArrayRef<Value>(stage.rowExtents).drop_front())
      rowsPerSample = mul(rowsPerSample, extent);
  }
  // Outputs and inputs in memory as matrices.
  Value yielded = stages.back().result;
  placeOutputs();
  stages.back().out = destinations[yielded];
  stages.front().x = places[x];
  for (GemmStage &stage : stages) {
    bool isFirst = &stage == &stages.front(), isLast = &stage == &stages.back();
    rec::Shape shape = rec::getShape(stage.result), xShape = rec::getShape(stage.linear.getX());
    if ((isFirst && !mergedRowStride(stage.x, xShape)) || (isLast && !mergedRowStride(stage.out, shape))) {
      places.erase(yielded);
      destinations.clear();
      forwarded.clear();
      outputCopies.clear();
      return emitUntiled();
    }
  }

  Value begin = mul(rowBegin, rowsPerSample), end = mul(rowEnd, rowsPerSample);
  if (stages.size() == 1) {
    emitGemmStage(stages[0], begin, end, columnBegin, columnEnd);
    return success();
  }
  // Several layers: each block of rows goes through all of them; what lies between stays in scratch.
  SmallVector<Value> buffers;
  for (GemmStage &stage : llvm::drop_end(stages))
    buffers.push_back(alignedScratch(SizeExpr(blockRows(target) * stage.n * 4)));
  loop(
      begin, end,
      [&](Value first) {
        Value last = arith::MinSIOp::create(b, add(first, constantIndex(blockRows(target))), end);
        for (unsigned s = 0; s < stages.size(); ++s) {
          GemmStage &stage = stages[s];
          if (s + 1 < stages.size()) {
            // Row `first` of the matrix is row 0 of the buffer.
            Type type = b.getF32Type();
            SmallVector<Value> strides = denseStrides(rec::getShape(stage.result), false);
            Value shift = sub(constantIndex(0), mul(first, constantIndex(stage.n)));
            stage.out = {offsetPointer(buffers[s], shift, type), strides, type};
            stages[s + 1].x = stage.out;
          }
          Value panels = constantIndex(llvm::divideCeil(stage.n, int64_t(target.tileColumns())));
          emitGemmStage(stage, first, last, constantIndex(0), panels);
          places[stage.result] = stage.out;
        }
      },
      blockRows(target));
  return success();
}

/// Without tiles there are no column blocks: the caller of the first one computes whole rows, the others nothing.
LogicalResult HostEmitter::emitUntiled() {
  Value isFirst = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, columnBegin, constantIndex(0));
  rowEnd = arith::SelectOp::create(b, isFirst, rowEnd, rowBegin);
  return emitRows();
}

/// `count` elements from an address in f32: where they are, or widened into scratch.
Value HostEmitter::widened(Value base, Type type, Value scratch, Value count) {
  if (type.isF32())
    return base;
  loop(constantIndex(0), count, [&](Value i) {
    storeRaw(loadRaw(offsetPointer(base, i, type), type), offsetPointer(scratch, i, b.getF32Type()), b.getF32Type());
  });
  return scratch;
}

void HostEmitter::emitGemmStage(GemmStage &stage, Value begin, Value end, Value panelBegin, Value panelEnd) {
  if (kernel.getLayout(operandIndex[stage.linear.getWeight()]).getPacking().getKind() == plan::PackingKind::columns)
    return emitColumns(stage, begin, end);
  if (stage.bias && !stage.bias->elementType.isF32()) {
    Value wide = alignedScratch(SizeExpr(stage.n * 4));
    stage.bias->base = widened(stage.bias->base, stage.bias->elementType, wide, constantIndex(stage.n));
    stage.bias->elementType = b.getF32Type();
  }
  if (!stage.x.elementType.isF32())
    stage.wideX = alignedScratch(SizeExpr(int64_t(target.tileRows()) * stage.k * 4));

  int64_t tileColumns = target.tileColumns(), panels = llvm::divideCeil(stage.n, tileColumns);
  int64_t rest = stage.n - (panels - 1) * tileColumns;
  // The last panel may fill no more than one vector: then its second vector is not computed at all.
  bool isNarrow = rest <= int64_t(target.lanes());
  Value step = constantIndex(blockRows(target)), scratch;
  if (!stage.isPlain)
    scratch = alignedScratch(SizeExpr(blockRows(target) * tileColumns * 4));

  auto emitPanel = [&](Value panel, unsigned vectors) {
    Value column = mul(panel, constantIndex(tileColumns));
    Value columns = arith::MinSIOp::create(b, constantIndex(tileColumns), sub(constantIndex(stage.n), column));
    auto emitBlock = [&](Value first, Value last) {
      StridedView tile = stage.out;
      if (!stage.isPlain) {
        // Element (row, column) of the block lies at (row - first, column - panel's first).
        SmallVector<SizeExpr> shape(rec::getShape(stage.result));
        shape.back() = tileColumns;
        Value shift = sub(constantIndex(0), add(mul(first, constantIndex(tileColumns)), column));
        tile = {offsetPointer(scratch, shift, b.getF32Type()), denseStrides(shape, false), b.getF32Type()};
      }
      emitTiles(stage, {first, last, panel, column, columns}, vectors, tile);
      if (!stage.isPlain)
        emitEpilogue(stage, first, last, column, columns, tile);
    };
    if (stage.isPlain)
      emitBlock(begin, end);
    else
      loop(
          begin, end, [&](Value first) { emitBlock(first, arith::MinSIOp::create(b, add(first, step), end)); },
          blockRows(target));
  };
  Value full = isNarrow ? Value(arith::MinSIOp::create(b, panelEnd, constantIndex(panels - 1))) : panelEnd;
  if (panels > 1 || !isNarrow)
    loop(panelBegin, full, [&](Value panel) { emitPanel(panel, 2); });
  if (isNarrow) {
    Value hasLast = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, panelEnd, constantIndex(panels));
    ifThen(hasLast, [&] { emitPanel(constantIndex(panels - 1), 1); });
  }
}

void HostEmitter::emitTiles(GemmStage &stage, const TileRange &range, unsigned vectors, const StridedView &out) {
  Value begin = range.begin, end = range.end, panel = range.panel, column = range.column, columns = range.columns;
  Value lda = mergedRowStride(stage.x, rec::getShape(stage.linear.getX()));
  rec::Shape outShape = rec::getShape(stage.result);
  Value ldc = out.strides[outShape.size() - 2];
  Value k = constantIndex(stage.k);
  Value weights =
      offsetPointer(stage.weight, mul(panel, constantIndex(stage.k * target.tileColumns())), stage.weightType);
  Value bias = LLVM::ZeroOp::create(b, LLVM::LLVMPointerType::get(b.getContext()));
  if (stage.bias)
    bias = offsetPointer(stage.bias->base, column, b.getF32Type());
  Type xType = stage.x.elementType;
  auto callTile = [&](Value at, unsigned rows) {
    Value a = offsetPointer(stage.x.base, mul(at, lda), xType), stride = lda;
    if (stage.wideX) {
      for (unsigned i = 0; i < rows; ++i)
        widened(offsetPointer(a, mul(lda, constantIndex(i)), xType), xType,
                offsetPointer(stage.wideX, constantIndex(i * stage.k), b.getF32Type()), k);
      a = stage.wideX;
      stride = k;
    }
    Value c = offsetPointer(out.base, add(mul(at, ldc), column), b.getF32Type());
    bool relu = stage.isRelu && stage.isPlain; // else the epilogue's
    func::CallOp::create(b, getTileFunction(rows, vectors, stage.bias.has_value(), relu, stage.weightType),
                         ValueRange{a, stride, weights, k, bias, c, ldc, columns});
  };
  overTileRows(begin, end, callTile);
}

/// Every tile reads the whole panel, so there are as few as can be, and what is more than whole tiles shares its rows
/// with the last of these: thirteen rows are seven and six, not twelve and one.
void HostEmitter::overTileRows(Value begin, Value end, llvm::function_ref<void(Value, unsigned)> body) {
  unsigned tileRows = target.tileRows();
  Value tile = constantIndex(tileRows), zero = constantIndex(0), count = sub(end, begin);
  Value rest = arith::RemUIOp::create(b, count, tile);
  auto compare = [&](arith::CmpIPredicate predicate, Value left, int64_t right) {
    return arith::CmpIOp::create(b, predicate, left, constantIndex(right));
  };
  Value isShared = arith::AndIOp::create(b, compare(arith::CmpIPredicate::sgt, count, tileRows),
                                         compare(arith::CmpIPredicate::slt, count, 4 * tileRows));
  isShared = arith::AndIOp::create(b, isShared, compare(arith::CmpIPredicate::ne, rest, 0));
  rest = add(rest, arith::SelectOp::create(b, isShared, tile, zero));
  Value fullEnd = sub(end, rest);
  loop(begin, fullEnd, [&](Value at) { body(at, tileRows); }, tileRows);
  Value second = arith::DivUIOp::create(b, rest, constantIndex(2));
  second = arith::SelectOp::create(b, isShared, second, zero);
  Value first = sub(rest, second);
  auto ofSize = [&](Value at, Value size, unsigned least, unsigned most) {
    for (unsigned rows = least; rows <= most; ++rows)
      ifThen(arith::CmpIOp::create(b, arith::CmpIPredicate::eq, size, constantIndex(rows)), [&] { body(at, rows); });
  };
  ofSize(fullEnd, first, 1, tileRows);
  ofSize(add(fullEnd, first), second, tileRows / 2, tileRows - 1);
}

/// Applies the pointwise ops of a stage to rows [begin, end) and the panel's columns: from the tile to the output.
void HostEmitter::emitEpilogue(GemmStage &stage, Value begin, Value end, Value column, Value columns,
                               const StridedView &tile) {
  places.erase(stage.result);
  places[stage.linear.getResult()] = tile;
  loop(begin, end, [&](Value at) {
    SmallVector<Value> lead = unflatten(at, stage.rowExtents);
    loop(column, add(column, columns), [&](Value j) {
      SmallVector<Value> index(lead);
      index.push_back(j);
      store(element(stage.result, index), stage.out, index);
    });
  });
}

/// A few columns only: each is a dot product along contiguous rows of the transposed weight.
void HostEmitter::emitColumns(GemmStage &stage, Value begin, Value end) {
  Value lda = mergedRowStride(stage.x, rec::getShape(stage.linear.getX()));
  Type type = b.getF32Type(), xType = stage.x.elementType;
  StridedView sums{alignedScratch(SizeExpr(stage.n * 4)), {}, type};
  rec::Shape shape = rec::getShape(stage.linear.getResult());
  sums.strides.assign(shape.size(), constantIndex(0));
  sums.strides.back() = constantIndex(1);
  if (!stage.isPlain || stage.isRelu) {
    places[stage.linear.getResult()] = sums;
    places.erase(stage.result);
  }
  loop(begin, end, [&](Value at) {
    Value a = offsetPointer(stage.x.base, mul(at, lda), xType);
    SmallVector<Value> index = unflatten(at, stage.rowExtents);
    index.push_back({});
    auto overColumns = [&](llvm::function_ref<void(Value)> body) {
      for (int64_t j = 0; j < stage.n; ++j)
        body(constantIndex(j));
    };
    overColumns([&](Value j) {
      Value w = offsetPointer(stage.weight, mul(j, constantIndex(stage.k)), stage.weightType);
      Value sum = reduceLoop(
          constantIndex(0), constantIndex(stage.k), scalarConstant(b, type, 0), [&](Value i, ValueRange values) {
            Value product = arith::MulFOp::create(b, loadRaw(offsetPointer(a, i, xType), xType),
                                                  loadRaw(offsetPointer(w, i, stage.weightType), stage.weightType),
                                                  arith::FastMathFlags::contract);
            return SmallVector<Value>{reduceStep(b, rec::ReduceKind::sum, values[0], product, type)};
          })[0];
      if (stage.bias)
        sum = arith::AddFOp::create(b, sum, load(*stage.bias, j));
      index.back() = j;
      store(sum, stage.epilogue.empty() ? stage.out : sums, index);
    });
    if (!stage.epilogue.empty())
      overColumns([&](Value j) {
        index.back() = j;
        store(element(stage.result, index), stage.out, index);
      });
  });
}

//===----------------------------------------------------------------------===//
// Tile functions
//===----------------------------------------------------------------------===//

/// void tile(a, lda, weights, k, bias, c, ldc, columns): c[i, j] = act(bias[j] + sum_k a[i, k] weights[k, j]) for
/// `rows` rows and min(columns, vectors x lanes) columns. Weights are of `weightType`, all else is f32.
// NOLINTNEXTLINE(readability-function-size): one emitter of products is to take its place
func::FuncOp HostEmitter::getTileFunction(unsigned rows, unsigned vectors, bool hasBias, bool relu, Type weightType) {
  std::string name =
      ("reckon.tile." + Twine(rows) + "x" + Twine(vectors) + (hasBias ? ".bias" : "") + (relu ? ".relu" : "")).str();
  if (!weightType.isF32())
    name += weightType.isF16() ? ".f16" : ".bf16";
  if (auto known = module.lookupSymbol<func::FuncOp>(name))
    return known;
  OpBuilder::InsertionGuard guard(b);
  llvm::SaveAndRestore<Operation *> shared(entry, nullptr);
  b.setInsertionPointToStart(module.getBody());
  Type pointerType = LLVM::LLVMPointerType::get(b.getContext()), i64 = b.getI64Type(), f32 = b.getF32Type();
  auto function = func::FuncOp::create(
      b, name,
      b.getFunctionType({pointerType, i64, pointerType, i64, pointerType, pointerType, i64, i64}, TypeRange{}));
  function.setPrivate();
  function->setAttr("llvm.linkage", LLVM::LinkageAttr::get(b.getContext(), LLVM::Linkage::Internal));
  function->setAttr("passthrough", b.getStrArrayAttr({"noinline"}));
  for (unsigned i : {0u, 2u, 4u, 5u})
    function.setArgAttr(i, LLVM::LLVMDialect::getNoAliasAttrName(), b.getUnitAttr());
  Block *entryBlock = function.addEntryBlock();
  b.setInsertionPointToEnd(entryBlock);
  auto arguments = entryBlock->getArguments();
  Value a = arguments[0], lda = arguments[1], weights = arguments[2], k = arguments[3], bias = arguments[4],
        c = arguments[5], ldc = arguments[6], columns = arguments[7];

  int64_t lanes = target.lanes();
  auto vectorType = VectorType::get({lanes}, f32);
  auto loadWeights = [&](Value offset) -> Value {
    Value address = offsetPointer(weights, offset, weightType);
    if (weightType.isF32())
      return LLVM::LoadOp::create(b, vectorType, address, 4);
    Value narrow = loadBits(b, VectorType::get({lanes}, weightType), address);
    return arith::ExtFOp::create(b, vectorType, narrow);
  };
  // Lane l of vector v is column v * lanes + l.
  SmallVector<Value> masks;
  SmallVector<int32_t> lane(lanes);
  for (unsigned v = 0; v < vectors; ++v) {
    for (int64_t l = 0; l < lanes; ++l)
      lane[l] = v * lanes + l;
    auto laneType = VectorType::get({lanes}, b.getI32Type());
    Value numbers = arith::ConstantOp::create(b, DenseElementsAttr::get(laneType, ArrayRef<int32_t>(lane)));
    Value limit = vector::BroadcastOp::create(b, laneType, arith::TruncIOp::create(b, b.getI32Type(), columns));
    masks.push_back(arith::CmpIOp::create(b, arith::CmpIPredicate::slt, numbers, limit));
  }
  Value zeros = vector::BroadcastOp::create(b, vectorType, constantFloat(f32, 0));

  // Short tiles take several steps at once into sums of their own: one chain of additions would wait for itself.
  unsigned unroll = 1;
  while (rows * vectors * unroll < 8)
    unroll *= 2;
  SmallVector<Value> init;
  for (unsigned u = 0; u < unroll; ++u)
    for (unsigned i = 0; i < rows; ++i)
      for (unsigned v = 0; v < vectors; ++v) {
        if (u > 0 || !hasBias) {
          init.push_back(zeros);
        } else if (i > 0) {
          init.push_back(init[v]);
        } else {
          Value address = offsetPointer(bias, constantIndex(v * lanes), f32);
          init.push_back(LLVM::MaskedLoadOp::create(b, vectorType, address, masks[v], zeros, 4));
        }
      }
  SmallVector<Value> rowPointers;
  for (unsigned i = 0; i < rows; ++i)
    rowPointers.push_back(offsetPointer(a, mul(lda, constantIndex(i)), f32));
  Value panelSize = mul(k, constantIndex(target.tileColumns()));
  auto step = [&](Value at, unsigned u, SmallVectorImpl<Value> &sums) {
    Value offset = mul(at, constantIndex(target.tileColumns()));
    SmallVector<Value> w;
    for (unsigned v = 0; v < vectors; ++v)
      w.push_back(loadWeights(add(offset, constantIndex(v * lanes))));
    // The next panel comes from beyond the second-level cache; asked for now, it is there when its turn comes. One
    // cache line is 64 bytes; the last panel asks for what follows the weight, which a prefetch may. A short tile is
    // bound by the panel it reads itself.
    int64_t lineElements = 512 / weightType.getIntOrFloatBitWidth();
    for (int64_t line = 0; 2 * rows >= target.tileRows() && line < int64_t(vectors) * lanes; line += lineElements) {
      Value next = add(add(offset, constantIndex(line)), panelSize);
      LLVM::Prefetch::create(b, offsetPointer(weights, next, weightType), /*rw=*/0, /*hint=*/2, /*cache=*/1);
    }
    for (unsigned i = 0; i < rows; ++i) {
      Value x = vector::BroadcastOp::create(b, vectorType, loadRaw(offsetPointer(rowPointers[i], at, f32), f32));
      for (unsigned v = 0; v < vectors; ++v) {
        Value &sum = sums[(u * rows + i) * vectors + v];
        sum = vector::FMAOp::create(b, x, w[v], sum);
      }
    }
  };
  Value zero = constantIndex(0);
  Value unrolledEnd = unroll == 1 ? k : sub(k, arith::RemUIOp::create(b, k, constantIndex(unroll)));
  SmallVector<Value> sums = reduceLoop(
      zero, unrolledEnd, init,
      [&](Value at, ValueRange values) {
        SmallVector<Value> next(values);
        for (unsigned u = 0; u < unroll; ++u)
          step(add(at, constantIndex(u)), u, next);
        return next;
      },
      unroll);
  if (unroll > 1)
    sums = reduceLoop(unrolledEnd, k, sums, [&](Value at, ValueRange values) {
      SmallVector<Value> next(values);
      step(at, 0, next);
      return next;
    });
  for (unsigned u = unroll; u > 1; u /= 2)
    for (unsigned s = 0; s < u / 2 * rows * vectors; ++s)
      sums[s] = arith::AddFOp::create(b, sums[s], sums[s + u / 2 * rows * vectors]);

  auto storeSums = [&](bool masked) {
    for (unsigned i = 0; i < rows; ++i) {
      Value rowPointer = offsetPointer(c, mul(ldc, constantIndex(i)), f32);
      for (unsigned v = 0; v < vectors; ++v) {
        Value sum = sums[i * vectors + v];
        if (relu)
          sum = arith::SelectOp::create(b, arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, sum, zeros), zeros, sum);
        Value address = offsetPointer(rowPointer, constantIndex(v * lanes), f32);
        if (masked)
          LLVM::MaskedStoreOp::create(b, sum, address, masks[v], 4);
        else
          LLVM::StoreOp::create(b, sum, address, 4);
      }
    }
  };
  Value isFull = arith::CmpIOp::create(b, arith::CmpIPredicate::sge, columns, constantIndex(vectors * lanes));
  ifElse(
      isFull, [&] { return storeSums(false), SmallVector<Value>{}; },
      [&] { return storeSums(true), SmallVector<Value>{}; });
  func::ReturnOp::create(b);
  return function;
}
