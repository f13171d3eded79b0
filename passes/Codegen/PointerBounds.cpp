//===- PointerBounds.cpp - The memory that a pointer may touch --------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//

#include "passes/Codegen/PointerBounds.h"

#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Interfaces/DataLayoutInterfaces.h"

using namespace mlir;
using namespace reckon::codegen;

static Value constant(ImplicitLocOpBuilder &b, Type type, int64_t value) {
  return LLVM::ConstantOp::create(b, type, b.getIntegerAttr(type, value));
}

SmallVector<Type, 3> PointerBounds::getTypes(MLIRContext *context) {
  Type i64 = IntegerType::get(context, 64);
  return {i64, i64, IntegerType::get(context, 32)};
}

Bounds PointerBounds::getTrusted(ImplicitLocOpBuilder &b) {
  return {constant(b, b.getI64Type(), 0), constant(b, b.getI64Type(), -1), constant(b, b.getI32Type(), -1),
          /*isTrusted=*/true};
}

/// `bytes` from a pointer on, which are no operand's.
static Bounds makeOwn(ImplicitLocOpBuilder &b, Value pointer, uint64_t bytes) {
  Value begin = LLVM::PtrToIntOp::create(b, b.getI64Type(), pointer);
  Value end = LLVM::AddOp::create(b, begin, constant(b, b.getI64Type(), static_cast<int64_t>(bytes)));
  return {begin, end, constant(b, b.getI32Type(), -1)};
}

FailureOr<Bounds> PointerBounds::get(Value pointer) {
  if (auto found = known.find(pointer); found != known.end())
    return found->second;
  FailureOr<Bounds> bounds = derive(pointer);
  if (succeeded(bounds))
    known[pointer] = *bounds;
  return bounds;
}

FailureOr<Bounds> PointerBounds::derive(Value pointer) {
  if (auto argument = dyn_cast<BlockArgument>(pointer))
    return deriveArgument(argument);
  Operation *op = pointer.getDefiningOp();
  ImplicitLocOpBuilder b(op->getLoc(), op->getContext());
  b.setInsertionPointAfter(op);
  if (auto step = dyn_cast<LLVM::GEPOp>(op))
    return get(step.getBase());
  // Scratch memory that lies in a block's shared memory, which is not checked.
  if (auto conversion = dyn_cast<LLVM::AddrSpaceCastOp>(op))
    if (cast<LLVM::LLVMPointerType>(conversion.getArg().getType()).getAddressSpace() ==
        static_cast<unsigned>(NVVM::NVVMMemorySpace::Shared))
      return getTrusted(b);
  if (isa<LLVM::AddrSpaceCastOp, LLVM::BitcastOp, LLVM::FreezeOp, LLVM::LaunderInvariantGroupOp>(op))
    return get(op->getOperand(0));
  if (auto select = dyn_cast<LLVM::SelectOp>(op))
    return selectBounds(select);
  if (auto address = dyn_cast<LLVM::IntToPtrOp>(op))
    return findOperand(address);
  if (isa<LLVM::ZeroOp>(op)) {
    Value zero = constant(b, b.getI64Type(), 0);
    return Bounds{zero, zero, constant(b, b.getI32Type(), -1)};
  }
  DataLayout layout = DataLayout::closest(op);
  if (auto address = dyn_cast<LLVM::AddressOfOp>(op))
    if (auto global = SymbolTable::lookupNearestSymbolFrom<LLVM::GlobalOp>(op, address.getGlobalNameAttr()))
      return makeOwn(b, pointer, layout.getTypeSize(global.getType()).getFixedValue());
  if (auto memory = dyn_cast<LLVM::AllocaOp>(op)) {
    APInt count;
    if (matchPattern(memory.getArraySize(), m_ConstantInt(&count)))
      return makeOwn(b, pointer, count.getZExtValue() * layout.getTypeSize(memory.getElemType()).getFixedValue());
  }
  return op->emitError("bounds: an address of unknown origin");
}

/// The bounds come in beside the pointer, from all blocks that branch here.
FailureOr<Bounds> PointerBounds::deriveArgument(BlockArgument argument) {
  Block *block = argument.getOwner();
  if (block->isEntryBlock())
    return block->getParentOp()->emitError("bounds: argument ")
           << argument.getArgNumber() << " is an address of unknown origin";
  SmallVector<Value> added;
  for (Type type : getTypes(argument.getContext()))
    added.push_back(block->addArgument(type, argument.getLoc()));
  // Before its predecessors are asked: a loop hands a pointer on to itself.
  known[argument] = fromValues(added);
  for (auto edge = block->pred_begin(); edge != block->pred_end(); ++edge) {
    auto branch = dyn_cast<BranchOpInterface>((*edge)->getTerminator());
    if (!branch)
      return (*edge)->getTerminator()->emitError("bounds: hands on an address in an unknown way");
    SuccessorOperands handed = branch.getSuccessorOperands(edge.getSuccessorIndex());
    FailureOr<Bounds> bounds = get(handed[argument.getArgNumber()]);
    if (failed(bounds))
      return failure();
    branch.getSuccessorOperands(edge.getSuccessorIndex()).append(bounds->values());
  }
  return known[argument];
}

FailureOr<Bounds> PointerBounds::selectBounds(LLVM::SelectOp select) {
  FailureOr<Bounds> first = get(select.getTrueValue()), second = get(select.getFalseValue());
  if (failed(first) || failed(second))
    return failure();
  ImplicitLocOpBuilder b(select.getLoc(), select.getContext());
  b.setInsertionPointAfter(select);
  SmallVector<Value> values;
  for (auto [one, other] : llvm::zip(first->values(), second->values()))
    values.push_back(one == other ? one : Value(LLVM::SelectOp::create(b, select.getCondition(), one, other)));
  return fromValues(values);
}

/// Threads hand each other addresses as numbers. Such a one is the operand's that it lies in, if any.
FailureOr<Bounds> PointerBounds::findOperand(LLVM::IntToPtrOp address) {
  auto function = address->getParentOfType<LLVM::LLVMFuncOp>();
  auto candidates = operands.find(function);
  if (candidates == operands.end())
    return address.emitError("bounds: an address of unknown origin");
  ImplicitLocOpBuilder b(address.getLoc(), address.getContext());
  b.setInsertionPointAfter(address);
  Type i64 = b.getI64Type();
  Value number = LLVM::PtrToIntOp::create(b, i64, address.getResult());
  SmallVector<Value, 3> found = {constant(b, i64, 0), constant(b, i64, 0), constant(b, b.getI32Type(), -1)};
  for (const Bounds &operand : candidates->second) {
    Value isBehind = LLVM::ICmpOp::create(b, LLVM::ICmpPredicate::uge, number, operand.begin);
    Value isBefore = LLVM::ICmpOp::create(b, LLVM::ICmpPredicate::ult, number, operand.end);
    Value isInside = LLVM::AndOp::create(b, isBehind, isBefore);
    for (auto [value, other] : llvm::zip(found, operand.values()))
      value = LLVM::SelectOp::create(b, isInside, other, value);
  }
  return fromValues(found);
}
