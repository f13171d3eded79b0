//===- AppendTopK.cpp - The best candidates of scores that a model gives ------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------------===//

#include "passes/Normalize/AppendTopK.h"
#include "dialects/Rec/Rec.h"
#include "dialects/Rec/SizeRequirements.h"
#include "passes/Normalize/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

namespace reckon {
#define GEN_PASS_DEF_APPENDTOPK
#include "passes/Normalize/Passes.h.inc"
} // namespace reckon

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

std::optional<TopKRequest> reckon::parseTopKRequest(StringRef text) {
  auto [count, output] = text.split(':');
  TopKRequest request{0, output.str()};
  bool namesOutput = count.size() != text.size();
  if (count.getAsInteger(10, request.k) || request.k < 1 || (namesOutput && output.empty()))
    return std::nullopt;
  return request;
}

std::string reckon::getTopKOption(StringRef request) { return ("--append-topk=" + request).str(); }

namespace {
struct AppendTopK : public reckon::impl::AppendTopKBase<AppendTopK> {
  using Base::Base;

  void runOnOperation() override {
    if (failed(append()))
      signalPassFailure();
  }

private:
  LogicalResult append();
  /// The result that holds the scores.
  std::optional<unsigned> findScores(StringRef name);
  /// The axis of the candidates; nullopt, after an error, for a shape without one.
  std::optional<int64_t> findCandidates(StringRef name, Type type, int64_t k);
  /// Replaces result `index`, called `name`, by two.
  LogicalResult replaceResult(unsigned index, StringRef name, Value values, Value indices);
  std::string nameOf(unsigned result) {
    auto name = getOperation().getResultAttrOfType<StringAttr>(result, "rec.name");
    return name ? name.str() : "output_" + std::to_string(result);
  }
  /// The option is what is wrong, not a line of the model.
  InFlightDiagnostic error() { return emitError(FileLineColLoc::get(&getContext(), getTopKOption(scores), 0, 0)); }
};
} // namespace

std::optional<unsigned> AppendTopK::findScores(StringRef name) {
  SmallVector<std::string> names;
  for (unsigned i = 0; i < getOperation().getNumResults(); ++i)
    names.push_back("'" + nameOf(i) + "'");
  if (name.empty() && names.size() == 1)
    return 0;
  if (name.empty()) {
    error() << "the model has the outputs " << llvm::join(names, ", ")
            << ": add which of them holds the scores, K:OUTPUT";
    return std::nullopt;
  }
  auto *found = llvm::find(names, ("'" + name + "'").str());
  if (found == names.end()) {
    error() << "the model has no output '" << name << "'; there are " << llvm::join(names, ", ");
    return std::nullopt;
  }
  return found - names.begin();
}

std::optional<int64_t> AppendTopK::findCandidates(StringRef name, Type type, int64_t k) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || !tensor.getElementType().isIntOrFloat() || tensor.getElementType().isInteger(1)) {
    error() << "output '" << name << "' is " << type << ": scores are numbers";
    return std::nullopt;
  }
  Shape shape = getShape(tensor);
  if (shape.size() != 1 && shape.size() != 2) {
    error() << "output '" << name << "' has the shape " << printShape(shape)
            << ": scores are [candidates], [candidates, 1] or [users, candidates]";
    return std::nullopt;
  }
  int64_t axis = shape.size() == 2 && shape[1] != SizeExpr(1) ? 1 : 0;
  if (std::optional<int64_t> size = shape[axis].constant(); size && *size < k) {
    error() << "output '" << name << "' has the shape " << printShape(shape) << ": there are no " << k << " best of "
            << *size << " candidates";
    return std::nullopt;
  }
  return axis;
}

LogicalResult AppendTopK::replaceResult(unsigned index, StringRef name, Value values, Value indices) {
  func::FuncOp func = getOperation();
  Builder b(&getContext());
  const std::string names[] = {(name + "_values").str(), (name + "_indices").str()};
  for (unsigned i = 0; i < func.getNumResults(); ++i)
    if (i != index && llvm::is_contained(names, nameOf(i)))
      return error() << "the model has an output '" << nameOf(i) << "' already";
  auto ret = cast<func::ReturnOp>(func.front().getTerminator());
  SmallVector<Attribute> attributes;
  for (unsigned i = 0; i < func.getNumResults(); ++i)
    if (i == index)
      for (const std::string &each : names)
        attributes.push_back(b.getDictionaryAttr(b.getNamedAttr("rec.name", b.getStringAttr(each))));
    else
      attributes.push_back(func.getResultAttrDict(i) ? func.getResultAttrDict(i) : b.getDictionaryAttr({}));
  ret.getOperandsMutable().slice(index, 1).assign({values, indices});
  func.setFunctionType(b.getFunctionType(func.getArgumentTypes(), ret.getOperandTypes()));
  func.setAllResultAttrs(attributes);
  return success();
}

LogicalResult AppendTopK::append() {
  std::optional<TopKRequest> request = parseTopKRequest(scores);
  if (!request)
    return error() << "expected K or K:OUTPUT with a K of at least 1";
  func::FuncOp func = getOperation();
  std::optional<unsigned> index = findScores(request->output);
  if (!index)
    return failure();
  std::string name = nameOf(*index);
  Operation *ret = func.front().getTerminator();
  Value x = ret->getOperand(*index);
  std::optional<int64_t> axis = findCandidates(name, x.getType(), request->k);
  if (!axis)
    return failure();
  // Requirements, kernels and messages call the layer by what asked for it.
  Location loc = NameLoc::get(StringAttr::get(&getContext(), getTopKOption(scores)));
  OpBuilder b(ret);
  if (Shape shape = getShape(x); shape.size() == 2 && *axis == 0)
    x = ReshapeOp::create(b, loc, getTensorType(ArrayRef(shape).drop_back(), getElementTypeOrSelf(x)), x);
  auto k = DimsAttr::get(&getContext(), ArrayRef<SizeExpr>(SizeExpr(request->k)));
  auto top = TopKOp::create(b, loc, x, k, *axis, /*smallest=*/false);
  SmallVector<RequirementAttr> unproven;
  getUnprovenRequirements(top, unproven);
  addRequirements(func, unproven);
  ++numAppended;
  return replaceResult(*index, name, top.getValues(), top.getIndices());
}
