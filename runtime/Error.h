//===- Error.h - Status and message of what failed ------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_ERROR_H
#define RECKON_RUNTIME_ERROR_H

#include "lib/Engine/ShortText.h"
#include "reckon/Runtime/Runtime.h"

#include <string>

namespace reckon::runtime {

struct Error {
  ReckonStatus code = RECKON_OK;
  std::string message;

  /// Sets both and returns false, for `return error.set(...)` in functions that return success.
  bool set(ReckonStatus status, const std::string &text) {
    code = status;
    message = shortenNames(text);
    return false;
  }
};

} // namespace reckon::runtime

#endif // RECKON_RUNTIME_ERROR_H
