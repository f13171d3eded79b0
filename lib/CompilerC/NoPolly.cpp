//===- NoPolly.cpp - In place of a library that Debian's archives ask for ----------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------------===//
//
// Debian builds LLVM with Polly, whose archive is in a package of its own: LLVM's pass builder, linked statically,
// calls this to register Polly's passes. No pipeline here has any.
//
//===-------------------------------------------------------------------------------===//

#include "llvm/Plugins/PassPlugin.h"

llvm::PassPluginLibraryInfo getPollyPluginInfo();
llvm::PassPluginLibraryInfo getPollyPluginInfo() { return {LLVM_PLUGIN_API_VERSION, "no-polly", "", nullptr, nullptr}; }
