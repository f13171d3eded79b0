//===- Log.h - What the runtime tells its host -----------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_LOG_H
#define RECKON_RUNTIME_LOG_H

#include "Error.h"

namespace reckon::runtime {

/// Null `callback`: nobody listens. Returns when no call of the one before is under way.
void setLog(ReckonLogCallback callback, void *user, ReckonLogLevel most);
/// Nothing when nobody listens at this level. What a callback does is not logged.
void log(ReckonLogLevel level, const std::string &message);

} // namespace reckon::runtime

#endif // RECKON_RUNTIME_LOG_H
