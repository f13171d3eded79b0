//===- EmitEngineTest.cpp - What an engine says of a plan ----------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "lib/Codegen/Emit/EmitEngine.h"

#include "dialects/Plan/Plan.h"

#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>

using namespace reckon;

namespace {
class EmitEngine : public testing::Test {
protected:
  EmitEngine() {
    context.loadDialect<rec::RecDialect, plan::PlanDialect>();
    target.device = DeviceKind::Host;
    target.cpu = "x86-64-v3";
    target.features = {"avx2"};
  }

  std::optional<EngineSpec> make(const char *text) {
    module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    EXPECT_TRUE(module);
    return module ? makeEngineSpec(ProgramInput{*module, target, {}}, hostCode()) : std::nullopt;
  }

  CodeSpec hostCode() const {
    CodeSpec code;
    code.name = target.cpu;
    code.data = {reinterpret_cast<const uint8_t *>("code"), 4};
    return code;
  }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  TargetSpec target;
};
} // namespace

static const char planText[] = R"mlir(
plan.kernel @lookup lookup dims ["batch", "rows:emb"] operands [
    <strides = <4, 1>, row = true>, <strides = <2, 1>, rows_dim = 1>, <strides = <6, 1>>] attributes {scratch_bytes = #rec.dims<192>} {
^bb0(%ids: tensor<?x4xi64, #rec.dims<"batch", 4>>, %t: tensor<3x2xf32>):
  %0 = rec.slice %ids starts <0, 1> sizes <"batch", 2> steps [1, 1]
    : (tensor<?x4xi64, #rec.dims<"batch", 4>>) -> tensor<?x2xi64, #rec.dims<"batch", 2>>
  %1 = rec.embedding_bag sum %t, %0 {out_of_range = #rec<out_of_range clamp>}
    : (tensor<3x2xf32>, tensor<?x2xi64, #rec.dims<"batch", 2>>) -> tensor<?x2xf32, #rec.dims<"batch", 2>>
  rec.yield %1 : tensor<?x2xf32, #rec.dims<"batch", 2>>
}
plan.kernel @gemm gemm dims ["batch", "rows:emb"] operands [
    <strides = <6, 1>, row = true>, <strides = <3, 1>, packing = <panels, 2>>, <strides = <3, 1>>] {
^bb0(%x: tensor<?x2xf32, #rec.dims<"batch", 2>>, %w: tensor<2x3xf32>):
  %0 = rec.linear %x, %w
    : (tensor<?x2xf32, #rec.dims<"batch", 2>>, tensor<2x3xf32>) -> tensor<?x3xf32, #rec.dims<"batch", 3>>
  rec.yield %0 : tensor<?x3xf32, #rec.dims<"batch", 3>>
}
plan.program @main dims ["batch", "rows:emb"] slots <"24*batch"> local_slots [24] unshared <"48*batch"> {
  %ids = plan.input "ids" : !plan.buffer<i64, <"batch", 4>>
  %y = plan.output "y" : !plan.buffer<f32, <"batch", 3>>
  %t = plan.table "emb" dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>
    {out_of_range = #rec<out_of_range clamp>} : !plan.buffer<f32, <"rows:emb", 2>>
  %w = plan.weight "w" packing <panels, 2> dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
    : !plan.buffer<f32, <2, 3>>
  %b = plan.weight "b" dense<7.0> : tensor<2xf32> : !plan.buffer<f32, <2>>
  %0 = plan.alloc local slot 0 : !plan.buffer<f32, <"batch", 6>>
  %1 = plan.slice %0 axis 1 offset 4 : !plan.buffer<f32, <"batch", 6>> -> !plan.buffer<f32, <"batch", 2>>
  plan.chain rows <"batch"> block 48 {
    plan.dispatch @lookup(%ids, %t, %1) {nodes = ["n0", "n1"], flops_per_row = 5 : i64}
      : !plan.buffer<i64, <"batch", 4>>, !plan.buffer<f32, <"rows:emb", 2>>, !plan.buffer<f32, <"batch", 2>>
    plan.dispatch @gemm(%1, %w, %y) {columns = 2 : i64, bytes_fixed = 24 : i64}
      : !plan.buffer<f32, <"batch", 2>>, !plan.buffer<f32, <2, 3>>, !plan.buffer<f32, <"batch", 3>>
  }
}
)mlir";

TEST_F(EmitEngine, Buffers) {
  auto spec = make(planText);
  ASSERT_TRUE(spec);
  EXPECT_EQ(validateEngine(*spec), "");
  EXPECT_EQ(spec->dims, (std::vector<std::string>{"batch", "rows:emb"}));
  ASSERT_EQ(spec->inputs.size(), 1u);
  EXPECT_EQ(spec->inputs[0].name, "ids");
  EXPECT_EQ(spec->inputs[0].type, ElementType::I64);
  EXPECT_EQ(spec->inputs[0].shape[0].str(), "batch");
  ASSERT_EQ(spec->tables.size(), 1u);
  EXPECT_EQ(spec->tables[0].rows, 3u);
  EXPECT_EQ(spec->tables[0].dim, 2u);
  EXPECT_EQ(spec->tables[0].rowsDim, 1u);
  EXPECT_EQ(spec->tables[0].outOfRange, OutOfRange::Clamp);
  EXPECT_EQ(spec->programs[0].slots[0].str(), "24*batch");
  EXPECT_EQ(spec->programs[0].localSlots, (std::vector<uint64_t>{24}));
  EXPECT_EQ(spec->programs[0].arenaUnshared.str(), "48*batch");
}

const float *floatsOf(const WeightSpec &weight) { return reinterpret_cast<const float *>(weight.data.data); }

TEST_F(EmitEngine, WeightsArePacked) {
  auto spec = make(planText);
  ASSERT_TRUE(spec);
  ASSERT_EQ(spec->weights.size(), 2u);
  EXPECT_EQ(spec->weights[0].packing, "panels:2");
  EXPECT_EQ(spec->weights[0].shape, (std::vector<int64_t>{2, 2, 2}));
  const float packed[] = {1, 2, 4, 5, 3, 0, 6, 0}, splat[] = {7, 7};
  ASSERT_EQ(spec->weights[0].data.size, sizeof(packed));
  EXPECT_TRUE(std::equal(std::begin(packed), std::end(packed), floatsOf(spec->weights[0])));
  EXPECT_EQ(spec->weights[1].packing, "row_major");
  ASSERT_EQ(spec->weights[1].data.size, sizeof(splat));
  EXPECT_TRUE(std::equal(std::begin(splat), std::end(splat), floatsOf(spec->weights[1])));
}

TEST_F(EmitEngine, Dispatches) {
  auto spec = make(planText);
  ASSERT_TRUE(spec);
  ASSERT_EQ(spec->programs[0].chains.size(), 1u);
  EXPECT_EQ(spec->programs[0].chains[0].blockRows, 48u);
  ASSERT_EQ(spec->programs[0].chains[0].dispatches.size(), 2u);
  const DispatchSpec &lookup = spec->programs[0].chains[0].dispatches[0],
                     &gemm = spec->programs[0].chains[0].dispatches[1];
  EXPECT_EQ(lookup.scratchBytes, 192u);
  EXPECT_EQ(lookup.flopsPerRow, 5u);
  // Ids, rows that they pick, and the result; then what comes in, the weight, and the result.
  EXPECT_EQ(lookup.traffic.str(), "56*batch");
  EXPECT_EQ(gemm.traffic.str(), "20*batch+24");
  EXPECT_EQ(lookup.operands[1].space, Space::Table);
  EXPECT_EQ(lookup.operands[1].ids, "ids");
  EXPECT_EQ(lookup.operands[2].space, Space::Local);
  EXPECT_EQ(lookup.operands[2].offset, 16u);
  EXPECT_EQ(lookup.operands[2].rowBytes, 24u);
  EXPECT_EQ(lookup.numOutputs, 1u);
  EXPECT_EQ(gemm.columns, 2u);
  EXPECT_EQ(gemm.operands[2].space, Space::Output);
  const KernelSpec &kernel = spec->programs[0].kernels[0];
  EXPECT_EQ(kernel.onnxNodes, (std::vector<std::string>{"n0", "n1"}));
  // What it is made of: a slice of operand 0, a bag of operand 1 by the slice, and what is written.
  ASSERT_EQ(kernel.layers.size(), 3u);
  EXPECT_EQ(kernel.layers[0].op, "slice");
  EXPECT_EQ(kernel.layers[0].results, (std::vector<std::string>{"i64[batch, 2]"}));
  EXPECT_EQ(kernel.layers[1].op, "embedding_bag sum");
  EXPECT_EQ(kernel.layers[1].inputs, (std::vector<int32_t>{1, -1}));
  EXPECT_EQ(kernel.layers[2].op, "yield");
  EXPECT_EQ(kernel.layers[2].inputs, (std::vector<int32_t>{-2}));
}

TEST_F(EmitEngine, IdUsesAreTracedToColumns) {
  auto spec = make(planText);
  ASSERT_TRUE(spec);
  ASSERT_EQ(spec->idUses.size(), 1u);
  EXPECT_EQ(spec->idUses[0].input, 0u);
  EXPECT_EQ(spec->idUses[0].first, 1u);
  EXPECT_EQ(spec->idUses[0].count, 2u);
  EXPECT_EQ(spec->idUses[0].bound.str(), "rows:emb");
}

TEST_F(EmitEngine, SamePlanSameBytes) {
  auto module = mlir::parseSourceString<mlir::ModuleOp>(planText, &context);
  ProgramInput input{*module, target, {}};
  auto first = emitEngine(*module, *makeEngineSpec(input, hostCode()));
  auto second = emitEngine(*module, *makeEngineSpec(input, hostCode()));
  ASSERT_TRUE(first);
  EXPECT_EQ(*first, *second);
}

TEST_F(EmitEngine, RefusesWhatIsNotScheduled) {
  mlir::ScopedDiagnosticHandler quiet(&context, [](mlir::Diagnostic &) { return mlir::success(); });
  EXPECT_FALSE(make("plan.program @main dims [] { %0 = plan.alloc : !plan.buffer<f32, <4>> }"));
  EXPECT_FALSE(make("module {}"));
}

/// The plan above as another device would have it: row-major weights, a dispatch a chain, launches.
static const char cudaText[] = R"mlir(
plan.kernel @gemm gemm dims ["batch", "rows:emb"]
    operands [<strides = <4, 1>, row = true>, <strides = <3, 1>>, <strides = <3>>, <strides = <3, 1>>] attributes {launches = [
      #plan.launch<function = @cuda_code::@gemm_few, threads = 64, shared_bytes = 1024, grid = <1>, blocks_per_sm = 2,
                   max_rows = 16, uses_pdl = true, tensor_maps = [
        #plan.tensor_map<operand = 0, type = f32, sizes = <4, "batch">, strides = <16>, box = [8, 1]>]>,
      #plan.launch<function = @cuda_code::@gemm_any, threads = 128, grid = <"batch">, scratch_bytes = <64>>]} {
^bb0(%x: tensor<?x4xf32, #rec.dims<"batch", 4>>, %w: tensor<4x3xf32>, %b: tensor<2xf32>):
  %0 = rec.linear %x, %w
    : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<4x3xf32>) -> tensor<?x3xf32, #rec.dims<"batch", 3>>
  rec.yield %0 : tensor<?x3xf32, #rec.dims<"batch", 3>>
}
plan.program @main dims ["batch", "rows:emb"] slots <"16*batch"> local_slots [] unshared <"16*batch"> {
  %ids = plan.input "ids" : !plan.buffer<i64, <"batch", 4>>
  %y = plan.output "y" : !plan.buffer<f32, <"batch", 3>>
  %t = plan.table "emb" dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>
    {out_of_range = #rec<out_of_range clamp>} : !plan.buffer<f32, <"rows:emb", 2>>
  %w = plan.weight "w" dense<1.0> : tensor<4x3xf32> : !plan.buffer<f32, <4, 3>>
  %b = plan.weight "b" dense<7.0> : tensor<2xf32> : !plan.buffer<f32, <2>>
  %x = plan.alloc slot 0 : !plan.buffer<f32, <"batch", 4>>
  plan.chain rows <"batch"> block 1 {
    plan.dispatch @gemm(%x, %w, %b, %y) {nodes = ["n2"]} : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <4, 3>>,
      !plan.buffer<f32, <2>>, !plan.buffer<f32, <"batch", 3>>
  }
}
)mlir";

TEST_F(EmitEngine, ProgramsShareWhatTheyStoreAlike) {
  ASSERT_TRUE(make(planText));
  auto other = mlir::parseSourceString<mlir::ModuleOp>(cudaText, &context);
  ASSERT_TRUE(other);
  ProgramInput cuda{*other, {DeviceKind::Cuda, "sm_90a", {}}, {{"gemm_any", {40, 8, 256}}}};
  auto spec = makeEngineSpec({ProgramInput{*module, target, {}}, cuda}, hostCode());
  ASSERT_TRUE(spec);
  ASSERT_EQ(spec->programs.size(), 2u);
  EXPECT_EQ(spec->inputs.size(), 1u);
  EXPECT_EQ(spec->outputs.size(), 1u);
  EXPECT_EQ(spec->tables.size(), 1u);
  // `w` in panels and row-major; one `b`.
  ASSERT_EQ(spec->weights.size(), 3u);
  EXPECT_EQ(spec->weights[2].name, "w");
  EXPECT_EQ(spec->weights[2].packing, "row_major");
  const ProgramSpec &program = spec->programs[1];
  ASSERT_EQ(program.kernels.size(), 2u);
  EXPECT_EQ(program.kernels[0].tensorMaps.size(), 1u);
  EXPECT_EQ(program.kernels[1].registers, 40u);
  EXPECT_EQ(program.kernels[1].spillBytes, 8u);
  EXPECT_EQ(program.kernels[1].onnxNodes, std::vector<std::string>{"n2"});
  const DispatchSpec &dispatch = program.chains.at(0).dispatches.at(0);
  ASSERT_EQ(dispatch.launches.size(), 2u);
  EXPECT_EQ(dispatch.launches[0].maxRows, 16u);
  EXPECT_EQ(dispatch.launches[1].maxRows, UINT64_MAX);
  EXPECT_EQ(dispatch.launches[1].scratchBytes.str(), "64");
  EXPECT_EQ(dispatch.operands[1].index, 2u);
  EXPECT_EQ(dispatch.operands[2].index, 1u);
  EXPECT_EQ(dispatch.numOutputs, 1u);
}

TEST_F(EmitEngine, ArchitecturesHaveProgramsOfTheirOwn) {
  auto first = mlir::parseSourceString<mlir::ModuleOp>(cudaText, &context);
  auto second = mlir::parseSourceString<mlir::ModuleOp>(cudaText, &context);
  ASSERT_TRUE(first && second);
  ProgramInput older{*first, {DeviceKind::Cuda, "sm_80", {}}, {}};
  ProgramInput newer{*second, {DeviceKind::Cuda, "sm_90a", {}}, {{"gemm_any", {40, 8, 256}}}};
  auto spec = makeEngineSpec({older, newer}, {});
  ASSERT_TRUE(spec);
  ASSERT_EQ(spec->programs.size(), 2u);
  EXPECT_EQ(spec->programs[0].target.cpu, "sm_80");
  EXPECT_EQ(spec->programs[0].kernels[1].registers, 0u);
  EXPECT_EQ(spec->programs[1].kernels[1].registers, 40u);
  EXPECT_EQ(spec->weights.size(), 2u);
  EXPECT_EQ(spec->tables.size(), 1u);
}

TEST_F(EmitEngine, KernelsOnCudaNeedLaunches) {
  ASSERT_TRUE(make(planText));
  std::string message;
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &d) { message = d.str(); });
  EXPECT_FALSE(makeEngineSpec(ProgramInput{*module, {DeviceKind::Cuda, "sm_90a", {}}, {}}, hostCode()));
  EXPECT_EQ(message, "has no launches: the codegen phase has not run");
}
