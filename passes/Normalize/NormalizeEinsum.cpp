//===- NormalizeEinsum.cpp - Einstein sums as products of matrices -------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "passes/Common/Matchers.h"
#include "passes/Normalize/Passes.h"

#include "dialects/Rec/ConstantData.h"
#include "dialects/Rec/Shape.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace reckon {
#define GEN_PASS_DEF_NORMALIZEEINSUM
#include "passes/Normalize/Passes.h.inc"
} // namespace reckon

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

namespace {

/// A tensor with one label a dimension.
struct Labelled {
  Value value;
  std::string labels;

  SizeExpr getSize(char label) const { return getShape(value)[labels.find(label)]; }
};

bool contains(StringRef labels, char label) { return labels.contains(label); }

/// Rewrites one sum; the steps append to the block before the op.
class EinsumExpansion {
public:
  EinsumExpansion(PatternRewriter &rewriter, EinsumOp op)
      : rewriter(rewriter), loc(op.getLoc()), element(op.getType().getElementType()) {}

  /// Sums over the labels that nothing in `kept` names.
  Labelled sumOut(const Labelled &term, StringRef kept) {
    SmallVector<int64_t> axes;
    std::string labels;
    for (auto [i, label] : llvm::enumerate(term.labels)) {
      if (contains(kept, label))
        labels += label;
      else
        axes.push_back(i);
    }
    if (axes.empty())
      return term;
    Value sum = ReduceOp::create(rewriter, loc, ReduceKindAttr::get(rewriter.getContext(), ReduceKind::sum), term.value,
                                 rewriter.getDenseI64ArrayAttr(axes), UnitAttr());
    return {sum, labels};
  }

  /// Dimensions in the order of `labels`, a permutation of the term's.
  Labelled order(const Labelled &term, StringRef labels) {
    if (term.labels == labels)
      return term;
    SmallVector<int64_t> perm;
    for (char label : labels)
      perm.push_back(term.labels.find(label));
    return {TransposeOp::create(rewriter, loc, term.value, rewriter.getDenseI64ArrayAttr(perm)), labels.str()};
  }

  /// The sum over the products of a and b; of the result only labels in `kept` remain.
  Labelled multiply(Labelled a, Labelled b, StringRef kept) {
    a = sumOut(a, kept.str() + b.labels);
    b = sumOut(b, kept.str() + a.labels);
    std::string batch, contracted, freeA, freeB;
    for (char label : a.labels)
      (!contains(b.labels, label) ? freeA : contains(kept, label) ? batch : contracted) += label;
    for (char label : b.labels)
      if (!contains(a.labels, label))
        freeB += label;

    Shape batchSizes, resultSizes;
    SizeExpr inner = 1, rows = 1, columns = 1;
    for (char label : batch)
      batchSizes.push_back(a.getSize(label));
    for (char label : contracted)
      inner = inner * a.getSize(label);
    resultSizes = batchSizes;
    for (char label : freeA) {
      rows = rows * a.getSize(label);
      resultSizes.push_back(a.getSize(label));
    }
    for (char label : freeB) {
      columns = columns * b.getSize(label);
      resultSizes.push_back(b.getSize(label));
    }
    auto matrix = [&](const Labelled &term, const std::string &labels, const SizeExpr &first, const SizeExpr &second) {
      Shape shape = batchSizes;
      shape.append({first, second});
      return reshapeTo(rewriter, loc, order(term, labels).value, getTensorType(shape, element));
    };
    Value left = matrix(a, batch + freeA + contracted, rows, inner);
    Value right = matrix(b, batch + contracted + freeB, inner, columns);
    Value product = contracted.empty()
                        ? Value(BinaryOp::create(
                              rewriter, loc, BinaryKindAttr::get(rewriter.getContext(), BinaryKind::mul), left, right))
                        : Value(MatmulOp::create(rewriter, loc, left, right, UnitAttr(), UnitAttr()));
    return {reshapeTo(rewriter, loc, product, getTensorType(resultSizes, element)), batch + freeA + freeB};
  }

private:
  PatternRewriter &rewriter;
  Location loc;
  Type element;
};

bool hasRepeatedLabel(StringRef labels) {
  for (size_t i = 0; i < labels.size(); ++i)
    if (labels.find(labels[i], i + 1) != StringRef::npos)
      return true;
  return false;
}

struct ExpandEinsum : CountedPattern<EinsumOp> {
  using CountedPattern::CountedPattern;

  LogicalResult matchAndRewrite(EinsumOp op, PatternRewriter &rewriter) const override {
    StringRef inputs, output;
    std::tie(inputs, output) = op.getEquation().split("->");
    SmallVector<StringRef> terms;
    inputs.split(terms, ',');
    if (terms.size() != op.getInputs().size() || llvm::any_of(terms, hasRepeatedLabel) || hasRepeatedLabel(output))
      return rewriter.notifyMatchFailure(op, "a label occurs twice in one term");
    if (llvm::any_of(output, [&](char label) { return !inputs.contains(label); }))
      return rewriter.notifyMatchFailure(op, "the output has a label of its own");
    for (Value input : op.getInputs())
      if (llvm::any_of(getShape(input), isAnonymous))
        return rewriter.notifyMatchFailure(op, "a size has no name");

    EinsumExpansion expansion(rewriter, op);
    Labelled result{op.getInputs()[0], terms[0].str()};
    for (size_t i = 1; i < terms.size(); ++i) {
      // What a later term or the output names outlives this product.
      std::string kept = output.str();
      for (StringRef later : ArrayRef(terms).drop_front(i + 1))
        kept += later;
      result = expansion.multiply(result, {op.getInputs()[i], terms[i].str()}, kept);
    }
    result = expansion.order(expansion.sumOut(result, output), output);
    replaceByShape(rewriter, op, result.value);
    ++count;
    return success();
  }
};

struct NormalizeEinsum : public reckon::impl::NormalizeEinsumBase<NormalizeEinsum> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ExpandEinsum>(&getContext(), numExpanded);
    applyPatterns(getOperation(), std::move(patterns));
  }
};
} // namespace
