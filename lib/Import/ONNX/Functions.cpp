//===- Functions.cpp - Model-local functions, inlined --------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/GraphReader.h"

#include <google/protobuf/unknown_field_set.h>

using namespace mlir;

namespace reckon::importer {

// Fields that later versions of the ONNX schema added; the Debian schema keeps them as unknown fields.
constexpr int functionAttributeProtoField = 11;
constexpr int functionOverloadField = 13;
constexpr int nodeOverloadField = 8;

/// Functions nest; one that calls itself never ends.
constexpr unsigned maxCallDepth = 64;

template <typename Message> static std::string getUnknownString(const Message &message, int number) {
  const auto &fields = message.unknown_fields();
  for (int i = 0; i < fields.field_count(); ++i)
    if (fields.field(i).number() == number &&
        fields.field(i).type() == google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED)
      return fields.field(i).length_delimited();
  return "";
}

static std::string makeKey(StringRef domain, StringRef name, StringRef overload) {
  return (domain + ":" + name + ":" + overload).str();
}

LogicalResult GraphReader::indexFunctions() {
  for (const onnx::FunctionProto &function : model.functions()) {
    std::string key = makeKey(function.domain(), function.name(), getUnknownString(function, functionOverloadField));
    if (!functions.try_emplace(key, &function).second)
      return error() << "function '" << function.name() << "' of domain '" << function.domain() << "' is defined twice";
    const auto &fields = function.unknown_fields();
    for (int i = 0; i < fields.field_count(); ++i) {
      if (fields.field(i).number() != functionAttributeProtoField ||
          fields.field(i).type() != google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED)
        continue;
      auto attribute = std::make_unique<onnx::AttributeProto>();
      if (!attribute->ParseFromString(fields.field(i).length_delimited()))
        return error() << "function '" << function.name() << "' has a malformed default attribute";
      functionDefaults[&function].push_back(attribute.get());
      defaults.push_back(std::move(attribute));
    }
  }
  return success();
}

const onnx::FunctionProto *GraphReader::findFunction(const onnx::NodeProto &node) const {
  if (functions.empty())
    return nullptr;
  return functions.lookup(makeKey(node.domain(), node.op_type(), getUnknownString(node, nodeOverloadField)));
}

const onnx::AttributeProto *GraphReader::resolve(const onnx::AttributeProto &attribute, const Call *call) {
  if (attribute.ref_attr_name().empty())
    return &attribute;
  return call ? call->attributes.lookup(attribute.ref_attr_name()) : nullptr;
}

LogicalResult GraphReader::inlineFunction(const onnx::FunctionProto &function, const onnx::NodeProto &node,
                                          Scope &scope, const Call *call) {
  Call inner;
  inner.outer = call;
  inner.function = &function;
  inner.depth = call ? call->depth + 1 : 1;
  inner.prefix = getNodeName(node, call) + "/";
  if (inner.depth > maxCallDepth)
    return error(node) << "functions are nested more than " << maxCallDepth << " deep";
  for (const onnx::AttributeProto *attribute : functionDefaults.lookup(&function))
    inner.attributes[attribute->name()] = attribute;
  for (const onnx::AttributeProto &attribute : node.attribute())
    if (const onnx::AttributeProto *value = resolve(attribute, call))
      inner.attributes[attribute.name()] = value;

  if (node.input_size() > function.input_size() || node.output_size() > function.output_size())
    return error(node) << "calls a function of " << function.input_size() << " inputs and " << function.output_size()
                       << " outputs with " << node.input_size() << " and " << node.output_size();
  SmallVector<Value> operands;
  if (failed(readOperands(node, scope, operands)))
    return failure();

  Scope body;
  for (int i = 0; i < function.input_size(); ++i) {
    // Inputs that the call leaves out at its end are absent, too.
    Value value = size_t(i) < operands.size() ? operands[i] : Value(rec::NoneOp::create(b, getNodeLoc(node, call)));
    if (failed(define(function.input(i), value, body)))
      return failure();
  }
  Opsets opsets = modelOpsets;
  if (failed(addOpsets(function.opset_import(), "function '" + function.name() + "'", opsets)) ||
      failed(readNodes(function.node(), body, &inner, opsets)))
    return failure();
  for (int i = 0; i < node.output_size(); ++i) {
    std::string reason;
    Value value = lookUp(function.output(i), body, reason);
    if (!value)
      return error(node) << "output " << i << " of function '" << function.name() << "': " << reason;
    if (!node.output(i).empty() && failed(define(node.output(i), value, scope)))
      return failure();
  }
  return success();
}

} // namespace reckon::importer
