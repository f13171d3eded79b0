//===- EstimateCosts.cpp - The cost model of dispatches ------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "passes/Schedule/Passes.h"

#include "dialects/Plan/Plan.h"
#include "dialects/Rec/Shape.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/MathExtras.h"

namespace reckon::schedule {
#define GEN_PASS_DEF_ESTIMATECOSTS
#include "passes/Schedule/Passes.h.inc"
} // namespace reckon::schedule

using namespace mlir;
using namespace reckon;
using namespace reckon::plan;

namespace {
struct EstimateCosts : schedule::impl::EstimateCostsBase<EstimateCosts> {
  void runOnOperation() override {
    getOperation().walk([](DispatchOp dispatch) { estimateDispatch(dispatch); });
  }

private:
  static void estimateDispatch(DispatchOp dispatch);
  static int64_t getColumns(KernelOp kernel);
};
} // namespace

/// Panels split over threads when there are too few rows to, and directions. With two linear layers the second needs
/// all of the first.
int64_t EstimateCosts::getColumns(KernelOp kernel) {
  for (auto op : kernel.getBody().getOps<rec::RecurrenceOp>())
    if (auto factor = dyn_cast<BlockArgument>(op.getRecurrence());
        factor && kernel.getLayout(factor.getArgNumber()).getPacking().getKind() == PackingKind::panels)
      return op.getNumDirections();
  auto linears = kernel.getBody().getOps<rec::LinearOp>();
  if (kernel.getKind() != rec::RegionKind::gemm || !llvm::hasSingleElement(linears))
    return 1;
  rec::LinearOp linear = *linears.begin();
  auto weight = dyn_cast<BlockArgument>(linear.getWeight());
  if (!weight)
    return 1;
  PackingAttr packing = kernel.getLayout(weight.getArgNumber()).getPacking();
  if (packing.getKind() != PackingKind::panels)
    return 1;
  return llvm::divideCeil(cast<RankedTensorType>(weight.getType()).getDimSize(1), packing.getWidth());
}

void EstimateCosts::estimateDispatch(DispatchOp dispatch) {
  KernelOp kernel = dispatch.lookupKernel();
  bool hasRows = kernel.getKind() != rec::RegionKind::whole;
  int64_t flops = 0, bytes = 0;
  rec::SizeEstimate sizes(/*byRow=*/hasRows);
  for (auto layer : kernel.getBody().front().getOps<rec::CostOpInterface>())
    flops += layer.getFlops(sizes);
  // Copies cost something, too.
  for (Value yielded : kernel.getBody().front().getTerminator()->getOperands())
    flops += sizes.elements(yielded);
  for (unsigned i = 0; i < kernel.getNumInputs(); ++i) {
    auto type = cast<BufferType>(dispatch.getOperand(i).getType());
    if (OperandAttr layout = kernel.getLayout(i); !layout.getRow() && !layout.isTable())
      bytes += rec::SizeEstimate::product(type.getSizes()) * type.getElementBytes();
  }
  Builder builder(dispatch.getContext());
  dispatch.setFlopsPerRowAttr(builder.getI64IntegerAttr(flops));
  dispatch.setBytesFixedAttr(builder.getI64IntegerAttr(bytes));
  dispatch.setColumnsAttr(builder.getI64IntegerAttr(getColumns(kernel)));
}
