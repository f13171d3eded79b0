//===- Cuda/LibraryGemm.cpp - A matrix product by cuBLASLt ----------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// The library's matrices are column-major. The engine's row-major out = a weight is, read that way, out' = weight' a':
// the weight is the library's first factor and a its second, and each has the shape of its transpose.
//
//===----------------------------------------------------------------------------===//

#include "LibraryGemm.h"

#include <algorithm>
#include <array>

using namespace reckon;
using namespace reckon::runtime;
using namespace reckon::runtime::cuda;

static constexpr size_t maxWorkspace = 32 << 20;
static constexpr int maxAlgorithms = 8;
/// Runs of an algorithm, before and while it is timed.
static constexpr int warmUps = 2, timedRuns = 8;

static uint32_t epilogueOf(GemmEpilogue epilogue) {
  switch (epilogue) {
  case GemmEpilogue::None:
    return CUBLASLT_EPILOGUE_DEFAULT;
  case GemmEpilogue::Bias:
    return CUBLASLT_EPILOGUE_BIAS;
  case GemmEpilogue::Relu:
    return CUBLASLT_EPILOGUE_RELU;
  case GemmEpilogue::ReluBias:
    return CUBLASLT_EPILOGUE_RELU | CUBLASLT_EPILOGUE_BIAS;
  case GemmEpilogue::GeluBias:
    return CUBLASLT_EPILOGUE_GELU | CUBLASLT_EPILOGUE_BIAS;
  }
  return CUBLASLT_EPILOGUE_DEFAULT; // validateEngine() refuses others
}

static bool findType(ElementType type, cudaDataType_t &result) {
  result = type == ElementType::F16 ? CUDA_R_16F : type == ElementType::BF16 ? CUDA_R_16BF : CUDA_R_32F;
  return type == ElementType::F16 || type == ElementType::BF16 || type == ElementType::F32;
}

bool reckon::runtime::cuda::isLibraryGemm(const GemmSpec &gemm) {
  cudaDataType_t type;
  return findType(gemm.type, type) && addsBias(gemm.epilogue) == (gemm.bias >= 0);
}

bool CublasLtHandle::create() {
  if (!tried) {
    tried = true;
    functions = CublasLt::find();
    if (functions && functions->cublasLtCreate(&handle) != CUBLAS_STATUS_SUCCESS)
      handle = nullptr;
  }
  return handle != nullptr;
}

void CublasLtHandle::release() {
  if (handle)
    functions->cublasLtDestroy(handle);
  handle = nullptr;
}

LibraryGemm::~LibraryGemm() {
  if (product)
    lt.cublasLtMatmulDescDestroy(product);
  for (cublasLtMatrixLayout_t layout : {weightLayout, aLayout, outLayout})
    if (layout)
      lt.cublasLtMatrixLayoutDestroy(layout);
}

bool LibraryGemm::describe() {
  uint32_t epilogue = epilogueOf(spec.epilogue);
  cudaDataType_t type;
  if (!isLibraryGemm(spec) || !findType(spec.type, type))
    return false;
  cublasComputeType_t compute = spec.compute == GemmCompute::TF32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F;
  auto ok = [](cublasStatus_t status) { return status == CUBLAS_STATUS_SUCCESS; };
  auto layout = [&](cublasLtMatrixLayout_t &result, uint64_t height, uint64_t width, uint64_t stride) {
    return ok(lt.cublasLtMatrixLayoutCreate(&result, type, height, width, static_cast<int64_t>(stride)));
  };
  cublasOperation_t transposed = spec.transB ? CUBLAS_OP_T : CUBLAS_OP_N;
  return ok(lt.cublasLtMatmulDescCreate(&product, compute, CUDA_R_32F)) &&
         ok(lt.cublasLtMatmulDescSetAttribute(product, CUBLASLT_MATMUL_DESC_TRANSA, &transposed, sizeof(transposed))) &&
         ok(lt.cublasLtMatmulDescSetAttribute(product, CUBLASLT_MATMUL_DESC_EPILOGUE, &epilogue, sizeof(epilogue))) &&
         layout(weightLayout, spec.transB ? spec.k : spec.n, spec.transB ? spec.n : spec.k, spec.ldb) &&
         layout(aLayout, spec.k, rows, spec.lda) && layout(outLayout, spec.n, rows, spec.ldc);
}

bool LibraryGemm::prepare() {
  cublasLtMatmulPreference_t preference = nullptr;
  if (!describe() || lt.cublasLtMatmulPreferenceCreate(&preference) != CUBLAS_STATUS_SUCCESS)
    return false;
  uint64_t workspace = maxWorkspace;
  int count = 0;
  algorithms.resize(maxAlgorithms);
  bool found =
      lt.cublasLtMatmulPreferenceSetAttribute(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &workspace,
                                              sizeof(workspace)) == CUBLAS_STATUS_SUCCESS &&
      lt.cublasLtMatmulAlgoGetHeuristic(handle.get(), product, weightLayout, aLayout, outLayout, outLayout, preference,
                                        maxAlgorithms, algorithms.data(), &count) == CUBLAS_STATUS_SUCCESS;
  lt.cublasLtMatmulPreferenceDestroy(preference);
  algorithms.resize(found ? static_cast<size_t>(count) : 0);
  auto unusable = [](const cublasLtMatmulHeuristicResult_t &result) {
    return result.state != CUBLAS_STATUS_SUCCESS || result.workspaceSize > maxWorkspace;
  };
  algorithms.erase(std::remove_if(algorithms.begin(), algorithms.end(), unusable), algorithms.end());
  return !algorithms.empty();
}

uint64_t LibraryGemm::workspaceBytes() const {
  size_t bytes = 0;
  for (const cublasLtMatmulHeuristicResult_t &algorithm : algorithms)
    bytes = std::max(bytes, algorithm.workspaceSize);
  return bytes;
}

bool LibraryGemm::call(size_t algorithm, const GemmAddresses &addresses, CUstream stream) {
  auto pointer = [](CUdeviceptr address) { return reinterpret_cast<void *>(address); };
  const float one = 1, zero = 0;
  void *bias = pointer(addresses.bias), *out = pointer(addresses.out);
  if (spec.bias >= 0 &&
      lt.cublasLtMatmulDescSetAttribute(product, CUBLASLT_MATMUL_DESC_BIAS_POINTER, static_cast<const void *>(&bias),
                                        sizeof(bias)) != CUBLAS_STATUS_SUCCESS)
    return false;
  const cublasLtMatmulHeuristicResult_t &choice = algorithms[algorithm];
  return lt.cublasLtMatmul(handle.get(), product, &one, pointer(addresses.weight), weightLayout, pointer(addresses.a),
                           aLayout, &zero, out, outLayout, out, outLayout, &choice.algo, pointer(addresses.workspace),
                           choice.workspaceSize, stream) == CUBLAS_STATUS_SUCCESS;
}

bool LibraryGemm::choose(const Driver &driver, const GemmAddresses &addresses, CUstream stream, Error &error) {
  Event begin(driver), end(driver);
  if (!begin.create(/*timing=*/true, error) || !end.create(/*timing=*/true, error))
    return false;
  float best = 0;
  bool found = false;
  for (size_t algorithm = 0; algorithm < algorithms.size(); ++algorithm) {
    bool works = true;
    for (int run = 0; run < warmUps + timedRuns && works; ++run) {
      if (run == warmUps && !driver.cuEventRecord(error, begin.get(), stream))
        return false;
      works = call(algorithm, addresses, stream);
    }
    float milliseconds;
    if (!driver.cuEventRecord(error, end.get(), stream) || !driver.cuEventSynchronize(error, end.get()))
      return false;
    if (!works)
      continue;
    if (!driver.cuEventElapsedTime(error, &milliseconds, begin.get(), end.get()))
      return false;
    if (!found || milliseconds < best) {
      best = milliseconds;
      chosen = algorithm;
      found = true;
    }
  }
  return found || error.set(RECKON_UNAVAILABLE, "cuBLASLt refuses a product that it proposed algorithms for");
}

bool LibraryGemm::adopt(const LibraryGemm &other) {
  auto numbers = [](const LibraryGemm &gemm) {
    const GemmSpec &spec = gemm.spec;
    return std::array{gemm.rows, spec.n, spec.k, spec.lda, spec.ldb, spec.ldc, uint64_t(spec.transB)};
  };
  if (numbers(*this) != numbers(other) || spec.type != other.spec.type || spec.compute != other.spec.compute ||
      spec.epilogue != other.spec.epilogue)
    return false;
  algorithms = other.algorithms;
  chosen = other.chosen;
  return true;
}

bool LibraryGemm::enqueue(const GemmAddresses &addresses, CUstream stream, Error &error) {
  return call(chosen, addresses, stream) ||
         error.set(RECKON_UNAVAILABLE, "cuBLASLt refuses a product that it ran before");
}
