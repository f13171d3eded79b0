//===- RecDialect.cpp - The rec dialect's registration ----------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#include "dialects/Rec/Rec.h"
#include "reckon/Engine/RowFormat.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace reckon::rec;

#include "dialects/Rec/RecDialect.cpp.inc"
#include "dialects/Rec/RecEnums.cpp.inc"
#include "dialects/Rec/RecInterfaces.cpp.inc"

namespace reckon::rec {
static FailureOr<RowEncoding> parseRowEncoding(AsmParser &parser) {
  StringRef text;
  SMLoc location = parser.getCurrentLocation();
  if (failed(parser.parseKeyword(&text)))
    return failure();
  if (std::optional<RowEncoding> encoding = reckon::parseRowEncoding(text))
    return *encoding;
  return parser.emitError(location) << "there is no encoding of rows '" << text << "'";
}

static void printRowEncoding(AsmPrinter &printer, RowEncoding encoding) { printer << enumName(encoding); }
} // namespace reckon::rec

#define GET_TYPEDEF_CLASSES
#include "dialects/Rec/RecTypes.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/Rec/RecAttrs.cpp.inc"

void RecDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/Rec/RecAttrs.cpp.inc"
      >();
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/Rec/RecTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/Rec/RecOps.cpp.inc"
      >();
}

static LogicalResult verifyName(Operation *op, StringRef what, unsigned index, NamedAttribute attribute) {
  if (attribute.getName() == "rec.name" && !isa<StringAttr>(attribute.getValue()))
    return op->emitOpError("'rec.name' of ") << what << " " << index << " is not a string but " << attribute.getValue();
  return success();
}

LogicalResult RecDialect::verifyOperationAttribute(Operation *op, NamedAttribute attribute) {
  StringRef name = attribute.getName();
  auto check = [&](bool isRight, StringRef expected) -> LogicalResult {
    if (isRight)
      return success();
    return op->emitOpError("'") << name << "' is no " << expected << " but " << attribute.getValue();
  };
  if (name == PrecisionAttrHelper::getNameStr())
    return check(isa<PrecisionAttr>(attribute.getValue()), "#rec.precision");
  if (name == RequirementsAttrHelper::getNameStr()) {
    auto array = dyn_cast<ArrayAttr>(attribute.getValue());
    return check(array && llvm::all_of(array, llvm::IsaPred<RequirementAttr>), "array of #rec.requirement");
  }
  if (name == RecipeAttrHelper::getNameStr()) {
    auto recipe = dyn_cast<DictionaryAttr>(attribute.getValue());
    auto options = recipe ? recipe.getAs<ArrayAttr>("options") : ArrayAttr();
    auto initializers = recipe ? recipe.getAs<DictionaryAttr>("initializers") : DictionaryAttr();
    bool isRight = options && initializers && llvm::all_of(options, llvm::IsaPred<StringAttr>) &&
                   llvm::all_of(initializers, [](NamedAttribute each) { return isa<IntegerAttr>(each.getValue()); });
    return check(isRight, "recipe of options and checksums of initializers");
  }
  if (name == ReasonAttrHelper::getNameStr())
    return check(isa<StringAttr>(attribute.getValue()), "string");
  if (name == JoinAttrHelper::getNameStr())
    return check(isa<UnitAttr>(attribute.getValue()), "unit");
  return success();
}

LogicalResult RecDialect::verifyRegionArgAttribute(Operation *op, unsigned, unsigned index, NamedAttribute attribute) {
  return verifyName(op, "argument", index, attribute);
}

LogicalResult RecDialect::verifyRegionResultAttribute(Operation *op, unsigned, unsigned index,
                                                      NamedAttribute attribute) {
  return verifyName(op, "result", index, attribute);
}

Operation *RecDialect::materializeConstant(OpBuilder &builder, Attribute value, Type type, Location loc) {
  if (auto sizes = dyn_cast<DimsAttr>(value))
    return DimsOp::create(builder, loc, type, sizes);
  auto elements = dyn_cast<ElementsAttr>(value);
  if (!elements || elements.getShapedType() != type)
    return nullptr;
  return ConstantOp::create(builder, loc, type, elements, /*name=*/StringAttr());
}
