//===- reckon-inspect.cpp - Show what is in an engine ---------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "tools/Support/ArgParser.h"
#include "tools/Support/EngineFlags.h"
#include "tools/Support/EngineReport.h"
#include "tools/Support/HostTensor.h"
#include "tools/Support/HtmlReport.h"

#include <cstdio>

using namespace reckon;
using namespace reckon::tools;

int main(int argc, char **argv) {
  bool json = false;
  std::string html, profile;
  HtmlOptions page;
  EngineFlags engine;
  ArgParser args("reckon-inspect",
                 "Shows the inputs, outputs, tables, weights, kernels, chains, memory and sections of an engine.",
                 "M.rkn");
  engine.declare(args);
  args.group("Output");
  args.flag("json", "print JSON", json);
  args.option("html", "FILE", "write a page: the graph before and after fusion, kernels, memory over time, tables",
              html);
  args.option("batch", "N", "of the page's sizes, default 64", page.batch, 0);
  args.option("profile", "FILE", "what reckon-bench --profile wrote: the page shows its times", profile);
  if (!args.parse(argc, argv))
    return args.exitCode();
  if (!profile.empty() && html.empty())
    return args.error("--profile is shown by the page: add --html=FILE");
  std::string text, problem;
  if (int code = engine.interpret(problem))
    return args.error(problem, code);
  EngineError error;
  auto file = EngineFile::open(args.positional(), error, EngineFile::Check::All, engine.signer());
  if (!file)
    return args.error(error.message, error.exitCode());
  if (html.empty()) {
    text = json ? reportJson(*file) : reportText(*file);
    std::fputs(text.c_str(), stdout);
    return ExitOk;
  }
  std::vector<uint8_t> bytes;
  page.title = args.positional().substr(args.positional().rfind('/') + 1);
  if (!profile.empty() && !readFile(profile, bytes, problem))
    return args.error("--profile: " + problem);
  page.profile.assign(bytes.begin(), bytes.end());
  if (!reportHtml(*file, page, text, problem))
    return args.error(problem);
  return writeFile(html, {text.begin(), text.end()}, problem) ? int(ExitOk) : args.error(problem, ExitUnavailable);
}
