//===- reckon-tools.cpp - All tools of the runtime in one program -----------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// For wheels: as programs of their own each tool has the runtime in it once more. It is the tool that it is called as.
//
//===----------------------------------------------------------------------------===//

#include <cstdio>
#include <cstring>

#define RECKON_TOOL(NAME, MAIN) int MAIN(int argc, char **argv);
#include "Tools.inc"
#undef RECKON_TOOL

struct Tool {
  const char *name;
  int (*main)(int argc, char **argv);
};

static constexpr Tool tools[] = {
#define RECKON_TOOL(NAME, MAIN) {NAME, MAIN},
#include "Tools.inc"
#undef RECKON_TOOL
};

int main(int argc, char **argv) {
  const char *name = argc > 0 ? argv[0] : "";
  if (const char *slash = std::strrchr(name, '/'))
    name = slash + 1;
  for (const Tool &tool : tools)
    if (std::strcmp(name, tool.name) == 0)
      return tool.main(argc, argv);
  for (const Tool &tool : tools)
    std::puts(tool.name);
  return 2;
}
