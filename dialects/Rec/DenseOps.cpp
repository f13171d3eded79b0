//===- DenseOps.cpp - Layers that multiply ----------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#include "dialects/Rec/Inference.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

LogicalResult LinearOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor adaptor,
                                         SmallVectorImpl<Type> &types) {
  Shape x = getShape(adaptor.getX()), weight = getShape(adaptor.getWeight());
  if (x.empty())
    return failInference<LinearOp>(location, "C1", "x is a scalar, expected rank 1 or more");
  if (weight.size() != 2)
    return failInference<LinearOp>(location, "C2", "the weight has rank ", weight.size(),
                                   ", expected 2: inputs x outputs");
  if (!unifySizes(x.back(), weight[0]))
    return failInference<LinearOp>(location, "C1", "the last size of x is '", x.back().str(),
                                   "', the first of the weight '", weight[0].str(), "'");
  if (Value bias = adaptor.getBias()) {
    Shape shape = getShape(bias);
    if (shape.size() != 1 || !unifySizes(shape[0], weight[1]))
      return failInference<LinearOp>(location, "C2", "the bias has shape ", printShape(shape), ", expected [",
                                     weight[1].str(), "]");
  }
  Type element = getCommonElementType({adaptor.getX(), adaptor.getWeight(), adaptor.getBias()});
  if (!element)
    return failInference<LinearOp>(location, "C3", "the operands differ in element type");
  x.back() = weight[1];
  types.push_back(getTensorType(x, element));
  return success();
}

LogicalResult MatmulOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor adaptor,
                                         SmallVectorImpl<Type> &types) {
  Shape a = getShape(adaptor.getA()), b = getShape(adaptor.getB());
  if (a.empty() || b.empty())
    return failInference<MatmulOp>(location, "C1", "an operand is a scalar, expected rank 1 or more");
  if ((adaptor.getTransposeA() && a.size() < 2) || (adaptor.getTransposeB() && b.size() < 2))
    return failInference<MatmulOp>(location, "C4", "a transposed operand has rank 1, expected 2 or more");
  Type element = getCommonElementType({adaptor.getA(), adaptor.getB()});
  if (!element)
    return failInference<MatmulOp>(location, "C3", "element types ", getElementType(adaptor.getA()), " and ",
                                   getElementType(adaptor.getB()), " differ");
  bool vectorA = a.size() == 1, vectorB = b.size() == 1;
  if (vectorA)
    a.insert(a.begin(), 1);
  if (vectorB)
    b.push_back(1);
  if (adaptor.getTransposeA())
    std::swap(a[a.size() - 1], a[a.size() - 2]);
  if (adaptor.getTransposeB())
    std::swap(b[b.size() - 1], b[b.size() - 2]);
  if (!unifySizes(a.back(), b[b.size() - 2]))
    return failInference<MatmulOp>(location, "C1", "the inner sizes '", a.back().str(), "' and '",
                                   b[b.size() - 2].str(), "' differ");
  auto leadingA = ArrayRef(a).drop_back(2), leadingB = ArrayRef(b).drop_back(2);
  auto result = broadcastShapes(leadingA, leadingB);
  if (!result)
    return failInference<MatmulOp>(location, "C2", "leading shapes ", printShape(leadingA), " and ",
                                   printShape(leadingB), " do not broadcast");
  if (!vectorA)
    result->push_back(a[a.size() - 2]);
  if (!vectorB)
    result->push_back(b.back());
  types.push_back(getTensorType(*result, element));
  return success();
}

LogicalResult DotInteractionOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor adaptor,
                                                 SmallVectorImpl<Type> &types) {
  Shape x = getShape(adaptor.getX());
  if (x.size() != 3 || !x[1].isConstant())
    return failInference<DotInteractionOp>(location, "C1", "x has shape ", printShape(x),
                                           ", expected rank 3 with a static number of features");
  SizeExpr pairs = SizeExpr::floorDiv(x[1] * (adaptor.getSelfInteraction() ? x[1] + 1 : x[1] - 1), 2);
  types.push_back(getTensorType({x[0], pairs}, getElementType(adaptor.getX())));
  return success();
}

LogicalResult CrossLayerOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor adaptor,
                                             SmallVectorImpl<Type> &types) {
  Shape x0 = getShape(adaptor.getX0()), x = getShape(adaptor.getX()), weight = getShape(adaptor.getWeight());
  auto result = unifyShapes(x0, x);
  if (x0.size() != 2 || !result)
    return failInference<CrossLayerOp>(location, "C1", "x0 has shape ", printShape(x0), ", x ", printShape(x),
                                       ", expected one shape batch x width");
  const SizeExpr &width = (*result)[1];
  Shape down = adaptor.getDown() ? getShape(adaptor.getDown()) : Shape{width, width};
  if (down.size() != 2 || !unifySizes(down[0], width))
    return failInference<CrossLayerOp>(location, "C2", "down has shape ", printShape(down), ", expected ", width.str(),
                                       " x rank");
  if (weight.size() != 2 || !unifySizes(weight[0], down[1]) || !unifySizes(weight[1], width))
    return failInference<CrossLayerOp>(location, "C2", "the weight has shape ", printShape(weight), ", expected ",
                                       printShape({down[1], width}));
  if (Value bias = adaptor.getBias())
    if (!unifyShapes(getShape(bias), {width}))
      return failInference<CrossLayerOp>(location, "C3", "the bias has shape ", printShape(getShape(bias)),
                                         ", expected ", printShape({width}));
  Type element = getCommonElementType(
      {adaptor.getX0(), adaptor.getX(), adaptor.getDown(), adaptor.getWeight(), adaptor.getBias()});
  if (!element)
    return failInference<CrossLayerOp>(location, "C4", "the operands differ in element type");
  types.push_back(getTensorType(*result, element));
  return success();
}

LogicalResult FmTermOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor adaptor,
                                         SmallVectorImpl<Type> &types) {
  Shape x = getShape(adaptor.getX());
  if (x.size() != 3)
    return failInference<FmTermOp>(location, "C1", "x has rank ", x.size(), ", expected 3: batch x features x dim");
  types.push_back(getTensorType({x[0], adaptor.getSumDim() ? SizeExpr(1) : x[2]}, getElementType(adaptor.getX())));
  return success();
}

LogicalResult EinsumOp::verify() {
  auto [left, right] = getEquation().split("->");
  if (!getEquation().contains("->"))
    return emitOpError("[C1] the equation '") << getEquation() << "' has no arrow";
  SmallVector<StringRef> terms;
  if (!getInputs().empty() || !left.empty())
    left.split(terms, ',');
  if (terms.size() != getInputs().size())
    return emitOpError("[C1] the equation has ") << terms.size() << " terms for " << getInputs().size() << " operands";
  llvm::DenseMap<char, SizeExpr> sizes;
  for (auto [i, input] : llvm::enumerate(getInputs())) {
    Shape shape = getShape(input);
    if (terms[i].size() != shape.size())
      return emitOpError("[C1] term '") << terms[i] << "' for operand " << i << " of rank " << shape.size();
    for (auto [label, size] : llvm::zip_equal(terms[i], shape)) {
      if (!llvm::isAlpha(label))
        return emitOpError("[C1] '") << Twine(label) << "' is not a label";
      auto [known, inserted] = sizes.try_emplace(label, size);
      auto both = unifySizes(known->second, size);
      if (!both)
        return emitOpError("[C1] label '")
               << Twine(label) << "' has sizes '" << known->second.str() << "' and '" << size.str() << "'";
      known->second = *both;
    }
  }
  Shape expected;
  for (char label : right) {
    auto known = llvm::isAlpha(label) ? sizes.find(label) : sizes.end();
    if (known == sizes.end() || right.count(label) != 1)
      return emitOpError("[C1] the output label '")
             << Twine(label) << "' " << (known == sizes.end() ? "is in no operand" : "occurs twice");
    expected.push_back(known->second);
  }
  Shape result = getShape(getResult());
  if (!unifyShapes(expected, result))
    return emitOpError("[C2] the result has shape ") << printShape(result) << ", expected " << printShape(expected);
  SmallVector<Value> values(getInputs());
  values.push_back(getResult());
  if (!getCommonElementType(values))
    return emitOpError("[C2] operands and result differ in element type");
  return success();
}
