//===- Export.cpp - Random modules with their answers, as files ----------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//

#include "test/fuzz/differential/Trial.h"

#include "tools/Support/TensorProto.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

using namespace reckon;
using namespace reckon::fuzz;
using namespace reckon::reference;

bool fuzz::writeTensor(const Tensor &tensor, const std::string &path) {
  std::vector<char> bytes = tensor.toBytes();
  tools::HostTensor written = {"",
                               static_cast<ReckonElementType>(tensor.kind()),
                               {tensor.shape().begin(), tensor.shape().end()},
                               {bytes.begin(), bytes.end()}};
  std::string error;
  return tools::writeFile(path, tools::formatTensorProto(written), error);
}

bool fuzz::exportModule(mlir::ModuleOp module, uint64_t seed, const std::string &directory, const std::string &name,
                        double &tolerance) {
  mlir::func::FuncOp func = getFunc(module);
  tolerance = 0;
  llvm::SmallVector<llvm::SmallVector<Tensor>> inputs;
  std::vector<Expectation> expectations;
  for (int64_t batch : {0, 1, 7, 64}) {
    Expectation expectation;
    if (prepareTrial(func, batch, seed, inputs.emplace_back(), expectation).kind != Outcome::Ok)
      return false;
    for (size_t i = 0; i < expectation.outputs.size(); ++i) {
      if (expectation.isIllConditioned(i))
        return false;
      tolerance = std::max(tolerance, Tolerance().noiseFactor * expectation.outputs[i].noise);
    }
    expectations.push_back(expectation);
  }
  std::string base = directory + "/" + name;
  for (size_t set = 0; set < expectations.size(); ++set) {
    std::string folder = base + "/test_data_set_" + std::to_string(set) + "/";
    llvm::sys::fs::create_directories(folder);
    for (size_t i = 0; i < inputs[set].size(); ++i)
      if (!writeTensor(inputs[set][i], folder + "input_" + std::to_string(i) + ".pb"))
        return false;
    for (size_t i = 0; i < expectations[set].outputs.size(); ++i)
      if (!writeTensor(expectations[set].outputs[i].value, folder + "output_" + std::to_string(i) + ".pb"))
        return false;
  }
  std::error_code error;
  llvm::raw_fd_ostream os(base + ".mlir", error);
  module.print(os);
  return !error;
}
