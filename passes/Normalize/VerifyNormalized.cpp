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
#include "llvm/Support/MathExtras.h"

namespace reckon {
#define GEN_PASS_DEF_VERIFYNORMALIZED
#include "passes/Normalize/Passes.h.inc"
} // namespace reckon

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

/// As many elements as the constant sizes of a tensor may make: more fit into no machine, and kernels would go through
/// them one by one even where nothing keeps them.
static constexpr int64_t mostElements = int64_t(1) << 38;

/// Whether the constant sizes of the tensor make more elements than that.
static bool isHuge(RankedTensorType type) {
  int64_t elements = 1;
  for (int64_t size : type.getShape())
    if (!ShapedType::isDynamic(size) && (llvm::MulOverflow(elements, size, elements) || elements > mostElements))
      return !llvm::is_contained(type.getShape(), 0);
  return false;
}

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
      if (isa<RnnOp>(op)) {
        op->emitError("a recurrent layer of a size without a name is not supported");
        ok = false;
      }
      for (Type type : op->getResultTypes())
        if (auto tensor = dyn_cast<RankedTensorType>(type); tensor && isHuge(tensor)) {
          op->emitError("a result of type ") << type << " has more than 2^" << llvm::Log2_64(mostElements)
                                             << " elements, which Reckon does not support";
          ok = false;
        } else if (!tensor) {
          op->emitError("the normalize phase left a result of type ") << type << "; expected a ranked tensor";
          ok = false;
        }
    });
    if (!ok)
      signalPassFailure();
  }
};
} // namespace
