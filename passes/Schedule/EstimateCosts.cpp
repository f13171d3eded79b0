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
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

namespace reckon::schedule {
#define GEN_PASS_DEF_ESTIMATECOSTS
#include "passes/Schedule/Passes.h.inc"
} // namespace reckon::schedule

using namespace mlir;
using namespace reckon;
using namespace reckon::plan;

/// What a named dimension other than the rows is taken as: most are bag and sequence lengths.
static constexpr int64_t assumedSize = 16;
/// A table's row comes from memory, the rest of a kernel's data from a cache: one element of a row weighs as much as
/// this many additions.
static constexpr int64_t lookupCost = 8;
static constexpr int64_t transcendentalCost = 10;

static int64_t estimate(ArrayRef<SizeExpr> sizes) {
  int64_t product = 1;
  for (const SizeExpr &size : sizes) {
    int64_t value = size.evaluate([](std::string_view) { return assumedSize; }).value_or(assumedSize);
    product = llvm::SaturatingMultiply<uint64_t>(product, std::max<int64_t>(value, 0)) & INT64_MAX;
  }
  return product;
}

/// The elements of one row, or of the whole tensor in a kernel without rows.
static int64_t getElements(Value value, bool hasRows) {
  auto shape = rec::getShape(value);
  return estimate(hasRows && !shape.empty() ? ArrayRef<SizeExpr>(shape).drop_front() : ArrayRef<SizeExpr>(shape));
}

static int64_t getLookups(rec::EmbeddingBagOp bag) {
  return bag.getOffsets() ? assumedSize : estimate(rec::getShape(bag.getIds())[1]);
}

static int64_t getFlops(Operation *op, bool hasRows) {
  using namespace rec;
  auto elements = [&](Value value) { return getElements(value, hasRows); };
  Value result = op->getResult(0);
  auto last = [](Value value) { return estimate(getShape(value).back()); };
  return llvm::TypeSwitch<Operation *, int64_t>(op)
      .Case([&](LinearOp o) { return 2 * elements(result) * last(o.getX()); })
      .Case([&](MatmulOp o) {
        auto shape = getShape(o.getA());
        bool leading = o.getTransposeA() && shape.size() > 1;
        return 2 * elements(result) * estimate(leading ? shape[shape.size() - 2] : shape.back());
      })
      .Case([&](DotInteractionOp o) { return 2 * elements(result) * last(o.getX()); })
      .Case([&](ConvOp o) {
        return 2 * elements(result) * estimate(ArrayRef<SizeExpr>(getShape(o.getWeight())).drop_front());
      })
      .Case([&](PoolWindowOp o) {
        int64_t window = 1;
        for (int64_t size : o.getWindow())
          window *= size;
        return elements(result) * window;
      })
      .Case([&](EmbeddingOp) { return lookupCost * elements(result); })
      .Case([&](EmbeddingBagOp o) { return lookupCost * elements(result) * getLookups(o); })
      .Case([&](MultiLookupOp o) {
        int64_t sum = 0;
        for (auto [table, count] : llvm::zip(o.getTables(), o.getCounts()))
          sum += lookupCost * count * last(table);
        return sum;
      })
      .Case([&](UnaryOp o) {
        bool cheap =
            llvm::is_contained({UnaryKind::relu, UnaryKind::neg, UnaryKind::abs, UnaryKind::sign}, o.getKind());
        return elements(result) * (cheap ? 1 : transcendentalCost);
      })
      .Case<SoftmaxOp, TopKOp>([&](auto o) { return transcendentalCost * elements(o.getX()); })
      .Case<ReduceOp, ArgReduceOp, FmTermOp, CumSumOp>([&](auto o) { return 2 * elements(o.getX()); })
      .Case([&](LayerNormOp o) { return 5 * elements(result); })
      .Default([&](Operation *) { return elements(result); });
}

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

/// Panels split over threads when there are too few rows to. With two linear layers the second needs all of the first.
int64_t EstimateCosts::getColumns(KernelOp kernel) {
  auto linears = kernel.getBody().getOps<rec::LinearOp>();
  if (kernel.getKind() != rec::RegionKind::gemm || !llvm::hasSingleElement(linears))
    return 1;
  rec::LinearOp linear = *linears.begin();
  auto weight = dyn_cast<BlockArgument>(linear.getWeight());
  int64_t width = 0;
  if (!weight)
    return 1;
  StringRef packing = cast<StringAttr>(kernel.getPackings()[weight.getArgNumber()]).getValue();
  if (!packing.consume_front("panels:") || packing.getAsInteger(10, width) || width < 1)
    return 1;
  return llvm::divideCeil(cast<RankedTensorType>(weight.getType()).getDimSize(1), width);
}

void EstimateCosts::estimateDispatch(DispatchOp dispatch) {
  KernelOp kernel = dispatch.lookupKernel();
  bool hasRows = kernel.getKind() != rec::RegionKind::whole;
  int64_t flops = 0, bytes = 0;
  for (Operation &op : kernel.getBody().front().without_terminator())
    if (!isa<rec::ConstantOp>(op))
      flops += getFlops(&op, hasRows);
  // Copies cost something, too.
  for (Value yielded : kernel.getBody().front().getTerminator()->getOperands())
    flops += getElements(yielded, hasRows);
  for (unsigned i = 0; i < kernel.getNumInputs(); ++i) {
    auto type = cast<BufferType>(dispatch.getOperand(i).getType());
    if (!kernel.getRowInputs()[i] && kernel.getTableRows()[i] < 0)
      bytes += estimate(type.getSizes()) * type.getElementBytes();
  }
  Builder builder(dispatch.getContext());
  dispatch.setFlopsPerRowAttr(builder.getI64IntegerAttr(flops));
  dispatch.setBytesFixedAttr(builder.getI64IntegerAttr(bytes));
  dispatch.setColumnsAttr(builder.getI64IntegerAttr(getColumns(kernel)));
}
