//===- Cuda/CublasLt.cpp - cuBLASLt, loaded when an engine asks for it ----===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "CublasLt.h"

#include <cstdlib>
#include <dlfcn.h>

using namespace reckon::runtime::cuda;

const CublasLt *CublasLt::find() {
  // Never unloaded: other users of the library in this process may have threads in it.
  static const CublasLt *found = [] {
    if (const char *path = std::getenv("RECKON_LIBCUBLASLT"))
      return load(path).release();
    for (const char *name : {"libcublasLt.so.13", "libcublasLt.so.12", "libcublasLt.so.11"})
      if (std::unique_ptr<CublasLt> library = load(name))
        return library.release();
    return static_cast<CublasLt *>(nullptr);
  }();
  return found;
}

std::unique_ptr<CublasLt> CublasLt::load(const std::string &path) {
  std::unique_ptr<CublasLt> result(new CublasLt());
  // dlopen takes an empty name for the program itself.
  result->library = path.empty() ? nullptr : ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!result->library)
    return nullptr;
  bool complete = true;
  auto resolve = [&](auto &function, const char *name) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(::dlsym(result->library, name));
    complete &= function != nullptr;
  };
  resolve(result->getVersion, "cublasLtGetVersion");
#define RECKON_CUBLASLT_CALL(name, ...) resolve(result->name, #name);
#include "CublasLtSymbols.inc"
  return complete ? std::move(result) : nullptr;
}

CublasLt::~CublasLt() {
  if (library)
    ::dlclose(library);
}
