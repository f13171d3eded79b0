//===- FakeCublasLt.cpp - cuBLASLt on host memory --------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// Products of f32 matrices in column-major order, as plainly as can be.
//
//===----------------------------------------------------------------------------===//

#include "FakeCuda.h"
#include "FakeWork.h"
#include "runtime/Cuda/CublasLtTypes.h"

#include <algorithm>
#include <cstring>

using namespace reckon::runtime::cuda;
using namespace reckon::test;

namespace reckon::runtime::cuda {
struct cublasLtContext {};
struct cublasLtMatmulDescOpaque {
  cublasOperation_t transA = CUBLAS_OP_N;
  uint32_t epilogue = CUBLASLT_EPILOGUE_DEFAULT;
  const float *bias = nullptr;
};
struct cublasLtMatrixLayoutOpaque {
  uint64_t rows, columns;
  int64_t stride;
};
struct cublasLtMatmulPreferenceOpaque {
  uint64_t workspace = 0;
};
} // namespace reckon::runtime::cuda

#define EXPORT extern "C" __attribute__((visibility("default")))

extern "C" FakeCuda *reckon_fake_cuda();

template <typename T> static cublasStatus_t make(const char *function, T **object, T value) {
  if (int failed = enterFake(function))
    return failed;
  *object = new T(value);
  addFakeObject(*object);
  return CUBLAS_STATUS_SUCCESS;
}
template <typename T> static cublasStatus_t drop(const char *function, T *object) {
  dropFakeObject(function, object);
  delete object;
  return CUBLAS_STATUS_SUCCESS;
}

EXPORT size_t cublasLtGetVersion() { return 130000; }
EXPORT cublasStatus_t cublasLtCreate(cublasLtHandle_t *handle) {
  if (!reckon_fake_cuda()->machine.hasCublasLt)
    return 1;
  return make(__func__, handle, cublasLtContext());
}
EXPORT cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle) { return drop(__func__, handle); }
EXPORT cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t *product, cublasComputeType_t, cudaDataType_t) {
  return make(__func__, product, cublasLtMatmulDescOpaque());
}
EXPORT cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t product) { return drop(__func__, product); }
EXPORT cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t product,
                                                     cublasLtMatmulDescAttributes_t attribute, const void *value,
                                                     size_t size) {
  void *to = attribute == CUBLASLT_MATMUL_DESC_TRANSA     ? static_cast<void *>(&product->transA)
             : attribute == CUBLASLT_MATMUL_DESC_EPILOGUE ? static_cast<void *>(&product->epilogue)
                                                          : static_cast<void *>(&product->bias);
  std::memcpy(to, value, size);
  return enterFake(__func__);
}
EXPORT cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t *layout, cudaDataType_t, uint64_t rows,
                                                 uint64_t columns, int64_t stride) {
  return make(__func__, layout, cublasLtMatrixLayoutOpaque{rows, columns, stride});
}
EXPORT cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t layout) { return drop(__func__, layout); }
EXPORT cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t *preference) {
  return make(__func__, preference, cublasLtMatmulPreferenceOpaque());
}
EXPORT cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t preference) {
  return drop(__func__, preference);
}
EXPORT cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t preference,
                                                           cublasLtMatmulPreferenceAttributes_t, const void *value,
                                                           size_t size) {
  std::memcpy(&preference->workspace, value, size);
  return enterFake(__func__);
}
/// Three algorithms: one that works, one with memory of its own, and one that wants too much.
// NOLINTNEXTLINE(readability-function-size): the library's signature
EXPORT cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t, cublasLtMatmulDesc_t, cublasLtMatrixLayout_t,
                                                     cublasLtMatrixLayout_t, cublasLtMatrixLayout_t,
                                                     cublasLtMatrixLayout_t, cublasLtMatmulPreference_t preference,
                                                     int requested, cublasLtMatmulHeuristicResult_t *results,
                                                     int *count) {
  size_t sizes[] = {0, 4096, preference->workspace + 1};
  *count = std::min(requested, 3);
  for (int i = 0; i < *count; ++i) {
    results[i] = {};
    results[i].workspaceSize = sizes[i];
  }
  return enterFake(__func__);
}
// NOLINTNEXTLINE(readability-function-size): the library's signature
EXPORT cublasStatus_t cublasLtMatmul(cublasLtHandle_t, cublasLtMatmulDesc_t product, const void *, const void *a,
                                     cublasLtMatrixLayout_t aLayout, const void *b, cublasLtMatrixLayout_t bLayout,
                                     const void *, const void *, cublasLtMatrixLayout_t, void *d,
                                     cublasLtMatrixLayout_t dLayout, const cublasLtMatmulAlgo_t *, void *workspace,
                                     size_t workspaceSize, CUstream stream) {
  if (int failed = enterFake(__func__))
    return failed;
  enqueueFakeWork(stream, [product = *product, a = static_cast<const float *>(a), aLayout = *aLayout,
                           b = static_cast<const float *>(b), bLayout = *bLayout, d = static_cast<float *>(d),
                           dLayout = *dLayout, workspace, workspaceSize] {
    if (workspaceSize)
      std::memset(workspace, 0x55, workspaceSize);
    for (uint64_t j = 0; j < dLayout.columns; ++j)
      for (uint64_t i = 0; i < dLayout.rows; ++i) {
        float sum = product.epilogue & CUBLASLT_EPILOGUE_BIAS ? product.bias[i] : 0;
        for (uint64_t k = 0; k < bLayout.rows; ++k)
          sum += a[product.transA ? k + i * aLayout.stride : i + k * aLayout.stride] * b[k + j * bLayout.stride];
        d[i + j * dLayout.stride] = product.epilogue & CUBLASLT_EPILOGUE_RELU ? std::max(sum, 0.0f) : sum;
      }
  });
  return CUBLAS_STATUS_SUCCESS;
}
