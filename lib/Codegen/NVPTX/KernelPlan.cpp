//===- KernelPlan.cpp - How a kernel is launched on the device -------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#include "lib/Codegen/NVPTX/KernelPlan.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::nvptx;

static plan::TensorMapAttr toAttribute(MLIRContext *context, const TensorMapPlan &map) {
  auto box = DenseI64ArrayAttr::get(context, llvm::to_vector_of<int64_t>(map.box));
  return plan::TensorMapAttr::get(context, map.operand, map.elementType, rec::DimsAttr::get(context, map.sizes),
                                  rec::DimsAttr::get(context, map.strides), box, map.swizzle);
}

plan::LaunchAttr LaunchPlan::toAttribute(MLIRContext *context, StringRef module) const {
  auto symbol = SymbolRefAttr::get(context, module, FlatSymbolRefAttr::get(context, function));
  SmallVector<Attribute> maps;
  for (const TensorMapPlan &map : tensorMaps)
    maps.push_back(::toAttribute(context, map));
  bool hasScratch = scratchBytes != SizeExpr();
  return plan::LaunchAttr::get(
      context, symbol, blockThreads, cluster, sharedBytes, rec::DimsAttr::get(context, ArrayRef<SizeExpr>(grid)),
      blocksPerSm, hasScratch ? rec::DimsAttr::get(context, ArrayRef(scratchBytes)) : rec::DimsAttr(), minRows, maxRows,
      needsTiming, usesPdl, maps.empty() ? ArrayAttr() : ArrayAttr::get(context, maps));
}
