//===- GpuUpdateTest.cpp - Rows and weights that change on a GPU under load ------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// Needs a driver and a GPU, and is skipped without. RECKON_SOAK_SECONDS makes the soak longer than its two seconds.
//
//===----------------------------------------------------------------------------===//

#include "reckon/Engine/EngineSpec.h"
#include "reckon/Runtime/Runtime.hpp"
#include "runtime/Cuda/CudaMemory.h"
#include "runtime/Cuda/RowKernel.h"
#include "runtime/Cuda/Staging.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <random>
#include <thread>

using namespace reckon;
using namespace reckon::runtime;
using namespace reckon::runtime::cuda;

// y = the first element of row id, times the weight.
static const char ptx[] = R"ptx(
.version 7.0
.target sm_70
.address_size 64
.visible .entry pick(.param .u64 ids, .param .u64 table, .param .u64 weight, .param .u64 y, .param .u64 batch,
                     .param .u64 tableRows, .param .u64 rows, .param .u64 scratch, .param .u64 status) {
  .reg .pred %p<1>;
  .reg .b32 %r<3>;
  .reg .b64 %d<8>;
  .reg .f32 %f<3>;
  mov.u32 %r0, %ctaid.x;
  mov.u32 %r1, %ntid.x;
  mov.u32 %r2, %tid.x;
  mul.wide.u32 %d0, %r0, %r1;
  cvt.u64.u32 %d1, %r2;
  add.u64 %d0, %d0, %d1;
  ld.param.u64 %d2, [rows];
  setp.ge.u64 %p0, %d0, %d2;
  @%p0 ret;
  ld.param.u64 %d3, [ids];
  shl.b64 %d4, %d0, 3;
  add.u64 %d3, %d3, %d4;
  ld.global.u64 %d5, [%d3];
  mul.lo.u64 %d5, %d5, 12;
  ld.param.u64 %d6, [table];
  add.u64 %d6, %d6, %d5;
  ld.global.nc.f32 %f0, [%d6];
  ld.param.u64 %d7, [weight];
  ld.global.nc.f32 %f1, [%d7];
  mul.f32 %f2, %f0, %f1;
  ld.param.u64 %d3, [y];
  shl.b64 %d4, %d0, 2;
  add.u64 %d3, %d3, %d4;
  st.global.f32 [%d3], %f2;
  ret;
}
)ptx";

static constexpr int64_t tableRows = 20000, dim = 3;

/// In version v all rows are v and the weight is 3 v + 1, exactly: whatever mixes versions shows.
static float valueOf(uint64_t version) { return static_cast<float>(version % 1000); }
static float weightOf(uint64_t version) { return static_cast<float>(3 * (version % 1000) + 1); }
static float resultOf(uint64_t version) { return valueOf(version) * weightOf(version); }

template <typename T> static std::vector<uint8_t> toBytes(const std::vector<T> &values) {
  std::vector<uint8_t> bytes(values.size() * sizeof(T));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

static std::vector<uint8_t> makeEngine() {
  SizeExpr batch = SizeExpr::dim("batch");
  EngineSpec spec;
  spec.producer = "reckon test";
  spec.dims = {"batch", "rows:items"};
  spec.inputs = {{"ids", ElementType::I64, {batch}}};
  spec.outputs = {{"y", ElementType::F32, {batch}}};
  spec.weights = {{"w", ElementType::F32, {1}, "row_major", spec.own(toBytes(std::vector<float>{weightOf(0)}))}};
  TableSpec table;
  table.name = "items";
  table.rows = tableRows;
  table.dim = dim;
  table.rowsDim = 1;
  table.data = spec.own(toBytes(std::vector<float>(tableRows * dim, valueOf(0))));
  spec.tables = {table};
  ProgramSpec program;
  program.target = {DeviceKind::Cuda, "sm_70", {}};
  KernelSpec kernel;
  kernel.symbol = "pick";
  kernel.kind = "lookup";
  kernel.blockThreads = 128;
  program.kernels = {kernel};
  DispatchSpec dispatch;
  dispatch.operands = {OperandSpec{}, OperandSpec{}, OperandSpec{}, OperandSpec{}};
  Space spaces[] = {Space::Input, Space::Table, Space::Weight, Space::Output};
  for (size_t i = 0; i < 4; ++i)
    dispatch.operands[i].space = spaces[i];
  dispatch.operands[1].ids = "ids";
  dispatch.numOutputs = 1;
  LaunchSpec launch;
  launch.grid = {SizeExpr::ceilDiv(batch, 128)};
  dispatch.launches = {launch};
  program.chains = {{batch, 1, {dispatch}}};
  spec.programs = {program};
  spec.code = {{CodeKind::Ptx, "sm_70", spec.own({ptx, ptx + sizeof(ptx)})}};
  spec.idUses = {{0, 0, 0, SizeExpr::dim("rows:items")}};
  std::string error;
  auto result = serializeEngine(spec, &error);
  EXPECT_TRUE(result) << error;
  return *result;
}

namespace {
class GpuUpdates : public testing::Test {
protected:
  void SetUp() override {
    device = CudaDevice::find(0, error);
    if (!device)
      GTEST_SKIP() << error.message;
    primary = std::make_unique<PrimaryContext>(*device);
    ASSERT_TRUE(primary->retain(error)) << error.message;
    bytes = makeEngine();
    Status failed = engine.openMemory(bytes.data(), bytes.size());
    ASSERT_FALSE(failed) << failed.message;
    ASSERT_FALSE(update.create(engine));
  }

  /// In pieces of an update that differ from version to version; by rows also some that do not stay.
  void commit(uint64_t version) {
    std::vector<float> rows(tableRows * dim, valueOf(version));
    if (version % 3 == 0) {
      ASSERT_FALSE(update.setTable("items", tableRows, rows.data()));
    } else {
      std::vector<int64_t> ids(tableRows);
      std::iota(ids.begin(), ids.end(), 0);
      std::shuffle(ids.begin(), ids.end(), random);
      std::vector<float> wrong(2 * dim, -1);
      ASSERT_FALSE(update.setRows("items", {ids[0], ids[7]}, wrong.data()));
      ASSERT_FALSE(update.setRows("items", ids, rows.data()));
    }
    if (version % 7 == 0) {
      ASSERT_FALSE(update.deleteRows("items", {5, 6}));
      ASSERT_FALSE(update.setRows("items", {6, 5, 5}, rows.data()));
    }
    float weight = weightOf(version);
    ASSERT_FALSE(update.setWeight("w", &weight, sizeof(weight)));
    uint64_t committed = 0;
    Status failed = update.commit(&committed);
    ASSERT_FALSE(failed) << failed.message;
    ASSERT_EQ(committed, version);
  }
  /// A thread's run and what must come of it; the number of elements that are wrong.
  static void expectOne(Context &context, const float *y, int64_t count) {
    float expected = resultOf(context.version());
    int64_t wrong = 0;
    for (int64_t i = 0; i < count; ++i)
      wrong += y[i] != expected;
    EXPECT_EQ(wrong, 0) << "of " << count << " in version " << context.version() << ", which gives " << expected
                        << "; the first is " << y[0];
  }

  Error error;
  const CudaDevice *device = nullptr;
  std::unique_ptr<PrimaryContext> primary;
  std::vector<uint8_t> bytes;
  Engine engine;
  Update update;
  std::mt19937 random{1}; // NOLINT(bugprone-random-generator-seed): the same changes every time
};

TEST_F(GpuUpdates, RowsAreCopiedByTheirIds) {
  const Driver &driver = device->driver;
  ContextScope scope(driver, primary->get(), error);
  ASSERT_TRUE(scope);
  Stream stream(driver);
  Staging staging(driver);
  RowKernel kernel(*device);
  DeviceBuffer from(driver), to(driver), list(driver);
  ASSERT_TRUE(stream.create(error)) << error.message;
  for (uint64_t rowBytes : {1, 3, 4, 12, 16, 72, 256, 4096}) {
    uint64_t rows = 5000, count = 3001, size = rows * rowBytes;
    std::vector<uint8_t> source(size), target(size), got(size);
    for (uint8_t &byte : source)
      byte = static_cast<uint8_t>(random());
    std::vector<int64_t> ids(count);
    for (int64_t &id : ids)
      id = static_cast<int64_t>(random() % rows);
    ASSERT_TRUE(from.allocate(size, "a test", error) && to.allocate(size, "a test", error) &&
                list.allocate(count * 8, "a test", error));
    auto copyIn = [&](DeviceBuffer &memory, void *data, uint64_t bytes) {
      return staging.copyIn(memory.data(), bytes, {{0, bytes, data}}, stream.get(), error) &&
             driver.cuStreamSynchronize(error, stream.get());
    };
    auto check = [&](const char *what) {
      ASSERT_TRUE(staging.copyOut(to.data(), size, {{0, size, got.data()}}, stream.get(), {}, error)) << error.message;
      EXPECT_TRUE(got == target) << what << " of " << rowBytes << " bytes";
    };
    ASSERT_TRUE(copyIn(from, source.data(), size) && copyIn(to, target.data(), size) &&
                copyIn(list, ids.data(), count * 8))
        << error.message;
    for (int64_t id : ids)
      std::memcpy(&target[id * rowBytes], &source[id * rowBytes], rowBytes);
    ASSERT_TRUE(kernel.copyTable({to.data(), from.data(), list.data(), count, rowBytes}, stream.get(), error))
        << error.message;
    check("copies");
    // Each id once, or which of its rows comes last is open.
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    std::shuffle(ids.begin(), ids.end(), random);
    for (size_t i = 0; i < ids.size(); ++i)
      std::memcpy(&target[ids[i] * rowBytes], &source[i * rowBytes], rowBytes);
    ASSERT_TRUE(copyIn(list, ids.data(), ids.size() * 8) &&
                kernel.scatter({to.data(), from.data(), list.data(), ids.size(), rowBytes}, stream.get(), error))
        << error.message;
    check("scatters");
  }
  kernel.release();
}

TEST_F(GpuUpdates, RunsOnStreamsKeepTheirVersion) {
  const Driver &driver = device->driver;
  ContextScope scope(driver, primary->get(), error);
  ASSERT_TRUE(scope);
  Stream stream(driver);
  Staging staging(driver);
  ASSERT_TRUE(stream.create(error)) << error.message;
  constexpr int64_t batch = 1 << 16;
  constexpr size_t inFlight = 4;
  Context contexts[inFlight];
  std::vector<int64_t> ids(batch);
  for (int64_t &id : ids)
    id = static_cast<int64_t>(random() % tableRows);
  DeviceBuffer input(driver), output(driver);
  ASSERT_TRUE(input.allocate(batch * 8, "a test", error) && output.allocate(inFlight * batch * 4, "a test", error) &&
              staging.copyIn(input.data(), batch * 8, {{0, batch * 8, ids.data()}}, stream.get(), error));
  for (size_t i = 0; i < inFlight; ++i) {
    ASSERT_FALSE(contexts[i].create(engine, 1, "cuda"));
    ASSERT_FALSE(contexts[i].setDeviceInput(0, RECKON_I64, {batch}, reinterpret_cast<void *>(input.data())));
    ASSERT_FALSE(
        contexts[i].setDeviceOutput(0, RECKON_F32, reinterpret_cast<void *>(output.data() + i * batch * 4), batch * 4));
  }
  std::vector<float> y(inFlight * batch);
  uint64_t version = 0;
  for (int round = 0; round < 50; ++round) {
    // Nobody waits between runs and commits, but for what a commit waits for itself.
    for (Context &context : contexts) {
      ASSERT_FALSE(context.runAsync(stream.get()));
      EXPECT_EQ(context.version(), version);
      commit(++version);
    }
    for (Context &context : contexts)
      ASSERT_FALSE(context.synchronize());
    ASSERT_TRUE(staging.copyOut(output.data(), y.size() * 4, {{0, y.size() * 4, y.data()}}, stream.get(), {}, error));
    for (size_t i = 0; i < inFlight; ++i)
      expectOne(contexts[i], y.data() + i * batch, batch);
  }
}

/// Every output is that of exactly one version, the one that the run reports.
TEST_F(GpuUpdates, Soak) {
  const char *option = std::getenv("RECKON_SOAK_SECONDS");
  auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(option ? std::stoll(option) * 1000 : 2000);
  std::atomic<bool> stop{false};
  std::atomic<uint64_t> runs{0}, seen{0};
  std::vector<std::thread> threads;
  for (int user = 0; user < 4; ++user)
    threads.emplace_back([&, user] {
      Context context;
      ASSERT_FALSE(context.create(engine, 1, "cuda"));
      std::mt19937 choose(static_cast<unsigned>(user));
      std::vector<int64_t> ids(1 << 15);
      for (uint64_t before = 0; !stop && !testing::Test::HasFailure(); ++runs) {
        int64_t batch = user == 0 ? 1 << 15 : 1 + choose() % 3 * 1000;
        for (int64_t i = 0; i < batch; ++i)
          ids[i] = static_cast<int64_t>(choose() % tableRows);
        ASSERT_FALSE(context.setInput(0, RECKON_I64, {batch}, ids.data()));
        Status failed = context.run();
        ASSERT_FALSE(failed) << failed.message;
        expectOne(context, static_cast<const float *>(context.output(0).data), batch);
        seen += context.version() != before;
        before = context.version();
      }
    });
  uint64_t version = 0;
  while (std::chrono::steady_clock::now() < end && !testing::Test::HasFailure())
    commit(++version);
  stop = true;
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_GT(seen, 0u);
  ReckonCounters counters = engine.counters();
  std::printf("%llu runs, %llu versions of %lld rows, commits waited for runs for %.1f %% of the time\n",
              static_cast<unsigned long long>(runs), static_cast<unsigned long long>(version),
              static_cast<long long>(tableRows),
              static_cast<double>(counters.commit_wait_ns) / 1e7 / (option ? std::stod(option) : 2.0));
}
} // namespace
