//===- Lanes.cpp - Vectors in memory, whole or in part ----------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//

#include "lib/Codegen/Host/Lanes.h"
#include "lib/Codegen/Loops/MemoryBuilder.h"
#include "lib/Codegen/Loops/Scalar.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <numeric>

using namespace mlir;
using namespace reckon;
using namespace reckon::host;
using namespace reckon::loops;

/// Masked memory operations take no half floats: they move as integers.
static Type getMaskedType(Type stored) {
  if (stored.isBF16() || stored.isF16())
    return IntegerType::get(stored.getContext(), stored.getIntOrFloatBitWidth());
  return stored;
}

Value host::splat(ImplicitLocOpBuilder &b, Value scalar, int64_t lanes) {
  return vector::BroadcastOp::create(b, VectorType::get({lanes}, scalar.getType()), scalar);
}

Value host::lanesBelow(ImplicitLocOpBuilder &b, Value count, int64_t lanes) {
  if (auto known = asConstant(count)) {
    SmallVector<bool> bits(lanes, false);
    std::fill_n(bits.begin(), std::clamp<int64_t>(*known, 0, lanes), true);
    auto type = VectorType::get({lanes}, b.getI1Type());
    return arith::ConstantOp::create(b, DenseElementsAttr::get(type, ArrayRef<bool>(bits)));
  }
  SmallVector<int64_t> numbers(lanes);
  std::iota(numbers.begin(), numbers.end(), 0);
  auto type = VectorType::get({lanes}, b.getI64Type());
  Value all = arith::ConstantOp::create(b, DenseElementsAttr::get(type, ArrayRef<int64_t>(numbers)));
  return arith::CmpIOp::create(b, arith::CmpIPredicate::slt, all, splat(b, count, lanes));
}

Value host::loadLanes(ImplicitLocOpBuilder &b, Value address, Type elementType, int64_t lanes, Value mask) {
  Type stored = storageType(elementType), computed = computeType(elementType);
  auto storedType = VectorType::get({lanes}, stored);
  Value vector;
  if (!mask) {
    vector = loadBits(b, storedType, address);
  } else {
    auto maskedType = VectorType::get({lanes}, getMaskedType(stored));
    Value zeros = arith::ConstantOp::create(b, b.getZeroAttr(maskedType));
    vector = LLVM::MaskedLoadOp::create(b, maskedType, address, mask, zeros, stored.getIntOrFloatBitWidth() / 8);
    if (maskedType != storedType)
      vector = arith::BitcastOp::create(b, storedType, vector);
  }
  if (stored != computed)
    vector = arith::ExtFOp::create(b, VectorType::get({lanes}, computed), vector);
  return vector;
}

void host::storeLanes(ImplicitLocOpBuilder &b, Value vector, Value address, Type elementType, Value mask) {
  Type stored = storageType(elementType);
  int64_t lanes = cast<VectorType>(vector.getType()).getNumElements();
  if (stored != computeType(elementType))
    vector = arith::TruncFOp::create(b, VectorType::get({lanes}, stored), vector);
  if (!mask)
    return storeBits(b, vector, address);
  if (Type masked = getMaskedType(stored); masked != stored)
    vector = arith::BitcastOp::create(b, VectorType::get({lanes}, masked), vector);
  LLVM::MaskedStoreOp::create(b, vector, address, mask, stored.getIntOrFloatBitWidth() / 8);
}
