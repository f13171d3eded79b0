//===- KernelErrors.cpp - Kernel statuses in the model's names ------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "KernelErrors.h"

#include <tuple>

using namespace reckon;
using namespace reckon::runtime;

static std::string tensorName(const EngineSpec &spec, const std::string &name) {
  for (const TensorInfo &input : spec.inputs)
    if (input.name == name)
      return "input '" + name + "'";
  return "tensor '" + name + "'";
}

/// "[0, 200)".
static std::string getIdRange(const TableSpec &table, int64_t rows) {
  return "[" + std::to_string(table.outOfRange == OutOfRange::Wrap ? -rows : 0) + ", " + std::to_string(rows) + ")";
}

/// What the ids pick rows of, and the range of ids when that is known.
static std::string gatheredName(const ProgramSource &source, const OperandSpec &operand, std::string &range) {
  switch (operand.space) {
  case Space::Table:
    range = getIdRange(source.spec.tables[operand.index], source.tables[operand.index].rows);
    return "table '" + source.spec.tables[operand.index].name + "'";
  case Space::Weight:
    return "weight '" + source.spec.weights[operand.index].name + "'";
  case Space::Input:
    return "input '" + source.spec.inputs[operand.index].name + "'";
  default:
    return "an intermediate tensor";
  }
}

std::string reckon::runtime::describeKernelError(const ProgramSource &source, const DispatchSpec &dispatch,
                                                 const ReckonKernelStatus &status) {
  const KernelSpec &kernel = source.program.kernels[dispatch.kernel];
  std::string where = "kernel '" + kernel.symbol + "'";
  for (size_t i = 0; i < kernel.onnxNodes.size() && i < 3; ++i)
    where += (i == 0 ? " of node '" : ", '") + kernel.onnxNodes[i] + "'";
  if (kernel.onnxNodes.size() > 3)
    where += ", ...";
  const OperandSpec *operand = nullptr;
  std::string target, range;
  if (status.table >= 0 && static_cast<size_t>(status.table) < dispatch.operands.size()) {
    operand = &dispatch.operands[status.table];
    target = gatheredName(source, *operand, range);
  }
  std::string id = std::to_string(status.id), position = std::to_string(status.position);
  switch (status.code) {
  case RECKON_KERNEL_ID_OUT_OF_RANGE: {
    std::string from = operand && !operand->ids.empty() ? tensorName(source.spec, operand->ids) : where;
    bool mayWrap = status.id < 0 && operand && operand->space == Space::Table &&
                   source.spec.tables[operand->index].outOfRange == OutOfRange::Error;
    return from + (target.empty() ? "" : " -> " + target) + ": id " + id + " at position " + position + " is outside " +
           (range.empty() ? "its rows" : range) +
           (mayWrap ? "; negative ids count from the end in engines compiled with --negative-ids=wrap" : "");
  }
  case RECKON_KERNEL_BAD_OFFSETS: {
    std::string from = operand && !operand->offsets.empty() ? tensorName(source.spec, operand->offsets) : where;
    return from + (target.empty() ? "" : " -> " + target) + ": offset " + id + " of bag " + position +
           " decreases or is outside the ids" +
           (operand && !operand->ids.empty() ? " in " + tensorName(source.spec, operand->ids) : "");
  }
  case RECKON_KERNEL_INDEX_OUT_OF_RANGE: {
    std::string from = operand && !operand->ids.empty() ? tensorName(source.spec, operand->ids) : where;
    return from + (target.empty() ? "" : " -> " + target) + ": index " + id + " at position " + position +
           " is outside its axis";
  }
  default:
    return where + ": unknown failure " + std::to_string(status.code);
  }
}

bool reckon::runtime::comesBefore(const ReckonKernelStatus &a, const ReckonKernelStatus &b) {
  return std::tie(a.position, a.table, a.code, a.id) < std::tie(b.position, b.table, b.code, b.id);
}
