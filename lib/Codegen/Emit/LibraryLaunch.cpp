//===- LibraryLaunch.cpp - The launch of a library for a kernel ------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#include "lib/Codegen/Emit/LibraryLaunch.h"

#include "lib/Tiling/LaunchChoice.h"
#include "lib/Tiling/LibraryProduct.h"

#include "dialects/Rec/ConstantData.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::plan;

std::vector<LaunchSpec> reckon::getLibraryLaunches(KernelOp kernel, const DispatchSpec &dispatch) {
  std::vector<LaunchSpec> launches;
  ArrayAttr choices = kernel.getChoicesAttr();
  if (!choices)
    return launches;
  for (auto choice : choices.getAsRange<ChoiceAttr>()) {
    if (!tiling::isLibrary(choice))
      continue;
    LaunchSpec &launch = launches.emplace_back();
    launch.library = choice.getName().str();
    launch.minRows = choice.getMinRows();
    launch.maxRows = choice.getMaxRows();
    launch.needsTiming = choice.getNeedsTiming();
  }
  if (launches.empty())
    return launches;
  std::optional<tiling::LibraryProduct> product = tiling::matchLibraryProduct(kernel);
  std::optional<unsigned> weight = product ? kernel.findPacked(product->weight, PackingKind::row_major) : std::nullopt;
  auto isReachable = [&](unsigned operand) {
    // What the runtime asks for: memory of its own, aligned for vector accesses.
    return dispatch.operands[operand].space == Space::Arena && dispatch.operands[operand].offset % 16 == 0;
  };
  if (!weight || !isReachable(product->x) || !isReachable(product->out))
    return {};
  GemmSpec gemm;
  gemm.a = product->x;
  gemm.weight = *weight;
  gemm.bias = product->bias ? static_cast<int32_t>(*product->bias) : -1;
  gemm.out = product->out;
  gemm.m = product->xMatrix.rows;
  gemm.n = gemm.ldb = static_cast<uint64_t>(product->n);
  gemm.k = static_cast<uint64_t>(product->k);
  gemm.lda = static_cast<uint64_t>(product->xMatrix.stride);
  gemm.ldc = static_cast<uint64_t>(product->outMatrix.stride);
  gemm.type = *rec::getEngineType(product->type);
  gemm.compute = product->compute;
  gemm.epilogue = product->epilogue;
  for (LaunchSpec &launch : launches)
    launch.gemm = gemm;
  return launches;
}
