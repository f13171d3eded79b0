//===- Loops.cpp - Loop and Scan of a known number of iterations -----------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// A loop that is a recurrent layer becomes one. The iterations of others are written one after another. A Loop peels
// one off at a time: the nodes of an iteration are put before the loop and converted, and the walk comes back to the
// loop, whose condition may be a constant then. What an iteration leaves behind is in the operands of the loop: after
// the carried values the number of iterations done, then the rows of its scan outputs, one iteration after the other.
//
//===----------------------------------------------------------------------------===//

#include "passes/Import/LoopBody.h"
#include "passes/Import/Registry.h"

#include "lib/Reference/Evaluator.h"

#include "mlir/IR/IRMapping.h"

#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace reckon::importer {

/// Nodes that all iterations of a loop may have together.
constexpr int64_t maxUnrolled = 1 << 16;

/// A condition that follows from constants alone, such as a comparison of the number of iterations done.
static std::optional<bool> evaluateCondition(Value value) {
  constexpr size_t maxOps = 64;
  llvm::SetVector<Operation *> ops;
  SmallVector<Value> pending{value};
  while (!pending.empty()) {
    Operation *op = pending.pop_back_val().getDefiningOp();
    if (!op || isa<rec::OnnxOp>(op) || ops.size() > maxOps)
      return std::nullopt;
    if (ops.insert(op))
      pending.append(op->operand_begin(), op->operand_end());
  }
  SmallVector<Operation *> order = ops.takeVector();
  llvm::sort(order, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  DenseMap<Value, reference::Tensor> values;
  for (Operation *op : order) {
    SmallVector<reference::Tensor> operands;
    for (Value operand : op->getOperands())
      operands.push_back(values.at(operand));
    auto results = reference::evaluateOp(op, operands);
    if (failed(results))
      return std::nullopt;
    for (auto [result, tensor] : llvm::zip_equal(op->getResults(), *results))
      values.try_emplace(result, tensor);
  }
  const reference::Tensor &result = values.at(value);
  return result.isFloat() || result.numElements() != 1 ? std::nullopt : std::optional(result.intAt(0) != 0);
}

/// Brings the constants of a body before the node: all iterations share them.
static void hoistConstants(Node &node, Block &body) {
  for (Operation &op : llvm::make_early_inc_range(body))
    if (isa<rec::ConstantOp>(op))
      op.moveBefore(node.op);
}

/// Copies a body before the node, its arguments replaced, and gives what it yields. Notes the first copy as the place
/// where the walk goes on.
static SmallVector<Value> copyBody(Node &node, Block &body, ValueRange arguments) {
  IRMapping mapping;
  mapping.map(body.getArguments(), arguments);
  for (Operation &op : body.without_terminator()) {
    Operation *copy = node.b.clone(op, mapping);
    if (!node.resumeAt)
      node.resumeAt = copy;
  }
  return llvm::map_to_vector(body.getTerminator()->getOperands(), [&](Value v) { return mapping.lookupOrDefault(v); });
}

static LogicalResult checkBody(Node &node, unsigned arguments, unsigned results, int64_t iterations) {
  if (node.op.getSubgraphs().size() != 1 || node.op.getSubgraphs()[0].empty())
    return node.invalid("one subgraph was expected");
  Block &body = node.op.getSubgraphs()[0].front();
  if (body.getNumArguments() != arguments || body.getTerminator()->getNumOperands() != results)
    return node.invalid("its body takes " + Twine(body.getNumArguments()) + " inputs and gives " +
                        Twine(body.getTerminator()->getNumOperands()) + "; " + Twine(arguments) + " and " +
                        Twine(results) + " were expected");
  int64_t nodes = body.getOperations().size();
  if (iterations > maxUnrolled / nodes)
    return node.unsupported(Twine(iterations) + " iterations of " + Twine(nodes) + " nodes");
  return success();
}

/// A node among those of the iterations, of the domain ai.onnx.
static Value makeNode(Node &node, StringRef opType, ValueRange operands, ArrayRef<NamedAttribute> attrs) {
  OperationState state(node.loc, rec::OnnxOp::getOperationName());
  state.addOperands(operands);
  state.addTypes(UnrankedTensorType::get(cast<ShapedType>(operands.back().getType()).getElementType()));
  auto &properties = state.getOrAddProperties<rec::OnnxOp::Properties>();
  properties.setOpType(node.b.getStringAttr(opType));
  properties.setAttrs(node.b.getDictionaryAttr(attrs));
  properties.setDomain(node.b.getStringAttr(""));
  properties.setOpset(node.b.getI64IntegerAttr(17));
  Operation *op = node.b.create(state);
  if (!node.resumeAt)
    node.resumeAt = op;
  return op->getResult(0);
}

//===--------------------------------------------------------------------------------===//
// Loop
//===--------------------------------------------------------------------------------===//

namespace {
/// The operands of a loop that has begun.
struct LoopState {
  Value condition; ///< null: always true
  SmallVector<Value> carried, scanned;
  int64_t done = 0;
};
} // namespace

/// Ends a loop: the carried values, and the rows of each scan output as one tensor.
static LogicalResult finishLoop(Node &node, const LoopState &state, unsigned scans) {
  SmallVector<Value> results = state.carried;
  for (unsigned s = 0; s < scans; ++s) {
    SmallVector<Value> rows;
    for (size_t i = s; i < state.scanned.size(); i += scans)
      rows.push_back(node.unsqueeze(state.scanned[i], 0));
    if (rows.empty() && node.isUsed(state.carried.size() + s))
      return node.unsupported("output " + Twine(state.carried.size() + s) + " of no iterations has no shape");
    results.push_back(rows.empty() ? Value() : node.concat(rows, 0));
  }
  return node.replace(results);
}

/// The number of iterations that operand 'M' allows, when it is a constant. An exporter writes "no bound" as the
/// greatest integer.
static FailureOr<std::optional<int64_t>> getTripCount(Node &node) {
  if (!node.getOperand(0))
    return std::optional<int64_t>();
  auto count = node.getConstantInt(0, "M");
  if (!count)
    return failure();
  return *count >= INT32_MAX ? std::nullopt : std::optional<int64_t>(std::max<int64_t>(*count, 0));
}

static LogicalResult convertLoop(Node &node) {
  if (!node.unrollsLoops) // It may be an embedding bag.
    return node.wait();
  if (node.getNumOperands() < 2 || node.op.getSubgraphs().size() != 1 || node.op.getSubgraphs()[0].empty())
    return node.invalid("two operands and a body were expected");
  if (Node attempt(node.b, node.op); raiseLoop(attempt))
    return success();
  Block &body = node.op.getSubgraphs()[0].front();
  unsigned carried = body.getNumArguments() < 2 ? 0 : body.getNumArguments() - 2;
  unsigned scans = node.getNumResults() - std::min<unsigned>(carried, node.getNumResults());
  auto bound = getTripCount(node);
  if (failed(bound) || failed(checkBody(node, carried + 2, 1 + carried + scans, bound->value_or(0))))
    return failure();
  if (node.getNumOperands() < 2 + carried)
    return node.invalid(Twine(carried) + " initial values were expected");

  LoopState state;
  SmallVector<Value> all = llvm::to_vector(node.op.getOperands());
  ArrayRef<Value> operands = all;
  state.condition = node.getOperand(1);
  state.carried = llvm::to_vector(operands.slice(2, carried));
  if (operands.size() > 2 + carried) {
    state.done = *node.getConstantInt(2 + carried, "iteration");
    state.scanned = llvm::to_vector(operands.drop_front(3 + carried));
  } else {
    hoistConstants(node, body);
  }
  for (Value value : all)
    if (!isa<RankedTensorType, NoneType>(value.getType()))
      return node.wait();
  if (*bound && state.done >= **bound)
    return finishLoop(node, state, scans);
  std::optional<bool> goesOn = true;
  if (state.condition) {
    goesOn = evaluateCondition(state.condition);
  }
  if (goesOn == false)
    return finishLoop(node, state, scans);
  // Where data decide when it ends, all iterations are done and those after the end change nothing.
  if (!goesOn && (!*bound || scans))
    return node.unsupported("whether it goes on after " + Twine(state.done) + " iterations depends on data" +
                            (scans ? ", and so do the sizes of its outputs" : ", and there is no bound"));
  if (failed(checkBody(node, carried + 2, 1 + carried + scans, state.done + 1)))
    return failure();

  SmallVector<Value> arguments{node.sizes(SizeExpr(state.done), /*scalar=*/true),
                               state.condition ? state.condition : node.scalar(1, node.b.getI1Type())};
  arguments.append(state.carried);
  SmallVector<Value> yielded = copyBody(node, body, arguments);
  if (!goesOn) {
    yielded[0] = makeNode(node, "And", {state.condition, yielded[0]}, {});
    for (unsigned i = 0; i < carried; ++i)
      if (yielded[1 + i] != state.carried[i])
        yielded[1 + i] = makeNode(node, "If", {state.condition, yielded[1 + i], state.carried[i]}, {});
  }
  SmallVector<Value> next{all[0]};
  next.append(yielded.begin(), yielded.begin() + 1 + carried);
  next.push_back(node.sizes(SizeExpr(state.done + 1), /*scalar=*/true));
  next.append(state.scanned);
  next.append(yielded.begin() + 1 + carried, yielded.end());
  node.op.getOperandsMutable().assign(next);
  if (!node.resumeAt)
    node.resumeAt = node.op;
  return success();
}

//===--------------------------------------------------------------------------------===//
// Scan
//===--------------------------------------------------------------------------------===//

static LogicalResult convertScan(Node &node) {
  if (Node attempt(node.b, node.op); raiseLoop(attempt))
    return success();
  int64_t inputs = node.getInt("num_scan_inputs", 0), operands = node.getNumOperands(), states = operands - inputs;
  int64_t outputs = int64_t(node.getNumResults()) - states;
  if (inputs < 1 || states < 0 || outputs < 0)
    return node.invalid("num_scan_inputs " + Twine(inputs) + " does not go with " + Twine(operands) + " operands and " +
                        Twine(node.getNumResults()) + " results");
  auto read = [&](StringRef name, int64_t count) {
    SmallVector<int64_t> numbers = node.getInts(name).value_or(SmallVector<int64_t>());
    numbers.resize(count);
    return numbers;
  };
  SmallVector<int64_t> axes = read("scan_input_axes", inputs), backwards = read("scan_input_directions", inputs),
                       outputAxes = read("scan_output_axes", outputs),
                       outputBackwards = read("scan_output_directions", outputs);
  std::optional<int64_t> trips;
  for (int64_t i = 0; i < inputs; ++i) {
    Value x = node.getOperand(states + i);
    auto axis = x ? node.normalizeAxis(axes[i], getRank(x)) : std::nullopt;
    if (!axis)
      return node.invalid("a scan input is missing or has no such axis");
    axes[i] = *axis;
    SizeExpr size = rec::getShape(x)[*axis];
    if (!size.isConstant())
      return node.unsupported("its number of iterations, " + size.str() + ", is not a constant");
    if (trips && trips != size.constant())
      return node.invalid("its inputs have " + Twine(*trips) + " and " + size.str() + " rows");
    trips = size.constant();
  }
  if (failed(checkBody(node, operands, states + outputs, *trips)))
    return failure();
  if (*trips == 0 && outputs)
    return node.unsupported("outputs of no iterations have no shape");
  Block &body = node.op.getSubgraphs()[0].front();
  hoistConstants(node, body);
  SmallVector<Value> state;
  for (int64_t i = 0; i < states; ++i)
    state.push_back(node.op.getOperands()[i]);
  SmallVector<SmallVector<Value>> rows(outputs);
  for (int64_t trip = 0; trip < *trips; ++trip) {
    SmallVector<Value> arguments = state;
    for (int64_t i = 0; i < inputs; ++i) {
      int64_t at = backwards[i] ? *trips - 1 - trip : trip;
      Value row = node.sliceAxis(node.getOperand(states + i), axes[i], at, 1);
      arguments.push_back(node.squeeze(row, axes[i]));
    }
    if (node.isBroken())
      return failure();
    SmallVector<Value> yielded = copyBody(node, body, arguments);
    state.assign(yielded.begin(), yielded.begin() + states);
    for (int64_t o = 0; o < outputs; ++o)
      rows[o].insert(outputBackwards[o] ? rows[o].begin() : rows[o].end(), yielded[states + o]);
  }
  SmallVector<Value> results = state;
  for (int64_t o = 0; o < outputs; ++o) {
    Value axis = node.integers(outputAxes[o]);
    for (Value &row : rows[o])
      row = makeNode(node, "Unsqueeze", {row, axis}, {});
    results.push_back(
        makeNode(node, "Concat", rows[o], node.b.getNamedAttr("axis", node.b.getI64IntegerAttr(outputAxes[o]))));
  }
  return node.replace(results);
}

void registerLoops(Registry &r) {
  r.add("Loop", convertLoop, 1, /*anyOperands=*/true);
  r.add("Scan", convertScan, 9);
}

} // namespace reckon::importer
