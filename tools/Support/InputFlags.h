//===- InputFlags.h - The options about made-up inputs ------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_TOOLS_SUPPORT_INPUTFLAGS_H
#define RECKON_TOOLS_SUPPORT_INPUTFLAGS_H

#include "ArgParser.h"
#include "InputMaker.h"

namespace reckon::tools {

class InputFlags {
public:
  /// --bag-length and --dim.
  void declareSizes(ArgParser &args);
  /// Those, --ids and --seed.
  void declare(ArgParser &args);
  /// Reads them. Empty when nothing is wrong.
  std::string interpret();

  InputOptions options;

private:
  std::string readIds();

  std::string ids = "uniform";
  std::vector<std::string> dims;
  int64_t seed = 1;
};

} // namespace reckon::tools

#endif // RECKON_TOOLS_SUPPORT_INPUTFLAGS_H
