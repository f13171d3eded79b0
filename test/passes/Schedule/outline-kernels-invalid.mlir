// RUN: reckon-opt --plan-outline-kernels --split-input-file --verify-diagnostics %s

func.func @main(%x: tensor<8xf32>) -> tensor<8xf32> {
  // expected-error @+1 {{expected a fused function, found 'rec.unary' outside fusion regions}}
  %0 = rec.unary relu %x : (tensor<8xf32>) -> tensor<8xf32>
  return %0 : tensor<8xf32>
}

// -----

func.func @main(%x: tensor<8xf32>) -> tensor<8xf32> {
  // expected-error @+1 {{expected results that have memory of their own, result 0 has none}}
  return %x : tensor<8xf32>
}

// -----

// expected-error @+1 {{the size of dimension 0 of 'tensor<?xf32>' is not known, expected one in named dimensions}}
func.func @main(%x: tensor<?xf32>) -> tensor<?xf32> {
  %0 = rec.fusion rows rows [true] (%x) : (tensor<?xf32>) -> tensor<?xf32> {
  ^bb0(%a: tensor<?xf32>):
    rec.yield %a : tensor<?xf32>
  }
  return %0 : tensor<?xf32>
}

// -----

func.func @main(%x: tensor<8xf32>) -> tensor<?xf32, #rec.dims<"n">> {
  %0 = rec.fusion whole rows [false] (%x) : (tensor<8xf32>) -> tensor<?xf32, #rec.dims<"n">> {
  ^bb0(%a: tensor<8xf32>):
    // expected-error @+1 {{the dimension 'n' of 'tensor<?xf32, #rec.dims<"n">>' is in the shape of no input, so nothing gives it a value}}
    %1 = rec.iota axis 0 start 0.0 step 1.0 : tensor<?xf32, #rec.dims<"n">>
    rec.yield %1 : tensor<?xf32, #rec.dims<"n">>
  }
  return %0 : tensor<?xf32, #rec.dims<"n">>
}

// -----

// expected-error @+1 {{expected one function with one block, found 2 functions}}
module {
  func.func @a() { return }
  func.func @b() { return }
}
