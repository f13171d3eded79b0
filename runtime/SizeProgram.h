//===- SizeProgram.h - Size expressions made fast -------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// A size expression as postfix code over the engine's dimensions by index: evaluating needs no names and no memory.
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_SIZEPROGRAM_H
#define RECKON_RUNTIME_SIZEPROGRAM_H

#include "reckon/Engine/SizeExpr.h"

#include <unordered_map>

namespace reckon::runtime {

using DimIndex = std::unordered_map<std::string, uint32_t>;

class SizeProgram {
public:
  /// Every dimension of `expr` must be in `dims`. False when the expression nests too deeply.
  [[nodiscard]] bool compile(const SizeExpr &expr, const DimIndex &dims);
  /// False on 64-bit overflow and division by zero.
  [[nodiscard]] bool evaluate(const int64_t *dims, int64_t &result) const;

private:
  enum class Op : uint8_t { Constant, Dim, Add, Multiply, FloorDiv, Min, Max };
  struct Instruction {
    Op op;
    int64_t value; // the constant, or the index of the dimension
  };
  static constexpr size_t maxStack = 256;

  bool append(const SizeExpr &expr, const DimIndex &dims, size_t depth);

  std::vector<Instruction> code;
};

} // namespace reckon::runtime

#endif // RECKON_RUNTIME_SIZEPROGRAM_H
