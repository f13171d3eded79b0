//===- EngineSession.h - Runs an engine on reference tensors --------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//

#ifndef RECKON_REFERENCE_ENGINESESSION_H
#define RECKON_REFERENCE_ENGINESESSION_H

#include "lib/Reference/Tensor.h"
#include "reckon/Engine/DeviceKind.h"
#include "reckon/Runtime/Runtime.hpp"

namespace reckon::reference {

/// One context of an engine. Inputs are at addresses aligned to their elements and no further, outputs are filled with
/// a pattern before a run and have guards around them, so that an element left out or a byte written outside shows.
class EngineSession {
public:
  /// All functions return what went wrong, and nothing when all is well. `engine` and the rows that are bound must
  /// outlive the session.
  std::string open(const std::vector<uint8_t> &engine, int threads,
                   const std::vector<ReckonTableBinding> &bindings = {},
                   const char *device = deviceName(DeviceKind::Host));
  /// Inputs are found by Tensor::name, and in order when they have none; outputs come in the engine's order.
  std::string run(llvm::ArrayRef<Tensor> inputs, llvm::SmallVectorImpl<Tensor> &outputs);
  std::string outputName(size_t index) const { return engine.output(index).name; }

private:
  runtime::Engine engine;
  runtime::Context context;
};

} // namespace reckon::reference

#endif // RECKON_REFERENCE_ENGINESESSION_H
