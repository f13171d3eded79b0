//===- Lookup.cpp - Embedding lookups and bags ------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//
//
// A row of a table is read in whole vectors, accumulated in registers over a bag, and written once. Rows that come
// later are prefetched: a lookup is a cache miss on anything but a toy.
//
//===------------------------------------------------------------------------------===//

#include "lib/Codegen/Host/HostEmitter.h"
#include "lib/Codegen/Loops/Scalar.h"
#include "reckon/Runtime/KernelABI.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::host;
using namespace reckon::loops;
using rec::PoolMode;

/// Vectors kept in registers at once while a bag is summed.
static constexpr unsigned maxVectors = 8;
/// How many ids of a bag, and how many samples of a batch, a prefetch runs ahead.
static constexpr int64_t idsAhead = 8, rowsAhead = 4;

void HostEmitter::prefetchRow(const LookupTable &table, Value id) {
  Value address = rowPointer(table, id);
  for (int64_t line = 0; line < std::min<int64_t>(table.rowBytes(), 256); line += 64)
    LLVM::Prefetch::create(b, offsetPointer(address, constantIndex(line), b.getI8Type()), /*rw=*/0, /*hint=*/3,
                           /*cache=*/1);
}

/// Splits `dim` elements into vectors: full ones, then halves.
static SmallVector<std::pair<int64_t, int64_t>> splitDim(int64_t dim, int64_t lanes) {
  SmallVector<std::pair<int64_t, int64_t>> parts;
  for (int64_t begin = 0; begin < dim;) {
    while (begin + lanes > dim)
      lanes /= 2;
    parts.push_back({begin, lanes});
    begin += lanes;
  }
  return parts;
}

SmallVector<Value> HostEmitter::decodeRow(const LookupTable &table, Value row, ArrayRef<Part> parts) {
  Type stored = storageType(table.type), compute = computeType(table.type);
  Value base = rowPointer(table, row);
  if (!table.format.isPlain()) {
    auto load = [&](Type type, int64_t at) -> Value {
      Value address = offsetPointer(base, constantIndex(at), b.getI8Type());
      return LLVM::LoadOp::create(b, type, address, table.format.alignment());
    };
    auto parameter = [&](const RowParameter &parameter) -> Value {
      return arith::ExtFOp::create(b, compute, load(b.getF16Type(), parameter.offset));
    };
    Value scale = parameter(*table.format.scale()), bias = parameter(*table.format.bias());
    return llvm::map_to_vector(parts, [&](Part part) -> Value {
      auto type = VectorType::get({part.second}, compute);
      Value bytes = load(VectorType::get({part.second}, b.getI8Type()), table.format.elementsAt() + part.first);
      Value numbers = arith::UIToFPOp::create(b, type, bytes);
      Value scales = vector::BroadcastOp::create(b, type, scale), biases = vector::BroadcastOp::create(b, type, bias);
      return vector::FMAOp::create(b, numbers, scales, biases);
    });
  }
  return llvm::map_to_vector(parts, [&](Part part) -> Value {
    Value address = offsetPointer(base, constantIndex(part.first), table.type);
    Value raw = loadBits(b, VectorType::get({part.second}, stored), address);
    return stored == compute ? raw : Value(arith::ExtFOp::create(b, VectorType::get({part.second}, compute), raw));
  });
}

/// Turns the sums or maxima of a bag, and the number of rows that count behind them, into its result: the mean of them,
/// or zeros where a maximum has none.
void HostEmitter::finishBag(const LookupTable &table, PoolMode mode, SmallVectorImpl<Value> &total) {
  bool isFloat = isa<FloatType>(computeType(table.type));
  Value counted = total.pop_back_val();
  if (mode == PoolMode::mean && isFloat) {
    Value divisor = arith::MaxSIOp::create(b, counted, constantIndex(1));
    Value scale = emitCast(b, divisor, b.getI64Type(), table.type);
    for (Value &value : total)
      value = arith::DivFOp::create(b, value, vector::BroadcastOp::create(b, value.getType(), scale));
  } else if (mode == PoolMode::max) {
    Value isEmpty = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, counted, constantIndex(0));
    for (Value &value : total) {
      Value zeros = vector::BroadcastOp::create(b, value.getType(), scalarConstant(b, table.type, 0));
      value = arith::SelectOp::create(b, isEmpty, zeros, value);
    }
  }
}

void HostEmitter::emitBagRow(const LookupTable &table, const LookupBag &bag, Value out) {
  Type stored = storageType(table.type), compute = computeType(table.type);
  int64_t lanes = std::max<int64_t>(1, target.vectorBits / compute.getIntOrFloatBitWidth());
  bool isFloat = isa<FloatType>(compute);
  auto parts = splitDim(table.dim, lanes);
  auto vectorOf = [&](Type type, int64_t width) { return VectorType::get({width}, type); };
  auto splat = [&](double value, int64_t width) -> Value {
    return vector::BroadcastOp::create(b, vectorOf(compute, width), scalarConstant(b, table.type, value));
  };
  auto storePart = [&](Value value, std::pair<int64_t, int64_t> part) {
    if (stored != compute)
      value = arith::TruncFOp::create(b, vectorOf(stored, part.second), value);
    storeBits(b, value, offsetPointer(out, constantIndex(part.first), table.type));
  };

  for (size_t first = 0; first < parts.size(); first += maxVectors) {
    auto group = ArrayRef(parts).slice(first, std::min<size_t>(maxVectors, parts.size() - first));
    // The row of entry i, or zeros when its id is bad; only the first group reports.
    auto readRow = [&](Value i, Value id) {
      auto [use, good] = tableRow(table, id);
      return ifElse(
          good, [&, use = use] { return decodeRow(table, use, group); },
          [&] {
            if (rec::failsOutside(table.policy) && first == 0)
              report(RECKON_KERNEL_ID_OUT_OF_RANGE, table.operand, bag.position(i), id);
            return llvm::map_to_vector(group, [&](auto part) { return splat(0, part.second); });
          });
    };
    if (bag.isSingle && !bag.padding) {
      Value zero = constantIndex(0);
      for (auto [value, part] : llvm::zip(readRow(zero, bag.id(zero)), group))
        storePart(value, part);
      continue;
    }

    bool isMax = bag.mode == PoolMode::max;
    SmallVector<Value> start = llvm::map_to_vector(group, [&](auto part) -> Value {
      if (!isMax)
        return splat(0, part.second);
      return vector::BroadcastOp::create(b, vectorOf(compute, part.second),
                                         reduceIdentity(b, rec::ReduceKind::max, table.type));
    });
    start.push_back(constantIndex(0)); // how many rows count
    Value count = bag.count;
    SmallVector<Value> total = reduceLoop(constantIndex(0), count, start, [&](Value i, ValueRange values) {
      SmallVector<Value> current(values);
      if (first == 0) {
        Value ahead = add(i, constantIndex(idsAhead));
        Value inside = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, ahead, count);
        ifThen(inside, [&] { prefetchRow(table, bag.id(ahead)); });
      }
      Value id = bag.id(i);
      auto accumulate = [&] {
        SmallVector<Value> next = readRow(i, id);
        Value weight = bag.weight ? bag.weight(i) : Value();
        for (auto [d, value] : llvm::enumerate(next)) {
          Value sofar = current[d];
          if (weight)
            value = arith::MulFOp::create(b, value, vector::BroadcastOp::create(b, value.getType(), weight));
          if (isMax)
            value = isFloat ? Value(arith::MaximumFOp::create(b, sofar, value))
                            : emitBinary(b, rec::BinaryKind::max, sofar, value, table.type);
          else
            value =
                isFloat ? Value(arith::AddFOp::create(b, sofar, value)) : Value(arith::AddIOp::create(b, sofar, value));
        }
        next.push_back(add(current.back(), constantIndex(1)));
        return next;
      };
      if (!bag.padding)
        return accumulate();
      Value counts = arith::CmpIOp::create(b, arith::CmpIPredicate::ne, id, constantIndex(*bag.padding));
      return ifElse(counts, accumulate, [&] { return current; });
    });
    finishBag(table, bag.mode, total);
    for (auto [value, part] : llvm::zip(total, group))
      storePart(value, part);
  }
}

void HostEmitter::beforeMultiLookup(rec::MultiLookupOp op, ArrayRef<LookupTable> tables, Value r, IdAt idAt) {
  if (!row)
    return;
  Value ahead = add(r, constantIndex(rowsAhead));
  Value inside = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, ahead, rowEnd);
  ifThen(inside, [&] {
    for (auto [table, start] : llvm::zip(tables, op.getStarts()))
      prefetchRow(table, idAt(ahead, constantIndex(start)));
  });
}
