// RUN: reckon-opt --rec-expand-device-math --split-input-file --verify-diagnostics %s | FileCheck %s
// RUN: reckon-opt --rec-expand-device-math --mlir-pass-statistics --split-input-file --verify-diagnostics %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS

// STATS: 4 expanded

// Functions become arithmetic, on f32 in double precision; what the device has instructions for stays.
// CHECK-LABEL: func @functions
// CHECK: arith.extf %{{.*}} : f32 to f64
// CHECK-NOT: math.powf
// CHECK: arith.truncf %{{.*}} : f64 to f32
// CHECK-NOT: math.sin
// CHECK: math.sqrt
// CHECK-NOT: arith.remf
// CHECK: return
func.func @functions(%x: f32, %y: f64) -> (f32, f64, f32, f64) {
  %0 = math.powf %x, %x : f32
  %1 = math.sin %y : f64
  %2 = math.sqrt %x : f32
  %3 = arith.remf %y, %y : f64
  return %0, %1, %2, %3 : f32, f64, f32, f64
}

// A power of two that may be approximate is an instruction, too; another is arithmetic.
// CHECK-LABEL: func @powers
// CHECK: math.exp2 %arg0 fastmath<afn>
// CHECK: arith.extf
// CHECK-NOT: math.exp2
// CHECK: return
func.func @powers(%x: f32) -> (f32, f32) {
  %0 = math.exp2 %x fastmath<afn> : f32
  %1 = math.exp2 %x : f32
  return %0, %1 : f32, f32
}

// -----

func.func @missing(%x: vector<4xf64>) -> vector<4xf64> {
  // expected-error@+1 {{device codegen: there is no device code for math.cbrt on 'vector<4xf64>'}}
  %0 = math.cbrt %x : vector<4xf64>
  return %0 : vector<4xf64>
}
