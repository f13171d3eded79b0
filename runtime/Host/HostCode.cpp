//===- Host/HostCode.cpp - Kernels from memory ----------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "HostCode.h"
#include "lib/Engine/FileWriter.h"

#include <cerrno>
#include <cstring>
#include <dlfcn.h>
#include <elf.h>
#include <sys/mman.h>

using namespace reckon;
using namespace reckon::runtime;

HostCode::~HostCode() {
  for (const Object &object : objects)
    ::dlclose(object.handle);
}

/// What is wrong with the object, or null. The dynamic loader trusts extents: a segment past the end of the file would
/// be mapped and fault on first use.
static const char *checkObject(const ByteSpan &bytes) {
  Elf64_Ehdr header;
  if (bytes.size < sizeof(header))
    return "it is too short for an ELF shared object";
  std::memcpy(&header, bytes.data, sizeof(header));
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64 ||
      header.e_ident[EI_DATA] != ELFDATA2LSB || header.e_type != ET_DYN)
    return "it is not a 64-bit ELF shared object";
#if defined(__x86_64__)
  if (header.e_machine != EM_X86_64)
    return "it is for another processor";
#endif
  if (header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phoff > bytes.size ||
      header.e_phnum > (bytes.size - header.e_phoff) / sizeof(Elf64_Phdr))
    return "its program headers end after it";
  for (size_t i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment;
    std::memcpy(&segment, bytes.data + header.e_phoff + i * sizeof(segment), sizeof(segment));
    if (segment.p_type != PT_NULL && segment.p_type != PT_GNU_STACK &&
        (segment.p_offset > bytes.size || segment.p_filesz > bytes.size - segment.p_offset))
      return "a segment ends after it";
  }
  return nullptr;
}

bool HostCode::load(const CodeSpec &code, Error &error) {
  std::string what = "code section '" + code.name + "' cannot be loaded: ";
  if (const char *reason = checkObject(code.data))
    return error.set(RECKON_INVALID, what + reason);
  // The dynamic loader takes files only; this one has no name on any disk.
  Descriptor file(::memfd_create("reckon-kernels", MFD_CLOEXEC));
  if (file.get() < 0)
    return error.set(RECKON_UNAVAILABLE, what + "memfd_create: " + std::strerror(errno));
  if (!writeAll(file.get(), code.data.data, code.data.size))
    return error.set(RECKON_UNAVAILABLE, what + "writing to memory: " + std::strerror(errno));
  std::string path = file.path();
  // The descriptor stays open as long as the object is loaded: the loader knows objects by path, and a second engine
  // must not get the same number.
  Object &object = objects.emplace_back(Object{nullptr, std::move(file)});
  object.handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (object.handle)
    return true;
  objects.pop_back();
  const char *reason = ::dlerror();
  return error.set(RECKON_UNAVAILABLE, what + (reason ? reason : "dlopen failed") +
                                           " (this needs /proc and permission to execute memory files)");
}

ReckonKernel HostCode::find(const std::string &symbol) const {
  for (const Object &object : objects)
    if (void *address = ::dlsym(object.handle, symbol.c_str()))
      return reinterpret_cast<ReckonKernel>(address);
  return nullptr;
}
