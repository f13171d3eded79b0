//===- InputMaker.h - Made-up inputs that an engine accepts ---------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_TOOLS_SUPPORT_INPUTMAKER_H
#define RECKON_TOOLS_SUPPORT_INPUTMAKER_H

#include "HostTensor.h"
#include "lib/Engine/RandomFill.h"
#include "reckon/Engine/EngineSpec.h"

#include <map>

namespace reckon::tools {

/// Ids 0 .. rows-1, uniform or by Zipf's law.
class IdSampler {
public:
  /// `exponent` 0 is uniform. `rows` is positive.
  IdSampler(uint64_t rows, double exponent);
  uint64_t draw(Random &random) const;

private:
  double inverse(double value) const;
  double integral(double x) const;

  uint64_t rows, stride;
  double exponent, low, high;
};

/// What --batch, --dim and --ids say.
struct InputOptions {
  int64_t batch = 1;
  std::map<std::string, SizeExpr> dims; // by dimension name; may use `batch`
  double bagLength = 10;                // mean ids of a bag whose offsets are an input
  double zipf = 0;
  uint64_t seed = 1;
};

/// Makes inputs for one engine: ids within the rows of the table they pick from, offsets that do not decrease, floats
/// in [-1, 1), other integers 0 or 1.
class InputMaker {
public:
  /// `rows` are those bound for each table.
  InputMaker(const EngineSpec &spec, std::vector<int64_t> rows);

  /// The leading size of the first input, when no input has a dimension of any size: no other batch can be run.
  std::optional<int64_t> fixedBatch() const;

  /// Chooses a value for each dimension. What --dim does not set is the batch for the dimension called "batch" (or the
  /// first one of the first input), the batch times the bag length for ids of bags, and the batch where offsets say so.
  /// False with the reason in `error`, naming what --dim should set.
  bool chooseDims(const InputOptions &options, std::string &error);
  const std::vector<int64_t> &dims() const { return values; }

  /// One set of inputs, in the order of the engine. `set` makes sets differ.
  bool make(const InputOptions &options, uint64_t set, std::vector<HostTensor> &inputs, std::string &error) const;

private:
  std::optional<int64_t> evaluate(const SizeExpr &size) const;
  size_t index(std::string_view dim) const;
  bool fillIds(const InputOptions &options, size_t input, Random &random, HostTensor &tensor, std::string &error) const;
  void fillOffsets(const OffsetsUse &use, Random &random, HostTensor &tensor, int64_t ids) const;

  const EngineSpec &spec;
  std::vector<int64_t> values; // -1: not known yet
  std::vector<int64_t> tableRows;
};

} // namespace reckon::tools

#endif // RECKON_TOOLS_SUPPORT_INPUTMAKER_H
