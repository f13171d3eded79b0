//===- Registry.h - Which converter makes layers of which operator --------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_PASSES_IMPORT_REGISTRY_H
#define RECKON_PASSES_IMPORT_REGISTRY_H

#include "passes/Import/Node.h"

#include "llvm/ADT/StringMap.h"

namespace reckon::importer {

using Convert = mlir::LogicalResult (*)(Node &node);

struct Converter {
  Convert convert;
  /// The first opset whose definition of the operator the converter knows.
  int64_t since;
  /// Whether it also takes operands that are not ranked tensors: sequences, values without a type, unknown shapes.
  bool anyOperands;
};

/// The operator, with its domain before it unless that is ai.onnx: "com.microsoft.FusedGemm".
std::string getQualifiedName(rec::OnnxOp op);

class Registry {
public:
  /// All converters, those of other domains by their qualified names.
  static const Registry &get();
  /// The converter of a node, or null.
  const Converter *find(rec::OnnxOp op) const;
  /// Why an operator that has a converter is not found: its version means something else. Empty for others.
  std::string explainVersion(rec::OnnxOp op) const;

  void add(llvm::StringRef name, Convert convert, int64_t since = 0, bool anyOperands = false) {
    converters[name] = {convert, since, anyOperands};
  }

private:
  llvm::StringMap<Converter> converters;
};

/// A converter that can count on its first operand.
template <Convert convert> mlir::LogicalResult needOperand(Node &node) {
  return node.getOperand(0) ? convert(node) : node.invalid("operand 0 is missing");
}

// One function a family, each in the file of that name.
void registerActivations(Registry &registry);
void registerAttention(Registry &registry);
void registerControl(Registry &registry);
void registerConvolutions(Registry &registry);
void registerDataSizes(Registry &registry);
void registerDense(Registry &registry);
void registerElementwise(Registry &registry);
void registerFourier(Registry &registry);
void registerFused(Registry &registry);
void registerGathers(Registry &registry);
void registerGenerators(Registry &registry);
void registerLoops(Registry &registry);
void registerLosses(Registry &registry);
void registerMovement(Registry &registry);
void registerNorms(Registry &registry);
void registerPooling(Registry &registry);
void registerQuantization(Registry &registry);
void registerQuantizedLayers(Registry &registry);
void registerRandom(Registry &registry);
void registerRecurrent(Registry &registry);
void registerReductions(Registry &registry);
void registerResize(Registry &registry);
void registerSequences(Registry &registry);
void registerShapes(Registry &registry);
void registerSlices(Registry &registry);

} // namespace reckon::importer

#endif // RECKON_PASSES_IMPORT_REGISTRY_H
