//===- ShapeSolver.h - Dimensions from the shapes of the inputs -----------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_SHAPESOLVER_H
#define RECKON_RUNTIME_SHAPESOLVER_H

#include "Error.h"
#include "SizeProgram.h"
#include "reckon/Engine/EngineSpec.h"

namespace reckon::runtime {

/// Solves the named dimensions of an engine and evaluates the shapes of its outputs.
class ShapeSolver {
public:
  [[nodiscard]] bool compile(const EngineSpec &spec, Error &error);

  /// `shapes[i]` are the sizes of input i, as many as it has axes. Fills the dimensions that the inputs determine and
  /// leaves the rows of tables alone; checks every axis. Takes no memory unless it fails.
  [[nodiscard]] bool solve(const std::vector<std::vector<int64_t>> &shapes, std::vector<int64_t> &dims,
                           Error &error) const;
  [[nodiscard]] bool outputShapes(const std::vector<int64_t> &dims, std::vector<std::vector<int64_t>> &shapes,
                                  Error &error) const;
  /// Whether the sizes are ones that the model has a meaning at.
  [[nodiscard]] bool checkRequirements(const std::vector<int64_t> &dims, Error &error) const;
  /// The index of each dimension's name.
  const DimIndex &dimIndex() const { return names; }

private:
  struct Axis {
    uint32_t input, axis;
    SizeProgram size;
  };
  /// How one dimension is found: extent = scale * dim + offset.
  struct Binding {
    uint32_t dim, input, axis;
    int64_t scale, offset;
  };

  struct Requirement {
    SizeProgram left, right;
  };

  /// ", where T = 12 by input 'ids' axis 1": the values of the dimensions in a size.
  std::string describeDims(const std::vector<std::string> &names, const std::vector<int64_t> &dims) const;
  bool mismatch(const Axis &axis, int64_t extent, int64_t expected, const std::vector<int64_t> &dims,
                Error &error) const;
  const SizeExpr &text(uint32_t input, uint32_t axis) const { return spec->inputs[input].shape[axis]; }

  const EngineSpec *spec = nullptr;
  DimIndex names;
  std::vector<Binding> bindings; // one per dimension
  std::vector<Axis> axes;
  std::vector<std::vector<SizeProgram>> outputs;
  std::vector<Requirement> requirements; // one for each of the engine's
};

} // namespace reckon::runtime

#endif // RECKON_RUNTIME_SHAPESOLVER_H
