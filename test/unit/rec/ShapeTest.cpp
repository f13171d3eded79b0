//===- ShapeTest.cpp - Tests of shapes in named dimensions ------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#include "dialects/Rec/Rec.h"

#include "mlir/IR/MLIRContext.h"

#include <gtest/gtest.h>

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

namespace {
const SizeExpr batch = SizeExpr::dim("batch"), seq = SizeExpr::dim("seq"), anonymous = SizeExpr::dim("?");

struct Shapes : testing::Test {
  MLIRContext context;
  Shapes() { context.loadDialect<RecDialect>(); }
  Type f32() { return Float32Type::get(&context); }
};
} // namespace

TEST_F(Shapes, TypesRoundTrip) {
  Shape shape{batch, 13, seq * 2 + 1, anonymous};
  RankedTensorType type = getTensorType(shape, f32());
  EXPECT_EQ(getShape(type), shape);
  EXPECT_TRUE(type.isDynamicDim(0));
  EXPECT_EQ(type.getDimSize(1), 13);
}

TEST_F(Shapes, OneTypeForOneShape) {
  EXPECT_EQ(getTensorType({4, 13}, f32()), RankedTensorType::get({4, 13}, f32()));
  EXPECT_EQ(getTensorType({anonymous, 13}, f32()), RankedTensorType::get({ShapedType::kDynamic, 13}, f32()));
  EXPECT_EQ(getTensorType({batch + batch}, f32()), getTensorType({batch * 2}, f32()));
}

TEST_F(Shapes, WhatHasNoValueIsAnonymous) {
  SizeExpr overflow = SizeExpr(INT64_MAX) * SizeExpr(2);
  EXPECT_TRUE(isAnonymous(normalizeSize(overflow)));
  EXPECT_TRUE(isAnonymous(normalizeSize(anonymous + 1)));
  EXPECT_EQ(normalizeSize(batch + 1), batch + 1);
  EXPECT_EQ(getTensorType({overflow}, f32()), RankedTensorType::get({ShapedType::kDynamic}, f32()));
}

TEST_F(Shapes, Unify) {
  EXPECT_EQ(unifySizes(batch, batch), batch);
  EXPECT_EQ(unifySizes(anonymous, batch), batch);
  EXPECT_EQ(unifySizes(8, anonymous), SizeExpr(8));
  EXPECT_EQ(unifySizes(batch, seq), std::nullopt);
  EXPECT_EQ(unifySizes(batch, 8), std::nullopt);
  EXPECT_EQ(unifyShapes({batch, anonymous}, {anonymous, 4}), (Shape{batch, 4}));
  EXPECT_EQ(unifyShapes({batch}, {batch, 1}), std::nullopt);
}

TEST_F(Shapes, Broadcast) {
  EXPECT_EQ(broadcastShapes({batch, 1, 4}, {7, 1}), (Shape{batch, 7, 4}));
  EXPECT_EQ(broadcastShapes({4}, {batch, 4}), (Shape{batch, 4}));
  EXPECT_EQ(broadcastShapes({anonymous}, {4}), (Shape{4}));
  EXPECT_EQ(broadcastShapes({batch}, {seq}), std::nullopt);
  EXPECT_EQ(broadcastShapes({}, {}), Shape{});
}

TEST_F(Shapes, ProvablyDiffer) {
  EXPECT_TRUE(provablyDiffer(8, 9));
  EXPECT_TRUE(provablyDiffer(batch, batch + 1));
  EXPECT_TRUE(provablyDiffer(batch * 6, batch * 5));
  EXPECT_FALSE(provablyDiffer(anonymous, 5));
  // What a reshape with -1 gives: 4 * floordiv(3 * batch, 4) may well be 3 * batch.
  EXPECT_FALSE(provablyDiffer(batch * 3, SizeExpr::floorDiv(batch * 3, 4) * 4));
}

TEST_F(Shapes, Compatible) {
  Type named = getTensorType({batch, 4}, f32()), unknown = getTensorType({anonymous, 4}, f32());
  EXPECT_TRUE(areCompatible(named, unknown));
  EXPECT_FALSE(areCompatible(named, getTensorType({seq, 4}, f32())));
  EXPECT_FALSE(areCompatible(named, getTensorType({batch, 4}, Float16Type::get(&context))));
  EXPECT_FALSE(areCompatible(TypeRange(named), TypeRange()));
}

TEST_F(Shapes, Print) { EXPECT_EQ(printShape({batch * 2 + 1, 13}), "[2*batch+1, 13]"); }
