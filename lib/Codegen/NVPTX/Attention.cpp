//===- Attention.cpp - Attention among the layers of a kernel ---------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//

#include "lib/Codegen/NVPTX/Attention.h"

#include "dialects/Rec/Shape.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::nvptx;

/// Sums of that many values of a query, or of a result, fit into the registers of a warp.
static constexpr int64_t mostColumns = 128;

static rec::Shape shapeOf(Value value) { return rec::getShape(value); }

/// The number of values that the right operand has in a row of the result, or 0 when it is not known.
static int64_t columnsOf(rec::MatmulOp product) { return shapeOf(product.getResult()).back().constant().value_or(0); }

int64_t Attention::queryDim() const {
  rec::MatmulOp product = scores;
  rec::Shape shape = shapeOf(product.getA());
  return shape[shape.size() - (product.getTransposeA() ? 2 : 1)].constant().value_or(0);
}

int64_t Attention::valueDim() const { return columnsOf(mix); }

/// Collects the pointwise layers from which softmax has its operand, and the product that they start from.
static rec::MatmulOp findScores(rec::SoftmaxOp softmax, llvm::SmallDenseSet<Operation *> &between) {
  rec::Shape shape = shapeOf(softmax.getX());
  rec::MatmulOp scores;
  SmallVector<Value> worklist{softmax.getX()};
  while (!worklist.empty()) {
    Operation *op = worklist.pop_back_val().getDefiningOp();
    if (!op || shapeOf(op->getResult(0)) != shape || between.contains(op))
      continue;
    if (auto product = dyn_cast<rec::MatmulOp>(op)) {
      if (scores && scores != product)
        return nullptr;
      scores = product;
    } else if (op->hasTrait<rec::Pointwise>()) {
      between.insert(op);
      worklist.append(op->operand_begin(), op->operand_end());
    }
  }
  return scores;
}

/// Leaves those of the layers that are computed from the product.
static void keepDependent(llvm::SmallDenseSet<Operation *> &layers, rec::MatmulOp product) {
  llvm::SmallDenseSet<Operation *> dependent;
  SmallVector<Operation *> worklist{product};
  while (!worklist.empty())
    for (Operation *user : worklist.pop_back_val()->getUsers())
      if (layers.contains(user) && dependent.insert(user).second)
        worklist.push_back(user);
  layers = std::move(dependent);
}

std::optional<Attention> Attention::match(rec::MatmulOp mix) {
  auto softmax = mix.getA().getDefiningOp<rec::SoftmaxOp>();
  Type type = mix.getType().getElementType();
  rec::Shape weights = shapeOf(mix.getA());
  if (!softmax || !softmax->hasOneUse() || mix.getTransposeA() || softmax.getLog() || weights.size() < 2 ||
      softmax.getAxis() + 1 != weights.size() || shapeOf(mix.getB()).size() < 2 || !(type.isF16() || type.isBF16()) ||
      softmax.getType().getElementType() != type)
    return std::nullopt;
  Attention result{nullptr, softmax, mix, {}};
  result.scores = findScores(softmax, result.layers);
  if (!result.scores || result.scores.getA().getType().getElementType() != type ||
      shapeOf(result.scores.getA()).size() < 2 || shapeOf(result.scores.getB()).size() < 2)
    return std::nullopt;
  keepDependent(result.layers, result.scores);
  auto isInside = [&](Operation *user) { return user == softmax || result.layers.contains(user); };
  auto staysInside = [&](Operation *op) { return llvm::all_of(op->getUsers(), isInside); };
  // A value in registers is computed anew for every reader.
  auto isReadOnce = [](Operation *op) { return op->hasOneUse(); };
  if (!staysInside(result.scores) || !llvm::all_of(result.layers, staysInside) ||
      !llvm::all_of(result.layers, isReadOnce))
    return std::nullopt;
  auto fits = [](int64_t columns) { return columns > 0 && columns <= mostColumns; };
  if (!fits(result.queryDim()) || !fits(result.valueDim()))
    return std::nullopt;
  result.layers.insert(result.scores);
  result.layers.insert(softmax);
  return result;
}
