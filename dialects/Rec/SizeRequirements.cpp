//===- SizeRequirements.cpp - What sizes a model has a meaning at ------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------------===//

#include "dialects/Rec/RepeatCondition.h"

#include "dialects/Rec/ConstantData.h"
#include "dialects/Rec/Rec.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

using Requirements = SmallVectorImpl<SizeCondition>;

static std::string text(const Twine &words) { return words.str(); }

static void requireAtLeast(Requirements &requirements, const SizeExpr &left, const SizeExpr &right, const Twine &what) {
  requirements.push_back({left, Relation::at_least, right, text(what)});
}

//===--------------------------------------------------------------------------------===//
// Ops that need something
//===--------------------------------------------------------------------------------===//

/// e of `max(0, e)`: the size where it is not zero.
static SizeExpr dropClamp(const SizeExpr &size) {
  if (size.terms().size() != 1 || size.terms()[0].coefficient != 1 || size.terms()[0].factors.size() != 1)
    return size;
  const SizeExpr::Atom &atom = *size.terms()[0].factors[0];
  if (atom.kind != SizeExpr::Atom::Kind::Max)
    return size;
  bool isFirst = atom.operands[0] == SizeExpr(0), isSecond = atom.operands[1] == SizeExpr(0);
  return isFirst ? atom.operands[1] : isSecond ? atom.operands[0] : size;
}

void SliceOp::getSizeRequirements(Requirements &requirements) {
  Shape x = getShape(getX()), starts = getStarts().getSizes(), sizes = getSizes().getSizes();
  for (size_t d = 0; d < x.size(); ++d) {
    const SizeExpr &size = sizes[d];
    SizeExpr first = starts[d], last = starts[d] + (dropClamp(size) - 1) * SizeExpr(getSteps()[d]);
    if (getSteps()[d] < 0)
      std::swap(first, last);
    std::string what = text("a slice of dimension " + Twine(d));
    // The elements of an empty slice are never read, so they may lie anywhere: this is 0 then and else 1.
    SizeExpr isTaken = SizeExpr::min(isNonNegative(size) ? size : SizeExpr::max(size, 0), 1);
    auto requireWhereTaken = [&](const SizeExpr &left, const SizeExpr &right) {
      if (isNonNegative(size - 1) || provablyNonNegative(left - right))
        requireAtLeast(requirements, left, right, what);
      else
        requireAtLeast(requirements, isTaken * (left - right), 0, what);
    };
    requireWhereTaken(first, 0);
    requireWhereTaken(x[d], last + SizeExpr(1));
  }
}

void ReshapeOp::getSizeRequirements(Requirements &requirements) {
  requirements.push_back(
      {getNumElements(getShape(getResult())), Relation::equal, getNumElements(getShape(getX())),
       text("as many elements after a reshape to " + printShape(getShape(getResult())) + " as before it")});
}

SizeCondition rec::getRepeatCondition(const SizeExpr &size, const SizeExpr &result) {
  return {(result - size) * (size - SizeExpr(1)), Relation::equal, 0,
          size.str() + " to be 1, or equal to the size that numpy repeats it to"};
}

void BroadcastOp::getSizeRequirements(Requirements &requirements) {
  Shape from = getShape(getX()), to = getShape(getResult());
  for (size_t d = 0; d < from.size(); ++d) {
    const SizeExpr &size = from[d], &result = to[to.size() - from.size() + d];
    if (size != SizeExpr(1) && size != result)
      requirements.push_back(getRepeatCondition(size, result));
  }
}

/// Indices that are constants count from the end where negative; all lie inside the axis.
static void requireIndices(Requirements &requirements, Value indices, const SizeExpr &size, int64_t axis) {
  auto constant = indices.getDefiningOp<ConstantOp>();
  auto numbers = constant ? getConstantInts(constant.getValue()) : std::nullopt;
  if (!numbers || numbers->empty())
    return;
  auto [least, greatest] = std::minmax_element(numbers->begin(), numbers->end());
  if (*greatest >= 0 && *greatest < INT64_MAX)
    requireAtLeast(requirements, size, SizeExpr(*greatest) + 1,
                   "index " + Twine(*greatest) + " into dimension " + Twine(axis));
  if (*least < 0 && *least > INT64_MIN)
    requireAtLeast(requirements, size, SizeExpr(-*least), "index " + Twine(*least) + " into dimension " + Twine(axis));
}

void GatherOp::getSizeRequirements(Requirements &requirements) {
  requireIndices(requirements, getIndices(), getShape(getX())[getAxis()], getAxis());
}

/// The indices do not exceed the data but on the axis: each picks or writes the element at its own place in the others.
static void requireInside(Requirements &requirements, Value x, Value indices, int64_t axis, StringRef what) {
  Shape data = getShape(x), places = getShape(indices);
  for (size_t d = 0; d < data.size(); ++d)
    if (static_cast<int64_t>(d) != axis)
      requireAtLeast(requirements, data[d], places[d], what + " of dimension " + Twine(d) + " by indices of that many");
  requireIndices(requirements, indices, data[axis], axis);
}

void GatherElementsOp::getSizeRequirements(Requirements &requirements) {
  requireInside(requirements, getX(), getIndices(), getAxis(), "a gather");
}

void ScatterElementsOp::getSizeRequirements(Requirements &requirements) {
  requireInside(requirements, getX(), getIndices(), getAxis(), "a scatter");
}

void TopKOp::getSizeRequirements(Requirements &requirements) {
  int64_t axis = getAxis();
  requireAtLeast(requirements, getShape(getX())[axis], getCount(),
                 "the " + Twine(getCount().str()) + (getSmallest() ? " least" : " greatest") +
                     " elements of dimension " + Twine(axis));
}

void MultiLookupOp::getSizeRequirements(Requirements &requirements) {
  int64_t columns = 0;
  for (auto [start, count] : llvm::zip_equal(getStarts(), getCounts()))
    columns = std::max(columns, start + count);
  requireAtLeast(requirements, getShape(getIds())[1], columns, "lookups of " + Twine(columns) + " columns of ids");
}

void ArgReduceOp::getSizeRequirements(Requirements &requirements) {
  // An index of nothing is no answer, but there must be one for each of the other elements.
  Shape x = getShape(getX());
  SizeExpr others(1);
  for (auto [d, size] : llvm::enumerate(x))
    if (static_cast<int64_t>(d) != static_cast<int64_t>(getAxis()))
      others = others * size;
  if (!x[getAxis()].isConstant())
    requireAtLeast(requirements, SizeExpr::max(x[getAxis()], SizeExpr(1) - others), 1,
                   "the greatest or least element of dimension " + Twine(static_cast<int64_t>(getAxis())));
}

/// A window begins and ends inside of the padded input, of which there is at least so much.
static void requireWindow(Requirements &requirements, const SizeExpr &size, int64_t least, int64_t window, int64_t pads,
                          size_t dimension) {
  if (!size.isConstant())
    requireAtLeast(requirements, size, least - pads,
                   "a window of " + Twine(window) + " over dimension " + Twine(dimension) +
                       (pads ? " with " + Twine(pads) + " of padding" : Twine("")));
}

void ConvOp::getSizeRequirements(Requirements &requirements) {
  Shape x = getShape(getX()), weight = getShape(getWeight());
  ArrayRef<int64_t> pads = getPads(), dilations = getDilations();
  for (size_t d = 0; d < dilations.size(); ++d) {
    int64_t window = *weight[2 + d].constant();
    requireWindow(requirements, x[2 + d], (window - 1) * dilations[d] + 1, window, pads[d] + pads[d + dilations.size()],
                  2 + d);
  }
}

void PoolWindowOp::getSizeRequirements(Requirements &requirements) {
  Shape x = getShape(getX());
  ArrayRef<int64_t> pads = getPads(), dilations = getDilations();
  for (size_t d = 0; d < dilations.size(); ++d) {
    // Rounded up, a window may end as far behind the input as a step is long, less one.
    int64_t window = getWindow()[d], beyond = getCeilMode() ? getStrides()[d] - 1 : 0;
    requireWindow(requirements, x[2 + d], (window - 1) * dilations[d] + 1 - beyond, window,
                  pads[d] + pads[d + dilations.size()], 2 + d);
  }
}

//===--------------------------------------------------------------------------------===//
// Ops whose types say it all
//===--------------------------------------------------------------------------------===//

// Their inference makes sizes equal that must be. Indices that are no constants are checked where they are read.
#define RECKON_NEEDS_NOTHING(OP)                                                                                       \
  void OP::getSizeRequirements(Requirements &) {}
RECKON_NEEDS_NOTHING(BatchNormOp)
RECKON_NEEDS_NOTHING(BinaryOp)
RECKON_NEEDS_NOTHING(CastOp)
RECKON_NEEDS_NOTHING(CompareOp)
RECKON_NEEDS_NOTHING(ConcatOp)
RECKON_NEEDS_NOTHING(ConstantOp)
RECKON_NEEDS_NOTHING(CrossLayerOp)
RECKON_NEEDS_NOTHING(CumSumOp)
RECKON_NEEDS_NOTHING(DataSizeOp)
RECKON_NEEDS_NOTHING(DimsOp)
RECKON_NEEDS_NOTHING(DotInteractionOp)
RECKON_NEEDS_NOTHING(EinsumOp)
RECKON_NEEDS_NOTHING(EmbeddingBagOp)
RECKON_NEEDS_NOTHING(EmbeddingOp)
RECKON_NEEDS_NOTHING(FmTermOp)
RECKON_NEEDS_NOTHING(FusionOp)
RECKON_NEEDS_NOTHING(GatherNdOp)
RECKON_NEEDS_NOTHING(IotaOp)
RECKON_NEEDS_NOTHING(JoinOp)
RECKON_NEEDS_NOTHING(LayerNormOp)
RECKON_NEEDS_NOTHING(LinearOp)
RECKON_NEEDS_NOTHING(MatmulOp)
RECKON_NEEDS_NOTHING(NoneOp)
RECKON_NEEDS_NOTHING(OnnxOp)
RECKON_NEEDS_NOTHING(PadOp)
RECKON_NEEDS_NOTHING(PrefixOp)
RECKON_NEEDS_NOTHING(ReduceOp)
RECKON_NEEDS_NOTHING(RecurrenceOp)
RECKON_NEEDS_NOTHING(RnnOp)
RECKON_NEEDS_NOTHING(ScatterNdOp)
RECKON_NEEDS_NOTHING(SelectOp)
RECKON_NEEDS_NOTHING(SoftmaxOp)
RECKON_NEEDS_NOTHING(TransposeOp)
RECKON_NEEDS_NOTHING(UnaryOp)
RECKON_NEEDS_NOTHING(YieldOp)
#undef RECKON_NEEDS_NOTHING

//===--------------------------------------------------------------------------------===//
// Writing them down
//===--------------------------------------------------------------------------------===//

LogicalResult RequirementAttr::verify(function_ref<InFlightDiagnostic()> emitError, Relation, DimsAttr sizes,
                                      StringAttr, StringAttr) {
  if (sizes.size() != 2)
    return emitError() << "[C1] a requirement is about 2 sizes, not " << sizes.size();
  for (const SizeExpr &size : sizes.getSizes())
    if (isAnonymous(size))
      return emitError() << "[C1] a requirement on the anonymous dimension can never be checked";
  return success();
}

/// The name of the ONNX node that an op comes from.
static StringRef getNodeName(Operation *op) {
  auto name = op->getLoc()->findInstanceOf<NameLoc>();
  return name ? name.getName().getValue() : StringRef();
}

unsigned rec::getUnprovenRequirements(Operation *op, SmallVectorImpl<RequirementAttr> &unproven) {
  SmallVector<SizeCondition> all;
  if (auto interface = dyn_cast<SizeRequirementOpInterface>(op))
    interface.getSizeRequirements(all);
  for (Type type : op->getResultTypes())
    if (isa<RankedTensorType>(type))
      for (auto [d, size] : llvm::enumerate(getShape(type)))
        if (!size.isConstant() && !size.asDim())
          requireAtLeast(all, size, 0, "the size of dimension " + Twine(d) + " of a result");
  MLIRContext *context = op->getContext();
  unsigned numProven = 0;
  for (const SizeCondition &requirement : all) {
    // What has no 64-bit value has no answer, either, but the anonymous dimension stands for it in types.
    SizeExpr left = normalizeSize(requirement.left), right = normalizeSize(requirement.right);
    if (isAnonymous(left) || isAnonymous(right))
      continue;
    if (provablyHolds(requirement)) {
      ++numProven;
      continue;
    }
    auto sizes = DimsAttr::get(context, ArrayRef<SizeExpr>{left, right});
    unproven.push_back(RequirementAttr::get(context, requirement.relation, sizes,
                                            StringAttr::get(context, getNodeName(op)),
                                            StringAttr::get(context, requirement.what)));
  }
  return numProven;
}

unsigned rec::addRequirements(Operation *function, ArrayRef<RequirementAttr> requirements) {
  RecDialect::RequirementsAttrHelper note(function->getContext());
  if (requirements.empty())
    return 0;
  SmallVector<Attribute> all;
  if (ArrayAttr present = note.getAttr(function))
    llvm::append_range(all, present);
  size_t before = all.size();
  for (RequirementAttr requirement : requirements) {
    bool isThere = llvm::any_of(all, [&](Attribute attribute) {
      auto other = cast<RequirementAttr>(attribute);
      return other.getSizes() == requirement.getSizes() && other.getRelation() == requirement.getRelation();
    });
    if (!isThere)
      all.push_back(requirement);
  }
  note.setAttr(function, ArrayAttr::get(function->getContext(), all));
  return all.size() - before;
}
