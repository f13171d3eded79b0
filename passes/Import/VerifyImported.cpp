//===- VerifyImported.cpp - The invariant of the import phase -----------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "passes/Import/Passes.h"
#include "passes/Import/Registry.h"

#include "dialects/Rec/Shape.h"

using namespace mlir;

namespace reckon::importer {
#define GEN_PASS_DEF_VERIFYIMPORTED
#include "passes/Import/Passes.h.inc"

static bool isRanked(Type type) { return isa<RankedTensorType>(type); }

/// The runtime takes the value of a dimension from an input: there it must have a name.
static LogicalResult verifyArguments(func::FuncOp func) {
  for (BlockArgument argument : func.getArguments()) {
    if (!isRanked(argument.getType()))
      continue; // one that no layer reads is no harm; others the normalize phase reports
    for (auto [axis, size] : llvm::enumerate(rec::getShape(argument)))
      if (rec::isAnonymous(size))
        return func.emitError("dimension ") << axis << " of argument " << argument.getArgNumber() << " of type "
                                            << argument.getType() << " has no name";
  }
  return success();
}

static LogicalResult verifyOp(Operation &op) {
  if (!isa<rec::RecDialect>(op.getDialect()) && !isa<func::ReturnOp>(op))
    return op.emitError("the import phase left '") << op.getName() << "', expected layers and ONNX nodes";
  auto node = dyn_cast<rec::OnnxOp>(op);
  if (!node) {
    for (Type type : op.getResultTypes())
      if (!isRanked(type) && !isa<rec::NoneOp>(op))
        return op.emitError("the import phase left a layer of type ") << type << ", expected a ranked tensor";
    return success();
  }
  // Converters of sequences wait for the other end of the sequence, too.
  const Converter *converter = Registry::get().find(node);
  bool isReady = converter && !converter->anyOperands && llvm::all_of(op.getOperandTypes(), isRanked);
  if (isReady && !rec::RecDialect::ReasonAttrHelper(op.getContext()).isAttrPresent(&op))
    return op.emitError("the import phase left a node of the operator ")
           << node.getOpType() << ", which it can convert, without a reason";
  return success();
}

namespace {
struct VerifyImported : impl::VerifyImportedBase<VerifyImported> {
  void runOnOperation() override {
    SmallVector<func::FuncOp> funcs(getOperation().getOps<func::FuncOp>());
    if (funcs.size() != 1 || funcs[0].isExternal() || !llvm::hasSingleElement(funcs[0].getBody())) {
      getOperation().emitError("expected one function with one block, found ") << funcs.size() << " functions";
      return signalPassFailure();
    }
    if (failed(verifyArguments(funcs[0])))
      return signalPassFailure();
    for (Operation &op : funcs[0].getBody().front())
      if (failed(verifyOp(op)))
        return signalPassFailure();
  }
};
} // namespace

} // namespace reckon::importer
