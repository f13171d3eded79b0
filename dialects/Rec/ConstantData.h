//===- ConstantData.h - Reading and making constant tensors ----------- -*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//
//
// One view of the ways MLIR holds a tensor's data: dense attributes (booleans packed to bits, splats stored once) and
// resource blobs (booleans one byte each). Data is row-major and little-endian, booleans take one byte.
//
//===----------------------------------------------------------------------------------===//

#ifndef RECKON_DIALECTS_REC_CONSTANTDATA_H
#define RECKON_DIALECTS_REC_CONSTANTDATA_H

#include "reckon/Engine/Enums.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"

#include <optional>
#include <vector>

namespace reckon::rec {

/// The type of an engine's elements; nullopt for what is not an element type of the dialect.
std::optional<ElementType> getEngineType(mlir::Type elementType);
/// Bytes of one element: 1 for a boolean. nullopt for what is not an element type of the dialect.
std::optional<unsigned> getElementSize(mlir::Type elementType);
/// Bytes of a tensor's data; nullopt when a size is dynamic, on 64-bit overflow, or for a foreign element type.
std::optional<uint64_t> getDataSize(mlir::ShapedType type);

/// The data of a constant: a view into the attribute where it is stored that way, otherwise a copy.
class ConstantBytes {
public:
  llvm::ArrayRef<char> get() const { return owned.empty() ? view : llvm::ArrayRef<char>(owned); }
  bool isCopy() const { return !owned.empty(); }

private:
  friend std::optional<ConstantBytes> getConstantBytes(mlir::ElementsAttr value);
  llvm::ArrayRef<char> view;
  std::vector<char> owned;
};

/// nullopt when the data is not there (elided), of another kind (sparse, strings), or a splat of more than 1 GiB.
std::optional<ConstantBytes> getConstantBytes(mlir::ElementsAttr value);

/// Every element, converted. Floats truncate to integers; nullopt as getConstantBytes.
std::optional<std::vector<double>> getConstantDoubles(mlir::ElementsAttr value);
std::optional<std::vector<int64_t>> getConstantInts(mlir::ElementsAttr value);

/// The value all elements have, when a dense attribute stores it as a splat, there is one element, or the data is a
/// resource of at most 4 KiB.
std::optional<double> getConstantSplat(mlir::ElementsAttr value);

/// The constant of a static tensor type with this data. Above 1 KiB it becomes a resource whose key starts with `name`
/// (made unique), so that it is neither hashed nor printed as text; data that is one repeated element becomes a splat.
mlir::ElementsAttr makeConstant(mlir::RankedTensorType type, llvm::ArrayRef<char> data, llvm::StringRef name = "data");
/// The same from numbers, rounded to the element type (to nearest, ties to even; integers wrap).
mlir::ElementsAttr makeConstant(mlir::RankedTensorType type, llvm::ArrayRef<double> values,
                                llvm::StringRef name = "data");
mlir::ElementsAttr makeConstant(mlir::RankedTensorType type, llvm::ArrayRef<int64_t> values,
                                llvm::StringRef name = "data");

/// The same data as a resource of its own. Folding merges equal constants, and equal weights would become one that has
/// lost a name; a resource is equal to nothing but itself.
mlir::ElementsAttr makeDistinct(mlir::ElementsAttr value, llvm::StringRef name);

} // namespace reckon::rec

#endif // RECKON_DIALECTS_REC_CONSTANTDATA_H
