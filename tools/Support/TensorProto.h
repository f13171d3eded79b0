//===- TensorProto.h - ONNX tensors without protobuf ----------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_TOOLS_SUPPORT_TENSORPROTO_H
#define RECKON_TOOLS_SUPPORT_TENSORPROTO_H

#include "HostTensor.h"

namespace reckon::tools {

/// Reads a serialised onnx.TensorProto: raw or typed data, packed or not. Strings, complex numbers and external data
/// are not read. False with the reason in `error`.
bool parseTensorProto(const std::vector<uint8_t> &bytes, HostTensor &tensor, std::string &error);
/// The tensor as a serialised onnx.TensorProto, with raw data.
std::vector<uint8_t> formatTensorProto(const HostTensor &tensor);

} // namespace reckon::tools

#endif // RECKON_TOOLS_SUPPORT_TENSORPROTO_H
