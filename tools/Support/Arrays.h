//===- Arrays.h - Arrays in, arrays out -----------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_TOOLS_SUPPORT_ARRAYS_H
#define RECKON_TOOLS_SUPPORT_ARRAYS_H

#include "HostTensor.h"
#include "Npy.h"
#include "reckon/Runtime/Runtime.hpp"

#include <functional>
#include <optional>

namespace reckon::tools {

/// Splits NAME=FILE; both parts must have text. Names and files may have a '=' in them: of the places to split at, the
/// first one that `isPair` accepts is taken, or the first of all.
bool splitPair(const std::string &text, std::string &name, std::string &file,
               const std::function<bool(const std::string &name, const std::string &file)> &isPair = nullptr);

/// Reads a .npy file. Returns the exit code.
int readArray(const std::string &path, HostTensor &tensor, std::string &error);

/// A table's rows in a file: with the header of a .npy file, or raw.
struct TableFile {
  std::string name, file;
  std::optional<NpyHeader> header;
};

/// Reads NAME=FILE pairs and makes the bindings of an engine, which refer to `tables`.
bool readTableFiles(const std::vector<std::string> &pairs, std::vector<TableFile> &tables,
                    std::vector<ReckonTableBinding> &bindings, std::string &error);
/// Whether type and width in the headers are those of the engine's tables.
bool checkTableFiles(const std::vector<TableFile> &tables, const runtime::Engine &engine, std::string &error);

/// Reads and binds inputs given as NAME=FILE.npy; `tensors` keeps their data until the run is over. Returns the exit
/// code.
int bindArrays(const std::vector<std::string> &pairs, const runtime::Engine &engine, runtime::Context &context,
               std::vector<HostTensor> &tensors, std::string &error);

/// The outputs that a list NAME,... names, in the order of the engine; all for an empty one. Names may have commas in
/// them.
bool chooseOutputs(const std::string &names, const runtime::Engine &engine, std::vector<size_t> &outputs,
                   std::string &error);
/// Writes outputs to DIRECTORY/NAME.npy, creating the folder. Returns the exit code.
int writeOutputs(const runtime::Engine &engine, const runtime::Context &context, const std::vector<size_t> &outputs,
                 const std::string &directory, std::string &error);
/// Prints outputs, at most 1000 elements of each.
void printOutputs(const runtime::Engine &engine, const runtime::Context &context, const std::vector<size_t> &outputs);

} // namespace reckon::tools

#endif // RECKON_TOOLS_SUPPORT_ARRAYS_H
