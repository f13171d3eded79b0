//===- InputFlags.cpp - The options about made-up inputs ----------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "InputFlags.h"
#include "Arrays.h"

using namespace reckon;
using namespace reckon::tools;

void InputFlags::declareSizes(ArgParser &args) {
  args.option("bag-length", "X", "mean number of ids in a bag given by offsets, default 10", options.bagLength, 0.0);
  args.option("dim", "NAME=SIZE", "the size of a dimension other than the batch, in numbers\nand 'batch'; repeatable",
              dims);
}

void InputFlags::declare(ArgParser &args) {
  args.option("ids", "KIND", "ids: uniform (default), or zipf:A with exponent A", ids);
  declareSizes(args);
  args.option("seed", "N", "seed of everything random, default 1", seed, 0);
}

std::string InputFlags::readIds() {
  const std::string zipf = "zipf:";
  if (ids == "uniform")
    return "";
  if (ids.compare(0, zipf.size(), zipf) != 0)
    return "--ids: '" + ids + "' is neither uniform nor zipf:A";
  // Past 10 every id is the first one.
  double &exponent = options.zipf;
  if (!parseReal(ids.substr(zipf.size()), exponent) || exponent <= 0 || exponent > 10)
    return "--ids: the exponent of '" + ids + "' is not a number above 0 and up to 10";
  return "";
}

std::string InputFlags::interpret() {
  options.seed = static_cast<uint64_t>(seed);
  for (const std::string &pair : dims) {
    std::string name, text, problem;
    if (!splitPair(pair, name, text))
      return "--dim: '" + pair + "' is not NAME=SIZE";
    auto size = SizeExpr::parse(text, &problem);
    if (!size)
      return "--dim: " + problem;
    if (!options.dims.emplace(name, *size).second)
      return "--dim: '" + name + "' is given twice";
  }
  return readIds();
}
