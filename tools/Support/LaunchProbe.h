//===- LaunchProbe.h - One launch of an engine, alone ---------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_TOOLS_SUPPORT_LAUNCHPROBE_H
#define RECKON_TOOLS_SUPPORT_LAUNCHPROBE_H

#include "reckon/Engine/EngineSpec.h"

namespace reckon::tools {

/// A program that runs one launch of one dispatch of `program`, for cuda, `repeats` times in a row: what it takes is
/// then not lost beside what starting any graph takes. Kernels are numbered as in `program`.
ProgramSpec makeLaunchProbe(const ProgramSpec &program, size_t dispatch, size_t launch, size_t repeats);

} // namespace reckon::tools

#endif // RECKON_TOOLS_SUPPORT_LAUNCHPROBE_H
