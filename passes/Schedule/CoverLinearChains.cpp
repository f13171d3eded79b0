//===- CoverLinearChains.cpp - Several layers by one kernel for few rows --------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "lib/Codegen/NVPTX/LinearChain.h"
#include "lib/Codegen/NVPTX/LinearPacking.h"
#include "passes/Schedule/BufferUse.h"
#include "passes/Schedule/Passes.h"
#include "passes/Schedule/StoredWeights.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"

#include <map>

namespace reckon::schedule {
#define GEN_PASS_DEF_COVERLINEARCHAINS
#include "passes/Schedule/Passes.h.inc"
} // namespace reckon::schedule

using namespace mlir;
using namespace reckon;
using namespace reckon::plan;
using nvptx::LinearLayer;
using schedule::Access;

namespace {
struct Link {
  DispatchOp dispatch;
  LinearLayer layer;
};
/// Links [begin, end) of a run that are worth a kernel, and for how many rows.
struct Cover {
  size_t begin = 0, end = 0;
  int64_t rows = 0;
  double gain = 0;
};

/// One kernel in the making: the layers of several, operand by operand.
class ChainKernel {
public:
  ChainKernel(ArrayRef<Link> links, StringRef name, int64_t rows);
  KernelOp getKernel() { return kernel; }
  /// The operands of a dispatch that takes the place of these.
  static SmallVector<Value> getOperands(ArrayRef<Link> links);

private:
  void addLayer(const Link &link, bool isLast);
  void addInput(KernelOp from, unsigned operand);

  KernelOp kernel;
  OpBuilder builder;
  Value previous; ///< the result of the layer before
  SmallVector<bool> rowInputs, aligned;
  SmallVector<Attribute> strides, packings;
  SmallVector<int64_t> tableRows;
};

struct CoverLinearChains : schedule::impl::CoverLinearChainsBase<CoverLinearChains> {
  using Base::Base;
  void runOnOperation() override;

private:
  SmallVector<SmallVector<Link>> findRuns(ProgramOp program);
  std::optional<Cover> findCover(ArrayRef<Link> run, size_t begin, size_t end);
  void coverRun(ArrayRef<Link> run, size_t begin, size_t end);
  void cover(ArrayRef<Link> links, int64_t rows);

  /// One kernel for dispatches of the same kernels.
  std::map<std::vector<std::string>, KernelOp> kernels;
  /// What each new dispatch covers.
  SmallVector<std::pair<DispatchOp, SmallVector<DispatchOp>>> covers;
};
} // namespace

/// The operand of the weight that is packed as `mma`; the layer's own where none is yet.
static unsigned getWeightOperand(const LinearLayer &layer) {
  KernelOp kernel = layer.kernel;
  Value weight = kernel.getBody().getArgument(layer.weight);
  for (BlockArgument argument : kernel.getBody().getArguments())
    if ((argument == weight || (argument.use_empty() && argument.getType() == weight.getType())) &&
        cast<StringAttr>(kernel.getPackings()[argument.getArgNumber()]).getValue() == StringRef(nvptx::mmaPacking))
      return argument.getArgNumber();
  return layer.weight;
}

/// Operands that the body reads, but for `x` of layers behind the first.
static SmallVector<unsigned> getReadOperands(const LinearLayer &layer, bool withX) {
  SmallVector<unsigned> operands;
  for (BlockArgument argument : layer.kernel.getBody().getArguments())
    if (!argument.use_empty() && (withX || argument.getArgNumber() != layer.x.operand))
      operands.push_back(argument.getArgNumber());
  return operands;
}

//===----------------------------------------------------------------------===//
// The kernel
//===----------------------------------------------------------------------===//

ChainKernel::ChainKernel(ArrayRef<Link> links, StringRef name, int64_t rows) : builder(links[0].layer.kernel) {
  KernelOp first = links[0].layer.kernel;
  builder.setInsertionPointAfter(links.back().layer.kernel);
  SmallVector<Location> locations;
  for (const Link &link : links)
    locations.push_back(link.layer.kernel.getLoc());
  kernel = KernelOp::create(builder, builder.getFusedLoc(locations), name, first.getKind(), ArrayRef<bool>(),
                            builder.getArrayAttr({}), builder.getArrayAttr({}), first.getDims(), ArrayRef<int64_t>());
  kernel.getBody().emplaceBlock();
  for (const Link &link : links)
    addLayer(link, &link == &links.back());
  kernel.setRowInputs(rowInputs);
  kernel.setStridesAttr(builder.getArrayAttr(strides));
  kernel.setPackingsAttr(builder.getArrayAttr(packings));
  kernel.setTableRows(tableRows);
  kernel->setAttr("aligned", builder.getDenseBoolArrayAttr(aligned));
  kernel->setAttr(nvptx::chainRowsName, builder.getI64IntegerAttr(rows));
}

void ChainKernel::addInput(KernelOp from, unsigned operand) {
  auto known = from->getAttrOfType<DenseBoolArrayAttr>("aligned");
  aligned.push_back(known && known[operand]);
  strides.push_back(from.getStrides()[operand]);
  if (operand >= from.getNumInputs())
    return;
  rowInputs.push_back(from.getRowInputs()[operand]);
  packings.push_back(from.getPackings()[operand]);
  tableRows.push_back(from.getTableRows()[operand]);
}

void ChainKernel::addLayer(const Link &link, bool isLast) {
  const LinearLayer &layer = link.layer;
  KernelOp from = layer.kernel;
  Block &body = kernel.getBody().front();
  IRMapping mapping;
  if (previous)
    mapping.map(from.getBody().getArgument(layer.x.operand), previous);
  for (unsigned operand : getReadOperands(layer, !previous)) {
    BlockArgument argument = from.getBody().getArgument(operand);
    mapping.map(argument, body.addArgument(argument.getType(), argument.getLoc()));
    addInput(from, operand);
    if (operand == layer.weight)
      packings.back() = builder.getStringAttr(StringRef(nvptx::mmaPacking));
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
    addInput(from, from.getNumInputs());
}

SmallVector<Value> ChainKernel::getOperands(ArrayRef<Link> links) {
  SmallVector<Value> operands;
  for (const Link &link : links)
    for (unsigned operand : getReadOperands(link.layer, &link == &links.front())) {
      DispatchOp dispatch = link.dispatch;
      bool isWeight = operand == link.layer.weight;
      operands.push_back(dispatch.getOperands()[isWeight ? getWeightOperand(link.layer) : operand]);
    }
  DispatchOp last = links.back().dispatch;
  operands.push_back(last.getOperands().back());
  return operands;
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

/// The only dispatch that touches what `dispatch` writes, when it reads it as one operand.
static DispatchOp getOnlyReader(DispatchOp dispatch, Value output) {
  Value storage = schedule::getStorage(output);
  if (!storage.getDefiningOp<AllocOp>())
    return nullptr;
  // A slice of padded rows stands between the memory and its users.
  for (Operation *user : storage.getUsers())
    if (storage != output && user != output.getDefiningOp())
      return nullptr;
  DispatchOp reader;
  for (OpOperand &use : output.getUses()) {
    if (use.getOwner() == dispatch)
      continue;
    auto user = dyn_cast<DispatchOp>(use.getOwner());
    if (!user || reader)
      return nullptr;
    reader = user;
  }
  return reader;
}

SmallVector<SmallVector<Link>> CoverLinearChains::findRuns(ProgramOp program) {
  llvm::MapVector<Operation *, Link> links;
  for (auto dispatch : program.getOps<DispatchOp>()) {
    KernelOp kernel = dispatch.lookupKernel();
    std::optional<LinearLayer> layer;
    if (kernel && kernel.getKind() == rec::RegionKind::gemm)
      layer = nvptx::matchLinear(kernel);
    if (layer && nvptx::canChain(*layer))
      links[dispatch] = {dispatch, *layer};
  }
  auto getNext = [&](const Link &link) -> Operation * {
    DispatchOp dispatch = link.dispatch;
    DispatchOp reader = getOnlyReader(dispatch, dispatch.getOperands().back());
    auto next = links.find(reader);
    if (!reader || next == links.end())
      return nullptr;
    const LinearLayer &to = next->second.layer, &from = link.layer;
    bool fits = reader.getOperands()[to.x.operand] == dispatch.getOperands().back() && to.k == from.n &&
                to.type == from.type && (from.out.type == from.type || from.out.type.isF32()) &&
                to.rowsPerSample == from.rowsPerSample && reader.getRows() == dispatch.getRows();
    return fits ? next->first : nullptr;
  };
  DenseSet<Operation *> following;
  for (auto &[op, link] : links)
    if (Operation *next = getNext(link))
      following.insert(next);
  // What a tail reads besides must be there when the first layer starts, or a chain would wait for it.
  auto isReady = [&](const Link &link, const Link &first) {
    DispatchOp dispatch = link.dispatch, begin = first.dispatch;
    for (auto other : program.getOps<DispatchOp>())
      for (auto [i, operand] : llvm::enumerate(dispatch.getOperands().drop_back()))
        if (i != link.layer.x.operand && begin->isBeforeInBlock(other) && other != dispatch &&
            llvm::any_of(schedule::getAccesses(other), [&](const Access &access) {
              return access.writes && access.storage == schedule::getStorage(operand);
            }))
          return false;
    return true;
  };
  SmallVector<SmallVector<Link>> runs;
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

/// The part of [begin, end) that gains most.
std::optional<Cover> CoverLinearChains::findCover(ArrayRef<Link> run, size_t begin, size_t end) {
  std::optional<Cover> best;
  for (size_t first = begin; first < end; ++first) {
    SmallVector<LinearLayer> layers;
    for (size_t last = first; last < end; ++last) {
      layers.push_back(run[last].layer);
      Cover cover{first, last + 1, 0, 0};
      if (layers.size() > 1)
        cover.rows = nvptx::getMaxChainRows(layers, arch, &cover.gain) / layers[0].rowsPerSample;
      if (cover.rows > 0 && (!best || cover.gain > best->gain))
        best = cover;
    }
  }
  return best;
}

void CoverLinearChains::coverRun(ArrayRef<Link> run, size_t begin, size_t end) {
  std::optional<Cover> best = findCover(run, begin, end);
  if (!best)
    return;
  coverRun(run, begin, best->begin);
  cover(run.slice(best->begin, best->end - best->begin), best->rows);
  coverRun(run, best->end, end);
}

void CoverLinearChains::cover(ArrayRef<Link> links, int64_t rows) {
  std::vector<std::string> names;
  for (const Link &link : links)
    names.push_back(link.layer.kernel.getSymName().str());
  KernelOp &kernel = kernels[names];
  if (!kernel) {
    StringRef stem = names.front();
    stem.consume_front("gemm_");
    std::string name = ("chain_" + stem).str();
    for (unsigned i = 1; getOperation().lookupSymbol(name); ++i)
      name = ("chain_" + stem + "_" + Twine(i)).str();
    kernel = ChainKernel(links, name, rows).getKernel();
  }
  DispatchOp last = links.back().dispatch;
  OpBuilder builder(&getContext());
  builder.setInsertionPointAfter(last);
  auto dispatch =
      DispatchOp::create(builder, kernel.getLoc(), FlatSymbolRefAttr::get(kernel), ChainKernel::getOperands(links));
  SmallVector<Attribute> nodes;
  SmallVector<DispatchOp> covered;
  for (const Link &link : links) {
    covered.push_back(link.dispatch);
    llvm::append_range(nodes, covered.back().getNodes());
  }
  dispatch.setNodesAttr(builder.getArrayAttr(nodes));
  covers.push_back({dispatch, covered});
  ++numChains;
  numCovered += links.size();
}

void CoverLinearChains::runOnOperation() {
  kernels.clear();
  covers.clear();
  if (!nvptx::hasClusters(arch))
    return;
  for (auto program : getOperation().getOps<ProgramOp>())
    for (ArrayRef<Link> run : findRuns(program))
      coverRun(run, 0, run.size());
  // Dispatches are counted when all are there.
  for (auto program : getOperation().getOps<ProgramOp>()) {
    DenseMap<Operation *, int64_t> numbers;
    for (auto dispatch : program.getOps<DispatchOp>())
      numbers.try_emplace(dispatch, numbers.size());
    for (auto &[dispatch, covered] : covers) {
      SmallVector<int64_t> list;
      for (DispatchOp other : covered)
        list.push_back(numbers.lookup(other));
      if (dispatch->getParentOp() == program)
        dispatch.setCovers(list);
    }
  }
  schedule::storeWeightsAsRead(getOperation(), [](StringRef) {});
}
