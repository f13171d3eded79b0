//===- LinearRuns.cpp - Runs of linear layers, and kernels of several -----------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "passes/Schedule/LinearRuns.h"
#include "lib/Tiling/ChainLayout.h"
#include "passes/Schedule/BufferUse.h"
#include "passes/Schedule/StoredWeights.h"

#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::plan;
using namespace reckon::schedule;
using tiling::LinearLayer;

//===----------------------------------------------------------------------===//
// Runs
//===----------------------------------------------------------------------===//

static bool coversOthers(Operation *op) {
  auto dispatch = dyn_cast<DispatchOp>(op);
  return dispatch && dispatch.coversOthers();
}

/// The only dispatch that touches what `dispatch` writes, when it reads it as one operand.
static DispatchOp getOnlyReader(DispatchOp dispatch, Value output) {
  Value storage = getStorage(output);
  if (!storage.getDefiningOp<AllocOp>())
    return nullptr;
  // A slice of padded rows stands between the memory and its users.
  for (Operation *user : storage.getUsers())
    if (storage != output && user != output.getDefiningOp() && !coversOthers(user))
      return nullptr;
  DispatchOp reader;
  for (OpOperand &use : output.getUses()) {
    if (use.getOwner() == dispatch || coversOthers(use.getOwner()))
      continue;
    auto user = dyn_cast<DispatchOp>(use.getOwner());
    if (!user || reader)
      return nullptr;
    reader = user;
  }
  return reader;
}

SmallVector<SmallVector<LinearLink>> schedule::findLinearRuns(ProgramOp program) {
  llvm::MapVector<Operation *, LinearLink> links;
  for (auto dispatch : program.getOps<DispatchOp>()) {
    KernelOp kernel = dispatch.lookupKernel();
    std::optional<LinearLayer> layer;
    if (kernel && kernel.getKind() == rec::RegionKind::gemm && !coversOthers(dispatch))
      layer = tiling::matchLinear(kernel);
    if (layer && tiling::canChain(*layer))
      links[dispatch] = {dispatch, *layer};
  }
  auto getNext = [&](const LinearLink &link) -> Operation * {
    DispatchOp dispatch = link.dispatch;
    DispatchOp reader = getOnlyReader(dispatch, dispatch.getOperands().back());
    auto next = links.find(reader);
    if (!reader || next == links.end())
      return nullptr;
    const LinearLayer &to = next->second.layer, &from = link.layer;
    bool fits = reader.getOperands()[to.x.operand] == dispatch.getOperands().back() && to.k == from.n &&
                to.type == from.type && (from.out.type == from.type || from.out.type.isF32()) &&
                to.rowsPerSample == from.rowsPerSample && reader.getRows() == dispatch.getRows() &&
                // An epilogue that reads its layer's own input, as a cross layer may, would read what is not in memory.
                reader.lookupKernel().getBody().getArgument(to.x.operand).hasOneUse();
    return fits ? next->first : nullptr;
  };
  DenseSet<Operation *> following;
  for (auto &[op, link] : links)
    if (Operation *next = getNext(link))
      following.insert(next);
  // What an epilogue reads besides must be there when the first layer starts, or a chain would wait for it.
  auto isReady = [&](const LinearLink &link, const LinearLink &first) {
    DispatchOp dispatch = link.dispatch, begin = first.dispatch;
    for (auto other : program.getOps<DispatchOp>())
      for (unsigned i = 0; i + 1 < dispatch.getOperands().size(); ++i)
        if (Value operand = dispatch.getOperands()[i];
            i != link.layer.x.operand && begin->isBeforeInBlock(other) && other != dispatch && !coversOthers(other) &&
            llvm::any_of(getAccesses(other),
                         [&](const Access &access) { return access.writes && access.storage == getStorage(operand); }))
          return false;
    return true;
  };
  SmallVector<SmallVector<LinearLink>> runs;
  for (auto &[op, link] : links) {
    if (following.contains(op))
      continue;
    runs.emplace_back(1, link);
    while (Operation *next = getNext(runs.back().back())) {
      if (!isReady(links[next], runs.back().front()))
        runs.emplace_back();
      runs.back().push_back(links[next]);
    }
  }
  return runs;
}

//===----------------------------------------------------------------------===//
// The kernel
//===----------------------------------------------------------------------===//

/// Operands that the body reads, but for `x` of layers behind the first.
static SmallVector<unsigned> getReadOperands(const LinearLayer &layer, bool withX) {
  SmallVector<unsigned> operands;
  for (BlockArgument argument : layer.kernel.getBody().getArguments())
    if (!argument.use_empty() && (withX || argument.getArgNumber() != layer.x.operand))
      operands.push_back(argument.getArgNumber());
  return operands;
}

static std::string makeName(StringRef stem, KernelOp first) {
  StringRef rest = first.getSymName();
  rest.consume_front("gemm_");
  std::string name = (stem + "_" + rest).str();
  for (unsigned i = 1; first->getParentOfType<ModuleOp>().lookupSymbol(name); ++i)
    name = (stem + "_" + rest + "_" + Twine(i)).str();
  return name;
}

CoverKernel::CoverKernel(ArrayRef<LinearLink> links, StringRef stem, ArrayRef<PackingKind> packings)
    : builder(links[0].layer.kernel) {
  KernelOp first = links[0].layer.kernel;
  builder.setInsertionPointAfter(links.back().layer.kernel);
  SmallVector<Location> locations;
  for (const LinearLink &link : links)
    locations.push_back(link.layer.kernel.getLoc());
  kernel = KernelOp::create(builder, builder.getFusedLoc(locations), makeName(stem, first), first.getKind(),
                            first.getDims(), ArrayRef<OperandAttr>());
  kernel.getBody().emplaceBlock();
  for (auto [link, packing] : llvm::zip_equal(links, packings))
    addLayer(link, packing, &link == &links.back());
  kernel.setLayoutList(layouts);
}

void CoverKernel::addLayer(const LinearLink &link, PackingKind packing, bool isLast) {
  const LinearLayer &layer = link.layer;
  KernelOp from = layer.kernel;
  Block &body = kernel.getBody().front();
  IRMapping mapping;
  if (previous)
    mapping.map(from.getBody().getArgument(layer.x.operand), previous);
  for (unsigned operand : getReadOperands(layer, !previous)) {
    BlockArgument argument = from.getBody().getArgument(operand);
    mapping.map(argument, body.addArgument(argument.getType(), argument.getLoc()));
    layouts.push_back(from.getLayout(operand));
    if (operand == layer.weight)
      layouts.back() = layouts.back().withPacking(PackingAttr::get(builder.getContext(), packing));
  }
  OpBuilder inner = OpBuilder::atBlockEnd(&body);
  for (Operation &op : from.getBody().front()) {
    auto yield = dyn_cast<rec::YieldOp>(op);
    if (!yield || isLast)
      inner.clone(op, mapping);
    if (yield)
      previous = mapping.lookup(yield.getOperand(0));
  }
  if (isLast)
    layouts.push_back(from.getLayout(from.getNumInputs()));
}

SmallVector<Value> CoverKernel::getOperands(ArrayRef<LinearLink> links, ArrayRef<PackingKind> packings) {
  SmallVector<Value> operands;
  for (auto [link, packing] : llvm::zip_equal(links, packings))
    for (unsigned operand : getReadOperands(link.layer, &link == &links.front())) {
      DispatchOp dispatch = link.dispatch;
      KernelOp kernel = link.layer.kernel;
      if (operand == link.layer.weight)
        operand = kernel.findPacked(operand, packing).value_or(operand);
      operands.push_back(dispatch.getOperands()[operand]);
    }
  DispatchOp last = links.back().dispatch;
  operands.push_back(last.getOperands().back());
  return operands;
}

//===----------------------------------------------------------------------===//
// Dispatches
//===----------------------------------------------------------------------===//

/// The dispatch by its name, which it gets when it has none.
static FlatSymbolRefAttr getReference(DispatchOp dispatch) {
  if (!dispatch.getSymName()) {
    llvm::StringSet<> taken;
    for (DispatchOp other : dispatch->getParentOfType<ProgramOp>().getDispatches())
      if (std::optional<StringRef> name = other.getSymName())
        taken.insert(*name);
    std::string name = dispatch.getKernel().str();
    for (unsigned i = 1; taken.contains(name); ++i)
      name = (dispatch.getKernel() + "_" + Twine(i)).str();
    dispatch.setSymName(name);
  }
  return FlatSymbolRefAttr::get(dispatch.getSymNameAttr());
}

KernelOp LinearCovers::cover(ArrayRef<LinearLink> links, ArrayRef<PackingKind> packings) {
  std::vector<std::pair<std::string, PackingKind>> key;
  for (auto [link, packing] : llvm::zip_equal(links, packings))
    key.push_back({link.layer.kernel.getSymName().str(), packing});
  KernelOp &kernel = kernels[key];
  if (!kernel)
    kernel = CoverKernel(links, stem, packings).getKernel();
  DispatchOp last = links.back().dispatch;
  OpBuilder builder(module.getContext());
  builder.setInsertionPointAfter(last);
  auto dispatch = DispatchOp::create(builder, kernel.getLoc(), FlatSymbolRefAttr::get(kernel),
                                     CoverKernel::getOperands(links, packings));
  SmallVector<Attribute> nodes, covers;
  for (const LinearLink &link : links) {
    DispatchOp covered = link.dispatch;
    covers.push_back(getReference(covered));
    llvm::append_range(nodes, covered.getNodes());
  }
  dispatch.setNodesAttr(builder.getArrayAttr(nodes));
  dispatch.setCoversAttr(builder.getArrayAttr(covers));
  return kernel;
}

void LinearCovers::finish() {
  storeWeightsAsRead(module, [](PackingAttr) {});
}
