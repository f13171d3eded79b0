// RUN: reckon-opt --split-input-file --verify-diagnostics=only-expected %s

// rnn C1
func.func @f(%x: tensor<8x4xf32>, %w: tensor<1x9x4xf32>, %r: tensor<1x9x3xf32>) {
  // expected-error @below {{'rec.rnn' op [C1] x has rank 2, expected 3: steps x batch x inputs}}
  %0:2 = rec.rnn gru forward %x weight %w recurrence %r
    : (tensor<8x4xf32>, tensor<1x9x4xf32>, tensor<1x9x3xf32>) -> (tensor<5x1x8x3xf32>, tensor<1x8x3xf32>)
  return
}

// -----

// rnn C2
func.func @f(%x: tensor<5x8x4xf32>, %w: tensor<1x8x4xf32>, %r: tensor<1x9x3xf32>) {
  // expected-error @below {{'rec.rnn' op [C2] weight has shape [1, 8, 4], expected [1, 9, 4]}}
  %0:2 = rec.rnn gru forward %x weight %w recurrence %r
    : (tensor<5x8x4xf32>, tensor<1x8x4xf32>, tensor<1x9x3xf32>) -> (tensor<5x1x8x3xf32>, tensor<1x8x3xf32>)
  return
}

// -----

// rnn C2: recurrence
func.func @f(%x: tensor<5x8x4xf32>, %w: tensor<1x9x4xf32>, %r: tensor<1x9x2xf32>) {
  // expected-error @below {{'rec.rnn' op [C2] recurrence has shape [1, 9, 2], expected [1, 6, 2]}}
  %0:2 = rec.rnn gru forward %x weight %w recurrence %r
    : (tensor<5x8x4xf32>, tensor<1x9x4xf32>, tensor<1x9x2xf32>) -> (tensor<5x1x8x3xf32>, tensor<1x8x3xf32>)
  return
}

// -----

// rnn C2: dynamic hidden
func.func @f(%x: tensor<5x8x4xf32>, %w: tensor<1x9x4xf32>, %r: tensor<1x9x?xf32, #rec.dims<1, 9, "n">>) {
  // expected-error @below {{'rec.rnn' op [C2] recurrence has shape [1, 9, n], expected rank 3 and a static last size}}
  %0:2 = rec.rnn gru forward %x weight %w recurrence %r
    : (tensor<5x8x4xf32>, tensor<1x9x4xf32>, tensor<1x9x?xf32, #rec.dims<1, 9, "n">>) -> (tensor<5x1x8x3xf32>, tensor<1x8x3xf32>)
  return
}

// -----

// rnn C2: directions
func.func @f(%x: tensor<5x8x4xf32>, %w: tensor<1x9x4xf32>, %r: tensor<1x9x3xf32>) {
  // expected-error @below {{'rec.rnn' op [C2] recurrence has shape [1, 9, 3], expected [2, 9, 3]}}
  %0:2 = rec.rnn gru bidirectional %x weight %w recurrence %r
    : (tensor<5x8x4xf32>, tensor<1x9x4xf32>, tensor<1x9x3xf32>) -> (tensor<5x1x8x3xf32>, tensor<1x8x3xf32>)
  return
}

// -----

// rnn C3
func.func @f(%x: tensor<5x8x4xf32>, %w: tensor<1x9x4xf32>, %r: tensor<1x9x3xf32>, %b: tensor<1x9xf32>) {
  // expected-error @below {{'rec.rnn' op [C3] bias has shape [1, 9], expected [1, 18]}}
  %0:2 = rec.rnn gru forward %x weight %w recurrence %r bias %b
    : (tensor<5x8x4xf32>, tensor<1x9x4xf32>, tensor<1x9x3xf32>, tensor<1x9xf32>) -> (tensor<5x1x8x3xf32>, tensor<1x8x3xf32>)
  return
}

// -----

// rnn C4
func.func @f(%x: tensor<5x8x4xf32>, %w: tensor<1x9x4xf32>, %r: tensor<1x9x3xf32>, %l: tensor<5xi32>) {
  // expected-error @below {{'rec.rnn' op [C4] lengths has shape [5], expected [8]}}
  %0:2 = rec.rnn gru forward %x weight %w recurrence %r lengths %l
    : (tensor<5x8x4xf32>, tensor<1x9x4xf32>, tensor<1x9x3xf32>, tensor<5xi32>) -> (tensor<5x1x8x3xf32>, tensor<1x8x3xf32>)
  return
}

// -----

// rnn C5
func.func @f(%x: tensor<5x8x4xf32>, %w: tensor<1x9x4xf32>, %r: tensor<1x9x3xf32>, %h: tensor<8x3xf32>) {
  // expected-error @below {{'rec.rnn' op [C5] initial_h has shape [8, 3], expected [1, 8, 3]}}
  %0:2 = rec.rnn gru forward %x weight %w recurrence %r initial_h %h
    : (tensor<5x8x4xf32>, tensor<1x9x4xf32>, tensor<1x9x3xf32>, tensor<8x3xf32>) -> (tensor<5x1x8x3xf32>, tensor<1x8x3xf32>)
  return
}

// -----

// rnn C5: no cell state
func.func @f(%x: tensor<5x8x4xf32>, %w: tensor<1x9x4xf32>, %r: tensor<1x9x3xf32>, %h: tensor<1x8x3xf32>) {
  // expected-error @below {{'rec.rnn' op [C5] an initial cell state for 'gru', which has no cell state}}
  %0:2 = rec.rnn gru forward %x weight %w recurrence %r initial_c %h
    : (tensor<5x8x4xf32>, tensor<1x9x4xf32>, tensor<1x9x3xf32>, tensor<1x8x3xf32>) -> (tensor<5x1x8x3xf32>, tensor<1x8x3xf32>)
  return
}

// -----

// rnn C6
func.func @f(%x: tensor<5x8x4xf32>, %w: tensor<1x9x4xf32>, %r: tensor<1x9x3xf32>, %p: tensor<1x9xf32>) {
  // expected-error @below {{'rec.rnn' op [C6] peepholes for 'gru', expected 'lstm'}}
  %0:2 = rec.rnn gru forward %x weight %w recurrence %r peepholes %p
    : (tensor<5x8x4xf32>, tensor<1x9x4xf32>, tensor<1x9x3xf32>, tensor<1x9xf32>) -> (tensor<5x1x8x3xf32>, tensor<1x8x3xf32>)
  return
}

// -----

// rnn C6: size
func.func @f(%x: tensor<5x8x4xf32>, %w: tensor<1x12x4xf32>, %r: tensor<1x12x3xf32>, %p: tensor<1x8xf32>) {
  // expected-error @below {{'rec.rnn' op [C6] peepholes has shape [1, 8], expected [1, 9]}}
  %0:3 = rec.rnn lstm forward %x weight %w recurrence %r peepholes %p
    : (tensor<5x8x4xf32>, tensor<1x12x4xf32>, tensor<1x12x3xf32>, tensor<1x8xf32>) -> (tensor<5x1x8x3xf32>, tensor<1x8x3xf32>, tensor<1x8x3xf32>)
  return
}

// -----

// rnn C6: linear_before_reset
func.func @f(%x: tensor<5x8x4xf32>, %w: tensor<1x3x4xf32>, %r: tensor<1x3x3xf32>) {
  // expected-error @below {{'rec.rnn' op [C6] 'linear_before_reset' for 'rnn', expected 'gru'}}
  %0:2 = rec.rnn rnn forward %x weight %w recurrence %r {linear_before_reset}
    : (tensor<5x8x4xf32>, tensor<1x3x4xf32>, tensor<1x3x3xf32>) -> (tensor<5x1x8x3xf32>, tensor<1x8x3xf32>)
  return
}

// -----

// rnn C7
func.func @f(%x: tensor<5x8x4xf32>, %w: tensor<1x9x4xf32>, %r: tensor<1x9x3xf16>) {
  // expected-error @below {{'rec.rnn' op [C7] the operands differ in element type}}
  %0:2 = rec.rnn gru forward %x weight %w recurrence %r
    : (tensor<5x8x4xf32>, tensor<1x9x4xf32>, tensor<1x9x3xf16>) -> (tensor<5x1x8x3xf32>, tensor<1x8x3xf32>)
  return
}

// -----

// rnn C8
func.func @f(%x: tensor<5x8x4xf32>, %w: tensor<1x9x4xf32>, %r: tensor<1x9x3xf32>) {
  // expected-error @below {{'rec.rnn' op inferred type(s)}}
  %0:3 = rec.rnn gru forward %x weight %w recurrence %r
    : (tensor<5x8x4xf32>, tensor<1x9x4xf32>, tensor<1x9x3xf32>) -> (tensor<5x1x8x3xf32>, tensor<1x8x3xf32>, tensor<1x8x3xf32>)
  return
}

// -----

// recurrence C1
func.func @f(%x: tensor<8x9xf32>, %r: tensor<3x9xf32>) {
  // expected-error @below {{'rec.recurrence' op [C1] x has rank 2, expected 3: batch x steps x gates}}
  %0:2 = rec.recurrence gru forward %x recurrence %r
    : (tensor<8x9xf32>, tensor<3x9xf32>) -> (tensor<8x5x3xf32>, tensor<8x3xf32>)
  return
}

// -----

// recurrence C1: gates
func.func @f(%x: tensor<8x5x6xf32>, %r: tensor<3x9xf32>) {
  // expected-error @below {{'rec.recurrence' op [C1] x has shape [8, 5, 6], expected [8, 5, 9]}}
  %0:2 = rec.recurrence gru forward %x recurrence %r
    : (tensor<8x5x6xf32>, tensor<3x9xf32>) -> (tensor<8x5x3xf32>, tensor<8x3xf32>)
  return
}

// -----

// recurrence C2
func.func @f(%x: tensor<8x5x9xf32>, %r: tensor<2x9xf32>) {
  // expected-error @below {{'rec.recurrence' op [C2] recurrence has shape [2, 9], expected [3, 9]}}
  %0:2 = rec.recurrence gru forward %x recurrence %r
    : (tensor<8x5x9xf32>, tensor<2x9xf32>) -> (tensor<8x5x3xf32>, tensor<8x3xf32>)
  return
}

// -----

// recurrence C2: gates
func.func @f(%x: tensor<8x5x9xf32>, %r: tensor<3x8xf32>) {
  // expected-error @below {{'rec.recurrence' op [C2] recurrence has shape [3, 8], expected rank 2, static, and columns of 3 gates}}
  %0:2 = rec.recurrence gru forward %x recurrence %r
    : (tensor<8x5x9xf32>, tensor<3x8xf32>) -> (tensor<8x5x3xf32>, tensor<8x3xf32>)
  return
}

// -----

// recurrence C3
func.func @f(%x: tensor<8x5x9xf32>, %r: tensor<3x9xf32>, %b: tensor<3xf32>) {
  // expected-error @below {{'rec.recurrence' op [C3] a bias without 'linear_before_reset'}}
  %0:2 = rec.recurrence gru forward %x recurrence %r bias %b
    : (tensor<8x5x9xf32>, tensor<3x9xf32>, tensor<3xf32>) -> (tensor<8x5x3xf32>, tensor<8x3xf32>)
  return
}

// -----

// recurrence C3: size
func.func @f(%x: tensor<8x5x9xf32>, %r: tensor<3x9xf32>, %b: tensor<6xf32>) {
  // expected-error @below {{'rec.recurrence' op [C3] bias has shape [6], expected [3]}}
  %0:2 = rec.recurrence gru forward %x recurrence %r bias %b {linear_before_reset}
    : (tensor<8x5x9xf32>, tensor<3x9xf32>, tensor<6xf32>) -> (tensor<8x5x3xf32>, tensor<8x3xf32>)
  return
}

// -----

// recurrence C3: cell
func.func @f(%x: tensor<8x5x3xf32>, %r: tensor<3x3xf32>) {
  // expected-error @below {{'rec.recurrence' op [C3] 'linear_before_reset' for 'rnn', expected 'gru'}}
  %0:2 = rec.recurrence rnn forward %x recurrence %r {linear_before_reset}
    : (tensor<8x5x3xf32>, tensor<3x3xf32>) -> (tensor<8x5x3xf32>, tensor<8x3xf32>)
  return
}

// -----

// recurrence C4
func.func @f(%x: tensor<8x5x9xf32>, %r: tensor<3x9xf32>, %l: tensor<7xi32>) {
  // expected-error @below {{'rec.recurrence' op [C4] lengths has shape [7], expected [8]}}
  %0:2 = rec.recurrence gru forward %x recurrence %r lengths %l
    : (tensor<8x5x9xf32>, tensor<3x9xf32>, tensor<7xi32>) -> (tensor<8x5x3xf32>, tensor<8x3xf32>)
  return
}

// -----

// recurrence C5
func.func @f(%x: tensor<8x5x9xf32>, %r: tensor<3x9xf32>, %h: tensor<8x6xf32>) {
  // expected-error @below {{'rec.recurrence' op [C5] initial_h has shape [8, 6], expected [8, 3]}}
  %0:2 = rec.recurrence gru forward %x recurrence %r initial_h %h
    : (tensor<8x5x9xf32>, tensor<3x9xf32>, tensor<8x6xf32>) -> (tensor<8x5x3xf32>, tensor<8x3xf32>)
  return
}

// -----

// recurrence C5: cell
func.func @f(%x: tensor<8x5x9xf32>, %r: tensor<3x9xf32>, %c: tensor<8x3xf32>) {
  // expected-error @below {{'rec.recurrence' op [C5] an initial cell state for 'gru', which has no cell state}}
  %0:2 = rec.recurrence gru forward %x recurrence %r initial_c %c
    : (tensor<8x5x9xf32>, tensor<3x9xf32>, tensor<8x3xf32>) -> (tensor<8x5x3xf32>, tensor<8x3xf32>)
  return
}

// -----

// recurrence C6
func.func @f(%x: tensor<8x5x9xf32>, %r: tensor<3x9xf32>, %p: tensor<1x9xf32>) {
  // expected-error @below {{'rec.recurrence' op [C6] peepholes for 'gru', expected 'lstm'}}
  %0:2 = rec.recurrence gru forward %x recurrence %r peepholes %p
    : (tensor<8x5x9xf32>, tensor<3x9xf32>, tensor<1x9xf32>) -> (tensor<8x5x3xf32>, tensor<8x3xf32>)
  return
}

// -----

// recurrence C6: size
func.func @f(%x: tensor<8x5x12xf32>, %r: tensor<3x12xf32>, %p: tensor<1x8xf32>) {
  // expected-error @below {{'rec.recurrence' op [C6] peepholes has shape [1, 8], expected [1, 9]}}
  %0:3 = rec.recurrence lstm forward %x recurrence %r peepholes %p
    : (tensor<8x5x12xf32>, tensor<3x12xf32>, tensor<1x8xf32>) -> (tensor<8x5x3xf32>, tensor<8x3xf32>, tensor<8x3xf32>)
  return
}

// -----

// recurrence C7
func.func @f(%x: tensor<8x5x9xf32>, %r: tensor<3x9xf16>) {
  // expected-error @below {{'rec.recurrence' op [C7] the operands differ in element type}}
  %0:2 = rec.recurrence gru forward %x recurrence %r
    : (tensor<8x5x9xf32>, tensor<3x9xf16>) -> (tensor<8x5x3xf32>, tensor<8x3xf32>)
  return
}

// -----

// recurrence C8
func.func @f(%x: tensor<8x5x9xf32>, %r: tensor<3x9xf32>) {
  // expected-error @below {{'rec.recurrence' op inferred type(s)}}
  %0:3 = rec.recurrence gru forward %x recurrence %r
    : (tensor<8x5x9xf32>, tensor<3x9xf32>) -> (tensor<8x5x3xf32>, tensor<8x3xf32>, tensor<8x3xf32>)
  return
}
