//===- SetTableFormats.cpp - Tables whose rows come with the binding ---------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------------===//

#include "dialects/Rec/Rec.h"
#include "dialects/Rec/TableRows.h"
#include "passes/Normalize/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace reckon {
#define GEN_PASS_DEF_SETTABLEFORMATS
#include "passes/Normalize/Passes.h.inc"
} // namespace reckon

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

namespace {
struct SetTableFormats : public reckon::impl::SetTableFormatsBase<SetTableFormats> {
  using Base::Base;

  void runOnOperation() override {
    for (StringRef entry : tables) {
      auto [name, format] = entry.rsplit('=');
      if (failed(setFormat(name, format)))
        return signalPassFailure();
    }
  }

private:
  LogicalResult setFormat(StringRef name, StringRef format);
};
} // namespace

static bool isTable(ConstantOp constant) {
  return !constant->use_empty() && llvm::all_of(constant->getUses(), [](OpOperand &use) {
    auto lookup = dyn_cast<LookupOpInterface>(use.getOwner());
    return lookup && lookup.isTable(use);
  });
}

LogicalResult SetTableFormats::setFormat(StringRef name, StringRef format) {
  func::FuncOp func = getOperation();
  std::optional<RowEncoding> encoding = parseRowEncoding(format);
  if (!encoding)
    return func.emitError("table '") << name << "': there is no format of rows '" << format << "'";
  ConstantOp table;
  func.walk([&](ConstantOp constant) {
    if (constant.getName() == name)
      table = constant;
  });
  if (!table || !isTable(table))
    return (table ? table.emitError() : func.emitError())
           << "'" << name
           << "' is no table: " << (table ? "something else than lookups reads it" : "no lookup reads it");
  auto type = cast<RankedTensorType>(table.getType());
  Type element = type.getElementType();
  if (*encoding != RowEncoding::Plain) {
    element = EncodedType::getChecked([&] { return table.emitError("table '") << name << "': "; }, &getContext(),
                                      *encoding, element);
    if (!element)
      return failure();
  }
  type = RankedTensorType::get(type.getShape(), element, type.getEncoding());
  table.setValueAttr(makeUnboundRows(type, name));
  table.getResult().setType(type);
  ++numTables;
  return success();
}
