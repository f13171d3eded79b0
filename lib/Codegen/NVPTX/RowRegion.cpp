//===- RowRegion.cpp - What a region of lookups reads and writes -----------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#include "lib/Codegen/NVPTX/RowRegion.h"
#include "dialects/Rec/Shape.h"
#include "dialects/Rec/TableRows.h"

#include "mlir/IR/SymbolTable.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::nvptx;
using namespace reckon::rec;

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

static int64_t bytesOf(Type elementType) {
  return elementType.isInteger(1) ? 1 : elementType.getIntOrFloatBitWidth() / 8;
}

unsigned nvptx::getBaseAlignment(plan::KernelOp kernel, unsigned operand) {
  unsigned elementBytes = bytesOf(kernel.getOperandType(operand).getElementType()), alignment = 256;
  bool isUsed = false;
  auto module = kernel->getParentOfType<ModuleOp>();
  module.walk([&](plan::DispatchOp dispatch) {
    if (dispatch.getKernel() != kernel.getSymName())
      return;
    isUsed = true;
    Value buffer = dispatch.getOperands()[operand];
    int64_t offset = 0;
    if (auto slice = buffer.getDefiningOp<plan::SliceOp>()) {
      SmallVector<SizeExpr> sizes = slice.getSource().getType().getSizes();
      int64_t inner = elementBytes;
      for (const SizeExpr &size : ArrayRef(sizes).drop_front(slice.getAxis() + 1))
        inner *= size.constant().value_or(1);
      offset = slice.getOffset() * inner;
      buffer = slice.getSource();
    }
    // A caller's device address is aligned to its element alone.
    Operation *def = buffer.getDefiningOp();
    while (auto view = dyn_cast_if_present<plan::ViewOp>(def))
      def = view.getSource().getDefiningOp();
    unsigned base = isa_and_present<plan::AllocOp, plan::WeightOp, plan::TableOp>(def) ? 256 : elementBytes;
    alignment = std::min<unsigned>(alignment, offset == 0 ? base : llvm::MinAlign(base, offset));
  });
  return isUsed ? alignment : elementBytes;
}

std::optional<int64_t> nvptx::getRowStride(plan::KernelOp kernel, unsigned operand) {
  plan::StridedMap map = kernel.getMap(operand);
  if (map.getRank() == 0)
    return std::nullopt;
  std::optional<plan::StridedAxis> row = map.merge(1, map.getRank());
  bool isDense = row && row->size.isConstant() && row->stride == SizeExpr(1);
  return isDense ? map.axes[0].stride.constant() : std::nullopt;
}

unsigned nvptx::getRowAlignment(plan::KernelOp kernel, unsigned operand, int64_t column, unsigned base) {
  int64_t bytes = bytesOf(kernel.getOperandType(operand).getElementType());
  uint64_t alignment = llvm::MinAlign(std::min(16u, base), getRowStride(kernel, operand).value_or(1) * bytes);
  return column == 0 ? alignment : llvm::MinAlign(alignment, column * bytes);
}

unsigned nvptx::getRowAlignment(plan::KernelOp kernel, unsigned operand, int64_t column) {
  return getRowAlignment(kernel, operand, column, getBaseAlignment(kernel, operand));
}

//===----------------------------------------------------------------------===//
// Pieces
//===----------------------------------------------------------------------===//

namespace {
class Reader {
public:
  explicit Reader(plan::KernelOp kernel) : kernel(kernel) {}
  std::optional<RowRegion> read();

private:
  using Pieces = SmallVector<RowPiece>;
  std::optional<Pieces> piecesOf(Value value);
  std::optional<Pieces> inputPiece(BlockArgument argument);
  std::optional<Pieces> lookupPieces(MultiLookupOp op);
  std::optional<Pieces> bagPiece(EmbeddingBagOp op);
  std::optional<Pieces> rowPiece(EmbeddingOp op);
  bool setTable(RowPiece &piece, Value table, rec::OutOfRange policy);
  bool setIds(RowPiece &piece, Value ids);
  bool addOutput(Value value, unsigned operand, int64_t column = 0);
  bool addScalar(Value value);
  RowPiece &add(const RowPiece &piece);

  plan::KernelOp kernel;
  RowRegion region;
};
} // namespace

static bool isFloat(Type type) { return type.isF32() || type.isF16() || type.isBF16(); }

/// Columns of a row: the product of all sizes but the first.
static std::optional<int64_t> columnsOf(Value value) {
  Shape shape = getShape(value);
  if (shape.empty())
    return std::nullopt;
  return getNumElements(ArrayRef(shape).drop_front()).constant();
}

bool Reader::setTable(RowPiece &piece, Value table, rec::OutOfRange policy) {
  auto argument = dyn_cast<BlockArgument>(table);
  if (!argument)
    return false;
  piece.isLookup = true;
  piece.operand = argument.getArgNumber();
  Type stored = cast<RankedTensorType>(table.getType()).getElementType();
  piece.elementType = getDecodedType(stored);
  piece.format = *getRowFormat(stored);
  auto columns = getShape(table)[1].constant();
  int64_t rowsDim = kernel.getLayout(piece.operand).getRowsDim();
  if (!columns || *columns == 0 || rowsDim < 0 || !isFloat(piece.elementType) ||
      getRowStride(kernel, piece.operand) != columns)
    return false;
  piece.columns = *columns;
  piece.rowsDim = rowsDim;
  piece.policy = policy;
  return true;
}

bool Reader::setIds(RowPiece &piece, Value ids) {
  auto argument = dyn_cast<BlockArgument>(ids);
  if (!argument)
    return false;
  auto type = cast<RankedTensorType>(ids.getType());
  piece.ids = argument.getArgNumber();
  piece.wideIds = type.getElementType().isInteger(64);
  piece.numIds = getNumElements(getShape(ids));
  if (type.getElementType().isUnsignedInteger() || !(piece.wideIds || type.getElementType().isInteger(32)))
    return false;
  auto stride = getRowStride(kernel, piece.ids);
  if (!stride)
    return false;
  piece.idStride = *stride;
  return true;
}

std::optional<Reader::Pieces> Reader::lookupPieces(MultiLookupOp op) {
  Pieces pieces;
  for (auto [t, table] : llvm::enumerate(op.getTables())) {
    RowPiece piece;
    if (!setTable(piece, table, op.getOutOfRange()) || !setIds(piece, op.getIds()))
      return std::nullopt;
    piece.idColumn = op.getStarts()[t];
    piece.count = op.getCounts()[t];
    piece.mode = op.getMode(t);
    if (op.getPaddingIds()[t] >= 0)
      piece.padding = op.getPaddingIds()[t];
    pieces.push_back(piece);
  }
  return pieces;
}

std::optional<Reader::Pieces> Reader::bagPiece(EmbeddingBagOp op) {
  RowPiece piece;
  if (!setTable(piece, op.getTable(), op.getOutOfRange()) || !setIds(piece, op.getIds()))
    return std::nullopt;
  piece.mode = op.getMode();
  if (auto padding = op.getPaddingId())
    piece.padding = *padding;
  auto operandOf = [&](Value value) -> std::optional<unsigned> {
    auto argument = dyn_cast<BlockArgument>(value);
    return argument ? std::optional(argument.getArgNumber()) : std::nullopt;
  };
  if (Value weights = op.getWeights()) {
    piece.weights = operandOf(weights);
    auto stride = piece.weights ? getRowStride(kernel, *piece.weights) : std::nullopt;
    if (!stride)
      return std::nullopt;
    piece.weightStride = *stride;
  }
  if (Value offsets = op.getOffsets()) {
    piece.offsets = operandOf(offsets);
    piece.includeLastOffset = op.getIncludeLastOffset();
    // The number of ids comes from the caller: a constant or one of the dimensions the kernel is told.
    std::optional<std::string> dim = piece.numIds.asDim();
    bool isKnown = piece.numIds.isConstant() ||
                   (dim && llvm::is_contained(kernel.getDims().getAsValueRange<StringAttr>(), StringRef(*dim)));
    if (!isKnown || !piece.offsets || piece.idStride != 1 || (piece.weights && piece.weightStride != 1) ||
        getRowStride(kernel, *piece.offsets) != 1)
      return std::nullopt;
  } else {
    auto count = getShape(op.getIds())[1].constant();
    if (!count)
      return std::nullopt;
    piece.count = *count;
  }
  return Pieces{piece};
}

std::optional<Reader::Pieces> Reader::rowPiece(EmbeddingOp op) {
  RowPiece piece;
  if (!setTable(piece, op.getTable(), op.getOutOfRange()) || !setIds(piece, op.getIds()))
    return std::nullopt;
  auto perRow = columnsOf(op.getIds());
  if (!perRow || *perRow > 64)
    return std::nullopt;
  Pieces pieces;
  for (int64_t i = 0; i < *perRow; ++i) {
    piece.idColumn = i;
    pieces.push_back(piece);
  }
  return pieces;
}

std::optional<Reader::Pieces> Reader::inputPiece(BlockArgument argument) {
  RowPiece piece;
  piece.operand = argument.getArgNumber();
  piece.elementType = cast<RankedTensorType>(argument.getType()).getElementType();
  auto stride = getRowStride(kernel, piece.operand);
  auto columns = columnsOf(argument);
  if (!kernel.getLayout(piece.operand).getRow() || !stride || !columns || *columns == 0 || !isFloat(piece.elementType))
    return std::nullopt;
  piece.inputType = piece.elementType;
  piece.rowStride = *stride;
  piece.columns = *columns;
  return Pieces{piece};
}

std::optional<Reader::Pieces> Reader::piecesOf(Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value))
    return inputPiece(argument);
  Operation *op = value.getDefiningOp();
  if (auto lookup = dyn_cast<MultiLookupOp>(op))
    return lookupPieces(lookup);
  if (auto bag = dyn_cast<EmbeddingBagOp>(op))
    return bagPiece(bag);
  if (auto row = dyn_cast<EmbeddingOp>(op))
    return rowPiece(row);
  if (auto reshape = dyn_cast<ReshapeOp>(op)) {
    if (columnsOf(value) != columnsOf(reshape.getX()) || getShape(value)[0] != getShape(reshape.getX())[0])
      return std::nullopt;
    return piecesOf(reshape.getX());
  }
  if (auto cast = dyn_cast<CastOp>(op)) {
    auto argument = dyn_cast<BlockArgument>(cast.getX());
    auto pieces = argument ? inputPiece(argument) : std::nullopt;
    Type type = mlir::cast<RankedTensorType>(cast.getType()).getElementType();
    if (!pieces || !isFloat(type))
      return std::nullopt;
    pieces->front().elementType = type;
    return pieces;
  }
  auto concat = dyn_cast<ConcatOp>(op);
  if (!concat)
    return std::nullopt;
  // Rows lie side by side when nothing but sizes of one comes between the rows and the axis.
  Shape shape = getShape(value);
  if (concat.getAxis() == 0 ||
      llvm::any_of(ArrayRef(shape).slice(1, concat.getAxis() - 1), [](const SizeExpr &size) { return size != 1; }))
    return std::nullopt;
  Pieces all;
  for (Value input : concat.getInputs()) {
    auto pieces = piecesOf(input);
    if (!pieces)
      return std::nullopt;
    all.append(*pieces);
  }
  return all;
}

//===----------------------------------------------------------------------===//
// Outputs
//===----------------------------------------------------------------------===//

/// The piece in the region's list: a lookup that several outputs share is there once.
RowPiece &Reader::add(const RowPiece &piece) {
  for (RowPiece &known : region.pieces)
    if (known.isLookup && piece.isLookup && known.operand == piece.operand && known.ids == piece.ids &&
        known.idColumn == piece.idColumn && known.count == piece.count && known.mode == piece.mode &&
        known.padding == piece.padding && known.offsets == piece.offsets && known.weights == piece.weights &&
        known.policy == piece.policy)
      return known;
  region.pieces.push_back(piece);
  return region.pieces.back();
}

/// The value before casts between floats: sums are computed in f32, whatever their terms are stored in.
static Value withoutCasts(Value value) {
  for (auto cast = value.getDefiningOp<CastOp>(); cast; cast = value.getDefiningOp<CastOp>()) {
    if (!isFloat(mlir::cast<RankedTensorType>(cast.getType()).getElementType()) ||
        !isFloat(mlir::cast<RankedTensorType>(cast.getX().getType()).getElementType()))
      break;
    value = cast.getX();
  }
  return value;
}

/// A sum of FM terms and of sums over columns, all of one column.
bool Reader::addScalar(Value value) {
  value = withoutCasts(value);
  Operation *op = value.getDefiningOp();
  if (auto binary = dyn_cast_if_present<BinaryOp>(op)) {
    if (binary.getKind() != BinaryKind::add || columnsOf(binary.getA()) != 1 || columnsOf(binary.getB()) != 1 ||
        getShape(binary.getA()) != getShape(value) || getShape(binary.getB()) != getShape(value))
      return false;
    return addScalar(binary.getA()) && addScalar(binary.getB());
  }
  if (auto term = dyn_cast_if_present<FmTermOp>(op)) {
    auto dim = getShape(term.getX())[2].constant();
    auto pieces = piecesOf(term.getX());
    if (region.hasFm || !term.getSumDim() || !dim || !pieces)
      return false;
    for (const RowPiece &piece : *pieces) {
      if (!piece.isLookup || piece.columns != *dim)
        return false;
      RowPiece &known = add(piece);
      if (known.inFm)
        return false;
      known.inFm = true;
    }
    region.hasFm = true;
    return true;
  }
  auto reduce = dyn_cast_if_present<ReduceOp>(op);
  if (!reduce || reduce.getKind() != ReduceKind::sum || reduce.getAxes() != ArrayRef<int64_t>{1} ||
      getShape(reduce.getX()).size() != 2)
    return false;
  auto pieces = piecesOf(withoutCasts(reduce.getX()));
  if (!pieces)
    return false;
  for (const RowPiece &piece : *pieces) {
    if (!piece.isLookup || piece.columns != 1)
      return false;
    RowPiece &known = add(piece);
    if (known.inSum)
      return false;
    known.inSum = true;
  }
  return true;
}

bool Reader::addOutput(Value value, unsigned operand, int64_t column) {
  if (auto dots = value.getDefiningOp<DotInteractionOp>()) {
    auto features = piecesOf(dots.getX());
    Shape shape = getShape(dots.getX());
    auto dim = shape[2].constant();
    if (region.interaction || !features || !dim || *dim == 0)
      return false;
    // An input may hold several features side by side.
    Pieces split;
    for (const RowPiece &piece : *features)
      for (int64_t begin = 0; begin < piece.columns; begin += piece.isLookup ? piece.columns : *dim) {
        split.push_back(piece);
        if (piece.isLookup)
          continue;
        split.back().column += begin;
        split.back().columns = std::min(*dim, piece.columns - begin);
      }
    features = split;
    if (int64_t(features->size()) != shape[1].constant().value_or(-1))
      return false;
    if (llvm::any_of(*features, [&](const RowPiece &piece) { return piece.columns != *dim; }))
      return false;
    region.interaction = Interaction{*features, *dim, dots.getTriangle() == Triangle::lower, dots.getSelfInteraction(),
                                     PieceTarget{operand, column}};
    return true;
  }
  auto outputType = kernel.getOperandType(operand).getElementType();
  if (auto pieces = piecesOf(value)) {
    for (const RowPiece &piece : *pieces) {
      if (piece.elementType != outputType)
        return false;
      add(piece).targets.push_back({operand, column});
      column += piece.columns;
    }
    return true;
  }
  if (region.scalarOutput || columnsOf(value) != 1 || !isFloat(outputType) || !addScalar(value))
    return false;
  region.scalarOutput = operand;
  return true;
}

std::optional<RowRegion> Reader::read() {
  if (kernel.getKind() != rec::RegionKind::rows && kernel.getKind() != rec::RegionKind::lookup)
    return std::nullopt;
  Operation *yield = kernel.getBody().front().getTerminator();
  for (auto [i, value] : llvm::enumerate(yield->getOperands())) {
    unsigned operand = kernel.getNumInputs() + i;
    if (!getRowStride(kernel, operand) || !addOutput(value, operand))
      return std::nullopt;
    region.rows = getShape(value)[0];
  }
  return region;
}

std::optional<RowRegion> nvptx::analyzeRowRegion(plan::KernelOp kernel) { return Reader(kernel).read(); }
