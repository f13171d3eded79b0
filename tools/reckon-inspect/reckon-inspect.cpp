//===- reckon-inspect.cpp - Show what is in an engine ---------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "tools/Support/ArgParser.h"
#include "tools/Support/EngineReport.h"

#include <cstdio>

using namespace reckon;
using namespace reckon::tools;

int main(int argc, char **argv) {
  bool json = false;
  ArgParser args("reckon-inspect",
                 "Shows the inputs, outputs, tables, weights, kernels, chains, memory and sections of an engine.",
                 "M.rkn");
  args.group("Output");
  args.flag("json", "print JSON", json);
  if (!args.parse(argc, argv))
    return args.exitCode();
  EngineError error;
  auto file = EngineFile::open(args.positional(), error);
  if (!file)
    return args.error(error.message, error.kind == EngineError::Kind::UnsupportedVersion ? ExitUnsupported : ExitUsage);
  std::string text = json ? reportJson(*file) : reportText(*file);
  std::fputs(text.c_str(), stdout);
  return ExitOk;
}
