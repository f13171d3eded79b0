//===- ProgramOps.cpp - Programs, chains, dispatches, kernels ------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "dialects/Plan/Plan.h"
#include "dialects/Rec/Shape.h"

#include "llvm/ADT/StringMap.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::plan;

//===----------------------------------------------------------------------------===//
// ProgramOp, ChainOp
//===----------------------------------------------------------------------------===//

int64_t ProgramOp::getDimIndex(StringRef name) {
  for (auto [i, dim] : llvm::enumerate(getDims().getAsValueRange<StringAttr>()))
    if (dim == name)
      return i;
  return -1;
}

std::vector<DispatchOp> ProgramOp::getDispatches() {
  std::vector<DispatchOp> dispatches;
  walk([&](DispatchOp dispatch) { dispatches.push_back(dispatch); });
  return dispatches;
}

LogicalResult ProgramOp::verifyRegions() {
  llvm::StringMap<DispatchOp> named;
  for (DispatchOp dispatch : getDispatches())
    if (std::optional<StringRef> name = dispatch.getSymName())
      if (auto [other, isNew] = named.try_emplace(*name, dispatch); !isNew) {
        InFlightDiagnostic error = dispatch.emitOpError("[C1] has the name @") << *name << " of another dispatch";
        error.attachNote(other->second.getLoc()) << "that is here";
        return error;
      }
  return success();
}

LogicalResult ChainOp::verify() {
  if (getRows().size() != 1)
    return emitOpError("[C1] has ") << getRows().size() << " row sizes, expected one";
  for (Operation &op : getBody().front())
    if (!isa<DispatchOp>(op))
      return emitOpError("[C1] holds '") << op.getName() << "', expected dispatches only";
  return success();
}

//===----------------------------------------------------------------------------===//
// DispatchOp
//===----------------------------------------------------------------------------===//

KernelOp DispatchOp::lookupKernel() {
  return SymbolTable::lookupNearestSymbolFrom<KernelOp>(getOperation()->getParentOfType<ProgramOp>(), getKernelAttr());
}

SizeExpr DispatchOp::getRows() {
  KernelOp kernel = lookupKernel();
  if (!kernel || kernel.getKind() == rec::RegionKind::whole)
    return SizeExpr(1);
  return cast<BufferType>(getOperandTypes()[kernel.getNumInputs()]).getDims().getSize(0);
}

LogicalResult DispatchOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto program = (*this)->getParentOfType<ProgramOp>();
  if (!program)
    return emitOpError("expected to lie in a plan.program");
  auto kernel = symbols.lookupNearestSymbolFrom<KernelOp>(program, getKernelAttr());
  if (!kernel)
    return emitOpError("launches ") << getKernelAttr() << ", which is no kernel";
  unsigned expected = kernel.getNumInputs() + kernel.getNumOutputs();
  if (getNumOperands() != expected) {
    InFlightDiagnostic error = emitOpError("[C1] has ") << getNumOperands() << " operands, expected " << expected;
    error.attachNote(kernel.getLoc()) << "the kernel is here";
    return error;
  }
  for (unsigned i = 0; i < expected; ++i) {
    auto buffer = cast<BufferType>(getOperandTypes()[i]);
    RankedTensorType tensor = kernel.getOperandType(i);
    auto sizes = buffer.getSizes();
    auto wanted = rec::getShape(tensor);
    // A table has as many rows as the binding gives it.
    if (kernel.getLayout(i).isTable() && !sizes.empty() && !wanted.empty())
      wanted[0] = sizes[0];
    if (buffer.getElementType() != tensor.getElementType() || ArrayRef<SizeExpr>(sizes) != ArrayRef<SizeExpr>(wanted)) {
      InFlightDiagnostic error = emitOpError("[C1] operand ") << i << " is " << buffer << ", expected " << tensor;
      error.attachNote(kernel.getLoc()) << "the kernel is here";
      return error;
    }
  }
  return coversOthers() ? verifyCovers() : success();
}

/// The buffer that a slice or view shows; other buffers themselves.
static Value getWhole(Value buffer) {
  while (Operation *op = buffer.getDefiningOp()) {
    if (!isa<SliceOp, ViewOp>(op))
      break;
    buffer = op->getOperand(0);
  }
  return buffer;
}

std::vector<DispatchOp> DispatchOp::lookupCovered() {
  llvm::StringMap<DispatchOp> named;
  for (DispatchOp dispatch : (*this)->getParentOfType<ProgramOp>().getDispatches())
    if (std::optional<StringRef> name = dispatch.getSymName())
      named[*name] = dispatch;
  std::vector<DispatchOp> covered;
  for (StringRef name : getCovers().getAsValueRange<FlatSymbolRefAttr>())
    covered.push_back(named.lookup(name));
  return covered;
}

LogicalResult DispatchOp::verifyCovers() {
  std::vector<DispatchOp> all = (*this)->getParentOfType<ProgramOp>().getDispatches(), covered = lookupCovered();
  // Where a dispatch lies in program order.
  auto getPlace = [&](DispatchOp dispatch) { return llvm::find(all, dispatch) - all.begin(); };
  for (auto [i, other] : llvm::enumerate(covered)) {
    auto name = cast<FlatSymbolRefAttr>(getCovers()[i]);
    if (!other)
      return emitOpError("[C2] covers ") << name << ", which is no dispatch of the program";
    if (getPlace(other) >= getPlace(*this) || (i > 0 && getPlace(other) <= getPlace(covered[i - 1])))
      return emitOpError("[C2] covers ") << name << ", expected earlier dispatches in order";
    if (other.coversOthers())
      return emitOpError("[C2] covers ") << name << ", which covers others";
    if (other.getRows() != getRows())
      return emitOpError("[C2] covers ") << name << " of '" << other.getRows().str() << "' rows, expected '"
                                         << getRows().str() << "'";
  }
  DispatchOp last = covered.back();
  KernelOp lastKernel = last.lookupKernel(), kernel = lookupKernel();
  if (!lastKernel ||
      last.getOperands().drop_front(lastKernel.getNumInputs()) != getOperands().drop_front(kernel.getNumInputs()))
    return emitOpError("[C3] does not write what @") << *last.getSymName() << " writes";
  DenseSet<Value> inside;
  for (DispatchOp dispatch : ArrayRef(covered).drop_back())
    if (KernelOp other = dispatch.lookupKernel())
      for (Value output : dispatch.getOperands().drop_front(other.getNumInputs()))
        inside.insert(getWhole(output));
  // Of two that cover the same dispatch at most one runs.
  auto isAlternative = [&](DispatchOp dispatch) {
    return llvm::any_of(dispatch.getCovers(), [&](Attribute name) { return llvm::is_contained(getCovers(), name); });
  };
  for (DispatchOp dispatch : all)
    for (Value operand : dispatch.getOperands())
      if (!llvm::is_contained(covered, dispatch) && inside.contains(getWhole(operand)) && !isAlternative(dispatch))
        return emitOpError("[C3] leaves a buffer unwritten that ") << dispatch.getKernelAttr() << " uses";
  for (Value buffer : inside)
    if (buffer.getDefiningOp<OutputOp>())
      return emitOpError("[C3] leaves an output of the model unwritten");
  return success();
}

//===----------------------------------------------------------------------------===//
// KernelOp
//===----------------------------------------------------------------------------===//

RankedTensorType KernelOp::getOperandType(unsigned operand) {
  Block &block = getBody().front();
  if (operand < block.getNumArguments())
    return cast<RankedTensorType>(block.getArgument(operand).getType());
  return cast<RankedTensorType>(block.getTerminator()->getOperand(operand - block.getNumArguments()).getType());
}

SmallVector<OperandAttr> KernelOp::getLayoutList() { return llvm::to_vector(getLayouts().getAsRange<OperandAttr>()); }

void KernelOp::setLayoutList(ArrayRef<OperandAttr> layouts) {
  setLayoutsAttr(ArrayAttr::get(getContext(), llvm::to_vector_of<Attribute>(layouts)));
}

StridedMap KernelOp::getMap(unsigned operand) {
  return StridedMap(rec::getShape(getOperandType(operand)), getLayout(operand).getStrides().getSizes());
}

std::optional<unsigned> KernelOp::findPacked(unsigned weight, PackingKind packing) {
  for (unsigned operand = 0; operand < getNumInputs(); ++operand) {
    OperandAttr layout = getLayout(operand);
    if ((operand == weight || layout.getAlternativeTo() == static_cast<int64_t>(weight)) &&
        layout.getPacking().getKind() == packing)
      return operand;
  }
  return std::nullopt;
}

LogicalResult KernelOp::verifyRows() {
  std::optional<SizeExpr> rows;
  for (unsigned i = 0, e = getNumInputs() + getNumOutputs(); i < e; ++i) {
    if (i < getNumInputs() && !getLayout(i).getRow())
      continue;
    auto shape = rec::getShape(getOperandType(i));
    if (shape.empty() || (rows && shape[0] != *rows))
      return emitOpError("[C3] operand ") << i << " is " << getOperandType(i) << ", expected "
                                          << (rows ? "'" + rows->str() + "' rows" : std::string("rows"));
    rows = shape[0];
  }
  return success();
}

LogicalResult KernelOp::verifyAlternative(unsigned operand) {
  int64_t weight = getLayout(operand).getAlternativeTo();
  if (weight >= static_cast<int64_t>(getNumInputs()) || getLayout(weight).isAlternative())
    return emitOpError("[C5] operand ") << operand << " is an alternative to operand " << weight
                                        << ", expected an input that is none itself";
  if (getOperandType(operand) != getOperandType(weight))
    return emitOpError("[C5] operand ") << operand << " is " << getOperandType(operand) << ", an alternative to "
                                        << getOperandType(weight);
  PackingAttr packing = getLayout(operand).getPacking();
  for (unsigned other = 0; other < getNumInputs(); ++other)
    if (OperandAttr layout = getLayout(other);
        other != operand && layout.getPacking() == packing && (other == weight || layout.getAlternativeTo() == weight))
      return emitOpError("[C5] operand ") << operand << " has the packing of operand " << other;
  if (!getBody().getArgument(operand).use_empty())
    return emitOpError("[C5] the body reads operand ") << operand << ", an alternative to operand " << weight;
  return success();
}

LogicalResult KernelOp::verifyLayout(unsigned operand) {
  OperandAttr layout = getLayout(operand);
  rec::Shape shape = rec::getShape(getOperandType(operand));
  if (layout.getStrides().size() != shape.size())
    return emitOpError("[C1] has ") << layout.getStrides().size() << " strides for operand " << operand << ", expected "
                                    << shape.size();
  if (layout.isTable()) {
    SmallVector<OperandAttr> layouts = getLayoutList();
    auto isTable = [](OperandAttr layout) { return layout.isTable(); };
    int64_t fromHere = llvm::count_if(ArrayRef(layouts).drop_front(operand), isTable);
    int64_t expected = static_cast<int64_t>(getDims().size()) - fromHere;
    if (expected < 0 || layout.getRowsDim() != expected)
      return emitOpError("[C2] has rows_dim ")
             << layout.getRowsDim() << " for operand " << operand << ", expected " << expected
             << ", as the last of the " << getDims().size() << " dims are the row counts of the tables";
  }
  if (operand < getNumInputs())
    return layout.isAlternative() ? verifyAlternative(operand) : success();
  if (!layout.getPacking().isRowMajor() || layout.getRow() || layout.isTable() || layout.isAlternative())
    return emitOpError("[C4] operand ") << operand << " is an output with the layout " << layout
                                        << ", expected strides alone";
  bool isEmpty = llvm::is_contained(shape, SizeExpr(0));
  for (auto [axis, stride] : llvm::enumerate(layout.getStrides().getSizes()))
    if (stride == SizeExpr(0) && shape[axis] != SizeExpr(1) && !isEmpty)
      return emitOpError("[C4] operand ")
             << operand << " is an output whose elements along axis " << axis << " share a place";
  return success();
}

LogicalResult KernelOp::verify() {
  Block &block = getBody().front();
  if (block.empty() || !isa<rec::YieldOp>(block.back()))
    return emitOpError("expected a body that ends in rec.yield");
  auto isTensor = [](Type type) { return isa<RankedTensorType>(type); };
  if (!llvm::all_of(block.getArgumentTypes(), isTensor) ||
      !llvm::all_of(block.getTerminator()->getOperandTypes(), isTensor))
    return emitOpError("expected operands that are ranked tensors");
  unsigned numOperands = getNumInputs() + getNumOutputs();
  if (getLayouts().size() != numOperands)
    return emitOpError("[C1] has ") << getLayouts().size() << " layouts, expected " << numOperands;
  if (getNumOutputs() == 0)
    return emitOpError("[C3] has no output");
  for (unsigned operand = 0; operand < numOperands; ++operand)
    if (failed(verifyLayout(operand)))
      return failure();
  if (getKind() != rec::RegionKind::whole && failed(verifyRows()))
    return failure();
  if (std::optional<rec::DimsAttr> scratch = getScratchBytes(); scratch && scratch->size() != 1)
    return emitOpError("[C6] needs ") << scratch->size() << " sizes of scratch memory, expected one";
  if (getChainRows() && getStackRows())
    return emitOpError("[C7] has both chain_rows and stack_rows");
  return success();
}
