//===- GenericEmitter.cpp - Any kernel as loops that threads share ---------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#include "lib/Codegen/NVPTX/GenericEmitter.h"
#include "lib/Codegen/Loops/Scalar.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::nvptx;
using namespace reckon::loops;
using rec::ReduceKind;

/// The elements of the widest value a row has; a guess where a dimension is dynamic.
static int64_t rowWidth(plan::KernelOp kernel) {
  int64_t widest = 1;
  auto consider = [&](Value value) {
    rec::Shape shape = rec::getShape(value);
    if (shape.empty())
      return;
    SizeExpr elements = rec::getNumElements(ArrayRef<SizeExpr>(shape).drop_front());
    widest = std::max(widest, elements.constant().value_or(256));
  };
  Block &body = kernel.getBody().front();
  for (BlockArgument argument : body.getArguments())
    if (kernel.getLayout(argument.getArgNumber()).getRow())
      consider(argument);
  for (Operation &op : body.without_terminator())
    if (!isa<rec::ConstantOp>(op))
      llvm::for_each(op.getResults(), consider);
  return widest;
}

GenericEmitter::GenericEmitter(plan::KernelOp kernel, DeviceModule &module, Shape shape)
    : LayerEmitter(kernel), module(module), shape(shape) {
  int64_t width = shape == Shape::Rows ? rowWidth(kernel) : INT64_MAX;
  groupThreads = width <= 2 ? 1 : width <= 1024 ? 32 : width <= 4096 ? 128 : 256;
  blockThreads = std::max(groupThreads, 128u);
}

//===----------------------------------------------------------------------===//
// The function
//===----------------------------------------------------------------------===//

FailureOr<LaunchPlan> GenericEmitter::emit() {
  for (plan::OperandAttr layout : kernel.getLayoutList())
    if (!layout.getPacking().isRowMajor())
      return kernel.emitError("device codegen: kernel '") << kernel.getSymName() << "' has weights packed for a host";
  function = module.createKernel(kernel.getSymName(), kernel, blockThreads);
  operandPointers = function.operands;
  dimValues = function.dims;
  b.setInsertionPoint(function.function.getBody().front().getTerminator());
  Type i64 = b.getI64Type();
  auto wide = [&](Value value) -> Value { return arith::ExtUIOp::create(b, i64, value); };
  auto constant = [&](int64_t value) -> Value { return arith::ConstantOp::create(b, b.getI64IntegerAttr(value)); };
  unsigned groups = blockThreads / groupThreads; // of a block
  Value thread = wide(threadIndex(b)), block = wide(blockIndex(b)), blocks = wide(gridSize(b));
  lane = arith::AndIOp::create(b, thread, constant(groupThreads - 1));
  group = arith::AddIOp::create(b, arith::MulIOp::create(b, block, constant(groups)),
                                arith::DivUIOp::create(b, thread, constant(groupThreads)));
  lanes = constant(groupThreads);
  if (shape == Shape::Grid) {
    lane = arith::AddIOp::create(b, arith::MulIOp::create(b, block, constant(blockThreads)), thread);
    lanes = arith::MulIOp::create(b, blocks, constant(blockThreads));
  }
  // How much scratch a group needs is known at the end.
  auto placeholder = LLVM::ZeroOp::create(b, function.scratch.getType());
  scratchPointer = placeholder;
  entry = arith::ConstantOp::create(b, b.getI64IntegerAttr(0));

  LaunchPlan launch;
  placeInputs();
  if (shape == Shape::Rows) {
    row = group; // there are rows: places know
    placeOutputs();
    Value step = arith::MulIOp::create(b, blocks, constant(groups));
    auto rows = scf::ForOp::create(b, group, function.rows, step);
    b.setInsertionPointToStart(rows.getBody());
    row = rows.getInductionVar();
    if (failed(emitBody()))
      return failure();
    // The next row takes the same scratch.
    if (scratchSize != SizeExpr(0))
      barrier();
    SizeExpr count = rec::getShape(kernel.getBody().front().getTerminator()->getOperand(0))[0];
    launch.grid = {SizeExpr::ceilDiv(count, groups)};
  } else {
    placeOutputs();
    if (failed(emitBody()))
      return failure();
    SizeExpr elements = 1;
    for (Value output : kernel.getBody().front().getTerminator()->getOperands())
      elements = SizeExpr::max(elements, rec::getNumElements(rec::getShape(output)));
    launch.grid = {shape == Shape::Grid ? SizeExpr::ceilDiv(elements, blockThreads) : SizeExpr(1)};
  }
  // A value copied out at the end may be one that another thread wrote.
  needsOrder |= scratchSize != SizeExpr(0) || barriers + !outputCopies.empty() > 1;
  placeScratch(placeholder);

  launch.function = function.getName();
  launch.blockThreads = blockThreads;
  launch.scratchBytes = SizeExpr(groups) * scratchSize;
  // Scratch is paid by the block, so blocks that have some stay and take many rows.
  if (shape == Shape::Rows && scratchSize != SizeExpr(0))
    launch.blocksPerSm = module.getTarget().threadsPerSm() / blockThreads;
  return launch;
}

void GenericEmitter::placeScratch(Operation *placeholder) {
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(placeholder);
  // Sizes known so far come after the placeholder.
  entry = placeholder;
  sizeCache.clear();
  Value offset = mul(group, size(scratchSize));
  placeholder->replaceAllUsesWith(ValueRange{offsetPointer(function.scratch, offset, b.getI8Type())});
  placeholder->erase();
  entry = nullptr;
}

Value GenericEmitter::constantBytes(ArrayRef<char> bytes) {
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(entry);
  return module.createConstant(b, bytes);
}

void GenericEmitter::report(int code, Value operandIndex, Value position, Value id) {
  module.report(b, function.status, code, operandIndex, position, id);
}

//===----------------------------------------------------------------------===//
// Sharing
//===----------------------------------------------------------------------===//

Value GenericEmitter::isFirst() { return arith::CmpIOp::create(b, arith::CmpIPredicate::eq, lane, constantIndex(0)); }

void GenericEmitter::storeRaw(Value element, Value pointer, Type elementType) {
  if (!canShare())
    return LayerEmitter::storeRaw(element, pointer, elementType);
  ifThen(isFirst(), [&] { LayerEmitter::storeRaw(element, pointer, elementType); });
}

void GenericEmitter::onOneThread(llvm::function_ref<void()> body) {
  if (!canShare())
    return body();
  needsOrder = true;
  ifThen(isFirst(), [&] {
    llvm::SaveAndRestore<bool> inside(alone, true);
    body();
  });
}

void GenericEmitter::barrier() {
  ++barriers;
  if (shape == Shape::Grid || groupThreads == 1)
    return;
  groupThreads == 32 ? warpBarrier(b) : nvptx::barrier(b);
}

/// As unflatten(), in 32 bits where everything is known to fit: 64-bit division is a long way on a GPU.
SmallVector<Value> GenericEmitter::indexOf(Value linear, ArrayRef<Value> extents) {
  int64_t total = 1;
  bool isSmall = extents.size() > 1;
  for (Value extent : extents) {
    std::optional<int64_t> number = asConstant(extent);
    isSmall &= number && *number > 0 && total <= INT32_MAX / *number;
    total *= isSmall ? *number : 1;
  }
  SmallVector<Value> index(extents.size());
  Type type = isSmall ? b.getI32Type() : b.getI64Type();
  Value rest = isSmall ? Value(arith::TruncIOp::create(b, type, linear)) : linear;
  for (size_t d = extents.size(); d-- > 1;) {
    Value extent = extents[d];
    if (isSmall)
      extent = arith::ConstantOp::create(b, b.getI32IntegerAttr(*asConstant(extents[d])));
    index[d] = arith::RemUIOp::create(b, rest, extent);
    rest = arith::DivUIOp::create(b, rest, extent);
  }
  if (!extents.empty())
    index[0] = rest;
  if (isSmall)
    for (Value &i : index)
      i = arith::ExtUIOp::create(b, b.getI64Type(), i);
  return index;
}

void GenericEmitter::nestOver(ArrayRef<Value> extents, NestBody body) {
  if (!canShare())
    return sequentialNest(extents, body);
  Value total = constantIndex(1);
  for (Value extent : extents)
    total = mul(total, extent);
  llvm::SaveAndRestore<bool> inside(alone, true);
  auto known = asConstant(total);
  if (shape != Shape::Grid && known && *known <= groupThreads) {
    Value has = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, lane, total);
    return ifThen(has, [&] { body(indexOf(lane, extents)); });
  }
  auto loop = scf::ForOp::create(b, lane, total, lanes);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  body(indexOf(loop.getInductionVar(), extents));
}

void GenericEmitter::nestShared(ArrayRef<Value> extents, NestBody body) {
  bool isOne = llvm::all_of(extents, [](Value extent) { return asConstant(extent) == 1; });
  if (!canShare() || shape == Shape::Grid || !isOne)
    return nestOver(extents, body);
  body(SmallVector<Value>(extents.size(), constantIndex(0)));
}

Value GenericEmitter::foldOver(ArrayRef<Value> extents, ReduceKind kind, Type elementType, Term term) {
  if (!canShare() || shape == Shape::Grid)
    return LayerEmitter::foldOver(extents, kind, elementType, term);
  Value total = constantIndex(1);
  for (Value extent : extents)
    total = mul(total, extent);
  Value identity = reduceIdentity(b, kind, elementType);
  auto loop = scf::ForOp::create(b, lane, total, lanes, identity);
  {
    llvm::SaveAndRestore<bool> inside(alone, true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value next = term(indexOf(loop.getInductionVar(), extents));
    next = reduceStep(b, kind, loop.getRegionIterArg(0), next, elementType);
    scf::YieldOp::create(b, next);
  }
  bool isSum = kind != ReduceKind::max && kind != ReduceKind::min && kind != ReduceKind::prod;
  return combine(isSum ? ReduceKind::sum : kind, loop.getResult(0), elementType);
}

Value GenericEmitter::combine(ReduceKind kind, Value value, Type elementType) {
  Type type = value.getType();
  unsigned width = type.getIntOrFloatBitWidth();
  // Shuffles and shared memory hold words.
  auto toWord = [&](Value v) -> Value { return width < 32 ? Value(arith::ExtUIOp::create(b, b.getI32Type(), v)) : v; };
  auto fromWord = [&](Value v) -> Value { return width < 32 ? Value(arith::TruncIOp::create(b, type, v)) : v; };
  for (int mask = 16; mask > 0; mask /= 2)
    value = reduceStep(b, kind, value, fromWord(shuffleXor(b, toWord(value), mask)), elementType);
  if (groupThreads == 32)
    return value;

  // A partial result of each warp, through shared memory.
  if (!partials) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(entry);
    partials = module.createShared(b, groupThreads / 32 * 8);
  }
  auto slot = [&](Value warp) -> Value {
    return LLVM::GEPOp::create(b, partials.getType(), b.getI64Type(), partials, ValueRange{warp});
  };
  Value warp = arith::ShRUIOp::create(b, lane, constantIndex(5));
  Value inWarp = arith::AndIOp::create(b, lane, constantIndex(31));
  Value isLeader = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, inWarp, constantIndex(0));
  ifThen(isLeader, [&] { LLVM::StoreOp::create(b, toWord(value), slot(warp)); });
  nvptx::barrier(b);
  Type word = width < 32 ? Type(b.getI32Type()) : type;
  Value result;
  for (unsigned w = 0; w < groupThreads / 32; ++w) {
    Value partial = fromWord(LLVM::LoadOp::create(b, word, slot(constantIndex(w))));
    result = result ? reduceStep(b, kind, result, partial, elementType) : partial;
  }
  nvptx::barrier(b);
  return result;
}

//===----------------------------------------------------------------------===//
// The emitter
//===----------------------------------------------------------------------===//

/// Whether nothing but single elements meet: then rows do not matter, and threads go over all elements side by side.
static bool isPointwise(plan::KernelOp kernel) {
  return llvm::all_of(kernel.getBody().front().without_terminator(),
                      [](Operation &op) { return isa<rec::ConstantOp>(op) || op.hasTrait<rec::Pointwise>(); });
}

EmitResult nvptx::emitGeneric(plan::KernelOp kernel, DeviceModule &module) {
  SmallVector<Shape> shapes{Shape::Rows};
  if (kernel.getKind() == rec::RegionKind::whole)
    shapes = {Shape::Grid, Shape::Block};
  else if (isPointwise(kernel))
    shapes = {Shape::Grid, Shape::Rows};
  for (Shape shape : shapes) {
    GenericEmitter emitter(kernel, module, shape);
    FailureOr<LaunchPlan> launch = emitter.emit();
    if (failed(launch))
      return FailureOr<KernelPlan>(failure());
    if (emitter.fits()) {
      KernelPlan plan;
      plan.launches.push_back(std::move(*launch));
      return FailureOr<KernelPlan>(std::move(plan));
    }
    emitter.erase();
  }
  llvm_unreachable("rows and blocks have all the order there is");
}
