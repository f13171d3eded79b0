//===- DeviceBuilder.cpp - What kernels are written with -------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#include "lib/Codegen/NVPTX/DeviceBuilder.h"
#include "lib/Codegen/NVPTX/DeviceModule.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace reckon::nvptx;
using arith::CmpIPredicate;

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

Value DeviceBuilder::i32(int64_t value) {
  return arith::ConstantOp::create(*this, getI32IntegerAttr(static_cast<int32_t>(value)));
}
Value DeviceBuilder::i64(int64_t value) { return arith::ConstantOp::create(*this, getI64IntegerAttr(value)); }
Value DeviceBuilder::f32(double value) { return arith::ConstantOp::create(*this, getF32FloatAttr(value)); }
Value DeviceBuilder::boolean(bool value) { return arith::ConstantOp::create(*this, getBoolAttr(value)); }
Value DeviceBuilder::like(Value x, int64_t value) {
  return arith::ConstantOp::create(*this, getIntegerAttr(x.getType(), value));
}

std::optional<int64_t> DeviceBuilder::constantOf(Value a) {
  llvm::APInt value;
  if (matchPattern(a, m_ConstantInt(&value)))
    return value.getSExtValue();
  return std::nullopt;
}

Value DeviceBuilder::add(Value a, Value b) {
  auto x = constantOf(a), y = constantOf(b);
  if (x && y)
    return like(a, *x + *y);
  if (x && *x == 0)
    return b;
  if (y && *y == 0)
    return a;
  return arith::AddIOp::create(*this, a, b);
}

Value DeviceBuilder::add(Value a, int64_t b) { return add(a, like(a, b)); }

Value DeviceBuilder::sub(Value a, Value b) {
  auto x = constantOf(a), y = constantOf(b);
  if (x && y)
    return like(a, *x - *y);
  return arith::SubIOp::create(*this, a, b);
}

Value DeviceBuilder::mul(Value a, int64_t b) { return mul(a, like(a, b)); }

Value DeviceBuilder::mul(Value a, Value b) {
  auto x = constantOf(a), y = constantOf(b);
  if (x && y)
    return like(a, *x * *y);
  if (y && *y == 1)
    return a;
  if ((x && *x == 0) || (y && *y == 0))
    return like(a, 0);
  return arith::MulIOp::create(*this, a, b);
}

Value DeviceBuilder::divU(Value a, int64_t b) {
  if (auto x = constantOf(a))
    return like(a, *x / b);
  return b == 1 ? a : Value(arith::DivUIOp::create(*this, a, like(a, b)));
}

Value DeviceBuilder::remU(Value a, int64_t b) {
  if (auto x = constantOf(a))
    return like(a, *x % b);
  return b == 1 ? like(a, 0) : Value(arith::RemUIOp::create(*this, a, like(a, b)));
}

Value DeviceBuilder::bitAnd(Value a, int64_t b) { return arith::AndIOp::create(*this, a, like(a, b)); }

Value DeviceBuilder::bitAnd(Value a, Value b) { return arith::AndIOp::create(*this, a, b); }
Value DeviceBuilder::bitOr(Value a, Value b) { return arith::OrIOp::create(*this, a, b); }
Value DeviceBuilder::bitXor(Value a, Value b) { return arith::XOrIOp::create(*this, a, b); }
Value DeviceBuilder::min(Value a, Value b) { return arith::MinUIOp::create(*this, a, b); }

Value DeviceBuilder::shiftLeft(Value a, int64_t b) { return arith::ShLIOp::create(*this, a, like(a, b)); }

Value DeviceBuilder::shiftRight(Value a, int64_t b) { return arith::ShRUIOp::create(*this, a, like(a, b)); }

Value DeviceBuilder::both(Value a, Value b) {
  if (auto x = constantOf(a))
    return *x ? b : a;
  if (auto y = constantOf(b))
    return *y ? a : b;
  return arith::AndIOp::create(*this, a, b);
}

Value DeviceBuilder::either(Value a, Value b) {
  if (auto x = constantOf(a))
    return *x ? a : b;
  if (auto y = constantOf(b))
    return *y ? b : a;
  return arith::OrIOp::create(*this, a, b);
}

Value DeviceBuilder::negate(Value a) {
  if (auto x = constantOf(a))
    return boolean(!*x);
  return arith::XOrIOp::create(*this, a, boolean(true));
}

Value DeviceBuilder::compare(CmpIPredicate predicate, Value a, Value b) {
  return arith::CmpIOp::create(*this, predicate, a, b);
}

Value DeviceBuilder::equal(Value a, int64_t b) {
  if (auto x = constantOf(a))
    return boolean(*x == b);
  return arith::CmpIOp::create(*this, CmpIPredicate::eq, a, like(a, b));
}

Value DeviceBuilder::lessU(Value a, Value b) {
  auto x = constantOf(a), y = constantOf(b);
  if (x && y)
    return boolean(uint64_t(*x) < uint64_t(*y));
  return arith::CmpIOp::create(*this, CmpIPredicate::ult, a, b);
}

Value DeviceBuilder::lessS(Value a, Value b) {
  auto x = constantOf(a), y = constantOf(b);
  if (x && y)
    return boolean(*x < *y);
  return arith::CmpIOp::create(*this, CmpIPredicate::slt, a, b);
}

Value DeviceBuilder::select(Value condition, Value a, Value b) {
  if (auto x = constantOf(condition))
    return *x ? a : b;
  return LLVM::SelectOp::create(*this, condition, a, b);
}

Value DeviceBuilder::widen(Value a) {
  if (auto x = constantOf(a))
    return i64(uint32_t(*x));
  return a.getType().isInteger(64) ? a : Value(arith::ExtUIOp::create(*this, getI64Type(), a));
}

Value DeviceBuilder::narrow(Value a) {
  if (auto x = constantOf(a))
    return i32(int32_t(*x));
  return a.getType().isInteger(32) ? a : Value(arith::TruncIOp::create(*this, getI32Type(), a));
}

Value DeviceBuilder::bitcast(Type type, Value a) { return LLVM::BitcastOp::create(*this, type, a); }

Value DeviceBuilder::fma(Value a, Value b, Value c) {
  Value product = arith::MulFOp::create(*this, a, b, arith::FastMathFlags::contract);
  return arith::AddFOp::create(*this, product, c, arith::FastMathFlags::contract);
}

Value DeviceBuilder::addf(Value a, Value b) { return arith::AddFOp::create(*this, a, b); }

static Value callIntrinsic(DeviceBuilder &b, StringRef name, ValueRange operands) {
  return LLVM::CallIntrinsicOp::create(b, operands[0].getType(), b.getStringAttr(name), operands).getResult(0);
}

Value DeviceBuilder::exp2(Value a) { return callIntrinsic(*this, "llvm.nvvm.ex2.approx.ftz.f", a); }

Value DeviceBuilder::reciprocal(Value a) { return callIntrinsic(*this, "llvm.nvvm.rcp.approx.ftz.f", a); }

Value DeviceBuilder::maximum(Value a, Value b) { return callIntrinsic(*this, "llvm.nvvm.fmax.nan.f", {a, b}); }

//===----------------------------------------------------------------------===//
// Threads
//===----------------------------------------------------------------------===//

Value DeviceBuilder::thread() { return NVVM::ThreadIdXOp::create(*this, getI32Type()); }

Value DeviceBuilder::block(unsigned dimension) {
  return dimension == 0 ? Value(NVVM::BlockIdXOp::create(*this, getI32Type()))
                        : Value(NVVM::BlockIdYOp::create(*this, getI32Type()));
}

Value DeviceBuilder::blocks(unsigned dimension) {
  return dimension == 0 ? Value(NVVM::GridDimXOp::create(*this, getI32Type()))
                        : Value(NVVM::GridDimYOp::create(*this, getI32Type()));
}

void DeviceBuilder::barrier() { NVVM::Barrier0Op::create(*this); }

/// Shuffles move 32 bits; wider values go word by word.
static Value shuffleWords(DeviceBuilder &b, Value value, Value lane, NVVM::ShflKind kind) {
  Type type = value.getType(), i32 = b.getI32Type();
  if (auto pointer = dyn_cast<LLVM::LLVMPointerType>(type)) {
    Value number = LLVM::PtrToIntOp::create(b, b.getI64Type(), value);
    return LLVM::IntToPtrOp::create(b, type, shuffleWords(b, number, lane, kind));
  }
  if (type.getIntOrFloatBitWidth() == 64) {
    Value low = shuffleWords(b, arith::TruncIOp::create(b, i32, value), lane, kind);
    Value high =
        shuffleWords(b, arith::TruncIOp::create(b, i32, arith::ShRUIOp::create(b, value, b.i64(32))), lane, kind);
    Value shifted = arith::ShLIOp::create(b, b.widen(high), b.i64(32));
    return arith::OrIOp::create(b, shifted, b.widen(low));
  }
  return NVVM::ShflOp::create(b, type, b.i32(-1), value, lane, b.i32(31), kind, UnitAttr());
}

Value DeviceBuilder::shuffle(Value value, Value lane) { return shuffleWords(*this, value, lane, NVVM::ShflKind::idx); }

Value DeviceBuilder::shuffleXor(Value value, int64_t mask) {
  return shuffleWords(*this, value, i32(mask), NVVM::ShflKind::bfly);
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

Value DeviceBuilder::at(Value pointer, Value bytes) {
  if (auto x = constantOf(bytes))
    return at(pointer, *x);
  if (cast<LLVM::LLVMPointerType>(pointer.getType()).getAddressSpace() != 3)
    bytes = widen(bytes);
  return LLVM::GEPOp::create(*this, pointer.getType(), getI8Type(), pointer, ArrayRef<LLVM::GEPArg>{bytes});
}

Value DeviceBuilder::at(Value pointer, int64_t bytes) {
  if (bytes == 0)
    return pointer;
  if (bytes != int32_t(bytes)) {
    Value far = i64(bytes);
    return LLVM::GEPOp::create(*this, pointer.getType(), getI8Type(), pointer, ArrayRef<LLVM::GEPArg>{far});
  }
  return LLVM::GEPOp::create(*this, pointer.getType(), getI8Type(), pointer,
                             ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(bytes)});
}

Value DeviceBuilder::load(Type type, Value pointer, unsigned alignment, bool constant) {
  auto load = LLVM::LoadOp::create(*this, type, pointer, alignment);
  load.setInvariant(constant && isConstantMemory(pointer));
  return load;
}

void DeviceBuilder::store(Value value, Value pointer, unsigned alignment) {
  LLVM::StoreOp::create(*this, value, pointer, alignment);
}

Values DeviceBuilder::loadWords(Value pointer, unsigned words, bool constant) {
  return this->words(load(rawType(4 * words), pointer, 4 * words, constant));
}

void DeviceBuilder::storeWords(ArrayRef<Value> words, Value pointer) {
  Type type = words[0].getType();
  if (words.size() == 1)
    return store(words[0], pointer, 4);
  Value vector = LLVM::UndefOp::create(*this, VectorType::get(words.size(), type));
  for (auto [i, word] : llvm::enumerate(words))
    vector = LLVM::InsertElementOp::create(*this, vector, word, i32(i));
  store(vector, pointer, 4 * words.size());
}

Value DeviceBuilder::sharedAddress(Value pointer) { return LLVM::PtrToIntOp::create(*this, getI32Type(), pointer); }

Value DeviceBuilder::sharedPointer(Value address) {
  return LLVM::IntToPtrOp::create(*this, LLVM::LLVMPointerType::get(getContext(), 3), address);
}

//===----------------------------------------------------------------------===//
// Control
//===----------------------------------------------------------------------===//

void DeviceBuilder::ifThen(Value condition, llvm::function_ref<void()> then) {
  if (auto known = constantOf(condition)) {
    if (*known)
      then();
    return;
  }
  auto op = scf::IfOp::create(*this, condition);
  InsertionGuard guard(*this);
  setInsertionPointToStart(op.thenBlock());
  then();
}

void DeviceBuilder::ifThenElse(Value condition, llvm::function_ref<void()> then, llvm::function_ref<void()> otherwise) {
  if (auto known = constantOf(condition))
    return *known ? then() : otherwise();
  auto op = scf::IfOp::create(*this, condition, /*withElseRegion=*/true);
  InsertionGuard guard(*this);
  setInsertionPointToStart(op.thenBlock());
  then();
  setInsertionPointToStart(op.elseBlock());
  otherwise();
}

Values DeviceBuilder::ifElse(Value condition, llvm::function_ref<SmallVector<Value>()> then,
                             llvm::function_ref<SmallVector<Value>()> otherwise) {
  if (auto known = constantOf(condition))
    return *known ? then() : otherwise();
  SmallVector<Value> results[2];
  Block blocks[2];
  for (int i = 0; i < 2; ++i) {
    InsertionGuard guard(*this);
    setInsertionPointToStart(&blocks[i]);
    results[i] = i == 0 ? then() : otherwise();
    scf::YieldOp::create(*this, results[i]);
  }
  auto op = scf::IfOp::create(*this, ValueRange(results[0]).getTypes(), condition, /*addThenBlock=*/false,
                              /*addElseBlock=*/false);
  for (int i = 0; i < 2; ++i) {
    auto *block = new Block();
    block->getOperations().splice(block->end(), blocks[i].getOperations());
    op->getRegion(i).push_back(block);
  }
  return SmallVector<Value>(op.getResults());
}

Values DeviceBuilder::loop(Value begin, Value end, Value step, ValueRange carried, LoopBody body) {
  auto op =
      scf::ForOp::create(*this, begin, end, step, carried, [&](OpBuilder &inner, Location, Value i, ValueRange values) {
        InsertionGuard guard(*this);
        setInsertionPointToEnd(inner.getInsertionBlock());
        SmallVector<Value> next = body(i, values);
        scf::YieldOp::create(*this, next);
      });
  return SmallVector<Value>(op.getResults());
}

void DeviceBuilder::loop(Value begin, Value end, Value step, llvm::function_ref<void(Value)> body) {
  loop(begin, end, step, {}, [&](Value i, ValueRange) {
    body(i);
    return Values();
  });
}

//===----------------------------------------------------------------------===//
// Element types
//===----------------------------------------------------------------------===//

Type DeviceBuilder::rawType(unsigned bytes) {
  if (bytes <= 4)
    return getIntegerType(bytes * 8);
  return VectorType::get({bytes / 4}, getI32Type());
}

Values DeviceBuilder::words(Value raw) {
  auto vector = dyn_cast<VectorType>(raw.getType());
  if (!vector)
    return {raw};
  SmallVector<Value> result;
  for (int64_t i = 0; i < vector.getNumElements(); ++i)
    result.push_back(LLVM::ExtractElementOp::create(*this, raw, i32(i)));
  return result;
}

Values DeviceBuilder::unpack(Value raw, Type elementType) {
  SmallVector<Value> result;
  Type f32 = getF32Type(), i32Type = getI32Type();
  for (Value word : words(raw)) {
    if (elementType.isF32()) {
      result.push_back(LLVM::BitcastOp::create(*this, f32, word));
      continue;
    }
    if (elementType.isBF16()) { // its bits are the upper half of the f32
      bool isPair = word.getType().isInteger(32);
      Value wide = isPair ? word : Value(arith::ExtUIOp::create(*this, i32Type, word));
      result.push_back(LLVM::BitcastOp::create(*this, f32, arith::ShLIOp::create(*this, wide, i32(16)).getResult()));
      if (isPair)
        result.push_back(LLVM::BitcastOp::create(*this, f32, bitAnd(word, 0xffff0000)));
      continue;
    }
    if (word.getType().isInteger(16)) {
      result.push_back(
          arith::ExtFOp::create(*this, f32, LLVM::BitcastOp::create(*this, elementType, word).getResult()));
      continue;
    }
    Value pair = LLVM::BitcastOp::create(*this, VectorType::get({2}, elementType), word);
    for (int i = 0; i < 2; ++i)
      result.push_back(
          arith::ExtFOp::create(*this, f32, LLVM::ExtractElementOp::create(*this, pair, i32(i)).getResult()));
  }
  return result;
}

Value DeviceBuilder::pack(ArrayRef<Value> values, Type elementType) {
  auto narrowed = [&](Value value) -> Value {
    return elementType.isF32() ? value : Value(arith::TruncFOp::create(*this, elementType, value));
  };
  SmallVector<Value> packed;
  if (elementType.isF32()) {
    for (Value value : values)
      packed.push_back(LLVM::BitcastOp::create(*this, getI32Type(), value));
  } else if (values.size() == 1) {
    return LLVM::BitcastOp::create(*this, getI16Type(), narrowed(values[0]));
  } else {
    for (size_t i = 0; i < values.size(); i += 2) {
      Value pair = LLVM::UndefOp::create(*this, VectorType::get({2}, elementType));
      for (int half = 0; half < 2; ++half)
        pair = LLVM::InsertElementOp::create(*this, pair, narrowed(values[i + half]), i32(half));
      packed.push_back(LLVM::BitcastOp::create(*this, getI32Type(), pair));
    }
  }
  if (packed.size() == 1)
    return packed[0];
  Value result = LLVM::UndefOp::create(*this, rawType(packed.size() * 4));
  for (auto [i, word] : llvm::enumerate(packed))
    result = LLVM::InsertElementOp::create(*this, result, word, i32(i));
  return result;
}

Value DeviceBuilder::unpackHalf(Value word, unsigned half, Type elementType) {
  // A bfloat16 is the upper half of an f32.
  if (elementType.isBF16()) {
    Value upper = half ? bitAnd(word, static_cast<int32_t>(0xffff0000)) : shiftLeft(word, 16);
    return bitcast(getF32Type(), upper);
  }
  Value shifted = half ? shiftRight(word, 16) : word;
  Value narrow = arith::TruncIOp::create(*this, getI16Type(), shifted);
  return arith::ExtFOp::create(*this, getF32Type(), bitcast(elementType, narrow));
}
