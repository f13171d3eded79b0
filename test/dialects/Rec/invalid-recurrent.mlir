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
