//===- Recurrence.h - Kernels of recurrent layers ----------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//
//
// A block of threads takes some rows in one direction through all their steps. The recurrence stays in registers or in
// shared memory from step to step, the states go through shared memory once a step. A step needs a barrier after it,
// and one more where the reset gate multiplies the state itself.
//
//===----------------------------------------------------------------------===//

#ifndef RECKON_LIB_CODEGEN_NVPTX_RECURRENCE_H
#define RECKON_LIB_CODEGEN_NVPTX_RECURRENCE_H

#include "lib/Codegen/Loops/MemoryBuilder.h"
#include "lib/Codegen/NVPTX/DeviceBuilder.h"
#include "lib/Codegen/NVPTX/Emitters.h"

namespace reckon::nvptx {

/// Takes kernels of one recurrent layer over rows.
EmitResult emitRecurrence(plan::KernelOp kernel, DeviceModule &module);

/// What the kernels of both kinds share.
class RecurrenceKernel : public loops::MemoryBuilder {
public:
  RecurrenceKernel(plan::KernelOp kernel, DeviceModule &module, rec::RecurrenceOp op);

protected:
  /// The function, up to where its threads part. Blocks in y are directions.
  void begin(const llvm::Twine &suffix, unsigned threads);
  LaunchPlan finish(int64_t rowsOfBlock, unsigned threads, uint64_t sharedBytes);

  /// A row of the block: where it is, and for how many steps.
  struct Row {
    Value index;   ///< clamped to the rows that there are
    Value isThere; ///< i1
    Value length;
  };
  /// `reports`: whether this thread tells of a length that is none.
  Row getRow(Value index, Value reports);
  /// The most steps that a row has.
  Value getSteps(llvm::ArrayRef<Row> rows);
  struct Step {
    Value goesOn; ///< i1, null where all rows have all steps
    Value t;      ///< where it is in the sequence; inside x, whatever the row has
  };
  Step getStep(const Row &row, Value step);

  /// A unit of a row: its state, and that of the cell where there is one.
  struct Unit {
    Value h, c;
  };
  Unit getInitial(const Row &row, Value unit);
  /// After a step. The sums are over all that is added to a gate; `candidate` is what the input gives to the candidate
  /// of a GRU that resets products, whose sum is without it.
  Unit next(llvm::ArrayRef<Value> sums, Value candidate, const Unit &before, Value unit);
  Unit choose(const Step &step, const Unit &after, const Unit &before);
  /// What the reset gate leaves of a state.
  Value reset(Value sum, Value h);
  void storeLast(const Row &row, Value unit, const Unit &state);
  /// Zeros behind the last step of a row.
  void clearRest(const Row &row, llvm::function_ref<void(Value t)> store);

  /// The column of a unit in the results and states, and of its gate in x.
  Value columnOf(Value unit) { return add(mul(direction, constantIndex(hidden)), unit); }
  Value gateColumn(int64_t gate, Value unit) {
    return add(mul(direction, constantIndex(gates * hidden)), add(constantIndex(gate * hidden), unit));
  }
  int64_t recurrenceColumns() const { return gates * hidden; }
  /// What is added to the product of the candidate's state; zero without.
  Value getCandidateBias(Value unit);
  bool isCandidate(int64_t gate) const { return resetsProduct && gate == 2; }

  Value constantBytes(llvm::ArrayRef<char>) override { llvm_unreachable("the layer has no constants"); }

  DeviceModule &module;
  rec::RecurrenceOp op;
  const int64_t hidden, gates;
  const bool isLstm, resetsState, resetsProduct; ///< the latter two: a GRU
  mlir::Type elementType;
  KernelFunction function;
  Value direction, batch, allSteps;
  loops::StridedView x, recurrence;
  std::optional<loops::StridedView> bias, lengths, initialH, initialC, peepholes, y, lastH, lastC;

private:
  std::optional<loops::StridedView> placeOf(Value operand);
  std::optional<loops::StridedView> targetOf(Value result);
  Value gate(Value x, rec::UnaryKind kind);
};

/// A thread a unit, which multiplies the states of `rowsOfThread` rows by the columns of its gates.
class RecurrenceByUnit : public RecurrenceKernel {
public:
  RecurrenceByUnit(plan::KernelOp kernel, DeviceModule &module, rec::RecurrenceOp op, int64_t rowsOfThread)
      : RecurrenceKernel(kernel, module, op), numRows(rowsOfThread) {}
  static bool fits(rec::RecurrenceOp op);
  LaunchPlan emit();

private:
  void shareRecurrence();
  Value loadFactor(Value k, int64_t gate);
  /// The products of states in shared memory and gates [first, last), a row after the other.
  llvm::SmallVector<Value> multiply(Value states, int64_t first, int64_t last);
  Value stateAddress(Value states, Value row, Value unit);
  llvm::SmallVector<Value> emitStep(Value step, mlir::ValueRange carried);

  int64_t numRows;
  int64_t threads = 0;
  unsigned elementBytes = 0;
  bool isShared = false;     ///< the recurrence
  Value unit, isUnit;        ///< i64, clamped; i1
  Value factors;             ///< the recurrence of the direction
  Value states, resetStates; ///< f32 in shared memory: two halves of [rows, paddedHidden()]; one half
  llvm::SmallVector<Row> rows;

  int64_t paddedHidden() const { return llvm::alignTo(hidden, 4); }
};

/// Tensor cores multiply 16 rows by the recurrence, which is in registers. A warp has the gates of eight units or some
/// times that.
class RecurrenceByWarp : public RecurrenceKernel {
public:
  RecurrenceByWarp(plan::KernelOp kernel, DeviceModule &module, rec::RecurrenceOp op);
  /// Whether the registers suffice.
  bool fits() const;
  LaunchPlan emit();

private:
  static constexpr int64_t blockRows = 16;
  /// What a thread has of eight units: units 2q and 2q + 1 of rows r and r + 8.
  struct Tile {
    Value firstUnit;                                      ///< i64
    llvm::SmallVector<llvm::SmallVector<Values>> factors; ///< two words, by gate and inner step
  };
  Value loadFactors(Value k, Value column, Value isThere);
  void loadTiles();
  Value loadPair(const loops::StridedView &place, llvm::ArrayRef<Value> index, Value unit);
  void storePair(llvm::ArrayRef<Value> values, const loops::StridedView &place, llvm::ArrayRef<Value> index, Value unit,
                 Value isThere);
  llvm::SmallVector<Value> loadInputs(llvm::ArrayRef<Step> steps);
  void multiply(Value states, int64_t first, int64_t last, llvm::MutableArrayRef<Values> sums);
  void shareStates(Value states, llvm::ArrayRef<Value> values);
  void storeResults(llvm::ArrayRef<Value> states);
  llvm::SmallVector<Value> emitStep(Value step, mlir::ValueRange carried);
  int64_t pitch() const { return 16 * innerSteps + 8; } ///< elements between rows of states: no two in one bank

  int64_t unitTiles, innerSteps, warps, tilesOfWarp;
  llvm::SmallVector<Tile> tiles;
  llvm::SmallVector<Row> rows; ///< the thread's two
  Value warp, lane, place, quarter;
  Value states, resetStates;
  llvm::SmallVector<Value> candidateBias;       ///< of the units of each tile
  bool loadsPairs = false, storesPairs = false; ///< two units at a time
};

} // namespace reckon::nvptx

#endif // RECKON_LIB_CODEGEN_NVPTX_RECURRENCE_H
