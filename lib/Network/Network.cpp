//===- Network.cpp - Networks without ONNX --------------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------------===//

#include "reckon/Network.h"
#include "lib/Compiler/OptionTable.h"
#include "lib/Network/NetworkBuilder.h"
#include "lib/Support/Diagnostics.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>

using namespace mlir;
using namespace reckon;

#define RECKON_SAME_TYPE(ID, ...)                                                                                      \
  static_assert(static_cast<int>(DataType::ID) == static_cast<int>(ElementType::ID), "the types have another order");
RECKON_ELEMENT_TYPES(RECKON_SAME_TYPE)
#undef RECKON_SAME_TYPE

Network::Network() : Network(std::make_unique<Builder>(Builder::makeContext())) {}
Network::Network(std::unique_ptr<Builder> builder) : builder(std::move(builder)) {}
Network::~Network() = default;
Network::Network(Network &&) noexcept = default;
Network &Network::operator=(Network &&) noexcept = default;

//===-- Inputs and constants --------------------------------------------------===//

Tensor Network::addInput(const std::string &name, DataType type, const std::vector<Size> &shape) {
  NetworkCall call(*builder, "addInput", name);
  Type element = call.type(type);
  rec::Shape sizes = call.shape(shape);
  if (call.hasFailed())
    return {};
  builder->inputs.push_back(name);
  Value argument = builder->func.getBody().front().addArgument(rec::getTensorType(sizes, element), call.loc());
  return {builder->id, call.give(argument)};
}

Tensor Network::addConstant(const std::string &name, const Weights &value) {
  NetworkCall call(*builder, "addConstant", name);
  if (!call.hasFailed() && !value.data)
    call.fail("there is no data");
  // A scalar has no sizes.
  return {builder->id, call.give(call.use("value", value))};
}

//===-- Lookups ---------------------------------------------------------------===//

static void checkIds(NetworkCall &call, const char *what, Value ids) {
  if (call.hasFailed())
    return;
  Type element = importer::getElement(ids);
  if (!element.isSignlessInteger(32) && !element.isSignlessInteger(64))
    call.fail(call.describe(what, ids) + ": integers of 32 or 64 bits were expected");
}

Tensor Network::addEmbedding(const std::string &name, const Table &table, Tensor ids) {
  NetworkCall call(*builder, "addEmbedding", name);
  Value index = call.use("ids", ids.owner, ids.index), rows = call.use(table);
  checkIds(call, "ids", index);
  if (call.hasFailed())
    return {};
  return {builder->id, call.give(call.make().make<rec::EmbeddingOp>(rows, index))};
}

Tensor Network::addEmbeddingBag(const std::string &name, const Table &table, Tensor ids, Pooling pooling) {
  NetworkCall call(*builder, "addEmbeddingBag", name);
  Value index = call.use("ids", ids.owner, ids.index), rows = call.use(table);
  call.checkEnumerator("pooling", static_cast<int>(pooling), 3);
  checkIds(call, "ids", index);
  call.checkRank("ids", index, 2);
  if (call.hasFailed())
    return {};
  return {builder->id,
          call.give(call.make().make<rec::EmbeddingBagOp>(static_cast<rec::PoolMode>(pooling), rows, index, Value(),
                                                          Value(), IntegerAttr(), /*include_last_offset=*/false))};
}

Tensor Network::addEmbeddingBag(const std::string &name, const Table &table, Tensor ids, Tensor offsets,
                                Pooling pooling) {
  NetworkCall call(*builder, "addEmbeddingBag", name);
  Value index = call.use("ids", ids.owner, ids.index), begins = call.use("offsets", offsets.owner, offsets.index);
  Value rows = call.use(table);
  call.checkEnumerator("pooling", static_cast<int>(pooling), 3);
  checkIds(call, "ids", index);
  call.checkRank("ids", index, 1);
  call.checkRank("offsets", begins, 1);
  call.checkSame("offsets", begins, "ids", index);
  if (call.hasFailed())
    return {};
  return {builder->id,
          call.give(call.make().make<rec::EmbeddingBagOp>(static_cast<rec::PoolMode>(pooling), rows, index, begins,
                                                          Value(), IntegerAttr(), /*include_last_offset=*/false))};
}

//===-- Products --------------------------------------------------------------===//

/// The last size.
static SizeExpr getColumns(Value x) { return rec::getShape(x).back(); }

static void checkBias(NetworkCall &call, Value bias, Value weight) {
  if (!bias)
    return;
  call.checkRank("the bias", bias, 1);
  call.checkSame("the bias", bias, "the weight", weight);
  call.checkSize("the bias", bias, 0, getColumns(weight), "as the weight has columns");
}

/// The weight of x's columns; null when the call has failed.
static Value useMatrix(NetworkCall &call, Value x, const Weights &given) {
  Value weight = call.use("weight", given);
  if (!call.hasFailed() && !weight)
    call.fail("there is no weight");
  call.checkRank("the weight", weight, 2);
  call.checkFloat("x", x);
  call.checkSame("the weight", weight, "x", x);
  if (!call.hasFailed() && importer::getRank(x) == 0)
    call.fail(call.describe("x", x) + ": a scalar has no columns");
  if (!call.hasFailed())
    call.checkSize("the weight", weight, 0, getColumns(x), "as " + call.describe("x", x));
  return call.hasFailed() ? Value() : weight;
}

Tensor Network::addLinear(const std::string &name, Tensor x, const Weights &weight, const Weights &bias) {
  NetworkCall call(*builder, "addLinear", name);
  Value input = call.use("x", x.owner, x.index);
  Value matrix = useMatrix(call, input, weight), added = call.use("bias", bias);
  checkBias(call, added, matrix);
  if (call.hasFailed())
    return {};
  return {builder->id, call.give(call.make().make<rec::LinearOp>(input, matrix, added))};
}

Tensor Network::addMatrixProduct(const std::string &name, Tensor a, Tensor b) {
  NetworkCall call(*builder, "addMatrixProduct", name);
  Value left = call.use("a", a.owner, a.index), right = call.use("b", b.owner, b.index);
  call.checkSame("b", right, "a", left);
  if (!call.hasFailed() && (importer::getRank(left) < 2 || importer::getRank(right) < 2))
    call.fail(call.describe("a", left) + ", " + call.describe("b", right) + ": two sizes or more were expected");
  if (!call.hasFailed())
    call.checkSize("b", right, importer::getRank(right) - 2, getColumns(left), "as " + call.describe("a", left));
  if (call.hasFailed())
    return {};
  return {builder->id,
          call.give(call.make().make<rec::MatmulOp>(left, right, /*transpose_a=*/false, /*transpose_b=*/false))};
}

Tensor Network::addInteraction(const std::string &name, const std::vector<Tensor> &features, bool withSelf) {
  NetworkCall call(*builder, "addInteraction", name);
  if (features.size() < 2)
    call.fail("there are pairs of two features or more");
  SmallVector<Value> rows;
  for (auto [i, feature] : llvm::enumerate(features)) {
    std::string what = "feature " + std::to_string(i);
    Value value = call.use(what.c_str(), feature.owner, feature.index);
    call.checkRank(what.c_str(), value, 2);
    call.checkFloat(what.c_str(), value);
    if (!rows.empty() && !call.hasFailed()) {
      call.checkSame(what.c_str(), value, "feature 0", rows[0]);
      for (int64_t axis : {0, 1})
        call.checkSize(what.c_str(), value, axis, rec::getShape(rows[0])[axis],
                       "as " + call.describe("feature 0", rows[0]));
    }
    rows.push_back(value);
  }
  if (call.hasFailed())
    return {};
  importer::LayerBuilder &make = call.make();
  for (Value &row : rows)
    row = make.unsqueeze(row, 1);
  Value stacked = make.concat(rows, 1);
  if (make.isBroken())
    return {builder->id, call.give(stacked)};
  return {builder->id, call.give(make.make<rec::DotInteractionOp>(rec::Triangle::lower, stacked, withSelf))};
}

Tensor Network::addCross(const std::string &name, Tensor x0, Tensor x, const Weights &weight, const Weights &bias) {
  NetworkCall call(*builder, "addCross", name);
  Value first = call.use("x0", x0.owner, x0.index), input = call.use("x", x.owner, x.index);
  call.checkRank("x0", first, 2);
  call.checkRank("x", input, 2);
  call.checkSame("x", input, "x0", first);
  for (int64_t axis = 0; axis < 2 && !call.hasFailed(); ++axis)
    call.checkSize("x", input, axis, rec::getShape(first)[axis], "as " + call.describe("x0", first));
  Value matrix = useMatrix(call, input, weight), added = call.use("bias", bias);
  if (!call.hasFailed())
    call.checkSize("the weight", matrix, 1, getColumns(input), "as " + call.describe("x", input));
  checkBias(call, added, matrix);
  if (call.hasFailed())
    return {};
  return {builder->id, call.give(call.make().make<rec::CrossLayerOp>(first, input, Value(), matrix, added))};
}

Tensor Network::addLayerNorm(const std::string &name, Tensor x, const Weights &scale, const Weights &bias,
                             double epsilon) {
  NetworkCall call(*builder, "addLayerNorm", name);
  Value input = call.use("x", x.owner, x.index), factor = call.use("scale", scale), added = call.use("bias", bias);
  call.checkFloat("x", input);
  if (!call.hasFailed() && importer::getRank(input) == 0)
    call.fail(call.describe("x", input) + ": a scalar has no last axis");
  if (std::isnan(epsilon) || epsilon < 0 || epsilon > 1)
    call.fail("an epsilon of " + std::to_string(epsilon) + ", expected 0 to 1");
  for (auto [what, value] : {std::pair("the scale", factor), std::pair("the bias", added)}) {
    if (!value || call.hasFailed())
      continue;
    call.checkRank(what, value, 1);
    call.checkSame(what, value, "x", input);
    call.checkSize(what, value, 0, getColumns(input), "as " + call.describe("x", input));
  }
  if (call.hasFailed())
    return {};
  return {builder->id, call.give(call.make().make<rec::LayerNormOp>(
                           input, factor, added, builder->b.getI64IntegerAttr(importer::getRank(input) - 1),
                           builder->b.getF64FloatAttr(epsilon)))};
}

//===-- Element by element ----------------------------------------------------===//

Tensor Network::addActivation(const std::string &name, Tensor x, Activation kind) {
  using rec::UnaryKind;
  static constexpr UnaryKind kinds[] = {UnaryKind::relu, UnaryKind::sigmoid,  UnaryKind::tanh, UnaryKind::gelu,
                                        UnaryKind::silu, UnaryKind::softplus, UnaryKind::exp,  UnaryKind::log,
                                        UnaryKind::sqrt, UnaryKind::abs,      UnaryKind::neg};
  static_assert(std::size(kinds) == static_cast<size_t>(Activation::Negate) + 1);
  NetworkCall call(*builder, "addActivation", name);
  Value input = call.use("x", x.owner, x.index);
  call.checkEnumerator("activation", static_cast<int>(kind), std::size(kinds));
  if (kind != Activation::Abs && kind != Activation::Negate)
    call.checkFloat("x", input);
  if (call.hasFailed())
    return {};
  return {builder->id, call.give(call.make().unary(kinds[static_cast<int>(kind)], input))};
}

Tensor Network::addElementwise(const std::string &name, Tensor a, Tensor b, Elementwise kind) {
  using rec::BinaryKind;
  static constexpr BinaryKind kinds[] = {BinaryKind::add, BinaryKind::sub, BinaryKind::mul, BinaryKind::div,
                                         BinaryKind::max, BinaryKind::min, BinaryKind::pow};
  static_assert(std::size(kinds) == static_cast<size_t>(Elementwise::Power) + 1);
  NetworkCall call(*builder, "addElementwise", name);
  Value left = call.use("a", a.owner, a.index), right = call.use("b", b.owner, b.index);
  call.checkEnumerator("elementwise function", static_cast<int>(kind), std::size(kinds));
  call.checkSame("b", right, "a", left);
  if (!call.hasFailed() && !rec::broadcastShapes(rec::getShape(left), rec::getShape(right)))
    call.fail(call.describe("a", left) + ", " + call.describe("b", right) +
              ": sizes must be equal, or one of them 1; equal dimensions have equal names");
  if (call.hasFailed())
    return {};
  return {builder->id, call.give(call.make().binary(kinds[static_cast<int>(kind)], left, right))};
}

//===-- Along an axis ---------------------------------------------------------===//

Tensor Network::addConcat(const std::string &name, const std::vector<Tensor> &tensors, int axis) {
  NetworkCall call(*builder, "addConcat", name);
  if (tensors.empty())
    call.fail("there are no tensors");
  SmallVector<Value> parts;
  int64_t along = 0;
  for (auto [i, tensor] : llvm::enumerate(tensors)) {
    std::string what = "tensor " + std::to_string(i);
    Value part = call.use(what.c_str(), tensor.owner, tensor.index);
    if (call.hasFailed())
      return {};
    if (i == 0)
      along = call.axis(part, what.c_str(), axis);
    Value first = i == 0 ? part : parts[0];
    rec::Shape shape = rec::getShape(first);
    call.checkRank(what.c_str(), part, static_cast<int64_t>(shape.size()));
    call.checkSame(what.c_str(), part, "tensor 0", first);
    for (int64_t d = 0; d < static_cast<int64_t>(shape.size()); ++d)
      if (d != along)
        call.checkSize(what.c_str(), part, d, shape[d], "as " + call.describe("tensor 0", first));
    parts.push_back(part);
  }
  if (call.hasFailed())
    return {};
  return {builder->id, call.give(call.make().concat(parts, along))};
}

Tensor Network::addReduction(const std::string &name, Tensor x, int axis, Reduction kind, bool keepsAxis) {
  using rec::ReduceKind;
  static constexpr ReduceKind kinds[] = {ReduceKind::sum, ReduceKind::mean, ReduceKind::max, ReduceKind::min};
  static_assert(std::size(kinds) == static_cast<size_t>(Reduction::Min) + 1);
  NetworkCall call(*builder, "addReduction", name);
  Value input = call.use("x", x.owner, x.index);
  call.checkEnumerator("reduction", static_cast<int>(kind), std::size(kinds));
  int64_t along = call.axis(input, "x", axis);
  if (call.hasFailed())
    return {};
  return {builder->id, call.give(call.make().reduce(kinds[static_cast<int>(kind)], input, along, keepsAxis))};
}

Tensor Network::addSoftmax(const std::string &name, Tensor x, int axis) {
  NetworkCall call(*builder, "addSoftmax", name);
  Value input = call.use("x", x.owner, x.index);
  call.checkFloat("x", input);
  int64_t along = call.axis(input, "x", axis);
  if (call.hasFailed())
    return {};
  return {builder->id, call.give(call.make().make<rec::SoftmaxOp>(input, along, /*log=*/false))};
}

TopK Network::addTopK(const std::string &name, Tensor x, int64_t k, int axis) {
  NetworkCall call(*builder, "addTopK", name);
  Value input = call.use("x", x.owner, x.index);
  int64_t along = call.axis(input, "x", axis);
  if (k < 1)
    call.fail("a k of " + std::to_string(k) + ", expected 1 or more");
  if (!call.hasFailed())
    if (std::optional<int64_t> size = rec::getShape(input)[along].constant(); size && *size < k)
      call.fail(call.describe("x", input) + ": there are no " + std::to_string(k) + " greatest along axis " +
                std::to_string(along));
  if (call.hasFailed())
    return {};
  auto count = rec::DimsAttr::get(builder->context.get(), ArrayRef<SizeExpr>(SizeExpr(k)));
  int64_t first = call.give(call.make().makeAll<rec::TopKOp>(2, input, count, along, /*smallest=*/false));
  if (first < 0)
    return {};
  return {Tensor(builder->id, first), Tensor(builder->id, first + 1)};
}

Tensor Network::addReshape(const std::string &name, Tensor x, const std::vector<Size> &shape) {
  NetworkCall call(*builder, "addReshape", name);
  Value input = call.use("x", x.owner, x.index);
  rec::Shape sizes = call.shape(shape);
  if (!call.hasFailed() && rec::getNumElements(sizes) != rec::getNumElements(rec::getShape(input)))
    call.fail(call.describe("x", input) + ": " + rec::printShape(sizes) + " has another number of elements");
  if (call.hasFailed())
    return {};
  return {builder->id, call.give(call.make().reshape(input, sizes))};
}

Tensor Network::addTranspose(const std::string &name, Tensor x, const std::vector<int> &axes) {
  NetworkCall call(*builder, "addTranspose", name);
  Value input = call.use("x", x.owner, x.index);
  call.checkRank("x", input, static_cast<int64_t>(axes.size()));
  SmallVector<int64_t> order;
  for (int axis : axes)
    order.push_back(call.axis(input, "x", axis));
  SmallVector<int64_t> sorted = order;
  llvm::sort(sorted);
  if (!call.hasFailed() && !llvm::equal(sorted, llvm::seq<int64_t>(0, static_cast<int64_t>(axes.size()))))
    call.fail("each axis of x must be there once");
  if (call.hasFailed())
    return {};
  return {builder->id, call.give(call.make().transpose(input, order))};
}

//===-- Outputs ---------------------------------------------------------------===//

bool Network::markOutput(Tensor tensor, const std::string &name) {
  auto fail = [&](const Twine &reason) {
    if (builder->error.empty())
      builder->error = ("markOutput '" + name + "': " + reason).str();
    return false;
  };
  if (!builder->error.empty())
    return false;
  if (tensor.index < 0 || tensor.owner != builder->id)
    return fail(tensor.index < 0 ? "this is no tensor" : "this is a tensor of another network");
  const std::string &called = name.empty() ? builder->names[tensor.index] : name;
  if (llvm::any_of(builder->outputs, [&](const Builder::Output &output) { return output.name == called; }))
    return fail("there is an output '" + called + "'; give this one another name");
  if (llvm::any_of(called, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }))
    return fail("the name has a control character in it");
  builder->outputs.push_back({builder->values[tensor.index], called});
  return true;
}

std::vector<std::string> Network::shape(Tensor tensor) const {
  std::vector<std::string> sizes;
  if (tensor.index >= 0 && tensor.owner == builder->id)
    for (const SizeExpr &size : rec::getShape(builder->values[tensor.index]))
      sizes.push_back(size.str());
  return sizes;
}

const std::string &Network::error() const { return builder->error.empty() ? builder->compileError : builder->error; }

//===-- Compiling -------------------------------------------------------------===//

/// Empty, or what is wrong with the options.
static std::string readOptions(const std::vector<std::pair<std::string, std::string>> &given, CompileOptions &options) {
  for (const auto &[name, value] : given)
    if (std::string wrong = setCompileOption(name, value.c_str(), options); !wrong.empty())
      return wrong;
  if (!options.startAfter.empty() || !options.stopAfter.empty())
    return "a network goes through all phases: there is no start-after and no stop-after";
  if (!options.frozenInputs.empty())
    return "a network has constants instead of frozen inputs";
  if (!options.keptTensors.empty())
    return "what a network is to keep is marked as an output";
  return checkOptions(options);
}

bool Network::compile(std::vector<uint8_t> &engine, const std::vector<std::pair<std::string, std::string>> &options) {
  std::string &error = builder->compileError;
  error.clear();
  if (!builder->error.empty())
    return false;
  CompileOptions known;
  error = builder->outputs.empty() ? "compile: no output is marked" : readOptions(options, known);
  if (!error.empty())
    return false;
  ScopedDiagnosticHandler handler(builder->context.get(), [&](Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() == DiagnosticSeverity::Error && error.empty()) {
      std::string where = describe(diagnostic.getLocation());
      error = where + (where.empty() ? "" : ": ") + diagnostic.str();
    }
    return success();
  });
  CompileReport report;
  OwningOpRef<ModuleOp> module = builder->finish();
  builder->context->enableMultithreading();
  std::optional<std::vector<uint8_t>> compiled = compileModule(*module, known, report);
  builder->context->disableMultithreading();
  if (!compiled) {
    error = error.empty() ? "compile: it failed for an unknown reason" : error;
    return false;
  }
  if (known.verify && !verifyWithErrors(known, report, *compiled))
    return false;
  engine = std::move(*compiled);
  return true;
}

bool Network::compileToFile(const std::string &path, const std::vector<std::pair<std::string, std::string>> &options) {
  std::vector<uint8_t> engine;
  if (!compile(engine, options))
    return false;
  // Beside it first, so that nobody sees half an engine.
  llvm::Error failed = llvm::writeToOutput(path, [&](llvm::raw_ostream &os) {
    os.write(reinterpret_cast<const char *>(engine.data()), engine.size());
    return llvm::Error::success();
  });
  if (!failed)
    return true;
  builder->compileError = "cannot write " + path + ": " + llvm::toString(std::move(failed));
  return false;
}
