// What an id outside the table does, padding ids, and bags in which nothing counts.
// RUN: rm -rf %t && mkdir %t && %python %S/Inputs/policies.py write %t
// RUN: reckon-compile %s -o %t/m.rkn
// RUN: reckon-run %t/m.rkn --input ids=%t/ids.npy --input ends=%t/ends.npy --output-dir %t && %python %S/Inputs/policies.py check %t | FileCheck %s
// CHECK: policies agree

// The policy `error`, the default: the run fails and names input, table, position and id.
// RUN: sed 's/#rec<out_of_range zero>/#rec<out_of_range error>/' %s > %t/strict.mlir && reckon-compile %t/strict.mlir -o %t/strict.rkn
// RUN: not reckon-run %t/strict.rkn --input ids=%t/ids.npy --input ends=%t/ends.npy --output-dir %t 2>&1 | FileCheck %s --check-prefix=ERROR
// RUN: reckon-run %t/strict.rkn --input ids=%t/good.npy --input ends=%t/ends.npy --output-dir %t
// ERROR: input 'ids' -> table 'items': id 7 at position 3 is outside [0, 5)

// With `wrap` ids from the end are rows, ids before the first row are not. Padding is compared with the id as it is given.
// RUN: not reckon-run %t/m.rkn --input ids=%t/ids.npy --input ends=%t/before.npy --output-dir %t 2>&1 | FileCheck %s --check-prefix=BEFORE
// BEFORE: input 'ends' -> table 'ends': id -6 at position 4 is outside [-5, 5), in kernel '{{[a-z_]+}}'{{[^;]*$}}

func.func @main(%ids: tensor<?x3xi64, #rec.dims<"batch", 3>> {rec.name = "ids"},
                %ends: tensor<?x3xi64, #rec.dims<"batch", 3>> {rec.name = "ends"})
    -> (tensor<?x5xf32, #rec.dims<"batch", 5>> {rec.name = "zero"},
        tensor<?x3x5xf32, #rec.dims<"batch", 3, 5>> {rec.name = "clamp"},
        tensor<?x5xf32, #rec.dims<"batch", 5>> {rec.name = "padded"},
        tensor<?x5xf32, #rec.dims<"batch", 5>> {rec.name = "greatest"},
        tensor<?x3x5xf32, #rec.dims<"batch", 3, 5>> {rec.name = "wrap"},
        tensor<?x5xf32, #rec.dims<"batch", 5>> {rec.name = "wrapped_bag"}) {
  %t = rec.constant "items" = dense<[[0.0, 1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0, 9.0],
    [10.0, 11.0, 12.0, 13.0, 14.0], [15.0, 16.0, 17.0, 18.0, 19.0], [20.0, 21.0, 22.0, 23.0, 24.0]]> : tensor<5x5xf32>
  %0 = rec.embedding_bag sum %t, %ids {out_of_range = #rec<out_of_range zero>}
    : (tensor<5x5xf32>, tensor<?x3xi64, #rec.dims<"batch", 3>>) -> tensor<?x5xf32, #rec.dims<"batch", 5>>
  %1 = rec.embedding %t, %ids {out_of_range = #rec<out_of_range clamp>}
    : (tensor<5x5xf32>, tensor<?x3xi64, #rec.dims<"batch", 3>>) -> tensor<?x3x5xf32, #rec.dims<"batch", 3, 5>>
  %2 = rec.embedding_bag mean %t, %ids {padding_id = 3 : i64, out_of_range = #rec<out_of_range clamp>}
    : (tensor<5x5xf32>, tensor<?x3xi64, #rec.dims<"batch", 3>>) -> tensor<?x5xf32, #rec.dims<"batch", 5>>
  %3 = rec.embedding_bag max %t, %ids {padding_id = 3 : i64, out_of_range = #rec<out_of_range clamp>}
    : (tensor<5x5xf32>, tensor<?x3xi64, #rec.dims<"batch", 3>>) -> tensor<?x5xf32, #rec.dims<"batch", 5>>
  %e = rec.constant "ends" = dense<[[50.0, 1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0, 9.0],
    [10.0, 11.0, 12.0, 13.0, 14.0], [15.0, 16.0, 17.0, 18.0, 19.0], [20.0, 21.0, 22.0, 23.0, 24.0]]> : tensor<5x5xf32>
  %4 = rec.embedding %e, %ends {out_of_range = #rec<out_of_range wrap>}
    : (tensor<5x5xf32>, tensor<?x3xi64, #rec.dims<"batch", 3>>) -> tensor<?x3x5xf32, #rec.dims<"batch", 3, 5>>
  %5 = rec.embedding_bag sum %e, %ends {padding_id = -1 : i64, out_of_range = #rec<out_of_range wrap>}
    : (tensor<5x5xf32>, tensor<?x3xi64, #rec.dims<"batch", 3>>) -> tensor<?x5xf32, #rec.dims<"batch", 5>>
  return %0, %1, %2, %3, %4, %5 : tensor<?x5xf32, #rec.dims<"batch", 5>>, tensor<?x3x5xf32, #rec.dims<"batch", 3, 5>>,
    tensor<?x5xf32, #rec.dims<"batch", 5>>, tensor<?x5xf32, #rec.dims<"batch", 5>>,
    tensor<?x3x5xf32, #rec.dims<"batch", 3, 5>>, tensor<?x5xf32, #rec.dims<"batch", 5>>
}
