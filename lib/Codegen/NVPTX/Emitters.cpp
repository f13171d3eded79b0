//===- Emitters.cpp - Who makes the code of a kernel -----------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#include "lib/Codegen/NVPTX/Emitters.h"
#include "lib/Codegen/NVPTX/GenericEmitter.h"
#include "lib/Codegen/NVPTX/Interaction.h"
#include "lib/Codegen/NVPTX/LinearChain.h"
#include "lib/Codegen/NVPTX/LinearKernels.h"
#include "lib/Codegen/NVPTX/LinearStack.h"
#include "lib/Codegen/NVPTX/Lookup.h"
#include "lib/Codegen/NVPTX/Recurrence.h"
#include "lib/Codegen/NVPTX/TiledAttention.h"
#include "lib/Codegen/NVPTX/TopK.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::nvptx;

static constexpr nvptx::KernelEmitter emitters[] = {
    {"linear-chain", emitLinearChain},
    {"linear-stack", emitLinearStack},
    {"linear", emitLinear},
    {"interaction", emitInteraction},
    {"lookup", emitLookup},
    {"recurrence", emitRecurrence},
    {"topk", emitTopK},
    {"attention", emitTiledAttention},
    {"generic", emitGeneric},
};

ArrayRef<nvptx::KernelEmitter> nvptx::getEmitters() { return emitters; }

FailureOr<KernelPlan> nvptx::emitKernel(plan::KernelOp kernel, DeviceModule &module, StringRef *by) {
  for (const KernelEmitter &emitter : getEmitters()) {
    EmitResult result = emitter.emit(kernel, module);
    if (!result)
      continue;
    if (by)
      *by = emitter.name;
    return *result;
  }
  return kernel.emitError("device codegen: no emitter takes kernel '") << kernel.getSymName() << "'";
}
