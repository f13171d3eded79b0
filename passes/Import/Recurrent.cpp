//===- Recurrent.cpp - GRU, LSTM, RNN --------------------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "passes/Import/RecurrentSteps.h"
#include "passes/Import/Registry.h"

using namespace mlir;

namespace reckon::importer {

/// Whether the node has the activations that the operator has by default, in each direction.
static bool hasDefaultActivations(Node &node, rec::CellKind cell) {
  auto activations = node.op.getAttrs().getAs<ArrayAttr>("activations");
  if (!activations)
    return true;
  static constexpr StringRef functions[] = {"sigmoid", "tanh", "tanh"};
  ArrayRef<StringRef> expected(functions);
  expected = cell == rec::CellKind::lstm  ? expected
             : cell == rec::CellKind::gru ? expected.take_front(2)
                                          : expected.take_back(1);
  for (auto [i, name] : llvm::enumerate(activations))
    if (auto text = dyn_cast<StringAttr>(name);
        !text || !text.getValue().equals_insensitive(expected[i % expected.size()]))
      return false;
  return true;
}

template <rec::CellKind cell> static LogicalResult convertRecurrent(Node &node) {
  Value x = node.getOperand(0), weight = node.getOperand(1), recurrence = node.getOperand(2);
  if (!weight || !recurrence || getRank(x) != 3 || getRank(recurrence) != 3)
    return node.invalid("X, W and R of rank 3 were expected");
  std::optional<rec::Direction> direction = rec::symbolizeDirection(node.getString("direction", "forward"));
  int64_t layout = node.getInt("layout", 0);
  if (!direction || layout < 0 || layout > 1)
    return node.invalid("an unknown direction or layout");
  std::optional<int64_t> hidden = rec::getShape(recurrence)[2].constant();
  if (!hidden)
    return node.unsupported("a dynamic hidden size");
  if (node.getInt("hidden_size", *hidden) != *hidden)
    return node.invalid("hidden_size is " + Twine(node.getInt("hidden_size", 0)) + " and R has " + Twine(*hidden));

  bool isLstm = cell == rec::CellKind::lstm;
  // The layer has the batch second; in layout 1 it comes first.
  auto swapBatch = [&](Value value) { return value && layout == 1 ? node.transpose(value, {1, 0, 2}) : value; };
  Value initialH = swapBatch(node.getOperand(5)), initialC = isLstm ? swapBatch(node.getOperand(6)) : Value();
  RecurrentLayer layer{cell,
                       *direction,
                       *direction == rec::Direction::bidirectional ? 2 : 1,
                       *hidden,
                       swapBatch(x),
                       weight,
                       recurrence,
                       node.getOperand(3),
                       node.getOperand(4),
                       initialH,
                       initialC,
                       isLstm ? node.getOperand(7) : Value(),
                       cell == rec::CellKind::gru && node.getInt("linear_before_reset", 0) != 0};
  // The sizes are checked, whatever becomes of the layer.
  SmallVector<Value> results =
      node.makeAll<rec::RnnOp>(isLstm ? 3 : 2, cell, layer.direction, layer.x, weight, recurrence, layer.bias,
                               layer.lengths, initialH, initialC, layer.peepholes, layer.linearBeforeReset);
  bool isDefault = hasDefaultActivations(node, cell) && !node.hasAttr("clip") && node.getInt("input_forget", 0) == 0;
  if (results[0] && !isDefault) {
    results = writeRecurrentSteps(node, layer);
    if (results.empty())
      return failure();
  }
  if (layout == 1 && results[0])
    results[0] = node.transpose(results[0], {2, 0, 1, 3});
  for (Value &state : MutableArrayRef<Value>(results).drop_front())
    state = swapBatch(state);
  results.resize(std::min<size_t>(results.size(), node.getNumResults()));
  return node.replace(results);
}

void registerRecurrent(Registry &r) {
  r.add("GRU", needOperand<convertRecurrent<rec::CellKind::gru>>, 7);
  r.add("LSTM", needOperand<convertRecurrent<rec::CellKind::lstm>>, 7);
  r.add("RNN", needOperand<convertRecurrent<rec::CellKind::rnn>>, 7);
}

} // namespace reckon::importer
