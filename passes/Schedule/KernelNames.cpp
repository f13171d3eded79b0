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

/// The name of the one constant that a layer is about: the weight of a linear layer, the table of a lookup.
static StringRef getLayerConstant(FusionOp fusion, Operation *op) {
  if (auto linear = dyn_cast<LinearOp>(op))
    return getConstantName(fusion, linear.getWeight());
  auto lookup = dyn_cast<LookupOpInterface>(op);
  bool hasOwnTable = lookup && lookup.getTables().size() == 1 && !lookup.getPooling(0).startAndCount;
  return hasOwnTable && fusion.getNumResults() == 1 ? getConstantName(fusion, lookup.getTables()[0]) : "";
}

std::string schedule::getKernelStem(FusionOp fusion) {
  Block &body = fusion.getBody().front();
  StringRef subject = "copy";
  int best = -1;
  for (Operation &op : body.without_terminator()) {
    auto layer = dyn_cast<NamingOpInterface>(op);
    int prominence = layer ? layer.getProminence() : -1;
    if (prominence <= best)
      continue;
    best = prominence;
    subject = op.getName().stripDialect();
    if (StringRef constant = getLayerConstant(fusion, &op); !constant.empty())
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
