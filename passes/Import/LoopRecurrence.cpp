//===- LoopRecurrence.cpp - Loops that are recurrent layers ---------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------------===//
//
// A step is recognised by the formulas of its cell, in any order of their terms. What they add to the products of the
// state, they add for all steps at once. Steps that a mask leaves out are taken away before the layer and put back
// behind it: those that are left come first, as many as a sequence has.
//
//===---------------------------------------------------------------------------------===//

#include "passes/Import/LoopBody.h"

#include "dialects/Rec/ConstantData.h"

using namespace mlir;

namespace reckon::importer {

namespace {

/// Columns [begin, begin + count) of a value.
struct Columns {
  Value value;
  int64_t begin;
};

/// What a gate adds up: columns that do not depend on the state, and the product of a state with columns of a matrix.
struct Sum {
  SmallVector<Columns> inputs;
  Value factor; ///< the state, or what the reset gate leaves of it
  Columns matrix;
  bool isNegative = false;
};

/// The formulas of a cell, gate by gate in the order of rec.recurrence.
struct Cell {
  rec::CellKind kind;
  SmallVector<Sum> gates;
  bool linearBeforeReset = false;
  SmallVector<Columns> candidateBias;
};

/// A loop whose carried values are the states of one cell, or copies of its output.
class LoopRecurrence {
public:
  LoopRecurrence(Node &node, LoopBody &loop) : node(node), loop(loop) {}
  bool match();
  SmallVector<Value> build();

private:
  /// A carried value, and what a step makes of it where it counts.
  struct State {
    const LoopBody::Carried *carried;
    Value next;
  };
  bool readMask();
  std::optional<Value> splitMask(const LoopBody::Carried &carried, Value &next);
  bool findStates();

  // Matching of a cell.
  bool matchCell(Value next);
  bool matchLstm(Value next);
  bool matchGru(Value next);
  bool matchCandidate(Value candidate, Sum &reset);
  bool collect(Value value, int64_t begin, Sum &sum);
  bool matchGate(Value gate, UnaryKind function, Sum &sum);

  // Building of the layer.
  Value addInputs(const Sum &sum);
  Value takeColumns(const Columns &columns, bool allSteps);
  Value joinMatrices();
  Value makeBias();
  void compact(Value &x);
  Value spread(Value y, Value initial);
  Value placeSteps(Value x, Value index);

  Node &node;
  LoopBody &loop;
  Value mask;
  SmallVector<State> states;
  const State *output = nullptr, *cellState = nullptr;
  int64_t hidden = 0;
  Cell cell;
  Value lengths, counts, order; ///< with a mask, outside: of each sequence, [batch]; [batch, steps]
};

} // namespace

//===--------------------------------------------------------------------------------===//
// Formulas
//===--------------------------------------------------------------------------------===//

static Value getOperandOf(Value value, UnaryKind kind) {
  auto unary = value.getDefiningOp<rec::UnaryOp>();
  return unary && unary.getKind() == kind ? unary.getX() : Value();
}

static rec::BinaryOp getBinary(Value value, BinaryKind kind) {
  auto binary = value.getDefiningOp<rec::BinaryOp>();
  return binary && binary.getKind() == kind ? binary : rec::BinaryOp();
}

/// Both operands of a commutative function, in both orders.
static bool inEitherOrder(rec::BinaryOp op, llvm::function_ref<bool(Value, Value)> matches) {
  return op && (matches(op.getA(), op.getB()) || matches(op.getB(), op.getA()));
}

/// x of 1 - x.
static Value getComplement(Value value) {
  auto sub = getBinary(value, BinaryKind::sub);
  auto one = sub ? sub.getA().getDefiningOp<rec::ConstantOp>() : rec::ConstantOp();
  auto number = one ? rec::getConstantSplat(one.getValue()) : std::nullopt;
  return number == 1.0 ? sub.getB() : Value();
}

static Value skipCasts(Value value) {
  while (auto cast = value.getDefiningOp<rec::CastOp>())
    value = cast.getX();
  return value;
}

static bool isBoolean(Value value) { return value && getElement(value).isInteger(1); }

/// What a carried value becomes where a mask says so; elsewhere it stays. A null mask: everywhere.
std::optional<Value> LoopRecurrence::splitMask(const LoopBody::Carried &carried, Value &next) {
  next = carried.after;
  if (auto select = carried.after.getDefiningOp<rec::SelectOp>(); select && select.getB() == carried.before) {
    next = select.getA();
    return select.getCondition();
  }
  // As exporters write a choice: mask * next + (not mask) * before.
  Value found;
  bool isChoice = inEitherOrder(getBinary(carried.after, BinaryKind::add), [&](Value taken, Value kept) {
    return inEitherOrder(getBinary(kept, BinaryKind::mul), [&](Value before, Value negated) {
      Value rejected = getOperandOf(skipCasts(negated), UnaryKind::logical_not);
      return before == carried.before && isBoolean(rejected) &&
             inEitherOrder(getBinary(taken, BinaryKind::mul), [&](Value factor, Value value) {
               if (skipCasts(factor) != rejected)
                 return false;
               found = rejected;
               next = value;
               return true;
             });
    });
  });
  return isChoice ? found : Value();
}

/// One mask for all that is carried, of steps and sequences.
bool LoopRecurrence::readMask() {
  for (const LoopBody::Carried &carried : loop.getCarried()) {
    State state{&carried, {}};
    auto found = splitMask(carried, state.next);
    if (!found || (!states.empty() && *found != mask) || getRank(carried.before) != 2 ||
        !isa<FloatType>(getElement(carried.before)))
      return false;
    mask = *found;
    states.push_back(state);
  }
  bool isOfRows =
      !mask || (!loop.dependsOnCarried(mask) && getRank(mask) == 2 && rec::getShape(mask)[1] == SizeExpr(1));
  return !states.empty() && isOfRows;
}

/// The state that is the output of the cell, and of an LSTM that of the cell; others are copies of the output.
bool LoopRecurrence::findStates() {
  for (const State &state : states) {
    bool isUsed = llvm::any_of(states, [&](const State &s) { return loop.dependsOn(s.next, state.carried->before); });
    if (!isUsed)
      continue;
    // The output of an LSTM follows from its cell state.
    bool comesFirst = llvm::any_of(
        states, [&](const State &other) { return other.next != state.next && loop.dependsOn(other.next, state.next); });
    const State *&role = comesFirst ? cellState : output;
    if (role)
      return false;
    role = &state;
  }
  if (!output)
    return false;
  for (const State &state : states)
    if (&state != output && &state != cellState && state.next != output->next)
      return false;
  auto columns = rec::getShape(output->carried->before)[1].constant();
  hidden = columns.value_or(0);
  return hidden > 0;
}

/// Adds columns [begin, begin + hidden) of a value to a sum.
bool LoopRecurrence::collect(Value value, int64_t begin, Sum &sum) {
  if (!loop.dependsOnCarried(value)) {
    sum.inputs.push_back({value, begin});
    return true;
  }
  if (auto add = getBinary(value, BinaryKind::add))
    return collect(add.getA(), begin, sum) && collect(add.getB(), begin, sum);
  if (auto slice = value.getDefiningOp<rec::SliceOp>()) {
    Shape starts = slice.getStarts().getSizes();
    auto first = starts.back().constant();
    bool isOfColumns = getRank(value) == 2 && starts[0] == SizeExpr(0) && first &&
                       rec::getShape(slice.getX())[0] == rec::getShape(value)[0] && slice.getSteps()[0] == 1 &&
                       slice.getSteps()[1] == 1;
    return isOfColumns && collect(slice.getX(), begin + *first, sum);
  }
  Value state, matrix, bias;
  if (auto linear = value.getDefiningOp<rec::LinearOp>()) {
    state = linear.getX();
    matrix = linear.getWeight();
    bias = linear.getBias();
  } else if (auto product = value.getDefiningOp<rec::MatmulOp>();
             product && !product.getTransposeA() && !product.getTransposeB()) {
    state = product.getA();
    matrix = product.getB();
  }
  if (!state || sum.factor || getRank(matrix) != 2 || !loop.isInvariant(matrix) || (bias && !loop.isInvariant(bias)))
    return false;
  sum.factor = state;
  sum.matrix = {matrix, begin};
  if (bias)
    sum.inputs.push_back({bias, begin});
  return true;
}

/// A gate whose product is that of the state itself.
bool LoopRecurrence::matchGate(Value gate, UnaryKind function, Sum &sum) {
  Value argument = getOperandOf(gate, function);
  return argument && collect(argument, 0, sum) && sum.factor == output->carried->before;
}

bool LoopRecurrence::matchLstm(Value next) {
  cell = {rec::CellKind::lstm, SmallVector<Sum>(4), false, {}};
  return inEitherOrder(getBinary(next, BinaryKind::mul), [&](Value open, Value state) {
    cell.gates.assign(4, Sum());
    return getOperandOf(state, UnaryKind::tanh) == cellState->next &&
           matchGate(open, UnaryKind::sigmoid, cell.gates[1]) &&
           inEitherOrder(getBinary(cellState->next, BinaryKind::add), [&](Value kept, Value added) {
             cell.gates[0] = cell.gates[2] = cell.gates[3] = Sum();
             bool forgets = inEitherOrder(getBinary(kept, BinaryKind::mul), [&](Value before, Value forget) {
               return before == cellState->carried->before && matchGate(forget, UnaryKind::sigmoid, cell.gates[2]);
             });
             return forgets && inEitherOrder(getBinary(added, BinaryKind::mul), [&](Value input, Value candidate) {
                      cell.gates[0] = cell.gates[3] = Sum();
                      return matchGate(input, UnaryKind::sigmoid, cell.gates[0]) &&
                             matchGate(candidate, UnaryKind::tanh, cell.gates[3]);
                    });
           });
  });
}

/// tanh of inputs and of the reset gate times the product of the state, or the product of what the gate leaves of it.
bool LoopRecurrence::matchCandidate(Value candidate, Sum &reset) {
  Value argument = getOperandOf(candidate, UnaryKind::tanh), h = output->carried->before;
  if (!argument)
    return false;
  Sum &sum = cell.gates[2];
  auto isAfter = inEitherOrder(getBinary(argument, BinaryKind::add), [&](Value inputs, Value product) {
    if (loop.dependsOnCarried(inputs))
      return false;
    return inEitherOrder(getBinary(product, BinaryKind::mul), [&](Value gate, Value rest) {
      Sum ofState, ofReset;
      if (!matchGate(gate, UnaryKind::sigmoid, ofReset) || !collect(rest, 0, ofState) || ofState.factor != h ||
          !llvm::all_of(ofState.inputs, [&](const Columns &c) { return loop.isInvariant(c.value); }))
        return false;
      cell.linearBeforeReset = true;
      cell.candidateBias = ofState.inputs;
      sum = {{{inputs, 0}}, h, ofState.matrix, false};
      reset = ofReset;
      return true;
    });
  });
  if (isAfter)
    return true;
  sum = Sum();
  return collect(argument, 0, sum) && sum.factor &&
         inEitherOrder(getBinary(sum.factor, BinaryKind::mul), [&](Value gate, Value state) {
           reset = Sum();
           return state == h && matchGate(gate, UnaryKind::sigmoid, reset);
         });
}

/// update * a + (1 - update) * b, where one is the state and the other the candidate.
bool LoopRecurrence::matchGru(Value next) {
  Value h = output->carried->before;
  auto fits = [&](Value update, Value a, Value b) {
    bool keeps = a == h;
    if (keeps == (b == h))
      return false;
    cell = {rec::CellKind::gru, SmallVector<Sum>(3), false, {}};
    if (!matchGate(update, UnaryKind::sigmoid, cell.gates[0]) || !matchCandidate(keeps ? b : a, cell.gates[1]))
      return false;
    cell.gates[0].isNegative = !keeps; // 1 - sigmoid(x) is sigmoid(-x)
    return true;
  };
  auto add = getBinary(next, BinaryKind::add);
  bool isSum = inEitherOrder(add, [&](Value first, Value second) {
    return inEitherOrder(getBinary(first, BinaryKind::mul), [&](Value update, Value a) {
      return inEitherOrder(getBinary(second, BinaryKind::mul),
                           [&](Value rest, Value b) { return getComplement(rest) == update && fits(update, a, b); });
    });
  });
  // b + update * (a - b).
  return isSum || inEitherOrder(add, [&](Value b, Value step) {
           return inEitherOrder(getBinary(step, BinaryKind::mul), [&](Value update, Value difference) {
             auto sub = getBinary(difference, BinaryKind::sub);
             return sub && sub.getB() == b && fits(update, sub.getA(), b);
           });
         });
}

bool LoopRecurrence::matchCell(Value next) {
  if (cellState)
    return matchLstm(next);
  cell = {rec::CellKind::rnn, SmallVector<Sum>(1), false, {}};
  return matchGate(next, UnaryKind::tanh, cell.gates[0]) || matchGru(next);
}

bool LoopRecurrence::match() {
  if (!readMask() || !findStates() || !matchCell(output->next))
    return false;
  // What is stacked is the output, or a state with a mask.
  return llvm::all_of(loop.getScanned(), [&](Value value) {
    return value == output->next ||
           llvm::any_of(states, [&](const State &s) { return &s != cellState && s.carried->after == value; });
  });
}

//===--------------------------------------------------------------------------------===//
// The layer
//===--------------------------------------------------------------------------------===//

Value LoopRecurrence::takeColumns(const Columns &columns, bool allSteps) {
  Value value = allSteps ? loop.forAllSteps(columns.value) : loop.takeOut(columns.value);
  if (!value)
    return value;
  Shape shape = rec::getShape(value);
  // One number for all columns stays one.
  if (shape.empty() || shape.back() == SizeExpr(1) || (columns.begin == 0 && shape.back() == SizeExpr(hidden)))
    return value;
  return node.sliceAxis(value, shape.size() - 1, columns.begin, hidden);
}

/// What a gate adds for all steps: steps x batch x hidden.
Value LoopRecurrence::addInputs(const Sum &sum) {
  Shape shape = rec::getShape(output->carried->before);
  shape.insert(shape.begin(), loop.getTrips());
  Value total;
  for (const Columns &columns : sum.inputs) {
    Value part = takeColumns(columns, /*allSteps=*/!loop.isInvariant(columns.value));
    total = total && part ? node.add(total, part) : part;
    if (!total)
      return total;
  }
  if (!total)
    total = node.scalar(0, getElement(output->carried->before));
  if (sum.isNegative)
    total = node.unary(UnaryKind::neg, total);
  return node.broadcast(total, shape);
}

Value LoopRecurrence::joinMatrices() {
  SmallVector<Value> parts;
  for (const Sum &gate : cell.gates) {
    Value part = takeColumns(gate.matrix, /*allSteps=*/false);
    parts.push_back(part && gate.isNegative ? node.unary(UnaryKind::neg, part) : part);
    if (!parts.back())
      return nullptr;
  }
  return node.concat(parts, 1);
}

/// What is added to the candidate's product before the reset gate; null without.
Value LoopRecurrence::makeBias() {
  Value total;
  for (const Columns &columns : cell.candidateBias) {
    Value part = takeColumns(columns, /*allSteps=*/false);
    part = part ? node.broadcast(node.reshape(part, rec::getNumElements(rec::getShape(part))), SizeExpr(hidden)) : part;
    total = total && part ? node.add(total, part) : part;
  }
  return total;
}

/// Elements of batch x steps x columns by the step: `index` is batch x steps.
Value LoopRecurrence::placeSteps(Value x, Value index) {
  return node.make<rec::GatherNdOp>(x, node.unsqueeze(index, {2}), /*batch_dims=*/1);
}

/// The steps that the mask names come first, in order; `lengths` is how many there are.
void LoopRecurrence::compact(Value &x) {
  Type i64 = node.b.getI64Type();
  Value flags = loop.forAllSteps(mask);
  if (!flags)
    return;
  const SizeExpr &steps = loop.getTrips();
  Shape shape{rec::getShape(output->carried->before)[0], steps};
  Value named = node.transpose(node.squeeze(node.broadcast(flags, {steps, shape[0], SizeExpr(1)}), {2}), {1, 0});
  Value ones = node.cast(named, i64);
  counts = node.make<rec::CumSumOp>(ones, int64_t(1), /*exclusive=*/false, /*reverse=*/false);
  lengths = node.reduce(ReduceKind::sum, ones, {1}, /*keepdims=*/false);
  // The others are written behind the end, which is cut off.
  Value to = node.select(named, node.add(counts, -1.0), node.sizes(steps, /*scalar=*/true));
  Value places = node.make<rec::ScatterElementsOp>(node.splat({shape[0], steps + SizeExpr(1)}, 0, i64), to,
                                                   node.broadcast(node.iota({SizeExpr(1), steps}, i64, 1), shape),
                                                   node.b.getI64IntegerAttr(1), rec::ReduceKindAttr());
  x = placeSteps(x, node.sliceAxis(places, 1, 0, steps));
}

/// The output at every step: where the mask left steps out, that of the last one before, or the first value.
Value LoopRecurrence::spread(Value y, Value initial) {
  if (!mask)
    return y;
  Value before = node.binary(BinaryKind::max, node.add(counts, -1.0), 0.0);
  Value isThere = node.unsqueeze(node.compare(CompareKind::gt, counts, 0.0), {2});
  return node.select(isThere, placeSteps(y, before), node.unsqueeze(initial, {1}));
}

/// The results of the loop; none where a layer could not be made.
SmallVector<Value> LoopRecurrence::build() {
  SmallVector<Value> gates;
  for (const Sum &gate : cell.gates) {
    gates.push_back(addInputs(gate));
    if (!gates.back())
      return {};
  }
  Value x = node.transpose(node.concat(gates, 2), {1, 0, 2}), matrix = joinMatrices(), bias = makeBias();
  if (cell.linearBeforeReset && !bias && !cell.candidateBias.empty())
    return {};
  if (mask)
    compact(x);
  if (!x || !matrix || (mask && !lengths))
    return {};
  bool isLstm = cell.kind == rec::CellKind::lstm;
  SmallVector<Value> results = node.makeAll<rec::RecurrenceOp>(
      isLstm ? 3 : 2, cell.kind, rec::Direction::forward, x, matrix, bias, lengths, output->carried->initial,
      isLstm ? cellState->carried->initial : Value(), Value(), cell.linearBeforeReset);
  if (node.isBroken())
    return {};
  SmallVector<Value> values(loop.getKnownResults());
  for (const State &state : states) {
    Value last = results[&state == cellState ? 2 : 1];
    if (&state != output && &state != cellState) {
      // A copy of the output has a first value of its own, which is left where there is no step.
      Value some = mask ? node.unsqueeze(node.compare(CompareKind::gt, lengths, 0.0), {1})
                        : node.compare(CompareKind::gt, node.sizes(loop.getTrips(), /*scalar=*/true), 0.0);
      last = node.select(some, last, state.carried->initial);
    }
    values[state.carried->index] = last;
  }
  for (Value value : loop.getScanned()) {
    auto state = llvm::find_if(states, [&](const State &s) { return s.carried->after == value; });
    const State &from = state == states.end() ? *output : *state;
    values.push_back(node.transpose(spread(results[0], from.carried->initial), {1, 0, 2}));
  }
  return node.isBroken() ? SmallVector<Value>() : values;
}

/// What iterations that carry nothing give, stacked.
static SmallVector<Value> stackSteps(LoopBody &loop) {
  SmallVector<Value> results(loop.getKnownResults());
  for (Value value : loop.getScanned()) {
    results.push_back(loop.forAllSteps(value));
    if (!results.back())
      return {};
  }
  return results;
}

/// The steps of a Scan's outputs may lie along another axis than the first.
static bool placeOutputs(Node &node, MutableArrayRef<Value> outputs) {
  SmallVector<int64_t> axes = node.getInts("scan_output_axes").value_or(SmallVector<int64_t>());
  for (auto [axis, output] : llvm::zip(axes, outputs)) {
    int64_t rank = getRank(output), to = axis < 0 ? axis + rank : axis;
    if (to < 0 || to >= rank)
      return false;
    SmallVector<int64_t> perm = llvm::to_vector(llvm::seq<int64_t>(0, rank));
    std::rotate(perm.begin(), perm.begin() + 1, perm.begin() + to + 1);
    output = node.transpose(output, perm);
  }
  return !node.isBroken();
}

bool raiseLoop(Node &node) {
  std::unique_ptr<LoopBody> loop = LoopBody::read(node);
  if (!loop)
    return false;
  SmallVector<Value> results;
  if (LoopRecurrence recurrence(node, *loop); loop->getCarried().empty())
    results = stackSteps(*loop);
  else if (recurrence.match())
    results = recurrence.build();
  if (results.empty() || !placeOutputs(node, MutableArrayRef(results).drop_front(loop->getKnownResults().size())))
    return false;
  return succeeded(node.replace(results));
}

} // namespace reckon::importer
