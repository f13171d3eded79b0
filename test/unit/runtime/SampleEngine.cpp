//===- SampleEngine.cpp - A small engine with hand-written kernels --------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "SampleEngine.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <random>

using namespace reckon;

static std::vector<float> randomFloats(size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<float> values(count);
  // Small multiples of 1/8: sums are exact, whatever the compiler contracts.
  for (float &value : values)
    value = (int(random() % 17) - 8) / 8.0f;
  return values;
}

static std::vector<uint8_t> toBytes(const std::vector<float> &values) {
  std::vector<uint8_t> bytes(values.size() * sizeof(float));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

static std::vector<float> tableValues() { return randomFloats(test::tableRows * test::width, 100); }
static std::vector<float> weightValues() { return randomFloats(test::width * test::hidden, 200); }

static KernelSpec kernel(const char *symbol, const char *kind, std::vector<std::string> nodes) {
  KernelSpec result;
  result.symbol = symbol;
  result.kind = kind;
  result.onnxNodes = std::move(nodes);
  return result;
}

EngineSpec test::sampleSpec() {
  std::ifstream file(RECKON_TEST_KERNELS, std::ios::binary);
  std::vector<uint8_t> code((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());

  SizeExpr batch = SizeExpr::dim("batch");
  EngineSpec spec;
  spec.producer = "reckon test";
  ProgramSpec program;
  program.target = {DeviceKind::Host, "generic", {}};
  spec.dims = {"batch", "rows:emb.weight"};
  spec.inputs = {{"x", ElementType::F32, {batch, width}}, {"ids", ElementType::I64, {batch, numIds}}};
  spec.outputs = {{"y", ElementType::F32, {batch, hidden}}, {"s", ElementType::F32, {batch}}};
  spec.weights = {{"w", ElementType::F32, {width, hidden}, "row_major", spec.own(toBytes(weightValues()))}};
  TableSpec table;
  table.name = "emb.weight";
  table.rows = tableRows;
  table.dim = width;
  table.rowsDim = 1;
  table.data = spec.own(toBytes(tableValues()));
  spec.tables = {table};
  program.slots = {batch * SizeExpr(hidden * 4)};
  program.localSlots = {width * 4};
  program.kernels = {kernel("test_lookup", "lookup", {"/emb/Gather", "/emb/ReduceSum"}),
                     kernel("test_linear", "gemm", {"/fc/Gemm"}), kernel("test_finish", "rows", {"/Mul", "/Sum"})};
  OperandSpec pooled{Space::Local, 0, 0, width * 4, "", ""};
  OperandSpec hiddenSlot{Space::Arena, 0, 0, 0, "", ""};
  DispatchSpec lookup{0, {{Space::Input, 1, 0, 0, "", ""}, {Space::Table, 0, 0, 0, "ids", ""}, pooled}, 1, 0, 32, 0, 1,
                      {}};
  DispatchSpec linear{1,
                      {{Space::Input, 0, 0, 0, "", ""}, pooled, {Space::Weight, 0, 0, 0, "", ""}, hiddenSlot},
                      4,
                      width * 4,
                      2 * width * hidden,
                      // Larger than the weight is, so that one row is worth splitting by columns.
                      1 << 20,
                      1,
                      {}};
  DispatchSpec finish{
      2, {hiddenSlot, {Space::Output, 0, 0, 0, "", ""}, {Space::Output, 1, 0, 0, "", ""}}, 1, 0, 2000, 0, 2, {}};
  program.chains = {{batch, 32, {lookup, linear}}, {batch, 64, {finish}}};
  spec.code = {{CodeKind::Host, "kernels", spec.own(std::move(code))}};
  program.arenaUnshared = batch * SizeExpr(hidden * 4);
  spec.programs = {program};
  spec.idUses = {{1, 0, 0, SizeExpr::dim("rows:emb.weight")}};
  return spec;
}

EngineSpec test::withRows(EngineSpec spec, int64_t rows) {
  TableSpec &table = spec.tables[0];
  std::vector<uint8_t> bytes = toBytes(std::vector<float>(static_cast<size_t>(rows) * width, 0.5f));
  std::memcpy(bytes.data(), table.data.data, table.data.size);
  table.rows = static_cast<uint64_t>(rows);
  table.data = spec.own(std::move(bytes));
  return spec;
}

void test::makeChecked(ProgramSpec &program) {
  program.checked = true;
  SizeExpr batch = SizeExpr::dim("batch");
  auto bytesOf = [&](const OperandSpec &operand) -> SizeExpr {
    switch (operand.space) {
    case Space::Input:
      return batch * SizeExpr(operand.index == 0 ? width * 4 : numIds * 8);
    case Space::Output:
      return batch * SizeExpr(operand.index == 0 ? hidden * 4 : 4);
    case Space::Arena:
      return program.slots[operand.index];
    case Space::Local:
      return width * 4;
    default:
      return 0;
    }
  };
  for (ChainSpec &chain : program.chains)
    for (DispatchSpec &dispatch : chain.dispatches)
      for (OperandSpec &operand : dispatch.operands)
        operand.bytes = bytesOf(operand);
}

std::vector<uint8_t> test::sampleEngine(const EngineSpec &spec) {
  std::string error;
  auto bytes = serializeEngine(spec, &error);
  EXPECT_TRUE(bytes) << error;
  return bytes.value_or(std::vector<uint8_t>());
}

test::SampleData test::sampleData(int64_t batch, unsigned seed) {
  SampleData data;
  data.x = randomFloats(batch * width, seed);
  std::mt19937 random(seed + 1);
  for (int64_t i = 0; i < batch * numIds; ++i)
    data.ids.push_back(random() % tableRows);
  std::vector<float> table = tableValues(), weight = weightValues();
  for (int64_t r = 0; r < batch; ++r) {
    float sum = 0;
    for (int c = 0; c < hidden; ++c) {
      float value = 0;
      for (int k = 0; k < width; ++k)
        value += (data.x[r * width + k] + table[data.ids[r * 2] * width + k] + table[data.ids[r * 2 + 1] * width + k]) *
                 weight[k * hidden + c];
      data.y.push_back(2 * value);
      sum += value;
    }
    data.s.push_back(sum);
  }
  return data;
}

runtime::Status test::bindInputs(runtime::Context &context, const SampleData &data) {
  int64_t batch = data.s.size();
  if (auto failed = context.setInput("x", RECKON_F32, {batch, width}, data.x.data()))
    return failed;
  return context.setInput("ids", RECKON_I64, {batch, numIds}, data.ids.data());
}

void test::expectCorrect(runtime::Context &context, const SampleData &data) {
  runtime::Status failed = bindInputs(context, data);
  ASSERT_FALSE(failed) << failed.message;
  failed = context.run();
  ASSERT_FALSE(failed) << failed.message;
  ReckonTensor y = context.output(0), s = context.output(1);
  ASSERT_EQ(y.bytes, data.y.size() * 4);
  ASSERT_EQ(s.bytes, data.s.size() * 4);
  EXPECT_EQ(y.shape[0], int64_t(data.s.size()));
  EXPECT_EQ(y.shape[1], hidden);
  if (!data.s.empty()) {
    EXPECT_EQ(std::memcmp(y.data, data.y.data(), y.bytes), 0) << "batch " << data.s.size();
    EXPECT_EQ(std::memcmp(s.data, data.s.data(), s.bytes), 0) << "batch " << data.s.size();
  }
}
