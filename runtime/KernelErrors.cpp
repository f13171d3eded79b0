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

/// kernel 'gemm_0' of node '/fc/Gemm', '/fc/Relu'
static std::string kernelName(const ProgramSource &source, const DispatchSpec &dispatch) {
  const KernelSpec &kernel = source.program.kernels[dispatch.kernel];
  std::string where = "kernel '" + kernel.symbol + "'";
  for (size_t i = 0; i < kernel.onnxNodes.size() && i < 3; ++i)
    where += (i == 0 ? " of node '" : ", '") + kernel.onnxNodes[i] + "'";
  return where + (kernel.onnxNodes.size() > 3 ? ", ..." : "");
}

/// Sets `from` to what the ids are.
static std::string describeIdError(const ProgramSource &source, const DispatchSpec &dispatch,
                                   const ReckonKernelStatus &status, std::string &from) {
  std::string where = from = kernelName(source, dispatch);
  const OperandSpec *operand = nullptr;
  std::string target, range;
  if (status.table >= 0 && static_cast<size_t>(status.table) < dispatch.operands.size()) {
    operand = &dispatch.operands[status.table];
    target = gatheredName(source, *operand, range);
  }
  std::string id = std::to_string(status.id), position = std::to_string(status.position);
  // What begins with a tensor names the kernel and its nodes at the end.
  std::string among;
  auto beginWith = [&](const std::string &tensor) {
    from = tensorName(source.spec, tensor);
    among = ", in " + where;
  };
  switch (status.code) {
  case RECKON_KERNEL_ID_OUT_OF_RANGE: {
    if (operand && !operand->ids.empty())
      beginWith(operand->ids);
    bool mayWrap = status.id < 0 && operand && operand->space == Space::Table &&
                   source.spec.tables[operand->index].outOfRange == OutOfRange::Error;
    return from + (target.empty() ? "" : " -> " + target) + ": id " + id + " at position " + position + " is outside " +
           (range.empty() ? "its rows" : range) + among +
           (mayWrap ? "; negative ids count from the end in engines compiled with --negative-ids=wrap" : "");
  }
  case RECKON_KERNEL_BAD_OFFSETS: {
    if (operand && !operand->offsets.empty())
      beginWith(operand->offsets);
    return from + (target.empty() ? "" : " -> " + target) + ": bag " + position + " begins or ends at offset " + id +
           ", which decreases or is outside the ids" +
           (operand && !operand->ids.empty() ? " in " + tensorName(source.spec, operand->ids) : "") + among;
  }
  case RECKON_KERNEL_INDEX_OUT_OF_RANGE: {
    if (operand && !operand->ids.empty())
      beginWith(operand->ids);
    return from + (target.empty() ? "" : " -> " + target) + ": index " + id + " at position " + position +
           " is outside its axis" + among;
  }
  default:
    return where + ": unknown failure " + std::to_string(status.code);
  }
}

/// What an operand of a checked kernel is, as `table` of its status counts them.
static std::string memoryName(const ProgramSource &source, const DispatchSpec &dispatch, int32_t index) {
  size_t count = dispatch.operands.size();
  if (index == RECKON_KERNEL_MEMORY_SHARED)
    return "the memory that threads of a block share";
  if (index < 0 || static_cast<size_t>(index) > count)
    return "constants of its own";
  if (static_cast<size_t>(index) == count)
    return "an array in its scratch memory";
  const OperandSpec &operand = dispatch.operands[static_cast<size_t>(index)];
  if (operand.space == Space::Output)
    return "output '" + source.spec.outputs[operand.index].name + "'";
  std::string range;
  bool isResult = static_cast<size_t>(index) >= count - dispatch.numOutputs;
  return "operand " + std::to_string(index) + ", " +
         (isResult ? "an intermediate result" : gatheredName(source, operand, range));
}

bool reckon::runtime::setKernelError(const ProgramSource &source, const DispatchSpec &dispatch,
                                     const ReckonKernelStatus &status, Error &error) {
  std::string where = kernelName(source, dispatch);
  if (status.code != RECKON_KERNEL_BAD_READ && status.code != RECKON_KERNEL_BAD_WRITE) {
    std::string message = describeIdError(source, dispatch, status, where);
    return error.set(RECKON_INVALID, message) || error.at(where);
  }
  return error.set(RECKON_INTERNAL,
                   where + (status.code == RECKON_KERNEL_BAD_READ ? " reads" : " writes") + " at byte " +
                       std::to_string(status.position) + " of the " + std::to_string(status.id) + " bytes of " +
                       memoryName(source, dispatch, status.table) + ": the compiler or its plan is at fault") ||
         error.at(where);
}

bool reckon::runtime::setDamageError(const ProgramSource &source, const ChainSpec &chain, const char *memory,
                                     const GuardedLayout::Damage &damage, Error &error) {
  std::string who;
  for (size_t i = 0; i < chain.dispatches.size() && i < 3; ++i)
    who += (i == 0 ? "" : " or ") + kernelName(source, chain.dispatches[i]);
  return error.set(RECKON_INTERNAL, who + " wrote at byte " + std::to_string(damage.position) + " of the " +
                                        std::to_string(damage.partBytes) + " bytes of part " +
                                        std::to_string(damage.part) + " of the " + memory +
                                        ": the compiler or its plan is at fault");
}

bool reckon::runtime::comesBefore(const ReckonKernelStatus &a, const ReckonKernelStatus &b) {
  return std::tie(a.position, a.table, a.code, a.id) < std::tie(b.position, b.table, b.code, b.id);
}
