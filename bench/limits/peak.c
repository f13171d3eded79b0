//===- peak.c - What the floating-point units of a core can do -------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//
//
// Independent fused multiply-adds in registers, nothing else: no dense layer in single precision can run faster. Prints
// GFLOP/s of one thread, then of each of N that run at once.
//
//===-----------------------------------------------------------------------------===//

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#if defined(__AVX512F__)
enum { LANES = 16, SUMS = 24 };
#else
enum { LANES = 8, SUMS = 12 };
#endif
enum { STEPS = 20000, REPEATS = 200 };
typedef float Vector __attribute__((vector_size(4 * LANES)));

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec + now.tv_nsec * 1e-9;
}

static void *measure(void *result) {
  Vector sums[SUMS], factor, addend;
  for (int i = 0; i < SUMS; ++i)
    sums[i] = (Vector){0} + (float)i;
  factor = (Vector){0} + 0.999f;
  addend = (Vector){0} + 1e-3f;
  double best = 1e9;
  for (int repeat = 0; repeat < REPEATS; ++repeat) {
    double start = seconds();
    for (int step = 0; step < STEPS; ++step) {
#pragma GCC unroll 24
      for (int i = 0; i < SUMS; ++i)
        sums[i] = sums[i] * factor + addend;
      __asm__ volatile("" : "+x"(factor)); // steps are not merged
    }
    double time = seconds() - start;
    best = time < best ? time : best;
  }
  // The sums are used.
  volatile float sink = 0;
  for (int i = 0; i < SUMS; ++i)
    sink += sums[i][0];
  *(double *)result = 2.0 * LANES * SUMS * STEPS / best * 1e-9;
  return NULL;
}

int main(int argc, char **argv) {
  int count = argc > 1 ? atoi(argv[1]) : 2;
  double alone;
  measure(&alone);
  printf("one thread: %.1f GFLOP/s\n", alone);
  pthread_t threads[256];
  double rates[256];
  if (count < 1 || count > 256)
    return 2;
  for (int i = 0; i < count; ++i)
    pthread_create(&threads[i], NULL, measure, &rates[i]);
  for (int i = 0; i < count; ++i) {
    pthread_join(threads[i], NULL);
    printf("thread %d of %d: %.1f GFLOP/s\n", i + 1, count, rates[i]);
  }
  return 0;
}
