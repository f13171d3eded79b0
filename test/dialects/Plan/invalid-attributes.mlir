// RUN: reckon-opt %s --split-input-file --verify-diagnostics --allow-unregistered-dialect

// expected-error @+1 {{[C1] the packing 'panels' has width 0, expected 1 or more}}
"test.op"() {a = #plan.packing<panels>} : () -> ()

// -----

// expected-error @+1 {{[C1] the packing 'mma' has width 8, expected 0}}
"test.op"() {a = #plan.packing<mma, 8>} : () -> ()

// -----

// expected-error @+1 {{[C1] an operand has the stride -1, expected 0 or more}}
"test.op"() {a = #plan.operand<strides = <-1>>} : () -> ()

// -----

// expected-error @+1 {{[C2] an operand has the packing 'mma', expected it of a matrix that is neither a table nor read by row}}
"test.op"() {a = #plan.operand<strides = <8, 1>, packing = <mma>, row = true>} : () -> ()

// -----

// expected-error @+1 {{[C2] an operand has the packing 'columns', expected it of a matrix that is neither a table nor read by row}}
"test.op"() {a = #plan.operand<strides = <1>, packing = <columns>>} : () -> ()

// -----

// expected-error @+1 {{[C3] an operand has the index -2, expected -1 or more}}
"test.op"() {a = #plan.operand<strides = <1>, rows_dim = -2>} : () -> ()

// -----

// expected-error @+1 {{[C3] an operand has the index -3, expected -1 or more}}
"test.op"() {a = #plan.operand<strides = <1>, alternative_to = -3>} : () -> ()

// -----

// expected-error @+1 {{[C4] an alternative packing is of a table or read by row}}
"test.op"() {a = #plan.operand<strides = <8, 1>, alternative_to = 1, row = true>} : () -> ()

// -----

// expected-error @+1 {{[C1] a launch is for 2 to 1 rows}}
"test.op"() {a = #plan.choice<name = "k", min_rows = 2, max_rows = 1>} : () -> ()

// -----

// expected-error @+1 {{[C1] a tensor map has 2 sizes, 0 strides and 2 sides, expected 1 to 5 sizes, a stride less and as many sides}}
"test.op"() {a = #plan.tensor_map<operand = 0, type = f32, sizes = <4, 4>, strides = <>, box = [4, 4]>} : () -> ()

// -----

// expected-error @+1 {{[C2] the box of a tensor map has a side of 257 elements, expected 1 to 256}}
"test.op"() {a = #plan.tensor_map<operand = 0, type = f32, sizes = <4>, strides = <>, box = [257]>} : () -> ()

// -----

// expected-error @+1 {{[C3] a tensor map swizzles 16 bytes, expected 0, 32, 64 or 128}}
"test.op"() {a = #plan.tensor_map<operand = 0, type = f32, sizes = <4>, strides = <>, box = [4], swizzle = 16>} : () -> ()

// -----

// expected-error @+1 {{[C1] a block has no threads}}
"test.op"() {a = #plan.launch<function = @cuda_code::@k, threads = 0, grid = <1>>} : () -> ()

// -----

// expected-error @+1 {{[C2] a grid has 4 sizes, expected 1 to 3}}
"test.op"() {a = #plan.launch<function = @cuda_code::@k, threads = 32, grid = <1, 1, 1, 1>>} : () -> ()

// -----

// expected-error @+1 {{[C2] scratch memory has 2 sizes, expected one}}
"test.op"() {a = #plan.launch<function = @cuda_code::@k, threads = 32, grid = <1>, scratch_bytes = <1, 2>>} : () -> ()

// -----

// expected-error @+1 {{[C3] a launch is for 2 to 1 rows}}
"test.op"() {a = #plan.launch<function = @cuda_code::@k, threads = 32, grid = <1>, min_rows = 2, max_rows = 1>} : () -> ()

// -----

// expected-error @+1 {{[C4] expected tensor maps, found ["k"]}}
"test.op"() {a = #plan.launch<function = @cuda_code::@k, threads = 32, grid = <1>, tensor_maps = ["k"]>} : () -> ()
