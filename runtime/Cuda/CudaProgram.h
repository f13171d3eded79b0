//===- Cuda/CudaProgram.h - An engine loaded on a GPU ---------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_CUDA_CUDAPROGRAM_H
#define RECKON_RUNTIME_CUDA_CUDAPROGRAM_H

#include "CudaCode.h"
#include "CudaMemory.h"
#include "CudaVersions.h"
#include "LibraryGemm.h"
#include "SharedMemory.h"

namespace reckon::runtime::cuda {

/// What an engine has on one GPU whatever runs: code, weights, tables, and the library.
struct CudaHoldings {
  explicit CudaHoldings(const CudaDevice &device);
  ~CudaHoldings();

  const Driver &driver;
  PrimaryContext primary;
  CudaModule module;
  SharedMemory sharedTables; // that versions begin with, where processes have them together
  CudaVersions versions;     // of weights and tables
  CublasLtHandle cublasLt;
};

/// Kernels, weights and tables on one GPU, shared by contexts, with every size expression made fast.
class CudaProgram final : public Program {
public:
  CudaProgram(const CudaDevice &device, const ProgramSource &source);
  [[nodiscard]] bool load(const Snapshot &snapshot, Error &error);
  /// A program with other chains and slots over the same kernels, weights and tables, of which nothing is loaded again.
  /// It is for timing: each dispatch waits for the one before, whatever it reads. `chains` outlives it; its kernels are
  /// those of the program here. Null with the error set.
  std::unique_ptr<CudaProgram> withChains(const ProgramSpec &chains, Error &error) const;
  std::unique_ptr<Executor> createExecutor(const ExecutorOptions &options, Error &error) const override;
  [[nodiscard]] bool write(VersionStep &step, Error &error) const override;

  struct TensorMap {
    const TensorMapSpec *spec;
    std::vector<SizeProgram> sizes, strides;
  };
  struct Kernel {
    CUfunction function;
    const KernelSpec *spec;
    std::vector<TensorMap> maps;
    bool fits = true; // on this device
  };
  struct Launch {
    const LaunchSpec *spec;
    std::vector<SizeProgram> grid;
    SizeProgram scratchBytes;
    SizeProgram gemmRows; // of a library
  };
  /// One a chain: on this device a chain is one dispatch.
  struct Dispatch {
    const DispatchSpec *spec;
    const SizeExpr *rowsText;
    SizeProgram rows;
    std::vector<uint32_t> dims;            // of Engine.dims, as the kernels get them
    std::vector<Launch> launches;          // without those that only a timing cache may choose
    std::vector<uint32_t> waits;           // earlier dispatches
    std::vector<SizeProgram> operandBytes; // of a checked program
  };

  const CudaDevice &device;
  const Driver &driver;
  const ProgramSource source;
  std::vector<Kernel> kernels;
  std::vector<Dispatch> dispatches;
  std::vector<SizeProgram> slots;
  /// The dimensions that sizes, grids and choices depend on: graphs differ by these only.
  std::vector<uint32_t> planDims;
  const std::shared_ptr<CudaHoldings> holdings;

  /// A checked kernel has a second one.
  size_t statusesPerDispatch() const { return source.program.checked ? 2 : 1; }
  CUcontext context() const { return holdings->primary.get(); }

private:
  CudaProgram(const CudaProgram &other, const ProgramSource &source);
  [[nodiscard]] bool loadKernels(Error &error);
  [[nodiscard]] bool checkKernel(const KernelSpec &kernel, CUfunction function, Error &error) const;
  [[nodiscard]] bool checkClusters(Kernel &kernel, Error &error) const;
  [[nodiscard]] bool checkParameters(const Dispatch &dispatch, const Kernel &kernel, Error &error) const;
  [[nodiscard]] bool compileSizes(Error &error);
  bool canUseLibrary(const DispatchSpec &dispatch, const LaunchSpec &launch);
  [[nodiscard]] bool uploadWeights(const Snapshot &snapshot, Error &error);
  [[nodiscard]] bool loadTables(const Snapshot &snapshot, Error &error);
  [[nodiscard]] bool uploadTables(const Snapshot &snapshot, Error &error);
  [[nodiscard]] bool shareTables(const Snapshot &snapshot, Error &error);
  [[nodiscard]] bool checkMemory(Error &error) const;
  [[nodiscard]] bool checkRows(Error &error) const;
  uint64_t tableBytes(size_t index) const;
};

} // namespace reckon::runtime::cuda

#endif // RECKON_RUNTIME_CUDA_CUDAPROGRAM_H
