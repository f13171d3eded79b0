//===- TablePlaces.cpp - Where the rows of tables go --------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "lib/Compiler/TablePlaces.h"
#include "lib/Engine/FileMapping.h"

#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Path.h"

using namespace reckon;

/// The model's own file: the rows are its bytes as they are.
static std::string refer(TableSpec &table) {
  std::optional<MappedPlace> place = findMappedPlace(table.data.data, table.data.size);
  if (!place)
    return "the rows of table '" + table.name +
           "' are not as the model's external data has them: they are in the model's file itself, or another precision "
           "or a "
           "layer changes them; --tables=separate writes them";
  table.externalFile = place->path;
  table.externalOffset = place->offset;
  table.data = {};
  return "";
}

/// "M.rkn.NAME.rows", with what files cannot be called replaced.
static std::string makeFileName(llvm::StringRef engine, llvm::StringRef table, llvm::StringSet<> &taken) {
  std::string base = (engine + ".").str();
  for (char c : table)
    base += c == '/' || c == '\0' ? '_' : c;
  std::string name = base + ".rows";
  for (unsigned i = 1; !taken.insert(name).second; ++i)
    name = base + "." + std::to_string(i) + ".rows";
  return name;
}

std::string reckon::placeTables(EngineSpec &spec, const CompileOptions &options, CompileReport &report) {
  bool isSeparate = options.tables == "separate";
  report.error = ErrorKind::BadInput;
  if (isSeparate && options.engineFile.empty())
    return "--tables=separate puts tables beside the engine's file, and there is none";
  llvm::StringRef folder = llvm::sys::path::parent_path(options.engineFile),
                  engine = llvm::sys::path::filename(options.engineFile);
  llvm::StringSet<> taken;
  for (TableSpec &table : spec.tables) {
    if (options.tables == "inline" || table.data.size == 0)
      continue;
    if (!isSeparate) {
      if (std::string wrong = refer(table); !wrong.empty())
        return wrong;
      continue;
    }
    std::string name = makeFileName(engine, table.name, taken), error;
    llvm::SmallString<256> path(folder);
    llvm::sys::path::append(path, name);
    if (!writeRows(table.data, std::string(path), &error)) {
      report.error = ErrorKind::Environment;
      return error;
    }
    table.externalFile = name;
    table.data = {};
  }
  report.error = ErrorKind::None;
  return "";
}
