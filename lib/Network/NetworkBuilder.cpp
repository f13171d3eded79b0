//===- NetworkBuilder.cpp - What a network is made in ---------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------------===//

#include "lib/Network/NetworkBuilder.h"

#include "dialects/Rec/ConstantData.h"
#include "dialects/Rec/SizeRequirements.h"
#include "dialects/Rec/TableRows.h"
#include "reckon/Compiler/Compiler.h"

#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/StringExtras.h"

#include <atomic>

using namespace mlir;
using namespace reckon;

/// The largest number of elements of a tensor, and the largest rank that an engine holds.
static constexpr int64_t maxElements = int64_t(1) << 48;
static constexpr int64_t maxRank = 8;

//===-- The function ----------------------------------------------------------===//

static uint64_t makeId() {
  static std::atomic<uint64_t> next{1};
  return next++;
}

std::shared_ptr<MLIRContext> Network::Builder::makeContext() {
  auto context = std::make_shared<MLIRContext>(MLIRContext::Threading::DISABLED);
  context->printOpOnDiagnostic(false); // an op may hold a whole table
  initializeCompiler(*context);
  context->loadDialect<rec::RecDialect, func::FuncDialect>();
  return context;
}

Network::Builder::Builder(std::shared_ptr<MLIRContext> given)
    : context(std::move(given)), b(context.get()), id(makeId()) {
  Location loc = NameLoc::get(b.getStringAttr("network"));
  module = ModuleOp::create(loc);
  b.setInsertionPointToEnd(module->getBody());
  func = func::FuncOp::create(b, loc, "main", b.getFunctionType({}, {}));
  b.setInsertionPointToEnd(func.addEntryBlock());
}

OwningOpRef<ModuleOp> Network::Builder::finish() {
  auto named = [&](const std::string &name) {
    return b.getDictionaryAttr(b.getNamedAttr("rec.name", b.getStringAttr(name)));
  };
  SmallVector<Value> results;
  SmallVector<Attribute> argAttrs, resultAttrs;
  for (const Output &output : outputs) {
    results.push_back(output.value);
    resultAttrs.push_back(named(output.name));
  }
  for (const std::string &input : inputs)
    argAttrs.push_back(named(input));
  auto ret = func::ReturnOp::create(b, func.getLoc(), results);
  func.setFunctionType(b.getFunctionType(func.getBody().getArgumentTypes(), ValueRange(results).getTypes()));
  func.setAllArgAttrs(argAttrs);
  func.setAllResultAttrs(resultAttrs);
  OwningOpRef<ModuleOp> whole = module->clone();
  ret.erase();
  return whole;
}

//===-- A call ----------------------------------------------------------------===//

NetworkCall::NetworkCall(Builder &builder, const char *function, const std::string &layer)
    : builder(builder), function(function), layer(layer),
      layers(builder.b, NameLoc::get(builder.b.getStringAttr(layer))) {
  // What went wrong before is the reason of what follows from it.
  failed = !builder.error.empty();
  if (layer.empty())
    fail("the layer has no name");
  else if (llvm::any_of(layer, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }))
    fail("the name has a control character in it");
  else if (!failed && !builder.layers.insert(layer).second)
    fail("there is a layer of that name");
}

void NetworkCall::fail(const Twine &reason) {
  failed = true;
  if (builder.error.empty())
    builder.error = (function + " '" + layer + "': " + reason).str();
}

/// "[batch, 64]".
std::string NetworkCall::describe(const char *what, Value value) const {
  auto type = cast<RankedTensorType>(value.getType());
  std::string text = what;
  auto *known = llvm::find(llvm::ArrayRef(builder.values), value);
  if (known != llvm::ArrayRef(builder.values).end())
    text += " '" + builder.names[known - llvm::ArrayRef(builder.values).begin()] + "'";
  std::optional<ElementType> element = rec::getEngineType(type.getElementType());
  return text + " is " + (element ? enumName(*element) : "?") + rec::printShape(rec::getShape(type));
}

Value NetworkCall::use(const char *what, uint64_t owner, int64_t index) {
  if (failed)
    return nullptr;
  if (index >= 0 && owner == builder.id && index < static_cast<int64_t>(builder.values.size()))
    return builder.values[index];
  fail(Twine(what) + (index < 0 ? " is no tensor" : " is a tensor of another network"));
  return nullptr;
}

Type NetworkCall::type(DataType type) {
  Builder &own = builder;
  switch (type) {
  case DataType::F32:
    return own.b.getF32Type();
  case DataType::F16:
    return own.b.getF16Type();
  case DataType::BF16:
    return own.b.getBF16Type();
  case DataType::F64:
    return own.b.getF64Type();
  case DataType::I8:
    return own.b.getI8Type();
  case DataType::I16:
    return own.b.getI16Type();
  case DataType::I32:
    return own.b.getI32Type();
  case DataType::I64:
    return own.b.getI64Type();
  case DataType::U8:
    return own.b.getIntegerType(8, /*isSigned=*/false);
  case DataType::U16:
    return own.b.getIntegerType(16, /*isSigned=*/false);
  case DataType::U32:
    return own.b.getIntegerType(32, /*isSigned=*/false);
  case DataType::U64:
    return own.b.getIntegerType(64, /*isSigned=*/false);
  case DataType::Bool:
    return own.b.getI1Type();
  }
  fail("there is no type of elements " + Twine(static_cast<int>(type)));
  return nullptr;
}

rec::Shape NetworkCall::shape(const std::vector<Size> &sizes) {
  rec::Shape shape;
  checkRankFits(static_cast<int64_t>(sizes.size()));
  int64_t elements = 1;
  for (const Size &size : sizes) {
    if (failed)
      return {};
    if (size.number >= 0) {
      bool isTooLarge = size.number != 0 && elements > maxElements / size.number;
      if (isTooLarge)
        fail("a tensor of more than 2^48 elements");
      elements *= isTooLarge || size.number == 0 ? 1 : size.number;
      shape.push_back(SizeExpr(size.number));
    } else if (size.name.empty() || size.name != SizeExpr::makeDimName(size.name) ||
               StringRef(size.name).starts_with("rows:")) {
      fail(size.name.empty()
               ? "a size is neither a number nor a name"
               : "a dimension cannot be called '" + size.name +
                     "': names are letters, digits, '_', '.' and the like, and begin with no digit and not "
                     "with 'rows:'");
    } else {
      shape.push_back(SizeExpr::dim(size.name));
    }
  }
  return shape;
}

int64_t NetworkCall::axis(Value x, const char *what, int64_t axis) {
  if (failed)
    return 0;
  int64_t rank = importer::getRank(x);
  if (axis < -rank || axis >= rank)
    fail(describe(what, x) + ": there is no axis " + std::to_string(axis));
  return axis < 0 ? axis + rank : axis;
}

//===-- Checks ----------------------------------------------------------------===//

void NetworkCall::checkRankFits(int64_t rank) {
  if (rank > maxRank)
    fail("a shape of " + Twine(rank) + " sizes; there are at most " + Twine(maxRank));
}

void NetworkCall::checkEnumerator(const char *what, int value, int count) {
  if (value < 0 || value >= count)
    fail("there is no " + Twine(what) + " " + Twine(value));
}

void NetworkCall::checkRank(const char *what, Value value, int64_t rank) {
  if (!failed && importer::getRank(value) != rank)
    fail(describe(what, value) + ": " + std::to_string(rank) + (rank == 1 ? " size was" : " sizes were") + " expected");
}

void NetworkCall::checkFloat(const char *what, Value value) {
  if (!failed && !isa<FloatType>(importer::getElement(value)))
    fail(describe(what, value) + ": floats were expected");
}

void NetworkCall::checkSame(const char *what, Value value, const char *otherWhat, Value other) {
  if (!failed && importer::getElement(value) != importer::getElement(other))
    fail(describe(what, value) + ", " + describe(otherWhat, other) + ": the types differ");
}

void NetworkCall::checkSize(const char *what, Value value, int64_t axis, const SizeExpr &size, const Twine &why) {
  if (failed)
    return;
  rec::Shape shape = rec::getShape(value);
  if (axis >= static_cast<int64_t>(shape.size()) || !rec::unifySizes(shape[axis], size))
    fail(describe(what, value) + ": axis " + std::to_string(axis) + " must be " + size.str() + ", " + why.str());
}

//===-- Weights and tables ----------------------------------------------------===//

Value NetworkCall::makeConstant(RankedTensorType type, const void *data, const std::string &name) {
  ElementsAttr value;
  std::optional<uint64_t> size = rec::getDataSize(type);
  if (data && size)
    value =
        rec::makeDistinct(rec::makeConstant(type, ArrayRef<char>(static_cast<const char *>(data), *size), name), name);
  else
    value = rec::makeUnboundRows(type, name);
  return rec::ConstantOp::create(builder.b, loc(), value, builder.b.getStringAttr(name));
}

RankedTensorType NetworkCall::checkWeights(const Twine &what, DataType type, ArrayRef<int64_t> shape) {
  Type element = this->type(type);
  if (static_cast<int64_t>(shape.size()) > maxRank)
    fail(what + " has " + Twine(shape.size()) + " sizes; there are at most " + Twine(maxRank));
  int64_t elements = 1;
  for (int64_t size : shape) {
    if (size < 0 || (size != 0 && elements > maxElements / size)) {
      fail(what + " has the shape [" +
           llvm::join(llvm::map_range(shape, [](int64_t s) { return std::to_string(s); }), ", ") +
           "]: sizes are not negative, and there are at most 2^48 elements");
      break;
    }
    elements *= size == 0 ? 1 : size;
  }
  return failed ? RankedTensorType() : RankedTensorType::get(shape, element);
}

Value NetworkCall::use(const char *what, const Weights &weights) {
  if (failed || (!weights.data && weights.shape.empty()))
    return nullptr;
  RankedTensorType type = checkWeights(what, weights.type, weights.shape);
  if (!type)
    return nullptr;
  if (!weights.data) {
    fail("the " + Twine(what) + " has a shape and no data");
    return nullptr;
  }
  return makeConstant(type, weights.data, layer + "." + what);
}

Value NetworkCall::use(const Table &table) {
  if (failed)
    return nullptr;
  if (table.name.empty())
    fail("the table has no name");
  auto found = builder.tables.find(table.name);
  if (found != builder.tables.end()) {
    const Table &other = found->second.table;
    if (other.rows == table.rows && other.dim == table.dim && other.type == table.type && other.data == table.data)
      return failed ? Value() : found->second.value;
    fail("there is another table '" + table.name + "', of " + Twine(other.rows) + " x " + Twine(other.dim));
  }
  if (table.dim < 1 || table.rows < 1)
    fail("the table '" + table.name + "' is " + Twine(table.rows) + " x " + Twine(table.dim));
  RankedTensorType type = checkWeights("the table '" + table.name + "'", table.type, {table.rows, table.dim});
  if (!type)
    return nullptr;
  Value value = makeConstant(type, table.data, table.name);
  builder.tables[table.name] = {value, table};
  return value;
}

//===-- Results ---------------------------------------------------------------===//

/// What an op's verifier says, without the op's name and the number of its constraint.
static std::string stripOp(StringRef message) {
  if (size_t end = message.find("] "); message.starts_with("'rec.") && end != StringRef::npos)
    return message.substr(end + 2).str();
  if (size_t end = message.find("' op "); message.starts_with("'rec.") && end != StringRef::npos)
    return message.substr(end + 5).str();
  return message.str();
}

int64_t NetworkCall::give(ArrayRef<Value> made) {
  if (!failed && layers.isBroken())
    fail(stripOp(layers.getError()));
  for (Value value : made)
    if (!failed)
      checkRankFits(importer::getRank(value));
  if (failed)
    return -1;
  rec::addRequirements(builder.func, layers.requirements);
  for (Value value : made) {
    builder.values.push_back(value);
    builder.names.push_back(layer);
  }
  return static_cast<int64_t>(builder.values.size() - made.size());
}
