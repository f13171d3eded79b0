//===- Targets.cpp - What --target says ---------------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "lib/Compiler/Targets.h"
#include "lib/Codegen/NVPTX/PtxCode.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace reckon;

static constexpr llvm::StringLiteral defaultArch = "sm_90a";

std::vector<std::string> Targets::devices() const {
  std::vector<std::string> devices;
  if (host)
    devices.push_back("host");
  if (!archs.empty())
    devices.push_back("cuda");
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
    if (part == "host") {
      if (targets.host)
        return fail("the target host is named twice");
      targets.host = true;
      inCuda = false;
      continue;
    }
    if (part == "cuda" || part.starts_with("cuda:")) {
      if (!targets.archs.empty())
        return fail("the target cuda is named twice: name its architectures once, cuda:sm_80,sm_90");
      inCuda = part != "cuda";
      part = inCuda ? part.substr(5) : llvm::StringRef(defaultArch);
    } else if (!inCuda) {
      return fail("no target '" + part + "'; there are host, cuda and cuda:ARCH,...");
    }
    if (!nvptx::isKnownArch(part))
      return fail("no GPU architecture '" + part + "'; expected sm_80 or later, such as sm_90a");
    if (llvm::is_contained(targets.archs, part))
      return fail("the architecture " + part + " is named twice");
    targets.archs.push_back(part.str());
  }
  return targets;
}
