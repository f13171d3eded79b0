//===- VerifyScheduled.cpp - The invariant of the schedule phase ---------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "passes/Schedule/BufferUse.h"
#include "passes/Schedule/Passes.h"

#include "dialects/Rec/Shape.h"
#include "dialects/Rec/SizeRequirements.h"

#include "mlir/IR/BuiltinOps.h"

#include <set>
#include <tuple>

namespace reckon::schedule {
#define GEN_PASS_DEF_VERIFYSCHEDULED
#include "passes/Schedule/Passes.h.inc"
} // namespace reckon::schedule

using namespace mlir;
using namespace reckon;
using namespace reckon::plan;
using schedule::Access;

namespace {
struct VerifyScheduled : schedule::impl::VerifyScheduledBase<VerifyScheduled> {
  void runOnOperation() override {
    SmallVector<ProgramOp> programs;
    for (Operation &op : getOperation().getOps()) {
      if (auto program = dyn_cast<ProgramOp>(op)) {
        programs.push_back(program);
      } else if (!isa<KernelOp>(op)) {
        op.emitError("expected programs and kernels only, found '") << op.getName() << "'";
        return signalPassFailure();
      }
    }
    if (programs.size() != 1) {
      getOperation().emitError("expected one program, found ") << programs.size();
      return signalPassFailure();
    }
    if (failed(verifyDims(programs[0])) || failed(verifyBuffers(programs[0])) || failed(verifyOrder(programs[0])) ||
        failed(verifyRequirements(programs[0])))
      return signalPassFailure();
  }

private:
  static LogicalResult verifySize(Operation *op, ProgramOp program, const SizeExpr &size);
  static LogicalResult verifyAlloc(AllocOp alloc, ProgramOp program);
  static LogicalResult verifyBuffers(ProgramOp program);
  static LogicalResult verifyOrder(ProgramOp program);
  static LogicalResult verifyDims(ProgramOp program);
  LogicalResult verifyRequirements(ProgramOp program);
};
} // namespace

LogicalResult VerifyScheduled::verifySize(Operation *op, ProgramOp program, const SizeExpr &size) {
  for (const std::string &dim : size.dims())
    if (program.getDimIndex(dim) < 0)
      return op->emitError("has the size '") << size.str() << "', expected it in the program's dimensions";
  return success();
}

/// Kernels get the program's named dimensions, then their own tables' row counts.
LogicalResult VerifyScheduled::verifyDims(ProgramOp program) {
  auto tables = program.getOps<TableOp>();
  ArrayRef<Attribute> named = program.getDims().getValue().drop_back(std::distance(tables.begin(), tables.end()));
  for (auto kernel : program->getParentOfType<ModuleOp>().getOps<KernelOp>()) {
    ArrayRef<Attribute> dims = kernel.getDims().getValue();
    size_t numTables = llvm::count_if(kernel.getLayoutList(), [](OperandAttr layout) { return layout.isTable(); });
    if (dims.drop_back(numTables) != named)
      return kernel.emitError("has ") << dims.size() - numTables
                                      << " dims before the row counts of its tables, expected the " << named.size()
                                      << " named dims of the program";
  }
  return success();
}

LogicalResult VerifyScheduled::verifyAlloc(AllocOp alloc, ProgramOp program) {
  std::optional<uint64_t> slot = alloc.getSlot();
  if (!slot)
    return alloc.emitError("expected a slot");
  size_t slots = alloc.getLocal() ? program.getLocalSlots().value_or(ArrayRef<int64_t>()).size()
                                  : (program.getSlots() ? program.getSlots()->size() : 0);
  if (*slot >= slots)
    return alloc.emitError("lies in slot ") << *slot << ", and there are " << slots;
  return success();
}

LogicalResult VerifyScheduled::verifyBuffers(ProgramOp program) {
  for (Operation &op : program.getBody().front()) {
    if (isa<ChainOp>(op))
      continue;
    if (op.getNumResults() != 1 || !isa<BufferType>(op.getResult(0).getType()))
      return op.emitError("expected buffers and chains only, found '") << op.getName() << "'";
    for (const SizeExpr &size : cast<BufferType>(op.getResult(0).getType()).getSizes())
      if (failed(verifySize(&op, program, size)))
        return failure();
    if (auto alloc = dyn_cast<AllocOp>(op); alloc && failed(verifyAlloc(alloc, program)))
      return failure();
  }
  if (auto slots = program.getSlots())
    for (const SizeExpr &size : slots->getSizes())
      if (failed(verifySize(program, program, size)))
        return failure();
  return success();
}

LogicalResult VerifyScheduled::verifyOrder(ProgramOp program) {
  DenseSet<Value> written; // whole buffers, slices and views, by what their producers named
  auto isWritten = [&](const Access &access) {
    Operation *def = access.storage.getDefiningOp();
    return isa<InputOp, WeightOp, TableOp>(def) || written.contains(access.storage);
  };
  for (auto chain : program.getOps<ChainOp>()) {
    if (chain.getBlockRows() < 1)
      return chain.emitError("expected blocks of 1 row or more");
    if (failed(verifySize(chain, program, chain.getRows().getSize(0))))
      return failure();
    DenseSet<Value> here;
    for (auto dispatch : chain.getBody().getOps<DispatchOp>()) {
      if (dispatch.getRows() != chain.getRows().getSize(0))
        return dispatch.emitError("runs over '")
               << dispatch.getRows().str() << "' rows in a chain of '" << chain.getRows().getSize(0).str() << "'";
      for (auto [i, access] : llvm::enumerate(schedule::getAccesses(dispatch))) {
        if (!access.writes && !isWritten(access))
          return dispatch.emitError("reads operand ") << i << " before anything wrote it";
        if (!access.byRow && here.contains(access.storage))
          return dispatch.emitError("reads all rows of operand ")
                 << i << ", which its own chain writes: expected a barrier between them";
        if (access.writes) {
          written.insert(access.storage);
          here.insert(access.storage);
        }
      }
    }
  }
  return success();
}

/// What the program has to require for this op: of a layer its own word, of a buffer that it has a size, of a view that
/// it shows as many elements as there are.
static void getRequirements(Operation *op, SmallVectorImpl<rec::SizeCondition> &conditions) {
  SmallVector<rec::RequirementAttr> unproven;
  rec::getUnprovenRequirements(op, unproven);
  for (rec::RequirementAttr requirement : unproven)
    conditions.push_back(
        {requirement.getLeft(), requirement.getRelation(), requirement.getRight(), requirement.getWhat().str()});
  if (op->getNumResults() != 1 || !isa<BufferType>(op->getResult(0).getType()))
    return;
  auto require = [&](const SizeExpr &left, rec::Relation relation, const SizeExpr &right, StringRef what) {
    rec::SizeCondition condition{left, relation, right, what.str()};
    if (!rec::provablyHolds(condition))
      conditions.push_back(std::move(condition));
  };
  SmallVector<SizeExpr> sizes = cast<BufferType>(op->getResult(0).getType()).getSizes();
  for (const SizeExpr &size : sizes)
    if (!size.asDim())
      require(size, rec::Relation::at_least, 0, "a size of a buffer");
  if (auto view = dyn_cast<ViewOp>(op))
    require(rec::getNumElements(sizes), rec::Relation::equal,
            rec::getNumElements(view.getSource().getType().getSizes()), "as many elements in a view");
}

/// Nothing that is to be run may need what the program does not require: a rewrite has lost it then.
LogicalResult VerifyScheduled::verifyRequirements(ProgramOp program) {
  using Condition = std::tuple<std::string, rec::Relation, std::string>;
  std::set<Condition> known;
  auto add = [&](const SizeExpr &left, rec::Relation relation, const SizeExpr &right) {
    known.insert({left.str(), relation, right.str()});
    if (relation == rec::Relation::equal)
      known.insert({right.str(), relation, left.str()});
  };
  if (ArrayAttr requirements = program.getRequirementsAttr())
    for (auto requirement : requirements.getAsRange<rec::RequirementAttr>())
      add(requirement.getLeft(), requirement.getRelation(), requirement.getRight());
  WalkResult result = getOperation().walk([&](Operation *op) {
    SmallVector<rec::SizeCondition> conditions;
    getRequirements(op, conditions);
    for (const rec::SizeCondition &condition : conditions)
      if (!known.count({condition.left.str(), condition.relation, condition.right.str()})) {
        op->emitError("needs '") << condition.left.str() << "' "
                                 << (condition.relation == rec::Relation::equal ? "=" : ">=") << " '"
                                 << condition.right.str() << "' (" << condition.what
                                 << "), which the program does not require";
        return WalkResult::interrupt();
      }
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}
