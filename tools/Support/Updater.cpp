//===- Updater.cpp - Changes of an engine from files -----------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "Updater.h"
#include "ArgParser.h"
#include "Arrays.h"
#include "Npy.h"

#include <cstring>

using namespace reckon;
using namespace reckon::tools;
using runtime::Status;

static int fail(const std::string &what, std::string &error, int code = ExitUsage) {
  error = what;
  return code;
}

static int take(const Status &status, std::string &error) {
  return status ? fail(status.message, error, status.code) : int(ExitOk);
}

static std::string describe(const HostTensor &tensor) {
  return reckon_element_name(tensor.type) + shapeText(tensor.shape);
}

int Updater::findTable(const std::string &name, ReckonTableInfo &table, std::string &error) const {
  for (size_t i = 0; i < engine.numTables(); ++i)
    if (table = engine.table(i); name == table.name)
      return ExitOk;
  return fail("the engine has no table '" + name + "'", error);
}

int Updater::readRows(const ReckonTableInfo &table, const std::string &path, HostTensor &rows,
                      std::string &error) const {
  if (int code = readArray(path, rows, error))
    return code;
  bool isPlain = std::strcmp(table.encoding, "plain") == 0;
  ReckonElementType type = isPlain ? table.type : RECKON_U8;
  int64_t columns = isPlain ? table.dim : table.row_bytes;
  // NumPy has no bfloat16.
  bool matches = rows.type == type || (type == RECKON_BF16 && rows.type == RECKON_U16);
  if (matches && rows.shape.size() == 2 && rows.shape[1] == columns)
    return ExitOk;
  return fail("table '" + std::string(table.name) + "': '" + path + "' holds " + describe(rows) +
                  ", expected rows of " + std::to_string(columns) + " " + reckon_element_name(type) +
                  (isPlain ? "" : std::string(" in the encoding ") + table.encoding),
              error);
}

int Updater::readIds(const std::string &path, std::vector<int64_t> &ids, std::string &error) const {
  HostTensor tensor;
  if (int code = readArray(path, tensor, error))
    return code;
  if (tensor.shape.size() != 1 || (tensor.type != RECKON_I64 && tensor.type != RECKON_I32))
    return fail("'" + path + "' holds " + describe(tensor) + ", expected ids: one axis of i64 or i32", error);
  ids.resize(static_cast<size_t>(tensor.shape[0]));
  for (size_t i = 0; i < ids.size(); ++i) {
    int32_t small;
    if (tensor.type == RECKON_I64) {
      std::memcpy(&ids[i], tensor.data.data() + i * sizeof(int64_t), sizeof(int64_t));
    } else {
      std::memcpy(&small, tensor.data.data() + i * sizeof(small), sizeof(small));
      ids[i] = small;
    }
  }
  return ExitOk;
}

int Updater::setTable(const std::string &argument, std::string &error) {
  std::string name, file;
  ReckonTableInfo table;
  HostTensor rows;
  if (!splitPair(argument, name, file))
    return fail("'" + argument + "' is not NAME=F.npy", error);
  if (int code = findTable(name, table, error))
    return code;
  if (int code = readRows(table, file, rows, error))
    return code;
  return take(update.setTable(name, static_cast<size_t>(rows.shape[0]), rows.data.data()), error);
}

int Updater::setRows(const std::string &argument, std::string &error) {
  std::string name, files;
  ReckonTableInfo table;
  HostTensor rows;
  std::vector<int64_t> ids;
  size_t comma = std::string::npos;
  if (splitPair(argument, name, files))
    comma = files.find(',');
  if (comma == std::string::npos)
    return fail("'" + argument + "' is not NAME=IDS.npy,VALUES.npy", error);
  if (int code = findTable(name, table, error))
    return code;
  if (int code = readIds(files.substr(0, comma), ids, error))
    return code;
  if (int code = readRows(table, files.substr(comma + 1), rows, error))
    return code;
  if (ids.size() != static_cast<size_t>(rows.shape[0]))
    return fail("table '" + name + "': there are " + std::to_string(ids.size()) + " ids and " +
                    std::to_string(rows.shape[0]) + " rows",
                error);
  return take(update.setRows(name, ids, rows.data.data()), error);
}

int Updater::deleteRows(const std::string &argument, std::string &error) {
  std::string name, file;
  std::vector<int64_t> ids;
  if (!splitPair(argument, name, file))
    return fail("'" + argument + "' is not NAME=IDS.npy", error);
  if (int code = readIds(file, ids, error))
    return code;
  return take(update.deleteRows(name, ids), error);
}
