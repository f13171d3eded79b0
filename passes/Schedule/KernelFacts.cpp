//===- KernelFacts.cpp - A number for what a kernel computes -------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "passes/Schedule/KernelFacts.h"

#include "dialects/Rec/ConstantData.h"

#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/xxhash.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::schedule;

void KernelFacts::add(uint64_t number) {
  char little[sizeof(number)];
  llvm::support::endian::write64le(little, number);
  bytes.append(little, sizeof(little));
}

void KernelFacts::add(StringRef text) {
  add(static_cast<uint64_t>(text.size()));
  bytes += text;
}

void KernelFacts::add(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (tensor) {
    rec::Shape shape = rec::getShape(tensor);
    add(static_cast<uint64_t>(shape.size()));
    for (const SizeExpr &size : shape)
      add(StringRef(size.str()));
    type = tensor.getElementType();
  }
  // MLIR's own scalars: a word such as f32.
  std::string text;
  llvm::raw_string_ostream(text) << type;
  add(StringRef(text));
}

void KernelFacts::add(Attribute value) {
  llvm::TypeSwitch<Attribute>(value)
      .Case([&](StringAttr string) { add(string.getValue()); })
      .Case([&](TypeAttr type) { add(type.getValue()); })
      .Case([&](rec::PrecisionAttr precision) {
        for (Type type : {precision.getStorage(), precision.getCompute(), precision.getAccumulate()})
          add(type);
      })
      .Case([&](rec::DimsAttr sizes) {
        for (const SizeExpr &size : sizes.getSizes())
          add(StringRef(size.str()));
      })
      .Case([&](ArrayAttr array) {
        add(static_cast<uint64_t>(array.size()));
        for (Attribute entry : array)
          add(entry);
      })
      .Case([&](DictionaryAttr dictionary) {
        for (NamedAttribute entry : dictionary) {
          add(entry.getName().getValue());
          add(entry.getValue());
        }
      })
      .Case([&](ElementsAttr elements) {
        add(elements.getShapedType());
        if (std::optional<rec::ConstantBytes> data = rec::getConstantBytes(elements))
          add(StringRef(data->get().data(), data->get().size()));
      })
      .Default([&](Attribute scalar) { // a number, or an enum, which is the word for its case
        std::string text;
        llvm::raw_string_ostream(text) << scalar;
        add(StringRef(text));
      });
}

void KernelFacts::addLayer(Operation *op, llvm::DenseMap<Value, uint64_t> &numbers) {
  add(op->getName().getStringRef());
  add(static_cast<uint64_t>(op->getNumOperands()));
  for (Value operand : op->getOperands())
    add(numbers.lookup(operand));
  add(Attribute(op->getAttrDictionary()));
  for (Value result : op->getResults()) {
    add(result.getType());
    numbers[result] = numbers.size();
  }
}

void KernelFacts::add(plan::KernelOp kernel) {
  add(rec::stringifyRegionKind(kernel.getKind()));
  for (unsigned operand = 0; operand < kernel.getNumInputs() + kernel.getNumOutputs(); ++operand) {
    add(kernel.getOperandType(operand));
    plan::OperandAttr layout = kernel.getLayout(operand);
    for (const SizeExpr &stride : layout.getStrides().getSizes())
      if (std::optional<int64_t> constant = stride.constant())
        add(static_cast<uint64_t>(*constant));
      else
        add(StringRef(stride.str()));
    for (bool fact : {layout.getRow(), layout.isTable(), layout.getAligned(), layout.getConstant()})
      add(uint64_t(fact));
  }
  llvm::DenseMap<Value, uint64_t> numbers;
  for (Value argument : kernel.getBody().getArguments())
    numbers[argument] = numbers.size();
  for (Operation &op : kernel.getBody().front())
    addLayer(&op, numbers);
}

uint64_t KernelFacts::getHash() const { return llvm::xxh3_64bits(bytes); }
