//===- Registry.cpp - Which converter makes layers of which operator ----------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "passes/Import/Registry.h"

namespace reckon::importer {

const Registry &Registry::get() {
  static const Registry registry = [] {
    Registry r;
    registerActivations(r);
    registerAttention(r);
    registerControl(r);
    registerConvolutions(r);
    registerDataSizes(r);
    registerDense(r);
    registerElementwise(r);
    registerFourier(r);
    registerFused(r);
    registerGathers(r);
    registerGenerators(r);
    registerLoops(r);
    registerLosses(r);
    registerMovement(r);
    registerNorms(r);
    registerPooling(r);
    registerQuantization(r);
    registerQuantizedLayers(r);
    registerRandom(r);
    registerRecurrent(r);
    registerReductions(r);
    registerResize(r);
    registerSequences(r);
    registerShapes(r);
    registerSlices(r);
    return r;
  }();
  return registry;
}

std::string getQualifiedName(rec::OnnxOp op) {
  return op.getDomain().empty() ? op.getOpType().str() : (op.getDomain() + "." + op.getOpType()).str();
}

const Converter *Registry::find(rec::OnnxOp op) const {
  auto it = converters.find(getQualifiedName(op));
  return it != converters.end() && int64_t(op.getOpset()) >= it->second.since ? &it->second : nullptr;
}

std::string Registry::explainVersion(rec::OnnxOp op) const {
  auto it = converters.find(getQualifiedName(op));
  if (it == converters.end() || int64_t(op.getOpset()) >= it->second.since)
    return "";
  return "the operator had another meaning in opset " + std::to_string(op.getOpset()) +
         "; it is supported from opset " + std::to_string(it->second.since) + " on";
}

} // namespace reckon::importer
