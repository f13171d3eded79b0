//===- ConstantDataTest.cpp - Tests of reading and making constants ---------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#include "dialects/Rec/ConstantData.h"
#include "dialects/Rec/Rec.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/MLIRContext.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

using namespace mlir;
using namespace reckon::rec;

namespace {
struct Constants : testing::Test {
  MLIRContext context;
  Constants() { context.loadDialect<RecDialect>(); }
  RankedTensorType type(ArrayRef<int64_t> shape, Type element) { return RankedTensorType::get(shape, element); }
  Type integer(unsigned width) { return IntegerType::get(&context, width); }
  Type unsignedInteger(unsigned width) { return IntegerType::get(&context, width, IntegerType::Unsigned); }
};
using Doubles = std::vector<double>;
using Ints = std::vector<int64_t>;
} // namespace

TEST_F(Constants, EveryElementTypeRoundTrips) {
  Type elements[] = {Float16Type::get(&context),
                     BFloat16Type::get(&context),
                     Float32Type::get(&context),
                     Float64Type::get(&context),
                     integer(8),
                     integer(16),
                     integer(32),
                     integer(64),
                     unsignedInteger(8),
                     unsignedInteger(16),
                     unsignedInteger(32),
                     unsignedInteger(64)};
  for (Type element : elements) {
    // Small values stay dense; 1024 of them become a resource.
    for (int64_t count : {3, 1024}) {
      Ints values(count);
      for (int64_t i = 0; i < count; ++i)
        values[i] = i % 100;
      ElementsAttr attr = makeConstant(type({count}, element), ArrayRef<int64_t>(values));
      EXPECT_EQ(getConstantInts(attr), values);
      EXPECT_EQ(getConstantDoubles(attr), Doubles(values.begin(), values.end()));
      EXPECT_EQ(isa<DenseResourceElementsAttr>(attr), getConstantBytes(attr)->get().size() > 1024);
    }
  }
}

TEST_F(Constants, BooleansTakeOneByte) {
  for (int64_t count : {3, 2000}) {
    std::vector<char> bytes(count);
    bytes[1] = 1;
    ElementsAttr attr = makeConstant(type({count}, integer(1)), ArrayRef<char>(bytes));
    auto read = getConstantBytes(attr);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->get(), ArrayRef<char>(bytes));
    EXPECT_EQ((*getConstantInts(attr))[1], 1);
    EXPECT_EQ((*getConstantInts(attr))[2], 0);
  }
}

TEST_F(Constants, SplatsAreStoredOnce) {
  std::vector<double> values(5000, 2.5);
  ElementsAttr attr = makeConstant(type({50, 100}, Float32Type::get(&context)), ArrayRef<double>(values));
  auto dense = dyn_cast<DenseElementsAttr>(attr);
  ASSERT_TRUE(dense && dense.isSplat());
  EXPECT_EQ(getConstantSplat(attr), 2.5);
  EXPECT_EQ(getConstantDoubles(attr), values);
  EXPECT_TRUE(getConstantBytes(attr)->isCopy());
}

TEST_F(Constants, SplatOfOneElementAndOfNone) {
  Type f32 = Float32Type::get(&context);
  EXPECT_EQ(getConstantSplat(makeConstant(type({}, f32), ArrayRef<double>{-0.0})), 0.0);
  EXPECT_TRUE(std::signbit(*getConstantSplat(makeConstant(type({}, f32), ArrayRef<double>{-0.0}))));
  ElementsAttr empty = makeConstant(type({0, 4}, f32), ArrayRef<double>());
  EXPECT_EQ(getConstantSplat(empty), std::nullopt);
  EXPECT_EQ(getConstantDoubles(empty), Doubles());
  EXPECT_EQ(getConstantSplat(makeConstant(type({2}, f32), ArrayRef<double>{1, 2})), std::nullopt);
}

TEST_F(Constants, SpecialValues) {
  double inf = std::numeric_limits<double>::infinity(), nan = std::nan("");
  for (Type element : {Type(Float16Type::get(&context)), Type(BFloat16Type::get(&context)),
                       Type(Float32Type::get(&context)), Type(Float64Type::get(&context))}) {
    auto read = *getConstantDoubles(makeConstant(type({3}, element), ArrayRef<double>{inf, -inf, nan}));
    EXPECT_EQ(read[0], inf);
    EXPECT_EQ(read[1], -inf);
    EXPECT_TRUE(std::isnan(read[2]));
  }
  // Rounds to nearest, ties to even: 2049 lies between 2048 and 2050 in f16.
  EXPECT_EQ(getConstantDoubles(makeConstant(type({1}, Float16Type::get(&context)), ArrayRef<double>{2049}))->front(),
            2048);
  EXPECT_EQ(getConstantInts(makeConstant(type({1}, unsignedInteger(8)), ArrayRef<int64_t>{-1}))->front(), 255);
  // Floats that no integer holds do not trap.
  EXPECT_EQ(*getConstantInts(makeConstant(type({3}, Float64Type::get(&context)), ArrayRef<double>{inf, -inf, nan})),
            (Ints{INT64_MAX, INT64_MIN, 0}));
}

TEST_F(Constants, ResourceKeysAreUnique) {
  std::vector<double> values(1000);
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = i;
  auto f32 = type({1000}, Float32Type::get(&context));
  auto a = cast<DenseResourceElementsAttr>(makeConstant(f32, ArrayRef<double>(values), "weight"));
  auto b = cast<DenseResourceElementsAttr>(makeConstant(f32, ArrayRef<double>(values), "weight"));
  EXPECT_NE(a.getRawHandle().getKey(), b.getRawHandle().getKey());
  EXPECT_TRUE(a.getRawHandle().getKey().starts_with("weight"));
  EXPECT_FALSE(getConstantBytes(a)->isCopy());
}

TEST_F(Constants, DistinctOnesStayApart) {
  ElementsAttr zeros = makeConstant(type({64}, Float32Type::get(&context)), ArrayRef<double>(Doubles(64, 0)));
  ElementsAttr a = makeDistinct(zeros, "bias"), b = makeDistinct(zeros, "bias");
  EXPECT_NE(a, b);
  EXPECT_EQ(getConstantSplat(a), 0.0);
  EXPECT_EQ(makeDistinct(a, "bias"), a);
  std::vector<double> mixed(64, 1.0);
  mixed[63] = 2;
  EXPECT_EQ(getConstantSplat(
                makeDistinct(makeConstant(type({64}, Float32Type::get(&context)), ArrayRef<double>(mixed)), "bias")),
            std::nullopt);
}

TEST_F(Constants, BadDataIsRefused) {
  auto f32 = type({4}, Float32Type::get(&context));
  std::vector<char> bytes(15);
  auto resource =
      DenseResourceElementsAttr::get(f32, "short", HeapAsmResourceBlob::allocateAndCopyWithAlign(bytes, 8, false));
  EXPECT_FALSE(getConstantBytes(resource));
  EXPECT_FALSE(getConstantDoubles(resource));
  EXPECT_EQ(getDataSize(type({INT64_MAX, 4}, Float32Type::get(&context))), std::nullopt);
  EXPECT_EQ(getDataSize(type({ShapedType::kDynamic}, Float32Type::get(&context))), std::nullopt);
  EXPECT_EQ(getElementSize(integer(4)), std::nullopt);
}
