//===- Import.h - ONNX models to the rec dialect ---------------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------------===//
//
// Reads an ONNX model into a module with one function `main`, in which every node is a `rec.onnx` op and every
// initializer a `rec.constant`; the pass `rec-convert-onnx` makes layers of it. Nothing here knows what an operator
// computes.
//
// Errors are MLIR diagnostics located at the file and naming the node; the result is then null. No input crashes.
//
//===---------------------------------------------------------------------------------===//

#ifndef RECKON_LIB_IMPORT_ONNX_IMPORT_H
#define RECKON_LIB_IMPORT_ONNX_IMPORT_H

#include "mlir/IR/BuiltinAttributeInterfaces.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <string>
#include <vector>

namespace reckon::importer {

/// A graph input to be read as a constant: models often pass shapes, axes and counts as inputs.
struct FrozenInput {
  std::string name; ///< the ONNX name of the input
  std::string file; ///< its value: a `.npy` array or a `.pb` TensorProto
};

struct ImportOptions {
  std::vector<FrozenInput> frozenInputs;
  /// ONNX names of tensors between nodes that become outputs behind the model's own; "*" is all that a node reads.
  std::vector<std::string> keptTensors;
};

/// Why a model was not read: it is wrong, or it may be right and is of a version that nothing here knows.
enum class ImportFailure { Wrong, Unsupported };

/// Reads the model in `path`. Large tensors are not copied: they alias the parsed model or the mapped external data
/// files, which live as long as the context's resources do. Loads the dialects it needs into the context.
mlir::OwningOpRef<mlir::ModuleOp> importOnnxFile(llvm::StringRef path, mlir::MLIRContext &context,
                                                 const ImportOptions &options = {}, ImportFailure *failure = nullptr);

/// Reads a model from memory; `name` stands for the file in diagnostics. External data is refused: there is no folder
/// to find it in.
mlir::OwningOpRef<mlir::ModuleOp> importOnnxBuffer(llvm::StringRef bytes, llvm::StringRef name,
                                                   mlir::MLIRContext &context, const ImportOptions &options = {},
                                                   ImportFailure *failure = nullptr);

/// The array in a `.npy` file or the TensorProto in a `.pb` file. Null after an error that names the file.
mlir::ElementsAttr readTensorFile(llvm::StringRef path, mlir::MLIRContext &context);

} // namespace reckon::importer

#endif // RECKON_LIB_IMPORT_ONNX_IMPORT_H
