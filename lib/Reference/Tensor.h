//===- Tensor.h - Values of the reference evaluator ---------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//
//
// A tensor as the reference evaluator sees it: floats of any width as doubles, integers and booleans as 64-bit
// integers already wrapped to their width. Plain element loops read it; nothing here is tuned for speed.
//
//===------------------------------------------------------------------------------===//

#ifndef RECKON_REFERENCE_TENSOR_H
#define RECKON_REFERENCE_TENSOR_H

#include "reckon/Engine/RowFormat.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace reckon::reference {

using ElementKind = ElementType;

bool isFloat(ElementKind kind);
bool isUnsigned(ElementKind kind);
/// Bits of the value: 1 for Bool.
unsigned getBitWidth(ElementKind kind);
/// The integer kept to the width of `kind`, sign- or zero-extended back to 64 bits.
int64_t wrap(ElementKind kind, int64_t value);
/// The double rounded to the float type `kind`, to nearest, ties to even.
double roundTo(ElementKind kind, double value);
int64_t getNumElements(llvm::ArrayRef<int64_t> shape);

/// A value with shared storage: copies are cheap, and only a tensor that was just made may be written.
class Tensor {
public:
  Tensor() = default;
  /// All zeros.
  Tensor(ElementKind kind, llvm::ArrayRef<int64_t> shape);
  static Tensor fromFloats(ElementKind kind, llvm::ArrayRef<int64_t> shape, std::vector<double> values);
  static Tensor fromInts(ElementKind kind, llvm::ArrayRef<int64_t> shape, std::vector<int64_t> values);
  /// Row-major elements in the machine's byte order, which the caller keeps alive: a table is read in place and is
  /// widened only by an op that needs all of it.
  static Tensor borrow(ElementKind kind, llvm::ArrayRef<int64_t> shape, const char *data);
  /// The rows of a table of rows x dim, which the caller keeps alive, decoded as they are read.
  static Tensor borrowRows(RowFormat format, llvm::ArrayRef<int64_t> shape, const char *data);
  /// Copies row-major elements in the machine's byte order.
  static Tensor fromBytes(ElementKind kind, llvm::ArrayRef<int64_t> shape, const void *data);

  ElementKind kind() const { return elementKind; }
  bool isFloat() const { return reference::isFloat(elementKind); }
  llvm::ArrayRef<int64_t> shape() const { return sizes; }
  int64_t rank() const { return sizes.size(); }
  int64_t size(int64_t dim) const { return sizes[dim]; }
  int64_t numElements() const { return getNumElements(sizes); }

  /// One element, of a float or an integer tensor respectively.
  double floatAt(int64_t i) const;
  int64_t intAt(int64_t i) const;
  /// Any element as a double; 64-bit integers above 2^53 round.
  double asDouble(int64_t i) const;

  /// All elements. The writing forms need a tensor that shares its storage with no other.
  llvm::ArrayRef<double> floats() const;
  llvm::ArrayRef<int64_t> ints() const;
  double *floatData();
  int64_t *intData();

  /// The same elements under another shape of as many elements.
  Tensor reshaped(llvm::ArrayRef<int64_t> shape) const;
  /// Element `map(i)` of this tensor at each flat position i of the result; a negative position gives zero.
  template <typename Map> Tensor pick(llvm::ArrayRef<int64_t> shape, Map map) const {
    Tensor result(elementKind, shape);
    int64_t count = result.numElements();
    for (int64_t i = 0; i < count; ++i) {
      int64_t from = map(i);
      if (from < 0)
        continue;
      if (isFloat())
        (*result.floatValues)[i] = floatAt(from);
      else
        (*result.intValues)[i] = intAt(from);
    }
    return result;
  }
  /// Elements rounded to the kind and packed row-major in the machine's byte order.
  std::vector<char> toBytes() const;

  /// The ONNX name of the constant or input, for error messages.
  std::string name;

private:
  double readFloat(int64_t i) const;

  ElementKind elementKind = ElementKind::F32;
  llvm::SmallVector<int64_t> sizes;
  const char *raw = nullptr;
  std::optional<RowFormat> rowFormat; ///< of `raw`; plain where there is none
  mutable std::shared_ptr<std::vector<double>> floatValues;
  mutable std::shared_ptr<std::vector<int64_t>> intValues;
};

/// Row-major strides of a shape.
llvm::SmallVector<int64_t> getStrides(llvm::ArrayRef<int64_t> shape);
/// The shape as text: "[8, 13]".
std::string printShape(llvm::ArrayRef<int64_t> shape);

/// Walks a shape in row-major order: `index` is the position of the current element.
class IndexWalk {
public:
  explicit IndexWalk(llvm::ArrayRef<int64_t> shape) : index(shape.size(), 0), shape(shape) {}
  void next() {
    for (size_t d = shape.size(); d-- > 0;) {
      if (++index[d] < shape[d])
        return;
      index[d] = 0;
    }
  }
  llvm::SmallVector<int64_t> index;

private:
  llvm::SmallVector<int64_t> shape;
};

} // namespace reckon::reference

#endif // RECKON_REFERENCE_TENSOR_H
