//===- Backends.h - The one table of devices ------------------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//
//
// What the phases from fuse on do for each kind of device. The phase table (Phases.h) asks this one; a device is added
// here and nowhere else.
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_LIB_COMPILER_BACKENDS_H
#define RECKON_LIB_COMPILER_BACKENDS_H

#include "lib/Compiler/EmitTargets.h"
#include "lib/Compiler/Phases.h"

namespace reckon {

struct Backend {
  DeviceKind device;
  /// The phases of the device.
  void (*buildFuse)(mlir::OpPassManager &, const PhaseOptions &);
  void (*buildSchedule)(mlir::OpPassManager &, const PhaseOptions &);
  void (*buildCodegen)(mlir::OpPassManager &, const PhaseOptions &);
  /// Adds the program and the code of a module that the codegen phase has left. False after a diagnostic, with the kind
  /// of error in the report.
  bool (*emit)(ProgramEmitter &, mlir::ModuleOp, const ProgramTarget &);
};

/// All backends, in the order of DeviceKind.
llvm::ArrayRef<Backend> getBackends();

const Backend &getBackend(DeviceKind device);

} // namespace reckon

#endif // RECKON_LIB_COMPILER_BACKENDS_H
