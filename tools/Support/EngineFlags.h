//===- EngineFlags.h - The options about who made an engine ---------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_TOOLS_SUPPORT_ENGINEFLAGS_H
#define RECKON_TOOLS_SUPPORT_ENGINEFLAGS_H

#include "ArgParser.h"
#include "reckon/Engine/EngineFile.h"
#include "reckon/Runtime/Runtime.h"

namespace reckon::tools {

class EngineFlags {
public:
  /// --public-key.
  void declare(ArgParser &args);
  /// --device-tables, of tools that run engines.
  void declareDeviceTables(ArgParser &args);
  /// Reads the key and checks the rest. The exit code.
  int interpret(std::string &error);

  /// Null when nothing has to be signed.
  const PublicKey *signer() const { return key ? &*key : nullptr; }
  /// The same for the C interface.
  const uint8_t *publicKey() const { return key ? key->data() : nullptr; }
  ReckonDeviceTables deviceTables() const { return placed; }

private:
  std::string path, deviceTablesText = "own";
  ReckonDeviceTables placed = RECKON_DEVICE_TABLES_OWN;
  std::optional<PublicKey> key;
};

} // namespace reckon::tools

#endif // RECKON_TOOLS_SUPPORT_ENGINEFLAGS_H
