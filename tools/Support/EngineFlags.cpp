//===- EngineFlags.cpp - The options about who made an engine -------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "EngineFlags.h"

using namespace reckon;
using namespace reckon::tools;

void EngineFlags::declare(ArgParser &args) {
  args.option("public-key", "FILE", "refuse what the key's owner did not sign (reckon-sign)", path);
}

int EngineFlags::interpret(std::string &error) {
  EngineError problem;
  if (path.empty() || readPublicKey(path, key.emplace(), problem))
    return ExitOk;
  error = "--public-key: " + problem.message;
  return problem.exitCode();
}
