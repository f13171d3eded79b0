//===- Instructions.cpp - What a GPU alone has -------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------------===//

#include "lib/Codegen/NVPTX/Instructions.h"

#include "dialects/Plan/Plan.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

using namespace mlir;
using namespace reckon::nvptx;

//===----------------------------------------------------------------------===//
// Barriers
//===----------------------------------------------------------------------===//

void reckon::nvptx::initBarrier(DeviceBuilder &b, Value barrier, unsigned arrivals) {
  NVVM::MBarrierInitOp::create(b, b.sharedPointer(barrier), b.i32(arrivals), /*predicate=*/Value());
}

void reckon::nvptx::fenceBarriers(DeviceBuilder &b) { NVVM::FenceMbarrierInitOp::create(b); }

void reckon::nvptx::expectBytes(DeviceBuilder &b, Value barrier, Value bytes) {
  NVVM::MBarrierArriveExpectTxOp::create(b, TypeRange(), b.sharedPointer(barrier), bytes, NVVM::MemScopeKind::CTA,
                                         /*relaxed=*/false, /*predicate=*/Value());
}

void reckon::nvptx::arrive(DeviceBuilder &b, Value barrier) {
  NVVM::MBarrierArriveOp::create(b, b.getI64Type(), b.sharedPointer(barrier), /*count=*/Value());
}

void reckon::nvptx::arriveAsWarp(DeviceBuilder &b, Value barrier) {
  b.ifThen(b.equal(b.bitAnd(b.thread(), 31), 0), [&] { arrive(b, barrier); });
}

void reckon::nvptx::namedBarrier(DeviceBuilder &b, unsigned id, unsigned threads) {
  NVVM::BarrierOp::create(b, TypeRange(), b.i32(id), b.i32(threads), NVVM::BarrierReductionAttr(), Value());
}

Value reckon::nvptx::barrierOr(DeviceBuilder &b, Value condition) {
  auto reduction = NVVM::BarrierReductionAttr::get(b.getContext(), NVVM::BarrierReduction::OR);
  Value word = arith::ExtUIOp::create(b, b.getI32Type(), condition);
  auto barrier = NVVM::BarrierOp::create(b, b.getI32Type(), Value(), Value(), reduction, word);
  return b.negate(b.equal(barrier.getResult(0), 0));
}

void reckon::nvptx::clusterArrive(DeviceBuilder &b, bool release) {
  if (release)
    NVVM::ClusterArriveOp::create(b, /*aligned=*/UnitAttr());
  else
    NVVM::ClusterArriveRelaxedOp::create(b, /*aligned=*/UnitAttr());
}

void reckon::nvptx::clusterWait(DeviceBuilder &b) { NVVM::ClusterWaitOp::create(b, /*aligned=*/UnitAttr()); }

//===----------------------------------------------------------------------===//
// Registers
//===----------------------------------------------------------------------===//

void reckon::nvptx::setMaxRegisters(DeviceBuilder &b, unsigned count, bool more) {
  NVVM::SetMaxRegisterOp::create(b, count,
                                 more ? NVVM::SetMaxRegisterAction::increase : NVVM::SetMaxRegisterAction::decrease);
}

//===----------------------------------------------------------------------===//
// Copies
//===----------------------------------------------------------------------===//

/// Bulk copies write to the shared memory of a cluster, where a block's own has the addresses that it has in the block.
/// (A cast between the address spaces would go through a generic pointer.)
static Value clusterPointer(DeviceBuilder &b, Value address) {
  auto space = static_cast<unsigned>(NVVM::NVVMMemorySpace::SharedCluster);
  return LLVM::IntToPtrOp::create(b, LLVM::LLVMPointerType::get(b.getContext(), space), address);
}

void reckon::nvptx::copyAsync(DeviceBuilder &b, Value shared, Value global, unsigned bytes, Value present) {
  // Past the first-level cache, which takes whole lines of 16 bytes only.
  auto cache = bytes == 16 ? NVVM::LoadCacheModifierKind::CG : NVVM::LoadCacheModifierKind::CA;
  NVVM::CpAsyncOp::create(b, b.sharedPointer(shared), global, bytes, cache, /*cpSize=*/present);
}

void reckon::nvptx::commitCopies(DeviceBuilder &b) { NVVM::CpAsyncCommitGroupOp::create(b); }

void reckon::nvptx::waitCopies(DeviceBuilder &b, unsigned pending) { NVVM::CpAsyncWaitGroupOp::create(b, pending); }

void reckon::nvptx::fenceShared(DeviceBuilder &b) {
  NVVM::FenceProxyOp::create(b, NVVM::ProxyKind::async_shared,
                             NVVM::SharedSpaceAttr::get(b.getContext(), NVVM::SharedSpace::shared_cta));
}

void reckon::nvptx::copyBulk(DeviceBuilder &b, Value shared, Value global, unsigned bytes, Value barrier) {
  NVVM::CpAsyncBulkGlobalToSharedClusterOp::create(b, clusterPointer(b, shared), global, b.sharedPointer(barrier),
                                                   b.i32(bytes), /*multicastMask=*/Value(), /*l2CacheHint=*/Value());
}

void reckon::nvptx::copyTile(DeviceBuilder &b, Value map, Value shared, std::pair<Value, Value> origin, Value barrier,
                             int64_t bytes) {
  auto copy = NVVM::CpAsyncBulkTensorGlobalToSharedClusterOp::create(
      b, clusterPointer(b, shared), map, ValueRange{origin.first, origin.second}, b.sharedPointer(barrier),
      /*im2colOffsets=*/ValueRange(), /*multicastMask=*/Value(), /*l2CacheHint=*/Value(), NVVM::TMALoadMode::TILE,
      /*isCTAOnly=*/false, /*group=*/NVVM::CTAGroupKindAttr(), /*predicate=*/Value());
  plan::setBytes(copy, SizeExpr(bytes));
}

//===----------------------------------------------------------------------===//
// Tensor cores
//===----------------------------------------------------------------------===//

static Values membersOf(DeviceBuilder &b, Value record, unsigned count) {
  Values members;
  for (unsigned i = 0; i < count; ++i)
    members.push_back(LLVM::ExtractValueOp::create(b, record, ArrayRef<int64_t>{i}));
  return members;
}

Values reckon::nvptx::loadMatrix(DeviceBuilder &b, Value address, bool transposed) {
  auto type = LLVM::LLVMStructType::getLiteral(b.getContext(), SmallVector<Type>(4, b.getI32Type()));
  auto shape = NVVM::LdStMatrixShapeAttr::get(b.getContext(), 8, 8);
  NVVM::MMALayout layout = transposed ? NVVM::MMALayout::col : NVVM::MMALayout::row;
  Value words = NVVM::LdMatrixOp::create(b, type, b.sharedPointer(address), /*num=*/4, layout, shape,
                                         NVVM::LdStMatrixEltType::B16);
  return membersOf(b, words, 4);
}

Values reckon::nvptx::multiplyWarp(DeviceBuilder &b, Type type, ArrayRef<Value> x, ArrayRef<Value> y,
                                   ArrayRef<Value> sums) {
  auto result = LLVM::LLVMStructType::getLiteral(b.getContext(), SmallVector<Type>(4, b.getF32Type()));
  // Only pairs of f16 have a type of their own there.
  auto operands = [&](ArrayRef<Value> words) {
    return llvm::map_to_vector(
        words, [&](Value word) { return type.isF16() ? b.bitcast(VectorType::get(2, type), word) : word; });
  };
  NVVM::MMATypes name = type.isF16()    ? NVVM::MMATypes::f16
                        : type.isBF16() ? NVVM::MMATypes::bf16
                                        : NVVM::MMATypes::tf32;
  int64_t inner = type.isF32() ? 8 : 16;
  Value product = NVVM::MmaOp::create(b, result, operands(x), operands(y), sums, {16, 8, inner}, /*b1Op=*/std::nullopt,
                                      /*intOverflow=*/std::nullopt, std::array{name, name},
                                      std::array{NVVM::MMALayout::row, NVVM::MMALayout::col});
  return membersOf(b, product, 4);
}

/// Address / 16, then at bit 16 the distance of rows of the other dimension, for rows of 128 swizzled bytes the
/// distance of groups of eight (1024 / 16) at bit 32 and the swizzle at bit 62.
Value reckon::nvptx::tileDescriptor(DeviceBuilder &b, Value address, int64_t bytes, int64_t next) {
  int64_t fixed = (int64_t(1) << 62) | (int64_t(64) << 32) | (next / 16 << 16);
  Value units = b.shiftRight(address, 4);
  plan::setBytes(units.getDefiningOp(), SizeExpr(bytes));
  return b.bitOr(b.widen(units), b.i64(fixed));
}
