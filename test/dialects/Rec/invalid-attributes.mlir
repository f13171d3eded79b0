// RUN: reckon-opt --split-input-file --verify-diagnostics=only-expected %s

// expected-error @below {{expected a size: an integer or a quoted size expression}}
func.func private @f(tensor<?xf32, #rec.dims<batch>>)

// -----

// expected-error @below {{bad size: an unknown function at offset}}
func.func private @f(tensor<?xf32, #rec.dims<"log(batch, 2)">>)

// -----

// expected-error @below {{bad size: it divides by zero or exceeds 64 bits}}
func.func private @f(tensor<?xf32, #rec.dims<"floordiv(batch, 0)">>)

// -----

// expected-error @below {{#rec.dims has 1 entries on a tensor of rank 2}}
func.func private @f(tensor<?x4xf32, #rec.dims<"batch">>)

// -----

// expected-error @below {{#rec.dims gives the constant 4 for the dynamic dimension 1}}
func.func private @f(tensor<?x?xf32, #rec.dims<"batch", 4>>)

// -----

// expected-error @below {{#rec.dims gives '5' for dimension 1 of static size 4}}
func.func private @f(tensor<?x4xf32, #rec.dims<"batch", 5>>)

// -----

// expected-error @below {{#rec.dims gives 'batch' for dimension 0 of static size 4}}
func.func private @f(tensor<4x?xf32, #rec.dims<"batch", "seq">>)

// -----

// expected-error @below {{#rec.dims names no dimension of the tensor; leave it out}}
func.func private @f(tensor<?x4xf32, #rec.dims<"?", 4>>)

// -----

func.func @f(%x: tensor<8xf32>) {
  // expected-error @below {{expected ::reckon::rec::UnaryKind to be one of: abs, acos}}
  %0 = rec.unary cube %x : (tensor<8xf32>) -> tensor<8xf32>
  return
}

// -----

// expected-error @below {{'rec.name' of argument 0 is not a string but 1 : i64}}
func.func private @f(tensor<8xf32> {rec.name = 1})

// -----

// expected-error @below {{'rec.name' of result 0 is not a string but unit}}
func.func private @f() -> (tensor<8xf32> {rec.name})

// -----

func.func @f(%x: tensor<8xi64>, %w: tensor<4x4xf32>) {
  // expected-error @below {{operand #0 must be ranked tensor of f16, bf16, f32 or f64 values, but got 'tensor<8xi64>'}}
  %0 = rec.linear %x, %w : (tensor<8xi64>, tensor<4x4xf32>) -> tensor<8x4xf32>
  return
}

// -----

func.func @f(%x: tensor<*xf32>) {
  // expected-error @below {{operand #0 must be ranked tensor of number or boolean values, but got 'tensor<*xf32>'}}
  %0 = rec.unary relu %x : (tensor<*xf32>) -> tensor<*xf32>
  return
}

// -----

// expected-error @below {{[C1] a requirement is about 2 sizes, not 1}}
func.func private @f() attributes {rec.requirements = [#rec.requirement<at_least <"T">, "n", "w">]}

// -----

// expected-error @below {{[C1] a requirement on the anonymous dimension can never be checked}}
func.func private @f() attributes {rec.requirements = [#rec.requirement<equal <"?", 5>, "n", "w">]}

// -----

// expected-error @below {{'rec.requirements' is no array of #rec.requirement but [1]}}
func.func private @f() attributes {rec.requirements = [1]}

// -----

// expected-error @below {{'rec.recipe' is no recipe of options and checksums of initializers but {options = ["--precision=fp16"]}}}
module attributes {rec.recipe = {options = ["--precision=fp16"]}} {
}
