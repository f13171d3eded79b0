//===- FileWriter.h - Files that are replaced as a whole ----------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_LIB_ENGINE_FILEWRITER_H
#define RECKON_LIB_ENGINE_FILEWRITER_H

#include "reckon/Engine/EngineSpec.h"

#include <functional>

namespace reckon {

/// Takes the next bytes; false when it cannot.
using Sink = std::function<bool(const void *, size_t)>;

/// Large data that comes from a file goes through memory in parts.
bool emitPiece(const Sink &sink, const ByteSpan &piece);

/// Writes all of it at the file's place; false with errno set.
bool writeAll(int descriptor, const void *data, size_t size);

/// Writes what `emit` gives to a temporary file that takes the place of `path`.
bool writeFile(const std::string &path, const std::function<bool(const Sink &)> &emit, std::string *error);

} // namespace reckon

#endif // RECKON_LIB_ENGINE_FILEWRITER_H
