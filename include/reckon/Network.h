//===- Network.h - Networks without ONNX ------------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//
//
// Builds a network layer by layer and compiles it to an engine, which reckon/Runtime/Runtime.h runs. Link
// libreckon-compiler.so.
//
//   reckon::Network network;
//   reckon::Tensor ids = network.addInput("ids", reckon::DataType::I64, {"batch"});
//   reckon::Tensor rows = network.addEmbedding("items", {"items.weight", 1000, 64, weights.data()}, ids);
//   network.markOutput(rows, "embedded");
//   std::vector<uint8_t> engine;
//   if (!network.compile(engine))
//     puts(network.error().c_str());
//
// Every layer has a name of the caller's, which is what messages, profiles and the engine call it. The call that is
// wrong fails: it gives a tensor that is none and leaves its reason in error(). Later calls on what it gave fail as
// well, and the first reason stays, so one look at error() after the last call is enough. Nothing throws but
// std::bad_alloc.
//
// A network belongs to one thread at a time. Data is copied during the call that it is given to.
//
//===------------------------------------------------------------------------------===//

#ifndef RECKON_NETWORK_H
#define RECKON_NETWORK_H

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#if defined(__GNUC__)
#define RECKON_NETWORK_API __attribute__((visibility("default")))
#else
#define RECKON_NETWORK_API
#endif

namespace reckon {

/// Of elements; the numbers are those of ReckonElementType.
enum class DataType : int { F32 = 0, F16, BF16, F64, I8, I16, I32, I64, U8, U16, U32, U64, Bool };

enum class Pooling : int { Sum = 0, Mean, Max };
enum class Activation : int { Relu = 0, Sigmoid, Tanh, Gelu, Silu, Softplus, Exp, Log, Sqrt, Abs, Negate };
enum class Elementwise : int { Add = 0, Subtract, Multiply, Divide, Maximum, Minimum, Power };
enum class Reduction : int { Sum = 0, Mean, Max, Min };

/// A number of elements, or the name of a dimension whose size comes with each run. Equal names are equal sizes.
struct Size {
  Size(int64_t number) : number(number) {}           // NOLINT(google-explicit-constructor): {"batch", 64} is a shape
  Size(int number) : number(number) {}               // NOLINT(google-explicit-constructor)
  Size(std::string name) : name(std::move(name)) {}  // NOLINT(google-explicit-constructor)
  Size(const char *name) : name(name ? name : "") {} // NOLINT(google-explicit-constructor)
  int64_t number = -1;                               // negative: `name` counts
  std::string name;
};

/// What a layer gives. A tensor that is none comes from a call that has failed.
class Tensor {
public:
  Tensor() = default;
  explicit operator bool() const { return index >= 0; }

private:
  friend class Network;
  Tensor(uint64_t owner, int64_t index) : owner(owner), index(index) {}
  uint64_t owner = 0;
  int64_t index = -1;
};

/// Numbers of a layer, row-major. No data and no shape: the layer goes without.
struct Weights {
  DataType type = DataType::F32;
  std::vector<int64_t> shape;
  const void *data = nullptr;
};

/// An embedding table. Lookups that give the same name share it.
struct Table {
  std::string name;
  int64_t rows = 0, dim = 0;
  const void *data = nullptr; // row-major; null: the rows are bound when the engine is loaded
  DataType type = DataType::F32;
};

struct TopK {
  Tensor values, indices;
};

class NetworkCall;

class RECKON_NETWORK_API Network {
public:
  Network();
  ~Network();
  Network(Network &&) noexcept;
  Network &operator=(Network &&) noexcept;

  /// A tensor that each run gets.
  Tensor addInput(const std::string &name, DataType type, const std::vector<Size> &shape);
  Tensor addConstant(const std::string &name, const Weights &value);

  /// `result[i..., :] = table[ids[i...], :]`, ids I32 or I64. An id outside the table fails the run.
  Tensor addEmbedding(const std::string &name, const Table &table, Tensor ids);
  /// The rows of each bag pooled: `ids` is [bags, ids a bag], the result [bags, dim].
  Tensor addEmbeddingBag(const std::string &name, const Table &table, Tensor ids, Pooling pooling);
  /// The same for bags of any length: `ids` is flat, and bag b begins at `offsets[b]`.
  Tensor addEmbeddingBag(const std::string &name, const Table &table, Tensor ids, Tensor offsets, Pooling pooling);

  /// `x W + b`: the weight is [columns of x, outputs], the bias [outputs], or none.
  Tensor addLinear(const std::string &name, Tensor x, const Weights &weight, const Weights &bias = {});
  /// The product of matrices; leading dimensions broadcast as numpy's do.
  Tensor addMatrixProduct(const std::string &name, Tensor a, Tensor b);
  /// Dot products of all pairs of features, each [batch, dim]: pair (i, j) with j < i at column i (i - 1) / 2 + j, or
  /// with `withSelf`, which adds j = i, at i (i + 1) / 2 + j.
  Tensor addInteraction(const std::string &name, const std::vector<Tensor> &features, bool withSelf = false);
  /// DCN's `x0 * (x W + b) + x`; the weight is [width, width], the bias [width], or none.
  Tensor addCross(const std::string &name, Tensor x0, Tensor x, const Weights &weight, const Weights &bias = {});
  /// Over the last axis; scale and bias have its size, or are none.
  Tensor addLayerNorm(const std::string &name, Tensor x, const Weights &scale, const Weights &bias,
                      double epsilon = 1e-5);

  Tensor addActivation(const std::string &name, Tensor x, Activation kind);
  /// Sizes broadcast as numpy's do.
  Tensor addElementwise(const std::string &name, Tensor a, Tensor b, Elementwise kind);

  // A negative axis counts from the end.
  Tensor addConcat(const std::string &name, const std::vector<Tensor> &tensors, int axis);
  Tensor addReduction(const std::string &name, Tensor x, int axis, Reduction kind, bool keepsAxis = false);
  Tensor addSoftmax(const std::string &name, Tensor x, int axis = -1);
  /// The k greatest along an axis and where they are, greatest first.
  TopK addTopK(const std::string &name, Tensor x, int64_t k, int axis = -1);
  /// The same elements in another shape.
  Tensor addReshape(const std::string &name, Tensor x, const std::vector<Size> &shape);
  Tensor addTranspose(const std::string &name, Tensor x, const std::vector<int> &axes);

  /// Makes a tensor an output of the engine, called by its layer unless another name is given.
  bool markOutput(Tensor tensor, const std::string &name = "");

  /// Sizes as text, "batch" or "64"; empty for a tensor that is none.
  std::vector<std::string> shape(Tensor tensor) const;
  /// Why the first call that failed did; empty while all is well.
  const std::string &error() const;

  /// Compiles what is built so far; more may be added afterwards. Options are those of reckon-compile, by name and
  /// value. False with the reason in error(), which the next compile() clears: what is wrong with a compilation is not
  /// wrong with the network.
  bool compile(std::vector<uint8_t> &engine, const std::vector<std::pair<std::string, std::string>> &options = {});
  /// The same into a file.
  bool compileToFile(const std::string &path, const std::vector<std::pair<std::string, std::string>> &options = {});

private:
  friend class NetworkCall;
  friend class NetworkInsides;
  class Builder;
  explicit Network(std::unique_ptr<Builder> builder);
  std::unique_ptr<Builder> builder;
};

} // namespace reckon

#endif // RECKON_NETWORK_H
