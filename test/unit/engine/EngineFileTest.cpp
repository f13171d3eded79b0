//===- EngineFileTest.cpp - Writing and reading engines -------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "reckon/Engine/EngineFile.h"
#include "MutableEngine.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <random>
#include <set>
#include <sys/mman.h>
#include <unistd.h>

using namespace reckon;
using namespace reckon::test;

namespace {
std::vector<uint8_t> sampleBytes() {
  std::string error;
  auto bytes = serializeEngine(mutableSpec(), &error);
  EXPECT_TRUE(bytes) << error;
  return bytes.value_or(std::vector<uint8_t>());
}

std::string refusal(const std::vector<uint8_t> &bytes) {
  EngineError error;
  auto file = EngineFile::fromMemory({bytes.data(), bytes.size()}, error);
  EXPECT_FALSE(file);
  return error.message;
}

TEST(EngineFile, RoundTrip) {
  std::vector<uint8_t> bytes = sampleBytes();
  EngineError error;
  auto file = EngineFile::fromMemory({bytes.data(), bytes.size()}, error);
  ASSERT_TRUE(file) << error.message;
  EngineSpec want = mutableSpec();
  const EngineSpec &got = file->spec();
  EXPECT_EQ(got.producer, want.producer);
  EXPECT_EQ(got.programs[0].target.features, want.programs[0].target.features);
  EXPECT_EQ(got.dims, want.dims);
  EXPECT_EQ(got.inputs[1].name, "ids");
  EXPECT_EQ(got.inputs[1].type, ElementType::I64);
  EXPECT_EQ(got.outputs[0].shape, want.outputs[0].shape);
  ASSERT_EQ(got.weights.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(got.weights[i].shape, want.weights[i].shape);
    ASSERT_EQ(got.weights[i].data.size, want.weights[i].data.size);
    if (want.weights[i].data.size) {
      EXPECT_EQ(std::memcmp(got.weights[i].data.data, want.weights[i].data.data, want.weights[i].data.size), 0);
      EXPECT_EQ(reinterpret_cast<uintptr_t>(got.weights[i].data.data) % 64, 0u);
    }
  }
  EXPECT_EQ(got.tables[0].data.size, 80u);
  EXPECT_EQ(got.tables[1].externalFile, "far.bin");
  EXPECT_EQ(got.tables[1].externalOffset, 128u);
  EXPECT_EQ(got.tables[1].outOfRange, OutOfRange::Clamp);
  EXPECT_EQ(got.programs[0].kernels[0].onnxNodes, want.programs[0].kernels[0].onnxNodes);
  const DispatchSpec &dispatch = got.programs[0].chains[0].dispatches[1];
  EXPECT_EQ(dispatch.operands[1].ids, "ids");
  EXPECT_EQ(dispatch.operands[1].offsets, "off");
  EXPECT_EQ(dispatch.columns, 2u);
  EXPECT_EQ(dispatch.scratchBytes, SizeExpr(64));
  EXPECT_EQ(dispatch.flopsPerRow, 24u);
  EXPECT_EQ(dispatch.bytesFixed, 48u);
  EXPECT_EQ(got.code[0].data.size, 100u);
  EXPECT_EQ(got.programs[0].arenaUnshared, want.programs[0].arenaUnshared);
  EXPECT_EQ(got.idUses[0].bound.str(), "rows:emb");
  EXPECT_TRUE(got.offsetsUses[0].includeLast);
  ASSERT_TRUE(got.recipe);
  EXPECT_EQ(got.recipe->options, (std::vector<std::string>{"--precision=fp16", "--check-kernels"}));
  ASSERT_EQ(got.recipe->initializers.size(), 2u);
  EXPECT_EQ(got.recipe->initializers[1].name, "eps");
  EXPECT_EQ(got.recipe->initializers[0].checksum, 77u);
  ASSERT_EQ(got.requirements.size(), 1u);
  EXPECT_EQ(got.requirements[0].left.str(), "3*batch");
  EXPECT_EQ(got.requirements[0].right.str(), "batch");
  EXPECT_FALSE(got.requirements[0].mustBeEqual);
  EXPECT_EQ(got.requirements[0].node, "topk");
  EXPECT_EQ(got.requirements[0].what, "the greatest of each three");
  EXPECT_EQ(dispatch.numOutputs, 2u);
  EXPECT_EQ(file->sections().size(), 4u);
  // What was read writes the same bytes.
  EXPECT_EQ(serializeEngine(got), bytes);
}

TEST(EngineFile, SameSpecSameBytes) { EXPECT_EQ(sampleBytes(), sampleBytes()); }

TEST(EngineFile, EveryFlippedByteIsRefused) {
  std::vector<uint8_t> bytes = sampleBytes();
  // In place, where a copy of each would hide an out-of-bounds read of the original.
  for (size_t i = 0; i < bytes.size(); ++i) {
    uint8_t original = bytes[i];
    for (uint8_t flip : {0x01, 0x80, 0xff}) {
      bytes[i] = original ^ flip;
      EXPECT_FALSE(refusal(bytes).empty()) << "byte " << i;
    }
    bytes[i] = original;
  }
}

TEST(EngineFile, EveryTruncationIsRefused) {
  std::vector<uint8_t> bytes = sampleBytes();
  for (size_t length = 0; length < bytes.size(); ++length)
    ASSERT_FALSE(refusal(std::vector<uint8_t>(bytes.begin(), bytes.begin() + length)).empty()) << length;
  bytes.push_back(0);
  EXPECT_NE(refusal(bytes).find("truncated or extended"), std::string::npos);
}

/// Damage that the checksums do not see: made on purpose, or by another writer.
TEST(EngineFile, MutatedDescriptionsNeverCrash) {
  std::vector<uint8_t> good = sampleBytes();
  uint64_t metadata = metadataSize(good);
  std::mt19937 random(11); // NOLINT(bugprone-random-generator-seed): the same damage every time
  size_t opened = 0;
  for (int i = 0; i < 30000; ++i) {
    std::vector<uint8_t> bytes = good;
    for (unsigned k = 1 + random() % 4; k > 0; --k)
      bytes[64 + random() % metadata] = random() % 3 ? static_cast<uint8_t>(random()) : random() % 2 ? 0xff : 0;
    repairChecksums(bytes);
    EngineError error;
    auto file = EngineFile::fromMemory({bytes.data(), bytes.size()}, error);
    EXPECT_NE(file == nullptr, error.message.empty());
    opened += file != nullptr;
  }
  EXPECT_GT(opened, 0u); // the repair works
}

/// A number that is no member of an enum is refused wherever one stands.
TEST(EngineFile, EnumsAreChecked) {
  std::vector<uint8_t> good = sampleBytes();
  std::set<std::string> wanted = {"unknown device 99",
                                  "unknown element type 99",
                                  "unknown kind",
                                  "unknown space 99",
                                  "unknown way to compute 99",
                                  "unknown epilogue 99",
                                  "unknown policy for ids out of range 99"};
  for (uint64_t i = 0, size = metadataSize(good); i < size; ++i) {
    std::vector<uint8_t> bytes = good;
    bytes[64 + i] = 99;
    repairChecksums(bytes);
    EngineError error;
    auto file = EngineFile::fromMemory({bytes.data(), bytes.size()}, error);
    const std::string &reason = error.message;
    for (auto it = wanted.begin(); it != wanted.end();)
      it = reason.find(*it) != std::string::npos ? wanted.erase(it) : std::next(it);
  }
  EXPECT_TRUE(wanted.empty()) << *wanted.begin();
}

TEST(DeviceKinds, HaveOneName) {
  for (DeviceKind device : allDeviceKinds)
    EXPECT_EQ(parseDevice(deviceName(device)), device);
  for (const char *name : {"", "Host", "cuda:0", "tpu"})
    EXPECT_FALSE(parseDevice(name)) << name;
}

TEST(EngineFile, RefusalsNameThePart) {
  std::vector<uint8_t> bytes = sampleBytes();
  auto flipped = [&](size_t at) {
    std::vector<uint8_t> copy = bytes;
    copy[at] ^= 4;
    return refusal(copy);
  };
  EXPECT_NE(flipped(0).find("not a Reckon engine"), std::string::npos);
  EXPECT_NE(flipped(8).find("format version"), std::string::npos);
  EXPECT_NE(flipped(20).find("header: checksum"), std::string::npos);
  EXPECT_NE(flipped(200).find("description: checksum"), std::string::npos);
  EXPECT_NE(flipped(bytes.size() - 1).find("section 'emb': checksum"), std::string::npos);
  EXPECT_NE(flipped(bytes.size() - 4097).find("section 'weights': checksum"), std::string::npos);
}

TEST(EngineFile, ProgramsAreTheSameWhateverTheValues) {
  EngineSpec spec = mutableSpec(), other = mutableSpec();
  std::vector<uint8_t> values(other.weights[0].data.size, 7), rows(other.tables[0].data.size, 9);
  other.weights[0].data = other.own(values);
  other.tables[0].data = other.own(rows);
  other.recipe.reset();
  EXPECT_TRUE(haveSameProgram(spec, other));
  other.weights[0].name += "x";
  EXPECT_FALSE(haveSameProgram(spec, other));
  other = mutableSpec();
  std::vector<uint8_t> code(other.code[0].data.data, other.code[0].data.data + other.code[0].data.size);
  code.back() ^= 1;
  other.code[0].data = other.own(code);
  EXPECT_FALSE(haveSameProgram(spec, other));
  other = mutableSpec();
  other.requirements.clear();
  EXPECT_FALSE(haveSameProgram(spec, other));
}

TEST(EngineFile, WriterRefusesInvalidSpecs) {
  auto reason = [](const std::function<void(EngineSpec &)> &change) {
    EngineSpec spec = mutableSpec();
    change(spec);
    std::string error;
    EXPECT_FALSE(serializeEngine(spec, &error));
    return error;
  };
  auto names = [](const std::string &error, const char *text) { return error.find(text) != std::string::npos; };
  EXPECT_TRUE(names(reason([](EngineSpec &s) { s.inputs[1].name = "x"; }), "input 'x' is listed twice"));
  EXPECT_TRUE(names(reason([](EngineSpec &s) {
                      s.dims.insert(s.dims.begin(), "seq");
                      for (TableSpec &table : s.tables)
                        ++table.rowsDim;
                    }),
                    "'seq' cannot be solved"));
  EXPECT_TRUE(names(reason([](EngineSpec &s) { s.dims.push_back("seq"); }), "its row dimension is not 'rows:emb'"));
  EXPECT_TRUE(names(reason([](EngineSpec &s) { s.dims[0] = "a b"; }), "not a dimension name"));
  EXPECT_TRUE(names(reason([](EngineSpec &s) { s.programs[0].slots[0] = size("4*seq"); }), "does not list"));
  EXPECT_TRUE(names(reason([](EngineSpec &s) { s.requirements[0].left = size("seq"); }),
                    "requirement of node 'topk': the size 'seq' uses the dimension 'seq'"));
  EXPECT_TRUE(names(reason([](EngineSpec &s) { s.weights[0].shape[0] = 4; }), "weight 'w'"));
  EXPECT_TRUE(names(reason([](EngineSpec &s) { s.weights[0].shape = {INT64_MAX, INT64_MAX}; }), "weight 'w'"));
  EXPECT_TRUE(names(reason([](EngineSpec &s) { s.tables[0].rows = 6; }), "table 'emb'"));
  EXPECT_TRUE(names(reason([](EngineSpec &s) { s.tables[0].rowsDim = 0; }), "row dimension"));
  EXPECT_TRUE(
      names(reason([](EngineSpec &s) { s.inputs[0].type = ElementType(13); }), "input 'x': unknown element type 13"));
  EXPECT_TRUE(names(reason([](EngineSpec &s) { s.weights[0].type = ElementType(255); }),
                    "weight 'w': unknown element type 255"));
  EXPECT_TRUE(names(reason([](EngineSpec &s) { s.tables[0].encoding = RowEncoding(numEnumerators<RowEncoding>); }),
                    "table 'emb': unknown encoding of rows"));
  EXPECT_TRUE(names(reason([](EngineSpec &s) { s.tables[0].dim = UINT64_MAX / 2; }), "are not possible"));
  for (size_t table : {0, 1})
    EXPECT_TRUE(
        names(reason([&](EngineSpec &s) { s.tables[table].mustBeBound = true; }), "has rows, and must be bound"));
  EXPECT_TRUE(names(reason([](EngineSpec &s) { s.tables[0].outOfRange = OutOfRange(4); }),
                    "table 'emb': unknown policy for ids out of range 4"));
  EXPECT_TRUE(names(reason([](EngineSpec &s) { s.programs[0].chains[0].dispatches[0].kernel = 9; }), "no kernel 9"));
  EXPECT_TRUE(
      names(reason([](EngineSpec &s) { s.programs[0].chains[0].dispatches[0].operands[1].index = 3; }), "operand 1"));
  EXPECT_TRUE(names(reason([](EngineSpec &s) { s.programs[0].chains[0].dispatches[0].operands[2].rowBytes = 17; }),
                    "local slot"));
  EXPECT_TRUE(
      names(reason([](EngineSpec &s) { s.programs[0].chains[0].dispatches[0].operands[0].bytes = size("batch"); }),
            "only a checked program states the bytes of its operands"));
  EXPECT_TRUE(names(reason([](EngineSpec &s) {
                      s.programs[0].checked = true;
                      s.programs[0].chains[0].dispatches[0].operands[0].bytes = size("nowhere");
                    }),
                    "nowhere"));
  EXPECT_TRUE(
      names(reason([](EngineSpec &s) { s.programs[0].chains[0].dispatches[0].traffic = size("seq"); }), "'seq'"));
  EXPECT_TRUE(names(reason([](EngineSpec &s) { s.programs[0].kernels[0].layers = {{"relu", {}, {-1}, {"f32"}}}; }),
                    "kernel 'k0', layer 'relu': there is no value -1"));
  EXPECT_TRUE(names(reason([](EngineSpec &s) { s.programs[0].chains[0].blockRows = 0; }), "chain 0"));
  EXPECT_TRUE(names(reason([](EngineSpec &s) { s.programs.clear(); }), "target"));
  EXPECT_TRUE(names(reason([](EngineSpec &s) { s.inputs[0].shape[1] = size("rows:emb"); }), "rows of a table"));
  EXPECT_TRUE(
      names(reason([](EngineSpec &s) { s.programs[0].kernels[1].symbol = "k0"; }), "kernel 'k0' is listed twice"));
}

TEST(EngineFile, CudaProgramsRoundTrip) {
  std::vector<uint8_t> bytes = sampleBytes();
  EngineError error;
  auto file = EngineFile::fromMemory({bytes.data(), bytes.size()}, error);
  ASSERT_TRUE(file) << error.message;
  const ProgramSpec *program = file->spec().program(DeviceKind::Cuda);
  ASSERT_TRUE(program);
  EXPECT_EQ(program->target.cpu, "sm_90a");
  const KernelSpec &kernel = program->kernels[0];
  EXPECT_EQ(kernel.registers, 128u);
  EXPECT_EQ(kernel.blockThreads, 256u);
  EXPECT_EQ(kernel.cluster, 2u);
  EXPECT_EQ(kernel.sharedBytes, 65536u);
  EXPECT_EQ(kernel.staticSharedBytes, 1024u);
  EXPECT_EQ(kernel.spillBytes, 8u);
  EXPECT_TRUE(kernel.usesPdl);
  EXPECT_FALSE(program->kernels[1].usesPdl);
  ASSERT_EQ(kernel.layers.size(), 2u);
  EXPECT_EQ(kernel.layers[0].op, "linear");
  EXPECT_EQ(kernel.layers[0].inputs, (std::vector<int32_t>{0, 1}));
  EXPECT_EQ(kernel.layers[0].results, (std::vector<std::string>{"f32[batch, 4]"}));
  EXPECT_EQ(kernel.layers[1].inputs, (std::vector<int32_t>{-1}));
  ASSERT_EQ(kernel.tensorMaps.size(), 1u);
  EXPECT_EQ(kernel.tensorMaps[0].sizes[1], size("batch"));
  EXPECT_EQ(kernel.tensorMaps[0].strides[0], size("16*batch"));
  EXPECT_EQ(kernel.tensorMaps[0].box, (std::vector<uint32_t>{4, 64}));
  EXPECT_EQ(kernel.tensorMaps[0].swizzle, 32u);
  const std::vector<LaunchSpec> &launches = program->chains[0].dispatches[0].launches;
  ASSERT_EQ(launches.size(), 3u);
  ASSERT_TRUE(launches[0].gemm);
  EXPECT_EQ(launches[0].library, "cublaslt");
  EXPECT_EQ(launches[0].gemm->compute, GemmCompute::TF32);
  EXPECT_EQ(launches[0].gemm->epilogue, GemmEpilogue::Relu);
  EXPECT_EQ(launches[0].gemm->bias, -1);
  EXPECT_TRUE(launches[0].needsTiming);
  EXPECT_FALSE(launches[1].needsTiming);
  EXPECT_EQ(launches[1].grid.size(), 2u);
  EXPECT_EQ(launches[1].blocksPerSm, 2u);
  EXPECT_EQ(launches[1].scratchBytes, size("4*batch"));
  EXPECT_EQ(launches[1].minRows, 8u);
  EXPECT_EQ(launches[1].maxRows, 99u);
  EXPECT_EQ(launches[2].kernel, 1u);
  EXPECT_EQ(launches[2].maxRows, UINT64_MAX);
  EXPECT_TRUE(program->chains[0].dispatches[0].covers.empty());
  EXPECT_EQ(program->chains[1].dispatches[0].covers, std::vector<uint32_t>{0});
}

TEST(EngineFile, AProgramForEachArchitecture) {
  EngineSpec spec = mutableSpec();
  spec.programs.push_back(spec.programs[1]);
  std::string error;
  EXPECT_FALSE(serializeEngine(spec, &error));
  EXPECT_NE(error.find("two programs for the target 'cuda sm_90a'"), std::string::npos) << error;
  spec.programs.back().target.cpu = "sm_80";
  spec.code.push_back(spec.code.back());
  EXPECT_FALSE(serializeEngine(spec, &error));
  EXPECT_NE(error.find("code section 'sm_90a' is there twice"), std::string::npos) << error;
  spec.code.back().name = "sm_80";
  spec.code.push_back({CodeKind::Cubin, "sm_80", spec.own({1, 2, 3})});
  std::optional<std::vector<uint8_t>> bytes = serializeEngine(spec, &error);
  ASSERT_TRUE(bytes) << error;
  EngineError problem;
  auto file = EngineFile::fromMemory({bytes->data(), bytes->size()}, problem);
  ASSERT_TRUE(file) << problem.message;
  ASSERT_EQ(file->spec().programs.size(), 3u);
  EXPECT_EQ(file->spec().programs[2].target.cpu, "sm_80");
  ASSERT_TRUE(file->spec().findCode(CodeKind::Cubin, "sm_80"));
  EXPECT_EQ(file->spec().findCode(CodeKind::Cubin, "sm_80")->data.size, 3u);
  EXPECT_TRUE(file->spec().findCode(CodeKind::Ptx, "sm_90a"));
  EXPECT_FALSE(file->spec().findCode(CodeKind::Cubin, "sm_90a"));
}

TEST(EngineFile, EqualWeightsAreStoredOnce) {
  EngineSpec spec = mutableSpec();
  size_t before = serializeEngine(spec)->size();
  WeightSpec weight = spec.weights[0];
  weight.shape = {3000, 4};
  weight.data = spec.own(std::vector<uint8_t>(48000, 5));
  for (const char *name : {"one", "two", "three"}) {
    weight.name = name;
    spec.weights.push_back(weight);
  }
  std::vector<uint8_t> bytes = *serializeEngine(spec);
  EXPECT_LT(bytes.size(), before + 2 * 48000);
  EngineError error;
  auto file = EngineFile::fromMemory({bytes.data(), bytes.size()}, error);
  ASSERT_TRUE(file) << error.message;
  const std::vector<WeightSpec> &weights = file->spec().weights;
  EXPECT_EQ(weights[3].data.data, weights[5].data.data);
  EXPECT_NE(weights[0].data.data, weights[3].data.data);
  EXPECT_EQ(weights[5].data.data[47999], 5);
}

TEST(EngineFile, OnlyCudaCovers) {
  EngineSpec spec = mutableSpec();
  spec.programs[0].chains[0].dispatches[0].covers = {0};
  std::string error;
  EXPECT_FALSE(serializeEngine(spec, &error));
  EXPECT_NE(error.find("covers others, which only cuda has"), std::string::npos) << error;
}

using P = ProgramSpec;

/// The first dispatch of the program for cuda.
static DispatchSpec &dispatch(P &p) { return p.chains[0].dispatches[0]; }

/// The writer refuses the program for cuda, once changed, with this text.
static void refuses(const char *text, const std::function<void(P &)> &change) {
  EngineSpec spec = mutableSpec();
  change(spec.programs[1]);
  std::string error;
  EXPECT_FALSE(serializeEngine(spec, &error)) << text;
  EXPECT_NE(error.find(text), std::string::npos) << error;
}

TEST(EngineFile, WriterRefusesInvalidCudaPrograms) {
  refuses("two programs for the target 'host'", [](P &p) { p = mutableSpec().programs[0]; });
  refuses("its architecture has no name", [](P &p) { p.target.cpu = ""; });
  refuses("code section 'sm_90a' belongs to no program", [](P &p) { p.target.cpu = "sm_80"; });
  refuses("local slots", [](P &p) { p.localSlots = {4}; });
  refuses("blocks of 0 threads", [](P &p) { p.kernels[1].blockThreads = 0; });
  refuses("blocks of 1025 threads", [](P &p) { p.kernels[1].blockThreads = 1025; });
  refuses("clusters of 17", [](P &p) { p.kernels[0].cluster = 17; });
  refuses("shared memory", [](P &p) { p.kernels[0].sharedBytes = 2 << 20; });
  refuses("0 dimensions", [](P &p) { p.kernels[0].tensorMaps[0].sizes.clear(); });
  refuses("its strides or its box", [](P &p) { p.kernels[0].tensorMaps[0].box.clear(); });
  refuses("a tile of 257", [](P &p) { p.kernels[0].tensorMaps[0].box[1] = 257; });
  refuses("a swizzle of 16", [](P &p) { p.kernels[0].tensorMaps[0].swizzle = 16; });
  refuses("does not list", [](P &p) { p.kernels[0].tensorMaps[0].sizes[1] = size("seq"); });
  refuses("tensor map of operand 3", [](P &p) { p.kernels[0].tensorMaps[0].operand = 3; });
  refuses("on cuda it has one", [](P &p) { p.chains[0].dispatches.clear(); });
  refuses("3 operands and 4 outputs", [&](P &p) { dispatch(p).numOutputs = 4; });
  refuses("writes nothing", [&](P &p) { dispatch(p).numOutputs = 0; });
  refuses("lives where nothing may be", [&](P &p) { dispatch(p).numOutputs = 2; });
  refuses("no launch", [&](P &p) { dispatch(p).launches.clear(); });
  refuses("last launch", [&](P &p) { dispatch(p).launches.pop_back(); });
  refuses("last launch", [&](P &p) { dispatch(p).launches[2].minRows = 2; });
  refuses("last launch", [&](P &p) { dispatch(p).launches[2].needsTiming = true; });
  refuses("last launch", [&](P &p) { std::swap(dispatch(p).launches[0], dispatch(p).launches[2]); });
  refuses("is for 8 to 7 rows", [&](P &p) { dispatch(p).launches[1].maxRows = 7; });
  refuses("there is no kernel 2", [&](P &p) { dispatch(p).launches[1].kernel = 2; });
  refuses("a grid of 0", [&](P &p) { dispatch(p).launches[1].grid.clear(); });
  refuses("a grid of 4", [&](P &p) { dispatch(p).launches[1].grid = {1, 1, 1, 1}; });
  refuses("does not list", [&](P &p) { dispatch(p).launches[1].grid[1] = size("seq"); });
  refuses("does not list", [&](P &p) { dispatch(p).launches[1].scratchBytes = size("seq"); });
  refuses("unknown library 'x'", [&](P &p) { dispatch(p).launches[0].library = "x"; });
  refuses("a library takes", [&](P &p) { dispatch(p).launches[0].gemm.reset(); });
  refuses("operand 3 of the product", [&](P &p) { dispatch(p).launches[0].gemm->out = 3; });
  refuses("contradict", [&](P &p) { dispatch(p).launches[0].gemm->lda = 2; });
  refuses("a product of i8", [&](P &p) { dispatch(p).launches[0].gemm->type = ElementType::I8; });
  refuses("unknown way to compute 4", [&](P &p) { dispatch(p).launches[0].gemm->compute = GemmCompute(4); });
  refuses("unknown epilogue 77", [&](P &p) { dispatch(p).launches[0].gemm->epilogue = GemmEpilogue(77); });
  refuses("the epilogue 'bias' does not fit the bias",
          [&](P &p) { dispatch(p).launches[0].gemm->epilogue = GemmEpilogue::Bias; });
  refuses("unknown element type 13", [&](P &p) { p.kernels[0].tensorMaps[0].type = ElementType(13); });
  refuses("target: unknown device 2", [](P &p) { p.target.device = DeviceKind(2); });
  refuses("unknown space 6", [&](P &p) { dispatch(p).operands[0].space = Space(6); });
  refuses("exceed 32764 bytes",
          [](P &p) { dispatch(p).operands.insert(dispatch(p).operands.begin(), 4100, dispatch(p).operands[0]); });
}

TEST(EngineFile, WriterRefusesInvalidCovers) {
  auto cover = [](P &p) -> DispatchSpec & { return p.chains[1].dispatches[0]; };
  refuses("a bound on its rows", [&](P &p) {
    cover(p).launches[0].minRows = 0;
    cover(p).launches[0].maxRows = UINT64_MAX;
  });
  refuses("a bound on its rows", [&](P &p) { cover(p).launches[0] = dispatch(p).launches[0]; });
  refuses("covers dispatch 1, expected earlier", [&](P &p) { cover(p).covers = {1}; });
  refuses("covers dispatch 0, expected earlier", [&](P &p) { cover(p).covers = {0, 0}; });
  refuses("covers dispatch 7", [&](P &p) { cover(p).covers = {7}; });
  refuses("which runs over other rows", [&](P &p) { p.chains[0].rows = 1; });
  auto addCover = [](P &p, uint64_t minRows, uint64_t maxRows) -> std::vector<LaunchSpec> & {
    p.chains.push_back(p.chains[1]);
    std::vector<LaunchSpec> &launches = p.chains[2].dispatches[0].launches;
    launches[0].minRows = minRows;
    launches[0].maxRows = maxRows;
    return launches;
  };
  refuses("chain 2, dispatch 0 (kernel 'g0'): it covers dispatch 0 for 8 to 99 rows, dispatch 1 for 8 to 99",
          [&](P &p) { addCover(p, 8, 99); });
  refuses("for 99 or more rows, dispatch 1 for 8 to 99", [&](P &p) { addCover(p, 99, UINT64_MAX); });
  refuses("for 0 to 8 rows, dispatch 1 for 8 to 99", [&](P &p) { addCover(p, 0, 8); });
  refuses("for 20 to 30 rows, dispatch 1 for 8 to 99", [&](P &p) { addCover(p, 20, 30); });
  refuses("for 1 to 200 rows, dispatch 1 for 8 to 99", [&](P &p) { addCover(p, 1, 200); });
  refuses("for 2 to 150 rows, dispatch 1 for 8 to 99", [&](P &p) {
    std::vector<LaunchSpec> &launches = addCover(p, 2, 3);
    launches.push_back(launches[0]);
    launches[1].minRows = 100;
    launches[1].maxRows = 150;
  });
  refuses("which covers others", [&](P &p) {
    p.chains.push_back(p.chains[1]);
    p.chains[2].dispatches[0].covers = {1};
  });
  refuses("does not write what dispatch 0 writes", [&](P &p) { cover(p).operands[2].offset = 4; });
}

TEST(EngineFile, SeveralCoverForDifferentRows) {
  EngineSpec spec = mutableSpec();
  std::vector<ChainSpec> &chains = spec.programs[1].chains;
  for (auto [minRows, maxRows] : {std::pair<uint64_t, uint64_t>{100, UINT64_MAX}, {0, 7}}) {
    chains.push_back(chains[1]);
    chains.back().dispatches[0].launches[0].minRows = minRows;
    chains.back().dispatches[0].launches[0].maxRows = maxRows;
  }
  std::string error;
  EXPECT_TRUE(serializeEngine(spec, &error)) << error;
}

TEST(EngineFile, OpensFromPathAndSharedMemory) {
  std::string path = testing::TempDir() + "reckon-engine-test.rkn", error;
  ASSERT_TRUE(writeEngine(mutableSpec(), path, &error)) << error;
  EngineError problem;
  auto file = EngineFile::open(path, problem);
  ASSERT_TRUE(file) << problem.message;
  EXPECT_EQ(file->directory() + "reckon-engine-test.rkn", path);
  ::unlink(path.c_str());

  std::vector<uint8_t> bytes = sampleBytes();
  std::string name = "/reckon-test-" + std::to_string(::getpid());
  int descriptor = ::shm_open(name.c_str(), O_CREAT | O_RDWR, 0600);
  ASSERT_GE(descriptor, 0);
  ASSERT_EQ(::write(descriptor, bytes.data(), bytes.size()), ssize_t(bytes.size()));
  ::close(descriptor);
  EXPECT_TRUE(EngineFile::openSharedMemory(name, problem)) << problem.message;
  ::shm_unlink(name.c_str());

  EXPECT_FALSE(EngineFile::open("/nonexistent.rkn", problem));
  EXPECT_EQ(problem.kind, EngineError::Kind::Io);
  EXPECT_FALSE(EngineFile::open("/tmp", problem));
  EXPECT_FALSE(writeEngine(mutableSpec(), "/nonexistent/x.rkn", &error));
  EXPECT_NE(error.find("/nonexistent/x.rkn"), std::string::npos);
}
} // namespace
