//===- Joins.cpp - Concats that producers can write through --------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "passes/Fuse/Joins.h"
#include "passes/Fuse/RegionBuilder.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

bool fuse::hasSliceLayout(RankedTensorType type, int64_t axis) {
  return axis >= 1 && llvm::none_of(type.getShape().drop_front(), ShapedType::isDynamic);
}

bool fuse::isJoinable(ConcatOp concat) {
  auto isGemm = [](Value value) { return getProducerKind(value) == rec::RegionKind::gemm; };
  auto wantsJoin = [](Operation *user) {
    auto fusion = dyn_cast<FusionOp>(user);
    return isa<func::ReturnOp>(user) || (fusion && fusion.getKind() == rec::RegionKind::gemm);
  };
  bool worthIt = concat.getInputs().size() > maxLookups || llvm::any_of(concat.getInputs(), isGemm);
  return concat.getInputs().size() > 1 && hasSliceLayout(concat.getType(), concat.getAxis()) && worthIt &&
         llvm::any_of(concat->getUsers(), wantsJoin);
}
