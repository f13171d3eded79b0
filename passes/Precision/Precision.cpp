//===- Precision.cpp - The types an op stores, computes and sums in ------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "passes/Precision/Precision.h"

#include "mlir/IR/BuiltinAttributes.h"

using namespace mlir;

namespace reckon::rec {

std::optional<Precision> Precision::get(Operation *op) {
  auto dictionary = op->getAttrOfType<DictionaryAttr>(attrName);
  if (!dictionary)
    return std::nullopt;
  auto type = [&](StringRef name) {
    auto attr = dictionary.getAs<TypeAttr>(name);
    return attr ? attr.getValue() : Type();
  };
  Precision precision{type("storage"), type("compute"), type("accumulate")};
  if (!precision.storage || !precision.compute || !precision.accumulate)
    return std::nullopt;
  return precision;
}

void Precision::set(Operation *op) const {
  Builder builder(op->getContext());
  op->setAttr(attrName, builder.getDictionaryAttr({builder.getNamedAttr("storage", TypeAttr::get(storage)),
                                                   builder.getNamedAttr("compute", TypeAttr::get(compute)),
                                                   builder.getNamedAttr("accumulate", TypeAttr::get(accumulate))}));
}

Value getStoredOperand(Operation *op) {
  auto layer = dyn_cast<PrecisionOpInterface>(op);
  return layer ? layer.getStoredOperand() : Value();
}

} // namespace reckon::rec
