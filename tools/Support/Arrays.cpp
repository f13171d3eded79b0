//===- Arrays.cpp - Arrays in, arrays out ---------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "Arrays.h"
#include "ArgParser.h"
#include "Npy.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <set>
#include <sys/stat.h>

using namespace reckon;
using namespace reckon::tools;

bool reckon::tools::splitPair(const std::string &text, std::string &name, std::string &file) {
  size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == text.size())
    return false;
  name = text.substr(0, equals);
  file = text.substr(equals + 1);
  return true;
}

int reckon::tools::bindArrays(const std::vector<std::string> &pairs, const runtime::Engine &engine,
                              runtime::Context &context, std::vector<HostTensor> &tensors, std::string &error) {
  std::set<std::string> seen;
  tensors.resize(pairs.size());
  for (size_t i = 0; i < pairs.size(); ++i) {
    std::string name, file, problem;
    std::vector<uint8_t> bytes;
    if (!splitPair(pairs[i], name, file)) {
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

int reckon::tools::writeOutputs(const runtime::Engine &engine, const runtime::Context &context,
                                const std::string &directory, std::string &error) {
  if (::mkdir(directory.c_str(), 0777) != 0 && errno != EEXIST) {
    error = "'" + directory + "' cannot be created: " + std::strerror(errno);
    return ExitUnavailable;
  }
  std::set<std::string> files;
  for (size_t i = 0; i < engine.numOutputs(); ++i) {
    ReckonTensor tensor = context.output(i);
    std::string file = engine.output(i).name;
    for (char &c : file)
      c = c == '/' ? '_' : c;
    if (!files.insert(file).second)
      file += "." + std::to_string(i);
    if (!writeFile(directory + "/" + file + ".npy", formatNpy(tensor.type, shapeOf(tensor), tensor.data, tensor.bytes),
                   error))
      return ExitUnavailable;
  }
  return ExitOk;
}

void reckon::tools::printOutputs(const runtime::Engine &engine, const runtime::Context &context) {
  for (size_t i = 0; i < engine.numOutputs(); ++i) {
    ReckonTensor tensor = context.output(i);
    std::printf("%s %s%s:", engine.output(i).name, reckon_element_name(tensor.type),
                shapeText(shapeOf(tensor)).c_str());
    uint64_t count = tensor.bytes / reckon_element_size(tensor.type);
    for (uint64_t k = 0; k < count && k < 1000; ++k)
      std::printf(" %s", elementText(tensor.type, tensor.data, k).c_str());
    std::printf("%s\n", count > 1000 ? " ..." : "");
  }
}
