//===- Targets.h - What --target says --------------------------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------------===//

#ifndef RECKON_LIB_COMPILER_TARGETS_H
#define RECKON_LIB_COMPILER_TARGETS_H

#include "reckon/Engine/DeviceKind.h"

#include "llvm/ADT/StringRef.h"

#include <optional>
#include <string>
#include <vector>

namespace reckon {

/// The devices an engine is for.
struct Targets {
  bool host = false;
  /// GPU architectures: PTX is made for the first, machine code for all. Empty: no GPU.
  std::vector<std::string> archs;

  /// In the order of programs in an engine.
  std::vector<DeviceKind> devices() const;

  /// `text` is "host", "cuda", "cuda:ARCH,ARCH..." or "host,cuda..."; cuda alone is the default GpuTarget. nullopt with
  /// the reason in *error otherwise.
  static std::optional<Targets> parse(llvm::StringRef text, std::string *error);
};

} // namespace reckon

#endif // RECKON_LIB_COMPILER_TARGETS_H
