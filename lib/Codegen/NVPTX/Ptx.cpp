//===- Ptx.cpp - Short names for what kernels are written in ----------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//

#include "lib/Codegen/NVPTX/Ptx.h"
#include "lib/Codegen/NVPTX/DeviceModule.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/BuiltinOps.h"

using namespace mlir;
using namespace reckon::nvptx;

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

Value Ptx::i32(int64_t value) { return arith::ConstantOp::create(b, b.getI32IntegerAttr(static_cast<int32_t>(value))); }
Value Ptx::i64(int64_t value) { return arith::ConstantOp::create(b, b.getI64IntegerAttr(value)); }
Value Ptx::f32(double value) { return arith::ConstantOp::create(b, b.getF32FloatAttr(value)); }
Value Ptx::like(Value x, int64_t value) { return arith::ConstantOp::create(b, b.getIntegerAttr(x.getType(), value)); }
Value Ptx::add(Value x, Value y) { return arith::AddIOp::create(b, x, y); }
Value Ptx::add(Value x, int64_t y) { return y == 0 ? x : add(x, like(x, y)); }
Value Ptx::sub(Value x, Value y) { return arith::SubIOp::create(b, x, y); }
Value Ptx::mul(Value x, Value y) { return arith::MulIOp::create(b, x, y); }
Value Ptx::mul(Value x, int64_t y) { return y == 1 ? x : mul(x, like(x, y)); }
Value Ptx::div(Value x, int64_t y) { return y == 1 ? x : arith::DivUIOp::create(b, x, like(x, y)).getResult(); }
Value Ptx::rem(Value x, int64_t y) { return arith::RemUIOp::create(b, x, like(x, y)); }
Value Ptx::bitAnd(Value x, int64_t y) { return arith::AndIOp::create(b, x, like(x, y)); }
Value Ptx::bitAnd(Value x, Value y) { return arith::AndIOp::create(b, x, y); }
Value Ptx::bitOr(Value x, Value y) { return arith::OrIOp::create(b, x, y); }
Value Ptx::bitXor(Value x, Value y) { return arith::XOrIOp::create(b, x, y); }
Value Ptx::shl(Value x, int64_t y) { return arith::ShLIOp::create(b, x, like(x, y)); }
Value Ptx::shr(Value x, int64_t y) { return arith::ShRUIOp::create(b, x, like(x, y)); }
Value Ptx::min(Value x, Value y) { return arith::MinUIOp::create(b, x, y); }
Value Ptx::select(Value condition, Value x, Value y) { return arith::SelectOp::create(b, condition, x, y); }
Value Ptx::compare(arith::CmpIPredicate predicate, Value x, Value y) {
  return arith::CmpIOp::create(b, predicate, x, y);
}
Value Ptx::both(Value x, Value y) { return arith::AndIOp::create(b, x, y); }
Value Ptx::wide(Value x) {
  return x.getType().isInteger(64) ? x : arith::ExtUIOp::create(b, b.getI64Type(), x).getResult();
}
Value Ptx::narrow(Value x) {
  return x.getType().isInteger(32) ? x : arith::TruncIOp::create(b, b.getI32Type(), x).getResult();
}
Value Ptx::bits(Type type, Value x) { return LLVM::BitcastOp::create(b, type, x); }
Value Ptx::fma(Value x, Value y, Value z) {
  Value product = arith::MulFOp::create(b, x, y, arith::FastMathFlags::contract);
  return arith::AddFOp::create(b, product, z, arith::FastMathFlags::contract);
}
Value Ptx::addf(Value x, Value y) { return arith::AddFOp::create(b, x, y); }

//===----------------------------------------------------------------------===//
// Threads
//===----------------------------------------------------------------------===//

Value Ptx::thread() { return NVVM::ThreadIdXOp::create(b, b.getI32Type()); }
Value Ptx::block(unsigned dimension) {
  return dimension == 0 ? Value(NVVM::BlockIdXOp::create(b, b.getI32Type()))
                        : Value(NVVM::BlockIdYOp::create(b, b.getI32Type()));
}
Value Ptx::blocks(unsigned dimension) {
  return dimension == 0 ? Value(NVVM::GridDimXOp::create(b, b.getI32Type()))
                        : Value(NVVM::GridDimYOp::create(b, b.getI32Type()));
}
void Ptx::barrier() { NVVM::Barrier0Op::create(b); }
Value Ptx::shuffleXor(Value x, int64_t mask) {
  return inlinePtx({x.getType()}, "shfl.sync.bfly.b32 $0, $1, " + std::to_string(mask) + ", 31, -1;", "ff", {x})[0];
}

//===----------------------------------------------------------------------===//
// Control flow
//===----------------------------------------------------------------------===//

void Ptx::ifThen(Value condition, llvm::function_ref<void()> then) {
  auto op = scf::IfOp::create(b, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(&op.getThenRegion().front());
  then();
}

void Ptx::ifElse(Value condition, llvm::function_ref<void()> then, llvm::function_ref<void()> otherwise) {
  auto op = scf::IfOp::create(b, condition, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(&op.getThenRegion().front());
  then();
  b.setInsertionPointToStart(&op.getElseRegion().front());
  otherwise();
}

Values Ptx::choose(Value condition, llvm::function_ref<Values()> then, llvm::function_ref<Values()> otherwise) {
  auto op = scf::IfOp::create(
      b, condition,
      [&](OpBuilder &inner, Location loc) {
        OpBuilder::InsertionGuard guard(b);
        b.restoreInsertionPoint(inner.saveInsertionPoint());
        scf::YieldOp::create(b, then());
      },
      [&](OpBuilder &inner, Location loc) {
        OpBuilder::InsertionGuard guard(b);
        b.restoreInsertionPoint(inner.saveInsertionPoint());
        scf::YieldOp::create(b, otherwise());
      });
  return llvm::to_vector(llvm::map_range(op.getResults(), [](OpResult result) -> Value { return result; }));
}

Values Ptx::loop(Value begin, Value end, Value step, ValueRange init,
                 llvm::function_ref<Values(Value, ValueRange)> body) {
  auto op = scf::ForOp::create(b, begin, end, step, init);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(op.getBody());
  Values next = body(op.getInductionVar(), op.getRegionIterArgs());
  if (!init.empty())
    scf::YieldOp::create(b, next);
  return llvm::to_vector(llvm::map_range(op.getResults(), [](OpResult result) -> Value { return result; }));
}

void Ptx::loop(Value begin, Value end, Value step, llvm::function_ref<void(Value)> body) {
  loop(begin, end, step, {}, [&](Value i, ValueRange) {
    body(i);
    return Values();
  });
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

Type Ptx::pointerType(unsigned addressSpace) { return LLVM::LLVMPointerType::get(b.getContext(), addressSpace); }

Value Ptx::at(Value pointer, Value bytes) {
  return LLVM::GEPOp::create(b, pointer.getType(), b.getI8Type(), pointer, ValueRange{wide(bytes)});
}
Value Ptx::at(Value pointer, int64_t bytes) {
  return bytes == 0 ? pointer
                    : LLVM::GEPOp::create(b, pointer.getType(), b.getI8Type(), pointer,
                                          ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(bytes)})
                          .getResult();
}

Value Ptx::load(Type type, Value pointer, unsigned alignment, bool constant) {
  return LLVM::LoadOp::create(b, type, pointer, alignment, /*isVolatile=*/false, /*isNonTemporal=*/false,
                              constant && isConstantMemory(pointer));
}
void Ptx::store(Value value, Value pointer, unsigned alignment) { LLVM::StoreOp::create(b, value, pointer, alignment); }

Values Ptx::loadWords(Value pointer, unsigned words, bool constant) {
  if (words == 1)
    return {load(b.getI32Type(), pointer, 4, constant)};
  Value vector = load(VectorType::get(words, b.getI32Type()), pointer, 4 * words, constant);
  Values result;
  for (unsigned i = 0; i < words; ++i)
    result.push_back(LLVM::ExtractElementOp::create(b, vector, i32(i)));
  return result;
}

void Ptx::storeWords(ArrayRef<Value> words, Value pointer) {
  Type type = words[0].getType();
  if (words.size() == 1)
    return store(words[0], pointer, 4);
  Value vector = LLVM::UndefOp::create(b, VectorType::get(words.size(), type));
  for (auto [i, word] : llvm::enumerate(words))
    vector = LLVM::InsertElementOp::create(b, vector, word, i32(i));
  store(vector, pointer, 4 * words.size());
}

Value Ptx::sharedAddress(Value pointer) { return LLVM::PtrToIntOp::create(b, b.getI32Type(), pointer); }

//===----------------------------------------------------------------------===//
// Inline PTX
//===----------------------------------------------------------------------===//

Values Ptx::inlinePtx(TypeRange results, StringRef text, StringRef letters, ValueRange operands, bool sideEffects) {
  std::string constraints;
  for (auto [i, letter] : llvm::enumerate(letters)) {
    if (i)
      constraints += ',';
    if (i < results.size())
      constraints += '=';
    // A digit ties an operand to a result; results past the ninth need two digits, written as '#' in order.
    if (letter == '#')
      constraints += std::to_string(i - (letters.size() - llvm::count(letters, '#')));
    else
      constraints += letter;
  }
  if (sideEffects)
    constraints += constraints.empty() ? "~{memory}" : ",~{memory}";
  Type type;
  if (results.size() == 1)
    type = results[0];
  else if (results.size() > 1)
    type = LLVM::LLVMStructType::getLiteral(b.getContext(), llvm::to_vector(results));
  auto op = LLVM::InlineAsmOp::create(b, type ? TypeRange(type) : TypeRange(), operands, text, constraints, sideEffects,
                                      /*is_align_stack=*/false, LLVM::TailCallKind::None,
                                      LLVM::AsmDialectAttr::get(b.getContext(), LLVM::AsmDialect::AD_ATT), ArrayAttr());
  if (results.size() <= 1)
    return llvm::to_vector(llvm::map_range(op->getResults(), [](OpResult result) -> Value { return result; }));
  Values values;
  for (unsigned i = 0; i < results.size(); ++i)
    values.push_back(LLVM::ExtractValueOp::create(b, op.getRes(), i));
  return values;
}

Value reckon::nvptx::unpackHalf(Ptx &p, Value word, unsigned half, Type elementType) {
  // A bfloat16 is the upper half of an f32.
  if (elementType.isBF16()) {
    Value upper = half ? p.bitAnd(word, static_cast<int32_t>(0xffff0000)) : p.shl(word, 16);
    return p.bits(p.b.getF32Type(), upper);
  }
  Value shifted = half ? p.shr(word, 16) : word;
  Value narrow = arith::TruncIOp::create(p.b, p.b.getI16Type(), shifted);
  return arith::ExtFOp::create(p.b, p.b.getF32Type(), p.bits(elementType, narrow));
}

Value reckon::nvptx::packHalves(Ptx &p, Value low, Value high, Type elementType) {
  StringRef text = elementType.isBF16() ? "cvt.rn.bf16x2.f32 $0, $1, $2;" : "cvt.rn.f16x2.f32 $0, $1, $2;";
  return p.inlinePtx({p.b.getI32Type()}, text, "rff", {high, low}, /*sideEffects=*/false)[0];
}
