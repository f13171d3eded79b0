//===- EngineRules.h - Checking the parts of an engine ----------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// Private to lib/Engine.
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_LIB_ENGINE_ENGINERULES_H
#define RECKON_LIB_ENGINE_ENGINERULES_H

#include "reckon/Engine/EngineSpec.h"

#include <unordered_set>

namespace reckon {

/// Keeps the first violation.
class RuleChecker {
public:
  explicit RuleChecker(const EngineSpec &spec) : spec(spec) {}

  // Far above what compilers ask for, far below what makes sums of them overflow.
  static constexpr uint64_t maxBytes = uint64_t(1) << 40;
  static constexpr size_t maxEntries = size_t(1) << 24;

  bool failed() const { return !error.empty(); }
  void fail(std::string message);
  void checkName(const std::string &what, const std::string &name);
  /// That a value, which may come from a file, is one of the enum's.
  template <typename Enum> void checkEnum(const std::string &what, const char *kind, Enum value) {
    if (!isEnumerator(value))
      fail(what + ": unknown " + kind + " " + std::to_string(static_cast<unsigned>(value)));
  }
  /// That it can be written and read, and uses dimensions of the engine.
  void checkExpr(const std::string &what, const SizeExpr &expr);
  /// The rules of one program; the rest of the engine has been checked.
  void checkProgram(const ProgramSpec &program);

protected:
  const EngineSpec &spec;
  std::unordered_set<std::string> dimNames;
  std::string error;
};

} // namespace reckon

#endif // RECKON_LIB_ENGINE_ENGINERULES_H
