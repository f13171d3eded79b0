// RUN: reckon-opt --split-input-file --verify-diagnostics=only-expected %s

// embedding C1
func.func @f(%t: tensor<200xf32>, %i: tensor<8xi64>) {
  // expected-error @below {{'rec.embedding' op [C1] the table has rank 1, expected 2: rows x dim}}
  %0 = rec.embedding %t, %i : (tensor<200xf32>, tensor<8xi64>) -> tensor<8xf32>
  return
}

// -----

// embedding C2
func.func @f(%t: tensor<200x16xf32>, %i: tensor<8xi64>) {
  // expected-error @below {{inferred type(s) 'tensor<8x16xf32>' are incompatible with return type(s) of operation 'tensor<8x32xf32>'}}
  %0 = rec.embedding %t, %i : (tensor<200x16xf32>, tensor<8xi64>) -> tensor<8x32xf32>
  return
}

// -----

// embedding C2: dimension names count
func.func @f(%t: tensor<200x16xf32>, %i: tensor<?xi64, #rec.dims<"batch">>) {
  // expected-error @below {{inferred type(s) 'tensor<?x16xf32, #rec.dims<"batch", 16>>' are incompatible with return type(s) of operation 'tensor<?x16xf32, #rec.dims<"seq", 16>>'}}
  %0 = rec.embedding %t, %i : (tensor<200x16xf32>, tensor<?xi64, #rec.dims<"batch">>)
    -> tensor<?x16xf32, #rec.dims<"seq", 16>>
  return
}

// -----

// embedding_bag C1
func.func @f(%t: tensor<200x16x2xf32>, %i: tensor<8x3xi64>) {
  // expected-error @below {{'rec.embedding_bag' op [C1] the table has rank 3, expected 2: rows x dim}}
  %0 = rec.embedding_bag sum %t, %i : (tensor<200x16x2xf32>, tensor<8x3xi64>) -> tensor<8x16xf32>
  return
}

// -----

// embedding_bag C2
func.func @f(%t: tensor<200x16xf32>, %i: tensor<8xi64>) {
  // expected-error @below {{'rec.embedding_bag' op [C2] the ids have rank 1, expected 2 without offsets: bags x hotness}}
  %0 = rec.embedding_bag sum %t, %i : (tensor<200x16xf32>, tensor<8xi64>) -> tensor<8x16xf32>
  return
}

// -----

// embedding_bag C2: ranks with offsets
func.func @f(%t: tensor<200x16xf32>, %i: tensor<8x3xi64>, %o: tensor<8xi64>) {
  // expected-error @below {{'rec.embedding_bag' op [C2] ids of rank 2 and offsets of rank 1, expected 1 for both}}
  %0 = rec.embedding_bag sum %t, %i offsets %o
    : (tensor<200x16xf32>, tensor<8x3xi64>, tensor<8xi64>) -> tensor<8x16xf32>
  return
}

// -----

// embedding_bag C2: element types
func.func @f(%t: tensor<200x16xf32>, %i: tensor<9xi64>, %o: tensor<8xi32>) {
  // expected-error @below {{'rec.embedding_bag' op [C2] offsets of 'i32' for ids of 'i64'}}
  %0 = rec.embedding_bag sum %t, %i offsets %o
    : (tensor<200x16xf32>, tensor<9xi64>, tensor<8xi32>) -> tensor<8x16xf32>
  return
}

// -----

// embedding_bag C3
func.func @f(%t: tensor<200x16xf32>, %i: tensor<8x3xi64>, %w: tensor<8x2xf32>) {
  // expected-error @below {{'rec.embedding_bag' op [C3] the weights have shape [8, 2], the ids [8, 3]}}
  %0 = rec.embedding_bag sum %t, %i weights %w
    : (tensor<200x16xf32>, tensor<8x3xi64>, tensor<8x2xf32>) -> tensor<8x16xf32>
  return
}

// -----

// embedding_bag C3: element types
func.func @f(%t: tensor<200x16xf32>, %i: tensor<8x3xi64>, %w: tensor<8x3xf16>) {
  // expected-error @below {{'rec.embedding_bag' op [C3] weights of 'f16' for a table of 'f32'}}
  %0 = rec.embedding_bag sum %t, %i weights %w
    : (tensor<200x16xf32>, tensor<8x3xi64>, tensor<8x3xf16>) -> tensor<8x16xf32>
  return
}

// -----

// embedding_bag C3: mode
func.func @f(%t: tensor<200x16xf32>, %i: tensor<8x3xi64>, %w: tensor<8x3xf32>) {
  // expected-error @below {{'rec.embedding_bag' op [C3] weights need mode 'sum', not 'mean'}}
  %0 = rec.embedding_bag mean %t, %i weights %w
    : (tensor<200x16xf32>, tensor<8x3xi64>, tensor<8x3xf32>) -> tensor<8x16xf32>
  return
}

// -----

// embedding_bag C4
func.func @f(%t: tensor<200x16xf32>, %i: tensor<8x3xi64>) {
  // expected-error @below {{'rec.embedding_bag' op [C4] 'include_last_offset' without offsets}}
  %0 = rec.embedding_bag sum %t, %i {include_last_offset}
    : (tensor<200x16xf32>, tensor<8x3xi64>) -> tensor<8x16xf32>
  return
}

// -----

// embedding_bag C4: no entry
func.func @f(%t: tensor<200x16xf32>, %i: tensor<9xi64>, %o: tensor<0xi64>) {
  // expected-error @below {{'rec.embedding_bag' op [C4] 'include_last_offset' with no offset}}
  %0 = rec.embedding_bag sum %t, %i offsets %o {include_last_offset}
    : (tensor<200x16xf32>, tensor<9xi64>, tensor<0xi64>) -> tensor<0x16xf32>
  return
}

// -----

// embedding_bag C5
func.func @f(%t: tensor<200x16xf32>, %i: tensor<9xi64>, %o: tensor<8xi64>) {
  // expected-error @below {{inferred type(s) 'tensor<7x16xf32>' are incompatible with return type(s) of operation 'tensor<8x16xf32>'}}
  %0 = rec.embedding_bag sum %t, %i offsets %o {include_last_offset}
    : (tensor<200x16xf32>, tensor<9xi64>, tensor<8xi64>) -> tensor<8x16xf32>
  return
}

// -----

// multi_lookup C1
func.func @f(%i: tensor<8xi64>, %t: tensor<200x16xf32>) {
  // expected-error @below {{'rec.multi_lookup' op [C1] the ids have rank 1, expected 2}}
  %0 = rec.multi_lookup %i[%t] starts [0] counts [1] modes [0] padding_ids [-1]
    : (tensor<8xi64>, tensor<200x16xf32>) -> tensor<8x16xf32>
  return
}

// -----

// multi_lookup C1: no table
func.func @f(%i: tensor<8x2xi64>) {
  // expected-error @below {{'rec.multi_lookup' op [C1] there is no table}}
  %0 = rec.multi_lookup %i[] starts [] counts [] modes [] padding_ids [] : (tensor<8x2xi64>) -> tensor<8x0xf32>
  return
}

// -----

// multi_lookup C1: element types
func.func @f(%i: tensor<8x2xi64>, %t: tensor<200x16xf32>, %u: tensor<200x16xf16>) {
  // expected-error @below {{'rec.multi_lookup' op [C1] table 1 holds 'f16', table 0 'f32'}}
  %0 = rec.multi_lookup %i[%t, %u] starts [0, 1] counts [1, 1] modes [0, 0] padding_ids [-1, -1]
    : (tensor<8x2xi64>, tensor<200x16xf32>, tensor<200x16xf16>) -> tensor<8x32xf32>
  return
}

// -----

// multi_lookup C2
func.func @f(%i: tensor<8x2xi64>, %t: tensor<200x16xf32>) {
  // expected-error @below {{'rec.multi_lookup' op [C2] 'starts', 'counts', 'modes' and 'padding_ids' do not have one entry for each of 1 tables}}
  %0 = rec.multi_lookup %i[%t] starts [0, 1] counts [1] modes [0] padding_ids [-1]
    : (tensor<8x2xi64>, tensor<200x16xf32>) -> tensor<8x16xf32>
  return
}

// -----

// multi_lookup C2: columns
func.func @f(%i: tensor<8x2xi64>, %t: tensor<200x16xf32>) {
  // expected-error @below {{'rec.multi_lookup' op [C2] the 2 columns from 1 of table 0 leave the ids, which have 2}}
  %0 = rec.multi_lookup %i[%t] starts [1] counts [2] modes [0] padding_ids [-1]
    : (tensor<8x2xi64>, tensor<200x16xf32>) -> tensor<8x16xf32>
  return
}

// -----

// multi_lookup C2: counts
func.func @f(%i: tensor<8x2xi64>, %t: tensor<200x16xf32>) {
  // expected-error @below {{'rec.multi_lookup' op [C2] table 0 takes 0 columns, expected 1 or more}}
  %0 = rec.multi_lookup %i[%t] starts [1] counts [0] modes [0] padding_ids [-1]
    : (tensor<8x2xi64>, tensor<200x16xf32>) -> tensor<8x16xf32>
  return
}

// -----

// multi_lookup C2: modes
func.func @f(%i: tensor<8x2xi64>, %t: tensor<200x16xf32>) {
  // expected-error @below {{'rec.multi_lookup' op [C2] the mode 3 of table 0 does not exist}}
  %0 = rec.multi_lookup %i[%t] starts [1] counts [1] modes [3] padding_ids [-1]
    : (tensor<8x2xi64>, tensor<200x16xf32>) -> tensor<8x16xf32>
  return
}

// -----

// multi_lookup C3
func.func @f(%i: tensor<8x2xi64>, %t: tensor<200x16xf32>) {
  // expected-error @below {{inferred type(s) 'tensor<8x16xf32>' are incompatible}}
  %0 = rec.multi_lookup %i[%t] starts [1] counts [1] modes [0] padding_ids [-1]
    : (tensor<8x2xi64>, tensor<200x16xf32>) -> tensor<8x17xf32>
  return
}

// -----

// embedding C2: the type that rows decode to
func.func @f(%t: tensor<200x16x!rec.encoded<int8_fbgemm, f16>>, %i: tensor<8xi64>) {
  // expected-error @below {{inferred type(s) 'tensor<8x16xf16>' are incompatible with return type(s) of operation 'tensor<8x16xf32>'}}
  %0 = rec.embedding %t, %i : (tensor<200x16x!rec.encoded<int8_fbgemm, f16>>, tensor<8xi64>) -> tensor<8x16xf32>
  return
}

// -----

// embedding_bag C3: the type that rows decode to
func.func @f(%t: tensor<200x16x!rec.encoded<int8_fbgemm, f16>>, %i: tensor<8x3xi64>, %w: tensor<8x3xf32>) {
  // expected-error @below {{'rec.embedding_bag' op [C3] weights of 'f32' for a table of 'f16'}}
  %0 = rec.embedding_bag sum %t, %i weights %w
    : (tensor<200x16x!rec.encoded<int8_fbgemm, f16>>, tensor<8x3xi64>, tensor<8x3xf32>) -> tensor<8x16xf16>
  return
}

// -----

// multi_lookup C1: encodings count
func.func @f(%t: tensor<200x16x!rec.encoded<int8_fbgemm, f32>>, %u: tensor<200x16xf32>, %i: tensor<8x3xi64>) {
  // expected-error @below {{'rec.multi_lookup' op [C1] table 1 holds 'f32', table 0 '!rec.encoded<int8_fbgemm, f32>'}}
  %0 = rec.multi_lookup %i[%t, %u] starts [0, 1] counts [1, 2] modes [0, 1] padding_ids [-1, 0]
    : (tensor<8x3xi64>, tensor<200x16x!rec.encoded<int8_fbgemm, f32>>, tensor<200x16xf32>) -> tensor<8x32xf32>
  return
}

// -----

// Only lookups read rows in an encoding.
func.func @f(%t: tensor<200x16x!rec.encoded<int8_fbgemm, f32>>) {
  // expected-error @below {{'rec.unary' op operand #0 must be}}
  %0 = rec.unary relu %t : (tensor<200x16x!rec.encoded<int8_fbgemm, f32>>) -> tensor<200x16xf32>
  return
}

// -----

// expected-error @below {{[C1] rows decode to f16, bf16 or f32, not to 'f64'}}
func.func private @f(tensor<200x16x!rec.encoded<int8_fbgemm, f64>>)
