//===- CudaLibraryTest.cpp - Matrix products by a library ------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "CudaSample.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

using namespace reckon;
using namespace reckon::test;
using runtime::Context;
using runtime::Engine;
using runtime::Status;

namespace {
/// The sample's second dispatch multiplies x + pooled; the library gets pooled alone, and x is zero here.
class CudaLibrary : public testing::Test {
protected:
  CudaLibrary() : cuda(fakeCuda()) {
    cuda.reset();
    cuda.onLaunch = runHostKernel;
    cuda.machine.hasCublasLt = true;
    spec = cudaSampleSpec();
    gemm().a = 1;
  }
  ~CudaLibrary() override { EXPECT_EQ(cuda.live(), 0u); }

  GemmSpec &gemm() { return *spec.programs[1].chains[1].dispatches[0].launches[0].gemm; }
  Status open(Engine &engine) {
    bytes = sampleEngine(spec);
    return engine.openMemory(bytes.data(), bytes.size());
  }
  static SampleData zeroData(int64_t batch) {
    SampleData data = sampleData(batch);
    std::fill(data.x.begin(), data.x.end(), 0.0f);
    return data;
  }
  static Status run(Context &context, const SampleData &data, std::vector<float> &y) {
    y.assign(data.y.size(), NAN);
    std::vector<float> s(data.s.size());
    if (Status failed = bindInputs(context, data))
      return failed;
    if (Status failed = context.setOutput(0, RECKON_F32, y.data(), y.size() * 4))
      return failed;
    if (Status failed = context.setOutput(1, RECKON_F32, s.data(), s.size() * 4))
      return failed;
    return context.run();
  }
  /// Runs on the fake device and on the host.
  void expectSame(Engine &engine, Context &context, int64_t batch) {
    Context host;
    ASSERT_FALSE(host.create(engine, 1));
    SampleData data = zeroData(batch);
    std::vector<float> onDevice, onHost;
    Status failed = run(context, data, onDevice);
    ASSERT_FALSE(failed) << failed.message;
    ASSERT_FALSE(run(host, data, onHost));
    EXPECT_EQ(onDevice, onHost) << "batch " << batch;
  }

  FakeCuda &cuda;
  EngineSpec spec;
  std::vector<uint8_t> bytes;
};
} // namespace

TEST_F(CudaLibrary, ProductsAreNodesOfTheGraph) {
  Engine engine;
  Context context;
  ASSERT_FALSE(open(engine));
  ASSERT_FALSE(context.create(engine, 1, "cuda"));
  expectSame(engine, context, 3);
  std::vector<FakeGraph> graphs = cuda.graphs();
  ASSERT_EQ(graphs.size(), 1u);
  EXPECT_EQ(graphs[0].kernels, (std::vector<std::string>{"test_lookup", "library", "test_finish"}));
  EXPECT_EQ(graphs[0].after, (std::vector<std::vector<size_t>>{{}, {0}, {1}}));
  // A known size asks the library nothing more. Two algorithms were timed.
  EXPECT_EQ(cuda.calls("cublasLtMatmul"), 2 * 10 + 1);
  expectSame(engine, context, 3);
  EXPECT_EQ(cuda.calls("cublasLtMatmul"), 21);
  EXPECT_EQ(cuda.calls("cublasLtMatmulAlgoGetHeuristic"), 1);
}

TEST_F(CudaLibrary, GraphsOfProductsAloneAreLaunched) {
  std::vector<ChainSpec> &chains = spec.programs[1].chains;
  chains = {chains[1]};
  Engine engine;
  Context context;
  std::vector<float> y;
  ASSERT_FALSE(open(engine));
  ASSERT_FALSE(context.create(engine, 1, "cuda"));
  ASSERT_FALSE(run(context, zeroData(3), y));
  EXPECT_EQ(cuda.graphs().at(0).kernels, std::vector<std::string>{"library"});
  EXPECT_EQ(cuda.calls("cuGraphLaunch"), 1);
}

TEST_F(CudaLibrary, GraphsFollowTheArena) {
  Engine engine;
  Context context;
  ASSERT_FALSE(open(engine));
  ASSERT_FALSE(context.create(engine, 1, "cuda"));
  // The arena grows, and the first graph has the addresses of the old one.
  for (int64_t batch : {0, 3, 500, 3, 1, 4000, 500, 3})
    expectSame(engine, context, batch);
}

TEST_F(CudaLibrary, TransposedWeightsWithRelu) {
  // The host does not know: the weight of this engine is given transposed to the library alone.
  GemmSpec &product = gemm();
  product.transB = true;
  product.ldb = width;
  product.epilogue = GemmEpilogue::Relu;
  Engine engine;
  Context context;
  ASSERT_FALSE(open(engine));
  ASSERT_FALSE(context.create(engine, 1, "cuda"));
  SampleData data = zeroData(7);
  std::vector<float> y;
  ASSERT_FALSE(run(context, data, y));
  const auto *w = reinterpret_cast<const float *>(spec.weights[0].data.data);
  const auto *table = reinterpret_cast<const float *>(spec.tables[0].data.data);
  for (int64_t r = 0; r < 7; ++r)
    for (int c = 0; c < hidden; ++c) {
      float sum = 0;
      for (int k = 0; k < width; ++k)
        sum += (table[data.ids[r * 2] * width + k] + table[data.ids[r * 2 + 1] * width + k]) * w[c * width + k];
      EXPECT_EQ(y[r * hidden + c], 2 * std::max(sum, 0.0f));
    }
}

TEST_F(CudaLibrary, LaunchesThatNeedTimingAreLeftToTheTuner) {
  spec.programs[1].chains[1].dispatches[0].launches[0].needsTiming = true;
  Engine engine;
  Context context;
  ASSERT_FALSE(open(engine));
  ASSERT_FALSE(context.create(engine, 1, "cuda"));
  expectSame(engine, context, 3);
  EXPECT_EQ(cuda.graphs().at(0).kernels, (std::vector<std::string>{"test_lookup", "test_linear_small", "test_finish"}));
  // Nobody asks for the library either.
  EXPECT_EQ(cuda.calls("cublasLtCreate"), 0);
}

TEST_F(CudaLibrary, TensorsOfTheCallerGoToGeneratedKernels) {
  gemm().a = 0; // an input
  Engine engine;
  Context context;
  ASSERT_FALSE(open(engine));
  ASSERT_FALSE(context.create(engine, 1, "cuda"));
  expectSame(engine, context, 50);
  EXPECT_EQ(cuda.graphs().at(0).kernels[1], "test_linear");
}

TEST_F(CudaLibrary, WithoutTheLibrary) {
  cuda.machine.hasCublasLt = false;
  Engine engine;
  Context context;
  ASSERT_FALSE(open(engine));
  ASSERT_FALSE(context.create(engine, 1, "cuda"));
  expectSame(engine, context, 50);
  EXPECT_EQ(cuda.graphs().at(0).kernels[1], "test_linear");
}

/// Where the library fails while it is asked, generated kernels do the work; later it is an error. Nothing leaks, and
/// the context works afterwards.
TEST_F(CudaLibrary, EveryCallMayFail) {
  bool finished = false;
  for (int call = 1; !finished && call < 1000; ++call) {
    Engine engine;
    Context context;
    std::vector<float> y;
    ASSERT_FALSE(open(engine));
    cuda.failAt(call);
    Status failed = context.create(engine, 1, "cuda");
    if (!failed)
      failed = run(context, zeroData(5), y);
    int calls = cuda.calls();
    cuda.failAt(0);
    if (context.get())
      expectSame(engine, context, 5);
    // Without a failure the numbers of calls have passed the last one.
    static int last = 0;
    finished = !failed && calls - last < call;
    last = cuda.calls();
  }
  EXPECT_TRUE(finished);
}
