//===- Npy.h - NumPy array files ------------------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_TOOLS_SUPPORT_NPY_H
#define RECKON_TOOLS_SUPPORT_NPY_H

#include "HostTensor.h"

namespace reckon::tools {

/// What the header of a .npy file says.
struct NpyHeader {
  ReckonElementType type;
  std::vector<int64_t> shape;
  size_t dataOffset;
};

bool hasNpyMagic(const std::vector<uint8_t> &bytes);
/// Reads the header at the beginning of `bytes`, which need not hold the data. False with the reason in `error`.
bool parseNpyHeader(const std::vector<uint8_t> &bytes, NpyHeader &header, std::string &error);

/// Reads the bytes of a .npy file, format versions 1 to 3, C order, little-endian numbers and booleans. NumPy has no
/// bfloat16: such tensors are written as uint16, and read as that. False with the reason in `error`.
bool parseNpy(const std::vector<uint8_t> &bytes, HostTensor &tensor, std::string &error);
/// The bytes of a version-1 file.
std::vector<uint8_t> formatNpy(ReckonElementType type, const std::vector<int64_t> &shape, const void *data,
                               size_t size);

} // namespace reckon::tools

#endif // RECKON_TOOLS_SUPPORT_NPY_H
