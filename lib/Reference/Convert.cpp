//===- Convert.cpp - Between MLIR constants and reference tensors -------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//

#include "lib/Reference/Convert.h"

#include "dialects/Rec/ConstantData.h"
#include "dialects/Rec/Rec.h"
#include "dialects/Rec/TableRows.h"

#include "mlir/IR/BuiltinTypes.h"

namespace reckon::reference {

mlir::Type getElementType(ElementKind kind, mlir::MLIRContext *context) {
  switch (kind) {
  case ElementKind::F16:
    return mlir::Float16Type::get(context);
  case ElementKind::BF16:
    return mlir::BFloat16Type::get(context);
  case ElementKind::F32:
    return mlir::Float32Type::get(context);
  case ElementKind::F64:
    return mlir::Float64Type::get(context);
  default:
    break;
  }
  auto signedness =
      isUnsigned(kind) && kind != ElementKind::Bool ? mlir::IntegerType::Unsigned : mlir::IntegerType::Signless;
  return mlir::IntegerType::get(context, getBitWidth(kind), signedness);
}

mlir::FailureOr<Tensor> getTensor(mlir::ElementsAttr value) {
  std::optional<rec::ConstantBytes> bytes = rec::getConstantBytes(value);
  if (!bytes)
    return mlir::failure();
  llvm::ArrayRef<int64_t> shape = value.getShapedType().getShape();
  if (llvm::isa<rec::EncodedType>(value.getElementType()))
    return Tensor::borrowRows(*rec::getRowFormat(value.getElementType()), shape, bytes->get().data());
  std::optional<ElementKind> kind = rec::getEngineType(value.getElementType());
  return bytes->isCopy() ? Tensor::fromBytes(*kind, shape, bytes->get().data())
                         : Tensor::borrow(*kind, shape, bytes->get().data());
}

mlir::ElementsAttr getElements(const Tensor &tensor, mlir::MLIRContext *context) {
  auto type = mlir::RankedTensorType::get(tensor.shape(), getElementType(tensor.kind(), context));
  std::vector<char> bytes = tensor.toBytes();
  return rec::makeConstant(type, llvm::ArrayRef<char>(bytes), tensor.name.empty() ? "folded" : tensor.name);
}

} // namespace reckon::reference
