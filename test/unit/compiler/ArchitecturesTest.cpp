//===- ArchitecturesTest.cpp - Every GPU architecture gets kernels that it can run ---===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------------===//

#include "lib/Codegen/NVPTX/PtxCode.h"
#include "lib/Target/GpuTarget.h"
#include "reckon/Compiler/Compiler.h"
#include "reckon/Engine/EngineFile.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

#include <cstdlib>

using namespace reckon;

/// Layers that make a chain and a stack, lookups for an interaction, wide and narrow layers, top-k, and rows that are
/// kept in scratch memory.
static const char model[] = R"mlir(
func.func @main(%x: tensor<?x13xf32, #rec.dims<"batch", 13>> {rec.name = "x"},
                %ids: tensor<?x11xi64, #rec.dims<"batch", 11>> {rec.name = "ids"},
                %logits: tensor<?x2000xf32, #rec.dims<"batch", 2000>> {rec.name = "logits"})
    -> (tensor<?x1xf32, #rec.dims<"batch", 1>> {rec.name = "y"},
        tensor<?x5xf32, #rec.dims<"batch", 5>> {rec.name = "best"},
        tensor<?x2000xf32, #rec.dims<"batch", 2000>> {rec.name = "p"}) {
  %w0 = rec.constant "w0" = dense<0.5> : tensor<13x256xf32>
  %l0 = rec.linear %x, %w0 : (tensor<?x13xf32, #rec.dims<"batch", 13>>, tensor<13x256xf32>)
    -> tensor<?x256xf32, #rec.dims<"batch", 256>>
  %a0 = rec.unary relu %l0 : (tensor<?x256xf32, #rec.dims<"batch", 256>>) -> tensor<?x256xf32, #rec.dims<"batch", 256>>
  %w1 = rec.constant "w1" = dense<0.5> : tensor<256x128xf32>
  %l1 = rec.linear %a0, %w1 : (tensor<?x256xf32, #rec.dims<"batch", 256>>, tensor<256x128xf32>)
    -> tensor<?x128xf32, #rec.dims<"batch", 128>>
  %a1 = rec.unary relu %l1 : (tensor<?x128xf32, #rec.dims<"batch", 128>>) -> tensor<?x128xf32, #rec.dims<"batch", 128>>
  %t = rec.constant "t" = dense<0.5> : tensor<100x128xf32>
  %e = rec.multi_lookup %ids[%t, %t, %t, %t, %t, %t, %t, %t, %t, %t, %t] starts [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
      counts [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1] modes [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
      padding_ids [-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1]
    : (tensor<?x11xi64, #rec.dims<"batch", 11>>, tensor<100x128xf32>, tensor<100x128xf32>, tensor<100x128xf32>, tensor<100x128xf32>, tensor<100x128xf32>, tensor<100x128xf32>,
       tensor<100x128xf32>, tensor<100x128xf32>, tensor<100x128xf32>, tensor<100x128xf32>, tensor<100x128xf32>) -> tensor<?x1408xf32, #rec.dims<"batch", 1408>>
  %c = rec.concat %a1, %e axis 1 : (tensor<?x128xf32, #rec.dims<"batch", 128>>, tensor<?x1408xf32, #rec.dims<"batch", 1408>>)
    -> tensor<?x1536xf32, #rec.dims<"batch", 1536>>
  %f = rec.reshape %c : (tensor<?x1536xf32, #rec.dims<"batch", 1536>>) -> tensor<?x12x128xf32, #rec.dims<"batch", 12, 128>>
  %d = rec.dot_interaction lower %f : (tensor<?x12x128xf32, #rec.dims<"batch", 12, 128>>) -> tensor<?x66xf32, #rec.dims<"batch", 66>>
  %w2 = rec.constant "w2" = dense<0.5> : tensor<66x1024xf32>
  %l2 = rec.linear %d, %w2 : (tensor<?x66xf32, #rec.dims<"batch", 66>>, tensor<66x1024xf32>)
    -> tensor<?x1024xf32, #rec.dims<"batch", 1024>>
  %a2 = rec.unary relu %l2 : (tensor<?x1024xf32, #rec.dims<"batch", 1024>>) -> tensor<?x1024xf32, #rec.dims<"batch", 1024>>
  %w3 = rec.constant "w3" = dense<0.5> : tensor<1024x1xf32>
  %l3 = rec.linear %a2, %w3 : (tensor<?x1024xf32, #rec.dims<"batch", 1024>>, tensor<1024x1xf32>)
    -> tensor<?x1xf32, #rec.dims<"batch", 1>>
  %best, %which = rec.topk %logits k 5 axis 1 : (tensor<?x2000xf32, #rec.dims<"batch", 2000>>)
    -> (tensor<?x5xf32, #rec.dims<"batch", 5>>, tensor<?x5xi64, #rec.dims<"batch", 5>>)
  %p = rec.softmax %logits axis 1 : (tensor<?x2000xf32, #rec.dims<"batch", 2000>>) -> tensor<?x2000xf32, #rec.dims<"batch", 2000>>
  return %l3, %best, %p
    : tensor<?x1xf32, #rec.dims<"batch", 1>>, tensor<?x5xf32, #rec.dims<"batch", 5>>, tensor<?x2000xf32, #rec.dims<"batch", 2000>>
}
)mlir";

namespace {
class Architectures : public testing::TestWithParam<GpuTarget> {
protected:
  Architectures() { initializeCompiler(context); }

  /// The engine for the architecture alone.
  std::unique_ptr<EngineFile> compile(const char *precision, const char *assembler) {
    ::setenv("RECKON_PTXAS", assembler, 1);
    auto module = mlir::parseSourceString<mlir::ModuleOp>(model, &context);
    CompileOptions options;
    options.target = std::string("cuda:") + GetParam().arch;
    options.precision = precision;
    CompileReport report;
    auto engine = module ? compileModule(*module, options, report) : std::nullopt;
    ::unsetenv("RECKON_PTXAS");
    if (!engine)
      return nullptr;
    bytes = std::move(*engine);
    EngineError error;
    return EngineFile::fromMemory({bytes.data(), bytes.size()}, error);
  }

  /// Whether the next row is for other GPUs or for more instructions that kernels use: others get the same code.
  static bool isLastOfItsKind() {
    const GpuTarget *own = GpuTarget::find(GetParam().arch), *next = own + 1;
    return next == GpuTarget::all().end() || next->major != own->major || next->minor != own->minor ||
           next->hasWgmma != own->hasWgmma;
  }

  /// What of the engine's launches the architecture does not have.
  static std::vector<std::string> check(const EngineSpec &spec) {
    std::vector<std::string> broken;
    for (const ProgramSpec &program : spec.programs)
      for (const ChainSpec &chain : program.chains)
        for (const LaunchSpec &launch : chain.dispatches[0].launches)
          if (launch.library.empty())
            if (std::string what = check(program.kernels[launch.kernel], launch); !what.empty())
              broken.push_back(program.kernels[launch.kernel].symbol + ": " + what);
    return broken;
  }

  static std::string check(const KernelSpec &kernel, const LaunchSpec &launch) {
    GpuLaunch wanted;
    wanted.blockThreads = kernel.blockThreads;
    wanted.clusterBlocks = kernel.cluster;
    wanted.blocksPerSm = launch.blocksPerSm;
    wanted.sharedBytes = kernel.sharedBytes + kernel.staticSharedBytes;
    wanted.registers = kernel.registers;
    wanted.usesTensorMaps = !kernel.tensorMaps.empty();
    wanted.usesPdl = kernel.usesPdl;
    return GetParam().checkLaunch(wanted);
  }

  mlir::MLIRContext context;
  std::vector<uint8_t> bytes;
};

using Broken = std::vector<std::string>;

TEST_P(Architectures, EveryLaunchKeepsTheLimits) {
  auto half = compile("fp16", "");
  ASSERT_TRUE(half);
  EXPECT_EQ(check(half->spec()), Broken());
  if (!isLastOfItsKind())
    return;
  auto single = compile("fp32", "");
  ASSERT_TRUE(single);
  EXPECT_EQ(check(single->spec()), Broken());
}

/// Instructions, registers and static shared memory, as the assembler counts them.
TEST_P(Architectures, AssemblerTakesTheCode) {
  std::string ptxas = nvptx::findPtxas(), arch = GetParam().arch;
  if (ptxas.empty())
    GTEST_SKIP() << "no ptxas to assemble with";
  if (!isLastOfItsKind())
    return;
  auto engine = compile("fp16", ptxas.c_str());
  ASSERT_TRUE(engine);
  if (!engine->spec().findCode(CodeKind::Cubin, arch))
    GTEST_SKIP() << ptxas << " does not know " << arch;
  for (const KernelSpec &kernel : engine->spec().programs[0].kernels)
    EXPECT_GT(kernel.registers, 0u) << kernel.symbol;
  EXPECT_EQ(check(engine->spec()), Broken());
}

INSTANTIATE_TEST_SUITE_P(Table, Architectures, testing::ValuesIn(GpuTarget::all().begin(), GpuTarget::all().end()),
                         [](const auto &info) { return std::string(info.param.arch); });
} // namespace
