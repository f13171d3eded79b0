//===- AssignPrecision.cpp - Storage, compute and accumulate types -------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "passes/Common/Matchers.h"
#include "passes/Precision/Passes.h"

#include "dialects/Rec/ConstantData.h"
#include "dialects/Rec/Shape.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace reckon {
#define GEN_PASS_DEF_ASSIGNPRECISION
#include "passes/Precision/Passes.h.inc"
} // namespace reckon

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

namespace {

/// Sums of narrow floats are kept in single precision; those of integers wrap in their own type.
Type getAccumulateType(Type compute) {
  bool isNarrow = isa<FloatType>(compute) && !compute.isF64();
  return isNarrow ? Type(Float32Type::get(compute.getContext())) : compute;
}

struct AssignPrecision : public reckon::impl::AssignPrecisionBase<AssignPrecision> {
  using Base::Base;

  void runOnOperation() override {
    getOperation().walk([&](Operation *op) {
      auto layer = dyn_cast<PrecisionOpInterface>(op);
      Value stored = layer ? layer.getStoredOperand() : Value();
      if (!stored)
        return;
      Type compute = typeOf(op->getResult(0)).getElementType();
      Type accumulate = getAccumulateType(compute);
      if (tf32 && compute.isF32() && op->hasTrait<Product>())
        compute = FloatTF32Type::get(&getContext());
      RecDialect::PrecisionAttrHelper(&getContext())
          .setAttr(op, PrecisionAttr::get(&getContext(), typeOf(stored).getElementType(), compute, accumulate));
      ++numAssigned;
    });
  }
};
} // namespace
