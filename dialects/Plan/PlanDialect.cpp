//===- PlanDialect.cpp - The plan dialect's registration -----------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "dialects/Plan/Plan.h"
#include "dialects/Rec/ConstantData.h"
#include "dialects/Rec/TableRows.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::plan;

#include "dialects/Plan/PlanDialect.cpp.inc"

#include "dialects/Plan/PlanEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/Plan/PlanAttrs.cpp.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/Plan/PlanTypes.cpp.inc"

/// `[<strides = ...>, <strides = ...>]`: the attribute's name goes without saying.
static ParseResult parseLayouts(OpAsmParser &parser, ArrayAttr &layouts) {
  SmallVector<Attribute> list;
  auto parseLayout = [&] {
    list.push_back(OperandAttr::parse(parser, Type()));
    return success(bool(list.back()));
  };
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, parseLayout))
    return failure();
  layouts = ArrayAttr::get(parser.getContext(), list);
  return success();
}

static void printLayouts(OpAsmPrinter &printer, Operation *, ArrayAttr layouts) {
  printer << '[';
  llvm::interleaveComma(layouts.getAsRange<OperandAttr>(), printer,
                        [&](OperandAttr layout) { printer.printStrippedAttrOrType(layout); });
  printer << ']';
}

#define GET_OP_CLASSES
#include "dialects/Plan/PlanOps.cpp.inc"

void PlanDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/Plan/PlanAttrs.cpp.inc"
      >();
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/Plan/PlanTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/Plan/PlanOps.cpp.inc"
      >();
}

void plan::setBytes(Operation *op, ArrayRef<SizeExpr> bytes) {
  MLIRContext *context = op->getContext();
  context->getLoadedDialect<PlanDialect>()->getBytesAttrHelper().setAttr(op, rec::DimsAttr::get(context, bytes));
}

rec::DimsAttr plan::getBytes(Operation *op) {
  return op->getContext()->getLoadedDialect<PlanDialect>()->getBytesAttrHelper().getAttr(op);
}

LogicalResult PlanDialect::verifyOperationAttribute(Operation *op, NamedAttribute attribute) {
  if (attribute.getName() != getBytesAttrHelper().getName())
    return op->emitError("has the attribute '") << attribute.getName().getValue() << "', which is none of the plan's";
  auto bytes = dyn_cast<rec::DimsAttr>(attribute.getValue());
  if (!bytes || bytes.size() == 0)
    return op->emitError("expects sizes as ") << attribute.getName().getValue() << ", not " << attribute.getValue();
  return success();
}

LogicalResult BufferType::verify(function_ref<InFlightDiagnostic()> emitError, Type elementType, rec::DimsAttr dims) {
  if (!rec::getRowFormat(elementType))
    return emitError() << "a buffer cannot hold elements of type " << elementType;
  if (isa<rec::EncodedType>(elementType) && (dims.size() != 2 || !dims.getSize(1).isConstant()))
    return emitError() << "a buffer of " << elementType << " holds rows of a constant size, not " << dims;
  return success();
}

uint64_t BufferType::getElementBytes() const { return *rec::getElementSize(getElementType()); }

SizeExpr BufferType::getBytes() const {
  RowFormat format = *rec::getRowFormat(getElementType());
  if (!format.isPlain())
    return getSizes()[0] * SizeExpr(static_cast<int64_t>(format.rowBytes(*getSizes()[1].constant())));
  return rec::getNumElements(getSizes()) * SizeExpr(static_cast<int64_t>(getElementBytes()));
}
