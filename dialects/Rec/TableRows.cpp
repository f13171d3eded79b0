//===- TableRows.cpp - The rows of tables ------------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#include "dialects/Rec/TableRows.h"
#include "dialects/Rec/ConstantData.h"
#include "dialects/Rec/Rec.h"

#include "mlir/IR/BuiltinDialect.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

LogicalResult EncodedType::verify(function_ref<InFlightDiagnostic()> emitError, RowEncoding encoding, Type decoded) {
  if (encoding == RowEncoding::Plain)
    return emitError() << "[C1] plain rows have the type of their elements, " << decoded;
  if (!decoded.isF16() && !decoded.isBF16() && !decoded.isF32())
    return emitError() << "[C1] rows decode to f16, bf16 or f32, not to " << decoded;
  return success();
}

std::optional<RowFormat> rec::getRowFormat(Type elementType) {
  auto encoded = dyn_cast<EncodedType>(elementType);
  std::optional<ElementType> type = getEngineType(getDecodedType(elementType));
  if (!type)
    return std::nullopt;
  return encoded ? RowFormat(*type, encoded.getEncoding()) : RowFormat(*type);
}

ElementsAttr rec::withType(ElementsAttr rows, ShapedType type) {
  return DenseResourceElementsAttr::get(type, cast<DenseResourceElementsAttr>(rows).getRawHandle());
}

ElementsAttr rec::makeUnboundRows(ShapedType type, StringRef name) {
  auto &manager = DenseResourceElementsHandle::getManagerInterface(type.getContext());
  return DenseResourceElementsAttr::get(type, manager.insert(name));
}
