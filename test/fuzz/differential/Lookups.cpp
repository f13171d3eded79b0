//===- Lookups.cpp - Random lookups and bags ----------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//

#include "test/fuzz/differential/GraphBuilder.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::fuzz;

Value GraphBuilder::idColumns(Value ids, int64_t begin, int64_t count) {
  return count == sizeOf(ids, 1) && begin == 0 ? ids : slice(ids, 1, begin, count);
}

rec::OutOfRange GraphBuilder::drawPolicy() {
  constexpr rec::OutOfRange others[] = {rec::OutOfRange::zero, rec::OutOfRange::clamp, rec::OutOfRange::wrap};
  return oneIn(2) ? others[below(3)] : rec::OutOfRange::error;
}

bool GraphBuilder::addEmbedding() {
  if (idMatrices.empty())
    return false;
  Value ids = idMatrices[below(idMatrices.size())];
  int64_t columns = sizeOf(ids, 1), count = oneIn(2) ? 1 : between(1, columns);
  Value some;
  if (count == 1 && oneIn(2)) // the exporters' way to one column: a gather by a scalar
    some = rec::GatherOp::create(b, ids, integers({}, {below(columns)}), 1);
  else
    some = idColumns(ids, below(columns - count + 1), count);
  add(rec::EmbeddingOp::create(b, table(between(1, 300), drawSize()), some, drawPolicy()));
  return true;
}

bool GraphBuilder::addFixedBag() {
  if (idMatrices.empty())
    return false;
  Value ids = idMatrices[below(idMatrices.size())];
  int64_t count = between(1, sizeOf(ids, 1)), rows = between(1, 300);
  Value some = idColumns(ids, below(sizeOf(ids, 1) - count + 1), count);
  auto mode = choose({rec::PoolMode::sum, rec::PoolMode::mean, rec::PoolMode::max});
  Value weights;
  if (mode == rec::PoolMode::sum && oneIn(4))
    weights = pick([&](Value value) { return isReal(value) && rec::getShape(value) == rec::getShape(some); });
  auto padding = oneIn(3) ? b.getI64IntegerAttr(below(rows)) : IntegerAttr();
  add(rec::EmbeddingBagOp::create(b, mode, table(rows, drawSize()), some, Value(), weights, padding, false,
                                  drawPolicy()));
  return true;
}

bool GraphBuilder::addOffsetsBag() {
  if (idsAndOffsets.empty())
    return false;
  auto [ids, offsets] = idsAndOffsets[below(idsAndOffsets.size())];
  int64_t rows = between(1, 300);
  auto mode = choose({rec::PoolMode::sum, rec::PoolMode::mean, rec::PoolMode::max});
  auto padding = oneIn(3) ? b.getI64IntegerAttr(below(rows)) : IntegerAttr();
  add(rec::EmbeddingBagOp::create(b, mode, table(rows, drawSize()), ids, offsets, Value(), padding, false,
                                  drawPolicy()));
  return true;
}

bool GraphBuilder::addMultiLookup() {
  if (idMatrices.empty())
    return false;
  Value ids = idMatrices[below(idMatrices.size())];
  SmallVector<Value> tables;
  SmallVector<int64_t> starts, counts, paddings;
  SmallVector<int32_t> modes;
  for (int64_t t = 0, e = between(1, 5); t < e; ++t) {
    int64_t rows = between(1, 300), count = between(1, std::min<int64_t>(sizeOf(ids, 1), 4));
    tables.push_back(t > 0 && oneIn(4) ? tables.back() : table(rows, choose<int64_t>({1, 3, 8, 16, 17, 32})));
    counts.push_back(count);
    starts.push_back(below(sizeOf(ids, 1) - count + 1));
    modes.push_back(below(3));
    paddings.push_back(oneIn(3) ? below(sizeOf(tables.back(), 0)) : -1);
  }
  add(rec::MultiLookupOp::create(b, ids, tables, starts, counts, modes, paddings, drawPolicy()));
  return true;
}
