//===- NetworkBuilder.h - What a network is made in -----------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_LIB_NETWORK_NETWORKBUILDER_H
#define RECKON_LIB_NETWORK_NETWORKBUILDER_H

#include "passes/Import/LayerBuilder.h"
#include "reckon/Network.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

namespace reckon {

/// A function of the `rec` dialect that grows call by call.
class __attribute__((visibility("hidden"))) Network::Builder {
public:
  explicit Builder(std::shared_ptr<mlir::MLIRContext> context);

  /// A context that networks can be built in.
  static std::shared_ptr<mlir::MLIRContext> makeContext();

  /// The function as it is so far, with its return, in a module of its own.
  mlir::OwningOpRef<mlir::ModuleOp> finish();

  struct Output {
    mlir::Value value;
    std::string name;
  };
  struct KnownTable {
    mlir::Value value;
    Table table; // as it was given
  };

  const std::shared_ptr<mlir::MLIRContext> context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  mlir::func::FuncOp func;
  mlir::OpBuilder b;
  const uint64_t id; // of the network, in its tensors
  std::vector<mlir::Value> values;
  std::vector<std::string> names; // the layer of each value
  std::vector<std::string> inputs;
  std::vector<Output> outputs;
  llvm::StringMap<KnownTable> tables;
  llvm::StringSet<> layers; // names taken, inputs included
  std::string error;        // of the first call that failed
  std::string compileError; // of the last compilation
};

/// What the fuzzer needs besides the interface: networks one after another in one context, for making a context takes
/// far longer than building a network, and the phases one by one.
class NetworkInsides {
public:
  static std::shared_ptr<mlir::MLIRContext> makeContext() { return Network::Builder::makeContext(); }
  static Network makeNetwork(std::shared_ptr<mlir::MLIRContext> context) {
    return Network(std::make_unique<Network::Builder>(std::move(context)));
  }
  /// Null while compile() would refuse it without having looked at it.
  static mlir::OwningOpRef<mlir::ModuleOp> finish(Network &network) {
    bool isReady = network.error().empty() && !network.builder->outputs.empty();
    return isReady ? network.builder->finish() : nullptr;
  }
};

/// One call of a caller's: checks what it gives and says what is wrong in its words.
class NetworkCall {
public:
  using Builder = Network::Builder;
  /// `function` is the call, "addLinear", and `layer` the name that the caller gives to what it adds.
  NetworkCall(Builder &builder, const char *function, const std::string &layer);

  bool hasFailed() const { return failed; }
  /// Fails the call; the first reason stays.
  void fail(const llvm::Twine &reason);

  /// The value of an argument; null when the call has failed.
  mlir::Value use(const char *what, uint64_t owner, int64_t index);
  /// Weights as a constant that is called after the layer; null when the call has failed, or when there are none.
  mlir::Value use(const char *what, const Weights &weights);
  mlir::Value use(const Table &table);
  /// The element type; null when the call has failed.
  mlir::Type type(DataType type);
  /// The sizes of a shape. A failed call gets no size.
  rec::Shape shape(const std::vector<Size> &sizes);
  /// An axis counted from the start.
  int64_t axis(mlir::Value x, const char *what, int64_t axis);
  /// Fails unless the enumerator of the caller's is one of `count`.
  void checkEnumerator(const char *what, int value, int count);
  /// Fails unless the value has this rank, or this element type and each size; an empty size is any.
  void checkRank(const char *what, mlir::Value value, int64_t rank);
  /// Fails where an engine has no room for so many sizes.
  void checkRankFits(int64_t rank);
  void checkFloat(const char *what, mlir::Value value);
  void checkSame(const char *what, mlir::Value value, const char *otherWhat, mlir::Value other);
  void checkSize(const char *what, mlir::Value value, int64_t axis, const SizeExpr &size, const llvm::Twine &why);
  /// "x 'joined' is f32[batch, 64]".
  std::string describe(const char *what, mlir::Value value) const;

  importer::LayerBuilder &make() { return layers; }
  mlir::Location loc() const { return layers.loc; }
  /// Keeps the values that the call has made, unless it has failed. The index of the first; -1.
  int64_t give(llvm::ArrayRef<mlir::Value> made);

private:
  struct Layers : importer::LayerBuilder {
    using LayerBuilder::LayerBuilder;
    using LayerBuilder::requirements;
  };
  /// The numbers as a constant.
  mlir::Value makeConstant(mlir::RankedTensorType type, const void *data, const std::string &name);
  mlir::RankedTensorType checkWeights(const llvm::Twine &what, DataType type, llvm::ArrayRef<int64_t> shape);

  Builder &builder;
  std::string function, layer;
  Layers layers;
  bool failed = false;
};

} // namespace reckon

#endif // RECKON_LIB_NETWORK_NETWORKBUILDER_H
