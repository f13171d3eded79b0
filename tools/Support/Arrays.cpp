//===- Arrays.cpp - Arrays in, arrays out ---------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "Arrays.h"
#include "ArgParser.h"
#include "Npy.h"
#include "reckon/Engine/RowFormat.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>
#include <set>
#include <sys/stat.h>

using namespace reckon;
using namespace reckon::tools;

bool reckon::tools::splitPair(const std::string &text, std::string &name, std::string &file,
                              const std::function<bool(const std::string &, const std::string &)> &isPair) {
  bool isFound = false;
  for (size_t at = text.find('='); at != std::string::npos; at = text.find('=', at + 1)) {
    if (at == 0 || at + 1 == text.size())
      continue;
    std::string left = text.substr(0, at), right = text.substr(at + 1);
    bool accepted = isPair && isPair(left, right);
    if (!isFound || accepted) {
      name = std::move(left);
      file = std::move(right);
      isFound = true;
    }
    if (accepted)
      break;
  }
  return isFound;
}

/// Reads the header of a .npy file that holds a table; a file without its magic is raw rows.
static bool readTableHeader(TableFile &table, std::string &error) {
  std::FILE *file = std::fopen(table.file.c_str(), "rb");
  if (!file) {
    error = "'" + table.file + "' cannot be opened: " + std::strerror(errno);
    return false;
  }
  // Headers are a few hundred bytes; 64 KiB is the most that version 1 can have.
  std::vector<uint8_t> bytes(size_t(1) << 17);
  bytes.resize(std::fread(bytes.data(), 1, bytes.size(), file));
  std::fclose(file);
  if (!hasNpyMagic(bytes))
    return true;
  NpyHeader header;
  if (!parseNpyHeader(bytes, header, error)) {
    error = "'" + table.file + "': " + error;
    return false;
  }
  if (header.shape.size() != 2) {
    error = "'" + table.file + "': its shape is " + shapeText(header.shape) + ", a table has rows and columns";
    return false;
  }
  table.header = header;
  return true;
}

int reckon::tools::readArray(const std::string &path, HostTensor &tensor, std::string &error) {
  std::vector<uint8_t> bytes;
  if (!readFile(path, bytes, error))
    return ExitUsage;
  if (parseNpy(bytes, tensor, error))
    return ExitOk;
  error = "'" + path + "': " + error;
  return ExitUsage;
}

bool reckon::tools::readTableFiles(const std::vector<std::string> &pairs, std::vector<TableFile> &tables,
                                   std::vector<ReckonTableBinding> &bindings, std::string &error) {
  auto fileExists = [](const std::string &, const std::string &file) {
    struct stat status;
    return ::stat(file.c_str(), &status) == 0;
  };
  tables.resize(pairs.size());
  for (size_t i = 0; i < pairs.size(); ++i) {
    TableFile &table = tables[i];
    if (!splitPair(pairs[i], table.name, table.file, fileExists)) {
      error = "'" + pairs[i] + "' is not NAME=FILE";
      return false;
    }
    if (!readTableHeader(table, error)) {
      error = "table '" + table.name + "': " + error;
      return false;
    }
    ReckonTableBinding &binding = bindings.emplace_back(ReckonTableBinding RECKON_TABLE_BINDING_INIT);
    binding.table = table.name.c_str();
    binding.source = RECKON_TABLE_FILE;
    binding.path = table.file.c_str();
    binding.offset = table.header ? table.header->dataOffset : 0;
    binding.rows = table.header ? table.header->shape[0] : 0;
  }
  return true;
}

bool reckon::tools::checkTableFiles(const std::vector<TableFile> &tables, const runtime::Engine &engine,
                                    std::string &error) {
  for (const TableFile &table : tables)
    for (size_t i = 0; table.header && i < engine.numTables(); ++i) {
      ReckonTableInfo info = engine.table(i);
      if (table.name != info.name)
        continue;
      const NpyHeader &header = *table.header;
      // Rows in an encoding are bytes to numpy.
      bool isPlain = std::string(info.encoding) == enumName(RowEncoding::Plain);
      ReckonElementType type = isPlain ? info.type : RECKON_U8;
      int64_t columns = isPlain ? info.dim : info.row_bytes;
      bool typeFits = header.type == type || (type == RECKON_BF16 && header.type == RECKON_U16);
      if (typeFits && header.shape[1] == columns)
        continue;
      error = "table '" + table.name + "': '" + table.file + "' holds " + reckon_element_name(header.type) +
              shapeText(header.shape) + ", expected rows of " + std::to_string(columns) + " " +
              reckon_element_name(type) + (isPlain ? "" : std::string(" in the encoding ") + info.encoding);
      return false;
    }
  return true;
}

int reckon::tools::bindArrays(const std::vector<std::string> &pairs, const runtime::Engine &engine,
                              runtime::Context &context, std::vector<HostTensor> &tensors, std::string &error) {
  auto isInput = [&](const std::string &name, const std::string &) {
    for (size_t k = 0; k < engine.numInputs(); ++k)
      if (name == engine.input(k).name)
        return true;
    return false;
  };
  std::set<std::string> seen;
  tensors.resize(pairs.size());
  for (size_t i = 0; i < pairs.size(); ++i) {
    std::string name, file, problem;
    std::vector<uint8_t> bytes;
    if (!splitPair(pairs[i], name, file, isInput)) {
      error = "--input: '" + pairs[i] + "' is not NAME=FILE.npy";
      return ExitUsage;
    }
    if (!seen.insert(name).second) {
      error = "input '" + name + "' is given twice";
      return ExitUsage;
    }
    if (!readFile(file, bytes, problem)) {
      error = "input '" + name + "': " + problem;
      return ExitUsage;
    }
    HostTensor &tensor = tensors[i];
    if (!parseNpy(bytes, tensor, problem)) {
      error = "input '" + name + "': '" + file + "': " + problem;
      return ExitUsage;
    }
    tensor.name = name;
    for (size_t k = 0; k < engine.numInputs(); ++k)
      if (name == engine.input(k).name && engine.input(k).type == RECKON_BF16 && tensor.type == RECKON_U16)
        tensor.type = RECKON_BF16; // NumPy has no name for it
    if (runtime::Status failed = context.setInput(name, tensor.type, tensor.shape, tensor.data.data())) {
      error = failed.message;
      return failed.code;
    }
  }
  return ExitOk;
}

static std::vector<int64_t> shapeOf(const ReckonTensor &tensor) { return {tensor.shape, tensor.shape + tensor.rank}; }

bool reckon::tools::chooseOutputs(const std::string &names, const runtime::Engine &engine, std::vector<size_t> &outputs,
                                  std::string &error) {
  std::set<size_t> chosen;
  for (size_t begin = 0; begin <= names.size();) {
    // The longest name that the list goes on with.
    size_t best = SIZE_MAX, length = 0;
    for (size_t i = 0; i < engine.numOutputs(); ++i) {
      std::string name = engine.output(i).name;
      size_t end = begin + name.size();
      bool isNext = names.compare(begin, name.size(), name) == 0 && (end == names.size() || names[end] == ',');
      if (isNext && (best == SIZE_MAX || name.size() > length)) {
        best = i;
        length = name.size();
      }
    }
    if (names.empty())
      break;
    if (best == SIZE_MAX) {
      std::string name = names.substr(begin, names.find(',', begin) - begin);
      error = "the engine does not keep '" + name +
              "': layers are computed together, or it is no tensor of the model; " + "reckon-compile --keep-tensor='" +
              name + "' keeps it. There are";
      for (size_t i = 0; i < engine.numOutputs(); ++i)
        error += std::string(i == 0 ? " '" : ", '") + engine.output(i).name + "'";
      return false;
    }
    chosen.insert(best);
    begin += length + 1;
  }
  outputs.assign(chosen.begin(), chosen.end());
  for (size_t i = 0; names.empty() && i < engine.numOutputs(); ++i)
    outputs.push_back(i);
  return true;
}

int reckon::tools::writeOutputs(const runtime::Engine &engine, const runtime::Context &context,
                                const std::vector<size_t> &outputs, const std::string &directory, std::string &error) {
  if (::mkdir(directory.c_str(), 0777) != 0 && errno != EEXIST) {
    error = "'" + directory + "' cannot be created: " + std::strerror(errno);
    return ExitUnavailable;
  }
  std::set<std::string> files;
  std::map<std::string, size_t> suffixes;
  for (size_t i : outputs) {
    ReckonTensor tensor = context.output(i);
    std::string file = engine.output(i).name;
    for (char &c : file)
      c = c == '/' ? '_' : c;
    // No two outputs share a file, whatever they are called.
    for (std::string base = file; !files.insert(file).second;)
      file = base + "." + std::to_string(++suffixes[base]);
    if (!writeFile(directory + "/" + file + ".npy", formatNpy(tensor.type, shapeOf(tensor), tensor.data, tensor.bytes),
                   error))
      return ExitUnavailable;
  }
  return ExitOk;
}

void reckon::tools::printOutputs(const runtime::Engine &engine, const runtime::Context &context,
                                 const std::vector<size_t> &outputs) {
  for (size_t i : outputs) {
    ReckonTensor tensor = context.output(i);
    std::printf("%s %s%s:", engine.output(i).name, reckon_element_name(tensor.type),
                shapeText(shapeOf(tensor)).c_str());
    uint64_t count = tensor.bytes / reckon_element_size(tensor.type);
    for (uint64_t k = 0; k < count && k < 1000; ++k)
      std::printf(" %s", elementText(tensor.type, tensor.data, k).c_str());
    std::printf("%s\n", count > 1000 ? " ..." : "");
  }
}
