//===- Tensors.h - ONNX element types, tensors and attributes --------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------------===//
//
// Between protobuf messages and MLIR types and attributes. Functions that can fail return null and put the reason,
// without file or node, into `error`; the caller adds where.
//
//===---------------------------------------------------------------------------------===//

#ifndef RECKON_LIB_IMPORT_ONNX_TENSORS_H
#define RECKON_LIB_IMPORT_ONNX_TENSORS_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/Support/MemoryBuffer.h"

#include <onnx/onnx_pb.h>

#include <memory>
#include <optional>
#include <string>

namespace reckon::importer {

/// The MLIR type of an ONNX element type; null for those that Reckon has no values of (strings, complex numbers, 8-bit
/// floats, 4-bit integers).
mlir::Type getElementType(int32_t onnxType, mlir::MLIRContext *context);

/// "float16", "string" and so on, for diagnostics; "element type 77" when unknown.
std::string getElementTypeName(int32_t onnxType);

/// What is wrong with the name of a value or of a dimension, or nothing: names go into diagnostics, size expressions,
/// JSON and C strings.
std::optional<std::string> findNameProblem(llvm::StringRef name);

/// The MLIR type of a declared ONNX value type. Unnamed dynamic dimensions are called `<valueName>.<axis>`. Types that
/// Reckon has no values of become `none`. Null with `error` on nonsense such as a negative dimension.
mlir::Type getValueType(const onnx::TypeProto &type, llvm::StringRef valueName, mlir::MLIRContext *context,
                        std::string &error);

/// Where the bytes of tensors live: the message (kept alive by `owner`) and the external data files.
struct TensorStorage {
  std::shared_ptr<const void> owner;
  /// Folder of the model, where external data files are looked up; empty means that there are none.
  std::string folder;
  /// Files mapped so far, by location.
  llvm::StringMap<std::shared_ptr<llvm::MemoryBuffer>> files;
};

/// The value of a tensor. Up to a kilobyte it is a DenseElementsAttr, above a DenseResourceElementsAttr called `name`
/// which aliases the storage where alignment and representation allow. Null with an empty `error` when the element type
/// is one that Reckon has no values of; null with `error` when the tensor is malformed.
mlir::ElementsAttr readTensor(const onnx::TensorProto &tensor, llvm::StringRef name, TensorStorage &storage,
                              mlir::MLIRContext *context, std::string &error);

/// A sparse tensor, expanded. As readTensor.
mlir::ElementsAttr readSparseTensor(const onnx::SparseTensorProto &tensor, llvm::StringRef name, TensorStorage &storage,
                                    mlir::MLIRContext *context, std::string &error);

/// An attribute other than a graph. Null with `error` when it cannot be read.
mlir::Attribute readAttribute(const onnx::AttributeProto &attribute, TensorStorage &storage, mlir::MLIRContext *context,
                              std::string &error);

/// The value that a node `Constant` gives, from whichever attribute holds it. As readTensor.
mlir::ElementsAttr readConstantNode(const onnx::NodeProto &node, TensorStorage &storage, mlir::MLIRContext *context,
                                    std::string &error);
/// The ONNX name of the element type of the value that a node `Constant` gives.
std::string getConstantTypeName(const onnx::NodeProto &node);
/// The strings of a tensor or of a Constant node, as `strings` and `shape`; null for what holds no strings.
mlir::DictionaryAttr readStrings(const onnx::TensorProto &tensor, mlir::MLIRContext *context);
mlir::DictionaryAttr readConstantStrings(const onnx::NodeProto &node, mlir::MLIRContext *context);

/// A tensor of `type` over bytes in the machine's layout (booleans one byte each), copied.
mlir::ElementsAttr makeTensor(mlir::RankedTensorType type, llvm::ArrayRef<char> bytes, llvm::StringRef name);

/// The array in a `.npy` file. Null with `error`.
mlir::ElementsAttr readNpy(llvm::StringRef path, llvm::StringRef name, mlir::MLIRContext *context, std::string &error);

/// The value in a `.npy` or TensorProto `.pb` file. Null with `error`.
mlir::ElementsAttr readFrozenInput(llvm::StringRef path, llvm::StringRef name, mlir::MLIRContext *context,
                                   std::string &error);

/// The bytes of a regular file, mapped where it is large. Null with `error`, also for what has no end or may never
/// answer, such as a device; a pipe only on request.
std::unique_ptr<llvm::MemoryBuffer> openFile(llvm::StringRef path, std::string &error, bool allowPipe = false);

/// The largest number of elements that a tensor may have: sizes up to here multiply by an element size without
/// overflow.
constexpr int64_t maxElements = int64_t(1) << 48;

} // namespace reckon::importer

#endif // RECKON_LIB_IMPORT_ONNX_TENSORS_H
