//===- Layers.cpp - Random layers that multiply -------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//

#include "test/fuzz/differential/GraphBuilder.h"

#include <cmath>

using namespace mlir;
using namespace reckon;
using namespace reckon::fuzz;

bool GraphBuilder::addLinear() {
  Value x = pick([&](Value value) {
    return isReal(value) && rankOf(value) >= 1 && !ShapedType::isDynamic(sizeOf(value, rankOf(value) - 1)) &&
           sizeOf(value, rankOf(value) - 1) > 0;
  });
  if (!x)
    return false;
  int64_t inputs = sizeOf(x, rankOf(x) - 1), outputs = drawSize();
  Value weight = floats({inputs, outputs}, 1.5 / std::sqrt(inputs));
  Value bias = oneIn(3) ? Value() : floats({outputs}, 0.5);
  Value result = rec::LinearOp::create(b, x, weight, bias);
  if (oneIn(2))
    result =
        rec::UnaryOp::create(b, choose({rec::UnaryKind::relu, rec::UnaryKind::sigmoid, rec::UnaryKind::tanh}), result);
  add(result);
  return true;
}

bool GraphBuilder::addMatmul() {
  // A batch of Gram matrices, or a product with a constant.
  Value x = pick([&](Value value) {
    return isReal(value) && rankOf(value) >= 2 && rankOf(value) <= 3 && hasStaticTail(value, 1) &&
           weigh(value.getType());
  });
  if (!x)
    return false;
  int64_t rank = rankOf(x), columns = sizeOf(x, rank - 1);
  if (rank == 3 && oneIn(2)) {
    bool first = oneIn(3);
    add(rec::MatmulOp::create(b, x, x, /*transpose_a=*/first, /*transpose_b=*/!first));
    return true;
  }
  int64_t outputs = drawSize();
  bool transpose = oneIn(2);
  Value weight = oneIn(6)
                     ? floats({columns}, 1.0 / std::sqrt(columns))
                     : floats(transpose ? ArrayRef<int64_t>{outputs, columns} : ArrayRef<int64_t>{columns, outputs},
                              1.0 / std::sqrt(columns));
  add(rec::MatmulOp::create(b, x, weight, false, transpose && rankOf(weight) == 2));
  return true;
}

bool GraphBuilder::addInteraction() {
  Value x = pick([&](Value value) { return isReal(value) && rankOf(value) == 3 && hasStaticTail(value); });
  if (!x)
    return false;
  if (oneIn(3))
    add(rec::FmTermOp::create(b, x, /*sum_dim=*/oneIn(2)));
  else
    add(rec::DotInteractionOp::create(b, choose({rec::Triangle::lower, rec::Triangle::upper}), x,
                                      /*self_interaction=*/oneIn(3)));
  return true;
}

bool GraphBuilder::addCrossLayer() {
  Value x0 = pick(
      [&](Value value) { return isReal(value) && rankOf(value) == 2 && hasStaticTail(value) && sizeOf(value, 1) > 0; });
  if (!x0)
    return false;
  Value x = oneIn(2) ? x0 : pick([&](Value value) { return value.getType() == x0.getType(); });
  int64_t width = sizeOf(x0, 1), rank = between(1, 20);
  Value down, weight;
  if (oneIn(2)) {
    down = floats({width, rank}, 1 / std::sqrt(width));
    weight = floats({rank, width}, 1 / std::sqrt(rank));
  } else {
    weight = floats({width, width}, 1 / std::sqrt(width));
  }
  add(rec::CrossLayerOp::create(b, x0, x, down, weight, oneIn(3) ? Value() : floats({width}, 0.5)));
  return true;
}

bool GraphBuilder::addConv() {
  Value x = pick([&](Value value) {
    return isReal(value) && rankOf(value) >= 3 && rankOf(value) <= 4 && hasStaticTail(value) &&
           weigh(value.getType()) > 0;
  });
  if (!x)
    return false;
  int64_t spatial = rankOf(x) - 2, channels = sizeOf(x, 1);
  int64_t groups = channels % 2 == 0 && oneIn(3) ? 2 : 1, outputs = groups * between(1, 9);
  SmallVector<int64_t> shape = {outputs, channels / groups}, strides, begins, ends, dilations;
  for (int64_t d = 0; d < spatial; ++d) {
    int64_t window = between(1, std::min<int64_t>(sizeOf(x, 2 + d), 4));
    shape.push_back(window);
    strides.push_back(between(1, 2));
    begins.push_back(below(window));
    ends.push_back(below(window));
    dilations.push_back(sizeOf(x, 2 + d) >= 2 * window ? between(1, 2) : 1);
  }
  begins.append(ends);
  Value weight = floats(shape, 1.0 / std::sqrt(weigh(RankedTensorType::get(shape, realType)) / outputs));
  add(rec::ConvOp::create(b, x, weight, oneIn(2) ? floats({outputs}) : Value(), strides, begins, dilations, groups));
  return true;
}

bool GraphBuilder::addRnn() {
  Value x = pick([&](Value value) {
    return isReal(value) && rankOf(value) == 3 && sizeOf(value, 2) > 0 && weigh(value.getType()) <= 1024;
  });
  if (!x)
    return false;
  auto cell = choose({rec::CellKind::rnn, rec::CellKind::gru, rec::CellKind::lstm});
  auto direction = choose({rec::Direction::forward, rec::Direction::reverse, rec::Direction::bidirectional});
  int64_t directions = direction == rec::Direction::bidirectional ? 2 : 1;
  int64_t hidden = oneIn(3) ? between(10, 40) : between(1, 9), rows = rec::RnnOp::getNumGates(cell) * hidden,
          inputs = sizeOf(x, 2);
  Value lengths, initialH, initialC, peepholes;
  if (int64_t steps = sizeOf(x, 0), batch = sizeOf(x, 1); steps >= 0 && batch >= 0) {
    SmallVector<int64_t> counts;
    for (int64_t n = 0; n < batch; ++n)
      counts.push_back(between(0, steps));
    lengths = oneIn(2) ? integers({batch}, counts) : Value();
    initialH = oneIn(2) ? floats({directions, batch, hidden}) : Value();
    initialC = cell == rec::CellKind::lstm && oneIn(2) ? floats({directions, batch, hidden}) : Value();
  }
  if (cell == rec::CellKind::lstm && oneIn(2))
    peepholes = floats({directions, 3 * hidden}, 0.5);
  auto rnn = rec::RnnOp::create(b, cell, direction, x, floats({directions, rows, inputs}, 1 / std::sqrt(inputs)),
                                floats({directions, rows, hidden}, 1 / std::sqrt(hidden)),
                                oneIn(2) ? floats({directions, 2 * rows}, 0.5) : Value(), lengths, initialH, initialC,
                                peepholes, /*linear_before_reset=*/cell == rec::CellKind::gru && oneIn(2));
  addAll(rnn.getResults());
  return true;
}

bool GraphBuilder::addPoolWindow() {
  Value x = pick([&](Value value) {
    return isReal(value) && rankOf(value) >= 3 && rankOf(value) <= 5 && hasStaticTail(value) &&
           weigh(value.getType()) > 0;
  });
  if (!x)
    return false;
  SmallVector<int64_t> windows, strides, begins, ends, dilations;
  for (int64_t d = 2; d < rankOf(x); ++d) {
    int64_t window = between(1, std::min<int64_t>(sizeOf(x, d), 4));
    // Padding below the window: no window lies wholly in it.
    windows.push_back(window);
    strides.push_back(between(1, 3));
    begins.push_back(below((window + 1) / 2));
    ends.push_back(below((window + 1) / 2));
    dilations.push_back(1);
  }
  begins.append(ends);
  add(rec::PoolWindowOp::create(b, choose({rec::WindowKind::max, rec::WindowKind::average}), x, windows, strides,
                                begins, dilations, /*ceil_mode=*/oneIn(3), /*count_include_pad=*/oneIn(2)));
  return true;
}
