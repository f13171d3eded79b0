//===- HostEmitter.cpp - From a plan.kernel to a host function --------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//

#include "lib/Codegen/Host/HostEmitter.h"
#include "reckon/Runtime/KernelABI.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/BuiltinOps.h"

#include <cstddef>

using namespace mlir;
using namespace reckon;
using namespace reckon::host;
using namespace reckon::loops;

static void makeInternal(func::FuncOp function) {
  function.setPrivate();
  function->setAttr("llvm.linkage", LLVM::LinkageAttr::get(function.getContext(), LLVM::Linkage::Internal));
}

/// The kernel is two functions. The exported one follows the ABI and unpacks it; the body takes every operand as a
/// `noalias` argument, which is how LLVM learns that stores to one do not touch another.
void HostEmitter::emitPrologue() {
  Block &block = kernel.getBody().front();
  unsigned numOperands = block.getNumArguments() + block.getTerminator()->getNumOperands();
  unsigned numDims = kernel.getDims().size();
  Type pointerType = LLVM::LLVMPointerType::get(b.getContext());
  Type i64 = b.getI64Type();

  b.setInsertionPointToEnd(module.getBody());
  auto exported =
      func::FuncOp::create(b, kernel.getSymName(), b.getFunctionType(SmallVector<Type>(5, pointerType), TypeRange{}));
  SmallVector<Type> bodyTypes(numOperands, pointerType);
  bodyTypes.append(numDims + 4, i64);
  bodyTypes.append(2, pointerType);
  auto body = func::FuncOp::create(b, (kernel.getSymName() + ".body").str(), b.getFunctionType(bodyTypes, TypeRange{}));
  makeInternal(body);
  for (unsigned i = 0; i < numOperands; ++i)
    body.setArgAttr(i, LLVM::LLVMDialect::getNoAliasAttrName(), b.getUnitAttr());

  Block *outer = exported.addEntryBlock();
  b.setInsertionPointToEnd(outer);
  auto field = [&](Value base, Type type, int64_t index, unsigned bytes) -> Value {
    Value address =
        LLVM::GEPOp::create(b, pointerType, type, base, ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(index)});
    return LLVM::LoadOp::create(b, type, address, bytes);
  };
  SmallVector<Value> arguments;
  for (unsigned i = 0; i < numOperands; ++i)
    arguments.push_back(field(outer->getArgument(0), pointerType, i, 8));
  for (unsigned i = 0; i < numDims; ++i)
    arguments.push_back(field(outer->getArgument(1), i64, i, 8));
  static_assert(offsetof(ReckonRange, row_end) == 8 && offsetof(ReckonRange, col_begin) == 16);
  for (unsigned i = 0; i < 4; ++i)
    arguments.push_back(field(outer->getArgument(2), i64, i, 8));
  arguments.push_back(outer->getArgument(3));
  arguments.push_back(outer->getArgument(4));
  func::CallOp::create(b, body, arguments);
  func::ReturnOp::create(b);

  Block *inner = body.addEntryBlock();
  auto values = llvm::to_vector_of<Value>(inner->getArguments());
  auto take = [&, next = size_t(0)](unsigned count) mutable {
    next += count;
    return ArrayRef<Value>(values).slice(next - count, count);
  };
  operandPointers = llvm::to_vector(take(numOperands));
  dimValues = llvm::to_vector(take(numDims));
  rowBegin = take(1)[0];
  rowEnd = take(1)[0];
  columnBegin = take(1)[0];
  columnEnd = take(1)[0];
  scratchPointer = take(1)[0];
  statusPointer = take(1)[0];
  b.setInsertionPointToEnd(inner);
  func::ReturnOp::create(b);
  // Sizes and scratch addresses go before this marker; the code of the kernel after it.
  b.setInsertionPoint(inner->getTerminator());
  entry = arith::ConstantOp::create(b, b.getI64IntegerAttr(0));
}

LogicalResult HostEmitter::emit() {
  emitPrologue();
  placeInputs();
  switch (kernel.getKind()) {
  case rec::RegionKind::gemm:
    return emitGemm();
  case rec::RegionKind::lookup:
  case rec::RegionKind::rows:
    if (rec::RecurrenceOp op = findBlockRecurrence())
      return emitRecurrentKernel(op);
    return emitRows();
  case rec::RegionKind::whole:
    placeOutputs();
    return emitBody();
  }
  return failure();
}

LogicalResult HostEmitter::emitRows() {
  row = rowBegin; // there are rows: places know
  placeOutputs();
  LogicalResult result = success();
  auto rows = scf::ForOp::create(b, rowBegin, rowEnd, constantIndex(1));
  b.setInsertionPointToStart(rows.getBody());
  row = rows.getInductionVar();
  result = emitBody();
  return result;
}

//===----------------------------------------------------------------------===//
// Functions and constants of the module
//===----------------------------------------------------------------------===//

func::FuncOp HostEmitter::getReportFunction() {
  if (auto known = module.lookupSymbol<func::FuncOp>("reckon.report"))
    return known;
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(module.getBody());
  Type pointerType = LLVM::LLVMPointerType::get(b.getContext());
  Type i32 = b.getI32Type(), i64 = b.getI64Type();
  auto function =
      func::FuncOp::create(b, "reckon.report", b.getFunctionType({pointerType, i32, i32, i64, i64}, TypeRange{}));
  makeInternal(function);
  // Out of the way of the code that never needs it.
  function->setAttr("passthrough", b.getStrArrayAttr({"cold", "noinline"}));
  Block *block = function.addEntryBlock();
  b.setInsertionPointToEnd(block);
  Value status = block->getArgument(0);
  auto address = [&](size_t offset) -> Value {
    return LLVM::GEPOp::create(b, pointerType, b.getI8Type(), status,
                               ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(offset)});
  };
  auto load = [&](Type type, size_t offset) -> Value { return LLVM::LoadOp::create(b, type, address(offset)); };
  auto is = [&](arith::CmpIPredicate predicate, Value left, Value right) -> Value {
    return arith::CmpIOp::create(b, predicate, left, right);
  };
  using Predicate = arith::CmpIPredicate;
  // Before what is there, by position, table, code, id.
  Value code = load(i32, offsetof(ReckonKernelStatus, code));
  Value first = is(Predicate::slt, block->getArgument(4), load(i64, offsetof(ReckonKernelStatus, id)));
  auto orBy = [&](Value left, Value right) {
    Value tie = arith::AndIOp::create(b, is(Predicate::eq, left, right), first);
    first = arith::OrIOp::create(b, is(Predicate::slt, left, right), tie);
  };
  orBy(block->getArgument(1), code);
  orBy(block->getArgument(2), load(i32, offsetof(ReckonKernelStatus, table)));
  orBy(block->getArgument(3), load(i64, offsetof(ReckonKernelStatus, position)));
  Value ok = arith::ConstantOp::create(b, b.getI32IntegerAttr(RECKON_KERNEL_OK));
  first = arith::OrIOp::create(b, first, is(Predicate::eq, code, ok));
  ifThen(first, [&] {
    LLVM::StoreOp::create(b, block->getArgument(1), address(offsetof(ReckonKernelStatus, code)));
    LLVM::StoreOp::create(b, block->getArgument(2), address(offsetof(ReckonKernelStatus, table)));
    LLVM::StoreOp::create(b, block->getArgument(3), address(offsetof(ReckonKernelStatus, position)));
    LLVM::StoreOp::create(b, block->getArgument(4), address(offsetof(ReckonKernelStatus, id)));
  });
  func::ReturnOp::create(b);
  return function;
}

void HostEmitter::report(int code, Value operandIndex, Value position, Value id) {
  func::FuncOp function = getReportFunction();
  Value codeValue = arith::ConstantOp::create(b, b.getI32IntegerAttr(code));
  func::CallOp::create(b, function, ValueRange{statusPointer, codeValue, operandIndex, position, id});
}

Value HostEmitter::constantBytes(ArrayRef<char> bytes) {
  std::string name = ("const." + kernel.getSymName() + "." + Twine(globalCount++)).str();
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(module.getBody());
  auto type = LLVM::LLVMArrayType::get(b.getI8Type(), bytes.size());
  LLVM::GlobalOp::create(b, type, /*isConstant=*/true, LLVM::Linkage::Internal, name,
                         b.getStringAttr(StringRef(bytes.data(), bytes.size())), /*alignment=*/64);
  b.setInsertionPoint(entry);
  return LLVM::AddressOfOp::create(b, LLVM::LLVMPointerType::get(b.getContext()), name);
}

//===----------------------------------------------------------------------===//
// Loops for the vectoriser
//===----------------------------------------------------------------------===//

static bool holdsLoop(scf::ForOp loop) {
  return loop.getBody()->walk([](scf::ForOp) { return WalkResult::interrupt(); }).wasInterrupted();
}

/// The innermost loop of a nest that was made of these extents and is the newest operation; null where there is none,
/// or it holds another loop.
static scf::ForOp findInnermostLoop(Operation *newest, ArrayRef<Value> extents) {
  auto isLoop = [](Value extent) { return asConstant(extent).value_or(2) > 1; };
  int64_t depth = llvm::count_if(extents, isLoop);
  auto loop = depth > 0 ? dyn_cast_or_null<scf::ForOp>(newest) : scf::ForOp();
  for (; loop && depth > 1; --depth) {
    auto inner = loop.getBody()->getOps<scf::ForOp>();
    loop = llvm::hasSingleElement(inner) ? *inner.begin() : scf::ForOp();
  }
  return loop && holdsLoop(loop) ? scf::ForOp() : loop;
}

/// Says of the accesses of a loop that none depends on another iteration's, which LLVM would else check at run time or,
/// in a short loop, give up. What is left of a short loop beyond whole vectors is masked rather than done one by one.
static void annotateParallel(scf::ForOp loop, const Target &target, bool mayUnroll) {
  MLIRContext *context = loop.getContext();
  auto group = LLVM::AccessGroupAttr::get(context);
  loop.getBody()->walk(
      [&](LLVM::AccessGroupOpInterface access) { access.setAccessGroups(ArrayAttr::get(context, {group})); });
  LLVM::LoopVectorizeAttr vectorize;
  LLVM::LoopUnrollAttr unroll;
  constexpr int64_t fewVectors = 16, mostUnrolled = 4;
  int64_t lanes = target.lanes(), extent = asConstant(loop.getUpperBound()).value_or(0);
  auto yes = BoolAttr::get(context, true);
  if (extent > 0 && extent < mostUnrolled * lanes && !mayUnroll)
    unroll = LLVM::LoopUnrollAttr::get(context, yes, {}, {}, {}, {}, {}, {});
  if (target.hasMasks && extent < fewVectors * lanes && extent % lanes != 0)
    vectorize = LLVM::LoopVectorizeAttr::get(context, {}, yes, {}, {}, {}, {}, {});
  auto annotation = LLVM::LoopAnnotationAttr::get(context, {}, vectorize, {}, unroll, {}, {}, {}, {}, {}, {}, {}, {},
                                                  {}, {}, {group});
  loop->setAttr("llvm.loop_annotation", annotation);
}

/// The operation before the insertion point.
static Operation *getNewest(OpBuilder &b) {
  Block::iterator at = b.getInsertionPoint();
  return at == b.getInsertionBlock()->begin() ? nullptr : &*std::prev(at);
}

void HostEmitter::overElements(ArrayRef<Value> extents, LoopBody body) {
  Operation *before = getNewest(b);
  parallelFor(extents, body);
  Operation *after = getNewest(b);
  if (scf::ForOp loop = after == before ? scf::ForOp() : findInnermostLoop(after, extents))
    // Unrolled before it is vectorised, it would leave the loop around it to the vectoriser, with gathers and scatters.
    annotateParallel(loop, target, /*mayUnroll=*/false);
}

Value HostEmitter::reduceOver(ArrayRef<Value> extents, rec::ReduceKind kind, Type elementType, Term term) {
  Value result = LayerEmitter::reduceOver(extents, kind, elementType, term);
  // Here every extent has a loop, also one of 1.
  auto loop = result.getDefiningOp<scf::ForOp>();
  for (size_t depth = 1; loop && depth < extents.size(); ++depth) {
    auto inner = loop.getBody()->getOps<scf::ForOp>();
    loop = llvm::hasSingleElement(inner) ? *inner.begin() : scf::ForOp();
  }
  if (loop && !holdsLoop(loop))
    annotateParallel(loop, target, unrollsReductions);
  return result;
}

/// Whether the last dimensions of a place lie one after another without gaps.
bool HostEmitter::isDenseOver(const StridedView &place, ArrayRef<SizeExpr> inner) {
  SizeExpr stride = 1;
  ArrayRef<Value> strides = ArrayRef(place.strides).take_back(inner.size());
  for (size_t d = inner.size(); d-- > 0; stride = stride * inner[d])
    if (inner[d] != SizeExpr(1) && strides[d] != size(stride) &&
        asConstant(strides[d]) != stride.constant().value_or(-1))
      return false;
  return true;
}

/// Whether an element of a value is named by its position in these last dimensions: all that it is computed from lies
/// densely over them, or is one number.
bool HostEmitter::isFlat(Value value, ArrayRef<SizeExpr> inner) {
  rec::Shape shape = rec::getShape(value);
  auto isOne = [](const SizeExpr &extent) { return extent == SizeExpr(1); };
  if (llvm::all_of(shape, isOne))
    return true;
  if (shape.size() < inner.size() || ArrayRef(shape).take_back(inner.size()) != inner)
    return false;
  ArrayRef<SizeExpr> outer = ArrayRef(shape).drop_back(inner.size());
  if (!llvm::all_of(outer.drop_front(isRowValue(value) && !outer.empty()), isOne))
    return false;
  if (isSplat(value))
    return true;
  if (value.getDefiningOp<rec::ConstantOp>() || places.count(value))
    return isDenseOver(materialize(value), inner);
  Operation *op = value.getDefiningOp();
  return op && op->hasTrait<rec::Pointwise>() &&
         llvm::all_of(op->getOperands(), [&](Value operand) { return isFlat(operand, inner); });
}

/// One loop over all elements where that is possible: short inner loops fill no vectors.
void HostEmitter::fill(Value tensor, bool oneRow, const StridedView &place, ElementAt elementAt) {
  rec::Shape shape = rec::getShape(tensor);
  ArrayRef<SizeExpr> inner = ArrayRef(shape).drop_front(oneRow);
  if (inner.size() < 2 || !isDenseOver(place, inner) || !isFlat(tensor, inner))
    return LayerEmitter::fill(tensor, oneRow, place, elementAt);
  // A dimension of one element has no stride to count along.
  size_t first = shape.size() - inner.size(), along = shape.size() - 1;
  while (along > first && shape[along] == SizeExpr(1))
    --along;
  overElements(size(rec::getNumElements(inner)), [&](Index flat) {
    SmallVector<Value> index(shape.size(), constantIndex(0));
    if (oneRow)
      index[0] = row;
    index[along] = flat[0];
    store(elementAt(index), place, index);
  });
}
