//===- EngineSeal.h - Engines that were checked before ----------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// Private to lib/Engine. The seal of an engine in shared memory says that all of it was checked where it lies. It is
// made of the engine and of the object's own numbers, so that a copy is not sealed.
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_LIB_ENGINE_ENGINESEAL_H
#define RECKON_LIB_ENGINE_ENGINESEAL_H

#include "EngineFormat.h"

#include <sys/stat.h>
#include <unistd.h>

namespace reckon::seal {

/// Where POSIX shared memory lies.
inline constexpr const char *folder = "/dev/shm/";

inline uint64_t compute(const format::Header &header, const struct stat &object) {
  const uint64_t facts[] = {header.fileSize, header.metadataChecksum, object.st_dev, object.st_ino};
  uint64_t result = format::checksum(facts, sizeof(facts));
  return result ? result : 1;
}

/// Whether this process believes a seal: it is the object's own, nobody may write the object, and who made it is this
/// process's user or the system's.
inline bool isTrusted(const format::Header &header, const struct stat &object) {
  return header.seal == compute(header, object) && (object.st_mode & 0222) == 0 &&
         (object.st_uid == ::geteuid() || object.st_uid == 0);
}

} // namespace reckon::seal

#endif // RECKON_LIB_ENGINE_ENGINESEAL_H
