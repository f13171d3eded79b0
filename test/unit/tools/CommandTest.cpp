//===- CommandTest.cpp - The tools as commands ----------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// Runs the built tools on an engine with hand-written kernels: output, files and exit codes.
//
//===----------------------------------------------------------------------------===//

#include "test/unit/runtime/CudaSample.h"
#include "tools/Support/Npy.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstring>
#include <fstream>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace reckon;
using namespace reckon::test;
using tools::HostTensor;

namespace {
struct Outcome {
  int code;
  std::string text; // stdout and stderr
};

class Command : public testing::Test {
protected:
  void SetUp() override {
    char pattern[] = "/tmp/reckon-tools-XXXXXX";
    ASSERT_TRUE(::mkdtemp(pattern));
    folder = pattern;
    ::setenv("RECKON_LIBCUDA", "/nonexistent/libcuda.so.1", 1); // whatever this machine has
    engine = folder + "/model.rkn";
    std::string error;
    ASSERT_TRUE(writeEngine(sampleSpec(), engine, &error)) << error;
  }
  void TearDown() override { run("rm -r '" + folder + "'"); }

  static Outcome run(const std::string &command) {
    Outcome outcome;
    FILE *pipe = ::popen((command + " 2>&1").c_str(), "r");
    char buffer[4096];
    for (size_t count; (count = std::fread(buffer, 1, sizeof(buffer), pipe)) > 0;)
      outcome.text.append(buffer, count);
    int status = ::pclose(pipe);
    outcome.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return outcome;
  }
  Outcome tool(const std::string &name, const std::string &arguments) {
    return run(std::string(RECKON_TEST_BIN) + "/" + name + " " + arguments);
  }

  template <typename T> static std::vector<uint8_t> bytesOf(const std::vector<T> &values) {
    std::vector<uint8_t> bytes(values.size() * sizeof(T));
    std::memcpy(bytes.data(), values.data(), bytes.size());
    return bytes;
  }
  void write(const std::string &path, const std::vector<uint8_t> &bytes) {
    std::string error;
    ASSERT_TRUE(tools::writeFile(path, bytes, error)) << error;
  }
  void writeArrays(const SampleData &data) {
    int64_t batch = data.s.size();
    write(folder + "/x.npy", tools::formatNpy(RECKON_F32, {batch, width}, data.x.data(), data.x.size() * 4));
    write(folder + "/ids.npy", tools::formatNpy(RECKON_I64, {batch, numIds}, data.ids.data(), data.ids.size() * 8));
  }
  std::string inputs() const { return " --input x=" + folder + "/x.npy --input ids=" + folder + "/ids.npy"; }

  /// A TensorProto with raw data and no name.
  void writeProto(const std::string &path, uint8_t type, const std::vector<int64_t> &shape,
                  const std::vector<uint8_t> &data) {
    std::vector<uint8_t> bytes;
    for (int64_t size : shape) {
      bytes.push_back(1 << 3);
      bytes.push_back(static_cast<uint8_t>(size));
    }
    bytes.insert(bytes.end(), {2 << 3, type, 9 << 3 | 2, static_cast<uint8_t>(data.size() | 128),
                               static_cast<uint8_t>(data.size() >> 7)});
    bytes.insert(bytes.end(), data.begin(), data.end());
    write(path, bytes);
  }

  std::string folder, engine;
};

bool has(const Outcome &outcome, const char *text) { return outcome.text.find(text) != std::string::npos; }

TEST_F(Command, RunWritesArrays) {
  SampleData data = sampleData(5);
  writeArrays(data);
  Outcome outcome = tool("reckon-run", engine + inputs() + " --output-dir /nonexistent/out");
  EXPECT_EQ(outcome.code, 4);
  EXPECT_TRUE(has(outcome, "'/nonexistent/out' cannot be created")) << outcome.text;
  outcome = tool("reckon-run", engine + inputs() + " --threads=2 --output-dir " + folder + "/out");
  ASSERT_EQ(outcome.code, 0) << outcome.text;
  EXPECT_EQ(outcome.text, "");
  std::vector<uint8_t> bytes;
  std::string error;
  HostTensor y;
  ASSERT_TRUE(tools::readFile(folder + "/out/y.npy", bytes, error)) << error;
  ASSERT_TRUE(tools::parseNpy(bytes, y, error)) << error;
  EXPECT_EQ(y.shape, (std::vector<int64_t>{5, hidden}));
  EXPECT_EQ(y.data, bytesOf(data.y));
  outcome = tool("reckon-run", engine + inputs());
  EXPECT_EQ(outcome.code, 0);
  EXPECT_TRUE(has(outcome, "s f32[5]: "));
}

TEST_F(Command, RunNamesWhatIsWrong) {
  SampleData data = sampleData(5);
  data.ids[3] = 200;
  writeArrays(data);
  auto expect = [&](const std::string &arguments, int code, const char *text) {
    Outcome outcome = tool("reckon-run", arguments);
    EXPECT_EQ(outcome.code, code) << outcome.text;
    EXPECT_TRUE(has(outcome, text)) << outcome.text;
  };
  expect(engine + inputs(), 2, "input 'ids' -> table 'emb.weight': id 200 at position 3 is outside [0, 200)");
  expect(engine + " --input x=" + folder + "/x.npy", 2, "missing input 'ids'");
  expect(engine + inputs() + inputs(), 2, "input 'x' is given twice");
  expect(engine + inputs() + " --input z=" + folder + "/x.npy", 2, "no input 'z'");
  expect(engine + " --input x=" + folder + "/ids.npy", 2, "input 'x': got i64, expected f32");
  expect(engine + " --input x=/nonexistent.npy", 2, "'/nonexistent.npy' cannot be opened");
  expect(engine + " --input x=" + engine, 2, "not a usable .npy file");
  ASSERT_EQ(::mkfifo((folder + "/pipe").c_str(), 0600), 0);
  expect(engine + " --input x=" + folder + "/pipe", 2, "/pipe' cannot be opened: it is a pipe, expected a file");
  const std::string longName(5000, 'n');
  expect(engine + " --input " + longName + "=" + folder + "/x.npy", 2, "[4900 more]");
  expect(engine + " --input x", 2, "NAME=FILE.npy");
  expect("/nonexistent.rkn", 2, "cannot be opened");
  expect(folder + "/x.npy", 2, "not a Reckon engine");
  expect(engine + " --device=cuda", 4, "device 'cuda': no NVIDIA driver: '/nonexistent/libcuda.so.1' cannot be loaded");
  expect(engine + " --frobnicate", 2, "unknown option '--frobnicate'");
  expect(engine + " --table emb.weight=" + folder + "/absent", 2, "table 'emb.weight'");
  expect("", 2, "no M.rkn is given");
}

TEST_F(Command, RunComparesTestData) {
  SampleData data = sampleData(3);
  for (const char *set : {"0", "10"}) {
    std::string path = folder + "/test_data_set_" + set;
    ASSERT_EQ(::mkdir(path.c_str(), 0777), 0);
    writeProto(path + "/input_0.pb", 1, {3, width}, bytesOf(data.x));
    writeProto(path + "/input_1.pb", 7, {3, numIds}, bytesOf(data.ids));
    writeProto(path + "/output_0.pb", 1, {3, hidden}, bytesOf(data.y));
    writeProto(path + "/output_1.pb", 1, {3}, bytesOf(data.s));
  }
  Outcome outcome = tool("reckon-run", engine + " --onnx-test-data " + folder);
  EXPECT_EQ(outcome.code, 0) << outcome.text;
  EXPECT_TRUE(has(outcome, "4 outputs of 2 data sets compared, 0 mismatched"));
  data.s[2] += 1;
  writeProto(folder + "/test_data_set_10/output_1.pb", 1, {3}, bytesOf(data.s));
  outcome = tool("reckon-run", engine + " --onnx-test-data " + folder);
  EXPECT_EQ(outcome.code, 1) << outcome.text;
  EXPECT_TRUE(has(outcome, "test_data_set_10: output 's' f32[3]: max absolute error 1,")) << outcome.text;
  EXPECT_TRUE(has(outcome, "worst at [2]"));
  EXPECT_EQ(tool("reckon-run", engine + " --onnx-test-data " + folder + " --atol=2").code, 0);
  EXPECT_EQ(tool("reckon-run", engine + " --onnx-test-data " + folder + "/test_data_set_0").code, 0);
  EXPECT_EQ(tool("reckon-run", engine + " --onnx-test-data /nonexistent").code, 2);
}

TEST_F(Command, BenchReportsAndWritesJson) {
  std::string json = folder + "/bench.json";
  Outcome outcome = tool("reckon-bench", engine +
                                             " --batch=1,100 --threads=2 --duration=0.05 --warmup=0 --table-rows=99 "
                                             "--ids=zipf:1.1 --json=" +
                                             json);
  ASSERT_EQ(outcome.code, 0) << outcome.text;
  for (const char *label :
       {"Throughput: ", "Latency: min = ", "median = ", "percentile(99%) = ", "Total Host Walltime: ", "batch 100"})
    EXPECT_TRUE(has(outcome, label)) << label;
  std::ifstream file(json);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  EXPECT_NE(text.find("\"throughput_qps\""), std::string::npos);
  EXPECT_EQ(tool("reckon-bench", engine + " --ids=normal").code, 2);
  EXPECT_EQ(tool("reckon-bench", engine + " --ids=zipf:0").code, 2);
  EXPECT_EQ(tool("reckon-bench", engine + " --ids=zipf:1e308").code, 2); // would look for an id for ever
  EXPECT_EQ(tool("reckon-bench", engine + " --batch=x").code, 2);
  EXPECT_EQ(tool("reckon-bench", engine + " --dim=nope=3 --duration=0").code, 2);
  EXPECT_EQ(tool("reckon-bench", engine + " --device=cuda").code, 4);
  EXPECT_EQ(tool("reckon-bench", engine + " --batch=0 --duration=0 --warmup=0").code, 0);
  outcome = tool("reckon-bench", engine + " --batch=1 --duration=0 --warmup=0 --json=/nonexistent/x.json");
  EXPECT_EQ(outcome.code, 4) << outcome.text;
  EXPECT_TRUE(has(outcome, "'/nonexistent/x.json' cannot be written")) << outcome.text;
}

TEST_F(Command, InspectShowsEverything) {
  Outcome outcome = tool("reckon-inspect", engine);
  ASSERT_EQ(outcome.code, 0) << outcome.text;
  for (const char *part : {"written by reckon test", "x: f32[batch, 8]", "emb.weight: f32, 200 rows x 8", "test_linear",
                           "/fc/Gemm", "without reuse 64*batch", "host_code 'kernels'"})
    EXPECT_TRUE(has(outcome, part)) << part << "\n" << outcome.text;
  outcome = tool("reckon-inspect", engine + " --json");
  EXPECT_EQ(outcome.code, 0);
  EXPECT_TRUE(has(outcome, "\"block_rows\": 32"));
  EXPECT_EQ(tool("reckon-inspect", "/nonexistent").code, 2);
  std::vector<uint8_t> bytes = sampleEngine();
  bytes[8] = 99;
  write(folder + "/future.rkn", bytes);
  outcome = tool("reckon-inspect", folder + "/future.rkn");
  EXPECT_EQ(outcome.code, 3);
  EXPECT_TRUE(has(outcome, "this build reads 10.0 to 10."));
  EXPECT_EQ(tool("reckon-run", folder + "/future.rkn").code, 3);
}

/// On the fake driver, whose kernels do nothing.
TEST_F(Command, ToolsOnAGpu) {
  std::string error, onGpu = folder + "/gpu.rkn", fake = "RECKON_LIBCUDA='" RECKON_TEST_FAKE_CUDA "' ";
  ASSERT_TRUE(writeEngine(cudaSampleSpec(), onGpu, &error)) << error;
  auto tool = [&](const char *name, const std::string &arguments) {
    return run(fake + RECKON_TEST_BIN + "/" + name + " " + onGpu + " " + arguments);
  };
  Outcome outcome =
      tool("reckon-bench", "--device=cuda --batch=3 --duration=0.02 --warmup=0 --json=" + folder + "/b.json");
  ASSERT_EQ(outcome.code, 0) << outcome.text;
  for (const char *label : {"Latency: min = ", "Enqueue Time: min = ", "H2D Latency: min = 0.5 ms",
                            "GPU Compute Time: min = 0.5 ms", "D2H Latency: min = 0.5 ms"})
    EXPECT_TRUE(has(outcome, label)) << label << "\n" << outcome.text;
  std::ifstream file(folder + "/b.json");
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  EXPECT_NE(text.find("\"gpu_compute_ms\""), std::string::npos);
  outcome = tool("reckon-bench", "--device=cuda --table-rows=100000000");
  EXPECT_EQ(outcome.code, 4);
  EXPECT_TRUE(has(outcome, "lacks memory: the engine needs 512 bytes for weights and 3200000000 for 1 tables"));
  outcome = tool("reckon-run", "--device=cuda:4");
  EXPECT_EQ(outcome.code, 4);
  EXPECT_TRUE(has(outcome, "device 'cuda:4': this machine has 2 GPUs")) << outcome.text;
  EXPECT_EQ(tool("reckon-run", "--device=cuda:x").code, 2);
  EXPECT_EQ(run(fake + RECKON_TEST_BIN + "/reckon-run " + engine + " --device=cuda").code, 3); // has no such program

  outcome = tool("reckon-inspect", "");
  for (const char *part :
       {"Program: host, generic", "Program: cuda, sm_80", "test_linear_small: gemm, 128 threads, clusters of 2",
        "1 tensor maps", "any rows: cublaslt batch x 16 x 8 in f32",
        "0 to 4 rows: test_linear_small, grid [1000], at most 3 blocks for each processor, scratch 32 "
        "bytes a block",
        "ptx 'sm_80'"})
    EXPECT_TRUE(has(outcome, part)) << part << "\n" << outcome.text;
  outcome = tool("reckon-inspect", "--json");
  for (const char *part : {"\"block_threads\": 128", "\"blocks_per_sm\": 3", "\"max_rows\": 4"})
    EXPECT_TRUE(has(outcome, part)) << part << "\n" << outcome.text;
}

TEST_F(Command, HelpIsGrouped) {
  for (const char *name : {"reckon-run", "reckon-bench", "reckon-inspect"}) {
    Outcome outcome = tool(name, "--help");
    EXPECT_EQ(outcome.code, 0);
    EXPECT_TRUE(has(outcome, "usage: "));
    EXPECT_TRUE(has(outcome, "Exit status: "));
    EXPECT_EQ(tool(name, "--version").code, 0);
  }
}
} // namespace
