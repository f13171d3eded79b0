//===- RecAttrs.cpp - Lists of sizes as attributes --------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#include "dialects/Rec/ConstantData.h"
#include "dialects/Rec/Rec.h"
#include "dialects/Rec/Shape.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

DimsAttr DimsAttr::get(MLIRContext *context, ArrayRef<SizeExpr> sizes) {
  SmallVector<StringAttr> exprs;
  for (const SizeExpr &size : sizes)
    exprs.push_back(StringAttr::get(context, normalizeSize(size).str()));
  return get(context, exprs);
}

DimsAttr DimsAttr::getChecked(function_ref<InFlightDiagnostic()> emitError, MLIRContext *context,
                              ArrayRef<SizeExpr> sizes) {
  return get(context, sizes); // a normalised SizeExpr is always valid text
}

SizeExpr DimsAttr::getSize(unsigned i) const {
  auto size = SizeExpr::parse(getExprs()[i].getValue());
  return size ? *size : getAnonymousSize();
}

SmallVector<SizeExpr> DimsAttr::getSizes() const {
  SmallVector<SizeExpr> sizes;
  for (unsigned i = 0, e = size(); i != e; ++i)
    sizes.push_back(getSize(i));
  return sizes;
}

LogicalResult DimsAttr::verify(function_ref<InFlightDiagnostic()> emitError, ArrayRef<StringAttr> exprs) {
  for (StringAttr text : exprs) {
    std::string reason;
    auto size = SizeExpr::parse(text.getValue(), &reason);
    if (!size)
      return emitError() << "bad size: " << reason;
    std::string canonical = normalizeSize(*size).str();
    if (canonical != text.getValue())
      return emitError() << "the size '" << text.getValue() << "' is not canonical, expected '" << canonical << "'";
  }
  return success();
}

LogicalResult PrecisionAttr::verify(function_ref<InFlightDiagnostic()> emitError, Type storage, Type compute,
                                    Type accumulate) {
  for (auto [what, type] :
       {std::pair("stores", storage), std::pair("computes", compute), std::pair("adds up", accumulate)})
    if (!getElementSize(type) && !(what == StringRef("computes") && type.isTF32()))
      return emitError() << "[C1] a layer " << what << " in " << type << ", expected numbers or booleans";
  return success();
}

LogicalResult DimsAttr::verifyEncoding(ArrayRef<int64_t> shape, Type elementType,
                                       function_ref<InFlightDiagnostic()> emitError) const {
  if (size() != shape.size())
    return emitError() << "#rec.dims has " << size() << " entries on a tensor of rank " << shape.size();
  bool named = false;
  for (auto [i, dim] : llvm::enumerate(shape)) {
    SizeExpr size = getSize(i);
    if (ShapedType::isDynamic(dim) && size.isConstant())
      return emitError() << "#rec.dims gives the constant " << size.str() << " for the dynamic dimension " << i;
    if (!ShapedType::isDynamic(dim) && size != SizeExpr(dim))
      return emitError() << "#rec.dims gives '" << size.str() << "' for dimension " << i << " of static size " << dim;
    named |= !size.isConstant() && !isAnonymous(size);
  }
  if (!named) // one spelling a type: types are compared by identity
    return emitError() << "#rec.dims names no dimension of the tensor; leave it out";
  return success();
}

/// `<"batch", 13, "2*batch+1">`: constants as integers, other sizes as text.
Attribute DimsAttr::parse(AsmParser &parser, Type) {
  SmallVector<SizeExpr> sizes;
  auto parseSize = [&]() -> ParseResult {
    SMLoc loc = parser.getCurrentLocation();
    std::string text;
    if (succeeded(parser.parseOptionalString(&text))) {
      std::string reason;
      auto size = SizeExpr::parse(text, &reason);
      if (!size)
        return parser.emitError(loc) << "bad size: " << reason;
      sizes.push_back(*size);
      return success();
    }
    int64_t value;
    OptionalParseResult result = parser.parseOptionalInteger(value);
    if (!result.has_value())
      return parser.emitError(loc) << "expected a size: an integer or a quoted size expression";
    sizes.push_back(value);
    return *result;
  };
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::LessGreater, parseSize))
    return {};
  return get(parser.getContext(), sizes);
}

void DimsAttr::print(AsmPrinter &printer) const {
  printer << '<';
  llvm::interleaveComma(getExprs(), printer.getStream(), [&](StringAttr text) {
    int64_t value;
    if (!text.getValue().getAsInteger(10, value))
      printer << value;
    else
      printer << text; // quoted and escaped
  });
  printer << '>';
}
