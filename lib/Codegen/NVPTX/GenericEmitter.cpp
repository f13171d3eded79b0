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

/// Static shared memory that folds may take.
static constexpr unsigned sharedOfFolds = 256;

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

/// Whether there are folds and products, and nothing else but what single elements are computed from. One that needs no
/// memory in between can be spread over the grid as well.
static bool isFold(plan::KernelOp kernel) {
  return llvm::all_of(kernel.getBody().front().without_terminator(), [](Operation &op) {
    return isa<rec::ConstantOp, rec::MatmulOp, rec::SoftmaxOp, rec::LayerNormOp, rec::ReduceOp>(op) ||
           op.hasTrait<rec::Pointwise>() || op.hasTrait<rec::View>();
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
    // Several threads share a fold, and a warp counts what goes before an element.
    for (Operation &op : kernel.getBody().front()) {
      bool isOrder = isa<rec::TopKOp>(op);
      if (isOrder || (isa<rec::ReduceOp, rec::SoftmaxOp, rec::LayerNormOp>(op) && !deferred.contains(&op)))
        elements = SizeExpr::max(elements, rec::getNumElements(rec::getShape(op.getOperand(0))) *
                                               SizeExpr(isOrder ? GpuTarget::warpSize : 1));
    }
    if (perThread == UINT_MAX || !isPointwise(kernel))
      perThread = 1;
    launch.grid = {shape == Shape::Grid ? SizeExpr::ceilDiv(elements, blockThreads * perThread) : SizeExpr(1)};
    // Folds and products have fewer threads at work than elements, or more: blocks that stay share them out.
    if (shape == Shape::Grid && !isPointwise(kernel))
      launch.blocksPerSm = module.getTarget().threadsPerSm() / blockThreads;
  }
  // A value copied out at the end may be one that another thread wrote.
  needsOrder |= scratchSize != SizeExpr(0) || barriers + !outputCopies.empty() > 1;
  launch.function = function.getName();
  launch.blockThreads = blockThreads;
  placeScratch(placeholder, launch);
  return launch;
}

/// Scratch of a known size that fits is shared memory.
void GenericEmitter::placeScratch(Operation *placeholder, LaunchPlan &launch) {
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

/// The lanes of a warp that differ from this one in the low bits alone.
static Value memberMask(ImplicitLocOpBuilder &b, unsigned width) {
  auto constant = [&](uint32_t value) { return arith::ConstantOp::create(b, b.getI32IntegerAttr(int32_t(value))); };
  Value first = arith::AndIOp::create(b, laneIndex(b), constant(~(width - 1)));
  return arith::ShLIOp::create(b, constant((1u << width) - 1), first);
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
  if (!deferred.contains(op))
    return LayerEmitter::emitLayer(op);
  // Operands that are not computed element by element are needed in memory later.
  if (op->hasTrait<rec::Pointwise>())
    return LayerEmitter::emitLayer(op);
  return success();
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

/// How many neighbours of the last dimension go into one store.
unsigned GenericEmitter::chooseVector(ArrayRef<Value> extents, const StridedView &place) {
  Type type = place.elementType;
  if (!canShare() || extents.empty() || !(type.isF32() || type.isF16() || type.isBF16()) ||
      asConstant(place.strides.back()) != 1)
    return 1;
  uint64_t bytes = type.getIntOrFloatBitWidth() / 8;
  uint64_t count = std::min(knownAlignment(place.base) / bytes, knownMultiple(extents.back()));
  for (Value stride : ArrayRef(place.strides).drop_back())
    count = std::min(count, knownMultiple(stride));
  // A group of threads that has but few elements shares them out.
  if (std::optional<int64_t> total = countOf(extents); total && !isSpread())
    count = std::min<uint64_t>(count, llvm::bit_floor(std::max<uint64_t>(*total / groupThreads, 1)));
  return std::max<uint64_t>(count, 1);
}

void GenericEmitter::fill(Value tensor, bool oneRow, const StridedView &place, ElementAt elementAt) {
  SmallVector<Value> extents = sizes(tensor);
  if (oneRow)
    extents.erase(extents.begin());
  unsigned count = chooseVector(extents, place);
  if (isSpread())
    perThread = std::min(perThread, count);
  if (count == 1)
    return LayerEmitter::fill(tensor, oneRow, place, elementAt);
  Value step = constantIndex(count);
  extents.back() = b.createOrFold<arith::DivUIOp>(extents.back(), step);
  parallelFor(extents, [&](Index position) {
    SmallVector<Value> index, elements;
    if (oneRow)
      index.push_back(row);
    index.append(position.begin(), position.end());
    Value first = index.back() = mul(index.back(), step);
    Value target = pointer(place, index);
    for (unsigned i = 0; i < count; ++i) {
      index.back() = add(first, constantIndex(i));
      elements.push_back(elementAt(index));
    }
    DeviceBuilder p(b);
    p.store(p.pack(elements, place.elementType), target, count * (place.elementType.getIntOrFloatBitWidth() / 8));
  });
}

void GenericEmitter::parallelFor(ArrayRef<Value> extents, LoopBody body) {
  if (!canShare())
    return sequentialNest(extents, body);
  Value total = constantIndex(1);
  for (Value extent : extents)
    total = mul(total, extent);
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

/// A fold along memory gets lanes for about half its elements, so that they read neighbours; any other as many as would
/// be idle.
unsigned GenericEmitter::chooseWidth(std::optional<int64_t> count, ArrayRef<Value> fold) {
  constexpr int64_t warp = GpuTarget::warpSize;
  if (!fold.empty()) {
    int64_t folded = countOf(fold).value_or(2 * warp);
    return std::min<int64_t>(llvm::PowerOf2Ceil(std::max<int64_t>(llvm::divideCeil(folded, 2), 1)),
                             std::min<int64_t>(warp, groupThreads));
  }
  if (isSpread() || !count || *count == 0)
    return 1;
  return std::min<int64_t>(llvm::bit_floor(std::max<uint64_t>(groupThreads / *count, 1)), warp);
}

void GenericEmitter::nestShared(ArrayRef<Value> extents, ArrayRef<Value> fold, LoopBody body) {
  if (!canShare() || isNarrowed)
    return parallelFor(extents, body);
  std::optional<int64_t> count = countOf(extents);
  if (count == 1 && !isSpread())
    return body(SmallVector<Value>(extents.size(), constantIndex(0)));
  unsigned width = chooseWidth(count, fold);
  // Few long folds: all threads take one after another.
  if (count && !isSpread() && width == GpuTarget::warpSize && *count * 2 * width <= groupThreads)
    return sequentialNest(extents, body);
  if (width == 1)
    return parallelFor(extents, body);
  Value total = constantIndex(1);
  for (Value extent : extents)
    total = mul(total, extent);
  Value parts = constantIndex(width);
  Value first = arith::DivUIOp::create(b, lane, parts), step = arith::DivUIOp::create(b, lanes, parts);
  Value lanesOfPart = width == GpuTarget::warpSize ? Value() : memberMask(b, width);
  llvm::SaveAndRestore<Value> partLane(lane, arith::AndIOp::create(b, lane, constantIndex(width - 1)));
  llvm::SaveAndRestore<Value> partLanes(lanes, parts), partMembers(members, lanesOfPart);
  llvm::SaveAndRestore<unsigned> threads(groupThreads, width);
  llvm::SaveAndRestore<bool> narrow(isNarrowed, true);
  auto loop = scf::ForOp::create(b, first, total, step);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  body(unflatten(loop.getInductionVar(), extents));
}

Value GenericEmitter::reduceOver(ArrayRef<Value> extents, ReduceKind kind, Type elementType, Term term) {
  if (!canShare() || isSpread())
    return LayerEmitter::reduceOver(extents, kind, elementType, term);
  Value total = constantIndex(1);
  for (Value extent : extents)
    total = mul(total, extent);
  Value identity = reduceIdentity(b, kind, elementType);
  auto loop = scf::ForOp::create(b, lane, total, lanes, identity);
  {
    llvm::SaveAndRestore<bool> inside(alone, true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value next = term(unflatten(loop.getInductionVar(), extents));
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
  for (int mask = std::min(groupThreads, 32u) / 2; mask > 0; mask /= 2)
    value = reduceStep(b, kind, value, fromWord(shuffleXor(b, toWord(value), mask, members)), elementType);
  if (groupThreads <= 32)
    return value;

  // A partial result of each warp, through shared memory.
  if (!partials) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(entry);
    static_assert(sharedOfFolds >= GpuTarget::maxBlockThreads / GpuTarget::warpSize * 8);
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

/// Whether groups that take a row each would leave most of the grid without work.
static bool hasFewRows(plan::KernelOp kernel) {
  rec::Shape shape = rec::getShape(kernel.getBody().front().getTerminator()->getOperand(0));
  return !shape.empty() && shape[0].constant().value_or(INT64_MAX) <= 64;
}

EmitResult nvptx::emitGeneric(plan::KernelOp kernel, DeviceModule &module) {
  SmallVector<Shape> shapes{Shape::Rows};
  if (kernel.getKind() == rec::RegionKind::whole)
    shapes = {Shape::Grid, Shape::Block};
  else if (isPointwise(kernel) || isFold(kernel) || hasFewRows(kernel))
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
