//===- PlanDialect.cpp - The plan dialect's registration -----------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "dialects/Plan/Plan.h"
#include "dialects/Rec/ConstantData.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::plan;

#include "dialects/Plan/PlanDialect.cpp.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/Plan/PlanTypes.cpp.inc"

#define GET_OP_CLASSES
#include "dialects/Plan/PlanOps.cpp.inc"

void PlanDialect::initialize() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/Plan/PlanTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/Plan/PlanOps.cpp.inc"
      >();
}

LogicalResult BufferType::verify(function_ref<InFlightDiagnostic()> emitError, Type elementType, rec::DimsAttr dims) {
  if (!rec::getElementSize(elementType))
    return emitError() << "a buffer cannot hold elements of type " << elementType;
  return success();
}

uint64_t BufferType::getElementBytes() const { return *rec::getElementSize(getElementType()); }

SizeExpr BufferType::getBytes() const {
  return rec::getNumElements(getSizes()) * SizeExpr(static_cast<int64_t>(getElementBytes()));
}

SmallVector<int64_t> plan::getDenseStrides(ArrayRef<SizeExpr> sizes) {
  SmallVector<int64_t> strides(sizes.size());
  SizeExpr stride(1);
  for (size_t i = sizes.size(); i-- > 0;) {
    strides[i] = stride.constant().value_or(ShapedType::kDynamic);
    stride = stride * sizes[i];
  }
  return strides;
}
