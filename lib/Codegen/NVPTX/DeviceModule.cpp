//===- DeviceModule.cpp - Kernels of one PTX module ------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#include "lib/Codegen/NVPTX/DeviceModule.h"
#include "lib/Codegen/NVPTX/PtxCode.h"
#include "lib/Codegen/NVPTX/RawPtx.h"
#include "reckon/Runtime/CudaKernelABI.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/StringExtras.h"

#include <cstddef>

using namespace mlir;
using namespace reckon;
using namespace reckon::nvptx;

static Type pointerType(MLIRContext *context, AddressSpace space) { return LLVM::LLVMPointerType::get(context, space); }

static Value constantI32(ImplicitLocOpBuilder &b, int64_t value) {
  return arith::ConstantOp::create(b, b.getI32IntegerAttr(value));
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

ImplicitLocOpBuilder KernelFunction::getBuilder() {
  ImplicitLocOpBuilder b(function.getLoc(), function.getContext());
  b.setInsertionPoint(function.getBody().front().getTerminator());
  return b;
}

DeviceModule::DeviceModule(MLIRContext *context, const GpuTarget &target) : target(target) {
  context->loadDialect<arith::ArithDialect, LLVM::LLVMDialect, math::MathDialect, NVVM::NVVMDialect, scf::SCFDialect,
                       vector::VectorDialect>();
  module = ModuleOp::create(UnknownLoc::get(context));
}

/// PTX identifiers are letters, digits, `_` and `$`.
std::string DeviceModule::uniqueName(StringRef name) {
  std::string base;
  for (char c : name)
    base += llvm::isAlnum(c) ? c : '_';
  if (base.empty() || !llvm::isAlpha(base[0]))
    base = "k" + base;
  std::string unique = base;
  for (unsigned i = 1; module->lookupSymbol(unique); ++i)
    unique = base + "_" + std::to_string(i);
  return unique;
}

KernelFunction DeviceModule::createKernel(StringRef name, plan::KernelOp kernel, unsigned blockThreads,
                                          ArrayRef<TensorMapPlan> tensorMaps, bool early) {
  early = early && canStartEarly();
  MLIRContext *context = kernel.getContext();
  ImplicitLocOpBuilder b(kernel.getLoc(), context);
  Type global = pointerType(context, Global), generic = pointerType(context, Generic), i64 = b.getI64Type();
  unsigned numOperands = kernel.getNumInputs() + kernel.getNumOutputs();
  SmallVector<Type> types(numOperands, global);
  types.append(tensorMaps.size(), generic);
  types.append(kernel.getDims().size() + 1, i64);
  types.append(2, global);

  b.setInsertionPointToEnd(module->getBody());
  auto function = LLVM::LLVMFuncOp::create(b, uniqueName(name),
                                           LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(context), types));
  function->setAttr(NVVM::NVVMDialect::getKernelFuncAttrName(), b.getUnitAttr());
  function->setAttr(NVVM::NVVMDialect::getReqntidAttrName(), b.getDenseI32ArrayAttr({int32_t(blockThreads), 1, 1}));
  // Only inputs: LLVM takes it that no other thread writes what a noalias pointer shows, across barriers too; nor,
  // then, that a kernel before this one still writes it.
  for (unsigned i = 0; i < kernel.getNumInputs(); ++i) {
    if (early && !kernel.getLayout(i).getConstant())
      continue;
    function.setArgAttr(i, LLVM::LLVMDialect::getNoAliasAttrName(), b.getUnitAttr());
    function.setArgAttr(i, LLVM::LLVMDialect::getReadonlyAttrName(), b.getUnitAttr());
  }
  for (unsigned i = 0; i < numOperands; ++i)
    if (kernel.getLayout(i).getAligned())
      function.setArgAttr(i, LLVM::LLVMDialect::getAlignAttrName(), b.getI64IntegerAttr(16));
  for (unsigned i = numOperands; i < numOperands + tensorMaps.size(); ++i) {
    auto bytes = LLVM::LLVMArrayType::get(b.getI8Type(), 128);
    function.setArgAttr(i, LLVM::LLVMDialect::getByValAttrName(), TypeAttr::get(bytes));
    function.setArgAttr(i, LLVM::LLVMDialect::getAlignAttrName(), b.getI64IntegerAttr(64));
    function.setArgAttr(i, NVVM::NVVMDialect::getGridConstantAttrName(), b.getUnitAttr());
  }

  Block *block = function.addEntryBlock(b);
  b.setInsertionPointToEnd(block);
  LLVM::ReturnOp::create(b, ValueRange{});
  KernelFunction result;
  result.function = function;
  auto arguments = llvm::to_vector_of<Value>(block->getArguments());
  auto take = [&, next = size_t(0)](size_t count) mutable {
    next += count;
    return llvm::to_vector(ArrayRef<Value>(arguments).slice(next - count, count));
  };
  result.operands = take(numOperands);
  result.tensorMaps = take(tensorMaps.size());
  result.dims = take(kernel.getDims().size());
  result.rows = take(1)[0];
  result.scratch = take(1)[0];
  result.status = take(1)[0];
  result.usesPdl = early;
  if (early) {
    pdlKernels.insert(function.getName());
    b.setInsertionPointToStart(block);
    // At once: those behind have little room beside this kernel, but their first instructions.
    launchDependents(b);
    result.wait = waitForDependencies(b);
  }
  return result;
}

void KernelFunction::takeAllRegisters() {
  Builder b(function.getContext());
  function->setAttr(NVVM::NVVMDialect::getMinctasmAttrName(), b.getI32IntegerAttr(1));
}

void KernelFunction::waitForGridDependencies(ImplicitLocOpBuilder &b) {
  if (!usesPdl)
    return;
  if (wait)
    wait->erase();
  wait = nullptr;
  waitForDependencies(b);
}

bool reckon::nvptx::isConstantMemory(Value pointer) {
  if (auto argument = dyn_cast<BlockArgument>(pointer)) {
    auto function = dyn_cast<LLVM::LLVMFuncOp>(argument.getOwner()->getParentOp());
    return function && function.getArgAttr(argument.getArgNumber(), LLVM::LLVMDialect::getNoAliasAttrName());
  }
  Operation *op = pointer.getDefiningOp();
  if (auto gep = dyn_cast<LLVM::GEPOp>(op))
    return isConstantMemory(gep.getBase());
  if (auto select = dyn_cast<arith::SelectOp>(op))
    return isConstantMemory(select.getTrueValue()) && isConstantMemory(select.getFalseValue());
  if (auto select = dyn_cast<LLVM::SelectOp>(op))
    return isConstantMemory(select.getTrueValue()) && isConstantMemory(select.getFalseValue());
  auto global = dyn_cast<LLVM::AddressOfOp>(op);
  return global && cast<LLVM::LLVMPointerType>(global.getType()).getAddressSpace() == Global;
}

//===----------------------------------------------------------------------===//
// Memory of the module
//===----------------------------------------------------------------------===//

Value DeviceModule::createShared(ImplicitLocOpBuilder &b, uint64_t bytes, unsigned alignment) {
  std::string name = "shared_" + std::to_string(sharedCount++);
  auto type = LLVM::LLVMArrayType::get(b.getI8Type(), bytes);
  OpBuilder top = OpBuilder::atBlockBegin(module->getBody());
  LLVM::GlobalOp::create(top, b.getLoc(), type, /*isConstant=*/false, LLVM::Linkage::Internal, name, Attribute(),
                         alignment, Shared);
  return LLVM::AddressOfOp::create(b, pointerType(b.getContext(), Shared), name);
}

Value DeviceModule::getDynamicShared(ImplicitLocOpBuilder &b) {
  static constexpr StringLiteral name = "shared_dynamic";
  if (!module->lookupSymbol(name)) {
    OpBuilder top = OpBuilder::atBlockBegin(module->getBody());
    LLVM::GlobalOp::create(top, b.getLoc(), LLVM::LLVMArrayType::get(b.getI8Type(), 0), /*isConstant=*/false,
                           LLVM::Linkage::External, name, Attribute(), /*alignment=*/1024, Shared);
  }
  return LLVM::AddressOfOp::create(b, pointerType(b.getContext(), Shared), name);
}

Value DeviceModule::createConstant(ImplicitLocOpBuilder &b, ArrayRef<char> bytes) {
  std::string name = "constant_" + std::to_string(constantCount++);
  // A PTX array has at least one element.
  StringRef text = bytes.empty() ? StringRef("\0", 1) : StringRef(bytes.data(), bytes.size());
  auto type = LLVM::LLVMArrayType::get(b.getI8Type(), text.size());
  OpBuilder top = OpBuilder::atBlockBegin(module->getBody());
  LLVM::GlobalOp::create(top, b.getLoc(), type, /*isConstant=*/true, LLVM::Linkage::Internal, name,
                         b.getStringAttr(text), /*alignment=*/64, Global);
  return LLVM::AddressOfOp::create(b, pointerType(b.getContext(), Global), name);
}

//===----------------------------------------------------------------------===//
// Bad ids
//===----------------------------------------------------------------------===//

/// While `code` is RECKON_CUDA_STATUS_BUSY one thread has the status to itself; the least by (position, table, code,
/// id) stays. A thread of the same warp may wait for that one: from sm_70 on diverged threads all go on. Most threads
/// that come late see a lower position than their own and leave at once.
static void emitReportBody(ImplicitLocOpBuilder &b, LLVM::LLVMFuncOp function) {
  Type i32 = b.getI32Type(), i64 = b.getI64Type();
  using Ordering = LLVM::AtomicOrdering;
  static constexpr StringLiteral device = "device";
  Block *entry = function.addEntryBlock(b), *wait = b.createBlock(&function.getBody(), function.getBody().end());
  auto addBlock = [&](ArrayRef<Type> types = {}) {
    SmallVector<Location> locations(types.size(), b.getLoc());
    return b.createBlock(&function.getBody(), function.getBody().end(), types, locations);
  };
  Block *look = addBlock(), *take = addBlock(), *compare = addBlock(), *write = addBlock(), *release = addBlock({i32}),
        *done = addBlock();
  Value code = entry->getArgument(1), table = entry->getArgument(2), position = entry->getArgument(3),
        id = entry->getArgument(4);
  b.setInsertionPointToEnd(entry);
  auto address = [&](size_t offset) -> Value {
    return LLVM::GEPOp::create(b, entry->getArgument(0).getType(), b.getI8Type(), entry->getArgument(0),
                               ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(offset)});
  };
  auto is = [&](arith::CmpIPredicate predicate, Value left, Value right) -> Value {
    return arith::CmpIOp::create(b, predicate, left, right);
  };
  using Predicate = arith::CmpIPredicate;
  Value codeAddress = address(offsetof(ReckonKernelStatus, code)),
        tableAddress = address(offsetof(ReckonKernelStatus, table)),
        positionAddress = address(offsetof(ReckonKernelStatus, position)),
        idAddress = address(offsetof(ReckonKernelStatus, id));
  Value busy = constantI32(b, RECKON_CUDA_STATUS_BUSY), ok = constantI32(b, RECKON_KERNEL_OK);
  LLVM::BrOp::create(b, wait);

  b.setInsertionPointToEnd(wait);
  // What was written before this code was is to be seen.
  Value current = LLVM::LoadOp::create(b, i32, codeAddress, /*alignment=*/4, /*isVolatile=*/false,
                                       /*isNonTemporal=*/false, /*isInvariant=*/false, /*isInvariantGroup=*/false,
                                       Ordering::acquire, device);
  LLVM::CondBrOp::create(b, is(Predicate::eq, current, busy), wait, look);

  b.setInsertionPointToEnd(look);
  Value known = is(Predicate::ne, current, ok);
  // It only gets lower once it is known.
  Value hint =
      LLVM::LoadOp::create(b, i64, positionAddress, 8, false, false, false, false, Ordering::monotonic, device);
  Value isLate = arith::AndIOp::create(b, known, is(Predicate::slt, hint, position));
  LLVM::CondBrOp::create(b, isLate, done, take);

  b.setInsertionPointToEnd(take);
  Value exchange =
      LLVM::AtomicCmpXchgOp::create(b, codeAddress, current, busy, Ordering::acquire, Ordering::monotonic, device);
  Value taken = LLVM::ExtractValueOp::create(b, exchange, ArrayRef<int64_t>{1});
  LLVM::CondBrOp::create(b, taken, compare, wait);

  b.setInsertionPointToEnd(compare);
  Value isBefore = is(Predicate::slt, id, LLVM::LoadOp::create(b, i64, idAddress));
  auto orBy = [&](Value left, Value right) {
    Value tie = arith::AndIOp::create(b, is(Predicate::eq, left, right), isBefore);
    isBefore = arith::OrIOp::create(b, is(Predicate::slt, left, right), tie);
  };
  orBy(code, current);
  orBy(table, LLVM::LoadOp::create(b, i32, tableAddress));
  orBy(position,
       LLVM::LoadOp::create(b, i64, positionAddress, 8, false, false, false, false, Ordering::monotonic, device));
  isBefore = arith::OrIOp::create(b, isBefore, is(Predicate::eq, current, ok));
  LLVM::CondBrOp::create(b, isBefore, write, ValueRange{}, release, ValueRange{current});

  b.setInsertionPointToEnd(write);
  LLVM::StoreOp::create(b, table, tableAddress);
  LLVM::StoreOp::create(b, position, positionAddress, 8, false, false, false, Ordering::monotonic, device);
  LLVM::StoreOp::create(b, id, idAddress);
  LLVM::BrOp::create(b, ValueRange{code}, release);

  b.setInsertionPointToEnd(release);
  LLVM::StoreOp::create(b, release->getArgument(0), codeAddress, 4, false, false, false, Ordering::release, device);
  LLVM::BrOp::create(b, done);

  b.setInsertionPointToEnd(done);
  LLVM::ReturnOp::create(b, ValueRange{});
}

LLVM::LLVMFuncOp DeviceModule::getReportFunction() {
  static constexpr StringLiteral name = "reckon_report";
  if (auto known = module->lookupSymbol<LLVM::LLVMFuncOp>(name))
    return known;
  MLIRContext *context = module->getContext();
  ImplicitLocOpBuilder b(UnknownLoc::get(context), context);
  b.setInsertionPointToStart(module->getBody());
  Type status = pointerType(context, Global), i32 = b.getI32Type(), i64 = b.getI64Type();
  auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(context), {status, i32, i32, i64, i64});
  auto function = LLVM::LLVMFuncOp::create(b, name, type, LLVM::Linkage::Internal);
  // Out of the way of the code that never needs it.
  function->setAttr("passthrough", b.getStrArrayAttr({"cold", "noinline"}));
  emitReportBody(b, function);
  return function;
}

void DeviceModule::report(ImplicitLocOpBuilder &b, Value status, int code, Value table, Value position, Value id) {
  LLVM::CallOp::create(b, getReportFunction(), ValueRange{status, constantI32(b, code), table, position, id});
}

//===----------------------------------------------------------------------===//
// Threads
//===----------------------------------------------------------------------===//

Value nvptx::threadIndex(ImplicitLocOpBuilder &b) { return NVVM::ThreadIdXOp::create(b, b.getI32Type()); }

Value nvptx::laneIndex(ImplicitLocOpBuilder &b) { return arith::AndIOp::create(b, threadIndex(b), constantI32(b, 31)); }

Value nvptx::blockIndex(ImplicitLocOpBuilder &b, unsigned dimension) {
  Type i32 = b.getI32Type();
  return dimension == 0   ? Value(NVVM::BlockIdXOp::create(b, i32))
         : dimension == 1 ? Value(NVVM::BlockIdYOp::create(b, i32))
                          : Value(NVVM::BlockIdZOp::create(b, i32));
}

Value nvptx::gridSize(ImplicitLocOpBuilder &b, unsigned dimension) {
  Type i32 = b.getI32Type();
  return dimension == 0   ? Value(NVVM::GridDimXOp::create(b, i32))
         : dimension == 1 ? Value(NVVM::GridDimYOp::create(b, i32))
                          : Value(NVVM::GridDimZOp::create(b, i32));
}

void nvptx::barrier(ImplicitLocOpBuilder &b) { NVVM::Barrier0Op::create(b); }

void nvptx::warpBarrier(ImplicitLocOpBuilder &b) { NVVM::SyncWarpOp::create(b, constantI32(b, -1)); }

Value nvptx::shuffleXor(ImplicitLocOpBuilder &b, Value value, int mask, Value members) {
  Type type = value.getType(), i32 = b.getI32Type();
  if (type.getIntOrFloatBitWidth() == 64) {
    auto pair = VectorType::get({2}, i32);
    Value words = LLVM::BitcastOp::create(b, pair, value);
    for (int i = 0; i < 2; ++i) {
      Value at = constantI32(b, i);
      Value word = shuffleXor(b, LLVM::ExtractElementOp::create(b, words, at), mask, members);
      words = LLVM::InsertElementOp::create(b, words, word, at);
    }
    return LLVM::BitcastOp::create(b, type, words);
  }
  return NVVM::ShflOp::create(b, type, members ? members : constantI32(b, -1), value, constantI32(b, mask),
                              constantI32(b, 31), NVVM::ShflKind::bfly, UnitAttr());
}
