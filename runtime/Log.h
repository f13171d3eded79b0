//===- Log.h - What the runtime tells its host -----------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_LOG_H
#define RECKON_RUNTIME_LOG_H

#include "Error.h"

#include <new>

namespace reckon::runtime {

/// Null `callback`: nobody listens. Returns when no call of the one before is under way.
void setLog(ReckonLogCallback callback, void *user, ReckonLogLevel most);
bool isLogged(ReckonLogLevel level);
/// Nothing when nobody listens at this level. What a callback does is not logged.
void logText(ReckonLogLevel level, const char *message);
/// The same of what `makeText()` gives. Want of memory for it is no failure: what it tells of has happened.
template <typename Make> void log(ReckonLogLevel level, Make makeText) noexcept {
  if (isLogged(level))
    try {
      logText(level, makeText().c_str());
    } catch (const std::bad_alloc &) {
      logText(level, "there was no memory for a message");
    }
}

} // namespace reckon::runtime

#endif // RECKON_RUNTIME_LOG_H
