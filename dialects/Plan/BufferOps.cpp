//===- BufferOps.cpp - Verifiers of the ops that define buffers ----------------===//
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

LogicalResult WeightOp::verify() {
  auto type = dyn_cast<RankedTensorType>(getValue().getShapedType());
  BufferType buffer = getBuffer().getType();
  if (!type || type.getElementType() != buffer.getElementType() || rec::getShape(type) != buffer.getSizes())
    return emitOpError("[C1] holds a value of type ") << getValue().getShapedType() << ", expected that of " << buffer;
  if (!getPacking().isRowMajor() && type.getRank() != 2)
    return emitOpError("[C2] is packed as '") << getPacking().getEngineName() << "', expected a matrix, not " << type;
  return success();
}

LogicalResult TableOp::verify() {
  auto type = dyn_cast<RankedTensorType>(getValue().getShapedType());
  BufferType buffer = getBuffer().getType();
  if (!type || type.getRank() != 2 || buffer.getRank() != 2 || type.getElementType() != buffer.getElementType() ||
      SizeExpr(type.getDimSize(1)) != buffer.getDims().getSize(1))
    return emitOpError("[C1] holds a value of type ") << getValue().getShapedType() << ", expected rows of " << buffer;
  return success();
}

LogicalResult SliceOp::verify() {
  BufferType source = getSource().getType(), slice = getBuffer().getType();
  int64_t axis = getAxis();
  auto sizes = source.getSizes(), part = slice.getSizes();
  if (axis < 1 || axis >= static_cast<int64_t>(sizes.size()))
    return emitOpError("[C1] has axis ") << axis << ", expected one from 1 to " << sizes.size() - 1;
  for (size_t i = 1; i < sizes.size(); ++i)
    if (!sizes[i].isConstant())
      return emitOpError("[C1] slices a buffer whose size ")
             << i << " is '" << sizes[i].str() << "', expected a constant";
  if (source.getElementType() != slice.getElementType() || sizes.size() != part.size())
    return emitOpError("[C2] gives ") << slice << " from " << source;
  for (auto [i, pair] : llvm::enumerate(llvm::zip(sizes, part)))
    if (static_cast<int64_t>(i) != axis && std::get<0>(pair) != std::get<1>(pair))
      return emitOpError("[C2] has size '")
             << std::get<1>(pair).str() << "' in dimension " << i << ", expected '" << std::get<0>(pair).str() << "'";
  auto length = part[axis].constant();
  int64_t offset = getOffset();
  if (!length || *length < 0 || offset < 0 || offset > *sizes[axis].constant() - *length)
    return emitOpError("[C2] takes elements from ")
           << offset << " on into '" << part[axis].str() << "', expected them inside the " << sizes[axis].str();
  if (getSource().getDefiningOp<SliceOp>())
    return emitOpError("[C3] slices a slice");
  return success();
}

LogicalResult ViewOp::verify() {
  BufferType source = getSource().getType(), view = getBuffer().getType();
  // What cannot be told apart for all dimensions is equal by a requirement of the program.
  if (source.getElementType() != view.getElementType() || rec::provablyDiffer(source.getBytes(), view.getBytes()))
    return emitOpError("[C1] shows ") << source << " as " << view << ", expected as many elements of the same type";
  if (getSource().getDefiningOp<SliceOp>())
    return emitOpError("[C1] shows a slice, expected a dense buffer");
  return success();
}
