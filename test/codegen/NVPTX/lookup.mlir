// Lookups and bags on a GPU: 16 bytes a lane and load, nothing in local memory, an answer for addresses of callers that
// are aligned to an element alone.
// RUN: reckon-compile %s --target=cuda --emit=ptx -o %t.ptx && FileCheck %s --input-file=%t.ptx
// RUN: FileCheck %s --input-file=%t.ptx --check-prefix=LOCAL
// LOCAL-NOT: .local

// All ids of a part are read before the first row, all rows before the first store.
// CHECK: .entry lookup_multi_lookup
// CHECK: ld.global.nc.b64
// CHECK: ld.global.nc.b64
// CHECK: ld.global.nc.v4.b32
// CHECK-NOT: st.global
// CHECK: ld.global.nc.v4.b32
// CHECK-DAG: st.global.v4.b32
// CHECK-DAG: st.global.b16
func.func @main(%ids: tensor<?x2xi64, #rec.dims<"batch", 2>> {rec.name = "ids"},
                %bags: tensor<?x9xi32, #rec.dims<"batch", 9>> {rec.name = "bags"},
                %flat: tensor<?xi64, #rec.dims<"nnz">> {rec.name = "flat"},
                %offsets: tensor<?xi64, #rec.dims<"batch">> {rec.name = "offsets"})
    -> (tensor<?x256xf16, #rec.dims<"batch", 256>> {rec.name = "rows"},
        tensor<?x64xf32, #rec.dims<"batch", 64>> {rec.name = "means"},
        tensor<?x20xbf16, #rec.dims<"batch", 20>> {rec.name = "greatest"}) {
  %t = rec.constant "t" = dense<1.0> : tensor<50x128xf16>
  %u = rec.constant "u" = dense<2.0> : tensor<60x128xf16>
  %v = rec.constant "v" = dense<3.0> : tensor<70x64xf32>
  %w = rec.constant "w" = dense<4.0> : tensor<80x20xbf16>
  %0 = rec.multi_lookup %ids[%t, %u] starts [0, 1] counts [1, 1] modes [0, 0] padding_ids [-1, -1]
    : (tensor<?x2xi64, #rec.dims<"batch", 2>>, tensor<50x128xf16>, tensor<60x128xf16>)
    -> tensor<?x256xf16, #rec.dims<"batch", 256>>
  // The groups of a warp share a bag and add up what they have.
  // CHECK: .entry lookup_v
  // CHECK: ld.global.nc.b32
  // CHECK: ld.global.nc.v4.b32
  // CHECK: shfl.sync.bfly.b32
  // CHECK: div.rn.f32
  %1 = rec.embedding_bag mean %v, %bags {padding_id = 3 : i64}
    : (tensor<70x64xf32>, tensor<?x9xi32, #rec.dims<"batch", 9>>) -> tensor<?x64xf32, #rec.dims<"batch", 64>>
  // Rows of 40 bytes are read 8 bytes at a time. Offsets that leave the ids are reported.
  // CHECK: .entry lookup_w
  // CHECK-DAG: reckon_report
  // CHECK-DAG: ld.global.nc.v2.b32
  %2 = rec.embedding_bag max %w, %flat offsets %offsets
    : (tensor<80x20xbf16>, tensor<?xi64, #rec.dims<"nnz">>, tensor<?xi64, #rec.dims<"batch">>)
    -> tensor<?x20xbf16, #rec.dims<"batch", 20>>
  return %0, %1, %2 : tensor<?x256xf16, #rec.dims<"batch", 256>>, tensor<?x64xf32, #rec.dims<"batch", 64>>,
    tensor<?x20xbf16, #rec.dims<"batch", 20>>
}
