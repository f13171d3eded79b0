//===- DoubleMathTest.cpp - Functions in arithmetic against libm -------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------------===//
//
// The arithmetic is that of the device, so it can be run here and compared with libm.
//
//===-------------------------------------------------------------------------------===//

#include "lib/Codegen/NVPTX/DoubleMath.h"
#include "passes/Codegen/Passes.h"

#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/Support/TargetSelect.h"

#include <cmath>
#include <gtest/gtest.h>
#include <random>

using namespace mlir;
using reckon::nvptx::DoubleMath;

namespace {
using Unary = double (*)(double);
using Binary = double (*)(double, double);

struct Function {
  const char *name;
  Value (DoubleMath::*emit)(Value);
  double (*exact)(double);
  double low, high; ///< where arguments are drawn from
  double tolerance; ///< relative
};

const Function functions[] = {
    {"exp", &DoubleMath::exp, std::exp, -740, 709, 2e-15},
    {"exp2", &DoubleMath::exp2, std::exp2, -1020, 1023, 2e-15},
    {"expm1", &DoubleMath::expm1, std::expm1, -2, 2, 2e-15},
    {"log", &DoubleMath::log, std::log, 1e-310, 100, 2e-15},
    {"log1p", &DoubleMath::log1p, std::log1p, -0.9, 3, 2e-15},
    {"sin", &DoubleMath::sin, std::sin, -100, 100, 4e-15},
    {"cos", &DoubleMath::cos, std::cos, -100, 100, 4e-15},
    {"tan", &DoubleMath::tan, std::tan, -1.5, 1.5, 4e-15},
    {"asin", &DoubleMath::asin, std::asin, -1, 1, 4e-15},
    {"acos", &DoubleMath::acos, std::acos, -1, 1, 4e-15},
    {"atan", &DoubleMath::atan, std::atan, -30, 30, 4e-15},
    {"sinh", &DoubleMath::sinh, std::sinh, -20, 20, 4e-15},
    {"cosh", &DoubleMath::cosh, std::cosh, -20, 20, 4e-15},
    {"tanh", &DoubleMath::tanh, std::tanh, -4, 4, 4e-15},
    {"asinh", &DoubleMath::asinh, std::asinh, -30, 30, 4e-15},
    {"acosh", &DoubleMath::acosh, std::acosh, 1, 30, 4e-15},
    {"atanh", &DoubleMath::atanh, std::atanh, -0.99, 0.99, 4e-15},
    {"erf", &DoubleMath::erf, std::erf, -5, 5, 2e-14},
};

class Compiled {
public:
  Compiled() {
    context
        .loadDialect<arith::ArithDialect, func::FuncDialect, LLVM::LLVMDialect, math::MathDialect, scf::SCFDialect>();
    OwningOpRef<ModuleOp> module = ModuleOp::create(UnknownLoc::get(&context));
    ImplicitLocOpBuilder b(UnknownLoc::get(&context), &context);
    Type f64 = b.getF64Type();
    auto define = [&](StringRef name, unsigned arguments, llvm::function_ref<Value(DoubleMath &, ValueRange)> body) {
      b.setInsertionPointToEnd(module->getBody());
      auto function = func::FuncOp::create(b, name, b.getFunctionType(SmallVector<Type>(arguments, f64), {f64}));
      Block *block = function.addEntryBlock();
      b.setInsertionPointToEnd(block);
      DoubleMath math(b);
      func::ReturnOp::create(b, body(math, block->getArguments()));
    };
    for (const Function &f : functions)
      define((Twine("my_") + f.name).str(), 1, [&](DoubleMath &m, ValueRange x) { return (m.*f.emit)(x[0]); });
    define("my_pow", 2, [](DoubleMath &m, ValueRange x) { return m.pow(x[0], x[1]); });
    define("my_fmod", 2, [](DoubleMath &m, ValueRange x) { return m.remainder(x[0], x[1]); });
    PassManager pm(&context);
    reckon::buildDeviceLowering(pm);
    EXPECT_TRUE(succeeded(pm.run(*module)));
    registerBuiltinDialectTranslation(context);
    registerLLVMDialectTranslation(context);
    auto llvmContext = std::make_unique<llvm::LLVMContext>();
    auto llvmModule = translateModuleToLLVMIR(*module, *llvmContext);
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    jit = llvm::cantFail(llvm::orc::LLJITBuilder().create());
    llvm::cantFail(jit->addIRModule(llvm::orc::ThreadSafeModule(std::move(llvmModule), std::move(llvmContext))));
  }

  template <typename F> F get(const std::string &name) { return llvm::cantFail(jit->lookup("my_" + name)).toPtr<F>(); }

private:
  MLIRContext context;
  std::unique_ptr<llvm::orc::LLJIT> jit;
};

Compiled &compiled() {
  static Compiled instance;
  return instance;
}

testing::AssertionResult same(double got, double want, double tolerance) {
  if (std::isnan(want) ? std::isnan(got) : got == want || std::abs(got - want) <= tolerance * std::abs(want))
    return testing::AssertionSuccess();
  return testing::AssertionFailure() << got << ", not " << want;
}
} // namespace

TEST(DoubleMath, FollowsLibm) {
  std::mt19937_64 random(7);
  const double infinity = INFINITY;
  for (const Function &f : functions) {
    auto mine = compiled().get<Unary>(f.name);
    std::uniform_real_distribution<double> draw(f.low, f.high);
    for (int i = 0; i < 20000; ++i) {
      double x = draw(random);
      // Where the function is a small difference, what counts is its scale.
      double want = f.exact(x), slack = std::abs(want) < 1e-3 && i % 2 ? 1e-18 : 0;
      EXPECT_TRUE(same(mine(x), want, f.tolerance) || std::abs(mine(x) - want) <= slack) << f.name << '(' << x << ')';
    }
    for (double x : {0.0, -0.0, 1.0, -1.0, 1e-300, -1e-300, 1e-9, 0.5, 2.0, infinity, -infinity, double(NAN)}) {
      EXPECT_TRUE(same(mine(x), f.exact(x), f.tolerance)) << f.name << '(' << x << ')';
      if (f.exact(x) == 0)
        EXPECT_EQ(std::signbit(mine(x)), std::signbit(f.exact(x))) << f.name << '(' << x << ')';
    }
  }
}

TEST(DoubleMath, Powers) {
  auto mine = compiled().get<Binary>("pow");
  for (int x = -12; x <= 12; ++x)
    for (int y = 0; y <= 12; ++y)
      EXPECT_EQ(mine(x, y), std::pow(x, y)) << x << '^' << y;
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> base(0, 20), exponent(-20, 20);
  for (int i = 0; i < 20000; ++i) {
    double x = base(random), y = exponent(random);
    EXPECT_TRUE(same(mine(x, y), std::pow(x, y), 4e-14)) << x << '^' << y;
  }
  const double special[] = {0.0, -0.0, 1, -1, 0.5, -0.5, 2, -2, 3, -3, 2.5, 1e10, -1e10, INFINITY, -INFINITY, NAN};
  for (double x : special)
    for (double y : special) {
      EXPECT_TRUE(same(mine(x, y), std::pow(x, y), 4e-14)) << x << '^' << y;
      EXPECT_TRUE(std::isnan(mine(x, y)) || std::signbit(mine(x, y)) == std::signbit(std::pow(x, y))) << x << '^' << y;
    }
}

TEST(DoubleMath, RemaindersAreExact) {
  auto mine = compiled().get<Binary>("fmod");
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> digits(-1, 1);
  std::uniform_int_distribution<int> exponents(-300, 300);
  for (int i = 0; i < 20000; ++i) {
    double x = std::ldexp(digits(random), exponents(random)), y = std::ldexp(digits(random), exponents(random));
    EXPECT_TRUE(same(mine(x, y), std::fmod(x, y), 0)) << x << " mod " << y;
  }
  for (double x : {0.0, -0.0, 7.0, -7.0, double(INFINITY), double(NAN)})
    for (double y : {0.0, 7.0, -3.0, double(INFINITY), double(NAN)})
      EXPECT_TRUE(same(mine(x, y), std::fmod(x, y), 0)) << x << " mod " << y;
}
