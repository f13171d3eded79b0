//===- NormalizeRecurrence.cpp - Recurrent layers to a product and their steps ------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//
//
// What the input of a recurrent layer gives to its gates does not depend on the steps: it is one product over all of
// them. The steps themselves want the batch first, so that a row of the results needs a row of the operands.
//
//===----------------------------------------------------------------------===//

#include "passes/Common/Matchers.h"
#include "passes/Import/LayerBuilder.h"
#include "passes/Normalize/Passes.h"

#include "dialects/Rec/Shape.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace reckon {
#define GEN_PASS_DEF_NORMALIZERECURRENCE
#include "passes/Normalize/Passes.h.inc"
} // namespace reckon

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

namespace {
/// Takes one layer apart.
class RecurrenceExpansion {
public:
  RecurrenceExpansion(PatternRewriter &rewriter, RnnOp op)
      : layers(rewriter, op.getLoc()), op(op), steps(getShape(op.getX())[0]), batch(getShape(op.getX())[1]),
        directions(op.getNumDirections()), hidden(op.getHidden()), gates(op.getNumGates()) {}

  SmallVector<Value> run();

private:
  Value multiplyInput(Value bias);
  /// The biases that are added to the products of the input, [directions * gates * hidden], and the one that is not.
  std::pair<Value, Value> splitBias();
  Value batchFirst(Value state);
  Value batchSecond(Value state);

  importer::LayerBuilder layers;
  RnnOp op;
  SizeExpr steps, batch;
  int64_t directions, hidden, gates;
};

/// A weight that normalising leaves constant has its product packed.
bool isWeight(Value value) { return value.getDefiningOp<ConstantOp>() != nullptr; }

struct ExpandRecurrence : CountedPattern<RnnOp> {
  using CountedPattern::CountedPattern;

  LogicalResult matchAndRewrite(RnnOp op, PatternRewriter &rewriter) const override {
    if (llvm::any_of(getShape(op.getX()), isAnonymous))
      return rewriter.notifyMatchFailure(op, "a size has no name");
    SmallVector<Value> results = RecurrenceExpansion(rewriter, op).run();
    if (results.empty())
      return rewriter.notifyMatchFailure(op, "a layer does not fit");
    for (auto [result, value] : llvm::zip(op.getResults(), results))
      value = reshapeTo(rewriter, op.getLoc(), value, cast<RankedTensorType>(result.getType()));
    rewriter.replaceOp(op, results);
    ++count;
    return success();
  }
};
} // namespace

std::pair<Value, Value> RecurrenceExpansion::splitBias() {
  if (!op.getBias())
    return {};
  int64_t columns = gates * hidden;
  Value ofInput = layers.sliceAxis(op.getBias(), 1, 0, columns);
  Value ofState = layers.sliceAxis(op.getBias(), 1, columns, columns), apart;
  if (op.getLinearBeforeReset()) {
    // The reset gate multiplies the candidate's.
    int64_t added = columns - hidden;
    apart = layers.reshape(layers.sliceAxis(ofState, 1, added, hidden), {SizeExpr(directions * hidden)});
    Value zeros = layers.splat({SizeExpr(directions), SizeExpr(hidden)}, 0, importer::getElement(op.getBias()));
    ofState = layers.concat({layers.sliceAxis(ofState, 1, 0, added), zeros}, 1);
  }
  return {layers.reshape(layers.add(ofInput, ofState), {SizeExpr(directions * columns)}), apart};
}

Value RecurrenceExpansion::multiplyInput(Value bias) {
  Value x = layers.transpose(op.getX(), {1, 0, 2}), weight = op.getWeight();
  SizeExpr columns(directions * gates * hidden);
  Value matrix = layers.reshape(layers.transpose(weight, {2, 0, 1}), {getShape(weight)[2], columns});
  if (isWeight(weight) && (!bias || isWeight(op.getBias())))
    return layers.make<LinearOp>(x, matrix, bias);
  Value product = layers.matmul(x, matrix);
  return bias ? layers.add(product, bias) : product;
}

/// A state of directions x batch x hidden as batch x directions*hidden; null where it is the zeros of no state.
Value RecurrenceExpansion::batchFirst(Value state) {
  if (!state || getSplat(state) == 0)
    return {};
  return layers.reshape(layers.transpose(state, {1, 0, 2}), {batch, SizeExpr(directions * hidden)});
}

Value RecurrenceExpansion::batchSecond(Value state) {
  SizeExpr sizes[] = {batch, SizeExpr(directions), SizeExpr(hidden)};
  return layers.transpose(layers.reshape(state, sizes), {1, 0, 2});
}

/// The values of the layer's results; none when some layer could not be made.
SmallVector<Value> RecurrenceExpansion::run() {
  auto [added, apart] = splitBias();
  Value recurrence = layers.reshape(layers.transpose(op.getRecurrence(), {0, 2, 1}),
                                    {SizeExpr(directions * hidden), SizeExpr(gates * hidden)});
  SmallVector<Value> results = layers.makeAll<RecurrenceOp>(
      op.getNumResults(), op.getCell(), op.getDirection(), multiplyInput(added), recurrence, apart, op.getLengths(),
      batchFirst(op.getInitialH()), batchFirst(op.getInitialC()), op.getPeepholes(), op.getLinearBeforeReset());
  if (layers.isBroken())
    return {};
  // With one direction the steps and the batch change places before there are directions: what the exporter writes
  // behind the layer undoes it.
  if (directions == 1)
    results[0] = layers.unsqueeze(layers.transpose(results[0], {1, 0, 2}), {1});
  else
    results[0] = layers.transpose(layers.reshape(results[0], {batch, steps, SizeExpr(directions), SizeExpr(hidden)}),
                                  {1, 2, 0, 3});
  for (Value &state : MutableArrayRef<Value>(results).drop_front())
    state = batchSecond(state);
  return layers.isBroken() ? SmallVector<Value>() : results;
}

namespace {
struct NormalizeRecurrence : public reckon::impl::NormalizeRecurrenceBase<NormalizeRecurrence> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ExpandRecurrence>(&getContext(), numExpanded);
    applyPatterns(getOperation(), std::move(patterns));
  }
};
} // namespace
