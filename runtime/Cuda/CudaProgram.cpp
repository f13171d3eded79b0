//===- Cuda/CudaProgram.cpp - An engine loaded on a GPU -------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "CudaProgram.h"
#include "CudaExecutor.h"
#include "Dependencies.h"
#include "reckon/Runtime/CudaKernelABI.h"

#include <set>

using namespace reckon;
using namespace reckon::runtime;
using namespace reckon::runtime::cuda;

CudaHoldings::CudaHoldings(const CudaDevice &device)
    : driver(device.driver), primary(device), module(driver), sharedTables(device), versions(device) {}

CudaHoldings::~CudaHoldings() {
  Error ignored;
  if (!primary.get())
    return;
  ContextScope scope(driver, primary.get(), ignored);
  versions.release();
  sharedTables.release();
  cublasLt.release();
  module.unload();
}

CudaProgram::CudaProgram(const CudaDevice &device, const ProgramSource &source)
    : device(device), driver(device.driver), source(source), holdings(std::make_shared<CudaHoldings>(device)) {}

CudaProgram::CudaProgram(const CudaProgram &other, const ProgramSource &source)
    : device(other.device), driver(other.driver), source(source), holdings(other.holdings) {}

bool CudaProgram::load(const Snapshot &snapshot, Error &error) {
  if (!holdings->primary.retain(error))
    return false;
  ContextScope scope(driver, context(), error);
  return scope && loadEngineCode(source.spec, source.program, device, holdings->module, error) && loadKernels(error) &&
         compileSizes(error) && loadTables(snapshot, error) && uploadWeights(snapshot, error);
}

std::unique_ptr<CudaProgram> CudaProgram::withChains(const ProgramSpec &chains, Error &error) const {
  std::unique_ptr<CudaProgram> result(
      new CudaProgram(*this, ProgramSource{source.spec, chains, source.dimIndex, source.tables}));
  ContextScope scope(driver, context(), error);
  if (!scope || !result->loadKernels(error) || !result->compileSizes(error))
    return nullptr;
  for (uint32_t d = 1; d < result->dispatches.size(); ++d)
    result->dispatches[d].waits = {d - 1};
  return result;
}

//===-- Code ------------------------------------------------------------------===//

bool CudaProgram::checkKernel(const KernelSpec &kernel, CUfunction function, Error &error) const {
  int maxThreads = 0, staticShared = 0;
  if (!driver.cuFuncGetAttribute(error, &maxThreads, CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK, function) ||
      !driver.cuFuncGetAttribute(error, &staticShared, CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES, function))
    return false;
  std::string what = "kernel '" + kernel.symbol + "'";
  if (kernel.blockThreads > static_cast<uint32_t>(maxThreads))
    return error.set(RECKON_UNSUPPORTED, what + " wants blocks of " + std::to_string(kernel.blockThreads) +
                                             " threads; its registers allow " + std::to_string(maxThreads) + " on " +
                                             device.describe());
  uint64_t shared = uint64_t(kernel.sharedBytes) + static_cast<uint64_t>(staticShared);
  if (shared > static_cast<uint64_t>(device.properties.maxSharedBytes))
    return error.set(RECKON_UNSUPPORTED, what + " needs " + std::to_string(shared) + " bytes of shared memory; " +
                                             device.describe() + " has " +
                                             std::to_string(device.properties.maxSharedBytes) + " for a block");
  // Of the dynamic kind a block gets 48 KiB unless it asks.
  if (kernel.sharedBytes != 0 &&
      !driver.cuFuncSetAttribute(error, function, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES,
                                 static_cast<int>(kernel.sharedBytes)))
    return false;
  return kernel.cluster <= 8 ||
         driver.cuFuncSetAttribute(error, function, CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED, 1);
}

/// Whether the device has room for a cluster: a part of a GPU may not, for want of neighbouring multiprocessors.
bool CudaProgram::checkClusters(Kernel &kernel, Error &error) const {
  if (kernel.spec->cluster <= 1)
    return true;
  CUlaunchAttribute attribute = {CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION, {}, {}};
  attribute.value.clusterDim = {kernel.spec->cluster, 1, 1};
  CUlaunchConfig config = {
      kernel.spec->cluster, 1, 1, kernel.spec->blockThreads, 1, 1, kernel.spec->sharedBytes, nullptr, &attribute, 1};
  int clusters = 0;
  CUresult result = driver.cuOccupancyMaxActiveClusters.raw(&clusters, kernel.function, &config);
  kernel.fits = result == CUDA_SUCCESS && clusters > 0;
  return result == CUDA_SUCCESS || result == CUDA_ERROR_INVALID_CLUSTER_SIZE ||
         driver.fail("cuOccupancyMaxActiveClusters", result, error);
}

bool CudaProgram::loadKernels(Error &error) {
  // What only covering dispatches launch can be done without.
  std::set<uint32_t> needed;
  for (const ChainSpec &chain : source.program.chains)
    for (const LaunchSpec &launch : chain.dispatches[0].launches)
      if (chain.dispatches[0].covers.empty() && launch.library.empty())
        needed.insert(launch.kernel);
  for (uint32_t k = 0; k < source.program.kernels.size(); ++k) {
    const KernelSpec &spec = source.program.kernels[k];
    Kernel kernel{nullptr, &spec, {}};
    if (!holdings->module.find(spec.symbol, kernel.function, error))
      return false;
    kernel.fits = checkKernel(spec, kernel.function, error);
    if (needed.count(k)) {
      if (!kernel.fits)
        return false;
    } else if (kernel.fits ? !checkClusters(kernel, error) : error.code != RECKON_UNSUPPORTED) {
      return false;
    } else {
      error = Error();
    }
    kernels.push_back(std::move(kernel));
  }
  return true;
}

/// The driver reads as many parameters as the code has, whatever the description says.
bool CudaProgram::checkParameters(const Dispatch &dispatch, const Kernel &kernel, Error &error) const {
  if (!driver.cuFuncGetParamInfo)
    return true;
  size_t operands = dispatch.spec->operands.size(), maps = kernel.maps.size();
  size_t extents = source.program.checked ? operands + 1 : 0;
  size_t count = operands + maps + dispatch.dims.size() + 3 + extents, offset = 0, size = 0;
  bool matches = true;
  for (size_t i = 0; i < count && matches; ++i) {
    size_t expected = i >= operands && i < operands + maps ? sizeof(CUtensorMap) : sizeof(uint64_t);
    matches = driver.cuFuncGetParamInfo.raw(kernel.function, i, &offset, &size) == CUDA_SUCCESS && size == expected;
  }
  matches = matches && driver.cuFuncGetParamInfo.raw(kernel.function, count, &offset, &size) != CUDA_SUCCESS;
  return matches ||
         error.set(RECKON_INVALID, "kernel '" + kernel.spec->symbol + "' does not have the parameters of its " +
                                       std::to_string(operands) + " operands, " + std::to_string(maps) +
                                       " tensor maps and " + std::to_string(dispatch.dims.size()) + " dimensions");
}

//===-- Sizes -----------------------------------------------------------------===//

/// Whether a library runs here and can have the product. What it launches is recorded with the addresses, so a caller's
/// tensors, whose addresses change, are left to generated kernels; so are slices that no vector access may begin at.
bool CudaProgram::canUseLibrary(const DispatchSpec &dispatch, const LaunchSpec &launch) {
  auto isOwn = [&](int64_t index) {
    const OperandSpec &operand = dispatch.operands[static_cast<size_t>(index)];
    return (operand.space == Space::Arena || operand.space == Space::Weight) && operand.offset % 16 == 0;
  };
  const GemmSpec &gemm = *launch.gemm;
  return isLibraryGemm(gemm) && isOwn(gemm.a) && isOwn(gemm.weight) && isOwn(gemm.out) &&
         (gemm.bias < 0 || isOwn(gemm.bias)) && holdings->cublasLt.create();
}

bool CudaProgram::compileSizes(Error &error) {
  std::set<uint32_t> needed;
  bool shallow = true;
  auto compile = [&](const SizeExpr &expr, SizeProgram &result) {
    for (const std::string &name : expr.dims())
      needed.insert(source.dimIndex.at(name));
    shallow &= result.compile(expr, source.dimIndex);
  };
  auto compileAll = [&](const std::vector<SizeExpr> &list, std::vector<SizeProgram> &result) {
    for (const SizeExpr &expr : list)
      compile(expr, result.emplace_back());
  };
  compileAll(source.program.slots, slots);
  for (Kernel &kernel : kernels)
    for (const TensorMapSpec &map : kernel.spec->tensorMaps) {
      kernel.maps.push_back({&map, {}, {}});
      compileAll(map.sizes, kernel.maps.back().sizes);
      compileAll(map.strides, kernel.maps.back().strides);
    }
  std::vector<const DispatchSpec *> order;
  for (const ChainSpec &chain : source.program.chains) {
    Dispatch dispatch{
        &chain.dispatches[0], &chain.rows, {}, source.spec.getKernelDims(chain.dispatches[0]), {}, {}, {}};
    order.push_back(dispatch.spec);
    for (const OperandSpec &operand : dispatch.spec->operands)
      if (source.program.checked)
        compile(operand.bytes, dispatch.operandBytes.emplace_back());
    compile(chain.rows, dispatch.rows);
    for (const LaunchSpec &launch : dispatch.spec->launches) {
      if (launch.needsTiming)
        continue;
      Launch result{&launch, {}, {}, {}};
      if (!launch.library.empty()) {
        // A library that is not there leaves its launches to the others.
        if (!canUseLibrary(*dispatch.spec, launch))
          continue;
        compile(launch.gemm->m, result.gemmRows);
        dispatch.launches.push_back(std::move(result));
        continue;
      }
      if (!kernels[launch.kernel].fits)
        continue;
      compileAll(launch.grid, result.grid);
      compile(launch.scratchBytes, result.scratchBytes);
      if (!checkParameters(dispatch, kernels[launch.kernel], error))
        return false;
      dispatch.launches.push_back(std::move(result));
    }
    dispatches.push_back(std::move(dispatch));
  }
  if (!shallow)
    return error.set(RECKON_INVALID, "a size expression of the engine nests too deeply");
  std::vector<std::vector<uint32_t>> waits = findDependencies(order);
  for (size_t d = 0; d < dispatches.size(); ++d)
    dispatches[d].waits = std::move(waits[d]);
  planDims.assign(needed.begin(), needed.end());
  return true;
}

bool CudaProgram::write(VersionStep &step, Error &error) const {
  ContextScope scope(driver, context(), error);
  return scope && holdings->versions.write(source.spec, step, error);
}

std::unique_ptr<Executor> CudaProgram::createExecutor(const ExecutorOptions &options, Error &error) const {
  auto executor = std::make_unique<CudaExecutor>(*this);
  if (!executor->start(options, error))
    return nullptr;
  return executor;
}
