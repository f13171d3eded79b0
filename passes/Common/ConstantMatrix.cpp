//===- ConstantMatrix.cpp - Constants as matrices ----------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------------===//

#include "passes/Common/ConstantMatrix.h"

#include "dialects/Rec/ConstantData.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

/// The same of data of `extents`.
static ConstantOp permute(OpBuilder &builder, ConstantOp constant, ArrayRef<int64_t> extents, ArrayRef<int64_t> perm,
                          ArrayRef<int64_t> shape) {
  RankedTensorType type = constant.getType();
  std::optional<ConstantBytes> bytes = getConstantBytes(constant.getValue());
  std::optional<unsigned> size = getElementSize(type.getElementType());
  if (!bytes || !size)
    return nullptr;
  SmallVector<int64_t> strides(extents.size(), 1), index(extents.size(), 0);
  for (size_t d = extents.size(); d-- > 1;)
    strides[d - 1] = strides[d] * extents[d];
  ArrayRef<char> data = bytes->get();
  std::vector<char> result(data.size());
  int64_t from = 0;
  for (size_t to = 0; to < result.size(); to += *size) {
    std::copy_n(data.data() + from * *size, *size, result.data() + to);
    for (size_t d = perm.size(); d-- > 0;) {
      from += strides[perm[d]];
      if (++index[d] < extents[perm[d]])
        break;
      from -= strides[perm[d]] * index[d];
      index[d] = 0;
    }
  }
  auto resultType = RankedTensorType::get(shape, type.getElementType());
  StringRef name = constant.getName().value_or("weight");
  return ConstantOp::create(builder, constant.getLoc(), resultType,
                            makeConstant(resultType, ArrayRef<char>(result), name), constant.getNameAttr());
}

ConstantOp rec::transposeMatrix(OpBuilder &builder, ConstantOp constant) {
  ArrayRef<int64_t> shape = constant.getType().getShape();
  int64_t rows = shape[0], columns = 1;
  for (int64_t extent : shape.drop_front())
    columns *= extent;
  return permute(builder, constant, {rows, columns}, {1, 0}, {columns, rows});
}

ConstantOp rec::permuteConstant(OpBuilder &builder, ConstantOp constant, ArrayRef<int64_t> perm,
                                ArrayRef<int64_t> shape) {
  return permute(builder, constant, constant.getType().getShape(), perm, shape);
}
