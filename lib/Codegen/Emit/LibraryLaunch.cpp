//===- LibraryLaunch.cpp - The launch of a library for a kernel ------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#include "lib/Codegen/Emit/LibraryLaunch.h"

#include "lib/Codegen/NVPTX/LibraryProduct.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::plan;

std::optional<LaunchSpec> reckon::getLibraryLaunch(KernelOp kernel, const DispatchSpec &dispatch) {
  std::optional<nvptx::LibraryProduct> product = nvptx::matchLibraryProduct(kernel);
  std::optional<unsigned> weight = product ? product->findWeight(kernel) : std::nullopt;
  auto isReachable = [&](unsigned operand) {
    // What the runtime asks for: memory of its own, aligned for vector accesses.
    return dispatch.operands[operand].space == Space::Arena && dispatch.operands[operand].offset % 16 == 0;
  };
  if (!weight || dispatch.launches.empty() || !isReachable(product->x) || !isReachable(product->out))
    return std::nullopt;
  LaunchSpec launch;
  launch.library = "cublaslt";
  GemmSpec &gemm = launch.gemm.emplace();
  gemm.a = product->x;
  gemm.weight = *weight;
  gemm.bias = product->bias ? static_cast<int32_t>(*product->bias) : -1;
  gemm.out = product->out;
  gemm.m = product->xMatrix.rows;
  gemm.n = gemm.ldb = static_cast<uint64_t>(product->n);
  gemm.k = static_cast<uint64_t>(product->k);
  gemm.lda = static_cast<uint64_t>(product->xMatrix.stride);
  gemm.ldc = static_cast<uint64_t>(product->outMatrix.stride);
  gemm.type = product->type.isF16() ? ElementType::F16 : product->type.isBF16() ? ElementType::BF16 : ElementType::F32;
  gemm.compute = product->compute;
  gemm.epilogue = product->epilogue;
  // Kernels made for linear layers come in several sizes; one launch for everything is the generic one. The former are
  // as fast as the library or faster wherever both were timed, so there the library is for the tuner to choose.
  launch.needsTiming = dispatch.launches.size() > 1;
  return launch;
}
