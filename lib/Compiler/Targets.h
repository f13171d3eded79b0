//===- Targets.h - What --target and --arch say -----------------------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------------===//

#ifndef RECKON_LIB_COMPILER_TARGETS_H
#define RECKON_LIB_COMPILER_TARGETS_H

#include "lib/Target/GpuTarget.h"
#include "reckon/Engine/DeviceKind.h"

#include <optional>
#include <string>
#include <vector>

namespace reckon {

/// What one program of an engine is for.
struct ProgramTarget {
  DeviceKind device = DeviceKind::Host;
  const GpuTarget *gpu = nullptr; ///< of cuda

  /// "host", "cuda-sm_90a"
  std::string name() const;
};

/// The devices an engine is for.
struct Targets {
  bool host = false;
  /// GPU architectures; empty: no GPU.
  std::vector<const GpuTarget *> gpus;

  /// In the order of programs in an engine.
  std::vector<ProgramTarget> programs() const;

  /// `text` is "host", "cuda", "cuda:ARCH,ARCH..." or "host,cuda..."; `archs` are lists "ARCH,ARCH..." for a cuda that
  /// names none itself, and the default GpuTarget where these are none, too. nullopt with the reason in *error
  /// otherwise.
  static std::optional<Targets> parse(llvm::StringRef text, llvm::ArrayRef<std::string> archs, std::string *error);
};

} // namespace reckon

#endif // RECKON_LIB_COMPILER_TARGETS_H
