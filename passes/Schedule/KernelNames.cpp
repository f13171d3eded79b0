//===- KernelNames.cpp - Names that tell people what a kernel does -------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "passes/Schedule/KernelNames.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

static constexpr size_t maxLength = 48;

/// The name of the constant that a region reads as this block argument.
static StringRef getConstantName(FusionOp fusion, Value argument) {
  auto blockArgument = dyn_cast<BlockArgument>(argument);
  if (!blockArgument)
    return "";
  auto constant = fusion.getInputs()[blockArgument.getArgNumber()].getDefiningOp<ConstantOp>();
  return constant ? constant.getName().value_or("") : "";
}

/// How much a layer says about its region.
static int getWeight(Operation *op) {
  if (isa<DotInteractionOp, FmTermOp>(op))
    return 5;
  if (isa<TopKOp, MatmulOp, ConvOp, LinearOp>(op))
    return 4;
  if (isa<EmbeddingOp, EmbeddingBagOp, MultiLookupOp>(op))
    return 3;
  if (isa<SoftmaxOp, LayerNormOp, PoolWindowOp, ArgReduceOp, CumSumOp>(op))
    return 2;
  return isa<ReshapeOp, CastOp, BroadcastOp>(op) ? 0 : 1;
}

std::string schedule::getKernelStem(FusionOp fusion) {
  Block &body = fusion.getBody().front();
  StringRef subject = "copy";
  int best = -1;
  for (Operation &op : body.without_terminator()) {
    int weight = isa<ConstantOp>(op) ? -1 : getWeight(&op);
    if (weight <= best)
      continue;
    best = weight;
    subject = op.getName().stripDialect();
    StringRef constant;
    if (auto linear = dyn_cast<LinearOp>(op))
      constant = getConstantName(fusion, linear.getWeight());
    else if (isa<EmbeddingOp, EmbeddingBagOp>(op) && fusion.getNumResults() == 1)
      constant = getConstantName(fusion, op.getOperand(0));
    if (!constant.empty())
      subject = constant;
  }
  subject.consume_back(".weight");

  std::string stem = stringifyRegionKind(fusion.getKind()).str() + "_";
  for (char c : subject.take_back(maxLength)) {
    bool keep = llvm::isAlnum(c);
    if (keep || stem.back() != '_')
      stem += keep ? c : '_';
  }
  while (stem.back() == '_')
    stem.pop_back();
  return stem;
}

static void collectNames(Location location, llvm::SmallSetVector<StringRef, 8> &names) {
  if (auto name = dyn_cast<NameLoc>(location))
    names.insert(name.getName().getValue());
  else if (auto fused = dyn_cast<FusedLoc>(location))
    for (Location part : fused.getLocations())
      collectNames(part, names);
}

SmallVector<StringRef> schedule::getNodeNames(FusionOp fusion) {
  llvm::SmallSetVector<StringRef, 8> names;
  for (Operation &op : fusion.getBody().front().without_terminator())
    if (!isa<ConstantOp>(op))
      collectNames(op.getLoc(), names);
  return names.takeVector();
}
