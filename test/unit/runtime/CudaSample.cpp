//===- CudaSample.cpp - The sample engine for the fake driver -------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "CudaSample.h"
#include "lib/Engine/RandomFill.h"
#include "reckon/Runtime/CudaKernelABI.h"

#include <cstdlib>
#include <cstring>
#include <dlfcn.h>

using namespace reckon;
using namespace reckon::test;

FakeCuda &test::fakeCuda() {
  static FakeCuda *instance = [] {
    ::setenv("RECKON_LIBCUDA", RECKON_TEST_FAKE_CUDA, 1);
    ::setenv("RECKON_LIBCUBLASLT", RECKON_TEST_FAKE_CUDA, 1);
    void *library = ::dlopen(RECKON_TEST_FAKE_CUDA, RTLD_NOW | RTLD_LOCAL);
    return reinterpret_cast<FakeCuda *(*)()>(::dlsym(library, "reckon_fake_cuda"))();
  }();
  return *instance;
}

EngineSpec test::cudaSampleSpec() {
  EngineSpec spec = sampleSpec();
  ProgramSpec program = spec.programs[0];
  program.target = {DeviceKind::Cuda, "sm_80", {}};
  SizeExpr batch = SizeExpr::dim("batch");
  program.slots.push_back(batch * SizeExpr(width * 4));
  program.localSlots.clear();
  OperandSpec pooled{Space::Arena, 1, 0, 0, "", ""};
  std::vector<DispatchSpec> dispatches;
  for (const ChainSpec &chain : program.chains)
    for (DispatchSpec dispatch : chain.dispatches) {
      for (OperandSpec &operand : dispatch.operands)
        if (operand.space == Space::Local)
          operand = pooled;
      LaunchSpec launch;
      launch.kernel = dispatch.kernel;
      launch.grid = {SizeExpr::ceilDiv(batch, 32)};
      launch.scratchBytes = dispatch.scratchBytes;
      dispatch.scratchBytes = 0;
      dispatch.launches = {launch};
      dispatches.push_back(dispatch);
    }
  for (KernelSpec &kernel : program.kernels)
    kernel.blockThreads = 128;
  KernelSpec small = program.kernels[1];
  small.symbol = "test_linear_small";
  small.cluster = 2;
  small.sharedBytes = 1000;
  small.tensorMaps = {{0, ElementType::F32, {width, batch}, {width * 4}, {8, 16}, 0}};
  program.kernels.push_back(small);
  LaunchSpec library, few = dispatches[1].launches[0];
  library.library = "cublaslt";
  library.gemm.emplace();
  library.gemm->weight = 2;
  library.gemm->out = 3;
  library.gemm->n = library.gemm->ldb = library.gemm->ldc = hidden;
  library.gemm->k = library.gemm->lda = width;
  library.gemm->m = batch;
  library.gemm->compute = GemmCompute::F32;
  few.kernel = 3;
  few.grid = {1000};
  few.blocksPerSm = 3;
  few.maxRows = 4;
  dispatches[1].launches.insert(dispatches[1].launches.begin(), {library, few});
  program.chains.clear();
  for (const DispatchSpec &dispatch : dispatches)
    program.chains.push_back({batch, 1, {dispatch}});
  spec.programs.push_back(program);
  const char text[] = "kernel test_lookup 8 8 8 8 8 8 8 8\n"
                      "kernel test_linear 8 8 8 8 8 8 8 8\n"
                      "kernel test_linear_small 8 8 8 8 128 8 8 8 8\n"
                      "kernel test_finish 8 8 8 8 8 8 8\n";
  spec.code.push_back({CodeKind::Ptx, "sm_80", spec.own({text, text + sizeof(text)})});
  return spec;
}

EngineSpec test::checkedCudaSampleSpec() {
  EngineSpec spec = cudaSampleSpec();
  makeChecked(spec.programs[1]);
  const char text[] = "kernel test_lookup 8 8 8 8 8 8 8 8 8 8 8 8\n"
                      "kernel test_linear 8 8 8 8 8 8 8 8 8 8 8 8 8\n"
                      "kernel test_linear_small 8 8 8 8 128 8 8 8 8 8 8 8 8 8\n"
                      "kernel test_finish 8 8 8 8 8 8 8 8 8 8 8\n";
  spec.code.back() = {CodeKind::Ptx, "sm_80", spec.own({text, text + sizeof(text)})};
  return spec;
}

CodeSpec test::fakeCubin(EngineSpec &spec, const char *arch, const ByteSpan &text) {
  std::vector<uint8_t> bytes(64);
  std::memcpy(bytes.data(), "\177ELF\2", 5);
  bytes[58] = 64; // the size of section headers, of which there are none
  bytes.insert(bytes.end(), text.data, text.data + text.size);
  return {CodeKind::Cubin, arch, spec.own(bytes)};
}

static uint64_t valueOf(const FakeLaunch &launch, size_t parameter) {
  uint64_t value;
  std::memcpy(&value, launch.parameters[parameter], sizeof(value));
  return value;
}

/// The parameters of RowKernel.
static void copyRows(const FakeLaunch &launch, uint64_t unit) {
  auto *to = reinterpret_cast<uint8_t *>(valueOf(launch, 0));
  auto *from = reinterpret_cast<const uint8_t *>(valueOf(launch, 1));
  auto *ids = reinterpret_cast<const int64_t *>(valueOf(launch, 2));
  uint64_t rowBytes = valueOf(launch, 4) * unit;
  for (uint64_t i = 0; i < valueOf(launch, 3); ++i)
    std::memcpy(to + ids[i] * rowBytes, from + (valueOf(launch, 5) ? ids[i] : i) * rowBytes, rowBytes);
}

void test::runHostKernel(const FakeLaunch &launch) {
  std::string name = launch.kernel;
  if (name == "reckon_fill_halves")
    return fillHalves(reinterpret_cast<uint16_t *>(valueOf(launch, 0)), valueOf(launch, 1), valueOf(launch, 2));
  if (name.find("reckon_fill_") == 0) {
    ElementType type = name.find("bf16") != std::string::npos  ? ElementType::BF16
                       : name.find("f16") != std::string::npos ? ElementType::F16
                                                               : ElementType::F32;
    return fillRandom(type, reinterpret_cast<void *>(valueOf(launch, 0)), valueOf(launch, 1), valueOf(launch, 2));
  }
  if (name.find("reckon_copy_rows_") == 0)
    return copyRows(launch, std::stoull(name.substr(sizeof("reckon_copy_rows_") - 1)));
  static void *library = ::dlopen(RECKON_TEST_KERNELS, RTLD_NOW | RTLD_LOCAL);
  bool small = name == "test_linear_small";
  auto kernel = reinterpret_cast<ReckonKernel>(::dlsym(library, small ? "test_linear" : launch.kernel));
  void *operands[8];
  size_t count = 0, next = 0, numOperands = name.find("linear") != std::string::npos ? 4 : 3;
  // The batch, and of the lookup the rows of its table.
  size_t numDims = name == "test_lookup" ? 2 : 1;
  while (count < numOperands)
    operands[count++] = reinterpret_cast<void *>(valueOf(launch, next++));
  // The map shows the operand as it is now, also after its address changed.
  if (small && valueOf(launch, next++) != reinterpret_cast<uintptr_t>(operands[0]))
    std::abort();
  int64_t dims[2] = {static_cast<int64_t>(valueOf(launch, next)),
                     static_cast<int64_t>(valueOf(launch, next + numDims - 1))};
  next += numDims;
  int64_t rows = static_cast<int64_t>(valueOf(launch, next));
  auto *status = reinterpret_cast<ReckonKernelStatus *>(valueOf(launch, next + 2));
  ReckonRange range = {0, rows, 0, name.find("linear") != std::string::npos ? hidden / 4 : 1};
  kernel(operands, dims, &range, reinterpret_cast<void *>(valueOf(launch, next + 1)), status);
}

int test::tryOnFakeGpu(const std::vector<uint8_t> &bytes) {
  fakeCuda().machine.memory = size_t(16) << 20;
  ReckonTableBinding synthetic = RECKON_TABLE_BINDING_INIT;
  synthetic.source = RECKON_TABLE_SYNTHETIC;
  synthetic.rows = 3;
  synthetic.seed = 1;
  EngineError problem;
  runtime::Engine engine;
  runtime::Context context;
  auto file = EngineFile::fromMemory({bytes.data(), bytes.size()}, problem);
  if (!file || engine.openMemory(bytes.data(), bytes.size(), {synthetic}) || context.create(engine, 1, "cuda"))
    return 0;
  const EngineSpec &spec = file->spec();
  int ran = 0;
  for (int64_t batch : {0, 1, 5, 200, 5}) {
    std::vector<std::vector<uint64_t>> data;
    bool possible = true;
    for (size_t i = 0; i < spec.inputs.size() && possible; ++i) {
      std::vector<int64_t> shape;
      int64_t elements = 1;
      for (const SizeExpr &size : spec.inputs[i].shape) {
        shape.push_back(size.evaluate([&](std::string_view) { return std::optional<int64_t>(batch); }).value_or(-1));
        possible &= shape.back() >= 0 && !__builtin_mul_overflow(elements, shape.back(), &elements);
      }
      possible &= elements < 1 << 20;
      data.emplace_back(possible ? elements + 1 : 0);
      possible = possible &&
                 !context.setInput(i, static_cast<ReckonElementType>(spec.inputs[i].type), shape, data.back().data());
    }
    // What takes much memory is refused by the device; the host has no such limit.
    possible = possible && !context.prepare();
    for (size_t i = 0; i < spec.outputs.size() && possible; ++i)
      possible = context.output(i).bytes < 1 << 24;
    ran += possible && !context.run();
  }
  return ran;
}
