//===- TensorProto.cpp - ONNX tensors without protobuf --------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// The runtime's tools link no protobuf; the wire format of one message is small enough to read by hand.
//
//===----------------------------------------------------------------------------===//

#include "TensorProto.h"

#include <cstring>

using namespace reckon::tools;

namespace {
/// One cursor over a message or a packed field. Every read checks its bounds.
struct Cursor {
  const uint8_t *at, *end;

  bool done() const { return at == end; }
  bool varint(uint64_t &value) {
    value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (at == end)
        return false;
      uint8_t byte = *at++;
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (!(byte & 0x80))
        return true;
    }
    return false;
  }
  bool fixed(size_t width, uint64_t &value) {
    if (static_cast<size_t>(end - at) < width)
      return false;
    value = 0;
    std::memcpy(&value, at, width);
    at += width;
    return true;
  }
  bool block(Cursor &result) {
    uint64_t length;
    if (!varint(length) || length > static_cast<uint64_t>(end - at))
      return false;
    result = {at, at + length};
    at += length;
    return true;
  }
};

enum Wire { Varint = 0, Fixed64 = 1, Block = 2, Fixed32 = 5 };
enum Field {
  Dims = 1,
  DataType = 2,
  FloatData = 4,
  Int32Data = 5,
  Int64Data = 7,
  Name = 8,
  RawData = 9,
  DoubleData = 10,
  Uint64Data = 11,
  DataLocation = 14,
};

class Reader {
public:
  bool read(Cursor message) {
    while (!message.done()) {
      uint64_t tag;
      if (!message.varint(tag) || !field(message, tag >> 3, tag & 7))
        return false;
    }
    return true;
  }

  std::vector<uint64_t> dims, numbers; // numbers: the bits of typed data
  uint64_t dataType = 0, location = 0;
  std::string name;
  bool hasRaw = false;
  Cursor raw = {nullptr, nullptr};

private:
  /// The wire type of a repeated number that is not packed; Block when the field is no such thing.
  static Wire numberWire(uint64_t field) {
    switch (field) {
    case Dims:
    case Int32Data:
    case Int64Data:
    case Uint64Data:
      return Varint;
    case FloatData:
      return Fixed32;
    case DoubleData:
      return Fixed64;
    default:
      return Block;
    }
  }

  static bool number(Cursor &from, Wire wire, uint64_t &value) {
    return wire == Varint ? from.varint(value) : from.fixed(wire == Fixed64 ? 8 : 4, value);
  }

  bool field(Cursor &message, uint64_t field, uint64_t wire) {
    Wire expected = numberWire(field);
    uint64_t value;
    if (expected != Block && (wire == expected || wire == Block)) {
      std::vector<uint64_t> &list = field == Dims ? dims : numbers;
      if (wire == expected) {
        if (!number(message, expected, value))
          return false;
        list.push_back(value);
        return true;
      }
      Cursor packed;
      if (!message.block(packed))
        return false;
      while (!packed.done()) {
        if (!number(packed, expected, value))
          return false;
        list.push_back(value);
      }
      return true;
    }
    switch (wire) {
    case Varint:
      if (!message.varint(value))
        return false;
      if (field == DataType)
        dataType = value;
      else if (field == DataLocation)
        location = value;
      return true;
    case Fixed64:
    case Fixed32:
      return message.fixed(wire == Fixed64 ? 8 : 4, value);
    case Block: {
      Cursor block;
      if (!message.block(block))
        return false;
      if (field == Name)
        name.assign(reinterpret_cast<const char *>(block.at), block.end - block.at);
      if (field == RawData) {
        raw = block;
        hasRaw = true;
      }
      return true;
    }
    default:
      return false;
    }
  }
};

/// ONNX's numbers for element types.
const struct {
  uint64_t number;
  ReckonElementType type;
} elementTypes[] = {{1, RECKON_F32},  {2, RECKON_U8},   {3, RECKON_I8},   {4, RECKON_U16},  {5, RECKON_I16},
                    {6, RECKON_I32},  {7, RECKON_I64},  {9, RECKON_BOOL}, {10, RECKON_F16}, {11, RECKON_F64},
                    {12, RECKON_U32}, {13, RECKON_U64}, {16, RECKON_BF16}};

bool elementType(uint64_t dataType, ReckonElementType &type) {
  for (const auto &candidate : elementTypes)
    if (candidate.number == dataType) {
      type = candidate.type;
      return true;
    }
  return false;
}
} // namespace

bool reckon::tools::parseTensorProto(const std::vector<uint8_t> &bytes, HostTensor &tensor, std::string &error) {
  auto fail = [&](const std::string &reason) {
    error = "not a usable ONNX tensor: " + reason;
    return false;
  };
  Reader reader;
  if (!reader.read({bytes.data(), bytes.data() + bytes.size()}))
    return fail("its encoding is damaged, or it is another message");
  if (!elementType(reader.dataType, tensor.type))
    return fail("element type " + std::to_string(reader.dataType));
  if (reader.location != 0)
    return fail("its data is in another file");
  tensor.name = reader.name;
  tensor.shape.assign(reader.dims.begin(), reader.dims.end());
  size_t width = reckon_element_size(tensor.type);
  uint64_t count;
  if (!HostTensor::elementCount(tensor.shape, count))
    return fail("the shape " + shapeText(tensor.shape) + " is not possible");
  uint64_t have = reader.hasRaw ? static_cast<uint64_t>(reader.raw.end - reader.raw.at) : reader.numbers.size() * width;
  if (count * width != have)
    return fail("the shape " + shapeText(tensor.shape) + " does not fit its " + std::to_string(have) + " bytes");
  if (reader.hasRaw) {
    tensor.data.assign(reader.raw.at, reader.raw.end);
  } else {
    // The low bytes of each number: integers are sign-extended, half floats stored as their bits.
    tensor.data.resize(have);
    for (uint64_t i = 0; i < count; ++i)
      std::memcpy(tensor.data.data() + i * width, &reader.numbers[i], width);
  }
  return true;
}

std::vector<uint8_t> reckon::tools::formatTensorProto(const HostTensor &tensor) {
  std::vector<uint8_t> bytes;
  auto varint = [&](uint64_t value) {
    for (; value >= 0x80; value >>= 7)
      bytes.push_back(static_cast<uint8_t>(value | 0x80));
    bytes.push_back(static_cast<uint8_t>(value));
  };
  auto tag = [&](Field field, Wire wire) { varint(static_cast<uint64_t>(field) << 3 | wire); };
  for (int64_t size : tensor.shape) {
    tag(Dims, Varint);
    varint(static_cast<uint64_t>(size));
  }
  for (const auto &candidate : elementTypes)
    if (candidate.type == tensor.type) {
      tag(DataType, Varint);
      varint(candidate.number);
    }
  if (!tensor.name.empty()) {
    tag(Name, Block);
    varint(tensor.name.size());
    bytes.insert(bytes.end(), tensor.name.begin(), tensor.name.end());
  }
  tag(RawData, Block);
  varint(tensor.data.size());
  bytes.insert(bytes.end(), tensor.data.begin(), tensor.data.end());
  return bytes;
}
