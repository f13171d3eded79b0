//===- IdUses.cpp - Which inputs hold ids, and of what -------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "lib/Codegen/Emit/IdUses.h"

#include "dialects/Rec/ConstantData.h"
#include "dialects/Rec/Shape.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::plan;

IdTracer::IdTracer(ProgramOp program) {
  program.walk([&](DispatchOp dispatch) {
    unsigned inputs = dispatch.lookupKernel().getNumInputs();
    for (unsigned i = inputs; i < dispatch.getNumOperands(); ++i)
      writers[dispatch.getOperand(i)] = {dispatch, i - inputs};
  });
}

static SizeExpr getLastSize(Value value) {
  auto shape = rec::getShape(value);
  return shape.empty() ? SizeExpr(1) : shape.back();
}

/// The columns of x that a slice or gather along its last axis takes `columns` of its result from.
static std::optional<InputColumns> getSourceColumns(Operation *op, InputColumns columns) {
  if (auto slice = dyn_cast<rec::SliceOp>(op)) {
    size_t last = slice.getSteps().size() - 1;
    auto start = slice.getStarts().getSize(last).constant(), size = slice.getSizes().getSize(last).constant();
    if (slice.getSizes().getSize(last) == getLastSize(slice.getX()))
      return columns;
    if (!start || !size || slice.getSteps()[last] != 1)
      return std::nullopt;
    columns.count = columns.count == 0 ? *size : columns.count;
    columns.first += *start;
    return columns;
  }
  auto gather = cast<rec::GatherOp>(op);
  auto indices = gather.getIndices().getDefiningOp<rec::ConstantOp>();
  auto size = getLastSize(gather.getX()).constant();
  if (!indices || !size || static_cast<int64_t>(gather.getAxis()) != gather.getX().getType().getRank() - 1 ||
      columns.count != 0)
    return std::nullopt;
  auto values = rec::getConstantInts(indices.getValue());
  if (!values || values->empty())
    return std::nullopt;
  for (size_t i = 0; i < values->size(); ++i) {
    (*values)[i] += (*values)[i] < 0 ? *size : 0;
    if ((*values)[i] != (*values)[0] + static_cast<int64_t>(i))
      return std::nullopt;
  }
  return InputColumns{{}, (*values)[0], static_cast<int64_t>(values->size())};
}

InputColumns IdTracer::trace(DispatchOp dispatch, Value value, InputColumns columns) const {
  while (true) {
    if (auto argument = dyn_cast<BlockArgument>(value)) {
      Value buffer = dispatch.getOperand(argument.getArgNumber());
      while (auto view = buffer.getDefiningOp<ViewOp>())
        buffer = view.getSource();
      if (auto input = buffer.getDefiningOp<InputOp>()) {
        columns.input = input;
        return columns;
      }
      auto writer = writers.find(buffer);
      if (writer == writers.end())
        return {};
      dispatch = writer->second.first;
      value = dispatch.lookupKernel().getBody().front().getTerminator()->getOperand(writer->second.second);
      continue;
    }
    Operation *op = value.getDefiningOp();
    if (auto cast = dyn_cast<rec::CastOp>(op)) {
      value = cast.getX();
    } else if (auto reshape = dyn_cast<rec::ReshapeOp>(op)) {
      if (columns.count != 0 && getLastSize(reshape.getX()) != getLastSize(reshape.getResult()))
        return {};
      value = reshape.getX();
    } else if (isa<rec::SliceOp, rec::GatherOp>(op)) {
      auto source = getSourceColumns(op, columns);
      if (!source)
        return {};
      columns = *source;
      value = op->getOperand(0);
    } else {
      return {};
    }
  }
}

SmallVector<IdRead> IdTracer::getReads(DispatchOp dispatch) const {
  SmallVector<IdRead> reads;
  auto addRead = [&](Value from, const SizeExpr &bound, Value ids, InputColumns columns) -> IdRead * {
    auto argument = dyn_cast<BlockArgument>(from);
    if (!argument)
      return nullptr;
    auto buffer = cast<BufferType>(dispatch.getOperand(argument.getArgNumber()).getType());
    bool isTable = dispatch.getOperand(argument.getArgNumber()).getDefiningOp<TableOp>() != nullptr;
    reads.push_back({argument.getArgNumber(), isTable ? buffer.getDims().getSize(0) : bound,
                     trace(dispatch, ids, columns), InputColumns()});
    return &reads.back();
  };
  for (Operation &op : dispatch.lookupKernel().getBody().front()) {
    if (auto lookup = dyn_cast<rec::LookupOpInterface>(op)) {
      for (auto [i, table] : llvm::enumerate(lookup.getTables())) {
        auto [start, count] = lookup.getPooling(i).startAndCount.value_or(std::pair<int64_t, int64_t>());
        IdRead *read = addRead(table, rec::getShape(table)[0], lookup.getIds(), {{}, start, count});
        if (read && lookup.getOffsets()) {
          read->offsets = trace(dispatch, lookup.getOffsets(), {});
          read->includeLastOffset = lookup.getIncludeLastOffset();
        }
      }
    } else if (auto gather = dyn_cast<rec::GatherOp>(op)) {
      addRead(gather.getX(), rec::getShape(gather.getX())[gather.getAxis()], gather.getIndices(), {});
    } else if (auto gather = dyn_cast<rec::GatherElementsOp>(op)) {
      addRead(gather.getX(), rec::getShape(gather.getX())[gather.getAxis()], gather.getIndices(), {});
    }
  }
  return reads;
}
