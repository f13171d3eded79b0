//===- Freeze.cpp - Values for inputs that become constants --------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Tensors.h"

#include "llvm/Support/Path.h"

using namespace mlir;

namespace reckon::importer {

ElementsAttr readFrozenInput(StringRef path, StringRef name, MLIRContext *context, std::string &error) {
  if (path.ends_with(".npy"))
    return readNpy(path, name, context, error);
  std::unique_ptr<llvm::MemoryBuffer> file = openFile(path, error);
  if (!file) {
    error = "cannot read '" + path.str() + "': " + error;
    return nullptr;
  }
  auto tensor = std::make_shared<onnx::TensorProto>();
  if (file->getBufferSize() > INT32_MAX || !tensor->ParseFromArray(file->getBufferStart(), file->getBufferSize())) {
    error = "'" + path.str() + "' is neither a .npy array nor a TensorProto";
    return nullptr;
  }
  TensorStorage storage;
  storage.owner = tensor;
  storage.folder = llvm::sys::path::parent_path(path).str();
  if (storage.folder.empty())
    storage.folder = ".";
  ElementsAttr value = readTensor(*tensor, name, storage, context, error);
  if (!value && error.empty())
    error = "is a tensor of " + getElementTypeName(tensor->data_type());
  if (!value)
    error = "the tensor in '" + path.str() + "' " + error;
  return value;
}

} // namespace reckon::importer
