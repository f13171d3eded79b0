//===- Strings.cpp - Constants of strings ---------------------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "passes/Import/Strings.h"
#include "passes/Import/Registry.h"

#include "dialects/Rec/ConstantData.h"

using namespace mlir;

namespace reckon::importer {

namespace {
struct StringTensor {
  ArrayAttr strings;
  ArrayRef<int64_t> shape;
};
} // namespace

/// The strings that the reader has kept of a constant, also behind Identity.
static std::optional<StringTensor> getStrings(Value value) {
  auto node = value.getDefiningOp<rec::OnnxOp>();
  while (node && node.getDomain().empty() && node.getOpType() == "Identity" && node.getOperands().size() == 1)
    node = node.getOperands().front().getDefiningOp<rec::OnnxOp>();
  if (!node || node.getOpType() != "Constant")
    return std::nullopt;
  auto strings = node.getAttrs().getAs<ArrayAttr>("strings");
  auto shape = node.getAttrs().getAs<DenseI64ArrayAttr>("shape");
  return strings && shape ? std::optional(StringTensor{strings, shape.asArrayRef()}) : std::nullopt;
}

LogicalResult foldStrings(Node &node) {
  if (getQualifiedName(node.op) != "Equal" || node.getNumOperands() != 2)
    return failure();
  auto a = getStrings(node.op.getOperands()[0]), b = getStrings(node.op.getOperands()[1]);
  if (!a || !b)
    return failure();
  if (a->strings.size() == 1 && a->shape.size() <= b->shape.size())
    std::swap(a, b);
  // Of one shape, or one string against many.
  bool isOne = b->strings.size() == 1 && b->shape.size() <= a->shape.size();
  if (!isOne && a->shape != b->shape)
    return failure();
  SmallVector<int64_t> equal;
  for (auto [i, string] : llvm::enumerate(a->strings))
    equal.push_back(string == b->strings[isOne ? 0 : i]);
  auto type = RankedTensorType::get(a->shape, node.b.getI1Type());
  return node.replace(node.make<rec::ConstantOp>(rec::makeConstant(type, ArrayRef<int64_t>(equal)), StringAttr()));
}

} // namespace reckon::importer
