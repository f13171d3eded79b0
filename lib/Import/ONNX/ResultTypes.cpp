//===- ResultTypes.cpp - Element types of node results -------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------------===//
//
// Exporters are free to leave value_info out, and many do. The conversion computes exact types; until then a result
// carries an element type by a rule per operator.
//
//===---------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/GraphReader.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;

namespace reckon::importer {

namespace {
/// How an operator's results get their element types. Operand(n): that of operand n.
enum class Rule { FirstTensor, Operand1, Operand2, Bool, Int64, Dtype, To, ValueAttr, Quantized };
} // namespace

static Rule getRule(StringRef opType, unsigned result) {
  // Results after the first that are counts or positions.
  if (result > 0 && (opType == "TopK" || opType == "Unique" || opType == "MaxPool"))
    return Rule::Int64;
  if (result > 0 && opType == "Dropout")
    return Rule::Bool;
  return llvm::StringSwitch<Rule>(opType)
      .Cases({"Equal", "Less", "Greater", "LessOrEqual", "GreaterOrEqual", "And", "Or", "Xor", "Not", "IsNaN", "IsInf"},
             Rule::Bool)
      .Cases({"Shape", "Size", "NonZero", "ArgMax", "ArgMin", "SequenceLength", "NonMaxSuppression"}, Rule::Int64)
      .Cases({"CastLike", "Where", "DequantizeLinear"}, Rule::Operand1)
      .Case("OneHot", Rule::Operand2)
      .Case("Cast", Rule::To)
      .Cases({"EyeLike", "SequenceEmpty", "RandomNormal", "RandomUniform", "Bernoulli", "Multinomial"}, Rule::Dtype)
      .Case("ConstantOfShape", Rule::ValueAttr)
      .Case("QuantizeLinear", Rule::Quantized)
      .Default(Rule::FirstTensor);
}

/// The element type of a tensor or of the tensors in a sequence; null for `none`.
static Type getElement(Type type) {
  if (auto sequence = dyn_cast<rec::SequenceType>(type))
    return getElement(sequence.getElementType());
  auto tensor = dyn_cast<TensorType>(type);
  return tensor ? tensor.getElementType() : Type();
}

static Type getElementByRule(Rule rule, ArrayRef<Value> operands, DictionaryAttr attrs) {
  MLIRContext *context = attrs.getContext();
  auto operand = [&](size_t i) { return i < operands.size() ? getElement(operands[i].getType()) : Type(); };
  auto named = [&](StringRef key) -> Type {
    auto number = attrs.getAs<IntegerAttr>(key);
    return number ? getElementType(number.getInt(), context) : Type();
  };
  switch (rule) {
  case Rule::Bool:
    return IntegerType::get(context, 1);
  case Rule::Int64:
    return IntegerType::get(context, 64);
  case Rule::Operand1:
    return operand(1);
  case Rule::Operand2:
    return operand(2);
  case Rule::To:
    return named("to");
  case Rule::Dtype:
    return named("dtype");
  case Rule::ValueAttr: {
    auto value = attrs.getAs<ElementsAttr>("value");
    return value ? value.getElementType() : Type();
  }
  case Rule::Quantized:
    return operand(2) ? operand(2) : IntegerType::get(context, 8, IntegerType::Unsigned);
  case Rule::FirstTensor:
    break;
  }
  for (Value value : operands)
    if (Type element = getElement(value.getType()))
      return element;
  return nullptr;
}

static Type withoutShape(Type type) {
  auto tensor = dyn_cast<TensorType>(type);
  return tensor ? UnrankedTensorType::get(tensor.getElementType()) : type;
}

/// Results of If, Loop and Scan follow from what their bodies yield and, in a loop, from the carried values.
static Type getControlFlowType(StringRef opType, unsigned result, ArrayRef<Value> operands,
                               MutableArrayRef<std::unique_ptr<Region>> subgraphs) {
  unsigned carried = opType == "Loop" && operands.size() > 2 ? operands.size() - 2 : 0;
  if (result < carried)
    return withoutShape(operands[result + 2].getType());
  unsigned index = opType == "Loop" ? result + 1 : result; // A loop's body yields its condition first.
  if (subgraphs.empty() || subgraphs.front()->empty())
    return nullptr;
  Operation *yield = subgraphs.front()->front().getTerminator();
  return index < yield->getNumOperands() ? withoutShape(yield->getOperand(index).getType()) : Type();
}

SmallVector<Type> getResultTypes(StringRef opType, ArrayRef<Value> operands, DictionaryAttr attrs,
                                 ArrayRef<Type> declared, MutableArrayRef<std::unique_ptr<Region>> subgraphs) {
  MLIRContext *context = attrs.getContext();
  bool givesSequence = llvm::StringSwitch<bool>(opType)
                           .Cases({"SequenceEmpty", "SequenceConstruct", "SequenceInsert", "SequenceErase",
                                   "SplitToSequence", "SequenceMap"},
                                  true)
                           .Default(false);
  bool isControlFlow = opType == "If" || opType == "Loop" || opType == "Scan";
  SmallVector<Type> types;
  for (auto [i, type] : llvm::enumerate(declared)) {
    Type chosen = type ? withoutShape(type) : Type();
    if (!chosen && isControlFlow)
      chosen = getControlFlowType(opType, i, operands, subgraphs);
    if (!chosen) {
      Type element = getElementByRule(getRule(opType, i), operands, attrs);
      chosen = UnrankedTensorType::get(element ? element : Type(Float32Type::get(context)));
      if (givesSequence)
        chosen = rec::SequenceType::get(context, chosen);
      else if (!element && !operands.empty() && isa<NoneType>(operands.front().getType()))
        chosen = NoneType::get(context); // Whatever has no type here has none there.
    }
    types.push_back(chosen);
  }
  return types;
}

} // namespace reckon::importer
