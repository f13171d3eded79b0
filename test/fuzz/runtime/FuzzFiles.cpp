//===- FuzzFiles.cpp - Damaged arrays and ONNX tensors --------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "tools/Support/Npy.h"
#include "tools/Support/TensorProto.h"

#include <cstdlib>

using namespace reckon::tools;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::vector<uint8_t> bytes(data, data + size);
  for (auto parse : {parseNpy, parseTensorProto}) {
    HostTensor tensor;
    std::string error;
    uint64_t count;
    if (!parse(bytes, tensor, error)) {
      if (error.empty())
        std::abort();
    } else if (!HostTensor::elementCount(tensor.shape, count) ||
               count * reckon_element_size(tensor.type) != tensor.data.size()) {
      std::abort();
    }
  }
  return 0;
}
