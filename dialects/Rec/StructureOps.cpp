//===- StructureOps.cpp - Constants, sizes, fusion regions and joins --------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#include "dialects/Rec/ConstantData.h"
#include "dialects/Rec/Inference.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/OpImplementation.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

/// One size: a number, or an expression in quotes.
static ParseResult parseSize(OpAsmParser &parser, DimsAttr &size) {
  int64_t number;
  OptionalParseResult isNumber = parser.parseOptionalInteger(number);
  if (isNumber.has_value()) {
    size = DimsAttr::get(parser.getContext(), ArrayRef<SizeExpr>(SizeExpr(number)));
    return *isNumber;
  }
  std::string text;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseString(&text))
    return failure();
  std::string reason;
  auto expr = SizeExpr::parse(text, &reason);
  if (!expr)
    return parser.emitError(loc, "bad size: ") << reason;
  size = DimsAttr::get(parser.getContext(), ArrayRef<SizeExpr>(*expr));
  return success();
}

static void printSize(OpAsmPrinter &printer, Operation *, DimsAttr size) {
  if (auto number = size.getSize(0).constant())
    printer << *number;
  else
    printer.printString(size.getSize(0).str());
}

#define GET_OP_CLASSES
#include "dialects/Rec/RecOps.cpp.inc"

LogicalResult ConstantOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor adaptor,
                                           SmallVectorImpl<Type> &types) {
  auto type = dyn_cast<RankedTensorType>(adaptor.getValue().getShapedType());
  if (!type)
    return failInference<ConstantOp>(location, "C1", "the value is not a ranked tensor but ",
                                     Type(adaptor.getValue().getShapedType()));
  types.push_back(type);
  return success();
}

LogicalResult ConstantOp::verify() {
  if (!getType().hasStaticShape())
    return emitOpError("[C1] the value has no static shape: ") << getType();
  if (!isa<DenseElementsAttr, DenseResourceElementsAttr>(getValue()))
    return emitOpError("[C1] the value is neither dense nor a dense resource");
  auto resource = dyn_cast<DenseResourceElementsAttr>(getValue());
  if (!resource || !resource.getRawHandle().getBlob())
    return success();
  size_t present = resource.getRawHandle().getBlob()->getData().size();
  if (auto expected = getDataSize(getType()); !expected || *expected != present)
    return emitOpError("[C1] the resource '")
           << resource.getRawHandle().getKey() << "' has " << present << " bytes, not those of " << getType();
  return success();
}

LogicalResult DimsOp::verify() {
  auto type = getType();
  if (type.getRank() == 0 ? getSizes().size() != 1
                          : type.getRank() != 1 || type.getDimSize(0) != static_cast<int64_t>(getSizes().size()))
    return emitOpError("[C1] ") << getSizes().size() << " sizes do not fill " << type;
  return success();
}

LogicalResult DataSizeOp::verify() {
  auto type = getSource().getType();
  Type element = type.getElementType();
  bool isSize = element.isInteger(1) || (element.isInteger(64) && type.getRank() == 0);
  if (!isSize)
    return emitOpError("[C1] the size comes from ") << type << ", not from booleans or an int64 scalar";
  if (!isDataSize(getDim()))
    return emitOpError("[C2] the dimension '") << getDim() << "' does not start with '%n:'";
  return success();
}

LogicalResult PrefixOp::verify() {
  Shape x = getShape(getX()), result = getShape(getResult());
  bool fits = !x.empty() && x.size() == result.size() && getElementType(getX()) == getElementType(getResult()) &&
              ArrayRef(x).drop_front() == ArrayRef(result).drop_front();
  if (!fits)
    return emitOpError("[C1] ") << getResult().getType() << " differs from " << getX().getType()
                                << " in more than the leading size";
  return success();
}

LogicalResult FusionOp::verify() {
  if (getRowInputs().size() != getInputs().size())
    return emitOpError("[C2] 'row_inputs' has ")
           << getRowInputs().size() << " entries for " << getInputs().size() << " inputs";
  if (getKind() == RegionKind::whole)
    return success();
  std::optional<SizeExpr> rows;
  auto checkRows = [&](Value value, StringRef what, size_t index) -> LogicalResult {
    Shape shape = getShape(value);
    if (shape.empty())
      return emitOpError("[C3] ") << what << " " << index << " is a scalar in a region of rows";
    auto common = rows ? unifySizes(*rows, shape[0]) : shape[0];
    if (!common)
      return emitOpError("[C3] ") << what << " " << index << " has leading size '" << shape[0].str()
                                  << "' where others have '" << rows->str() << "'";
    rows = common;
    return success();
  };
  for (auto [i, output] : llvm::enumerate(getOutputs()))
    if (failed(checkRows(output, "result", i)))
      return failure();
  for (auto [i, input] : llvm::enumerate(getInputs()))
    if (getRowInputs()[i] && failed(checkRows(input, "row input", i)))
      return failure();
  return success();
}

LogicalResult FusionOp::verifyRegions() {
  Block &block = getBody().front();
  if (block.getArgumentTypes() != getInputs().getTypes())
    return emitOpError("[C1] the block arguments do not have the types of the inputs");
  auto yield = dyn_cast_if_present<YieldOp>(block.empty() ? nullptr : &block.back());
  if (!yield)
    return emitOpError("[C1] the region does not end with rec.yield");
  if (yield.getOperandTypes() != getResultTypes())
    return emitOpError("[C1] the yielded values do not have the types of the results");
  return success();
}

LogicalResult JoinOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor adaptor,
                                       SmallVectorImpl<Type> &types) {
  return inferConcat<JoinOp>(location, adaptor.getInputs(), adaptor.getAxis(), "C1", "C1", types);
}

LogicalResult JoinOp::verify() {
  llvm::SmallPtrSet<Value, 8> seen;
  for (auto [i, input] : llvm::enumerate(getInputs())) {
    if (!input.getDefiningOp<FusionOp>())
      return emitOpError("[C2] operand ") << i << " is not the result of a fusion region";
    if (!seen.insert(input).second)
      return emitOpError("[C2] operand ") << i << " occurs twice";
    for (Operation *user : input.getUsers())
      if (user != *this && isa<JoinOp>(user)) {
        InFlightDiagnostic diagnostic = emitOpError("[C2] operand ") << i << " lies in another join, too";
        diagnostic.attachNote(user->getLoc()) << "the other join";
        return diagnostic;
      }
  }
  return success();
}
