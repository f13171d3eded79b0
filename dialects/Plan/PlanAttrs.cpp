//===- PlanAttrs.cpp - What the plan states of operands and launches -----------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "dialects/Plan/Plan.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::plan;

using EmitError = function_ref<InFlightDiagnostic()>;

//===----------------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------------===//

LogicalResult PackingAttr::verify(EmitError emitError, PackingKind kind, int64_t width) {
  bool hasWidth = kind == PackingKind::panels;
  if (hasWidth ? width < 1 : width != 0)
    return emitError() << "[C1] the packing '" << stringifyPackingKind(kind) << "' has width " << width << ", expected "
                       << (hasWidth ? "1 or more" : "0");
  return success();
}

std::string PackingAttr::getEngineName() const {
  if (isRowMajor())
    return "";
  std::string name = stringifyPackingKind(getKind()).str();
  return getKind() == PackingKind::panels ? name + ":" + std::to_string(getWidth()) : name;
}

// NOLINTNEXTLINE(readability-function-size): a parameter for each of the attribute
LogicalResult OperandAttr::verify(EmitError emitError, rec::DimsAttr strides, PackingAttr packing,
                                  int64_t alternativeTo, bool row, int64_t rowsDim, bool aligned, bool constant) {
  for (const SizeExpr &stride : strides.getSizes())
    if (stride.constant().value_or(0) < 0)
      return emitError() << "[C1] an operand has the stride " << stride.str() << ", expected 0 or more";
  if (!packing.isRowMajor() && (strides.size() != 2 || row || rowsDim >= 0))
    return emitError() << "[C2] an operand has the packing '" << packing.getEngineName()
                       << "', expected it of a matrix that is neither a table nor read by row";
  for (int64_t index : {rowsDim, alternativeTo})
    if (index < -1)
      return emitError() << "[C3] an operand has the index " << index << ", expected -1 or more";
  if (alternativeTo >= 0 && (row || rowsDim >= 0))
    return emitError() << "[C4] an alternative packing is of a table or read by row";
  return success();
}

OperandAttr OperandAttr::withPacking(PackingAttr packing) const {
  return get(getContext(), getStrides(), packing, getAlternativeTo(), getRow(), getRowsDim(), getAligned(),
             getConstant());
}

OperandAttr OperandAttr::asAlternative(unsigned operand, PackingAttr packing) const {
  return get(getContext(), getStrides(), packing, operand, getRow(), getRowsDim(), getAligned(), getConstant());
}

OperandAttr OperandAttr::withFacts(bool aligned, bool constant) const {
  return get(getContext(), getStrides(), getPacking(), getAlternativeTo(), getRow(), getRowsDim(), aligned, constant);
}

//===----------------------------------------------------------------------------===//
// Launches
//===----------------------------------------------------------------------------===//

static LogicalResult verifyRows(EmitError emitError, StringRef constraint, uint64_t minRows, uint64_t maxRows) {
  if (minRows > maxRows)
    return emitError() << "[" << constraint << "] a launch is for " << minRows << " to " << maxRows << " rows";
  return success();
}

LogicalResult ChoiceAttr::verify(EmitError emitError, StringAttr name, uint64_t minRows, uint64_t maxRows, bool) {
  return verifyRows(emitError, "C1", minRows, maxRows);
}

// NOLINTNEXTLINE(readability-function-size): a parameter for each of the attribute
LogicalResult TensorMapAttr::verify(EmitError emitError, unsigned operand, Type type, rec::DimsAttr sizes,
                                    rec::DimsAttr strides, DenseI64ArrayAttr box, unsigned swizzle) {
  if (sizes.size() < 1 || sizes.size() > 5 || strides.size() + 1 != sizes.size() ||
      static_cast<size_t>(box.size()) != sizes.size())
    return emitError() << "[C1] a tensor map has " << sizes.size() << " sizes, " << strides.size() << " strides and "
                       << box.size() << " sides, expected 1 to 5 sizes, a stride less and as many sides";
  for (int64_t side : box.asArrayRef())
    if (side < 1 || side > 256)
      return emitError() << "[C2] the box of a tensor map has a side of " << side << " elements, expected 1 to 256";
  if (swizzle != 0 && swizzle != 32 && swizzle != 64 && swizzle != 128)
    return emitError() << "[C3] a tensor map swizzles " << swizzle << " bytes, expected 0, 32, 64 or 128";
  return success();
}

// NOLINTNEXTLINE(readability-function-size): a parameter for each of the attribute
LogicalResult LaunchAttr::verify(EmitError emitError, SymbolRefAttr function, unsigned threads, unsigned cluster,
                                 uint64_t sharedBytes, rec::DimsAttr grid, unsigned blocksPerSm,
                                 rec::DimsAttr scratchBytes, uint64_t minRows, uint64_t maxRows, bool needsTiming,
                                 bool usesPdl, ArrayAttr tensorMaps) {
  if (threads == 0)
    return emitError() << "[C1] a block has no threads";
  if (grid.size() < 1 || grid.size() > 3)
    return emitError() << "[C2] a grid has " << grid.size() << " sizes, expected 1 to 3";
  if (scratchBytes && scratchBytes.size() != 1)
    return emitError() << "[C2] scratch memory has " << scratchBytes.size() << " sizes, expected one";
  if (tensorMaps && !llvm::all_of(tensorMaps, [](Attribute map) { return isa<TensorMapAttr>(map); }))
    return emitError() << "[C4] expected tensor maps, found " << tensorMaps;
  return verifyRows(emitError, "C3", minRows, maxRows);
}

SmallVector<TensorMapAttr> LaunchAttr::getMaps() const {
  ArrayAttr maps = getTensorMaps();
  return maps ? llvm::to_vector(maps.getAsRange<TensorMapAttr>()) : SmallVector<TensorMapAttr>();
}

SizeExpr LaunchAttr::getScratch() const { return getScratchBytes() ? getScratchBytes().getSize(0) : SizeExpr(); }
