//===- KnownMultiple.cpp - What numbers and addresses are multiples of ------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//

#include "lib/Codegen/NVPTX/KnownMultiple.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace reckon;

static uint64_t powerOfTwoIn(uint64_t number) {
  uint64_t lowest = number & (~number + 1);
  return lowest == 0 ? nvptx::greatestMultiple : std::min(lowest, nvptx::greatestMultiple);
}

uint64_t nvptx::knownMultiple(Value integer) {
  APInt number;
  if (matchPattern(integer, m_ConstantInt(&number)))
    return powerOfTwoIn(number.getZExtValue());
  Operation *op = integer.getDefiningOp();
  if (!op) {
    auto loop = dyn_cast<scf::ForOp>(cast<BlockArgument>(integer).getOwner()->getParentOp());
    if (!loop || integer != loop.getInductionVar())
      return 1;
    return std::min(knownMultiple(loop.getLowerBound()), knownMultiple(loop.getStep()));
  }
  auto least = [&] { return std::min(knownMultiple(op->getOperand(0)), knownMultiple(op->getOperand(1))); };
  return llvm::TypeSwitch<Operation *, uint64_t>(op)
      .Case([&](arith::MulIOp mul) {
        return std::min(knownMultiple(mul.getLhs()) * knownMultiple(mul.getRhs()), greatestMultiple);
      })
      .Case<arith::AddIOp, arith::SubIOp, arith::MinSIOp, arith::MinUIOp, arith::MaxSIOp, arith::MaxUIOp>(
          [&](auto) { return least(); })
      .Case([&](arith::SelectOp select) {
        return std::min(knownMultiple(select.getTrueValue()), knownMultiple(select.getFalseValue()));
      })
      .Case<arith::ExtUIOp, arith::ExtSIOp, arith::TruncIOp>([&](auto) { return knownMultiple(op->getOperand(0)); })
      .Default(uint64_t(1));
}

uint64_t nvptx::knownAlignment(Value pointer) {
  if (auto argument = dyn_cast<BlockArgument>(pointer)) {
    auto function = dyn_cast<LLVM::LLVMFuncOp>(argument.getOwner()->getParentOp());
    auto alignment = function ? function.getArgAttrOfType<IntegerAttr>(argument.getArgNumber(),
                                                                       LLVM::LLVMDialect::getAlignAttrName())
                              : IntegerAttr();
    return alignment ? powerOfTwoIn(alignment.getInt()) : 1;
  }
  Operation *op = pointer.getDefiningOp();
  if (auto gep = dyn_cast<LLVM::GEPOp>(op); gep && gep.getIndices().size() == 1) {
    auto index = *gep.getIndices().begin();
    uint64_t multiple = isa<Value>(index) ? knownMultiple(cast<Value>(index))
                                          : powerOfTwoIn(cast<IntegerAttr>(index).getValue().getZExtValue());
    uint64_t bytes = gep.getElemType().getIntOrFloatBitWidth() / 8;
    return std::min({knownAlignment(gep.getBase()), multiple * powerOfTwoIn(bytes), greatestMultiple});
  }
  if (auto cast = dyn_cast<LLVM::AddrSpaceCastOp>(op))
    return knownAlignment(cast.getArg());
  if (auto masked = dyn_cast<LLVM::PtrMaskOp>(op))
    return std::max(knownMultiple(masked.getMask()), knownAlignment(masked.getPtr()));
  return isa<LLVM::ZeroOp, LLVM::AddressOfOp>(op) ? greatestMultiple : 1;
}
