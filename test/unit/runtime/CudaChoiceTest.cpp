//===- CudaChoiceTest.cpp - Which of an engine's programs a GPU runs --------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "CudaSample.h"
#include "runtime/Cuda/CudaProgram.h"
#include "runtime/ShapeSolver.h"

#include <gtest/gtest.h>

using namespace reckon;
using namespace reckon::test;
using namespace reckon::runtime;
using namespace reckon::runtime::cuda;

namespace {
class CudaChoice : public testing::Test {
protected:
  CudaChoice() : cuda(fakeCuda()), spec(cudaSampleSpec()), sample(spec.programs[1]), ptx(spec.code.back().data) {
    cuda.reset();
    driver = Driver::load(RECKON_TEST_FAKE_CUDA, error);
    spec.programs.pop_back();
    spec.code.pop_back();
  }
  ~CudaChoice() override { EXPECT_EQ(cuda.live(), 0u); }

  /// Adds the sample's program for an architecture.
  ProgramSpec &add(const char *arch, bool isAssembled = false) {
    spec.programs.push_back(sample);
    spec.programs.back().target.cpu = arch;
    spec.code.push_back({CodeKind::Ptx, arch, ptx});
    if (isAssembled)
      spec.code.push_back(fakeCubin(spec, arch, ptx));
    EXPECT_EQ(validateEngine(spec), "");
    return spec.programs.back();
  }

  std::unique_ptr<CudaDevice> open(int major, int minor) {
    cuda.machine.major = major;
    cuda.machine.minor = minor;
    return CudaDevice::open(*driver, 0, error);
  }

  /// The architecture of the program that is taken, or why there is none.
  std::string choose(int major, int minor) {
    std::unique_ptr<CudaDevice> device = open(major, minor);
    const ProgramSpec *program = device->choose(spec, error);
    return program ? program->target.cpu : error.message;
  }

  FakeCuda &cuda;
  EngineSpec spec;
  const ProgramSpec sample;
  const ByteSpan ptx;
  Error error;
  std::unique_ptr<Driver> driver;
};
} // namespace

TEST_F(CudaChoice, TheLatestArchitectureThatRuns) {
  add("sm_80", /*isAssembled=*/true);
  add("sm_90a", /*isAssembled=*/true);
  add("sm_90");
  add("sm_100f");
  add("sm_120a", /*isAssembled=*/true);
  EXPECT_EQ(choose(8, 0), "sm_80");
  EXPECT_EQ(choose(8, 9), "sm_80");
  EXPECT_EQ(choose(9, 0), "sm_90a");
  EXPECT_EQ(choose(10, 0), "sm_100f");
  EXPECT_EQ(choose(10, 3), "sm_100f");
  EXPECT_EQ(choose(11, 0), "sm_90");
  EXPECT_EQ(choose(12, 0), "sm_120a");
  EXPECT_EQ(choose(12, 1), "sm_90");
}

TEST_F(CudaChoice, NoProgramRuns) {
  add("sm_89");
  add("sm_90a", /*isAssembled=*/true);
  EXPECT_EQ(choose(8, 0), "the engine does not run on device 'cuda:0' (Fake GPU, sm_80): it has PTX for sm_89, sm_90a, "
                          "cubins for sm_90a");
  EXPECT_EQ(error.code, RECKON_UNSUPPORTED);
  EXPECT_EQ(choose(10, 0), "sm_89"); // compiled by the driver
}

/// Machine code alone runs on newer GPUs of its generation, and on no others.
TEST_F(CudaChoice, CubinsAlone) {
  add("sm_80", /*isAssembled=*/true);
  spec.code.erase(spec.code.end() - 2);
  EXPECT_EQ(choose(8, 6), "sm_80");
  EXPECT_EQ(choose(9, 0),
            "the engine does not run on device 'cuda:0' (Fake GPU, sm_90): it has no PTX, cubins for sm_80");
}

/// One program is loaded, with the weights that it reads and no others.
TEST_F(CudaChoice, OtherProgramsStayOnTheHost) {
  add("sm_80");
  ProgramSpec &newer = add("sm_90a");
  WeightSpec weight = spec.weights[0];
  weight.packing = "other";
  weight.shape = {1 << 16};
  weight.data = spec.own(std::vector<uint8_t>(size_t(4) << 16, 1));
  for (ChainSpec &chain : newer.chains)
    for (OperandSpec &operand : chain.dispatches[0].operands)
      if (operand.space == Space::Weight && operand.index == 0)
        operand.index = static_cast<uint32_t>(spec.weights.size());
  spec.weights.push_back(weight);
  ASSERT_EQ(validateEngine(spec), "");
  ShapeSolver shapes;
  ASSERT_TRUE(shapes.compile(spec, error)) << error.message;
  std::vector<BoundTable> tables(spec.tables.size(), BoundTable{nullptr, 3, 1});
  auto uploaded = [&](int major) {
    cuda.reset();
    std::unique_ptr<CudaDevice> device = open(major, 0);
    const ProgramSpec *own = device->choose(spec, error);
    EXPECT_TRUE(own) << error.message;
    std::unique_ptr<Program> program = device->load({spec, *own, shapes.dimIndex(), tables}, Snapshot(), error);
    EXPECT_TRUE(program) << error.message;
    size_t bytes = 0;
    for (const FakeCopy &copy : cuda.copies())
      bytes += copy.toDevice ? copy.bytes : 0;
    return bytes;
  };
  EXPECT_LT(uploaded(8), weight.data.size);
  EXPECT_GE(uploaded(9), weight.data.size);
}
