//===- GraphBuilder.cpp - Grows a random module of rec ops --------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//

#include "test/fuzz/differential/GraphBuilder.h"

#include "dialects/Rec/ConstantData.h"
#include "dialects/Rec/Shape.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::fuzz;

/// What one row of a value may hold: larger values make a run slow and find nothing more.
static constexpr int64_t maxRowElements = 2048;

OwningOpRef<ModuleOp> fuzz::makeRandomModule(MLIRContext &context, uint64_t seed) {
  return makeModule(context, [&](func::FuncOp func) {
    GraphBuilder builder(func, seed);
    builder.addInputs();
    // Mostly small graphs: a failure in one is easy to see.
    std::mt19937_64 random(seed);
    for (uint64_t step = 0, steps = 2 + random() % (random() % 4 ? 8 : 24); step < steps; ++step)
      builder.addStep();
    builder.finish();
  });
}

GraphBuilder::GraphBuilder(func::FuncOp func, uint64_t seed) : RandomGraph(func, seed ^ 0x9e3779b97f4a7c15) {
  realType = b.getF32Type();
  if (oneIn(6))
    realType = choose<Type>({b.getF64Type(), b.getF16Type(), b.getBF16Type()});
  auto unsignedType = [&](unsigned width) -> Type { return b.getIntegerType(width, /*isSigned=*/false); };
  integerType = b.getI64Type();
  if (oneIn(2))
    integerType = choose<Type>({b.getI32Type(), b.getI16Type(), b.getI8Type(), unsignedType(8), unsignedType(16),
                                unsignedType(32), unsignedType(64)});
  batch = oneIn(5) ? SizeExpr(between(1, 9)) : SizeExpr::dim("batch");
}

int64_t GraphBuilder::drawSize() {
  return choose<int64_t>({1, 2, 3, 4, 5, 7, 8, 9, 13, 15, 16, 17, 24, 31, 32, 33, 40, 63, 64, 65});
}

//===----------------------------------------------------------------------===//
// The pool
//===----------------------------------------------------------------------===//

Value GraphBuilder::pick(Filter fits) {
  SmallVector<Value> candidates;
  for (Value value : pool)
    if (fits(value))
      candidates.push_back(value);
  if (candidates.empty())
    return {};
  // Half of the time one of the newest, so that graphs grow deep as well as wide.
  size_t count = candidates.size();
  return oneIn(2) ? candidates[count - 1 - below(std::min<size_t>(count, 3))] : candidates[below(count)];
}

Value GraphBuilder::pickFloat(int64_t leastRank, int64_t mostRank) {
  return pick([&](Value value) { return isReal(value) && rankOf(value) >= leastRank && rankOf(value) <= mostRank; });
}

void GraphBuilder::add(Value value) {
  if (weigh(value.getType()) <= maxRowElements)
    pool.push_back(value);
}

bool GraphBuilder::hasStaticTail(Value value, int64_t first) const {
  return llvm::none_of(typeOf(value).getShape().drop_front(std::min(first, rankOf(value))), ShapedType::isDynamic);
}

int64_t GraphBuilder::weigh(Type type) {
  int64_t count = 1;
  for (int64_t size : cast<RankedTensorType>(type).getShape())
    count *= ShapedType::isDynamic(size) ? 1 : size;
  return count;
}

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

Value GraphBuilder::floats(ArrayRef<int64_t> shape, double scale, double center) {
  auto type = RankedTensorType::get(shape, realType);
  std::vector<double> values(type.getNumElements());
  for (double &value : values)
    value = center + scale * drawFloat();
  auto name = b.getStringAttr("w" + std::to_string(numConstants++));
  return rec::ConstantOp::create(b, rec::makeConstant(type, ArrayRef<double>(values), name.getValue()), name);
}

Value GraphBuilder::integerScalar(int64_t value) {
  return rec::ConstantOp::create(b, rec::makeConstant(RankedTensorType::get({}, integerType), ArrayRef<int64_t>(value)),
                                 StringAttr());
}

Value GraphBuilder::table(int64_t rows, int64_t dim) { return floats({rows, dim}); }

Value GraphBuilder::slice(Value x, int64_t dim, int64_t begin, int64_t count, int64_t step) {
  rec::Shape starts(rankOf(x), SizeExpr(0)), sizes = rec::getShape(x);
  SmallVector<int64_t> steps(rankOf(x), 1);
  starts[dim] = begin;
  sizes[dim] = count;
  steps[dim] = step;
  return rec::SliceOp::create(b, x, dims(starts), dims(sizes), steps);
}

//===----------------------------------------------------------------------===//
// The graph
//===----------------------------------------------------------------------===//

void GraphBuilder::addInputs() {
  auto tensor = [&](ArrayRef<SizeExpr> shape, Type element) { return rec::getTensorType(shape, element); };
  add(input(tensor({batch, drawSize()}, realType), "dense"));
  if (oneIn(3))
    add(input(tensor({batch, between(1, 9), drawSize()}, realType), "features"));
  if (!oneIn(3)) {
    Type element = oneIn(3) ? b.getI32Type() : b.getI64Type();
    idMatrices.push_back(input(tensor({batch, between(1, 12)}, element), "ids"));
  }
  if (oneIn(4) && !batch.isConstant()) {
    Value ids = input(tensor({SizeExpr::dim("nnz")}, b.getI64Type()), "flat_ids");
    Value offsets = input(tensor({batch}, b.getI64Type()), "offsets");
    idsAndOffsets.push_back({ids, offsets});
  }
  if (oneIn(4))
    add(input(tensor({batch, drawSize()}, integerType), "counts"));
}

void GraphBuilder::addStep() {
  struct Step {
    unsigned weight;
    bool (GraphBuilder::*run)();
  };
  static const Step steps[] = {
      {4, &GraphBuilder::addEmbedding},
      {3, &GraphBuilder::addFixedBag},
      {3, &GraphBuilder::addOffsetsBag},
      {3, &GraphBuilder::addMultiLookup},
      {8, &GraphBuilder::addLinear},
      {2, &GraphBuilder::addMatmul},
      {3, &GraphBuilder::addInteraction},
      {2, &GraphBuilder::addCrossLayer},
      {1, &GraphBuilder::addConv},
      {1, &GraphBuilder::addPoolWindow},
      {1, &GraphBuilder::addRnn},
      {8, &GraphBuilder::addUnary},
      {8, &GraphBuilder::addBinary},
      {2, &GraphBuilder::addSelect},
      {2, &GraphBuilder::addIntegerMath},
      {1, &GraphBuilder::addCast},
      {6, &GraphBuilder::addConcat},
      {4, &GraphBuilder::addSlice},
      {4, &GraphBuilder::addReshape},
      {2, &GraphBuilder::addTranspose},
      {2, &GraphBuilder::addBroadcast},
      {1, &GraphBuilder::addPad},
      {2, &GraphBuilder::addGather},
      {1, &GraphBuilder::addGatherElements},
      {1, &GraphBuilder::addScatter},
      {1, &GraphBuilder::addIota},
      {4, &GraphBuilder::addReduce},
      {1, &GraphBuilder::addArgReduce},
      {2, &GraphBuilder::addSoftmax},
      {2, &GraphBuilder::addNorm},
      {2, &GraphBuilder::addTopK},
      {1, &GraphBuilder::addCumSum},
      {3, &GraphBuilder::addActivationIdiom},
      {3, &GraphBuilder::addNormIdiom},
      {3, &GraphBuilder::addInteractionIdiom},
      {3, &GraphBuilder::addCrossIdiom},
      {4, &GraphBuilder::addStackIdiom},
      {3, &GraphBuilder::addSharedInput},
      {2, &GraphBuilder::addEinsum},
  };
  unsigned total = 0;
  for (const Step &step : steps)
    total += step.weight;
  // A step without operands gives way to another; the dense input is enough for most.
  for (int attempt = 0; attempt < 50; ++attempt) {
    int64_t ticket = below(total);
    const Step *step = steps;
    for (; ticket >= step->weight; ++step)
      ticket -= step->weight;
    startNode(numNodes);
    if ((this->*step->run)()) {
      ++numNodes;
      return;
    }
  }
}

void GraphBuilder::finish() {
  SmallVector<Value> results;
  for (Value value : pool)
    if (value.use_empty() || oneIn(10))
      results.push_back(value);
  if (results.empty())
    results.push_back(pool.back());
  while (results.size() > 6)
    results.erase(results.begin() + below(results.size()));
  // Ids of lookups may be outputs as they are.
  if (oneIn(20) && !idMatrices.empty())
    results.push_back(idMatrices.front());
  returnValues(results);
  // What only dropped results used goes, too.
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(func.getBody().front())))
    if (op.getNumResults() > 0 && op.use_empty())
      op.erase();
}
