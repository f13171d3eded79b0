//===- EmitEngine.cpp - From a plan to the bytes of an engine ------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "lib/Codegen/Emit/EmitEngine.h"
#include "lib/Codegen/Emit/IdUses.h"
#include "lib/Codegen/Host/WeightPacking.h"

#include "dialects/Plan/Plan.h"
#include "dialects/Rec/ConstantData.h"
#include "dialects/Rec/Shape.h"

#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::plan;

static std::optional<ElementType> getElementType(Type type) {
  if (isa<Float32Type>(type))
    return ElementType::F32;
  if (isa<Float16Type>(type))
    return ElementType::F16;
  if (isa<BFloat16Type>(type))
    return ElementType::BF16;
  if (isa<Float64Type>(type))
    return ElementType::F64;
  auto integer = dyn_cast<IntegerType>(type);
  if (!integer)
    return std::nullopt;
  bool isUnsigned = integer.isUnsigned();
  switch (integer.getWidth()) {
  case 1:
    return ElementType::Bool;
  case 8:
    return isUnsigned ? ElementType::U8 : ElementType::I8;
  case 16:
    return isUnsigned ? ElementType::U16 : ElementType::I16;
  case 32:
    return isUnsigned ? ElementType::U32 : ElementType::I32;
  case 64:
    return isUnsigned ? ElementType::U64 : ElementType::I64;
  default:
    return std::nullopt;
  }
}

namespace {
class Emitter {
public:
  Emitter(ModuleOp module, ProgramOp program) : module(module), program(program), tracer(program) {}
  LogicalResult run(ArrayRef<char> hostCode, const TargetSpec &target);

  EngineSpec spec;

private:
  LogicalResult emitBuffer(Operation *op);
  LogicalResult emitWeight(WeightOp weight, ElementType type);
  LogicalResult emitTable(TableOp table, ElementType type);
  LogicalResult emitKernels();
  LogicalResult emitChain(ChainOp chain);
  LogicalResult emitDispatch(DispatchOp dispatch, ChainSpec &chain);
  OperandSpec getOperand(Value buffer);
  void addIdUses(DispatchOp dispatch, DispatchSpec &spec);

  ModuleOp module;
  ProgramOp program;
  ProgramSpec host;
  IdTracer tracer;
  /// Where a buffer lies: inputs, outputs, weights, tables and allocs.
  DenseMap<Value, OperandSpec> places;
  DenseMap<StringRef, unsigned> kernels;
  SmallVector<SizeExpr> scratchBytes; // one a kernel
  SmallVector<unsigned> numOutputs;   // of each kernel
};
} // namespace

static ByteSpan asSpan(ArrayRef<char> bytes) { return {reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size()}; }

static OperandSpec at(Space space, uint64_t index) {
  OperandSpec place;
  place.space = space;
  place.index = index;
  return place;
}

LogicalResult Emitter::emitWeight(WeightOp weight, ElementType type) {
  std::optional<rec::ConstantBytes> bytes = rec::getConstantBytes(weight.getValue());
  if (!bytes)
    return weight.emitError("the values of weight '") << weight.getName() << "' are not there";
  WeightSpec result;
  result.name = weight.getName().str();
  result.type = type;
  ShapedType shaped = weight.getValue().getShapedType();
  StringRef packing = weight.getPacking();
  if (packing.empty()) {
    result.shape.assign(shaped.getShape().begin(), shaped.getShape().end());
    result.data = bytes->isCopy() ? spec.own({bytes->get().begin(), bytes->get().end()}) : asSpan(bytes->get());
  } else {
    std::optional<PackedWeight> packed;
    if (shaped.getRank() == 2)
      packed =
          packWeight(packing.str(), bytes->get().data(), shaped.getDimSize(0), shaped.getDimSize(1), elementSize(type));
    if (!packed)
      return weight.emitError("weight '")
             << weight.getName() << "' of type " << shaped << " has no packing '" << packing << "'";
    result.packing = packing.str();
    result.shape = packed->shape;
    result.data = spec.own(std::move(packed->data));
  }
  places[weight.getBuffer()] = at(Space::Weight, spec.weights.size());
  spec.weights.push_back(std::move(result));
  return success();
}

LogicalResult Emitter::emitTable(TableOp table, ElementType type) {
  std::optional<rec::ConstantBytes> bytes = rec::getConstantBytes(table.getValue());
  if (!bytes)
    return table.emitError("the rows of table '") << table.getName() << "' are not there";
  TableSpec result;
  result.name = table.getName().str();
  result.type = type;
  result.rows = table.getValue().getShapedType().getDimSize(0);
  result.dim = table.getValue().getShapedType().getDimSize(1);
  result.rowsDim = program.getDimIndex(SizeExpr::makeDimName("rows:" + result.name));
  result.data = bytes->isCopy() ? spec.own({bytes->get().begin(), bytes->get().end()}) : asSpan(bytes->get());
  result.outOfRange = static_cast<OutOfRange>(table.getOutOfRange()); // the same order
  places[table.getBuffer()] = at(Space::Table, spec.tables.size());
  spec.tables.push_back(std::move(result));
  return success();
}

LogicalResult Emitter::emitBuffer(Operation *op) {
  Value buffer = op->getResult(0);
  auto type = cast<BufferType>(buffer.getType());
  std::optional<ElementType> elementType = getElementType(type.getElementType());
  if (!elementType)
    return op->emitError("an engine has no element type ") << type.getElementType();
  auto sizes = type.getSizes();
  auto addTensor = [&](Space space, std::vector<TensorInfo> &tensors, StringRef name) {
    places[buffer] = at(space, tensors.size());
    TensorInfo info;
    info.name = name.str();
    info.type = *elementType;
    info.shape.assign(sizes.begin(), sizes.end());
    tensors.push_back(std::move(info));
    return success();
  };
  if (auto input = dyn_cast<InputOp>(op))
    return addTensor(Space::Input, spec.inputs, input.getName());
  if (auto output = dyn_cast<OutputOp>(op))
    return addTensor(Space::Output, spec.outputs, output.getName());
  if (auto weight = dyn_cast<WeightOp>(op))
    return emitWeight(weight, *elementType);
  if (auto table = dyn_cast<TableOp>(op))
    return emitTable(table, *elementType);
  auto alloc = dyn_cast<AllocOp>(op);
  if (!alloc)
    return success(); // slices and views lie in what they show
  if (!alloc.getSlot())
    return alloc.emitError("expected a slot: the schedule phase has not run");
  OperandSpec place = at(alloc.getLocal() ? Space::Local : Space::Arena, *alloc.getSlot());
  if (alloc.getLocal()) {
    auto elements = rec::getNumElements(ArrayRef<SizeExpr>(sizes).drop_front()).constant();
    if (!elements)
      return alloc.emitError("expected rows of a constant size in local memory");
    place.rowBytes = *elements * type.getElementBytes();
  }
  places[buffer] = place;
  return success();
}

OperandSpec Emitter::getOperand(Value buffer) {
  uint64_t offset = 0;
  while (!places.contains(buffer)) {
    if (auto view = buffer.getDefiningOp<ViewOp>()) {
      buffer = view.getSource();
      continue;
    }
    auto slice = cast<SliceOp>(buffer.getDefiningOp());
    BufferType source = slice.getSource().getType();
    int64_t stride = getDenseStrides(source.getSizes())[slice.getAxis()];
    offset += slice.getOffset() * stride * source.getElementBytes();
    buffer = slice.getSource();
  }
  OperandSpec operand = places.lookup(buffer);
  operand.offset = offset;
  return operand;
}

LogicalResult Emitter::emitKernels() {
  for (auto kernel : module.getOps<KernelOp>()) {
    // The code phase knows what scratch a kernel needs.
    SizeExpr scratch;
    if (auto text = kernel->getAttrOfType<StringAttr>("scratch_bytes")) {
      auto size = SizeExpr::parse(text.getValue().str());
      if (!size)
        return kernel.emitError("needs '") << text.getValue() << "' bytes of scratch, expected a size expression";
      scratch = *size;
    }
    kernels[kernel.getSymName()] = host.kernels.size();
    scratchBytes.push_back(scratch);
    numOutputs.push_back(kernel.getNumOutputs());
    KernelSpec result;
    result.symbol = kernel.getSymName().str();
    result.kind = rec::stringifyRegionKind(kernel.getKind()).str();
    host.kernels.push_back(std::move(result));
  }
  return success();
}

void Emitter::addIdUses(DispatchOp dispatch, DispatchSpec &result) {
  for (const IdRead &read : tracer.getReads(dispatch)) {
    OperandSpec &operand = result.operands[read.operand];
    InputOp ids = read.ids.input, offsets = read.offsets.input;
    if (!ids)
      continue;
    operand.ids = ids.getName().str();
    IdUse use;
    use.input = places.lookup(ids.getBuffer()).index;
    use.first = read.ids.first;
    use.count = read.ids.count;
    use.bound = read.bound;
    auto isSame = [&](const IdUse &other) {
      return other.input == use.input && other.first == use.first && other.count == use.count &&
             other.bound == use.bound;
    };
    if (llvm::none_of(spec.idUses, isSame))
      spec.idUses.push_back(std::move(use));
    if (!offsets)
      continue;
    operand.offsets = offsets.getName().str();
    OffsetsUse bags;
    bags.input = places.lookup(offsets.getBuffer()).index;
    bags.ids = places.lookup(ids.getBuffer()).index;
    bags.includeLast = read.includeLastOffset;
    auto isSameBags = [&](const OffsetsUse &other) { return other.input == bags.input && other.ids == bags.ids; };
    if (llvm::none_of(spec.offsetsUses, isSameBags))
      spec.offsetsUses.push_back(bags);
  }
}

LogicalResult Emitter::emitDispatch(DispatchOp dispatch, ChainSpec &chain) {
  auto kernel = kernels.find(dispatch.getKernel());
  if (kernel == kernels.end())
    return dispatch.emitError("there is no kernel ") << dispatch.getKernelAttr();
  DispatchSpec result;
  result.kernel = kernel->second;
  for (Value operand : dispatch.getOperands())
    result.operands.push_back(getOperand(operand));
  result.columns = dispatch.getColumns();
  result.scratchBytes = scratchBytes[result.kernel];
  result.flopsPerRow = dispatch.getFlopsPerRow();
  result.bytesFixed = dispatch.getBytesFixed();
  result.numOutputs = numOutputs[result.kernel];
  addIdUses(dispatch, result);
  std::vector<std::string> &nodes = host.kernels[result.kernel].onnxNodes;
  for (StringRef node : dispatch.getNodes().getAsValueRange<StringAttr>())
    if (!llvm::is_contained(nodes, node))
      nodes.push_back(node.str());
  chain.dispatches.push_back(std::move(result));
  return success();
}

LogicalResult Emitter::emitChain(ChainOp op) {
  ChainSpec chain;
  chain.rows = op.getRows().getSize(0);
  chain.blockRows = op.getBlockRows();
  for (auto dispatch : op.getBody().getOps<DispatchOp>())
    if (failed(emitDispatch(dispatch, chain)))
      return failure();
  host.chains.push_back(std::move(chain));
  return success();
}

LogicalResult Emitter::run(ArrayRef<char> hostCode, const TargetSpec &target) {
  spec.producer = "reckon " RECKON_VERSION;
  host.target = target;
  for (StringRef dim : program.getDims().getAsValueRange<StringAttr>())
    spec.dims.push_back(dim.str());
  if (auto slots = program.getSlots())
    for (const SizeExpr &size : slots->getSizes())
      host.slots.push_back(size);
  if (auto slots = program.getLocalSlots())
    host.localSlots.assign(slots->begin(), slots->end());
  if (auto unshared = program.getArenaUnshared(); unshared && unshared->size() == 1)
    host.arenaUnshared = unshared->getSize(0);
  if (failed(emitKernels()))
    return failure();
  for (Operation &op : program.getBody().front()) {
    auto chain = dyn_cast<ChainOp>(op);
    if (failed(chain ? emitChain(chain) : op.getNumResults() == 1 ? emitBuffer(&op) : success()))
      return failure();
    if (isa<DispatchOp>(op))
      return op.emitError("expected dispatches in chains: the schedule phase has not run");
  }
  CodeSpec code;
  code.kind = CodeKind::Host;
  code.name = target.cpu.empty() ? target.device : target.cpu;
  code.data = asSpan(hostCode);
  spec.programs.push_back(std::move(host));
  spec.code.push_back(std::move(code));
  return success();
}

std::optional<EngineSpec> reckon::makeEngineSpec(ModuleOp plan, ArrayRef<char> hostCode, const TargetSpec &target) {
  SmallVector<ProgramOp> programs(plan.getOps<ProgramOp>());
  if (programs.size() != 1) {
    plan.emitError("expected one plan.program, found ") << programs.size();
    return std::nullopt;
  }
  Emitter emitter(plan, programs[0]);
  if (failed(emitter.run(hostCode, target)))
    return std::nullopt;
  return std::move(emitter.spec);
}

std::optional<std::vector<uint8_t>> reckon::emitEngine(ModuleOp plan, ArrayRef<char> hostCode,
                                                       const TargetSpec &target) {
  std::optional<EngineSpec> spec = makeEngineSpec(plan, hostCode, target);
  if (!spec)
    return std::nullopt;
  std::string error;
  std::optional<std::vector<uint8_t>> bytes = serializeEngine(*spec, &error);
  if (!bytes)
    plan.emitError("the plan makes no valid engine: ") << error;
  return bytes;
}
