//===- Cuda/CudaCode.cpp - Kernels of an engine on a GPU ------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "CudaCode.h"

#include <cstring>
#include <elf.h>
#include <tuple>

using namespace reckon;
using namespace reckon::runtime;
using namespace reckon::runtime::cuda;

bool Architecture::parse(const std::string &text, Architecture &result) {
  if (text.compare(0, 3, "sm_") != 0)
    return false;
  size_t end = 3;
  int number = 0;
  while (end < text.size() && text[end] >= '0' && text[end] <= '9' && number < 1000)
    number = number * 10 + (text[end++] - '0');
  result = {number / 10, number % 10, end < text.size() ? text[end] : char(0)};
  bool known = result.suffix == 0 || ((result.suffix == 'a' || result.suffix == 'f') && end + 1 == text.size());
  return number >= 10 && known;
}

bool Architecture::operator<(const Architecture &other) const {
  auto rank = [](char suffix) { return suffix == 'a' ? 2 : suffix == 'f' ? 1 : 0; };
  return std::tuple(major, minor, rank(suffix)) < std::tuple(other.major, other.minor, rank(other.suffix));
}

bool reckon::runtime::cuda::canRun(const Architecture &cubin, const DeviceProperties &device) {
  if (cubin.suffix == 'a')
    return cubin.major == device.major && cubin.minor == device.minor;
  return cubin.major == device.major && cubin.minor <= device.minor;
}

bool reckon::runtime::cuda::canCompile(const Architecture &ptx, const DeviceProperties &device) {
  if (ptx.suffix == 'a')
    return ptx.major == device.major && ptx.minor == device.minor;
  if (ptx.suffix == 'f')
    return ptx.major == device.major && ptx.minor <= device.minor;
  return ptx.major < device.major || (ptx.major == device.major && ptx.minor <= device.minor);
}

void CudaModule::unload() {
  if (module)
    driver.cuModuleUnload.raw(module);
  module = nullptr;
}

bool CudaModule::load(const void *image, const std::string &what, Error &error) {
  char log[4096] = {};
  CUjit_option options[] = {CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
  void *values[] = {log, reinterpret_cast<void *>(sizeof(log) - 1)};
  if (driver.cuModuleLoadDataEx(error, &module, image, 2, options, values))
    return true;
  module = nullptr;
  error.message = what + " cannot be loaded: " + error.message;
  size_t length = ::strnlen(log, sizeof(log));
  while (length > 0 && log[length - 1] == '\n')
    --length;
  if (length != 0)
    error.message += "; the driver's log: " + std::string(log, length);
  return false;
}

bool CudaModule::find(const std::string &symbol, CUfunction &function, Error &error) const {
  if (driver.cuModuleGetFunction(error, &function, module, symbol.c_str()))
    return true;
  return error.set(RECKON_INVALID, "the engine's CUDA code lacks the kernel '" + symbol + "': " + error.message);
}

/// The driver trusts the extents in an ELF header.
static bool isWholeElf(const ByteSpan &bytes) {
  Elf64_Ehdr header;
  if (bytes.size < sizeof(header))
    return false;
  std::memcpy(&header, bytes.data, sizeof(header));
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64 ||
      header.e_shentsize != sizeof(Elf64_Shdr) || header.e_shoff > bytes.size ||
      header.e_shnum > (bytes.size - header.e_shoff) / sizeof(Elf64_Shdr))
    return false;
  for (size_t i = 0; i < header.e_shnum; ++i) {
    Elf64_Shdr section;
    std::memcpy(&section, bytes.data + header.e_shoff + i * sizeof(section), sizeof(section));
    if (section.sh_type != SHT_NOBITS &&
        (section.sh_offset > bytes.size || section.sh_size > bytes.size - section.sh_offset))
      return false;
  }
  return true;
}

/// What of the program's code the device takes, the cubin first; null: nothing.
static const CodeSpec *findCode(const EngineSpec &spec, const ProgramSpec &program, const DeviceProperties &device) {
  Architecture architecture;
  if (!Architecture::parse(program.target.cpu, architecture))
    return nullptr;
  const CodeSpec *cubin = spec.findCode(CodeKind::Cubin, program.target.cpu);
  if (cubin && canRun(architecture, device))
    return cubin;
  return canCompile(architecture, device) ? spec.findCode(CodeKind::Ptx, program.target.cpu) : nullptr;
}

/// "PTX for sm_80, sm_90a, cubins for sm_90a"
static std::string listCode(const EngineSpec &spec) {
  std::string ptx, cubins;
  for (const CodeSpec &code : spec.code)
    if (code.kind != CodeKind::Host) {
      std::string &list = code.kind == CodeKind::Ptx ? ptx : cubins;
      list += (list.empty() ? "" : ", ") + code.name;
    }
  return (ptx.empty() ? "no PTX" : "PTX for " + ptx) + (cubins.empty() ? "" : ", cubins for " + cubins);
}

const ProgramSpec *reckon::runtime::cuda::chooseProgram(const EngineSpec &spec, const CudaDevice &device,
                                                        Error &error) {
  const ProgramSpec *best = nullptr;
  Architecture latest;
  for (const ProgramSpec &program : spec.programs) {
    Architecture architecture;
    if (program.target.device != DeviceKind::Cuda || !findCode(spec, program, device.properties) ||
        !Architecture::parse(program.target.cpu, architecture) || (best && architecture < latest))
      continue;
    best = &program;
    latest = architecture;
  }
  if (!best)
    error.set(RECKON_UNSUPPORTED, "the engine does not run on " + device.describe() + ": it has " + listCode(spec));
  return best;
}

bool reckon::runtime::cuda::loadEngineCode(const EngineSpec &spec, const ProgramSpec &program, const CudaDevice &device,
                                           CudaModule &module, Error &error) {
  const CodeSpec &code = *findCode(spec, program, device.properties);
  bool isPtx = code.kind == CodeKind::Ptx;
  std::string what = (isPtx ? "the PTX for " : "the cubin for ") + code.name;
  if (!isPtx && !isWholeElf(code.data))
    return error.set(RECKON_INVALID, what + " is not whole");
  if (isPtx && (code.data.size == 0 || code.data.data[code.data.size - 1] != 0))
    return error.set(RECKON_INVALID, what + " does not end with a zero byte");
  return module.load(code.data.data, what + " on " + device.describe(), error);
}
