// The dialect is registered, and every phase has a pipeline flag.
// RUN: reckon-opt %s | FileCheck %s
// RUN: reckon-opt --help | FileCheck %s --check-prefix=HELP
// RUN: not reckon-opt %s --reckon-codegen-pipeline=target=tpu 2>&1 | FileCheck %s --check-prefix=DEVICE
// RUN: not reckon-opt %s.missing 2>&1 | FileCheck %s --check-prefix=MISSING

// HELP: --reckon-import-pipeline
// DEVICE: for the --target option: Cannot find option named 'tpu'
// MISSING: reckon-opt: cannot open input file
// CHECK: rec.unary relu
func.func @main(%x: tensor<?x13xf32, #rec.dims<"batch", 13>>) -> tensor<?x13xf32, #rec.dims<"batch", 13>> {
  %0 = rec.unary relu %x : (tensor<?x13xf32, #rec.dims<"batch", 13>>) -> tensor<?x13xf32, #rec.dims<"batch", 13>>
  return %0 : tensor<?x13xf32, #rec.dims<"batch", 13>>
}
