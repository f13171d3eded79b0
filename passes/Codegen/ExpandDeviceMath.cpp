//===- ExpandDeviceMath.cpp - rec-expand-device-math ------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//

#include "lib/Codegen/NVPTX/DoubleMath.h"
#include "passes/Codegen/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using reckon::nvptx::DoubleMath;

namespace reckon::codegen {
#define GEN_PASS_DEF_EXPANDDEVICEMATH
#include "passes/Codegen/Passes.h.inc"

/// What the device has instructions for, in all types and widths that kernels compute in.
static bool isInstruction(Operation *op) {
  if (auto power = dyn_cast<math::Exp2Op>(op))
    return power.getType().isF32() && bitEnumContainsAll(power.getFastmath(), arith::FastMathFlags::afn);
  return isa<math::AbsFOp, math::AbsIOp, math::CeilOp, math::CopySignOp, math::CountLeadingZerosOp,
             math::CountTrailingZerosOp, math::CtPopOp, math::FloorOp, math::FmaOp, math::RoundEvenOp, math::RoundOp,
             math::RsqrtOp, math::SqrtOp, math::TruncOp>(op);
}

/// The value of a scalar function in arithmetic; null for a function that has none.
static Value expand(DoubleMath &m, Operation *op, ArrayRef<Value> x) {
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case([&](math::AcosOp) { return m.acos(x[0]); })
      .Case([&](math::AcoshOp) { return m.acosh(x[0]); })
      .Case([&](math::AsinOp) { return m.asin(x[0]); })
      .Case([&](math::AsinhOp) { return m.asinh(x[0]); })
      .Case([&](math::AtanOp) { return m.atan(x[0]); })
      .Case([&](math::AtanhOp) { return m.atanh(x[0]); })
      .Case([&](math::CosOp) { return m.cos(x[0]); })
      .Case([&](math::CoshOp) { return m.cosh(x[0]); })
      .Case([&](math::ErfOp) { return m.erf(x[0]); })
      .Case([&](math::Exp2Op) { return m.exp2(x[0]); })
      .Case([&](math::ExpM1Op) { return m.expm1(x[0]); })
      .Case([&](math::ExpOp) { return m.exp(x[0]); })
      .Case([&](math::Log10Op) { return m.log10(x[0]); })
      .Case([&](math::Log1pOp) { return m.log1p(x[0]); })
      .Case([&](math::Log2Op) { return m.log2(x[0]); })
      .Case([&](math::LogOp) { return m.log(x[0]); })
      .Case([&](math::PowFOp) { return m.pow(x[0], x[1]); })
      .Case([&](math::SinOp) { return m.sin(x[0]); })
      .Case([&](math::SinhOp) { return m.sinh(x[0]); })
      .Case([&](math::TanOp) { return m.tan(x[0]); })
      .Case([&](math::TanhOp) { return m.tanh(x[0]); })
      .Case([&](arith::RemFOp) { return m.remainder(x[0], x[1]); })
      .Default([](Operation *) { return Value(); });
}

namespace {
struct ExpandDeviceMath : impl::ExpandDeviceMathBase<ExpandDeviceMath> {
  void runOnOperation() override {
    SmallVector<Operation *> functions;
    getOperation()->walk([&](Operation *op) {
      if (isa<arith::RemFOp>(op) || (isa<math::MathDialect>(op->getDialect()) && !isInstruction(op)))
        functions.push_back(op);
    });
    for (Operation *op : functions) {
      Type type = op->getResult(0).getType();
      ImplicitLocOpBuilder b(op->getLoc(), op);
      Value result;
      if (type.isF32() || type.isF64()) {
        Type f64 = b.getF64Type();
        SmallVector<Value> operands(op->getOperands());
        if (type.isF32())
          for (Value &operand : operands)
            operand = arith::ExtFOp::create(b, f64, operand);
        DoubleMath math(b);
        result = expand(math, op, operands);
        if (result && type.isF32())
          result = arith::TruncFOp::create(b, type, result);
      }
      if (!result) {
        op->emitError("device codegen: there is no device code for ") << op->getName() << " on " << type;
        return signalPassFailure();
      }
      ++numExpanded;
      op->replaceAllUsesWith(ValueRange{result});
      op->erase();
    }
  }
};
} // namespace
} // namespace reckon::codegen
