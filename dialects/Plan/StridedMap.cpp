//===- StridedMap.cpp - How a tensor lies in memory ----------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "dialects/Plan/StridedMap.h"

#include "llvm/ADT/STLExtras.h"

using namespace reckon;
using namespace reckon::plan;

StridedMap::StridedMap(llvm::ArrayRef<SizeExpr> sizes, llvm::ArrayRef<SizeExpr> strides) {
  for (auto [size, stride] : llvm::zip_equal(sizes, strides))
    axes.push_back({size, stride});
}

StridedMap StridedMap::getDense(llvm::ArrayRef<SizeExpr> sizes) {
  StridedMap map;
  map.axes.resize(sizes.size());
  SizeExpr stride(1);
  for (size_t i = sizes.size(); i-- > 0;) {
    map.axes[i] = {sizes[i], stride};
    stride = stride * sizes[i];
  }
  return map;
}

llvm::SmallVector<SizeExpr> StridedMap::getStrides() const {
  return llvm::to_vector(llvm::map_range(axes, [](const StridedAxis &axis) { return axis.stride; }));
}

std::optional<StridedAxis> StridedMap::merge(unsigned begin, unsigned end) const {
  StridedAxis merged{1, begin == end ? SizeExpr(1) : axes[end - 1].stride};
  for (unsigned i = end; i-- > begin;) {
    // Nobody steps along an axis of one position.
    if (axes[i].size == SizeExpr(1))
      continue;
    if (merged.size == SizeExpr(1))
      merged.stride = axes[i].stride;
    else if (axes[i].stride != merged.stride * merged.size)
      return std::nullopt;
    merged.size = axes[i].size * merged.size;
  }
  return merged;
}
