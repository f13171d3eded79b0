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
#include "llvm/ADT/StringSet.h"

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

/// The most operands of one version of an operator.
struct OperandCount {
  int64_t since;
  unsigned most;
};

template <typename Row> using Table = llvm::StringMap<SmallVector<Row, 2>>;
} // namespace

static Declaration parseDeclaration(StringRef text) {
  bool isRequired = text.consume_back("!");
  auto [name, type] = text.split(':');
  return {name, type, isRequired};
}

/// The versions of each operator, oldest first.
static const Table<Version> &getVersions() {
  static const Table<Version> versions = [] {
    Table<Version> result;
    auto add = [&](StringRef opType, int64_t since, StringRef attributes) {
      Version &version = result[opType].emplace_back();
      version.since = since;
      SmallVector<StringRef> items;
      attributes.split(items, ' ', /*MaxSplit=*/-1, /*KeepEmpty=*/false);
      for (StringRef item : items)
        version.attributes.push_back(parseDeclaration(item));
    };
#define ATTRIBUTES(opType, since, attributes) add(opType, since, attributes);
#define OPERANDS(opType, since, most)
#include "passes/Import/NodeAttributes.inc"
#undef ATTRIBUTES
#undef OPERANDS
    return result;
  }();
  return versions;
}

static const Table<OperandCount> &getOperandCounts() {
  static const Table<OperandCount> counts = [] {
    constexpr unsigned many = UINT_MAX;
    Table<OperandCount> result;
#define ATTRIBUTES(opType, since, attributes)
#define OPERANDS(opType, since, most) result[opType].push_back({since, most});
#include "passes/Import/NodeAttributes.inc"
#undef ATTRIBUTES
#undef OPERANDS
    return result;
  }();
  return counts;
}

/// Of an operator's versions that of an opset. Null for an operator that is not there, or is younger, which is reported
/// elsewhere or does no harm.
template <typename Row> static const Row *findVersion(const Table<Row> &table, StringRef opType, int64_t opset) {
  const Row *found = nullptr;
  if (auto rows = table.find(opType); rows != table.end())
    for (const Row &row : rows->second)
      if (row.since <= opset)
        found = &row;
  return found;
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

/// Whether an integer says yes or no, by its name, which all operators use alike.
static bool isFlag(StringRef name) {
  static const llvm::StringSet<> flags = {"allowzero",
                                          "ceil_mode",
                                          "count_include_pad",
                                          "detect_negative",
                                          "detect_positive",
                                          "exclusive",
                                          "fmod",
                                          "input_forget",
                                          "is_causal",
                                          "keepdims",
                                          "largest",
                                          "linear_before_reset",
                                          "periodic",
                                          "noop_with_empty_axes",
                                          "reverse",
                                          "select_last_index",
                                          "sorted",
                                          "training_mode",
                                          "transA",
                                          "transB",
                                          "upper"};
  return flags.contains(name);
}

static std::string listNames(const Version &version) {
  if (version.attributes.empty())
    return "it has none";
  return "it has " + llvm::join(llvm::map_range(version.attributes, [](auto &a) { return a.name.str(); }), ", ");
}

std::optional<std::string> findAttributeProblem(StringRef opType, int64_t opset, DictionaryAttr attrs) {
  const Version *version = findVersion(getVersions(), opType, opset);
  if (!version)
    return std::nullopt;
  for (NamedAttribute attr : attrs) {
    StringRef name = attr.getName().getValue(), type = getTypeName(attr.getValue());
    auto declared = llvm::find_if(version->attributes, [&](const Declaration &d) { return d.name == name; });
    if (declared == version->attributes.end())
      return "there is no attribute '" + name.str() + "' in opset " + std::to_string(opset) + "; " +
             listNames(*version);
    if (declared->type != type)
      return "attribute '" + name.str() + "' has the type " + type.str() + ", not " + declared->type.str();
    auto number = dyn_cast<IntegerAttr>(attr.getValue());
    if (number && isFlag(name) && !number.getValue().isZero() && !number.getValue().isOne())
      return "attribute '" + name.str() + "' is " + std::to_string(number.getInt()) + ", neither 0 nor 1";
  }
  for (const Declaration &declared : version->attributes)
    if (declared.isRequired && declared.type != "graph" && !attrs.contains(declared.name))
      return "attribute '" + declared.name.str() + "' is missing";
  return std::nullopt;
}

std::optional<std::string> findOperandProblem(StringRef opType, int64_t opset, unsigned count) {
  const OperandCount *version = findVersion(getOperandCounts(), opType, opset);
  if (!version || count <= version->most)
    return std::nullopt;
  return "it has " + std::to_string(count) + " operands, in opset " + std::to_string(opset) + " at most " +
         std::to_string(version->most);
}

} // namespace reckon::importer
