//===- PackWeights.cpp - How the weights of GEMM kernels are stored ------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "passes/Schedule/Passes.h"
#include "passes/Schedule/StoredWeights.h"

#include "dialects/Plan/Plan.h"
#include "dialects/Rec/ConstantData.h"
#include "dialects/Rec/Rec.h"

#include "mlir/IR/BuiltinOps.h"

namespace reckon::schedule {
#define GEN_PASS_DEF_PACKWEIGHTS
#include "passes/Schedule/Passes.h.inc"
} // namespace reckon::schedule

using namespace mlir;
using namespace reckon;
using namespace reckon::plan;

namespace {
struct PackWeights : schedule::impl::PackWeightsBase<PackWeights> {
  using Base::Base;

  void runOnOperation() override {
    if (panelWidth < 1) {
      getOperation().emitError("expected a panel width of 1 or more, not ") << panelWidth.getValue();
      return signalPassFailure();
    }
    for (KernelOp kernel : getOperation().getOps<KernelOp>())
      if (kernel.getKind() == rec::RegionKind::gemm)
        choosePackings(kernel);
      else {
        turnFactors(kernel);
        packRecurrences(kernel);
      }
    schedule::storeWeightsAsRead(getOperation(), [&](PackingAttr packing) {
      numPanels += packing.getKind() == PackingKind::panels;
      numColumns += packing.getKind() == PackingKind::columns;
    });
  }

private:
  void choosePackings(KernelOp kernel);
  SmallVector<DispatchOp> findDispatches(KernelOp kernel);
  void turnFactors(KernelOp kernel);
  void packRecurrences(KernelOp kernel);
  void turn(KernelOp kernel, BlockArgument factor, ArrayRef<DispatchOp> dispatches);
};
} // namespace

void PackWeights::choosePackings(KernelOp kernel) {
  SmallVector<OperandAttr> layouts = kernel.getLayoutList();
  for (auto linear : kernel.getBody().getOps<rec::LinearOp>()) {
    auto weight = dyn_cast<BlockArgument>(linear.getWeight());
    if (!weight)
      continue;
    OperandAttr &layout = layouts[weight.getArgNumber()];
    bool isNarrow = cast<RankedTensorType>(weight.getType()).getDimSize(1) < minColumns;
    layout = layout.withPacking(isNarrow ? PackingAttr::get(&getContext(), PackingKind::columns)
                                         : PackingAttr::get(&getContext(), PackingKind::panels, panelWidth));
  }
  kernel.setLayoutList(layouts);
}

/// A constant whose first dimension counts what a product computes side by side, when it is an argument that nothing
/// else in the kernel reads: the weight of a convolution, or a matrix on the left.
static BlockArgument findFactor(Operation &op) {
  Value factor;
  if (auto conv = dyn_cast<rec::ConvOp>(op))
    factor = conv.getWeight();
  else if (auto matmul = dyn_cast<rec::MatmulOp>(op);
           matmul && !matmul.getTransposeA() && matmul.getA().getType().getRank() == 2)
    factor = matmul.getA();
  auto argument = dyn_cast_if_present<BlockArgument>(factor);
  return argument && argument.hasOneUse() ? argument : BlockArgument();
}

SmallVector<DispatchOp> PackWeights::findDispatches(KernelOp kernel) {
  SmallVector<DispatchOp> dispatches;
  getOperation().walk([&](DispatchOp dispatch) {
    if (dispatch.lookupKernel() == kernel)
      dispatches.push_back(dispatch);
  });
  return dispatches;
}

/// Whether an input of the kernel is a weight wherever it runs.
static bool isWeight(BlockArgument argument, ArrayRef<DispatchOp> dispatches) {
  return llvm::all_of(dispatches, [&](DispatchOp dispatch) {
    return dispatch->getOperand(argument.getArgNumber()).getDefiningOp<WeightOp>() != nullptr;
  });
}

/// Blocks of rows multiply their states by it as a linear layer does.
void PackWeights::packRecurrences(KernelOp kernel) {
  auto isAlone = [](Operation &op) { return isa<rec::ConstantOp, rec::RecurrenceOp>(op); };
  auto recurrences = kernel.getBody().getOps<rec::RecurrenceOp>();
  if (kernel.getKind() != rec::RegionKind::rows || !llvm::hasSingleElement(recurrences) ||
      !llvm::all_of(kernel.getBody().front().without_terminator(), isAlone))
    return;
  for (rec::RecurrenceOp op : recurrences) {
    auto factor = dyn_cast<BlockArgument>(op.getRecurrence());
    if (!factor || !factor.hasOneUse() || op.getRecurrence().getType().getElementType().isF64() ||
        !isWeight(factor, findDispatches(kernel)))
      continue;
    SmallVector<OperandAttr> layouts = kernel.getLayoutList();
    OperandAttr &layout = layouts[factor.getArgNumber()];
    layout = layout.withPacking(PackingAttr::get(&getContext(), PackingKind::panels, panelWidth));
    kernel.setLayoutList(layouts);
  }
}

void PackWeights::turnFactors(KernelOp kernel) {
  SmallVector<DispatchOp> dispatches = findDispatches(kernel);
  for (Operation &op : kernel.getBody().front()) {
    BlockArgument factor = findFactor(op);
    if (!factor || cast<RankedTensorType>(factor.getType()).getDimSize(0) < minColumns ||
        kernel.getLayout(factor.getArgNumber()).getRow())
      continue;
    if (isWeight(factor, dispatches)) {
      turn(kernel, factor, dispatches);
      ++numTurned;
    }
  }
}

/// Stores the factor with its first dimension last. What has more than two dimensions becomes a matrix, which the
/// kernel reshapes.
void PackWeights::turn(KernelOp kernel, BlockArgument factor, ArrayRef<DispatchOp> dispatches) {
  unsigned operand = factor.getArgNumber();
  auto type = cast<RankedTensorType>(factor.getType());
  auto packing = PackingAttr::get(&getContext(), PackingKind::columns);
  SmallVector<OperandAttr> layouts = kernel.getLayoutList();
  OperandAttr layout = layouts[operand].withPacking(packing);
  int64_t rows = type.getDimSize(0), columns = type.getNumElements() / std::max<int64_t>(rows, 1);
  if (type.getRank() > 2) {
    auto matrix = RankedTensorType::get({rows, columns}, type.getElementType());
    OpBuilder builder(&kernel.getBody().front(), kernel.getBody().front().begin());
    factor.setType(matrix);
    auto reshape = rec::ReshapeOp::create(builder, factor.getLoc(), type, factor);
    factor.replaceAllUsesExcept(reshape, reshape);
    SizeExpr sizes[] = {rows, columns};
    layout = OperandAttr::get(&getContext(), StridedMap::getDense(sizes).getStrides(), /*row=*/false,
                              /*rowsDim=*/-1)
                 .withPacking(packing);
    auto buffer = BufferType::get(&getContext(), type.getElementType(), sizes);
    llvm::DenseMap<WeightOp, WeightOp> matrices;
    for (DispatchOp dispatch : dispatches) {
      auto weight = dispatch->getOperand(operand).getDefiningOp<WeightOp>();
      WeightOp &flat = matrices[weight];
      if (!flat) {
        OpBuilder before(weight);
        std::optional<rec::ConstantBytes> bytes = rec::getConstantBytes(weight.getValue());
        flat = WeightOp::create(before, weight.getLoc(), buffer, weight.getNameAttr(),
                                rec::makeConstant(matrix, bytes->get(), weight.getName()));
      }
      dispatch->setOperand(operand, flat.getBuffer());
      if (weight.getBuffer().use_empty())
        weight.erase();
    }
  }
  layouts[operand] = layout;
  kernel.setLayoutList(layouts);
}
