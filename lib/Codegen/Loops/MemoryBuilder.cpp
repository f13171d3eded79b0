//===- MemoryBuilder.cpp - Sizes, addresses and loops of a kernel ------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//

#include "lib/Codegen/Loops/MemoryBuilder.h"
#include "lib/Codegen/Loops/Scalar.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::loops;

//===----------------------------------------------------------------------===//
// Integers
//===----------------------------------------------------------------------===//

std::optional<int64_t> loops::asConstant(Value value) {
  APInt number;
  if (matchPattern(value, m_ConstantInt(&number)))
    return number.getSExtValue();
  return std::nullopt;
}

// One constant a value, before everything else: places outlive the loop they were made in.
Value MemoryBuilder::constantIndex(int64_t value) {
  if (!entry)
    return arith::ConstantOp::create(b, b.getI64IntegerAttr(value));
  Value &known = constants[value];
  if (!known) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(entry->getBlock());
    known = arith::ConstantOp::create(b, b.getI64IntegerAttr(value));
  }
  return known;
}

Value MemoryBuilder::constantFloat(Type type, double value) {
  return arith::ConstantOp::create(b, b.getFloatAttr(type, value));
}

// Sizes and offsets stay far below 2^63, so index arithmetic is marked as not wrapping: the loop vectoriser needs it.
Value MemoryBuilder::add(Value x, Value y) {
  return b.createOrFold<arith::AddIOp>(x, y, arith::IntegerOverflowFlags::nsw);
}
Value MemoryBuilder::sub(Value x, Value y) {
  return b.createOrFold<arith::SubIOp>(x, y, arith::IntegerOverflowFlags::nsw);
}
Value MemoryBuilder::mul(Value x, Value y) {
  return b.createOrFold<arith::MulIOp>(x, y, arith::IntegerOverflowFlags::nsw);
}

Value MemoryBuilder::size(const SizeExpr &expr) {
  if (auto value = expr.constant())
    return constantIndex(*value);
  for (auto &[known, value] : sizeCache)
    if (known == expr)
      return value;

  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(entry);
  Value sum = constantIndex(0);
  for (const SizeExpr::Term &term : expr.terms()) {
    Value product = constantIndex(term.coefficient);
    for (auto &factor : term.factors) {
      Value value;
      switch (factor->kind) {
      case SizeExpr::Atom::Kind::Dim: {
        auto names = kernel.getDims().getAsValueRange<StringAttr>();
        auto it = llvm::find(names, StringRef(factor->name));
        assert(it != names.end() && "the schedule lists every dimension a kernel uses");
        value = dimValues[std::distance(names.begin(), it)];
        break;
      }
      case SizeExpr::Atom::Kind::FloorDiv:
        value = arith::FloorDivSIOp::create(b, size(factor->operands[0]), size(factor->operands[1]));
        break;
      case SizeExpr::Atom::Kind::Min:
        value = arith::MinSIOp::create(b, size(factor->operands[0]), size(factor->operands[1]));
        break;
      case SizeExpr::Atom::Kind::Max:
        value = arith::MaxSIOp::create(b, size(factor->operands[0]), size(factor->operands[1]));
        break;
      }
      product = mul(product, value);
    }
    sum = add(sum, product);
  }
  sizeCache.push_back({expr, sum});
  return sum;
}

SmallVector<Value> MemoryBuilder::sizes(Value tensor) {
  SmallVector<Value> result;
  for (const SizeExpr &expr : rec::getShape(tensor))
    result.push_back(size(expr));
  return result;
}

Value MemoryBuilder::linearIndex(Index index, ArrayRef<Value> extents) {
  Value linear = constantIndex(0);
  for (auto [i, extent] : llvm::zip(index, extents))
    linear = add(mul(linear, extent), i);
  return linear;
}

SmallVector<Value> MemoryBuilder::unflatten(Value linear, ArrayRef<Value> extents) {
  SmallVector<Value> index(extents.size());
  for (size_t d = extents.size(); d-- > 1;) {
    index[d] = b.createOrFold<arith::RemSIOp>(linear, extents[d]);
    linear = b.createOrFold<arith::DivSIOp>(linear, extents[d]);
  }
  if (!extents.empty())
    index[0] = linear;
  return index;
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

Value MemoryBuilder::alignedScratch(const SizeExpr &bytes) {
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(entry);
  Value offset = size(scratchSize);
  scratchSize = scratchSize + SizeExpr(64) * SizeExpr::ceilDiv(bytes, 64);
  // An op of its own also for the first, which says how large the array is.
  auto array = LLVM::GEPOp::create(b, scratchPointer.getType(), b.getI8Type(), scratchPointer, ValueRange{offset},
                                   LLVM::GEPNoWrapFlags::inbounds);
  plan::setBytes(array, bytes);
  return array;
}

Value MemoryBuilder::offsetPointer(Value base, Value elements, Type elementType) {
  if (asConstant(elements) == 0)
    return base;
  return LLVM::GEPOp::create(b, base.getType(), storageType(elementType), base, ValueRange{elements},
                             LLVM::GEPNoWrapFlags::inbounds);
}

Value MemoryBuilder::pointer(const StridedView &place, Index index) {
  assert(index.size() == place.strides.size() && "one index a dimension");
  Value offset = constantIndex(0);
  for (auto [i, stride] : llvm::zip(index, place.strides))
    offset = add(offset, mul(i, stride));
  return offsetPointer(place.base, offset, place.elementType);
}

Value MemoryBuilder::loadRaw(Value pointer, Type elementType) {
  return fromStorage(b, loadBits(b, storageType(elementType), pointer), elementType);
}

void MemoryBuilder::storeRaw(Value element, Value pointer, Type elementType) {
  storeBits(b, toStorage(b, element, elementType), pointer);
}

Value MemoryBuilder::load(const StridedView &place, Index index) {
  return loadRaw(pointer(place, index), place.elementType);
}

void MemoryBuilder::store(Value element, const StridedView &place, Index index) {
  storeRaw(element, pointer(place, index), place.elementType);
}

/// A vector along dimension `dim` of a place, the other dimensions fixed at `index`.
StridedView MemoryBuilder::vectorAt(const StridedView &place, Index index, unsigned dim) {
  SmallVector<Value> at(index);
  at[dim] = constantIndex(0);
  return {pointer(place, at), {place.strides[dim]}, place.elementType};
}

SmallVector<Value> MemoryBuilder::denseStrides(ArrayRef<SizeExpr> shape, bool oneRow) {
  SmallVector<Value> strides(shape.size());
  SizeExpr stride = 1;
  for (size_t d = shape.size(); d-- > 0;) {
    strides[d] = size(d == 0 && oneRow ? SizeExpr(0) : stride);
    stride = stride * shape[d];
  }
  return strides;
}

//===----------------------------------------------------------------------===//
// Control flow
//===----------------------------------------------------------------------===//

void MemoryBuilder::loop(Value begin, Value end, Body body, int64_t step) {
  auto first = asConstant(begin), last = asConstant(end);
  if (first && last && *last <= *first)
    return;
  if (first && last && *last - *first <= step)
    return body(begin);
  scf::ForOp::create(b, begin, end, constantIndex(step), ValueRange{},
                     [&](OpBuilder &builder, Location, Value iv, ValueRange) {
                       OpBuilder::InsertionGuard guard(b);
                       b.setInsertionPointToEnd(builder.getInsertionBlock());
                       body(iv);
                       scf::YieldOp::create(b);
                     });
}

SmallVector<Value> MemoryBuilder::reduceLoop(Value begin, Value end, ValueRange init, Accumulate body, int64_t step) {
  auto loopOp = scf::ForOp::create(b, begin, end, constantIndex(step), init,
                                   [&](OpBuilder &builder, Location, Value iv, ValueRange values) {
                                     OpBuilder::InsertionGuard guard(b);
                                     b.setInsertionPointToEnd(builder.getInsertionBlock());
                                     scf::YieldOp::create(b, body(iv, values));
                                   });
  return llvm::to_vector_of<Value>(loopOp.getResults());
}

void MemoryBuilder::sequentialNest(ArrayRef<Value> extents, LoopBody body) {
  SmallVector<Value> index;
  std::function<void()> next = [&] {
    if (index.size() == extents.size())
      return body(index);
    loop(constantIndex(0), extents[index.size()], [&](Value iv) {
      index.push_back(iv);
      next();
      index.pop_back();
    });
  };
  next();
}

void MemoryBuilder::parallelFor(ArrayRef<Value> extents, LoopBody body) { sequentialNest(extents, body); }

Value MemoryBuilder::reduceOver(ArrayRef<Value> extents, rec::ReduceKind kind, Type elementType, Term term) {
  std::function<Value(SmallVector<Value>, Value)> over = [&](SmallVector<Value> index, Value value) -> Value {
    if (index.size() == extents.size())
      return reduceStep(b, kind, value, term(index), elementType);
    return reduceLoop(constantIndex(0), extents[index.size()], value, [&](Value iv, ValueRange values) {
      SmallVector<Value> next(index);
      next.push_back(iv);
      return SmallVector<Value>{over(next, values[0])};
    })[0];
  };
  return over({}, reduceIdentity(b, kind, elementType));
}

void MemoryBuilder::ifThen(Value condition, llvm::function_ref<void()> then) {
  scf::IfOp::create(b, condition, [&](OpBuilder &builder, Location) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToEnd(builder.getInsertionBlock());
    then();
    scf::YieldOp::create(b);
  });
}

SmallVector<Value> MemoryBuilder::ifElse(Value condition, llvm::function_ref<SmallVector<Value>()> then,
                                         llvm::function_ref<SmallVector<Value>()> otherwise) {
  auto branch = [&](llvm::function_ref<SmallVector<Value>()> body) {
    return [&, body](OpBuilder &builder, Location) {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToEnd(builder.getInsertionBlock());
      scf::YieldOp::create(b, body());
    };
  };
  auto ifOp = scf::IfOp::create(b, condition, branch(then), branch(otherwise));
  return llvm::to_vector_of<Value>(ifOp.getResults());
}
