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

namespace reckon::test {

/// The network of SampleEngine.h for both devices. On cuda: one dispatch a chain; a choice of launches for the product,
/// whose first operand has a tensor map; memory for each block.
EngineSpec cudaSampleSpec();

/// Launches of that program call the host's kernels. FakeCuda::onLaunch.
void runHostKernel(const FakeLaunch &launch);

/// Opens an engine that may be damaged, and runs it on the fake driver for a few batch sizes, as far as it goes. The
/// number of batch sizes that ran.
int tryOnFakeGpu(const std::vector<uint8_t> &engine);

} // namespace reckon::test

#endif // RECKON_TEST_UNIT_RUNTIME_CUDASAMPLE_H
