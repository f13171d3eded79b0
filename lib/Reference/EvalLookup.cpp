//===- EvalLookup.cpp - Embedding lookups and bags ----------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//

#include "lib/Reference/Eval.h"

#include <cmath>

namespace reckon::reference {

namespace {
/// The rows of one table under a policy for ids outside it.
struct Rows {
  const Tensor &table;
  rec::OutOfRange policy;

  int64_t dim() const { return table.size(1); }

  /// The row an id names, -1 for a row of zeros; an error is left in `c`.
  FailureOr<int64_t> find(int64_t id, int64_t position, Context &c) const {
    int64_t rows = table.size(0);
    if (id >= 0 && id < rows)
      return id;
    switch (policy) {
    case rec::OutOfRange::wrap:
      if (id < 0 && id >= -rows)
        return id + rows;
      break;
    case rec::OutOfRange::zero:
      return -1;
    case rec::OutOfRange::clamp:
      return rows == 0 ? -1 : id < 0 ? 0 : rows - 1;
    case rec::OutOfRange::error:
      break;
    }
    c.error = "table '" + table.name + "': id " + std::to_string(id) + " at position " + std::to_string(position) +
              " is outside [" + std::to_string(policy == rec::OutOfRange::wrap ? -rows : 0) + ", " +
              std::to_string(rows) + ")";
    return failure();
  }
  double at(int64_t row, int64_t column) const { return row < 0 ? 0 : table.asDouble(row * dim() + column); }
};

/// The rows of a bag with their weights.
struct Bag {
  llvm::SmallVector<int64_t> rows;
  llvm::SmallVector<double> weights;

  double pool(rec::PoolMode mode, const Rows &from, int64_t column) const {
    if (rows.empty())
      return 0;
    double value = mode == rec::PoolMode::max ? from.at(rows[0], column) : 0;
    for (size_t i = 0; i < rows.size(); ++i) {
      double element = from.at(rows[i], column);
      value = mode == rec::PoolMode::max ? maxFloat(value, element) : value + weights[i] * element;
    }
    return mode == rec::PoolMode::mean ? value / rows.size() : value;
  }
};
} // namespace

static void store(Tensor &result, int64_t i, double value) {
  if (result.isFloat())
    result.floatData()[i] = value;
  else
    result.intData()[i] = truncateTo(result.kind(), value);
}

LogicalResult eval(rec::EmbeddingOp op, Context &c) {
  Rows rows{*c.in(op).getTable(), op.getOutOfRange()};
  const Tensor &ids = *c.in(op).getIds();
  Sizes shape(ids.shape());
  shape.push_back(rows.dim());
  Tensor result(rows.table.kind(), shape);
  for (int64_t i = 0, e = ids.numElements(); i < e; ++i) {
    FailureOr<int64_t> row = rows.find(ids.intAt(i), i, c);
    if (failed(row))
      return failure();
    for (int64_t d = 0; d < rows.dim(); ++d)
      store(result, i * rows.dim() + d, rows.at(*row, d));
  }
  return c.give(result);
}

/// Where each bag of the offsets form begins and ends.
static FailureOr<llvm::SmallVector<std::pair<int64_t, int64_t>>> getBags(const Tensor &offsets, int64_t numIds,
                                                                         bool includeLast, Context &c) {
  llvm::SmallVector<std::pair<int64_t, int64_t>> bags;
  int64_t entries = offsets.numElements();
  for (int64_t b = 0; b < entries; ++b) {
    int64_t begin = offsets.intAt(b);
    int64_t end = b + 1 < entries ? offsets.intAt(b + 1) : numIds;
    if (begin < 0 || begin > numIds || end < begin) {
      c.error = "offsets '" + offsets.name + "': entry " + std::to_string(b) + " is " + std::to_string(begin) +
                " and the next " + std::to_string(end) + "; offsets must not decrease nor leave [0, " +
                std::to_string(numIds) + "]";
      return failure();
    }
    if (!includeLast || b + 1 < entries)
      bags.push_back({begin, end});
  }
  return bags;
}

LogicalResult eval(rec::EmbeddingBagOp op, Context &c) {
  auto in = c.in(op);
  Rows rows{*in.getTable(), op.getOutOfRange()};
  const Tensor &ids = *in.getIds();
  llvm::SmallVector<std::pair<int64_t, int64_t>> bags;
  if (const Tensor *offsets = in.getOffsets()) {
    auto found = getBags(*offsets, ids.numElements(), op.getIncludeLastOffset(), c);
    if (failed(found))
      return failure();
    bags = *found;
  } else {
    for (int64_t b = 0; b < ids.size(0); ++b)
      bags.push_back({b * ids.size(1), (b + 1) * ids.size(1)});
  }
  const Tensor *weights = in.getWeights();
  if (weights && weights->shape() != ids.shape())
    return c.fail("weights of shape " + printShape(weights->shape()) + " for ids of shape " + printShape(ids.shape()));

  Tensor result(rows.table.kind(), {static_cast<int64_t>(bags.size()), rows.dim()});
  for (auto [b, extent] : llvm::enumerate(bags)) {
    Bag bag;
    for (int64_t i = extent.first; i < extent.second; ++i) {
      int64_t id = ids.intAt(i);
      if (op.getPaddingId() && id == static_cast<int64_t>(*op.getPaddingId()))
        continue;
      FailureOr<int64_t> row = rows.find(id, i, c);
      if (failed(row))
        return failure();
      bag.rows.push_back(*row);
      bag.weights.push_back(weights ? weights->floatAt(i) : 1);
    }
    for (int64_t d = 0; d < rows.dim(); ++d)
      store(result, b * rows.dim() + d, bag.pool(op.getMode(), rows, d));
  }
  return c.give(result);
}

LogicalResult eval(rec::MultiLookupOp op, Context &c) {
  auto in = c.in(op);
  const Tensor &ids = *in.getIds();
  llvm::ArrayRef<const Tensor *> tables = in.getTables();
  int64_t width = 0;
  for (const Tensor *table : tables)
    width += table->size(1);
  Tensor result(c.kind(), {ids.size(0), width});
  for (int64_t b = 0; b < ids.size(0); ++b) {
    int64_t column = b * width;
    for (auto [t, table] : llvm::enumerate(tables)) {
      Rows rows{*table, op.getOutOfRange()};
      int64_t padding = op.getPaddingIds()[t];
      Bag bag;
      for (int64_t k = 0; k < op.getCounts()[t]; ++k) {
        int64_t position = b * ids.size(1) + op.getStarts()[t] + k;
        int64_t id = ids.intAt(position);
        if (padding >= 0 && id == padding)
          continue;
        FailureOr<int64_t> row = rows.find(id, position, c);
        if (failed(row))
          return failure();
        bag.rows.push_back(*row);
        bag.weights.push_back(1);
      }
      for (int64_t d = 0; d < rows.dim(); ++d)
        store(result, column++, bag.pool(op.getMode(t), rows, d));
    }
  }
  return c.give(result);
}

} // namespace reckon::reference
