//===- Arrays.h - Arrays in, arrays out -----------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_TOOLS_SUPPORT_ARRAYS_H
#define RECKON_TOOLS_SUPPORT_ARRAYS_H

#include "HostTensor.h"
#include "reckon/Runtime/Runtime.hpp"

namespace reckon::tools {

/// Splits NAME=FILE at the first '='; both parts must have text.
bool splitPair(const std::string &text, std::string &name, std::string &file);

/// Reads and binds inputs given as NAME=FILE.npy; `tensors` keeps their data until the run is over. Returns the exit
/// code.
int bindArrays(const std::vector<std::string> &pairs, const runtime::Engine &engine, runtime::Context &context,
               std::vector<HostTensor> &tensors, std::string &error);

/// Writes each output to DIRECTORY/NAME.npy, creating the folder. Returns the exit code.
int writeOutputs(const runtime::Engine &engine, const runtime::Context &context, const std::string &directory,
                 std::string &error);
/// Prints each output, at most 1000 elements.
void printOutputs(const runtime::Engine &engine, const runtime::Context &context);

} // namespace reckon::tools

#endif // RECKON_TOOLS_SUPPORT_ARRAYS_H
