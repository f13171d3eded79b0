// RUN: split-file %s %t
// RUN: reckon-opt --plan-insert-bounds-checks %t/host.mlir --mlir-pass-statistics -o %t/host.out 2> %t/stats && FileCheck %t/host.mlir --input-file %t/host.out && FileCheck %s --check-prefix=STATS --input-file %t/stats
// RUN: reckon-opt --plan-insert-bounds-checks %t/cuda.mlir | FileCheck %t/cuda.mlir
// RUN: reckon-opt --plan-insert-bounds-checks --split-input-file --verify-diagnostics %t/unknown.mlir
// STATS: 8 checks

//--- host.mlir

plan.kernel @k rows dims ["n"] operands [<strides = <1>, row = true>, <strides = <1>>] attributes {scratch_bytes = #rec.dims<"64*n+64">} {
^bb0(%x: tensor<?xf32, #rec.dims<"n">>):
  rec.yield %x : tensor<?xf32, #rec.dims<"n">>
}
// CHECK: plan.program @main {{.*}}checked
plan.program @main dims ["n"] {
  %x = plan.input "x" : <f32, <"n">>
  %y = plan.output "y" : <f32, <"n">>
  plan.chain rows <"n"> block 1 {
    plan.dispatch @k(%x, %y) : !plan.buffer<f32, <"n">>, !plan.buffer<f32, <"n">>
  }
}
module @host_code {
  // CHECK: llvm.mlir.global internal @reckon_sink("{{(.00)+}}") {addr_space = 0 : i32, alignment = 128 : i64}
  // CHECK: llvm.mlir.global internal constant @reckon_zeros("{{(.00)+}}")
  llvm.mlir.global internal constant @table("0123456789abcdef") {alignment = 64 : i64}

  // The exported function takes extents, and hands those of each operand on.
  // CHECK-LABEL: llvm.func @k(
  // CHECK-SAME: %[[EXTENTS:arg5]]: !llvm.ptr)
  // CHECK: %[[SLOT:.*]] = llvm.getelementptr %arg4[24]
  // CHECK: llvm.getelementptr %[[EXTENTS]][32]
  // CHECK: llvm.getelementptr %[[EXTENTS]][40]
  // CHECK: %[[X:.*]] = llvm.load %arg0 {{.*}} -> !llvm.ptr
  // CHECK: %[[AT:.*]] = llvm.getelementptr %[[EXTENTS]][0]
  // CHECK: %[[BEGIN:.*]] = llvm.load %[[AT]] : !llvm.ptr -> i64
  // CHECK: llvm.getelementptr %[[EXTENTS]][8]
  // CHECK: llvm.call @k.body(%[[X]], {{.*}}, %[[BEGIN]], {{.*}}, %[[SLOT]])
  llvm.func @k(%operands: !llvm.ptr, %dims: !llvm.ptr, %range: !llvm.ptr, %scratch: !llvm.ptr, %status: !llvm.ptr) {
    %x = llvm.load %operands {alignment = 8 : i64} : !llvm.ptr -> !llvm.ptr
    %second = llvm.getelementptr %operands[1] : (!llvm.ptr) -> !llvm.ptr, !llvm.ptr
    %y = llvm.load %second {alignment = 8 : i64} : !llvm.ptr -> !llvm.ptr
    %n = llvm.load %dims {alignment = 8 : i64} : !llvm.ptr -> i64
    llvm.call @k.body(%x, %y, %n, %scratch) : (!llvm.ptr, !llvm.ptr, i64, !llvm.ptr) -> ()
    llvm.return
  }

  // CHECK-LABEL: llvm.func internal @k.body(
  // CHECK-SAME: %[[X:.*]]: !llvm.ptr {llvm.noalias}, %[[Y:.*]]: !llvm.ptr {llvm.noalias}, %[[N:.*]]: i64, %[[SCRATCH:.*]]: !llvm.ptr, %[[XB:.*]]: i64, %[[XE:.*]]: i64, %[[XO:.*]]: i32, %[[YB:.*]]: i64, %[[YE:.*]]: i64, %[[YO:.*]]: i32, %[[SB:.*]]: i64, %[[SE:.*]]: i64, %[[SO:.*]]: i32, %[[S:.*]]: !llvm.ptr)
  llvm.func internal @k.body(%x: !llvm.ptr {llvm.noalias}, %y: !llvm.ptr {llvm.noalias}, %n: i64, %scratch: !llvm.ptr) attributes {sym_visibility = "private"} {
    %mask = llvm.mlir.constant(dense<[true, true, false, false]> : vector<4xi1>) : vector<4xi1>
    %zero = llvm.mlir.constant(0 : i64) : i64
    // What inbounds promises would be true for the check as well.
    // CHECK: %[[P:.*]] = llvm.getelementptr %[[X]][
    %p = llvm.getelementptr inbounds %x[%n] : (!llvm.ptr, i64) -> !llvm.ptr, f32
    // CHECK: %[[Q:.*]] = llvm.call @reckon_check_read(%[[P]], %{{.*}}, %{{.*}}, %[[XB]], %[[XE]], %[[XO]], %[[S]])
    // CHECK: %[[V:.*]] = llvm.load %[[Q]] {{.*}} -> f32
    %v = llvm.load %p {alignment = 4 : i64} : !llvm.ptr -> f32
    // CHECK: %[[Q:.*]] = llvm.call @reckon_check_write(%[[Y]], %{{.*}}, %{{.*}}, %[[YB]], %[[YE]], %[[YO]], %[[S]])
    // CHECK: llvm.store %[[V]], %[[Q]]
    llvm.store %v, %y {alignment = 4 : i64} : f32, !llvm.ptr
    // Of a mask the lanes that are set.
    // CHECK: %[[BITS:.*]] = llvm.bitcast %{{.*}} : vector<4xi1> to i4
    // CHECK: %[[WIDE:.*]] = llvm.zext %[[BITS]]
    // CHECK: llvm.intr.cttz{{.*}}%[[WIDE]]
    // CHECK: llvm.intr.ctlz{{.*}}%[[WIDE]]
    // CHECK: %[[Q:.*]] = llvm.call @reckon_check_read(%[[SCRATCH]], %{{.*}}, %{{.*}}, %[[SB]], %[[SE]], %[[SO]], %[[S]])
    // CHECK: llvm.intr.masked.load %[[Q]]
    %w = llvm.intr.masked.load %scratch, %mask {alignment = 4 : i32} : (!llvm.ptr, vector<4xi1>) -> vector<4xf32>
    // A global is as large as its type.
    // CHECK: %[[TABLE:.*]] = llvm.mlir.addressof @table
    // CHECK: llvm.ptrtoint %[[TABLE]]
    // CHECK: %[[Q:.*]] = llvm.call @reckon_check_read(%[[TABLE]],
    // CHECK: llvm.load %[[Q]] : !llvm.ptr -> vector<4xf32>
    %table = llvm.mlir.addressof @table : !llvm.ptr
    %t = llvm.load %table : !llvm.ptr -> vector<4xf32>
    // An array in scratch memory has its own, in named dimensions, inside of those of the whole.
    // CHECK: %[[A:.*]] = llvm.getelementptr %[[SCRATCH]][64] {plan.bytes = #rec.dims<"4*floordiv(n, 2)+4">}
    // CHECK: llvm.mul %{{.*}}, %[[N]]
    // CHECK: llvm.srem
    // CHECK: llvm.sdiv
    // CHECK: %[[AB:.*]] = llvm.ptrtoint %[[A]]
    // CHECK: %[[AE:.*]] = llvm.add %[[AB]],
    // CHECK: %[[LEAST:.*]] = llvm.intr.umin(%[[AE]], %[[SE]])
    // CHECK: %[[NEXT:.*]] = llvm.getelementptr %[[A]][4]
    // CHECK: llvm.call @reckon_check_read(%[[NEXT]], %{{.*}}, %{{.*}}, %[[AB]], %[[LEAST]], %[[SO]], %[[S]])
    // CHECK: llvm.call @reckon_check_write(%[[A]], %{{.*}}, %{{.*}}, %[[AB]], %[[LEAST]], %[[SO]], %[[S]])
    %array = llvm.getelementptr %scratch[64] {plan.bytes = #rec.dims<"4*floordiv(n, 2)+4">} : (!llvm.ptr) -> !llvm.ptr, i8
    %behind = llvm.getelementptr %array[4] : (!llvm.ptr) -> !llvm.ptr, i8
    %u = llvm.load %behind : !llvm.ptr -> f32
    llvm.store %u, %array : f32, !llvm.ptr
    // Bounds follow a pointer through choices and loops.
    // CHECK: llvm.select %[[C:.*]], %[[X]], %[[Y]]
    // CHECK: llvm.select %[[C]], %[[XB]], %[[YB]]
    // CHECK: llvm.br ^[[LOOP:.*]](%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} : !llvm.ptr, i64, i64, i64, i32)
    %c = llvm.icmp "eq" %n, %zero : i64
    %either = llvm.select %c, %x, %y : i1, !llvm.ptr
    llvm.br ^loop(%either, %n : !llvm.ptr, i64)
  // CHECK: ^[[LOOP]](%[[R:.*]]: !llvm.ptr, %{{.*}}: i64, %[[RB:.*]]: i64, %[[RE:.*]]: i64, %[[RO:.*]]: i32)
  ^loop(%r: !llvm.ptr, %i: i64):
    // CHECK: llvm.call @reckon_check_write(%[[R]], %{{.*}}, %{{.*}}, %[[RB]], %[[RE]], %[[RO]], %[[S]])
    llvm.store %v, %r : f32, !llvm.ptr
    %next = llvm.getelementptr %r[4] : (!llvm.ptr) -> !llvm.ptr, i8
    %done = llvm.icmp "eq" %i, %zero : i64
    llvm.cond_br %done, ^end, ^loop(%next, %zero : !llvm.ptr, i64)
  ^end:
    // CHECK: llvm.call @tile(%[[Y]], %[[YB]], %[[YE]], %[[YO]], %[[S]])
    llvm.call @tile(%y) : (!llvm.ptr) -> ()
    // CHECK: "llvm.intr.prefetch"(%[[P]])
    "llvm.intr.prefetch"(%p) <{cache = 1 : i32, hint = 2 : i32, rw = 0 : i32}> : (!llvm.ptr) -> ()
    llvm.return
  }
  llvm.func internal @tile(%y: !llvm.ptr) attributes {sym_visibility = "private"} {
    %v = llvm.mlir.constant(1.0 : f32) : f32
    // CHECK-LABEL: llvm.func internal @tile(
    // CHECK-SAME: %[[Y:.*]]: !llvm.ptr, %[[B:.*]]: i64, %[[E:.*]]: i64, %[[O:.*]]: i32, %[[S:.*]]: !llvm.ptr)
    // CHECK: llvm.call @reckon_check_write(%[[Y]], %{{.*}}, %{{.*}}, %[[B]], %[[E]], %[[O]], %[[S]])
    llvm.store %v, %y : f32, !llvm.ptr
    llvm.return
  }
  // CHECK-LABEL: llvm.func internal @reckon_report_access
  // CHECK: llvm.cmpxchg %arg0
  // CHECK-LABEL: llvm.func internal @reckon_check_read
  // CHECK: llvm.mlir.constant(4 : i32)
  // CHECK: llvm.call @reckon_report_access
  // CHECK: llvm.mlir.addressof @reckon_zeros
  // CHECK-LABEL: llvm.func internal @reckon_check_write
  // CHECK: llvm.mlir.constant(5 : i32)
  // CHECK: llvm.mlir.addressof @reckon_sink
}

//--- cuda.mlir

// The bytes of two operands and of the scratch memory follow the status.
plan.kernel @k rows dims ["n"] operands [<strides = <4, 1>, row = true>, <strides = <4, 1>>] attributes {launches = [#plan.launch<function = @cuda_code::@k, threads = 128, grid = <1>, max_rows = 8>, #plan.launch<function = @cuda_code::@k, threads = 128, grid = <1>>]} {
^bb0(%x: tensor<?x4xf32, #rec.dims<"n", 4>>):
  rec.yield %x : tensor<?x4xf32, #rec.dims<"n", 4>>
}
module @cuda_code {
  llvm.mlir.global internal @shared() {addr_space = 3 : i32} : !llvm.array<64 x i8>
  llvm.mlir.global external @dynamic() {addr_space = 3 : i32} : !llvm.array<0 x i8>
  llvm.mlir.global internal constant @row() {addr_space = 1 : i32} : !llvm.array<80 x i8>
  // CHECK-LABEL: llvm.func @k(
  // CHECK-SAME: %[[STATUS:arg6]]: !llvm.ptr<1>, %[[XN:.*]]: i64, %[[YN:.*]]: i64, %[[SN:.*]]: i64)
  // CHECK: %[[ROW:.*]] = llvm.mlir.addressof @row
  // CHECK: %[[RB:.*]] = llvm.ptrtoint %[[ROW]]
  // CHECK: %[[RE:.*]] = llvm.add %[[RB]],
  // CHECK: %[[DN:.*]] = nvvm.read.ptx.sreg.dynamic.smem.size : i32
  // CHECK: %[[DYNAMIC:.*]] = llvm.mlir.addressof @dynamic
  // CHECK: %[[WIDE:.*]] = llvm.zext %[[DN]]
  // CHECK: %[[DB:.*]] = llvm.ptrtoint %[[DYNAMIC]]
  // CHECK: %[[DE:.*]] = llvm.add %[[DB]], %[[WIDE]]
  // CHECK: %[[XB:.*]] = llvm.ptrtoint %arg0 : !llvm.ptr<1> to i64
  // CHECK: %[[XE:.*]] = llvm.add %[[XB]], %[[XN]]
  // CHECK: %[[SLOT:.*]] = llvm.getelementptr %[[STATUS]][24]
  llvm.func @k(%x: !llvm.ptr<1>, %y: !llvm.ptr<1>, %map: !llvm.ptr {llvm.align = 64 : i64, llvm.byval = !llvm.array<128 x i8>, nvvm.grid_constant}, %n: i64, %rows: i64, %scratch: !llvm.ptr<1>, %status: !llvm.ptr<1>) attributes {nvvm.kernel, nvvm.reqntid = array<i32: 128, 1, 1>} {
    %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
    // CHECK: %[[SHARED:.*]] = llvm.mlir.addressof @shared
    // CHECK: %[[HB:.*]] = llvm.ptrtoint %[[SHARED]] : !llvm.ptr<3> to i64
    // CHECK: %[[HE:.*]] = llvm.add %[[HB]],
    // CHECK: %[[Q:.*]] = llvm.call @reckon_check_read(%arg0, {{.*}}, %[[XB]], %[[XE]], {{.*}}, %[[SLOT]])
    // CHECK: %[[R:.*]] = llvm.call @reckon_check_write_3(%[[SHARED]], {{.*}}, %[[HB]], %[[HE]], {{.*}}, %[[SLOT]])
    // CHECK: nvvm.cp.async.shared.global %[[R]], %[[Q]], 16
    nvvm.cp.async.shared.global %shared, %x, 16, cache = cg : !llvm.ptr<3>, !llvm.ptr<1>
    // CHECK: %[[Q:.*]] = llvm.call @reckon_check_read_3(%[[SHARED]], {{.*}}, %[[HB]], %[[HE]],
    // CHECK: llvm.load %[[Q]] : !llvm.ptr<3> -> f32
    %v = llvm.load %shared : !llvm.ptr<3> -> f32
    // An address that is a number is of the array that it was computed from.
    // CHECK: %[[P:.*]] = llvm.inttoptr %{{.*}} : i32 to !llvm.ptr<3>
    // CHECK: %[[Q:.*]] = llvm.call @reckon_check_write_3(%[[P]], {{.*}}, %[[HB]], %[[HE]],
    // CHECK: %[[NUMBER:.*]] = llvm.ptrtoint %[[Q]] : !llvm.ptr<3> to i32
    // CHECK: llvm.inline_asm {{.*}}plan.bytes = #rec.dims<8>{{.*}} %[[NUMBER]] :
    %address = llvm.ptrtoint %shared : !llvm.ptr<3> to i32
    llvm.inline_asm has_side_effects {plan.bytes = #rec.dims<8>} "wait [$0];", "r,~{memory}" %address : (i32) -> ()
    // CHECK: %[[P:.*]] = llvm.inttoptr %{{.*}} : i32 to !llvm.ptr<7>
    // CHECK: llvm.call @reckon_check_write_7(%[[P]], {{.*}}, %[[DB]], %[[DE]],
    // CHECK: nvvm.cp.async.bulk.tensor
    %dynamic = llvm.mlir.addressof @dynamic : !llvm.ptr<3>
    %number = llvm.ptrtoint %dynamic : !llvm.ptr<3> to i32
    %i = llvm.mlir.constant(4096 : i32) : i32
    %moved = llvm.add %number, %i : i32
    %cluster = llvm.inttoptr %moved : i32 to !llvm.ptr<7>
    %zero = llvm.mlir.constant(0 : i32) : i32
    nvvm.cp.async.bulk.tensor.shared.cluster.global %cluster, %map, %shared, box [%zero, %zero] {plan.bytes = #rec.dims<4096>} : !llvm.ptr<7>, !llvm.ptr
    // A generic address in shared memory has the bounds of the other one.
    // CHECK: %[[G:.*]] = llvm.addrspacecast %[[SHARED]] : !llvm.ptr<3> to !llvm.ptr
    // CHECK: %[[Q:.*]] = llvm.call @reckon_check_read_0(%[[G]], {{.*}}, %[[HB]], %[[HE]],
    // CHECK: llvm.load %[[Q]] : !llvm.ptr -> f32
    %g = llvm.addrspacecast %shared : !llvm.ptr<3> to !llvm.ptr
    %w3 = llvm.load %g : !llvm.ptr -> f32
    // An address that another thread has sent is the operand's that it lies in, or the module's.
    // CHECK: %[[P:.*]] = llvm.inttoptr
    // CHECK: %[[A:.*]] = llvm.ptrtoint %[[P]]
    // CHECK: llvm.icmp "uge" %[[A]], %[[XB]]
    // CHECK: llvm.icmp "ult" %[[A]], %[[XE]]
    // CHECK: llvm.icmp "uge" %[[A]], %[[RB]]
    // CHECK: llvm.icmp "ult" %[[A]], %[[RE]]
    // CHECK: %[[Q:.*]] = llvm.call @reckon_check_write(%[[P]],
    // CHECK: llvm.store %{{.*}}, %[[Q]]
    %row = llvm.mlir.addressof @row : !llvm.ptr<1>
    %a = llvm.ptrtoint %y : !llvm.ptr<1> to i64
    %p = llvm.inttoptr %a : i64 to !llvm.ptr<1>
    llvm.store %v, %p : f32, !llvm.ptr<1>
    // By a generic address, too, which may come through what LLVM does not see through.
    // CHECK: %[[L:.*]] = llvm.intr.launder.invariant.group %{{.*}} : !llvm.ptr
    // CHECK: %[[Q:.*]] = llvm.call @reckon_check_read_0(%[[L]], {{.*}}, %[[XB]], %[[XE]],
    // CHECK: llvm.load %[[Q]] : !llvm.ptr -> f32
    %generic = llvm.addrspacecast %x : !llvm.ptr<1> to !llvm.ptr
    %laundered = llvm.intr.launder.invariant.group %generic : !llvm.ptr
    %w = llvm.load %laundered : !llvm.ptr -> f32
    // CHECK: llvm.return
    llvm.return
  }
  // A number that a loop moves, and that begins in one array or another, is of both.
  // CHECK-LABEL: llvm.func internal @moved(
  // CHECK-DAG: %[[SB:.*]] = llvm.ptrtoint %{{.*}} : !llvm.ptr<3> to i64
  // CHECK: %[[BEGIN:.*]] = llvm.intr.umin(
  // CHECK: %[[END:.*]] = llvm.intr.umax(
  // CHECK: llvm.call @reckon_check_read_3(%{{.*}}, %[[BEGIN]], %[[END]],
  llvm.func internal @moved(%isFirst: i1, %step: i32, %n: i32) {
    %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
    %dynamic = llvm.mlir.addressof @dynamic : !llvm.ptr<3>
    %s = llvm.ptrtoint %shared : !llvm.ptr<3> to i32
    %d = llvm.ptrtoint %dynamic : !llvm.ptr<3> to i32
    %first = llvm.select %isFirst, %s, %d : i1, i32
    llvm.br ^loop(%first : i32)
  ^loop(%address: i32):
    %p = llvm.inttoptr %address : i32 to !llvm.ptr<3>
    %v = llvm.load %p : !llvm.ptr<3> -> f32
    %next = llvm.add %address, %step : i32
    %more = llvm.icmp "ult" %next, %n : i32
    llvm.cond_br %more, ^loop(%next : i32), ^done
  ^done:
    llvm.return
  }
  // In shared memory there is none to spare.
  // CHECK-LABEL: llvm.func internal @reckon_check_write_3(
  // CHECK-SAME: %[[BEGIN:arg3]]: i64
  // CHECK: llvm.call @reckon_report_access
  // CHECK: %[[P:.*]] = llvm.inttoptr %[[BEGIN]] : i64 to !llvm.ptr<3>
  // CHECK: llvm.return %[[P]]
  // Both kinds of addresses of shared memory count from the same place.
  // CHECK-LABEL: llvm.func internal @reckon_check_read_0(%arg0: !llvm.ptr,
  // CHECK: %[[NUMBER:.*]] = llvm.ptrtoint %arg0 : !llvm.ptr to i64
  // CHECK: %[[IS:.*]] = llvm.call_intrinsic "llvm.nvvm.isspacep.shared"(%arg0)
  // CHECK: %[[CAST:.*]] = llvm.addrspacecast %arg0 : !llvm.ptr to !llvm.ptr<3>
  // CHECK: %[[INBLOCK:.*]] = llvm.ptrtoint %[[CAST]] : !llvm.ptr<3> to i64
  // CHECK: llvm.select %[[IS]], %[[INBLOCK]], %[[NUMBER]]
  // CHECK: %[[P:.*]] = llvm.mlir.addressof @reckon_zeros : !llvm.ptr<1>
  // CHECK: %[[Q:.*]] = llvm.addrspacecast %[[P]] : !llvm.ptr<1> to !llvm.ptr
  // CHECK: llvm.return %[[Q]]
}
plan.program @main dims ["n"] {
  %x = plan.input "x" : <f32, <"n", 4>>
  %y = plan.output "y" : <f32, <"n", 4>>
  plan.chain rows <"n"> block 1 {
    plan.dispatch @k(%x, %y) : !plan.buffer<f32, <"n", 4>>, !plan.buffer<f32, <"n", 4>>
  }
}

//--- unknown.mlir

// expected-error @+1 {{bounds: there is no code: run the codegen phase}}
module {
}

// -----

module {
module @host_code {
  llvm.func internal @f(%x: !llvm.ptr) {
    %a = llvm.load %x : !llvm.ptr -> i64
    // expected-error @+1 {{bounds: an address of unknown origin}}
    %p = llvm.inttoptr %a : i64 to !llvm.ptr
    llvm.store %a, %p : i64, !llvm.ptr
    llvm.return
  }
}
}

// -----

module {
module @host_code {
  llvm.func internal @f(%x: !llvm.ptr) {
    // expected-error @+1 {{bounds: an address of unknown origin}}
    %p = llvm.load %x : !llvm.ptr -> !llvm.ptr
    %a = llvm.load %p : !llvm.ptr -> i64
    llvm.return
  }
}
}

// -----

module {
module @host_code {
  llvm.func internal @f(%x: !llvm.ptr) {
    // expected-error @+1 {{bounds: does something unknown with an address}}
    llvm.store %x, %x : !llvm.ptr, !llvm.ptr
    llvm.return
  }
}
}

// -----

module {
module @host_code {
  llvm.func internal @f(%x: !llvm.ptr, %n: i64) {
    // expected-error @+1 {{bounds: does something unknown with an address}}
    "llvm.intr.memcpy"(%x, %x, %n) <{isVolatile = false}> : (!llvm.ptr, !llvm.ptr, i64) -> ()
    llvm.return
  }
}
}

// -----

module {
module @host_code {
  llvm.func @frexp(f64, !llvm.ptr) -> f64
  llvm.func internal @f(%x: !llvm.ptr, %v: f64) {
    // expected-error @+1 {{bounds: hands an address to code that does not check itself}}
    %0 = llvm.call @frexp(%v, %x) : (f64, !llvm.ptr) -> f64
    llvm.return
  }
}
}

// -----

// A number that is said to be an address is one in shared memory.
module {
module @cuda_code {
  llvm.func internal @f(%a: i32) {
    // expected-error @+1 {{bounds: an address of unknown origin}}
    llvm.inline_asm has_side_effects {plan.bytes = #rec.dims<8>} "wait [$0];", "r,~{memory}" %a : (i32) -> ()
    llvm.return
  }
}
}

// -----

// Another kernel has memory by the launch, this one does not.
module {
module @cuda_code {
  llvm.mlir.global external @dynamic() {addr_space = 3 : i32} : !llvm.array<0 x i8>
  llvm.func internal @f(%a: i32) {
    // expected-error @+1 {{bounds: an address of unknown origin}}
    llvm.inline_asm has_side_effects {plan.bytes = #rec.dims<8>} "wait [$0];", "r,~{memory}" %a : (i32) -> ()
    llvm.return
  }
}
}

// -----

// A copy of a tile that does not say how large it is.
module {
module @cuda_code {
  llvm.func internal @f(%map: !llvm.ptr, %to: !llvm.ptr<7>, %barrier: !llvm.ptr<3>, %i: i32) {
    // expected-error @+1 {{bounds: does something unknown with an address}}
    nvvm.cp.async.bulk.tensor.shared.cluster.global %to, %map, %barrier, box [%i, %i] : !llvm.ptr<7>, !llvm.ptr
    llvm.return
  }
}
}

// -----

module {
module @host_code {
  llvm.func internal @f(%x: !llvm.ptr) {
    // expected-error @+1 {{bounds: an array of '4*n' bytes in a function that does not know them}}
    %p = llvm.getelementptr %x[64] {plan.bytes = #rec.dims<"4*n">} : (!llvm.ptr) -> !llvm.ptr, i8
    %a = llvm.load %p : !llvm.ptr -> i64
    llvm.return
  }
}
}

// -----

module {
  // expected-error @+1 {{expects sizes as plan.bytes, not 8 : i64}}
  llvm.func internal @f() attributes {plan.bytes = 8 : i64}
}

// -----

module {
  // expected-error @+1 {{has the attribute 'plan.size', which is none of the plan's}}
  llvm.func internal @f() attributes {plan.size = #rec.dims<8>}
}

// -----

// expected-error @+1 {{bounds: has no function with the parameters of a kernel}}
plan.kernel @k rows dims ["n"] operands [<strides = <1>, row = true>, <strides = <1>>] {
^bb0(%x: tensor<?xf32, #rec.dims<"n">>):
  rec.yield %x : tensor<?xf32, #rec.dims<"n">>
}
module @host_code {
}
