//===- Npy.cpp - NumPy array files ----------------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "Npy.h"
#include "ArgParser.h"

#include <cstring>

using namespace reckon::tools;

namespace {
constexpr char magic[] = "\x93NUMPY";

struct TypeCode {
  ReckonElementType type;
  const char *code; // without the byte order
};
constexpr TypeCode typeCodes[] = {
    {RECKON_F32, "f4"}, {RECKON_F16, "f2"},  {RECKON_F64, "f8"},  {RECKON_I8, "i1"},  {RECKON_I16, "i2"},
    {RECKON_I32, "i4"}, {RECKON_I64, "i8"},  {RECKON_U8, "u1"},   {RECKON_U16, "u2"}, {RECKON_U32, "u4"},
    {RECKON_U64, "u8"}, {RECKON_BOOL, "b1"}, {RECKON_BF16, "u2"},
};

/// The text after 'key': in the header's dictionary, up to the comma that ends it.
bool findValue(const std::string &header, const std::string &key, std::string &value) {
  size_t at = header.find("'" + key + "'");
  if (at == std::string::npos)
    return false;
  at = header.find(':', at + key.size() + 2);
  if (at == std::string::npos)
    return false;
  size_t begin = header.find_first_not_of(' ', at + 1);
  if (begin == std::string::npos)
    return false;
  size_t end = header[begin] == '(' ? header.find(')', begin) : header.find_first_of(",}", begin);
  if (end == std::string::npos)
    return false;
  value = header.substr(begin, end - begin + (header[begin] == '(' ? 1 : 0));
  while (!value.empty() && value.back() == ' ')
    value.pop_back();
  return true;
}

bool parseShape(const std::string &text, std::vector<int64_t> &shape) {
  shape.clear();
  if (text.size() < 2 || text.front() != '(' || text.back() != ')')
    return false;
  std::string item;
  for (char c : text.substr(1, text.size() - 2) + ",") {
    if (c == ' ')
      continue;
    if (c != ',') {
      item += c;
      continue;
    }
    if (item.empty())
      continue;
    int64_t size;
    if (!parseInteger(item, size))
      return false;
    shape.push_back(size);
    item.clear();
  }
  return true;
}
} // namespace

bool reckon::tools::hasNpyMagic(const std::vector<uint8_t> &bytes) {
  return bytes.size() >= 12 && std::memcmp(bytes.data(), magic, 6) == 0;
}

bool reckon::tools::parseNpyHeader(const std::vector<uint8_t> &bytes, NpyHeader &result, std::string &error) {
  auto fail = [&](const std::string &reason) {
    error = "not a usable .npy file: " + reason;
    return false;
  };
  if (!hasNpyMagic(bytes))
    return fail("its magic is missing");
  unsigned version = bytes[6];
  if (version < 1 || version > 3)
    return fail("format version " + std::to_string(version));
  size_t start = version == 1 ? 10 : 12, length = bytes[8] | bytes[9] << 8;
  if (version > 1)
    length |= static_cast<size_t>(bytes[10]) << 16 | static_cast<size_t>(bytes[11]) << 24;
  if (length > bytes.size() - start)
    return fail("it ends inside its header");
  std::string header(bytes.begin() + start, bytes.begin() + start + length), descr, order, shape;
  if (!findValue(header, "descr", descr) || !findValue(header, "fortran_order", order) ||
      !findValue(header, "shape", shape) || !parseShape(shape, result.shape))
    return fail("its header has no descr, fortran_order or shape");
  if (descr.size() < 4 || descr.front() != '\'' || descr.back() != '\'')
    return fail("element type " + descr);
  bool known = false;
  for (const TypeCode &candidate : typeCodes)
    if (!known && descr.substr(2, descr.size() - 3) == candidate.code) {
      result.type = candidate.type;
      known = true;
    }
  size_t width = known ? reckon_element_size(result.type) : 0;
  if (!known || (descr[1] != '<' && descr[1] != '|' && descr[1] != '=') || (descr[1] == '|' && width != 1))
    return fail("element type " + descr + " (little-endian numbers and booleans are read)");
  if (order != "False" && result.shape.size() > 1)
    return fail("it is in Fortran order; save it with numpy.ascontiguousarray");
  uint64_t count;
  if (!HostTensor::elementCount(result.shape, count))
    return fail("the shape " + shape + " is not one of an array");
  result.dataOffset = start + length;
  return true;
}

bool reckon::tools::parseNpy(const std::vector<uint8_t> &bytes, HostTensor &tensor, std::string &error) {
  NpyHeader header;
  if (!parseNpyHeader(bytes, header, error))
    return false;
  uint64_t count;
  size_t payload = bytes.size() - header.dataOffset;
  if (!HostTensor::elementCount(header.shape, count) || count * reckon_element_size(header.type) != payload) {
    error = "not a usable .npy file: the shape " + shapeText(header.shape) + " does not fit its " +
            std::to_string(payload) + " bytes of data";
    return false;
  }
  tensor.type = header.type;
  tensor.shape = std::move(header.shape);
  tensor.data.assign(bytes.begin() + header.dataOffset, bytes.end());
  return true;
}

std::vector<uint8_t> reckon::tools::formatNpy(ReckonElementType type, const std::vector<int64_t> &shape,
                                              const void *data, size_t size) {
  std::string code;
  for (const TypeCode &candidate : typeCodes)
    if (candidate.type == type)
      code = candidate.code;
  std::string header = "{'descr': '" + std::string(reckon_element_size(type) == 1 ? "|" : "<") + code +
                       "', 'fortran_order': False, 'shape': (";
  for (size_t i = 0; i < shape.size(); ++i)
    header += std::to_string(shape[i]) + (i + 1 < shape.size() ? ", " : shape.size() == 1 ? "," : "");
  header += "), }";
  // The data starts at a multiple of 64, as NumPy writes it.
  header.append(63 - (10 + header.size()) % 64, ' ');
  header += '\n';
  std::vector<uint8_t> bytes(magic, magic + 6);
  bytes.push_back(1);
  bytes.push_back(0);
  bytes.push_back(static_cast<uint8_t>(header.size()));
  bytes.push_back(static_cast<uint8_t>(header.size() >> 8));
  bytes.insert(bytes.end(), header.begin(), header.end());
  const uint8_t *begin = static_cast<const uint8_t *>(data);
  if (size)
    bytes.insert(bytes.end(), begin, begin + size);
  return bytes;
}
