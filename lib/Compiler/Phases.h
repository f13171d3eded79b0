//===- Phases.h - The one table of phases --------------------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//
//
// A phase is a named stretch of the pass pipeline with an invariant that its last pass verifies. This table drives
// `reckon-opt --reckon-<phase>-pipeline`, `reckon-compile --stop-after=<phase>`, docs/phases.md and the tests: a phase
// is added here and nowhere else.
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_LIB_COMPILER_PHASES_H
#define RECKON_LIB_COMPILER_PHASES_H

#include "lib/Target/GpuTarget.h"
#include "passes/Precision/Passes.h"
#include "reckon/Engine/DeviceKind.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"

namespace reckon {

/// What a phase may depend on. The same options in the same order give the same engine, so the pipeline text that
/// reckon-opt accepts reproduces a run of reckon-compile.
struct PhaseOptions : public mlir::PassPipelineOptions<PhaseOptions> {
  Option<std::string> cpu{*this, "cpu", llvm::cl::desc("CPU to generate code for: native, x86-64-v3, x86-64-v4, ..."),
                          llvm::cl::init("native")};
  Option<FloatPrecision> precision{
      *this, "precision", llvm::cl::desc("what the model computes in"), llvm::cl::init(FloatPrecision::fp32),
      llvm::cl::values(clEnumValN(FloatPrecision::fp32, "fp32", "the model's own types"),
                       clEnumValN(FloatPrecision::tf32, "tf32", "products of f32 rounded to tf32"),
                       clEnumValN(FloatPrecision::fp16, "fp16", "f16 in place of f32, sums in f32"),
                       clEnumValN(FloatPrecision::bf16, "bf16", "bf16 in place of f32, sums in f32"))};
  Option<DeviceKind> target{*this, "target", llvm::cl::desc("Device to compile for"), llvm::cl::init(DeviceKind::Host),
                            llvm::cl::values(clEnumValN(DeviceKind::Host, deviceName(DeviceKind::Host), "the CPU"),
                                             clEnumValN(DeviceKind::Cuda, deviceName(DeviceKind::Cuda), "a GPU"))};
  Option<std::string> arch{*this, "arch",
                           llvm::cl::desc("GPU architecture to generate code for: a name of lib/Target/GpuTarget.cpp"),
                           llvm::cl::init(GpuTarget::defaultArch())};
  Option<bool> allCandidates{*this, "all-candidates",
                             llvm::cl::desc("cuda: give layers all launches that reckon-tune should time"),
                             llvm::cl::init(false)};
  Option<bool> checkKernels{*this, "check-kernels",
                            llvm::cl::desc("kernels check every access, and every buffer has memory of its own"),
                            llvm::cl::init(false)};
  ListOption<std::string> tableFormats{
      *this, "table-formats", llvm::cl::desc("NAME=FORMAT of tables whose rows are bound when the engine is loaded")};
  Option<bool> wrapNegativeIds{*this, "wrap-negative-ids",
                               llvm::cl::desc("negative ids count from the end of their table"), llvm::cl::init(false)};
  Option<std::string> appendTopK{*this, "append-topk",
                                 llvm::cl::desc("K or K:OUTPUT, the scores of which the best are given instead"),
                                 llvm::cl::init("")};
  Option<std::string> timingCache{*this, "timing-cache", llvm::cl::desc("cuda: a file of reckon-tune to choose by"),
                                  llvm::cl::init("")};
};

struct Phase {
  const char *name;
  /// What goes in and what comes out: "onnx", "rec", "plan", "kernels", "engine".
  const char *from;
  const char *to;
  /// What holds at the end, and the flag of the pass that checks it.
  const char *invariant;
  const char *verifier;
  /// Whether it makes something else for each device.
  bool isPerDevice;
  /// Appends the phase's passes. Null for a phase that is no rewrite of the module (emit).
  void (*rewrite)(mlir::OpPassManager &, const PhaseOptions &);
  /// Appends the pass that checks the invariant, which every phase ends with and `--start-after` begins with.
  void (*verify)(mlir::OpPassManager &, const PhaseOptions &);

  /// The passes of the phase, the verifier, and the check that every attribute is declared or a dialect's.
  void build(mlir::OpPassManager &pm, const PhaseOptions &options) const;
};

/// All phases, in pipeline order.
llvm::ArrayRef<Phase> getPhases();

/// The phase of that name, or null.
const Phase *findPhase(llvm::StringRef name);

/// "import, normalize, ...": for messages.
std::string listPhases();

} // namespace reckon

#endif // RECKON_LIB_COMPILER_PHASES_H
