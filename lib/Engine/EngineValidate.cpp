//===- EngineValidate.cpp - The rules an engine keeps ---------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// One set of rules for both sides: the writer refuses to write what the reader would refuse to read.
//
//===----------------------------------------------------------------------------===//

#include "reckon/Engine/EngineSpec.h"

#include <set>
#include <unordered_set>

using namespace reckon;

size_t reckon::elementSize(ElementType type) {
  static const uint8_t sizes[numElementTypes] = {4, 2, 2, 8, 1, 2, 4, 8, 1, 2, 4, 8, 1};
  return sizes[static_cast<unsigned>(type)];
}

const char *reckon::elementTypeName(ElementType type) {
  static const char *const names[numElementTypes] = {"f32", "f16", "bf16", "f64", "i8",  "i16", "i32",
                                                     "i64", "u8",  "u16",  "u32", "u64", "bool"};
  return names[static_cast<unsigned>(type)];
}

std::optional<LinearSize> reckon::asLinear(const SizeExpr &size) {
  LinearSize result;
  for (const SizeExpr::Term &term : size.terms()) {
    if (term.factors.empty()) {
      result.offset = term.coefficient;
    } else {
      if (!result.dim.empty() || term.factors.size() != 1 || term.factors[0]->kind != SizeExpr::Atom::Kind::Dim)
        return std::nullopt;
      result.dim = term.factors[0]->name;
      result.scale = term.coefficient;
    }
  }
  if (result.dim.empty())
    return std::nullopt;
  return result;
}

namespace {
// Far above what compilers ask for, far below what makes sums of them overflow.
constexpr uint64_t maxBytes = uint64_t(1) << 40;
constexpr size_t maxRank = 64;
constexpr size_t maxEntries = size_t(1) << 24;

class Validator {
public:
  explicit Validator(const EngineSpec &spec) : spec(spec) {}

  std::string run() {
    checkProducer();
    checkDims();
    checkTensors("input", spec.inputs);
    checkTensors("output", spec.outputs);
    checkWeights();
    checkTables();
    checkSolvable();
    checkSlots();
    checkKernels();
    for (size_t i = 0; i < spec.chains.size() && error.empty(); ++i)
      checkChain(i);
    checkHints();
    return error;
  }

private:
  void fail(std::string message) {
    if (error.empty())
      error = std::move(message);
  }

  void checkName(const std::string &what, const std::string &name) {
    if (name.empty())
      fail(what + " has no name");
    else if (name.find('\0') != std::string::npos)
      fail(what + " '" + name + "': the name holds a zero byte");
  }

  void checkExpr(const std::string &what, const SizeExpr &expr) {
    std::string text = expr.str(), reason;
    if (!SizeExpr::parse(text, &reason))
      return fail(what + ": " + reason);
    for (const std::string &name : expr.dims())
      if (!dimNames.count(name))
        return fail(what + ": the size '" + text + "' uses the dimension '" + name +
                    "', which the engine does not list");
  }

  void checkProducer() {
    checkName("producer", spec.producer);
    if (spec.targets.empty())
      fail("the engine names no target");
    for (const TargetSpec &target : spec.targets) {
      if (target.device != "host" && target.device != "cuda")
        fail("target: unknown device '" + target.device + "'");
      for (const std::string &feature : target.features)
        checkName("target '" + target.device + "': a feature", feature);
    }
  }

  void checkDims() {
    for (const std::string &name : spec.dims) {
      if (SizeExpr::parse(name).value_or(SizeExpr()).asDim() != name)
        fail("dimension '" + name + "' is not a dimension name");
      if (!dimNames.insert(name).second)
        fail("dimension '" + name + "' is listed twice");
    }
  }

  void checkTensors(const char *kind, const std::vector<TensorInfo> &tensors) {
    std::set<std::string> names;
    for (const TensorInfo &tensor : tensors) {
      std::string what = std::string(kind) + " '" + tensor.name + "'";
      checkName(kind, tensor.name);
      if (!names.insert(tensor.name).second)
        fail(what + " is listed twice");
      if (tensor.shape.size() > maxRank)
        fail(what + " has more than 64 axes");
      for (const SizeExpr &size : tensor.shape) {
        checkExpr(what, size);
        if (size.constant().value_or(0) < 0)
          fail(what + " has an axis of " + size.str() + " elements");
      }
    }
  }

  void checkWeights() {
    std::set<std::pair<std::string, std::string>> names;
    for (const WeightSpec &weight : spec.weights) {
      std::string what = "weight '" + weight.name + "'";
      checkName("weight", weight.name);
      if (!names.insert({weight.name, weight.packing}).second)
        fail(what + " is listed twice in the packing '" + weight.packing + "'");
      uint64_t size = elementSize(weight.type);
      bool tooLarge = false;
      for (int64_t extent : weight.shape)
        tooLarge |= extent < 0 || __builtin_mul_overflow(size, static_cast<uint64_t>(extent), &size);
      if (tooLarge || size != weight.data.size)
        fail(what + ": its shape does not match its " + std::to_string(weight.data.size) + " bytes");
    }
  }

  void checkTables() {
    std::set<std::string> names;
    for (const TableSpec &table : spec.tables) {
      std::string what = "table '" + table.name + "'";
      checkName("table", table.name);
      if (!names.insert(table.name).second)
        fail(what + " is listed twice");
      std::string rows = SizeExpr::makeDimName("rows:" + table.name);
      if (table.rowsDim >= spec.dims.size() || spec.dims[table.rowsDim] != rows)
        fail(what + ": its row dimension is not '" + rows + "'");
      rowDims.insert(rows);
      uint64_t size = elementSize(table.type);
      if (table.dim == 0 || __builtin_mul_overflow(size, table.dim, &size) || size > maxBytes ||
          __builtin_mul_overflow(size, table.rows, &size))
        fail(what + ": " + std::to_string(table.rows) + " rows of " + std::to_string(table.dim) + " are not possible");
      if (!table.externalFile.empty()) {
        checkName(what + ": external file", table.externalFile);
        if (table.data.size != 0)
          fail(what + " has rows in the engine and in the external file '" + table.externalFile + "'");
      } else if (table.data.size != 0 ? table.data.size != size : table.rows != 0 && size != 0) {
        fail(what + ": " + std::to_string(table.rows) + " rows of " + std::to_string(table.dim) + " take " +
             std::to_string(size) + " bytes, it has " + std::to_string(table.data.size));
      }
    }
  }

  void checkSolvable() {
    std::unordered_set<std::string> solved = rowDims;
    for (const TensorInfo &input : spec.inputs)
      for (const SizeExpr &size : input.shape) {
        for (const std::string &name : size.dims())
          if (rowDims.count(name))
            fail("input '" + input.name + "': its shape depends on the rows of a table, '" + name + "'");
        if (auto linear = asLinear(size))
          solved.insert(linear->dim);
      }
    for (const std::string &name : spec.dims)
      if (!solved.count(name))
        fail("dimension '" + name + "' cannot be solved from the shapes of the inputs");
  }

  void checkSlots() {
    for (size_t i = 0; i < spec.slots.size(); ++i)
      checkExpr("arena slot " + std::to_string(i), spec.slots[i]);
    for (size_t i = 0; i < spec.localSlots.size(); ++i)
      if (spec.localSlots[i] > maxBytes)
        fail("local slot " + std::to_string(i) + " is too large");
    checkExpr("the unshared arena size", spec.arenaUnshared);
  }

  void checkKernels() {
    std::unordered_set<std::string> symbols;
    for (const KernelSpec &kernel : spec.kernels) {
      checkName("kernel", kernel.symbol);
      if (!symbols.insert(kernel.symbol).second)
        fail("kernel '" + kernel.symbol + "' is listed twice");
    }
  }

  size_t spaceSize(Space space) const {
    switch (space) {
    case Space::Input:
      return spec.inputs.size();
    case Space::Output:
      return spec.outputs.size();
    case Space::Weight:
      return spec.weights.size();
    case Space::Table:
      return spec.tables.size();
    case Space::Arena:
      return spec.slots.size();
    case Space::Local:
      return spec.localSlots.size();
    }
    return 0;
  }

  void checkOperand(const std::string &what, const OperandSpec &operand, uint32_t blockRows) {
    if (operand.index >= spaceSize(operand.space))
      return fail(what + ": index " + std::to_string(operand.index) + " is outside its space");
    if (operand.offset > maxBytes)
      fail(what + ": offset " + std::to_string(operand.offset) + " is too large");
    switch (operand.space) {
    case Space::Weight:
      if (operand.offset > spec.weights[operand.index].data.size)
        fail(what + ": offset " + std::to_string(operand.offset) + " is outside the weight");
      break;
    case Space::Local: {
      uint64_t slot = spec.localSlots[operand.index], last;
      if (operand.rowBytes > slot || operand.offset > slot ||
          __builtin_mul_overflow(slot, uint64_t(blockRows), &last) || last > maxBytes)
        fail(what + ": its rows do not fit local slot " + std::to_string(operand.index));
      break;
    }
    default:
      break;
    }
    if (operand.space != Space::Local && operand.rowBytes != 0)
      fail(what + ": only local operands have row bytes");
  }

  void checkChain(size_t index) {
    const ChainSpec &chain = spec.chains[index];
    std::string where = "chain " + std::to_string(index);
    checkExpr(where, chain.rows);
    if (chain.blockRows == 0)
      fail(where + ": blocks have no rows");
    if (chain.dispatches.size() > maxEntries)
      return fail(where + ": too many dispatches");
    for (size_t d = 0; d < chain.dispatches.size(); ++d) {
      const DispatchSpec &dispatch = chain.dispatches[d];
      std::string what = where + ", dispatch " + std::to_string(d);
      if (dispatch.kernel >= spec.kernels.size())
        return fail(what + ": there is no kernel " + std::to_string(dispatch.kernel));
      what += " (kernel '" + spec.kernels[dispatch.kernel].symbol + "')";
      if (dispatch.columns == 0)
        fail(what + ": it has no columns");
      checkExpr(what, dispatch.scratchBytes);
      for (size_t o = 0; o < dispatch.operands.size(); ++o)
        checkOperand(what + ", operand " + std::to_string(o), dispatch.operands[o], chain.blockRows);
    }
  }

  void checkHints() {
    for (const IdUse &use : spec.idUses) {
      if (use.input >= spec.inputs.size())
        return fail("an id use names input " + std::to_string(use.input) + ", which does not exist");
      checkExpr("the ids of input '" + spec.inputs[use.input].name + "'", use.bound);
    }
    for (const OffsetsUse &use : spec.offsetsUses)
      if (use.input >= spec.inputs.size() || use.ids >= spec.inputs.size())
        return fail("an offsets use names an input that does not exist");
  }

  const EngineSpec &spec;
  std::unordered_set<std::string> dimNames, rowDims;
  std::string error;
};
} // namespace

std::string reckon::validateEngine(const EngineSpec &spec) { return Validator(spec).run(); }
