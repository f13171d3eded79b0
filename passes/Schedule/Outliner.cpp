//===- Outliner.cpp - From a fused function to a program of dispatches ---------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "passes/Schedule/Outliner.h"
#include "passes/Schedule/BufferUse.h"
#include "passes/Schedule/KernelNames.h"

#include "dialects/Rec/Shape.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/IR/OperationSupport.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::plan;
using namespace reckon::schedule;
using rec::ConstantOp;
using rec::FusionOp;
using rec::JoinOp;

//===----------------------------------------------------------------------------===//
// Dimensions and constants
//===----------------------------------------------------------------------------===//

LogicalResult Outliner::collectDims() {
  llvm::StringSet<> known;
  for (Value argument : block.getArguments())
    for (const SizeExpr &size : rec::getShape(argument))
      for (const std::string &dim : size.dims())
        if (known.insert(dim).second)
          dims.push_back(dim);
  auto check = [&](Value value) -> LogicalResult {
    for (auto [i, size] : llvm::enumerate(rec::getShape(value)))
      for (const std::string &dim : size.dims())
        if (dim == "?")
          return emitError(value.getLoc()) << "the size of dimension " << i << " of " << value.getType()
                                           << " is not known, expected one in named dimensions";
        else if (!known.contains(dim))
          return emitError(value.getLoc()) << "the dimension '" << dim << "' of " << value.getType()
                                           << " is in the shape of no input, so nothing gives it a value";
    return success();
  };
  for (Value argument : block.getArguments())
    if (failed(check(argument)))
      return failure();
  WalkResult result = func.walk([&](Operation *op) {
    for (Value value : op->getResults())
      if (failed(check(value)))
        return WalkResult::interrupt();
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

/// What the engine says of a table that is read under two policies: what may fail comes first.
static bool isStricter(rec::OutOfRange a, rec::OutOfRange b) {
  return b != rec::OutOfRange::error &&
         (a == rec::OutOfRange::error || (rec::failsOutside(a) && !rec::failsOutside(b)));
}

/// A constant that nothing but lookups reads is a table: its rows are bound at load. Read otherwise, too, it has to be
/// what the model says, and is a weight.
void Outliner::findTables() {
  for (auto constant : block.getOps<ConstantOp>()) {
    std::optional<rec::OutOfRange> policy;
    bool onlyLookups = !constant->use_empty();
    for (OpOperand &use : constant->getUses()) {
      auto fusion = dyn_cast<FusionOp>(use.getOwner());
      if (!fusion) {
        onlyLookups = false;
        break;
      }
      for (OpOperand &inner : fusion.getBody().front().getArgument(use.getOperandNumber()).getUses()) {
        auto lookup = dyn_cast<rec::LookupOpInterface>(inner.getOwner());
        if (!lookup || !lookup.isTable(inner))
          onlyLookups = false;
        else if (!policy || isStricter(lookup.getOutOfRange(), *policy))
          policy = lookup.getOutOfRange();
      }
    }
    // A table of rows without elements has nothing to bind.
    if (!onlyLookups || !policy || constant.getType().getDimSize(1) == 0)
      continue;
    tables[constant] = *policy;
    std::string name = getUniqueName(constant.getName().value_or("table"), constantNames);
    tableNames[constant] = name;
    dims.push_back(SizeExpr::makeDimName("rows:" + name));
  }
}

std::string Outliner::getUniqueName(StringRef name, llvm::StringSet<> &taken) {
  std::string unique = name.str();
  for (unsigned i = 1; !taken.insert(unique).second; ++i)
    unique = (name + "_" + Twine(i)).str();
  return unique;
}

//===----------------------------------------------------------------------------===//
// Buffers
//===----------------------------------------------------------------------------===//

static BufferType getBufferType(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  return BufferType::get(type.getContext(), tensor.getElementType(), rec::getShape(type));
}

void Outliner::makeInterface() {
  auto nameOf = [&](StringAttr name, const Twine &otherwise) { return name ? name : builder.getStringAttr(otherwise); };
  for (auto [i, argument] : llvm::enumerate(block.getArguments())) {
    StringAttr name = nameOf(func.getArgAttrOfType<StringAttr>(i, "rec.name"), "input_" + Twine(i));
    buffers[argument] = InputOp::create(builder, argument.getLoc(), getBufferType(argument.getType()), name);
  }
  for (auto [i, value] : llvm::enumerate(block.getTerminator()->getOperands())) {
    StringAttr name = nameOf(func.getResultAttrOfType<StringAttr>(i, "rec.name"), "output_" + Twine(i));
    buffers[value] = OutputOp::create(builder, value.getLoc(), getBufferType(value.getType()), name);
  }
}

Value Outliner::makeConstantBuffer(ConstantOp constant) {
  auto table = tables.find(constant);
  if (table == tables.end()) {
    std::string name = getUniqueName(constant.getName().value_or("constant"), constantNames);
    return WeightOp::create(builder, constant.getLoc(), getBufferType(constant.getType()), builder.getStringAttr(name),
                            constant.getValue());
  }
  std::string name = tableNames[constant];
  rec::Shape sizes = {SizeExpr::dim(SizeExpr::makeDimName("rows:" + name)), constant.getType().getDimSize(1)};
  auto type = BufferType::get(func.getContext(), constant.getType().getElementType(), sizes);
  return TableOp::create(builder, constant.getLoc(), type, name, constant.getValue(), table->second);
}

Value Outliner::getReshapedSource(Value result) {
  auto fusion = result.getDefiningOp<FusionOp>();
  if (!fusion || fusion->getNumResults() != 1)
    return nullptr;
  Block &body = fusion.getBody().front();
  auto reshape = dyn_cast<rec::ReshapeOp>(body.front());
  if (!reshape || body.getOperations().size() != 2 || !isa<BlockArgument>(reshape.getX()))
    return nullptr;
  return fusion.getInputs()[0];
}

static JoinOp getJoin(Value value) {
  for (Operation *user : value.getUsers())
    if (auto join = dyn_cast<JoinOp>(user))
      return join;
  return nullptr;
}

namespace {
/// What a region takes from its input, which does nothing else: a stretch along an axis, of neighbours, or of a row.
struct Part {
  Value source;
  int64_t axis = 0, offset = 0;
  bool isOfRow = false; ///< elements of rows of one dimension, as which `offset` counts
};
} // namespace

static std::optional<Part> getPart(Value result) {
  auto fusion = result.getDefiningOp<FusionOp>();
  if (!fusion || fusion->getNumResults() != 1)
    return std::nullopt;
  Block &body = fusion.getBody().front();
  auto slice = dyn_cast<rec::SliceOp>(body.front());
  if (!slice || !isa<BlockArgument>(slice.getX()) || fusion.getInputs().size() != 1)
    return std::nullopt;
  Value last = slice.getResult();
  auto reshape = dyn_cast<rec::ReshapeOp>(slice->getNextNode());
  if (reshape)
    last = reshape.getResult();
  if (body.getTerminator()->getOperand(0) != last || last.getDefiningOp()->getNextNode() != body.getTerminator())
    return std::nullopt;

  rec::Shape shape = rec::getShape(slice.getX()), kept = rec::getShape(slice.getResult());
  Part part{fusion.getInputs()[0]};
  for (size_t d = 0; d < shape.size(); ++d) {
    std::optional<int64_t> start = slice.getStarts().getSize(d).constant();
    if (!start || slice.getSteps()[d] != 1 || (d > 0 && !shape[d].isConstant()))
      return std::nullopt;
    if (kept[d] == shape[d])
      continue;
    if (d == 0 || part.axis != 0 || !kept[d].isConstant())
      return std::nullopt;
    part.axis = d;
    part.offset = *start;
  }
  if (part.axis == 0 || !reshape)
    return part.axis == 0 ? std::nullopt : std::optional(part);
  // Of a row whose first dimension is cut, neighbours.
  rec::Shape made = rec::getShape(reshape.getResult());
  if (part.axis != 1 || made.size() != 2 || made[0] != kept[0])
    return std::nullopt;
  part.isOfRow = true;
  part.offset *= *rec::getNumElements(ArrayRef<SizeExpr>(shape).drop_front(2)).constant();
  return part;
}

Value Outliner::makeSlice(Value value) {
  std::optional<Part> part = getPart(value);
  // What is reshaped has to be dense.
  auto isReshape = [&](Operation *user) {
    return isa<FusionOp>(user) && user->getNumResults() == 1 && getReshapedSource(user->getResult(0)) == value;
  };
  if (!part || llvm::any_of(value.getUsers(), isReshape))
    return nullptr;
  Value whole = getBuffer(part->source);
  if (!getStorage(whole).getDefiningOp<AllocOp>())
    return nullptr;
  if (part->isOfRow) {
    BufferType type = cast<BufferType>(whole.getType());
    if (whole.getDefiningOp<SliceOp>())
      return nullptr;
    rec::Shape shape(type.getSizes());
    SizeExpr sizes[] = {shape[0], rec::getNumElements(ArrayRef<SizeExpr>(shape).drop_front())};
    whole = ViewOp::create(builder, value.getLoc(), BufferType::get(func.getContext(), type.getElementType(), sizes),
                           whole);
    part->axis = 1;
  }
  if (auto slice = whole.getDefiningOp<SliceOp>()) {
    if (slice.getAxis() != uint64_t(part->axis))
      return nullptr;
    whole = slice.getSource();
    part->offset += slice.getOffset();
  }
  views.insert(value.getDefiningOp());
  return SliceOp::create(builder, value.getLoc(), getBufferType(value.getType()), whole, part->axis, part->offset);
}

/// A value that a region or a join computes.
Value Outliner::makeBuffer(Value value) {
  BufferType type = getBufferType(value.getType());
  if (JoinOp join = getJoin(value)) {
    int64_t offset = 0;
    for (Value input : join.getInputs()) {
      if (input == value)
        break;
      offset += cast<RankedTensorType>(input.getType()).getDimSize(join.getAxis());
    }
    Value joined = getBuffer(join.getResult());
    // Of padded rows the slice is of what holds them.
    if (auto padded = joined.getDefiningOp<SliceOp>())
      joined = padded.getSource();
    return SliceOp::create(builder, value.getLoc(), type, joined, join.getAxis(), offset);
  }
  if (Value slice = makeSlice(value))
    return slice;
  if (Value source = getReshapedSource(value); source && !getJoin(source)) {
    views.insert(value.getDefiningOp());
    return ViewOp::create(builder, value.getLoc(), type, getBuffer(source));
  }
  // A result of the model that is but this value reshaped: compute it in the result's memory right away.
  for (Operation *user : value.getUsers()) {
    auto reshape = dyn_cast<FusionOp>(user);
    if (!reshape || views.contains(reshape) || reshape->getNumResults() != 1 ||
        getReshapedSource(reshape->getResult(0)) != value)
      continue;
    auto output = buffers.find(reshape->getResult(0));
    if (output == buffers.end() || !output->second.getDefiningOp<OutputOp>())
      continue;
    views.insert(reshape);
    return ViewOp::create(builder, value.getLoc(), type, output->second);
  }
  return makeAlloc(value, type);
}

/// Of GPUs; what their second-level cache fetches from memory.
static constexpr int64_t cacheLineBytes = 128;
/// Rows grow by at most one in so many bytes to begin at cache lines.
static constexpr int64_t maxPaddedShare = 8;

/// How many columns the rows of a value need so that each begins aligned; as many as it has where that is not wanted.
int64_t Outliner::getPaddedColumns(Value value, BufferType type) {
  std::optional<int64_t> columns = type.getDims().getSize(type.getRank() - 1).constant();
  int64_t bytes = type.getElementBytes();
  auto isGemm = [](Operation *user) {
    auto fusion = dyn_cast<FusionOp>(user);
    return fusion && fusion.getKind() == rec::RegionKind::gemm;
  };
  // A part of the rows is where they are.
  auto isReadByGemm = [&](Operation *user) {
    return isGemm(user) || (user->getNumResults() == 1 && getPart(user->getResult(0)) &&
                            llvm::any_of(user->getResult(0).getUsers(), isGemm));
  };
  // A reshape of it is a view, which takes dense memory.
  auto isReshape = [&](Operation *user) {
    return isa<FusionOp>(user) && user->getNumResults() == 1 && getReshapedSource(user->getResult(0)) == value;
  };
  if (rowAlignment % bytes != 0 || llvm::none_of(value.getUsers(), isReadByGemm) ||
      llvm::any_of(value.getUsers(), isReshape))
    return *columns;
  // Whole cache lines where they cost little: a copy of 128 bytes that straddles two lines moves both.
  int64_t dense = *columns * bytes, alignment = rowAlignment;
  for (int64_t wider = 2 * rowAlignment; wider <= cacheLineBytes; wider *= 2)
    if ((static_cast<int64_t>(llvm::alignTo(dense, wider)) - dense) * maxPaddedShare <= dense)
      alignment = wider;
  return llvm::alignTo(*columns, alignment / bytes);
}

Value Outliner::makeAlloc(Value value, BufferType type) {
  auto alloc = [&](BufferType type) -> Value {
    return AllocOp::create(builder, value.getLoc(), type, /*local=*/false, /*slot=*/IntegerAttr());
  };
  auto isConstant = [](const SizeExpr &size) { return size.isConstant(); };
  rec::Shape sizes(type.getSizes());
  if (rowAlignment == 0 || sizes.size() < 2 || !llvm::all_of(llvm::drop_begin(sizes), isConstant))
    return alloc(type);
  SizeExpr columns = getPaddedColumns(value, type);
  if (columns == sizes.back())
    return alloc(type);
  ++numPadded;
  sizes.back() = columns;
  Value wide = alloc(BufferType::get(func.getContext(), type.getElementType(), sizes));
  return SliceOp::create(builder, value.getLoc(), type, wide, /*axis=*/sizes.size() - 1, /*offset=*/0);
}

Value Outliner::getBuffer(Value value) {
  if (Value buffer = buffers.lookup(value))
    return buffer;
  auto constant = value.getDefiningOp<ConstantOp>();
  Value buffer = constant ? makeConstantBuffer(constant) : makeBuffer(value);
  buffers[value] = buffer;
  return buffer;
}

//===----------------------------------------------------------------------------===//
// Kernels and dispatches
//===----------------------------------------------------------------------------===//

OperandAttr Outliner::getLayout(Value buffer, bool isRow, int64_t rowsDim) {
  auto table = buffer.getDefiningOp<TableOp>();
  auto slice = buffer.getDefiningOp<SliceOp>();
  BufferType type = cast<BufferType>(buffer.getType());
  if (table)
    type = getBufferType(table.getValue().getShapedType());
  if (slice)
    type = slice.getSource().getType();
  return OperandAttr::get(func.getContext(), StridedMap::getDense(type.getSizes()).getStrides(), isRow, rowsDim);
}

KernelOp Outliner::getKernel(FusionOp fusion, ValueRange operands) {
  SmallVector<OperandAttr> layouts;
  SmallVector<std::string> kernelDims(ArrayRef(dims).take_front(numNamedDims));
  for (auto [i, buffer] : llvm::enumerate(operands)) {
    int64_t rowsDim = -1;
    if (buffer.getDefiningOp<TableOp>()) {
      rowsDim = kernelDims.size();
      kernelDims.push_back("%rows:" + std::to_string(rowsDim - numNamedDims));
      // Of no table in particular: regions that differ in the rows of their tables are one kernel.
      BlockArgument argument = fusion.getBody().getArgument(i);
      rec::Shape shape = {SizeExpr::dim(kernelDims.back()), rec::getShape(argument)[1]};
      argument.setType(rec::getTensorType(shape, cast<RankedTensorType>(argument.getType()).getElementType()));
    }
    layouts.push_back(getLayout(buffer, i < fusion.getInputs().size() && fusion.getRowInputs()[i], rowsDim));
  }
  for (KernelOp kernel : kernels)
    if (kernel.getKind() == fusion.getKind() && kernel.getLayoutList() == layouts &&
        OperationEquivalence::isRegionEquivalentTo(&kernel.getBody(), &fusion.getBody(),
                                                   OperationEquivalence::IgnoreLocations))
      return kernel;

  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(program);
  SmallVector<StringRef> dimNames(kernelDims.begin(), kernelDims.end());
  auto kernel = KernelOp::create(builder, fusion.getLoc(), getUniqueName(getKernelStem(fusion), kernelNames),
                                 fusion.getKind(), builder.getStrArrayAttr(dimNames), layouts);
  IRMapping mapping;
  fusion.getBody().cloneInto(&kernel.getBody(), mapping);
  kernels.push_back(kernel);
  ++numKernels;
  return kernel;
}

void Outliner::makeDispatch(FusionOp fusion) {
  SmallVector<Value> operands;
  for (Value input : fusion.getInputs())
    operands.push_back(getBuffer(input));
  for (Value output : fusion.getOutputs())
    operands.push_back(getBuffer(output));
  KernelOp kernel = getKernel(fusion, operands);
  auto dispatch = DispatchOp::create(builder, fusion.getLoc(), FlatSymbolRefAttr::get(kernel), operands);
  if (SmallVector<StringRef> nodes = getNodeNames(fusion); !nodes.empty())
    dispatch.setNodesAttr(builder.getStrArrayAttr(nodes));
  ++numDispatches;
}

LogicalResult Outliner::run() {
  if (failed(collectDims()))
    return failure();
  numNamedDims = dims.size();
  findTables();
  kernelNames.insert(func.getSymName());
  builder.setInsertionPoint(func);
  SmallVector<StringRef> dimNames(dims.begin(), dims.end());
  program = ProgramOp::create(builder, func.getLoc(), func.getSymName(), builder.getStrArrayAttr(dimNames),
                              /*slots=*/nullptr, /*local_slots=*/nullptr, /*arena_unshared=*/nullptr,
                              /*candidates=*/nullptr,
                              rec::RecDialect::RequirementsAttrHelper(func.getContext()).getAttr(func));
  builder.createBlock(&program.getBody());
  makeInterface();
  // All buffers come before all dispatches, and a result's memory is claimed before what it is made of.
  for (auto fusion : block.getOps<FusionOp>())
    for (Value value : fusion->getOperands())
      getBuffer(value);
  for (auto fusion : block.getOps<FusionOp>())
    for (Value value : fusion->getResults())
      getBuffer(value);
  for (auto fusion : block.getOps<FusionOp>())
    if (!views.contains(fusion))
      makeDispatch(fusion);
  numViews = views.size();
  return success();
}
