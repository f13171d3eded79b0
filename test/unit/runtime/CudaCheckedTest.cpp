//===- CudaCheckedTest.cpp - Kernels that check themselves, without a driver ----===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "CudaSample.h"
#include "reckon/Runtime/KernelABI.h"

#include <gtest/gtest.h>

#include <cstring>
#include <list>

using namespace reckon;
using namespace reckon::test;
using runtime::Context;
using runtime::Engine;
using runtime::Status;

namespace {
class CudaChecked : public testing::Test {
protected:
  CudaChecked() : cuda(fakeCuda()) {
    cuda.reset();
    cuda.onLaunch = runHostKernel;
  }
  ~CudaChecked() override { EXPECT_EQ(cuda.live(), 0u); }

  Status open(Engine &engine, const EngineSpec &spec) {
    bytes.push_back(sampleEngine(spec));
    return engine.openMemory(bytes.back().data(), bytes.back().size(), {});
  }

  FakeCuda &cuda;
  std::list<std::vector<uint8_t>> bytes;
};

/// The last dispatch alone, between an input and the outputs.
EngineSpec specWithoutArena() {
  EngineSpec spec = checkedCudaSampleSpec();
  SizeExpr batch = SizeExpr::dim("batch");
  ProgramSpec program = spec.programs[1];
  DispatchSpec finish = program.chains.back().dispatches[0];
  finish.operands[0] = {Space::Input, 0, 0, 0, "", ""};
  finish.operands[0].bytes = batch * SizeExpr(hidden * 4);
  program.chains = {{batch, 1, {finish}}};
  program.slots.clear();
  program.arenaUnshared = 0;
  spec.programs = {program};
  spec.inputs[0].shape[1] = hidden;
  spec.idUses.clear();
  return spec;
}

uint64_t valueOf(const FakeLaunch &launch, size_t parameter) {
  uint64_t value;
  std::memcpy(&value, launch.parameters[parameter], sizeof(value));
  return value;
}

TEST_F(CudaChecked, KernelsKnowTheirMemoryAndReportWhatTheyLeave) {
  Engine engine;
  Context context;
  ASSERT_FALSE(open(engine, checkedCudaSampleSpec()));
  Status failed = context.create(engine, 1, "cuda");
  ASSERT_FALSE(failed) << failed.message;
  for (int64_t batch : {0, 1, 4, 33, 1})
    expectCorrect(context, sampleData(batch));

  // x, pooled, w, hidden, and the scratch memory of two blocks.
  constexpr uint64_t batch = 40;
  static std::vector<uint64_t> extents;
  extents.clear();
  cuda.onLaunch = [](const FakeLaunch &launch) {
    if (launch.kernel == std::string("test_linear"))
      for (size_t i = 8; i < launch.count; ++i)
        extents.push_back(valueOf(launch, i));
    runHostKernel(launch);
  };
  SampleData data = sampleData(batch);
  expectCorrect(context, data);
  EXPECT_EQ(extents, (std::vector<uint64_t>{batch * width * 4, batch * width * 4, width * hidden * 4,
                                            batch * hidden * 4, 2 * width * 4}));

  // A status of its own, before that of a bad id; then the context is as it was.
  cuda.onLaunch = [](const FakeLaunch &launch) {
    runHostKernel(launch);
    if (launch.kernel != std::string("test_linear"))
      return;
    auto *statuses = reinterpret_cast<ReckonKernelStatus *>(valueOf(launch, 7));
    statuses[0] = {RECKON_KERNEL_INDEX_OUT_OF_RANGE, -1, 0, 0};
    statuses[1] = {RECKON_KERNEL_BAD_READ, 2, -4, 512};
  };
  ASSERT_FALSE(bindInputs(context, data));
  failed = context.run();
  EXPECT_EQ(failed.code, RECKON_INTERNAL);
  EXPECT_EQ(failed.message, "kernel 'test_linear' of node '/fc/Gemm' reads at byte -4 of the 512 bytes of operand 2, "
                            "weight 'w': the compiler or its plan is at fault");
  cuda.onLaunch = runHostKernel;
  expectCorrect(context, data);

  // What no check reports is found around the buffer.
  cuda.onLaunch = [](const FakeLaunch &launch) {
    runHostKernel(launch);
    if (launch.kernel == std::string("test_finish"))
      ++*reinterpret_cast<uint8_t *>(valueOf(launch, 0) + batch * hidden * 4);
  };
  ASSERT_FALSE(bindInputs(context, data));
  failed = context.run();
  EXPECT_EQ(failed.code, RECKON_INTERNAL);
  EXPECT_EQ(failed.message,
            "kernel 'test_linear' of node '/fc/Gemm' wrote at byte 2560 of the 2560 bytes of part 0 of the "
            "arena: the compiler or its plan is at fault");
  cuda.onLaunch = runHostKernel;
  expectCorrect(context, data);
}

// The driver refuses to copy to nowhere, so what has no arena is not filled.
TEST_F(CudaChecked, ProgramWithoutArena) {
  Engine engine;
  Context context;
  ASSERT_FALSE(open(engine, specWithoutArena()));
  Status failed = context.create(engine, 1, "cuda");
  ASSERT_FALSE(failed) << failed.message;
  for (int64_t batch : {3, 0, 70, 3}) {
    std::vector<float> x(batch * hidden, 1.5F);
    std::vector<int64_t> ids(batch * numIds);
    ASSERT_FALSE(context.setInput("x", RECKON_F32, {batch, hidden}, x.data()));
    ASSERT_FALSE(context.setInput("ids", RECKON_I64, {batch, numIds}, ids.data()));
    failed = context.run();
    ASSERT_FALSE(failed) << failed.message;
    ReckonTensor y = context.output(0), s = context.output(1);
    ASSERT_EQ(y.bytes, batch * hidden * 4);
    for (int64_t i = 0; i < batch * hidden; ++i)
      EXPECT_EQ(static_cast<const float *>(y.data)[i], 3);
    for (int64_t i = 0; i < batch; ++i)
      EXPECT_EQ(static_cast<const float *>(s.data)[i], 1.5F * hidden);
  }
}
} // namespace
