//===- Dense.cpp - MatMul, Gemm, Einsum ---------------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "passes/Import/Activate.h"
#include "passes/Import/Registry.h"

#include "llvm/ADT/SmallSet.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace reckon::importer {

/// Whether the value is a trained matrix: the weight of a linear layer.
static bool isWeight(Value value) {
  return getRank(value) == 2 && isa<FloatType>(getElement(value)) && value.getDefiningOp<rec::ConstantOp>();
}

static LogicalResult convertMatMul(Node &node) {
  Value a = node.getOperand(0), b = node.getOperand(1);
  if (!a || !b)
    return node.invalid("an operand is missing");
  if (isWeight(b) && getRank(a) >= 1)
    return node.replace(node.make<rec::LinearOp>(a, b, Value()));
  return node.replace(node.matmul(a, b));
}

/// The addend of a Gemm as a bias of one entry a column; null when it is no such thing.
static Value getBias(Node &node, Value c, const SizeExpr &columns) {
  Shape shape = rec::getShape(c);
  bool isRow = shape.size() <= 1 || (shape.size() == 2 && shape[0] == SizeExpr(1));
  if (!isRow || !columns.isConstant())
    return nullptr;
  if (shape.empty() || shape.back() == SizeExpr(1))
    return node.broadcast(node.reshape(c, {SizeExpr(1)}), columns);
  return shape.back() == columns ? node.reshape(c, columns) : Value();
}

/// alpha a b + beta c; null when the node is not as it should be.
static Value makeGemm(Node &node) {
  Value a = node.getOperand(0), b = node.getOperand(1), c = node.getOperand(2);
  if (!a || !b || getRank(a) != 2 || getRank(b) != 2) {
    (void)node.invalid("operands of rank 2 were expected");
    return nullptr;
  }
  double alpha = node.getFloat("alpha", 1.0), beta = node.getFloat("beta", 1.0);
  bool transA = node.getInt("transA", 0) != 0, transB = node.getInt("transB", 0) != 0;
  bool hasAddend = c && beta != 0;
  if (hasAddend && beta != 1)
    c = node.mul(c, beta);

  if (!isWeight(b)) {
    Value product = node.matmul(a, b, transA, transB);
    if (alpha != 1)
      product = node.mul(product, alpha);
    return hasAddend ? node.add(product, c) : product;
  }
  // A linear layer with the weight as inputs x outputs; the factor goes into the weight.
  if (transA)
    a = node.transpose(a, {1, 0});
  Value weight = transB ? node.transpose(b, {1, 0}) : b;
  if (alpha != 1)
    weight = node.mul(weight, alpha);
  if (!weight || (hasAddend && !c))
    return nullptr;
  Value bias = hasAddend ? getBias(node, c, rec::getShape(weight)[1]) : Value();
  Value result = node.make<rec::LinearOp>(a, weight, bias);
  return hasAddend && !bias ? node.add(result, c) : result;
}

static LogicalResult convertGemm(Node &node) { return node.replace(makeGemm(node)); }

static LogicalResult convertFusedGemm(Node &node) {
  Activation activation{node.getString("activation", ""), node.getFloat("activation_alpha", 0),
                        node.getFloat("activation_beta", 0)};
  return node.replace(activate(node, makeGemm(node), activation));
}

/// Swaps the last two dimensions; with `batch` first moves the leading dimension before the last.
static Value transposeMatrix(Node &node, Value x, bool transposes, bool batch) {
  int64_t rank = getRank(x);
  if (rank < 2)
    return x;
  SmallVector<int64_t> perm = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  if (batch)
    std::rotate(perm.begin(), perm.begin() + 1, perm.end() - 1);
  if (transposes)
    std::swap(perm[rank - 2], perm[rank - 1]);
  return node.transpose(x, perm);
}

static LogicalResult convertFusedMatMul(Node &node) {
  Value a = node.getOperand(0), b = node.getOperand(1);
  if (!a || !b)
    return node.invalid("an operand is missing");
  a = transposeMatrix(node, a, node.getInt("transA", 0) != 0, node.getInt("transBatchA", 0) != 0);
  b = transposeMatrix(node, b, node.getInt("transB", 0) != 0, node.getInt("transBatchB", 0) != 0);
  if (!a || !b)
    return failure();
  double alpha = node.getFloat("alpha", 1.0);
  Value product;
  if (isWeight(b) && getRank(a) >= 1)
    product = node.make<rec::LinearOp>(a, b, Value());
  else
    product = node.matmul(a, b);
  if (alpha != 1)
    product = node.mul(product, alpha);
  Activation activation{node.getString("activation", ""), node.getFloat("activation_alpha", 0),
                        node.getFloat("activation_beta", 0)};
  return node.replace(activate(node, product, activation));
}

namespace {
/// The terms of an einsum equation over single-letter labels, with the ellipsis spelled out.
struct Equation {
  SmallVector<std::string> inputs;
  std::string output;
};
} // namespace

/// Explicit form of an ONNX equation: no spaces, no ellipsis, with an output term.
static FailureOr<Equation> parseEquation(Node &node, StringRef text, ArrayRef<Value> operands) {
  std::string compact;
  llvm::copy_if(text, std::back_inserter(compact), [](char c) { return c != ' '; });
  auto [left, right] = StringRef(compact).split("->");
  bool isExplicit = StringRef(compact).contains("->");
  SmallVector<StringRef> terms;
  left.split(terms, ',');
  if (terms.size() != operands.size())
    return node.invalid("equation '" + text + "' has " + Twine(terms.size()) + " terms for " + Twine(operands.size()) +
                        " operands");

  // Letters that the equation leaves free stand for the dimensions of the ellipsis.
  std::string free;
  for (char c : StringRef("ZYXWVUTSRQPONMLKJIHGFEDCBAzyxwvutsrqponmlkjihgfedcba"))
    if (!StringRef(compact).contains(c))
      free.push_back(c);
  size_t ellipsisRank = 0;
  auto expand = [&](StringRef term, size_t count) -> std::string {
    auto [before, after] = term.split("...");
    return term.contains("...") ? (before + free.substr(ellipsisRank - count, count) + after).str() : term.str();
  };
  auto isTerm = [](StringRef term) {
    auto [before, after] = term.split("...");
    return llvm::all_of(before, llvm::isAlpha) && llvm::all_of(after, llvm::isAlpha);
  };
  SmallVector<size_t> counts;
  for (auto [term, operand] : llvm::zip_equal(terms, operands)) {
    size_t letters = llvm::count_if(term, llvm::isAlpha), rank = getRank(operand);
    bool hasEllipsis = term.contains("...");
    if (!isTerm(term) || letters > rank || (!hasEllipsis && letters != rank))
      return node.invalid("term '" + term + "' of the equation does not fit a tensor of rank " + Twine(rank));
    counts.push_back(rank - letters);
    ellipsisRank = std::max(ellipsisRank, rank - letters);
  }
  if (ellipsisRank > free.size() || !isTerm(right))
    return node.invalid("equation '" + text + "' has too many labels or a malformed output");

  Equation equation;
  for (auto [term, count] : llvm::zip_equal(terms, counts))
    equation.inputs.push_back(expand(term, count));
  if (isExplicit) {
    equation.output = expand(right, ellipsisRank);
    return equation;
  }
  // Implicit: the ellipsis, then the labels that occur once, in alphabetical order.
  std::string once;
  for (char c : StringRef(compact))
    if (llvm::isAlpha(c) && StringRef(compact).count(c) == 1)
      once.push_back(c);
  llvm::sort(once);
  equation.output = free.substr(0, ellipsisRank) + once;
  return equation;
}

/// The diagonal of two dimensions of size n: once they are last and merged, every (n + 1)th element.
static Value takeDiagonal(Node &node, Value x, int64_t first, int64_t second) {
  Shape shape = rec::getShape(x);
  const SizeExpr &size = shape[first];
  auto n = size.constant();
  if (rec::provablyDiffer(size, shape[second])) {
    (void)node.invalid("a label of the equation stands for sizes " + size.str() + " and " + shape[second].str());
    return nullptr;
  }
  if (!n || size != shape[second]) {
    (void)node.unsupported("the diagonal of a dynamic size");
    return nullptr;
  }
  SmallVector<int64_t> perm;
  Shape rest;
  for (int64_t axis = 0; axis < int64_t(shape.size()); ++axis)
    if (axis != first && axis != second) {
      perm.push_back(axis);
      rest.push_back(shape[axis]);
    }
  perm.append({first, second});
  rest.push_back(size * size);
  Value flat = node.reshape(node.transpose(x, perm), rest);
  return node.sliceAxis(flat, rest.size() - 1, 0, size, *n + 1);
}

/// A label twice in a term stands for the diagonal, which moves to the end of the term.
static bool takeDiagonals(Node &node, std::string &term, Value &operand) {
  for (size_t first = 0; first < term.size();) {
    size_t second = term.find(term[first], first + 1);
    if (second == std::string::npos) {
      ++first;
      continue;
    }
    operand = takeDiagonal(node, operand, first, second);
    if (!operand)
      return false;
    char label = term[first];
    term.erase(second, 1);
    term.erase(first, 1);
    term.push_back(label);
    first = 0;
  }
  return true;
}

static LogicalResult convertEinsum(Node &node) {
  SmallVector<Value> operands = node.getOperands();
  auto equation = parseEquation(node, node.getString("equation", ""), operands);
  if (failed(equation))
    return failure();
  for (auto [term, operand] : llvm::zip_equal(equation->inputs, operands))
    if (!takeDiagonals(node, term, operand))
      return failure();
  // A size of 1 broadcasts against the same label of another operand; the op wants equal sizes.
  llvm::SmallMapVector<char, SizeExpr, 8> sizes;
  for (auto [term, operand] : llvm::zip_equal(equation->inputs, operands))
    for (auto [label, size] : llvm::zip_equal(term, rec::getShape(operand)))
      if (auto [it, isNew] = sizes.insert({label, size}); !isNew && it->second == SizeExpr(1))
        it->second = size;
  for (auto [term, operand] : llvm::zip_equal(equation->inputs, operands)) {
    Shape shape;
    for (char label : term)
      shape.push_back(sizes[label]);
    operand = node.broadcast(operand, shape);
  }
  if (node.isBroken())
    return failure();
  Shape shape;
  for (char label : equation->output) {
    if (!sizes.count(label) || StringRef(equation->output).count(label) != 1)
      return node.invalid("label '" + Twine(label) + "' of the output is in no operand, or there twice");
    shape.push_back(sizes[label]);
  }
  std::string text = llvm::join(equation->inputs, ",") + "->" + equation->output;
  return node.replace(
      node.makeTyped<rec::EinsumOp>(rec::getTensorType(shape, getElement(operands[0])), text, ValueRange(operands)));
}

void registerDense(Registry &r) {
  r.add("Einsum", convertEinsum);
  r.add("Gemm", convertGemm, 7);
  r.add("MatMul", convertMatMul);
  r.add("com.microsoft.FusedGemm", convertFusedGemm);
  r.add("com.microsoft.FusedMatMul", convertFusedMatMul);
  r.add("com.microsoft.FusedMatMulActivation", convertFusedMatMul);
  r.add("com.microsoft.TransposeMatMul", convertFusedMatMul);
}

} // namespace reckon::importer
