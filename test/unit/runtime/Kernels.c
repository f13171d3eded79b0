//===- Kernels.c - Hand-written kernels for the runtime's tests -----------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// The network of SampleEngine.h: pooled = sum of two rows of the table; hidden = (x + pooled) * w, by blocks of four
// columns; y = 2 * hidden, s = the sum of hidden.
//
//===----------------------------------------------------------------------------===//

#include "reckon/Runtime/KernelABI.h"

enum { Width = 8, Hidden = 16, Ids = 2, Panel = 4 };

// ids [batch, 2], table [rows, 8], pooled [batch, 8]
void test_lookup(void *const *operands, const int64_t *dims, const ReckonRange *range, void *scratch,
                 ReckonKernelStatus *status) {
  const int64_t *ids = operands[0];
  const float *table = operands[1];
  float *pooled = operands[2];
  for (int64_t r = range->row_begin; r < range->row_end; ++r)
    for (int64_t k = 0; k < Width; ++k) {
      float sum = 0;
      for (int64_t j = 0; j < Ids; ++j) {
        int64_t id = ids[r * Ids + j];
        if (id < 0 || id >= dims[1]) {
          if (status->code == RECKON_KERNEL_OK)
            *status = (ReckonKernelStatus){RECKON_KERNEL_ID_OUT_OF_RANGE, 1, r * Ids + j, id};
          continue;
        }
        sum += table[id * Width + k];
      }
      pooled[r * Width + k] = sum;
    }
}

// x [batch, 8], pooled [batch, 8], w [8, 16], hidden [batch, 16]; uses its scratch
void test_linear(void *const *operands, const int64_t *dims, const ReckonRange *range, void *scratch,
                 ReckonKernelStatus *status) {
  const float *x = operands[0], *pooled = operands[1], *w = operands[2];
  float *hidden = operands[3], *row = scratch;
  for (int64_t r = range->row_begin; r < range->row_end; ++r) {
    for (int64_t k = 0; k < Width; ++k)
      row[k] = x[r * Width + k] + pooled[r * Width + k];
    for (int64_t c = range->col_begin * Panel; c < range->col_end * Panel; ++c) {
      float sum = 0;
      for (int64_t k = 0; k < Width; ++k)
        sum += row[k] * w[k * Hidden + c];
      hidden[r * Hidden + c] = sum;
    }
  }
}

// hidden [batch, 16], y [batch, 16], s [batch]
void test_finish(void *const *operands, const int64_t *dims, const ReckonRange *range, void *scratch,
                 ReckonKernelStatus *status) {
  const float *hidden = operands[0];
  float *y = operands[1], *s = operands[2];
  for (int64_t r = range->row_begin; r < range->row_end; ++r) {
    float sum = 0;
    for (int64_t c = 0; c < Hidden; ++c) {
      y[r * Hidden + c] = 2 * hidden[r * Hidden + c];
      sum += hidden[r * Hidden + c];
    }
    s[r] = sum;
  }
}

// As test_finish; then it writes behind its first operand, which nothing reports.
void test_overrun(void *const *operands, const int64_t *dims, const ReckonRange *range, void *scratch,
                  ReckonKernelStatus *status) {
  test_finish(operands, dims, range, scratch, status);
  char *hidden = operands[0];
  hidden[dims[0] * Hidden * sizeof(float)] = 1;
}

// A checked kernel that reports an access outside its second operand, as generated ones do, when x is not a number.
void test_reports(void *const *operands, const int64_t *dims, const ReckonRange *range, void *scratch,
                  ReckonKernelStatus *status, const ReckonExtent *extents) {
  const float *hidden = operands[0];
  test_finish(operands, dims, range, scratch, status);
  for (int64_t r = range->row_begin; r < range->row_end; ++r)
    if (hidden[r * Hidden] != hidden[r * Hidden]) {
      // An id before it, which counts for less.
      status[0] = (ReckonKernelStatus){RECKON_KERNEL_INDEX_OUT_OF_RANGE, -1, 0, 0};
      status[1] = (ReckonKernelStatus){RECKON_KERNEL_BAD_WRITE, 1, dims[0] * Hidden * sizeof(float),
                                       (const char *)extents[1].end - (const char *)extents[1].begin};
    }
}
