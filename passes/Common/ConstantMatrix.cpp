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

ConstantOp rec::transposeMatrix(OpBuilder &builder, ConstantOp constant) {
  RankedTensorType type = constant.getType();
  std::optional<ConstantBytes> bytes = getConstantBytes(constant.getValue());
  std::optional<unsigned> size = getElementSize(type.getElementType());
  if (!bytes || !size)
    return nullptr;
  int64_t rows = type.getDimSize(0), columns = 1;
  for (int64_t extent : type.getShape().drop_front())
    columns *= extent;
  ArrayRef<char> data = bytes->get();
  auto transposed = RankedTensorType::get({columns, rows}, type.getElementType());
  std::vector<char> result(data.size());
  for (int64_t i = 0; i < rows && !data.empty(); ++i)
    for (int64_t j = 0; j < columns; ++j)
      std::copy_n(data.data() + (i * columns + j) * *size, *size, result.data() + (j * rows + i) * *size);
  StringRef name = constant.getName().value_or("weight");
  return ConstantOp::create(builder, constant.getLoc(), transposed,
                            makeConstant(transposed, ArrayRef<char>(result), name), constant.getNameAttr());
}
