//===- GenericEmitter.cpp - Any kernel as loops that threads share ---------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#include "lib/Codegen/NVPTX/GenericEmitter.h"
#include "lib/Codegen/Loops/Scalar.h"
#include "lib/Codegen/NVPTX/KnownMultiple.h"

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

/// Whether nothing but single elements meet: then rows do not matter, and threads go over all elements side by side.
static bool isPointwise(plan::KernelOp kernel) {
  return llvm::all_of(kernel.getBody().front().without_terminator(),
                      [](Operation &op) { return isa<rec::ConstantOp>(op) || op.hasTrait<rec::Pointwise>(); });
}

/// Whether there are folds, running sums and products, and nothing else but what single elements are computed from. One
/// that needs no memory in between can be spread over the grid as well.
static bool isFold(plan::KernelOp kernel) {
  return llvm::all_of(kernel.getBody().front().without_terminator(), [](Operation &op) {
    return isa<rec::ConstantOp, rec::MatmulOp, rec::SoftmaxOp, rec::LayerNormOp, rec::ReduceOp, rec::ArgReduceOp,
               rec::CumSumOp>(op) ||
           op.hasTrait<rec::Pointwise>() || op.hasTrait<rec::View>();
  });
}

/// A gather whose every index gives one element.
static bool gathersElements(Operation &op) {
  return isa<rec::GatherOp, rec::GatherElementsOp>(op) &&
         rec::getNumElements(rec::getShape(op.getOperand(1))) == rec::getNumElements(rec::getShape(op.getResult(0)));
}

/// Whether elements only move, and single ones are computed from them on the way.
static bool isMove(plan::KernelOp kernel) {
  return llvm::all_of(kernel.getBody().front().without_terminator(), [](Operation &op) {
    return isa<rec::ConstantOp, rec::ConcatOp, rec::PadOp>(op) || op.hasTrait<rec::Pointwise>() ||
           op.hasTrait<rec::View>() || gathersElements(op);
  });
}

/// Whether there is softmax or a norm of lines that are too long for the registers of a warp.
static bool hasLongLines(plan::KernelOp kernel) {
  return llvm::any_of(kernel.getBody().front(), [](Operation &op) {
    if (!isa<rec::SoftmaxOp, rec::LayerNormOp>(op))
      return false;
    rec::Shape shape = rec::getShape(op.getOperand(0));
    return !shape.empty() && shape.back().constant().value_or(0) > GenericEmitter::lineOfWarp;
  });
}

bool GenericEmitter::isOneRow(rec::MatmulOp op) const {
  auto isMatrix = [](Value value) { return rec::getShape(value).size() > 1; };
  return shape == Shape::Rows && rec::getShape(op.getResult()).size() == 0u + isMatrix(op.getA()) + isMatrix(op.getB());
}

/// Sums of that many values of a query, or of a result, fit into the registers of a warp beside 64 scores.
static constexpr int64_t mostColumns = 128;

GenericEmitter::GenericEmitter(plan::KernelOp kernel, DeviceModule &module, Shape shape, unsigned threads)
    : LayerEmitter(kernel), module(module), shape(shape) {
  int64_t width = shape == Shape::Rows ? rowWidth(kernel) : INT64_MAX;
  groupThreads = width <= 2 ? 1 : width <= 1024 ? 32 : width <= 4096 ? 128 : 256;
  if (shape == Shape::Block)
    groupThreads = GpuTarget::maxBlockThreads;
  bool hasProduct = llvm::any_of(kernel.getBody().front(), llvm::IsaPred<rec::MatmulOp>);
  if (hasProduct)
    groupThreads = std::max(groupThreads, GpuTarget::warpSize);
  if (threads)
    groupThreads = threads;
  if (shape == Shape::Tiles)
    transposed = findTransposed(kernel);
  blockThreads = std::max(groupThreads, 128u);
  for (auto mix : kernel.getBody().front().getOps<rec::MatmulOp>())
    if (auto attention = tiling::Attention::match(mix);
        attention && attention->softmax && std::max(attention->queryDim(), attention->valueDim()) <= mostColumns &&
        !isOneRow(mix) && !isOneRow(attention->scores)) {
      deferred.insert_range(attention->layers);
      attentions.insert({mix, std::move(*attention)});
    }
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
  auto placeholder = LLVM::ZeroOp::create(b, LLVM::LLVMPointerType::get(b.getContext()));
  scratchPointer = placeholder;
  entry = arith::ConstantOp::create(b, b.getI64IntegerAttr(0));

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
    planGrid();
  }
  // A value copied out at the end may be one that another thread wrote.
  needsOrder |= scratchSize != SizeExpr(0) || (isMove(kernel) ? readsWritten : barriers + !outputCopies.empty() > 1);
  launch.function = function.getName();
  launch.blockThreads = blockThreads;
  placeScratch(placeholder);
  return launch;
}

void GenericEmitter::planGrid() {
  if (shape == Shape::Block) {
    launch.grid = {1};
    return;
  }
  // Blocks that stay share out what there is: with a block for every 256 elements of a large tensor most of the time
  // goes to starting blocks.
  launch.blocksPerSm = module.getTarget().threadsPerSm() / blockThreads;
  if (shape == Shape::Tiles)
    return;
  SizeExpr elements = 1;
  for (Value output : kernel.getBody().front().getTerminator()->getOperands())
    elements = SizeExpr::max(elements, rec::getNumElements(rec::getShape(output)));
  // Several threads share a fold, and a warp counts what goes before an element.
  for (Operation &op : kernel.getBody().front()) {
    bool isOrder = isa<rec::TopKOp>(op);
    if (isOrder || (isa<rec::ReduceOp, rec::SoftmaxOp, rec::LayerNormOp>(op) && !deferred.contains(&op)))
      elements = SizeExpr::max(elements, rec::getNumElements(rec::getShape(op.getOperand(0))) *
                                             SizeExpr(isOrder ? GpuTarget::warpSize : 1));
  }
  if (perThread == UINT_MAX || !isPointwise(kernel))
    perThread = 1;
  launch.grid = {SizeExpr::ceilDiv(elements, blockThreads * perThread)};
}

/// Scratch of a known size that fits is shared memory.
void GenericEmitter::placeScratch(Operation *placeholder) {
  const GpuTarget &gpu = module.getTarget();
  unsigned groups = blockThreads / groupThreads;
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(placeholder);
  // Sizes known so far come after the placeholder.
  entry = placeholder;
  sizeCache.clear();
  std::optional<int64_t> bytes = (SizeExpr(groups) * scratchSize).constant();
  unsigned blocks = gpu.threadsPerSm() / blockThreads;
  Value scratch, first = group;
  if (bytes && *bytes <= static_cast<int64_t>(gpu.sharedPerBlock - sharedOfFolds)) {
    if (*bytes != 0)
      scratch = module.getDynamicShared(b);
    first = arith::RemUIOp::create(b, group, constantIndex(groups));
    launch.sharedBytes = *bytes;
    blocks = std::min(blocks, gpu.blocksByShared(*bytes + sharedOfFolds));
  } else {
    scratch = function.scratch;
    launch.scratchBytes = SizeExpr(groups) * scratchSize;
  }
  if (scratch) {
    scratch = offsetPointer(scratch, mul(first, size(scratchSize)), b.getI8Type());
    scratch = LLVM::AddrSpaceCastOp::create(b, placeholder->getResult(0).getType(), scratch);
    placeholder->replaceAllUsesWith(ValueRange{scratch});
    // Scratch is paid by the block, so blocks that have some stay and take many rows.
    if (shape == Shape::Rows)
      launch.blocksPerSm = std::max(blocks, 1u);
  }
  // Values of no elements have an address, too.
  if (placeholder->use_empty())
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

LogicalResult GenericEmitter::emitLayer(Operation *op) {
  if (finished.contains(op))
    return success();
  if (op == transposed)
    return emitTransposed(transposed);
  if (!deferred.contains(op))
    return LayerEmitter::emitLayer(op);
  // Operands that are not computed element by element are needed in memory later.
  if (op->hasTrait<rec::Pointwise>())
    return LayerEmitter::emitLayer(op);
  return success();
}

/// What is neither an operand of the kernel nor a constant was written by it.
void GenericEmitter::noteRead(Value tensor) {
  while (Operation *op = tensor.getDefiningOp()) {
    if (!op->hasTrait<rec::View>()) {
      readsWritten |= !isa<rec::ConstantOp>(op);
      return;
    }
    tensor = op->getOperand(0);
  }
}

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

bool GenericEmitter::updatesTogether(ReduceKind kind, Type elementType) const {
  bool isAtomic = kind == ReduceKind::sum || kind == ReduceKind::max || kind == ReduceKind::min;
  return canShare() && isAtomic && (elementType.isSignlessInteger(32) || elementType.isSignlessInteger(64));
}

void GenericEmitter::update(ReduceKind kind, Value element, const StridedView &place, Index at, bool together) {
  if (!together)
    return LayerEmitter::update(kind, element, place, at, together);
  auto operation = kind == ReduceKind::sum   ? LLVM::AtomicBinOp::add
                   : kind == ReduceKind::max ? LLVM::AtomicBinOp::max
                                             : LLVM::AtomicBinOp::min;
  LLVM::AtomicRMWOp::create(b, operation, pointer(place, at), element, LLVM::AtomicOrdering::monotonic, "device");
}

/// Each index of what keeps updates apart is a thread's, which goes over the rest in order.
void GenericEmitter::overUpdates(ArrayRef<Value> extents, const llvm::SmallBitVector &apart, LoopBody body) {
  if (!canShare() || apart.none())
    return LayerEmitter::overUpdates(extents, apart, body);
  needsOrder = true;
  SmallVector<Value> shared, ordered;
  for (auto [d, extent] : llvm::enumerate(extents))
    (apart[d] ? shared : ordered).push_back(extent);
  parallelFor(shared, [&](Index thread) {
    sequentialNest(ordered, [&](Index step) {
      SmallVector<Value> index;
      for (size_t d = 0, of[2] = {}; d < extents.size(); ++d)
        index.push_back(apart[d] ? thread[of[0]++] : step[of[1]++]);
      body(index);
    });
  });
}

void GenericEmitter::barrier() {
  assert(!isNarrowed && "a part of a warp has no barrier of its own");
  ++barriers;
  if (shape == Shape::Grid || groupThreads == 1)
    return;
  groupThreads == 32 ? warpBarrier(b) : nvptx::barrier(b);
}

/// In 32 bits where everything is known to fit: 64-bit division is a long way on a GPU.
SmallVector<Value> GenericEmitter::unflatten(Value linear, ArrayRef<Value> extents) {
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

void GenericEmitter::parallelFor(ArrayRef<Value> extents, LoopBody body) {
  if (!canShare())
    return sequentialNest(extents, body);
  Value total = constantIndex(1);
  for (Value extent : extents)
    total = mul(total, extent);
  needsOrder |= shape == Shape::Tiles; // what no tile has
  llvm::SaveAndRestore<bool> inside(alone, true);
  auto known = asConstant(total);
  if (!isSpread() && known && *known <= groupThreads) {
    Value has = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, lane, total);
    return ifThen(has, [&] { body(unflatten(lane, extents)); });
  }
  auto loop = scf::ForOp::create(b, lane, total, lanes);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  body(unflatten(loop.getInductionVar(), extents));
}

std::optional<int64_t> GenericEmitter::countOf(ArrayRef<Value> extents) {
  int64_t count = 1;
  for (Value extent : extents) {
    std::optional<int64_t> number = asConstant(extent);
    if (!number)
      return std::nullopt;
    count *= *number;
  }
  return count;
}

//===----------------------------------------------------------------------===//
// The emitter
//===----------------------------------------------------------------------===//

/// Whether groups that take a row each would leave most of the grid without work.
static bool hasFewRows(plan::KernelOp kernel) {
  rec::Shape shape = rec::getShape(kernel.getBody().front().getTerminator()->getOperand(0));
  return !shape.empty() && shape[0].constant().value_or(INT64_MAX) <= 64;
}

EmitResult nvptx::emitGeneric(plan::KernelOp kernel, DeviceModule &module) {
  SmallVector<Shape> shapes{Shape::Rows};
  if (kernel.getKind() == rec::RegionKind::whole)
    shapes = {Shape::Grid, Shape::Block};
  else if (isPointwise(kernel) || (isFold(kernel) && !hasLongLines(kernel)) || isMove(kernel) || hasFewRows(kernel))
    shapes = {Shape::Grid, Shape::Rows};
  if (GenericEmitter::findTransposed(kernel))
    shapes.insert(shapes.begin(), Shape::Tiles);
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
