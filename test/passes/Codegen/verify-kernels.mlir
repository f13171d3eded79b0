// RUN: split-file %s %t
// RUN: reckon-opt --plan-verify-kernels=arch=sm_80 --split-input-file --verify-diagnostics %t/cuda.mlir
// RUN: reckon-opt --plan-verify-kernels --split-input-file --verify-diagnostics %t/host.mlir
// RUN: not reckon-opt --plan-verify-kernels=arch=sm_50 --split-input-file %t/host.mlir 2>&1 | FileCheck %s
// CHECK: no GPU architecture 'sm_50'

//--- cuda.mlir

// What the phase guarantees.
plan.kernel @k rows dims ["n"] operands [<strides = <4, 1>, row = true>, <strides = <4, 1>>] attributes {launches = [#plan.launch<function = @cuda_code::@k, threads = 128, grid = <1>, max_rows = 8>, #plan.launch<function = @cuda_code::@k, threads = 128, grid = <1>>]} {
^bb0(%x: tensor<?x4xf32, #rec.dims<"n", 4>>):
  rec.yield %x : tensor<?x4xf32, #rec.dims<"n", 4>>
}
module @cuda_code {
  llvm.func @k(%a0: !llvm.ptr<1>, %a1: !llvm.ptr<1>, %a2: i64, %a3: i64, %a4: !llvm.ptr<1>, %a5: !llvm.ptr<1>) attributes {nvvm.kernel, nvvm.reqntid = array<i32: 128, 1, 1>} {
    llvm.return
  }
}
plan.program @main dims ["n"] {
  %x = plan.input "x" : <f32, <"n", 4>>
  %y = plan.output "y" : <f32, <"n", 4>>
  plan.chain rows <"n"> block 1 {
    plan.dispatch @k(%x, %y) : !plan.buffer<f32, <"n", 4>>, !plan.buffer<f32, <"n", 4>>
  }
}

// -----

// A dispatch that covers others leaves numbers of rows to them.
plan.kernel @k rows dims ["n"] operands [<strides = <4, 1>, row = true>, <strides = <4, 1>>] attributes {launches = [#plan.launch<function = @cuda_code::@k, threads = 128, grid = <1>>]} {
^bb0(%x: tensor<?x4xf32, #rec.dims<"n", 4>>):
  rec.yield %x : tensor<?x4xf32, #rec.dims<"n", 4>>
}
plan.kernel @few rows dims ["n"] operands [<strides = <4, 1>, row = true>, <strides = <4, 1>>] attributes {launches = [#plan.launch<function = @cuda_code::@k, threads = 128, grid = <1>, max_rows = 8>]} {
^bb0(%x: tensor<?x4xf32, #rec.dims<"n", 4>>):
  rec.yield %x : tensor<?x4xf32, #rec.dims<"n", 4>>
}
module @cuda_code {
  llvm.func @k(%a0: !llvm.ptr<1>, %a1: !llvm.ptr<1>, %a2: i64, %a3: i64, %a4: !llvm.ptr<1>, %a5: !llvm.ptr<1>) attributes {nvvm.kernel, nvvm.reqntid = array<i32: 128, 1, 1>} {
    llvm.return
  }
}
plan.program @main dims ["n"] {
  %x = plan.input "x" : <f32, <"n", 4>>
  %y = plan.output "y" : <f32, <"n", 4>>
  plan.chain rows <"n"> block 1 {
    plan.dispatch @k(%x, %y) as @k : !plan.buffer<f32, <"n", 4>>, !plan.buffer<f32, <"n", 4>>
    plan.dispatch @few(%x, %y) covers [@k] : !plan.buffer<f32, <"n", 4>>, !plan.buffer<f32, <"n", 4>>
  }
}

// -----

// expected-error @+1 {{has no code for sm_80}}
module {
}

// -----

// expected-error @+1 {{has no launches}}
plan.kernel @k rows dims ["n"] operands [<strides = <4, 1>, row = true>, <strides = <4, 1>>] {
^bb0(%x: tensor<?x4xf32, #rec.dims<"n", 4>>):
  rec.yield %x : tensor<?x4xf32, #rec.dims<"n", 4>>
}
module @cuda_code {
  llvm.func @k(%a0: !llvm.ptr<1>, %a1: !llvm.ptr<1>, %a2: i64, %a3: i64, %a4: !llvm.ptr<1>, %a5: !llvm.ptr<1>) attributes {nvvm.kernel, nvvm.reqntid = array<i32: 128, 1, 1>} {
    llvm.return
  }
}

// -----

// expected-error @+1 {{has no launches}}
plan.kernel @k rows dims ["n"] operands [<strides = <4, 1>, row = true>, <strides = <4, 1>>] attributes {launches = []} {
^bb0(%x: tensor<?x4xf32, #rec.dims<"n", 4>>):
  rec.yield %x : tensor<?x4xf32, #rec.dims<"n", 4>>
}
module @cuda_code {
  llvm.func @k(%a0: !llvm.ptr<1>, %a1: !llvm.ptr<1>, %a2: i64, %a3: i64, %a4: !llvm.ptr<1>, %a5: !llvm.ptr<1>) attributes {nvvm.kernel, nvvm.reqntid = array<i32: 128, 1, 1>} {
    llvm.return
  }
}

// -----

// expected-error @+1 {{is launched as @cuda_code::@other, which is no function}}
plan.kernel @k rows dims ["n"] operands [<strides = <4, 1>, row = true>, <strides = <4, 1>>] attributes {launches = [#plan.launch<function = @cuda_code::@other, threads = 128, grid = <1>>]} {
^bb0(%x: tensor<?x4xf32, #rec.dims<"n", 4>>):
  rec.yield %x : tensor<?x4xf32, #rec.dims<"n", 4>>
}
module @cuda_code {
  llvm.func @k(%a0: !llvm.ptr<1>, %a1: !llvm.ptr<1>, %a2: i64, %a3: i64, %a4: !llvm.ptr<1>, %a5: !llvm.ptr<1>) attributes {nvvm.kernel, nvvm.reqntid = array<i32: 128, 1, 1>} {
    llvm.return
  }
}

// -----

// expected-error @+1 {{is launched as @cuda_code::@k, which is no function}}
plan.kernel @k rows dims ["n"] operands [<strides = <4, 1>, row = true>, <strides = <4, 1>>] attributes {launches = [#plan.launch<function = @cuda_code::@k, threads = 128, grid = <1>>]} {
^bb0(%x: tensor<?x4xf32, #rec.dims<"n", 4>>):
  rec.yield %x : tensor<?x4xf32, #rec.dims<"n", 4>>
}
module @cuda_code {
  llvm.func @k()
}

// -----

// expected-error @+1 {{is launched as @cuda_code::@k, which takes 5 parameters, expected 6}}
plan.kernel @k rows dims ["n"] operands [<strides = <4, 1>, row = true>, <strides = <4, 1>>] attributes {launches = [#plan.launch<function = @cuda_code::@k, threads = 128, grid = <1>>]} {
^bb0(%x: tensor<?x4xf32, #rec.dims<"n", 4>>):
  rec.yield %x : tensor<?x4xf32, #rec.dims<"n", 4>>
}
module @cuda_code {
  llvm.func @k(%a0: !llvm.ptr<1>, %a1: !llvm.ptr<1>, %a2: i64, %a3: i64, %a4: !llvm.ptr<1>) attributes {nvvm.kernel, nvvm.reqntid = array<i32: 128, 1, 1>} {
    llvm.return
  }
}

// -----

// expected-error @+1 {{has a tensor map of operand 2, and there are 2 operands}}
plan.kernel @k rows dims ["n"] operands [<strides = <4, 1>, row = true>, <strides = <4, 1>>] attributes {launches = [#plan.launch<function = @cuda_code::@k, threads = 128, grid = <1>, tensor_maps = [#plan.tensor_map<operand = 2, type = f32, sizes = <4>, strides = <>, box = [4]>]>]} {
^bb0(%x: tensor<?x4xf32, #rec.dims<"n", 4>>):
  rec.yield %x : tensor<?x4xf32, #rec.dims<"n", 4>>
}
module @cuda_code {
  llvm.func @k(%a0: !llvm.ptr<1>, %a1: !llvm.ptr<1>, %m: !llvm.ptr, %a2: i64, %a3: i64, %a4: !llvm.ptr<1>, %a5: !llvm.ptr<1>) attributes {nvvm.kernel, nvvm.reqntid = array<i32: 128, 1, 1>} {
    llvm.return
  }
}

// -----

// expected-error @+1 {{is launched as @cuda_code::@k with 64 threads, which is made for another number}}
plan.kernel @k rows dims ["n"] operands [<strides = <4, 1>, row = true>, <strides = <4, 1>>] attributes {launches = [#plan.launch<function = @cuda_code::@k, threads = 64, grid = <1>>]} {
^bb0(%x: tensor<?x4xf32, #rec.dims<"n", 4>>):
  rec.yield %x : tensor<?x4xf32, #rec.dims<"n", 4>>
}
module @cuda_code {
  llvm.func @k(%a0: !llvm.ptr<1>, %a1: !llvm.ptr<1>, %a2: i64, %a3: i64, %a4: !llvm.ptr<1>, %a5: !llvm.ptr<1>) attributes {nvvm.kernel, nvvm.reqntid = array<i32: 128, 1, 1>} {
    llvm.return
  }
}

// -----

// expected-error @+1 {{cannot be launched as @cuda_code::@k: the number of threads of a block is 2048, sm_80 has 1024}}
plan.kernel @k rows dims ["n"] operands [<strides = <4, 1>, row = true>, <strides = <4, 1>>] attributes {launches = [#plan.launch<function = @cuda_code::@k, threads = 2048, grid = <1>>]} {
^bb0(%x: tensor<?x4xf32, #rec.dims<"n", 4>>):
  rec.yield %x : tensor<?x4xf32, #rec.dims<"n", 4>>
}
module @cuda_code {
  llvm.func @k(%a0: !llvm.ptr<1>, %a1: !llvm.ptr<1>, %a2: i64, %a3: i64, %a4: !llvm.ptr<1>, %a5: !llvm.ptr<1>) attributes {nvvm.kernel, nvvm.reqntid = array<i32: 2048, 1, 1>} {
    llvm.return
  }
}

// -----

// expected-error @+1 {{cannot be launched as @cuda_code::@k: the shared memory of a block, in bytes, is 166913, sm_80 has 166912}}
plan.kernel @k rows dims ["n"] operands [<strides = <4, 1>, row = true>, <strides = <4, 1>>] attributes {launches = [#plan.launch<function = @cuda_code::@k, threads = 128, grid = <1>, shared_bytes = 166913>]} {
^bb0(%x: tensor<?x4xf32, #rec.dims<"n", 4>>):
  rec.yield %x : tensor<?x4xf32, #rec.dims<"n", 4>>
}
module @cuda_code {
  llvm.func @k(%a0: !llvm.ptr<1>, %a1: !llvm.ptr<1>, %a2: i64, %a3: i64, %a4: !llvm.ptr<1>, %a5: !llvm.ptr<1>) attributes {nvvm.kernel, nvvm.reqntid = array<i32: 128, 1, 1>} {
    llvm.return
  }
}

// -----

// expected-error @+1 {{cannot be launched as @cuda_code::@k: the number of blocks of a cluster is 2, sm_80 has 0}}
plan.kernel @k rows dims ["n"] operands [<strides = <4, 1>, row = true>, <strides = <4, 1>>] attributes {launches = [#plan.launch<function = @cuda_code::@k, threads = 128, grid = <1>, cluster = 2>]} {
^bb0(%x: tensor<?x4xf32, #rec.dims<"n", 4>>):
  rec.yield %x : tensor<?x4xf32, #rec.dims<"n", 4>>
}
module @cuda_code {
  llvm.func @k(%a0: !llvm.ptr<1>, %a1: !llvm.ptr<1>, %a2: i64, %a3: i64, %a4: !llvm.ptr<1>, %a5: !llvm.ptr<1>) attributes {nvvm.kernel, nvvm.reqntid = array<i32: 128, 1, 1>} {
    llvm.return
  }
}

// -----

// expected-error @+1 {{cannot be launched as @cuda_code::@k: the number of warps of a multiprocessor is 68, sm_80 has 64}}
plan.kernel @k rows dims ["n"] operands [<strides = <4, 1>, row = true>, <strides = <4, 1>>] attributes {launches = [#plan.launch<function = @cuda_code::@k, threads = 128, grid = <1>, blocks_per_sm = 17>]} {
^bb0(%x: tensor<?x4xf32, #rec.dims<"n", 4>>):
  rec.yield %x : tensor<?x4xf32, #rec.dims<"n", 4>>
}
module @cuda_code {
  llvm.func @k(%a0: !llvm.ptr<1>, %a1: !llvm.ptr<1>, %a2: i64, %a3: i64, %a4: !llvm.ptr<1>, %a5: !llvm.ptr<1>) attributes {nvvm.kernel, nvvm.reqntid = array<i32: 128, 1, 1>} {
    llvm.return
  }
}

// -----

// expected-error @+1 {{cannot be launched as @cuda_code::@k: the shared memory of a multiprocessor, in bytes, is 202048, sm_80 has 167936}}
plan.kernel @k rows dims ["n"] operands [<strides = <4, 1>, row = true>, <strides = <4, 1>>] attributes {launches = [#plan.launch<function = @cuda_code::@k, threads = 128, grid = <1>, shared_bytes = 100000, blocks_per_sm = 2>]} {
^bb0(%x: tensor<?x4xf32, #rec.dims<"n", 4>>):
  rec.yield %x : tensor<?x4xf32, #rec.dims<"n", 4>>
}
module @cuda_code {
  llvm.func @k(%a0: !llvm.ptr<1>, %a1: !llvm.ptr<1>, %a2: i64, %a3: i64, %a4: !llvm.ptr<1>, %a5: !llvm.ptr<1>) attributes {nvvm.kernel, nvvm.reqntid = array<i32: 128, 1, 1>} {
    llvm.return
  }
}

// -----

// expected-error @+1 {{cannot be launched as @cuda_code::@k: it reads through tensor maps, which sm_80 does not have}}
plan.kernel @k rows dims ["n"] operands [<strides = <4, 1>, row = true>, <strides = <4, 1>>] attributes {launches = [#plan.launch<function = @cuda_code::@k, threads = 128, grid = <1>, tensor_maps = [#plan.tensor_map<operand = 0, type = f32, sizes = <4>, strides = <>, box = [4]>]>]} {
^bb0(%x: tensor<?x4xf32, #rec.dims<"n", 4>>):
  rec.yield %x : tensor<?x4xf32, #rec.dims<"n", 4>>
}
module @cuda_code {
  llvm.func @k(%a0: !llvm.ptr<1>, %a1: !llvm.ptr<1>, %m: !llvm.ptr, %a2: i64, %a3: i64, %a4: !llvm.ptr<1>, %a5: !llvm.ptr<1>) attributes {nvvm.kernel, nvvm.reqntid = array<i32: 128, 1, 1>} {
    llvm.return
  }
}

// -----

// expected-error @+1 {{cannot be launched as @cuda_code::@k: it starts before the kernels that it waits for have ended, which sm_80 does not have}}
plan.kernel @k rows dims ["n"] operands [<strides = <4, 1>, row = true>, <strides = <4, 1>>] attributes {launches = [#plan.launch<function = @cuda_code::@k, threads = 128, grid = <1>, uses_pdl = true>]} {
^bb0(%x: tensor<?x4xf32, #rec.dims<"n", 4>>):
  rec.yield %x : tensor<?x4xf32, #rec.dims<"n", 4>>
}
module @cuda_code {
  llvm.func @k(%a0: !llvm.ptr<1>, %a1: !llvm.ptr<1>, %a2: i64, %a3: i64, %a4: !llvm.ptr<1>, %a5: !llvm.ptr<1>) attributes {nvvm.kernel, nvvm.reqntid = array<i32: 128, 1, 1>} {
    llvm.return
  }
}

// -----

plan.kernel @k rows dims ["n"] operands [<strides = <4, 1>, row = true>, <strides = <4, 1>>] attributes {launches = [#plan.launch<function = @cuda_code::@k, threads = 128, grid = <1>, max_rows = 8>]} {
^bb0(%x: tensor<?x4xf32, #rec.dims<"n", 4>>):
  rec.yield %x : tensor<?x4xf32, #rec.dims<"n", 4>>
}
module @cuda_code {
  llvm.func @k(%a0: !llvm.ptr<1>, %a1: !llvm.ptr<1>, %a2: i64, %a3: i64, %a4: !llvm.ptr<1>, %a5: !llvm.ptr<1>) attributes {nvvm.kernel, nvvm.reqntid = array<i32: 128, 1, 1>} {
    llvm.return
  }
}
plan.program @main dims ["n"] {
  %x = plan.input "x" : <f32, <"n", 4>>
  %y = plan.output "y" : <f32, <"n", 4>>
  plan.chain rows <"n"> block 1 {
    // expected-error @+1 {{the last launch of @k is not for every number of rows, and no other dispatch takes its place}}
    plan.dispatch @k(%x, %y) : !plan.buffer<f32, <"n", 4>>, !plan.buffer<f32, <"n", 4>>
  }
}

// -----

plan.kernel @k rows dims ["n"] operands [<strides = <4, 1>, row = true>, <strides = <4, 1>>] attributes {launches = [#plan.launch<function = @cuda_code::@k, threads = 128, grid = <1>, min_rows = 8>]} {
^bb0(%x: tensor<?x4xf32, #rec.dims<"n", 4>>):
  rec.yield %x : tensor<?x4xf32, #rec.dims<"n", 4>>
}
module @cuda_code {
  llvm.func @k(%a0: !llvm.ptr<1>, %a1: !llvm.ptr<1>, %a2: i64, %a3: i64, %a4: !llvm.ptr<1>, %a5: !llvm.ptr<1>) attributes {nvvm.kernel, nvvm.reqntid = array<i32: 128, 1, 1>} {
    llvm.return
  }
}
plan.program @main dims ["n"] {
  %x = plan.input "x" : <f32, <"n", 4>>
  %y = plan.output "y" : <f32, <"n", 4>>
  plan.chain rows <"n"> block 1 {
    // expected-error @+1 {{the last launch of @k is not for every number of rows, and no other dispatch takes its place}}
    plan.dispatch @k(%x, %y) : !plan.buffer<f32, <"n", 4>>, !plan.buffer<f32, <"n", 4>>
  }
}

// -----

plan.kernel @k rows dims ["n"] operands [<strides = <4, 1>, row = true>, <strides = <4, 1>>] attributes {launches = [#plan.launch<function = @cuda_code::@k, threads = 128, grid = <1>, needs_timing = true>]} {
^bb0(%x: tensor<?x4xf32, #rec.dims<"n", 4>>):
  rec.yield %x : tensor<?x4xf32, #rec.dims<"n", 4>>
}
module @cuda_code {
  llvm.func @k(%a0: !llvm.ptr<1>, %a1: !llvm.ptr<1>, %a2: i64, %a3: i64, %a4: !llvm.ptr<1>, %a5: !llvm.ptr<1>) attributes {nvvm.kernel, nvvm.reqntid = array<i32: 128, 1, 1>} {
    llvm.return
  }
}
plan.program @main dims ["n"] {
  %x = plan.input "x" : <f32, <"n", 4>>
  %y = plan.output "y" : <f32, <"n", 4>>
  plan.chain rows <"n"> block 1 {
    // expected-error @+1 {{the last launch of @k is not for every number of rows, and no other dispatch takes its place}}
    plan.dispatch @k(%x, %y) : !plan.buffer<f32, <"n", 4>>, !plan.buffer<f32, <"n", 4>>
  }
}

//--- host.mlir

plan.kernel @k rows dims ["n"] operands [<strides = <4, 1>, row = true>, <strides = <4, 1>>] attributes {scratch_bytes = #rec.dims<0>} {
^bb0(%x: tensor<?x4xf32, #rec.dims<"n", 4>>):
  rec.yield %x : tensor<?x4xf32, #rec.dims<"n", 4>>
}
module @host_code {
  llvm.func @k(%operands: !llvm.ptr, %dims: !llvm.ptr, %range: !llvm.ptr, %scratch: !llvm.ptr, %status: !llvm.ptr) {
    llvm.return
  }
}

// -----

// expected-error @+1 {{has no code for the CPU}}
module {
}

// -----

// expected-error @+1 {{has no function in the code for the host}}
plan.kernel @k rows dims ["n"] operands [<strides = <4, 1>, row = true>, <strides = <4, 1>>] attributes {scratch_bytes = #rec.dims<0>} {
^bb0(%x: tensor<?x4xf32, #rec.dims<"n", 4>>):
  rec.yield %x : tensor<?x4xf32, #rec.dims<"n", 4>>
}
module @host_code {
}

// -----

// expected-error @+1 {{has no function in the code for the host}}
plan.kernel @k rows dims ["n"] operands [<strides = <4, 1>, row = true>, <strides = <4, 1>>] attributes {scratch_bytes = #rec.dims<0>} {
^bb0(%x: tensor<?x4xf32, #rec.dims<"n", 4>>):
  rec.yield %x : tensor<?x4xf32, #rec.dims<"n", 4>>
}
module @host_code {
  llvm.func @k(!llvm.ptr)
}

// -----

// expected-error @+1 {{does not say how much scratch memory a thread needs}}
plan.kernel @k rows dims ["n"] operands [<strides = <4, 1>, row = true>, <strides = <4, 1>>] {
^bb0(%x: tensor<?x4xf32, #rec.dims<"n", 4>>):
  rec.yield %x : tensor<?x4xf32, #rec.dims<"n", 4>>
}
module @host_code {
  llvm.func @k(%operands: !llvm.ptr, %dims: !llvm.ptr, %range: !llvm.ptr, %scratch: !llvm.ptr, %status: !llvm.ptr) {
    llvm.return
  }
}

// -----

// A checked kernel takes the extents of its operands, too.
// expected-error @+1 {{has a function of 5 parameters, expected 6}}
plan.kernel @k rows dims ["n"] operands [<strides = <4, 1>, row = true>, <strides = <4, 1>>] attributes {scratch_bytes = #rec.dims<0>} {
^bb0(%x: tensor<?x4xf32, #rec.dims<"n", 4>>):
  rec.yield %x : tensor<?x4xf32, #rec.dims<"n", 4>>
}
plan.program @main dims ["n"] attributes {checked} {
}
module @host_code {
  llvm.func @k(%operands: !llvm.ptr, %dims: !llvm.ptr, %range: !llvm.ptr, %scratch: !llvm.ptr, %status: !llvm.ptr) {
    llvm.return
  }
}
