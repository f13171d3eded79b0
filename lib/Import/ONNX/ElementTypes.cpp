//===- ElementTypes.cpp - ONNX types to MLIR types -----------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Tensors.h"

#include "dialects/Rec/Rec.h"
#include "dialects/Rec/Shape.h"

#include "mlir/IR/Builders.h"

#include "llvm/Support/JSON.h"

using namespace mlir;

namespace reckon::importer {

Type getElementType(int32_t onnxType, MLIRContext *context) {
  Builder b(context);
  switch (onnxType) {
  case onnx::TensorProto::FLOAT:
    return b.getF32Type();
  case onnx::TensorProto::DOUBLE:
    return b.getF64Type();
  case onnx::TensorProto::FLOAT16:
    return b.getF16Type();
  case onnx::TensorProto::BFLOAT16:
    return b.getBF16Type();
  case onnx::TensorProto::BOOL:
    return b.getI1Type();
  case onnx::TensorProto::INT8:
    return b.getI8Type();
  case onnx::TensorProto::INT16:
    return b.getI16Type();
  case onnx::TensorProto::INT32:
    return b.getI32Type();
  case onnx::TensorProto::INT64:
    return b.getI64Type();
  case onnx::TensorProto::UINT8:
    return b.getIntegerType(8, /*isSigned=*/false);
  case onnx::TensorProto::UINT16:
    return b.getIntegerType(16, /*isSigned=*/false);
  case onnx::TensorProto::UINT32:
    return b.getIntegerType(32, /*isSigned=*/false);
  case onnx::TensorProto::UINT64:
    return b.getIntegerType(64, /*isSigned=*/false);
  default:
    return nullptr;
  }
}

std::string getElementTypeName(int32_t onnxType) {
  if (onnx::TensorProto::DataType_IsValid(onnxType))
    return StringRef(onnx::TensorProto::DataType_Name(onnx::TensorProto::DataType(onnxType))).lower();
  return "element type " + std::to_string(onnxType);
}

static Type getTensorType(const onnx::TypeProto::Tensor &tensor, StringRef valueName, MLIRContext *context,
                          std::string &error) {
  Type element = getElementType(tensor.elem_type(), context);
  if (!element)
    return NoneType::get(context);
  if (!tensor.has_shape())
    return UnrankedTensorType::get(element);

  rec::Shape shape;
  int64_t elements = 1;
  for (int axis = 0; axis < tensor.shape().dim_size(); ++axis) {
    const auto &dim = tensor.shape().dim(axis);
    // Some exporters write an unknown size as -1.
    if (dim.has_dim_value() && dim.dim_value() != -1) {
      int64_t size = dim.dim_value();
      if (size < 0 || size > maxElements || (size != 0 && elements > maxElements / size)) {
        error = "dimension " + std::to_string(axis) + " of '" + valueName.str() + "' has the size " +
                std::to_string(size) + (size < 0 ? ", which is negative" : ": more than 2^48 elements");
        return nullptr;
      }
      elements *= std::max<int64_t>(size, 1);
      shape.push_back(size);
    } else if (auto problem = findNameProblem(dim.dim_param())) {
      error = "dimension " + std::to_string(axis) + " of '" + valueName.str() + "' has " + *problem;
      return nullptr;
    } else if (!dim.dim_param().empty()) {
      shape.push_back(SizeExpr::dim(SizeExpr::makeDimName(dim.dim_param())));
    } else {
      shape.push_back(SizeExpr::dim(SizeExpr::makeDimName(valueName.str() + "." + std::to_string(axis))));
    }
  }
  return rec::getTensorType(shape, element);
}

std::optional<std::string> findNameProblem(StringRef name) {
  constexpr size_t maxLength = 4096;
  if (name.size() > maxLength)
    return "a name of " + std::to_string(name.size()) + " bytes ('" + llvm::json::fixUTF8(name.take_front(40)) +
           "...'); " + std::to_string(maxLength) + " is the limit";
  if (name.contains('\0') || !llvm::json::isUTF8(name))
    return "a name that is not UTF-8 text without zero bytes ('" + llvm::json::fixUTF8(name) + "')";
  return std::nullopt;
}

Type getValueType(const onnx::TypeProto &type, StringRef valueName, MLIRContext *context, std::string &error) {
  if (type.has_tensor_type())
    return getTensorType(type.tensor_type(), valueName, context, error);
  if (type.has_sequence_type() && type.sequence_type().elem_type().has_tensor_type()) {
    // The tensors of a sequence differ in shape.
    Type element = getElementType(type.sequence_type().elem_type().tensor_type().elem_type(), context);
    if (element)
      return rec::SequenceType::get(context, UnrankedTensorType::get(element));
  }
  return NoneType::get(context);
}

} // namespace reckon::importer
