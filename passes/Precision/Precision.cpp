//===- Precision.cpp - The types an op stores, computes and sums in ------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "passes/Precision/Precision.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/TypeSwitch.h"

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

std::optional<Value> getStoredOperand(Operation *op) {
  return llvm::TypeSwitch<Operation *, std::optional<Value>>(op)
      .Case<LinearOp, CrossLayerOp, ConvOp>([](auto op) { return op.getWeight(); })
      .Case([](MatmulOp op) { return op.getB(); })
      .Case<DotInteractionOp, FmTermOp>([](auto op) { return op.getX(); })
      .Case<EmbeddingOp, EmbeddingBagOp>([](auto op) { return op.getTable(); })
      .Case([](MultiLookupOp op) {
        return op.getTables().empty() ? std::optional<Value>() : std::optional<Value>(op.getTables().front());
      })
      .Case<ReduceOp, CumSumOp>([](auto op) {
        Value x = op.getX();
        bool isFloat = isa<FloatType>(getElementTypeOrSelf(x.getType()));
        return isFloat ? std::optional<Value>(x) : std::optional<Value>();
      })
      .Case<SoftmaxOp, LayerNormOp, BatchNormOp>([](auto op) { return op.getX(); })
      .Default(std::nullopt);
}

bool isProduct(Operation *op) { return isa<LinearOp, MatmulOp, ConvOp, CrossLayerOp, DotInteractionOp>(op); }

} // namespace reckon::rec
