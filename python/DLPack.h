//===- DLPack.h - Tensors of other frameworks, as they lie ------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------------===//
//
// The part that is needed here of DLPack 1.x and of its table of C functions, which a framework's tensor class has as
// the attribute __dlpack_c_exchange_api__: a tensor in some ten nanoseconds, and the stream that the framework works
// on. The layout is that of dlpack.h (https://github.com/dmlc/dlpack), which frameworks do not install.
//
//===-----------------------------------------------------------------------------------===//

#ifndef RECKON_PYTHON_DLPACK_H
#define RECKON_PYTHON_DLPACK_H

#include <cstdint>

namespace reckon::python::dlpack {

enum DeviceType : int32_t { Cpu = 1, Cuda = 2, CudaHost = 3 };
enum TypeCode : uint8_t { Int = 0, Uint = 1, Float = 2, Bfloat = 4, Bool = 6 };

struct Tensor {
  void *data;
  int32_t deviceType, deviceId;
  int32_t rank;
  uint8_t typeCode, bits;
  uint16_t lanes;
  const int64_t *shape, *strides; ///< in elements; without strides it is dense
  uint64_t byteOffset;
};

struct ExchangeApi {
  static constexpr const char *attribute = "__dlpack_c_exchange_api__", *capsule = "dlpack_exchange_api";
  static constexpr uint32_t version = 1; ///< the major one, within which the table keeps its layout

  uint32_t major, minor;
  const ExchangeApi *older;
  void *allocate, *toManaged, *fromManaged;
  int (*toTensor)(void *object, Tensor *tensor);
  int (*currentStream)(int32_t deviceType, int32_t deviceId, void **stream);
};

} // namespace reckon::python::dlpack

#endif // RECKON_PYTHON_DLPACK_H
