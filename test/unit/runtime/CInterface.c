//===- CInterface.c - The public header is C ------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "reckon/Runtime/Runtime.h"

/// Opens an engine that is not there and returns the status.
int openMissingEngine(void) {
  ReckonEngine *engine = 0;
  ReckonStatus status = reckon_engine_open("/nonexistent/model.rkn", 0, 0, &engine);
  reckon_engine_close(engine);
  return (int)status;
}
