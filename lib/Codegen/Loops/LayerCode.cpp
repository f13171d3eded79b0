//===- LayerCode.cpp - The registry of layers that have code ----------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#include "lib/Codegen/Loops/LayerCode.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::loops;

namespace reckon::loops {
class LayerCodes {
public:
  LayerCodes();
  const LayerCode *find(OperationName name) const {
    auto it = codes.find(name.getTypeID());
    return it != codes.end() ? &it->second : nullptr;
  }

private:
  using Index = ArrayRef<Value>;

  template <typename Op> void addElement() {
    codes[TypeID::get<Op>()].element = [](LayerEmitter &emitter, Operation *op, Index index) {
      return emitter.elementOf(cast<Op>(op), index);
    };
  }
  template <typename Op> void addView() {
    addElement<Op>();
    codes[TypeID::get<Op>()].view = [](LayerEmitter &emitter, Operation *op, const StridedView &place) {
      return emitter.view(cast<Op>(op), place);
    };
  }
  template <typename... Ops> void addElements() { (addElement<Ops>(), ...); }
  template <typename... Ops> void addViews() { (addView<Ops>(), ...); }
  template <typename Op> void addLoops(LogicalResult (LayerEmitter::*emit)(Op)) {
    codes[TypeID::get<Op>()].loops = [emit](LayerEmitter &emitter, Operation *op) {
      return (emitter.*emit)(cast<Op>(op));
    };
  }

  llvm::DenseMap<TypeID, LayerCode> codes;
};
} // namespace reckon::loops

LayerCodes::LayerCodes() {
  using namespace rec;
  addViews<ReshapeOp, TransposeOp, SliceOp, BroadcastOp>();
  addElements<UnaryOp, BinaryOp, CompareOp, SelectOp, CastOp>();
  addElements<IotaOp, DimsOp, PadOp, GatherOp, GatherElementsOp, GatherNdOp, BatchNormOp>();
  addLoops(&LayerEmitter::emitReduce);
  addLoops(&LayerEmitter::emitArgReduce);
  addLoops(&LayerEmitter::emitSoftmax);
  addLoops(&LayerEmitter::emitLayerNorm);
  addLoops(&LayerEmitter::emitCumSum);
  addLoops(&LayerEmitter::emitTopK);
  addLoops(&LayerEmitter::emitMatmul);
  addLoops(&LayerEmitter::emitLinear);
  addLoops(&LayerEmitter::emitConv);
  addLoops(&LayerEmitter::emitPoolWindow);
  addLoops(&LayerEmitter::emitRecurrence);
  addLoops(&LayerEmitter::emitScatterNd);
  addLoops(&LayerEmitter::emitScatterElements);
  addLoops(&LayerEmitter::emitConcat);
  addLoops(&LayerEmitter::emitFmTerm);
  addLoops(&LayerEmitter::emitDotInteraction);
  addLoops(&LayerEmitter::emitEmbedding);
  addLoops(&LayerEmitter::emitEmbeddingBag);
  addLoops(&LayerEmitter::emitMultiLookup);
}

const LayerCode *loops::getLayerCode(OperationName name) {
  static const LayerCodes codes;
  return codes.find(name);
}
