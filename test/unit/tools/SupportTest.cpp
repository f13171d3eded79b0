//===- SupportTest.cpp - Arguments, JSON, statistics and made-up inputs ---------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "tools/Support/ArgParser.h"
#include "tools/Support/InputMaker.h"
#include "tools/Support/Json.h"
#include "tools/Support/Statistics.h"
#include "tools/Support/TestData.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

using namespace reckon;
using namespace reckon::tools;

namespace {
struct Parsed {
  bool flag = false, proceed;
  std::string text;
  std::vector<std::string> list;
  int64_t number = 7;
  double real = 0.5;
  std::vector<int64_t> numbers;
  int code;
  std::string positional, output;

  explicit Parsed(std::vector<const char *> arguments) {
    ArgParser args("tool", "Does.", "FILE");
    args.group("Things");
    args.flag("flag", "a flag", flag);
    args.option("text", "T", "a text", text);
    args.option("list", "T", "a list", list);
    args.option("number", "N", "a number", number, 0);
    args.option("real", "X", "a real", real, 0.0);
    args.option("numbers", "N,N", "numbers", numbers, 1);
    arguments.insert(arguments.begin(), "tool");
    testing::internal::CaptureStderr();
    testing::internal::CaptureStdout();
    proceed = args.parse(int(arguments.size()), arguments.data());
    output = testing::internal::GetCapturedStdout() + testing::internal::GetCapturedStderr();
    code = args.exitCode();
    positional = args.positional();
  }
};

TEST(ArgParser, Reads) {
  Parsed p({"--flag", "x", "--text=a=b", "--list", "1", "--list=2", "--number=12", "--real", "2.5", "--numbers=1,64"});
  EXPECT_TRUE(p.proceed) << p.output;
  EXPECT_TRUE(p.flag);
  EXPECT_EQ(p.text, "a=b");
  EXPECT_EQ(p.list, (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(p.number, 12);
  EXPECT_EQ(p.real, 2.5);
  EXPECT_EQ(p.numbers, (std::vector<int64_t>{1, 64}));
  EXPECT_EQ(p.positional, "x");
}

TEST(ArgParser, TakesAsManyArgumentsAsItNames) {
  auto parse = [](std::vector<const char *> arguments, std::string &output) {
    ArgParser args("tool", "Does.", "A B|DIR");
    arguments.insert(arguments.begin(), "tool");
    testing::internal::CaptureStderr();
    bool proceed = args.parse(int(arguments.size()), arguments.data());
    output = testing::internal::GetCapturedStderr() + args.positional(0) + "+" + args.positional(1);
    return proceed;
  };
  std::string output;
  EXPECT_TRUE(parse({"x", "y"}, output));
  EXPECT_EQ(output, "x+y");
  EXPECT_FALSE(parse({"x"}, output));
  EXPECT_EQ(output, "tool: error: no B|DIR is given (see --help)\nx+");
  EXPECT_FALSE(parse({}, output));
  EXPECT_EQ(output.substr(0, 25), "tool: error: no A is give");
  EXPECT_FALSE(parse({"x", "y", "z"}, output));
  EXPECT_EQ(output.substr(0, 35), "tool: error: unexpected argument 'z");
}

TEST(ArgParser, Refuses) {
  for (std::vector<const char *> arguments :
       std::vector<std::vector<const char *>>{{},
                                              {"a", "b"},
                                              {"a", "--nope"},
                                              {"a", "-flag"},
                                              {"a", "--flag=1"},
                                              {"a", "--text"},
                                              {"a", "--text=1", "--text=2"},
                                              {"a", "--number=x"},
                                              {"a", "--number=1.5"},
                                              {"a", "--number=-1"},
                                              {"a", "--number="},
                                              {"a", "--number=99999999999999999999"},
                                              {"a", "--real=nan"},
                                              {"a", "--real=1x"},
                                              {"a", "--numbers=1,,2"},
                                              {"a", "--numbers=0"}}) {
    Parsed p(arguments);
    EXPECT_FALSE(p.proceed);
    EXPECT_EQ(p.code, ExitUsage);
    EXPECT_NE(p.output.find("tool: error: "), std::string::npos);
  }
  EXPECT_NE(Parsed({"a", "--nope=3"}).output.find("unknown option '--nope'"), std::string::npos);
}

TEST(ArgParser, Help) {
  Parsed p({"--help"});
  EXPECT_FALSE(p.proceed);
  EXPECT_EQ(p.code, 0);
  for (const char *part : {"usage: tool FILE [options]", "Things:", "--number=N", "--help", "--version", "Exit status"})
    EXPECT_NE(p.output.find(part), std::string::npos) << part;
}

TEST(Json, EscapesAndNests) {
  JsonWriter json;
  json.beginObject();
  json.key("a\"b").value("line\n\\ \xc3\xa9 \xff");
  json.key("list").beginArray();
  json.value(int64_t(1));
  json.value(0.5);
  json.value(true);
  json.endArray();
  json.key("none").beginArray();
  json.endArray();
  json.endObject();
  EXPECT_EQ(json.take(), "{\n  \"a\\\"b\": \"line\\u000a\\\\ \xc3\xa9 \\ufffd\",\n  \"list\": [\n    1,\n    0.5,\n"
                         "    true\n  ],\n  \"none\": []\n}\n");
}

TEST(Statistics, NearestRank) {
  std::vector<double> samples;
  for (int i = 100; i >= 1; --i)
    samples.push_back(i);
  Statistics s = summarize(samples);
  EXPECT_EQ(s.min, 1);
  EXPECT_EQ(s.max, 100);
  EXPECT_EQ(s.mean, 50.5);
  EXPECT_EQ(s.median, 50.5);
  EXPECT_EQ(s.p90, 90);
  EXPECT_EQ(s.p99, 99);
  EXPECT_NEAR(s.variation, 57.16, 0.01);
  std::vector<double> none, one = {3};
  EXPECT_EQ(summarize(none).count, 0u);
  EXPECT_EQ(summarize(one).p99, 3);
}

TEST(IdSampler, StaysInRangeAndIsSkewed) {
  Random random(1);
  for (uint64_t rows : {1, 2, 3, 1000, 1000000})
    for (double exponent : {0.0, 0.5, 1.0, 1.2, 3.0}) {
      IdSampler sampler(rows, exponent);
      std::map<uint64_t, int> counts;
      for (int i = 0; i < 5000; ++i)
        ++counts[sampler.draw(random)];
      EXPECT_LT(counts.rbegin()->first, rows);
      int most = 0;
      for (auto [id, count] : counts)
        most = std::max(most, count);
      if (rows == 1000) {
        // Under Zipf's law with exponent 1 the first of 1000 ranks has a share of 1/H(1000) = 13%.
        if (exponent == 1.0) {
          EXPECT_NEAR(most / 5000.0, 0.134, 0.03);
        }
        if (exponent == 0.0) {
          EXPECT_LT(most, 30);
        }
      }
    }
}

EngineSpec inputsSpec() {
  EngineSpec spec;
  SizeExpr batch = SizeExpr::dim("batch"), n = SizeExpr::dim("n"), seq = SizeExpr::dim("seq");
  spec.dims = {"batch", "n", "seq", "rows:a", "rows:b"};
  spec.inputs = {{"ids", ElementType::I64, {batch, 3}},
                 {"flat", ElementType::I32, {n}},
                 {"offsets", ElementType::I64, {batch + SizeExpr(1)}},
                 {"x", ElementType::F32, {batch, seq}}};
  spec.tables.resize(2);
  spec.tables[0].rowsDim = 3;
  spec.tables[1].rowsDim = 4;
  spec.idUses = {{0, 0, 1, SizeExpr::dim("rows:a")}, {0, 1, 2, SizeExpr::dim("rows:b")}, {1, 0, 0, SizeExpr(5)}};
  spec.offsetsUses = {{2, 1, true}};
  return spec;
}

TEST(InputMaker, KeepsTheRules) {
  EngineSpec spec = inputsSpec();
  InputMaker maker(spec, {10, 4});
  InputOptions options;
  options.batch = 200;
  std::string error;
  EXPECT_FALSE(maker.chooseDims(options, error));
  EXPECT_EQ(error, "give a size with --dim NAME=SIZE for the dimension 'seq'");
  options.dims.emplace("seq", *SizeExpr::parse("2*batch+1"));
  ASSERT_TRUE(maker.chooseDims(options, error)) << error;
  EXPECT_EQ(maker.dims(), (std::vector<int64_t>{200, 2000, 401, 10, 4}));
  std::vector<HostTensor> inputs, again, other;
  ASSERT_TRUE(maker.make(options, 0, inputs, error)) << error;
  ASSERT_TRUE(maker.make(options, 0, again, error));
  ASSERT_TRUE(maker.make(options, 1, other, error));
  EXPECT_EQ(inputs[0].data, again[0].data);
  EXPECT_NE(inputs[0].data, other[0].data);
  std::vector<int64_t> ids(600), offsets(201);
  ASSERT_EQ(inputs[0].data.size(), 4800u);
  std::memcpy(ids.data(), inputs[0].data.data(), 4800);
  int64_t largest = 0;
  for (size_t i = 0; i < ids.size(); ++i) {
    EXPECT_GE(ids[i], 0);
    EXPECT_LT(ids[i], i % 3 == 0 ? 10 : 4);
    largest = std::max(largest, ids[i]);
  }
  EXPECT_EQ(largest, 9);
  std::memcpy(offsets.data(), inputs[2].data.data(), 201 * 8);
  EXPECT_EQ(offsets.front(), 0);
  EXPECT_EQ(offsets.back(), 2000);
  EXPECT_TRUE(std::is_sorted(offsets.begin(), offsets.end()));
}

TEST(InputMaker, Refusals) {
  EngineSpec spec = inputsSpec();
  std::string error;
  InputOptions options;
  options.dims.emplace("nope", SizeExpr(1));
  EXPECT_FALSE(InputMaker(spec, {10, 4}).chooseDims(options, error));
  EXPECT_NE(error.find("no dimension 'nope'"), std::string::npos);
  options.dims.clear();
  options.dims.emplace("seq", SizeExpr::dim("n"));
  EXPECT_FALSE(InputMaker(spec, {10, 4}).chooseDims(options, error));
  options.dims.clear();
  options.dims.emplace("seq", SizeExpr(1));
  InputMaker empty(spec, {0, 4});
  ASSERT_TRUE(empty.chooseDims(options, error)) << error;
  std::vector<HostTensor> inputs;
  EXPECT_FALSE(empty.make(options, 0, inputs, error));
  EXPECT_NE(error.find("[0, rows:a)"), std::string::npos);
  options.batch = 0;
  ASSERT_TRUE(empty.chooseDims(options, error));
  EXPECT_TRUE(empty.make(options, 0, inputs, error)) << error;
}

TEST(TestData, MatchesByNameThenByPlace) {
  std::vector<HostTensor> tensors(3);
  tensors[0].name = "a";
  tensors[1].name = "b";
  tensors[2].name = "c";
  std::vector<size_t> indices;
  std::string error;
  ASSERT_TRUE(matchTestTensors({"c", "a"}, tensors, "input", indices, error));
  EXPECT_EQ(indices, (std::vector<size_t>{2, 0}));
  ASSERT_TRUE(matchTestTensors({"x", "y", "z"}, tensors, "input", indices, error));
  EXPECT_EQ(indices, (std::vector<size_t>{0, 1, 2}));
  EXPECT_FALSE(matchTestTensors({"x", "y"}, tensors, "input", indices, error));
  EXPECT_NE(error.find("3 inputs and the engine 2"), std::string::npos);
}
} // namespace
