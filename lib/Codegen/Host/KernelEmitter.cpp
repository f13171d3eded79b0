//===- KernelEmitter.cpp - From a plan.kernel to loops over memory ----------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//

#include "lib/Codegen/Host/KernelEmitter.h"
#include "dialects/Rec/ConstantData.h"
#include "lib/Codegen/Host/Scalar.h"
#include "reckon/Runtime/KernelABI.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cstddef>

using namespace mlir;
using namespace reckon;
using namespace reckon::host;

KernelEmitter::KernelEmitter(ModuleOp module, plan::KernelOp kernel, const Target &target)
    : module(module), kernel(kernel), target(target), b(kernel.getLoc(), kernel.getContext()) {}

InFlightDiagnostic KernelEmitter::unsupported(Operation *op, const Twine &what) {
  return op->emitError() << "host codegen: " << op->getName() << " in kernel '" << kernel.getSymName() << "': " << what;
}

static void makeInternal(func::FuncOp function) {
  function.setPrivate();
  function->setAttr("llvm.linkage", LLVM::LinkageAttr::get(function.getContext(), LLVM::Linkage::Internal));
}

/// The kernel is two functions. The exported one follows the ABI and unpacks it; the body takes every operand as a
/// `noalias` argument, which is how LLVM learns that stores to one do not touch another.
void KernelEmitter::emitPrologue() {
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

  for (BlockArgument argument : block.getArguments())
    operandIndex[argument] = argument.getArgNumber();
}

LogicalResult KernelEmitter::emit() {
  emitPrologue();
  Block &block = kernel.getBody().front();
  for (BlockArgument argument : block.getArguments()) {
    auto type = cast<RankedTensorType>(argument.getType());
    auto given = cast<DenseI64ArrayAttr>(kernel.getStrides()[argument.getArgNumber()]).asArrayRef();
    SmallVector<Value> strides = denseStrides(rec::getShape(type), false);
    for (auto [stride, value] : llvm::zip(strides, given))
      if (value != ShapedType::kDynamic)
        stride = constantIndex(value);
    places[argument] = {operandPointers[argument.getArgNumber()], strides, type.getElementType()};
  }
  switch (kernel.getKind()) {
  case rec::RegionKind::gemm:
    return emitGemm();
  case rec::RegionKind::lookup:
  case rec::RegionKind::rows:
    return emitRows();
  case rec::RegionKind::whole:
    placeOutputs();
    return emitBody();
  }
  return failure();
}

LogicalResult KernelEmitter::emitRows() {
  row = rowBegin; // there are rows: places know
  placeOutputs();
  LogicalResult result = success();
  auto rows = scf::ForOp::create(b, rowBegin, rowEnd, constantIndex(1));
  b.setInsertionPointToStart(rows.getBody());
  row = rows.getInductionVar();
  result = emitBody();
  return result;
}

/// Picks where outputs and the operands of reshapes and concats are computed, so that a value is written once, where it
/// is wanted.
void KernelEmitter::placeOutputs() {
  Block &block = kernel.getBody().front();
  for (auto [i, output] : llvm::enumerate(block.getTerminator()->getOperands())) {
    unsigned operand = block.getNumArguments() + i;
    auto type = cast<RankedTensorType>(output.getType());
    SmallVector<Value> strides = denseStrides(rec::getShape(type), false);
    for (auto [stride, value] : llvm::zip(strides, cast<DenseI64ArrayAttr>(kernel.getStrides()[operand]).asArrayRef()))
      if (value != ShapedType::kDynamic)
        stride = constantIndex(value);
    Place place{operandPointers[operand], strides, type.getElementType()};
    Operation *op = output.getDefiningOp();
    if (!op || isa<rec::ConstantOp>(op) || destinations.count(output))
      outputCopies.push_back({output, place});
    else
      destinations[output] = place;
  }
  for (Operation &op : llvm::reverse(block.without_terminator())) {
    Value value = op.getResult(0);
    if (isa<rec::ConcatOp>(op) && !destinations.count(value))
      destinations[value] = placeInScratch(value);
    if (destinations.count(value))
      forwardDestination(value);
  }
}

/// A reshape or concat with a destination hands it, or its slice, to operands that nothing else reads.
void KernelEmitter::forwardDestination(Value value) {
  Place place = destinations[value];
  auto accepts = [&](Value operand) {
    Operation *op = operand.getDefiningOp();
    return op && !isa<rec::ConstantOp>(op) && operand.hasOneUse() && !destinations.count(operand) &&
           isRowValue(operand) == isRowValue(value);
  };
  if (auto reshape = value.getDefiningOp<rec::ReshapeOp>()) {
    Value operand = reshape.getX();
    if (!accepts(operand) || !isDense(value, place))
      return;
    SmallVector<Value> strides = denseStrides(rec::getShape(operand), false);
    if (isRowValue(operand))
      strides[0] = place.strides[0];
    destinations[operand] = {place.base, strides, place.elementType};
    forwarded.insert(operand);
  }
  if (auto concat = value.getDefiningOp<rec::ConcatOp>()) {
    SizeExpr offset = 0;
    int64_t axis = concat.getAxis();
    for (Value operand : concat.getInputs()) {
      if (accepts(operand)) {
        Value elements = mul(size(offset), place.strides[axis]);
        destinations[operand] = {offsetPointer(place.base, elements, place.elementType), place.strides,
                                 place.elementType};
        forwarded.insert(operand);
      }
      offset = offset + rec::getShape(operand)[axis];
    }
  }
}

bool KernelEmitter::isRowValue(Value tensor) {
  if (!row || cast<RankedTensorType>(tensor.getType()).getRank() == 0)
    return false;
  if (auto argument = dyn_cast<BlockArgument>(tensor))
    return kernel.getRowInputs()[argument.getArgNumber()];
  return !isa<rec::ConstantOp>(tensor.getDefiningOp());
}

LogicalResult KernelEmitter::emitBody() {
  for (Operation &op : kernel.getBody().front().without_terminator()) {
    b.setLoc(op.getLoc());
    if (failed(emitLayer(&op)))
      return failure();
  }
  for (auto &[value, place] : outputCopies)
    nest(value, [&, &value = value, &place = place](Index index) { store(element(value, index), place, index); });
  return success();
}

/// Layers that produce each element from a few elements of their operands: computed where they are used when that is
/// once.
static bool isElementwise(Operation *op) {
  return isa<rec::UnaryOp, rec::BinaryOp, rec::CompareOp, rec::SelectOp, rec::CastOp, rec::IotaOp, rec::DimsOp,
             rec::PadOp, rec::GatherOp, rec::GatherElementsOp, rec::GatherNdOp, rec::BatchNormOp>(op);
}
static bool isView(Operation *op) { return isa<rec::ReshapeOp, rec::TransposeOp, rec::SliceOp, rec::BroadcastOp>(op); }

bool KernelEmitter::isInlined(Value tensor) {
  return !places.count(tensor) && tensor.getDefiningOp() && !isa<rec::ConstantOp>(tensor.getDefiningOp());
}

LogicalResult KernelEmitter::emitLayer(Operation *op) {
  if (isa<rec::ConstantOp>(op))
    return success();

  if (isView(op)) {
    Value operand = op->getOperand(0), result = op->getResult(0);
    bool elided = forwarded.contains(operand) && places.count(operand);
    // A reshape needs memory under it; the others can compute through their operand, unless that repeats work.
    if (isa<rec::ReshapeOp, rec::BroadcastOp>(op) || !operand.hasOneUse())
      materialize(operand);
    elided |= forwarded.contains(operand);
    if (elided && isa<rec::ReshapeOp>(op)) {
      places[result] = destinations[result];
      return success();
    }
    if (destinations.count(result))
      materialize(result);
    else if (auto view = viewOf(op))
      places[result] = *view;
    else if (!isInlined(operand) || !result.hasOneUse())
      materialize(result);
    return success();
  }

  if (isElementwise(op)) {
    Value result = op->getResult(0);
    // An operand that broadcasts, or one that is gathered from, would be computed more than once.
    for (Value operand : op->getOperands())
      if (isInlined(operand) &&
          (isa<rec::GatherOp, rec::GatherElementsOp, rec::GatherNdOp, rec::PadOp>(op) ||
           rec::getNumElements(rec::getShape(operand)) != rec::getNumElements(rec::getShape(result))))
        materialize(operand);
    bool isFree = isa<rec::IotaOp, rec::DimsOp>(op);
    if (destinations.count(result) || !(result.hasOneUse() || result.use_empty() || isFree))
      materialize(result);
    return success();
  }

  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case([&](rec::ReduceOp o) { return emitReduce(o); })
      .Case([&](rec::ArgReduceOp o) { return emitArgReduce(o); })
      .Case([&](rec::SoftmaxOp o) { return emitSoftmax(o); })
      .Case([&](rec::LayerNormOp o) { return emitLayerNorm(o); })
      .Case([&](rec::CumSumOp o) { return emitCumSum(o); })
      .Case([&](rec::TopKOp o) { return emitTopK(o); })
      .Case([&](rec::MatmulOp o) { return emitMatmul(o); })
      .Case([&](rec::LinearOp o) { return emitLinearLoops(o); })
      .Case([&](rec::ConvOp o) { return emitConv(o); })
      .Case([&](rec::PoolWindowOp o) { return emitPoolWindow(o); })
      .Case([&](rec::ScatterNdOp o) { return emitScatterNd(o); })
      .Case([&](rec::ScatterElementsOp o) { return emitScatterElements(o); })
      .Case([&](rec::ConcatOp o) { return emitConcat(o); })
      .Case([&](rec::FmTermOp o) { return emitFmTerm(o); })
      .Case([&](rec::DotInteractionOp o) { return emitDotInteraction(o); })
      .Case([&](rec::EmbeddingOp o) { return emitEmbedding(o); })
      .Case([&](rec::EmbeddingBagOp o) { return emitEmbeddingBag(o); })
      .Case([&](rec::MultiLookupOp o) { return emitMultiLookup(o); })
      .Default([&](Operation *o) { return unsupported(o, "no host code for this layer"); });
}

Place KernelEmitter::destination(Value tensor) {
  auto it = destinations.find(tensor);
  return it != destinations.end() ? it->second : placeInScratch(tensor);
}

const Place &KernelEmitter::materialize(Value tensor) {
  if (auto it = places.find(tensor); it != places.end())
    return it->second;
  Operation *op = tensor.getDefiningOp();
  if (auto constant = dyn_cast<rec::ConstantOp>(op))
    return places[tensor] = constantPlace(constant);
  Place place = destination(tensor);
  std::optional<Place> view = isView(op) ? viewOf(op) : std::nullopt;
  nest(tensor, [&](Index index) { store(view ? load(*view, index) : inlineElement(op, index), place, index); });
  return places[tensor] = place;
}

LogicalResult KernelEmitter::emitConcat(rec::ConcatOp op) {
  Place place = destination(op.getResult());
  SizeExpr offset = 0;
  for (Value operand : op.getInputs()) {
    Value begin = size(offset);
    if (forwarded.contains(operand))
      materialize(operand);
    else
      // A constant holds all rows, of which this is one.
      nest(operand, isRowValue(op.getResult()), [&](Index index) {
        SmallVector<Value> target(index);
        target[op.getAxis()] = add(target[op.getAxis()], begin);
        store(element(operand, index), place, target);
      });
    offset = offset + rec::getShape(operand)[op.getAxis()];
  }
  places[op.getResult()] = place;
  return success();
}

//===----------------------------------------------------------------------===//
// Functions and constants of the module
//===----------------------------------------------------------------------===//

func::FuncOp KernelEmitter::getReportFunction() {
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
  Value code = LLVM::LoadOp::create(b, i32, address(offsetof(ReckonKernelStatus, code)));
  Value first = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, code,
                                      arith::ConstantOp::create(b, b.getI32IntegerAttr(RECKON_KERNEL_OK)));
  ifThen(first, [&] {
    LLVM::StoreOp::create(b, block->getArgument(1), address(offsetof(ReckonKernelStatus, code)));
    LLVM::StoreOp::create(b, block->getArgument(2), address(offsetof(ReckonKernelStatus, table)));
    LLVM::StoreOp::create(b, block->getArgument(3), address(offsetof(ReckonKernelStatus, position)));
    LLVM::StoreOp::create(b, block->getArgument(4), address(offsetof(ReckonKernelStatus, id)));
  });
  func::ReturnOp::create(b);
  return function;
}

void KernelEmitter::report(int code, Value operandIndex, Value position, Value id) {
  func::FuncOp function = getReportFunction();
  Value codeValue = arith::ConstantOp::create(b, b.getI32IntegerAttr(code));
  func::CallOp::create(b, function, ValueRange{statusPointer, codeValue, operandIndex, position, id});
}

Value KernelEmitter::globalConstant(ElementsAttr value, Type elementType) {
  std::optional<rec::ConstantBytes> data = rec::getConstantBytes(value);
  ArrayRef<char> bytes = data ? data->get() : ArrayRef<char>();
  std::string name = ("const." + kernel.getSymName() + "." + Twine(globalCount++)).str();
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(module.getBody());
  auto type = LLVM::LLVMArrayType::get(b.getI8Type(), bytes.size());
  LLVM::GlobalOp::create(b, type, /*isConstant=*/true, LLVM::Linkage::Internal, name,
                         b.getStringAttr(StringRef(bytes.data(), bytes.size())), /*alignment=*/64);
  b.setInsertionPoint(entry);
  return LLVM::AddressOfOp::create(b, LLVM::LLVMPointerType::get(b.getContext()), name);
}
