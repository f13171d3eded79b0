//===- RaiseAtenEmbeddingBag.cpp - The ATen fallback of old exporters ----------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "passes/Normalize/EmbeddingBags.h"
#include "passes/Normalize/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace reckon {
#define GEN_PASS_DEF_RAISEATENEMBEDDINGBAG
#include "passes/Normalize/Passes.h.inc"
} // namespace reckon

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

namespace {

/// The arguments of aten::embedding_bag after weight, indices and offsets.
enum Argument : unsigned { Mode = 4, PerSampleWeights = 6, IncludeLastOffset = 7, PaddingIdx = 8 };

struct RaiseAtenEmbeddingBag : public reckon::impl::RaiseAtenEmbeddingBagBase<RaiseAtenEmbeddingBag> {
  void runOnOperation() override {
    SmallVector<OnnxOp> nodes;
    getOperation().walk([&](OnnxOp op) {
      auto name = dyn_cast_or_null<StringAttr>(op.getAttrs().get("operator"));
      if (op.getOpType() == "ATen" && name && (name == "embedding_bag" || name == "aten::embedding_bag"))
        nodes.push_back(op);
    });
    for (OnnxOp node : nodes)
      raise(node);
    eraseUnusedOnnxOps(getOperation());
    refreshResultTypes(getOperation());
  }

  /// An integer argument: an attribute of the node, or a constant operand at its place in the schema.
  std::optional<int64_t> getIntegerArgument(OnnxOp node, StringRef attr, unsigned position, int64_t otherwise) {
    if (Value operand = getOptionalOperand(node, position)) {
      if (std::optional<bool> flag = getSplatBool(operand))
        return *flag;
      return getInteger(operand);
    }
    return getIntAttr(node, attr, otherwise);
  }

  void raise(OnnxOp node) {
    Value table = getOptionalOperand(node, 0), ids = getOptionalOperand(node, 1);
    Value offsets = getOptionalOperand(node, 2), weights = getOptionalOperand(node, PerSampleWeights);
    std::optional<int64_t> mode = getIntegerArgument(node, "mode", Mode, 0);
    std::optional<int64_t> includeLast = getIntegerArgument(node, "include_last_offset", IncludeLastOffset, 0);
    std::optional<int64_t> padding = getIntegerArgument(node, "padding_idx", PaddingIdx, -1);
    if (!table || !ids || !mode || *mode < 0 || *mode > 2 || !includeLast || !padding || node.getOutputs().empty())
      return;
    // The node's other results tell a gradient where the rows came from.
    for (Value other : node.getOutputs().drop_front())
      if (!other.use_empty())
        return;

    auto tableType = dyn_cast<RankedTensorType>(table.getType());
    auto idType = dyn_cast<RankedTensorType>(ids.getType());
    if (!tableType || tableType.getRank() != 2 || !isa<FloatType>(tableType.getElementType()) || !idType ||
        !(idType.getElementType().isSignlessInteger(32) || idType.getElementType().isSignlessInteger(64)))
      return;
    if (idType.getRank() == 2) {
      offsets = {}; // fixed width: the offsets say nothing more
    } else {
      auto offsetType = offsets ? dyn_cast<RankedTensorType>(offsets.getType()) : RankedTensorType();
      if (idType.getRank() != 1 || !offsetType || offsetType.getRank() != 1 ||
          offsetType.getElementType() != idType.getElementType())
        return;
    }
    if (weights && (weights.getType() !=
                        RankedTensorType::get(idType.getShape(), tableType.getElementType(), idType.getEncoding()) ||
                    *mode != 0))
      return;

    OpBuilder builder(node);
    auto bag = EmbeddingBagOp::create(
        builder, node.getLoc(), PoolModeAttr::get(&getContext(), static_cast<PoolMode>(*mode)), table, ids, offsets,
        weights, *padding < 0 ? IntegerAttr() : builder.getI64IntegerAttr(*padding),
        offsets && *includeLast ? builder.getUnitAttr() : UnitAttr());
    node.getOutputs()[0].replaceAllUsesWith(bag.getResult());
    ++numRaised;
  }
};
} // namespace
