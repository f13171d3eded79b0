//===- Tensors.cpp - ONNX tensors to attributes --------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Tensors.h"

#include "dialects/Rec/ConstantData.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <cstring>

using namespace mlir;

namespace reckon::importer {

/// Tensors up to this size are copied: they become attributes that are hashed and printed in full.
constexpr size_t maxInlineBytes = 1024;

/// Bytes of one element in memory; booleans take one.
static size_t getElementBytes(Type element) { return std::max(element.getIntOrFloatBitWidth() / 8, 1u); }

ElementsAttr makeTensor(RankedTensorType type, ArrayRef<char> bytes, StringRef name) {
  return rec::makeConstant(type, bytes, name);
}

/// As makeTensor, without copying large data; `owner` keeps the bytes alive.
static ElementsAttr aliasTensor(RankedTensorType type, ArrayRef<char> bytes, StringRef name,
                                std::shared_ptr<const void> owner) {
  size_t align = getElementBytes(type.getElementType());
  bool aligned = reinterpret_cast<uintptr_t>(bytes.data()) % align == 0;
  if (!aligned || !owner || bytes.size() <= maxInlineBytes || type.getElementType().isInteger(1))
    return makeTensor(type, bytes, name);
  auto release = [owner = std::move(owner)](void *, size_t, size_t) mutable { owner.reset(); };
  AsmResourceBlob blob(bytes, align, std::move(release), /*dataIsMutable=*/false);
  return DenseResourceElementsAttr::get(type, name, std::move(blob));
}

std::unique_ptr<llvm::MemoryBuffer> openFile(StringRef path, std::string &error, bool allowPipe) {
  llvm::sys::fs::file_status status;
  std::error_code problem = llvm::sys::fs::status(path, status);
  bool isFile = status.type() == llvm::sys::fs::file_type::regular_file ||
                status.type() == llvm::sys::fs::file_type::directory_file || // which getFile has the message for
                (allowPipe && status.type() == llvm::sys::fs::file_type::fifo_file);
  if (!problem && !isFile) {
    error = "it is no regular file";
    return nullptr;
  }
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (buffer)
    return std::move(*buffer);
  error = buffer.getError().message();
  return nullptr;
}

/// Bytes that an external data entry names. The file is mapped once.
static std::optional<ArrayRef<char>> getExternalBytes(const onnx::TensorProto &tensor, TensorStorage &storage,
                                                      std::shared_ptr<const void> &owner, std::string &error) {
  std::string location;
  uint64_t offset = 0;
  std::optional<uint64_t> length;
  for (const auto &entry : tensor.external_data()) {
    uint64_t number = 0;
    if (entry.key() == "location") {
      location = entry.value();
      continue;
    }
    if (entry.key() != "offset" && entry.key() != "length")
      continue;
    if (!llvm::to_integer(entry.value(), number)) {
      error = "external data has the " + entry.key() + " '" + entry.value() + "', which is not a number";
      return std::nullopt;
    }
    if (entry.key() == "offset")
      offset = number;
    else
      length = number;
  }
  if (storage.folder.empty()) {
    error = "external data is not available when a model is read from memory";
    return std::nullopt;
  }
  // A model must not read files outside its folder.
  bool climbs = false;
  for (auto it = llvm::sys::path::begin(location), end = llvm::sys::path::end(location); it != end; ++it)
    climbs |= *it == "..";
  if (location.empty() || llvm::sys::path::is_absolute(location) || climbs) {
    error = "external data location '" + location + "' is not a path below the model's folder";
    return std::nullopt;
  }

  std::shared_ptr<llvm::MemoryBuffer> &file = storage.files[location];
  if (!file) {
    SmallString<256> path(storage.folder);
    llvm::sys::path::append(path, location);
    file = openFile(path, error);
    if (!file) {
      error = "cannot read external data '" + std::string(path) + "': " + error;
      return std::nullopt;
    }
  }
  uint64_t size = file->getBufferSize();
  if (offset > size || length.value_or(0) > size - offset) {
    error = "external data '" + location + "' has " + std::to_string(size) + " bytes, but offset " +
            std::to_string(offset) + " and length " + std::to_string(length.value_or(0)) + " were given";
    return std::nullopt;
  }
  owner = file;
  return ArrayRef<char>(file->getBufferStart() + offset, length.value_or(size - offset));
}

/// One of the typed fields, each of whose numbers stands for one element of type T.
template <typename T, typename Field>
static ElementsAttr readField(RankedTensorType type, const Field &field, StringRef name, TensorStorage &storage,
                              std::string &error) {
  if (field.size() != type.getNumElements()) {
    error =
        "has " + std::to_string(field.size()) + " values, but its shape needs " + std::to_string(type.getNumElements());
    return nullptr;
  }
  using Number = std::remove_const_t<std::remove_reference_t<decltype(field.Get(0))>>;
  if constexpr (std::is_same_v<T, Number>)
    return aliasTensor(type, {reinterpret_cast<const char *>(field.data()), field.size() * sizeof(T)}, name,
                       storage.owner);
  std::vector<T> values(field.begin(), field.end());
  return makeTensor(type, {reinterpret_cast<const char *>(values.data()), values.size() * sizeof(T)}, name);
}

static ElementsAttr readTypedFields(RankedTensorType type, const onnx::TensorProto &tensor, StringRef name,
                                    TensorStorage &storage, std::string &error) {
  switch (tensor.data_type()) {
  case onnx::TensorProto::FLOAT:
    return readField<float>(type, tensor.float_data(), name, storage, error);
  case onnx::TensorProto::DOUBLE:
    return readField<double>(type, tensor.double_data(), name, storage, error);
  case onnx::TensorProto::INT32:
    return readField<int32_t>(type, tensor.int32_data(), name, storage, error);
  case onnx::TensorProto::FLOAT16:
  case onnx::TensorProto::BFLOAT16:
  case onnx::TensorProto::UINT16:
    return readField<uint16_t>(type, tensor.int32_data(), name, storage, error);
  case onnx::TensorProto::INT16:
    return readField<int16_t>(type, tensor.int32_data(), name, storage, error);
  case onnx::TensorProto::BOOL:
  case onnx::TensorProto::INT8:
  case onnx::TensorProto::UINT8:
    return readField<uint8_t>(type, tensor.int32_data(), name, storage, error);
  case onnx::TensorProto::INT64:
    return readField<int64_t>(type, tensor.int64_data(), name, storage, error);
  case onnx::TensorProto::UINT32:
    return readField<uint32_t>(type, tensor.uint64_data(), name, storage, error);
  default: // getElementType knows no more than these and the next.
    assert(tensor.data_type() == onnx::TensorProto::UINT64);
    return readField<uint64_t>(type, tensor.uint64_data(), name, storage, error);
  }
}

template <typename Dims> static RankedTensorType getStaticType(const Dims &dims, Type element, std::string &error) {
  int64_t elements = 1;
  for (int64_t size : dims) {
    if (size < 0 || size > maxElements || (size != 0 && elements > maxElements / size)) {
      error = "has a dimension of the size " + std::to_string(size) +
              (size < 0 ? ", which is negative" : ": more than 2^48 elements");
      return nullptr;
    }
    elements *= std::max<int64_t>(size, 1);
  }
  SmallVector<int64_t> shape(dims.begin(), dims.end());
  return RankedTensorType::get(shape, element);
}

ElementsAttr readTensor(const onnx::TensorProto &tensor, StringRef name, TensorStorage &storage, MLIRContext *context,
                        std::string &error) {
  Type element = getElementType(tensor.data_type(), context);
  if (!element) {
    if (tensor.data_type() == onnx::TensorProto::UNDEFINED)
      error = "has no element type";
    return nullptr;
  }
  RankedTensorType type = getStaticType(tensor.dims(), element, error);
  if (!type)
    return nullptr;

  std::shared_ptr<const void> owner = storage.owner;
  ArrayRef<char> bytes;
  if (tensor.data_location() == onnx::TensorProto::EXTERNAL) {
    std::optional<ArrayRef<char>> external = getExternalBytes(tensor, storage, owner, error);
    if (!external)
      return nullptr;
    bytes = *external;
  } else if (tensor.has_raw_data()) {
    bytes = {tensor.raw_data().data(), tensor.raw_data().size()};
  } else {
    return readTypedFields(type, tensor, name, storage, error);
  }
  uint64_t wanted = uint64_t(type.getNumElements()) * getElementBytes(element);
  if (bytes.size() != wanted) {
    error = "has " + std::to_string(bytes.size()) + " bytes of data, but its shape needs " + std::to_string(wanted);
    return nullptr;
  }
  return aliasTensor(type, bytes, name, owner);
}

ElementsAttr readSparseTensor(const onnx::SparseTensorProto &tensor, StringRef name, TensorStorage &storage,
                              MLIRContext *context, std::string &error) {
  ElementsAttr values = readTensor(tensor.values(), (name + ".values").str(), storage, context, error);
  ElementsAttr indices =
      values ? readTensor(tensor.indices(), (name + ".indices").str(), storage, context, error) : nullptr;
  if (!indices)
    return nullptr;
  RankedTensorType type = getStaticType(tensor.dims(), values.getElementType(), error);
  if (!type)
    return nullptr;

  // The expanded form is kept in memory, and its size is no more than a number in the file.
  constexpr int64_t maxDense = int64_t(1) << 28;
  int64_t count = values.getNumElements(), rank = indices.getShapedType().getRank() == 2 ? type.getRank() : 1;
  std::optional<std::vector<int64_t>> numbers = rec::getConstantInts(indices);
  std::optional<rec::ConstantBytes> bytes = rec::getConstantBytes(values);
  if (values.getShapedType().getRank() != 1 || !numbers || !bytes || indices.getNumElements() != count * rank ||
      type.getNumElements() > maxDense) {
    error = "is a sparse tensor whose indices, values and shape do not fit";
    return nullptr;
  }
  size_t width = getElementBytes(values.getElementType());
  std::vector<char> dense(type.getNumElements() * width, 0);
  auto index = numbers->begin();
  for (int64_t i = 0; i < count; ++i) {
    int64_t linear = 0;
    for (int64_t d = 0; d < rank; ++d, ++index) {
      int64_t size = rank == 1 ? type.getNumElements() : type.getDimSize(d);
      if (*index < 0 || *index >= size) {
        error = "is a sparse tensor with the index " + std::to_string(*index) + " in a size of " + std::to_string(size);
        return nullptr;
      }
      linear = linear * size + *index;
    }
    std::memcpy(dense.data() + linear * width, bytes->get().data() + i * width, width);
  }
  return makeTensor(type, dense, name);
}

} // namespace reckon::importer
