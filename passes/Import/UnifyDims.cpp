//===- UnifyDims.cpp - Dimensions that a model needs equal --------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//
//
// Many exporters leave the dimensions of a model's inputs without a name, or give one dimension a name for each input.
// A node that needs two of them equal, such as a concat, says that they are: an input with another size is refused when
// it comes. Nodes that broadcast say so of dimensions without names; of others one may be 1 (RepeatedSizes.h).
//
//===--------------------------------------------------------------------------------===//

#include "passes/Import/UnifyDims.h"

#include "dialects/Rec/Rec.h"

#include "mlir/IR/AttrTypeSubElements.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace reckon::importer {

/// What `dim` must be for `difference` to be zero: it occurs in one term, alone, and the rest is divisible.
static std::optional<SizeExpr> solveFor(StringRef dim, const SizeExpr &difference) {
  std::optional<int64_t> scale;
  for (const SizeExpr::Term &term : difference.terms())
    if (term.factors.size() == 1 && term.factors[0]->kind == SizeExpr::Atom::Kind::Dim && term.factors[0]->name == dim)
      scale = term.coefficient;
  if (!scale || *scale == INT64_MIN)
    return std::nullopt;
  SizeExpr rest = difference - SizeExpr(*scale) * SizeExpr::dim(dim.str());
  if (llvm::is_contained(rest.dims(), dim))
    return std::nullopt;
  std::optional<SizeExpr> value = SizeExpr::exactDiv(rest, SizeExpr(-*scale));
  if (value && value->constant().value_or(0) < 0)
    return std::nullopt;
  return value;
}

/// The names that the reader calls unnamed dimensions of the arguments: after an input's axis.
static llvm::StringSet<> getMadeUpDims(func::FuncOp func) {
  llvm::StringSet<> names;
  for (unsigned i = 0; i < func.getNumArguments(); ++i) {
    auto type = dyn_cast<RankedTensorType>(func.getArgumentTypes()[i]);
    auto name = func.getArgAttrOfType<StringAttr>(i, "rec.name");
    for (int64_t axis = 0; type && name && axis < type.getRank(); ++axis)
      names.insert(SizeExpr::makeDimName((name.getValue() + "." + Twine(axis)).str()));
  }
  return names;
}

bool haveNames(func::FuncOp func, const SizeExpr &size) {
  llvm::StringSet<> madeUp = getMadeUpDims(func);
  return llvm::none_of(size.dims(), [&](StringRef dim) {
    // tf2onnx and onnxruntime's shape inference number what they do not know.
    return madeUp.contains(dim) || dim.starts_with("unk__");
  });
}

static void substitute(func::FuncOp func, StringRef dim, const SizeExpr &value) {
  auto replace = [&](const SizeExpr &size) {
    return size.substitute([&](std::string_view name) {
      return name == std::string_view(dim) ? std::optional<SizeExpr>(value) : std::nullopt;
    });
  };
  AttrTypeReplacer replacer;
  replacer.addReplacement([&](rec::DimsAttr dims) -> std::pair<Attribute, WalkResult> {
    rec::Shape sizes = llvm::map_to_vector(dims.getSizes(), replace);
    return {rec::DimsAttr::get(dims.getContext(), ArrayRef<SizeExpr>(sizes)), WalkResult::skip()};
  });
  // A dimension that turned out constant is a static size, not a name of one.
  replacer.addReplacement([&](RankedTensorType type) -> std::optional<std::pair<Type, WalkResult>> {
    if (!isa_and_present<rec::DimsAttr>(type.getEncoding()))
      return std::nullopt;
    rec::Shape sizes = llvm::map_to_vector(rec::getShape(type), replace);
    return std::make_pair(Type(rec::getTensorType(sizes, type.getElementType())), WalkResult::skip());
  });
  replacer.recursivelyReplaceElementsIn(func, /*replaceAttrs=*/true, /*replaceLocs=*/false, /*replaceTypes=*/true);
  // What was required of the two may hold now whatever they are.
  rec::RecDialect::RequirementsAttrHelper note(func.getContext());
  if (ArrayAttr all = note.getAttr(func)) {
    SmallVector<Attribute> open = llvm::filter_to_vector(all, [](Attribute attribute) {
      auto requirement = cast<rec::RequirementAttr>(attribute);
      return requirement.getLeft() != requirement.getRight();
    });
    if (open.empty())
      note.removeAttr(func);
    else
      note.setAttr(func, ArrayAttr::get(func.getContext(), open));
  }
}

/// Two dimensions without names of which a size is the greater: what their numpy repetition has, by a framework that
/// computes the size of a batch from all that it meets.
static std::optional<std::pair<SizeExpr, SizeExpr>> findGreaterOfUnnamed(func::FuncOp func, const SizeExpr &size) {
  for (const SizeExpr::Term &term : size.terms())
    for (const auto &factor : term.factors) {
      if (factor->kind != SizeExpr::Atom::Kind::Max)
        continue;
      const SizeExpr &first = factor->operands[0], &second = factor->operands[1];
      if (first.asDim() && second.asDim() && !haveNames(func, first) && !haveNames(func, second))
        return std::pair(first, second);
    }
  return std::nullopt;
}

bool unifyDims(func::FuncOp func, const SizeExpr &a, const SizeExpr &b) {
  SizeExpr difference = a - b;
  llvm::StringSet<> madeUp = getMadeUpDims(func);
  // A name that the model gives is worth keeping.
  std::optional<std::pair<std::string, SizeExpr>> best;
  for (const std::string &dim : difference.dims()) {
    std::optional<SizeExpr> value = solveFor(dim, difference);
    if (value && (!best || (madeUp.contains(dim) && !madeUp.contains(best->first))))
      best.emplace(dim, *value);
  }
  if (best)
    substitute(func, best->first, best->second);
  else if (auto both = findGreaterOfUnnamed(func, difference))
    return unifyDims(func, both->first, both->second);
  return best.has_value();
}

/// What a size is made of: the fewer dimensions and functions, the better it reads and folds.
static unsigned getComplexity(const SizeExpr &size) {
  unsigned count = 0;
  for (const SizeExpr::Term &term : size.terms()) {
    ++count;
    for (const auto &factor : term.factors) {
      ++count;
      for (const SizeExpr &operand : factor->operands)
        count += getComplexity(operand);
    }
  }
  return count;
}

bool requireEqual(rec::OnnxOp op, const SizeExpr &a, const SizeExpr &b) {
  bool keepsFirst = getComplexity(a) <= getComplexity(b);
  const SizeExpr &kept = keepsFirst ? a : b, &other = keepsFirst ? b : a;
  if (rec::provablyDiffer(kept, other))
    return false;
  OpBuilder builder(op);
  bool changed = false;
  for (OpOperand &operand : op->getOpOperands()) {
    auto type = dyn_cast<RankedTensorType>(operand.get().getType());
    if (!type)
      continue;
    rec::Shape shape = rec::getShape(type);
    if (!llvm::is_contained(shape, other))
      continue;
    std::replace(shape.begin(), shape.end(), other, kept);
    auto result = rec::getTensorType(shape, type.getElementType());
    operand.set(rec::ReshapeOp::create(builder, op.getLoc(), result, operand.get()));
    changed = true;
  }
  if (!changed)
    return false;
  MLIRContext *context = op->getContext();
  auto name = op->getLoc()->findInstanceOf<NameLoc>();
  auto requirement = rec::RequirementAttr::get(
      context, rec::Relation::equal, rec::DimsAttr::get(context, ArrayRef<SizeExpr>{kept, other}),
      name ? name.getName() : StringAttr::get(context), StringAttr::get(context, "two operands of one size"));
  rec::addRequirements(op->getParentOfType<func::FuncOp>(), requirement);
  return true;
}

} // namespace reckon::importer
