//===- EngineFlags.h - The options about opening an engine ----------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_TOOLS_SUPPORT_ENGINEFLAGS_H
#define RECKON_TOOLS_SUPPORT_ENGINEFLAGS_H

#include "ArgParser.h"
#include "reckon/Engine/EngineFile.h"
#include "reckon/Runtime/Runtime.hpp"

namespace reckon::tools {

class EngineFlags {
public:
  /// --public-key.
  void declare(ArgParser &args);
  /// Where tables lie and what of them is read first, of tools that run engines.
  void declareTables(ArgParser &args);
  /// Reads the key and checks the rest. The exit code.
  int interpret(std::string &error);

  /// Opens an engine, and warms it up where that is asked for. The exit code.
  int open(runtime::Engine &engine, const std::string &path, const std::vector<ReckonTableBinding> &bindings,
           std::string &error) const;

  /// Null when nothing has to be signed.
  const PublicKey *signer() const { return key ? &*key : nullptr; }

private:
  int warmUp(const runtime::Engine &engine, std::string &error) const;

  std::string path, deviceTablesText = "own";
  std::vector<std::string> hotRows;
  bool hugePages = false, interleaved = false, warmsUpAll = false;
  ReckonDeviceTables placed = RECKON_DEVICE_TABLES_OWN;
  std::optional<PublicKey> key;
};

} // namespace reckon::tools

#endif // RECKON_TOOLS_SUPPORT_ENGINEFLAGS_H
