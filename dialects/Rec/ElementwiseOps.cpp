//===- ElementwiseOps.cpp - Functions of each element -----------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#include "dialects/Rec/Inference.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

static bool isBool(Type type) { return type.isSignlessInteger(1); }
static bool isInteger(Type type) { return isa<IntegerType>(type) && !isBool(type); }

LogicalResult UnaryOp::inferReturnTypes(MLIRContext *context, std::optional<Location> location, Adaptor adaptor,
                                        SmallVectorImpl<Type> &types) {
  Type element = getElementType(adaptor.getX());
  StringRef kind = stringifyUnaryKind(adaptor.getKind());
  auto expect = [&](bool holds, StringRef what) -> LogicalResult {
    if (holds)
      return success();
    return failInference<UnaryOp>(location, "C1", "'", kind, "' takes ", what, ", not ", element);
  };
  switch (adaptor.getKind()) {
  case UnaryKind::logical_not:
    if (failed(expect(isBool(element), "booleans")))
      return failure();
    break;
  case UnaryKind::bitwise_not:
    if (failed(expect(isInteger(element), "integers")))
      return failure();
    break;
  case UnaryKind::abs:
  case UnaryKind::neg:
  case UnaryKind::sign:
  case UnaryKind::relu:
    if (failed(expect(!isBool(element), "numbers")))
      return failure();
    break;
  default:
    if (failed(expect(isa<FloatType>(element), "floats")))
      return failure();
  }
  if (adaptor.getKind() == UnaryKind::is_inf || adaptor.getKind() == UnaryKind::is_nan)
    element = IntegerType::get(context, 1);
  types.push_back(getTensorType(getShape(adaptor.getX()), element));
  return success();
}

/// The broadcast of two shapes under constraint C1 of an elementwise op.
template <typename OpT>
static std::optional<Shape> broadcastOrFail(std::optional<Location> location, ArrayRef<SizeExpr> a,
                                            ArrayRef<SizeExpr> b) {
  auto shape = broadcastShapes(a, b);
  if (!shape)
    (void)failInference<OpT>(location, "C1", "shapes ", printShape(a), " and ", printShape(b),
                             " do not broadcast: sizes must be equal or 1");
  return shape;
}

LogicalResult BinaryOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor adaptor,
                                         SmallVectorImpl<Type> &types) {
  Type a = getElementType(adaptor.getA()), b = getElementType(adaptor.getB());
  BinaryKind kind = adaptor.getKind();
  auto shape = broadcastOrFail<BinaryOp>(location, getShape(adaptor.getA()), getShape(adaptor.getB()));
  if (!shape)
    return failure();
  if (kind != BinaryKind::pow && a != b)
    return failInference<BinaryOp>(location, "C2", "element types ", a, " and ", b, " differ");
  auto expect = [&](bool holds, StringRef what) -> LogicalResult {
    if (holds)
      return success();
    return failInference<BinaryOp>(location, "C3", "'", stringifyBinaryKind(kind), "' takes ", what, ", not ", a,
                                   " and ", b);
  };
  LogicalResult typed = success();
  switch (kind) {
  case BinaryKind::logical_and:
  case BinaryKind::logical_or:
  case BinaryKind::logical_xor:
    typed = expect(isBool(a), "booleans");
    break;
  case BinaryKind::bitwise_and:
  case BinaryKind::bitwise_or:
  case BinaryKind::bitwise_xor:
  case BinaryKind::shift_left:
  case BinaryKind::shift_right:
    typed = expect(isInteger(a), "integers");
    break;
  default:
    typed = expect(!isBool(a) && !isBool(b), "numbers");
  }
  if (failed(typed))
    return failure();
  types.push_back(getTensorType(*shape, a));
  return success();
}

LogicalResult CompareOp::inferReturnTypes(MLIRContext *context, std::optional<Location> location, Adaptor adaptor,
                                          SmallVectorImpl<Type> &types) {
  Type a = getElementType(adaptor.getA()), b = getElementType(adaptor.getB());
  auto shape = broadcastOrFail<CompareOp>(location, getShape(adaptor.getA()), getShape(adaptor.getB()));
  if (!shape)
    return failure();
  if (a != b)
    return failInference<CompareOp>(location, "C2", "element types ", a, " and ", b, " differ");
  if (isBool(a) && adaptor.getKind() != CompareKind::eq && adaptor.getKind() != CompareKind::ne)
    return failInference<CompareOp>(location, "C2", "'", stringifyCompareKind(adaptor.getKind()),
                                    "' does not order booleans");
  types.push_back(getTensorType(*shape, IntegerType::get(context, 1)));
  return success();
}

LogicalResult SelectOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor adaptor,
                                         SmallVectorImpl<Type> &types) {
  Type a = getElementType(adaptor.getA()), b = getElementType(adaptor.getB());
  auto values = broadcastOrFail<SelectOp>(location, getShape(adaptor.getA()), getShape(adaptor.getB()));
  if (!values)
    return failure();
  auto shape = broadcastOrFail<SelectOp>(location, getShape(adaptor.getCondition()), *values);
  if (!shape)
    return failure();
  if (a != b)
    return failInference<SelectOp>(location, "C2", "element types ", a, " and ", b, " differ");
  types.push_back(getTensorType(*shape, a));
  return success();
}

LogicalResult CastOp::verify() {
  Shape from = getShape(getX()), to = getShape(getResult());
  if (!unifyShapes(from, to))
    return emitOpError("[C1] the operand has shape ") << printShape(from) << ", the result " << printShape(to);
  return success();
}
