//===- CudaPartsTest.cpp - The parts of the CUDA runtime one by one -------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "FakeCuda.h"
#include "lib/Engine/Numbers.h"
#include "lib/Engine/RandomFill.h"
#include "runtime/Cuda/CudaCode.h"
#include "runtime/Cuda/Dependencies.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>

using namespace reckon;
using namespace reckon::runtime;
using namespace reckon::runtime::cuda;
using reckon::test::fakeCuda;

namespace {
std::string loadFailure(const std::string &path) {
  Error error;
  EXPECT_FALSE(Driver::load(path, error));
  EXPECT_EQ(error.code, RECKON_UNAVAILABLE);
  return error.message;
}

TEST(Driver, SaysWhatIsMissing) {
  auto &cuda = fakeCuda();
  cuda.reset();
  EXPECT_NE(loadFailure("/nonexistent/libcuda.so.1")
                .find("device 'cuda': no NVIDIA driver: '/nonexistent/libcuda.so.1' cannot be loaded: "),
            std::string::npos);
  EXPECT_EQ(loadFailure("libm.so.6"), "device 'cuda': 'libm.so.6' is not a CUDA driver library");
  cuda.machine.version = 11040;
  EXPECT_EQ(loadFailure(RECKON_TEST_FAKE_CUDA),
            "device 'cuda': the NVIDIA driver is too old: it supports CUDA 11.4, 12.0 is needed");
  cuda.machine.version = 12000;
  cuda.machine.initResult = CUDA_ERROR_NO_DEVICE;
  EXPECT_EQ(loadFailure(RECKON_TEST_FAKE_CUDA), "device 'cuda': the NVIDIA driver finds no GPU on this machine");
  cuda.machine.initResult = 803;
  EXPECT_EQ(loadFailure(RECKON_TEST_FAKE_CUDA), "device 'cuda': cuInit: made up failure (CUDA_ERROR_MADE_UP, 803)");
  cuda.machine.initResult = 0;
  cuda.machine.devices = 0;
  EXPECT_EQ(loadFailure(RECKON_TEST_FAKE_CUDA), "device 'cuda': the NVIDIA driver finds no GPU on this machine");
  cuda.reset();
  Error error;
  EXPECT_TRUE(Driver::load(RECKON_TEST_FAKE_CUDA, error)) << error.message;
}

TEST(Architectures, WhatRunsWhere) {
  auto parse = [](const char *text) {
    Architecture architecture;
    EXPECT_TRUE(Architecture::parse(text, architecture)) << text;
    return architecture;
  };
  auto runs = [&](bool (*canUse)(const Architecture &, const DeviceProperties &), const char *code, int major,
                  int minor) {
    DeviceProperties device;
    device.major = major;
    device.minor = minor;
    return canUse(parse(code), device);
  };
  EXPECT_TRUE(runs(canRun, "sm_90", 9, 0));
  EXPECT_FALSE(runs(canRun, "sm_90", 10, 0));
  EXPECT_FALSE(runs(canRun, "sm_90a", 9, 3));
  EXPECT_TRUE(runs(canRun, "sm_80", 8, 9));
  EXPECT_FALSE(runs(canRun, "sm_89", 8, 6));
  EXPECT_TRUE(runs(canRun, "sm_100f", 10, 3));
  EXPECT_TRUE(runs(canCompile, "sm_80", 12, 0));
  EXPECT_FALSE(runs(canCompile, "sm_89", 8, 6));
  EXPECT_TRUE(runs(canCompile, "sm_90a", 9, 0));
  EXPECT_FALSE(runs(canCompile, "sm_90a", 10, 0));
  EXPECT_TRUE(runs(canCompile, "sm_120f", 12, 1));
  EXPECT_FALSE(runs(canCompile, "sm_100f", 12, 0));
  const char *const rising[] = {"sm_80", "sm_89", "sm_90", "sm_90a", "sm_100", "sm_100f", "sm_103", "sm_120a"};
  for (size_t i = 0; i < std::size(rising); ++i)
    for (size_t j = 0; j < std::size(rising); ++j)
      EXPECT_EQ(parse(rising[i]) < parse(rising[j]), i < j) << rising[i] << " " << rising[j];
  Architecture parsed;
  for (const char *text : {"", "sm_", "sm_9x", "sm_90ab", "90", "sm_5"})
    EXPECT_FALSE(Architecture::parse(text, parsed)) << text;
}

using Operands = std::vector<std::pair<Space, uint32_t>>;
DispatchSpec dispatch(const Operands &inputs, const Operands &outputs) {
  DispatchSpec result;
  for (const Operands *list : {&inputs, &outputs})
    for (const auto &[space, index] : *list)
      result.operands.push_back({space, index, 0, 0, "", ""});
  result.numOutputs = static_cast<uint32_t>(outputs.size());
  return result;
}

std::vector<std::vector<uint32_t>> waits(const std::vector<DispatchSpec> &dispatches) {
  std::vector<const DispatchSpec *> order;
  for (const DispatchSpec &dispatch : dispatches)
    order.push_back(&dispatch);
  return findDependencies(order);
}

constexpr Space In = Space::Input, Out = Space::Output, A = Space::Arena;
using Waits = std::vector<std::vector<uint32_t>>;

TEST(Dependencies, BranchesAreSideBySide) {
  EXPECT_EQ(waits({dispatch({{In, 0}}, {{A, 0}}), dispatch({{In, 0}}, {{A, 1}}), dispatch({{A, 0}, {A, 1}}, {{Out, 0}}),
                   dispatch({{Out, 0}}, {{Out, 1}})}),
            (Waits{{}, {}, {0, 1}, {2}}));
}

TEST(Dependencies, PartsOfOneBufferAreSideBySide) {
  EXPECT_EQ(waits({dispatch({{In, 0}}, {{A, 0}}), dispatch({{In, 1}}, {{A, 0}}), dispatch({{A, 0}}, {{Out, 0}})}),
            (Waits{{}, {}, {0, 1}}));
}

TEST(Dependencies, ReusedSlotsWaitForTheirReaders) {
  // Slot 0 holds two values; both writers of the second wait for both readers of the first.
  EXPECT_EQ(waits({dispatch({{In, 0}}, {{A, 0}}), dispatch({{A, 0}}, {{A, 1}}), dispatch({{A, 0}}, {{A, 2}}),
                   dispatch({{In, 1}}, {{A, 0}}), dispatch({{In, 1}}, {{A, 0}}), dispatch({{A, 0}}, {{Out, 0}})}),
            (Waits{{}, {0}, {0}, {1, 2}, {1, 2}, {3, 4}}));
}

TEST(Dependencies, AddingToAValueThatIsRead) {
  // The second reads one part and writes another; who reads all waits for both by way of it.
  EXPECT_EQ(waits({dispatch({{In, 0}}, {{A, 0}}), dispatch({{A, 0}}, {{A, 0}}), dispatch({{A, 0}}, {{Out, 0}})}),
            (Waits{{}, {0}, {1}}));
}

TEST(Dependencies, EdgesSkipWhatIsNotLaunched) {
  // 0 -> 1 -> 3 and 0 -> 2 -> 3, and 3 has waited for 0.
  const Waits diamond = {{}, {0}, {0}, {0, 1, 2}};
  GraphEdges edges = findEdges(diamond, {true, true, true, true});
  EXPECT_EQ(edges.after, (Waits{{}, {0}, {0}, {1, 2}}));
  EXPECT_EQ(edges.hasSiblings, (std::vector<bool>{false, true, true, false}));
  // Without 1 there is one path; without both the ends meet.
  edges = findEdges(diamond, {true, false, true, true});
  EXPECT_EQ(edges.after[2], std::vector<uint32_t>{0});
  EXPECT_EQ(edges.after[3], std::vector<uint32_t>{2});
  EXPECT_EQ(edges.hasSiblings, std::vector<bool>(4));
  edges = findEdges(diamond, {true, false, false, true});
  EXPECT_EQ(edges.after[3], std::vector<uint32_t>{0});
  EXPECT_EQ(findEdgesInLine({true, false, true, true}).after, (Waits{{}, {}, {0}, {2}}));
}

/// Against the plain rule: two dispatches where one writes what the other reads are ordered.
TEST(Dependencies, RandomProgramsKeepEveryHazardInOrder) {
  std::mt19937 random(7); // NOLINT(bugprone-random-generator-seed): the same programs every time
  for (int round = 0; round < 300; ++round) {
    std::vector<DispatchSpec> list;
    for (int d = 0; d < 12; ++d) {
      Operands inputs;
      for (unsigned i = 0; i < random() % 3; ++i)
        inputs.push_back({A, random() % 4});
      list.push_back(dispatch(inputs, {{A, random() % 4}}));
    }
    Waits direct = waits(list);
    std::vector<std::vector<bool>> before(list.size(), std::vector<bool>(list.size()));
    for (size_t d = 0; d < list.size(); ++d)
      for (uint32_t earlier : direct[d]) {
        before[d][earlier] = true;
        for (size_t i = 0; i < list.size(); ++i)
          before[d][i] = before[d][i] || before[earlier][i];
      }
    for (size_t d = 0; d < list.size(); ++d)
      for (size_t e = 0; e < d; ++e)
        for (size_t i = 0; i < list[d].operands.size(); ++i)
          for (size_t j = 0; j < list[e].operands.size(); ++j) {
            bool writes = i + 1 == list[d].operands.size(), wrote = j + 1 == list[e].operands.size();
            bool hazard = list[d].operands[i].index == list[e].operands[j].index && writes != wrote;
            EXPECT_TRUE(!hazard || before[d][e]) << "round " << round << ": " << d << " after " << e;
          }
  }
}

TEST(RandomFill, HalvesAreNumbersOfEveryType) {
  std::vector<uint16_t> bits(10000);
  fillHalves(bits.data(), bits.size(), 42);
  double sum = 0, least = 1, greatest = 0;
  for (size_t i = 0; i < bits.size(); i += 2) {
    float half = fromHalf(bits[i]), single;
    uint32_t both = uint32_t(bits[i]) << 16 | bits[i + 1];
    std::memcpy(&single, &both, sizeof(single));
    EXPECT_TRUE(std::fabs(half) >= 0.5f && std::fabs(half) < 1);
    EXPECT_TRUE(std::isnormal(single) && std::fabs(single) < 1);
    sum += half;
    least = std::min<double>(least, std::fabs(half));
    greatest = std::max<double>(greatest, std::fabs(half));
  }
  // Of either sign, all over the range.
  EXPECT_LT(std::fabs(sum), 300);
  EXPECT_LT(least, 0.51);
  EXPECT_GT(greatest, 0.99);
}

TEST(RandomFill, InPieces) {
  for (ElementType type : {ElementType::F32, ElementType::F16, ElementType::I8, ElementType::Bool}) {
    std::vector<uint32_t> whole(100), pieces(100);
    fillRandom(type, whole.data(), 100, 42);
    uint8_t *data = reinterpret_cast<uint8_t *>(pieces.data());
    for (uint64_t first = 0; first < 100; first += 7)
      fillRandom(type, data + first * elementSize(type), std::min<uint64_t>(7, 100 - first), 42, first);
    EXPECT_EQ(whole, pieces);
  }
}
} // namespace
