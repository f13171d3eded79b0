// The checker of GPU tests, with the host in the GPU's place: what agrees is ok, and what does not is found.
// RUN: rm -rf %t && mkdir -p %t && reckon-compile %s -o %t/model.rkn
// RUN: sed -e 's/out_of_range error/out_of_range clamp/; s/0.25, 0.5/0.251, 0.5/' %s > %t/other.mlir
// RUN: reckon-compile %t/other.mlir -o %t/other.rkn

// RUN: printf "same\t%t/model.rkn\tbatches,alternate,eviction,threads,ids,pointers,updates\tbatches=0,1,7,64,1000\n" > %t/plan
// RUN: %build/test/gpu/reckon-gpu-check --device=host %t/plan | FileCheck %s --check-prefix=SAME
// SAME: {{^}}ok same: batches
// SAME: {{^}}ok same: alternate
// SAME: {{^}}ok same: eviction
// SAME: {{^}}ok same: threads
// SAME: {{^}}ok same: ids
// SAME: {{^}}skip same: pointers there are no device pointers on the host
// SAME: {{^}}ok same: updates

// The other model clamps its ids and has a row that is off by 0.001.
// RUN: printf "other\t%t/other.rkn\tbatches,alternate,eviction,threads,ids\thost=%t/model.rkn\n" > %t/plan
// RUN: printf "near\t%t/other.rkn\tbatches\thost=%t/model.rkn\tatol=0.0031\n" >> %t/plan
// RUN: printf "wrong\t%t/other.rkn\tbatches,nonsense\n" >> %t/plan
// RUN: not %build/test/gpu/reckon-gpu-check --device=host %t/plan | FileCheck %s --check-prefix=OTHER
// OTHER: {{^}}FAIL other: batches batch {{[0-9]+}}: output 'y' {{[0-9]+}} of {{[0-9]+}} elements differ; element {{[0-9]+}} is {{[-0-9.e]+}}, expected
// OTHER: {{^}}FAIL other: alternate round 0
// OTHER: {{^}}FAIL other: eviction round 0
// OTHER: {{^}}FAIL other: threads thread 0
// OTHER: {{^}}FAIL other: ids id 1073741824 in 'ids' position {{[0-9]+}}: says '', the host {{.*}}table{{.*}}id 1073741824 at position
// OTHER: {{^}}ok near: batches
// OTHER: {{^}}FAIL wrong: nonsense there is no such check

// RUN: echo nonsense > %t/plan && not %build/test/gpu/reckon-gpu-check %t/plan 2>&1 | FileCheck %s --check-prefix=PLAN
// PLAN: reckon-gpu-check: error: {{.*}}a line has a name, an engine and checks

func.func @main(%ids: tensor<?x3xi64, #rec.dims<"batch", 3>> {rec.name = "ids"})
    -> (tensor<?x2xf32, #rec.dims<"batch", 2>> {rec.name = "y"}) {
  %t = rec.constant "items" = dense<[[0.0, 1.0], [0.25, 0.5], [0.75, 2.0]]> : tensor<3x2xf32>
  %0 = rec.embedding_bag sum %t, %ids {out_of_range = #rec<out_of_range error>}
    : (tensor<3x2xf32>, tensor<?x3xi64, #rec.dims<"batch", 3>>) -> tensor<?x2xf32, #rec.dims<"batch", 2>>
  return %0 : tensor<?x2xf32, #rec.dims<"batch", 2>>
}
