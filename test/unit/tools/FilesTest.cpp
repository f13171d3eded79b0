//===- FilesTest.cpp - Arrays, ONNX tensors and comparisons ---------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "tools/Support/Compare.h"
#include "tools/Support/Npy.h"
#include "tools/Support/TensorProto.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>

using namespace reckon::tools;

namespace {
using Bytes = std::vector<uint8_t>;

template <typename T> Bytes bytesOf(const std::vector<T> &values) {
  Bytes bytes(values.size() * sizeof(T));
  if (!values.empty())
    std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

//===-- Npy -------------------------------------------------------------------===//

TEST(Npy, RoundTrip) {
  for (int type = RECKON_F32; type <= RECKON_BOOL; ++type)
    for (const std::vector<int64_t> &shape : std::vector<std::vector<int64_t>>{{}, {0}, {3}, {2, 3}, {2, 0, 4}}) {
      auto element = ReckonElementType(type);
      uint64_t count;
      ASSERT_TRUE(HostTensor::elementCount(shape, count));
      Bytes data(count * reckon_element_size(element), 1);
      Bytes file = formatNpy(element, shape, data.data(), data.size());
      HostTensor tensor;
      std::string error;
      ASSERT_TRUE(parseNpy(file, tensor, error)) << error;
      EXPECT_EQ(tensor.shape, shape);
      EXPECT_EQ(tensor.data, data);
      EXPECT_EQ(tensor.type, element == RECKON_BF16 ? RECKON_U16 : element);
      EXPECT_EQ((file.size() - data.size()) % 64, 0u);
    }
}

Bytes npy(const std::string &header, size_t payload, uint8_t version = 1) {
  Bytes file = {0x93, 'N', 'U', 'M', 'P', 'Y', version, 0};
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i)
    file.push_back(static_cast<uint8_t>(header.size() >> (8 * i)));
  file.insert(file.end(), header.begin(), header.end());
  file.resize(file.size() + payload);
  return file;
}

std::string npyRefusal(const Bytes &file) {
  HostTensor tensor;
  std::string error;
  EXPECT_FALSE(parseNpy(file, tensor, error));
  return error;
}

TEST(Npy, Versions) {
  HostTensor tensor;
  std::string error;
  for (uint8_t version : {1, 2, 3})
    EXPECT_TRUE(parseNpy(npy("{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }", 16, version), tensor, error));
  // One axis has no order.
  EXPECT_TRUE(parseNpy(npy("{'descr': '|b1', 'fortran_order': True, 'shape': (5,), }", 5), tensor, error));
  EXPECT_EQ(tensor.type, RECKON_BOOL);
}

TEST(Npy, Refusals) {
  auto names = [](const std::string &error, const char *text) { return error.find(text) != std::string::npos; };
  EXPECT_TRUE(names(npyRefusal({1, 2, 3}), "magic"));
  EXPECT_TRUE(names(npyRefusal(npy("{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", 4)), "'>f4'"));
  EXPECT_TRUE(names(npyRefusal(npy("{'descr': '<U4', 'fortran_order': False, 'shape': (1,), }", 16)), "'<U4'"));
  EXPECT_TRUE(names(npyRefusal(npy("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 2), }", 16)), "Fortran"));
  EXPECT_TRUE(names(npyRefusal(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }", 12)), "12 bytes"));
  EXPECT_TRUE(names(npyRefusal(npy("{'descr': '<f4', 'shape': (2, 2), }", 16)), "fortran_order"));
  EXPECT_TRUE(names(npyRefusal(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", 4)), "shape"));
  EXPECT_TRUE(names(npyRefusal(npy("", 0, 9)), "version 9"));
  Bytes file = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }", 16);
  for (size_t length = 0; length < file.size(); ++length)
    npyRefusal(Bytes(file.begin(), file.begin() + length));
}

//===-- TensorProto -----------------------------------------------------------===//

void varint(Bytes &out, uint64_t value) {
  for (; value >= 128; value >>= 7)
    out.push_back(static_cast<uint8_t>(value | 128));
  out.push_back(static_cast<uint8_t>(value));
}
void number(Bytes &out, unsigned field, uint64_t value) {
  varint(out, field << 3);
  varint(out, value);
}
void block(Bytes &out, unsigned field, const Bytes &payload) {
  varint(out, field << 3 | 2);
  varint(out, payload.size());
  out.insert(out.end(), payload.begin(), payload.end());
}
Bytes header(uint64_t type, const std::vector<int64_t> &shape) {
  Bytes out;
  for (int64_t size : shape)
    number(out, 1, static_cast<uint64_t>(size));
  number(out, 2, type);
  block(out, 8, {'n', 'a', 'm', 'e'});
  return out;
}

HostTensor readProto(const Bytes &bytes) {
  HostTensor tensor;
  std::string error;
  EXPECT_TRUE(parseTensorProto(bytes, tensor, error)) << error;
  EXPECT_EQ(tensor.name, "name");
  return tensor;
}

TEST(TensorProto, RawAndTypedData) {
  std::vector<float> values = {1.5f, -2, 3};
  Bytes raw = header(1, {3}), packed = raw, single = raw;
  block(raw, 9, bytesOf(values));
  block(packed, 4, bytesOf(values));
  for (float value : values) {
    varint(single, 4 << 3 | 5);
    Bytes bits = bytesOf(std::vector<float>{value});
    single.insert(single.end(), bits.begin(), bits.end());
  }
  for (const Bytes &bytes : {raw, packed, single}) {
    HostTensor tensor = readProto(bytes);
    EXPECT_EQ(tensor.type, RECKON_F32);
    EXPECT_EQ(tensor.shape, std::vector<int64_t>{3});
    EXPECT_EQ(tensor.data, bytesOf(values));
  }

  Bytes ints = header(7, {2}), list;
  varint(list, static_cast<uint64_t>(-5));
  varint(list, 7);
  block(ints, 7, list);
  EXPECT_EQ(readProto(ints).data, bytesOf(std::vector<int64_t>{-5, 7}));

  Bytes halves = header(10, {2}); // float16 bits in int32_data, unpacked
  number(halves, 5, 0x3c00);
  number(halves, 5, 0xc000);
  EXPECT_EQ(readProto(halves).data, bytesOf(std::vector<uint16_t>{0x3c00, 0xc000}));

  Bytes small = header(3, {2, 1}); // int8, sign-extended to ten bytes
  number(small, 5, static_cast<uint64_t>(int64_t(-3)));
  number(small, 5, 4);
  EXPECT_EQ(readProto(small).data, bytesOf(std::vector<int8_t>{-3, 4}));

  Bytes doubles = header(11, {1});
  block(doubles, 10, bytesOf(std::vector<double>{0.25}));
  EXPECT_EQ(readProto(doubles).data, bytesOf(std::vector<double>{0.25}));

  Bytes packedDims;
  block(packedDims, 1, {2, 0});
  number(packedDims, 2, 1);
  block(packedDims, 8, {'n', 'a', 'm', 'e'});
  EXPECT_EQ(readProto(packedDims).shape, (std::vector<int64_t>{2, 0}));
}

TEST(TensorProto, WrittenAndReadBack) {
  HostTensor written = {"a name", RECKON_I16, {2, 0x90, 1}, {}}, empty = {"", RECKON_BOOL, {0}, {}}, read;
  for (size_t i = 0; i < 2 * 0x90 * 2; ++i)
    written.data.push_back(static_cast<uint8_t>(i * 7));
  std::string error;
  for (const HostTensor &tensor : {written, empty}) {
    ASSERT_TRUE(parseTensorProto(formatTensorProto(tensor), read, error)) << error;
    EXPECT_EQ(read.name, tensor.name);
    EXPECT_EQ(read.type, tensor.type);
    EXPECT_EQ(read.shape, tensor.shape);
    EXPECT_EQ(read.data, tensor.data);
  }
}

TEST(TensorProto, Refusals) {
  auto refusal = [](const Bytes &bytes) {
    HostTensor tensor;
    std::string error;
    EXPECT_FALSE(parseTensorProto(bytes, tensor, error));
    return error;
  };
  Bytes strings = header(8, {1});
  EXPECT_NE(refusal(strings).find("element type 8"), std::string::npos);
  Bytes elsewhere = header(1, {1});
  number(elsewhere, 14, 1);
  EXPECT_NE(refusal(elsewhere).find("another file"), std::string::npos);
  EXPECT_NE(refusal(header(1, {3})).find("[3]"), std::string::npos);
  EXPECT_NE(refusal(header(1, {-1})).find("not possible"), std::string::npos);
  EXPECT_NE(refusal(header(1, {INT64_MAX, INT64_MAX})).find("not possible"), std::string::npos);
  EXPECT_NE(refusal({0xff, 0xff}).find("damaged"), std::string::npos);
}

TEST(TensorProto, DamageNeverCrashes) {
  Bytes good = header(1, {2, 3});
  block(good, 9, Bytes(24, 5));
  std::mt19937 random(3);
  for (int i = 0; i < 20000; ++i) {
    Bytes bad(good.begin(), good.begin() + random() % (good.size() + 1));
    for (unsigned k = random() % 4; k > 0 && !bad.empty(); --k)
      bad[random() % bad.size()] = static_cast<uint8_t>(random());
    HostTensor tensor;
    std::string error;
    bool read = parseTensorProto(bad, tensor, error);
    EXPECT_EQ(read, error.empty());
  }
}

//===-- Compare ---------------------------------------------------------------===//

Comparison compare(const std::vector<float> &got, const std::vector<float> &want, double atol, double rtol) {
  HostTensor expected{"y", RECKON_F32, {int64_t(want.size())}, bytesOf(want)};
  return compareTensors(RECKON_F32, {int64_t(got.size())}, got.data(), expected, atol, rtol);
}

TEST(Compare, Floats) {
  Comparison result = compare({1.0f, 2.5f, 100.0f}, {1.0f, 2.0f, 101.0f}, 0, 0.1);
  EXPECT_FALSE(result.equal);
  EXPECT_EQ(result.mismatches, 1u);
  EXPECT_DOUBLE_EQ(result.maxAbsolute, 1);
  EXPECT_DOUBLE_EQ(result.maxRelative, 0.25);
  EXPECT_EQ(result.detail, "1 of 3 elements differ, worst at [1]: got 2.5, expected 2");
  EXPECT_TRUE(compare({1.0f, 2.0f}, {1.0f, 2.00001f}, 1e-4, 0).equal);
  EXPECT_TRUE(compare({}, {}, 0, 0).equal);
}

TEST(Compare, SpecialValues) {
  float nan = std::nanf(""), inf = INFINITY;
  EXPECT_TRUE(compare({nan, inf, -inf, 0.0f}, {nan, inf, -inf, -0.0f}, 0, 0).equal);
  for (auto [got, want] : std::vector<std::pair<float, float>>{{nan, 1}, {1, nan}, {inf, -inf}, {inf, 1}, {1, inf}}) {
    Comparison result = compare({got}, {want}, 1e30, 1);
    EXPECT_FALSE(result.equal) << got << " " << want;
    EXPECT_TRUE(std::isinf(result.maxAbsolute));
  }
}

TEST(Compare, IntegersShapesAndTypes) {
  std::vector<int64_t> got = {1, (int64_t(1) << 60) + 1, 3, 4}, want = {1, int64_t(1) << 60, 3, 4};
  HostTensor expected{"y", RECKON_I64, {2, 2}, bytesOf(want)};
  Comparison result = compareTensors(RECKON_I64, {2, 2}, got.data(), expected, 100, 100);
  EXPECT_FALSE(result.equal);
  EXPECT_NE(result.detail.find("[0, 1]: got 1152921504606846977, expected 1152921504606846976"), std::string::npos);
  EXPECT_EQ(compareTensors(RECKON_I64, {4}, got.data(), expected, 0, 0).detail, "got i64[4], expected i64[2x2]");
  EXPECT_FALSE(compareTensors(RECKON_F64, {2, 2}, got.data(), expected, 0, 0).equal);
}
} // namespace
