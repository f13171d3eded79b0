//===- TestData.h - ONNX test data sets -----------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_TOOLS_SUPPORT_TESTDATA_H
#define RECKON_TOOLS_SUPPORT_TESTDATA_H

#include "HostTensor.h"
#include "reckon/Runtime/Runtime.hpp"

namespace reckon::tools {

/// The folders DIR/test_data_set_N in the order of N; DIR itself when it holds an input_0.pb or output_0.pb. False with
/// the reason in `error` when there are none.
bool findTestSets(const std::string &directory, std::vector<std::string> &sets, std::string &error);

/// Reads PREFIX_0.pb, PREFIX_1.pb, ... of a folder, all there are.
bool readTestTensors(const std::string &directory, const std::string &prefix, std::vector<HostTensor> &tensors,
                     std::string &error);

/// Which test tensor belongs to each name: the one that carries it, else the one in its place. Tensors that carry a
/// name not asked for are left out, because inputs may have been frozen when the model was compiled.
bool matchTestTensors(const std::vector<std::string> &names, const std::vector<HostTensor> &tensors, const char *kind,
                      std::vector<size_t> &indices, std::string &error);

/// Runs every set and prints one line per output. Returns the exit code.
int runTestData(const runtime::Engine &engine, runtime::Context &context, const std::string &directory, double atol,
                double rtol, std::string &error);

} // namespace reckon::tools

#endif // RECKON_TOOLS_SUPPORT_TESTDATA_H
