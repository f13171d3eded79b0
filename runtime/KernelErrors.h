//===- KernelErrors.h - Kernel statuses in the model's names --------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_KERNELERRORS_H
#define RECKON_RUNTIME_KERNELERRORS_H

#include "Device.h"
#include "reckon/Runtime/KernelABI.h"

namespace reckon::runtime {

/// Such as: input 'ids' -> table 'emb.3.weight': id 200 at position 17 is outside [0, 200).
std::string describeKernelError(const ProgramSource &source, const DispatchSpec &dispatch,
                                const ReckonKernelStatus &status);

/// Which of two errors of a dispatch is reported: the order in which kernels keep them, too.
bool comesBefore(const ReckonKernelStatus &a, const ReckonKernelStatus &b);

} // namespace reckon::runtime

#endif // RECKON_RUNTIME_KERNELERRORS_H
