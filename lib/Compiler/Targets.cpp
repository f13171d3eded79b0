//===- Targets.cpp - What --target says ---------------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "lib/Compiler/Targets.h"
#include "lib/Target/GpuTarget.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace reckon;

std::vector<DeviceKind> Targets::devices() const {
  std::vector<DeviceKind> devices;
  if (host)
    devices.push_back(DeviceKind::Host);
  if (!archs.empty())
    devices.push_back(DeviceKind::Cuda);
  return devices;
}

std::optional<Targets> Targets::parse(llvm::StringRef text, std::string *error) {
  auto fail = [&](const llvm::Twine &what) {
    *error = what.str();
    return std::nullopt;
  };
  Targets targets;
  bool inCuda = false;
  for (llvm::StringRef part : llvm::split(text, ',')) {
    auto [name, arch] = part.split(':');
    std::optional<DeviceKind> device = parseDevice(name);
    if (device == DeviceKind::Host && name == part) {
      if (targets.host)
        return fail("the target host is named twice");
      targets.host = true;
      inCuda = false;
      continue;
    }
    if (device == DeviceKind::Cuda) {
      if (!targets.archs.empty())
        return fail("the target cuda is named twice: name its architectures once, cuda:sm_80,sm_90");
      inCuda = name != part;
      part = inCuda ? arch : llvm::StringRef(GpuTarget::getDefault().arch);
    } else if (!inCuda) {
      return fail("no target '" + part + "'; there are host, cuda and cuda:ARCH,...");
    }
    if (!GpuTarget::find(part))
      return fail(GpuTarget::unknown(part));
    if (llvm::is_contained(targets.archs, part))
      return fail("the architecture " + part + " is named twice");
    targets.archs.push_back(part.str());
  }
  return targets;
}
