//===- RunTest.cpp - Engines run right, and refuse what is wrong ----------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "SampleEngine.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <fstream>
#include <functional>
#include <numeric>
#include <thread>
#include <unistd.h>

using namespace reckon;
using namespace reckon::test;
using runtime::Context;
using runtime::Engine;
using runtime::Status;

extern "C" int openMissingEngine(void);

namespace {
struct Loaded {
  std::vector<uint8_t> bytes;
  Engine engine;
  explicit Loaded(const EngineSpec &spec = sampleSpec(), const std::vector<ReckonTableBinding> &bindings = {})
      : bytes(sampleEngine(spec)) {
    Status failed = engine.openMemory(bytes.data(), bytes.size(), bindings);
    EXPECT_FALSE(failed) << failed.message;
  }
};

TEST(Run, EveryBatchAndThreadCount) {
  Loaded loaded;
  for (int threads : {1, 2, 4}) {
    Context context;
    ASSERT_FALSE(context.create(loaded.engine, threads));
    for (int64_t batch : {0, 1, 2, 3, 7, 31, 32, 33, 64, 65, 1000, 1, 0, 5000, 7})
      expectCorrect(context, sampleData(batch, 3 + batch));
  }
}

TEST(Run, ContextsShareAnEngine) {
  Loaded loaded;
  std::vector<std::thread> users;
  for (int user = 0; user < 4; ++user)
    users.emplace_back([&, user] {
      Context context;
      ASSERT_FALSE(context.create(loaded.engine, 1 + user % 3));
      for (int i = 0; i < 100; ++i)
        expectCorrect(context, sampleData((i * 37 + user * 11) % 150, i));
    });
  for (std::thread &user : users)
    user.join();
}

TEST(Run, ManySizesAreForgottenAndComeBack) {
  Loaded loaded;
  Context context;
  ASSERT_FALSE(context.create(loaded.engine, 2));
  for (int64_t batch = 1; batch < 400; ++batch)
    expectCorrect(context, sampleData(batch));
  expectCorrect(context, sampleData(1));
}

TEST(Run, ContextOutlivesItsEngine) {
  Context context;
  std::vector<uint8_t> bytes = sampleEngine();
  {
    Engine engine;
    ASSERT_FALSE(engine.openMemory(bytes.data(), bytes.size()));
    ASSERT_FALSE(context.create(engine, 2));
  }
  expectCorrect(context, sampleData(50));
}

TEST(Run, CallerOwnsOutputs) {
  Loaded loaded;
  Context context;
  ASSERT_FALSE(context.create(loaded.engine, 1));
  SampleData data = sampleData(9);
  std::vector<float> y(9 * hidden);
  ASSERT_FALSE(context.setOutput(0, RECKON_F32, y.data(), y.size() * 4));
  expectCorrect(context, data);
  EXPECT_EQ(y, data.y);
  SampleData larger = sampleData(10);
  ASSERT_FALSE(bindInputs(context, larger));
  EXPECT_EQ(context.run().message, "output 'y' needs 640 bytes, its memory has 576");
  ASSERT_FALSE(context.setOutput(0, RECKON_F32, nullptr, 0));
  expectCorrect(context, larger);
}

TEST(Run, UnalignedSharedBytesAreCopied) {
  std::vector<uint8_t> bytes = sampleEngine(), shifted(bytes.size() + 72);
  for (size_t shift : {1, 8}) {
    size_t start = (64 - reinterpret_cast<uintptr_t>(shifted.data()) % 64) % 64 + shift;
    shifted.resize(bytes.size() + 136);
    std::copy(bytes.begin(), bytes.end(), shifted.begin() + start);
    Engine engine;
    ASSERT_FALSE(engine.openMemory(shifted.data() + start, bytes.size()));
    Context context;
    ASSERT_FALSE(context.create(engine, 1));
    expectCorrect(context, sampleData(4));
  }
}

TEST(Run, IdOutOfRangeNamesTablePositionAndId) {
  Loaded loaded;
  for (int threads : {1, 2, 4})
    for (int64_t batch : {10, 1000}) {
      Context context;
      ASSERT_FALSE(context.create(loaded.engine, threads));
      SampleData data = sampleData(batch);
      std::vector<int64_t> good = data.ids;
      data.ids[17] = 200;
      data.ids[batch * 2 - 1] = -1; // the first one is reported, whichever thread meets which
      ASSERT_FALSE(bindInputs(context, data));
      for (int i = 0; i < 5; ++i) {
        Status failed = context.run();
        EXPECT_EQ(failed.code, RECKON_INVALID);
        EXPECT_EQ(failed.message, "input 'ids' -> table 'emb.weight': id 200 at position 17 is outside [0, 200)"
                                  ", in kernel 'test_lookup' of node '/emb/Gather', '/emb/ReduceSum'");
      }
      data.ids = good; // the context recovers
      expectCorrect(context, data);
    }
}

/// The sample with `finish` as its last kernel, whose program says that kernels check themselves.
EngineSpec checkedSpec(const char *finish) {
  EngineSpec spec = sampleSpec();
  makeChecked(spec.programs[0]);
  spec.programs[0].kernels[2].symbol = finish;
  return spec;
}

TEST(Run, CheckedProgramGivesTheSame) {
  Loaded loaded(checkedSpec("test_finish"));
  for (int threads : {1, 3}) {
    Context context;
    ASSERT_FALSE(context.create(loaded.engine, threads));
    for (int64_t batch : {0, 1, 33, 1000, 7})
      expectCorrect(context, sampleData(batch));
  }
}

TEST(Run, AWriteAroundABufferIsFound) {
  Loaded loaded(checkedSpec("test_overrun"));
  for (int threads : {1, 3}) {
    Context context;
    Status created = context.create(loaded.engine, threads);
    ASSERT_FALSE(created) << created.message;
    SampleData data = sampleData(10);
    ASSERT_FALSE(bindInputs(context, data));
    for (int i = 0; i < 2; ++i) {
      Status failed = context.run();
      EXPECT_EQ(failed.code, RECKON_INTERNAL);
      EXPECT_EQ(failed.message,
                "kernel 'test_overrun' of node '/Mul', '/Sum' wrote at byte 640 of the 640 bytes of part 0 of the "
                "arena: the compiler or its plan is at fault");
    }
  }
}

TEST(Run, AFailedCheckComesBeforeABadIdAndTheContextRecovers) {
  Loaded loaded(checkedSpec("test_reports"));
  for (int threads : {1, 3}) {
    Context context;
    ASSERT_FALSE(context.create(loaded.engine, threads));
    SampleData data = sampleData(100), bad = data;
    bad.x[50 * width] = NAN;
    ASSERT_FALSE(bindInputs(context, bad));
    Status failed = context.run();
    EXPECT_EQ(failed.code, RECKON_INTERNAL);
    EXPECT_EQ(failed.message,
              "kernel 'test_reports' of node '/Mul', '/Sum' writes at byte 6400 of the 6400 bytes of output "
              "'y': the compiler or its plan is at fault");
    expectCorrect(context, data);
  }
}

TEST(Run, InputsAreBoundTogether) {
  Loaded loaded;
  Context context;
  ASSERT_FALSE(context.create(loaded.engine, 1));
  SampleData data = sampleData(3);
  const int64_t shapes[2][2] = {{3, width}, {3, 2}};
  // An older caller's elements are shorter, a newer one's longer.
  struct Longer {
    ReckonInput input;
    uint64_t unknown;
  };
  Longer inputs[3] = {{{sizeof(Longer), RECKON_F32, 2, shapes[0], data.x.data()}, 0},
                      {{sizeof(Longer), RECKON_I64, 2, shapes[1], data.ids.data()}, 0}};
  inputs[2] = inputs[1];
  EXPECT_EQ(reckon_set_inputs(context.get(), &inputs[0].input, 2), RECKON_OK) << reckon_last_error();
  EXPECT_FALSE(context.run());
  EXPECT_EQ(reckon_set_inputs(context.get(), &inputs[0].input, 3), RECKON_INVALID);
  inputs[1].unknown = 1;
  EXPECT_EQ(reckon_set_inputs(context.get(), &inputs[0].input, 2), RECKON_UNSUPPORTED);
  EXPECT_EQ(reckon_set_inputs(context.get(), nullptr, 1), RECKON_INVALID);
  std::vector<ReckonInput> bad(2, RECKON_INPUT_INIT);
  EXPECT_EQ(context.setInputs(bad).message, "input 'x': got 0 axes, expected 2");
  bad[1].struct_size = 8;
  bad[0] = inputs[0].input;
  bad[0].struct_size = sizeof(ReckonInput);
  EXPECT_EQ(context.setInputs(bad).message, "ReckonInput 1: struct_size is 8, and " +
                                                std::to_string(sizeof(ReckonInput)) + " in the first one of the array");
}

TEST(Run, WrongInputsAreNamed) {
  Loaded loaded;
  Context context;
  ASSERT_FALSE(context.create(loaded.engine, 1));
  float x[64] = {};
  int64_t ids[64] = {};
  EXPECT_EQ(context.run().message, "missing input 'x', 'ids'");
  EXPECT_EQ(context.setInput("z", RECKON_F32, {1, 8}, x).message, "the engine has no input 'z'; it has 'x', 'ids'");
  EXPECT_EQ(context.setInput(2, RECKON_F32, {1, 8}, x).message, "the engine has 2 inputs, there is no input 2");
  EXPECT_EQ(context.setInput("x", RECKON_F64, {1, 8}, x).message, "input 'x': got f64, expected f32");
  EXPECT_EQ(context.setInput("x", ReckonElementType(99), {1, 8}, x).message, "input 'x': got ?, expected f32");
  EXPECT_EQ(context.setInput("x", RECKON_F32, {8}, x).message, "input 'x': got 1 axes, expected 2");
  EXPECT_EQ(context.setInput("x", RECKON_F32, {-1, 8}, x).message, "input 'x' axis 0: got -1, a size is not negative");
  EXPECT_EQ(context.setInput("x", RECKON_F32, {1, 8}, nullptr).message, "input 'x': its data is null");
  EXPECT_EQ(context.setInput("x", RECKON_F32, {1, 8}, reinterpret_cast<char *>(x) + 1).message,
            "input 'x': its memory is not aligned to 4 bytes");
  ASSERT_FALSE(context.setInput("x", RECKON_F32, {2, 8}, x));
  EXPECT_EQ(context.run().message, "missing input 'ids'");
  ASSERT_FALSE(context.setInput("ids", RECKON_I64, {3, 2}, ids));
  EXPECT_EQ(context.run().message,
            "input 'ids' axis 0: got 3, expected 2 (batch, where batch = 2 by input 'x' axis 0)");
  ASSERT_FALSE(context.setInput("ids", RECKON_I64, {2, 3}, ids));
  EXPECT_EQ(context.run().message, "input 'ids' axis 1: got 3, expected 2");
  ReckonTensor tensor;
  EXPECT_EQ(reckon_output(context.get(), 0, &tensor), RECKON_INVALID);
  EXPECT_EQ(context.setOutput(0, RECKON_I64, ids, 8).message, "output 'y': got i64, expected f32");
}

TEST(Run, MemoryThatOverlapsIsRefused) {
  Loaded loaded;
  Context context;
  ASSERT_FALSE(context.create(loaded.engine, 1));
  SampleData data = sampleData(4);
  ASSERT_FALSE(bindInputs(context, data));
  ASSERT_FALSE(context.run());
  ReckonTensor y = context.output(0);
  size_t elements = std::accumulate(y.shape, y.shape + y.rank, size_t(1), std::multiplies<>());
  // The output right behind its input, then one element into it.
  std::vector<float> both(data.x.size() + elements);
  std::copy(data.x.begin(), data.x.end(), both.begin());
  ASSERT_FALSE(context.setInput("x", RECKON_F32, {4, width}, both.data()));
  float *behind = both.data() + data.x.size();
  ASSERT_FALSE(context.setOutput(0, RECKON_F32, behind, elements * sizeof(float)));
  EXPECT_FALSE(context.run());
  ASSERT_FALSE(context.setOutput(0, RECKON_F32, behind - 1, elements * sizeof(float)));
  EXPECT_EQ(context.run().message, "the memory of output 'y' overlaps that of input 'x'");
  EXPECT_EQ(both[data.x.size() - 1], data.x.back()) << "a refused run writes nothing";
}

TEST(Run, AContextOfAnotherThreadIsRefused) {
  Loaded loaded;
  Context context;
  ASSERT_FALSE(context.create(loaded.engine, 1));
  SampleData data = sampleData(20000);
  ASSERT_FALSE(bindInputs(context, data));
  std::atomic<int> refused{0}, done{0};
  auto calls = [&] {
    // Until one call of each thread has met the other's.
    for (int i = 0; i < 20000 && refused < 2; ++i) {
      Status status = context.run();
      if (!status) {
        ++done;
        continue;
      }
      EXPECT_EQ(status.code, RECKON_INVALID);
      EXPECT_EQ(status.message, "the context is in use by another thread: each thread needs a context of its own");
      ++refused;
    }
  };
  std::thread other(calls);
  calls();
  other.join();
  EXPECT_GT(done, 0);
  EXPECT_GT(refused, 0);
  expectCorrect(context, data);
}

TEST(Run, LinearShapesAreSolved) {
  EngineSpec spec = sampleSpec();
  spec.dims = {"half", "rows:emb.weight"};
  SizeExpr half = SizeExpr::dim("half");
  auto batch = [&](SizeExpr &size) {
    if (!size.isConstant())
      size = size.substitute([&](std::string_view) { return half * SizeExpr(2); });
  };
  for (auto *list : {&spec.inputs, &spec.outputs})
    for (TensorInfo &tensor : *list)
      batch(tensor.shape[0]);
  batch(spec.programs[0].slots[0]);
  batch(spec.programs[0].arenaUnshared);
  for (ChainSpec &chain : spec.programs[0].chains)
    batch(chain.rows);
  Loaded loaded(spec);
  Context context;
  ASSERT_FALSE(context.create(loaded.engine, 1));
  expectCorrect(context, sampleData(6));
  EXPECT_EQ(reckon_dim_value(context.get(), 0), 3);
  ASSERT_FALSE(bindInputs(context, sampleData(7)));
  EXPECT_EQ(context.run().message, "input 'x' axis 0: got 7, expected 2*half");
}

TEST(Run, RequirementsAreCheckedForEverySetOfSizes) {
  EngineSpec spec = sampleSpec();
  SizeExpr batch = SizeExpr::dim("batch");
  spec.requirements = {{batch, 3, false, "/topk", "the 3 greatest elements of dimension 0"},
                       {SizeExpr::floorDiv(batch, 2) * SizeExpr(2), batch, true, "/pairs", "pairs of rows"}};
  Loaded loaded(spec);
  Context context;
  ASSERT_FALSE(context.create(loaded.engine, 1));
  expectCorrect(context, sampleData(4));
  ASSERT_FALSE(bindInputs(context, sampleData(2)));
  EXPECT_EQ(context.run().message,
            "node '/topk' needs batch >= 3 (the 3 greatest elements of dimension 0), got 2 and 3, "
            "where batch = 2 by input 'x' axis 0");
  ASSERT_FALSE(bindInputs(context, sampleData(5)));
  EXPECT_EQ(
      context.run().message,
      "node '/pairs' needs 2*floordiv(batch, 2) = batch (pairs of rows), got 4 and 5, where batch = 5 by input 'x' "
      "axis 0");
  // What was refused leaves nothing behind, and does not become known.
  expectCorrect(context, sampleData(6));
  ASSERT_FALSE(bindInputs(context, sampleData(2)));
  EXPECT_EQ(context.run().code, RECKON_INVALID);
}

TEST(Run, TablesAreBoundAtLoad) {
  EngineSpec spec = sampleSpec();
  std::vector<uint8_t> rows(spec.tables[0].data.data, spec.tables[0].data.data + spec.tables[0].data.size);
  spec.tables[0].data = {};
  spec.tables[0].externalFile = "reckon-rows.bin";
  spec.tables[0].externalOffset = 12;
  std::string folder = testing::TempDir(), path = folder + "reckon-rows.bin", enginePath = folder + "reckon-bound.rkn";
  {
    std::ofstream file(path, std::ios::binary);
    file.write("twelve bytes", 12);
    file.write(reinterpret_cast<const char *>(rows.data()), rows.size());
  }
  std::string error;
  ASSERT_TRUE(writeEngine(spec, enginePath, &error)) << error;
  auto works = [](const Engine &engine) {
    Context context;
    ASSERT_FALSE(context.create(engine, 1));
    expectCorrect(context, sampleData(5));
  };
  Engine beside;
  ASSERT_FALSE(beside.open(enginePath));
  works(beside);
  EXPECT_EQ(beside.table(0).rows, tableRows);

  auto refused = [&](ReckonTableBinding binding) { return Engine().open(enginePath, {binding}).message; };
  ReckonTableBinding fromFile = RECKON_TABLE_BINDING_INIT;
  fromFile.table = "emb.weight";
  fromFile.source = RECKON_TABLE_FILE;
  fromFile.path = path.c_str();
  fromFile.offset = 12;
  Engine bound;
  ASSERT_FALSE(bound.open(enginePath, {fromFile}));
  works(bound);
  fromFile.rows = tableRows + 1;
  EXPECT_NE(refused(fromFile).find("holds 200 rows from offset 12 on, expected 201"), std::string::npos);
  fromFile.path = "/dev/zero";
  EXPECT_NE(refused(fromFile).find("file '/dev/zero' is not a regular file"), std::string::npos);
  fromFile.path = "/nonexistent";
  EXPECT_NE(refused(fromFile).find("table 'emb.weight': file '/nonexistent' cannot be opened"), std::string::npos);
  ReckonTableBinding memory = RECKON_TABLE_BINDING_INIT;
  memory.table = "emb.weight";
  memory.source = RECKON_TABLE_MEMORY;
  memory.data = rows.data();
  memory.rows = tableRows;
  Engine inMemory;
  ASSERT_FALSE(inMemory.open(enginePath, {memory}));
  works(inMemory);
  memory.table = "nope";
  EXPECT_EQ(refused(memory), "the engine has no table 'nope' to bind");
  memory.table = "emb.weight";
  EXPECT_EQ(Engine().open(enginePath, {memory, memory}).message, "table 'emb.weight' is bound twice");
  ::unlink(path.c_str());
  EXPECT_NE(Engine().open(enginePath).message.find("cannot be opened"), std::string::npos);
  ::unlink(enginePath.c_str());
}

TEST(Run, RowsThatTheEngineDoesNotHold) {
  EngineSpec spec = sampleSpec();
  ByteSpan rows = spec.tables[0].data;
  spec.tables[0].data = {};
  spec.tables[0].mustBeBound = true;
  std::optional<std::vector<uint8_t>> bytes = serializeEngine(spec);
  ASSERT_TRUE(bytes);
  Engine engine;
  EXPECT_EQ(engine.openMemory(bytes->data(), bytes->size()).message,
            "table 'emb.weight': the engine does not hold its rows; bind the table");
  ReckonTableBinding binding = RECKON_TABLE_BINDING_INIT;
  binding.source = RECKON_TABLE_MEMORY;
  binding.data = rows.data;
  binding.rows = tableRows;
  ASSERT_FALSE(engine.openMemory(bytes->data(), bytes->size(), {binding}));
  EXPECT_STREQ(engine.table(0).encoding, "plain");
  EXPECT_EQ(engine.table(0).row_bytes, int64_t(rows.size / tableRows));
  Context context;
  ASSERT_FALSE(context.create(engine, 1));
  expectCorrect(context, sampleData(5));
}

TEST(Run, SyntheticTablesSetTheRows) {
  ReckonTableBinding binding = RECKON_TABLE_BINDING_INIT;
  binding.source = RECKON_TABLE_SYNTHETIC;
  binding.rows = 1000;
  binding.seed = 5;
  Loaded a(sampleSpec(), {binding}), b(sampleSpec(), {binding});
  EXPECT_EQ(a.engine.table(0).rows, 1000);
  SampleData data = sampleData(3);
  data.ids[2] = 999;
  std::vector<std::vector<float>> results;
  for (Loaded *loaded : {&a, &b}) {
    Context context;
    ASSERT_FALSE(context.create(loaded->engine, 1));
    ASSERT_FALSE(bindInputs(context, data));
    ASSERT_FALSE(context.run());
    const float *y = static_cast<const float *>(context.output(0).data);
    results.emplace_back(y, y + 3 * hidden);
  }
  EXPECT_EQ(results[0], results[1]);
  Context context;
  ASSERT_FALSE(context.create(a.engine, 1));
  data.ids[3] = 1000;
  ASSERT_FALSE(bindInputs(context, data));
  EXPECT_NE(context.run().message.find("id 1000 at position 3 is outside [0, 1000)"), std::string::npos);
}

TEST(Load, MissingCpuFeatureIsNamed) {
  EngineSpec spec = sampleSpec();
  spec.programs[0].target.features = {"sse2", "imaginary512"};
  Loaded loaded(spec);
  Context context;
  Status failed = context.create(loaded.engine, 1);
  EXPECT_EQ(failed.code, RECKON_UNAVAILABLE);
  EXPECT_NE(failed.message.find("'imaginary512'"), std::string::npos);
  EXPECT_EQ(failed.message.find("sse2"), std::string::npos);
}

TEST(Load, BrokenCodeAndUnknownDevices) {
  Context context;
  EngineSpec spec = sampleSpec();
  for (size_t size : {size_t(0), size_t(60), size_t(100), size_t(1000)}) {
    EngineSpec cut = spec;
    cut.code[0].data.size = size;
    Loaded truncated(cut);
    Status failed = context.create(truncated.engine, 1);
    EXPECT_EQ(failed.code, RECKON_INVALID);
    EXPECT_NE(failed.message.find("code section 'kernels' cannot be loaded"), std::string::npos) << failed.message;
  }

  spec = sampleSpec();
  spec.programs[0].kernels[0].symbol = "test_absent";
  Loaded absent(spec);
  EXPECT_EQ(context.create(absent.engine, 1).message, "the engine's code lacks the kernel 'test_absent'");

  spec = sampleSpec();
  spec.programs = {ProgramSpec()};
  spec.programs[0].target = {DeviceKind::Cuda, "sm_80", {}};
  Loaded foreign(spec);
  EXPECT_EQ(context.create(foreign.engine, 1).code, RECKON_UNSUPPORTED);

  Loaded loaded;
  ::setenv("RECKON_LIBCUDA", "/nonexistent/libcuda.so.1", 1); // whatever this machine has
  EXPECT_EQ(context.create(loaded.engine, 1, "cuda").code, RECKON_UNAVAILABLE);
  EXPECT_EQ(context.create(loaded.engine, 1, "tpu").code, RECKON_INVALID);
  EXPECT_EQ(context.create(loaded.engine, -1).code, RECKON_INVALID);
  EXPECT_EQ(openMissingEngine(), RECKON_INVALID);
}

TEST(Load, TwoEnginesInOneProcess) {
  Loaded first, second;
  Context a, b;
  ASSERT_FALSE(a.create(first.engine, 1));
  ASSERT_FALSE(b.create(second.engine, 1));
  expectCorrect(a, sampleData(3));
  expectCorrect(b, sampleData(3));
}

TEST(Load, Queries) {
  Loaded loaded;
  const Engine &engine = loaded.engine;
  ASSERT_EQ(engine.numInputs(), 2u);
  EXPECT_STREQ(engine.input(1).name, "ids");
  EXPECT_EQ(engine.input(1).type, RECKON_I64);
  EXPECT_STREQ(engine.input(1).shape[0], "batch");
  EXPECT_STREQ(engine.output(0).shape[1], "16");
  EXPECT_EQ(engine.numTables(), 1u);
  EXPECT_EQ(engine.table(0).dim, width);
  EXPECT_EQ(reckon_engine_num_dims(engine.get()), 2u);
  EXPECT_STREQ(reckon_engine_dim(engine.get(), 0), "batch");
  EXPECT_EQ(reckon_engine_dim(engine.get(), 2), nullptr);
  ReckonTensorInfo info;
  EXPECT_EQ(reckon_engine_input(engine.get(), 2, &info), RECKON_INVALID);
  EXPECT_EQ(reckon_engine_open(nullptr, nullptr, 0, nullptr), RECKON_INVALID);
  EXPECT_EQ(reckon_run(nullptr), RECKON_INVALID);
  EXPECT_STREQ(reckon_element_name(RECKON_BF16), "bf16");
  EXPECT_EQ(reckon_element_size(ReckonElementType(77)), 0u);
  EXPECT_EQ(reckon_element_size(ReckonElementType(256)), 0u);
}

/// Structs as an earlier and a later version of Runtime.h might have them.
struct EarlierOptions {
  size_t struct_size;
  int threads;
  const char *device;
};
struct LaterOptions {
  ReckonContextOptions known = RECKON_CONTEXT_OPTIONS_INIT;
  uint64_t added = 0;
};
struct EarlierBinding {
  size_t struct_size;
  const char *table;
  ReckonTableSource source;
  const char *path;
  uint64_t offset;
  const void *data;
  int64_t rows;
};
struct LaterBinding {
  ReckonTableBinding known = RECKON_TABLE_BINDING_INIT;
  uint64_t added = 0;
};

TEST(Run, OptionsOfOtherVersions) {
  Loaded loaded;
  auto create = [&](const void *options) {
    ReckonContext *context = nullptr;
    ReckonStatus status =
        reckon_context_create(loaded.engine.get(), static_cast<const ReckonContextOptions *>(options), &context);
    reckon_context_destroy(context);
    return status;
  };
  EarlierOptions earlier = {sizeof(EarlierOptions), 1, "host"};
  EXPECT_EQ(create(&earlier), RECKON_OK);
  earlier.device = "tpu";
  EXPECT_NE(create(&earlier), RECKON_OK);
  LaterOptions later;
  later.known.struct_size = sizeof(LaterOptions);
  later.known.threads = 1;
  EXPECT_EQ(create(&later), RECKON_OK);
  later.added = 256;
  EXPECT_EQ(create(&later), RECKON_UNSUPPORTED);
  EXPECT_NE(std::string(reckon_last_error()).find("ReckonContextOptions: a field at offset 33 is set"),
            std::string::npos)
      << reckon_last_error();
  for (size_t size : {size_t(0), size_t(8), size_t(31), SIZE_MAX - 7}) {
    later.known.struct_size = size;
    EXPECT_EQ(create(&later), RECKON_INVALID) << size;
    EXPECT_NE(std::string(reckon_last_error()).find("struct_size is " + std::to_string(size) + ", expected"),
              std::string::npos);
  }
}

TEST(Run, NamesKernels) {
  EngineSpec spec = sampleSpec();
  std::optional<std::vector<uint8_t>> bytes = serializeEngine(spec);
  ASSERT_TRUE(bytes);
  ReckonEngine *engine = nullptr;
  ASSERT_EQ(reckon_engine_open_from_memory(bytes->data(), bytes->size(), nullptr, 0, &engine), RECKON_OK);
  size_t index = 0;
  ReckonKernelInfo info = RECKON_KERNEL_INFO_INIT;
  for (const ProgramSpec &program : spec.programs)
    for (const KernelSpec &kernel : program.kernels) {
      ASSERT_EQ(reckon_engine_kernel(engine, index++, &info), RECKON_OK);
      EXPECT_EQ(info.name, kernel.symbol);
      EXPECT_EQ(info.kind, kernel.kind);
      EXPECT_STREQ(info.device, "host");
      EXPECT_EQ(info.target, program.target.cpu);
      EXPECT_EQ(std::vector<std::string>(info.nodes, info.nodes + info.num_nodes), kernel.onnxNodes);
    }
  EXPECT_EQ(reckon_engine_num_kernels(engine), index);
  EXPECT_EQ(reckon_engine_kernel(engine, index, &info), RECKON_INVALID);
  info.struct_size = 3;
  EXPECT_EQ(reckon_engine_kernel(engine, 0, &info), RECKON_INVALID);
  EXPECT_EQ(reckon_engine_kernel(engine, 0, nullptr), RECKON_INVALID);
  EXPECT_EQ(reckon_engine_num_kernels(nullptr), 0u);
  reckon_engine_close(engine);
}

TEST(Run, BindingsOfOtherVersions) {
  std::optional<std::vector<uint8_t>> bytes = serializeEngine(sampleSpec());
  ASSERT_TRUE(bytes);
  auto open = [&](const void *bindings, size_t count) {
    ReckonEngine *engine = nullptr;
    ReckonStatus status = reckon_engine_open_from_memory(
        bytes->data(), bytes->size(), static_cast<const ReckonTableBinding *>(bindings), count, &engine);
    ReckonTableInfo info = {};
    if (engine)
      reckon_engine_table(engine, 0, &info);
    reckon_engine_close(engine);
    return status == RECKON_OK ? std::to_string(info.rows) : reckon_last_error();
  };
  // The second element of an array lies where its own version puts it.
  EarlierBinding earlier[2] = {{sizeof(EarlierBinding), nullptr, RECKON_TABLE_DEFAULT, nullptr, 0, nullptr, 0},
                               {sizeof(EarlierBinding), "emb.weight", RECKON_TABLE_SYNTHETIC, nullptr, 0, nullptr, 7}};
  EXPECT_EQ(open(earlier, 2), "7");
  LaterBinding later[2];
  for (LaterBinding &binding : later)
    binding.known.struct_size = sizeof(LaterBinding);
  later[1].known.table = "emb.weight";
  later[1].known.source = RECKON_TABLE_SYNTHETIC;
  later[1].known.rows = 9;
  EXPECT_EQ(open(later, 2), "9");
  later[1].added = 1;
  EXPECT_NE(open(later, 2).find("ReckonTableBinding: a field at offset 64 is set"), std::string::npos);
  later[1].known.struct_size = sizeof(ReckonTableBinding);
  EXPECT_NE(open(later, 2).find("ReckonTableBinding 1: struct_size is 64, and 72 in the first"), std::string::npos);
  later[0].known.struct_size = 0;
  EXPECT_NE(open(later, 1).find("struct_size is 0"), std::string::npos);
}
} // namespace
