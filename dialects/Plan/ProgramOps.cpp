//===- ProgramOps.cpp - Programs, chains, dispatches, kernels ------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "dialects/Plan/Plan.h"
#include "dialects/Rec/Shape.h"

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
    bool isTable = i < kernel.getNumInputs() && kernel.getTableRows()[i] >= 0;
    if (isTable && !sizes.empty() && !wanted.empty())
      wanted[0] = sizes[0];
    if (buffer.getElementType() != tensor.getElementType() || ArrayRef<SizeExpr>(sizes) != ArrayRef<SizeExpr>(wanted)) {
      InFlightDiagnostic error = emitOpError("[C1] operand ") << i << " is " << buffer << ", expected " << tensor;
      error.attachNote(kernel.getLoc()) << "the kernel is here";
      return error;
    }
  }
  return getCovers().empty() ? success() : verifyCovers();
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

LogicalResult DispatchOp::verifyCovers() {
  SmallVector<DispatchOp> all;
  (*this)->getParentOfType<ProgramOp>().walk([&](DispatchOp dispatch) { all.push_back(dispatch); });
  int64_t self = llvm::find(all, *this) - all.begin(), previous = -1;
  DenseSet<Operation *> covered;
  for (int64_t number : getCovers()) {
    if (number <= previous || number >= self)
      return emitOpError("[C2] covers dispatch ") << number << ", expected earlier ones in order";
    DispatchOp other = all[number];
    if (!other.getCovers().empty())
      return emitOpError("[C2] covers dispatch ") << number << ", which covers others";
    if (other.getRows() != getRows())
      return emitOpError("[C2] covers dispatch ")
             << number << " of '" << other.getRows().str() << "' rows, expected '" << getRows().str() << "'";
    covered.insert(other);
    previous = number;
  }
  DispatchOp last = all[getCovers().back()];
  KernelOp lastKernel = last.lookupKernel(), kernel = lookupKernel();
  if (!lastKernel ||
      last.getOperands().drop_front(lastKernel.getNumInputs()) != getOperands().drop_front(kernel.getNumInputs()))
    return emitOpError("[C3] does not write what dispatch ") << getCovers().back() << " writes";
  DenseSet<Value> inside;
  for (int64_t number : getCovers().drop_back())
    if (KernelOp other = all[number].lookupKernel())
      for (Value output : all[number].getOperands().drop_front(other.getNumInputs()))
        inside.insert(getWhole(output));
  // Of two that cover the same dispatch at most one runs.
  auto isAlternative = [&](DispatchOp dispatch) {
    return llvm::any_of(dispatch.getCovers(), [&](int64_t number) { return llvm::is_contained(getCovers(), number); });
  };
  for (DispatchOp dispatch : all)
    for (Value operand : dispatch.getOperands())
      if (!covered.contains(dispatch) && inside.contains(getWhole(operand)) && !isAlternative(dispatch))
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

LogicalResult KernelOp::verifyRows() {
  std::optional<SizeExpr> rows;
  for (unsigned i = 0, e = getNumInputs() + getNumOutputs(); i < e; ++i) {
    if (i < getNumInputs() && !getRowInputs()[i])
      continue;
    auto shape = rec::getShape(getOperandType(i));
    if (shape.empty() || (rows && shape[0] != *rows))
      return emitOpError("[C3] operand ") << i << " is " << getOperandType(i) << ", expected "
                                          << (rows ? "'" + rows->str() + "' rows" : std::string("rows"));
    rows = shape[0];
  }
  return success();
}

/// Checks a list of launches, each for a range of rows.
static LogicalResult verifyRanges(KernelOp kernel, StringRef list, ArrayAttr entries, StringRef key) {
  if (!entries)
    return success();
  for (auto [i, entry] : llvm::enumerate(entries.getAsRange<DictionaryAttr>())) {
    auto minRows = entry.getAs<IntegerAttr>("min_rows"), maxRows = entry.getAs<IntegerAttr>("max_rows");
    if (!entry.getAs<StringAttr>(key) || !minRows || !maxRows)
      return kernel.emitOpError("[C5] expected '")
             << key << "', 'min_rows' and 'max_rows' in entry " << i << " of " << list;
    if (minRows.getValue().ugt(maxRows.getValue()))
      return kernel.emitOpError("[C5] has no rows between 'min_rows' and 'max_rows' in entry ") << i << " of " << list;
  }
  return success();
}

LogicalResult KernelOp::verifyNotes() {
  size_t numOperands = getNumInputs() + getNumOutputs();
  for (auto [name, facts] : {std::pair("aligned", getAligned()), std::pair("constant", getConstant())})
    if (facts && facts->size() != numOperands)
      return emitOpError("[C4] has ") << facts->size() << " entries in " << name << ", expected " << numOperands;
  if (failed(verifyRanges(*this, "choices", getChoicesAttr(), "name")) ||
      failed(verifyRanges(*this, "launches", getLaunchesAttr(), "function")))
    return failure();
  if (std::optional<StringRef> scratch = getScratchBytes(); scratch && !SizeExpr::parse(scratch->str()))
    return emitOpError("[C6] needs '") << *scratch << "' bytes of scratch, expected a size expression";
  if (getChainRows() && getStackRows())
    return emitOpError("[C7] has both chain_rows and stack_rows");
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

  size_t numInputs = block.getNumArguments();
  auto checkLength = [&](StringRef name, size_t length, size_t expected) -> LogicalResult {
    if (length == expected)
      return success();
    return emitOpError("[C1] has ") << length << " entries in " << name << ", expected " << expected;
  };
  if (failed(checkLength("row_inputs", getRowInputs().size(), numInputs)) ||
      failed(checkLength("packings", getPackings().size(), numInputs)) ||
      failed(checkLength("table_rows", getTableRows().size(), numInputs)) ||
      failed(checkLength("strides", getStrides().size(), numInputs + getNumOutputs())))
    return failure();
  for (auto [i, strides] : llvm::enumerate(getStrides().getAsRange<DenseI64ArrayAttr>()))
    if (static_cast<int64_t>(strides.size()) != getOperandType(i).getRank())
      return emitOpError("[C1] has ") << strides.size() << " strides for operand " << i << ", expected "
                                      << getOperandType(i).getRank();
  if (getNumOutputs() == 0)
    return emitOpError("[C3] has no output");
  if ((getKind() != rec::RegionKind::whole && failed(verifyRows())) || failed(verifyNotes()))
    return failure();
  for (int64_t index : getTableRows())
    if (index < -1 || index >= static_cast<int64_t>(getDims().size()))
      return emitOpError("[C2] has table_rows entry ")
             << index << ", expected -1 or an index into the " << getDims().size() << " dims";
  return success();
}
