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
  /// What it is about: "input 'ids'", "table 'emb.weight'", "engine 'm.rkn'"; empty for the call as a whole.
  std::string location;

  /// Sets both and returns false, for `return error.set(...)` in functions that return success.
  bool set(ReckonStatus status, const std::string &text) {
    code = status;
    message = shortenNames(text);
    location.clear();
    return false;
  }
  /// "LOCATION: TEXT".
  bool set(ReckonStatus status, const std::string &where, const std::string &text) {
    set(status, where + ": " + text);
    location = shortenNames(where);
    return false;
  }
  /// Names what the error is about, whose message says it already.
  bool at(const std::string &where) {
    location = shortenNames(where);
    return false;
  }
};

} // namespace reckon::runtime

#endif // RECKON_RUNTIME_ERROR_H
