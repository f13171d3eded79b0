//===- Import.cpp - ONNX models to the rec dialect -----------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Import.h"
#include "lib/Import/ONNX/GraphReader.h"

#include "mlir/IR/Verifier.h"

#include "llvm/Support/Path.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/stubs/logging.h>

using namespace mlir;

namespace reckon::importer {

static OwningOpRef<ModuleOp> import(StringRef bytes, StringRef name, StringRef folder, MLIRContext &context,
                                    const ImportOptions &options, ImportFailure *failure) {
  if (failure)
    *failure = ImportFailure::Wrong;
  context.loadDialect<rec::RecDialect, func::FuncDialect>();
  Location loc = NameLoc::get(StringAttr::get(&context, name));
  // What the parser would print to stderr has no file name in it; the diagnostics below do.
  google::protobuf::LogSilencer silencer;
  if (bytes.size() > INT32_MAX) {
    emitError(loc) << "the file has " << bytes.size()
                   << " bytes; a protobuf message has at most 2 GiB (larger models keep their data in external files)";
    return nullptr;
  }
  auto model = std::make_shared<onnx::ModelProto>();
  google::protobuf::io::CodedInputStream stream(reinterpret_cast<const uint8_t *>(bytes.data()), int(bytes.size()));
  // Graphs in graphs are messages in messages, and so is every level of the text of a hostile file.
  constexpr int mostNested = 200;
  stream.SetRecursionLimit(mostNested);
  if (!model->ParseFromCodedStream(&stream) || !stream.ConsumedEntireMessage()) {
    emitError(loc) << "the file is not an ONNX model: the protobuf message is malformed, or nested more than "
                   << mostNested << " deep, near byte " << stream.CurrentPosition();
    return nullptr;
  }

  TensorStorage storage;
  storage.owner = model;
  storage.folder = folder.str();
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  GraphReader reader(*model, storage, loc, &context);
  if (failed(reader.readModel(*module, options))) {
    if (failure && reader.isTooNew())
      *failure = ImportFailure::Unsupported;
    return nullptr;
  }
  if (failed(verify(*module)))
    return nullptr;
  return module;
}

OwningOpRef<ModuleOp> importOnnxFile(StringRef path, MLIRContext &context, const ImportOptions &options,
                                     ImportFailure *failure) {
  if (failure)
    *failure = ImportFailure::Wrong;
  std::string error;
  std::unique_ptr<llvm::MemoryBuffer> file = openFile(path, error, /*allowPipe=*/true);
  if (!file) {
    emitError(NameLoc::get(StringAttr::get(&context, path))) << "cannot read the file: " << error;
    return nullptr;
  }
  StringRef folder = llvm::sys::path::parent_path(path);
  return import(file->getBuffer(), path, folder.empty() ? "." : folder, context, options, failure);
}

OwningOpRef<ModuleOp> importOnnxBuffer(StringRef bytes, StringRef name, MLIRContext &context,
                                       const ImportOptions &options, ImportFailure *failure) {
  return import(bytes, name, "", context, options, failure);
}

ElementsAttr readTensorFile(StringRef path, MLIRContext &context) {
  google::protobuf::LogSilencer silencer;
  std::string error;
  ElementsAttr value = readFrozenInput(path, llvm::sys::path::stem(path), &context, error);
  if (!value)
    emitError(NameLoc::get(StringAttr::get(&context, path))) << error;
  return value;
}

} // namespace reckon::importer
