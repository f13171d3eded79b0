// RUN: reckon-opt %s --rec-expand-math | FileCheck %s
// RUN: reckon-opt %s --rec-expand-math=keep-extrema | FileCheck %s --check-prefix=KEEP
// RUN: reckon-opt %s --rec-expand-math=by-exp2 | FileCheck %s --check-prefix=EXP2
// RUN: reckon-opt %s --rec-expand-math --mlir-pass-statistics -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS
// STATS: 5 expanded

// CHECK-LABEL: func.func @exp
// CHECK-NOT: math.exp
// CHECK: return
func.func @exp(%x: f32) -> f32 {
  %0 = math.exp %x : f32
  return %0 : f32
}

// CHECK-LABEL: func.func @tanh_vector
// CHECK-NOT: math.tanh
// CHECK: return
func.func @tanh_vector(%x: vector<16xf32>) -> vector<16xf32> {
  %0 = math.tanh %x : vector<16xf32>
  return %0 : vector<16xf32>
}

// CHECK-LABEL: func.func @erf
// CHECK-NOT: math.erf
// CHECK: return
func.func @erf(%x: f32) -> f32 {
  %0 = math.erf %x : f32
  return %0 : f32
}

// What is not expanded: other functions, other types.
// CHECK-LABEL: func.func @kept
// CHECK: math.sin
// CHECK: math.exp
func.func @kept(%x: f32, %y: f64) -> (f32, f64) {
  %0 = math.sin %x : f32
  %1 = math.exp %y : f64
  return %0, %1 : f32, f64
}

// CHECK-LABEL: func.func @extrema
// CHECK: arith.maximumf
// CHECK: arith.minimumf
// KEEP-LABEL: func.func @extrema
// KEEP: llvm.intr.maximum(%arg0, %arg1) {fastmathFlags = #llvm.fastmath<nsz>} : (f32, f32) -> f32
// KEEP: llvm.intr.minimum(%arg2, %arg3) {fastmathFlags = #llvm.fastmath<nsz>} : (vector<4xf64>, vector<4xf64>) -> vector<4xf64>
// KEEP: arith.maximumf %arg4, %arg5 : f16
func.func @extrema(%x: f32, %y: f32, %v: vector<4xf64>, %w: vector<4xf64>, %h: f16, %g: f16) -> (f32, vector<4xf64>, f16) {
  %0 = arith.maximumf %x, %y : f32
  %1 = arith.minimumf %v, %w : vector<4xf64>
  %2 = arith.maximumf %h, %g : f16
  return %0, %1, %2 : f32, vector<4xf64>, f16
}

// What may be approximate is computed from powers of two where there is an instruction for them; tanh keeps its smallest values apart.
// CHECK-LABEL: func.func @rounded
// CHECK-NOT: math.exp
// CHECK-NOT: math.tanh
// CHECK: return
// EXP2-LABEL: func.func @exp(
// EXP2-NOT: math.exp2
// EXP2-LABEL: func.func @rounded
// EXP2: %[[S:.*]] = arith.mulf %arg0
// EXP2: %[[E:.*]] = math.exp2 %[[S]] fastmath<afn>
// EXP2: math.exp2 %{{.*}} fastmath<afn>
// EXP2: arith.divf %{{.*}} fastmath<afn>
// EXP2: %[[T:.*]] = arith.select
// EXP2: return %[[E]], %[[T]]
func.func @rounded(%x: f32) -> (f32, f32) {
  %0 = math.exp %x fastmath<afn> : f32
  %1 = math.tanh %x fastmath<afn> : f32
  return %0, %1 : f32, f32
}
