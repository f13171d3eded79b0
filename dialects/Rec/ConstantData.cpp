//===- ConstantData.cpp - Reading and making constant tensors ---------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#include "dialects/Rec/ConstantData.h"
#include "dialects/Rec/Rec.h"
#include "dialects/Rec/TableRows.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/APFloat.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

/// Where attributes turn into resources: what is larger is neither hashed nor printed as text.
static constexpr uint64_t resourceThreshold = 1024;
/// Up to where a resource is searched for being a splat.
static constexpr uint64_t maxScannedSize = 4096;
/// Up to where a splat is written out. A few bytes of a model can claim any size; this much is still a weight.
static constexpr uint64_t maxExpandedSize = uint64_t(1) << 30;

std::optional<ElementType> rec::getEngineType(Type elementType) {
  if (elementType.isF32())
    return ElementType::F32;
  if (elementType.isF16())
    return ElementType::F16;
  if (elementType.isBF16())
    return ElementType::BF16;
  if (elementType.isF64())
    return ElementType::F64;
  if (elementType.isSignlessInteger(1))
    return ElementType::Bool;
  auto integer = dyn_cast<IntegerType>(elementType);
  if (!integer)
    return std::nullopt;
  bool isUnsigned = integer.isUnsigned();
  switch (integer.getWidth()) {
  case 8:
    return isUnsigned ? ElementType::U8 : ElementType::I8;
  case 16:
    return isUnsigned ? ElementType::U16 : ElementType::I16;
  case 32:
    return isUnsigned ? ElementType::U32 : ElementType::I32;
  case 64:
    return isUnsigned ? ElementType::U64 : ElementType::I64;
  default:
    return std::nullopt;
  }
}

std::optional<unsigned> rec::getElementSize(Type elementType) {
  std::optional<ElementType> type = getEngineType(elementType);
  return type ? std::optional<unsigned>(elementSize(*type)) : std::nullopt;
}

std::optional<uint64_t> rec::getDataSize(ShapedType type) {
  if (!type.hasStaticShape())
    return std::nullopt;
  if (isa<EncodedType>(type.getElementType()) && type.getRank() == 2)
    return getRowFormat(type.getElementType())->tableBytes(type.getDimSize(0), type.getDimSize(1));
  auto elementSize = getElementSize(type.getElementType());
  if (!elementSize)
    return std::nullopt;
  uint64_t size = *elementSize;
  for (int64_t dim : type.getShape())
    if (__builtin_mul_overflow(size, static_cast<uint64_t>(dim), &size))
      return std::nullopt;
  return size;
}

std::optional<ConstantBytes> rec::getConstantBytes(ElementsAttr value) {
  auto size = getDataSize(value.getShapedType());
  if (!size)
    return std::nullopt;
  ConstantBytes bytes;
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(value)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (!blob || blob->getData().size() != *size)
      return std::nullopt;
    bytes.view = blob->getData();
    return bytes;
  }
  auto dense = dyn_cast<DenseElementsAttr>(value);
  if (!dense)
    return std::nullopt;
  if (dense.isSplat() && *size > maxExpandedSize)
    return std::nullopt;
  if (dense.getElementType().isSignlessInteger(1)) {
    bytes.owned.reserve(*size);
    for (bool element : dense.getValues<bool>())
      bytes.owned.push_back(element);
    return bytes;
  }
  ArrayRef<char> raw = dense.getRawData();
  if (!dense.isSplat() || *size <= raw.size()) {
    bytes.view = raw.take_front(*size);
    return bytes;
  }
  bytes.owned.resize(*size);
  for (size_t i = 0; i < *size; i += raw.size())
    std::copy(raw.begin(), raw.end(), bytes.owned.begin() + i);
  return bytes;
}

/// Calls `store(index, element)` with the data as the C++ type of an integer or wide float element type.
template <typename T, typename Store> static void readAs(ArrayRef<char> data, Store store) {
  for (size_t i = 0, e = data.size() / sizeof(T); i != e; ++i) {
    T element;
    std::memcpy(&element, data.data() + i * sizeof(T), sizeof(T));
    store(i, element);
  }
}

template <typename Store> static void readElements(Type type, ArrayRef<char> data, Store store) {
  if (type.isF32())
    return readAs<float>(data, store);
  if (type.isF64())
    return readAs<double>(data, store);
  if (auto floatType = dyn_cast<FloatType>(type))
    return readAs<uint16_t>(data, [&](size_t i, uint16_t bits) {
      llvm::APFloat value(floatType.getFloatSemantics(), llvm::APInt(16, bits));
      store(i, value.convertToDouble());
    });
  if (type.isSignlessInteger(1))
    return readAs<uint8_t>(data, store);
  bool isUnsigned = type.isUnsignedInteger();
  switch (type.getIntOrFloatBitWidth()) {
  case 8:
    return isUnsigned ? readAs<uint8_t>(data, store) : readAs<int8_t>(data, store);
  case 16:
    return isUnsigned ? readAs<uint16_t>(data, store) : readAs<int16_t>(data, store);
  case 32:
    return isUnsigned ? readAs<uint32_t>(data, store) : readAs<int32_t>(data, store);
  default:
    return isUnsigned ? readAs<uint64_t>(data, store) : readAs<int64_t>(data, store);
  }
}

/// A conversion without undefined values: out of range saturates, NaN becomes 0.
static int64_t toInt(double value) {
  if (!(value > -9223372036854775808.0))
    return value != value ? 0 : INT64_MIN;
  return value >= 9223372036854775808.0 ? INT64_MAX : static_cast<int64_t>(value);
}
template <typename T> static int64_t toInt(T value) { return static_cast<int64_t>(value); }
static int64_t toInt(float value) { return toInt(static_cast<double>(value)); }

std::optional<std::vector<double>> rec::getConstantDoubles(ElementsAttr value) {
  auto bytes = getConstantBytes(value);
  if (!bytes)
    return std::nullopt;
  std::vector<double> result(value.getShapedType().getNumElements());
  readElements(value.getElementType(), bytes->get(),
               [&](size_t i, auto element) { result[i] = static_cast<double>(element); });
  return result;
}

std::optional<std::vector<int64_t>> rec::getConstantInts(ElementsAttr value) {
  auto bytes = getConstantBytes(value);
  if (!bytes)
    return std::nullopt;
  std::vector<int64_t> result(value.getShapedType().getNumElements());
  readElements(value.getElementType(), bytes->get(), [&](size_t i, auto element) { result[i] = toInt(element); });
  return result;
}

/// Whether the data is one element repeated: equal neighbours throughout.
static bool isRepeated(ArrayRef<char> data, unsigned elementSize) {
  return !data.empty() && data.drop_back(elementSize) == data.drop_front(elementSize);
}

std::optional<double> rec::getConstantSplat(ElementsAttr value) {
  auto type = value.getShapedType();
  if (isa<EncodedType>(type.getElementType()))
    return std::nullopt;
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(value)) {
    auto bytes = getConstantBytes(resource);
    if (!bytes || bytes->get().size() > maxScannedSize ||
        !isRepeated(bytes->get(), *getElementSize(type.getElementType())))
      return std::nullopt;
    return getConstantDoubles(resource)->front();
  }
  if (auto dense = dyn_cast<DenseElementsAttr>(value); dense && dense.isSplat() && type.getNumElements() > 0)
    value = dense.resizeSplat(RankedTensorType::get({}, type.getElementType()));
  else if (!type.hasStaticShape() || type.getNumElements() != 1)
    return std::nullopt;
  auto values = getConstantDoubles(value);
  return values ? std::optional<double>(values->front()) : std::nullopt;
}

static ElementsAttr makeResource(ShapedType type, ArrayRef<char> data, StringRef name) {
  return DenseResourceElementsAttr::get(
      type, name, HeapAsmResourceBlob::allocateAndCopyWithAlign(data, /*align=*/64, /*dataIsMutable=*/false));
}

ElementsAttr rec::makeDistinct(ElementsAttr value, StringRef name) {
  if (isa<DenseResourceElementsAttr>(value) || value.getShapedType().getNumElements() == 0)
    return value;
  auto bytes = getConstantBytes(value);
  return bytes ? makeResource(value.getShapedType(), bytes->get(), name) : value;
}

ElementsAttr rec::makeConstant(RankedTensorType type, ArrayRef<char> data, StringRef name) {
  unsigned elementSize = getElementSize(type.getElementType()).value_or(1);
  assert(getDataSize(type) == data.size() && "data of another size than the type's");
  if (isa<EncodedType>(type.getElementType())) // dense attributes hold numbers alone
    return makeResource(type, data, name);
  bool splat = isRepeated(data, elementSize);
  if (data.size() > resourceThreshold && !splat)
    return makeResource(type, data, name);
  if (type.getElementType().isSignlessInteger(1)) {
    SmallVector<bool> values;
    for (char element : data)
      values.push_back(element != 0);
    return DenseElementsAttr::get(type, values);
  }
  return DenseElementsAttr::getFromRawBuffer(type, splat ? data.take_front(elementSize) : data);
}

template <typename T> static void append(std::vector<char> &data, T value) {
  const char *bytes = reinterpret_cast<const char *>(&value);
  data.insert(data.end(), bytes, bytes + sizeof(T));
}

/// Writes `value` as an integer of the type's width; the low bits are the same for both signs.
static void appendInt(std::vector<char> &data, Type type, int64_t value) {
  switch (*getElementSize(type)) {
  case 1:
    return append<uint8_t>(data, type.isSignlessInteger(1) ? value != 0 : value);
  case 2:
    return append<uint16_t>(data, value);
  case 4:
    return append<uint32_t>(data, value);
  default:
    return append<uint64_t>(data, value);
  }
}

ElementsAttr rec::makeConstant(RankedTensorType type, ArrayRef<double> values, StringRef name) {
  std::vector<char> data;
  Type element = type.getElementType();
  for (double value : values) {
    if (element.isF64()) {
      append(data, value);
    } else if (element.isF32()) {
      append(data, static_cast<float>(value));
    } else if (auto floatType = dyn_cast<FloatType>(element)) {
      llvm::APFloat rounded(value);
      bool losesInfo;
      rounded.convert(floatType.getFloatSemantics(), llvm::APFloat::rmNearestTiesToEven, &losesInfo);
      append<uint16_t>(data, rounded.bitcastToAPInt().getZExtValue());
    } else if (element.isSignlessInteger(1)) {
      append<uint8_t>(data, value != 0);
    } else if (element.isUnsignedInteger(64) && value >= 9223372036854775808.0) {
      append<uint64_t>(data, value < 18446744073709551616.0 ? static_cast<uint64_t>(value) : UINT64_MAX);
    } else {
      appendInt(data, element, toInt(value));
    }
  }
  return makeConstant(type, ArrayRef<char>(data), name);
}

ElementsAttr rec::makeConstant(RankedTensorType type, ArrayRef<int64_t> values, StringRef name) {
  if (isa<FloatType>(type.getElementType())) {
    SmallVector<double> numbers(values.begin(), values.end());
    return makeConstant(type, ArrayRef<double>(numbers), name);
  }
  std::vector<char> data;
  for (int64_t value : values)
    appendInt(data, type.getElementType(), value);
  return makeConstant(type, ArrayRef<char>(data), name);
}
