//===- Evaluator.cpp - Runs rec in double precision ---------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//

#include "lib/Reference/Evaluator.h"

#include "dialects/Rec/ConstantData.h"
#include "dialects/Rec/Shape.h"
#include "lib/Reference/Convert.h"
#include "lib/Reference/Eval.h"
#include "lib/Reference/Registry.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>

namespace reckon::reference {

static std::optional<int64_t> evaluateSize(const SizeExpr &size, const DimValues &dims) {
  return size.evaluate([&](std::string_view name) -> std::optional<int64_t> {
    auto found = dims.find(llvm::StringRef(name));
    return found == dims.end() ? std::nullopt : std::optional<int64_t>(found->second);
  });
}

/// The evaluator works in double precision: this many elements are 8 GiB.
static constexpr int64_t maxElements = int64_t(1) << 30;

/// Whether the sizes that have a value already make too many elements.
static bool isTooLarge(mlir::Type type, const DimValues &dims) {
  int64_t elements = 1;
  bool overflows = false;
  for (const SizeExpr &size : rec::getShape(type)) {
    int64_t value = evaluateSize(size, dims).value_or(1);
    if (value <= 0) // None, or no shape at all, which is another message.
      return false;
    overflows |= value > maxElements / elements;
    elements = overflows ? elements : elements * value;
  }
  return overflows;
}

std::optional<Sizes> getShapeAt(mlir::Type type, const DimValues &dims) {
  if (isTooLarge(type, dims))
    return std::nullopt;
  Sizes sizes;
  for (const SizeExpr &size : rec::getShape(type)) {
    std::optional<int64_t> value = evaluateSize(size, dims);
    if (!value || *value < 0)
      return std::nullopt;
    sizes.push_back(*value);
  }
  return sizes;
}

/// The first size of a type that is negative.
static std::optional<SizeExpr> findNegativeSize(mlir::Type type, const DimValues &dims) {
  for (const SizeExpr &size : rec::getShape(type))
    if (evaluateSize(size, dims).value_or(0) < 0)
      return size;
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Context
//===----------------------------------------------------------------------===//

ElementKind Context::kind(unsigned result) const {
  return *rec::getEngineType(mlir::cast<mlir::ShapedType>(op->getResult(result).getType()).getElementType());
}

FailureOr<Sizes> Context::evaluateSizes(rec::DimsAttr attr) {
  Sizes sizes;
  for (const SizeExpr &size : attr.getSizes()) {
    std::optional<int64_t> value = evaluateSize(size, dims);
    if (!value)
      return fail("the size '" + size.str() + "' has no value");
    sizes.push_back(*value);
  }
  return sizes;
}

FailureOr<Sizes> Context::resultShape(unsigned result) {
  std::optional<Sizes> shape = getShapeAt(op->getResult(result).getType(), dims);
  if (!shape)
    return fail("the shape " + rec::printShape(rec::getShape(op->getResult(result))) +
                " has no value, or one too large");
  return *shape;
}

std::optional<Sizes> broadcastSizes(llvm::ArrayRef<int64_t> a, llvm::ArrayRef<int64_t> b) {
  size_t rank = std::max(a.size(), b.size());
  Sizes shape(rank, 1);
  for (size_t d = 1; d <= rank; ++d) {
    int64_t sizeA = d <= a.size() ? a[a.size() - d] : 1, sizeB = d <= b.size() ? b[b.size() - d] : 1;
    if (sizeA != sizeB && sizeA != 1 && sizeB != 1)
      return std::nullopt;
    shape[rank - d] = sizeA == 1 ? sizeB : sizeA;
  }
  return shape;
}

BroadcastIndex::BroadcastIndex(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int64_t> resultShape)
    : strides(resultShape.size(), 0) {
  Sizes own = getStrides(shape);
  for (size_t d = 1; d <= shape.size(); ++d)
    if (shape[shape.size() - d] != 1)
      strides[resultShape.size() - d] = own[shape.size() - d];
}

//===----------------------------------------------------------------------===//
// Structure
//===----------------------------------------------------------------------===//

LogicalResult eval(rec::ConstantOp op, Context &c) {
  FailureOr<Tensor> value = getTensor(op.getValue());
  if (failed(value))
    return c.fail("the constant's data is not there, or too large to evaluate");
  value->name = op.getName().value_or("").str();
  return c.give(*value);
}

LogicalResult eval(rec::DimsOp op, Context &c) {
  FailureOr<Sizes> sizes = c.evaluateSizes(op.getSizes());
  FailureOr<Sizes> shape = c.resultShape();
  if (failed(sizes) || failed(shape))
    return failure();
  return c.give(Tensor::fromInts(ElementKind::I64, *shape, std::vector<int64_t>(sizes->begin(), sizes->end())));
}

/// "rec.linear at /bot/Gemm (model.onnx:3:1)": the op in words for an error.
static std::string describe(mlir::Operation *op) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << op->getName();
  if (!mlir::isa<mlir::UnknownLoc>(op->getLoc())) {
    os << " at ";
    op->getLoc().print(os);
  }
  return text;
}

/// Checks what an op gave against what its type says, as far as the dimensions are known.
static LogicalResult checkResult(mlir::Value value, const Tensor &tensor, Context &c) {
  rec::Shape shape = rec::getShape(value);
  bool fits = int64_t(shape.size()) == tensor.rank();
  for (size_t d = 0; fits && d < shape.size(); ++d) {
    std::optional<int64_t> size = evaluateSize(shape[d], c.dims);
    fits = !size || *size == tensor.size(d);
  }
  if (!fits)
    return c.fail("the result has shape " + printShape(tensor.shape()) + " and its type says " +
                  rec::printShape(shape));
  return success();
}

/// Runs the ops of a block before its terminator and returns the terminator's operands.
static FailureOr<llvm::SmallVector<Tensor>> evaluateBlock(mlir::Block &block, llvm::ArrayRef<Tensor> arguments,
                                                          const DimValues &dims, std::string *error,
                                                          const EvaluateOptions &options) {
  llvm::DenseMap<mlir::Value, Tensor> values;
  for (auto [argument, tensor] : llvm::zip(block.getArguments(), arguments))
    values[argument] = tensor;
  auto read = [&](mlir::OperandRange operands) {
    llvm::SmallVector<Tensor> tensors;
    for (mlir::Value operand : operands)
      tensors.push_back(values.lookup(operand));
    return tensors;
  };
  for (mlir::Operation &op : block.without_terminator()) {
    FailureOr<llvm::SmallVector<Tensor>> results = evaluateOp(&op, read(op.getOperands()), dims, error, options);
    if (failed(results))
      return failure();
    for (auto [result, tensor] : llvm::zip(op.getResults(), *results))
      values[result] = tensor;
  }
  return read(block.getTerminator()->getOperands());
}

LogicalResult eval(rec::FusionOp op, Context &c) {
  llvm::SmallVector<Tensor> arguments;
  for (const Tensor *operand : c.operands)
    arguments.push_back(*operand);
  FailureOr<llvm::SmallVector<Tensor>> results =
      evaluateBlock(op.getBody().front(), arguments, c.dims, &c.error, c.options);
  if (failed(results))
    return failure();
  c.results = std::move(*results);
  return success();
}

//===----------------------------------------------------------------------===//
// Noise
//===----------------------------------------------------------------------===//

static rec::Rounding getRounding(mlir::Operation *op) {
  auto layer = mlir::dyn_cast<rec::PrecisionOpInterface>(op);
  return layer ? layer.getRounding() : rec::Rounding::nothing;
}

/// The relative rounding error of a kind, in units of the noise, which is given for values of single precision.
static double getRoundingScale(ElementKind kind) {
  switch (kind) {
  case ElementKind::F16:
    return 0x1p13;
  case ElementKind::BF16:
    return 0x1p16;
  case ElementKind::F64:
    return 0x1p-29;
  default:
    return 1;
  }
}

/// Whether the results are sums of operands, which may cancel each other: then the operands' roundings count, too.
static bool addsUp(mlir::Operation *op) {
  return getRounding(op) == rec::Rounding::sums || mlir::isa<rec::EmbeddingBagOp, rec::MultiLookupOp>(op);
}

/// What the roundings of a sum add up to, in units of one: numbers that are added one after another err independently,
/// and so by the root of their number.
static double getSumScale(mlir::Operation *op, llvm::ArrayRef<Tensor> operands, llvm::ArrayRef<Tensor> results) {
  int64_t terms = 1;
  if (auto running = mlir::dyn_cast<rec::CumSumOp>(op))
    terms = operands[0].size(running.getAxis());
  else if (mlir::isa<rec::ReduceOp>(op) && results[0].numElements() != 0)
    terms = operands[0].numElements() / results[0].numElements();
  else if (auto bag = mlir::dyn_cast<rec::EmbeddingBagOp>(op); bag && results[0].numElements() != 0)
    terms = operands[1].numElements() / results[0].size(0);
  else if (mlir::isa<rec::MatmulOp, rec::LinearOp, rec::DotInteractionOp>(op) && !operands[0].shape().empty())
    terms = operands[0].shape().back();
  return std::sqrt(static_cast<double>(std::max<int64_t>(terms, 1)));
}

static Tensor perturb(const Tensor &x, Noise &noise, double scale = 1) {
  if (!x.isFloat())
    return x;
  double relative = noise.relative * scale * getRoundingScale(x.kind());
  std::vector<double> values(x.floats());
  for (double &value : values) {
    // A draw from [-1, 1).
    value *= 1 + relative * (static_cast<double>(noise.random() >> 11) * 0x1p-52 - 1);
    // The range of the kind ends, too, on both sides.
    if (double rounded = roundTo(x.kind(), value); std::isinf(rounded))
      value = rounded;
    if (x.kind() == ElementKind::F32 && std::fabs(value) < 0x1p-126)
      value = 0;
  }
  return Tensor::fromFloats(x.kind(), x.shape(), std::move(values));
}

//===----------------------------------------------------------------------===//
// Entry points
//===----------------------------------------------------------------------===//

FailureOr<llvm::SmallVector<Tensor>> evaluateOp(mlir::Operation *op, llvm::ArrayRef<Tensor> operands,
                                                const DimValues &dims, std::string *error,
                                                const EvaluateOptions &options) {
  llvm::SmallVector<Tensor> noisy;
  if (options.noise && addsUp(op)) {
    for (const Tensor &operand : operands)
      noisy.push_back(perturb(operand, *options.noise));
    operands = noisy;
  }
  Context c{op, {}, dims, options, {}, {}};
  for (const Tensor &operand : operands)
    c.operands.push_back(&operand);
  auto run = [&]() -> LogicalResult {
    Evaluate evaluation = getEvaluation(op->getName());
    if (!evaluation)
      return c.fail("the evaluator has no such op");
    for (mlir::Value result : op->getResults())
      if (!mlir::isa<rec::ConstantOp>(op) && isTooLarge(result.getType(), dims))
        return c.fail("a result of the shape " + rec::printShape(rec::getShape(result)) + " is too large to evaluate");
    for (mlir::Value result : op->getResults())
      if (auto size = findNegativeSize(result.getType(), dims))
        return c.fail("the size " + size->str() + " is " + llvm::Twine(*evaluateSize(*size, dims)));
    return evaluation(op, c);
  };
  LogicalResult status = run();
  for (auto [i, result] : llvm::enumerate(c.results))
    if (succeeded(status))
      status = checkResult(op->getResult(i), result, c);
  if (succeeded(status) && options.noise && getRounding(op) != rec::Rounding::nothing) {
    double scale = getSumScale(op, operands, c.results);
    for (Tensor &result : c.results)
      result = perturb(result, *options.noise, scale);
  }
  if (succeeded(status))
    return std::move(c.results);
  if (error) // an error inside a fusion already names its op
    *error = mlir::isa<rec::FusionOp>(op) ? c.error : describe(op) + ": " + c.error;
  return failure();
}

/// The value of the one unknown dimension with which `size` becomes `value`, when `size` is linear in it.
static std::optional<std::pair<std::string, int64_t>> solve(const SizeExpr &size, int64_t value,
                                                            const DimValues &dims) {
  std::optional<std::string> unknown;
  for (const std::string &name : size.dims())
    if (!dims.count(name)) {
      if (unknown)
        return std::nullopt;
      unknown = name;
    }
  if (!unknown)
    return std::nullopt;
  auto at = [&](int64_t x) {
    DimValues extended = dims;
    extended[*unknown] = x;
    return evaluateSize(size, extended);
  };
  std::optional<int64_t> zero = at(0), one = at(1);
  if (!zero || !one || *one == *zero)
    return std::nullopt;
  int64_t x = (value - *zero) / (*one - *zero);
  if (x < 0 || at(x) != value)
    return std::nullopt;
  return std::make_pair(*unknown, x);
}

FailureOr<DimValues> bindDims(mlir::func::FuncOp func, llvm::ArrayRef<Sizes> inputShapes, std::string *error) {
  DimValues dims;
  auto fail = [&](const llvm::Twine &message) {
    if (error)
      *error = message.str();
    return failure();
  };
  if (inputShapes.size() != func.getNumArguments())
    return fail(llvm::Twine(inputShapes.size()) + " inputs for a function of " + llvm::Twine(func.getNumArguments()));
  // Plain dimensions bind first, whatever the order of the inputs; then what is linear in one that is still unknown.
  for (bool plain : {true, false})
    for (auto [argument, sizes] : llvm::zip(func.getArguments(), inputShapes)) {
      rec::Shape shape = rec::getShape(argument);
      if (shape.size() != sizes.size())
        return fail("input " + llvm::Twine(argument.getArgNumber()) + " has shape " + printShape(sizes) +
                    " and its type says " + rec::printShape(shape));
      for (auto [size, value] : llvm::zip(shape, sizes)) {
        if (plain && !size.asDim())
          continue;
        if (auto solution = solve(size, value, dims); solution && solution->first != "?")
          dims[solution->first] = solution->second;
      }
    }
  for (auto [argument, sizes] : llvm::zip(func.getArguments(), inputShapes))
    for (auto [size, value] : llvm::zip(rec::getShape(argument), sizes)) {
      std::optional<int64_t> expected = evaluateSize(size, dims);
      if (expected && *expected != value)
        return fail("input " + llvm::Twine(argument.getArgNumber()) + " has shape " + printShape(sizes) +
                    " and its type says " + rec::printShape(rec::getShape(argument)) + ", where " + size.str() +
                    " is " + llvm::Twine(*expected));
    }
  return dims;
}

FailureOr<llvm::SmallVector<Tensor>> evaluate(mlir::func::FuncOp func, llvm::ArrayRef<Tensor> inputs,
                                              std::string *error, const EvaluateOptions &options) {
  llvm::SmallVector<Sizes> shapes;
  for (const Tensor &input : inputs)
    shapes.push_back(Sizes(input.shape()));
  FailureOr<DimValues> dims = bindDims(func, shapes, error);
  if (failed(dims))
    return failure();
  llvm::SmallVector<Tensor> named(inputs.begin(), inputs.end());
  for (auto [i, input] : llvm::enumerate(named))
    if (auto name = func.getArgAttrOfType<mlir::StringAttr>(i, "rec.name"))
      input.name = name.str();
  return evaluateBlock(func.getBody().front(), named, *dims, error, options);
}

} // namespace reckon::reference
