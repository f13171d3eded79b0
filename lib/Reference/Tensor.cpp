//===- Tensor.cpp - Values of the reference evaluator -----------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//

#include "lib/Reference/Tensor.h"

#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/ErrorHandling.h"

#include <cassert>
#include <cstring>

namespace reckon::reference {

bool isFloat(ElementKind kind) {
  return kind == ElementKind::F32 || kind == ElementKind::F16 || kind == ElementKind::BF16 || kind == ElementKind::F64;
}

bool isUnsigned(ElementKind kind) {
  return kind == ElementKind::U8 || kind == ElementKind::U16 || kind == ElementKind::U32 || kind == ElementKind::U64 ||
         kind == ElementKind::Bool;
}

unsigned getBitWidth(ElementKind kind) { return kind == ElementKind::Bool ? 1 : 8 * elementSize(kind); }

int64_t wrap(ElementKind kind, int64_t value) {
  unsigned bits = getBitWidth(kind);
  if (bits == 64)
    return value;
  uint64_t low = static_cast<uint64_t>(value) & ((uint64_t(1) << bits) - 1);
  if (!isUnsigned(kind) && (low >> (bits - 1)) & 1)
    low |= ~uint64_t(0) << bits;
  return static_cast<int64_t>(low);
}

static const llvm::fltSemantics &getHalfSemantics(ElementKind kind) {
  return kind == ElementKind::F16 ? llvm::APFloat::IEEEhalf() : llvm::APFloat::BFloat();
}

static llvm::APFloat toHalf(ElementKind kind, double value) {
  llvm::APFloat number(value);
  bool losesInfo;
  number.convert(getHalfSemantics(kind), llvm::APFloat::rmNearestTiesToEven, &losesInfo);
  return number;
}

double roundTo(ElementKind kind, double value) {
  switch (kind) {
  case ElementKind::F32:
    return static_cast<float>(value);
  case ElementKind::F16:
  case ElementKind::BF16:
    return toHalf(kind, value).convertToDouble();
  default:
    return value;
  }
}

int64_t getNumElements(llvm::ArrayRef<int64_t> shape) {
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  return count;
}

static int64_t readInt(ElementKind kind, const char *data, int64_t i) {
  unsigned bytes = elementSize(kind);
  uint64_t value = 0;
  std::memcpy(&value, data + bytes * i, bytes); // little-endian: the low bytes come first
  return kind == ElementKind::Bool ? (value & 0xff) != 0 : wrap(kind, static_cast<int64_t>(value));
}

Tensor::Tensor(ElementKind kind, llvm::ArrayRef<int64_t> shape) : elementKind(kind), sizes(shape.begin(), shape.end()) {
  if (isFloat())
    floatValues = std::make_shared<std::vector<double>>(numElements(), 0.0);
  else
    intValues = std::make_shared<std::vector<int64_t>>(numElements(), 0);
}

Tensor Tensor::fromFloats(ElementKind kind, llvm::ArrayRef<int64_t> shape, std::vector<double> values) {
  Tensor result;
  result.elementKind = kind;
  result.sizes.assign(shape.begin(), shape.end());
  assert(result.isFloat() && int64_t(values.size()) == result.numElements());
  result.floatValues = std::make_shared<std::vector<double>>(std::move(values));
  return result;
}

Tensor Tensor::fromInts(ElementKind kind, llvm::ArrayRef<int64_t> shape, std::vector<int64_t> values) {
  Tensor result;
  result.elementKind = kind;
  result.sizes.assign(shape.begin(), shape.end());
  assert(!result.isFloat() && int64_t(values.size()) == result.numElements());
  result.intValues = std::make_shared<std::vector<int64_t>>(std::move(values));
  return result;
}

Tensor Tensor::borrow(ElementKind kind, llvm::ArrayRef<int64_t> shape, const char *data) {
  Tensor result;
  result.elementKind = kind;
  result.sizes.assign(shape.begin(), shape.end());
  result.raw = data;
  return result;
}

Tensor Tensor::borrowRows(RowFormat format, llvm::ArrayRef<int64_t> shape, const char *data) {
  Tensor result = borrow(format.type(), shape, data);
  assert(result.isFloat() && shape.size() == 2 && "rows of floats");
  if (!format.isPlain())
    result.rowFormat = format;
  return result;
}

Tensor Tensor::fromBytes(ElementKind kind, llvm::ArrayRef<int64_t> shape, const void *data) {
  Tensor result = borrow(kind, shape, static_cast<const char *>(data));
  if (result.isFloat())
    (void)result.floats();
  else
    (void)result.ints();
  result.raw = nullptr;
  return result;
}

double Tensor::readFloat(int64_t i) const {
  if (!rowFormat)
    return RowFormat(elementKind).decode(raw, i);
  int64_t dim = sizes[1];
  return rowFormat->decode(raw + i / dim * rowFormat->rowBytes(dim), i % dim);
}

double Tensor::floatAt(int64_t i) const { return floatValues ? (*floatValues)[i] : readFloat(i); }
int64_t Tensor::intAt(int64_t i) const { return intValues ? (*intValues)[i] : readInt(elementKind, raw, i); }

double Tensor::asDouble(int64_t i) const {
  if (isFloat())
    return floatAt(i);
  int64_t value = intAt(i);
  return elementKind == ElementKind::U64 ? static_cast<double>(static_cast<uint64_t>(value))
                                         : static_cast<double>(value);
}

llvm::ArrayRef<double> Tensor::floats() const {
  assert(isFloat());
  if (!floatValues) {
    auto values = std::make_shared<std::vector<double>>(numElements());
    for (size_t i = 0, e = values->size(); i < e; ++i)
      (*values)[i] = readFloat(i);
    floatValues = std::move(values);
  }
  return *floatValues;
}

llvm::ArrayRef<int64_t> Tensor::ints() const {
  assert(!isFloat());
  if (!intValues) {
    auto values = std::make_shared<std::vector<int64_t>>(numElements());
    for (size_t i = 0, e = values->size(); i < e; ++i)
      (*values)[i] = readInt(elementKind, raw, i);
    intValues = std::move(values);
  }
  return *intValues;
}

double *Tensor::floatData() {
  assert(isFloat() && floatValues && floatValues.use_count() == 1);
  return floatValues->data();
}

int64_t *Tensor::intData() {
  assert(!isFloat() && intValues && intValues.use_count() == 1);
  return intValues->data();
}

Tensor Tensor::reshaped(llvm::ArrayRef<int64_t> shape) const {
  Tensor result = *this;
  result.sizes.assign(shape.begin(), shape.end());
  return result;
}

std::vector<char> Tensor::toBytes() const {
  unsigned bytes = elementSize(elementKind);
  int64_t count = numElements();
  std::vector<char> data(bytes * count);
  for (int64_t i = 0; i < count; ++i) {
    char *to = data.data() + bytes * i;
    if (!isFloat()) {
      int64_t value = intAt(i);
      std::memcpy(to, &value, bytes);
      continue;
    }
    double value = floatAt(i);
    if (elementKind == ElementKind::F64) {
      std::memcpy(to, &value, 8);
    } else if (elementKind == ElementKind::F32) {
      float narrow = static_cast<float>(value);
      std::memcpy(to, &narrow, 4);
    } else {
      uint16_t half = toHalf(elementKind, value).bitcastToAPInt().getZExtValue();
      std::memcpy(to, &half, 2);
    }
  }
  return data;
}

llvm::SmallVector<int64_t> getStrides(llvm::ArrayRef<int64_t> shape) {
  llvm::SmallVector<int64_t> strides(shape.size(), 1);
  for (size_t d = shape.size(); d-- > 1;)
    strides[d - 1] = strides[d] * shape[d];
  return strides;
}

std::string printShape(llvm::ArrayRef<int64_t> shape) {
  std::string text = "[";
  for (size_t d = 0; d < shape.size(); ++d)
    text += (d ? ", " : "") + std::to_string(shape[d]);
  return text + "]";
}

} // namespace reckon::reference
