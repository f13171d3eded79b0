//===- LaunchChoice.cpp - Which launches a kernel gets -----------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------------===//

#include "lib/Tiling/LaunchChoice.h"
#include "lib/Tiling/LibraryProduct.h"
#include "lib/Tiling/LinearChoice.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::tiling;
using plan::ChoiceAttr;
using plan::KernelOp;

std::string tiling::getLaunchName(KernelOp kernel, ChoiceAttr choice) {
  StringRef name = choice.getName();
  if (isLibrary(choice))
    return name.str();
  return (kernel.getSymName() + (name.empty() ? "" : "_") + name).str();
}

SmallVector<ChoiceAttr> tiling::chooseLaunches(KernelOp kernel, const GpuTarget &gpu, LaunchSearch search) {
  // Weights are packed for regions of that kind alone.
  std::optional<LinearLayer> layer;
  if (kernel.getKind() == rec::RegionKind::gemm)
    layer = matchLinear(kernel);
  SmallVector<ChoiceAttr> choices;
  auto add = [&](StringRef name, uint64_t minRows, uint64_t maxRows, bool needsTiming) {
    MLIRContext *context = kernel.getContext();
    choices.push_back(ChoiceAttr::get(context, StringAttr::get(context, name), minRows, maxRows, needsTiming));
  };
  // Where there are kernels made for linear layers, those are as fast as the library or faster wherever both were
  // timed: there the library is for the tuner to choose. The generic kernel is never as fast.
  if (search.usesLibrary && (search.forMeasurement || !layer) && matchLibraryProduct(kernel))
    add(cublasLt, 0, UINT64_MAX, /*needsTiming=*/layer.has_value());
  if (!layer) {
    if (!choices.empty())
      add("", 0, UINT64_MAX, /*needsTiming=*/false);
    return choices;
  }
  auto addLinear = [&](const LinearChoice &choice) {
    add(choice.name(), choice.minRows, choice.maxRows, choice.needsTiming);
  };
  if (search.forMeasurement)
    llvm::for_each(getLinearContenders(*layer, gpu), addLinear);
  llvm::for_each(chooseLinear(*layer, gpu), addLinear);
  return choices;
}
