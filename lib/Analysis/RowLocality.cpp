//===- RowLocality.cpp - Which rows of its operands a layer needs --------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "lib/Analysis/RowLocality.h"

#include "dialects/Rec/Shape.h"

using namespace mlir;
using namespace reckon;

std::optional<RowLocality> reckon::getRowLocality(Operation *op) {
  auto layer = dyn_cast<rec::RowLocalityOpInterface>(op);
  if (!layer || op->getNumResults() == 0)
    return std::nullopt;
  for (Type type : op->getResultTypes())
    if (auto tensor = dyn_cast<RankedTensorType>(type); !tensor || tensor.getRank() == 0)
      return std::nullopt;
  for (Type type : op->getOperandTypes())
    if (!isa<RankedTensorType>(type))
      return std::nullopt;
  SizeExpr rows = rec::getShape(op->getResult(0))[0];
  for (Value result : op->getResults())
    if (rec::getShape(result)[0] != rows || rec::isAnonymous(rows))
      return std::nullopt;
  std::optional<rec::RowUses> uses = layer.getRowUses();
  if (!uses)
    return std::nullopt;
  return RowLocality{rows, std::move(*uses)};
}
