// Recurrent layers of dynamic steps and batch: the engine gives what the reference gives, also with no step and no sequence.
// RUN: reckon-compile %s -o %t.rkn --verify
// RUN: reckon-compile %s -o %t.ptx --target=cuda --emit=ptx
// RUN: FileCheck %s --input-file=%t.ptx

// CHECK-COUNT-9: .visible .entry rows_recurrence
func.func @main(%x: tensor<?x?x3xf32, #rec.dims<"seq", "batch", 3>> {rec.name = "x"},
                %h: tensor<2x?x2xf32, #rec.dims<2, "batch", 2>> {rec.name = "h"},
                %c: tensor<1x?x2xf32, #rec.dims<1, "batch", 2>> {rec.name = "c"})
    -> (tensor<?x1x?x2xf32, #rec.dims<"seq", 1, "batch", 2>> {rec.name = "rnn0_0"},
        tensor<1x?x2xf32, #rec.dims<1, "batch", 2>> {rec.name = "rnn0_1"},
        tensor<?x2x?x2xf32, #rec.dims<"seq", 2, "batch", 2>> {rec.name = "gru2_0"},
        tensor<2x?x2xf32, #rec.dims<2, "batch", 2>> {rec.name = "gru2_1"},
        tensor<?x1x?x2xf32, #rec.dims<"seq", 1, "batch", 2>> {rec.name = "lstm4_0"},
        tensor<1x?x2xf32, #rec.dims<1, "batch", 2>> {rec.name = "lstm4_1"},
        tensor<1x?x2xf32, #rec.dims<1, "batch", 2>> {rec.name = "lstm4_2"}) {
  %rnn0w = rec.constant "rnn0.w" = dense<[[[-0.52, 0.09, -0.26], [0.21, 0.25, -0.87]]]> : tensor<1x2x3xf32>
  %rnn0r = rec.constant "rnn0.r" = dense<[[[-0.97, 0.67], [-0.48, -0.53]]]> : tensor<1x2x2xf32>
  %rnn0b = rec.constant "rnn0.b" = dense<[[0.99, -0.06, 0.67, -0.05]]> : tensor<1x4xf32>
  %rnn0:2 = rec.rnn rnn reverse %x weight %rnn0w recurrence %rnn0r bias %rnn0b
    : (tensor<?x?x3xf32, #rec.dims<"seq", "batch", 3>>, tensor<1x2x3xf32>, tensor<1x2x2xf32>, tensor<1x4xf32>)
    -> (tensor<?x1x?x2xf32, #rec.dims<"seq", 1, "batch", 2>>, tensor<1x?x2xf32, #rec.dims<1, "batch", 2>>)
  %gru2w = rec.constant "gru2.w" = dense<[[[0.28, -0.70, 0.27], [0.74, 0.05, 0.48], [0.34, -0.87, 0.52], [0.18, -0.40, -0.94], [0.73, -0.05, 0.44], [0.76, 0.43, 0.84]], [[-0.21, 0.60, -0.11], [0.87, 0.76, -0.81], [-0.73, -0.57, 0.93], [-0.13, 0.25, -0.40], [0.01, -0.23, -0.30], [0.17, 0.17, 0.81]]]> : tensor<2x6x3xf32>
  %gru2r = rec.constant "gru2.r" = dense<[[[0.36, 0.86], [0.71, 0.98], [0.34, -0.67], [0.72, 0.93], [0.81, 0.14], [0.43, -0.58]], [[0.66, 0.15], [-0.43, -0.87], [0.71, 0.98], [-0.82, 0.60], [-0.18, -0.70], [-0.41, 0.54]]]> : tensor<2x6x2xf32>
  %gru2b = rec.constant "gru2.b" = dense<[[0.75, -0.91, 0.23, -0.91, 0.44, -0.34, 0.76, 0.96, 0.01, 1.00, -0.38, -0.85], [0.20, -0.94, -0.61, -0.18, 0.22, -0.69, -0.92, 0.74, -0.37, 0.92, 0.79, -0.24]]> : tensor<2x12xf32>
  %gru2:2 = rec.rnn gru bidirectional %x weight %gru2w recurrence %gru2r bias %gru2b initial_h %h
    : (tensor<?x?x3xf32, #rec.dims<"seq", "batch", 3>>, tensor<2x6x3xf32>, tensor<2x6x2xf32>, tensor<2x12xf32>, tensor<2x?x2xf32, #rec.dims<2, "batch", 2>>)
    -> (tensor<?x2x?x2xf32, #rec.dims<"seq", 2, "batch", 2>>, tensor<2x?x2xf32, #rec.dims<2, "batch", 2>>)
  %lstm4w = rec.constant "lstm4.w" = dense<[[[0.88, 0.01, -0.14], [0.44, -0.52, -0.40], [0.96, 0.04, 0.10], [-0.98, -0.17, 0.16], [-0.96, 0.23, 0.26], [-0.88, 0.25, -0.07], [0.36, -0.29, 0.41], [0.48, -0.96, -0.88]]]> : tensor<1x8x3xf32>
  %lstm4r = rec.constant "lstm4.r" = dense<[[[0.35, 0.93], [-0.50, -0.09], [0.19, -0.36], [-0.27, -0.37], [-0.26, 0.19], [-0.40, -0.25], [0.54, -0.95], [0.14, 0.47]]]> : tensor<1x8x2xf32>
  %lstm4b = rec.constant "lstm4.b" = dense<[[-0.38, -0.55, 0.61, -0.52, -0.63, -0.13, 0.40, -0.80, -0.36, -0.33, 0.67, -0.12, 0.71, -0.66, -0.33, 0.30]]> : tensor<1x16xf32>
  %p = rec.constant "p" = dense<[[-0.08, 0.04, 0.29, 0.19, 0.12, 0.24]]> : tensor<1x6xf32>
  %lstm4:3 = rec.rnn lstm forward %x weight %lstm4w recurrence %lstm4r bias %lstm4b initial_c %c peepholes %p
    : (tensor<?x?x3xf32, #rec.dims<"seq", "batch", 3>>, tensor<1x8x3xf32>, tensor<1x8x2xf32>, tensor<1x16xf32>, tensor<1x?x2xf32, #rec.dims<1, "batch", 2>>, tensor<1x6xf32>)
    -> (tensor<?x1x?x2xf32, #rec.dims<"seq", 1, "batch", 2>>, tensor<1x?x2xf32, #rec.dims<1, "batch", 2>>, tensor<1x?x2xf32, #rec.dims<1, "batch", 2>>)
  return %rnn0#0, %rnn0#1, %gru2#0, %gru2#1, %lstm4#0, %lstm4#1, %lstm4#2
    : tensor<?x1x?x2xf32, #rec.dims<"seq", 1, "batch", 2>>,
      tensor<1x?x2xf32, #rec.dims<1, "batch", 2>>,
      tensor<?x2x?x2xf32, #rec.dims<"seq", 2, "batch", 2>>,
      tensor<2x?x2xf32, #rec.dims<2, "batch", 2>>,
      tensor<?x1x?x2xf32, #rec.dims<"seq", 1, "batch", 2>>,
      tensor<1x?x2xf32, #rec.dims<1, "batch", 2>>,
      tensor<1x?x2xf32, #rec.dims<1, "batch", 2>>
}
