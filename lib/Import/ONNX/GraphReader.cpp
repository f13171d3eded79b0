//===- GraphReader.cpp - ONNX graphs to rec.onnx ops ---------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/GraphReader.h"
#include "lib/Import/ONNX/NodeOrder.h"

#include "dialects/Rec/ConstantData.h"

#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;

namespace reckon::importer {

/// The newest version of the format that operator sets are used with here.
constexpr int64_t maxIrVersion = 14;
/// The newest version that the conversion knows of a domain's operators. Those of other domains are reported node by
/// node.
static std::optional<int64_t> getNewestOpset(StringRef domain) {
  return llvm::StringSwitch<std::optional<int64_t>>(domain).Case("", 25).Case("com.microsoft", 1).Default(std::nullopt);
}
/// Functions that call functions may multiply nodes without end.
constexpr size_t maxNodes = size_t(1) << 20;

static StringRef canonicalDomain(StringRef domain) { return domain == "ai.onnx" ? "" : domain; }

/// Brings subgraphs into the order of the regions: `then_branch` first, whichever way round the file has them.
static void sortSubgraphs(SmallVectorImpl<const onnx::AttributeProto *> &graphs) {
  auto first = llvm::find_if(graphs, [](const onnx::AttributeProto *graph) { return graph->name() == "then_branch"; });
  if (first != graphs.end())
    std::rotate(graphs.begin(), first, first + 1);
}

std::string GraphReader::getNodeName(const onnx::NodeProto &node, const Call *call) const {
  std::string prefix = call ? call->prefix : "";
  if (!node.name().empty())
    return prefix + node.name();
  for (const std::string &output : node.output())
    if (!output.empty())
      return prefix + output;
  return prefix + node.op_type() + "_" + std::to_string(nodesRead);
}

Location GraphReader::getNodeLoc(const onnx::NodeProto &node, const Call *call) {
  return NameLoc::get(b.getStringAttr(getNodeName(node, call)));
}

InFlightDiagnostic GraphReader::error(const onnx::NodeProto &node) {
  return emitError(fileLoc) << "node '" << getNodeName(node, nullptr) << "' (" << node.op_type() << "): ";
}

Value GraphReader::lookUp(StringRef name, const Scope &scope, std::string &reason) {
  if (Value value = scope.find(name))
    return value;
  reason = "'" + name.str() +
           (scope.definesLater(name) ? "' is used before the node that defines it: the graph has a cycle"
                                     : "' is not defined");
  return nullptr;
}

LogicalResult GraphReader::define(StringRef name, Value value, Scope &scope) {
  if (auto problem = findNameProblem(name))
    return error() << "a value has " << *problem;
  if (!scope.values.try_emplace(name, value).second)
    return error() << "the name '" << name << "' is defined twice";
  scope.later.erase(name);
  return success();
}

LogicalResult GraphReader::addOpsets(const google::protobuf::RepeatedPtrField<onnx::OperatorSetIdProto> &imports,
                                     StringRef who, Opsets &opsets) {
  for (const auto &entry : imports) {
    StringRef domain = canonicalDomain(entry.domain());
    opsets[domain] = entry.version();
    std::optional<int64_t> newest = getNewestOpset(domain);
    if (!newest || (entry.version() >= 1 && entry.version() <= *newest))
      continue;
    tooNew = entry.version() > *newest;
    return error() << who << " uses opset " << entry.version() << " of " << (domain.empty() ? "ai.onnx" : domain)
                   << "; Reckon knows opsets up to " << *newest;
  }
  return success();
}

LogicalResult GraphReader::readOpsets() {
  tooNew = model.ir_version() > maxIrVersion;
  if (tooNew)
    return error() << "the model has version " << model.ir_version()
                   << " of the ONNX format; Reckon knows versions up to " << maxIrVersion;
  // Before IR version 3 there was no list of operator sets.
  if (model.opset_import().empty())
    modelOpsets[""] = 1;
  return addOpsets(model.opset_import(), "the model", modelOpsets);
}

LogicalResult GraphReader::readModel(ModuleOp module, const ImportOptions &options) {
  if (!model.has_graph())
    return error() << "the model has no graph";
  if (failed(readOpsets()) || failed(indexFunctions()))
    return failure();
  const onnx::GraphProto &graph = model.graph();

  b.setInsertionPointToEnd(module.getBody());
  auto func = func::FuncOp::create(b, fileLoc, "main", b.getFunctionType({}, {}));
  b.setInsertionPointToStart(func.addEntryBlock());
  Scope scope;
  readDeclaredTypes(graph, scope);
  if (failed(readMainInputs(graph, options, scope, func)) || failed(readInitializers(graph, scope)) ||
      failed(readNodes(graph.node(), scope, nullptr, modelOpsets)))
    return failure();

  if (graph.output().empty())
    return error() << "the graph has no outputs";
  SmallVector<Value> results;
  SmallVector<Attribute> resultAttrs;
  llvm::SetVector<StringRef> names;
  for (const onnx::ValueInfoProto &output : graph.output()) {
    if (output.name().empty())
      return error() << "a graph output has no name";
    std::string reason;
    Value value = lookUp(output.name(), scope, reason);
    if (!value)
      return error() << "graph output " << reason;
    if (!names.insert(output.name()))
      return error() << "graph output '" << output.name() << "' is listed twice";
    results.push_back(value);
    resultAttrs.push_back(b.getDictionaryAttr(b.getNamedAttr("rec.name", b.getStringAttr(output.name()))));
  }
  for (const std::string &name : options.keptTensors)
    if (failed(keepTensor(graph, name, scope, names, results)))
      return failure();
  while (resultAttrs.size() < results.size())
    resultAttrs.push_back(b.getDictionaryAttr(b.getNamedAttr("rec.name", b.getStringAttr(names[resultAttrs.size()]))));
  func::ReturnOp::create(b, fileLoc, results);
  func.setFunctionType(b.getFunctionType(func.getBody().getArgumentTypes(), ValueRange(results).getTypes()));
  func.setAllResultAttrs(resultAttrs);
  return success();
}

LogicalResult GraphReader::keepTensor(const onnx::GraphProto &graph, StringRef name, const Scope &scope,
                                      llvm::SetVector<StringRef> &names, SmallVectorImpl<Value> &results) {
  bool isAll = name == "*", isFound = false;
  llvm::StringSet<> read;
  for (const onnx::NodeProto &node : graph.node())
    for (const std::string &input : node.input())
      read.insert(input);
  for (const onnx::NodeProto &node : graph.node())
    for (const std::string &output : node.output()) {
      if (isAll ? !read.contains(output) : output != name)
        continue;
      isFound = true;
      std::string reason;
      Value value = lookUp(output, scope, reason);
      if (!value)
        return error() << "tensor " << reason;
      // Sequences, optionals and texts are no outputs.
      if (!isa<TensorType>(value.getType()) && isAll)
        continue;
      if (!isa<TensorType>(value.getType()))
        return error() << "cannot keep '" << name << "': it is no tensor";
      if (names.insert(output))
        results.push_back(value);
    }
  if (isFound || isAll)
    return success();
  return error() << "cannot keep '" << name << "': no node of the main graph gives a tensor of that name";
}

LogicalResult GraphReader::readMainInputs(const onnx::GraphProto &graph, const ImportOptions &options, Scope &scope,
                                          func::FuncOp func) {
  // Before IR version 4 every initializer was listed as an input, too, and could be overridden by the caller.
  llvm::StringSet<> initializers;
  for (const onnx::TensorProto &tensor : graph.initializer())
    initializers.insert(tensor.name());
  llvm::StringMap<StringRef> frozen;
  for (const FrozenInput &input : options.frozenInputs)
    frozen[input.name] = input.file;

  Block &entry = func.getBody().front();
  SmallVector<Attribute> argAttrs;
  for (const onnx::ValueInfoProto &input : graph.input()) {
    if (initializers.contains(input.name()))
      continue;
    if (input.name().empty())
      return error() << "a graph input has no name";
    Location loc = NameLoc::get(b.getStringAttr(input.name()));
    std::string reason;
    Type type = getValueType(input.type(), input.name(), context, reason);
    if (!type)
      return error() << "graph input: " << reason;
    if (input.type().value_case() == onnx::TypeProto::VALUE_NOT_SET)
      return error() << "graph input '" << input.name() << "' has no type";

    if (auto it = frozen.find(input.name()); it != frozen.end()) {
      ElementsAttr value = readFrozenInput(it->second, input.name(), context, reason);
      frozen.erase(it);
      if (!value)
        return error() << "frozen input '" << input.name() << "': " << reason;
      auto tensor = dyn_cast<TensorType>(type);
      auto valueType = cast<RankedTensorType>(value.getType());
      bool fits = tensor && tensor.getElementType() == valueType.getElementType() &&
                  (!tensor.hasRank() || succeeded(verifyCompatibleShape(tensor.getShape(), valueType.getShape())));
      if (!fits)
        return error() << "frozen input '" << input.name() << "' has the type " << type << ", but its file holds "
                       << valueType;
      auto constant = rec::ConstantOp::create(b, loc, value, b.getStringAttr(input.name()));
      if (failed(define(input.name(), constant, scope)))
        return failure();
      continue;
    }
    if (failed(define(input.name(), entry.addArgument(type, loc), scope)))
      return failure();
    argAttrs.push_back(b.getDictionaryAttr(b.getNamedAttr("rec.name", b.getStringAttr(input.name()))));
  }
  for (const auto &left : frozen)
    return error() << "there is no graph input '" << left.first() << "' to freeze";
  func.setFunctionType(b.getFunctionType(entry.getArgumentTypes(), {}));
  func.setAllArgAttrs(argAttrs);
  return success();
}

Value GraphReader::makeUnreadable(Location loc, StringRef elementType, DictionaryAttr strings) {
  OperationState state(loc, rec::OnnxOp::getOperationName());
  state.addTypes(b.getNoneType());
  auto &properties = state.getOrAddProperties<rec::OnnxOp::Properties>();
  properties.setOpType(b.getStringAttr("Constant"));
  properties.setAttrs(strings ? strings : b.getDictionaryAttr({}));
  properties.setDomain(b.getStringAttr(""));
  properties.setOpset(b.getI64IntegerAttr(0));
  state.addAttribute("rec.reason", b.getStringAttr("its elements are of type " + elementType.str() +
                                                   ", of which Reckon has no values"));
  return b.create(state)->getResult(0);
}

LogicalResult GraphReader::readInitializers(const onnx::GraphProto &graph, Scope &scope) {
  auto add = [&](const std::string &name, ElementsAttr value, int32_t type, const std::string &reason,
                 DictionaryAttr strings = {}) -> LogicalResult {
    Location loc = NameLoc::get(b.getStringAttr(name));
    if (!value && !reason.empty())
      return error() << "initializer '" << name << "' " << reason;
    if (!value)
      return define(name, makeUnreadable(loc, getElementTypeName(type), strings), scope);
    // A weight keeps its name even when another weight is equal, such as two biases of zeros.
    if (isa<FloatType>(value.getElementType()) && value.getShapedType().getNumElements() > 1)
      value = rec::makeDistinct(value, name);
    return define(name, rec::ConstantOp::create(b, loc, value, b.getStringAttr(name)), scope);
  };
  for (const onnx::TensorProto &tensor : graph.initializer()) {
    std::string reason;
    ElementsAttr value = readTensor(tensor, tensor.name(), storage, context, reason);
    if (failed(add(tensor.name(), value, tensor.data_type(), reason, readStrings(tensor, context))))
      return failure();
  }
  for (const onnx::SparseTensorProto &tensor : graph.sparse_initializer()) {
    std::string reason;
    const std::string &name = tensor.values().name();
    ElementsAttr value = readSparseTensor(tensor, name, storage, context, reason);
    if (failed(add(name, value, tensor.values().data_type(), reason)))
      return failure();
  }
  return success();
}

void GraphReader::readDeclaredTypes(const onnx::GraphProto &graph, Scope &scope) {
  auto declare = [&](const onnx::ValueInfoProto &info) {
    std::string ignored; // A shape that is wrong here does no harm: only the element type is used.
    if (info.type().value_case() != onnx::TypeProto::VALUE_NOT_SET)
      if (Type type = getValueType(info.type(), info.name(), context, ignored))
        scope.declared[info.name()] = type;
  };
  llvm::for_each(graph.value_info(), declare);
  llvm::for_each(graph.output(), declare);
}

LogicalResult GraphReader::readNodes(const google::protobuf::RepeatedPtrField<onnx::NodeProto> &nodes, Scope &scope,
                                     const Call *call, const Opsets &opsets) {
  for (const onnx::NodeProto &node : nodes)
    for (const std::string &output : node.output())
      if (!scope.values.count(output))
        scope.later.try_emplace(output);
  for (const onnx::NodeProto *node : orderNodes(nodes))
    if (failed(readNode(*node, scope, call, opsets)))
      return failure();
  return success();
}

LogicalResult GraphReader::readOperands(const onnx::NodeProto &node, Scope &scope, SmallVectorImpl<Value> &operands) {
  for (const std::string &input : node.input()) {
    if (input.empty()) {
      operands.push_back(rec::NoneOp::create(b, getNodeLoc(node, nullptr)));
      continue;
    }
    std::string reason;
    Value value = lookUp(input, scope, reason);
    if (!value)
      return error(node) << "its input " << reason;
    operands.push_back(value);
  }
  return success();
}

LogicalResult GraphReader::readConstant(const onnx::NodeProto &node, Scope &scope, const Call *call) {
  if (node.output_size() != 1)
    return error(node) << "has " << node.output_size() << " outputs; a constant has one";
  // Inside a function the value may be an attribute of the call.
  onnx::NodeProto resolved;
  const onnx::NodeProto *source = &node;
  bool refers = llvm::any_of(node.attribute(), [](const auto &a) { return !a.ref_attr_name().empty(); });
  if (refers) {
    resolved.add_output(node.output(0));
    for (const onnx::AttributeProto &attribute : node.attribute())
      if (const onnx::AttributeProto *value = resolve(attribute, call)) {
        *resolved.add_attribute() = *value;
        resolved.mutable_attribute()->rbegin()->set_name(attribute.name());
      }
    source = &resolved;
  }
  std::shared_ptr<const void> owner = storage.owner;
  if (refers)
    storage.owner = nullptr; // The copy above does not outlive this function: its bytes cannot be aliased.
  std::string reason;
  ElementsAttr value = readConstantNode(*source, storage, context, reason);
  storage.owner = owner;
  Location loc = getNodeLoc(node, call);
  if (!value && !reason.empty())
    return error(node) << reason;
  if (!value)
    return define(node.output(0),
                  makeUnreadable(loc, getConstantTypeName(*source), readConstantStrings(*source, context)), scope);
  return define(node.output(0), rec::ConstantOp::create(b, loc, value, StringAttr()), scope);
}

LogicalResult GraphReader::readNode(const onnx::NodeProto &node, Scope &scope, const Call *call, const Opsets &opsets) {
  if (++nodesRead > maxNodes)
    return error() << "the model has more than " << maxNodes << " nodes";
  if (node.op_type().empty())
    return error(node) << "has no operator";
  if (const onnx::FunctionProto *function = findFunction(node))
    return inlineFunction(*function, node, scope, call);
  StringRef domain = canonicalDomain(node.domain());
  if (domain.empty() && node.op_type() == "Constant")
    return readConstant(node, scope, call);
  auto opset = opsets.find(domain);
  if (opset == opsets.end() && domain.empty())
    return error(node) << "the model does not say which opset of ai.onnx it uses";

  SmallVector<Value> operands;
  if (failed(readOperands(node, scope, operands)))
    return failure();
  SmallVector<NamedAttribute> attrs;
  SmallVector<const onnx::AttributeProto *> graphs;
  llvm::StringSet<> attributeNames;
  for (const onnx::AttributeProto &attribute : node.attribute()) {
    const onnx::AttributeProto *value = resolve(attribute, call);
    if (!value)
      continue;
    if (attribute.name().empty() || !attributeNames.insert(attribute.name()).second)
      return error(node) << "attribute '" << attribute.name() << "' has no name or is given twice";
    if (value->has_g()) {
      graphs.push_back(&attribute);
      continue;
    }
    std::string reason;
    Attribute attr = readAttribute(*value, storage, context, reason);
    if (!attr)
      return error(node) << "attribute '" << attribute.name() << "' " << reason;
    attrs.emplace_back(b.getStringAttr(attribute.name()), attr);
  }
  sortSubgraphs(graphs);

  Location loc = getNodeLoc(node, call);
  OperationState state(loc, rec::OnnxOp::getOperationName());
  for (const onnx::AttributeProto *attribute : graphs)
    if (failed(readSubgraph({resolve(*attribute, call)->g(), node, operands}, *state.addRegion(), scope, call, opsets)))
      return failure();
  SmallVector<Type> declared;
  for (const std::string &output : node.output())
    declared.push_back(scope.declared.lookup(output));
  DictionaryAttr dictionary = b.getDictionaryAttr(attrs);
  state.addOperands(operands);
  state.addTypes(getResultTypes(node.op_type(), operands, dictionary, declared, state.regions));
  auto &properties = state.getOrAddProperties<rec::OnnxOp::Properties>();
  properties.setOpType(b.getStringAttr(node.op_type()));
  properties.setAttrs(dictionary);
  properties.setDomain(b.getStringAttr(domain));
  properties.setOpset(b.getI64IntegerAttr(opset == opsets.end() ? 0 : opset->second));
  Operation *op = b.create(state);
  for (auto [name, result] : llvm::zip_equal(node.output(), op->getResults()))
    if (!name.empty() && failed(define(name, result, scope)))
      return failure();
  return success();
}

LogicalResult GraphReader::readSubgraph(const Subgraph &subgraph, Region &region, const Scope &outer, const Call *call,
                                        const Opsets &opsets) {
  const onnx::GraphProto &graph = subgraph.graph;
  const onnx::NodeProto &node = subgraph.node;
  ArrayRef<Value> operands = subgraph.operands;
  OpBuilder::InsertionGuard guard(b);
  Block &block = region.emplaceBlock();
  b.setInsertionPointToStart(&block);
  Scope scope;
  scope.outer = &outer;
  readDeclaredTypes(graph, scope);
  for (auto [i, input] : llvm::enumerate(graph.input())) {
    std::string reason;
    Type type = getValueType(input.type(), input.name(), context, reason);
    if (!type)
      return error(node) << "its subgraph: " << reason;
    // Bodies may leave the types of their inputs to the node: iteration number, condition, then the node's operands.
    if (input.type().value_case() == onnx::TypeProto::VALUE_NOT_SET) {
      if (node.op_type() == "Loop" && i < 2)
        type = RankedTensorType::get({}, i == 0 ? Type(b.getI64Type()) : Type(b.getI1Type()));
      else if (i < operands.size())
        type = operands[i].getType();
    }
    if (failed(define(input.name(), block.addArgument(type, NameLoc::get(b.getStringAttr(input.name()))), scope)))
      return failure();
  }
  if (failed(readInitializers(graph, scope)) || failed(readNodes(graph.node(), scope, call, opsets)))
    return failure();
  SmallVector<Value> results;
  for (const onnx::ValueInfoProto &output : graph.output()) {
    std::string reason;
    Value value = lookUp(output.name(), scope, reason);
    if (!value)
      return error(node) << "its subgraph's output " << reason;
    results.push_back(value);
  }
  rec::YieldOp::create(b, getNodeLoc(node, call), results);
  return success();
}

} // namespace reckon::importer
