//===- Attributes.cpp - ONNX node attributes to MLIR attributes ----------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Tensors.h"

#include "mlir/IR/Builders.h"

using namespace mlir;

namespace reckon::importer {

/// Files written before attributes had a `type` field leave it out; the field that is set tells.
static onnx::AttributeProto::AttributeType getType(const onnx::AttributeProto &attribute) {
  using A = onnx::AttributeProto;
  if (attribute.type() != A::UNDEFINED)
    return attribute.type();
  if (attribute.has_f())
    return A::FLOAT;
  if (attribute.has_i())
    return A::INT;
  if (attribute.has_s())
    return A::STRING;
  if (attribute.has_t())
    return A::TENSOR;
  if (attribute.floats_size())
    return A::FLOATS;
  if (attribute.strings_size())
    return A::STRINGS;
  return A::INTS;
}

Attribute readAttribute(const onnx::AttributeProto &attribute, TensorStorage &storage, MLIRContext *context,
                        std::string &error) {
  using A = onnx::AttributeProto;
  Builder b(context);
  switch (getType(attribute)) {
  case A::FLOAT:
    return b.getF32FloatAttr(attribute.f());
  case A::INT:
    return b.getI64IntegerAttr(attribute.i());
  case A::STRING:
    return b.getStringAttr(attribute.s());
  case A::FLOATS:
    return b.getDenseF32ArrayAttr({attribute.floats().data(), size_t(attribute.floats_size())});
  case A::INTS: {
    SmallVector<int64_t> values(attribute.ints().begin(), attribute.ints().end());
    return b.getDenseI64ArrayAttr(values);
  }
  case A::STRINGS: {
    SmallVector<StringRef> values(attribute.strings().begin(), attribute.strings().end());
    return b.getStrArrayAttr(values);
  }
  case A::TENSOR: {
    ElementsAttr value = readTensor(attribute.t(), attribute.name(), storage, context, error);
    if (!value && error.empty())
      error = "is a tensor of " + getElementTypeName(attribute.t().data_type());
    return value;
  }
  case A::TYPE_PROTO: {
    Type type = getValueType(attribute.tp(), attribute.name(), context, error);
    return type ? TypeAttr::get(type) : TypeAttr();
  }
  default:
    error = "has the type " + onnx::AttributeProto::AttributeType_Name(attribute.type());
    return nullptr;
  }
}

ElementsAttr readConstantNode(const onnx::NodeProto &node, TensorStorage &storage, MLIRContext *context,
                              std::string &error) {
  Builder b(context);
  StringRef name = node.output_size() ? StringRef(node.output(0)) : StringRef(node.name());
  for (const onnx::AttributeProto &attribute : node.attribute()) {
    StringRef key = attribute.name();
    if (key == "value" && attribute.has_t())
      return readTensor(attribute.t(), name, storage, context, error);
    if (key == "sparse_value" && attribute.has_sparse_tensor())
      return readSparseTensor(attribute.sparse_tensor(), name, storage, context, error);
    if (key == "value_int")
      return DenseElementsAttr::get(RankedTensorType::get({}, b.getI64Type()), int64_t(attribute.i()));
    if (key == "value_float")
      return DenseElementsAttr::get(RankedTensorType::get({}, b.getF32Type()), attribute.f());
    if (key == "value_ints") {
      SmallVector<int64_t> values(attribute.ints().begin(), attribute.ints().end());
      return DenseElementsAttr::get(RankedTensorType::get({int64_t(values.size())}, b.getI64Type()),
                                    ArrayRef<int64_t>(values));
    }
    if (key == "value_floats") {
      SmallVector<float> values(attribute.floats().begin(), attribute.floats().end());
      return DenseElementsAttr::get(RankedTensorType::get({int64_t(values.size())}, b.getF32Type()),
                                    ArrayRef<float>(values));
    }
    if (key == "value_string" || key == "value_strings")
      return nullptr;
  }
  error = "has no value attribute";
  return nullptr;
}

static DictionaryAttr makeStrings(ArrayRef<StringRef> strings, ArrayRef<int64_t> shape, MLIRContext *context) {
  Builder b(context);
  return b.getDictionaryAttr(
      {b.getNamedAttr("shape", b.getDenseI64ArrayAttr(shape)), b.getNamedAttr("strings", b.getStrArrayAttr(strings))});
}

DictionaryAttr readStrings(const onnx::TensorProto &tensor, MLIRContext *context) {
  if (tensor.data_type() != onnx::TensorProto::STRING)
    return {};
  SmallVector<StringRef> strings(tensor.string_data().begin(), tensor.string_data().end());
  SmallVector<int64_t> shape(tensor.dims().begin(), tensor.dims().end());
  int64_t elements = 1;
  for (int64_t size : shape) {
    if (size < 0 || (size > 0 && elements > int64_t(strings.size()) / size))
      return {};
    elements *= size;
  }
  return elements == int64_t(strings.size()) ? makeStrings(strings, shape, context) : DictionaryAttr();
}

DictionaryAttr readConstantStrings(const onnx::NodeProto &node, MLIRContext *context) {
  for (const onnx::AttributeProto &attribute : node.attribute()) {
    if (attribute.has_t())
      return readStrings(attribute.t(), context);
    if (attribute.name() == "value_string")
      return makeStrings(StringRef(attribute.s()), {}, context);
    SmallVector<StringRef> strings(attribute.strings().begin(), attribute.strings().end());
    if (attribute.name() == "value_strings")
      return makeStrings(strings, int64_t(strings.size()), context);
  }
  return {};
}

std::string getConstantTypeName(const onnx::NodeProto &node) {
  for (const onnx::AttributeProto &attribute : node.attribute()) {
    if (attribute.has_t())
      return getElementTypeName(attribute.t().data_type());
    if (attribute.has_sparse_tensor())
      return getElementTypeName(attribute.sparse_tensor().values().data_type());
  }
  return getElementTypeName(onnx::TensorProto::STRING);
}

} // namespace reckon::importer
