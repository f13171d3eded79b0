//===- FormChains.cpp - Dispatches that run without barriers -------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "passes/Schedule/BufferUse.h"
#include "passes/Schedule/Passes.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/Remarks.h"

#include <map>

namespace reckon::schedule {
#define GEN_PASS_DEF_FORMCHAINS
#include "passes/Schedule/Passes.h.inc"
} // namespace reckon::schedule

using namespace mlir;
using namespace reckon;
using namespace reckon::plan;
using schedule::Access;

namespace {
struct Node {
  DispatchOp dispatch;
  SizeExpr rows;
  SmallVector<Access> accesses;
  /// How many dispatches that write what this one reads have not run yet, and who waits for this one.
  unsigned waitsFor = 0;
  SmallVector<unsigned> readers;
  bool done = false;
};

class ChainFormer {
public:
  explicit ChainFormer(ProgramOp program);
  SmallVector<SmallVector<unsigned>> run();
  unsigned size() const { return nodes.size(); }
  DispatchOp getDispatch(unsigned i) const { return nodes[i].dispatch; }

private:
  std::optional<SizeExpr> chooseRows() const;
  bool readsAcrossRows(const Node &node, const DenseSet<Value> &written) const;

  SmallVector<Node> nodes;
  SizeExpr mostFrequent;
};
} // namespace

ChainFormer::ChainFormer(ProgramOp program) {
  DenseMap<Value, SmallVector<unsigned>> writers;
  std::map<std::string, unsigned> frequency;
  unsigned most = 0;
  for (auto dispatch : program.getOps<DispatchOp>()) {
    unsigned index = nodes.size();
    Node &node = nodes.emplace_back();
    node.dispatch = dispatch;
    node.rows = dispatch.getRows();
    node.accesses = schedule::getAccesses(dispatch);
    DenseSet<unsigned> sources;
    for (const Access &access : node.accesses)
      if (!access.writes)
        sources.insert_range(writers.lookup(access.storage));
    for (const Access &access : node.accesses)
      if (access.writes)
        writers[access.storage].push_back(index);
    node.waitsFor = sources.size();
    for (unsigned source : sources)
      nodes[source].readers.push_back(index);
    if (unsigned count = ++frequency[node.rows.str()]; count > most) {
      most = count;
      mostFrequent = node.rows;
    }
  }
}

/// The rows of the first dispatch that can run; what is not of the most frequent rows goes first, so that the longest
/// chain finds all it reads done when it starts.
std::optional<SizeExpr> ChainFormer::chooseRows() const {
  std::optional<SizeExpr> rows;
  for (const Node &node : nodes) {
    if (node.done || node.waitsFor != 0)
      continue;
    if (node.rows != mostFrequent)
      return node.rows;
    rows = node.rows;
  }
  return rows;
}

bool ChainFormer::readsAcrossRows(const Node &node, const DenseSet<Value> &written) const {
  return llvm::any_of(node.accesses,
                      [&](const Access &access) { return !access.byRow && written.contains(access.storage); });
}

SmallVector<SmallVector<unsigned>> ChainFormer::run() {
  SmallVector<SmallVector<unsigned>> chains;
  while (std::optional<SizeExpr> rows = chooseRows()) {
    SmallVector<unsigned> &chain = chains.emplace_back();
    DenseSet<Value> written;
    bool grew = true;
    while (grew) {
      grew = false;
      for (auto [i, node] : llvm::enumerate(nodes)) {
        if (node.done || node.waitsFor != 0 || node.rows != *rows || readsAcrossRows(node, written))
          continue;
        node.done = grew = true;
        chain.push_back(i);
        for (unsigned reader : node.readers)
          --nodes[reader].waitsFor;
        for (const Access &access : node.accesses)
          if (access.writes)
            written.insert(access.storage);
      }
    }
  }
  return chains;
}

namespace {
struct FormChains : schedule::impl::FormChainsBase<FormChains> {
  using Base::Base;

  void runOnOperation() override {
    // Numbers of dispatches stay what they are only in the program's order.
    auto covers = [](DispatchOp dispatch) { return dispatch.coversOthers(); };
    if (auto all = getOperation().getOps<DispatchOp>(); !single && llvm::any_of(all, covers)) {
      getOperation().emitError("has dispatches that cover others: expected the option 'single'");
      return signalPassFailure();
    }
    ChainFormer former(getOperation());
    SmallVector<SmallVector<unsigned>> chains;
    if (single)
      for (unsigned i = 0; i < former.size(); ++i)
        chains.push_back({i});
    else
      chains = former.run();
    OpBuilder builder = OpBuilder::atBlockEnd(&getOperation().getBody().front());
    std::optional<SizeExpr> rowsBefore;
    for (ArrayRef<unsigned> chain : chains) {
      DispatchOp first = former.getDispatch(chain.front());
      SizeExpr rows = first.getRows();
      if (rowsBefore && !single)
        remark::missed(first.getLoc(), remark::RemarkOpts::name("not-chained").category(getArgument()))
            << remark::reason("{0} waits for the dispatches before it: {1}", first.getKernel(),
                              *rowsBefore == rows ? "it reads more than its own row of what they write"
                                                  : "they have another number of rows");
      rowsBefore = rows;
      auto op = ChainOp::create(builder, first.getLoc(), rec::DimsAttr::get(&getContext(), ArrayRef<SizeExpr>(rows)));
      Block *body = new Block;
      op.getBody().push_back(body);
      for (unsigned i : chain)
        former.getDispatch(i)->moveBefore(body, body->end());
      ++numChains;
      numFollowing += chain.size() - 1;
    }
  }
};
} // namespace
