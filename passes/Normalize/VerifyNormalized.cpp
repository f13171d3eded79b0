//===- VerifyNormalized.cpp - What the normalize phase promises ----------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "passes/Common/Matchers.h"
#include "passes/Import/Passes.h"
#include "passes/Normalize/Passes.h"

#include "dialects/Rec/ConstantData.h"
#include "dialects/Rec/Shape.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace reckon {
#define GEN_PASS_DEF_VERIFYNORMALIZED
#include "passes/Normalize/Passes.h.inc"
} // namespace reckon

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

namespace {
struct VerifyNormalized : public reckon::impl::VerifyNormalizedBase<VerifyNormalized> {
  void runOnOperation() override {
    func::FuncOp func = getOperation();
    if (failed(importer::reportUnsupported(func)))
      return signalPassFailure();
    bool ok = true;
    func.walk([&](Operation *op) {
      if (isa<EinsumOp>(op)) {
        op->emitError("einsum '") << cast<EinsumOp>(op).getEquation()
                                  << "' is not supported: a label occurs twice in one term, or a size has no name";
        ok = false;
      }
      for (Type type : op->getResultTypes())
        if (!isa<RankedTensorType>(type)) {
          op->emitError("the normalize phase left a result of type ") << type << "; expected a ranked tensor";
          ok = false;
        }
    });
    if (!ok)
      signalPassFailure();
  }
};
} // namespace
