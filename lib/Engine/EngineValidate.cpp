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

#include "EngineRules.h"

#include <set>

using namespace reckon;

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

void RuleChecker::fail(std::string message) {
  if (error.empty())
    error = std::move(message);
}

void RuleChecker::checkName(const std::string &what, const std::string &name) {
  if (name.empty())
    fail(what + " has no name");
  else if (name.find('\0') != std::string::npos)
    fail(what + " '" + name + "': the name holds a zero byte");
}

void RuleChecker::checkExpr(const std::string &what, const SizeExpr &expr) {
  std::string text = expr.str(), reason;
  if (!SizeExpr::parse(text, &reason))
    return fail(what + ": " + reason);
  for (const std::string &name : expr.dims())
    if (!dimNames.count(name))
      return fail(what + ": the size '" + text + "' uses the dimension '" + name + "', which the engine does not list");
}

namespace {
constexpr size_t maxRank = 64;

class Validator : public RuleChecker {
public:
  using RuleChecker::RuleChecker;

  std::string run() {
    checkProducer();
    checkDims();
    checkTensors("input", spec.inputs);
    checkTensors("output", spec.outputs);
    checkWeights();
    checkTables();
    checkSolvable();
    checkPrograms();
    checkHints();
    return error;
  }

private:
  void checkProducer() { checkName("producer", spec.producer); }

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
      checkEnum(what, "element type", tensor.type);
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
      checkEnum(what, "element type", weight.type);
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
      if (table.rowsDim >= spec.dims.size() || table.rowsDim + spec.tables.size() < spec.dims.size() ||
          spec.dims[table.rowsDim] != rows)
        fail(what + ": its row dimension is not '" + rows + "'");
      rowDims.insert(rows);
      checkEnum(what, "element type", table.type);
      checkEnum(what, "policy for ids out of range", table.outOfRange);
      checkEnum(what, "encoding of rows", table.encoding);
      if (failed())
        return;
      std::optional<uint64_t> row = table.format().tableBytes(1, table.dim), all;
      if (table.dim != 0 && row && *row <= maxBytes)
        all = table.format().tableBytes(table.rows, table.dim);
      if (!all)
        fail(what + ": " + std::to_string(table.rows) + " rows of " + std::to_string(table.dim) + " are not possible");
      uint64_t size = all.value_or(0);
      if (table.mustBeBound && (table.data.size != 0 || !table.externalFile.empty()))
        fail(what + " has rows, and must be bound");
      if (!table.externalFile.empty()) {
        checkName(what + ": external file", table.externalFile);
        if (table.data.size != 0)
          fail(what + " has rows in the engine and in the external file '" + table.externalFile + "'");
      } else if (table.data.size != 0 ? table.data.size != size : table.rows != 0 && size != 0 && !table.mustBeBound) {
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

  void checkPrograms() {
    if (spec.programs.empty())
      fail("the engine has no program for any target");
    std::set<std::pair<DeviceKind, std::string>> targets;
    for (const ProgramSpec &program : spec.programs) {
      checkProgram(program);
      const TargetSpec &target = program.target;
      bool isHost = target.device == DeviceKind::Host;
      if (!targets.insert({target.device, isHost ? "" : target.cpu}).second)
        fail(std::string("the engine has two programs for the target '") + deviceName(target.device) +
             (isHost ? "" : " " + target.cpu) + "'");
    }
    checkCode(targets);
  }

  /// Code for a GPU belongs to the program of its architecture, which has each kind once.
  void checkCode(const std::set<std::pair<DeviceKind, std::string>> &targets) {
    std::set<std::pair<CodeKind, std::string>> sections;
    for (const CodeSpec &code : spec.code) {
      if (code.kind == CodeKind::Host)
        continue;
      std::string what = std::string("code section '") + code.name + "'";
      if (!targets.count({DeviceKind::Cuda, code.name}))
        fail(what + " belongs to no program");
      if (!sections.insert({code.kind, code.name}).second)
        fail(what + " is there twice");
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
    for (const SizeRequirement &requirement : spec.requirements) {
      std::string what = "a requirement of node '" + requirement.node + "'";
      checkExpr(what, requirement.left);
      checkExpr(what, requirement.right);
    }
  }

  std::unordered_set<std::string> rowDims;
};
} // namespace

std::string reckon::validateEngine(const EngineSpec &spec) { return Validator(spec).run(); }
