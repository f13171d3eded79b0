//===- EmitEngine.cpp - From a plan to the bytes of an engine ------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "lib/Codegen/Emit/EmitEngine.h"
#include "lib/Codegen/Emit/IdUses.h"
#include "lib/Codegen/Emit/KernelLayers.h"
#include "lib/Codegen/Emit/LibraryLaunch.h"
#include "lib/Codegen/Emit/Traffic.h"
#include "lib/Packing/WeightPacking.h"

#include "dialects/Plan/Plan.h"
#include "dialects/Rec/ConstantData.h"
#include "dialects/Rec/Shape.h"
#include "dialects/Rec/TableRows.h"

#include "llvm/ADT/SetVector.h"

#include <cstring>

using namespace mlir;
using namespace reckon;
using namespace reckon::plan;

#define RECKON_SAME_POLICY(ID, NAME, ...)                                                                              \
  static_assert(static_cast<int>(OutOfRange::ID) == static_cast<int>(rec::OutOfRange::NAME), "not in one order");
RECKON_OUT_OF_RANGE(RECKON_SAME_POLICY)
#undef RECKON_SAME_POLICY

namespace {
class Emitter {
public:
  Emitter(const ProgramInput &input, ProgramOp program, EngineSpec &spec)
      : input(input), program(program), spec(spec), isFirst(spec.programs.empty()), tracer(program) {}
  /// Adds the program to the spec, and what programs share when it is the first.
  LogicalResult run();

private:
  LogicalResult emitBuffer(Operation *op);
  LogicalResult emitWeight(WeightOp weight, ElementType type);
  LogicalResult emitTable(TableOp table);
  void addWeight(WeightSpec weight, Operation *op);
  LogicalResult emitKernels();
  LogicalResult emitLaunches(KernelOp kernel);
  LogicalResult emitChain(ChainOp chain);
  LogicalResult emitDispatch(DispatchOp dispatch, ChainSpec &chain);
  OperandSpec getOperand(Value buffer);
  SizeExpr getExtent(Value buffer, bool ofRow);
  void addIdUses(DispatchOp dispatch, DispatchSpec &spec);
  void addRequirement(rec::RequirementAttr requirement);

  const ProgramInput &input;
  ProgramOp program;
  EngineSpec &spec;
  bool isFirst;
  ProgramSpec result;
  unsigned numInputs = 0, numOutputs = 0;
  IdTracer tracer;
  /// Where a buffer lies: inputs, outputs, weights, tables and allocs.
  DenseMap<Value, OperandSpec> places;
  DenseMap<StringRef, unsigned> kernels;
  /// Of dispatches that are covered, by name.
  DenseMap<StringRef, unsigned> numbers;
  unsigned numDispatches = 0;
  SmallVector<SizeExpr> scratchBytes; // one a kernel
  /// Of each plan.kernel: how many outputs, and, on cuda, its launches.
  SmallVector<unsigned> kernelOutputs;
  SmallVector<std::vector<LaunchSpec>> launches;
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
  PackingAttr packing = weight.getPacking();
  if (packing.isRowMajor()) {
    result.shape.assign(shaped.getShape().begin(), shaped.getShape().end());
    result.data = bytes->isCopy() ? spec.own({bytes->get().begin(), bytes->get().end()}) : asSpan(bytes->get());
  } else {
    std::optional<PackedWeight> packed = packWeight(packing.getKind(), packing.getWidth(), bytes->get().data(),
                                                    shaped.getDimSize(0), shaped.getDimSize(1), elementSize(type));
    if (!packed)
      return weight.emitError("weight '")
             << weight.getName() << "' of type " << shaped << " has no packing '" << packing.getEngineName() << "'";
    result.packing = packing.getEngineName();
    result.shape = packed->shape;
    result.data = spec.own(std::move(packed->data));
  }
  addWeight(std::move(result), weight);
  return success();
}

/// The same values in the same packing are stored once for all programs.
void Emitter::addWeight(WeightSpec weight, Operation *op) {
  auto place = [&](unsigned index) { places[op->getResult(0)] = at(Space::Weight, index); };
  auto sameName = [&](const WeightSpec &other) { return other.name == weight.name && other.packing == weight.packing; };
  // Names of constants that the model does not name are numbered, and not the same in every program.
  std::string name = weight.name;
  for (unsigned i = 1; !isFirst; ++i) {
    auto known = llvm::find_if(spec.weights, sameName);
    if (known == spec.weights.end())
      break;
    if (known->type == weight.type && known->shape == weight.shape && known->data.size == weight.data.size &&
        (weight.data.size == 0 || std::memcmp(known->data.data, weight.data.data, weight.data.size) == 0))
      return place(known - spec.weights.begin());
    weight.name = name + "_" + std::to_string(i);
  }
  place(spec.weights.size());
  spec.weights.push_back(std::move(weight));
}

LogicalResult Emitter::emitTable(TableOp table) {
  std::optional<rec::ConstantBytes> bytes = rec::getConstantBytes(table.getValue());
  RowFormat format = *rec::getRowFormat(table.getBuffer().getType().getElementType());
  TableSpec result;
  result.name = table.getName().str();
  result.type = format.type();
  result.encoding = format.encoding();
  result.rows = table.getValue().getShapedType().getDimSize(0);
  result.dim = table.getValue().getShapedType().getDimSize(1);
  result.rowsDim = program.getDimIndex(SizeExpr::makeDimName("rows:" + result.name));
  if (bytes)
    result.data = bytes->isCopy() ? spec.own({bytes->get().begin(), bytes->get().end()}) : asSpan(bytes->get());
  result.mustBeBound = !bytes;
  result.outOfRange = static_cast<OutOfRange>(table.getOutOfRange());
  auto known = llvm::find_if(spec.tables, [&](const TableSpec &other) { return other.name == result.name; });
  places[table.getBuffer()] = at(Space::Table, known - spec.tables.begin());
  if (known == spec.tables.end())
    spec.tables.push_back(std::move(result));
  else if (known->format() != result.format() || known->rows != result.rows || known->dim != result.dim ||
           known->outOfRange != result.outOfRange)
    return table.emitError("table '") << table.getName() << "' is not the same in the programs of two devices";
  return success();
}

LogicalResult Emitter::emitBuffer(Operation *op) {
  if (auto table = dyn_cast<TableOp>(op))
    return emitTable(table);
  Value buffer = op->getResult(0);
  auto type = cast<BufferType>(buffer.getType());
  std::optional<ElementType> elementType = rec::getEngineType(type.getElementType());
  if (!elementType)
    return op->emitError("an engine has no element type ") << type.getElementType();
  auto sizes = type.getSizes();
  auto addTensor = [&](Space space, std::vector<TensorInfo> &tensors, StringRef name, unsigned &count) {
    places[buffer] = at(space, count);
    // Another program has the same inputs and outputs.
    if (count++ < tensors.size())
      return success();
    TensorInfo info;
    info.name = name.str();
    info.type = *elementType;
    info.shape.assign(sizes.begin(), sizes.end());
    tensors.push_back(std::move(info));
    return success();
  };
  if (auto input = dyn_cast<InputOp>(op))
    return addTensor(Space::Input, spec.inputs, input.getName(), numInputs);
  if (auto output = dyn_cast<OutputOp>(op))
    return addTensor(Space::Output, spec.outputs, output.getName(), numOutputs);
  if (auto weight = dyn_cast<WeightOp>(op))
    return emitWeight(weight, *elementType);
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

/// The bytes from the first element of a buffer, or of one of its rows, to behind the last. Rows of a slice are not
/// side by side; when there are none the size is negative.
SizeExpr Emitter::getExtent(Value buffer, bool ofRow) {
  auto type = cast<BufferType>(buffer.getType());
  SmallVector<SizeExpr> sizes = type.getSizes();
  // A view has as many elements, where the model has a meaning.
  if (auto view = buffer.getDefiningOp<ViewOp>(); view && !ofRow)
    return getExtent(view.getSource(), ofRow);
  auto slice = buffer.getDefiningOp<SliceOp>();
  size_t firstAxis = ofRow ? 1 : 0;
  if (!slice)
    return rec::getNumElements(ArrayRef(sizes).drop_front(firstAxis)) * SizeExpr(type.getElementBytes());
  StridedMap map = StridedMap::getDense(slice.getSource().getType().getSizes());
  SizeExpr last = 1;
  for (size_t axis = firstAxis; axis < sizes.size(); ++axis) {
    if (sizes[axis] == SizeExpr(0))
      return 0;
    last = last + (sizes[axis] - SizeExpr(1)) * map.axes[axis].stride;
  }
  return last * SizeExpr(type.getElementBytes());
}

OperandSpec Emitter::getOperand(Value buffer) {
  uint64_t offset = 0;
  Value shown = buffer;
  while (!places.contains(buffer)) {
    if (auto view = buffer.getDefiningOp<ViewOp>()) {
      buffer = view.getSource();
      continue;
    }
    auto slice = cast<SliceOp>(buffer.getDefiningOp());
    BufferType source = slice.getSource().getType();
    SizeExpr stride = StridedMap::getDense(source.getSizes()).axes[slice.getAxis()].stride;
    offset += slice.getOffset() * *stride.constant() * source.getElementBytes();
    buffer = slice.getSource();
  }
  OperandSpec operand = places.lookup(buffer);
  operand.offset = offset;
  if (program.getChecked() && operand.space != Space::Weight && operand.space != Space::Table)
    operand.bytes = getExtent(shown, /*ofRow=*/operand.space == Space::Local);
  return operand;
}

/// The kernels and launches of a plan.kernel on cuda.
LogicalResult Emitter::emitLaunches(KernelOp kernel) {
  ArrayAttr attribute = kernel.getLaunchesAttr();
  if (!attribute || attribute.empty())
    return kernel.emitError("has no launches: the codegen phase has not run");
  std::vector<LaunchSpec> &specs = launches.emplace_back();
  for (auto launch : attribute.getAsRange<LaunchAttr>()) {
    StringRef function = launch.getFunction().getLeafReference();
    LaunchSpec spec;
    llvm::append_range(spec.grid, launch.getGrid().getSizes());
    spec.blocksPerSm = launch.getBlocksPerSm();
    spec.scratchBytes = launch.getScratch();
    spec.minRows = launch.getMinRows();
    spec.maxRows = launch.getMaxRows();
    spec.needsTiming = launch.getNeedsTiming();
    // One function may be launched in several ways.
    auto known = llvm::find_if(result.kernels, [&](const KernelSpec &other) { return other.symbol == function; });
    spec.kernel = known - result.kernels.begin();
    specs.push_back(std::move(spec));
    if (known != result.kernels.end())
      continue;
    KernelSpec code;
    code.symbol = function.str();
    code.kind = rec::stringifyRegionKind(kernel.getKind()).str();
    code.blockThreads = launch.getThreads();
    code.cluster = launch.getCluster();
    code.sharedBytes = launch.getSharedBytes();
    code.usesPdl = launch.getUsesPdl();
    if (auto figures = input.figures.find(code.symbol); figures != input.figures.end()) {
      code.registers = figures->second.registers;
      code.spillBytes = figures->second.spillBytes;
      code.staticSharedBytes = figures->second.sharedBytes;
    }
    for (TensorMapAttr map : launch.getMaps()) {
      std::optional<ElementType> type = rec::getEngineType(map.getType());
      if (!type)
        return kernel.emitError("has a tensor map of type ") << map.getType();
      TensorMapSpec tile;
      tile.operand = map.getOperand();
      tile.type = *type;
      llvm::append_range(tile.sizes, map.getSizes().getSizes());
      llvm::append_range(tile.strides, map.getStrides().getSizes());
      llvm::append_range(tile.box, map.getBox().asArrayRef());
      tile.swizzle = map.getSwizzle();
      code.tensorMaps.push_back(std::move(tile));
    }
    result.kernels.push_back(std::move(code));
  }
  return success();
}

LogicalResult Emitter::emitKernels() {
  ModuleOp module = input.plan;
  for (auto kernel : module.getOps<KernelOp>()) {
    kernels[kernel.getSymName()] = kernelOutputs.size();
    kernelOutputs.push_back(kernel.getNumOutputs());
    if (input.target.device == DeviceKind::Cuda) {
      scratchBytes.push_back(SizeExpr());
      if (failed(emitLaunches(kernel)))
        return failure();
      continue;
    }
    // The code phase knows what scratch a kernel needs.
    std::optional<rec::DimsAttr> scratch = kernel.getScratchBytes();
    scratchBytes.push_back(scratch ? scratch->getSize(0) : SizeExpr());
    KernelSpec spec;
    spec.symbol = kernel.getSymName().str();
    spec.kind = rec::stringifyRegionKind(kernel.getKind()).str();
    result.kernels.push_back(std::move(spec));
    launches.emplace_back();
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
  DispatchSpec spec;
  spec.launches = launches[kernel->second];
  spec.kernel = spec.launches.empty() ? kernel->second : spec.launches.back().kernel;
  for (Value operand : dispatch.getOperands())
    spec.operands.push_back(getOperand(operand));
  spec.columns = dispatch.getColumns();
  spec.scratchBytes = scratchBytes[kernel->second];
  spec.flopsPerRow = dispatch.getFlopsPerRow();
  spec.bytesFixed = dispatch.getBytesFixed();
  spec.traffic = getTraffic(dispatch);
  if (std::vector<LayerSpec> &layers = result.kernels[spec.kernel].layers; layers.empty())
    layers = describeLayers(dispatch.lookupKernel());
  spec.numOutputs = kernelOutputs[kernel->second];
  // The engine counts dispatches in program order.
  if (std::optional<StringRef> name = dispatch.getSymName())
    numbers[*name] = numDispatches;
  ++numDispatches;
  for (StringRef name : dispatch.getCovers().getAsValueRange<FlatSymbolRefAttr>())
    spec.covers.push_back(numbers.lookup(name));
  addIdUses(dispatch, spec);
  SmallVector<unsigned> code{spec.kernel};
  for (const LaunchSpec &launch : spec.launches)
    code.push_back(launch.kernel);
  // A library stands before what takes its place where it is missing.
  if (input.target.device == DeviceKind::Cuda) {
    std::vector<LaunchSpec> library = getLibraryLaunches(dispatch.lookupKernel(), spec);
    spec.launches.insert(spec.launches.begin(), library.begin(), library.end());
  }
  for (unsigned index : code)
    for (StringRef node : dispatch.getNodes().getAsValueRange<StringAttr>())
      if (auto &nodes = result.kernels[index].onnxNodes; !llvm::is_contained(nodes, node))
        nodes.push_back(node.str());
  chain.dispatches.push_back(std::move(spec));
  return success();
}

LogicalResult Emitter::emitChain(ChainOp op) {
  ChainSpec chain;
  chain.rows = op.getRows().getSize(0);
  chain.blockRows = op.getBlockRows();
  for (auto dispatch : op.getBody().getOps<DispatchOp>())
    if (failed(emitDispatch(dispatch, chain)))
      return failure();
  result.chains.push_back(std::move(chain));
  return success();
}

/// Programs share what the model needs; what only one of them does, both check.
void Emitter::addRequirement(rec::RequirementAttr requirement) {
  SizeRequirement result{requirement.getLeft(), requirement.getRight(),
                         requirement.getRelation() == rec::Relation::equal, requirement.getNode().str(),
                         requirement.getWhat().str()};
  auto isSame = [&](const SizeRequirement &other) {
    return other.left == result.left && other.right == result.right && other.mustBeEqual == result.mustBeEqual;
  };
  if (llvm::none_of(spec.requirements, isSame))
    spec.requirements.push_back(std::move(result));
}

LogicalResult Emitter::run() {
  result.target = input.target;
  if (std::optional<uint64_t> candidates = program.getCandidates())
    result.candidates = *candidates;
  std::vector<std::string> dims;
  for (StringRef dim : program.getDims().getAsValueRange<StringAttr>())
    dims.push_back(dim.str());
  // Kernels know dimensions by number.
  if (!isFirst && dims != spec.dims)
    return program.emitError("the programs of two devices do not have the same dimensions");
  spec.dims = std::move(dims);
  if (auto requirements = program.getRequirements())
    for (auto requirement : requirements->getAsRange<rec::RequirementAttr>())
      addRequirement(requirement);
  if (auto slots = program.getSlots())
    for (const SizeExpr &size : slots->getSizes())
      result.slots.push_back(size);
  if (auto slots = program.getLocalSlots())
    result.localSlots.assign(slots->begin(), slots->end());
  result.checked = program.getChecked();
  if (auto unshared = program.getArenaUnshared(); unshared && unshared->size() == 1)
    result.arenaUnshared = unshared->getSize(0);
  if (failed(emitKernels()))
    return failure();
  for (Operation &op : program.getBody().front()) {
    auto chain = dyn_cast<ChainOp>(op);
    if (failed(chain ? emitChain(chain) : op.getNumResults() == 1 ? emitBuffer(&op) : success()))
      return failure();
    if (isa<DispatchOp>(op))
      return op.emitError("expected dispatches in chains: the schedule phase has not run");
  }
  spec.programs.push_back(std::move(result));
  return success();
}

std::optional<EngineSpec> reckon::makeEngineSpec(ArrayRef<ProgramInput> programs, ArrayRef<CodeSpec> code) {
  EngineSpec spec;
  spec.producer = "reckon " RECKON_VERSION;
  for (const ProgramInput &input : programs) {
    ModuleOp plan = input.plan;
    SmallVector<ProgramOp> ops(plan.getOps<ProgramOp>());
    if (ops.size() != 1) {
      plan.emitError("expected one plan.program, found ") << ops.size();
      return std::nullopt;
    }
    if (failed(Emitter(input, ops[0], spec).run()))
      return std::nullopt;
  }
  spec.code.assign(code.begin(), code.end());
  return spec;
}

std::optional<std::vector<uint8_t>> reckon::emitEngine(ModuleOp plan, const EngineSpec &spec) {
  std::string error;
  std::optional<std::vector<uint8_t>> bytes = serializeEngine(spec, &error);
  if (!bytes)
    plan.emitError("the plan makes no valid engine: ") << error;
  return bytes;
}
