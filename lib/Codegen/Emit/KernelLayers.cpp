//===- KernelLayers.cpp - What a kernel is made of ------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------------===//

#include "lib/Codegen/Emit/KernelLayers.h"

#include "dialects/Rec/ConstantData.h"
#include "dialects/Rec/Shape.h"

using namespace mlir;
using namespace reckon;

/// The names in a location: those of ONNX nodes.
static void collectNames(Location location, std::vector<std::string> &names) {
  if (auto name = dyn_cast<NameLoc>(location)) {
    if (!llvm::is_contained(names, name.getName().getValue()))
      names.push_back(name.getName().str());
  } else if (auto fused = dyn_cast<FusedLoc>(location)) {
    for (Location part : fused.getLocations())
      collectNames(part, names);
  }
}

/// "f32[batch, 64]".
static std::string describeType(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  std::optional<ElementType> element = tensor ? rec::getEngineType(tensor.getElementType()) : std::nullopt;
  return (element ? enumName(*element) : "?") + (tensor ? rec::printShape(rec::getShape(tensor)) : "");
}

/// "unary relu": the layer, and which one of its kind.
static std::string describeOp(Operation &op) {
  std::string name = op.getName().stripDialect().str();
  for (StringRef attribute : {"kind", "mode"})
    if (Attribute value = op.getAttr(attribute)) {
      std::string text;
      llvm::raw_string_ostream(text) << value;
      // An enumerator is printed as #rec<unary_kind relu> or as #rec.unary_kind<relu>.
      StringRef word = StringRef(text).rtrim('>');
      name += " " + word.substr(word.find_last_of(" <") + 1).str();
    }
  return name;
}

std::vector<LayerSpec> reckon::describeLayers(plan::KernelOp kernel) {
  std::vector<LayerSpec> layers;
  llvm::DenseMap<Value, int32_t> numbers;
  for (auto [i, argument] : llvm::enumerate(kernel.getBody().getArguments()))
    numbers[argument] = static_cast<int32_t>(i);
  int32_t results = 0;
  for (Operation &op : kernel.getBody().front()) {
    LayerSpec layer;
    layer.op = describeOp(op);
    collectNames(op.getLoc(), layer.nodes);
    for (Value operand : op.getOperands())
      layer.inputs.push_back(numbers.lookup(operand));
    for (Value result : op.getResults()) {
      layer.results.push_back(describeType(result.getType()));
      numbers[result] = -++results;
    }
    layers.push_back(std::move(layer));
  }
  return layers;
}
