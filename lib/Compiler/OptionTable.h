//===- OptionTable.h - The options of a compilation by name -------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//
//
// The one table from which command lines and bindings take the names of CompileOptions.
//
//===------------------------------------------------------------------------------===//

#ifndef RECKON_LIB_COMPILER_OPTIONTABLE_H
#define RECKON_LIB_COMPILER_OPTIONTABLE_H

#include "reckon/Compiler/Compiler.h"

#include <variant>

namespace reckon {

struct CompileOption {
  /// The heading that it stands under in --help; options of one group follow each other.
  const char *group;
  const char *name;
  /// What a value is called in --help; null for a flag.
  const char *metavar;
  std::string help;
  std::variant<std::string CompileOptions::*, bool CompileOptions::*, std::vector<std::string> CompileOptions::*>
      member;
  /// Whether it changes what an engine computes or how; not so where rows are, how it is made, and reports. The devices
  /// are told by two options together, and not marked.
  bool changesProgram = false;
};

/// All options that are texts or flags, in the order of --help.
const std::vector<CompileOption> &getCompileOptions();

/// Sets an option by its name; null stands for a flag that is on. What is wrong with it; empty when nothing is.
std::string setCompileOption(llvm::StringRef name, const char *value, CompileOptions &options);

/// Those options that change the program and are not the default, as reckon-compile takes them. Of files only the
/// option is named: an engine holds no paths of the machine that it was made on.
std::vector<std::string> listProgramOptions(const CompileOptions &options);

/// What is wrong with the options together; empty when nothing is. compileModule() says the same as a diagnostic.
std::string checkOptions(const CompileOptions &options);

} // namespace reckon

#endif // RECKON_LIB_COMPILER_OPTIONTABLE_H
