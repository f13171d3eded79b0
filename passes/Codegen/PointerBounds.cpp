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

Value codegen::getAddress(ImplicitLocOpBuilder &b, Value pointer, bool isGpu) {
  Value address = LLVM::PtrToIntOp::create(b, b.getI64Type(), pointer);
  bool mayBeShared = cast<LLVM::LLVMPointerType>(pointer.getType()).getAddressSpace() ==
                     static_cast<unsigned>(NVVM::NVVMMemorySpace::Generic);
  if (!isGpu || !mayBeShared)
    return address;
  Value isShared =
      LLVM::CallIntrinsicOp::create(b, b.getI1Type(), b.getStringAttr("llvm.nvvm.isspacep.shared"), pointer)
          .getResult(0);
  auto type = LLVM::LLVMPointerType::get(b.getContext(), static_cast<unsigned>(NVVM::NVVMMemorySpace::Shared));
  Value inBlock = LLVM::PtrToIntOp::create(b, b.getI64Type(), LLVM::AddrSpaceCastOp::create(b, type, pointer));
  return LLVM::SelectOp::create(b, isShared, inBlock, address);
}

/// `bytes` from a pointer on, which are no operand's.
Bounds PointerBounds::makeOwn(ImplicitLocOpBuilder &b, Value pointer, Value bytes) const {
  Value begin = getAddress(b, pointer, isGpu);
  Value end = LLVM::AddOp::create(b, begin, bytes);
  int64_t memory = isSharedMemory(pointer.getType()) ? RECKON_KERNEL_MEMORY_SHARED : RECKON_KERNEL_MEMORY_OWN;
  return {begin, end, constant(b, b.getI32Type(), memory)};
}
Bounds PointerBounds::makeOwn(ImplicitLocOpBuilder &b, Value pointer, uint64_t bytes) const {
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
  if (isa<LLVM::AddrSpaceCastOp, LLVM::BitcastOp, LLVM::FreezeOp, LLVM::LaunderInvariantGroupOp>(op))
    return get(op->getOperand(0));
  if (auto select = dyn_cast<LLVM::SelectOp>(op))
    return selectBounds(select);
  if (auto address = dyn_cast<LLVM::IntToPtrOp>(op))
    return isSharedMemory(address.getType()) ? findShared(address.getArg(), op) : findOperand(address);
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

/// The pointers into shared memory that a number is computed from. A block's argument is computed from what its
/// predecessors hand on.
static SetVector<Value> getSharedRoots(Value number, bool &isArithmetic) {
  SetVector<Value> seen, roots;
  seen.insert(number);
  for (size_t i = 0; i < seen.size(); ++i) {
    if (auto argument = dyn_cast<BlockArgument>(seen[i])) {
      isArithmetic = false;
      Block *block = argument.getOwner();
      for (auto edge = block->pred_begin(); !block->isEntryBlock() && edge != block->pred_end(); ++edge)
        if (auto branch = dyn_cast<BranchOpInterface>((*edge)->getTerminator()))
          seen.insert(branch.getSuccessorOperands(edge.getSuccessorIndex())[argument.getArgNumber()]);
      continue;
    }
    Operation *op = seen[i].getDefiningOp();
    if (auto address = dyn_cast<LLVM::PtrToIntOp>(op); address && isSharedMemory(address.getArg().getType()))
      roots.insert(address.getArg());
    else if (isa<LLVM::AddOp, LLVM::SubOp, LLVM::OrOp, LLVM::XOrOp, LLVM::AndOp, LLVM::ZExtOp, LLVM::SExtOp,
                 LLVM::TruncOp, LLVM::SelectOp>(op))
      for (Value operand : op->getOperands())
        seen.insert(operand);
  }
  return roots;
}

FailureOr<Bounds> PointerBounds::findShared(Value number, Operation *user) {
  bool isArithmetic = true;
  SetVector<Value> roots = getSharedRoots(number, isArithmetic);
  if (roots.empty())
    return getDynamicShared(user);
  if (roots.size() == 1 && isArithmetic)
    return get(roots[0]);
  // Of one array or another: of the globals, whose bounds are there wherever they are needed.
  SetVector<LLVM::GlobalOp> globals;
  for (Value root : roots) {
    while (auto step = root.getDefiningOp<LLVM::GEPOp>())
      root = step.getBase();
    auto address = root.getDefiningOp<LLVM::AddressOfOp>();
    if (!address)
      return getDynamicShared(user);
    globals.insert(SymbolTable::lookupNearestSymbolFrom<LLVM::GlobalOp>(address, address.getGlobalNameAttr()));
  }
  ImplicitLocOpBuilder b(user->getLoc(), user);
  std::optional<Bounds> all;
  for (LLVM::GlobalOp global : globals) {
    FailureOr<Bounds> bounds = deriveGlobal(LLVM::AddressOfOp::create(b, global));
    if (failed(bounds))
      return failure();
    if (all) {
      bounds->begin = LLVM::UMinOp::create(b, all->begin, bounds->begin);
      bounds->end = LLVM::UMaxOp::create(b, all->end, bounds->end);
    }
    all = *bounds;
  }
  return *all;
}

/// Of all that a launch gives a block beside the arrays of the module.
FailureOr<Bounds> PointerBounds::getDynamicShared(Operation *user) {
  auto function = user->getParentOfType<LLVM::LLVMFuncOp>();
  if (auto found = dynamicShared.find(function); found != dynamicShared.end())
    return found->second;
  // A kernel that has none gets none at its launch, though others in the module do.
  LLVM::GlobalOp global;
  function.walk([&](LLVM::AddressOfOp address) {
    auto named = SymbolTable::lookupNearestSymbolFrom<LLVM::GlobalOp>(address, address.getGlobalNameAttr());
    if (named && isDynamicShared(named))
      global = named;
    return global ? WalkResult::interrupt() : WalkResult::advance();
  });
  if (!global)
    return user->emitError("bounds: an address of unknown origin");
  ImplicitLocOpBuilder b(function.getLoc(), &function.getBody().front(), function.getBody().front().begin());
  Value bytes = NVVM::DynamicSmemSize::create(b, b.getI32Type());
  Bounds bounds = makeOwn(b, LLVM::AddressOfOp::create(b, global), LLVM::ZExtOp::create(b, b.getI64Type(), bytes));
  return dynamicShared[function] = bounds;
}

/// Of an array that begins at an address inside of `whole`.
FailureOr<Bounds> PointerBounds::narrow(LLVM::GEPOp array, const Bounds &whole, const SizeExpr &bytes) {
  ImplicitLocOpBuilder b(array.getLoc(), array.getContext());
  b.setInsertionPointAfter(array);
  Value size = emitSize(b, bytes, array->getParentOfType<LLVM::LLVMFuncOp>());
  if (!size)
    return array.emitError("bounds: an array of '") << bytes.str() << "' bytes in a function that does not know them";
  Value begin = getAddress(b, array, isGpu);
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

/// Of the module's own memory that a kernel names, such as the row of zeros that stands for a bad id's.
FailureOr<SmallVector<Bounds>> PointerBounds::getGlobals(LLVM::LLVMFuncOp function) {
  SetVector<LLVM::GlobalOp> globals;
  function.walk([&](LLVM::AddressOfOp address) {
    if (!isSharedMemory(address.getType()))
      globals.insert(SymbolTable::lookupNearestSymbolFrom<LLVM::GlobalOp>(address, address.getGlobalNameAttr()));
  });
  ImplicitLocOpBuilder b(function.getLoc(), &function.getBody().front(), function.getBody().front().begin());
  SmallVector<Bounds> found;
  for (LLVM::GlobalOp global : globals) {
    FailureOr<Bounds> bounds = deriveGlobal(LLVM::AddressOfOp::create(b, global));
    if (failed(bounds))
      return failure();
    found.push_back(*bounds);
  }
  return found;
}

/// Threads hand each other addresses as numbers. Such a one is the operand's that it lies in, or the module's.
FailureOr<Bounds> PointerBounds::findOperand(LLVM::IntToPtrOp address) {
  auto function = address->getParentOfType<LLVM::LLVMFuncOp>();
  auto known = operands.find(function);
  if (known == operands.end())
    return address.emitError("bounds: an address of unknown origin");
  SmallVector<Bounds> candidates = known->second;
  FailureOr<SmallVector<Bounds>> globals = getGlobals(function);
  if (failed(globals))
    return failure();
  llvm::append_range(candidates, *globals);
  ImplicitLocOpBuilder b(address.getLoc(), address.getContext());
  b.setInsertionPointAfter(address);
  Type i64 = b.getI64Type();
  Value number = LLVM::PtrToIntOp::create(b, i64, address.getResult());
  SmallVector<Value, 3> found = {constant(b, i64, 0), constant(b, i64, 0),
                                 constant(b, b.getI32Type(), RECKON_KERNEL_MEMORY_OWN)};
  for (const Bounds &operand : candidates) {
    Value isBehind = LLVM::ICmpOp::create(b, LLVM::ICmpPredicate::uge, number, operand.begin);
    Value isBefore = LLVM::ICmpOp::create(b, LLVM::ICmpPredicate::ult, number, operand.end);
    Value isInside = LLVM::AndOp::create(b, isBehind, isBefore);
    for (auto [value, other] : llvm::zip(found, operand.values()))
      value = LLVM::SelectOp::create(b, isInside, other, value);
  }
  return fromValues(found);
}
