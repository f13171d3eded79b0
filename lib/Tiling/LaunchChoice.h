//===- LaunchChoice.h - Which launches a kernel gets ---------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------------===//
//
// Linear layers can be launched in several ways, by generated kernels and by a library. The schedule decides which of
// them an engine gets, before weights are packed for them and code is made; the decision is the attribute `choices` of
// the kernel. Other kernels have none: their one launch is their emitter's affair.
//
//===-------------------------------------------------------------------------------===//

#ifndef RECKON_LIB_TILING_LAUNCHCHOICE_H
#define RECKON_LIB_TILING_LAUNCHCHOICE_H

#include "dialects/Plan/Plan.h"
#include "lib/Target/GpuTarget.h"

#include <string>

namespace reckon::tiling {

/// What the library is called in `#plan.choice` and in engines.
inline constexpr llvm::StringLiteral cublasLt = "cublaslt";
inline bool isLibrary(plan::ChoiceAttr choice) { return choice.getName() == cublasLt; }

/// What an engine and a timing cache call the launch.
std::string getLaunchName(plan::KernelOp kernel, plan::ChoiceAttr choice);

/// What is added to the launches that the cost model can pick.
struct LaunchSearch {
  bool usesLibrary = false;    ///< some dispatch reads and writes memory of the run only, as the library does
  bool forMeasurement = false; ///< contenders that only measuring can pick, of generated kernels and of the library
};

/// The launches of a kernel, first match first. Empty for kernels that leave no choice.
llvm::SmallVector<plan::ChoiceAttr> chooseLaunches(plan::KernelOp kernel, const GpuTarget &gpu, LaunchSearch search);

} // namespace reckon::tiling

#endif // RECKON_LIB_TILING_LAUNCHCHOICE_H
