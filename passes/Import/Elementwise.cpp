//===- Elementwise.cpp - Unary, binary, comparison, selection, cast -----------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "passes/Import/Registry.h"

#include <limits>

using namespace mlir;

namespace reckon::importer {

template <UnaryKind kind> static LogicalResult convertUnary(Node &node) {
  Value x = node.getOperand(0);
  return x ? node.replace(node.unary(kind, x)) : node.invalid("the operand is missing");
}

template <BinaryKind kind> static LogicalResult convertBinary(Node &node) {
  Value a = node.getOperand(0), b = node.getOperand(1);
  if (!a || !b)
    return node.invalid("an operand is missing");
  return node.replace(node.binary(kind, a, b));
}

template <CompareKind kind> static LogicalResult convertCompare(Node &node) {
  Value a = node.getOperand(0), b = node.getOperand(1);
  if (!a || !b)
    return node.invalid("an operand is missing");
  return node.replace(node.compare(kind, a, b));
}

/// Max, Min, Sum and Mean of any number of operands.
static Value combineAll(Node &node, BinaryKind kind) {
  SmallVector<Value> operands = node.getOperands();
  if (operands.empty()) {
    (void)node.invalid("there are no operands");
    return nullptr;
  }
  Value result = operands.front();
  for (Value value : ArrayRef(operands).drop_front())
    result = node.binary(kind, result, value);
  return result;
}

template <BinaryKind kind> static LogicalResult convertVariadic(Node &node) {
  return node.replace(combineAll(node, kind));
}

static LogicalResult convertMean(Node &node) {
  Value sum = combineAll(node, BinaryKind::add);
  return node.replace(node.binary(BinaryKind::div, sum, double(node.getOperands().size())));
}

static LogicalResult convertMod(Node &node) {
  bool truncates = node.getInt("fmod", 0) != 0;
  if (Value a = node.getOperand(0); !truncates && a && isa<FloatType>(getElement(a)))
    return node.invalid("fmod is 0, which is for integers: floats need 1");
  return truncates ? convertBinary<BinaryKind::fmod>(node) : convertBinary<BinaryKind::mod>(node);
}

static LogicalResult convertBitShift(Node &node) {
  StringRef direction = node.getString("direction", "");
  if (direction != "LEFT" && direction != "RIGHT")
    return node.invalid("direction '" + direction + "' is neither LEFT nor RIGHT");
  return direction == "LEFT" ? convertBinary<BinaryKind::shift_left>(node)
                             : convertBinary<BinaryKind::shift_right>(node);
}

static LogicalResult convertIsInf(Node &node) {
  bool positive = node.getInt("detect_positive", 1), negative = node.getInt("detect_negative", 1);
  if (positive && negative)
    return convertUnary<UnaryKind::is_inf>(node);
  Value x = node.getOperand(0);
  if (!x)
    return node.invalid("the operand is missing");
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (!positive && !negative)
    return node.replace(node.splat(rec::getShape(x), 0, node.b.getI1Type()));
  return node.replace(node.compare(CompareKind::eq, x, positive ? infinity : -infinity));
}

static LogicalResult convertWhere(Node &node) {
  Value condition = node.getOperand(0), a = node.getOperand(1), b = node.getOperand(2);
  if (!condition || !a || !b)
    return node.invalid("an operand is missing");
  return node.replace(node.select(condition, a, b));
}

static LogicalResult convertCast(Node &node) {
  Type type = node.getType("to");
  if (!node.getOperand(0))
    return node.unsupported("the operand has an element type that Reckon has no values of");
  if (!type)
    return node.unsupported("attribute 'to' is " + Twine(node.getInt("to", 0)) +
                            ", an element type that Reckon has no values of");
  return node.replace(node.cast(node.getOperand(0), type));
}

static LogicalResult convertCastLike(Node &node) {
  if (!node.getOperand(0) || !node.getOperand(1))
    return node.unsupported("an operand has an element type that Reckon has no values of");
  return node.replace(node.cast(node.getOperand(0), getElement(node.getOperand(1))));
}

void registerElementwise(Registry &r) {
  r.add("Abs", convertUnary<UnaryKind::abs>);
  r.add("Acos", convertUnary<UnaryKind::acos>);
  r.add("Acosh", convertUnary<UnaryKind::acosh>);
  r.add("Asin", convertUnary<UnaryKind::asin>);
  r.add("Asinh", convertUnary<UnaryKind::asinh>);
  r.add("Atan", convertUnary<UnaryKind::atan>);
  r.add("Atanh", convertUnary<UnaryKind::atanh>);
  r.add("BitwiseNot", convertUnary<UnaryKind::bitwise_not>);
  r.add("Ceil", convertUnary<UnaryKind::ceil>);
  r.add("Cos", convertUnary<UnaryKind::cos>);
  r.add("Cosh", convertUnary<UnaryKind::cosh>);
  r.add("Erf", convertUnary<UnaryKind::erf>);
  r.add("Exp", convertUnary<UnaryKind::exp>);
  r.add("Floor", convertUnary<UnaryKind::floor>);
  r.add("HardSwish", convertUnary<UnaryKind::hard_swish>);
  r.add("IsNaN", convertUnary<UnaryKind::is_nan>);
  r.add("Log", convertUnary<UnaryKind::log>);
  r.add("Mish", convertUnary<UnaryKind::mish>);
  r.add("Neg", convertUnary<UnaryKind::neg>);
  r.add("Not", convertUnary<UnaryKind::logical_not>);
  r.add("Reciprocal", convertUnary<UnaryKind::reciprocal>);
  r.add("Relu", convertUnary<UnaryKind::relu>);
  r.add("Round", convertUnary<UnaryKind::round>);
  r.add("Sigmoid", convertUnary<UnaryKind::sigmoid>);
  r.add("Sign", convertUnary<UnaryKind::sign>);
  r.add("Sin", convertUnary<UnaryKind::sin>);
  r.add("Sinh", convertUnary<UnaryKind::sinh>);
  r.add("Softplus", convertUnary<UnaryKind::softplus>);
  r.add("Softsign", convertUnary<UnaryKind::softsign>);
  r.add("Sqrt", convertUnary<UnaryKind::sqrt>);
  r.add("Tan", convertUnary<UnaryKind::tan>);
  r.add("Tanh", convertUnary<UnaryKind::tanh>);
  r.add("IsInf", convertIsInf);

  // Since opset 7 these broadcast as numpy does; before, by attributes.
  r.add("Add", convertBinary<BinaryKind::add>, 7);
  r.add("Sub", convertBinary<BinaryKind::sub>, 7);
  r.add("Mul", convertBinary<BinaryKind::mul>, 7);
  r.add("Div", convertBinary<BinaryKind::div>, 7);
  r.add("Pow", convertBinary<BinaryKind::pow>, 7);
  r.add("And", convertBinary<BinaryKind::logical_and>, 7);
  r.add("Or", convertBinary<BinaryKind::logical_or>, 7);
  r.add("Xor", convertBinary<BinaryKind::logical_xor>, 7);
  r.add("BitwiseAnd", convertBinary<BinaryKind::bitwise_and>);
  r.add("BitwiseOr", convertBinary<BinaryKind::bitwise_or>);
  r.add("BitwiseXor", convertBinary<BinaryKind::bitwise_xor>);
  r.add("BitShift", convertBitShift);
  r.add("Mod", convertMod);
  r.add("Max", convertVariadic<BinaryKind::max>, 6);
  r.add("Min", convertVariadic<BinaryKind::min>, 6);
  r.add("Sum", convertVariadic<BinaryKind::add>, 6);
  r.add("Mean", convertMean, 6);

  r.add("Equal", convertCompare<CompareKind::eq>, 7);
  r.add("Less", convertCompare<CompareKind::lt>, 7);
  r.add("LessOrEqual", convertCompare<CompareKind::le>);
  r.add("Greater", convertCompare<CompareKind::gt>, 7);
  r.add("GreaterOrEqual", convertCompare<CompareKind::ge>);
  r.add("Where", convertWhere);
  r.add("Cast", convertCast, 6);
  r.add("CastLike", convertCastLike);
}

} // namespace reckon::importer
