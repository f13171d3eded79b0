//===- HoistSlices.cpp - Compute only what a slice keeps ---------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------------===//
//
// A sequence model often scores its last step alone, and slices it out behind all of its layers. A slice moves above
// the layer that it reads, as slices of the layer's operands, where the layer is computed for fewer elements then: all
// its readers are slices, which together keep less than the whole.
//
//===-------------------------------------------------------------------------------===//

#include "passes/Common/Matchers.h"
#include "passes/Optimize/Passes.h"

#include "dialects/Rec/ConstantData.h"
#include "dialects/Rec/Shape.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "llvm/ADT/TypeSwitch.h"

namespace reckon {
#define GEN_PASS_DEF_HOISTSLICES
#include "passes/Optimize/Passes.h.inc"
} // namespace reckon

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

namespace {

/// What a slice keeps of one dimension.
struct Span {
  SizeExpr start, size, extent;
  int64_t step = 1;

  static Span whole(const SizeExpr &extent) { return {0, extent, extent, 1}; }
  bool isWhole() const { return start == SizeExpr(0) && step == 1 && size == extent; }
};
using Spans = SmallVector<Span>;

Spans getSpans(SliceOp slice) {
  Spans spans;
  for (auto [d, extent] : llvm::enumerate(getShape(slice.getX())))
    spans.push_back({slice.getStarts().getSize(d), slice.getSizes().getSize(d), extent, slice.getSteps()[d]});
  return spans;
}

Spans getWhole(Value value) { return llvm::map_to_vector(getShape(value), Span::whole); }

bool areWhole(ArrayRef<Span> spans) {
  return llvm::all_of(spans, [](const Span &span) { return span.isWhole(); });
}

/// Of an operand that numpy's broadcasting, over the dimensions it has in common with the result, repeats; none where a
/// size is known to be 1 by the run alone.
std::optional<Spans> getBroadcastSpans(Value operand, ArrayRef<Span> result) {
  Spans spans = getWhole(operand);
  for (auto [span, kept] : llvm::zip(spans, result.take_back(spans.size()))) {
    if (span.extent == kept.extent)
      span = kept;
    else if (span.extent != SizeExpr(1) && !kept.isWhole())
      return std::nullopt;
  }
  return spans;
}

/// A dimension of a reshape's result is one of its operand where as many elements come before and behind it.
std::optional<Spans> getReshapedSpans(ReshapeOp reshape, ArrayRef<Span> result) {
  Spans spans = getWhole(reshape.getX());
  Shape from = getShape(reshape.getX()), to = getShape(reshape.getResult());
  if (getNumElements(from) != getNumElements(to))
    return std::nullopt; // the run checks that, for the whole
  for (auto [d, kept] : llvm::enumerate(result)) {
    if (kept.isWhole())
      continue;
    SizeExpr before = getNumElements(ArrayRef(to).take_front(d)), passed = 1;
    size_t source = 0;
    while (source < from.size() && (passed != before || from[source] != kept.extent))
      passed = passed * from[source++];
    if (source == from.size())
      return std::nullopt;
    spans[source] = kept;
  }
  return spans;
}

bool hasConstantWeights(LinearOp op) {
  return isConstant(op.getWeight()) && (!op.getBias() || isConstant(op.getBias()));
}

/// What a layer needs of its operands for part of its result; none where that is not a box of each.
class OperandSpans {
public:
  OperandSpans(ArrayRef<Span> result) : result(result) {}

  std::optional<SmallVector<Spans>> get(Operation *op) {
    for (Value operand : op->getOperands())
      spans.push_back(getWhole(operand));
    bool isBox =
        llvm::TypeSwitch<Operation *, bool>(op)
            .Case<LinearOp, MatmulOp, LayerNormOp, SoftmaxOp, TransposeOp, ReshapeOp, BroadcastOp, ReduceOp, ConcatOp>(
                [&](auto layer) { return set(layer); })
            .Default([&](Operation *layer) { return layer->hasTrait<Pointwise>() && setPointwise(layer); });
    return isBox ? std::optional(spans) : std::nullopt;
  }

private:
  bool take(unsigned operand, std::optional<Spans> found) {
    if (found)
      spans[operand] = *found;
    return found.has_value();
  }

  bool setPointwise(Operation *op) {
    for (auto [i, operand] : llvm::enumerate(op->getOperands()))
      if (!take(i, getBroadcastSpans(operand, result)))
        return false;
    return true;
  }
  bool set(LinearOp op) {
    std::copy(result.begin(), result.end() - 1, spans[0].begin());
    if (result.back().isWhole())
      return true;
    if (!hasConstantWeights(op) || !result.back().start.isConstant() || !result.back().size.isConstant() ||
        result.back().step != 1)
      return false;
    for (Spans &weight : MutableArrayRef(spans).drop_front())
      weight.back() = result.back();
    return true;
  }
  bool set(MatmulOp op) {
    size_t rank = result.size();
    for (const auto &[i, operand, transposed, kept] :
         {std::tuple(0u, op.getA(), op.getTransposeA(), result[rank - 2]),
          std::tuple(1u, op.getB(), op.getTransposeB(), result[rank - 1])}) {
      Spans &own = spans[i];
      if (own.size() < 2)
        return false;
      // Of a the rows and of b the columns are the result's.
      bool isLast = (i == 0) == transposed;
      own[own.size() - (isLast ? 1 : 2)] = kept;
      for (size_t d = 0; d + 2 < own.size(); ++d) {
        const Span &batch = result[rank - own.size() + d];
        if (own[d].extent == batch.extent)
          own[d] = batch;
        else if (own[d].extent != SizeExpr(1) && !batch.isWhole())
          return false;
      }
    }
    return true;
  }
  bool setBefore(unsigned axis) {
    std::copy(result.begin(), result.begin() + axis, spans[0].begin());
    return areWhole(result.drop_front(axis));
  }
  bool set(LayerNormOp op) { return setBefore(op.getAxis()); }
  bool set(SoftmaxOp op) {
    spans[0].assign(result.begin(), result.end());
    return result[op.getAxis()].isWhole();
  }
  bool set(TransposeOp op) {
    for (auto [d, from] : llvm::enumerate(op.getPerm()))
      spans[0][from] = result[d];
    return true;
  }
  bool set(ReshapeOp op) { return take(0, getReshapedSpans(op, result)); }
  bool set(BroadcastOp op) { return take(0, getBroadcastSpans(op.getX(), result)); }
  bool set(ReduceOp op) {
    size_t kept = 0;
    for (size_t d = 0; d < spans[0].size(); ++d) {
      bool isReduced = llvm::is_contained(op.getAxes(), int64_t(d));
      if (isReduced && op.getKeepdims() && !result[kept].isWhole())
        return false;
      if (!isReduced)
        spans[0][d] = result[kept];
      kept += !isReduced || op.getKeepdims();
    }
    return true;
  }
  bool set(ConcatOp op) {
    for (Spans &own : spans)
      for (size_t d = 0; d < own.size(); ++d)
        if (d != size_t(op.getAxis()))
          own[d] = result[d];
    return result[op.getAxis()].isWhole();
  }

  ArrayRef<Span> result;
  SmallVector<Spans> spans;
};

/// Elements when every dimension is 64.
std::optional<int64_t> countElements(Value value) {
  return getNumElements(getShape(value)).evaluate([](std::string_view) { return std::optional<int64_t>(64); });
}

/// Whether slices alone read the value, and keep less than all of it.
bool keepsLess(Value value) {
  std::optional<int64_t> all = countElements(value);
  int64_t kept = 0;
  for (Operation *user : value.getUsers()) {
    auto slice = dyn_cast<SliceOp>(user);
    std::optional<int64_t> part = slice ? countElements(slice.getResult()) : std::nullopt;
    if (!part || __builtin_add_overflow(kept, *part, &kept))
      return false;
  }
  return all && kept < *all;
}

/// Whether part of the columns of a value can be computed alone, when `reader` reads no more of it: then a function of
/// it stays with the layer behind it.
bool hasOwnColumns(Value value, Operation *reader) {
  Operation *op = value.getDefiningOp();
  if (!op || isa<ConstantOp>(op))
    return true;
  auto linear = dyn_cast<LinearOp>(op);
  bool isLayer = linear
                     ? hasConstantWeights(linear)
                     : op->hasTrait<Pointwise>() &&
                           llvm::all_of(op->getOperands(), [&](Value operand) { return hasOwnColumns(operand, op); });
  return isLayer && llvm::all_of(op->getUsers(), [&](Operation *user) { return user == reader || isa<SliceOp>(user); });
}

/// What spans keep of a constant, as a constant of its own; null where the run alone knows what that is.
Value sliceConstant(PatternRewriter &rewriter, ConstantOp constant, ArrayRef<Span> spans) {
  RankedTensorType type = constant.getType();
  std::optional<ConstantBytes> bytes = getConstantBytes(constant.getValue());
  std::optional<unsigned> elementBytes = getElementSize(type.getElementType());
  SmallVector<int64_t> shape;
  for (const Span &span : spans) {
    if (!span.start.constant() || !span.size.constant())
      return {};
    shape.push_back(*span.size.constant());
  }
  auto partType = RankedTensorType::get(shape, type.getElementType());
  if (!bytes || !elementBytes || partType.getNumElements() == 0)
    return {};
  // Neighbours along the last dimension are copied together.
  int64_t run = spans.back().step == 1 ? shape.back() : 1;
  SmallVector<int64_t> strides = computeStrides(type.getShape()), partStrides = computeStrides(shape);
  std::vector<char> part;
  for (int64_t first = 0; first < partType.getNumElements(); first += run) {
    int64_t from = 0;
    for (auto [d, position] : llvm::enumerate(delinearize(first, partStrides)))
      from += (*spans[d].start.constant() + position * spans[d].step) * strides[d];
    const char *source = bytes->get().data() + from * *elementBytes;
    part.insert(part.end(), source, source + run * *elementBytes);
  }
  return ConstantOp::create(rewriter, constant.getLoc(), partType,
                            makeConstant(partType, ArrayRef<char>(part), constant.getName().value_or("weight")),
                            StringAttr());
}

struct HoistSlice : CountedPattern<SliceOp> {
  using CountedPattern::CountedPattern;

  LogicalResult matchAndRewrite(SliceOp slice, PatternRewriter &rewriter) const override {
    Operation *op = slice.getX().getDefiningOp();
    if (!op || op->getNumResults() != 1 || llvm::any_of(getShape(slice.getX()), isAnonymous) ||
        llvm::any_of(getShape(slice.getResult()), isAnonymous) || !keepsLess(slice.getX()))
      return failure();
    Spans kept = getSpans(slice);
    auto canSplit = [&](Value operand) { return hasOwnColumns(operand, op); };
    if (op->hasTrait<Pointwise>() && !kept.empty() && !kept.back().isWhole() &&
        !llvm::all_of(op->getOperands(), canSplit))
      return failure();
    std::optional<SmallVector<Spans>> spans = OperandSpans(kept).get(op);
    if (!spans)
      return failure();
    SmallVector<Value> operands;
    for (auto [operand, part] : llvm::zip(op->getOperands(), *spans))
      operands.push_back(sliced(rewriter, slice.getLoc(), operand, part));
    Operation *part = rewriter.clone(*op);
    part->setOperands(operands);
    part->getResult(0).setType(slice.getType());
    rewriter.replaceOp(slice, part->getResults());
    // Dead, it would still read what the next slice is to be hoisted above.
    if (op->use_empty())
      rewriter.eraseOp(op);
    ++count;
    return success();
  }

  static Value sliced(PatternRewriter &rewriter, Location loc, Value value, ArrayRef<Span> spans) {
    if (areWhole(spans))
      return value;
    if (auto constant = value.getDefiningOp<ConstantOp>())
      if (Value part = sliceConstant(rewriter, constant, spans))
        return part;
    Shape starts, sizes;
    SmallVector<int64_t> steps;
    for (const Span &span : spans) {
      starts.push_back(span.start);
      sizes.push_back(span.size);
      steps.push_back(span.step);
    }
    return SliceOp::create(rewriter, loc, value, DimsAttr::get(rewriter.getContext(), starts),
                           DimsAttr::get(rewriter.getContext(), sizes), rewriter.getDenseI64ArrayAttr(steps));
  }
};

struct HoistSlices : public reckon::impl::HoistSlicesBase<HoistSlices> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<HoistSlice>(&getContext(), numHoisted);
    // Slices of slices become one: else what reads the inner one would be no slice of the layer.
    SliceOp::getCanonicalizationPatterns(patterns, &getContext());
    applyPatterns(getOperation(), std::move(patterns));
  }
};
} // namespace
