//===- Trial.h - Compiles, runs and compares one module -------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//

#ifndef RECKON_TEST_FUZZ_DIFFERENTIAL_TRIAL_H
#define RECKON_TEST_FUZZ_DIFFERENTIAL_TRIAL_H

#include "lib/Reference/EngineSession.h"
#include "lib/Reference/Expectation.h"
#include "reckon/Compiler/Compiler.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

#include <string>

namespace reckon::fuzz {

struct Outcome {
  enum Kind : char {
    Ok,
    Inconclusive, // rounding decides the answer
    NoInputs,     // the evaluator rejects the random inputs: the module asks for what no input has
    CompileError,
    RunError,
    Mismatch,
    Crash,
    Timeout
  };
  Kind kind = Ok;
  std::string message;
  /// At sizes that are drawn: how often the module ran, how often engine and evaluator both refused, and how many sets
  /// of sizes the evaluator would take too long for.
  uint64_t runs = 0, refused = 0, skipped = 0;
  bool isFailure() const { return kind >= CompileError; }
};

const char *getName(Outcome::Kind kind);

inline mlir::func::FuncOp getFunc(mlir::ModuleOp module) { return *module.getOps<mlir::func::FuncOp>().begin(); }

/// Compiles a clone of `module`, with what it needs of its sizes written down, as import does it. The outcome says why
/// there is no engine.
Outcome compileTrial(mlir::ModuleOp module, const CompileOptions &options, std::vector<uint8_t> &engine);

/// Inputs and what they should give. Near ties are drawn again: they say nothing about what is computed from indices.
Outcome prepareTrial(mlir::func::FuncOp func, int64_t batch, uint64_t seed,
                     llvm::SmallVector<reference::Tensor> &inputs, reference::Expectation &expectation);

/// Whether these are the outputs that are expected; Inconclusive where rounding or the order of near ties decides.
Outcome compareOutputs(const reference::Expectation &expectation, llvm::ArrayRef<reference::Tensor> actual,
                       const reference::Tolerance &tolerance = {});

/// What an engine and the evaluator say to inputs that may have no answer.
struct Verdict {
  Outcome outcome;                              ///< a failure unless both refuse or both give the same
  std::string refused, said;                    ///< why the evaluator and the engine refuse
  llvm::SmallVector<reference::Tensor> outputs; ///< of the evaluator
};
Verdict judge(mlir::func::FuncOp func, reference::EngineSession &session, llvm::ArrayRef<reference::Tensor> inputs,
              const reference::Tolerance &tolerance = {});

/// Compiles a clone of `module` and runs it at several batch sizes and thread counts.
Outcome tryModule(mlir::ModuleOp module, uint64_t seed);

struct SizeOptions {
  uint64_t runs = 0; ///< sets of sizes for each module
  std::string target = "host";
  /// Where inputs and answers are written, a folder a run; empty: nowhere.
  std::string exportDir;
};

/// Compiles a clone of `module` once, with kernels that check themselves, and runs it at sets of sizes, mostly such as
/// models have no meaning at. The evaluator decides by its own checks of operands which these are; the engine must
/// refuse the same ones, and answer alike at others.
Outcome trySizes(mlir::ModuleOp module, uint64_t seed, const SizeOptions &options);

/// What is tried with a module.
using Trial = llvm::function_ref<Outcome(mlir::ModuleOp)>;

/// A trial in a child process: a crash or an endless loop is an outcome, too.
class Child {
public:
  Child(mlir::ModuleOp module, Trial trial);
  /// Waits for its end.
  Outcome collect();
  /// Readable when the child is at its end.
  int handle() const { return end; }

private:
  int process = -1, end = -1;
};
inline Outcome tryInChild(mlir::ModuleOp module, Trial trial) { return Child(module, trial).collect(); }

/// Writes a tensor as ONNX test data.
bool writeTensor(const reference::Tensor &tensor, const std::string &path);

/// Writes `module` to DIR/NAME.mlir and inputs with their answers to DIR/NAME/test_data_set_K, for devices that are not
/// here. `tolerance` is how far another device may be off beyond the usual. Nothing is written for a module that
/// rounding decides, which gives false.
bool exportModule(mlir::ModuleOp module, uint64_t seed, const std::string &directory, const std::string &name,
                  double &tolerance);

/// Drops results and ops of a failing module as long as it fails in the same way.
mlir::OwningOpRef<mlir::ModuleOp> minimise(mlir::ModuleOp module, Trial trial, Outcome &outcome);

} // namespace reckon::fuzz

#endif // RECKON_TEST_FUZZ_DIFFERENTIAL_TRIAL_H
