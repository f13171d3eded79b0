//===- GraphReader.h - ONNX graphs to rec.onnx ops -------------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------------===//

#ifndef RECKON_LIB_IMPORT_ONNX_GRAPHREADER_H
#define RECKON_LIB_IMPORT_ONNX_GRAPHREADER_H

#include "lib/Import/ONNX/Import.h"
#include "lib/Import/ONNX/Tensors.h"

#include "dialects/Rec/Rec.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/SetVector.h"

namespace reckon::importer {

/// The values of one graph or function body by ONNX name. A subgraph also sees the values of the graph around it.
struct Scope {
  const Scope *outer = nullptr;
  llvm::StringMap<mlir::Value> values;
  /// Element types that the graph declares for values inside it.
  llvm::StringMap<mlir::Type> declared;
  /// Names that nodes further on define, to tell a cycle from a name that is nowhere.
  llvm::StringMap<char> later;

  mlir::Value find(llvm::StringRef name) const {
    for (const Scope *scope = this; scope; scope = scope->outer)
      if (auto it = scope->values.find(name); it != scope->values.end())
        return it->second;
    return nullptr;
  }
  bool definesLater(llvm::StringRef name) const { return later.count(name) || (outer && outer->definesLater(name)); }
};

/// What a body of a model-local function needs from the node that calls it.
struct Call {
  const Call *outer = nullptr;
  const onnx::FunctionProto *function = nullptr;
  /// Attributes that the body refers to by name.
  llvm::StringMap<const onnx::AttributeProto *> attributes;
  /// Put before the names of the body's nodes.
  std::string prefix;
  unsigned depth = 0;
};

using Opsets = llvm::StringMap<int64_t>;

class GraphReader {
public:
  GraphReader(const onnx::ModelProto &model, TensorStorage &storage, mlir::Location fileLoc, mlir::MLIRContext *context)
      : model(model), storage(storage), fileLoc(fileLoc), context(context), b(context) {}

  /// Reads the model's graph into a new function at the end of the module.
  mlir::LogicalResult readModel(mlir::ModuleOp module, const ImportOptions &options);
  /// After a failure: whether the model uses a version of something that nothing here knows.
  bool isTooNew() const { return tooNew; }

private:
  mlir::LogicalResult readOpsets();
  /// Adds what a model or a function imports.
  mlir::LogicalResult addOpsets(const google::protobuf::RepeatedPtrField<onnx::OperatorSetIdProto> &imports,
                                llvm::StringRef who, Opsets &opsets);
  mlir::LogicalResult readMainInputs(const onnx::GraphProto &graph, const ImportOptions &options, Scope &scope,
                                     mlir::func::FuncOp func);
  /// Adds a tensor that is to be kept, or all, to the results; `names` are theirs.
  mlir::LogicalResult keepTensor(const onnx::GraphProto &graph, llvm::StringRef name, const Scope &scope,
                                 llvm::SetVector<llvm::StringRef> &names, llvm::SmallVectorImpl<mlir::Value> &results);
  mlir::LogicalResult readInitializers(const onnx::GraphProto &graph, Scope &scope);
  /// Stands for a constant of an element type that no layer has. It stays in the graph when it is used, and is then
  /// reported itself, not the nodes that use it.
  /// Strings are kept for nodes that compare constants; `strings` is null for other types.
  mlir::Value makeUnreadable(mlir::Location loc, llvm::StringRef elementType, mlir::DictionaryAttr strings);
  void readDeclaredTypes(const onnx::GraphProto &graph, Scope &scope);
  mlir::LogicalResult readNodes(const google::protobuf::RepeatedPtrField<onnx::NodeProto> &nodes, Scope &scope,
                                const Call *call, const Opsets &opsets);
  mlir::LogicalResult readNode(const onnx::NodeProto &node, Scope &scope, const Call *call, const Opsets &opsets);
  mlir::LogicalResult readConstant(const onnx::NodeProto &node, Scope &scope, const Call *call);
  /// A graph that a node holds, and the operands of the node.
  struct Subgraph {
    const onnx::GraphProto &graph;
    const onnx::NodeProto &node;
    llvm::ArrayRef<mlir::Value> operands;
  };
  mlir::LogicalResult readSubgraph(const Subgraph &subgraph, mlir::Region &region, const Scope &outer, const Call *call,
                                   const Opsets &opsets);
  /// The operands of a node; absent ones are `rec.none`.
  mlir::LogicalResult readOperands(const onnx::NodeProto &node, Scope &scope,
                                   llvm::SmallVectorImpl<mlir::Value> &operands);
  /// The value of a name that some node or graph output uses. Null with `error`.
  mlir::Value lookUp(llvm::StringRef name, const Scope &scope, std::string &error);
  mlir::LogicalResult define(llvm::StringRef name, mlir::Value value, Scope &scope);

  // Functions.cpp
  mlir::LogicalResult indexFunctions();
  const onnx::FunctionProto *findFunction(const onnx::NodeProto &node) const;
  mlir::LogicalResult inlineFunction(const onnx::FunctionProto &function, const onnx::NodeProto &node, Scope &scope,
                                     const Call *call);
  /// The attribute itself, or the one of the call that it refers to; null when the call leaves it out.
  static const onnx::AttributeProto *resolve(const onnx::AttributeProto &attribute, const Call *call);

  std::string getNodeName(const onnx::NodeProto &node, const Call *call) const;
  mlir::Location getNodeLoc(const onnx::NodeProto &node, const Call *call);
  mlir::InFlightDiagnostic error() { return mlir::emitError(fileLoc); }
  /// An error that begins with the node's name and operator.
  mlir::InFlightDiagnostic error(const onnx::NodeProto &node);

  const onnx::ModelProto &model;
  TensorStorage &storage;
  mlir::Location fileLoc;
  mlir::MLIRContext *context;
  mlir::OpBuilder b;
  Opsets modelOpsets;
  llvm::StringMap<const onnx::FunctionProto *> functions;
  /// Default values of function attributes: the Debian schema predates the field that holds them.
  std::vector<std::unique_ptr<onnx::AttributeProto>> defaults;
  llvm::DenseMap<const onnx::FunctionProto *, llvm::SmallVector<const onnx::AttributeProto *>> functionDefaults;
  size_t nodesRead = 0;
  bool tooNew = false;
};

/// The types of a node's results as far as they can be told without knowing what the operator computes: never a shape,
/// for a wrong rank would mislead the conversion. `declared` holds what the graph says about the results, or null
/// types.
llvm::SmallVector<mlir::Type> getResultTypes(llvm::StringRef opType, llvm::ArrayRef<mlir::Value> operands,
                                             mlir::DictionaryAttr attrs, llvm::ArrayRef<mlir::Type> declared,
                                             mlir::MutableArrayRef<std::unique_ptr<mlir::Region>> subgraphs);

} // namespace reckon::importer

#endif // RECKON_LIB_IMPORT_ONNX_GRAPHREADER_H
