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

#ifndef RECKON_LIB_CODEGEN_NVPTX_LAUNCHCHOICE_H
#define RECKON_LIB_CODEGEN_NVPTX_LAUNCHCHOICE_H

#include "dialects/Plan/Plan.h"
#include "lib/Target/GpuTarget.h"

#include <optional>
#include <string>
#include <vector>

namespace reckon::nvptx {

/// What the library is called in `LaunchChoice::name` and in engines.
inline constexpr std::string_view cublasLt = "cublaslt";

struct LaunchChoice {
  std::string name; ///< of the LinearChoice; cublasLt; "": the one launch of a kernel of another emitter
  uint64_t minRows = 0, maxRows = UINT64_MAX;
  bool needsTiming = false; ///< see LaunchPlan

  bool isLibrary() const { return name == cublasLt; }
  /// What an engine and a timing cache call it.
  std::string launchName(plan::KernelOp kernel) const;
};

/// The launches that the cost model can pick, first match first. `all` adds those that only measuring can: contenders
/// of generated kernels, and the library, which reads and writes memory of the run only (`canUseLibrary`: in some
/// dispatch). Empty for kernels that leave no choice.
std::vector<LaunchChoice> chooseLaunches(plan::KernelOp kernel, const GpuTarget &gpu, bool canUseLibrary, bool all);

/// Puts the decision on the kernel, which getScheduledLaunches() reads: nullopt when there is none.
void setScheduledLaunches(plan::KernelOp kernel, llvm::ArrayRef<LaunchChoice> choices);
std::optional<std::vector<LaunchChoice>> getScheduledLaunches(plan::KernelOp kernel);

} // namespace reckon::nvptx

#endif // RECKON_LIB_CODEGEN_NVPTX_LAUNCHCHOICE_H
