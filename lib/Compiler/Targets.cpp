//===- Targets.cpp - What --target and --arch say ---------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "lib/Compiler/Targets.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace reckon;

std::string ProgramTarget::name() const { return deviceName(device) + (gpu ? std::string("-") + gpu->arch : ""); }

std::vector<ProgramTarget> Targets::programs() const {
  std::vector<ProgramTarget> programs;
  if (host)
    programs.push_back({DeviceKind::Host, nullptr});
  for (const GpuTarget *gpu : gpus)
    programs.push_back({DeviceKind::Cuda, gpu});
  return programs;
}

/// Adds an architecture; why it cannot, or nothing.
static std::string addArchitecture(llvm::StringRef arch, Targets &targets) {
  const GpuTarget *gpu = GpuTarget::find(arch);
  if (!gpu)
    return GpuTarget::unknown(arch);
  if (llvm::is_contained(targets.gpus, gpu))
    return ("the architecture " + arch + " is named twice").str();
  targets.gpus.push_back(gpu);
  return "";
}

std::optional<Targets> Targets::parse(llvm::StringRef text, llvm::ArrayRef<std::string> archs, std::string *error) {
  auto fail = [&](const llvm::Twine &what) {
    *error = what.str();
    return std::nullopt;
  };
  Targets targets;
  bool hasCuda = false, inList = false;
  for (llvm::StringRef part : llvm::split(text, ',')) {
    auto [name, arch] = part.split(':');
    std::optional<DeviceKind> device = parseDevice(name);
    bool hasList = name != part;
    if (device == DeviceKind::Host && !hasList) {
      if (targets.host)
        return fail("the target host is named twice");
      targets.host = true;
      inList = false;
      continue;
    }
    if (device == DeviceKind::Cuda) {
      if (hasCuda)
        return fail("the target cuda is named twice: name its architectures once, cuda:sm_80,sm_90");
      hasCuda = true;
      inList = hasList;
    } else if (inList) {
      arch = part;
    } else {
      return fail("no target '" + part + "'; there are host, cuda and cuda:ARCH,...");
    }
    if (std::string wrong = inList ? addArchitecture(arch, targets) : ""; !wrong.empty())
      return fail(wrong);
  }
  if (!archs.empty() && !hasCuda)
    return fail("--arch names architectures of GPUs: add --target=cuda");
  if (!archs.empty() && !targets.gpus.empty())
    return fail("architectures are named by --target or by --arch, not by both");
  for (llvm::StringRef list : archs)
    for (llvm::StringRef arch : llvm::split(list, ','))
      if (std::string wrong = addArchitecture(arch, targets); !wrong.empty())
        return fail(wrong);
  if (hasCuda && targets.gpus.empty())
    targets.gpus.push_back(&GpuTarget::getDefault());
  return targets;
}
