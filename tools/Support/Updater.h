//===- Updater.h - Changes of an engine from files -------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_TOOLS_SUPPORT_UPDATER_H
#define RECKON_TOOLS_SUPPORT_UPDATER_H

#include "HostTensor.h"
#include "reckon/Engine/EngineFile.h"
#include "reckon/Runtime/Runtime.hpp"

namespace reckon::tools {

/// Adds changes that are in files to an update. Each returns the exit code, with the reason in `error`.
class Updater {
public:
  /// `path` is where the engine was opened.
  Updater(std::string path, const runtime::Engine &engine, runtime::Update &update)
      : path(std::move(path)), engine(engine), update(update) {}

  /// NAME=F.npy: all rows of a table.
  int setTable(const std::string &argument, std::string &error);
  /// NAME=IDS.npy,VALUES.npy: a row for each id.
  int setRows(const std::string &argument, std::string &error);
  /// NAME=IDS.npy
  int deleteRows(const std::string &argument, std::string &error);
  /// The weights of another engine's file, which must have the same program.
  int setWeights(const std::string &path, std::string &error);
  /// The weights that an ONNX model gives the engine: it is compiled as the engine was, by reckon-compile.
  int refit(const std::string &model, std::string &error);

  /// Makes the changes and writes the engine.
  int save(const std::string &path, std::string &error);

private:
  int findTable(const std::string &name, ReckonTableInfo &table, std::string &error) const;
  int readRows(const ReckonTableInfo &table, const std::string &path, HostTensor &rows, std::string &error) const;
  int readIds(const std::string &path, std::vector<int64_t> &ids, std::string &error) const;

  std::string path;
  const runtime::Engine &engine;
  runtime::Update &update;
  std::optional<RecipeSpec> recipe; // of the weights that were set
};

} // namespace reckon::tools

#endif // RECKON_TOOLS_SUPPORT_UPDATER_H
