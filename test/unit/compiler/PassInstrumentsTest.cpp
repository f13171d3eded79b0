//===- PassInstrumentsTest.cpp - Remarks and crash reports of compilations ----------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "lib/Compiler/PassInstruments.h"

#include "mlir/IR/Remarks.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/PrettyStackTrace.h"
#include "llvm/Support/Signals.h"

#include <gtest/gtest.h>

using namespace reckon;

namespace {
struct RemarkPass : public mlir::PassWrapper<RemarkPass, mlir::OperationPass<mlir::ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(RemarkPass)
  llvm::StringRef getArgument() const override { return "test-remark"; }
  void runOnOperation() override {
    mlir::Location loc = mlir::NameLoc::get(mlir::StringAttr::get(&getContext(), "node_7"));
    mlir::remark::missed(loc, mlir::remark::RemarkOpts::name("a").category(getArgument()))
        << mlir::remark::reason("it has {0} inputs", 3);
    mlir::remark::passed(loc, mlir::remark::RemarkOpts::name("b").category(getArgument()))
        << mlir::remark::reason("merged");
  }
};

struct CrashPass : public mlir::PassWrapper<CrashPass, mlir::OperationPass<mlir::ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(CrashPass)
  llvm::StringRef getArgument() const override { return "test-crash"; }
  void runOnOperation() override { std::abort(); }
};

class PassInstrumentsTest : public ::testing::Test {
protected:
  mlir::LogicalResult run(const CompileOptions &options, std::unique_ptr<mlir::Pass> pass) {
    mlir::OwningOpRef<mlir::ModuleOp> module =
        mlir::ModuleOp::create(mlir::FileLineColLoc::get(&context, "model.onnx", 0, 0));
    PassInstruments instruments(context, options, report);
    mlir::PassManager pm(&context);
    pm.addPass(std::move(pass));
    if (mlir::failed(instruments.attach(pm, "optimize", "cuda")))
      return mlir::failure();
    return pm.run(*module);
  }

  mlir::MLIRContext context;
  CompileReport report;
};
} // namespace

TEST_F(PassInstrumentsTest, RemarksComeIntoTheReport) {
  CompileOptions options;
  options.remarks = true;
  ASSERT_TRUE(mlir::succeeded(run(options, std::make_unique<RemarkPass>())));
  ASSERT_EQ(report.remarks.size(), 2u);
  EXPECT_EQ(report.remarks[0].pass, "test-remark");
  EXPECT_EQ(report.remarks[0].kind, "missed");
  EXPECT_EQ(report.remarks[0].where, "node_7");
  EXPECT_EQ(report.remarks[0].message, "it has 3 inputs");
  EXPECT_EQ(report.remarks[1].kind, "passed");
  EXPECT_EQ(context.getRemarkEngine(), nullptr) << "the report may be gone before the context";
}

TEST_F(PassInstrumentsTest, NoRemarksUnlessAsked) {
  ASSERT_TRUE(mlir::succeeded(run(CompileOptions(), std::make_unique<RemarkPass>())));
  EXPECT_TRUE(report.remarks.empty());
}

TEST_F(PassInstrumentsTest, CrashNamesModelPhaseAndPass) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  auto crash = [&] {
    llvm::sys::PrintStackTraceOnErrorSignal("compiler-tests");
    const char *argv[] = {"compiler-tests", nullptr};
    llvm::PrettyStackTraceProgram program(1, argv);
    [[maybe_unused]] mlir::LogicalResult result = run(CompileOptions(), std::make_unique<CrashPass>());
  };
  EXPECT_DEATH(crash(), "Compiling model.onnx, phase optimize-cuda: pass test-crash");
  EXPECT_DEATH(crash(), "To reproduce: .*--reproducer=FILE");
}
