//===- Cuda/CudaCode.cpp - Kernels of an engine on a GPU ------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "CudaCode.h"

#include <cstring>
#include <elf.h>

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

int reckon::runtime::cuda::cubinRank(const Architecture &code, const DeviceProperties &device) {
  if (code.major != device.major || code.minor > device.minor)
    return 0;
  bool same = code.minor == device.minor;
  if (code.suffix == 'a')
    return same ? 1000 : 0;
  return same ? 900 + (code.suffix == 'f') : 1 + code.minor;
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

bool reckon::runtime::cuda::loadEngineCode(const EngineSpec &spec, const ProgramSpec &program, const CudaDevice &device,
                                           CudaModule &module, Error &error) {
  const CodeSpec *ptx = nullptr, *cubin = nullptr;
  int best = 0;
  std::string held;
  for (const CodeSpec &code : spec.code) {
    if (code.kind != CodeKind::Cuda)
      continue;
    if (code.name == "ptx") {
      ptx = &code;
      continue;
    }
    held += (held.empty() ? "" : ", ") + code.name;
    Architecture architecture;
    int rank = Architecture::parse(code.name, architecture) ? cubinRank(architecture, device.properties) : 0;
    if (rank > best) {
      best = rank;
      cubin = &code;
    }
  }
  std::string where = " on " + device.describe();
  if (cubin) {
    if (!isWholeElf(cubin->data))
      return error.set(RECKON_INVALID, "code section '" + cubin->name + "' is not a whole cubin");
    return module.load(cubin->data.data, "code section '" + cubin->name + "'" + where, error);
  }
  Architecture target;
  if (!ptx || !Architecture::parse(program.target.cpu, target) || !canCompile(target, device.properties))
    return error.set(RECKON_UNSUPPORTED, "the engine does not run" + where + ": it has " +
                                             (ptx ? "PTX for " + program.target.cpu : "no PTX") +
                                             (held.empty() ? "" : ", cubins for " + held));
  if (ptx->data.size == 0 || ptx->data.data[ptx->data.size - 1] != 0)
    return error.set(RECKON_INVALID, "code section 'ptx' does not end with a zero byte");
  return module.load(ptx->data.data, "code section 'ptx' for " + program.target.cpu + where, error);
}
