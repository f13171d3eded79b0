//===- Registry.cpp - Which evaluation belongs to which op -----------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "lib/Reference/Registry.h"

#include "lib/Reference/Eval.h"

#include "llvm/ADT/DenseMap.h"

namespace reckon::reference {

namespace {
class Registry {
public:
  /// Takes the overload of eval() for each op.
  template <typename... Ops> void add() {
    ((evaluations[mlir::TypeID::get<Ops>()] = [](mlir::Operation *op,
                                                 Context &c) { return eval(mlir::cast<Ops>(op), c); }),
     ...);
  }
  Evaluate find(mlir::OperationName name) const { return evaluations.lookup(name.getTypeID()); }

private:
  llvm::DenseMap<mlir::TypeID, Evaluate> evaluations;
};

Registry makeRegistry() {
  using namespace rec;
  Registry r;
  r.add<ConstantOp, DimsOp, FusionOp, JoinOp>();
  r.add<UnaryOp, BinaryOp, CompareOp, SelectOp, CastOp>();
  r.add<EmbeddingOp, EmbeddingBagOp, MultiLookupOp>();
  r.add<LinearOp, MatmulOp, DotInteractionOp, CrossLayerOp, FmTermOp, EinsumOp>();
  r.add<RnnOp, RecurrenceOp, ConvOp, PoolWindowOp>();
  r.add<ConcatOp, SliceOp, ReshapeOp, TransposeOp, BroadcastOp, PadOp, IotaOp>();
  r.add<GatherOp, GatherElementsOp, GatherNdOp, ScatterNdOp, ScatterElementsOp>();
  r.add<ReduceOp, SoftmaxOp, LayerNormOp, BatchNormOp, CumSumOp>();
  r.add<ArgReduceOp, TopKOp>();
  return r;
}
} // namespace

Evaluate getEvaluation(mlir::OperationName name) {
  static const Registry registry = makeRegistry();
  return registry.find(name);
}

} // namespace reckon::reference
