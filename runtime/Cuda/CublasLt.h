//===- Cuda/CublasLt.h - cuBLASLt, loaded when an engine asks for it ------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_CUDA_CUBLASLT_H
#define RECKON_RUNTIME_CUDA_CUBLASLT_H

#include "CublasLtTypes.h"

#include <memory>
#include <string>

namespace reckon::runtime::cuda {

/// The library's functions. A machine without it runs generated kernels instead, so a failure is no error of a run.
class CublasLt {
public:
  /// libcublasLt.so.13, .12 or .11, whichever is found first, or the library that the environment variable
  /// RECKON_LIBCUBLASLT names; an empty name means none. Looked for once. Thread-safe.
  static const CublasLt *find();
  static std::unique_ptr<CublasLt> load(const std::string &path);
  ~CublasLt();
  CublasLt(const CublasLt &) = delete;
  CublasLt &operator=(const CublasLt &) = delete;

  /// As the library counts: 130000 is 13.0.0.
  size_t version() const { return getVersion(); }

#define RECKON_CUBLASLT_CALL(name, ...) cublasStatus_t (*name)(__VA_ARGS__) = nullptr;
#include "CublasLtSymbols.inc"

private:
  CublasLt() = default;

  void *library = nullptr;
  size_t (*getVersion)() = nullptr;
};

} // namespace reckon::runtime::cuda

#endif // RECKON_RUNTIME_CUDA_CUBLASLT_H
