//===- ArgParser.h - Command lines of the runtime's tools -----------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// LLVM's option library is out of reach here. Options are declared in groups, which is how --help shows them; they are
// written --name=value or --name value.
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_TOOLS_SUPPORT_ARGPARSER_H
#define RECKON_TOOLS_SUPPORT_ARGPARSER_H

#include "reckon/Engine/Enums.h"

#include <cstdint>
#include <string>
#include <vector>

namespace reckon::tools {

class ArgParser {
public:
  /// `summary` and `positional` ("M.rkn") are for --help. As many positional arguments are expected as it has words.
  ArgParser(std::string tool, std::string summary, std::string positional);

  void group(std::string title);
  void flag(const char *name, const char *help, bool &value);
  void option(const char *name, const char *metavar, const char *help, std::string &value);
  void option(const char *name, const char *metavar, const char *help, std::vector<std::string> &values);
  void option(const char *name, const char *metavar, const char *help, int64_t &value, int64_t least);
  void option(const char *name, const char *metavar, const char *help, double &value, double least);
  /// A list such as 1,64,1024.
  void option(const char *name, const char *metavar, const char *help, std::vector<int64_t> &values, int64_t least);

  /// True to go on. Otherwise the tool exits with exitCode(): help or the version was shown, or the error printed.
  bool parse(int argc, const char *const *argv);
  int exitCode() const { return code; }
  /// Empty where there is none.
  std::string positional(size_t index = 0) const { return index < arguments.size() ? arguments[index] : ""; }

  /// Prints "tool: error: message" and returns `status`, for `return args.error(...)`.
  int error(const std::string &message, int status = ExitUsage) const;
  std::string help() const;

private:
  enum class Kind { Flag, Text, TextList, Integer, Real, IntegerList };
  struct Option {
    Kind kind;
    std::string name, metavar, help;
    void *target;
    double least;
    size_t group;
    bool seen;
  };
  void add(Kind kind, const char *name, const char *metavar, const char *help, void *target, double least = 0);
  bool assign(Option &option, const std::string &value);
  bool fail(const std::string &message);

  std::string tool, summary, positionalName;
  std::vector<std::string> arguments;
  std::vector<std::string> groups;
  std::vector<Option> options;
  int code = ExitOk;
};

/// Reads a whole number; false when `text` is none, or out of 64 bits.
bool parseInteger(const std::string &text, int64_t &value);
/// Reads a finite number.
bool parseReal(const std::string &text, double &value);

} // namespace reckon::tools

#endif // RECKON_TOOLS_SUPPORT_ARGPARSER_H
