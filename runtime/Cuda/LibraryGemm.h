//===- Cuda/LibraryGemm.h - A matrix product by cuBLASLt ------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_CUDA_LIBRARYGEMM_H
#define RECKON_RUNTIME_CUDA_LIBRARYGEMM_H

#include "CublasLt.h"
#include "CudaMemory.h"
#include "reckon/Engine/EngineSpec.h"

#include <vector>

namespace reckon::runtime::cuda {

/// Whether the library can do such a product; the epilogues that it has are those of GemmSpec.
bool isLibraryGemm(const GemmSpec &gemm);

/// The library on one device; its functions may be called from several threads.
class CublasLtHandle {
public:
  CublasLtHandle() = default;
  ~CublasLtHandle() { release(); }
  CublasLtHandle(const CublasLtHandle &) = delete;
  CublasLtHandle &operator=(const CublasLtHandle &) = delete;
  /// Looks for the library once, while the device's context is current. False when it is not there, or does not work
  /// here.
  bool create();
  void release();

  const CublasLt &library() const { return *functions; }
  cublasLtHandle_t get() const { return handle; }

private:
  const CublasLt *functions = nullptr;
  cublasLtHandle_t handle = nullptr;
  bool tried = false;
};

struct GemmAddresses {
  CUdeviceptr a, weight, bias, out, workspace;
};

/// A product of one size: the algorithms that the library proposes for it, and in the end the fastest.
class LibraryGemm {
public:
  LibraryGemm(const CublasLtHandle &handle, const GemmSpec &spec, uint64_t rows)
      : handle(handle), lt(handle.library()), spec(spec), rows(rows) {}
  ~LibraryGemm();
  LibraryGemm(const LibraryGemm &) = delete;
  LibraryGemm &operator=(const LibraryGemm &) = delete;

  /// Asks the library for algorithms, the one it thinks best first. False when it has none for this product.
  bool prepare();
  /// What any of them needs of memory, at most 32 MiB.
  uint64_t workspaceBytes() const;
  /// Times the algorithms on the stream and keeps the fastest. What is at the output is overwritten.
  [[nodiscard]] bool choose(const Driver &driver, const GemmAddresses &addresses, CUstream stream, Error &error);
  /// Takes over what an equal product has chosen; false, and nothing happens, when the other is not equal.
  bool adopt(const LibraryGemm &other);
  [[nodiscard]] bool enqueue(const GemmAddresses &addresses, CUstream stream, Error &error);

private:
  bool describe();
  bool call(size_t algorithm, const GemmAddresses &addresses, CUstream stream);

  const CublasLtHandle &handle;
  const CublasLt &lt;
  const GemmSpec &spec;
  const uint64_t rows;
  cublasLtMatmulDesc_t product = nullptr;
  cublasLtMatrixLayout_t weightLayout = nullptr, aLayout = nullptr, outLayout = nullptr;
  std::vector<cublasLtMatmulHeuristicResult_t> algorithms;
  size_t chosen = 0;
};

} // namespace reckon::runtime::cuda

#endif // RECKON_RUNTIME_CUDA_LIBRARYGEMM_H
