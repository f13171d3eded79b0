//===- Target.cpp - The CPU that host kernels are generated for -------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//

#include "lib/Codegen/Host/Target.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/Twine.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"

#include <memory>
#include <mutex>

using namespace reckon::host;

std::optional<Target> Target::get(llvm::StringRef name, std::string *error) {
  auto fail = [&](const llvm::Twine &reason) -> std::optional<Target> {
    if (error)
      *error = reason.str();
    return std::nullopt;
  };
  static std::once_flag once;
  std::call_once(once, [] { llvm::InitializeNativeTarget(); });
  std::string reason;
  llvm::Triple triple("x86_64-unknown-linux-gnu");
  const llvm::Target *llvmTarget = llvm::TargetRegistry::lookupTarget(triple, reason);
  if (!llvmTarget)
    return fail(reason);

  std::string cpu = (name == "native" ? llvm::sys::getHostCPUName() : name).str();
  // A name says what a CPU model has; the machine at hand may have less (a virtual machine that hides AVX-512).
  std::string features;
  if (name == "native")
    for (auto &feature : llvm::sys::getHostCPUFeatures())
      features += (features.empty() ? "" : ",") + std::string(feature.second ? "+" : "-") + feature.first().str();
  std::unique_ptr<llvm::MCSubtargetInfo> info(llvmTarget->createMCSubtargetInfo(triple, cpu, features));
  if (!info || !info->isCPUStringValid(cpu))
    return fail("unknown host CPU '" + name + "'; use 'native', 'x86-64-v3', 'x86-64-v4' or an LLVM CPU name");
  auto has = [&](llvm::ArrayRef<const char *> names) {
    return llvm::all_of(names, [&](const char *f) { return info->checkFeatures(std::string("+") + f); });
  };

  Target target;
  target.tuneCpu = cpu;
  target.requiredFeatures = {"avx2", "fma", "f16c", "bmi", "bmi2"};
  if (!has({"avx2", "fma", "f16c", "bmi", "bmi2"}))
    return fail("host CPU '" + cpu + "' lacks AVX2, FMA, F16C or BMI2, which host kernels need");
  target.cpu = "x86-64-v3";
  if (has({"avx512f", "avx512vl", "avx512bw", "avx512dq", "avx512cd"})) {
    target.cpu = "x86-64-v4";
    target.vectorBits = 512;
    target.hasMasks = true;
    for (const char *feature : {"avx512f", "avx512vl", "avx512bw", "avx512dq", "avx512cd"})
      target.requiredFeatures.push_back(feature);
  }
  return target;
}
