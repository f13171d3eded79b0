//===- ShapeSolver.cpp - Dimensions from the shapes of the inputs ---------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "ShapeSolver.h"

#include <algorithm>
#include <unordered_set>

using namespace reckon;
using namespace reckon::runtime;

bool ShapeSolver::compile(const EngineSpec &engine, Error &error) {
  spec = &engine;
  for (uint32_t i = 0; i < engine.dims.size(); ++i)
    names.emplace(engine.dims[i], i);
  auto tooDeep = [&](const TensorInfo &tensor) {
    return error.set(RECKON_INVALID, "the shape of '" + tensor.name + "' nests too deeply");
  };
  for (uint32_t i = 0; i < engine.inputs.size(); ++i)
    for (uint32_t a = 0; a < engine.inputs[i].shape.size(); ++a) {
      axes.push_back({i, a, {}});
      if (!axes.back().size.compile(engine.inputs[i].shape[a], names))
        return tooDeep(engine.inputs[i]);
    }
  // An axis that is the dimension itself says more in an error than one that is a multiple of it.
  std::unordered_set<std::string> bound;
  for (bool plain : {true, false})
    for (const Axis &axis : axes) {
      auto linear = asLinear(text(axis.input, axis.axis));
      if (linear && (!plain || (linear->scale == 1 && linear->offset == 0)) && bound.insert(linear->dim).second)
        bindings.push_back({names.at(linear->dim), axis.input, axis.axis, linear->scale, linear->offset});
    }
  for (const TensorInfo &output : engine.outputs) {
    outputs.emplace_back(output.shape.size());
    for (size_t a = 0; a < output.shape.size(); ++a)
      if (!outputs.back()[a].compile(output.shape[a], names))
        return tooDeep(output);
  }
  for (const SizeRequirement &requirement : engine.requirements) {
    Requirement &programs = requirements.emplace_back();
    if (!programs.left.compile(requirement.left, names) || !programs.right.compile(requirement.right, names))
      return error.set(RECKON_INVALID, "a requirement of node '" + requirement.node + "' nests too deeply");
  }
  return true;
}

static std::string axisName(const TensorInfo &input, uint32_t axis) {
  return "input '" + input.name + "' axis " + std::to_string(axis);
}

std::string ShapeSolver::describeDims(const std::vector<std::string> &list, const std::vector<int64_t> &dims) const {
  std::string text;
  for (const Binding &binding : bindings)
    for (const std::string &name : list)
      if (names.at(name) == binding.dim)
        text += ", where " + name + " = " + std::to_string(dims[binding.dim]) + " by " +
                axisName(spec->inputs[binding.input], binding.axis);
  return text;
}

bool ShapeSolver::mismatch(const Axis &axis, int64_t extent, int64_t expected, const std::vector<int64_t> &dims,
                           Error &error) const {
  const SizeExpr &size = text(axis.input, axis.axis);
  std::string message = "got " + std::to_string(extent) + ", expected " + std::to_string(expected);
  if (!size.isConstant()) {
    message += " (" + size.str() + describeDims(size.dims(), dims) + ")";
  }
  return error.set(RECKON_INVALID, axisName(spec->inputs[axis.input], axis.axis), message);
}

bool ShapeSolver::solve(const std::vector<std::vector<int64_t>> &shapes, std::vector<int64_t> &dims,
                        Error &error) const {
  for (const Binding &binding : bindings) {
    int64_t extent = shapes[binding.input][binding.axis], rest;
    if (__builtin_sub_overflow(extent, binding.offset, &rest) || rest % binding.scale != 0 || rest / binding.scale < 0)
      return error.set(RECKON_INVALID, axisName(spec->inputs[binding.input], binding.axis),
                       "got " + std::to_string(extent) + ", expected " + text(binding.input, binding.axis).str());
    dims[binding.dim] = rest / binding.scale;
  }
  for (const Axis &axis : axes) {
    int64_t expected;
    if (!axis.size.evaluate(dims.data(), expected))
      return error.set(RECKON_INVALID, axisName(spec->inputs[axis.input], axis.axis),
                       "its size " + text(axis.input, axis.axis).str() + " exceeds 64 bits");
    int64_t extent = shapes[axis.input][axis.axis];
    if (extent != expected)
      return mismatch(axis, extent, expected, dims, error);
  }
  return true;
}

bool ShapeSolver::checkRequirements(const std::vector<int64_t> &dims, Error &error) const {
  for (size_t i = 0; i < requirements.size(); ++i) {
    int64_t left, right;
    bool hasValues =
        requirements[i].left.evaluate(dims.data(), left) && requirements[i].right.evaluate(dims.data(), right);
    const SizeRequirement &requirement = spec->requirements[i];
    if (hasValues && (requirement.mustBeEqual ? left == right : left >= right))
      continue;
    std::string condition =
        requirement.left.str() + (requirement.mustBeEqual ? " = " : " >= ") + requirement.right.str();
    std::vector<std::string> list = requirement.left.dims();
    for (std::string &name : requirement.right.dims())
      if (std::find(list.begin(), list.end(), name) == list.end())
        list.push_back(std::move(name));
    std::string where = "node '" + requirement.node + "'";
    return error.set(RECKON_INVALID,
                     where + " needs " + condition + " (" + requirement.what + "), got " +
                         (hasValues ? std::to_string(left) + " and " + std::to_string(right)
                                    : std::string("numbers of more than 64 bits, or a division by zero")) +
                         describeDims(list, dims)) ||
           error.at(where);
  }
  return true;
}

bool ShapeSolver::outputShapes(const std::vector<int64_t> &dims, std::vector<std::vector<int64_t>> &shapes,
                               Error &error) const {
  for (size_t i = 0; i < outputs.size(); ++i)
    for (size_t a = 0; a < outputs[i].size(); ++a)
      if (!outputs[i][a].evaluate(dims.data(), shapes[i][a]) || shapes[i][a] < 0)
        return error.set(RECKON_INVALID, "output '" + spec->outputs[i].name + "' axis " + std::to_string(a),
                         "the size " + spec->outputs[i].shape[a].str() +
                             " is negative or exceeds 64 bits for these inputs");
  return true;
}
