//===- NodeAttributes.cpp - Which attributes an operator has ------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "passes/Import/NodeAttributes.h"

#include "mlir/IR/BuiltinTypes.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;

namespace reckon::importer {

namespace {
/// One attribute of an operator, as the ONNX specification declares it.
struct Declaration {
  StringRef name, type;
  bool isRequired;
};

/// The attributes of one version of an operator.
struct Version {
  int64_t since;
  SmallVector<Declaration, 4> attributes;
};
} // namespace

static Declaration parseDeclaration(StringRef text) {
  bool isRequired = text.consume_back("!");
  auto [name, type] = text.split(':');
  return {name, type, isRequired};
}

/// The versions of each operator, oldest first.
static const llvm::StringMap<SmallVector<Version, 2>> &getVersions() {
  static const llvm::StringMap<SmallVector<Version, 2>> versions = [] {
    llvm::StringMap<SmallVector<Version, 2>> result;
    auto add = [&](StringRef opType, int64_t since, StringRef attributes) {
      Version &version = result[opType].emplace_back();
      version.since = since;
      SmallVector<StringRef> items;
      attributes.split(items, ' ', /*MaxSplit=*/-1, /*KeepEmpty=*/false);
      for (StringRef item : items)
        version.attributes.push_back(parseDeclaration(item));
    };
#define ATTRIBUTES(opType, since, attributes) add(opType, since, attributes);
#include "passes/Import/NodeAttributes.inc"
#undef ATTRIBUTES
    return result;
  }();
  return versions;
}

/// The name of an attribute's type in the table; subgraphs are regions and have none.
static StringRef getTypeName(Attribute attribute) {
  if (isa<IntegerAttr>(attribute))
    return "int";
  if (isa<FloatAttr>(attribute))
    return "float";
  if (isa<StringAttr>(attribute))
    return "string";
  if (isa<DenseI64ArrayAttr>(attribute))
    return "ints";
  if (isa<DenseF32ArrayAttr>(attribute))
    return "floats";
  if (isa<ArrayAttr>(attribute))
    return "strings";
  return isa<ElementsAttr>(attribute) ? "tensor" : "type";
}

static std::string listNames(const Version &version) {
  if (version.attributes.empty())
    return "it has none";
  return "it has " + llvm::join(llvm::map_range(version.attributes, [](auto &a) { return a.name.str(); }), ", ");
}

std::optional<std::string> findAttributeProblem(StringRef opType, int64_t opset, DictionaryAttr attrs) {
  auto versions = getVersions().find(opType);
  if (versions == getVersions().end())
    return std::nullopt;
  const Version *version = nullptr;
  for (const Version &candidate : versions->second)
    if (candidate.since <= opset)
      version = &candidate;
  if (!version) // The operator is younger than the model's opset, which is reported elsewhere or does no harm.
    return std::nullopt;
  for (NamedAttribute attr : attrs) {
    StringRef name = attr.getName().getValue(), type = getTypeName(attr.getValue());
    auto declared = llvm::find_if(version->attributes, [&](const Declaration &d) { return d.name == name; });
    if (declared == version->attributes.end())
      return "there is no attribute '" + name.str() + "' in opset " + std::to_string(opset) + "; " +
             listNames(*version);
    if (declared->type != type)
      return "attribute '" + name.str() + "' has the type " + type.str() + ", not " + declared->type.str();
  }
  for (const Declaration &declared : version->attributes)
    if (declared.isRequired && declared.type != "graph" && !attrs.contains(declared.name))
      return "attribute '" + declared.name.str() + "' is missing";
  return std::nullopt;
}

} // namespace reckon::importer
