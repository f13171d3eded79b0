//===- MutableEngine.h - A small engine to damage -------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_TEST_UNIT_ENGINE_MUTABLEENGINE_H
#define RECKON_TEST_UNIT_ENGINE_MUTABLEENGINE_H

#include "reckon/Engine/EngineSpec.h"

namespace reckon::test {

/// Parses a size that is known to be one.
SizeExpr size(std::string_view text);

/// One of everything, small enough to flip every byte. Its code is no code.
EngineSpec mutableSpec();

/// The size of the description that the header states.
uint64_t metadataSize(const std::vector<uint8_t> &engine);

/// Sets the checksums of the description and the header to what the bytes now give, so that a change gets past them.
void repairChecksums(std::vector<uint8_t> &engine);

} // namespace reckon::test

#endif // RECKON_TEST_UNIT_ENGINE_MUTABLEENGINE_H
