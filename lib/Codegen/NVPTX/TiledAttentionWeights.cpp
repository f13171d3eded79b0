//===- TiledAttentionWeights.cpp - Weights of attention from scores ---------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//
//
// The layers between the products, on scores in registers: what they read of memory comes first, all of a step, so that
// neighbours are loaded together and while the scores are multiplied. Functions are instructions of about 11 bits.
//
//===------------------------------------------------------------------------------===//

#include "dialects/Rec/ConstantData.h"
#include "lib/Codegen/NVPTX/RawPtx.h"
#include "lib/Codegen/NVPTX/TiledAttention.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::nvptx;
using namespace reckon::loops;
using tiling::KeyLimit;

static constexpr double toBinary = 1.4426950408889634;

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

/// x of 1 / (1 + e^-x).
static Value sigmoidOperand(arith::DivFOp quotient) {
  auto isOne = [](Value value) { return matchPattern(value, m_OneFloat()); };
  auto sum = quotient.getRhs().getDefiningOp<arith::AddFOp>();
  auto exponential = sum ? sum.getRhs().getDefiningOp<math::ExpOp>() : nullptr;
  auto negation = exponential ? exponential.getOperand().getDefiningOp<arith::NegFOp>() : nullptr;
  return negation && isOne(quotient.getLhs()) && isOne(sum.getLhs()) ? negation.getOperand() : Value();
}

/// Half of a number: of a product with a constant, the product with half of that.
static Value halfOf(DeviceBuilder &p, Value x) {
  FloatAttr constant;
  if (auto product = x.getDefiningOp<arith::MulFOp>(); product && matchPattern(product.getRhs(), m_Constant(&constant)))
    return arith::MulFOp::create(p, product.getLhs(), p.f32(0.5 * constant.getValueAsDouble()));
  if (auto choice = x.getDefiningOp<arith::SelectOp>())
    return p.select(choice.getCondition(), halfOf(p, choice.getTrueValue()), halfOf(p, choice.getFalseValue()));
  if (matchPattern(x, m_Constant(&constant)))
    return p.f32(0.5 * constant.getValueAsDouble());
  return arith::MulFOp::create(p, x, p.f32(0.5));
}

/// x / (1 + e^-x) is h tanh(h) + h with h = x / 2.
static void approximateGates(LLVM::LLVMFuncOp function) {
  function.walk([&](arith::MulFOp op) {
    auto quotient = op.getRhs().getDefiningOp<arith::DivFOp>();
    if (!op.getType().isF32() || !quotient || sigmoidOperand(quotient) != op.getLhs())
      return;
    DeviceBuilder p(ImplicitLocOpBuilder(op.getLoc(), op));
    Value half = halfOf(p, op.getLhs());
    op.replaceAllUsesWith(p.fma(half, tanhApproximate(p, half), half));
    op.erase();
  });
}

/// Exact quotients and exponentials in double precision would take longer than the products; the weights are rounded to
/// 11 bits or fewer, which is what the instruction for tanh has.
void AttentionEmitter::approximateFunctions(LLVM::LLVMFuncOp function) {
  approximateGates(function);
  SmallVector<Operation *> ops;
  function.walk([&](Operation *op) {
    if (isa<math::ExpOp, arith::DivFOp>(op) && op->getResult(0).getType().isF32())
      ops.push_back(op);
  });
  // Readers before what they read.
  for (Operation *op : llvm::reverse(ops)) {
    DeviceBuilder p(ImplicitLocOpBuilder(op->getLoc(), op));
    auto quotient = dyn_cast<arith::DivFOp>(op);
    Value x = op->getOperand(0), gate = quotient ? sigmoidOperand(quotient) : Value(), result;
    FloatAttr divisor;
    if (op->use_empty())
      result = x;
    else if (!quotient)
      result = p.exp2(arith::MulFOp::create(p, x, p.f32(toBinary)));
    else if (gate)
      result = p.fma(tanhApproximate(p, arith::MulFOp::create(p, gate, p.f32(0.5))), p.f32(0.5), p.f32(0.5));
    else if (matchPattern(op->getOperand(1), m_Constant(&divisor)))
      result = arith::MulFOp::create(p, x, p.f32(1 / divisor.getValueAsDouble()));
    else
      result = arith::MulFOp::create(p, x, p.reciprocal(op->getOperand(1)));
    op->replaceAllUsesWith(ValueRange{result});
    op->erase();
  }
}

//===----------------------------------------------------------------------===//
// Layers between the products
//===----------------------------------------------------------------------===//

/// The weights that layers make of scores but for a constant factor, if they end in one: the sums of values get it.
std::pair<Value, double> AttentionEmitter::splitFactor() const {
  Value weights = attention.pointwise();
  auto op = weights.getDefiningOp<rec::BinaryOp>();
  if (attention.softmax || !op || rec::getShape(op.getA()) != rec::getShape(weights))
    return {weights, 1};
  auto constant = op.getB().getDefiningOp<rec::ConstantOp>();
  std::optional<double> number = constant ? rec::getConstantSplat(constant.getValue()) : std::nullopt;
  if (number && op.getKind() == rec::BinaryKind::mul)
    return {op.getA(), *number};
  if (number && op.getKind() == rec::BinaryKind::div)
    return {op.getA(), 1 / *number};
  return {weights, 1};
}

/// Tensors in memory that the layers between the products read at the place of the score, and nowhere else.
void AttentionEmitter::findOperands() {
  llvm::SetVector<std::pair<Value, unsigned>> visited;
  llvm::SmallDenseSet<Value> elsewhere;
  visited.insert({splitFactor().first, 1});
  for (size_t i = 0; i < visited.size(); ++i) {
    auto [value, isHere] = visited[i];
    if (value == attention.scores.getResult())
      continue;
    if (places.contains(value)) {
      if (!isHere)
        elsewhere.insert(value);
    } else if (Operation *op = value.getDefiningOp()) {
      for (Value operand : op->getOperands())
        visited.insert({operand, isHere && op->hasTrait<rec::Pointwise>()});
    }
  }
  for (auto [value, isHere] : visited)
    if (places.contains(value) && !elsewhere.contains(value))
      operands.push_back(value);
}

/// Calls the body for every score of a thread, with its place among the sums, its column, and its index in the matrix,
/// or, where there is no such key, that of the last.
void AttentionEmitter::overScores(DeviceBuilder &p, Value firstKey, bool isMasked, ScoreBody body) {
  bool isWhole = !isMasked || p.constantOf(key.rows).value_or(1) % tile.keys == 0;
  Value lastKey = p.add(p.narrow(key.rows), -1);
  for (unsigned j = 0; j < tile.scoreKeys / 8; ++j)
    for (unsigned e = 0; e < 2; ++e) {
      Value column = p.add(p.narrow(firstKey), p.add(p.mul(quarter, 2), 8 * j + e));
      Value inside = isWhole ? column : p.min(column, lastKey);
      for (unsigned i = 0; i < tile.rowTiles; ++i)
        for (unsigned half = 0; half < 2; ++half) {
          SmallVector<Value> index(leading);
          index.append({rows[i][half], p.widen(inside)});
          body(ScorePlace{i, j, 2 * half + e}, isWhole ? Value() : column, index);
        }
    }
}

/// What the layers read, before anything is computed: neighbours are loaded together.
SmallVector<Values> AttentionEmitter::loadOperands(DeviceBuilder &p, Value firstKey, bool isMasked) {
  SmallVector<Values> loaded;
  for (Value operand : operands) {
    Values &values = loaded.emplace_back();
    overScores(p, firstKey, isMasked, [&](ScorePlace, Value, Index index) {
      values.push_back(element(operand, broadcastIndex(operand, index, index.size())));
    });
  }
  return loaded;
}

/// The layers between the products, element by element.
void AttentionEmitter::applyLayers(DeviceBuilder &p, WarpSums &scores, Value firstKey, bool isMasked,
                                   ArrayRef<Values> loaded) {
  Value product = attention.scores.getResult(), result = splitFactor().first;
  Value nothing = p.f32(attention.softmax ? -std::numeric_limits<double>::infinity() : 0), keys = p.narrow(key.rows);
  llvm::SaveAndRestore<DenseMap<Value, Value>> outer(held, held);
  for (KeyLimit &limit : limits)
    if (!isMasked)
      held[limit.condition.getResult()] = p.boolean(limit.live);
  size_t number = 0;
  overScores(p, firstKey, isMasked, [&](ScorePlace place, Value column, Index index) {
    Value &score = scores[place.rowTile][place.columnTile][place.sum];
    held[product] = score;
    for (auto [operand, values] : llvm::zip(operands, loaded))
      held[operand] = values[number];
    score = element(result, index);
    if (column)
      score = p.select(p.lessU(column, keys), score, nothing);
    ++number;
  });
}

/// Scores become weights under the greatest so far. Returns what this makes of weights so far, of each row.
Values AttentionEmitter::weigh(DeviceBuilder &p, WarpSums &scores, State &state) {
  Values scales;
  Value least = p.f32(-std::numeric_limits<double>::infinity()), zero = p.f32(0), binary = p.f32(toBinary);
  auto times = [&](Value x, Value y) -> Value { return arith::MulFOp::create(b, x, y); };
  for (unsigned i = 0; i < tile.rowTiles; ++i)
    for (unsigned half = 0; half < 2; ++half) {
      Value &greatest = state.greatest[2 * i + half], &total = state.sum[2 * i + half], before = greatest;
      for (Values &values : scores[i])
        for (unsigned e = 0; e < 2; ++e)
          greatest = p.maximum(greatest, values[2 * half + e]);
      for (int mask : {1, 2})
        greatest = p.maximum(greatest, p.shuffleXor(greatest, mask));
      // Where all keys so far are masked by -inf, exp(-inf + inf) would be no number for those to come.
      Value isNone = arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, greatest, least);
      Value shift = times(p.select(isNone, zero, greatest), p.f32(-toBinary));
      auto weightOf = [&](Value score) { return p.exp2(math::FmaOp::create(b, score, binary, shift)); };
      Value scale = weightOf(before), sum = zero;
      for (Values &values : scores[i])
        for (unsigned e = 0; e < 2; ++e) {
          Value &score = values[2 * half + e];
          score = weightOf(score);
          sum = p.addf(sum, score);
        }
      total = math::FmaOp::create(b, total, scale, sum);
      scales.push_back(scale);
    }
  return scales;
}

void AttentionEmitter::rescale(ArrayRef<Value> scales, State &state) {
  for (unsigned i = 0; i < tile.rowTiles && !scales.empty(); ++i)
    for (Values &values : state.values[i])
      for (unsigned e = 0; e < 4; ++e)
        values[e] = arith::MulFOp::create(b, values[e], scales[2 * i + e / 2]);
}
