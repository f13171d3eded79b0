//===- RecurrentTest.cpp - Recurrent layers -------------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------------===//

#include "Harness.h"

using namespace reckon::reference;

namespace {
double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

/// One unit and one input, so that a step is a line of arithmetic.
const std::vector<std::string> rnnTypes = {"tensor<2x1x1xf32>", "tensor<1x1x1xf32>", "tensor<1x1x1xf32>"};
} // namespace

TEST(Rnn, Steps) {
  double h0 = std::tanh(2.0), h1 = std::tanh(2 * 0.25 + 3 * h0);
  auto results =
      runOp("rec.rnn rnn forward %0 weight %1 recurrence %2", rnnTypes, {"tensor<2x1x1x1xf32>", "tensor<1x1x1xf32>"},
            {f32({2, 1, 1}, {1, 0.25}), f32({1, 1, 1}, {2}), f32({1, 1, 1}, {3})});
  ASSERT_EQ(results.size(), 2u);
  expectFloats(results, {h0, h1});
  expectFloats(results, {h1}, 1e-12, 1);
}

TEST(Rnn, LengthsAndDirections) {
  // Of three steps sequence 0 has two and sequence 1 has none. Without a recurrence each step is its own.
  auto results =
      runOp("rec.rnn rnn bidirectional %0 weight %1 recurrence %2 lengths %3 initial_h %4",
            {"tensor<3x2x1xf32>", "tensor<2x1x1xf32>", "tensor<2x1x1xf32>", "tensor<2xi32>", "tensor<2x2x1xf32>"},
            {"tensor<3x2x2x1xf32>", "tensor<2x2x1xf32>"},
            {f32({3, 2, 1}, {1, 9, 2, 9, 9, 9}), f32({2, 1, 1}, {1, -1}), f32({2, 1, 1}, {0, 0}),
             ints(ElementKind::I32, {2}, {2, 0}), f32({2, 2, 1}, {5, 6, 7, 8})});
  ASSERT_EQ(results.size(), 2u);
  double a = std::tanh(1.0), b = std::tanh(2.0);
  expectFloats(results, {a, 0, -a, 0, b, 0, -b, 0, 0, 0, 0, 0});
  // The reverse direction ends at the first step; a sequence without steps keeps its initial state.
  expectFloats(results, {b, 6, -a, 8}, 1e-12, 1);
}

TEST(Rnn, LengthOutsideTheSteps) {
  Function function(wrapOp("rec.rnn rnn forward %0 weight %1 recurrence %2 lengths %3",
                           {"tensor<2x1x1xf32>", "tensor<1x1x1xf32>", "tensor<1x1x1xf32>", "tensor<1xi32>"},
                           {"tensor<2x1x1x1xf32>", "tensor<1x1x1xf32>"}));
  Tensor one = f32({1, 1, 1}, {1});
  EXPECT_TRUE(function.run({f32({2, 1, 1}, {1, 1}), one, one, ints(ElementKind::I32, {1}, {3})}).empty());
  EXPECT_NE(function.error.find("the length 3 of sequence 0 is outside [0, 2]"), std::string::npos) << function.error;
}

TEST(Rnn, Gru) {
  // Gates z, r, h; biases of the input, then of the state.
  Tensor x = f32({1, 1, 1}, {2}), w = f32({1, 3, 1}, {0.5, 0.25, 1}), r = f32({1, 3, 1}, {1, 2, 3});
  Tensor bias = f32({1, 6}, {0.1, 0.2, 0.3, 0.4, 0.5, 0.6}), h = f32({1, 1, 1}, {0.5});
  double z = sigmoid(1 + 0.5 + 0.5), reset = sigmoid(0.5 + 1 + 0.7);
  auto run = [&](const std::string &attributes) {
    return runOp(
        "rec.rnn gru forward %0 weight %1 recurrence %2 bias %3 initial_h %4" + attributes,
        {"tensor<1x1x1xf32>", "tensor<1x3x1xf32>", "tensor<1x3x1xf32>", "tensor<1x6xf32>", "tensor<1x1x1xf32>"},
        {"tensor<1x1x1x1xf32>", "tensor<1x1x1xf32>"}, {x, w, r, bias, h});
  };
  expectFloats(run(""), {(1 - z) * std::tanh(2 + 0.3 + 3 * (reset * 0.5) + 0.6) + z * 0.5});
  expectFloats(run(" {linear_before_reset}"), {(1 - z) * std::tanh(2 + 0.3 + reset * (1.5 + 0.6)) + z * 0.5});
}

TEST(Rnn, LstmWithPeepholes) {
  // Gates i, o, f, c; peepholes i, o, f.
  auto results = runOp("rec.rnn lstm forward %0 weight %1 recurrence %2 initial_h %3 initial_c %4 peepholes %5",
                       {"tensor<1x1x1xf32>", "tensor<1x4x1xf32>", "tensor<1x4x1xf32>", "tensor<1x1x1xf32>",
                        "tensor<1x1x1xf32>", "tensor<1x3xf32>"},
                       {"tensor<1x1x1x1xf32>", "tensor<1x1x1xf32>", "tensor<1x1x1xf32>"},
                       {f32({1, 1, 1}, {1}), f32({1, 4, 1}, {0.1, 0.2, 0.3, 0.4}), f32({1, 4, 1}, {1, 2, 3, 4}),
                        f32({1, 1, 1}, {0.5}), f32({1, 1, 1}, {0.25}), f32({1, 3}, {2, 3, 4})});
  ASSERT_EQ(results.size(), 3u);
  double c = sigmoid(0.3 + 1.5 + 4 * 0.25) * 0.25 + sigmoid(0.1 + 0.5 + 2 * 0.25) * std::tanh(0.4 + 2);
  double h = sigmoid(0.2 + 1 + 3 * c) * std::tanh(c);
  expectFloats(results, {h});
  expectFloats(results, {h}, 1e-12, 1);
  expectFloats(results, {c}, 1e-12, 2);
}

TEST(Recurrence, LengthsAndDirections) {
  // Two sequences of three steps; the first has two of them, the second none. Directions lie side by side.
  auto results = runOp("rec.recurrence rnn bidirectional %0 recurrence %1 lengths %2 initial_h %3",
                       {"tensor<2x3x2xf32>", "tensor<2x1xf32>", "tensor<2xi32>", "tensor<2x2xf32>"},
                       {"tensor<2x3x2xf32>", "tensor<2x2xf32>"},
                       {f32({2, 3, 2}, {1, -1, 2, -2, 9, 9, 9, 9, 9, 9, 9, 9}), f32({2, 1}, {3, 4}),
                        ints(ElementKind::I32, {2}, {2, 0}), f32({2, 2}, {5, 6, 7, 8})});
  ASSERT_EQ(results.size(), 2u);
  double a = std::tanh(1 + 3 * 5.0), b = std::tanh(2 + 3 * a), d = std::tanh(-2 + 4 * 6.0), c = std::tanh(-1 + 4 * d);
  expectFloats(results, {a, c, b, d, 0, 0, 0, 0, 0, 0, 0, 0});
  expectFloats(results, {b, c, 7, 8}, 1e-12, 1);
}

TEST(Recurrence, Gru) {
  // Two units, so that what one gives to the other's gates is told apart: unit 1 starts at 0 and gives nothing.
  std::vector<double> sums = {0.1, 0.2, 0.3, 0.4, 0.5, 0.6}, r = {1, 2, 3, 4, 5, 6, 9, 9, 9, 9, 9, 9};
  Tensor x = f32({1, 1, 6}, sums), recurrence = f32({2, 6}, r), h = f32({1, 2}, {0.5, 0});
  std::vector<std::string> results = {"tensor<1x1x2xf32>", "tensor<1x2xf32>"};
  double z = sigmoid(0.1 + 0.5), reset = sigmoid(0.3 + 3 * 0.5);
  double before = (1 - z) * std::tanh(0.5 + 5 * (reset * 0.5)) + z * 0.5;
  double after = (1 - z) * std::tanh(0.5 + reset * (5 * 0.5 + 7)) + z * 0.5;
  EXPECT_NEAR(runOp("rec.recurrence gru forward %0 recurrence %1 initial_h %2",
                    {"tensor<1x1x6xf32>", "tensor<2x6xf32>", "tensor<1x2xf32>"}, results, {x, recurrence, h})[1]
                  .floatAt(0),
              before, 1e-12);
  EXPECT_NEAR(runOp("rec.recurrence gru forward %0 recurrence %1 bias %2 initial_h %3 {linear_before_reset}",
                    {"tensor<1x1x6xf32>", "tensor<2x6xf32>", "tensor<2xf32>", "tensor<1x2xf32>"}, results,
                    {x, recurrence, f32({2}, {7, 8}), h})[1]
                  .floatAt(0),
              after, 1e-12);
}
