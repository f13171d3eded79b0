//===- Convert.cpp - Between MLIR constants and reference tensors -------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//

#include "lib/Reference/Convert.h"

#include "dialects/Rec/ConstantData.h"

#include "mlir/IR/BuiltinTypes.h"

namespace reckon::reference {

std::optional<ElementKind> getElementKind(mlir::Type type) {
  if (type.isF16())
    return ElementKind::F16;
  if (type.isBF16())
    return ElementKind::BF16;
  if (type.isF32())
    return ElementKind::F32;
  if (type.isF64())
    return ElementKind::F64;
  auto integer = mlir::dyn_cast<mlir::IntegerType>(type);
  if (!integer)
    return std::nullopt;
  bool isUnsigned = integer.isUnsigned();
  switch (integer.getWidth()) {
  case 1:
    return ElementKind::Bool;
  case 8:
    return isUnsigned ? ElementKind::U8 : ElementKind::I8;
  case 16:
    return isUnsigned ? ElementKind::U16 : ElementKind::I16;
  case 32:
    return isUnsigned ? ElementKind::U32 : ElementKind::I32;
  case 64:
    return isUnsigned ? ElementKind::U64 : ElementKind::I64;
  default:
    return std::nullopt;
  }
}

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
  std::optional<ElementKind> kind = getElementKind(value.getElementType());
  std::optional<rec::ConstantBytes> bytes = rec::getConstantBytes(value);
  if (!kind || !bytes)
    return mlir::failure();
  llvm::ArrayRef<int64_t> shape = value.getShapedType().getShape();
  return bytes->isCopy() ? Tensor::fromBytes(*kind, shape, bytes->get().data())
                         : Tensor::borrow(*kind, shape, bytes->get().data());
}

mlir::ElementsAttr getElements(const Tensor &tensor, mlir::MLIRContext *context) {
  auto type = mlir::RankedTensorType::get(tensor.shape(), getElementType(tensor.kind(), context));
  std::vector<char> bytes = tensor.toBytes();
  return rec::makeConstant(type, llvm::ArrayRef<char>(bytes), tensor.name.empty() ? "folded" : tensor.name);
}

} // namespace reckon::reference
