//===- PointerBounds.cpp - The memory that a pointer may touch --------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//

#include "passes/Codegen/PointerBounds.h"
#include "reckon/Runtime/KernelABI.h"

#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Interfaces/DataLayoutInterfaces.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::codegen;

static Value constant(ImplicitLocOpBuilder &b, Type type, int64_t value) {
  return LLVM::ConstantOp::create(b, type, b.getIntegerAttr(type, value));
}

SmallVector<Type, 3> PointerBounds::getTypes(MLIRContext *context) {
  Type i64 = IntegerType::get(context, 64);
  return {i64, i64, IntegerType::get(context, 32)};
}

Bounds PointerBounds::getTrusted(ImplicitLocOpBuilder &b) {
  return {constant(b, b.getI64Type(), 0), constant(b, b.getI64Type(), -1),
          constant(b, b.getI32Type(), RECKON_KERNEL_MEMORY_OWN), /*isTrusted=*/true};
}

bool codegen::isSharedMemory(Type type) {
  auto pointer = dyn_cast<LLVM::LLVMPointerType>(type);
  if (!pointer)
    return false;
  auto space = static_cast<NVVM::NVVMMemorySpace>(pointer.getAddressSpace());
  return space == NVVM::NVVMMemorySpace::Shared || space == NVVM::NVVMMemorySpace::SharedCluster;
}

/// `bytes` from a pointer on, which are no operand's.
static Bounds makeOwn(ImplicitLocOpBuilder &b, Value pointer, Value bytes) {
  Value begin = LLVM::PtrToIntOp::create(b, b.getI64Type(), pointer);
  Value end = LLVM::AddOp::create(b, begin, bytes);
  int64_t memory = isSharedMemory(pointer.getType()) ? RECKON_KERNEL_MEMORY_SHARED : RECKON_KERNEL_MEMORY_OWN;
  return {begin, end, constant(b, b.getI32Type(), memory)};
}
static Bounds makeOwn(ImplicitLocOpBuilder &b, Value pointer, uint64_t bytes) {
  return makeOwn(b, pointer, constant(b, b.getI64Type(), static_cast<int64_t>(bytes)));
}

void PointerBounds::setDims(LLVM::LLVMFuncOp function, ArrayAttr names, ValueRange values) {
  for (auto [name, value] : llvm::zip(names.getAsValueRange<StringAttr>(), values))
    dims[function][name] = value;
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
  if (auto step = dyn_cast<LLVM::GEPOp>(op)) {
    FailureOr<Bounds> whole = get(step.getBase());
    rec::DimsAttr bytes = plan::getBytes(step);
    return succeeded(whole) && bytes ? narrow(step, *whole, bytes.getSize(0)) : whole;
  }
  // Not checked: bounds by generic addresses were wrong on a GPU, and why is not known.
  if (auto conversion = dyn_cast<LLVM::AddrSpaceCastOp>(op);
      conversion && isSharedMemory(conversion.getArg().getType()))
    return getTrusted(b);
  if (isa<LLVM::AddrSpaceCastOp, LLVM::BitcastOp, LLVM::FreezeOp, LLVM::LaunderInvariantGroupOp>(op))
    return get(op->getOperand(0));
  if (auto select = dyn_cast<LLVM::SelectOp>(op))
    return selectBounds(select);
  if (auto address = dyn_cast<LLVM::IntToPtrOp>(op))
    return isSharedMemory(address.getType()) ? getDynamicShared(op) : findOperand(address);
  if (isa<LLVM::ZeroOp>(op)) {
    Value zero = constant(b, b.getI64Type(), 0);
    return Bounds{zero, zero, constant(b, b.getI32Type(), RECKON_KERNEL_MEMORY_OWN)};
  }
  if (auto address = dyn_cast<LLVM::AddressOfOp>(op))
    return deriveGlobal(address);
  DataLayout layout = DataLayout::closest(op);
  if (auto memory = dyn_cast<LLVM::AllocaOp>(op)) {
    APInt count;
    if (matchPattern(memory.getArraySize(), m_ConstantInt(&count)))
      return makeOwn(b, pointer, count.getZExtValue() * layout.getTypeSize(memory.getElemType()).getFixedValue());
  }
  return op->emitError("bounds: an address of unknown origin");
}

/// Its size is the launch's, so that the module has an array of no elements.
static bool isDynamicShared(LLVM::GlobalOp global) {
  auto type = dyn_cast<LLVM::LLVMArrayType>(global.getType());
  return type && type.getNumElements() == 0 &&
         global.getAddrSpace() == static_cast<unsigned>(NVVM::NVVMMemorySpace::Shared);
}

FailureOr<Bounds> PointerBounds::deriveGlobal(LLVM::AddressOfOp address) {
  auto global = SymbolTable::lookupNearestSymbolFrom<LLVM::GlobalOp>(address, address.getGlobalNameAttr());
  if (!global)
    return address.emitError("bounds: an address of unknown origin");
  if (isDynamicShared(global))
    return getDynamicShared(address);
  ImplicitLocOpBuilder b(address.getLoc(), address.getContext());
  b.setInsertionPointAfter(address);
  return makeOwn(b, address, DataLayout::closest(address).getTypeSize(global.getType()).getFixedValue());
}

FailureOr<Bounds> PointerBounds::getDynamicShared(Operation *user) {
  auto function = user->getParentOfType<LLVM::LLVMFuncOp>();
  if (auto found = dynamicShared.find(function); found != dynamicShared.end())
    return found->second;
  auto globals = function->getParentOfType<ModuleOp>().getOps<LLVM::GlobalOp>();
  auto global = llvm::find_if(globals, isDynamicShared);
  if (global == globals.end())
    return user->emitError("bounds: an address of unknown origin");
  ImplicitLocOpBuilder b(function.getLoc(), &function.getBody().front(), function.getBody().front().begin());
  Value bytes = NVVM::DynamicSmemSize::create(b, b.getI32Type());
  Bounds bounds = makeOwn(b, LLVM::AddressOfOp::create(b, *global), LLVM::ZExtOp::create(b, b.getI64Type(), bytes));
  return dynamicShared[function] = bounds;
}

/// Of an array that begins at an address inside of `whole`.
FailureOr<Bounds> PointerBounds::narrow(LLVM::GEPOp array, const Bounds &whole, const SizeExpr &bytes) {
  ImplicitLocOpBuilder b(array.getLoc(), array.getContext());
  b.setInsertionPointAfter(array);
  Value size = emitSize(b, bytes, array->getParentOfType<LLVM::LLVMFuncOp>());
  if (!size)
    return array.emitError("bounds: an array of '") << bytes.str() << "' bytes in a function that does not know them";
  Value begin = LLVM::PtrToIntOp::create(b, b.getI64Type(), array);
  Value end = LLVM::AddOp::create(b, begin, size);
  return Bounds{begin, LLVM::UMinOp::create(b, end, whole.end), whole.operand};
}

/// Null where a dimension has no value.
Value PointerBounds::emitSize(ImplicitLocOpBuilder &b, const SizeExpr &size, LLVM::LLVMFuncOp function) {
  using Kind = SizeExpr::Atom::Kind;
  auto emitAtom = [&](const SizeExpr::Atom &atom) -> Value {
    if (atom.kind == Kind::Dim)
      return dims[function].lookup(atom.name);
    Value left = emitSize(b, atom.operands[0], function), right = emitSize(b, atom.operands[1], function);
    if (!left || !right)
      return nullptr;
    if (atom.kind == Kind::Min)
      return LLVM::SMinOp::create(b, left, right);
    if (atom.kind == Kind::Max)
      return LLVM::SMaxOp::create(b, left, right);
    // Rounds down, where division rounds towards zero.
    Value zero = constant(b, b.getI64Type(), 0), rest = LLVM::SRemOp::create(b, left, right);
    Value isInexact = LLVM::ICmpOp::create(b, LLVM::ICmpPredicate::ne, rest, zero);
    Value isNegative = LLVM::ICmpOp::create(b, LLVM::ICmpPredicate::slt, LLVM::XOrOp::create(b, left, right), zero);
    Value less = LLVM::ZExtOp::create(b, b.getI64Type(), LLVM::AndOp::create(b, isInexact, isNegative));
    return LLVM::SubOp::create(b, LLVM::SDivOp::create(b, left, right), less);
  };
  Value sum = constant(b, b.getI64Type(), 0);
  for (const SizeExpr::Term &term : size.terms()) {
    Value product = constant(b, b.getI64Type(), term.coefficient);
    for (const auto &factor : term.factors) {
      Value value = emitAtom(*factor);
      if (!value)
        return nullptr;
      product = LLVM::MulOp::create(b, product, value);
    }
    sum = LLVM::AddOp::create(b, sum, product);
  }
  return sum;
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
  SmallVector<Value, 3> found = {constant(b, i64, 0), constant(b, i64, 0),
                                 constant(b, b.getI32Type(), RECKON_KERNEL_MEMORY_OWN)};
  for (const Bounds &operand : candidates->second) {
    Value isBehind = LLVM::ICmpOp::create(b, LLVM::ICmpPredicate::uge, number, operand.begin);
    Value isBefore = LLVM::ICmpOp::create(b, LLVM::ICmpPredicate::ult, number, operand.end);
    Value isInside = LLVM::AndOp::create(b, isBehind, isBefore);
    for (auto [value, other] : llvm::zip(found, operand.values()))
      value = LLVM::SelectOp::create(b, isInside, other, value);
  }
  return fromValues(found);
}
