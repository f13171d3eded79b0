//===- Cuda/Driver.h - The CUDA driver, loaded when asked for -------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_CUDA_DRIVER_H
#define RECKON_RUNTIME_CUDA_DRIVER_H

#include "../Error.h"
#include "DriverTypes.h"

#include <memory>

namespace reckon::runtime::cuda {

class Driver;

/// One function of the driver. Calling it checks the result; on failure the error names the call and says what the
/// driver says.
template <typename... Parameters> class DriverCall {
public:
  [[nodiscard]] bool operator()(Error &error, Parameters... arguments) const {
    CUresult result = function(arguments...);
    return result == CUDA_SUCCESS || report(*this, result, error);
  }
  /// Unchecked, for releasing and where a failure is an answer.
  CUresult raw(Parameters... arguments) const { return function(arguments...); }
  explicit operator bool() const { return function != nullptr; }

private:
  friend class Driver;
  static bool report(const DriverCall &call, CUresult result, Error &error);

  CUresult (*function)(Parameters...) = nullptr;
  const char *name = nullptr;
  const Driver *driver = nullptr;
};

class Driver {
public:
  /// The driver of this machine: libcuda.so.1, or the library that the environment variable RECKON_LIBCUDA names.
  /// Loaded once; a failure is tried again. Thread-safe. Null with a RECKON_UNAVAILABLE error that says what is
  /// missing.
  static const Driver *get(Error &error);
  /// A driver of its own from the library at `path`.
  static std::unique_ptr<Driver> load(const std::string &path, Error &error);
  ~Driver();
  Driver(const Driver &) = delete;
  Driver &operator=(const Driver &) = delete;

#define RECKON_DRIVER_CALL(member, symbol, ...) DriverCall<__VA_ARGS__> member;
#define RECKON_OPTIONAL_DRIVER_CALL(member, symbol, ...) DriverCall<__VA_ARGS__> member;
#include "DriverSymbols.inc"
#undef RECKON_DRIVER_CALL
#undef RECKON_OPTIONAL_DRIVER_CALL

  int version() const { return driverVersion; }
  int deviceCount() const { return devices; }
  /// Sets the error for a failed call; returns false.
  bool fail(const char *call, CUresult result, Error &error) const;

private:
  Driver() = default;
  bool open(const std::string &path, Error &error);
  bool resolve(const std::string &path, Error &error);
  bool initialise(const std::string &path, Error &error);
  template <typename... Parameters>
  bool find(const char *name, const char *symbol, DriverCall<Parameters...> &call) const;

  void *library = nullptr;
  int driverVersion = 0, devices = 0;
  CUresult (*getErrorString)(CUresult, const char **) = nullptr;
  CUresult (*getErrorName)(CUresult, const char **) = nullptr;
};

template <typename... Parameters>
bool DriverCall<Parameters...>::report(const DriverCall &call, CUresult result, Error &error) {
  return call.driver->fail(call.name, result, error);
}

} // namespace reckon::runtime::cuda

#endif // RECKON_RUNTIME_CUDA_DRIVER_H
