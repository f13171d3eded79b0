//===- EngineChecksum.cpp - XXH3 over sections ----------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// The one place that includes xxhash, all of it inline: the runtime links nothing for it.
//
//===----------------------------------------------------------------------------===//

#include "EngineFormat.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstdlib>
#include <new>

using namespace reckon;

uint64_t format::checksum(const void *data, size_t size) { return XXH3_64bits(data, size); }

format::ChecksumStream::ChecksumStream() : state(std::aligned_alloc(64, alignTo(sizeof(XXH3_state_t), 64))) {
  if (!state)
    throw std::bad_alloc();
  XXH3_64bits_reset(static_cast<XXH3_state_t *>(state));
}

format::ChecksumStream::~ChecksumStream() { std::free(state); }

void format::ChecksumStream::update(const void *data, size_t size) {
  XXH3_64bits_update(static_cast<XXH3_state_t *>(state), data, size);
}

uint64_t format::ChecksumStream::digest() const { return XXH3_64bits_digest(static_cast<XXH3_state_t *>(state)); }
