//===- FakeWork.h - What the fake libraries share with the fake driver ----------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_TEST_UNIT_RUNTIME_FAKEWORK_H
#define RECKON_TEST_UNIT_RUNTIME_FAKEWORK_H

#include "runtime/Cuda/DriverTypes.h"

#include <functional>

namespace reckon::test {

/// Counts a call; not 0 when it is to fail.
int enterFake(const char *function);
/// What must be given back.
void addFakeObject(const void *object);
void dropFakeObject(const char *function, const void *object);
/// Done now, or when the graph that the stream is captured into runs.
void enqueueFakeWork(runtime::cuda::CUstream stream, std::function<void()> work);

} // namespace reckon::test

#endif // RECKON_TEST_UNIT_RUNTIME_FAKEWORK_H
