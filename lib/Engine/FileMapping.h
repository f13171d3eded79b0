//===- FileMapping.h - Memory that shows a file ---------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_LIB_ENGINE_FILEMAPPING_H
#define RECKON_LIB_ENGINE_FILEMAPPING_H

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace reckon {

/// Where in a file bytes of memory come from.
struct MappedPlace {
  std::string path;
  uint64_t offset;
  uint64_t inode;
};

/// The place of [data, data + size) in a file that is mapped for reading alone; nullopt for other memory, and for a
/// file that has been deleted since.
std::optional<MappedPlace> findMappedPlace(const void *data, size_t size);

/// Gives the pages of [data, data + size) back to the system, which must be memory that findMappedPlace() knows: they
/// are read again when they are used again.
void releasePages(const void *data, size_t size);

} // namespace reckon

#endif // RECKON_LIB_ENGINE_FILEMAPPING_H
