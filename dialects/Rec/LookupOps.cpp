//===- LookupOps.cpp - Embedding lookups and bags ---------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#include "dialects/Rec/Inference.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

LogicalResult EmbeddingOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor adaptor,
                                            SmallVectorImpl<Type> &types) {
  Shape table = getShape(adaptor.getTable()), result = getShape(adaptor.getIds());
  if (table.size() != 2)
    return failInference<EmbeddingOp>(location, "C1", "the table has rank ", table.size(), ", expected 2: rows x dim");
  result.push_back(table[1]);
  types.push_back(getTensorType(result, getDecodedType(getElementType(adaptor.getTable()))));
  return success();
}

LogicalResult EmbeddingBagOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor adaptor,
                                               SmallVectorImpl<Type> &types) {
  Shape table = getShape(adaptor.getTable()), ids = getShape(adaptor.getIds());
  if (table.size() != 2)
    return failInference<EmbeddingBagOp>(location, "C1", "the table has rank ", table.size(),
                                         ", expected 2: rows x dim");
  Type element = getDecodedType(getElementType(adaptor.getTable()));
  Value offsets = adaptor.getOffsets(), weights = adaptor.getWeights();
  SizeExpr bags;
  if (!offsets) {
    if (ids.size() != 2)
      return failInference<EmbeddingBagOp>(location, "C2", "the ids have rank ", ids.size(),
                                           ", expected 2 without offsets: bags x hotness");
    if (adaptor.getIncludeLastOffset())
      return failInference<EmbeddingBagOp>(location, "C4", "'include_last_offset' without offsets");
    bags = ids[0];
  } else {
    Shape shape = getShape(offsets);
    if (ids.size() != 1 || shape.size() != 1)
      return failInference<EmbeddingBagOp>(location, "C2", "ids of rank ", ids.size(), " and offsets of rank ",
                                           shape.size(), ", expected 1 for both");
    if (getElementType(offsets) != getElementType(adaptor.getIds()))
      return failInference<EmbeddingBagOp>(location, "C2", "offsets of ", getElementType(offsets), " for ids of ",
                                           getElementType(adaptor.getIds()));
    bags = shape[0];
    if (adaptor.getIncludeLastOffset()) {
      if (isBelow(bags, 1))
        return failInference<EmbeddingBagOp>(location, "C4", "'include_last_offset' with no offset");
      bags = bags - 1;
    }
  }
  if (weights) {
    if (!unifyShapes(getShape(weights), ids))
      return failInference<EmbeddingBagOp>(location, "C3", "the weights have shape ", printShape(getShape(weights)),
                                           ", the ids ", printShape(ids));
    if (getElementType(weights) != element)
      return failInference<EmbeddingBagOp>(location, "C3", "weights of ", getElementType(weights), " for a table of ",
                                           element);
    if (adaptor.getMode() != PoolMode::sum)
      return failInference<EmbeddingBagOp>(location, "C3", "weights need mode 'sum', not '",
                                           stringifyPoolMode(adaptor.getMode()), "'");
  }
  types.push_back(getTensorType({bags, table[1]}, element));
  return success();
}

LogicalResult MultiLookupOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor adaptor,
                                              SmallVectorImpl<Type> &types) {
  auto fail = [&](const char *constraint, const Twine &message) {
    return failInference<MultiLookupOp>(location, constraint, message);
  };
  Shape ids = getShape(adaptor.getIds());
  if (ids.size() != 2)
    return fail("C1", "the ids have rank " + Twine(ids.size()) + ", expected 2");
  size_t count = adaptor.getTables().size();
  if (count == 0)
    return fail("C1", "there is no table");
  if (adaptor.getStarts().size() != count || adaptor.getCounts().size() != count ||
      adaptor.getModes().size() != count || adaptor.getPaddingIds().size() != count)
    return fail("C2", "'starts', 'counts', 'modes' and 'padding_ids' do not have one entry for each of " +
                          Twine(count) + " tables");
  SizeExpr width;
  Type elementType = getElementType(adaptor.getTables()[0]);
  for (auto [t, value] : llvm::enumerate(adaptor.getTables())) {
    Shape table = getShape(value);
    if (table.size() != 2)
      return fail("C1", "table " + Twine(t) + " has rank " + Twine(table.size()) + ", expected 2: rows x dim");
    if (getElementType(value) != elementType)
      return failInference<MultiLookupOp>(location, "C1", "table ", t, " holds ", getElementType(value), ", table 0 ",
                                          elementType);
    int64_t start = adaptor.getStarts()[t], columns = adaptor.getCounts()[t];
    if (columns < 1)
      return fail("C2", "table " + Twine(t) + " takes " + Twine(columns) + " columns, expected 1 or more");
    if (start < 0 || isBelow(ids[1] - start - columns, 0))
      return fail("C2", "the " + Twine(columns) + " columns from " + Twine(start) + " of table " + Twine(t) +
                            " leave the ids, which have " + ids[1].str());
    if (!symbolizePoolMode(adaptor.getModes()[t]))
      return fail("C2", "the mode " + Twine(adaptor.getModes()[t]) + " of table " + Twine(t) + " does not exist");
    width = width + table[1];
  }
  types.push_back(getTensorType({ids[0], width}, getDecodedType(elementType)));
  return success();
}

Pooling EmbeddingBagOp::getPooling(unsigned) {
  std::optional<uint64_t> padding = getPaddingId();
  return {getMode(), std::nullopt, padding ? std::optional<int64_t>(*padding) : std::nullopt};
}

Pooling MultiLookupOp::getPooling(unsigned table) {
  int64_t padding = getPaddingIds()[table];
  return {getMode(table), std::pair(getStarts()[table], getCounts()[table]),
          padding < 0 ? std::nullopt : std::optional<int64_t>(padding)};
}
