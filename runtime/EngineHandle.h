//===- EngineHandle.h - What a ReckonEngine is ------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_ENGINEHANDLE_H
#define RECKON_RUNTIME_ENGINEHANDLE_H

#include "LoadedEngine.h"

struct ReckonEngine {
  std::shared_ptr<reckon::runtime::LoadedEngine> loaded;
};

#endif // RECKON_RUNTIME_ENGINEHANDLE_H
