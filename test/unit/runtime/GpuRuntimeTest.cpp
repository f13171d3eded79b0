//===- GpuRuntimeTest.cpp - The CUDA runtime on a GPU ---------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// Needs a driver and a GPU, and is skipped without. Engines of models are checked by test/gpu.
//
//===----------------------------------------------------------------------------===//

#include "lib/Engine/RandomFill.h"
#include "reckon/Engine/EngineSpec.h"
#include "reckon/Runtime/Runtime.hpp"
#include "runtime/Cuda/CudaMemory.h"
#include "runtime/Cuda/FillKernel.h"
#include "runtime/Cuda/Staging.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <numeric>
#include <string>
#include <thread>

using namespace reckon;
using namespace reckon::runtime;
using namespace reckon::runtime::cuda;

// The registers of both kernels, and what a thread works on: element %d6, %d0 bytes into each tensor.
static const std::string findElement = R"ptx(
  .reg .pred %p<3>;
  .reg .b32 %r<5>;
  .reg .b64 %d<8>;
  .reg .f32 %f<2>;
  mov.u32 %r0, %ctaid.x;
  mov.u32 %r1, %ntid.x;
  mov.u32 %r2, %tid.x;
  mul.wide.u32 %d0, %r0, %r1;
  cvt.u64.u32 %d1, %r2;
  add.u64 %d6, %d0, %d1;
  ld.param.u64 %d2, [rows];
  setp.ge.u64 %p0, %d6, %d2;
  @%p0 ret;
  shl.b64 %d0, %d6, 2;
)ptx";

// twice: y = 2 * x. sum: y = a + b, and id 7 of it is bad when it is negative.
static const std::string ptx = R"ptx(
.version 7.0
.target sm_70
.address_size 64
.visible .entry twice(.param .u64 x, .param .u64 y, .param .u64 batch, .param .u64 rows, .param .u64 scratch,
                      .param .u64 status) {)ptx" +
                               findElement +
                               R"ptx(
  ld.param.u64 %d3, [x];
  add.u64 %d3, %d3, %d0;
  ld.global.f32 %f0, [%d3];
  add.f32 %f0, %f0, %f0;
  ld.param.u64 %d4, [y];
  add.u64 %d4, %d4, %d0;
  st.global.f32 [%d4], %f0;
  ret;
}
.visible .entry sum(.param .u64 a, .param .u64 b, .param .u64 y, .param .u64 batch, .param .u64 rows,
                    .param .u64 scratch, .param .u64 status) {)ptx" +
                               findElement + R"ptx(
  ld.param.u64 %d3, [a];
  add.u64 %d3, %d3, %d0;
  ld.global.f32 %f0, [%d3];
  ld.param.u64 %d4, [b];
  add.u64 %d4, %d4, %d0;
  ld.global.f32 %f1, [%d4];
  add.f32 %f0, %f0, %f1;
  ld.param.u64 %d5, [y];
  add.u64 %d5, %d5, %d0;
  st.global.f32 [%d5], %f0;
  setp.geu.f32 %p1, %f0, 0f00000000;
  @%p1 ret;
  ld.param.u64 %d7, [status];
  atom.global.cas.b32 %r3, [%d7], 0, 3;
  setp.ne.b32 %p2, %r3, 0;
  @%p2 ret;
  mov.b32 %r4, 0xffffffff;
  st.global.b32 [%d7+4], %r4;
  st.global.b64 [%d7+8], %d6;
  mov.b64 %d1, 7;
  st.global.b64 [%d7+16], %d1;
  ret;
}
)ptx";

/// y = 4 * x, by two branches and their sum.
static std::vector<uint8_t> makeEngine() {
  SizeExpr batch = SizeExpr::dim("batch"), bytes = batch * SizeExpr(4);
  EngineSpec spec;
  spec.producer = "reckon test";
  spec.dims = {"batch"};
  spec.inputs = {{"x", ElementType::F32, {batch}}};
  spec.outputs = {{"y", ElementType::F32, {batch}}};
  ProgramSpec program;
  program.target = {DeviceKind::Cuda, "sm_70", {}};
  program.slots = {bytes, bytes};
  for (const char *symbol : {"twice", "sum"}) {
    KernelSpec kernel;
    kernel.symbol = symbol;
    kernel.kind = "rows";
    kernel.blockThreads = 128;
    program.kernels.push_back(kernel);
  }
  auto add = [&](uint32_t kernel, std::vector<std::pair<Space, uint32_t>> operands) {
    DispatchSpec dispatch;
    dispatch.kernel = kernel;
    for (const auto &[space, index] : operands)
      dispatch.operands.push_back({space, index, 0, 0, "", ""});
    dispatch.numOutputs = 1;
    LaunchSpec launch;
    launch.kernel = kernel;
    launch.grid = {SizeExpr::ceilDiv(batch, 128)};
    dispatch.launches = {launch};
    program.chains.push_back({batch, 1, {dispatch}});
  };
  add(0, {{Space::Input, 0}, {Space::Arena, 0}});
  add(0, {{Space::Input, 0}, {Space::Arena, 1}});
  add(1, {{Space::Arena, 0}, {Space::Arena, 1}, {Space::Output, 0}});
  spec.programs = {program};
  spec.code = {{CodeKind::Ptx, "sm_70", spec.own({ptx.c_str(), ptx.c_str() + ptx.size() + 1})}};
  std::string error;
  auto result = serializeEngine(spec, &error);
  EXPECT_TRUE(result) << error;
  return *result;
}

namespace {
class GpuRuntime : public testing::Test {
protected:
  void SetUp() override {
    device = CudaDevice::find(0, error);
    if (!device)
      GTEST_SKIP() << error.message;
    primary = std::make_unique<PrimaryContext>(*device);
    ASSERT_TRUE(primary->retain(error)) << error.message;
    scope = std::make_unique<ContextScope>(device->driver, primary->get(), error);
    ASSERT_TRUE(*scope) << error.message;
  }

  Error error;
  const CudaDevice *device = nullptr;
  std::unique_ptr<PrimaryContext> primary;
  std::unique_ptr<ContextScope> scope;
};

TEST_F(GpuRuntime, MadeUpValuesAreThoseOfTheHost) {
  const Driver &driver = device->driver;
  FillKernel fill(*device);
  Staging staging(driver);
  Stream stream(driver);
  ASSERT_TRUE(stream.create(error)) << error.message;
  for (ElementType type : {ElementType::F32, ElementType::F16, ElementType::BF16}) {
    uint64_t count = 3000001, bytes = count * elementSize(type);
    std::vector<uint8_t> want(bytes), got(bytes);
    fillRandom(type, want.data(), count, 99);
    DeviceBuffer memory(driver);
    ASSERT_TRUE(memory.allocate(bytes, "a test", error)) << error.message;
    ASSERT_TRUE(driver.cuMemsetD8Async(error, memory.data(), 0xff, bytes, stream.get()));
    ASSERT_TRUE(fill.fill(type, memory.data(), count, 99, stream.get(), error)) << error.message;
    ASSERT_TRUE(staging.copyOut(memory.data(), bytes, {{0, bytes, got.data()}}, stream.get(), {}, error))
        << error.message;
    EXPECT_TRUE(want == got) << enumName(type);
  }
  uint64_t count = 3000001;
  std::vector<uint16_t> want(count), got(count);
  fillHalves(want.data(), count, 99);
  DeviceBuffer memory(driver);
  ASSERT_TRUE(memory.allocate(count * 2, "a test", error)) << error.message;
  ASSERT_TRUE(fill.fillHalves(memory.data(), count, 99, stream.get(), error)) << error.message;
  ASSERT_TRUE(staging.copyOut(memory.data(), count * 2, {{0, count * 2, got.data()}}, stream.get(), {}, error))
      << error.message;
  EXPECT_TRUE(want == got);
}

TEST_F(GpuRuntime, HostMemoryOfEverySize) {
  std::vector<uint8_t> bytes = makeEngine();
  runtime::Engine engine;
  Context context;
  ASSERT_FALSE(engine.openMemory(bytes.data(), bytes.size()));
  Status failed = context.create(engine, 1, "cuda");
  ASSERT_FALSE(failed) << failed.message;
  for (int64_t batch : {0, 1, 1000, 3, 10000000, 70000, 1}) {
    std::vector<float> x(batch + 1);
    for (int64_t i = 0; i < batch; ++i)
      x[i] = static_cast<float>(i % 1000);
    ASSERT_FALSE(context.setInput(0, RECKON_F32, {batch}, x.data()));
    failed = context.run();
    ASSERT_FALSE(failed) << failed.message;
    const float *y = static_cast<const float *>(context.output(0).data);
    int64_t wrong = 0;
    for (int64_t i = 0; i < batch; ++i)
      wrong += y[i] != 4 * x[i];
    EXPECT_EQ(wrong, 0) << "batch " << batch;
  }
  std::vector<float> x = {1, 2, -3, 4};
  ASSERT_FALSE(context.setInput(0, RECKON_F32, {4}, x.data()));
  EXPECT_EQ(context.run().message, "kernel 'sum': index 7 at position 2 is outside its axis");
  x[2] = 3;
  EXPECT_FALSE(context.run());
}

TEST_F(GpuRuntime, RunsOnAStreamAddLittleToTheLaunch) {
  const Driver &driver = device->driver;
  std::vector<uint8_t> bytes = makeEngine();
  runtime::Engine engine;
  Context context;
  ASSERT_FALSE(engine.openMemory(bytes.data(), bytes.size()));
  ASSERT_FALSE(context.create(engine, 1, "cuda"));
  constexpr int64_t batch = 64;
  DeviceBuffer memory(driver);
  Stream stream(driver);
  ASSERT_TRUE(memory.allocate(4096, "a test", error) && stream.create(error));
  ASSERT_TRUE(driver.cuMemsetD8Async(error, memory.data(), 0, 4096, stream.get()));

  // The same three kernels without the runtime.
  CudaModule module(driver);
  CUfunction twice, sum;
  ASSERT_TRUE(module.load(ptx.c_str(), "the kernels", error) && module.find("twice", twice, error) &&
              module.find("sum", sum, error))
      << error.message;
  CUdeviceptr addresses[3] = {memory.data(), memory.data() + 1024, memory.data() + 2048};
  int64_t numbers[4] = {batch, batch, 0, static_cast<int64_t>(memory.data() + 3072)};
  void *unary[] = {&addresses[0], &addresses[1], &numbers[0], &numbers[1], &numbers[2], &numbers[3]};
  void *binary[] = {&addresses[0], &addresses[1], &addresses[2], &numbers[0], &numbers[1], &numbers[2], &numbers[3]};
  CUDA_KERNEL_NODE_PARAMS first = {twice, 1, 1, 1, 128, 1, 1, 0, unary, nullptr, nullptr, nullptr}, last = first;
  last.func = sum;
  last.kernelParams = binary;
  CUgraph graph;
  CUgraphNode nodes[3];
  CUgraphExec instance;
  ASSERT_TRUE(driver.cuGraphCreate(error, &graph, 0) &&
              driver.cuGraphAddKernelNode(error, &nodes[0], graph, nullptr, 0, &first) &&
              driver.cuGraphAddKernelNode(error, &nodes[1], graph, nullptr, 0, &first) &&
              driver.cuGraphAddKernelNode(error, &nodes[2], graph, nodes, 2, &last) &&
              driver.cuGraphInstantiate(error, &instance, graph, 0))
      << error.message;

  // Microseconds of a call, the best of many rounds; the queue is empty when a round begins.
  auto time = [&](auto call) {
    double best = 1e9;
    for (int round = 0; round < 200; ++round) {
      driver.cuStreamSynchronize.raw(stream.get());
      auto start = std::chrono::steady_clock::now();
      for (int i = 0; i < 10; ++i)
        call(i);
      best =
          std::min(best, std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count());
    }
    return best / 10;
  };
  auto bind = [&](int64_t offset) {
    ASSERT_FALSE(context.setDeviceInput(0, RECKON_F32, {batch}, reinterpret_cast<void *>(memory.data() + offset)));
    ASSERT_FALSE(
        context.setDeviceOutput(0, RECKON_F32, reinterpret_cast<void *>(memory.data() + 2048 + offset), 4 * batch));
  };
  bool good = true;
  double launch = time([&](int) { good &= driver.cuGraphLaunch.raw(instance, stream.get()) == CUDA_SUCCESS; });
  bind(0);
  double run = time([&](int) { good &= !context.runAsync(stream.get()); });
  double moved = time([&](int i) {
    bind(i % 2 * 256);
    good &= !context.runAsync(stream.get());
  });
  EXPECT_TRUE(good);
  Status failed = context.synchronize();
  EXPECT_FALSE(failed) << failed.message;
  driver.cuGraphExecDestroy.raw(instance);
  driver.cuGraphDestroy.raw(graph);
  std::printf("host microseconds: a graph launch %.2f, a run %.2f, a run with other addresses each time %.2f\n", launch,
              run, moved);
  EXPECT_LT(run - launch, 5);
}

/// The best of several runs, in microseconds; 0 after a failure.
double timeRuns(Context &context, int runs) {
  double best = 1e12;
  for (int i = 0; i < runs; ++i) {
    auto start = std::chrono::steady_clock::now();
    Status failed = context.run();
    EXPECT_FALSE(failed) << failed.message;
    if (failed)
      return 0;
    best = std::min(best, std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count());
  }
  return best;
}

TEST_F(GpuRuntime, HostMemoryOfEveryKind) {
  std::vector<uint8_t> bytes = makeEngine();
  runtime::Engine engine;
  ASSERT_FALSE(engine.openMemory(bytes.data(), bytes.size()));
  constexpr int64_t batch = 4 << 20, size = 4 * batch;
  std::vector<float> x(batch), y(batch), want(batch);
  std::iota(x.begin(), x.end(), 0.0f);
  for (int64_t i = 0; i < batch; ++i)
    want[i] = 4 * x[i];
  runtime::HostMemory lockedX, lockedY;
  Status failed = lockedX.allocate(size);
  ASSERT_FALSE(failed) << failed.message;
  ASSERT_FALSE(lockedY.allocate(size));
  std::memcpy(lockedX.data(), x.data(), size);
  auto use = [&](Context &context, const void *from, void *to) {
    std::memset(to, 0xff, size);
    ASSERT_FALSE(context.setInput(0, RECKON_F32, {batch}, from));
    ASSERT_FALSE(context.setOutput(0, RECKON_F32, to, size));
    Status failed = context.run();
    ASSERT_FALSE(failed) << failed.message;
    EXPECT_EQ(std::memcmp(to, want.data(), size), 0);
  };
  Context one, many;
  ASSERT_FALSE(one.create(engine, 1, "cuda"));
  ASSERT_FALSE(many.create(engine, 8, "cuda"));
  use(one, x.data(), y.data());
  double pageable = timeRuns(one, 20);
  use(many, x.data(), y.data());
  double shared = timeRuns(many, 20);
  use(many, lockedX.data(), y.data());
  use(many, x.data(), lockedY.data());
  use(many, lockedX.data(), lockedY.data());
  double direct = timeRuns(many, 20);
  std::printf(
      "16 MiB from and to host memory, microseconds: pageable with 1 thread %.0f, with 8 %.0f, page-locked %.0f\n",
      pageable, shared, direct);
  EXPECT_LT(direct, pageable);
  // The caller's own memory, page-locked in whole and in part, and not any more.
  for (int64_t part : {size, size / 2, size - 4096}) {
    ASSERT_EQ(reckon_host_register("cuda", x.data(), part), RECKON_OK) << reckon_last_error();
    use(one, x.data(), y.data());
    EXPECT_TRUE(part != size || timeRuns(one, 20) < 0.95 * pageable) << "registered memory is still staged";
    ASSERT_EQ(reckon_host_unregister(x.data()), RECKON_OK) << reckon_last_error();
    use(one, x.data(), y.data());
  }
}

TEST_F(GpuRuntime, RunsInsideACaptureOfTheCaller) {
  const Driver &driver = device->driver;
  std::vector<uint8_t> bytes = makeEngine();
  runtime::Engine engine;
  Context context;
  ASSERT_FALSE(engine.openMemory(bytes.data(), bytes.size()));
  ASSERT_FALSE(context.create(engine, 1, "cuda"));
  constexpr int64_t batch = 1000, size = 4 * batch;
  DeviceBuffer memory(driver);
  Stream stream(driver);
  ASSERT_TRUE(memory.allocate(3 * size, "a test", error) && stream.create(error)) << error.message;
  CUdeviceptr x = memory.data(), y = x + size, z = y + size;
  auto bind = [&](CUdeviceptr from, CUdeviceptr to) {
    ASSERT_FALSE(context.setDeviceInput(0, RECKON_F32, {batch}, reinterpret_cast<void *>(from)));
    ASSERT_FALSE(context.setDeviceOutput(0, RECKON_F32, reinterpret_cast<void *>(to), size));
  };
  // z = 4 * y = 16 * x: with a copy before, and another batch size than any seen before.
  std::vector<float> host(batch), got(batch);
  runtime::HostMemory staged;
  ASSERT_FALSE(staged.allocate(size));
  ASSERT_TRUE(driver.cuStreamBeginCapture(error, stream.get(), CU_STREAM_CAPTURE_MODE_GLOBAL)) << error.message;
  ASSERT_TRUE(driver.cuMemcpyHtoDAsync(error, x, staged.data(), size, stream.get())) << error.message;
  bind(x, y);
  Status failed = context.runAsync(stream.get());
  EXPECT_FALSE(failed) << failed.message;
  bind(y, z);
  failed = context.runAsync(stream.get());
  EXPECT_FALSE(failed) << failed.message;
  // Another run, of more than there is memory for yet, is no part of it.
  std::vector<float> large(100000, 1.0f);
  ASSERT_FALSE(context.setInput(0, RECKON_F32, {100000}, large.data()));
  ASSERT_FALSE(context.setOutput(0, RECKON_F32, nullptr, 0));
  failed = context.run();
  EXPECT_FALSE(failed) << failed.message;
  CUgraph graph = nullptr;
  CUgraphExec instance = nullptr;
  ASSERT_TRUE(driver.cuStreamEndCapture(error, stream.get(), &graph)) << error.message;
  ASSERT_TRUE(driver.cuGraphInstantiate(error, &instance, graph, 0)) << error.message;
  for (int round = 1; round < 4; ++round) {
    for (int64_t i = 0; i < batch; ++i)
      staged.as<float>()[i] = static_cast<float>(i % 100 + round);
    EXPECT_TRUE(driver.cuGraphLaunch(error, instance, stream.get()) && driver.cuStreamSynchronize(error, stream.get()))
        << error.message;
    Staging staging(driver);
    ASSERT_TRUE(staging.copyOut(z, size, {{0, size, got.data()}}, stream.get(), {}, error)) << error.message;
    int64_t wrong = 0;
    for (int64_t i = 0; i < batch; ++i)
      wrong += got[i] != 16 * staged.as<float>()[i];
    EXPECT_EQ(wrong, 0) << "round " << round;
    failed = context.synchronize();
    EXPECT_FALSE(failed) << failed.message;
  }
  staged.as<float>()[5] = -1;
  EXPECT_TRUE(driver.cuGraphLaunch(error, instance, stream.get()) && driver.cuStreamSynchronize(error, stream.get()))
      << error.message;
  EXPECT_EQ(context.synchronize().message, "kernel 'sum': index 7 at position 5 is outside its axis");
  failed = context.synchronize();
  EXPECT_FALSE(failed) << failed.message;
  driver.cuGraphExecDestroy.raw(instance);
  driver.cuGraphDestroy.raw(graph);
}

TEST_F(GpuRuntime, SeveralGpusAtOnce) {
  int count = device->driver.deviceCount();
  std::vector<uint8_t> bytes = makeEngine();
  runtime::Engine engine;
  ASSERT_FALSE(engine.openMemory(bytes.data(), bytes.size()));
  Context none;
  Status refused = none.create(engine, 1, ("cuda:" + std::to_string(count)).c_str());
  EXPECT_EQ(refused.code, RECKON_UNAVAILABLE);
  EXPECT_NE(refused.message.find("this machine has " + std::to_string(count) + " GPU"), std::string::npos)
      << refused.message;
  if (count < 2)
    GTEST_SKIP() << "needs two GPUs, this machine has " << count;
  std::vector<std::thread> users;
  for (int ordinal = 0; ordinal < count; ++ordinal)
    users.emplace_back([&, ordinal] {
      Context context;
      Status failed = context.create(engine, 2, ("cuda:" + std::to_string(ordinal)).c_str());
      ASSERT_FALSE(failed) << failed.message;
      // Page-locked by the first GPU for all of them.
      runtime::HostMemory x;
      ASSERT_FALSE(x.allocate(4 << 20));
      for (int round = 0; round < 100; ++round) {
        int64_t batch = 1 + (round * 37777 + ordinal * 1111) % (1 << 20);
        for (int64_t i = 0; i < batch; ++i)
          x.as<float>()[i] = static_cast<float>((i + round + ordinal) % 1000);
        ASSERT_FALSE(context.setInput(0, RECKON_F32, {batch}, x.data()));
        failed = context.run();
        ASSERT_FALSE(failed) << failed.message;
        const float *y = static_cast<const float *>(context.output(0).data);
        int64_t wrong = 0;
        for (int64_t i = 0; i < batch; ++i)
          wrong += y[i] != 4 * x.as<float>()[i];
        ASSERT_EQ(wrong, 0) << "GPU " << ordinal << ", batch " << batch;
      }
    });
  for (std::thread &user : users)
    user.join();
}
} // namespace
