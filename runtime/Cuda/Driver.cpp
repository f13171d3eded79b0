//===- Cuda/Driver.cpp - The CUDA driver, loaded when asked for -----------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "Driver.h"

#include <cstdlib>
#include <dlfcn.h>
#include <mutex>

using namespace reckon::runtime;
using namespace reckon::runtime::cuda;

/// The first with tensor maps and kernel nodes of version 2.
static constexpr int minVersion = 12000;

static std::string versionText(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

static bool unavailable(const std::string &message, Error &error) {
  return error.set(RECKON_UNAVAILABLE, "device 'cuda': " + message);
}

const Driver *Driver::get(Error &error) {
  static std::mutex mutex;
  // Never unloaded: other users of the driver in this process may have threads in it.
  static const Driver *loaded = nullptr;
  std::lock_guard<std::mutex> lock(mutex);
  if (!loaded) {
    const char *path = std::getenv("RECKON_LIBCUDA");
    loaded = load(path && *path ? path : "libcuda.so.1", error).release();
  }
  return loaded;
}

std::unique_ptr<Driver> Driver::load(const std::string &path, Error &error) {
  std::unique_ptr<Driver> driver(new Driver());
  if (!driver->open(path, error) || !driver->resolve(path, error) || !driver->initialise(path, error))
    return nullptr;
  return driver;
}

Driver::~Driver() {
  if (library)
    ::dlclose(library);
}

bool Driver::open(const std::string &path, Error &error) {
  library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library)
    return true;
  const char *reason = ::dlerror();
  return unavailable("no NVIDIA driver: '" + path + "' cannot be loaded" + (reason ? ": " + std::string(reason) : ""),
                     error);
}

template <typename... Parameters>
bool Driver::find(const char *name, const char *symbol, DriverCall<Parameters...> &call) const {
  call.function = reinterpret_cast<CUresult (*)(Parameters...)>(::dlsym(library, symbol));
  call.name = name;
  call.driver = this;
  return call.function != nullptr;
}

bool Driver::resolve(const std::string &path, Error &error) {
  auto getVersion = reinterpret_cast<CUresult (*)(int *)>(::dlsym(library, "cuDriverGetVersion"));
  getErrorString = reinterpret_cast<decltype(getErrorString)>(::dlsym(library, "cuGetErrorString"));
  getErrorName = reinterpret_cast<decltype(getErrorName)>(::dlsym(library, "cuGetErrorName"));
  if (!getVersion || !getErrorString || !getErrorName)
    return unavailable("'" + path + "' is not a CUDA driver library", error);
  if (CUresult result = getVersion(&driverVersion))
    return fail("cuDriverGetVersion", result, error);
  if (driverVersion < minVersion)
    return unavailable("the NVIDIA driver is too old: it supports CUDA " + versionText(driverVersion) + ", " +
                           versionText(minVersion) + " is needed",
                       error);
  auto missing = [&](const char *symbol) { return unavailable("'" + path + "' lacks " + symbol, error); };
#define RECKON_DRIVER_CALL(member, symbol, ...)                                                                        \
  if (!find(#member, symbol, member))                                                                                  \
    return missing(symbol);
#define RECKON_OPTIONAL_DRIVER_CALL(member, symbol, ...) find(#member, symbol, member);
#include "DriverSymbols.inc"
#undef RECKON_DRIVER_CALL
#undef RECKON_OPTIONAL_DRIVER_CALL
  return true;
}

bool Driver::initialise(const std::string &path, Error &error) {
  auto init = reinterpret_cast<CUresult (*)(unsigned)>(::dlsym(library, "cuInit"));
  if (!init)
    return unavailable("'" + path + "' lacks cuInit", error);
  CUresult result = init(0);
  if (result != CUDA_SUCCESS && result != CUDA_ERROR_NO_DEVICE)
    return fail("cuInit", result, error);
  if (result == CUDA_SUCCESS && !cuDeviceGetCount(error, &devices))
    return false;
  return devices > 0 || unavailable("the NVIDIA driver finds no GPU on this machine", error);
}

bool Driver::fail(const char *call, CUresult result, Error &error) const {
  const char *text = nullptr, *name = nullptr;
  if (getErrorString(result, &text) != CUDA_SUCCESS || !text)
    text = "unknown error";
  if (getErrorName(result, &name) != CUDA_SUCCESS || !name)
    name = "?";
  return unavailable(std::string(call) + ": " + text + " (" + name + ", " + std::to_string(result) + ")", error);
}
