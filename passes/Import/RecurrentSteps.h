//===- RecurrentSteps.h - Recurrent layers step by step --------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------------===//

#ifndef RECKON_PASSES_IMPORT_RECURRENTSTEPS_H
#define RECKON_PASSES_IMPORT_RECURRENTSTEPS_H

#include "passes/Import/Node.h"

namespace reckon::importer {

/// The operands of a recurrent layer, as `rec.rnn` has them; null where they are left out.
struct RecurrentLayer {
  rec::CellKind cell;
  rec::Direction direction;
  int64_t directions, hidden;
  mlir::Value x, weight, recurrence, bias, lengths, initialH, initialC, peepholes;
  bool linearBeforeReset;
};

/// The results of the layer with the node's activations, 'clip' and 'input_forget', as layers of each step. None, and
/// the node says why, where the number of steps is not known or large.
llvm::SmallVector<mlir::Value> writeRecurrentSteps(Node &node, const RecurrentLayer &layer);

} // namespace reckon::importer

#endif // RECKON_PASSES_IMPORT_RECURRENTSTEPS_H
