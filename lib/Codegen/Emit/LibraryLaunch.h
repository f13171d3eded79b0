//===- LibraryLaunch.h - The launch of a library for a kernel -----------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#ifndef RECKON_LIB_CODEGEN_EMIT_LIBRARYLAUNCH_H
#define RECKON_LIB_CODEGEN_EMIT_LIBRARYLAUNCH_H

#include "dialects/Plan/Plan.h"
#include "reckon/Engine/EngineSpec.h"

namespace reckon {

/// The launches of cuBLASLt that the schedule gave a dispatch's kernel: one linear layer on a weight that is stored as
/// the library reads it, alone or with one of the library's epilogues. Empty where there are none, and for dispatches
/// that do not go from the arena to the arena.
std::vector<LaunchSpec> getLibraryLaunches(plan::KernelOp kernel, const DispatchSpec &dispatch);

} // namespace reckon

#endif // RECKON_LIB_CODEGEN_EMIT_LIBRARYLAUNCH_H
