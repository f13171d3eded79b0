//===- LaunchChoice.cpp - Which launches a kernel gets -----------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------------===//

#include "lib/Codegen/NVPTX/LaunchChoice.h"
#include "lib/Codegen/NVPTX/LibraryProduct.h"
#include "lib/Codegen/NVPTX/LinearChoice.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::nvptx;
using plan::KernelOp;

std::string LaunchChoice::launchName(KernelOp kernel) const {
  if (isLibrary())
    return name;
  return kernel.getSymName().str() + (name.empty() ? "" : "_" + name);
}

std::vector<LaunchChoice> nvptx::chooseLaunches(KernelOp kernel, const GpuTarget &gpu, bool canUseLibrary, bool all) {
  // Weights are packed for regions of that kind alone.
  std::optional<LinearLayer> layer;
  if (kernel.getKind() == rec::RegionKind::gemm)
    layer = matchLinear(kernel);
  std::vector<LaunchChoice> choices;
  LaunchChoice library;
  library.name = cublasLt;
  // Where there are kernels made for linear layers, those are as fast as the library or faster wherever both were
  // timed: there the library is for the tuner to choose. The generic kernel is never as fast.
  library.needsTiming = layer.has_value();
  if (canUseLibrary && (all || !layer) && matchLibraryProduct(kernel))
    choices.push_back(library);
  if (!layer) {
    if (!choices.empty())
      choices.emplace_back();
    return choices;
  }
  auto add = [&](const LinearChoice &choice) {
    choices.push_back({choice.name(), choice.minRows, choice.maxRows, choice.needsTiming});
  };
  if (all)
    llvm::for_each(getLinearContenders(*layer, gpu), add);
  llvm::for_each(chooseLinear(*layer, gpu), add);
  return choices;
}

void nvptx::setScheduledLaunches(KernelOp kernel, ArrayRef<LaunchChoice> choices) {
  Builder b(kernel.getContext());
  SmallVector<Attribute> all;
  for (const LaunchChoice &choice : choices)
    all.push_back(
        b.getDictionaryAttr({b.getNamedAttr("name", b.getStringAttr(choice.name)),
                             b.getNamedAttr("min_rows", b.getI64IntegerAttr(static_cast<int64_t>(choice.minRows))),
                             b.getNamedAttr("max_rows", b.getI64IntegerAttr(static_cast<int64_t>(choice.maxRows))),
                             b.getNamedAttr("needs_timing", b.getBoolAttr(choice.needsTiming))}));
  kernel.setChoicesAttr(b.getArrayAttr(all));
}

std::optional<std::vector<LaunchChoice>> nvptx::getScheduledLaunches(KernelOp kernel) {
  ArrayAttr attribute = kernel.getChoicesAttr();
  if (!attribute)
    return std::nullopt;
  std::vector<LaunchChoice> choices;
  for (auto entry : attribute.getAsRange<DictionaryAttr>()) {
    auto name = entry.getAs<StringAttr>("name");
    auto minRows = entry.getAs<IntegerAttr>("min_rows"), maxRows = entry.getAs<IntegerAttr>("max_rows");
    auto needsTiming = entry.getAs<BoolAttr>("needs_timing");
    if (!name || !minRows || !maxRows || !needsTiming)
      return std::nullopt;
    choices.push_back({name.str(), static_cast<uint64_t>(minRows.getInt()), static_cast<uint64_t>(maxRows.getInt()),
                       needsTiming.getValue()});
  }
  return choices;
}
