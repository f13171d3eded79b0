//===- KnownMultipleTest.cpp - What numbers and addresses are multiples of --------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#include "lib/Codegen/NVPTX/KnownMultiple.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/OwningOpRef.h"

#include "gtest/gtest.h"

using namespace mlir;
using namespace reckon::nvptx;

namespace {
class KnownMultipleTest : public ::testing::Test {
protected:
  KnownMultipleTest() : b(UnknownLoc::get(&context), &context) {
    context.loadDialect<arith::ArithDialect, LLVM::LLVMDialect, scf::SCFDialect>();
    module = ModuleOp::create(b.getLoc());
    b.setInsertionPointToEnd(module->getBody());
    auto pointer = LLVM::LLVMPointerType::get(&context, 1);
    auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(&context), {pointer, pointer, b.getI64Type()});
    function = LLVM::LLVMFuncOp::create(b, "f", type);
    function.setArgAttr(0, LLVM::LLVMDialect::getAlignAttrName(), b.getI64IntegerAttr(16));
    b.setInsertionPointToEnd(function.addEntryBlock(b));
  }
  Value number(int64_t value) { return arith::ConstantOp::create(b, b.getI64IntegerAttr(value)); }
  Value argument(unsigned i) { return function.getArgument(i); }
  Value at(Value pointer, Value index, Type type) {
    return LLVM::GEPOp::create(b, pointer.getType(), type, pointer, ValueRange{index});
  }

  MLIRContext context;
  ImplicitLocOpBuilder b;
  OwningOpRef<ModuleOp> module;
  LLVM::LLVMFuncOp function;
};
} // namespace

TEST_F(KnownMultipleTest, Integers) {
  Value any = argument(2);
  EXPECT_EQ(knownMultiple(any), 1u);
  EXPECT_EQ(knownMultiple(number(12)), 4u);
  EXPECT_EQ(knownMultiple(number(0)), greatestMultiple);
  EXPECT_EQ(knownMultiple(number(-8)), 8u);
  EXPECT_EQ(knownMultiple(number(1024)), greatestMultiple);
  Value four = arith::MulIOp::create(b, any, number(4));
  EXPECT_EQ(knownMultiple(four), 4u);
  EXPECT_EQ(knownMultiple(arith::MulIOp::create(b, four, number(6))), 8u);
  EXPECT_EQ(knownMultiple(arith::AddIOp::create(b, four, number(6))), 2u);
  EXPECT_EQ(knownMultiple(arith::AddIOp::create(b, four, any)), 1u);
  EXPECT_EQ(knownMultiple(arith::MinSIOp::create(b, four, number(8))), 4u);
  EXPECT_EQ(knownMultiple(arith::TruncIOp::create(b, b.getI32Type(), four)), 4u);
}

TEST_F(KnownMultipleTest, LoopsCountFromTheirStartInSteps) {
  auto loop = scf::ForOp::create(b, number(8), argument(2), number(12));
  EXPECT_EQ(knownMultiple(loop.getInductionVar()), 4u);
  auto odd = scf::ForOp::create(b, number(1), argument(2), number(12));
  EXPECT_EQ(knownMultiple(odd.getInductionVar()), 1u);
}

TEST_F(KnownMultipleTest, Addresses) {
  Value even = arith::MulIOp::create(b, argument(2), number(2));
  EXPECT_EQ(knownAlignment(argument(0)), 16u);
  EXPECT_EQ(knownAlignment(argument(1)), 1u);
  EXPECT_EQ(knownAlignment(at(argument(0), even, b.getF16Type())), 4u);
  Value masked = LLVM::PtrMaskOp::create(b, argument(1).getType(), argument(1), number(-8));
  EXPECT_EQ(knownAlignment(masked), 8u);
  EXPECT_EQ(knownAlignment(LLVM::PtrMaskOp::create(b, argument(0).getType(), argument(0), number(-8))), 16u);
  EXPECT_EQ(knownAlignment(at(argument(0), even, b.getF32Type())), 8u);
  EXPECT_EQ(knownAlignment(at(argument(1), even, b.getF32Type())), 1u);
  Value generic = LLVM::AddrSpaceCastOp::create(b, LLVM::LLVMPointerType::get(&context), argument(0));
  EXPECT_EQ(knownAlignment(at(generic, number(1), b.getF16Type())), 2u);
  EXPECT_EQ(knownAlignment(LLVM::ZeroOp::create(b, generic.getType())), greatestMultiple);
}
