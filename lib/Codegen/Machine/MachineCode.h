//===- MachineCode.h - From LLVM IR to code -----------------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//

#ifndef RECKON_LIB_CODEGEN_MACHINE_MACHINECODE_H
#define RECKON_LIB_CODEGEN_MACHINE_MACHINECODE_H

#include "llvm/Passes/OptimizationLevel.h"
#include "llvm/Support/CodeGen.h"

#include <optional>
#include <string>

namespace llvm {
class Module;
class TargetMachine;
} // namespace llvm

namespace reckon {

/// LLVM's default pipeline of a level, for `machine`: the module takes its data layout and triple.
void optimizeModule(llvm::Module &module, llvm::TargetMachine &machine, llvm::OptimizationLevel level);

/// The bytes of an object file or the text of an assembly file. nullopt when the machine writes no such files.
std::optional<std::string> generateCode(llvm::Module &module, llvm::TargetMachine &machine, llvm::CodeGenFileType type);

} // namespace reckon

#endif // RECKON_LIB_CODEGEN_MACHINE_MACHINECODE_H
