// RUN: reckon-opt --plan-choose-launches %s | FileCheck %s --implicit-check-not=candidates
// RUN: reckon-opt --plan-choose-launches=all-candidates=true %s | FileCheck %s --check-prefix=ALL
// RUN: reckon-opt --plan-choose-launches=arch=sm_80 %s | FileCheck %s --check-prefix=OLD
// RUN: reckon-opt --plan-choose-launches=all-candidates=true --mlir-pass-statistics %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS
// STATS-DAG: 2 library
// STATS-DAG: 19 launches
// RUN: not reckon-opt --plan-choose-launches=timing-cache=%t.absent %s 2>&1 | FileCheck %s --check-prefix=ABSENT
// ABSENT: cannot read the timing cache
// RUN: printf 'reckon-timing-cache 1\nkernels 1\n' > %t.other && not reckon-opt --plan-choose-launches=timing-cache=%t.other %s 2>&1 | FileCheck %s --check-prefix=OTHER
// OTHER: {{.*}}.other{{.*}}the timing cache was measured with other kernels

// Few rows go to one kernel, many to another; the last takes any number. What the cost model does not pick, and the
// library, are for the tuner.
// CHECK: plan.kernel @wide
// CHECK-SAME: operands [<strides = <256, 1>, row = true, aligned = true>, <strides = <128, 1>, aligned = true, constant = true>, <strides = <128, 1>, aligned = true>]
// CHECK-SAME: choices = [#plan.choice<name = "splitk8", max_rows = {{[0-9]+}}>,
// CHECK-SAME: #plan.choice<name = "wgmma128x128_pingpong">]
// CHECK-NOT: needs_timing = true
// CHECK-NOT: cublaslt
// ALL: plan.kernel @wide
// ALL-SAME: choices = [#plan.choice<name = "cublaslt", needs_timing = true>
// ALL-SAME: #plan.choice<name = "wgmma128x256", needs_timing = true>
// ALL-SAME: #plan.choice<name = "splitk8", max_rows = {{[0-9]+}}>
// ALL-SAME: #plan.choice<name = "wgmma128x128_pingpong">]
// OLD: plan.kernel @wide
// OLD-SAME: #plan.choice<name = "direct{{(16|32)}}">]
// OLD-NOT: wgmma
plan.kernel @wide gemm dims ["batch"] operands [
    <strides = <256, 1>, row = true>, <strides = <128, 1>>, <strides = <128, 1>>] {
^bb0(%x: tensor<?x256xf16, #rec.dims<"batch", 256>>, %w: tensor<256x128xf16>):
  %0 = rec.linear %x, %w : (tensor<?x256xf16, #rec.dims<"batch", 256>>, tensor<256x128xf16>) -> tensor<?x128xf16, #rec.dims<"batch", 128>>
  rec.yield %0 : tensor<?x128xf16, #rec.dims<"batch", 128>>
}
// The caller's memory is aligned to its elements only, and its address changes: bulk copies and a library cannot read it.
// Nothing writes it during a run.
// CHECK: plan.kernel @outer
// CHECK-SAME: operands [<strides = <256, 1>, row = true, constant = true>, <strides = <256, 1>, aligned = true, constant = true>, <strides = <256, 1>, aligned = true>]
// CHECK-NOT: wgmma
// ALL: plan.kernel @outer
// ALL-NOT: cublaslt
// ALL: plan.kernel @generic
plan.kernel @outer gemm dims ["batch"] operands [
    <strides = <256, 1>, row = true>, <strides = <256, 1>>, <strides = <256, 1>>] {
^bb0(%x: tensor<?x256xf16, #rec.dims<"batch", 256>>, %w: tensor<256x256xf16>):
  %0 = rec.linear %x, %w : (tensor<?x256xf16, #rec.dims<"batch", 256>>, tensor<256x256xf16>) -> tensor<?x256xf16, #rec.dims<"batch", 256>>
  rec.yield %0 : tensor<?x256xf16, #rec.dims<"batch", 256>>
}
// A layer that only the generic kernel knows: there the library needs no measurement.
// CHECK: plan.kernel @generic
// CHECK-SAME: choices = [#plan.choice<name = "cublaslt">, #plan.choice<name = "">]
plan.kernel @generic whole dims ["batch"] operands [<strides = <128, 1>>, <strides = <128, 1>>, <strides = <128, 1>>] {
^bb0(%x: tensor<?x128xf16, #rec.dims<"batch", 128>>, %w: tensor<128x128xf16>):
  %0 = rec.linear %x, %w : (tensor<?x128xf16, #rec.dims<"batch", 128>>, tensor<128x128xf16>) -> tensor<?x128xf16, #rec.dims<"batch", 128>>
  rec.yield %0 : tensor<?x128xf16, #rec.dims<"batch", 128>>
}
// Other kernels leave no choice.
// CHECK: plan.kernel @copy
// CHECK-NOT: choices
plan.kernel @copy rows dims ["batch"] operands [<strides = <128, 1>, row = true>, <strides = <128, 1>>] {
^bb0(%x: tensor<?x128xf16, #rec.dims<"batch", 128>>):
  %0 = rec.unary relu %x : (tensor<?x128xf16, #rec.dims<"batch", 128>>) -> tensor<?x128xf16, #rec.dims<"batch", 128>>
  rec.yield %0 : tensor<?x128xf16, #rec.dims<"batch", 128>>
}
// The number that timing caches repeat is of what kernels compute: neither names nor the syntax of the plan change it.
// RUN: sed 's/@wide/@broad/; s/"w"/"weight"/' %s | reckon-opt --plan-choose-launches=all-candidates=true | FileCheck %s --check-prefix=NUMBER
// NUMBER: candidates = 961426655672309314 : i64
// RUN: sed 's/<strides = <128, 1>>\]/<strides = <136, 1>>]/' %s | reckon-opt --plan-choose-launches=all-candidates=true | FileCheck %s --check-prefix=WIDER
// WIDER-NOT: candidates = 961426655672309314
// WIDER: candidates =
// ALL: plan.program @main dims ["batch"] attributes {candidates = 961426655672309314 : i64}
plan.program @main dims ["batch"] {
  %x = plan.input "x" : <f16, <"batch", 256>>
  %w = plan.weight "w" dense<1.0> : tensor<256x256xf16> : <f16, <256, 256>>
  %v = plan.weight "v" dense<1.0> : tensor<256x128xf16> : <f16, <256, 128>>
  %u = plan.weight "u" dense<1.0> : tensor<128x128xf16> : <f16, <128, 128>>
  %a = plan.alloc : <f16, <"batch", 256>>
  %b = plan.alloc : <f16, <"batch", 128>>
  %c = plan.alloc : <f16, <"batch", 128>>
  %y = plan.output "y" : <f16, <"batch", 128>>
  plan.dispatch @outer(%x, %w, %a) : !plan.buffer<f16, <"batch", 256>>, !plan.buffer<f16, <256, 256>>, !plan.buffer<f16, <"batch", 256>>
  plan.dispatch @wide(%a, %v, %b) : !plan.buffer<f16, <"batch", 256>>, !plan.buffer<f16, <256, 128>>, !plan.buffer<f16, <"batch", 128>>
  plan.dispatch @generic(%b, %u, %c) : !plan.buffer<f16, <"batch", 128>>, !plan.buffer<f16, <128, 128>>, !plan.buffer<f16, <"batch", 128>>
  plan.dispatch @copy(%c, %y) : !plan.buffer<f16, <"batch", 128>>, !plan.buffer<f16, <"batch", 128>>
}
