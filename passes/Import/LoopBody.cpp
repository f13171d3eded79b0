//===- LoopBody.cpp - What a loop computes, for all of its iterations at once ---------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------------===//

#include "passes/Import/LoopBody.h"

#include "dialects/Rec/ConstantData.h"
#include "passes/Import/Passes.h"
#include "passes/Import/SizeValues.h"

#include "mlir/IR/IRMapping.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

using namespace mlir;

namespace reckon::importer {

/// The number of the iteration in sizes.
static SizeExpr getIteration() { return SizeExpr::dim("%iteration"); }

//===--------------------------------------------------------------------------------===//
// The body as a function
//===--------------------------------------------------------------------------------===//

/// A value of the body that passes an argument on.
static Value skipIdentities(Value value) {
  for (auto op = value.getDefiningOp<rec::OnnxOp>();
       op && op.getOpType() == "Identity" && op.getDomain().empty() && op.getOperands().size() == 1;
       op = value.getDefiningOp<rec::OnnxOp>())
    value = op.getOperands()[0];
  return value;
}

Value LoopBody::addArgument(Value outer) {
  Block &block = function->getBody().front();
  Value argument = block.addArgument(outer.getType(), node.loc);
  outside[argument] = outer;
  return argument;
}

/// The rows of input i of a Scan along an axis.
bool LoopBody::addRow(unsigned i, int64_t axis, Value bodyArgument, IRMapping &mapping) {
  Value x = node.op.getOperands()[i];
  Shape shape = rec::getShape(x);
  shape.erase(shape.begin() + axis);
  Value row = function->getBody().front().addArgument(rec::getTensorType(shape, getElement(x)), node.loc);
  mapping.map(bodyArgument, row);
  stepping.push_back(row);
  SmallVector<int64_t> perm = llvm::to_vector(llvm::seq<int64_t>(0, getRank(x)));
  std::rotate(perm.begin(), perm.begin() + axis, perm.begin() + axis + 1);
  allSteps[row] = node.transpose(x, perm);
  return allSteps[row] != nullptr;
}

/// Values from outside are arguments of the function, but for constants, which are copied.
bool LoopBody::copyBody(Block &body, const Layout &layout) {
  OpBuilder builder(node.b.getContext());
  function = func::FuncOp::create(node.loc, "body", builder.getFunctionType({}, {}));
  Block *block = function->addEntryBlock();
  builder.setInsertionPointToEnd(block);
  IRMapping mapping;
  auto bring = [&](Value outer) {
    if (mapping.contains(outer))
      return true;
    Operation *producer = outer.getDefiningOp();
    if (producer && producer->hasTrait<OpTrait::ConstantLike>())
      builder.clone(*producer, mapping);
    else if (isa<RankedTensorType>(outer.getType()))
      mapping.map(outer, addArgument(outer));
    else
      return false;
    return true;
  };
  step = block->addArgument(RankedTensorType::get({}, builder.getI64Type()), node.loc);
  stepping.push_back(step);
  if (layout.arguments == 2) {
    mayGoOn = block->addArgument(RankedTensorType::get({}, builder.getI1Type()), node.loc);
    mapping.map(body.getArgument(0), step);
    mapping.map(body.getArgument(1), mayGoOn);
  }
  for (unsigned i = 0; i < layout.carried; ++i) {
    Value initial = node.op.getOperands()[layout.operands + i], argument = body.getArgument(layout.arguments + i);
    bool stays = skipIdentities(body.getTerminator()->getOperand(layout.yields + i)) == argument;
    if (!isa<RankedTensorType>(initial.getType()) || (stays && !bring(initial)))
      return false;
    mapping.map(argument, stays ? mapping.lookup(initial) : block->addArgument(initial.getType(), node.loc));
  }
  SmallVector<int64_t> axes = node.getInts("scan_input_axes").value_or(SmallVector<int64_t>());
  for (unsigned i = layout.carried; layout.arguments == 0 && i < body.getNumArguments(); ++i) {
    unsigned row = i - layout.carried;
    int64_t axis = row < axes.size() ? axes[row] : 0, rank = getRank(node.op.getOperands()[i]);
    if (!addRow(i, axis < 0 ? axis + rank : axis, body.getArgument(i), mapping))
      return false;
  }
  llvm::SetVector<Value> captured;
  body.walk([&](Operation *op) {
    for (Value operand : op->getOperands())
      if (!body.getParent()->isAncestor(operand.getParentRegion()))
        captured.insert(operand);
  });
  if (!llvm::all_of(captured, bring))
    return false;
  for (Operation &op : body.without_terminator())
    builder.clone(op, mapping);
  SmallVector<Value> results =
      llvm::map_to_vector(body.getTerminator()->getOperands(), [&](Value v) { return mapping.lookupOrDefault(v); });
  func::ReturnOp::create(builder, node.loc, results);
  return convertBody(*block);
}

/// Makes layers of the nodes, with nothing about the sizes that is not known outside.
bool LoopBody::convertBody(Block &block) {
  SmallVector<Type> before(block.getArgumentTypes());
  ScopedDiagnosticHandler quiet(node.b.getContext(), [](Diagnostic &) { return success(); });
  if (failed(convertOnnxOps(*function)) || before != SmallVector<Type>(block.getArgumentTypes()) ||
      !block.getOps<rec::OnnxOp>().empty() || !block.getOps<rec::DataSizeOp>().empty() ||
      rec::RecDialect::RequirementsAttrHelper(node.b.getContext()).isAttrPresent(*function))
    return false;
  yielded.assign(block.getTerminator()->operand_begin(), block.getTerminator()->operand_end());
  return llvm::all_of(yielded, [](Value value) { return isa<RankedTensorType>(value.getType()); });
}

/// Tells values that do not change, and those that count iterations, from what is carried.
bool LoopBody::sortCarried(Block &body, const Layout &layout) {
  Block &block = function->getBody().front();
  unsigned next = mayGoOn ? 2 : 1; // of the function's arguments
  known.resize(layout.carried);
  for (unsigned i = 0; i < layout.carried; ++i) {
    Value initial = node.op.getOperands()[layout.operands + i];
    if (skipIdentities(body.getTerminator()->getOperand(layout.yields + i)) == body.getArgument(layout.arguments + i)) {
      known[i] = initial;
      continue;
    }
    // Arguments of carried values come in their order; those from outside have an entry.
    while (next < block.getNumArguments() && outside.contains(block.getArgument(next)))
      ++next;
    carried.push_back({i, block.getArgument(next++), yielded[layout.yields + i], initial});
  }
  // One that begins with a number and gains 1.
  for (Carried c : SmallVector<Carried>(carried)) {
    auto add = c.after.getDefiningOp<rec::BinaryOp>();
    auto first = getSizeValues(c.initial);
    bool counts = add && add.getKind() == BinaryKind::add && first && first->size() == 1 &&
                  ((add.getA() == c.before && getSize(add.getB()) == SizeExpr(1)) ||
                   (add.getB() == c.before && getSize(add.getA()) == SizeExpr(1)));
    if (!counts || first->front() != SizeExpr(0) || c.before.getType() != c.after.getType())
      continue;
    Type element = getElement(c.initial);
    known[c.index] = node.reshape(node.cast(node.sizes(trips, /*scalar=*/true), element), rec::getShape(c.initial));
    OpBuilder builder = OpBuilder::atBlockBegin(&block);
    LayerBuilder layers(builder, node.loc);
    Value counter = layers.reshape(layers.cast(step, element), rec::getShape(c.before));
    if (!counter)
      return false;
    c.before.replaceAllUsesWith(counter);
    llvm::erase_if(carried, [&](const Carried &other) { return other.index == c.index; });
  }
  scanned.assign(yielded.begin() + layout.yields + layout.carried, yielded.end());
  return llvm::all_of(carried, [](const Carried &c) { return c.before.getType() == c.after.getType(); });
}

//===--------------------------------------------------------------------------------===//
// Conditions
//===--------------------------------------------------------------------------------===//

/// An integer of the body as a size of dimensions and the number of the iteration; also as a float, which holds it as
/// long as it is a number of iterations.
std::optional<SizeExpr> LoopBody::getSize(Value value) const {
  if (value == step)
    return getIteration();
  if (auto sizes = getSizeValues(value))
    return sizes->size() == 1 ? std::optional(sizes->front()) : std::nullopt;
  Operation *op = value.getDefiningOp();
  if (auto constant = dyn_cast_if_present<rec::ConstantOp>(op)) {
    constexpr double most = int64_t(1) << 24; // floats hold all integers up to there
    auto number = rec::getConstantSplat(constant.getValue());
    bool isWhole = number && std::abs(*number) <= most && *number == std::floor(*number);
    return isWhole && getElement(value) != IntegerType::get(value.getContext(), 1)
               ? std::optional(SizeExpr(int64_t(*number)))
               : std::nullopt;
  }
  if (isa_and_present<rec::CastOp, rec::ReshapeOp>(op))
    return getElement(op->getOperand(0)).isInteger(1) ? std::nullopt : getSize(op->getOperand(0));
  if (auto it = outside.find(value); it != outside.end())
    if (auto sizes = getSizeValues(it->second); sizes && sizes->size() == 1)
      return sizes->front();
  if (auto binary = dyn_cast_if_present<rec::BinaryOp>(op)) {
    auto a = getSize(binary.getA()), b = getSize(binary.getB());
    if (a && b && binary.getKind() == BinaryKind::add)
      return *a + *b;
    if (a && b && binary.getKind() == BinaryKind::sub)
      return *a - *b;
  }
  return std::nullopt;
}

/// Whether a condition holds in every iteration that `remaining` others follow, at least.
bool LoopBody::provablyTrue(Value value, unsigned remaining) const {
  if (auto it = outside.find(value); it != outside.end())
    value = it->second;
  if (auto sizes = getSizeValues(value))
    return sizes->size() == 1 && sizes->front() == SizeExpr(1);
  if (auto both = value.getDefiningOp<rec::BinaryOp>(); both && both.getKind() == BinaryKind::logical_and)
    return provablyTrue(both.getA(), remaining) && provablyTrue(both.getB(), remaining);
  if (auto reshape = value.getDefiningOp<rec::ReshapeOp>())
    return provablyTrue(reshape.getX(), remaining);
  auto compare = value.getDefiningOp<rec::CompareOp>();
  if (!compare || (compare.getKind() != CompareKind::lt && compare.getKind() != CompareKind::gt))
    return false;
  auto a = getSize(compare.getA()), b = getSize(compare.getB());
  if (!a || !b)
    return false;
  SizeExpr more = (compare.getKind() == CompareKind::lt ? *b - *a : *a - *b) - SizeExpr(1);
  // The last of these iterations is the one that asks most; there are as many and one.
  auto dim = trips.asDim();
  more = more.substitute([&](std::string_view name) -> std::optional<SizeExpr> {
    return name == *getIteration().asDim() ? std::optional(trips - SizeExpr(1 + int64_t(remaining))) : std::nullopt;
  });
  if (dim)
    more = more.substitute([&](std::string_view name) -> std::optional<SizeExpr> {
      return name == *dim ? std::optional(trips + SizeExpr(1 + int64_t(remaining))) : std::nullopt;
    });
  return rec::provablyNonNegative(more);
}

/// Whether no condition ends the loop before its trips are done: the first is true if there is an iteration, the others
/// are where another one follows.
bool LoopBody::runsAllTrips() {
  Value first = node.getOperand(1);
  return (!first || provablyTrue(first, 0)) && (yielded[0] == mayGoOn || provablyTrue(yielded[0], 1));
}

bool LoopBody::readLoop(Block &body) {
  Value count = node.getOperand(0);
  unsigned arguments = body.getNumArguments();
  if (!count || !isa<RankedTensorType>(count.getType()) || arguments < 2 || node.op.getOperands().size() != arguments ||
      body.getTerminator()->getNumOperands() != 1 + node.op.getNumResults() || node.getNumResults() + 2 < arguments)
    return false;
  auto sizes = getSizeValues(count);
  if (!sizes || sizes->size() != 1)
    return false;
  trips = sizes->front();
  Layout layout{2, 2, 1, arguments - 2};
  return rec::isNonNegative(trips) && !rec::dependsOnData(trips) && copyBody(body, layout) &&
         sortCarried(body, layout) && runsAllTrips();
}

/// A Scan forwards.
bool LoopBody::readScan(Block &body) {
  int64_t rows = node.getInt("num_scan_inputs", 0), arguments = body.getNumArguments();
  auto areZeros = [&](StringRef name) {
    auto numbers = node.getInts(name);
    return !numbers || llvm::all_of(*numbers, [](int64_t n) { return n == 0; });
  };
  if (rows < 1 || rows > arguments || int64_t(node.op.getOperands().size()) != arguments ||
      body.getTerminator()->getNumOperands() != node.op.getNumResults() ||
      int64_t(node.op.getNumResults()) < arguments - rows || !areZeros("scan_input_directions") ||
      !areZeros("scan_output_directions"))
    return false;
  SmallVector<int64_t> axes = node.getInts("scan_input_axes").value_or(SmallVector<int64_t>(rows, 0));
  for (int64_t i = 0; i < rows; ++i) {
    Value x = node.op.getOperands()[arguments - rows + i];
    if (!isa<RankedTensorType>(x.getType()) || int64_t(axes.size()) != rows)
      return false;
    int64_t axis = axes[i] < 0 ? axes[i] + getRank(x) : axes[i];
    if (axis < 0 || axis >= getRank(x) || (i > 0 && rec::getShape(x)[axis] != trips))
      return false;
    trips = rec::getShape(x)[axis];
  }
  Layout layout{0, 0, 0, unsigned(arguments - rows)};
  return !rec::isAnonymous(trips) && !rec::dependsOnData(trips) && copyBody(body, layout) && sortCarried(body, layout);
}

std::unique_ptr<LoopBody> LoopBody::read(Node &node) {
  auto subgraphs = node.op.getSubgraphs();
  if (subgraphs.size() != 1 || subgraphs[0].empty())
    return nullptr;
  Block &body = subgraphs[0].front();
  std::unique_ptr<LoopBody> loop(new LoopBody(node));
  bool isRead = node.getOpType() == "Loop" ? loop->readLoop(body) : loop->readScan(body);
  return isRead ? std::move(loop) : nullptr;
}

//===--------------------------------------------------------------------------------===//
// All iterations at once
//===--------------------------------------------------------------------------------===//

bool LoopBody::dependsOn(Value value, Value other) const {
  llvm::SetVector<Value> pending;
  pending.insert(value);
  for (size_t i = 0; i < pending.size(); ++i) {
    if (pending[i] == other)
      return true;
    if (Operation *producer = pending[i].getDefiningOp())
      pending.insert(producer->operand_begin(), producer->operand_end());
  }
  return false;
}

Value LoopBody::takeOut(Value value) {
  if (auto it = outside.find(value); it != outside.end())
    return it->second;
  Operation *producer = value.getDefiningOp();
  if (!producer)
    return nullptr;
  IRMapping mapping;
  for (Value operand : producer->getOperands()) {
    Value outer = takeOut(operand);
    if (!outer)
      return nullptr;
    mapping.map(operand, outer);
  }
  Operation *copy = node.b.clone(*producer, mapping);
  for (auto [inner, outer] : llvm::zip_equal(producer->getResults(), copy->getResults()))
    outside[inner] = outer;
  return outside[value];
}

/// Rows `step + start` of a tensor from outside, one an iteration: its axis comes to the front.
Value LoopBody::gatherForAllSteps(rec::GatherOp gather) {
  auto index = getSize(gather.getIndices());
  if (!index || !isInvariant(gather.getX()))
    return nullptr;
  SizeExpr start = *index - getIteration();
  if (llvm::is_contained(start.dims(), *getIteration().asDim()) || !rec::provablyNonNegative(start))
    return nullptr;
  Value x = takeOut(gather.getX());
  int64_t axis = gather.getAxis();
  if (!x)
    return nullptr;
  SmallVector<int64_t> perm = llvm::to_vector(llvm::seq<int64_t>(0, getRank(x)));
  std::rotate(perm.begin(), perm.begin() + axis, perm.begin() + axis + 1);
  Value rows = node.transpose(node.sliceAxis(x, axis, start, trips), perm);
  Shape shape = rec::getShape(gather.getResult());
  shape.insert(shape.begin(), trips);
  return node.reshape(rows, shape);
}

Value LoopBody::operandForAllSteps(Value value, int64_t rank) {
  if (isInvariant(value))
    return takeOut(value);
  Value all = forAllSteps(value);
  if (!all)
    return all;
  SmallVector<int64_t> missing; // behind the steps
  for (int64_t axis = getRank(all); axis <= rank; ++axis)
    missing.push_back(axis - getRank(all) + 1);
  return node.unsqueeze(all, missing);
}

/// Layers that broadcast, element by element.
Value LoopBody::elementwiseForAllSteps(Operation *op) {
  SmallVector<Value> operands;
  for (Value operand : op->getOperands()) {
    operands.push_back(operandForAllSteps(operand, getRank(op->getResult(0))));
    if (!operands.back())
      return nullptr;
  }
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case([&](rec::UnaryOp unary) { return node.unary(unary.getKind(), operands[0]); })
      .Case([&](rec::CastOp cast) { return node.cast(operands[0], getElement(cast.getResult())); })
      .Case([&](rec::BinaryOp binary) { return node.binary(binary.getKind(), operands[0], operands[1]); })
      .Case([&](rec::CompareOp compare) { return node.compare(compare.getKind(), operands[0], operands[1]); })
      .Case([&](rec::SelectOp) { return node.select(operands[0], operands[1], operands[2]); });
}

/// Products with a matrix that stays the same.
Value LoopBody::productForAllSteps(Operation *op) {
  auto product = dyn_cast<rec::MatmulOp>(op);
  bool isPlain = !product || (!product.getTransposeA() && !product.getTransposeB() && getRank(product.getA()) <= 2 &&
                              getRank(product.getB()) == 2);
  if (!isPlain || !llvm::all_of(op->getOperands().drop_front(), [&](Value v) { return isInvariant(v); }))
    return nullptr;
  Value x = forAllSteps(op->getOperand(0)), matrix = x ? takeOut(op->getOperand(1)) : Value(), bias;
  if (!matrix)
    return nullptr;
  if (op->getNumOperands() > 2 && !(bias = takeOut(op->getOperand(2))))
    return nullptr;
  return product ? node.matmul(x, matrix) : node.make<rec::LinearOp>(x, matrix, bias);
}

Value LoopBody::layerForAllSteps(Operation *op) {
  if (isa<rec::UnaryOp, rec::CastOp, rec::BinaryOp, rec::CompareOp, rec::SelectOp>(op))
    return elementwiseForAllSteps(op);
  if (isa<rec::MatmulOp, rec::LinearOp>(op))
    return productForAllSteps(op);
  if (auto gather = dyn_cast<rec::GatherOp>(op))
    return gatherForAllSteps(gather);
  if (!isa<rec::ReshapeOp, rec::TransposeOp, rec::SliceOp, rec::ReduceOp>(op))
    return nullptr;
  Value x = forAllSteps(op->getOperand(0));
  if (!x)
    return nullptr;
  Shape shape = rec::getShape(op->getResult(0));
  shape.insert(shape.begin(), trips);
  // Axes count one further.
  auto shift = [](ArrayRef<int64_t> axes) { return llvm::map_to_vector(axes, [](int64_t axis) { return axis + 1; }); };
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case([&](rec::ReshapeOp) { return node.reshape(x, shape); })
      .Case([&](rec::TransposeOp transpose) {
        SmallVector<int64_t> perm = shift(transpose.getPerm());
        perm.insert(perm.begin(), 0);
        return node.transpose(x, perm);
      })
      .Case([&](rec::SliceOp slice) {
        Shape starts = slice.getStarts().getSizes();
        starts.insert(starts.begin(), SizeExpr(0));
        SmallVector<int64_t> steps(slice.getSteps());
        steps.insert(steps.begin(), 1);
        return node.slice(x, starts, shape, steps);
      })
      .Case([&](rec::ReduceOp reduce) {
        return node.reduce(reduce.getKind(), x, shift(reduce.getAxes()), reduce.getKeepdims());
      });
}

Value LoopBody::forAllSteps(Value value) {
  if (auto it = allSteps.find(value); it != allSteps.end())
    return it->second;
  Value all;
  if (isInvariant(value)) {
    Shape shape = rec::getShape(value);
    shape.insert(shape.begin(), trips);
    Value outer = takeOut(value);
    all = outer ? node.broadcast(node.unsqueeze(outer, {0}), shape) : outer;
  } else if (value == step) {
    all = node.iota(trips, node.b.getI64Type(), 0);
  } else if (Operation *producer = value.getDefiningOp(); producer && !dependsOnCarried(value)) {
    all = layerForAllSteps(producer);
  }
  return allSteps[value] = all;
}

} // namespace reckon::importer
