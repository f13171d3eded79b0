//===- RandomGraph.cpp - A function that grows at its end ---------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//

#include "test/fuzz/differential/RandomGraph.h"

#include "dialects/Rec/ConstantData.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::fuzz;

OwningOpRef<ModuleOp> fuzz::makeModule(MLIRContext &context, llvm::function_ref<void(func::FuncOp)> build) {
  context.loadDialect<rec::RecDialect, func::FuncDialect>();
  Location location = UnknownLoc::get(&context);
  OwningOpRef<ModuleOp> module = ModuleOp::create(location);
  auto func = func::FuncOp::create(location, "main", FunctionType::get(&context, {}, {}));
  module->push_back(func);
  func.addEntryBlock();
  build(func);
  return module;
}

Value RandomGraph::input(Type type, const std::string &name) {
  Value value = func.getBody().front().addArgument(type, b.getLoc());
  func.setType(FunctionType::get(b.getContext(), func.getBody().front().getArgumentTypes(), {}));
  func.setArgAttr(func.getNumArguments() - 1, "rec.name", b.getStringAttr(name));
  return value;
}

Value RandomGraph::integers(ArrayRef<int64_t> shape, ArrayRef<int64_t> values) {
  return rec::ConstantOp::create(b, rec::makeConstant(RankedTensorType::get(shape, b.getI64Type()), values),
                                 StringAttr());
}

Value RandomGraph::reshape(Value x, ArrayRef<SizeExpr> shape) {
  return rec::ReshapeOp::create(b, rec::getTensorType(shape, typeOf(x).getElementType()), x);
}

void RandomGraph::startNode(int64_t number) {
  b.setLoc(NameLoc::get(b.getStringAttr("node" + std::to_string(number))));
}

void RandomGraph::returnValues(ArrayRef<Value> results) {
  func::ReturnOp::create(b, results);
  func.setType(
      FunctionType::get(b.getContext(), func.getBody().front().getArgumentTypes(), ValueRange(results).getTypes()));
  for (size_t i = 0; i < results.size(); ++i)
    func.setResultAttr(i, "rec.name", b.getStringAttr("y" + std::to_string(i)));
}
