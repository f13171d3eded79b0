//===- KernelLayers.h - What a kernel is made of ---------------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------------===//

#ifndef RECKON_LIB_CODEGEN_EMIT_KERNELLAYERS_H
#define RECKON_LIB_CODEGEN_EMIT_KERNELLAYERS_H

#include "dialects/Plan/Plan.h"
#include "reckon/Engine/EngineSpec.h"

namespace reckon {

/// The layers of a kernel's body in order; the last one, "yield", takes what the kernel writes.
std::vector<LayerSpec> describeLayers(plan::KernelOp kernel);

} // namespace reckon

#endif // RECKON_LIB_CODEGEN_EMIT_KERNELLAYERS_H
