//===- KernelPlan.cpp - How a kernel is launched on the device -------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#include "lib/Codegen/NVPTX/KernelPlan.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::nvptx;

static Attribute toAttribute(Builder &b, ArrayRef<SizeExpr> sizes) {
  SmallVector<std::string> texts;
  for (const SizeExpr &size : sizes)
    texts.push_back(size.str());
  return b.getStrArrayAttr(llvm::to_vector_of<StringRef>(texts));
}

ArrayAttr KernelPlan::toAttribute(MLIRContext *context) const {
  Builder b(context);
  SmallVector<Attribute> all;
  for (const LaunchPlan &launch : launches) {
    SmallVector<NamedAttribute> fields;
    auto set = [&](StringRef name, Attribute value) { fields.push_back(b.getNamedAttr(name, value)); };
    auto number = [&](uint64_t value) { return b.getI64IntegerAttr(static_cast<int64_t>(value)); };
    set("function", b.getStringAttr(launch.function));
    set("block_threads", number(launch.blockThreads));
    set("cluster", number(launch.cluster));
    set("shared_bytes", number(launch.sharedBytes));
    set("grid", ::toAttribute(b, launch.grid));
    set("blocks_per_sm", number(launch.blocksPerSm));
    set("scratch_bytes", b.getStringAttr(launch.scratchBytes.str()));
    set("min_rows", number(launch.minRows));
    set("max_rows", number(launch.maxRows));
    set("needs_timing", b.getBoolAttr(launch.needsTiming));
    set("starts_early", b.getBoolAttr(launch.startsEarly));
    SmallVector<Attribute> maps;
    for (const TensorMapPlan &map : launch.tensorMaps)
      maps.push_back(b.getDictionaryAttr(
          {b.getNamedAttr("operand", number(map.operand)), b.getNamedAttr("type", TypeAttr::get(map.elementType)),
           b.getNamedAttr("sizes", ::toAttribute(b, map.sizes)),
           b.getNamedAttr("strides", ::toAttribute(b, map.strides)),
           b.getNamedAttr("box", b.getDenseI64ArrayAttr(llvm::to_vector_of<int64_t>(map.box))),
           b.getNamedAttr("swizzle", number(map.swizzle))}));
    set("tensor_maps", b.getArrayAttr(maps));
    all.push_back(b.getDictionaryAttr(fields));
  }
  return b.getArrayAttr(all);
}

namespace {
/// Reads the fields of a dictionary; `good` says whether all were there.
struct Fields {
  DictionaryAttr dictionary;
  bool good = true;

  uint64_t number(StringRef name) {
    auto value = dictionary.getAs<IntegerAttr>(name);
    good &= bool(value);
    return value ? static_cast<uint64_t>(value.getInt()) : 0;
  }
  bool flag(StringRef name) {
    auto value = dictionary.getAs<BoolAttr>(name);
    good &= bool(value);
    return value && value.getValue();
  }
  std::string text(StringRef name) {
    auto value = dictionary.getAs<StringAttr>(name);
    good &= bool(value);
    return value ? value.str() : "";
  }
  SizeExpr parse(StringRef text) {
    std::optional<SizeExpr> size = SizeExpr::parse(text.str());
    good &= bool(size);
    return size.value_or(SizeExpr(0));
  }
  template <typename Sizes> void sizes(StringRef name, Sizes &result) {
    auto values = dictionary.getAs<ArrayAttr>(name);
    good &= bool(values);
    if (values)
      for (StringRef value : values.getAsValueRange<StringAttr>())
        result.push_back(parse(value));
  }
};
} // namespace

std::optional<KernelPlan> KernelPlan::fromAttribute(ArrayAttr attribute) {
  KernelPlan plan;
  for (auto dictionary : attribute.getAsRange<DictionaryAttr>()) {
    Fields fields{dictionary};
    LaunchPlan launch;
    launch.function = fields.text("function");
    launch.blockThreads = fields.number("block_threads");
    launch.cluster = fields.number("cluster");
    launch.sharedBytes = fields.number("shared_bytes");
    fields.sizes("grid", launch.grid);
    launch.blocksPerSm = fields.number("blocks_per_sm");
    launch.scratchBytes = fields.parse(fields.text("scratch_bytes"));
    launch.minRows = fields.number("min_rows");
    launch.maxRows = fields.number("max_rows");
    launch.needsTiming = fields.flag("needs_timing");
    launch.startsEarly = fields.flag("starts_early");
    auto maps = dictionary.getAs<ArrayAttr>("tensor_maps");
    if (!fields.good || !maps)
      return std::nullopt;
    for (auto entry : maps.getAsRange<DictionaryAttr>()) {
      Fields map{entry};
      TensorMapPlan result;
      result.operand = map.number("operand");
      map.sizes("sizes", result.sizes);
      map.sizes("strides", result.strides);
      result.swizzle = map.number("swizzle");
      auto type = entry.getAs<TypeAttr>("type");
      auto box = entry.getAs<DenseI64ArrayAttr>("box");
      if (!map.good || !type || !box)
        return std::nullopt;
      result.elementType = type.getValue();
      result.box = llvm::to_vector_of<unsigned>(box.asArrayRef());
      launch.tensorMaps.push_back(std::move(result));
    }
    plan.launches.push_back(std::move(launch));
  }
  return plan;
}
