//===- Windows.h - Attributes of sliding windows --------------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_PASSES_IMPORT_WINDOWS_H
#define RECKON_PASSES_IMPORT_WINDOWS_H

#include "passes/Import/Node.h"

namespace reckon::importer {

/// Strides, padding and dilations of Conv, ConvTranspose and the pooling operators, one entry a spatial dimension (two
/// for `pads`: all begins, then all ends), defaults filled in.
struct Window {
  llvm::SmallVector<int64_t> sizes, strides, dilations, pads;
  unsigned rank() const { return sizes.size(); }
  /// The extent of the dilated window.
  int64_t extent(unsigned d) const { return (sizes[d] - 1) * dilations[d] + 1; }
};

/// Reads the attributes for a window of `sizes` over x (batch, channels, spatial dimensions), resolving auto_pad.
/// nullopt, with the reason in the node, when they do not fit or padding depends on a dynamic size.
std::optional<Window> readWindow(Node &node, mlir::Value x, llvm::ArrayRef<int64_t> sizes);

} // namespace reckon::importer

#endif // RECKON_PASSES_IMPORT_WINDOWS_H
