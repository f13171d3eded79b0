//===- Verify.cpp - The engine against the reference evaluator ----------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "lib/Reference/Compare.h"
#include "lib/Reference/RandomInputs.h"
#include "reckon/Compiler/Compiler.h"
#include "reckon/Runtime/Runtime.hpp"

#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace reckon;
using reference::Tensor;

/// The two sides number element types differently and call them the same.
static ReckonElementType toRuntime(reference::ElementKind kind) {
  int type = RECKON_F32;
  while (type < RECKON_BOOL && reference::getName(kind) != reckon_element_name(ReckonElementType(type)))
    ++type;
  return ReckonElementType(type);
}

static Tensor fromRuntime(const ReckonTensor &tensor) {
  int kind = 0;
  while (kind < int(reference::ElementKind::Bool) &&
         reference::getName(reference::ElementKind(kind)) != reckon_element_name(tensor.type))
    ++kind;
  return Tensor::fromBytes(reference::ElementKind(kind), llvm::ArrayRef(tensor.shape, tensor.rank), tensor.data);
}

/// Runs the engine on the inputs, in the order of its outputs. On error a message.
static std::string runEngine(runtime::Engine &engine, mlir::func::FuncOp func, llvm::ArrayRef<Tensor> inputs,
                             llvm::SmallVectorImpl<Tensor> &outputs) {
  runtime::Context context;
  if (runtime::Status failed = context.create(engine))
    return failed.message;
  llvm::SmallVector<std::vector<char>> buffers;
  for (unsigned i = 0; i < inputs.size(); ++i) {
    auto name = func.getArgAttrOfType<mlir::StringAttr>(i, "rec.name");
    if (!name)
      return "argument " + std::to_string(i) + " of the model has no name";
    buffers.push_back(inputs[i].toBytes());
    llvm::ArrayRef<int64_t> shape = inputs[i].shape();
    if (runtime::Status failed = context.setInput(name.str(), toRuntime(inputs[i].kind()), {shape.begin(), shape.end()},
                                                  buffers.back().data()))
      return failed.message;
  }
  if (runtime::Status failed = context.run())
    return failed.message;
  for (size_t i = 0; i < engine.numOutputs(); ++i)
    outputs.push_back(fromRuntime(context.output(i)));
  return "";
}

std::optional<VerifyResult> reckon::verifyEngine(mlir::ModuleOp reference, const std::vector<uint8_t> &engine,
                                                 int64_t batch, double atol, double rtol, uint64_t seed) {
  auto fail = [&](const llvm::Twine &message) -> std::optional<VerifyResult> {
    mlir::emitError(reference.getLoc()) << "cannot verify: " << message;
    return std::nullopt;
  };
  auto funcs = reference.getOps<mlir::func::FuncOp>();
  if (funcs.empty())
    return fail("the model has no function");
  mlir::func::FuncOp func = *funcs.begin();

  std::string error;
  reference::RandomInputOptions options;
  options.seed = seed;
  auto inputs = reference::makeRandomInputs(func, reference::chooseDims(func, batch), options, &error);
  if (mlir::failed(inputs))
    return fail(error);
  reference::Ties ties;
  ties.atol = atol;
  ties.rtol = rtol;
  reference::EvaluateOptions evaluation;
  evaluation.ties = &ties;
  auto expected = reference::evaluate(func, *inputs, &error, evaluation);
  if (mlir::failed(expected))
    return fail(error);

  runtime::Engine loaded;
  if (runtime::Status failed = loaded.openMemory(engine.data(), engine.size()))
    return fail(failed.message);
  llvm::SmallVector<Tensor> actual;
  if (std::string message = runEngine(loaded, func, *inputs, actual); !message.empty())
    return fail(message);
  if (actual.size() != expected->size())
    return fail("the engine has " + llvm::Twine(actual.size()) + " outputs, the model " +
                llvm::Twine(expected->size()));

  VerifyResult result;
  for (auto [i, tensor] : llvm::enumerate(actual)) {
    reference::Difference difference = reference::compare((*expected)[i], tensor, {atol, rtol}, &ties.rows);
    result.outputs.push_back({loaded.output(i).name, difference.str(), difference.isMatch()});
    result.matches &= difference.isMatch();
  }
  return result;
}
