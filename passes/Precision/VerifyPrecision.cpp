//===- VerifyPrecision.cpp - What the precision phase promises -----------------===//
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
#define GEN_PASS_DEF_VERIFYPRECISION
#include "passes/Precision/Passes.h.inc"
} // namespace reckon

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

/// What is wrong with the precision an op states; empty when nothing is.
static std::string check(Operation *op, Value stored) {
  std::string text;
  llvm::raw_string_ostream os(text);
  PrecisionAttr precision = RecDialect::PrecisionAttrHelper(op->getContext()).getAttr(op);
  if (!precision) {
    os << "states no precision: expected '" << RecDialect::PrecisionAttrHelper::getNameStr() << "'";
    return text;
  }
  Type storage = precision.getStorage(), compute = precision.getCompute(), accumulate = precision.getAccumulate();
  Type element = typeOf(stored).getElementType(), result = typeOf(op->getResult(0)).getElementType();
  bool isRounded = compute.isTF32() && result.isF32() && op->hasTrait<Product>();
  auto width = [](Type type) { return type.getIntOrFloatBitWidth(); };
  if (storage != element)
    os << "states the storage type " << storage << " of what is " << element;
  else if (compute != result && !isRounded)
    os << "states that it computes in " << compute << " a result of " << result;
  else if (isa<FloatType>(result) && (!isa<FloatType>(accumulate) || width(accumulate) < std::max(32u, width(result))))
    os << "adds up " << result << " in " << accumulate << ": expected " << (result.isF64() ? "f64" : "f32 or f64");
  return text;
}

namespace {
struct VerifyPrecision : public reckon::impl::VerifyPrecisionBase<VerifyPrecision> {
  void runOnOperation() override {
    bool ok = true;
    getOperation().walk([&](Operation *op) {
      auto layer = dyn_cast<PrecisionOpInterface>(op);
      Value stored = layer ? layer.getStoredOperand() : Value();
      std::string wrong = stored ? check(op, stored) : "";
      if (wrong.empty())
        return;
      op->emitError(wrong);
      ok = false;
    });
    if (!ok)
      signalPassFailure();
  }
};
} // namespace
