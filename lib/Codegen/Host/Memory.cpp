//===- Memory.cpp - Addresses, loads and loops of host kernels --------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//

#include "lib/Codegen/Host/KernelEmitter.h"
#include "lib/Codegen/Host/Scalar.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::host;

//===----------------------------------------------------------------------===//
// Integers
//===----------------------------------------------------------------------===//

static std::optional<int64_t> asConstant(Value value) {
  APInt number;
  if (matchPattern(value, m_ConstantInt(&number)))
    return number.getSExtValue();
  return std::nullopt;
}

// One constant a value, before everything else: places outlive the loop they were made in.
Value KernelEmitter::constantIndex(int64_t value) {
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

Value KernelEmitter::constantFloat(Type type, double value) {
  return arith::ConstantOp::create(b, b.getFloatAttr(type, value));
}

// Sizes and offsets stay far below 2^63, so index arithmetic is marked as not wrapping: the loop vectoriser needs it.
Value KernelEmitter::add(Value x, Value y) {
  return b.createOrFold<arith::AddIOp>(x, y, arith::IntegerOverflowFlags::nsw);
}
Value KernelEmitter::sub(Value x, Value y) {
  return b.createOrFold<arith::SubIOp>(x, y, arith::IntegerOverflowFlags::nsw);
}
Value KernelEmitter::mul(Value x, Value y) {
  return b.createOrFold<arith::MulIOp>(x, y, arith::IntegerOverflowFlags::nsw);
}

Value KernelEmitter::size(const SizeExpr &expr) {
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

SmallVector<Value> KernelEmitter::sizes(Value tensor) {
  SmallVector<Value> result;
  for (const SizeExpr &expr : rec::getShape(tensor))
    result.push_back(size(expr));
  return result;
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

Value KernelEmitter::alignedScratch(const SizeExpr &bytes) {
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(entry);
  Value offset = size(scratchSize);
  scratchSize = scratchSize + SizeExpr(64) * SizeExpr::ceilDiv(bytes, 64);
  return offsetPointer(scratchPointer, offset, b.getI8Type());
}

Value KernelEmitter::offsetPointer(Value base, Value elements, Type elementType) {
  if (asConstant(elements) == 0)
    return base;
  return LLVM::GEPOp::create(b, base.getType(), storageType(elementType), base, ValueRange{elements},
                             LLVM::GEPNoWrapFlags::inbounds);
}

Value KernelEmitter::pointer(const Place &place, Index index) {
  assert(index.size() == place.strides.size() && "one index a dimension");
  Value offset = constantIndex(0);
  for (auto [i, stride] : llvm::zip(index, place.strides))
    offset = add(offset, mul(i, stride));
  return offsetPointer(place.base, offset, place.elementType);
}

Value KernelEmitter::loadRaw(Value pointer, Type elementType) {
  return fromStorage(b, loadBits(b, storageType(elementType), pointer), elementType);
}

void KernelEmitter::storeRaw(Value element, Value pointer, Type elementType) {
  storeBits(b, toStorage(b, element, elementType), pointer);
}

Value KernelEmitter::load(const Place &place, Index index) { return loadRaw(pointer(place, index), place.elementType); }

void KernelEmitter::store(Value element, const Place &place, Index index) {
  storeRaw(element, pointer(place, index), place.elementType);
}

SmallVector<Value> KernelEmitter::denseStrides(ArrayRef<SizeExpr> shape, bool oneRow) {
  SmallVector<Value> strides(shape.size());
  SizeExpr stride = 1;
  for (size_t d = shape.size(); d-- > 0;) {
    strides[d] = size(d == 0 && oneRow ? SizeExpr(0) : stride);
    stride = stride * shape[d];
  }
  return strides;
}

bool KernelEmitter::isDense(Value tensor, const Place &place) {
  rec::Shape shape = rec::getShape(tensor);
  SizeExpr stride = 1;
  for (size_t d = shape.size(); d-- > 0;) {
    bool isRow = d == 0 && isRowValue(tensor);
    if (!isRow && shape[d] != SizeExpr(1) && place.strides[d] != size(stride) &&
        asConstant(place.strides[d]) != stride.constant().value_or(-1))
      return false;
    stride = stride * shape[d];
  }
  return true;
}

Place KernelEmitter::placeInScratch(Value tensor) {
  rec::Shape shape = rec::getShape(tensor);
  Type elementType = cast<RankedTensorType>(tensor.getType()).getElementType();
  bool oneRow = isRowValue(tensor);
  SizeExpr elements = rec::getNumElements(oneRow ? ArrayRef<SizeExpr>(shape).drop_front() : ArrayRef<SizeExpr>(shape));
  Value base = alignedScratch(elements * SizeExpr(storageType(elementType).getIntOrFloatBitWidth() / 8));
  return {base, denseStrides(shape, oneRow), elementType};
}

Place KernelEmitter::constantPlace(rec::ConstantOp constant) {
  auto type = cast<RankedTensorType>(constant.getType());
  Value base = globalConstant(constant.getValue(), type.getElementType());
  rec::Shape shape = rec::getShape(type);
  SmallVector<Value> strides = denseStrides(shape, false);
  return {base, strides, type.getElementType()};
}

//===----------------------------------------------------------------------===//
// Control flow
//===----------------------------------------------------------------------===//

void KernelEmitter::loop(Value begin, Value end, Body body, int64_t step) {
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

SmallVector<Value> KernelEmitter::reduceLoop(Value begin, Value end, ValueRange init, Accumulate body, int64_t step) {
  auto loopOp = scf::ForOp::create(b, begin, end, constantIndex(step), init,
                                   [&](OpBuilder &builder, Location, Value iv, ValueRange values) {
                                     OpBuilder::InsertionGuard guard(b);
                                     b.setInsertionPointToEnd(builder.getInsertionBlock());
                                     scf::YieldOp::create(b, body(iv, values));
                                   });
  return llvm::to_vector_of<Value>(loopOp.getResults());
}

void KernelEmitter::nestOver(ArrayRef<Value> extents, NestBody body) {
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

void KernelEmitter::nest(Value tensor, NestBody body) { nest(tensor, isRowValue(tensor), body); }

void KernelEmitter::nest(Value tensor, bool oneRow, NestBody body) {
  SmallVector<Value> extents = sizes(tensor);
  if (!oneRow)
    return nestOver(extents, body);
  nestOver(ArrayRef<Value>(extents).drop_front(), [&](Index inner) {
    SmallVector<Value> index{row};
    index.append(inner.begin(), inner.end());
    body(index);
  });
}

void KernelEmitter::nestAround(Value tensor, int64_t axis, AxisBody body) {
  SmallVector<Value> outer = sizes(tensor);
  outer[axis] = constantIndex(1);
  bool hasRow = isRowValue(tensor);
  if (hasRow)
    outer[0] = constantIndex(1);
  nestOver(outer, [&](Index position) {
    SmallVector<Value> index(position);
    if (hasRow)
      index[0] = row;
    body(index);
  });
}

void KernelEmitter::ifThen(Value condition, llvm::function_ref<void()> then) {
  scf::IfOp::create(b, condition, [&](OpBuilder &builder, Location) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToEnd(builder.getInsertionBlock());
    then();
    scf::YieldOp::create(b);
  });
}

SmallVector<Value> KernelEmitter::ifElse(Value condition, llvm::function_ref<SmallVector<Value>()> then,
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
