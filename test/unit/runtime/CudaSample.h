//===- CudaSample.h - The sample engine for the fake driver ---------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_TEST_UNIT_RUNTIME_CUDASAMPLE_H
#define RECKON_TEST_UNIT_RUNTIME_CUDASAMPLE_H

#include "FakeCuda.h"
#include "SampleEngine.h"

#include <gtest/gtest.h>

namespace reckon::test {

/// The network of SampleEngine.h for both devices. On cuda: one dispatch a chain; a choice of launches for the product,
/// whose first operand has a tensor map; memory for each block.
EngineSpec cudaSampleSpec();

/// The same with kernels on cuda that check themselves.
EngineSpec checkedCudaSampleSpec();

/// A cubin as far as the runtime looks at it, with text for the fake driver behind its header.
CodeSpec fakeCubin(EngineSpec &spec, const char *arch, const ByteSpan &text);

/// Launches of that program call the host's kernels. FakeCuda::onLaunch.
void runHostKernel(const FakeLaunch &launch);

/// Opens an engine that may be damaged, and runs it on the fake driver for a few batch sizes, as far as it goes. The
/// number of batch sizes that ran.
int tryOnFakeGpu(const std::vector<uint8_t> &engine);

/// Tensors in the fake's device memory, which is ordinary memory.
struct DeviceData {
  std::vector<float> x, y, s;
  std::vector<int64_t> ids;
  explicit DeviceData(const SampleData &data) : x(data.x), y(data.y.size()), s(data.s.size()), ids(data.ids) {}
  void bind(runtime::Context &context) {
    int64_t batch = s.size();
    ASSERT_FALSE(context.setDeviceInput(0, RECKON_F32, {batch, width}, x.data()));
    ASSERT_FALSE(context.setDeviceInput(1, RECKON_I64, {batch, numIds}, ids.data()));
    ASSERT_FALSE(context.setDeviceOutput(0, RECKON_F32, y.data(), y.size() * 4));
    ASSERT_FALSE(context.setDeviceOutput(1, RECKON_F32, s.data(), s.size() * 4));
  }
};

} // namespace reckon::test

#endif // RECKON_TEST_UNIT_RUNTIME_CUDASAMPLE_H
