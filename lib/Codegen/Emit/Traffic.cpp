//===- Traffic.cpp - The bytes that a dispatch moves ---------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------------===//

#include "lib/Codegen/Emit/Traffic.h"

#include "dialects/Rec/Shape.h"
#include "dialects/Rec/TableRows.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::plan;

/// How many rows of its table `use` the lookup reads.
static SizeExpr getNumIds(rec::LookupOpInterface lookup, OpOperand &use) {
  unsigned table = use.getOperandNumber() - lookup.getTables().getBeginOperandIndex();
  rec::Shape ids = rec::getShape(lookup.getIds());
  if (auto columns = lookup.getPooling(table).startAndCount)
    ids.back() = SizeExpr(columns->second);
  return rec::getNumElements(ids);
}

/// What a layer reads of `use` when it picks from it; nullopt for a layer that reads all.
static std::optional<SizeExpr> getPickedBytes(OpOperand &use) {
  Operation *owner = use.getOwner();
  auto type = cast<RankedTensorType>(use.get().getType());
  if (auto lookup = dyn_cast<rec::LookupOpInterface>(owner); lookup && lookup.isTable(use)) {
    std::optional<RowFormat> format = rec::getRowFormat(type.getElementType());
    if (!format)
      return std::nullopt;
    return getNumIds(lookup, use) * SizeExpr(static_cast<int64_t>(format->rowBytes(type.getDimSize(1))));
  }
  bool isGather = isa<rec::GatherOp, rec::GatherElementsOp>(owner) && use.getOperandNumber() == 0;
  if (!isGather)
    return std::nullopt;
  auto result = cast<RankedTensorType>(owner->getResult(0).getType());
  int64_t bytes = llvm::divideCeil(result.getElementTypeBitWidth(), 8u);
  return rec::getNumElements(rec::getShape(result)) * SizeExpr(bytes);
}

/// All of a buffer; an axis along which an element repeats counts once.
static SizeExpr getBytes(BufferType type, OperandAttr layout) {
  SizeExpr elements(1);
  rec::DimsAttr strides = layout.getStrides();
  for (auto [axis, size] : llvm::enumerate(type.getSizes()))
    if (axis >= strides.size() || strides.getSize(axis) != SizeExpr(0))
      elements = elements * size;
  return elements * SizeExpr(static_cast<int64_t>(type.getElementBytes()));
}

static SizeExpr getOperandBytes(DispatchOp dispatch, KernelOp kernel, unsigned operand) {
  if (operand < kernel.getNumInputs()) {
    SizeExpr picked(0);
    bool picks = true;
    for (OpOperand &use : kernel.getBody().getArgument(operand).getUses()) {
      std::optional<SizeExpr> bytes = getPickedBytes(use);
      picks = picks && bytes;
      picked = picked + bytes.value_or(SizeExpr(0));
    }
    if (picks)
      return picked;
  }
  return getBytes(cast<BufferType>(dispatch.getOperand(operand).getType()), kernel.getLayout(operand));
}

SizeExpr reckon::getTraffic(DispatchOp dispatch) {
  KernelOp kernel = dispatch.lookupKernel();
  SizeExpr bytes(0);
  for (unsigned operand = 0; operand < dispatch.getNumOperands(); ++operand)
    if (!kernel.getLayout(operand).isAlternative())
      bytes = bytes + getOperandBytes(dispatch, kernel, operand);
  return rec::isAnonymous(bytes) ? SizeExpr(0) : bytes;
}
