//===- CompilerCTest.cpp - The C interface of the compiler --------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "reckon/Compiler/CompilerC.h"
#include "reckon/Runtime/Runtime.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

namespace {

/// A field of a protobuf message: a number or bytes.
std::string varint(uint64_t value) {
  std::string text;
  for (; value >= 128; value >>= 7)
    text += static_cast<char>(value | 128);
  return text + static_cast<char>(value);
}
std::string field(unsigned number, uint64_t value) { return varint(number << 3) + varint(value); }
std::string field(unsigned number, const std::string &bytes) {
  return varint(number << 3 | 2) + varint(bytes.size()) + bytes;
}

/// `input` of ["batch", 4] floats through one operator, by the numbers of onnx.proto.
std::string makeModel(const std::string &operatorName) {
  auto value = [](const std::string &name) {
    std::string batch = field(1, field(2, "batch")), four = field(1, field(1, uint64_t(4)));
    return field(1, name) + field(2, field(1, field(1, uint64_t(1)) + field(2, batch + four)));
  };
  std::string node = field(1, "x") + field(2, "y") + field(3, "layer") + field(4, operatorName);
  std::string graph = field(1, node) + field(2, "graph") + field(11, value("x")) + field(12, value("y"));
  return field(1, uint64_t(8)) + field(7, graph) + field(8, field(2, uint64_t(17)));
}

struct Told {
  std::vector<std::string> diagnostics, phases;
  size_t count = 0;
  size_t cancelAt = SIZE_MAX;
  ReckonCompilerCallbacks callbacks = RECKON_COMPILER_CALLBACKS_INIT;
  Told() {
    callbacks.user = this;
    callbacks.diagnostic = [](void *user, const ReckonDiagnostic *diagnostic) {
      static_cast<Told *>(user)->diagnostics.push_back(std::to_string(diagnostic->severity) + " " +
                                                       diagnostic->location + ": " + diagnostic->message);
    };
    callbacks.progress = [](void *user, const char *phase, size_t index, size_t count) {
      auto *told = static_cast<Told *>(user);
      EXPECT_EQ(index, told->phases.size());
      told->phases.push_back(phase);
      told->count = count;
    };
    callbacks.is_cancelled = [](void *user) -> int {
      auto *told = static_cast<Told *>(user);
      return told->phases.size() >= told->cancelAt;
    };
  }
};

ReckonCompilerStatus compile(const std::string &model, std::vector<ReckonCompilerOption> options,
                             Told *told = nullptr) {
  ReckonCompilation *result = nullptr;
  ReckonCompilerStatus status = reckon_compile_buffer(model.data(), model.size(), "relu.onnx", options.data(),
                                                      options.size(), told ? &told->callbacks : nullptr, &result);
  EXPECT_EQ(result != nullptr, status == RECKON_COMPILER_OK);
  EXPECT_EQ(std::string(reckon_compiler_last_error()).empty(), status == RECKON_COMPILER_OK);
  reckon_compilation_destroy(result);
  return status;
}

TEST(CompilerC, CompilesAndRuns) {
  std::string model = makeModel("Relu");
  Told told;
  ReckonCompilation *compilation = nullptr;
  ReckonCompilerOption options[] = {{"verify", nullptr}, {"host-cpu", "x86-64-v3"}};
  ASSERT_EQ(reckon_compile_buffer(model.data(), model.size(), nullptr, options, 2, &told.callbacks, &compilation),
            RECKON_COMPILER_OK)
      << reckon_compiler_last_error();
  EXPECT_EQ(told.phases.front(), "import");
  EXPECT_EQ(told.phases.size(), told.count);
  size_t size = 0;
  const void *bytes = reckon_compilation_engine(compilation, &size);
  ReckonEngine *engine = nullptr;
  ASSERT_EQ(reckon_engine_open_from_memory(bytes, size, nullptr, 0, &engine), RECKON_OK) << reckon_last_error();
  ReckonContext *context = nullptr;
  ASSERT_EQ(reckon_context_create(engine, nullptr, &context), RECKON_OK);
  const float x[] = {-1, 2, -3, 4};
  const int64_t shape[] = {1, 4};
  ASSERT_EQ(reckon_set_input_by_name(context, "x", RECKON_F32, 2, shape, x), RECKON_OK);
  ASSERT_EQ(reckon_run(context), RECKON_OK);
  ReckonTensor y;
  ASSERT_EQ(reckon_output(context, 0, &y), RECKON_OK);
  EXPECT_EQ(static_cast<const float *>(y.data)[1], 2);
  EXPECT_EQ(static_cast<const float *>(y.data)[2], 0);
  reckon_context_destroy(context);
  reckon_engine_close(engine);
  reckon_compilation_destroy(compilation);
}

TEST(CompilerC, AFileIsAsItsBytes) {
  std::string model = makeModel("Relu"), path = testing::TempDir() + "/relu.onnx";
  std::ofstream(path, std::ios::binary) << model;
  ReckonCompilation *fromFile = nullptr, *fromBytes = nullptr;
  ASSERT_EQ(reckon_compile_file(path.c_str(), nullptr, 0, nullptr, &fromFile), RECKON_COMPILER_OK);
  ASSERT_EQ(reckon_compile_buffer(model.data(), model.size(), path.c_str(), nullptr, 0, nullptr, &fromBytes),
            RECKON_COMPILER_OK);
  size_t sizes[2];
  const void *bytes[] = {reckon_compilation_engine(fromFile, &sizes[0]),
                         reckon_compilation_engine(fromBytes, &sizes[1])};
  ASSERT_EQ(sizes[0], sizes[1]);
  EXPECT_EQ(std::memcmp(bytes[0], bytes[1], sizes[0]), 0);
  reckon_compilation_destroy(fromFile);
  reckon_compilation_destroy(fromBytes);
}

TEST(CompilerC, WrongUse) {
  std::string relu = makeModel("Relu");
  auto error = [&](std::vector<ReckonCompilerOption> options) {
    EXPECT_EQ(compile(relu, std::move(options)), RECKON_COMPILER_INVALID);
    return std::string(reckon_compiler_last_error());
  };
  EXPECT_EQ(error({{"presicion", "fp16"}}), "there is no option 'presicion'");
  EXPECT_EQ(error({{"precision", nullptr}}), "the option 'precision' has no value");
  EXPECT_EQ(error({{"precision", "fp8"}}), "no precision 'fp8'; there are fp32, tf32, fp16, bf16");
  EXPECT_EQ(error({{"verify", "yes"}}), "the option 'verify' is true or false, not 'yes'");
  EXPECT_EQ(error({{"freeze-input", "x"}}), "--freeze-input is NAME=FILE, not 'x'");
  EXPECT_EQ(error({{nullptr, "x"}}), "option 0 has no name");
  EXPECT_EQ(error({{"stop-after", "fuse"}}), "stop-after=fuse leaves no engine");
  ReckonCompilation *result = nullptr;
  EXPECT_EQ(reckon_compile_file(nullptr, nullptr, 0, nullptr, &result), RECKON_COMPILER_INVALID);
  EXPECT_EQ(reckon_compile_file("/nonexistent", nullptr, 0, nullptr, &result), RECKON_COMPILER_INVALID);
  EXPECT_NE(std::string(reckon_compiler_last_error()).find("/nonexistent"), std::string::npos);
  EXPECT_EQ(reckon_compile_file("/nonexistent", nullptr, 1, nullptr, &result), RECKON_COMPILER_INVALID);
  EXPECT_EQ(reckon_compile_buffer(nullptr, 1, nullptr, nullptr, 0, nullptr, &result), RECKON_COMPILER_INVALID);
  EXPECT_EQ(reckon_compile_buffer(relu.data(), relu.size(), nullptr, nullptr, 0, nullptr, nullptr),
            RECKON_COMPILER_INVALID);
  ReckonCompilerCallbacks callbacks = RECKON_COMPILER_CALLBACKS_INIT;
  callbacks.struct_size = 1000;
  EXPECT_EQ(reckon_compile_file("/nonexistent", nullptr, 0, &callbacks, &result), RECKON_COMPILER_INVALID);
  EXPECT_EQ(reckon_compilation_engine(nullptr, nullptr), nullptr);
}

TEST(CompilerC, DiagnosticsNameTheNode) {
  Told told;
  EXPECT_EQ(compile(makeModel("StringNormalizer"), {}, &told), RECKON_COMPILER_UNSUPPORTED);
  EXPECT_NE(std::string(reckon_compiler_last_error()).find("StringNormalizer"), std::string::npos);
  ASSERT_FALSE(told.diagnostics.empty());
  EXPECT_EQ(told.diagnostics[0].substr(0, 2), "0 ");
  EXPECT_NE(told.diagnostics[0].find("layer"), std::string::npos) << told.diagnostics[0];
  EXPECT_EQ(compile(std::string("no model"), {}), RECKON_COMPILER_INVALID);
}

TEST(CompilerC, Cancelling) {
  for (size_t phase = 0; phase < 3; ++phase) {
    Told told;
    told.cancelAt = phase;
    EXPECT_EQ(compile(makeModel("Relu"), {}, &told), RECKON_COMPILER_CANCELLED);
    EXPECT_EQ(told.phases.size(), phase);
    EXPECT_STREQ(reckon_compiler_last_error(), "the compilation was cancelled");
  }
}

TEST(CompilerC, OptionsAreThoseOfTheTool) {
  std::vector<std::string> names;
  ReckonCompilerOptionInfo info;
  for (size_t i = 0; i < reckon_compiler_num_options(); ++i) {
    ASSERT_EQ(reckon_compiler_option(i, &info), RECKON_COMPILER_OK);
    names.push_back(info.name);
    EXPECT_FALSE(std::string(info.help).empty());
  }
  for (const char *name : {"target", "precision", "table-format", "freeze-input", "verify"})
    EXPECT_NE(std::find(names.begin(), names.end(), name), names.end()) << name;
  EXPECT_EQ(reckon_compiler_option(names.size(), &info), RECKON_COMPILER_INVALID);
}

TEST(CompilerC, SeveralThreads) {
  std::string model = makeModel("Relu");
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      EXPECT_EQ(compile(model, {}), RECKON_COMPILER_OK);
      EXPECT_EQ(compile(model, {{"precision", "fp8"}}), RECKON_COMPILER_INVALID);
    });
  for (std::thread &thread : threads)
    thread.join();
}

} // namespace
