//===- Warpgroup.cpp - Bulk copies and warpgroup products -------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//

#include "lib/Codegen/NVPTX/Warpgroup.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace reckon::nvptx;

void reckon::nvptx::initBarrier(Ptx &p, Value barrier, unsigned arrivals) {
  p.inlinePtx({}, "mbarrier.init.shared::cta.b64 [$0], " + std::to_string(arrivals) + ";", "r", {barrier});
}

void reckon::nvptx::fenceBarriers(Ptx &p) { p.inlinePtx({}, "fence.mbarrier_init.release.cluster;", "", {}); }

void reckon::nvptx::waitForBarrier(Ptx &p, Value barrier, Value parity) {
  p.inlinePtx({},
              "{\n.reg .pred done;\nAGAIN:\nmbarrier.try_wait.parity.shared::cta.b64 done, [$0], $1;\n@done bra "
              "DONE;\nbra AGAIN;\nDONE:\n}",
              "rr", {barrier, parity});
}

void reckon::nvptx::expectBytes(Ptx &p, Value barrier, int64_t bytes) {
  p.inlinePtx({}, "mbarrier.arrive.expect_tx.shared::cta.b64 _, [$0], " + std::to_string(bytes) + ";", "r", {barrier});
}

void reckon::nvptx::arriveAsWarp(Ptx &p, Value barrier) {
  p.ifThen(p.eq(p.bitAnd(p.thread(), 31), 0),
           [&] { p.inlinePtx({}, "mbarrier.arrive.shared::cta.b64 _, [$0];", "r", {barrier}); });
}

void reckon::nvptx::copyTile(Ptx &p, Value map, Value to, Value inner, Value outer, Value barrier) {
  Value address = LLVM::PtrToIntOp::create(p.b, p.b.getI64Type(), map);
  p.inlinePtx({},
              "cp.async.bulk.tensor.2d.shared::cluster.global.tile.mbarrier::complete_tx::bytes [$0], [$1, {$2, $3}], "
              "[$4];",
              "rlrrr", {to, address, inner, outer, barrier});
}

void reckon::nvptx::prefetchMap(Ptx &p, Value map) {
  p.inlinePtx({}, "prefetch.tensormap [$0];", "l", {LLVM::PtrToIntOp::create(p.b, p.b.getI64Type(), map)});
}

/// Address / 16, then for rows of 128 swizzled bytes the distance of groups of eight (1024 / 16) at bit 32 and the
/// swizzle at bit 62.
Value reckon::nvptx::tileDescriptor(Ptx &p, Value address) {
  constexpr int64_t fixed = (int64_t(1) << 62) | (int64_t(64) << 32) | (int64_t(1) << 16);
  return p.bitOr(p.wide(p.shr(address, 4)), p.i64(fixed));
}

std::string reckon::nvptx::wgmmaKind(Type type) {
  return type.isF16() ? "k16.f32.f16.f16" : type.isBF16() ? "k16.f32.bf16.bf16" : "k8.f32.tf32.tf32";
}

std::string reckon::nvptx::asmRegisters(size_t first, size_t count) {
  std::string text = "{";
  for (size_t i = 0; i < count; ++i)
    text += (i ? ", $" : "$") + std::to_string(first + i);
  return text + "}";
}
