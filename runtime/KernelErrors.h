//===- KernelErrors.h - Kernel statuses in the model's names --------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_KERNELERRORS_H
#define RECKON_RUNTIME_KERNELERRORS_H

#include "Device.h"
#include "GuardedLayout.h"
#include "reckon/Runtime/KernelABI.h"

namespace reckon::runtime {

/// Sets the error, and returns false. Such as: input 'ids' -> table 'emb.3.weight': id 200 at position 17 is outside
/// [0, 200). An access of a checked kernel outside its memory is RECKON_INTERNAL.
bool setKernelError(const ProgramSource &source, const DispatchSpec &dispatch, const ReckonKernelStatus &status,
                    Error &error);

/// What a checked kernel has to say: a failed access before a bad id.
inline const ReckonKernelStatus &chooseStatus(const ReckonKernelStatus *statuses) {
  return statuses[1].code != RECKON_KERNEL_OK ? statuses[1] : statuses[0];
}

/// Of a checked program: what dispatches of a chain wrote around a part of the memory called `memory`. Returns false.
bool setDamageError(const ProgramSource &source, const ChainSpec &chain, const char *memory,
                    const GuardedLayout::Damage &damage, Error &error);

/// Which of two errors of a dispatch is reported: the order in which kernels keep them, too.
bool comesBefore(const ReckonKernelStatus &a, const ReckonKernelStatus &b);

} // namespace reckon::runtime

#endif // RECKON_RUNTIME_KERNELERRORS_H
