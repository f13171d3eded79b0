//===- EngineFlags.cpp - The options about who made an engine -------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "EngineFlags.h"

#include <algorithm>

using namespace reckon;
using namespace reckon::tools;

void EngineFlags::declare(ArgParser &args) {
  args.option("public-key", "FILE", "refuse what the key's owner did not sign (reckon-sign)", path);
}

void EngineFlags::declareDeviceTables(ArgParser &args) {
  args.option("device-tables", "own|shared|shared-or-own",
              "on a GPU have the tables in own memory, or once for all processes that share them", deviceTablesText);
}

int EngineFlags::interpret(std::string &error) {
  EngineError problem;
  static const std::pair<const char *, ReckonDeviceTables> places[] = {
      {"own", RECKON_DEVICE_TABLES_OWN},
      {"shared", RECKON_DEVICE_TABLES_SHARED},
      {"shared-or-own", RECKON_DEVICE_TABLES_SHARED_OR_OWN}};
  const auto *place = std::find_if(std::begin(places), std::end(places),
                                   [&](const auto &known) { return deviceTablesText == known.first; });
  if (place == std::end(places)) {
    error = "--device-tables: '" + deviceTablesText + "' is none of own, shared and shared-or-own";
    return ExitUsage;
  }
  placed = place->second;
  if (path.empty() || readPublicKey(path, key.emplace(), problem))
    return ExitOk;
  error = "--public-key: " + problem.message;
  return problem.exitCode();
}
