//===- PtxCode.h - Device kernels as PTX and as machine code -----------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#ifndef RECKON_LIB_CODEGEN_NVPTX_PTXCODE_H
#define RECKON_LIB_CODEGEN_NVPTX_PTXCODE_H

#include "lib/Target/GpuTarget.h"

#include "mlir/IR/BuiltinOps.h"

#include <map>
#include <optional>
#include <string>

namespace reckon::nvptx {

/// Whether this LLVM has a code generator for the target.
bool isSupported(const GpuTarget &target);

/// The PTX of a module in the LLVM and NVVM dialects, optimised. Nothing outside the module is linked: a function that
/// is only declared is an error. nullopt after a diagnostic on `module`.
std::optional<std::string> compileToPtx(mlir::ModuleOp module, const GpuTarget &gpu);

/// What ptxas says about one kernel.
struct KernelFigures {
  unsigned registers = 0;
  unsigned spillBytes = 0;  ///< stores and loads together
  unsigned sharedBytes = 0; ///< static
};

struct Cubin {
  std::string code;
  std::map<std::string, KernelFigures> kernels; ///< by symbol
};

/// The assembler: $RECKON_PTXAS when set (empty: none), else from PATH, else /usr/local/cuda/bin. Empty when there is
/// none.
std::string findPtxas();

/// Machine code of `ptx` for `arch`. nullopt with what ptxas said in *error, which is empty when this ptxas does not
/// know the architecture.
std::optional<Cubin> assemblePtx(llvm::StringRef ptxas, llvm::StringRef ptx, llvm::StringRef arch, std::string *error);

} // namespace reckon::nvptx

#endif // RECKON_LIB_CODEGEN_NVPTX_PTXCODE_H
