//===- Target.h - The CPU that host kernels are generated for ----------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#ifndef RECKON_LIB_CODEGEN_HOST_TARGET_H
#define RECKON_LIB_CODEGEN_HOST_TARGET_H

#include "llvm/ADT/StringRef.h"

#include <optional>
#include <string>
#include <vector>

namespace reckon::host {

/// A CPU by its LLVM name and what codegen derives from it. Instructions come from one of two levels, so that the
/// loader can check exactly what an engine needs and an engine moves between machines of a level.
struct Target {
  std::string cpu;           ///< what instructions are used: "x86-64-v3" or "x86-64-v4"
  std::string tuneCpu;       ///< what they are scheduled for, LLVM's name, e.g. "sapphirerapids"
  unsigned vectorBits = 256; ///< 512 with AVX-512, else 256
  bool hasMasks = false;     ///< AVX-512 mask registers: masked stores cost nothing
  /// What the loader checks before it calls a kernel, as cpuid names: "avx2", "fma", "avx512f", ...
  std::vector<std::string> requiredFeatures;

  /// `name` is "native" or an LLVM CPU name that has at least AVX2 and FMA ("x86-64-v3", "x86-64-v4", "skylake-avx512",
  /// "sapphirerapids", ...). nullopt with a reason in *error otherwise.
  static std::optional<Target> get(llvm::StringRef name, std::string *error);

  /// f32 lanes of one vector.
  unsigned lanes() const { return vectorBits / 32; }
  /// The register tile of a GEMM: rows x columns. Two vectors of columns; as many rows as leave registers for the two
  /// vectors of weights and a broadcast: 12 x 32 of 32 zmm, 6 x 16 of 16 ymm.
  unsigned tileRows() const { return hasMasks ? 12 : 6; }
  unsigned tileColumns() const { return 2 * lanes(); }
};

} // namespace reckon::host

#endif // RECKON_LIB_CODEGEN_HOST_TARGET_H
