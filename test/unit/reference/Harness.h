//===- Harness.h - Evaluates rec text in tests ----------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//

#ifndef RECKON_TEST_UNIT_REFERENCE_HARNESS_H
#define RECKON_TEST_UNIT_REFERENCE_HARNESS_H

#include "dialects/Rec/Rec.h"
#include "lib/Reference/Evaluator.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Parser/Parser.h"

#include "gtest/gtest.h"

#include <cmath>
#include <limits>

namespace reckon::reference {

using Floats = std::vector<double>;
using Ints = std::vector<int64_t>;

/// A function of rec text that runs on the reference evaluator.
class Function {
public:
  explicit Function(const std::string &text) {
    context.loadDialect<rec::RecDialect, mlir::func::FuncDialect>();
    module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    EXPECT_TRUE(module) << text;
    if (module)
      func = *module->getOps<mlir::func::FuncOp>().begin();
  }

  /// The results; empty after an error, which is then in `error`.
  llvm::SmallVector<Tensor> run(llvm::ArrayRef<Tensor> inputs, const EvaluateOptions &options = {}) {
    error.clear();
    if (!func)
      return {};
    auto results = evaluate(func, inputs, &error, options);
    return mlir::succeeded(results) ? *results : llvm::SmallVector<Tensor>();
  }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  mlir::func::FuncOp func;
  std::string error;
};

/// One op: `types` are those of %0, %1, ... and of the result, `op` its text without the types.
inline std::string wrapOp(const std::string &op, const std::vector<std::string> &operands,
                          const std::vector<std::string> &results) {
  std::string arguments, operandTypes, resultTypes;
  for (size_t i = 0; i < operands.size(); ++i) {
    arguments += (i ? ", " : "") + ("%" + std::to_string(i) + ": ") + operands[i];
    operandTypes += (i ? ", " : "") + operands[i];
  }
  for (size_t i = 0; i < results.size(); ++i)
    resultTypes += (i ? ", " : "") + results[i];
  std::string count = std::to_string(results.size()), values = results.size() == 1 ? "%r" : "%r#0";
  for (size_t i = 1; i < results.size(); ++i)
    values += ", %r#" + std::to_string(i);
  return "func.func @f(" + arguments + ") -> (" + resultTypes + ") {\n  %r" + (results.size() == 1 ? "" : ":" + count) +
         " = " + op + " : (" + operandTypes + ") -> (" + resultTypes + ")\n  return " + values + " : " + resultTypes +
         "\n}";
}

/// Runs one op on its operands and gives its results.
inline llvm::SmallVector<Tensor> runOp(const std::string &op, const std::vector<std::string> &operandTypes,
                                       const std::vector<std::string> &resultTypes, llvm::ArrayRef<Tensor> operands,
                                       std::string *error = nullptr) {
  Function function(wrapOp(op, operandTypes, resultTypes));
  auto results = function.run(operands);
  if (error)
    *error = function.error;
  else
    EXPECT_EQ(function.error, "") << op;
  return results;
}

inline Tensor f32(llvm::ArrayRef<int64_t> shape, Floats values) {
  return Tensor::fromFloats(ElementKind::F32, shape, std::move(values));
}
inline Tensor i64(llvm::ArrayRef<int64_t> shape, Ints values) {
  return Tensor::fromInts(ElementKind::I64, shape, std::move(values));
}
inline Tensor ints(ElementKind kind, llvm::ArrayRef<int64_t> shape, Ints values) {
  return Tensor::fromInts(kind, shape, std::move(values));
}

/// Exact but for `tolerance`; NaN matches NaN.
inline void expectFloats(const llvm::SmallVector<Tensor> &results, const Floats &expected, double tolerance = 1e-12,
                         size_t which = 0) {
  ASSERT_LT(which, results.size());
  const Tensor &result = results[which];
  ASSERT_TRUE(result.isFloat());
  ASSERT_EQ(result.numElements(), int64_t(expected.size()));
  for (size_t i = 0; i < expected.size(); ++i) {
    double value = result.floatAt(i);
    bool same = value == expected[i] || (std::isnan(value) && std::isnan(expected[i])) ||
                std::fabs(value - expected[i]) <= tolerance;
    EXPECT_TRUE(same) << "element " << i << ": " << value << ", expected " << expected[i];
  }
}
inline void expectInts(const llvm::SmallVector<Tensor> &results, const Ints &expected, size_t which = 0) {
  ASSERT_LT(which, results.size());
  ASSERT_FALSE(results[which].isFloat());
  llvm::ArrayRef<int64_t> values = results[which].ints();
  EXPECT_EQ(Ints(values.begin(), values.end()), expected);
}
inline void expectShape(const llvm::SmallVector<Tensor> &results, const Ints &expected) {
  ASSERT_FALSE(results.empty());
  EXPECT_EQ(Ints(results[0].shape().begin(), results[0].shape().end()), expected);
}

constexpr double NaN = std::numeric_limits<double>::quiet_NaN();
constexpr double Inf = std::numeric_limits<double>::infinity();

} // namespace reckon::reference

#endif // RECKON_TEST_UNIT_REFERENCE_HARNESS_H
