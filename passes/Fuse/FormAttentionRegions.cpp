//===- FormAttentionRegions.cpp - Attention over many keys ---------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "passes/Fuse/Passes.h"
#include "passes/Fuse/RegionBuilder.h"

#include "dialects/Rec/ConstantData.h"
#include "dialects/Rec/Shape.h"
#include "lib/Tiling/Attention.h"

#include "mlir/Analysis/TopologicalSortUtils.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Remarks.h"
#include "llvm/ADT/SetVector.h"

namespace reckon::fuse {
#define GEN_PASS_DEF_FORMATTENTIONREGIONS
#include "passes/Fuse/Passes.h.inc"
} // namespace reckon::fuse

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;
using tiling::Attention;

//===----------------------------------------------------------------------===//
// Constants of places
//===----------------------------------------------------------------------===//

/// The numbers that a constant counts along one axis, as a layer; null when it does something else.
static Value countLike(OpBuilder &builder, ConstantOp constant) {
  std::optional<tiling::Places> places = tiling::getPlaces(constant);
  if (!places)
    return nullptr;
  std::optional<int64_t> axis;
  for (auto [d, step] : llvm::enumerate(places->steps))
    if (step != 0) {
      if (axis)
        return nullptr;
      axis = d;
    }
  if (!axis)
    return nullptr;
  return IotaOp::create(builder, constant.getLoc(), constant.getType(), *axis, APFloat(double(places->offset)),
                        APFloat(double(places->steps[*axis])));
}

/// The values of a constant of two, where they change from one column to the next: at most once in a row, and one
/// column later in the next row.
struct Band {
  int64_t offset;         ///< the first values are up to column row + offset
  unsigned first, second; ///< the indices of an element of each
};

static std::optional<Band> findBand(ArrayRef<char> bytes, int64_t rows, int64_t columns) {
  int64_t size = bytes.size() / (rows * columns);
  auto isLike = [&](int64_t i, int64_t j) { return bytes.slice(i * size, size) == bytes.slice(j * size, size); };
  // The first change that there is says which band it is, if it is one.
  std::optional<Band> band;
  for (int64_t r = 0; r < rows && !band; ++r)
    for (int64_t c = 1; c < columns && !band; ++c)
      if (!isLike(r * columns + c - 1, r * columns + c))
        band = Band{c - 1 - r, static_cast<unsigned>(r * columns + c - 1), static_cast<unsigned>(r * columns + c)};
  if (!band)
    return std::nullopt;
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < columns; ++c)
      if (!isLike(r * columns + c, c <= r + band->offset ? band->first : band->second))
        return std::nullopt;
  return band;
}

/// A constant matrix with one value up to a diagonal and another behind it, as a comparison of places.
static Value bandLike(OpBuilder &builder, ConstantOp constant) {
  RankedTensorType type = constant.getType();
  int64_t rank = type.getRank();
  if (rank < 2 || type.getNumElements() == 0 ||
      type.getNumElements() != type.getDimSize(rank - 1) * type.getDimSize(rank - 2))
    return nullptr;
  int64_t rows = type.getDimSize(rank - 2), columns = type.getDimSize(rank - 1);
  std::optional<ConstantBytes> bytes = getConstantBytes(constant.getValue());
  std::optional<Band> band = bytes ? findBand(bytes->get(), rows, columns) : std::nullopt;
  if (!band)
    return nullptr;
  Location loc = constant.getLoc();
  Type i64 = builder.getI64Type();
  SmallVector<int64_t> rowShape(rank, 1), columnShape(rank, 1);
  rowShape[rank - 2] = rows;
  columnShape[rank - 1] = columns;
  auto count = [&](ArrayRef<int64_t> shape, int64_t axis, int64_t start) -> Value {
    return IotaOp::create(builder, loc, RankedTensorType::get(shape, i64), axis, APFloat(double(start)), APFloat(1.0));
  };
  Value row = count(rowShape, rank - 2, band->offset), column = count(columnShape, rank - 1, 0);
  Value isFirst = CompareOp::create(builder, loc, RankedTensorType::get(type.getShape(), builder.getI1Type()),
                                    CompareKind::le, column, row);
  std::vector<double> values = *getConstantDoubles(constant.getValue());
  auto scalar = [&](double value) -> Value {
    auto scalarType = RankedTensorType::get({}, type.getElementType());
    return ConstantOp::create(builder, loc, scalarType, makeConstant(scalarType, ArrayRef<double>(value)),
                              StringAttr());
  };
  return SelectOp::create(builder, loc, type, isFirst, scalar(values[band->first]), scalar(values[band->second]));
}

//===----------------------------------------------------------------------===//
// Regions
//===----------------------------------------------------------------------===//

namespace {
/// The layers of a region in the making.
class AttentionRegion {
public:
  explicit AttentionRegion(const Attention &attention) : attention(attention) {
    ops.insert(attention.layers.begin(), attention.layers.end());
    ops.insert(attention.mix);
  }

  /// Adds what only this region reads, from the operands on: strides of the products' operands, and masks.
  void addProducers();
  /// Adds the strides of the result.
  void addViews();
  void separateMasks();
  SmallVector<Operation *> inOrder() const;

private:
  bool isOnlyReadHere(Operation *op) const {
    return llvm::all_of(op->getUsers(), [&](Operation *user) { return ops.contains(user); });
  }
  bool isMask(Operation *op) const;
  void writeOut(OpOperand &operand);

  Attention attention;
  llvm::SetVector<Operation *> ops;
  llvm::SmallDenseSet<Operation *> masks;     ///< of `ops`, those that only scores need
  llvm::DenseMap<Operation *, Value> written; ///< what stands for a constant; null: nothing does
};
} // namespace

/// Whether the elements are best computed where a score is: there are as many as scores of a matrix, or they are
/// places.
bool AttentionRegion::isMask(Operation *op) const {
  if (isa<IotaOp>(op))
    return true;
  if (!op->hasTrait<Pointwise>() && !isa<BroadcastOp, ReshapeOp, TransposeOp>(op))
    return false;
  Shape scores = getShape(MatmulOp(attention.scores).getResult()), shape = getShape(op->getResult(0));
  bool isMatrix =
      shape.size() >= 2 && shape.back() == scores.back() && shape[shape.size() - 2] == scores[scores.size() - 2];
  if (isMatrix)
    return true;
  // What compares places with a length is computed again, so that the kernel knows the length.
  if (auto compare = dyn_cast<CompareOp>(op)) {
    auto counts = [](Value value) {
      std::optional<tiling::Places> places = tiling::getPlaces(value);
      return places && llvm::any_of(places->steps, [](int64_t step) { return step != 0; });
    };
    if (counts(compare.getA()) || counts(compare.getB()))
      return true;
  }
  // Places of rows, and of columns, which are compared.
  return llvm::all_of(op->getOperands(), [&](Value operand) {
    Operation *def = operand.getDefiningOp();
    return def && (isa<ConstantOp>(def) || isMask(def));
  });
}

/// A constant of places as layers.
void AttentionRegion::writeOut(OpOperand &operand) {
  auto constant = operand.get().getDefiningOp<ConstantOp>();
  if (!constant || constant.getType().getNumElements() < 2)
    return;
  auto [it, isNew] = written.try_emplace(constant);
  if (isNew) {
    OpBuilder builder(constant->getContext());
    builder.setInsertionPointAfter(constant);
    it->second = countLike(builder, constant);
    if (!it->second)
      it->second = bandLike(builder, constant);
  }
  if (it->second)
    operand.set(it->second);
}

void AttentionRegion::addProducers() {
  Operation *scores = attention.scores, *mix = attention.mix;
  // Operands of products are read in place; a broadcast is a product's own affair.
  SmallVector<Operation *> sides{scores, mix};
  auto isStrides = [](Operation *op) { return isa<ReshapeOp, TransposeOp, SliceOp>(op); };
  auto isSide = [&](Operation *op) { return llvm::is_contained(sides, op); };
  bool changed = true;
  while (changed) {
    changed = false;
    for (Operation *op : llvm::to_vector(ops.getArrayRef()))
      for (OpOperand &operand : op->getOpOperands()) {
        if (!isSide(op))
          writeOut(operand);
        Operation *def = operand.get().getDefiningOp();
        if (!def || ops.contains(def) || isa<ConstantOp>(def) || def->getNumResults() != 1 || !isOnlyReadHere(def))
          continue;
        if (isSide(op) ? !isStrides(def) : !isMask(def))
          continue;
        ops.insert(def);
        if (isSide(op))
          sides.push_back(def);
        else
          masks.insert(def);
        changed = true;
      }
  }
}

void AttentionRegion::addViews() {
  Operation *last = attention.mix;
  while (last->hasOneUse() && isa<ReshapeOp, TransposeOp>(*last->user_begin())) {
    last = *last->user_begin();
    ops.insert(last);
  }
}

SmallVector<Operation *> AttentionRegion::inOrder() const {
  SmallVector<Operation *> result(ops.begin(), ops.end());
  llvm::sort(result, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  return result;
}

/// The most copies of layers of masks.
static constexpr unsigned mostCopies = 64;

/// Gives each reader of a mask one of its own: what a layer says of keys in one place, and of queries in another, can
/// then be told apart. They are computed for every score in any case.
void AttentionRegion::separateMasks() {
  unsigned copies = 0;
  // Readers before what they read.
  SmallVector<Operation *> order = inOrder();
  for (Operation *op : llvm::reverse(order)) {
    if (!masks.contains(op))
      continue;
    for (OpOperand &use : llvm::make_early_inc_range(llvm::drop_begin(op->getUses()))) {
      if (copies++ == mostCopies)
        return;
      Operation *copy = OpBuilder(op).clone(*op);
      ops.insert(copy);
      use.set(copy->getResult(0));
    }
  }
}

namespace {
struct FormAttentionRegions : fuse::impl::FormAttentionRegionsBase<FormAttentionRegions> {
  void runOnOperation() override {
    Block *block = fuse::getModelBlock(getOperation());
    if (!block)
      return getOperation().isExternal() ? void() : signalPassFailure();
    SmallVector<MatmulOp> products(block->getOps<MatmulOp>());
    for (MatmulOp mix : products) {
      std::optional<Attention> attention = Attention::match(mix);
      if (!attention)
        continue;
      if (!tiling::isFasterInTiles(*attention)) {
        remark::missed(mix.getLoc(), remark::RemarkOpts::name("not-tiled").category(getArgument()))
            << remark::reason("attention in no kernel of its own: it has few keys or queries");
        continue;
      }
      AttentionRegion region(*attention);
      region.addProducers();
      region.addViews();
      region.separateMasks();
      fuse::formRegion(region.inOrder(), rec::RegionKind::whole);
      ++numRegions;
    }
    sortTopologically(block);
  }
};
} // namespace
