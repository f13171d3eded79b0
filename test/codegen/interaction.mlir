// RUN: reckon-opt %s --rec-emit-host-kernels=host-cpu=x86-64-v4 | FileCheck %s

// Row i of the triangle is stored with a mask where it does not fill a vector; 18 features take two vectors.
plan.kernel @interaction rows dims ["batch"] operands [<strides = <144, 8, 1>, row = true>, <strides = <153, 1>>] {
^bb0(%x: tensor<?x18x8xf32, #rec.dims<"batch", 18, 8>>):
  %0 = rec.dot_interaction lower %x : (tensor<?x18x8xf32, #rec.dims<"batch", 18, 8>>)
    -> tensor<?x153xf32, #rec.dims<"batch", 153>>
  rec.yield %0 : tensor<?x153xf32, #rec.dims<"batch", 153>>
}

// The features transposed: 8 x 32 floats.
// CHECK: plan.kernel @interaction{{.*}}scratch_bytes = #rec.dims<1024>
// CHECK-LABEL: func.func private @interaction.body
// CHECK: vector.fma
// CHECK: llvm.intr.masked.store
// Row 17 has seventeen pairs: a whole vector and one lane.
// CHECK: arith.constant dense<[true, false, false, false, false, false, false, false, false, false, false, false, false, false, false, false]>
