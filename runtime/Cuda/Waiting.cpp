//===- Cuda/Waiting.cpp - Waits that can be ended -------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "CudaMemory.h"

#include <sched.h>

using namespace reckon::runtime;
using namespace reckon::runtime::cuda;

/// The driver has no wait with a time limit, so it is asked again and again; it spins in its own waits, too.
template <typename Handle>
static bool poll(const DriverCall<Handle> &query, Handle handle, const RunControl &control, Error &error) {
  for (int round = 0;; ++round) {
    CUresult result = query.raw(handle);
    if (result == CUDA_SUCCESS)
      return true;
    if (result != CUDA_ERROR_NOT_READY)
      return query(error, handle);
    if (control.mustStop())
      return control.setError(error);
    if (round > 1000)
      ::sched_yield();
  }
}

bool reckon::runtime::cuda::waitForStream(const Driver &driver, CUstream stream, const RunControl *control,
                                          Error &error) {
  return control ? poll(driver.cuStreamQuery, stream, *control, error) : driver.cuStreamSynchronize(error, stream);
}

bool reckon::runtime::cuda::waitForEvent(const Driver &driver, CUevent event, const RunControl *control, Error &error) {
  return control ? poll(driver.cuEventQuery, event, *control, error) : driver.cuEventSynchronize(error, event);
}
