//===- HostTensor.h - A named tensor in memory ----------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_TOOLS_SUPPORT_HOSTTENSOR_H
#define RECKON_TOOLS_SUPPORT_HOSTTENSOR_H

#include "reckon/Runtime/Runtime.h"

#include <string>
#include <vector>

namespace reckon::tools {

struct HostTensor {
  std::string name;
  ReckonElementType type = RECKON_F32;
  std::vector<int64_t> shape;
  std::vector<uint8_t> data; // row-major

  /// False when a size is negative or the elements exceed what memory could hold.
  static bool elementCount(const std::vector<int64_t> &shape, uint64_t &count);
};

/// "[2x3]"; "[]" for a scalar.
std::string shapeText(const std::vector<int64_t> &shape);
/// Element `index` of `data`, as a double; exact for what a double holds.
double elementAsDouble(ReckonElementType type, const void *data, uint64_t index);
/// Element `index` in decimal.
std::string elementText(ReckonElementType type, const void *data, uint64_t index);
bool isFloat(ReckonElementType type);

/// The whole of a file; false with the reason in `error`.
bool readFile(const std::string &path, std::vector<uint8_t> &bytes, std::string &error);
bool writeFile(const std::string &path, const std::vector<uint8_t> &bytes, std::string &error);

} // namespace reckon::tools

#endif // RECKON_TOOLS_SUPPORT_HOSTTENSOR_H
