//===- PtxCodeTest.cpp - From a device module to PTX ------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//

#include "lib/Codegen/NVPTX/PtxCode.h"
#include "lib/Codegen/NVPTX/DeviceModule.h"
#include "lib/Tiling/StackLayout.h"
#include "passes/Codegen/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

#include <gtest/gtest.h>

using namespace mlir;
using namespace reckon;
using namespace reckon::nvptx;

static constexpr char planText[] = R"(
plan.kernel @k.0 rows dims ["batch", "seq"] operands [<strides = <4, 1>, row = true>, <strides = <4, 1>>] {
^bb0(%x: tensor<?x4xf32, #rec.dims<"batch", 4>>):
  %0 = rec.unary exp %x : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
  rec.yield %0 : tensor<?x4xf32, #rec.dims<"batch", 4>>
}
)";

namespace {
struct PtxCode : testing::Test {
  PtxCode() {
    context.loadDialect<rec::RecDialect, plan::PlanDialect>();
    plan = parseSourceString<ModuleOp>(planText, &context);
    kernel = *plan->getOps<plan::KernelOp>().begin();
  }

  std::optional<std::string> compile(DeviceModule &device) {
    PassManager pm(&context);
    buildDeviceLowering(pm);
    if (failed(pm.run(device.getModule())))
      return std::nullopt;
    return compileToPtx(device.getModule(), device.getTarget());
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> plan;
  plan::KernelOp kernel;
};
} // namespace

/// One kernel with a little of all that a body may use.
static KernelFunction emitSample(DeviceModule &device, plan::KernelOp kernel) {
  KernelFunction k = device.createKernel("k.0", kernel, 64);
  ImplicitLocOpBuilder b = k.getBuilder();
  Type f32 = b.getF32Type();
  Value at = arith::ExtUIOp::create(b, b.getI64Type(), threadIndex(b));
  auto address = [&](Value base) -> Value { return LLVM::GEPOp::create(b, base.getType(), f32, base, ValueRange{at}); };
  Value value = LLVM::LoadOp::create(b, f32, address(k.operands[0]));
  value = math::ExpOp::create(b, value);
  value = math::PowFOp::create(b, value, value);
  value = arith::AddFOp::create(b, value, shuffleXor(b, value, 16));
  Value wide = arith::ExtFOp::create(b, b.getF64Type(), value);
  value = arith::TruncFOp::create(b, f32, shuffleXor(b, wide, 1));
  Value shared = device.createShared(b, 256);
  LLVM::StoreOp::create(b, value, address(shared));
  barrier(b);
  LLVM::StoreOp::create(b, value, address(device.getDynamicShared(b)));
  warpBarrier(b);
  value = LLVM::LoadOp::create(b, f32, shared);
  LLVM::StoreOp::create(b, value, address(k.operands[1]));
  Value table = arith::ConstantOp::create(b, b.getI32IntegerAttr(-1));
  device.report(b, k.status, 1, table, k.dims[1], k.rows);
  return k;
}

TEST_F(PtxCode, KernelsBecomeEntries) {
  DeviceModule device(&context, GpuTarget::getDefault());
  EXPECT_EQ(emitSample(device, kernel).getName(), "k_0");
  EXPECT_EQ(emitSample(device, kernel).getName(), "k_0_1");
  std::optional<std::string> ptx = compile(device);
  ASSERT_TRUE(ptx);
  EXPECT_NE(ptx->find(".target sm_90a"), std::string::npos);
  EXPECT_NE(ptx->find(".visible .entry k_0("), std::string::npos);
  EXPECT_NE(ptx->find(".reqntid 64"), std::string::npos);
  EXPECT_NE(ptx->find("atom."), std::string::npos);
  EXPECT_EQ(ptx->find(".extern .func"), std::string::npos);

  std::string ptxas = findPtxas();
  if (ptxas.empty())
    GTEST_SKIP() << "no ptxas to assemble with";
  std::string error;
  std::optional<Cubin> cubin = assemblePtx(ptxas, *ptx, "sm_90a", &error);
  ASSERT_TRUE(cubin) << error;
  ASSERT_EQ(cubin->kernels.size(), 2u);
  EXPECT_GT(cubin->kernels["k_0"].registers, 8u);
  EXPECT_EQ(cubin->kernels["k_0"].spillBytes, 0u);
  EXPECT_GE(cubin->kernels["k_0"].sharedBytes, 256u); // rounded up to the dynamic part's alignment
  // The same bytes twice.
  EXPECT_EQ(assemblePtx(ptxas, *ptx, "sm_90a", &error)->code, cubin->code);
}

/// A shell script in the place of ptxas, gone with the test.
struct FakePtxas {
  explicit FakePtxas(StringRef script) {
    EXPECT_FALSE(llvm::sys::fs::createTemporaryFile("ptxas", "sh", path));
    std::error_code code;
    llvm::raw_fd_ostream(path, code) << "#!/bin/sh\n" << script;
    EXPECT_FALSE(llvm::sys::fs::setPermissions(path, llvm::sys::fs::all_all));
  }
  ~FakePtxas() { [[maybe_unused]] std::error_code left = llvm::sys::fs::remove(path); }
  SmallString<128> path;
};

TEST(Ptxas, OlderOnesDoWithoutSplitCompilation) {
  FakePtxas older(R"(
for argument; do
  case $argument in --split-*) echo "ptxas fatal   : Unknown option '$argument'"; exit 255 ;; esac
done
while [ $1 != -o ]; do shift; done
printf old >$2
echo "ptxas info    : Compiling entry function 'k' for 'sm_90a'"
echo "ptxas info    : Used 12 registers"
)");
  std::string error;
  std::optional<Cubin> cubin = assemblePtx(older.path, "", "sm_90a", &error);
  ASSERT_TRUE(cubin) << error;
  EXPECT_EQ(cubin->code, "old");
  EXPECT_EQ(cubin->kernels["k"].registers, 12u);
}

TEST(Ptxas, ArchitecturesThatItDoesNotKnowAreNoErrors) {
  FakePtxas other("echo \"ptxas fatal   : Value 'sm_90a' is not defined for option 'gpu-name'\"; exit 255");
  std::string error = "before";
  EXPECT_FALSE(assemblePtx(other.path, "", "sm_90a", &error));
  EXPECT_EQ(error, "");
}

TEST(Ptxas, OtherErrorsAreTold) {
  // Were it asked again, it would succeed.
  FakePtxas strict(R"(
for argument; do
  case $argument in --split-*) echo "ptxas fatal   : line 7: bad PTX"; exit 255 ;; esac
done
while [ $1 != -o ]; do shift; done
printf code >$2
)");
  std::string error;
  EXPECT_FALSE(assemblePtx(strict.path, "", "sm_90a", &error));
  EXPECT_NE(error.find("line 7: bad PTX"), std::string::npos) << error;
}

TEST_F(PtxCode, TensorMapsArePassedByValue) {
  DeviceModule device(&context, GpuTarget::getDefault());
  TensorMapPlan map;
  map.elementType = Float32Type::get(&context);
  KernelFunction k = device.createKernel("maps", kernel, 32, {map});
  ImplicitLocOpBuilder b = k.getBuilder();
  NVVM::PrefetchOp::create(b, NVVM::PrefetchCacheLevelAttr(), NVVM::CacheEvictionPriorityAttr(), k.tensorMaps[0],
                           Value(), b.getUnitAttr(), UnitAttr(), UnitAttr());
  std::optional<std::string> ptx = compile(device);
  ASSERT_TRUE(ptx);
  EXPECT_NE(ptx->find(".param .align 64 .b8 maps_param_2[128]"), std::string::npos);
}

TEST_F(PtxCode, MissingFunctionsAreErrors) {
  DeviceModule device(&context, GpuTarget::getDefault());
  KernelFunction k = device.createKernel("k", kernel, 32);
  OpBuilder top = OpBuilder::atBlockBegin(device.getModule().getBody());
  auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(&context), {});
  auto missing = LLVM::LLVMFuncOp::create(top, top.getUnknownLoc(), "elsewhere", type);
  ImplicitLocOpBuilder b = k.getBuilder();
  LLVM::CallOp::create(b, missing, ValueRange{});
  std::string message;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &d) { message = d.str(); });
  EXPECT_FALSE(compile(device));
  EXPECT_NE(message.find("'elsewhere'"), std::string::npos) << message;
}

TEST(GpuTargets, AreKnownToLlvm) {
  for (const reckon::GpuTarget &gpu : reckon::GpuTarget::all())
    EXPECT_TRUE(isSupported(gpu)) << gpu.arch;
}

TEST(GpuTargets, ChainsEndBelowStacks) {
  // Where both may cover a layer, a number of rows belongs to one of them.
  for (const reckon::GpuTarget &gpu : reckon::GpuTarget::all())
    if (gpu.hasWgmma)
      EXPECT_LT(8 * gpu.largeClusters, tiling::minStackRows) << gpu.arch;
}

TEST_F(PtxCode, LaunchesBecomeAttributes) {
  LaunchPlan launch;
  launch.function = "k";
  launch.blockThreads = 256;
  launch.sharedBytes = 1 << 17;
  launch.grid = {SizeExpr::ceilDiv(SizeExpr::dim("batch"), 64), SizeExpr(3)};
  launch.maxRows = 64;
  launch.needsTiming = true;
  plan::LaunchAttr plain = launch.toAttribute(&context, "code");
  EXPECT_FALSE(plain.getScratchBytes());
  EXPECT_TRUE(plain.getMaps().empty());
  TensorMapPlan map;
  map.operand = 2;
  map.elementType = Float16Type::get(&context);
  map.sizes = {SizeExpr(64), SizeExpr::dim("batch")};
  map.strides = {SizeExpr(128)};
  map.box = {64, 16};
  map.swizzle = 128;
  launch.tensorMaps.push_back(map);
  launch.scratchBytes = SizeExpr(16);
  plan::LaunchAttr attribute = launch.toAttribute(&context, "code");
  EXPECT_EQ(attribute.getFunction().getRootReference(), "code");
  EXPECT_EQ(attribute.getFunction().getLeafReference(), "k");
  EXPECT_EQ(attribute.getThreads(), 256u);
  EXPECT_EQ(attribute.getSharedBytes(), 1u << 17);
  EXPECT_EQ(attribute.getGrid().getSize(1), SizeExpr(3));
  EXPECT_EQ(attribute.getScratch(), SizeExpr(16));
  EXPECT_EQ(attribute.getMaxRows(), 64u);
  EXPECT_TRUE(attribute.getNeedsTiming());
  ASSERT_EQ(attribute.getMaps().size(), 1u);
  EXPECT_EQ(attribute.getMaps()[0].getBox()[1], 16);
  EXPECT_EQ(attribute.getMaps()[0].getSizes().getSize(1), SizeExpr::dim("batch"));
}
