//===- FreeBatch.cpp - A batch that an exporter has fixed ----------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "passes/Import/Passes.h"

#include "dialects/Rec/ConstantData.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;

namespace reckon::importer {

#define GEN_PASS_DEF_FREEBATCH
#include "passes/Import/Passes.h.inc"

constexpr StringRef batchName = "batch";

/// The size that the inputs have in the dimension; nullopt, after an error, when it is not one.
static std::optional<int64_t> getFixedBatch(func::FuncOp func, int64_t axis) {
  std::optional<int64_t> batch;
  std::string from;
  for (BlockArgument argument : func.getArguments()) {
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    if (!type || type.getRank() <= axis || type.isDynamicDim(axis))
      continue;
    auto attr = func.getArgAttrOfType<StringAttr>(argument.getArgNumber(), "rec.name");
    std::string name = attr ? attr.getValue().str() : std::to_string(argument.getArgNumber());
    int64_t size = type.getDimSize(axis);
    if (batch && batch != size) {
      emitError(func.getLoc()) << "inputs '" << from << "' and '" << name << "' have " << *batch << " and " << size
                               << " in dimension " << axis << ": there is no one batch to free";
      return std::nullopt;
    }
    batch = size;
    from = name;
  }
  if (!batch)
    emitError(func.getLoc()) << "no input has a fixed size in dimension " << axis << ": there is no batch to free";
  return batch;
}

/// The operand of an operator that holds a shape.
static std::optional<unsigned> getShapeOperand(rec::OnnxOp op) {
  if (!op.getDomain().empty())
    return std::nullopt;
  unsigned index = llvm::StringSwitch<unsigned>(op.getOpType())
                       .Cases({"Reshape", "Expand"}, 1)
                       .Case("ConstantOfShape", 0)
                       .Default(2);
  return index < 2 && index < op.getOperands().size() ? std::optional(index) : std::nullopt;
}

/// A constant shape whose entry for the dimension is the batch, as sizes.
static void freeShape(rec::OnnxOp op, unsigned operand, int64_t axis, int64_t batch) {
  auto constant = op.getOperands()[operand].getDefiningOp<rec::ConstantOp>();
  auto sizes = constant ? rec::getConstantInts(constant.getValue()) : std::nullopt;
  if (!sizes || constant.getType().getRank() != 1 || int64_t(sizes->size()) <= axis || (*sizes)[axis] != batch ||
      !constant.getType().getElementType().isInteger(64))
    return;
  SmallVector<SizeExpr> exprs(sizes->begin(), sizes->end());
  exprs[axis] = SizeExpr::dim(batchName.str());
  OpBuilder b(op);
  op->setOperand(operand, rec::DimsOp::create(b, constant.getLoc(), constant.getType(),
                                              rec::DimsAttr::get(b.getContext(), ArrayRef<SizeExpr>(exprs))));
}

/// A repeated number with the batch among its sizes, such as a first state, as that number repeated.
static void freeSplat(rec::OnnxOp op, unsigned operand, int64_t axis, int64_t batch) {
  auto constant = op.getOperands()[operand].getDefiningOp<rec::ConstantOp>();
  if (!constant || constant.getType().getRank() <= axis + 1 || constant.getType().getDimSize(axis) != batch)
    return;
  auto numbers = rec::getConstantDoubles(constant.getValue());
  if (!numbers || numbers->empty() || !llvm::all_equal(*numbers))
    return;
  rec::Shape shape = rec::getShape(constant.getType());
  shape[axis] = SizeExpr::dim(batchName.str());
  OpBuilder b(op);
  Type element = constant.getType().getElementType();
  auto scalar = RankedTensorType::get({}, element);
  auto one = rec::ConstantOp::create(b, constant.getLoc(),
                                     rec::makeConstant(scalar, ArrayRef<double>(numbers->front())), StringAttr());
  op->setOperand(operand, rec::BroadcastOp::create(b, constant.getLoc(), rec::getTensorType(shape, element), one));
}

LogicalResult freeBatch(func::FuncOp func, int64_t axis) {
  std::optional<int64_t> batch = getFixedBatch(func, axis);
  if (!batch)
    return failure();
  for (BlockArgument argument : func.getArguments()) {
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    if (!type || type.getRank() <= axis || type.isDynamicDim(axis))
      continue;
    rec::Shape shape = rec::getShape(type);
    shape[axis] = SizeExpr::dim(batchName.str());
    argument.setType(rec::getTensorType(shape, type.getElementType()));
  }
  func.setFunctionType(
      FunctionType::get(func.getContext(), func.getBody().getArgumentTypes(), func.getFunctionType().getResults()));
  func.walk([&](rec::OnnxOp op) {
    if (auto operand = getShapeOperand(op))
      return freeShape(op, *operand, axis, *batch);
    // The first states of a recurrent layer have the batch second.
    bool isRecurrent = op.getOpType() == "GRU" || op.getOpType() == "LSTM" || op.getOpType() == "RNN";
    for (unsigned i = 0; i < op.getOperands().size(); ++i)
      freeSplat(op, i, isRecurrent && i >= 5 ? 1 : axis, *batch);
  });
  return success();
}

namespace {
struct FreeBatch : impl::FreeBatchBase<FreeBatch> {
  using FreeBatchBase::FreeBatchBase;
  void runOnOperation() override {
    if (failed(freeBatch(getOperation(), axis)))
      signalPassFailure();
  }
};
} // namespace

} // namespace reckon::importer
