//===- InsertBoundsChecks.cpp - plan-insert-bounds-checks --------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------------===//

#include "dialects/Plan/Plan.h"
#include "passes/Codegen/Passes.h"
#include "passes/Codegen/PointerBounds.h"
#include "reckon/Runtime/CudaKernelABI.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/DataLayoutInterfaces.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cstddef>

using namespace mlir;

namespace reckon::codegen {
#define GEN_PASS_DEF_INSERTBOUNDSCHECKS
#include "passes/Codegen/Passes.h.inc"

using plan::KernelOp;

namespace {
constexpr StringLiteral readName = "reckon_check_read", writeName = "reckon_check_write",
                        reportName = "reckon_report_access", zerosName = "reckon_zeros", sinkName = "reckon_sink";

/// A load, a store or a copy: `bytes` from `pointer` on, or those of the lanes that `mask` has.
struct Access {
  OpOperand *pointer;
  bool writes;
  uint64_t bytes;
  Value mask = nullptr;
};

struct InsertBoundsChecks : impl::InsertBoundsChecksBase<InsertBoundsChecks> {
  void runOnOperation() override;

private:
  bool isChecked(Type type) const;
  LogicalResult prepareHost(KernelOp kernel);
  void setDims(KernelOp kernel, LLVM::LLVMFuncOp exported);
  LogicalResult prepareCuda(KernelOp kernel, LLVM::LLVMFuncOp function);
  LogicalResult prepareKernels();
  LogicalResult prepareShared(LLVM::LLVMFuncOp function);
  LogicalResult passBounds(LLVM::CallOp call);
  LogicalResult collectAccesses(Operation *op);
  LogicalResult check(Access access);
  void emitReport(ImplicitLocOpBuilder &b);
  LLVM::LLVMPointerType getSharedPointerType();
  LLVM::LLVMFuncOp getCheck(bool writes, Type pointer);
  LLVM::LLVMFuncOp emitCheck(StringRef name, LLVM::LLVMPointerType type, StringRef fallback, int code);
  void emitFallback(ImplicitLocOpBuilder &b, StringRef name, bool isConstant);

  ModuleOp code;
  bool isCuda = false;
  LLVM::LLVMPointerType pointerType;
  std::optional<PointerBounds> bounds;
  /// Of each function the address of the status that its findings go to.
  DenseMap<Operation *, Value> statuses;
  SmallVector<Access> accesses;
  /// Of the largest access outside shared memory.
  uint64_t mostBytes = 0;
};
} // namespace

static Value constant(ImplicitLocOpBuilder &b, Type type, int64_t value) {
  return LLVM::ConstantOp::create(b, type, b.getIntegerAttr(type, value));
}

/// `pointer` moved by bytes.
static Value moveBy(ImplicitLocOpBuilder &b, Value pointer, int64_t bytes) {
  return LLVM::GEPOp::create(b, pointer.getType(), b.getI8Type(), pointer,
                             ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(bytes)});
}

/// The second of the two statuses of a checked kernel.
static Value getAccessStatus(ImplicitLocOpBuilder &b, Value statuses) {
  return moveBy(b, statuses, sizeof(ReckonKernelStatus));
}

static uint64_t getStoredBytes(Type type, const DataLayout &layout) {
  if (auto vector = dyn_cast<VectorType>(type))
    return llvm::divideCeil(
        static_cast<uint64_t>(vector.getNumElements()) * layout.getTypeSizeInBits(vector.getElementType()), 8);
  return layout.getTypeSize(type);
}

static constexpr uint64_t barrierBytes = 8;

/// What an op does with memory; `known` becomes false for one that touches memory in a way that is not known here.
static SmallVector<Access> getAccesses(Operation *op, bool &known) {
  DataLayout layout = DataLayout::closest(op);
  using Accesses = SmallVector<Access>;
  auto access = [&](OpOperand &pointer, bool writes, Type type, Value mask = nullptr) {
    return Accesses{{&pointer, writes, getStoredBytes(type, layout), mask}};
  };
  auto read = [](OpOperand &pointer, uint64_t bytes) { return Access{&pointer, false, bytes}; };
  auto write = [](OpOperand &pointer, uint64_t bytes) { return Access{&pointer, true, bytes}; };
  // Addresses as numbers: see the plan dialect.
  auto stated = [&](bool writes) {
    Accesses accesses;
    if (rec::DimsAttr bytes = plan::getBytes(op))
      for (auto [i, size] : llvm::enumerate(bytes.getSizes()))
        if (size.constant().value_or(1) != 0)
          accesses.push_back({&op->getOpOperand(i), writes, static_cast<uint64_t>(size.constant().value_or(1))});
    return accesses;
  };
  known = true;
  return llvm::TypeSwitch<Operation *, Accesses>(op)
      .Case([&](LLVM::LoadOp load) { return access(load.getAddrMutable(), false, load.getType()); })
      .Case([&](LLVM::StoreOp store) { return access(store.getAddrMutable(), true, store.getValue().getType()); })
      .Case(
          [&](LLVM::MaskedLoadOp load) { return access(load.getDataMutable(), false, load.getType(), load.getMask()); })
      .Case([&](LLVM::MaskedStoreOp store) {
        return access(store.getDataMutable(), true, store.getValue().getType(), store.getMask());
      })
      .Case([&](LLVM::AtomicRMWOp update) { return access(update.getPtrMutable(), true, update.getVal().getType()); })
      .Case(
          [&](LLVM::AtomicCmpXchgOp update) { return access(update.getPtrMutable(), true, update.getVal().getType()); })
      .Case([&](NVVM::CpAsyncOp copy) {
        return Accesses{read(copy.getSrcMutable(), copy.getSize()), write(copy.getDstMutable(), copy.getSize())};
      })
      .Case([&](NVVM::CpAsyncBulkGlobalToSharedClusterOp copy) {
        APInt size;
        known = matchPattern(copy.getSize(), m_ConstantInt(&size));
        uint64_t bytes = known ? size.getZExtValue() : 0;
        return Accesses{read(copy.getSrcMemMutable(), bytes), write(copy.getDstMemMutable(), bytes),
                        write(copy.getMbarMutable(), barrierBytes)};
      })
      .Case([&](NVVM::CpAsyncBulkTensorGlobalToSharedClusterOp copy) {
        Accesses accesses = stated(/*writes=*/true);
        known = accesses.size() == 1;
        accesses.push_back(write(copy.getMbarMutable(), barrierBytes));
        return accesses;
      })
      .Case<NVVM::MBarrierInitOp, NVVM::MBarrierArriveOp, NVVM::MBarrierArriveExpectTxOp>(
          [&](auto barrier) { return Accesses{write(barrier.getAddrMutable(), barrierBytes)}; })
      // Each lane shows a row of eight elements of 16 bits, when there are as many blocks of eight rows as fit.
      .Case([&](NVVM::LdMatrixOp load) {
        known = load.getNum() == 4;
        return Accesses{read(load.getPtrMutable(), 16)};
      })
      .Case([&](LLVM::InlineAsmOp text) {
        known = false;
        return stated(/*writes=*/text->getNumResults() == 0);
      })
      .Case([&](LLVM::LShrOp) { return stated(/*writes=*/false); })
      .Default([&](Operation *) {
        known = isa<LLVM::GEPOp, LLVM::SelectOp, LLVM::AddrSpaceCastOp, LLVM::BitcastOp, LLVM::FreezeOp,
                    LLVM::LaunderInvariantGroupOp, LLVM::PtrToIntOp, LLVM::ICmpOp, LLVM::CallOp, LLVM::Prefetch,
                    NVVM::PrefetchOp, BranchOpInterface>(op);
        return Accesses();
      });
}

/// Memory of operands, of globals and of the runtime, and what the threads of a block share.
bool InsertBoundsChecks::isChecked(Type type) const {
  auto pointer = dyn_cast<LLVM::LLVMPointerType>(type);
  return pointer && (pointer.getAddressSpace() == 0 || pointer.getAddressSpace() == pointerType.getAddressSpace() ||
                     (isCuda && isSharedMemory(type)));
}

//===----------------------------------------------------------------------===//
// Where bounds come from
//===----------------------------------------------------------------------===//

/// Appends arguments to a function.
static SmallVector<Value> addArguments(LLVM::LLVMFuncOp function, ArrayRef<Type> types) {
  SmallVector<DictionaryAttr> attributes;
  function.getAllArgAttrs(attributes);
  attributes.append(types.size(), DictionaryAttr::get(function.getContext()));
  LLVM::LLVMFunctionType type = function.getFunctionType();
  SmallVector<Type> parameters(type.getParams());
  parameters.append(types.begin(), types.end());
  // insertArguments() refuses a function without result.
  function.setFunctionType(LLVM::LLVMFunctionType::get(type.getReturnType(), parameters));
  SmallVector<Value> added;
  for (Type parameter : types)
    added.push_back(function.getBody().front().addArgument(parameter, function.getLoc()));
  function.setAllArgAttrs(attributes);
  return added;
}

/// The exported function gets extents behind the other parameters (ReckonCheckedKernel); the addresses that it unpacks
/// have those of their number.
LogicalResult InsertBoundsChecks::prepareHost(KernelOp kernel) {
  auto function = code.lookupSymbol<LLVM::LLVMFuncOp>(kernel.getSymName());
  if (!function || function.getNumArguments() != 5)
    return kernel.emitError("bounds: has no function with the parameters of a kernel");
  Value extents = addArguments(function, pointerType)[0];
  ImplicitLocOpBuilder b(function.getLoc(), &function.getBody().front(), function.getBody().front().begin());
  Type i64 = b.getI64Type();
  Bounds trusted = PointerBounds::getTrusted(b);
  for (unsigned i : {0, 1, 2, 4, 5})
    bounds->set(function.getArgument(i), trusted);
  statuses[function] = getAccessStatus(b, function.getArgument(4));
  auto getExtent = [&](unsigned index) {
    auto load = [&](size_t offset) -> Value {
      Value address = moveBy(b, extents, index * sizeof(ReckonExtent) + offset);
      bounds->set(address, trusted);
      return LLVM::LoadOp::create(b, i64, address);
    };
    Value begin = load(offsetof(ReckonExtent, begin)), end = load(offsetof(ReckonExtent, end));
    return Bounds{begin, end, constant(b, b.getI32Type(), index)};
  };
  bounds->set(function.getArgument(3), getExtent(kernel.getNumInputs() + kernel.getNumOutputs()));
  for (auto load : function.getOps<LLVM::LoadOp>()) {
    if (!isa<LLVM::LLVMPointerType>(load.getType()))
      continue;
    Value address = load.getAddr();
    int64_t index = 0;
    if (auto step = address.getDefiningOp<LLVM::GEPOp>()) {
      address = step.getBase();
      index = step.getRawConstantIndices()[0];
    }
    if (address != function.getArgument(0) || index < 0)
      return load.emitError("bounds: expected the address of an operand");
    b.setInsertionPointAfter(load);
    bounds->set(load, getExtent(index));
  }
  setDims(kernel, function);
  return success();
}

/// The function that the exported one calls knows the named dimensions by the arguments that are loaded from its own.
void InsertBoundsChecks::setDims(KernelOp kernel, LLVM::LLVMFuncOp exported) {
  for (auto call : exported.getOps<LLVM::CallOp>()) {
    auto body = call.getCallee() ? code.lookupSymbol<LLVM::LLVMFuncOp>(*call.getCallee()) : nullptr;
    if (!body || body.isExternal())
      continue;
    SmallVector<Value> values(kernel.getDims().size());
    for (auto [argument, operand] : llvm::zip(body.getArguments(), call.getCalleeOperands())) {
      auto load = operand.getDefiningOp<LLVM::LoadOp>();
      Value address = load ? load.getAddr() : Value();
      size_t index = 0;
      if (auto step = address ? address.getDefiningOp<LLVM::GEPOp>() : nullptr) {
        address = step.getBase();
        index = step.getRawConstantIndices()[0];
      }
      if (address == exported.getArgument(1) && index < values.size())
        values[index] = argument;
    }
    bounds->setDims(body, kernel.getDims(), values);
  }
}

/// The kernel gets the bytes of each operand and of the scratch memory behind the other parameters.
LogicalResult InsertBoundsChecks::prepareCuda(KernelOp kernel, LLVM::LLVMFuncOp function) {
  unsigned numOperands = kernel.getNumInputs() + kernel.getNumOutputs();
  unsigned numArguments = function.getNumArguments();
  Type i64 = IntegerType::get(&getContext(), 64);
  SmallVector<Value> bytes = addArguments(function, SmallVector<Type>(numOperands + 1, i64));
  ImplicitLocOpBuilder b(function.getLoc(), &function.getBody().front(), function.getBody().front().begin());
  auto setRoot = [&](unsigned argument, unsigned operand) {
    Value begin = LLVM::PtrToIntOp::create(b, i64, function.getArgument(argument));
    Value end = LLVM::AddOp::create(b, begin, bytes[operand]);
    Bounds root{begin, end, constant(b, b.getI32Type(), operand)};
    bounds->set(function.getArgument(argument), root);
    bounds->addOperand(function, root);
  };
  for (unsigned i = 0; i < numOperands; ++i)
    setRoot(i, i);
  setRoot(numArguments - 2, numOperands);
  Bounds trusted = PointerBounds::getTrusted(b);
  Value status = function.getArgument(numArguments - 1);
  bounds->set(status, trusted);
  for (BlockArgument map : function.getArguments().drop_front(numOperands).take_while([](BlockArgument argument) {
         return isa<LLVM::LLVMPointerType>(argument.getType());
       }))
    bounds->set(map, trusted);
  // Behind operands and tensor maps: the dimensions, the rows, and the two pointers above.
  unsigned numDims = kernel.getDims().size();
  bounds->setDims(function, kernel.getDims(),
                  llvm::to_vector_of<Value>(function.getArguments().slice(numArguments - 3 - numDims, numDims)));
  statuses[function] = getAccessStatus(b, status);
  return success();
}

LogicalResult InsertBoundsChecks::prepareKernels() {
  for (auto kernel : getOperation().getOps<KernelOp>()) {
    if (!isCuda) {
      if (failed(prepareHost(kernel)))
        return failure();
      continue;
    }
    for (auto launch : kernel.getLaunchesAttr().getAsRange<plan::LaunchAttr>()) {
      auto function =
          dyn_cast_or_null<LLVM::LLVMFuncOp>(SymbolTable::lookupSymbolIn(getOperation(), launch.getFunction()));
      if (!function)
        return kernel.emitError("bounds: is launched as ") << launch.getFunction() << ", which is no function";
      // One function may be launched in several ways.
      if (!statuses.contains(function) && failed(prepareCuda(kernel, function)))
        return failure();
    }
  }
  return success();
}

/// A function that kernels call gets the bounds of its pointers, and a status, from them.
LogicalResult InsertBoundsChecks::prepareShared(LLVM::LLVMFuncOp function) {
  if (function.isExternal() || statuses.contains(function))
    return success();
  SmallVector<Value> pointers;
  for (BlockArgument argument : function.getArguments())
    if (isChecked(argument.getType()))
      pointers.push_back(argument);
  SmallVector<Type> types;
  for (size_t i = 0; i < pointers.size(); ++i)
    llvm::append_range(types, PointerBounds::getTypes(&getContext()));
  types.push_back(pointerType);
  SmallVector<Value> added = addArguments(function, types);
  for (auto [i, pointer] : llvm::enumerate(pointers))
    bounds->set(pointer, PointerBounds::fromValues(ArrayRef(added).slice(3 * i, 3)));
  statuses[function] = added.back();
  return success();
}

LogicalResult InsertBoundsChecks::passBounds(LLVM::CallOp call) {
  auto callee = call.getCallee() ? code.lookupSymbol<LLVM::LLVMFuncOp>(*call.getCallee()) : nullptr;
  SmallVector<Value> added;
  for (Value operand : call.getCalleeOperands()) {
    if (!isChecked(operand.getType()))
      continue;
    if (!callee || callee.isExternal())
      return call.emitError("bounds: hands an address to code that does not check itself");
    FailureOr<Bounds> passed = bounds->get(operand);
    if (failed(passed))
      return failure();
    llvm::append_range(added, passed->values());
  }
  if (!callee || callee.isExternal())
    return success();
  added.push_back(statuses.lookup(call->getParentOfType<LLVM::LLVMFuncOp>()));
  call.getCalleeOperandsMutable().append(added);
  return success();
}

//===----------------------------------------------------------------------===//
// Accesses
//===----------------------------------------------------------------------===//

LogicalResult InsertBoundsChecks::collectAccesses(Operation *op) {
  // What is inside an allocation by LLVM's word would be so for the check, too.
  if (auto step = dyn_cast<LLVM::GEPOp>(op))
    step.setNoWrapFlags(LLVM::GEPNoWrapFlags::none);
  bool known = true;
  SmallVector<Access> found = getAccesses(op, known);
  auto isAccessed = [&](OpOperand &operand) {
    return llvm::any_of(found, [&](const Access &access) { return access.pointer == &operand; });
  };
  // Tensor maps are the runtime's; the copies stay inside what they show.
  auto copy = dyn_cast<NVVM::CpAsyncBulkTensorGlobalToSharedClusterOp>(op);
  for (OpOperand &operand : op->getOpOperands()) {
    bool isMap = known && copy && &operand == &copy.getTmaDescriptorMutable();
    bool isKnown = known && (found.empty() || isMap || isAccessed(operand));
    if (isChecked(operand.get().getType()) && !isKnown)
      return op->emitError("bounds: does something unknown with an address");
  }
  for (const Access &access : found) {
    accesses.push_back(access);
    if (isa<LLVM::LLVMPointerType>(access.pointer->get().getType()) && !isSharedMemory(access.pointer->get().getType()))
      mostBytes = std::max(mostBytes, access.bytes);
  }
  return success();
}

/// Of the lanes of a mask that are set: the bytes before the first, and those from it to the last.
static void getLanes(ImplicitLocOpBuilder &b, const Access &access, Value &offset, Value &bytes) {
  Type i64 = b.getI64Type();
  auto lanes = cast<VectorType>(access.mask.getType()).getNumElements();
  Value bits = LLVM::BitcastOp::create(b, b.getIntegerType(lanes), access.mask);
  if (lanes < 64)
    bits = LLVM::ZExtOp::create(b, i64, bits);
  Value laneBytes = constant(b, i64, static_cast<int64_t>(access.bytes) / lanes);
  Value isEmpty = LLVM::ICmpOp::create(b, LLVM::ICmpPredicate::eq, bits, constant(b, i64, 0));
  Value first = LLVM::CountTrailingZerosOp::create(b, i64, bits, b.getBoolAttr(false));
  Value behind = LLVM::CountLeadingZerosOp::create(b, i64, bits, b.getBoolAttr(false));
  Value count = LLVM::SubOp::create(b, LLVM::SubOp::create(b, constant(b, i64, 64), behind), first);
  count = LLVM::SelectOp::create(b, isEmpty, constant(b, i64, 0), count);
  offset = LLVM::MulOp::create(b, first, laneBytes);
  bytes = LLVM::MulOp::create(b, count, laneBytes);
}

LogicalResult InsertBoundsChecks::check(Access access) {
  Operation *op = access.pointer->getOwner();
  Value pointer = access.pointer->get();
  Type accessed = pointer.getType();
  bool isNumber = !isa<LLVM::LLVMPointerType>(accessed);
  FailureOr<Bounds> limits = isNumber ? bounds->findShared(pointer, op) : bounds->get(pointer);
  if (failed(limits))
    return failure();
  if (limits->isTrusted)
    return success();
  ImplicitLocOpBuilder b(op->getLoc(), op);
  Value offset, bytes;
  if (access.mask) {
    getLanes(b, access, offset, bytes);
  } else {
    offset = constant(b, b.getI64Type(), 0);
    bytes = constant(b, b.getI64Type(), static_cast<int64_t>(access.bytes));
  }
  if (isNumber)
    pointer = LLVM::IntToPtrOp::create(b, getSharedPointerType(), pointer);
  SmallVector<Value> operands = {pointer, offset, bytes};
  llvm::append_range(operands, limits->values());
  operands.push_back(statuses.lookup(op->getParentOfType<LLVM::LLVMFuncOp>()));
  Value checked = LLVM::CallOp::create(b, getCheck(access.writes, pointer.getType()), operands).getResult();
  access.pointer->set(isNumber ? LLVM::PtrToIntOp::create(b, accessed, checked) : checked);
  ++numChecks;
  return success();
}

//===----------------------------------------------------------------------===//
// Functions of the module
//===----------------------------------------------------------------------===//

static LLVM::LLVMFuncOp createFunction(ImplicitLocOpBuilder &b, ModuleOp module, StringRef name, Type result,
                                       ArrayRef<Type> types, ArrayRef<StringRef> attributes) {
  b.setInsertionPointToEnd(module.getBody());
  auto function =
      LLVM::LLVMFuncOp::create(b, name, LLVM::LLVMFunctionType::get(result, types), LLVM::Linkage::Internal);
  if (!attributes.empty())
    function.setPassthroughAttr(b.getStrArrayAttr(attributes));
  b.setInsertionPointToEnd(function.addEntryBlock(b));
  return function;
}

/// Keeps the first that comes: status, code, operand, position, extent. On a GPU threads share the status.
void InsertBoundsChecks::emitReport(ImplicitLocOpBuilder &b) {
  Type i32 = b.getI32Type(), i64 = b.getI64Type();
  LLVM::LLVMFuncOp function = createFunction(b, code, reportName, LLVM::LLVMVoidType::get(&getContext()),
                                             {pointerType, i32, i32, i64, i64}, {"cold", "noinline"});
  Block *write = b.createBlock(&function.getBody(), function.getBody().end());
  Block *done = b.createBlock(&function.getBody(), function.getBody().end());
  ValueRange arguments = function.getArguments();
  b.setInsertionPointToEnd(&function.getBody().front());
  using Ordering = LLVM::AtomicOrdering;
  StringRef scope = isCuda ? "device" : "";
  Value exchange = LLVM::AtomicCmpXchgOp::create(b, arguments[0], constant(b, i32, RECKON_KERNEL_OK),
                                                 constant(b, i32, RECKON_CUDA_STATUS_BUSY), Ordering::acquire,
                                                 Ordering::monotonic, scope);
  Value isFirst = LLVM::ExtractValueOp::create(b, exchange, ArrayRef<int64_t>{1});
  LLVM::CondBrOp::create(b, isFirst, write, done);

  b.setInsertionPointToEnd(write);
  auto store = [&](Value value, size_t offset) {
    LLVM::StoreOp::create(b, value, moveBy(b, arguments[0], static_cast<int64_t>(offset)));
  };
  store(arguments[2], offsetof(ReckonKernelStatus, table));
  store(arguments[3], offsetof(ReckonKernelStatus, position));
  store(arguments[4], offsetof(ReckonKernelStatus, id));
  LLVM::StoreOp::create(b, arguments[1], arguments[0], /*alignment=*/4, /*isVolatile=*/false, /*isNonTemporal=*/false,
                        /*isInvariantGroup=*/false, Ordering::release, scope);
  LLVM::BrOp::create(b, done);
  b.setInsertionPointToEnd(done);
  LLVM::ReturnOp::create(b, ValueRange());
}

/// Memory that takes the place of what an access may not touch.
void InsertBoundsChecks::emitFallback(ImplicitLocOpBuilder &b, StringRef name, bool isConstant) {
  b.setInsertionPointToStart(code.getBody());
  auto type = LLVM::LLVMArrayType::get(b.getI8Type(), std::max<uint64_t>(mostBytes, 1));
  LLVM::GlobalOp::create(b, type, isConstant, LLVM::Linkage::Internal, name,
                         b.getStringAttr(std::string(type.getNumElements(), '\0')), /*alignment=*/128,
                         pointerType.getAddressSpace());
}

LLVM::LLVMPointerType InsertBoundsChecks::getSharedPointerType() {
  return LLVM::LLVMPointerType::get(&getContext(), static_cast<unsigned>(NVVM::NVVMMemorySpace::Shared));
}

/// The function that checks addresses of that type. Each address space has its own: a generic address that came back
/// through another space would be taken for one of that.
LLVM::LLVMFuncOp InsertBoundsChecks::getCheck(bool writes, Type pointer) {
  auto type = cast<LLVM::LLVMPointerType>(pointer);
  std::string name = (writes ? writeName : readName).str();
  if (type != pointerType)
    name += "_" + std::to_string(type.getAddressSpace());
  if (auto known = code.lookupSymbol<LLVM::LLVMFuncOp>(name))
    return known;
  return emitCheck(name, type, writes ? sinkName : zerosName,
                   writes ? RECKON_KERNEL_BAD_WRITE : RECKON_KERNEL_BAD_READ);
}

/// Gives back the address, or that of the fallback when `bytes` from `offset` behind it on are not in bounds. In shared
/// memory, all of which a kernel may need, the fallback is the beginning of what the address is derived from.
LLVM::LLVMFuncOp InsertBoundsChecks::emitCheck(StringRef name, LLVM::LLVMPointerType type, StringRef fallback,
                                               int errorCode) {
  ImplicitLocOpBuilder b(code.getLoc(), &getContext());
  Type i32 = b.getI32Type(), i64 = b.getI64Type();
  LLVM::LLVMFuncOp function = createFunction(b, code, name, type, {type, i64, i64, i64, i64, i32, pointerType}, {});
  ValueRange arguments = function.getArguments();
  Value pointer = arguments[0], bytes = arguments[2], begin = arguments[3], end = arguments[4];
  Block *entry = &function.getBody().front();
  Block *outside = b.createBlock(&function.getBody(), function.getBody().end());
  Block *inside = b.createBlock(&function.getBody(), function.getBody().end());
  using Predicate = LLVM::ICmpPredicate;
  auto is = [&](Predicate predicate, Value left, Value right) -> Value {
    return LLVM::ICmpOp::create(b, predicate, left, right);
  };
  b.setInsertionPointToEnd(entry);
  Value address = LLVM::AddOp::create(b, getAddress(b, pointer, isCuda), arguments[1]);
  Value room = LLVM::SubOp::create(b, end, address);
  Value isInside = LLVM::AndOp::create(b, is(Predicate::uge, address, begin), is(Predicate::ule, address, end));
  isInside = LLVM::AndOp::create(b, isInside, is(Predicate::uge, room, bytes));
  isInside = LLVM::OrOp::create(b, isInside, is(Predicate::eq, bytes, constant(b, i64, 0)));
  LLVM::CondBrOp::create(b, isInside, inside, outside);
  b.setInsertionPointToEnd(inside);
  LLVM::ReturnOp::create(b, ValueRange(pointer));
  b.setInsertionPointToEnd(outside);
  Value position = LLVM::SubOp::create(b, address, begin), extent = LLVM::SubOp::create(b, end, begin);
  LLVM::CallOp::create(b, code.lookupSymbol<LLVM::LLVMFuncOp>(reportName),
                       ValueRange{arguments[6], constant(b, i32, errorCode), arguments[5], position, extent});
  Value instead;
  if (isSharedMemory(type) && isCuda)
    instead = LLVM::IntToPtrOp::create(b, type, begin);
  else
    instead = LLVM::AddressOfOp::create(b, pointerType, fallback);
  if (instead.getType() != type)
    instead = LLVM::AddrSpaceCastOp::create(b, type, instead);
  LLVM::ReturnOp::create(b, instead);
  return function;
}

void InsertBoundsChecks::runOnOperation() {
  code = getCudaCode(getOperation());
  isCuda = code != nullptr;
  if (!isCuda)
    code = getHostCode(getOperation());
  if (!code) {
    getOperation().emitError("bounds: there is no code: run the codegen phase");
    return signalPassFailure();
  }
  pointerType = LLVM::LLVMPointerType::get(&getContext(), isCuda ? 1 : 0);
  bounds.emplace(isCuda);
  statuses.clear();
  accesses.clear();
  mostBytes = 0;
  if (failed(prepareKernels()))
    return signalPassFailure();
  for (auto function : code.getOps<LLVM::LLVMFuncOp>())
    if (failed(prepareShared(function)))
      return signalPassFailure();
  SmallVector<LLVM::CallOp> calls;
  WalkResult walked = code.walk([&](Operation *op) {
    if (auto call = dyn_cast<LLVM::CallOp>(op))
      calls.push_back(call);
    return failed(collectAccesses(op)) ? WalkResult::interrupt() : WalkResult::advance();
  });
  if (walked.wasInterrupted())
    return signalPassFailure();
  ImplicitLocOpBuilder b(code.getLoc(), &getContext());
  emitReport(b);
  emitFallback(b, zerosName, /*isConstant=*/true);
  emitFallback(b, sinkName, /*isConstant=*/false);
  for (LLVM::CallOp call : calls)
    if (failed(passBounds(call)))
      return signalPassFailure();
  for (const Access &access : accesses)
    if (failed(check(access)))
      return signalPassFailure();
  for (auto program : getOperation().getOps<plan::ProgramOp>())
    program.setChecked(true);
}
} // namespace reckon::codegen
