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

/// The launch of cuBLASLt that does what a dispatch's kernel does: one linear layer on a weight that is stored as the
/// library reads it, alone or with one of the library's epilogues, from the arena to the arena. nullopt for other
/// kernels. The range of rows is a guess at where the library is faster; reckon-tune measures.
std::optional<LaunchSpec> getLibraryLaunch(plan::KernelOp kernel, const DispatchSpec &dispatch);

} // namespace reckon

#endif // RECKON_LIB_CODEGEN_EMIT_LIBRARYLAUNCH_H
