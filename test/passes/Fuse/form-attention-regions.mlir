// RUN: reckon-opt --rec-form-attention-regions %s | FileCheck %s
// RUN: reckon-opt --rec-form-attention-regions --mlir-pass-statistics %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS
// RUN: reckon-opt --rec-form-attention-regions --remarks-filter-missed=.* %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// STATS: 5 regions

// REMARK: remark: {{.*}}attention in no kernel of its own: it has few keys or queries
// REMARK-NOT: remark:

!x = tensor<?x200x64xf16, #rec.dims<"batch", 200, 64>>
!qkv = tensor<?x200x192xf16, #rec.dims<"batch", 200, 192>>
!tokens = tensor<?x200x2x32xf16, #rec.dims<"batch", 200, 2, 32>>
!q = tensor<?x2x200x32xf16, #rec.dims<"batch", 2, 200, 32>>
!s = tensor<?x2x200x200xf16, #rec.dims<"batch", 2, 200, 200>>
!m = tensor<?x16x128xf16, #rec.dims<"batch", 16, 128>>
!a = tensor<?x16x32xf16, #rec.dims<"batch", 16, 32>>
!b = tensor<?x128x32xf16, #rec.dims<"batch", 128, 32>>
!k = tensor<?x1x128xf16, #rec.dims<"batch", 1, 128>>
!hidden = tensor<?x1x128xi1, #rec.dims<"batch", 1, 128>>
!t = tensor<?x?x32xf16, #rec.dims<"batch", "T", 32>>
!tt = tensor<?x?x?xf16, #rec.dims<"batch", "T", "T">>
!n = tensor<?x1xi64, #rec.dims<"batch", 1>>
!row = tensor<1x?xi64, #rec.dims<1, "T">>
!valid = tensor<?x?xi1, #rec.dims<"batch", "T">>
!ofkey = tensor<?x1x?xi1, #rec.dims<"batch", 1, "T">>
!ofquery = tensor<?x?x1xi1, #rec.dims<"batch", "T", 1>>
!both = tensor<?x?x?xi1, #rec.dims<"batch", "T", "T">>
!few = tensor<?x21x32xf16, #rec.dims<"batch", 21, 32>>
!fewer = tensor<?x21x21xf16, #rec.dims<"batch", 21, 21>>
!f = tensor<?x200x32xf32, #rec.dims<"batch", 200, 32>>
!ff = tensor<?x200x200xf32, #rec.dims<"batch", 200, 200>>
!one = tensor<f16>

// What lies behind the products, and the strides of operands and result, are in the region; the layer behind is not.
// CHECK-LABEL: func.func @softmax
// CHECK: %[[Y:.*]] = rec.fusion {{ *}}whole rows [false](%arg0)
// CHECK-COUNT-3: rec.slice
// CHECK: rec.matmul
// CHECK-NEXT: rec.binary mul
// CHECK-NEXT: rec.softmax
// CHECK: rec.matmul
// CHECK-NEXT: rec.transpose
// CHECK-NEXT: rec.reshape
// CHECK-NEXT: rec.yield
// CHECK: rec.unary relu %[[Y]]
func.func @softmax(%qkv: !qkv) -> !x {
  %scale = rec.constant dense<0.25> : !one
  %q = rec.slice %qkv starts <0, 0, 0> sizes <"batch", 200, 64> steps [1, 1, 1] : (!qkv) -> !x
  %k = rec.slice %qkv starts <0, 0, 64> sizes <"batch", 200, 64> steps [1, 1, 1] : (!qkv) -> !x
  %v = rec.slice %qkv starts <0, 0, 128> sizes <"batch", 200, 64> steps [1, 1, 1] : (!qkv) -> !x
  %0 = rec.reshape %q : (!x) -> !tokens
  %1 = rec.reshape %k : (!x) -> !tokens
  %2 = rec.reshape %v : (!x) -> !tokens
  %qh = rec.transpose %0 perm [0, 2, 1, 3] : (!tokens) -> !q
  %kh = rec.transpose %1 perm [0, 2, 1, 3] : (!tokens) -> !q
  %vh = rec.transpose %2 perm [0, 2, 1, 3] : (!tokens) -> !q
  %3 = rec.matmul %qh, %kh {transpose_b} : (!q, !q) -> !s
  %4 = rec.binary mul %3, %scale : (!s, !one) -> !s
  %5 = rec.softmax %4 axis 3 : (!s) -> !s
  %6 = rec.matmul %5, %vh : (!s, !q) -> !q
  %7 = rec.transpose %6 perm [0, 2, 1, 3] : (!q) -> !tokens
  %8 = rec.reshape %7 : (!tokens) -> !x
  %9 = rec.unary relu %8 : (!x) -> !x
  return %9 : !x
}

// Pointwise weights. A constant that ends at a diagonal becomes a comparison of places; the mask that depends on the
// keys alone is computed once, outside.
// CHECK-LABEL: func.func @pointwise
// CHECK: %[[HIDDEN:.*]] = rec.compare lt %arg3
// CHECK: rec.fusion {{ *}}whole rows [false, false, false, false](
// CHECK-SAME: %[[HIDDEN]]
// CHECK-DAG: %[[ROW:.*]] = rec.iota axis 0 start 1.120000e+02 step 1.000000e+00 : tensor<16x1xi64>
// CHECK-DAG: %[[COLUMN:.*]] = rec.iota axis 1 start 0.000000e+00 step 1.000000e+00 : tensor<1x128xi64>
// CHECK-DAG: rec.compare le %[[COLUMN]], %[[ROW]] : (tensor<1x128xi64>, tensor<16x1xi64>) -> tensor<16x128xi1>
// CHECK: rec.unary silu
// CHECK: rec.matmul
// CHECK-NEXT: rec.yield
func.func @pointwise(%q: !a, %k: !b, %v: !b, %length: !k) -> !a {
  %least = rec.constant dense<-1.0e4> : !one
  %zero = rec.constant dense<0.0> : !one
  %past = rec.constant dense<"0xFFFFFFFFFFFFFFFFFFFFFFFFFFFF0100FFFFFFFFFFFFFFFFFFFFFFFFFFFF0300FFFFFFFFFFFFFFFFFFFFFFFFFFFF0700FFFFFFFFFFFFFFFFFFFFFFFFFFFF0F00FFFFFFFFFFFFFFFFFFFFFFFFFFFF1F00FFFFFFFFFFFFFFFFFFFFFFFFFFFF3F00FFFFFFFFFFFFFFFFFFFFFFFFFFFF7F00FFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00FFFFFFFFFFFFFFFFFFFFFFFFFFFFFF01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFF03FFFFFFFFFFFFFFFFFFFFFFFFFFFFFF07FFFFFFFFFFFFFFFFFFFFFFFFFFFFFF0FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF1FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF3FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"> : tensor<16x128xi1>
  %hidden = rec.compare lt %length, %zero : (!k, !one) -> !hidden
  %0 = rec.matmul %q, %k {transpose_b} : (!a, !b) -> !m
  %1 = rec.select %past, %0, %least : (tensor<16x128xi1>, !m, !one) -> !m
  %2 = rec.select %hidden, %least, %1 : (!hidden, !one, !m) -> !m
  %3 = rec.unary silu %2 : (!m) -> !m
  %4 = rec.matmul %3, %v : (!m, !b) -> !a
  return %4 : !a
}

// Constants that count are layers that do.
// CHECK-LABEL: func.func @counted
// CHECK: rec.fusion {{ *}}whole rows [false, false](%arg0, %arg1)
// CHECK: rec.iota axis 1 start 0.000000e+00 step 1.000000e+00 : tensor<1x128xf16>
func.func @counted(%q: !a, %k: !b) -> !a {
  %places = rec.constant dense<[[0., 1., 2., 3., 4., 5., 6., 7., 8., 9., 10., 11., 12., 13., 14., 15., 16., 17., 18., 19., 20., 21., 22., 23., 24., 25., 26., 27., 28., 29., 30., 31., 32., 33., 34., 35., 36., 37., 38., 39., 40., 41., 42., 43., 44., 45., 46., 47., 48., 49., 50., 51., 52., 53., 54., 55., 56., 57., 58., 59., 60., 61., 62., 63., 64., 65., 66., 67., 68., 69., 70., 71., 72., 73., 74., 75., 76., 77., 78., 79., 80., 81., 82., 83., 84., 85., 86., 87., 88., 89., 90., 91., 92., 93., 94., 95., 96., 97., 98., 99., 100., 101., 102., 103., 104., 105., 106., 107., 108., 109., 110., 111., 112., 113., 114., 115., 116., 117., 118., 119., 120., 121., 122., 123., 124., 125., 126., 127.]]> : tensor<1x128xf16>
  %0 = rec.matmul %q, %k {transpose_b} : (!a, !b) -> !m
  %1 = rec.binary add %0, %places : (!m, tensor<1x128xf16>) -> !m
  %2 = rec.softmax %1 axis 2 : (!m) -> !m
  %3 = rec.matmul %2, %k : (!m, !b) -> !a
  return %3 : !a
}

// Nobody knows how many keys there are.
// CHECK-LABEL: func.func @dynamic
// CHECK: rec.fusion {{ *}}whole rows [false](%arg0)
func.func @dynamic(%x: !t) -> !t {
  %0 = rec.matmul %x, %x {transpose_b} : (!t, !t) -> !tt
  %1 = rec.softmax %0 axis 2 : (!tt) -> !tt
  %2 = rec.matmul %1, %x : (!tt, !t) -> !t
  return %2 : !t
}

// What a length says of keys, and of queries, is computed for each: the kernel knows the length.
// CHECK-LABEL: func.func @lengths
// CHECK: rec.fusion {{ *}}whole rows [false, false](
// CHECK-DAG: %[[KEY:.*]] = rec.compare lt %{{.*}}, %[[N:arg[0-9]+]] :
// CHECK-DAG: %[[QUERY:.*]] = rec.compare lt %{{.*}}, %[[N]] :
// CHECK-DAG: rec.reshape %[[KEY]] : {{.*}} -> tensor<?x1x?xi1
// CHECK-DAG: rec.reshape %[[QUERY]] : {{.*}} -> tensor<?x?x1xi1
// CHECK: rec.unary silu
func.func @lengths(%x: !t, %n: !n) -> !t {
  %least = rec.constant dense<-1.0e4> : !one
  %column = rec.iota axis 1 start 0.0 step 1.0 : !row
  %valid = rec.compare lt %column, %n : (!row, !n) -> !valid
  %key = rec.reshape %valid : (!valid) -> !ofkey
  %query = rec.reshape %valid : (!valid) -> !ofquery
  %both = rec.binary logical_and %key, %query : (!ofkey, !ofquery) -> !both
  %0 = rec.matmul %x, %x {transpose_b} : (!t, !t) -> !tt
  %1 = rec.select %both, %0, %least : (!both, !tt, !one) -> !tt
  %2 = rec.unary silu %1 : (!tt) -> !tt
  %3 = rec.matmul %2, %x : (!tt, !t) -> !t
  return %3 : !t
}

// CHECK-LABEL: func.func @few
// CHECK-NOT: rec.fusion
func.func @few(%x: !few) -> !few {
  %0 = rec.matmul %x, %x {transpose_b} : (!few, !few) -> !fewer
  %1 = rec.softmax %0 axis 2 : (!fewer) -> !fewer
  %2 = rec.matmul %1, %x : (!fewer, !few) -> !few
  return %2 : !few
}

// CHECK-LABEL: func.func @single
// CHECK-NOT: rec.fusion
func.func @single(%x: !f) -> !f {
  %0 = rec.matmul %x, %x {transpose_b} : (!f, !f) -> !ff
  %1 = rec.softmax %0 axis 2 : (!ff) -> !ff
  %2 = rec.matmul %1, %x : (!ff, !f) -> !f
  return %2 : !f
}

// Somebody else reads the weights.
// CHECK-LABEL: func.func @weights
// CHECK-NOT: rec.fusion
func.func @weights(%x: !t) -> (!t, !tt) {
  %0 = rec.matmul %x, %x {transpose_b} : (!t, !t) -> !tt
  %1 = rec.softmax %0 axis 2 : (!tt) -> !tt
  %2 = rec.matmul %1, %x : (!tt, !t) -> !t
  return %2, %1 : !t, !tt
}
