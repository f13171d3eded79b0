//===- DiagnosticsTest.cpp - Locations for people ----------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------------===//

#include "lib/Support/Diagnostics.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/MLIRContext.h"
#include "gtest/gtest.h"

using namespace reckon;

namespace {
TEST(Diagnostics, NamesFilesAndNodes) {
  mlir::MLIRContext context;
  mlir::Builder b(&context);
  auto node = [&](const char *name) -> mlir::Location { return mlir::NameLoc::get(b.getStringAttr(name)); };
  EXPECT_EQ(describe(mlir::UnknownLoc::get(&context)), "");
  EXPECT_EQ(describe(mlir::FileLineColLoc::get(&context, "model.onnx", 0, 0)), "model.onnx");
  EXPECT_EQ(describe(mlir::FileLineColLoc::get(&context, "graph.mlir", 3, 7)), "graph.mlir:3:7");
  EXPECT_EQ(describe(node("gemm")), "gemm");
  EXPECT_EQ(describe(mlir::FusedLoc::get(&context, {node("gemm"), node("relu"), node("gemm")})), "gemm, relu");
  EXPECT_EQ(describe(mlir::FusedLoc::get(&context, {node("a"), node("b"), node("c"), node("d"), node("e"), node("f")})),
            "a, b, c, d and 2 more");
}
} // namespace
