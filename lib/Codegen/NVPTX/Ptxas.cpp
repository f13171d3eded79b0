//===- Ptxas.cpp - PTX to machine code with NVIDIA's assembler -------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#include "lib/Codegen/NVPTX/PtxCode.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdlib>

using namespace reckon;
using llvm::StringRef;

std::string nvptx::findPtxas() {
  if (const char *given = std::getenv("RECKON_PTXAS"))
    return given;
  if (auto found = llvm::sys::findProgramByName("ptxas"))
    return *found;
  if (auto found = llvm::sys::findProgramByName("ptxas", {"/usr/local/cuda/bin"}))
    return *found;
  return "";
}

/// The number before `unit` in a line of ptxas -v: 42 in "Used 42 registers, used 1 barriers".
static unsigned numberBefore(StringRef line, StringRef unit) {
  size_t at = line.find(unit);
  if (at == StringRef::npos)
    return 0;
  StringRef before = line.take_front(at).rtrim();
  size_t begin = before.find_last_not_of("0123456789");
  unsigned number = 0;
  before.drop_front(begin + 1).getAsInteger(10, number);
  return number;
}

/// What `ptxas -v` prints: a line that names each entry function, then lines with its figures.
static std::map<std::string, nvptx::KernelFigures> parseFigures(StringRef text) {
  std::map<std::string, nvptx::KernelFigures> kernels;
  nvptx::KernelFigures *current = nullptr;
  for (StringRef line : llvm::split(text, '\n')) {
    if (line.contains("Compiling entry function '"))
      current = &kernels[line.split('\'').second.split('\'').first.str()];
    else if (line.contains("Function properties for ")) {
      auto known = kernels.find(line.split("Function properties for ").second.trim().str());
      current = known == kernels.end() ? nullptr : &known->second;
    }
    if (!current)
      continue;
    current->spillBytes += numberBefore(line, "bytes spill stores") + numberBefore(line, "bytes spill loads");
    if (unsigned registers = numberBefore(line, "registers"))
      current->registers = registers;
    if (unsigned bytes = numberBefore(line, "bytes smem"))
      current->sharedBytes = bytes;
  }
  return kernels;
}

/// Kernels are independent, and assembling them takes as long as everything before it. The number of threads is fixed
/// because ptxas writes its options into what it makes, which must not depend on the machine; the code does not.
static constexpr StringRef splitCompile = "--split-compile=16";

std::optional<nvptx::Cubin> nvptx::assemblePtx(StringRef ptxas, StringRef ptx, StringRef arch, std::string *error) {
  llvm::SmallString<128> folder;
  if (auto code = llvm::sys::fs::createUniqueDirectory("reckon-ptxas", folder)) {
    *error = "cannot make a folder for the assembler: " + code.message();
    return std::nullopt;
  }
  llvm::scope_exit clean([&] {
    // What cannot be removed is left to whoever keeps the folder of temporary files.
    [[maybe_unused]] std::error_code left = llvm::sys::fs::remove_directories(folder);
  });
  auto path = [&](StringRef name) { return (folder + "/" + name).str(); };
  std::string input = path("kernels.ptx"), output = path("kernels.cubin"), log = path("log");
  {
    std::error_code code;
    llvm::raw_fd_ostream stream(input, code);
    stream << ptx;
    stream.flush();
    if (code || stream.has_error()) {
      stream.clear_error();
      *error = "cannot write " + input;
      return std::nullopt;
    }
  }
  std::string archFlag = ("--gpu-name=" + arch).str();
  std::string why, messages;
  auto run = [&](llvm::ArrayRef<StringRef> more) {
    llvm::SmallVector<StringRef> arguments{ptxas, "-O3", "-v", archFlag, input, "-o", output};
    arguments.append(more.begin(), more.end());
    std::optional<StringRef> redirects[] = {StringRef(""), StringRef(log), StringRef(log)};
    why.clear();
    int status = llvm::sys::ExecuteAndWait(ptxas, arguments, std::nullopt, redirects, 0, 0, &why);
    auto buffer = llvm::MemoryBuffer::getFile(log);
    messages = buffer ? (*buffer)->getBuffer().str() : "";
    return status;
  };
  int status = run(splitCompile);
  // An assembler older than the option names what it does not know, whatever words it uses.
  if (status != 0 && StringRef(messages).contains("split-compile"))
    status = run({});
  if (status != 0 && StringRef(messages).contains("is not defined for option 'gpu-name'")) {
    error->clear();
    return std::nullopt;
  }
  auto machineCode = status == 0 ? llvm::MemoryBuffer::getFile(output) : std::make_error_code(std::errc::io_error);
  if (!machineCode) {
    *error = ptxas.str() + " failed: " + (why.empty() ? messages : why);
    return std::nullopt;
  }
  return Cubin{(*machineCode)->getBuffer().str(), parseFigures(messages)};
}
