//===- RecurrentSteps.cpp - Recurrent layers step by step -----------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------------===//
//
// `rec.rnn` has the functions that recurrent layers have by default. Layers with others, with limits to the arguments
// of these, or with an input gate that is the forget gate as well, are written out: each step is layers of its own.
//
//===---------------------------------------------------------------------------------===//

#include "passes/Import/RecurrentSteps.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;

namespace reckon::importer {

/// Layers that the steps may have together.
constexpr int64_t maxSteps = 1 << 12;

namespace {
/// A function of the specification, with its numbers.
struct Activation {
  std::string name; ///< in small letters
  double alpha = 0, beta = 0;
};

/// One direction of a layer: its operands without the leading dimension.
struct Direction {
  Value inputs; ///< steps x batch x gates: products of all steps with their bias
  Value recurrence, stateBias, peepholes;
  Value h, c;
  ArrayRef<Activation> functions;
  bool isReverse = false;
  SmallVector<Value> outputs; ///< by their place in the sequence
};

class StepWriter {
public:
  StepWriter(Node &node, const RecurrentLayer &layer) : node(node), layer(layer) {}
  SmallVector<Value> write();

private:
  bool readActivations();
  void step(Direction &direction, int64_t t);
  void stepLstm(Direction &direction, ArrayRef<Value> inputs, ArrayRef<Value> products);
  Value stepGru(Direction &direction, ArrayRef<Value> inputs, ArrayRef<Value> products);
  Value apply(const Activation &function, Value x);
  Value limit(Value sum);
  Value takeDirection(Value operand, int64_t d);
  /// Gate g of the columns of a product.
  Value gate(Value x, int64_t g) {
    return x ? node.sliceAxis(x, getRank(x) - 1, SizeExpr(g * layer.hidden), SizeExpr(layer.hidden)) : x;
  }

  Node &node;
  const RecurrentLayer &layer;
  int64_t gates = 0, steps = 0;
  SmallVector<Activation> activations;
};
} // namespace

/// The numbers that a function has by default; nullopt for one that is not known. `takes`: how many there are.
static std::optional<Activation> getActivation(StringRef name, unsigned &takes) {
  std::string lower = name.lower();
  Activation result{lower};
  takes = llvm::StringSwitch<unsigned>(lower)
              .Cases({"relu", "sigmoid", "softplus", "softsign", "tanh"}, 0)
              .Cases({"elu", "leakyrelu", "thresholdedrelu"}, 1)
              .Cases({"affine", "hardsigmoid", "scaledtanh"}, 2)
              .Default(3);
  result.alpha = llvm::StringSwitch<double>(lower).Case("leakyrelu", 0.01).Case("hardsigmoid", 0.2).Default(1);
  result.beta = llvm::StringSwitch<double>(lower).Case("hardsigmoid", 0.5).Case("scaledtanh", 1).Default(0);
  return takes < 3 ? std::optional(result) : std::nullopt;
}

bool StepWriter::readActivations() {
  static constexpr StringRef ofRnn[] = {"tanh"}, ofGru[] = {"sigmoid", "tanh"}, ofLstm[] = {"sigmoid", "tanh", "tanh"};
  ArrayRef<StringRef> defaults = layer.cell == rec::CellKind::rnn   ? ArrayRef(ofRnn)
                                 : layer.cell == rec::CellKind::gru ? ArrayRef(ofGru)
                                                                    : ArrayRef(ofLstm);
  auto names = node.op.getAttrs().getAs<ArrayAttr>("activations");
  auto readNumbers = [&](StringRef name) {
    auto numbers = node.op.getAttrs().getAs<DenseF32ArrayAttr>(name);
    return numbers ? SmallVector<float>(numbers.asArrayRef()) : SmallVector<float>();
  };
  SmallVector<float> alphas = readNumbers("activation_alpha"), betas = readNumbers("activation_beta");
  auto alpha = alphas.begin(), beta = betas.begin();
  size_t count = defaults.size() * layer.directions;
  if (names && names.size() != count && names.size() != defaults.size())
    return succeeded(
        node.invalid("activations has " + Twine(names.size()) + " names; " + Twine(count) + " were expected"));
  for (size_t i = 0; i < count; ++i) {
    auto text = names ? dyn_cast<StringAttr>(names[i % names.size()]) : StringAttr();
    unsigned takes = 0;
    auto function = getActivation(text ? text.getValue() : defaults[i % defaults.size()], takes);
    if (!function)
      return succeeded(node.unsupported("the activation '" + text.getValue() + "'"));
    // Numbers are those of the functions that have some, one after the other.
    if (takes > 0 && alpha != alphas.end())
      function->alpha = *alpha++;
    if (takes > 1 && beta != betas.end())
      function->beta = *beta++;
    activations.push_back(*function);
  }
  return true;
}

/// The sum of a gate within the limits of 'clip'.
Value StepWriter::limit(Value sum) {
  if (!sum || !node.hasAttr("clip"))
    return sum;
  double most = node.getFloat("clip", 0);
  return node.binary(BinaryKind::min, node.binary(BinaryKind::max, sum, -most), most);
}

Value StepWriter::apply(const Activation &function, Value x) {
  if (!x)
    return x;
  auto unary = llvm::StringSwitch<std::optional<UnaryKind>>(function.name)
                   .Case("relu", UnaryKind::relu)
                   .Case("sigmoid", UnaryKind::sigmoid)
                   .Case("softplus", UnaryKind::softplus)
                   .Case("softsign", UnaryKind::softsign)
                   .Case("tanh", UnaryKind::tanh)
                   .Default(std::nullopt);
  if (unary)
    return node.unary(*unary, x);
  if (function.name == "scaledtanh")
    return node.mul(node.unary(UnaryKind::tanh, node.mul(x, function.beta)), function.alpha);
  if (function.name == "affine" || function.name == "hardsigmoid") {
    Value line = node.add(node.mul(x, function.alpha), function.beta);
    return function.name == "affine" ? line
                                     : node.binary(BinaryKind::min, node.binary(BinaryKind::max, line, 0.0), 1.0);
  }
  if (function.name == "thresholdedrelu")
    return node.select(node.compare(CompareKind::gt, x, function.alpha), x, node.scalar(0, getElement(x)));
  Value below = function.name == "leakyrelu" ? node.mul(x, function.alpha)
                                             : node.mul(node.add(node.unary(UnaryKind::exp, x), -1.0), function.alpha);
  return node.select(node.compare(CompareKind::lt, x, 0.0), below, x);
}

/// An operand of one direction, without the dimension of these; null for one that is not there.
Value StepWriter::takeDirection(Value operand, int64_t d) {
  return operand ? node.squeeze(node.sliceAxis(operand, 0, d, 1), {0}) : operand;
}

Value StepWriter::stepGru(Direction &direction, ArrayRef<Value> inputs, ArrayRef<Value> products) {
  const Activation &f = direction.functions[0], &g = direction.functions[1];
  Value update = apply(f, limit(node.add(inputs[0], products[0]))),
        reset = apply(f, limit(node.add(inputs[1], products[1])));
  Value candidate;
  if (layer.linearBeforeReset) {
    candidate = node.mul(reset, products[2]);
  } else {
    Value matrix = node.sliceAxis(direction.recurrence, 1, SizeExpr(2 * layer.hidden), SizeExpr(layer.hidden));
    candidate = node.matmul(node.mul(reset, direction.h), matrix);
    if (direction.stateBias)
      candidate = node.add(candidate, gate(direction.stateBias, 2));
  }
  candidate = apply(g, limit(node.add(inputs[2], candidate)));
  return node.add(node.mul(node.sub(node.scalar(1, getElement(update)), update), candidate),
                  node.mul(update, direction.h));
}

/// The output and cell state of the next step, in place of those of the direction.
void StepWriter::stepLstm(Direction &direction, ArrayRef<Value> inputs, ArrayRef<Value> products) {
  const Activation &f = direction.functions[0], &g = direction.functions[1], &h = direction.functions[2];
  auto open = [&](int64_t number, int64_t peephole, Value c) {
    Value sum = node.add(inputs[number], products[number]);
    if (direction.peepholes)
      sum = node.add(sum, node.mul(gate(direction.peepholes, peephole), c));
    return apply(f, limit(sum));
  };
  Value input = open(0, 0, direction.c), candidate = apply(g, limit(node.add(inputs[3], products[3])));
  Value forget =
      node.getInt("input_forget", 0) ? node.sub(node.scalar(1, getElement(input)), input) : open(2, 2, direction.c);
  direction.c = node.add(node.mul(forget, direction.c), node.mul(input, candidate));
  direction.h = node.mul(open(1, 1, direction.c), apply(h, direction.c));
}

void StepWriter::step(Direction &direction, int64_t t) {
  Value row = node.squeeze(node.sliceAxis(direction.inputs, 0, t, 1), {0});
  Value product = node.matmul(direction.h, direction.recurrence);
  if (direction.stateBias)
    product = node.add(product, direction.stateBias);
  SmallVector<Value> inputs, products;
  for (int64_t g = 0; g < gates; ++g) {
    inputs.push_back(gate(row, g));
    products.push_back(gate(product, g));
  }
  Value beforeH = direction.h, beforeC = direction.c;
  if (node.isBroken())
    return;
  switch (layer.cell) {
  case rec::CellKind::rnn:
    direction.h = apply(direction.functions[0], limit(node.add(inputs[0], products[0])));
    break;
  case rec::CellKind::gru:
    direction.h = stepGru(direction, inputs, products);
    break;
  case rec::CellKind::lstm:
    stepLstm(direction, inputs, products);
    break;
  }
  direction.outputs[t] = direction.h;
  if (!layer.lengths || node.isBroken())
    return;
  // Behind the end of a sequence the state stays, and the output is zero.
  Value goesOn = node.unsqueeze(node.compare(CompareKind::gt, layer.lengths, double(t)), {1});
  direction.outputs[t] = node.select(goesOn, direction.h, node.scalar(0, getElement(direction.h)));
  direction.h = node.select(goesOn, direction.h, beforeH);
  if (direction.c)
    direction.c = node.select(goesOn, direction.c, beforeC);
}

/// The results of the layer; none, and the node says why, where it cannot be written out.
SmallVector<Value> StepWriter::write() {
  gates = rec::RnnOp::getNumGates(layer.cell);
  Shape x = rec::getShape(layer.x);
  auto count = x[0].constant();
  if (!count || *count * layer.directions > maxSteps || *count < 1) {
    (void)node.unsupported("activations, 'clip' or 'input_forget' other than the defaults over " + x[0].str() +
                           " steps");
    return {};
  }
  if (layer.lengths && layer.direction != rec::Direction::forward) {
    (void)node.unsupported(
        "lengths of reverse sequences with activations, 'clip' or 'input_forget' other than the defaults");
    return {};
  }
  steps = *count;
  if (!readActivations())
    return {};
  size_t functions = activations.size() / layer.directions;
  SmallVector<Value> rows, lastH, lastC;
  for (int64_t d = 0; d < layer.directions; ++d) {
    Direction direction;
    direction.isReverse = layer.direction == rec::Direction::reverse || d == 1;
    direction.functions = ArrayRef(activations).slice(d * functions, functions);
    Value bias = takeDirection(layer.bias, d), weight = takeDirection(layer.weight, d);
    direction.inputs = node.matmul(layer.x, node.transpose(weight, {1, 0}));
    direction.recurrence = node.transpose(takeDirection(layer.recurrence, d), {1, 0});
    if (bias) {
      direction.inputs = node.add(direction.inputs, node.sliceAxis(bias, 0, 0, gates * layer.hidden));
      direction.stateBias = node.sliceAxis(bias, 0, gates * layer.hidden, gates * layer.hidden);
    }
    direction.peepholes = takeDirection(layer.peepholes, d);
    Shape state{x[1], SizeExpr(layer.hidden)};
    auto begin = [&](Value initial) {
      return initial ? takeDirection(initial, d) : node.splat(state, 0, getElement(layer.x));
    };
    direction.h = begin(layer.initialH);
    direction.c = layer.cell == rec::CellKind::lstm ? begin(layer.initialC) : Value();
    direction.outputs.resize(steps);
    for (int64_t s = 0; s < steps && !node.isBroken(); ++s)
      step(direction, direction.isReverse ? steps - 1 - s : s);
    if (node.isBroken())
      return {};
    for (Value &output : direction.outputs)
      output = node.unsqueeze(output, {0, 1}); // steps x directions x batch x hidden
    rows.push_back(node.concat(direction.outputs, 0));
    lastH.push_back(node.unsqueeze(direction.h, {0}));
    if (direction.c)
      lastC.push_back(node.unsqueeze(direction.c, {0}));
  }
  SmallVector<Value> results{node.concat(rows, 1), node.concat(lastH, 0)};
  if (!lastC.empty())
    results.push_back(node.concat(lastC, 0));
  return node.isBroken() ? SmallVector<Value>() : results;
}

SmallVector<Value> writeRecurrentSteps(Node &node, const RecurrentLayer &layer) {
  return StepWriter(node, layer).write();
}

} // namespace reckon::importer
